"""Lines → one HTML file that needs nothing else: no script, no font, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib import resources
from string import Template
from typing import Final

from cgcli.calculus.explain import Explanation
from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable
from cgcli.views.signs import PLAIN
from cgcli.views.trace.lines import Lines
from cgcli.views.trace.markup import Markup, written
from cgcli.views.trace.writing import Wanted

__all__ = ["as_html"]

_END: Final = "$lines"


def _sides(sides: tuple[str, ...]) -> str:
    *first, last = map(escape, sides)
    equals = f'<span class="e">{PLAIN.equals}</span>'
    equality = equals.join([*first, f'<span class="v">{last}</span>'])
    return f'<span class="m">{equality}</span>'


_HTML: Final = Markup(
    plain=lambda text: escape(text, quote=False),
    math=lambda text: f'<span class="m">{escape(text)}</span>',
    sides=_sides,
    conditions=lambda texts: f'<span class="a m">({escape(", ".join(texts))})</span>',
    label='<span class="l">%s</span>',
    aside='<span class="a">(%s)</span>',
    templates={
        "heading": "<h2>%(text)s</h2>\n",
        "words": "<p>%(text)s</p>\n",
        "open ol": '<ol start="%(number)d">\n',
        "open ul": "<ul>\n",
        "ol": '<li class="%(kind)s">%(text)s<ul>\n',
        "ul": '<li class="%(kind)s">%(text)s<ul>\n',
        "inner": '<li class="%(kind)s">%(text)s</li>\n',
        "close step": "</ul></li>\n",
        "close ol": "</ol>\n",
        "close ul": "</ul>\n",
    },
)


def as_html(explanation: Explanation, wanted: Wanted, catalogue: Catalogue) -> Iterator[str]:
    """Return the lines as a page, under a title and the text of the program."""
    page = resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    before, _, after = page.partition(_END)
    text = "\n".join(escape(printable(line)) for line in explanation.graph.text.split("\n"))
    title = escape(printable(wanted.title))
    yield Template(before).substitute(language=escape(wanted.language), title=title, text=text)
    yield from written(Lines(explanation, PLAIN, wanted.shown), _HTML, catalogue)
    yield after
