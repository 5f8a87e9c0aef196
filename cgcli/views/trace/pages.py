"""Lines → Markdown and LaTeX: one walk through their lists, and a table of templates each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from cgcli.calculus.explain import Explanation
from cgcli.graph.latex import latex_name
from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable
from cgcli.views.signs import PLAIN, PRINTED
from cgcli.views.trace.chain import Line
from cgcli.views.trace.lines import Lines
from cgcli.views.trace.writing import Wanted
from cgcli.words import Math, Message


def marked(value: str) -> str:
    """Return a value among words, marked where it is mathematics."""
    return f"\x02{value}\x03" if isinstance(value, Math) else printable(value)


class Markup(NamedTuple):
    """How a format writes what a line is made of, and where the line stands.

    `plain` and `math` write words and what is `marked` among them; `sides` and `conditions` write
    those of a line.

    `templates` has one for each kind of line, `heading`, `words`, `item` for an item of a list,
    numbered or not, and `inner` for what belongs to an item; and for what stands between, where
    there is any: `gap` before headings, words and lists of another kind, `open` and `close` with
    the name of a list.
    """

    plain: Callable[[str], str]
    math: Callable[[str], str]
    sides: Callable[[tuple[str, ...]], str]
    conditions: Callable[[tuple[str, ...]], str]
    templates: Mapping[str, str]
    marked: Callable[[str], str] = marked

    def said(self, catalogue: Catalogue, message: str) -> str:
        """Return words in a language, with what is mathematics among them as such."""
        pieces = re.split("\x02(.*?)\x03", catalogue.say(message, self.marked))
        return "".join(
            self.math(piece) if k % 2 else self.plain(piece) for k, piece in enumerate(pieces)
        )

    def content(self, line: Line, catalogue: Catalogue) -> str:
        """Return what a line says: its label, its equality, its conditions, words after."""
        words, aside = (self.said(catalogue, said) for said in (line.label, line.aside))
        colon = ":" if words and line.level and (line.sides or line.aside) else ""
        parts = [
            words + colon,
            self.sides(line.sides) if line.sides else "",
            self.conditions(line.conditions) if line.conditions else "",
            f"({aside})" if aside and not line.is_words else aside,
        ]
        return " ".join(filter(None, parts))


def written(lines: Iterable[Line], markup: Markup, catalogue: Catalogue) -> Iterator[str]:
    """Return lines as text: a step's in a list of its own, inside the list of its pass."""
    templates = markup.templates
    # What is open: a list, and the list of what belongs to an item of it.
    levels: list[str] = []
    after, mark = "heading", ""
    for line in lines:
        wanted: list[str] = []
        if line.level == 1:
            wanted = ["ol" if line.number else "ul"]
            mark = f"{line.number}." if line.number else "-"
        elif line.level:
            wanted = [*(levels[:1] or ["ul"]), "inner"]
        listed = bool(levels)
        while levels != wanted[: len(levels)]:
            yield templates.get(f"close {levels.pop()}", "")
        if after != "heading" and (not wanted or (listed and not levels)):
            yield templates.get("gap", "")
        values = {"mark": mark, "indent": " " * (len(mark) + 1), "before": line.number - 1}
        for level in wanted[len(levels) :]:
            yield templates.get(f"open {level}", "") % values
        levels = wanted
        template = templates[(line.kind, "item", "inner")[len(levels)]]
        yield template % {**values, "text": markup.content(line, catalogue)}
        after = line.kind
    while levels:
        yield templates.get(f"close {levels.pop()}", "")


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
_NEEDS: Final = Message("\\usepackage{amsmath} in the preamble is all that this needs")
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
    words = catalogue.say(Message("Given")), *explanation.graph.names
    chinese = any("\u2e80" <= char <= "\uffef" for word in words for char in word)
    head, needs = _HEAD % (_CHINESE if chinese else ""), catalogue.say(_NEEDS)
    yield head if wanted.standalone else f"% {needs}\n"
    yield from written(Lines(explanation, PRINTED, wanted.shown), _LATEX, catalogue)
    yield "\\end{document}\n" if wanted.standalone else ""
