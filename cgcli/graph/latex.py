"""Graph → LaTeX: formulas and names as mathematics is printed."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from cgcli.graph.text import TEXT, Notation, listed
from cgcli.operations.row import LEVELS, Operation

__all__ = ["LATEX", "latex_name", "latex_number"]

_ATOM: Final = LEVELS["atom"]
_GREEK: Final = frozenset(
    (
        *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"),
        *("lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi"),
        *("omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi"),
        *("Psi", "Omega"),
    )
)
_NAME: Final = re.compile(r"(?P<base>.*?)(?P<index>\[.*\])?", re.DOTALL)
_PLACE: Final = re.compile(r"<(\w+)>")


def _pieces(
    operation: Operation, count: int, static: tuple[int, ...]
) -> list[str | tuple[int, int]]:
    """Return how LaTeX writes an operation: texts, and the places of its arguments among them."""
    pattern = operation.latex
    if "<" in pattern and len(pattern) > 1:
        return _filled(operation, pattern)
    if operation.symbol:
        found = TEXT.pieces(operation, count, static)
        sign = f" {pattern or operation.symbol} "
        return [sign if piece == f" {operation.symbol} " else piece for piece in found]
    if operation.name == "same":
        return [(0, 0)]
    fixed = ", ".join(map(str, static))
    if operation.name == "index":
        return [(0, _ATOM), rf"\left[{fixed}\right]"]
    parts = listed(count)
    if operation.name == "stack":
        return [r"\left[", *parts, r"\right]"]
    word = (operation.words or (operation.name,))[0].replace("_", r"\_")
    function = pattern or rf"\operatorname{{{word}}}"
    return [rf"{function}\left(", *parts, rf"{', ' + fixed if fixed else ''}\right)"]


def _filled(operation: Operation, pattern: str) -> list[str | tuple[int, int]]:
    """Return a pattern taken apart: what stands in braces or bars needs no brackets."""
    parts: list[str | tuple[int, int]] = []
    for k, piece in enumerate(_PLACE.split(pattern)):
        if k % 2:
            bare = k == 1 and pattern.startswith("<")
            parts.append((operation.parameters.index(piece), _ATOM if bare else 0))
        elif piece:
            parts.append(piece)
    return parts


def _level(operation: Operation) -> int:
    """How tightly an operation binds in print: a fraction as a power does, a root as an atom."""
    if "<" in operation.latex and len(operation.latex) > 1:
        loose = operation.latex.startswith("<") or r"\frac" in operation.latex
        return LEVELS["power"] if loose else _ATOM
    return operation.level


LATEX: Final = Notation(_pieces, _level, (r"\left(", r"\right)"))
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
    letters, underscore, rest = letters.partition("_")
    below = ", ".join(part for part in (rest + digits if underscore else digits, index) if part)
    if underscore:
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
    if text.lstrip("-") in ("inf", "nan", "pi", "tau"):
        sign = "-" if text.startswith("-") else ""
        return sign + {
            "inf": r"\infty", "nan": r"\text{NaN}", "pi": r"\pi", "tau": r"\tau"
        }[text.lstrip("-")]  # fmt: skip
    mantissa, exponential, exponent = text.replace("E", "e").partition("e")
    if not exponential or not mantissa:
        return text
    return rf"{mantissa} \times 10^{{{int(exponent)}}}"
