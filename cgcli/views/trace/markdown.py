"""Lines → Markdown that a code host shows: nested lists, equalities in code spans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable
from cgcli.views.signs import Signs
from cgcli.views.trace.lines import Line

__all__ = ["as_markdown"]

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")


def as_markdown(lines: Iterable[Line], signs: Signs, catalogue: Catalogue) -> Iterator[str]:
    """Return the lines as Markdown, each with its end."""
    after = "heading"
    indent = ""
    for line in lines:
        text = _text(line, signs, catalogue)
        # Blank lines stand around headings and words, and between lists of two kinds.
        if after not in ("", "heading") and line.kind in ("heading", "words"):
            yield "\n"
        if line.kind == "heading":
            yield f"### {text}\n\n"
        elif line.kind == "words":
            yield f"{text}\n"
        elif line.number:
            yield ("\n" if after == "start" else "") + f"{line.number}. {text}\n"
            indent = " " * len(f"{line.number}. ")
        elif line.kind in ("given", "gradient", "start"):
            yield f"- {text}\n"
            indent = "  "
        else:
            yield f"{indent}- {text}\n"
        after = line.kind


def _text(line: Line, signs: Signs, catalogue: Catalogue) -> str:
    words = _escaped(catalogue, line.label)
    equality = _code(signs.equals.join(line.sides)) if line.sides else ""
    parts = [f"{words}:" if words and (equality or line.aside) else words, equality]
    if line.conditions:
        parts.append(f"({', '.join(map(_code, line.conditions))})")
    aside = _escaped(catalogue, line.aside)
    if aside:
        parts.append(aside if line.kind in ("note", "pullback") else f"({aside})")
    return " ".join(part for part in parts if part)


def _escaped(catalogue: Catalogue, message: str) -> str:
    """Return words, what comes from the program in code spans, and all else escaped."""
    pieces = re.split("\x02(.*?)\x03", catalogue.say(message, _marked))
    return "".join(
        _code(piece) if k % 2 else _SPECIAL.sub(r"\\\1", piece) for k, piece in enumerate(pieces)
    )


def _marked(value: str) -> str:
    return f"\x02{printable(value)}\x03" if value else ""


def _code(text: str) -> str:
    return f"`{text}`"
