"""Syntax errors as a table: where the parser stopped, what is said, and what to write instead.

The rows are asked in order and the first that fits speaks. The tests loop over their examples.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from cgcli.errors import Place, shorten
from cgcli.language.characters import is_function
from cgcli.language.derivatives import DERIVATIVE, derivative_at
from cgcli.language.reader import CLOSING, END, Token
from cgcli.operations.table import ABSENT, OTHER_SPELLINGS

__all__ = ["SITUATIONS", "Context", "Situation"]


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


class Situation(NamedTuple):
    """A row: when it fits, what it says, its hint, and examples of texts it answers."""

    fits: Callable[[Context], bool]
    message: Callable[[Context], str]
    hint: Callable[[Context], str]
    examples: tuple[str, ...]


_BEGINS_VALUE: Final = frozenset({"NUMBER", "NAME", "LPAR", "LSQB", "IN", "BY", "FOR"})
_ENDS_VALUE: Final = frozenset({"NUMBER", "NAME", "RPAR", "RSQB"})
_COMPARISONS: Final = frozenset(
    {"LESSTHAN", "LESS_EQUAL", "MORETHAN", "GREATER_EQUAL", "EQUAL_TO", "NOT_EQUAL"}
)
_CLOSERS: Final = {"RPAR": "LPAR", "RSQB": "LSQB", "RBRACE": "LBRACE"}
_SIGNS: Final = {"LPAR": "(", "LSQB": "[", "LBRACE": "{", "RPAR": ")", "RSQB": "]", "RBRACE": "}"}


def _product(context: Context) -> str:
    """Say how the two values that stand side by side are multiplied."""
    _, _, start, end = context.before or context.token
    left = context.text[start:end]
    if context.last_kind() in ("RPAR", "RSQB"):
        left = "…" + left
    right = context.token[1] + ("…" if context.kind() in ("LPAR", "LSQB") else "")
    return f"write {shorten(left)}*{shorten(right)}"


def _power_of_function(context: Context) -> str | None:
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


def _in_list(context: Context) -> bool:
    return bool(context.open) and context.open[-1][0] == "LSQB"


def _is_call(context: Context) -> bool:
    """Whether the innermost bracket is a list's, or holds a function's arguments."""
    before = context.text[max(0, context.open[-1][2] - 40) : context.open[-1][2]]
    word = re.search(r"\w+$", before)
    return _in_list(context) or (word is not None and is_function(word[0]))


def _in_another_base(context: Context) -> int | None:
    """Return the number that 0x10, 0b1 or 0o7 is; None where there is none."""
    if not (_side_by_side(context) and context.adjacent and context.last == "0"):
        return None
    if not re.fullmatch("[xX][0-9a-fA-F]{1,15}|[bB][01]{1,60}|[oO][0-7]{1,20}", context.token[1]):
        return None
    return int("0" + context.token[1], 0)


def _number_with_comma(context: Context) -> str | None:
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


def _arguments(context: Context) -> str:
    """Return the arguments of a function without parentheses: of max x y both."""
    from cgcli.operations.table import WORDS

    several = any(len(row.parameters) > 1 for row in WORDS[context.last])
    more = re.match(r"(\s+[\w.]+)+", _after(context)) if several else None
    if context.kind() == "LSQB":
        return "[…"
    return ", ".join([shorten(context.token[1]), *(more[0].split() if more else [])])


def _of_division(context: Context) -> str:
    """Return how a remainder or a whole quotient, a mod b, is written."""
    left = "…" if context.last_kind() in ("RPAR", "RSQB") else context.last
    found = re.match(r"\s*([\w.]+)", _after(context))
    right = shorten(found[1]) if found else "…"
    if context.token[1] == "div":
        return f"write floor({left}/{right})"
    return f"write mod({left}, {right})"


def _is_sum(context: Context) -> str:
    """Return the function that sum_{i=1}^n or prod_{…} means, or nothing."""
    found = re.search(r"\b(sum|prod)_$", context.so_far)
    return found[1] if found else ""


def _without_braces(context: Context) -> str:
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


def _is_doubled(context: Context) -> bool:
    """Whether the two tokens before are one sign twice, with nothing between."""
    earlier, before = context.earlier, context.before
    if earlier is None or before is None or before[1] not in ("+", "-"):
        return False
    return earlier[1] == before[1] and earlier[3] == before[2]


def _opener(context: Context) -> str:
    return _SIGNS[context.open[-1][0]]


def _opened_at(context: Context) -> str:
    line, column, _ = Place(context.text, context.open[-1][2], context.open[-1][3]).position()
    several = "\n" in context.text
    return f"line {line}, column {column}" if several else f"column {column}"


def _side_by_side(context: Context) -> bool:
    return context.kind() in _BEGINS_VALUE and context.last_kind() in _ENDS_VALUE


SITUATIONS: Final[tuple[Situation, ...]] = (
    Situation(
        lambda c: derivative_at(c.text, c.token[2]) is not None,
        lambda c: DERIVATIVE,
        lambda c: str(derivative_at(c.text, c.token[2])),
        ("d/dx x^2", "dy/dx y", "diff(x^2 x)", "d^2/dx^2(x^3)"),
    ),
    # The end came too soon.
    Situation(
        lambda c: c.kind() == END and c.wants_value and _is_doubled(c),
        lambda c: f"'{c.last}{c.last}' is not an operator",
        lambda c: f"a name is given once: name the next value, y = x {c.last} 1",
        ("x++", "i--"),
    ),
    Situation(
        lambda c: c.kind() == END and c.wants_value and c.before is not None,
        lambda c: f"expected a value after '{c.last}'",
        lambda c: "the expression ends here; is an operand missing?",
        ("(x + y) *", "x +", "x = ", "max(x,", "for t in 0.."),
    ),
    Situation(
        lambda c: c.kind() == END and bool(c.open),
        lambda c: f"'{_opener(c)}' is never closed",
        lambda c: (
            f"it was opened at {_opened_at(c)}; "
            f"add '{_SIGNS[CLOSING[c.open[-1][0]]]}' where it belongs"
        ),
        ("(x+y", "sin(x", "[1, 2", "((1)", "for t in 0..2 { x"),
    ),
    # Two values side by side.
    Situation(
        lambda c: (
            _side_by_side(c)
            and c.last_kind() == "NUMBER"
            and c.adjacent
            and c.token[1] in ("e", "E")
        ),
        lambda c: "an exponent without digits",
        lambda c: f"write {c.last}e0, or {c.last}*e for the constant e",
        ("1e", "2.5E"),
    ),
    Situation(
        lambda c: (
            _side_by_side(c)
            and c.last_kind() == "NUMBER"
            and c.adjacent
            and c.token[1].startswith("_")
        ),
        lambda c: "'_' cannot stand in a number",
        lambda c: f"write {shorten((c.last + c.token[1]).replace('_', ''))}",
        ("1_000", "x + 1_000.5"),
    ),
    Situation(
        lambda c: _in_another_base(c) is not None,
        lambda c: "numbers are written in decimal",
        lambda c: f"write {_in_another_base(c)}",
        ("0x10", "0b101 + x", "0o17", "0XfF"),
    ),
    Situation(
        lambda c: c.last_kind() == "NUMBER" and c.kind() == "NUMBER" and _in_list(c),
        lambda c: "two numbers stand side by side",
        lambda c: f"elements are separated by commas: write {c.last}, {shorten(c.token[1])}",
        ("[1 2 3]", "[[1 2], [3, 4]]", "[1 2; 3 4]"),
    ),
    Situation(
        lambda c: c.last_kind() == "NUMBER" and c.kind() == "NUMBER",
        lambda c: "two numbers stand side by side",
        lambda c: "put an operator between them, or a comma in a list",
        ("3 4", "1.2.3", "1e5.5"),
    ),
    Situation(
        lambda c: _side_by_side(c) and c.last_kind() == "NAME" and is_function(c.last),
        lambda c: f"the argument of '{c.last}' must stand in parentheses",
        lambda c: f"write {c.last}({_arguments(c)})",
        ("sin x", "2*log 3", "sqrt 2", "max x y"),
    ),
    Situation(
        lambda c: c.kind() == "FOR" and (bool(c.open) or c.last_kind() in _ENDS_VALUE),
        lambda c: "'for' cannot stand here",
        lambda c: "a loop is a statement of its own; in a list write [expr for t in 0..3]",
        ("x for t in 0..3", "max(x for t in 0..3)"),
    ),
    Situation(
        lambda c: (
            c.kind() == "NAME"
            and c.last_kind() == "NAME"
            and c.last in ("import", "def", "while", "return", "lambda", "let", "del", "exec")
        ),
        lambda c: f"'{c.last}' is not a word of the language",
        lambda c: "a program is made of expressions, name = expr, and for loops",
        ("import os", "def f"),
    ),
    Situation(
        lambda c: _side_by_side(c) and _power_of_function(c) is not None,
        lambda c: "the argument of a function stands before its power",
        lambda c: f"write {_power_of_function(c)}",
        ("sin^2(x)", "2*tanh^2 x", "log**2(x)"),
    ),
    Situation(
        lambda c: _side_by_side(c) and c.last in ("if", "when"),
        lambda c: f"'{c.last}' is not a word of the language",
        lambda c: "to choose between two values write where(condition, a, b)",
        ("if x > 0 then x else 0", "when x > 0: x"),
    ),
    Situation(
        lambda c: _side_by_side(c) and c.token[1] in ("if", "then", "else", "where", "when"),
        lambda c: f"'{c.token[1]}' is not a word of the language",
        lambda c: "to choose write where(condition, a, b); values are bound after the expression",
        ("x if x > 0", "x + y where x = 1"),
    ),
    Situation(
        lambda c: _side_by_side(c) and c.token[1] in ("mod", "rem", "div"),
        lambda c: f"'{c.token[1]}' is a function, not an operator",
        _of_division,
        ("a mod b", "(x + 1) mod 2", "x div y", "7 rem 3"),
    ),
    Situation(
        lambda c: _side_by_side(c) and c.last == "not",
        lambda c: "'not' is not a word of the language",
        lambda c: "a condition is 0 or 1: for its opposite write 1 - (a > 0)",
        ("not x", "y*not 3"),
    ),
    Situation(
        lambda c: _side_by_side(c) and c.token[1] in ("is", "equals"),
        lambda c: f"'{c.token[1]}' is not a word of the language",
        lambda c: "to compare write ==, to name a value write name = value",
        ("x is 1", "x equals y"),
    ),
    Situation(
        lambda c: _side_by_side(c) and c.last in ABSENT,
        lambda c: f"there is no '{c.last}' in the language",
        lambda c: ABSENT[c.last],
        ("lim x", "det A", "2*inv A"),
    ),
    Situation(
        lambda c: _side_by_side(c) and c.last_kind() == "NAME" and c.last in OTHER_SPELLINGS,
        lambda c: f"no operator between '{c.last}' and {c.word}",
        lambda c: (
            f"for the function write {OTHER_SPELLINGS[c.last]}; "
            f"multiplication is always written: {_product(c)}"
        ),
        ("arcsin x", "tg x", "sigma x"),
    ),
    Situation(
        lambda c: (
            _side_by_side(c) and ("and" in (c.token[1], c.last) or "or" in (c.token[1], c.last))
        ),
        lambda c: "conditions are not joined by words",
        lambda c: "for both write (a > 0)*(b > 0), for either max(a > 0, b > 0)",
        ("x and y", "x > 0 or y > 0"),
    ),
    Situation(
        lambda c: _side_by_side(c) and bool(c.open) and c.open[-1][0] != "LBRACE" and _is_call(c),
        lambda c: f"no operator between '{c.last}' and {c.word}",
        lambda c: (
            f"arguments and elements are separated by commas: {c.last}, {shorten(c.token[1])}; "
            f"multiplication is always written: {_product(c)}"
        ),
        ("max(x y)", "[x y]"),
    ),
    Situation(
        _side_by_side,
        lambda c: f"no operator between '{c.last}' and {c.word}",
        lambda c: f"multiplication is always written: {_product(c)}",
        ("2x", "x y", "2(x+1)", "(x+1)(x-1)", "(x)2", "x[0]y"),
    ),
    # Brackets.
    Situation(
        lambda c: c.kind() in _CLOSERS and not c.open,
        lambda c: f"{c.word} closes nothing",
        lambda c: f"no '{_SIGNS[_CLOSERS[c.kind()]]}' is open before it",
        ("1 + 2)", "]", "x }"),
    ),
    Situation(
        lambda c: c.kind() in _CLOSERS and c.open[-1][0] != _CLOSERS[c.kind()],
        lambda c: f"{c.word} cannot close '{_opener(c)}'",
        lambda c: (
            f"'{_opener(c)}' was opened at {_opened_at(c)} and wants "
            f"'{_SIGNS[CLOSING[c.open[-1][0]]]}'"
        ),
        ("(x]", "[1, 2)", "sin(x}"),
    ),
    Situation(
        lambda c: c.kind() in ("RPAR", "RSQB") and c.last_kind() in ("LPAR", "LSQB"),
        lambda c: "nothing stands between the brackets",
        lambda c: "write a value inside; a list needs one element at least",
        ("()", "[]", "x + ()", "x[]"),
    ),
    # A value is missing.
    Situation(
        lambda c: c.kind() == "COMMA" and c.last_kind() in ("COMMA", "LPAR", "LSQB"),
        lambda c: "a value is missing before ','",
        lambda c: "write a value there, or delete the comma",
        ("max(x,, y)", "max(, x)", "[, 1]"),
    ),
    Situation(
        lambda c: c.kind() in ("RPAR", "RSQB") and c.last_kind() == "COMMA",
        lambda c: "a value is missing after ','",
        lambda c: "write a value there, or delete the comma",
        ("max(x, )", "[1, 2,]"),
    ),
    Situation(
        lambda c: c.kind() == "SLASH" and c.last_kind() == "SLASH" and c.adjacent,
        lambda c: "'//' is not an operator",
        lambda c: "for the whole part of a quotient write floor(a/b)",
        ("x // 2",),
    ),
    Situation(
        lambda c: c.kind() == "EQUAL" and c.adjacent and c.last in ("+", "-", "*", "/", "^", "**"),
        lambda c: f"'{c.last}=' is not an operator",
        lambda c: f"a name is given once: name the new value, y = x {c.last} 1",
        ("x += 1", "x *= 2", "x ^= 2"),
    ),
    Situation(
        lambda c: c.wants_value and c.kind() == "MORETHAN" and c.last == "<" and c.adjacent,
        lambda c: "'<>' is not an operator",
        lambda c: "not equal is '!='",
        ("x <> 1",),
    ),
    Situation(
        lambda c: c.wants_value and c.token[1] == "<" and c.last == "=" and c.adjacent,
        lambda c: "'=<' is not an operator",
        lambda c: "to compare write <=",
        ("x =< 1",),
    ),
    Situation(
        lambda c: c.kind() == "LBRACE" and bool(_is_sum(c)),
        lambda c: "a sum is not written so",
        lambda c: f"write {_is_sum(c)}([expr for i in 1..3])",
        ("sum_{i=1}^n x", "2*prod_{i} x"),
    ),
    Situation(
        lambda c: c.kind() == "LBRACE" and (c.wants_value or c.adjacent),
        lambda c: "braces belong to loops alone",
        _without_braces,
        ("e^{x}", "x_{1}", "{x}", "x{1}"),
    ),
    Situation(
        lambda c: c.kind() == "EQUAL" and c.last_kind() in _COMPARISONS | {"EQUAL"} and c.adjacent,
        lambda c: f"'{c.last}=' is not an operator",
        lambda c: "equal is '=='; name a value with '='",
        ("x === y",),
    ),
    Situation(
        lambda c: c.kind() == "MORETHAN" and c.last_kind() in ("MINUS", "EQUAL") and c.adjacent,
        lambda c: f"'{c.last}>' is not an operator",
        lambda c: "to name a value write name = value; to compare write >=",
        ("x -> 2", "x => 2"),
    ),
    Situation(
        lambda c: c.kind() == "NEWLINE" and c.wants_value,
        lambda c: f"expected a value after '{c.last}', and the line ends",
        lambda c: "to go on in the next line, put the whole expression in parentheses",
        ("x +\ny", "p = \n2"),
    ),
    Situation(
        lambda c: c.wants_value and c.before is None,
        lambda c: f"an expression cannot begin with {c.word}",
        lambda c: "a value must stand on its left",
        ("*x", "@ x", "/nonexistent/file.cg", "= 3"),
    ),
    Situation(
        lambda c: c.wants_value and c.kind() == "EQUAL",
        lambda c: "'=' has nothing on its left",
        lambda c: "write name = value; to compare write ==",
        ("x; = 3", "x = = 3"),
    ),
    Situation(
        lambda c: c.wants_value,
        lambda c: f"expected a value after '{c.last}', found {c.word}",
        lambda c: "write a number, a name or an expression in parentheses there",
        ("x + * y", "x ^^ 2", "sin(*)", "x; *y", "2 + ;"),
    ),
    # Everything else that is out of place.
    Situation(
        lambda c: c.kind() in _COMPARISONS,
        lambda c: "comparisons do not chain",
        lambda c: "compare twice and multiply: (a < b)*(b < c)",
        ("a < b < c", "x == y == z"),
    ),
    Situation(
        lambda c: c.kind() == "EQUAL" and re.search(r"\b(sum|prod)_\(\w+$", c.so_far) is not None,
        lambda c: "a sum is not written so",
        lambda c: "write sum([expr for i in 1..3])",
        ("sum_(i=1)^n x",),
    ),
    Situation(
        lambda c: c.kind() == "EQUAL" and any(b[0] != "LBRACE" for b in c.open),
        lambda c: "'=' cannot stand inside brackets",
        lambda c: "name the value in a statement before; to compare write ==",
        ("(x = 3)", "f(a = 1)"),
    ),
    Situation(
        lambda c: c.kind() == "EQUAL",
        lambda c: "a second '=' in one statement",
        lambda c: "give each name a statement of its own; to compare write ==",
        ("a = b = 3", "for t in 0..2 { a = b = 3 }"),
    ),
    Situation(
        lambda c: c.kind() == "COMMA" and bool(c.open) and c.open[-1][0] == "LPAR",
        lambda c: "',' cannot stand in these parentheses",
        lambda c: "a vector is written in square brackets: [1, 2]; a decimal with a point: 0.5",
        ("(1, 2)", "x + (1,5)"),
    ),
    Situation(
        lambda c: c.kind() == "COMMA" and _number_with_comma(c) is not None,
        lambda c: "',' cannot stand in a number",
        lambda c: f"write {_number_with_comma(c)}",
        ("1,000", "x + 1,000,000.5", "1,5*x"),
    ),
    Situation(
        lambda c: c.kind() == "COMMA",
        lambda c: "',' stands outside a call or a list",
        lambda c: "write 1000 without a comma, 0.5 with a point, and statements with ';'",
        ("x, y", "1, 2"),
    ),
    Situation(
        lambda c: c.kind() == "SEMICOLON" and bool(c.open) and c.open[-1][0] == "LSQB",
        lambda c: "';' cannot stand in a list",
        lambda c: "elements are separated by commas, and rows are lists: [[1, 2], [3, 4]]",
        ("[1; 2]", "[1, 2; 3, 4]"),
    ),
    Situation(
        lambda c: c.kind() in ("SEMICOLON", "NEWLINE"),
        lambda c: f"{c.word} cannot stand here",
        lambda c: "a loop is written: for t in 0..3 { h[t+1] = w*h[t] }",
        ("(x; y)", "for t\nin 0..3 { x }"),
    ),
    Situation(
        lambda c: c.kind() == END,
        lambda c: "the loop is not complete",
        lambda c: "a loop is written: for t in 0..3 { h[t+1] = w*h[t] }",
        ("for t in 0..3", "for t", "for"),
    ),
    Situation(
        lambda c: c.kind() == "RANGE",
        lambda c: "'..' cannot stand here",
        lambda c: "a range stands in a loop or a list: [h[t] for t in 0..3]",
        ("x = 0..3", "0..3", "[0..3]"),
    ),
    Situation(
        lambda c: True,
        lambda c: f"{c.word} cannot stand here",
        lambda c: "a program is made of expressions, name = expr, and for t in 0..3 { … }",
        ("x {", "for x+1 in 0..3 { x }", "for 3 in 0..3 { x }"),
    ),
)
