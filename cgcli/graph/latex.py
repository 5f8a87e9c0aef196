"""Graph → LaTeX: formulas and names as mathematics is printed."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from cgcli.graph.templates import Pattern
from cgcli.graph.text import TEXT, Notation
from cgcli.operations.row import Operation

_GREEK: Final = frozenset(
    (
        *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"),
        *("lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi"),
        *("omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi"),
        *("Psi", "Omega"),
    )
)
_NUMBERS: Final = {"inf": r"\infty", "nan": r"\text{NaN}", "pi": r"\pi", "tau": r"\tau"}
_NAME: Final = re.compile(r"(?P<base>.*?)(?P<index>\[.*\])?", re.DOTALL)


@cache
def _pattern(operation: Operation) -> Pattern:
    """Return how LaTeX writes an operation: a fraction binds as a power does, a root as an atom."""
    latex = operation.latex
    if "<" in latex and len(latex) > 1:
        # What stands in braces or bars needs no brackets, and a base in front does.
        bare = latex.startswith("<")
        latex = latex.replace(f"<{operation.parameters[0]}>", "<0:atom>" if bare else "<0>")
        for place, name in enumerate(operation.parameters):
            latex = latex.replace(f"<{name}>", f"<{place}>")
        return ("power" if bare or r"\frac" in latex else "atom"), latex
    text = TEXT.pattern(operation)
    if operation.symbol:
        return text[0], text[1].replace(f" {operation.symbol} ", f" {latex or operation.symbol} ")
    if operation.written:
        return operation.written.replace("[", r"\left[").replace("]", r"\right]")
    word = (operation.words or (operation.name,))[0].replace("_", r"\_")
    function = latex or rf"\operatorname{{{word}}}"
    return rf"{function}\left(<*>\right)"


LATEX: Final = Notation(_pattern, (r"\left(", r"\right)"))
"""LaTeX's mathematics, with the commands of amsmath."""


def latex_name(name: str) -> str:
    r"""Return a node's name in LaTeX: digits and indices as subscripts, Greek letters as such.

    >>> latex_name("v12"), latex_name("h[2]"), latex_name("alpha"), latex_name("loss")
    ('v_{12}', 'h_{2}', '\\alpha', '\\mathit{loss}')
    """
    match = _NAME.fullmatch(name)
    assert match is not None
    base, index = match["base"], (match["index"] or "")[1:-1]
    letters = base.rstrip("0123456789")
    digits = base[len(letters) :]
    letters, _, rest = letters.partition("_")
    tail = _word(rest + digits) if rest + digits else ""
    below = ", ".join(part for part in (tail, index) if part)
    return f"{_base(letters)}_{{{below}}}" if below else _base(letters)


def _base(letters: str) -> str:
    if not letters:
        return "{}"
    if len(letters) == 1:
        return _letter(letters)
    if letters in _GREEK:
        return f"\\{letters}"
    return rf"\mathit{{{_escaped(letters)}}}" if letters.isascii() else _word(letters)


def _word(text: str) -> str:
    plain = text.isdigit() or (len(text) == 1 and text.isascii())
    return text if plain else rf"\text{{{_escaped(text)}}}"


def _letter(letter: str) -> str:
    if letter.isascii():
        return _escaped(letter)
    words = unicodedata.name(letter, "").split()
    if words[:1] == ["GREEK"] and words[-2:-1] == ["LETTER"]:
        greek = words[-1].lower().replace("lamda", "lambda")
        greek = greek.capitalize() if "CAPITAL" in words else greek
        if greek in _GREEK:
            return f"\\{greek}"
    return rf"\text{{{letter}}}"


def _escaped(text: str) -> str:
    return text.replace("_", r"\_")


def latex_number(text: str) -> str:
    r"""Return a printed number, or a literal, in LaTeX.

    >>> latex_number("-12.5"), latex_number("1e-05"), latex_number("pi")
    ('-12.5', '1 \\times 10^{-5}', '\\pi')
    """
    plain = text.lstrip("-")
    if plain in _NUMBERS:
        return ("-" if text.startswith("-") else "") + _NUMBERS[plain]
    mantissa, exponential, exponent = text.replace("E", "e").partition("e")
    if not exponential or not mantissa:
        return text
    return rf"{mantissa} \times 10^{{{int(exponent)}}}"
