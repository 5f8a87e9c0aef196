"""Lines → plain text, or rich text on a terminal, where long lines are folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable, width
from cgcli.views.signs import Signs
from cgcli.views.trace.lines import Line
from cgcli.words import Message

__all__ = ["TextLines", "as_text", "spaced"]

_INDENT: Final = {"heading": 0, "given": 2, "gradient": 2, "entry": 6, "start": 5, "words": 2}
_STEP: Final = 5
_INNER: Final = 7
_BARE: Final = ("heading", "words", "nothing")
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

Segment: TypeAlias = tuple[str, str]


class TextLines:
    """How lines stand in text: in columns as wide as the words of the language."""

    def __init__(self, signs: Signs, catalogue: Catalogue) -> None:
        self._signs = signs
        self._catalogue = catalogue
        self._wide = max(width(catalogue.say(Message(label))) for label in _LABELS)

    def segments(self, line: Line) -> tuple[list[Segment], int]:
        """Return a line as pieces with their styles, and how many stand before its equality."""
        style = _STYLES.get(line.kind, "")
        words = printable(self._catalogue.say(line.label))
        indent = f"{line.number:>{_STEP - 2}}. " if line.number else ""
        pieces = [(indent or " " * _INDENT.get(line.kind, _INNER), "dim")]
        if words and line.kind in _BARE:
            pieces.append((words, style))
        elif words:
            known = line.kind in _LABELS or line.kind == "entry"
            padding = " " * max(0, self._wide - width(words)) + "  " if known else ": "
            pieces.append((f"{words}{padding}", "yellow" if line.kind == "note" else "dim"))
        before = 1 if line.kind in _BARE else len(pieces)
        if line.sides:
            *first, last = line.sides
            for side in first:
                pieces += [(side, ""), (self._signs.equals, "dim")]
            pieces.append((last, style))
        if line.conditions:
            pieces.append((f"  ({', '.join(line.conditions)})", "dim"))
        if line.aside:
            aside = printable(self._catalogue.say(line.aside))
            bare = line.kind in ("note", "pullback")
            pieces.append((aside if bare else f"  ({aside})", "" if bare else "dim"))
        return pieces, before

    def text(self, line: Line) -> str:
        """Return a line as plain text."""
        return "".join(text for text, _ in self.segments(line)[0]).rstrip()

    def print(self, line: Line, out: Any) -> None:
        """Print a line in colour on a Rich console, folded where the terminal ends."""
        from rich.text import Text

        pieces, before = self.segments(line)
        text = Text.assemble(*pieces)
        text.rstrip()
        if width(text.plain) <= out.width:
            out.print(text)
            return
        # What is folded goes on below the equality's first sign.
        column = sum(width(piece) for piece, _ in pieces[:before])
        if len(line.sides) > 1:
            column += width(line.sides[0]) + 1
        first = text.wrap(out, out.width)[0]
        rest = text[len(first.plain) :]
        while rest.plain.startswith(" "):
            rest = rest[1:]
        indent = " " * min(column, out.width // 2)
        out.print(first)
        for folded in rest.wrap(out, out.width - len(indent)):
            out.print(Text(indent) + folded)


def spaced(lines: Iterable[Line]) -> Iterator[Line | None]:
    """Return the lines, None for an empty one before every heading but the first."""
    for k, line in enumerate(lines):
        if k and line.kind == "heading":
            yield None
        yield line


def as_text(lines: Iterable[Line], signs: Signs, catalogue: Catalogue) -> Iterator[str]:
    """Return the lines as plain text, each with its end."""
    layout = TextLines(signs, catalogue)
    for line in spaced(lines):
        yield f"{layout.text(line) if line else ''}\n"
