"""Characters that the language does not have: what each is, and what is written for it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from cgcli.resource import read_toml

ENDS_VALUE: Final = frozenset({"NUMBER", "NAME", "RPAR", "RSQB"})

_WORD: Final = re.compile(r"[A-Za-z]+")
_FRACTION: Final = re.compile(r"[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_DOTTED: Final = re.compile(r"((?:[A-Za-z_]\w*\.)*)([A-Za-z_]\w*)(\(\s*\)|\()?")
_RAISED: Final = re.compile("[⁻⁺]?[⁰¹²³⁴-⁹]+")

_TABLES: Final = read_toml(__package__, "characters.toml")
CHARACTERS: Final[dict[str, list[str]]] = _TABLES["characters"]
_LATEX: Final[dict[str, str]] = _TABLES["latex"]
_MODULES: Final[list[str]] = _TABLES["modules"]


def is_function(word: str) -> bool:
    """Return whether a word is a function of the language."""
    from cgcli.operations.table import WORDS

    return word in WORDS


def power_of(name: str, power: str) -> str:
    """Return how a power of a function is written; of -1 its inverse as well, where it has one."""
    if power == "-1" and is_function(f"a{name}"):
        return f"a{name}(…) for the inverse function, 1/{name}(…) for the reciprocal"
    return f"{name}(…)^{power}"


def _latex(word: str, after: str) -> str:
    """Return what is written for a command of LaTeX, whose text follows the backslash."""
    if fraction := _FRACTION.match(after):
        parts = [p if p.isalnum() else f"({p})" for p in (fraction[1].strip(), fraction[2].strip())]
        return f"write {parts[0]}/{parts[1]}"
    known = _LATEX.get(word) or _LATEX.get(word.lower())
    return known or (f"write {word}(x)" if is_function(word) else "write a/b, sqrt(x), x*y, sin(x)")


def _dotted(before: str, after: str) -> str:
    """Return what is written for np.exp(x), x.T or x.sum()."""
    from cgcli.operations.spellings import OTHER_SPELLINGS
    from cgcli.operations.table import CONSTANTS

    match = _DOTTED.match(after)
    if match is None:
        return "for a product write *, for a transpose transpose(x)"
    path, word, call = match.groups()
    if word in ("cg", "txt"):
        return f"to read a file write @{before}.{word}"
    if word in ("T", "t", "transpose", "mT"):
        return f"for a product write *, for a transpose transpose({before})"
    if word in ("shape", "size") and before not in _MODULES:
        return f"for the number of elements write len({before})"
    method = call is not None and before not in _MODULES and not path
    if is_function(word):
        if method:
            return f"write {word}({before}{')' if call != '(' else ', …)'}"
        return f"functions have no prefix: write {word}(…)"
    if word in CONSTANTS and before in _MODULES:
        return f"constants have no prefix: write {word}"
    if word in OTHER_SPELLINGS and (call or before in _MODULES):
        return f"functions have no prefix: write {OTHER_SPELLINGS[word]}"
    if before in _MODULES:
        return "functions have no prefix, and cgraph ops lists them"
    return f"for a product write {before}*{word}, for a transpose transpose({before})"


def _in_place(char: str, before: str, kind: str, after: str) -> str:
    """Return what is written for a sign that means one thing after a value and another before."""
    follows = kind in ENDS_VALUE
    word = re.match(r"\s*([^\W\d]\w*|[\d.]+)(?!\w*\()", after)
    if char == "%" and follows and not re.match(r"\s*[\w(\[%]", after):
        return f"write {before}/100" if kind in ("NUMBER", "NAME") else "write …/100"
    if char == "!":
        if follows:
            return f"for a factorial write gamma({before} + 1)" if kind != "RPAR" else ""
        opposite = "a condition is 0 or 1: for its opposite write 1 - (a > 0)"
        return opposite if re.match(r"\s*[\w(]", after) else ""
    if char == "|":
        if follows and after.startswith("|"):
            return "for either condition write max(a > 0, b > 0)"
        inner, closed, _ = after.lstrip("|").partition("|")
        if not follows and closed and inner.strip() and len(inner) < 40:
            return f"write {'norm' if after.startswith('|') else 'abs'}({inner.strip()})"
    if char in "√∛" and (root := word or re.match(r"\s*\(([^()]{1,40})\)", after)):
        return f"write {'sqrt' if char == '√' else 'cbrt'}({root[1]})"
    if char == ":" and after.startswith("="):
        return "to name a value write name = value"
    if char == "~" and after.startswith("="):
        return "not equal is '!='"
    return ""


def describe(char: str, before: str, kind: str, after: str = "") -> tuple[str, str]:
    """Say what a character outside the language is, and what is written for it.

    `before` is the text of the token before it, `kind` its terminal, and `after` what follows.

    >>> describe("²", "x", "NAME")
    ("'²' is not in the language", 'write x^2')
    """
    if char == "\\" and (word := _WORD.match(after)):
        return "LaTeX is not read", _latex(word[0], after)
    if char in "'’" and kind in ENDS_VALUE:
        value = before if kind in ("NAME", "NUMBER") else "…"
        turned = f"transpose({value}) for a transpose"
        hint = f'write x1, {turned}, and cgraph diff "x^2" for a derivative'
        return "a prime is not part of a name", hint
    if char == "." and kind in ENDS_VALUE:
        return "'.' is not an operator", _dotted(before, after)
    if special := _in_place(char, before, kind, after):
        return CHARACTERS[char][0], special
    raised = _RAISED.match(char + after) if char != "⁺" else None
    if raised and (kind in ENDS_VALUE or char != "⁻"):
        power = unicodedata.normalize("NFKC", raised[0]).replace("−", "-")
        hint = f"{before}^{power}" if kind in ENDS_VALUE else power
        if kind == "NAME" and is_function(before):
            hint = power_of(before, power)
        return f"'{raised[0] if char == '⁻' else char}' is not in the language", f"write {hint}"
    if char in CHARACTERS:
        message, hint = CHARACTERS[char]
        return message, hint
    code = f"U+{ord(char):04X}"
    category = unicodedata.category(char)
    plain = unicodedata.normalize("NFKC", char)
    name = unicodedata.name(char, "").lower()
    if category in ("Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"):
        called = f" ({name})" if name else ""
        return f"the invisible character {code}{called} is not in the language", "delete it"
    if plain.isascii() and plain.isdigit():
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
