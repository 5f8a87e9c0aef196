"""Characters that the language does not have: what each is, and what is written for it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["CHARACTERS", "describe", "is_function"]

_ENDS_VALUE: Final = frozenset({"NUMBER", "NAME", "RPAR", "RSQB"})

_WORD: Final = re.compile(r"[A-Za-z]+")
_LATEX: Final = {
    "frac": "write a quotient as a/b",
    "cdot": "write a product as x*y",
    "times": "write a product as x*y",
    "left": "write plain parentheses",
    "sigma": "write sigmoid(x)",
    "sum": "write sum([expr for t in 0..3])",
    "partial": "write the function itself; its gradients are computed",
    **{name: f"write {name}(x)" for name in ("sqrt", "sin", "cos", "tan", "tanh", "exp", "log")},
    "ln": "write log(x)",
    **{name: f"write the name {name}" for name in ("alpha", "beta", "theta", "lambda", "mu")},
}

CHARACTERS: Final[dict[str, tuple[str, str]]] = {
    "%": ("'%' is not an operator", "for the remainder write mod(a, b)"),
    "!": ("'!' is not an operator", "not equal is '!='; for a factorial write gamma(n + 1)"),
    "&": ("'&' is not an operator", "to ask for both conditions, multiply them: (a > 0)*(b > 0)"),
    "|": ("'|' is not an operator", "for an absolute value write abs(x)"),
    ":": ("':' is not in the language", "a range is 0..3, a name is given with name = value"),
    "?": ("'?' is not an operator", "to choose between two values write where(condition, a, b)"),
    ".": ("'.' stands alone here", "a point belongs inside a number (0.5) or a range (0..3)"),
    "'": ("there is no text in the language", "write numbers and names only, without quotes"),
    '"': ("there is no text in the language", "write numbers and names only, without quotes"),
    "\\": ("'\\' is not in the language", "LaTeX is not read; write a/b, sqrt(x), x*y"),
    "$": ("'$' is not in the language", "write the bare formula, without dollar signs"),
    "~": ("'~' is not an operator", "the operators are + - * / ^ @ and comparisons"),
    "`": ("'`' is not in the language", "write the bare formula, without quotes"),
    "“": ("there is no text in the language", "write numbers and names only, without quotes"),
    "”": ("there is no text in the language", "write numbers and names only, without quotes"),
    "‘": ("there is no text in the language", "write numbers and names only, without quotes"),
    "’": ("there is no text in the language", "write numbers and names only, without quotes"),
    "°": ("'°' is not in the language", "angles are in radians: write x*pi/180"),
    "⊙": ("'⊙' is not in the language", "for a product element by element write *"),
    "⊤": ("'⊤' is not in the language", "for a transpose write transpose(W)"),
    "ᵀ": ("'ᵀ' is not in the language", "for a transpose write transpose(W)"),
    "½": ("'½' is not in the language", "write 1/2"),
    "¼": ("'¼' is not in the language", "write 1/4"),
    "¾": ("'¾' is not in the language", "write 3/4"),
    "⁻": ("'⁻' is not in the language", "write a negative power as ^-1"),
    "ⁿ": ("'ⁿ' is not in the language", "write ^n"),
    "≈": ("'≈' is not an operator", "the comparisons are < <= > >= == !="),
    "∈": ("'∈' is not in the language", "a loop is written: for t in 0..3 { … }"),
    "√": ("'√' is not in the language", "write sqrt(x)"),
    "∛": ("'∛' is not in the language", "write cbrt(x)"),
    "∞": ("'∞' is not in the language", "write inf"),
    "≤": ("'≤' is not in the language", "write <="),
    "≥": ("'≥' is not in the language", "write >="),
    "≠": ("'≠' is not in the language", "write !="),
    "∑": ("'∑' is not in the language", "write sum([expr for t in 0..3])"),
    "∏": ("'∏' is not in the language", "write prod([expr for t in 0..3])"),
    "∂": ("'∂' is not in the language", "write the function itself; its gradients are computed"),
    "∇": ("'∇' is not in the language", "write the function itself; its gradients are computed"),
    "′": ("'′' is not in the language", "write the function itself; its gradients are computed"),
    "\u00b5": ("this is the micro sign, not a letter", "write the Greek letter μ, or mu"),
    "\u2126": ("this is the ohm sign, not a letter", "write the Greek letter Ω, or omega"),
    "∙": ("'∙' is not in the language", "for a product write *"),
    "•": ("'•' is not in the language", "for a product write *"),
    "∕": ("'∕' is not in the language", "for a quotient write /"),
    "⁄": ("'⁄' is not in the language", "for a quotient write /"),
    "–": ("this is a dash, not a minus", "write -"),
    "—": ("this is a dash, not a minus", "write -"),
    "…": ("'…' is not in the language", "a range is written with two points: 0..3"),
    "→": ("'→' is not in the language", "to name a value write name = value"),
}


def is_function(word: str) -> bool:
    """Return whether a word is a function of the language."""
    from cgcli.operations.table import WORDS

    return word in WORDS


def describe(char: str, before: str, kind: str, after: str = "") -> tuple[str, str]:
    """Say what a character outside the language is, and what is written for it.

    `before` is the text of the token before it, `kind` its terminal, and `after` what follows.

    >>> describe("²", "x", "NAME")
    ("'²' is not in the language", 'write x^2')
    """
    if char == "\\" and (word := _WORD.match(after)):
        return "LaTeX is not read", _LATEX.get(word[0], "write a/b, sqrt(x), x*y, sin(x)")
    if char in "'’" and kind in _ENDS_VALUE:
        return "a prime is not part of a name", "write x1, and transpose(W) for a transpose"
    if char == "." and kind in _ENDS_VALUE:
        word = _WORD.match(after)
        if word and word[0] in ("cg", "txt"):
            return "'.' is not an operator", f"to read a file write @{before}.{word[0]}"
        if word and is_function(word[0]):
            return "'.' is not an operator", f"functions have no prefix: write {word[0]}(…)"
        return "'.' is not an operator", "for a product write *, for a transpose transpose(x)"
    if char in CHARACTERS:
        return CHARACTERS[char]
    code = f"U+{ord(char):04X}"
    category = unicodedata.category(char)
    plain = unicodedata.normalize("NFKC", char)
    name = unicodedata.name(char, "").lower()
    if category in ("Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"):
        called = f" ({name})" if name else ""
        return f"the invisible character {code}{called} is not in the language", "delete it"
    if plain.isascii() and plain.isdigit():
        if "superscript" in name and kind == "NAME" and is_function(before):
            return f"'{char}' is not in the language", f"write {before}(…)^{plain}"
        if "superscript" in name and kind in _ENDS_VALUE:
            return f"'{char}' is not in the language", f"write {before}^{plain}"
        if "subscript" in name and kind == "NAME":
            return f"'{char}' is not in the language", f"write {before}{plain}"
        return f"'{char}' is not in the language", f"write {plain}"
    if unicodedata.digit(char, None) is not None:
        return f"'{char}' is not a digit of the language", f"write {unicodedata.digit(char)}"
    if plain != char and plain.isascii() and plain.isprintable():
        return f"'{char}' ({code}) is not in the language", f"write {plain}"
    if category == "Mn":
        return "an accent by itself cannot stand in a name", "write x_hat, x_bar, or a plain letter"
    if category.startswith("L"):
        return f"'{char}' cannot stand in a name", "names are of Latin and Greek letters"
    return f"'{char}' ({code}) is not in the language", "the operators are + - * / ^ @"
