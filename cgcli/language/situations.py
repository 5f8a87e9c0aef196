"""Syntax errors as a table: where the parser stopped, what is said, and what to write instead.

The rows stand in `situations.toml`; they are asked in order, and the first that fits speaks.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from cgcli.language.context import Context
from cgcli.resource import read_toml

_NAME: Final = re.compile(r"\{(\w+)\}")


class Situation(NamedTuple):
    """A row: what it asks of a context, what it says, and examples of texts it answers."""

    asks: dict[str, bool | str | list[str]]
    patterns: tuple[str, str]
    examples: list[str]

    def fits(self, context: Context) -> bool:
        """Return whether a context is as the row asks."""
        return all(_is(getattr(context, name), wanted) for name, wanted in self.asks.items())

    def message(self, context: Context) -> str:
        """Return what is wrong."""
        return _said(self.patterns[0], context)

    def hint(self, context: Context) -> str:
        """Return what to write instead."""
        return _said(self.patterns[1], context)


def _is(value: Any, wanted: bool | str | list[str]) -> bool:
    if isinstance(wanted, bool):
        return bool(value) is wanted
    return value in wanted if isinstance(wanted, list) else bool(value == wanted)


def _said(pattern: str, context: Context) -> str:
    return _NAME.sub(lambda name: str(getattr(context, name[1])), pattern)


SITUATIONS: Final = tuple(
    Situation(row["fits"], (row["message"], row["hint"]), row["examples"])
    for row in read_toml(__package__, "situations.toml")["situations"]
)
