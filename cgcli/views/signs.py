"""How numbers, names and derivatives are written: in plain characters, or in LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from cgcli.graph.latex import LATEX, latex_name, latex_number
from cgcli.graph.text import TEXT, Notation
from cgcli.operations.row import LEVELS
from cgcli.views.gate import printable
from cgcli.views.rational import beside, is_exact, written

_ELEMENTS: Final = 8


def _plain_level(text: str) -> int:
    """A negative number is put in brackets wherever it is not the first thing written."""
    if text.startswith("-"):
        return LEVELS["sum"]
    return LEVELS["product" if "/" in text else "atom"]


def _plain_partial(place: int, name: str) -> str:
    return f"∂{''.join(chr(ord('₀') + int(digit)) for digit in str(place))}{name}"


def _plain_matrix(rows: list[list[str]]) -> str:
    return "[" + ", ".join(f"[{', '.join(row)}]" for row in rows) + "]"


class Signs(NamedTuple):
    """One way of writing, in plain characters where no others are given.

    `blank` stands where a number is left out. `level` says how tightly a name or a number binds
    as it is written, and `element` writes which element of a vector or a matrix is meant. Where
    two names may be written alike, `verbatim` tells them apart.
    """

    notation: Notation = TEXT
    name: Callable[[str], str] = printable
    number: Callable[[str], str] = str
    rational: Callable[[str], str] = str
    level: Callable[[str], int] = _plain_level
    vector: Callable[[list[str]], str] = lambda values: f"[{', '.join(values)}]"
    matrix: Callable[[list[list[str]]], str] = _plain_matrix
    ratio: Callable[[str, str], str] = lambda over, under: f"∂{over}/∂{under}"
    partial: Callable[[int, str], str] = _plain_partial
    times: str = " · "
    equals: str = " = "
    about: str = " ≈ "
    blank: str = "____"
    more: str = "…"
    place: str = "#"
    element: Callable[[str], str] = str
    verbatim: Callable[[str], str] | None = None

    def brackets(self, text: str) -> str:
        """Return the text in brackets."""
        opening, closing = self.notation.brackets
        return f"{opening}{text}{closing}"

    def value(self, value: Any, digits: int) -> str:
        """Return a value with so many significant digits; a large array by its ends and shape.

        >>> PLAIN.value(-12.0, 6), PRINTED.value(1e-5, 6)
        ('-12', '1 \\\\times 10^{-5}')
        """
        if value is None:
            return self.blank
        if not getattr(value, "shape", ()):
            if is_exact(value):
                return self.rational(written(value))
            # Adding 0 makes -0 a plain 0.
            return self.number(f"{float(value) + 0.0:.{digits}g}")
        if value.ndim == 1:
            return self._row(value, digits)
        if value.shape[0] > _ELEMENTS or value.shape[1] > _ELEMENTS:
            ends = self.value(value.flat[0], digits), self.value(value.flat[-1], digits)
            inner = self.vector([ends[0], self.more, ends[1]])
            return f"{inner} {'×'.join(map(str, value.shape))}"
        rows = [[self.value(element, digits) for element in row] for row in value]
        return self.matrix(rows)

    def with_decimal(self, value: Any, digits: int) -> str:
        """Return a value, and of an exact number the decimal beside it where it says more.

        >>> from fractions import Fraction
        >>> PLAIN.with_decimal(Fraction(-1, 3), 6), PLAIN.with_decimal(Fraction(1, 4), 6)
        ('-1/3 ≈ -0.333333', '1/4 = 0.25')
        """
        text = self.value(value, digits)
        if value is None or getattr(value, "shape", None) or not is_exact(value):
            return text
        decimal, is_all = beside(value, digits)
        if not decimal:
            return text
        return f"{text}{self.equals if is_all else self.about}{self.number(decimal)}"

    def _row(self, values: Any, digits: int) -> str:
        if len(values) <= _ELEMENTS:
            return self.vector([self.value(element, digits) for element in values])
        ends = [self.value(element, digits) for element in (*values[:3], values[-1])]
        return f"{self.vector([*ends[:3], self.more, ends[3]])} {len(values)}"


def _printed_level(text: str) -> int:
    """A power of ten is a product, and a fraction binds as a power does."""
    if text.startswith(r"\frac"):
        return LEVELS["power"]
    return LEVELS["product"] if r"\times" in text and text[0] != "-" else _plain_level(text)


def _printed_rational(text: str) -> str:
    """Return a fraction, or why there is none, in LaTeX."""
    if text[-1].isalpha():
        return rf"\text{{{text}}}"
    sign, size = ("-", text[1:]) if text.startswith("-") else ("", text)
    parts = [
        re.sub(r"…(\d+) \((.*)\)", r"\\ldots \1\\ (\\text{\2})", part) for part in size.split("/")
    ]
    return f"{sign}\\frac{{{parts[0]}}}{{{parts[1]}}}" if len(parts) > 1 else f"{sign}{parts[0]}"


PLAIN: Final = Signs()

ASCII: Final = PLAIN._replace(
    ratio=lambda over, under: f"d{over}/d{under}",
    partial=lambda place, name: f"d{place} {name}",
    times=" * ",
    about=" ~ ",
    more="...",
)

PRINTED: Final = Signs(
    notation=LATEX,
    name=latex_name,
    number=latex_number,
    rational=_printed_rational,
    level=_printed_level,
    vector=lambda values: rf"\left[{', '.join(values)}\right]",
    matrix=lambda rows: (
        r"\begin{bmatrix}" + r" \\ ".join(" & ".join(row) for row in rows) + r"\end{bmatrix}"
    ),
    ratio=lambda over, under: rf"\frac{{\partial {over}}}{{\partial {under}}}",
    partial=lambda place, name: rf"\partial_{{{place}}} {name}",
    times=r" \cdot ",
    about=r" \approx ",
    blank=r"\underline{\hspace{3em}}",
    more=r"\ldots",
    place=r"\#",
    element=lambda text: rf"\left{text[:-1]}\right]" if text else "",
    verbatim=lambda name: r"\mathtt{" + name.replace("_", r"\_") + "}",
)
