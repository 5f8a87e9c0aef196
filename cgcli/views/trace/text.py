"""Lines → plain text, or rich text on a terminal, where long lines are folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable, width
from cgcli.views.trace.lines import Line
from cgcli.views.trace.signs import Signs
from cgcli.words import Message

__all__ = ["as_text", "print_line"]

_INDENT: Final = {"heading": 0, "given": 2, "gradient": 2, "entry": 6, "start": 5, "words": 2}
_STEP: Final = 5
_INNER: Final = 7
_LABELS: Final = ("local", "chain", "sum", "pullback")
_STYLES: Final = {
    "heading": "bold",
    "given": "cyan",
    "forward": "cyan",
    "start": "green",
    "sum": "green",
    "chain": "green",
    "part": "green",
    "gradient": "bold green",
    "entry": "green",
    "note": "yellow",
}
"""The style of what a line ends with: a value, a gradient, or the words of a note."""

Segment = tuple[str, str]


def _segments(line: Line, signs: Signs, catalogue: Catalogue) -> tuple[list[Segment], int]:
    """Return a line as pieces with their styles, and the column that it goes on below."""
    style = _STYLES.get(line.kind, "")
    indent = _INDENT.get(line.kind, _INNER)
    words = printable(catalogue.say(line.label))
    pieces: list[Segment] = []
    if line.number:
        pieces.append((f"{line.number:>{_STEP - 2}}. ", "dim"))
    else:
        pieces.append((" " * indent, ""))
    if words and line.kind in ("heading", "words", "nothing"):
        pieces.append((words, style))
    elif words:
        wide = max(width(catalogue.say(Message(label))) for label in _LABELS)
        known = line.kind in _LABELS or line.kind == "entry"
        padding = " " * max(0, wide - width(words)) + "  " if known else ": "
        pieces.append((f"{words}{padding}", "yellow" if line.kind == "note" else "dim"))
    column = sum(width(text) for text, _ in pieces)
    *first, last = line.sides or ("",)
    for side in first:
        pieces += [(side, ""), (signs.equals, "dim")]
    if first:
        column += width(first[0]) + 1
    pieces.append((last, style if line.sides else ""))
    if line.conditions:
        pieces.append((f"  ({', '.join(line.conditions)})", "dim"))
    aside = printable(catalogue.say(line.aside))
    if aside:
        bare = line.kind in ("note", "pullback")
        pieces.append((aside if bare else f"  ({aside})", "" if bare else "dim"))
    return pieces, column


def as_text(lines: Iterable[Line], signs: Signs, catalogue: Catalogue) -> Iterator[str]:
    """Return the lines as plain text, each with its end."""
    first = True
    for line in lines:
        if line.kind == "heading" and not first:
            yield "\n"
        first = False
        pieces, _ = _segments(line, signs, catalogue)
        yield "".join(text for text, _ in pieces).rstrip() + "\n"


def print_line(line: Line, signs: Signs, catalogue: Catalogue, out: Any) -> None:
    """Print one line in colour on a Rich console, folded where the terminal ends."""
    from rich.text import Text

    pieces, column = _segments(line, signs, catalogue)
    text = Text.assemble(*pieces)
    text.rstrip()
    if width(text.plain) <= out.width:
        out.print(text)
        return
    first = text.wrap(out, out.width)[0]
    rest = text[len(first.plain) :]
    while rest.plain.startswith(" "):
        rest = rest[1:]
    indent = " " * min(column, out.width // 2)
    out.print(first)
    for folded in rest.wrap(out, out.width - len(indent)):
        out.print(Text(indent) + folded)
