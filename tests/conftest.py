"""What the tests share: the command line in this process, and which of them run when."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from cgcli.commands.app import run
from cgcli.limits import one_thread
from cgcli.memory import uncollected
from tests import amounts

QUICK: Final = (
    "tests/language/test_messages.py",
    "tests/graph/test_build.py",
    "tests/graph/test_rewrites.py",
    "tests/operations/test_edges.py",
    "tests/numbers/test_symbolic.py",
    "tests/calculus/test_notes.py",
    "tests/plan/test_function.py",
    "tests/algebra/test_diff.py::test_a_derivative_is_written_as_people_write_it",
    "tests/algebra/test_diff.py::test_code_runs_and_has_the_gradient",
    "tests/export/test_code.py::test_values",
    "tests/homework/test_mistakes.py",
    "tests/learning/test_optimisers.py",
    "tests/native/test_engine.py::test_rows_are_those_of_numpy",
    "tests/library/test_answers.py::test_a_notebook_shows_every_answer",
    "tests/views/test_cost_curves.py",
    "tests/commands/test_wrt.py",
    "tests/test_traces.py",
    "tests/test_errors.py",
    "tests/schemas/test_frozen.py::test_a_schema_is_the_frozen_one",
    "tests/test_cases.py",
)
"""The quick tier: a few tests of every room, 20 s of one core at most."""


class Ran(NamedTuple):
    status: int
    out: str
    err: str


# The tests have the threads that the command has, before NumPy is loaded.
one_thread()

# Where Python is told to write no bytecode, every process of a test compiles the package anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_configure(config: pytest.Config) -> None:
    amounts.whole = config.getoption("--long") or config.getoption("--whole")
    # A shell's background job ignores Ctrl-C, and so would the processes that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests that take minutes")
    parser.addoption(
        "--whole", action="store_true", help="look at all random cases, as --long does as well"
    )
    parser.addoption(
        "--planted", action="store_true", help="plant faults, and see that the tests notice them"
    )
    parser.addoption(
        "--browser", action="store_true", help="open pages in Chromium, which takes minutes"
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
    parser.addoption(
        "--long-programs",
        type=int,
        default=100_000,
        help="how many random programs the long group asks in every way",
    )
    parser.addoption(
        "--concordance", default="", help="look for differences of this kind alone: boundary, note"
    )
    parser.addoption("--fuzz-first", type=int, default=1, help="the first seed it fuzzes with")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Read no file that the quick tier has nothing in: that alone takes longer than its tests."""
    if config.getoption("markexpr") != "quick" or collection_path.is_dir():
        return None
    name = collection_path.relative_to(config.rootpath).as_posix()
    return True if name not in {each.partition("::")[0] for each in QUICK} else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.partition("[")[0].startswith(QUICK):
            item.add_marker("quick")
    groups = [name for name in ("browser", "long", "planted") if not config.getoption(f"--{name}")]
    runs: dict[bool, list[pytest.Item]] = {True: [], False: []}
    for item in items:
        runs[not any(map(item.get_closest_marker, groups))].append(item)
    config.hook.pytest_deselected(items=runs[False])
    items[:] = runs[True]


def pytest_collection_finish() -> None:
    # What is collected stays to the end: garbage is looked for among the rest alone, and seldom.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


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
            # The command lets the collector rest too.
            with uncollected():
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
