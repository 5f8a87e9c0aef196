"""Lines → Markdown, LaTeX and HTML: one walk through their lists, and a table of templates each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable
from cgcli.views.trace.lines import Line
from cgcli.words import Math

__all__ = ["Markup", "marked", "written"]

_APART: Final = ("heading", "words")
_BARE: Final = ("note", "pullback")
_FIRST: Final = ("given", "gradient", "start")
"""What stands in a list without a number."""


def marked(value: str) -> str:
    """Return a value among words, marked where it is mathematics."""
    return f"\x02{value}\x03" if isinstance(value, Math) else printable(value)


class Markup(NamedTuple):
    """How a format writes what a line is made of, and where the line stands.

    `plain` and `math` write words and what is `marked` among them; `sides` and `conditions` write
    those of a line, and the templates `label` and `aside` stand around its words.

    `templates` has one for each kind of line, `heading`, `words`, `item` for an item of a list,
    numbered or not, and `inner` for what belongs to an item; and for what stands between, where
    there is any: `gap` before headings, words and lists of another kind, `open` and `close` with
    the name of a list, and `close step` after an item and all that belongs to it.
    """

    plain: Callable[[str], str]
    math: Callable[[str], str]
    sides: Callable[[tuple[str, ...]], str]
    conditions: Callable[[tuple[str, ...]], str]
    templates: Mapping[str, str]
    label: str = "%s"
    aside: str = "(%s)"
    marked: Callable[[str], str] = marked

    def said(self, catalogue: Catalogue, message: str) -> str:
        """Return words in a language, with what is mathematics among them as such."""
        pieces = re.split("\x02(.*?)\x03", catalogue.say(message, self.marked))
        return "".join(
            self.math(piece) if k % 2 else self.plain(piece) for k, piece in enumerate(pieces)
        )

    def content(self, line: Line, catalogue: Catalogue) -> str:
        """Return what a line says: its label, its equality, its conditions, words after."""
        words = self.said(catalogue, line.label)
        if words and line.kind not in _APART:
            words = self.label % (f"{words}:" if line.sides or line.aside else words)
        parts = [words]
        if line.sides:
            parts.append(self.sides(line.sides))
        if line.conditions:
            parts.append(self.conditions(line.conditions))
        aside = self.said(catalogue, line.aside)
        if aside:
            parts.append(aside if line.kind in _BARE else self.aside % aside)
        return " ".join(part for part in parts if part)


def written(lines: Iterable[Line], markup: Markup, catalogue: Catalogue) -> Iterator[str]:
    """Return lines as text: a step's in a list of its own, inside the list of its pass."""
    templates = markup.templates
    # What is open: a list, an item of it, and the list of what belongs to that.
    levels: list[str] = []
    after, mark = "heading", ""
    for line in lines:
        if line.kind in _APART:
            wanted = []
        elif line.number or line.kind in _FIRST:
            wanted = ["ol" if line.number else "ul"]
            mark = f"{line.number}." if line.number else "-"
        else:
            wanted = [*(levels[:2] or ["ul"]), "inner"]
        listed = bool(levels)
        while levels != wanted[: len(levels)]:
            yield templates.get(f"close {levels.pop()}", "")
        if after != "heading" and (not wanted or (listed and not levels)):
            yield templates.get("gap", "")
        values: dict[str, Any] = {"kind": line.kind, "mark": mark, "indent": " " * (len(mark) + 1)}
        values |= {"number": line.number, "before": line.number - 1}
        for level in wanted[len(levels) :]:
            yield templates.get(f"open {level}", "") % values
        levels = wanted if len(wanted) != 1 else [*wanted, "step"]
        name = line.kind if not wanted else "item" if len(wanted) == 1 else "inner"
        yield templates[name] % {**values, "text": markup.content(line, catalogue)}
        after = line.kind
    while levels:
        yield templates.get(f"close {levels.pop()}", "")
