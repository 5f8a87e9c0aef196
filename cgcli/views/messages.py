"""Errors → lines for a person: the text, a caret under the place, and a hint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cgcli.errors import CgraphError, Place
from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable, width
from cgcli.words import headed

if TYPE_CHECKING:
    from cgcli.documents import Refusal

_WIDEST: Final = 76


def error_document(error: CgraphError) -> Refusal:
    """Return an error as the JSON object that stands for it.

    >>> error_document(CgraphError("usage", "no expression", "write one"))["error"]["kind"]
    'usage'
    """
    from cgcli.views.document import fields

    return {"error": fields(error, "kind", "message", "hint", "line", "column", "end_column")}


def error_lines(error: CgraphError, said: Catalogue = Catalogue({})) -> list[str]:
    """Return the lines of an error's message, in a language.

    >>> place = Place("(x + y) *", 9, 9)
    >>> print("\\n".join(error_lines(CgraphError("syntax", "expected a value", "", (place,)))))
    error: expected a value
      (x + y) *
               ^
    """
    lines = [said.say(headed("error", _read(said, error.message)))]
    together: dict[tuple[str, int], list[Place]] = {}
    for place in error.places:
        labelled = place._replace(label=said.read(place.label))
        together.setdefault((place.text, place.position().line), []).append(labelled)
    for (text, row), places in together.items():
        line = text.split("\n")[row - 1].removesuffix("\r")
        lines += _pointed(line, places, f"line {row}: " if "\n" in text.rstrip("\n") else "")
    if error.hint:
        lines.append(said.say(headed("hint", _read(said, error.hint))))
    return lines


def _read(said: Catalogue, text: str) -> str:
    return str(printable(said.read(text)))


def _pointed(line: str, places: list[Place], prefix: str) -> list[str]:
    """Return a line and, below it, a row of carets for each place on it, with its label."""
    spans = [(p.column - 1, p.end_column - 1) for p in (place.position() for place in places)]
    # Of a long line stands the place, and what is around it.
    first = max(0, min(spans[0][0] - _WIDEST // 2, len(line) - _WIDEST))
    last = min(len(line), first + _WIDEST)
    left = "…" if first else ""
    right = "…" if last < len(line) else ""
    lines = [f"  {prefix}{left}{printable(line[first:last])}{right}"]
    for place, (start, end) in zip(places, spans, strict=True):
        if start < first or start > last:
            continue
        indent = width(prefix + left + printable(line[first:start]))
        carets = "^" * max(1, width(printable(line[start : min(end, last)])))
        label = f" {printable(place.label)}" if place.label else ""
        lines.append(f"  {' ' * indent}{carets}{label}")
    return lines
