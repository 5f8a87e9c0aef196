"""Lines → plain text, or rich text on a terminal, where long lines are folded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable, width
from cgcli.views.signs import Signs
from cgcli.views.terminal import paint
from cgcli.views.trace.lines import Line, Lines
from cgcli.words import Message

__all__ = ["print_on"]

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


class _Layout:
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

    def print(self, line: Line, out: Any) -> None:
        """Print a line on a Rich console, on a terminal in colour and folded where that ends."""
        from rich.text import Text

        pieces, before = self.segments(line)
        text = Text.assemble(*pieces)
        text.rstrip()
        if not out.is_terminal or width(text.plain) <= out.width:
            paint(out, pieces)
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


def print_on(
    out: Any, lines: Lines, catalogue: Catalogue, ask: Callable[[], bool] = lambda: True
) -> None:
    """Print lines on a Rich console, each as it is made, an empty one before every other heading.

    Before each step but the first `ask` says whether to go on.
    """
    layout = _Layout(lines.signs, catalogue)
    waiting = False
    for k, line in enumerate(lines):
        if waiting and (line.number or line.kind in ("heading", "gradient")):
            if not ask():
                return
            waiting = False
        if k and line.kind == "heading":
            paint(out, ())
        layout.print(line, out)
        waiting = waiting or line.kind != "heading"
