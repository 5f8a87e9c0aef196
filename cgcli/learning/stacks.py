"""Stacks: the columns that make a vector, by names, patterns, ranges and what is left out."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from cgcli.errors import CgraphError, excerpt
from cgcli.learning.sources import listed

Stack: TypeAlias = str | list[str]
"""The columns that make a vector: their names, or a pattern; a column's name is that column."""


def stacked(names: Sequence[str], stacks: Mapping[str, Stack]) -> dict[str, Stack]:
    """Return for every stack its columns: those that its text selects, or a list.

    A text that is a column's name is that column, which is given another name. Else it is a list
    with commas: of names, of patterns such as ``p_*`` and of ranges such as ``p_1..p_9``, both in
    the file's order; ``!`` before one leaves its columns out. What comes back, read of another
    file, is the same columns, wherever they stand there.

    >>> stacked(["y", "p_0", "p_1"], {"x": "p_*", "z": "y", "v": ["p_1", "p_0"]})
    {'x': ['p_0', 'p_1'], 'z': 'y', 'v': ['p_1', 'p_0']}
    >>> stacked(["a", "b", "c", "d", "y"], {"x": "d, a..c, !b", "z": "*, !y"})
    {'x': ['d', 'a', 'c'], 'z': ['a', 'b', 'c', 'd']}
    """
    columns: dict[str, Stack] = {}
    for name, stack in stacks.items():
        if isinstance(stack, list):
            missing = [column for column in stack if column not in names]
            if missing:
                raise _none("there is no column", missing[0], name, names)
            columns[name] = stack
        else:
            columns[name] = stack if stack in names else _selected(name, stack, names)
    return columns


def _selected(name: str, text: str, names: Sequence[str]) -> list[str]:
    """Return the columns that a list of names, patterns and ranges selects, each once."""
    chosen: dict[str, None] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        excluded = part.startswith("!") and part not in names
        columns = _matches(name, part[1:].strip() if excluded else part, names)
        if excluded:
            for column in columns:
                chosen.pop(column, None)
        else:
            chosen.update(dict.fromkeys(columns))
    if not chosen:
        raise _none("no column is like", text, name, names)
    return list(chosen)


def _matches(name: str, part: str, names: Sequence[str]) -> list[str]:
    """Return the columns of one part of a list; raises `CgraphError` where there is none."""
    if part in names:
        return [part]
    first, dots, last = (end.strip() for end in part.partition(".."))
    if dots and first in names and last in names:
        start, end = names.index(first), names.index(last)
        if start > end:
            message = f"'{excerpt(first)}' stands behind '{excerpt(last)}' in the file"
            hint = f"write {excerpt(last)}..{excerpt(first)}"
            raise CgraphError("usage", f"the stack '{excerpt(name)}': {message}", hint)
        return [column for column in names[start : end + 1] if column]
    matches = [column for column in names if column and fnmatch.fnmatchcase(column, part)]
    if not matches:
        raise _none("no column is like", part, name, names)
    return matches


def _none(no: str, text: str, name: str, names: Sequence[str]) -> CgraphError:
    message = f"{no} '{excerpt(text)}', for the stack '{excerpt(name)}'"
    return CgraphError("file", message, listed(names))
