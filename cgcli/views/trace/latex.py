"""Lines → LaTeX: numbered lists of equalities in mathematics, by themselves or a whole document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cgcli.calculus.explain import Explanation
from cgcli.graph.latex import latex_name
from cgcli.views.catalogue import Catalogue
from cgcli.views.signs import PRINTED
from cgcli.views.trace.lines import Lines
from cgcli.views.trace.markup import Markup, written
from cgcli.views.trace.writing import Wanted

__all__ = ["as_latex"]

_SPECIAL: Final = {
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
    if char in _SPECIAL:
        return _SPECIAL[char]
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
        "ol": "  \\item %(text)s\n",
        "ul": "  \\item %(text)s\n",
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
