"""The table of mistakes, the likeliest first: a row's place is its order.

Where several mistakes give one number, the one that is told first is the one that people make
most: the rules of the operation itself, then the chain, then the hand that wrote it. The rows
stand in `mistakes.toml`, in that order, and name the functions for what is no formula.
"""

from __future__ import annotations

from itertools import chain
from typing import Any, Final

from cgcli.homework.mistakes import rules, slips, tensors
from cgcli.homework.mistakes.row import Example, Mistake, combined, partials, values
from cgcli.resource import read_toml

_FUNCTIONS: Final = {**vars(rules), **vars(slips), **vars(tensors)}
_NAMED: Final = ("at_use", "at_above", "at_gradient", "at_value", "slip")
_FORMULAS: Final = {
    "partials": ("at_use", partials),
    "combined": ("at_above", combined),
    "values": ("at_value", values),
}


def _mistake(row: dict[str, Any]) -> Mistake:
    """Return a row of the table, with the functions that it names and those of its formulas."""
    fields = {**row, "example": Example(**row["example"])}
    for kind in _NAMED:
        if kind in row:
            assert row[kind] in _FUNCTIONS, f"there is no function {row[kind]} for a mistake"
            fields[kind] = _FUNCTIONS[row[kind]]
    for kind, (field, made_of) in _FORMULAS.items():
        if kind in row:
            ways = [*filter(None, [made_of(fields.pop(kind)), fields.get(field)])]
            fields[field] = lambda step, ways=ways: chain.from_iterable(way(step) for way in ways)
    return Mistake(**fields)


MISTAKES: Final = tuple(map(_mistake, read_toml(__package__, "mistakes.toml")["mistakes"]))

ARITHMETIC: Final = next(mistake for mistake in MISTAKES if mistake.in_chain)
