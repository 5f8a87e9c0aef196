"""How numbers, names and derivatives are written: in plain characters, or in LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from cgcli.graph.latex import LATEX, latex_name, latex_number
from cgcli.graph.text import TEXT, Notation
from cgcli.operations.row import LEVELS
from cgcli.views.gate import printable
from cgcli.views.rational import beside, is_exact, number_text

_ELEMENTS: Final = 8
_LOW: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _plain_level(text: str) -> int:
    """A negative number is put in brackets wherever it is not the first thing written."""
    if text.startswith("-"):
        return LEVELS["sum"]
    return LEVELS["product" if "/" in text else "atom"]


def _plain_vector(values: Iterable[str]) -> str:
    return f"[{', '.join(values)}]"


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
    vector: Callable[[list[str]], str] = _plain_vector
    matrix: Callable[[list[list[str]]], str] = lambda rows: _plain_vector(map(_plain_vector, rows))
    ratio: Callable[[str, str], str] = lambda over, under: f"∂{over}/∂{under}"
    partial: Callable[[int, str], str] = lambda place, name: f"∂{f'{place}'.translate(_LOW)}{name}"
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
            write = self.rational if is_exact(value) else self.number
            return write(number_text(value, digits))
        if max(value.shape) > _ELEMENTS:
            ends = *value.flat[: 3 if value.ndim == 1 else 1], value.flat[-1]
            *first, last = (self.value(element, digits) for element in ends)
            shape = "×".join(map(str, value.shape))
            return f"{self.vector([*first, self.more, last])} {shape}"
        if value.ndim == 1:
            return self.vector([self.value(element, digits) for element in value])
        return self.matrix([[self.value(element, digits) for element in row] for row in value])

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
