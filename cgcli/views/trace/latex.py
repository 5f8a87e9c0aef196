"""Lines → LaTeX: numbered lists of equalities in mathematics, by themselves or a whole document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from cgcli.graph.latex import latex_name
from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable
from cgcli.views.signs import Signs
from cgcli.views.trace.lines import Line
from cgcli.words import Math

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


def as_latex(
    lines: Iterable[Line], signs: Signs, catalogue: Catalogue, standalone: bool, chinese: bool
) -> Iterator[str]:
    """Return the lines as LaTeX; `standalone` makes a document of them.

    `chinese` says that the document has Chinese words or names in it.
    """
    yield _HEAD % (_CHINESE if chinese else "") if standalone else _NEEDS
    open_lists: list[str] = []
    for line in lines:
        wanted = _lists(line)
        # Lists that go on stay open; a step's inner list ends with the step.
        while open_lists[: len(wanted)] != wanted[: len(open_lists)] or len(open_lists) > len(
            wanted
        ):
            yield f"{'  ' * (len(open_lists) - 1)}\\end{{{open_lists.pop()}}}\n"
        while len(open_lists) < len(wanted):
            kind = wanted[len(open_lists)]
            counter = f"\\setcounter{{enumi}}{{{line.number - 1}}}" if line.number else ""
            yield f"{'  ' * len(open_lists)}\\begin{{{kind}}}{counter}\n"
            open_lists.append(kind)
        text = _text(line, signs, catalogue)
        if line.kind == "heading":
            yield f"\\subsection*{{{text}}}\n"
        elif wanted:
            yield f"{'  ' * len(wanted)}\\item {text}\n"
        else:
            yield f"{text}\n"
    while open_lists:
        yield f"{'  ' * (len(open_lists) - 1)}\\end{{{open_lists.pop()}}}\n"
    if standalone:
        yield "\\end{document}\n"


def _lists(line: Line) -> list[str]:
    """Return the lists that a line stands in."""
    if line.kind in ("heading", "words"):
        return []
    if line.number:
        return ["enumerate"]
    if line.kind in ("given", "gradient", "start"):
        return ["itemize"]
    return ["itemize" if line.kind == "entry" else "enumerate", "itemize"]


def _text(line: Line, signs: Signs, catalogue: Catalogue) -> str:
    words = _escaped(catalogue, line.label)
    parts = [f"{words}:" if words and (line.sides or line.aside) else words]
    if line.sides:
        parts.append(f"$\\displaystyle {signs.equals.join(line.sides)}$")
    if line.conditions:
        parts.append(f"(${', '.join(line.conditions)}$)")
    aside = _escaped(catalogue, line.aside)
    if aside:
        parts.append(aside if line.kind in ("note", "pullback") else f"({aside})")
    return " ".join(part for part in parts if part)


def _escaped(catalogue: Catalogue, message: str) -> str:
    """Return words escaped, and what is mathematics among them as such."""
    pieces = re.split("\x02(.*?)\x03", catalogue.say(message, _marked))
    return "".join(
        f"${piece}$" if k % 2 else "".join(map(_character, piece)) for k, piece in enumerate(pieces)
    )


def _marked(value: str) -> str:
    return f"\x02{value}\x03" if isinstance(value, Math) else printable(value)


def _character(char: str) -> str:
    if char in _SPECIAL:
        return _SPECIAL[char]
    if char.isascii():
        return char
    name = latex_name(char)
    return char if name.startswith("\\text") else f"${name}$"
