"""Where the parser stopped, and what a hint may read off there."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from cgcli.errors import Place, shorten
from cgcli.language.characters import is_function
from cgcli.language.reader import Token

__all__ = [
    "CLOSERS",
    "COMPARISONS",
    "ENDS_VALUE",
    "SIGNS",
    "Context",
    "arguments",
    "in_another_base",
    "in_list",
    "is_call",
    "is_doubled",
    "is_sum",
    "number_with_comma",
    "of_division",
    "opened_at",
    "opener",
    "power_of_function",
    "product",
    "side_by_side",
    "without_braces",
]


class Context(NamedTuple):
    """Where the parser stopped: the token, the two before it, and the brackets still open."""

    text: str
    token: Token
    before: Token | None
    earlier: Token | None
    open: list[Token]
    wants_value: bool

    @property
    def word(self) -> str:
        """The token as it stands in a message."""
        kind, word, _, _ = self.token
        return "the end of the line" if kind == "NEWLINE" else f"'{shorten(word)}'"

    @property
    def last(self) -> str:
        """The text of the token before, or nothing."""
        return shorten(self.before[1]) if self.before else ""

    @property
    def so_far(self) -> str:
        """The text before the token, as much of it as a hint may look at."""
        return self.text[max(0, self.token[2] - 40) : self.token[2]].rstrip()

    @property
    def adjacent(self) -> bool:
        """Whether nothing stands between the token and the one before."""
        return self.before is not None and self.before[3] == self.token[2]

    def kind(self) -> str:
        """The terminal of the token."""
        return self.token[0]

    def last_kind(self) -> str:
        """The terminal of the token before, or nothing."""
        return self.before[0] if self.before else ""


_BEGINS_VALUE: Final = frozenset({"NUMBER", "NAME", "LPAR", "LSQB", "IN", "BY", "FOR"})
ENDS_VALUE: Final = frozenset({"NUMBER", "NAME", "RPAR", "RSQB"})
COMPARISONS: Final = frozenset(
    {"LESSTHAN", "LESS_EQUAL", "MORETHAN", "GREATER_EQUAL", "EQUAL_TO", "NOT_EQUAL"}
)
CLOSERS: Final = {"RPAR": "LPAR", "RSQB": "LSQB", "RBRACE": "LBRACE"}
SIGNS: Final = {"LPAR": "(", "LSQB": "[", "LBRACE": "{", "RPAR": ")", "RSQB": "]", "RBRACE": "}"}


def product(context: Context) -> str:
    """Say how the two values that stand side by side are multiplied."""
    _, _, start, end = context.before or context.token
    left = context.text[start:end]
    if context.last_kind() in ("RPAR", "RSQB"):
        left = "…" + left
    right = context.token[1] + ("…" if context.kind() in ("LPAR", "LSQB") else "")
    return f"write {shorten(left)}*{shorten(right)}"


def power_of_function(context: Context) -> str | None:
    """Return how a power of a function, as in sin^2(x), is written; None where there is none."""
    found = re.search(r"([A-Za-z]\w*)\s*(?:\^|\*\*)\s*(-?\d+)\s*$", context.so_far)
    if found is None or not is_function(found.group(1)):
        return None
    name, power = found.groups()
    if power == "-1" and is_function(f"a{name}"):
        return f"a{name}(…) for the inverse function, 1/{name}(…) for the reciprocal"
    return f"{name}(…)^{power}"


def _after(context: Context) -> str:
    """The text after the token, as much of it as a hint may look at."""
    return context.text[context.token[3] : context.token[3] + 80]


def in_list(context: Context) -> bool:
    """Return whether the innermost bracket that is open is a list's."""
    return bool(context.open) and context.open[-1][0] == "LSQB"


def is_call(context: Context) -> bool:
    """Whether the innermost bracket is a list's, or holds a function's arguments."""
    before = context.text[max(0, context.open[-1][2] - 40) : context.open[-1][2]]
    word = re.search(r"\w+$", before)
    return in_list(context) or (word is not None and is_function(word[0]))


