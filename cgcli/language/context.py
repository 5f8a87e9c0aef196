"""Where the parser stopped, and what a hint may read off there."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from cgcli.errors import Place, shorten
from cgcli.language.characters import is_function
from cgcli.language.derivatives import derivative_at
from cgcli.language.reader import CLOSING, Token
from cgcli.operations.table import ABSENT, OTHER_SPELLINGS, WORDS

_BEGINS_VALUE: Final = frozenset({"NUMBER", "NAME", "LPAR", "LSQB", "IN", "BY", "FOR"})
_ENDS_VALUE: Final = frozenset({"NUMBER", "NAME", "RPAR", "RSQB"})
_OPENING: Final = {closing: opening for opening, closing in CLOSING.items()}
_SIGNS: Final = {"LPAR": "(", "LSQB": "[", "LBRACE": "{", "RPAR": ")", "RSQB": "]", "RBRACE": "}"}


class Context(NamedTuple):
    """Where the parser stopped: the token, the two before it, and the brackets still open."""

    text: str
    token: Token
    before: Token | None
    earlier: Token | None
    open: list[Token]
    wants_value: bool

    @property
    def kind(self) -> str:
        """The terminal of the token."""
        return self.token[0]

    @property
    def word(self) -> str:
        """The token as it stands in a message."""
        kind, word, _, _ = self.token
        return "the end of the line" if kind == "NEWLINE" else f"'{shorten(word)}'"

    @property
    def this(self) -> str:
        """The text of the token."""
        return shorten(self.token[1])

    @property
    def last(self) -> str:
        """The text of the token before, or nothing."""
        return shorten(self.before[1]) if self.before else ""

    @property
    def last_kind(self) -> str:
        """The terminal of the token before, or nothing."""
        return self.before[0] if self.before else ""

    @property
    def so_far(self) -> str:
        """The text before the token, as much of it as a hint may look at."""
        return self.text[max(0, self.token[2] - 40) : self.token[2]].rstrip()

    @property
    def after(self) -> str:
        """The text after the token, as much of it as a hint may look at."""
        return self.text[self.token[3] : self.token[3] + 80]

    @property
    def is_adjacent(self) -> bool:
        """Whether nothing stands between the token and the one before."""
        return self.before is not None and self.before[3] == self.token[2]

    @property
    def joined(self) -> str:
        """The token before and this one as one sign, or nothing where they stand apart."""
        return self.last + self.this if self.is_adjacent else ""

    @property
    def side_by_side(self) -> bool:
        """Whether a value stands behind another, with no operator between."""
        return self.kind in _BEGINS_VALUE and self.last_kind in _ENDS_VALUE

    @property
    def is_glued(self) -> bool:
        """Whether nothing at all stands between the two values, as in 1e or 0x10."""
        return self.side_by_side and self.is_adjacent

    @property
    def derivative(self) -> str:
        """The command for the derivative that is written here, or nothing."""
        return derivative_at(self.text, self.token[2]) or ""

    @property
    def absent(self) -> str:
        """What to write for the word before, which the language lacks, or nothing."""
        return ABSENT.get(self.last, "")

    @property
    def other_spelling(self) -> str:
        """The function that the name before is another spelling of, or nothing."""
        return OTHER_SPELLINGS.get(self.last, "") if self.last_kind == "NAME" else ""

    @property
    def innermost(self) -> str:
        """The terminal of the innermost bracket that is open, or nothing."""
        return self.open[-1][0] if self.open else ""

    @property
    def opener(self) -> str:
        """The sign of that bracket; where none is open, of the one that the token would close."""
        return _SIGNS[self.innermost or _OPENING[self.kind]]

    @property
    def closer(self) -> str:
        """The sign that closes that bracket."""
        return _SIGNS[CLOSING[self.innermost]]

    @property
    def is_mismatched(self) -> bool:
        """Whether the token closes a bracket of another kind than is open."""
        return self.kind in _OPENING and self.innermost != _OPENING[self.kind]

    @property
    def in_brackets(self) -> bool:
        """Whether any bracket is open but those of loops."""
        return any(kind != "LBRACE" for kind, _, _, _ in self.open)

    @property
    def opened_at(self) -> str:
        """Where that bracket was opened, in words."""
        _, _, start, end = self.open[-1]
        line, column, _ = Place(self.text, start, end).position()
        several = "\n" in self.text
        return f"line {line}, column {column}" if several else f"column {column}"

    @property
    def is_call(self) -> bool:
        """Whether the innermost bracket is a list's, or holds a function's arguments."""
        if self.innermost in ("", "LBRACE"):
            return False
        start = self.open[-1][2]
        word = re.search(r"\w+$", self.text[max(0, start - 40) : start])
        return self.innermost == "LSQB" or (word is not None and is_function(word[0]))

    @property
    def is_doubled(self) -> bool:
        """Whether the two tokens before are one sign twice, with nothing between."""
        earlier, before = self.earlier, self.before
        if earlier is None or before is None or before[1] not in ("+", "-"):
            return False
        return earlier[1] == before[1] and earlier[3] == before[2]

    @property
    def sum(self) -> str:
        """The function that sum_{i=1}^n or prod_{…} means, or nothing."""
        found = re.search(r"\b(sum|prod)_$", self.so_far)
        return found[1] if found else ""

    @property
    def sum_over(self) -> str:
        """The same of sum_(i=1)^n."""
        found = re.search(r"\b(sum|prod)_\(\w+$", self.so_far)
        return found[1] if found else ""

    @property
    def power_of_function(self) -> str:
        """How a power of a function, as in sin^2(x), is written, or nothing."""
        found = re.search(r"([A-Za-z]\w*)\s*(?:\^|\*\*)\s*(-?\d+)\s*$", self.so_far)
        if found is None or not is_function(found.group(1)):
            return ""
        name, power = found.groups()
        if power == "-1" and is_function(f"a{name}"):
            return f"a{name}(…) for the inverse function, 1/{name}(…) for the reciprocal"
        return f"{name}(…)^{power}"

    @property
    def number_of_another_base(self) -> str:
        """The number that 0x10, 0b1 or 0o7 is, or nothing."""
        digits = self.token[1]
        known = "[xX][0-9a-fA-F]{1,15}|[bB][01]{1,60}|[oO][0-7]{1,20}"
        is_one = self.is_glued and self.last == "0" and re.fullmatch(known, digits)
        return str(int(f"0{digits}", 0)) if is_one else ""

    @property
    def number_with_underscore(self) -> str:
        """How a number that stands with underscores is written here, or nothing."""
        is_one = self.is_glued and self.last_kind == "NUMBER" and self.this.startswith("_")
        return shorten((self.last + self.token[1]).replace("_", "")) if is_one else ""

    @property
    def number_with_comma(self) -> str:
        """How a number that stands with commas, 1,000 or 0,5, is written here, or nothing."""
        whole = re.search(r"(?<!\w)[\d.]+$", self.so_far)
        rest = re.match(r"\d+(,\d{3})*(\.\d+)?(?![\d,.])", self.after)
        if self.last_kind != "NUMBER" or whole is None or rest is None:
            return ""
        if "." in whole[0]:
            grouped = re.fullmatch(r"\d{1,3}(\.\d{3})+", whole[0]) and rest[0].isdecimal()
            return shorten(f"{whole[0].replace('.', '')}.{rest[0]}") if grouped else ""
        if len(whole[0]) <= 3 and re.fullmatch(r"\d{3}(,\d{3})*(\.\d+)?", rest[0]):
            return shorten(f"{whole[0]}{rest[0].replace(',', '')}")
        return shorten(f"{whole[0]}.{rest[0]}") if rest[0].isdecimal() else ""

    @property
    def arguments(self) -> str:
        """The arguments of a function without parentheses, of max x y both, or nothing."""
        if not (self.side_by_side and self.last_kind == "NAME" and is_function(self.last)):
            return ""
        several = any(len(row.parameters) > 1 for row in WORDS[self.last])
        more = re.match(r"(\s+[\w.]+)+", self.after) if several else None
        if self.kind == "LSQB":
            return "[…"
        return ", ".join([self.this, *(more[0].split() if more else [])])

    @property
    def division(self) -> str:
        """How a remainder or a whole quotient, a mod b, is written."""
        left = "…" if self.last_kind in ("RPAR", "RSQB") else self.last
        found = re.match(r"\s*([\w.]+)", self.after)
        right = shorten(found[1]) if found else "…"
        if self.this == "div":
            return f"write floor({left}/{right})"
        return f"write mod({left}, {right})"

    @property
    def product(self) -> str:
        """How the two values that stand side by side are multiplied."""
        _, _, start, end = self.before or self.token
        left = self.text[start:end]
        if self.last_kind in ("RPAR", "RSQB"):
            left = "…" + left
        right = self.token[1] + ("…" if self.kind in ("LPAR", "LSQB") else "")
        return f"write {shorten(left)}*{shorten(right)}"

    @property
    def without_braces(self) -> str:
        """How what stands in braces, e^{x} or x_{1}, is written."""
        found = re.match(r"\s*([^{}\n]{1,40}?)\s*\}", self.after)
        inner = found[1] if found else "…"
        last = self.last
        if self.is_adjacent and last.endswith("_"):
            return f"write {last}{inner}" if inner.isalnum() else "write x_1 for a name"
        if self.is_adjacent and self.last_kind == "NAME":
            return f"write {last}[{inner}] for an element, {last}*({inner}) for a product"
        earlier = self.earlier
        before = f"{shorten(earlier[1])}{last}" if earlier and last in ("^", "**", "/", "*") else ""
        return f"write parentheses: {before}({inner})"
