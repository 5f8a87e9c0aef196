"""What people write on a sheet → the signs of the language: LaTeX, Typst, Markdown, Unicode.

Texts are rewritten by expressions that match no bracket inside a bracket, the innermost first:
nothing recurses, and a text of n signs takes a few passes over them.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from cgcli.language.reader import normalise
from cgcli.operations.table import WORDS
from cgcli.resource import read_toml

_PASSES: Final = 60
"""Brackets nest no deeper on a sheet that anybody hands in."""
_DIGITS: Final = 18
"""So many digits of a number that goes on for ever are more than a double tells apart."""

TABLES: Final = read_toml(__package__, "notation.toml")
_LANGUAGES: Final = TABLES["languages"].values()
_COMMANDS: Final[dict[str, str]] = {
    command: sign for sign, words in TABLES["commands"].items() for command in words.split()
}
_SIGNS: Final = str.maketrans(
    {char: sign for sign, chars in TABLES["signs"].items() for char in chars}
)

_LETTER: Final = re.compile(r"[^\W\d_]")


def said(*kinds: str, how: str = "said") -> str:
    """Return a pattern of what all languages have for some kinds, the longest first.

    Words of an alphabet stand by themselves; those that are "spaced" have blanks around them, and
    "stems" stand anywhere.

    >>> re.findall(said("about"), "etwa 3, about 4, 约5, wetwa 6")
    ['etwa', 'about', '约']
    """
    texts = [words[kind] for words in _LANGUAGES for kind in kinds if kind in words]
    entries = {part for text in texts for part in text.split(", ")}
    parts = sorted(entries, key=lambda part: (-len(part), part))
    if how == "stems":
        return "|".join(parts)
    signs = [part for part in parts if (letter := _LETTER.search(part)) and letter[0] > "\u2e7f"]
    words = "|".join(part for part in parts if part not in signs)
    alone = rf"(?<=\s)(?:{words})(?=\s)" if how == "spaced" else rf"\b(?:{words})\b"
    return f"(?:{'|'.join([alone, *signs])})"


def compiled(parts: str | list[str], forms: Mapping[str, str] = {}) -> re.Pattern[str]:
    """Return a pattern of the table, with the forms and the words that it names filled in.

    A form may name others, which name none.
    """

    def filled(match: re.Match[str]) -> str:
        if match["form"]:
            return forms.get(match["form"]) or str(TABLES["forms"][match["form"]])
        return said(*match["kinds"].split(), how=match["how"])

    names = r"<(?P<form>[A-Z]+)>|<(?P<how>said|spaced|stems) (?P<kinds>[a-z ]+)>"
    return re.compile(re.sub(names, filled, re.sub(names, filled, "".join(parts))))


PATTERNS: Final = {name: compiled(parts) for name, parts in TABLES["patterns"].items()}


def plain(text: str) -> str:
    """Return a line in the signs of the language, as far as signs alone tell.

    >>> plain(r"$\\frac{\\partial g}{\\partial x} = -3$"), plain("x₁ = 2×10⁻³")
    ('((∂ g)/(∂ x)) = -3', 'x_1 = 2*10^(-3)')
    """
    text = rewritten(html.unescape(text), "first")
    simple = functools.partial(unicodedata.normalize, "NFKC")
    text = PATTERNS["styled"].sub(lambda m: simple(m[0]), text).translate(_SIGNS)
    if not text.isascii():
        # Hats and bars of names are words, ŷ is yhat, and même stays.
        text = PATTERNS["hats"].sub(r"\1hat", unicodedata.normalize("NFD", text))
        barred = re.sub(r"(.)[\u0304\u0305]|(\d)\u0307", r"bar_\1\2", text)
        text = unicodedata.normalize("NFC", barred)
    if any(sign in text for sign in "\\${&"):
        text = _from_latex(text)
    text = PATTERNS["repeating"].sub(_repeated, rewritten(text, "last"))
    text = PATTERNS["grouped"].sub(lambda match: match[0].replace(".", ""), text)
    return re.sub(r"\s{5,}", "    ", normalise(text).strip())


def _repeated(match: re.Match[str]) -> str:
    """Return a number whose last digits repeat for ever with as many as a double tells apart."""
    digits = match["once"] + match["period"].replace("bar_", "") * (_DIGITS + 1)
    number = Decimal(f"{match['whole']}.{digits}")
    return f"{number:.{_DIGITS}f}".replace(".", match["sign"])


def otherwise(text: str) -> str:
    """Return a text with numbers that may be products read as decimal numbers.

    >>> otherwise("1·273"), otherwise("2·0.5"), otherwise("0.1*(6)")
    ('1.273', '2·0.5', '0.166666666666666667')
    """
    return PATTERNS["raised"].sub(r"\1.\2", PATTERNS["bracketed"].sub(_repeated, text))


@functools.cache
def rewriting(stage: str) -> list[tuple[re.Pattern[str], str]]:
    """Return the patterns of a stage, each with what stands in its place."""
    return [(compiled(pattern), by) for pattern, by in TABLES["rewritten"][stage]]


def rewritten(text: str, stage: str) -> str:
    """Return a text with what a stage of the table has in place of what it matches."""
    for pattern, by in rewriting(stage):
        text = pattern.sub(by, text)
    return text


def _from_latex(text: str) -> str:
    text = PATTERNS["matrix"].sub(_listed, text)
    if "=" not in text:
        # A row of a table.
        text = text.replace("&", "\t")
    text = rewritten(text, "latex")
    for _ in range(_PASSES):
        before = text
        text = rewritten(text, "braces")
        if text == before:
            # Braces that belong to no command are brackets, once nothing else is to be done.
            text = PATTERNS["braces"].sub(r"(\1)", text)
        if text == before:
            break
    text = re.sub(r"\\sigma *(?=\()", "sigmoid", text)
    return re.sub(r"\\([A-Za-z]+)", lambda m: _COMMANDS.get(m[1], m[1]), text)


def _listed(match: re.Match[str]) -> str:
    """Return a matrix of LaTeX as a list."""
    if "=" in match[2]:
        return match[2].replace(r"\\", ";")
    lines = [line.split("&") for line in re.split(r"\\\\", match[2]) if line.strip()]
    return _in_rows([[cell.strip() for cell in line] for line in lines])


def _in_rows(rows: list[list[str]]) -> str:
    """Return the cells of rows as a list of lists; of one column, or one row, as a vector."""
    if all(len(row) == 1 for row in rows):
        rows = [[row[0] for row in rows]]
    written = [f"[{', '.join(row)}]" for row in rows]
    return written[0] if len(written) == 1 else f"[{', '.join(written)}]"


# What stands behind the last sign of equality


def is_blank(text: str, known: Callable[[str], Any]) -> bool:
    """Whether what stands for an answer is none: `??`, `....`, `TODO`, `don't know`.

    `known` tells which words mean something in the program.

    >>> is_blank("don't know", {}.get), is_blank("2*x", {}.get)
    (True, False)
    """
    if PATTERNS["blanks"].fullmatch(text):
        return True
    text = re.sub(r"^\((.*)\)$", r"\1", text.strip())
    if not PATTERNS["words"].fullmatch(text.strip()):
        return text.strip().upper() == "N/A"
    words = re.findall(r"[^\W\d_]+", text)
    # A letter alone is a slip in a name; a sign of Chinese is a word.
    spoken = any(len(word) > 2 or not word.isascii() for word in words)
    return spoken and not any(known(word) for word in words)


def result(text: str, known: Callable[[str], Any]) -> str:
    """Return the last part of an answer without what is said after it: units, reasons.

    Lists are written with commas, as the language has them.

    >>> result("4 W/ohm", {}.get), result("tensor([-1.0  2.5])", {}.get), result("0, since", {}.get)
    ('4', '[-1.0, 2.5]', '0')
    """
    text = PATTERNS["about"].sub("", text.strip().rstrip(".,;:!…").strip())
    text = re.sub(r"(?<=[)\]]) *(?:\^ *\(?T\)?|\.T|')$", "", text)
    wrapped = PATTERNS["wrapped"].fullmatch(text)
    if wrapped:
        text = wrapped["inside"].strip()
        text = f"[{text}]" if re.fullmatch(r"[^\[\]]*,[^\[\]]*", text) else text
    if text.startswith(("[", "(")) and (listed := _list(text)) is not None:
        return listed
    behind = re.fullmatch(r"(.*[\w)\]])\s+\(([^()\d]*)\)", text)
    if behind and any(
        len(word) > 2 and not _is_factor(word, known)
        for word in re.findall(r"[^\W\d_]+", behind[2])
    ):
        # A reason behind an answer: 2(y - t) (chain rule).
        text = behind[1]
    match = PATTERNS["quantity"].fullmatch(text)
    if match and text.count("(") == text.count(")") and _is_remark(match["rest"], known):
        number = re.sub(r"(?<=\d) *x *(?=10)", "*", match["number"])
        return re.sub(r"^([-+]) +", r"\1", number.strip())
    return multiplied(text, known)


def _is_remark(rest: str, known: Callable[[str], Any]) -> bool:
    """Whether what follows a number is a unit or a reason, and no arithmetic."""
    if not rest.strip():
        return True
    factor = re.match(r"\(([^()]*)", rest)
    if factor and any(_is_factor(word, known) for word in re.findall(r"[^\W\d_]+", factor[1])):
        # However its letters are told apart: 2(xz), and not 4.26(exact).
        return False
    if (
        re.match(r" *(?:[,;]|[(\[][^\d()\[\]]*[)\]]) *\d", rest)
        or PATTERNS["counted"].search(rest)
        or (re.search(r"\d", rest) and PATTERNS["doubt"].search(rest))
    ):
        return False
    unit = PATTERNS["unit"].fullmatch(rest)
    words = re.findall(r"[^\W\d_]+", rest)
    if unit and unit["bracket"]:
        return True
    if unit or (rest[:1] == " " and rest.strip()[:1].isalpha()):
        digit = re.search(r"\d", re.sub(r"\^\(?-?\d\)?", "", rest))
        return not digit and not _is_factor(words[0], known)
    if not words or rest.strip().startswith(", ="):
        return False
    is_bracket = rest.lstrip().startswith("(")
    if all(map(known, words)) or (is_bracket and all(_is_factor(w, known) for w in words)):
        # A factor, not a reason: 12(3x - 1).
        return False
    return rest.strip()[0] in ",(;:![" or rest.strip()[:2] == "//"


def multiplied(text: str, known: Callable[[str], Any]) -> str:
    """Return a formula with the signs of multiplication that are not written: 2xy, 3(x + 1).

    It stays as it was where a word of it is none of the program's, nor made of its letters.

    >>> multiplied("2xy + 3 x^2", {"x": 1, "y": 1}.get), multiplied("2 mm", {"x": 1}.get)
    ('2*x*y + 3*x^2', '2 mm')
    """
    names = re.findall(r"(?<![^\W\d])(?!e\^)[^\W\d]\w*", text)
    words = {word: _factors(word, known) for word in names}
    # Between digits an x is a sign or a name; 3 1/2 is a sum or a product.
    if re.search(r"\d *[xX] *\d|\d *\(\(\d+\)/\(\d+\)\)", text) or not all(words.values()):
        return text
    factor = r"(?<![\w.])(\d+(?:\.\d+)?)(?![eE][-+]?\d) *(?=[^\W\d]|\()"
    spaced = re.sub(factor, r"\1*", text)
    # A name before a bracket is a factor, unless a name alone is in it: z(x + 1), and not y(x).
    opened = r"(?<![\w.])([^\W\d]\w*)(?=\((?![^\W\d][\w, ]*\)))"
    spaced = re.sub(opened, lambda m: m[0] if m[0] in WORDS else f"{m[0]}*", spaced)
    spaced = re.sub(r"[^\W\d]\w*", lambda m: words.get(m[0]) or m[0], spaced)
    return re.sub(r"(?<=[\w)]) +(?=[^\W\d])|(?<=\)) *(?=[\w(])", "*", spaced)


def _is_factor(word: str, known: Callable[[str], Any]) -> bool:
    """Whether a word behind a number may stand for one: a name, names together, dp of dp/dx."""
    if word in ("pi", "π", "e", "δ", "delta", "grad") or _factors(word, known) is not None:
        return True
    return word[0] in "dδ" and bool(known(word[1:]))


def _factors(word: str, known: Callable[[str], Any]) -> str | None:
    if known(word) or word == "pi":
        return word
    return "*".join(word) if len(word) < 5 and all(known(sign) for sign in word) else None


def _list(text: str) -> str | None:
    """Return a list as the language writes it: from NumPy, MATLAB, or in round brackets."""
    inside = text[1:-1]
    if {"[": "]", "(": ")"}[text[0]] != text[-1] or not re.search(r"\d", inside):
        return None
    if text[0] == "(":
        parts = re.split(r"[;,]", inside)
        if ";" in inside and "," in inside:
            return None
        if len(parts) < 2 or not all(PATTERNS["arithmetic"].fullmatch(part) for part in parts):
            return None
        return f"[{', '.join(part.strip() for part in parts)}]"
    if re.search(r"[^-+\d.eE\s,;\[\]]", inside):
        return None
    if ";" in inside and "[" not in inside:
        rows = (row.strip() for row in inside.split(";"))
        return _in_rows([re.split(r"[,\s]+", row) for row in rows if row])
    text = re.sub(r"\s*,\s*", ",", text)
    text = re.sub(r"(?<=\[)\s+|\s+(?=\])", "", text)
    return re.sub(r"[\s,]+", ", ", text)