def in_another_base(context: Context) -> int | None:
    """Return the number that 0x10, 0b1 or 0o7 is; None where there is none."""
    if not (side_by_side(context) and context.adjacent and context.last == "0"):
        return None
    if not re.fullmatch("[xX][0-9a-fA-F]{1,15}|[bB][01]{1,60}|[oO][0-7]{1,20}", context.token[1]):
        return None
    return int("0" + context.token[1], 0)


def number_with_comma(context: Context) -> str | None:
    """Return a number that stands with commas as it is written here: 1,000 or 0,5."""
    whole = re.search(r"(?<!\w)[\d.]+$", context.so_far)
    rest = re.match(r"\d+(,\d{3})*(\.\d+)?(?![\d,.])", _after(context))
    if context.last_kind() != "NUMBER" or whole is None or rest is None:
        return None
    if "." in whole[0]:
        grouped = re.fullmatch(r"\d{1,3}(\.\d{3})+", whole[0]) and rest[0].isdecimal()
        return shorten(f"{whole[0].replace('.', '')}.{rest[0]}") if grouped else None
    if len(whole[0]) <= 3 and re.fullmatch(r"\d{3}(,\d{3})*(\.\d+)?", rest[0]):
        return shorten(f"{whole[0]}{rest[0].replace(',', '')}")
    return shorten(f"{whole[0]}.{rest[0]}") if rest[0].isdecimal() else None


def arguments(context: Context) -> str:
    """Return the arguments of a function without parentheses: of max x y both."""
    from cgcli.operations.table import WORDS

    several = any(len(row.parameters) > 1 for row in WORDS[context.last])
    more = re.match(r"(\s+[\w.]+)+", _after(context)) if several else None
    if context.kind() == "LSQB":
        return "[…"
    return ", ".join([shorten(context.token[1]), *(more[0].split() if more else [])])


def of_division(context: Context) -> str:
    """Return how a remainder or a whole quotient, a mod b, is written."""
    left = "…" if context.last_kind() in ("RPAR", "RSQB") else context.last
    found = re.match(r"\s*([\w.]+)", _after(context))
    right = shorten(found[1]) if found else "…"
    if context.token[1] == "div":
        return f"write floor({left}/{right})"
    return f"write mod({left}, {right})"


def is_sum(context: Context) -> str:
    """Return the function that sum_{i=1}^n or prod_{…} means, or nothing."""
    found = re.search(r"\b(sum|prod)_$", context.so_far)
    return found[1] if found else ""


def without_braces(context: Context) -> str:
    """Return how what stands in braces, e^{x} or x_{1}, is written."""
    found = re.match(r"\s*([^{}\n]{1,40}?)\s*\}", _after(context))
    inner = found[1] if found else "…"
    if context.adjacent and context.last.endswith("_"):
        return f"write {context.last}{inner}" if inner.isalnum() else "write x_1 for a name"
    if context.adjacent and context.last_kind() == "NAME":
        return (
            f"write {context.last}[{inner}] for an element, {context.last}*({inner}) for a product"
        )
    earlier, last = context.earlier, context.last
    before = f"{shorten(earlier[1])}{last}" if earlier and last in ("^", "**", "/", "*") else ""
    return f"write parentheses: {before}({inner})"


def is_doubled(context: Context) -> bool:
    """Whether the two tokens before are one sign twice, with nothing between."""
    earlier, before = context.earlier, context.before
    if earlier is None or before is None or before[1] not in ("+", "-"):
        return False
    return earlier[1] == before[1] and earlier[3] == before[2]


def opener(context: Context) -> str:
    """Return the sign of the innermost bracket that is open."""
    return SIGNS[context.open[-1][0]]


def opened_at(context: Context) -> str:
    """Return in words where that bracket was opened."""
    line, column, _ = Place(context.text, context.open[-1][2], context.open[-1][3]).position()
    several = "\n" in context.text
    return f"line {line}, column {column}" if several else f"column {column}"


def side_by_side(context: Context) -> bool:
    """Return whether a value stands behind another, with no operator between."""
    return context.kind() in _BEGINS_VALUE and context.last_kind() in ENDS_VALUE
