"""The rows of options: each is of the type that its class says, and some command takes it."""

from __future__ import annotations

import types
from importlib import import_module
from typing import Any, get_args, get_type_hints

import pytest
import typer

from cgcli.commands.options import Options
from cgcli.commands.shared import COMMANDS, Group
from cgcli.library.choices import Row


def classes() -> list[type[Options]]:
    for module, _ in COMMANDS.values():
        import_module(f"cgcli.commands.{module}")
    found: list[type[Options]] = [Options]
    for options in found:
        found += options.__subclasses__()
    return found


def rows(options: type[Options]) -> dict[str, Row]:
    parts = [part for part in options.__mro__ if part is options or not issubclass(part, Options)]
    return {n: row for part in parts for n, row in vars(part).items() if isinstance(row, Row)}


def taken(command: str) -> list[str]:
    group = Group(name="cgraph")
    return [each.name for each in group.get_command(typer.Context(group), command).params]


def test_every_row_is_an_option_of_a_command() -> None:
    known = {name for options in classes() for name in rows(options)}
    assert known == {name for command in COMMANDS for name in taken(command)}


@pytest.mark.parametrize("options", classes(), ids=lambda options: options.__name__)
def test_a_row_without_a_value_has_its_type(options: type[Options]) -> None:
    hints = get_type_hints(options)
    for name in rows(options):
        kinds = get_args(hints[name]) if isinstance(hints[name], types.UnionType) else [hints[name]]
        plain = tuple(getattr(kind, "__origin__", kind) for kind in kinds)
        assert isinstance(getattr(options(), name), plain), name


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "w*x", "-d", "d.csv", "w=1", "--lr", "nan"], "--lr is a number, not nan"),
        (["train", "w*x", "-d", "d.csv", "w=1", "--time", "inf"], "--time is a number, not inf"),
        (["train", "w*x", "-d", "d.csv", "w=1", "--scale", ","], "--scale names nothing"),
        (["sheet", "x*y", "--lang="], "there is no language ''"),
        (["map", "x", "--on", "zzz"], "--on is ray or ray://HOST:PORT, not 'zzz'"),
    ],
)
def test_a_value_is_checked_where_it_is_read(words: list[str], message: str, cgraph: Any) -> None:
    ran = cgraph(*words)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {message}\n")
