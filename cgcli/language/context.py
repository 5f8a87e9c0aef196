"""Where the parser stopped, and what a hint may read off there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from cgcli.errors import Place, shorten
from cgcli.language.characters import ENDS_VALUE, is_function, power_of
from cgcli.language.derivatives import derivative_at
from cgcli.language.reader import CLOSING, Token
from cgcli.operations.spellings import ABSENT, OTHER_SPELLINGS
from cgcli.operations.table import WORDS

_BEGINS_VALUE: Final = frozenset({"NUMBER", "NAME", "LPAR", "LSQB", "IN", "BY", "FOR"})
_OPENING: Final = {closing: opening for opening, closing in CLOSING.items()}
_SIGNS: Final = {"LPAR": "(", "LSQB": "[", "LBRACE": "{", "RPAR": ")", "RSQB": "]", "RBRACE": "}"}


@dataclass(eq=False)
class Context:
    """Where the parser stopped: the token, the two before it, and the brackets still open."""

    text: str
    token: Token
    before: Token | None
    earlier: Token | None
    open: list[Token]
    wants_value: bool

    def __post_init__(self) -> None:
        # The terminal of the token, the token as it stands in a message, and its text.
        self.kind, text, start, end = self.token
        self.word = "the end of the line" if self.kind == "NEWLINE" else f"'{shorten(text)}'"
        self.this = shorten(text)
        # The terminal and the text of the token before, or nothing.
        self.last_kind, last, _, last_end = self.before or ("", "", 0, -1)
        self.last = shorten(last)
        # The text before the token and after it, as much of it as a hint may look at.
        self.so_far = self.text[max(0, start - 40) : start].rstrip()
        self.after = self.text[end : end + 80]
        # Whether nothing stands between the token and the one before, and the two as one sign.
        self.is_adjacent = last_end == start
        self.joined = self.last + self.this if self.is_adjacent else ""
        # Whether a value stands behind another, with no operator between; whether nothing at all
        # stands between them, as in 1e or 0x10.
        self.side_by_side = self.kind in _BEGINS_VALUE and self.last_kind in ENDS_VALUE
        self.is_glued = self.side_by_side and self.is_adjacent
        # What to write for the word before, which the language lacks, or nothing.
        self.absent = ABSENT.get(self.last, "")
        # The function that the name before is another spelling of, or nothing.
        self.other_spelling = OTHER_SPELLINGS.get(self.last, "") if self.last_kind == "NAME" else ""
        # The terminal of the innermost bracket that is open, or nothing.
        self.innermost = self.open[-1][0] if self.open else ""
        # Whether any bracket is open but those of loops.
        self.in_brackets = any(bracket[0] != "LBRACE" for bracket in self.open)
        # Whether the token closes a bracket of another kind than is open.
        self.is_mismatched = self.kind in _OPENING and self.innermost != _OPENING[self.kind]

    @property
    def derivative(self) -> str:
        """The command for the derivative that is written here, or nothing."""
        return derivative_at(self.text, self.token[2]) or ""

    @property
    def heads_loop(self) -> bool:
        """Whether the token stands behind the range of a loop, where its body would begin."""
        return re.search(r"\bfor\s+\w+\s+in\b[^{};\n]*\.\.[^{};\n]*$", self.so_far) is not None

    @property
    def opener(self) -> str:
        """The sign of that bracket; where none is open, of the one that the token would close."""
        return _SIGNS[self.innermost or _OPENING[self.kind]]

    @property
    def closer(self) -> str:
        """The sign that closes that bracket."""
        return _SIGNS[CLOSING[self.innermost]]

    @property
    def opened_at(self) -> str:
        """Where that bracket was opened, in words."""
        _, _, start, end = self.open[-1]
        line, column, _ = Place(self.text, start, end).position()
        return f"line {line}, column {column}" if "\n" in self.text else f"column {column}"

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
        match = re.search(r"\b(sum|prod)_$", self.so_far)
        return match[1] if match else ""

    @property
    def sum_over(self) -> str:
        """The same of sum_(i=1)^n."""
        match = re.search(r"\b(sum|prod)_\(\w+$", self.so_far)
        return match[1] if match else ""

    @property
    def power_of_function(self) -> str:
        """How a power of a function, as in sin^2(x), is written, or nothing."""
        match = re.search(r"([A-Za-z]\w*)\s*(?:\^|\*\*)\s*(-?\d+)\s*$", self.so_far)
        if match is None or not is_function(match.group(1)):
            return ""
        return power_of(*match.groups())

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
        digits = re.search(r"(?<!\w)[\d.]+$", self.so_far)
        rest = re.match(r"\d+(,\d{3})*(\.\d+)?(?![\d,.])", self.after)
        if self.last_kind != "NUMBER" or digits is None or rest is None:
            return ""
        if "." in digits[0]:
            grouped = re.fullmatch(r"\d{1,3}(\.\d{3})+", digits[0]) and rest[0].isdecimal()
            return shorten(f"{digits[0].replace('.', '')}.{rest[0]}") if grouped else ""
        groups = re.fullmatch(r"[1-9]\d{0,2}", digits[0])
        if groups and re.fullmatch(r"\d{3}(,\d{3})*(\.\d+)?", rest[0]):
            return shorten(f"{digits[0]}{rest[0].replace(',', '')}")
        return shorten(f"{digits[0]}.{rest[0]}") if rest[0].isdecimal() else ""

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
        match = re.match(r"\s*([\w.]+)", self.after)
        right = shorten(match[1]) if match else "…"
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
        match = re.match(r"\s*([^{}\n]{1,40}?)\s*\}", self.after)
        inner = match[1] if match else "…"
        last = self.last
        if self.is_adjacent and last.endswith("_"):
            return f"write {last}{inner}" if inner.isalnum() else "write x_1 for a name"
        if self.is_adjacent and self.last_kind == "NAME":
            return f"write {last}[{inner}] for an element, {last}*({inner}) for a product"
        earlier = self.earlier
        before = f"{shorten(earlier[1])}{last}" if earlier and last in ("^", "**", "/", "*") else ""
        return f"write parentheses: {before}({inner})"
