"""What the tests share: the command line in this process, and the long group."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from cgcli.commands.app import run


class Ran(NamedTuple):
    status: int
    out: str
    err: str


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests that take minutes")
    parser.addoption(
        "--planted", action="store_true", help="plant faults, and see that the tests notice them"
    )
    parser.addoption(
        "--freeze", action="store_true", help="write the frozen outputs of tests/corpus anew"
    )
    parser.addoption(
        "--long-graphs",
        type=int,
        default=1_000_000,
        help="how many random programs the long group proves both ways",
    )
    parser.addoption(
        "--fuzz-seconds", type=float, default=300, help="how long the long group fuzzes"
    )
    parser.addoption("--fuzz-first", type=int, default=1, help="the first seed it fuzzes with")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    groups = [name for name in ("long", "planted") if not config.getoption(f"--{name}")]
    held = [item for item in items if any(map(item.get_closest_marker, groups))]
    config.hook.pytest_deselected(items=held)
    items[:] = [item for item in items if item not in held]


@pytest.fixture
def cgraph(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """The command line: arguments and standard input in; status and both streams out."""
    for variable in ("COLUMNS", "FORCE_COLOR", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)

    def call(*arguments: str, stdin: bytes = b"") -> Ran:
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
        err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
        given = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.setattr(sys, "stdin", given)
            status = run(list(arguments))
        texts = []
        for stream in (out, err):
            stream.flush()
            texts.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]
        return Ran(status, *texts)

    return call


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment for a process of its own, without what would colour or fold its output."""
    return {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "FORCE_COLOR")}
