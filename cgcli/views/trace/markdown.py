"""Lines → Markdown that a code host shows: nested lists, equalities in code spans."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cgcli.calculus.explain import Explanation
from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable
from cgcli.views.signs import PLAIN
from cgcli.views.trace.lines import Lines
from cgcli.views.trace.markup import Markup, written
from cgcli.views.trace.writing import Wanted

__all__ = ["as_markdown"]

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")


def _code(text: str) -> str:
    return f"`{text}`"


_MARKDOWN: Final = Markup(
    plain=lambda text: _SPECIAL.sub(r"\\\1", text),
    math=_code,
    sides=lambda texts: _code(PLAIN.equals.join(texts)),
    conditions=lambda texts: f"({', '.join(map(_code, texts))})",
    # All that comes from the program stands in code spans.
    marked=lambda value: f"\x02{printable(value)}\x03" if value else "",
    templates={
        "gap": "\n",
        "heading": "### %(text)s\n\n",
        "words": "%(text)s\n",
        "ol": "%(number)d. %(text)s\n",
        "ul": "- %(text)s\n",
        "inner": "%(indent)s- %(text)s\n",
    },
)


def as_markdown(explanation: Explanation, wanted: Wanted, catalogue: Catalogue) -> Iterator[str]:
    """Return the lines as Markdown."""
    return written(Lines(explanation, PLAIN, wanted.shown), _MARKDOWN, catalogue)
