"""Lines → Markdown, LaTeX and HTML: a table of templates each, and what stands around the lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from cgcli.calculus.explain import Explanation
from cgcli.graph.latex import latex_name
from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable
from cgcli.views.signs import PLAIN, PRINTED
from cgcli.views.trace.lines import Lines
from cgcli.views.trace.markup import Markup, written
from cgcli.views.trace.writing import Wanted

__all__ = ["PAGES"]

Page: TypeAlias = Callable[[Explanation, Wanted, Catalogue], Iterator[str]]

# Markdown that a code host shows: nested lists, equalities in code spans

_MARKDOWN_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")


def _code(text: str) -> str:
    return f"`{text}`"


_MARKDOWN: Final = Markup(
    plain=lambda text: _MARKDOWN_SPECIAL.sub(r"\\\1", text),
    math=_code,
    sides=lambda texts: _code(PLAIN.equals.join(texts)),
    conditions=lambda texts: f"({', '.join(map(_code, texts))})",
    # All that comes from the program stands in code spans.
    marked=lambda value: f"\x02{printable(value)}\x03" if value else "",
    templates={
        "gap": "\n",
        "heading": "### %(text)s\n\n",
        "words": "%(text)s\n",
        "item": "%(mark)s %(text)s\n",
        "inner": "%(indent)s- %(text)s\n",
    },
)


def as_markdown(explanation: Explanation, wanted: Wanted, catalogue: Catalogue) -> Iterator[str]:
    """Return the lines as Markdown."""
    return written(Lines(explanation, PLAIN, wanted.shown), _MARKDOWN, catalogue)


# LaTeX: numbered lists of equalities in mathematics, by themselves or a whole document

_LATEX_SPECIAL: Final = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "^": r"\textasciicircum{}", "_": r"\_", "~": r"\textasciitilde{}", "%": r"\%",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
    "∂": r"$\partial$", "·": r"$\cdot$", "×": r"$\times$", "…": r"\ldots{}", "−": r"$-$",
}  # fmt: skip
_NEEDS: Final = "% \\usepackage{amsmath} in the preamble is all that this needs\n"
_HEAD: Final = r"""\documentclass{article}
\usepackage{amsmath}
\usepackage[margin=2cm]{geometry}
%s\setlength{\parindent}{0pt}
\begin{document}
\raggedright
"""
_CHINESE: Final = "\\usepackage{ctex} % for Chinese: compile with xelatex\n"


def _character(char: str) -> str:
    if char in _LATEX_SPECIAL:
        return _LATEX_SPECIAL[char]
    if char.isascii():
        return char
    name = latex_name(char)
    return char if name.startswith("\\text") else f"${name}$"


_LATEX: Final = Markup(
    plain=lambda text: "".join(map(_character, text)),
    math=lambda text: f"${text}$",
    sides=lambda texts: f"$\\displaystyle {PRINTED.equals.join(texts)}$",
    conditions=lambda texts: f"(${', '.join(texts)}$)",
    templates={
        "heading": "\\subsection*{%(text)s}\n",
        "words": "%(text)s\n",
        "open ol": "\\begin{enumerate}\\setcounter{enumi}{%(before)d}\n",
        "open ul": "\\begin{itemize}\n",
        "item": "  \\item %(text)s\n",
        "open inner": "  \\begin{itemize}\n",
        "inner": "    \\item %(text)s\n",
        "close inner": "  \\end{itemize}\n",
        "close ol": "\\end{enumerate}\n",
        "close ul": "\\end{itemize}\n",
    },
)


def as_latex(explanation: Explanation, wanted: Wanted, catalogue: Catalogue) -> Iterator[str]:
    """Return the lines as LaTeX, by themselves or as a whole document."""
    chinese = wanted.language == "zh" or any(map(_is_chinese, explanation.graph.names))
    yield _HEAD % (_CHINESE if chinese else "") if wanted.standalone else _NEEDS
    yield from written(Lines(explanation, PRINTED, wanted.shown), _LATEX, catalogue)
    yield "\\end{document}\n" if wanted.standalone else ""


def _is_chinese(name: str) -> bool:
    return not name.isascii() and any("\u2e80" <= char <= "\uffef" for char in name)


# One HTML file that needs nothing else: no script, no font, nothing from elsewhere

_END: Final = "$lines"


def _escaped(text: str, *, quote: bool = True) -> str:
    from html import escape

    return escape(text, quote=quote)


def _html_sides(sides: tuple[str, ...]) -> str:
    *first, last = map(_escaped, sides)
    equals = f'<span class="e">{PLAIN.equals}</span>'
    equality = equals.join([*first, f'<span class="v">{last}</span>'])
    return f'<span class="m">{equality}</span>'


_HTML: Final = Markup(
    plain=lambda text: _escaped(text, quote=False),
    math=lambda text: f'<span class="m">{_escaped(text)}</span>',
    sides=_html_sides,
    conditions=lambda texts: f'<span class="a m">({_escaped(", ".join(texts))})</span>',
    label='<span class="l">%s</span>',
    aside='<span class="a">(%s)</span>',
    templates={
        "heading": "<h2>%(text)s</h2>\n",
        "words": "<p>%(text)s</p>\n",
        "open ol": '<ol start="%(number)d">\n',
        "open ul": "<ul>\n",
        "item": '<li class="%(kind)s">%(text)s<ul>\n',
        "inner": '<li class="%(kind)s">%(text)s</li>\n',
        "close step": "</ul></li>\n",
        "close ol": "</ol>\n",
        "close ul": "</ul>\n",
    },
)


def as_html(explanation: Explanation, wanted: Wanted, catalogue: Catalogue) -> Iterator[str]:
    """Return the lines as a page, under a title and the text of the program."""
    from importlib import resources
    from string import Template

    page = resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    before, _, after = page.partition(_END)
    text = "\n".join(_escaped(printable(line)) for line in explanation.graph.text.split("\n"))
    title = _escaped(printable(wanted.title))
    yield Template(before).substitute(language=_escaped(wanted.language), title=title, text=text)
    yield from written(Lines(explanation, PLAIN, wanted.shown), _HTML, catalogue)
    yield after


PAGES: Final[Mapping[str, Page]] = {"markdown": as_markdown, "latex": as_latex, "html": as_html}
