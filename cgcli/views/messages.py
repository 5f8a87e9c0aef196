"""Errors → lines for a person: the text, a caret under the place, and a hint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cgcli.errors import CgraphError, Place
from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable, width

if TYPE_CHECKING:
    from cgcli.views.schemas.common import Refusal

_WIDEST: Final = 76


def error_document(error: CgraphError) -> Refusal:
    """Return an error as the JSON object that stands for it.

    >>> error_document(CgraphError("usage", "no expression", "write one"))["error"]["kind"]
    'usage'
    """
    return {
        "error": {
            "kind": error.kind,
            "message": error.message,
            "hint": error.hint,
            "line": error.line,
            "column": error.column,
            "end_column": error.end_column,
        }
    }


def error_lines(error: CgraphError, said: Catalogue = Catalogue({})) -> list[str]:
    """Return the lines of an error's message, in a language.

    >>> place = Place("(x + y) *", 9, 9)
    >>> print("\\n".join(error_lines(CgraphError("syntax", "expected a value", "", (place,)))))
    error: expected a value
      (x + y) *
               ^
    """
    lines = [f"{said.read('error')}: {printable(said.read(error.message))}"]
    shown: list[tuple[str, int]] = []
    for place in error.places:
        row, line = _line(place)
        if (place.text, row) not in shown:
            shown.append((place.text, row))
            several = "\n" in place.text.rstrip("\n")
            same = [
                p._replace(label=said.read(p.label))
                for p in error.places
                if p.text == place.text and _line(p)[0] == row
            ]
            lines += _pointed(line, same, f"line {row}: " if several else "")
    if error.hint:
        lines.append(f"{said.read('hint')}: {printable(said.read(error.hint))}")
    return lines


def _line(place: Place) -> tuple[int, str]:
    row = place.position().line
    return row, place.text.split("\n")[row - 1].removesuffix("\r")


def _pointed(line: str, places: list[Place], prefix: str) -> list[str]:
    """Return a line and, below it, a row of carets for each place on it, with its label."""
    columns = [place.position() for place in places]
    first, last = _window(line, columns[0].column - 1, columns[0].end_column - 1)
    left = "…" if first else ""
    right = "…" if last < len(line) else ""
    lines = [f"  {prefix}{left}{printable(line[first:last])}{right}"]
    for place, position in zip(places, columns, strict=True):
        start, end = position.column - 1, position.end_column - 1
        if start < first or start > last:
            continue
        end = min(max(end, start), last)
        indent = width(prefix + left + printable(line[first:start]))
        carets = "^" * max(1, width(printable(line[start:end])))
        label = f" {printable(place.label)}" if place.label else ""
        lines.append(f"  {' ' * indent}{carets}{label}")
    return lines


def _window(line: str, start: int, end: int) -> tuple[int, int]:
    """Return which part of a long line is shown: the place, and what stands around it."""
    if len(line) <= _WIDEST:
        return 0, len(line)
    first = max(0, min(start - _WIDEST // 2, len(line) - _WIDEST))
    return first, min(len(line), first + _WIDEST)
