"""Syntax errors as a table: where the parser stopped, what is said, and what to write instead.

The rows are asked in order and the first that fits speaks. The tests loop over their examples.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from cgcli.errors import shorten
from cgcli.language.characters import is_function
from cgcli.language.context import CLOSERS, COMPARISONS, ENDS_VALUE, SIGNS, Context
from cgcli.language.derivatives import DERIVATIVE, derivative_at
from cgcli.language.reader import CLOSING, END
from cgcli.operations.table import ABSENT

__all__ = ["SITUATIONS", "Context", "Situation"]


class Situation(NamedTuple):
    """A row: when it fits, what it says, its hint, and examples of texts it answers."""

    fits: Callable[[Context], bool]
    message: Callable[[Context], str]
    hint: Callable[[Context], str]
    examples: tuple[str, ...]


_CHOICE: Final = "to choose between two values write where(condition, a, b)"
_STATEMENTS: Final = "a program is made of expressions, name = expr, and for loops"
_WORDS_BEFORE: Final = {
    "if": _CHOICE,
    "when": _CHOICE,
    "not": "a condition is 0 or 1: for its opposite write 1 - (a > 0)",
    **dict.fromkeys(("import", "def", "while", "return", "lambda", "let", "del"), _STATEMENTS),
    "exec": _STATEMENTS,
}
"""Words of other languages that stand before a value, and what is written for them."""

_WORDS_BETWEEN: Final = {
    **dict.fromkeys(
        ("if", "then", "else", "where", "when"),
        "to choose write where(condition, a, b); values are bound after the expression",
    ),
    **dict.fromkeys(("is", "equals"), "to compare write ==, to name a value write name = value"),
}
"""Those that stand after one."""

_OPERATORS: Final = {
    "//": "for the whole part of a quotient write floor(a/b)",
    "<>": "not equal is '!='",
    "=<": "to compare write <=",
    **dict.fromkeys(("->", "=>"), "to name a value write name = value; to compare write >="),
    **dict.fromkeys(("===", "<==", ">==", "!=="), "equal is '=='; name a value with '='"),
    **{
        f"{sign}=": f"a name is given once: name the new value, y = x {sign} 1"
        for sign in ("+", "-", "*", "/", "^", "**")
    },
}
"""Operators of other languages, which the reader takes for two of this one."""

SITUATIONS: Final[tuple[Situation, ...]] = (
    Situation(
        lambda c: derivative_at(c.text, c.token[2]) is not None,
        lambda c: DERIVATIVE,
        lambda c: str(derivative_at(c.text, c.token[2])),
        ("d/dx x^2", "dy/dx y", "diff(x^2 x)", "d^2/dx^2(x^3)"),
    ),
    # The end came too soon.
    Situation(
        lambda c: c.kind == END and c.wants_value and c.is_doubled,
        lambda c: f"'{c.last}{c.last}' is not an operator",
        lambda c: f"a name is given once: name the next value, y = x {c.last} 1",
        ("x++", "i--"),
    ),
    Situation(
        lambda c: c.kind == END and c.wants_value and c.before is not None,
        lambda c: f"expected a value after '{c.last}'",
        lambda c: "the expression ends here; is an operand missing?",
        ("(x + y) *", "x +", "x = ", "max(x,", "for t in 0.."),
    ),
    Situation(
        lambda c: c.kind == END and bool(c.open),
        lambda c: f"'{SIGNS[c.opened]}' is never closed",
        lambda c: (
            f"it was opened at {c.opened_at}; add '{SIGNS[CLOSING[c.opened]]}' where it belongs"
        ),
        ("(x+y", "sin(x", "[1, 2", "((1)", "for t in 0..2 { x"),
    ),
    # Two values side by side.
    Situation(
        lambda c: c.glued_to_number and c.token[1] in ("e", "E"),
        lambda c: "an exponent without digits",
        lambda c: f"write {c.last}e0, or {c.last}*e for the constant e",
        ("1e", "2.5E"),
    ),
    Situation(
        lambda c: c.glued_to_number and c.token[1].startswith("_"),
        lambda c: "'_' cannot stand in a number",
        lambda c: f"write {shorten((c.last + c.token[1]).replace('_', ''))}",
        ("1_000", "x + 1_000.5"),
    ),
    Situation(
        lambda c: c.in_another_base is not None,
        lambda c: "numbers are written in decimal",
        lambda c: f"write {c.in_another_base}",
        ("0x10", "0b101 + x", "0o17", "0XfF"),
    ),
    Situation(
        lambda c: c.last_kind == "NUMBER" and c.kind == "NUMBER",
        lambda c: "two numbers stand side by side",
        lambda c: (
            f"elements are separated by commas: write {c.last}, {shorten(c.token[1])}"
            if c.opened == "LSQB"
            else "put an operator between them, or a comma in a list"
        ),
        ("3 4", "1.2.3", "1e5.5", "[1 2 3]", "[[1 2], [3, 4]]", "[1 2; 3 4]"),
    ),
    Situation(
        lambda c: c.side_by_side and c.last_kind == "NAME" and is_function(c.last),
        lambda c: f"the argument of '{c.last}' must stand in parentheses",
        lambda c: f"write {c.last}({c.arguments})",
        ("sin x", "2*log 3", "sqrt 2", "max x y"),
    ),
    Situation(
        lambda c: c.kind == "FOR" and (bool(c.open) or c.last_kind in ENDS_VALUE),
        lambda c: "'for' cannot stand here",
        lambda c: "a loop is a statement of its own; in a list write [expr for t in 0..3]",
        ("x for t in 0..3", "max(x for t in 0..3)"),
    ),
    Situation(
        lambda c: c.side_by_side and c.power_of_function is not None,
        lambda c: "the argument of a function stands before its power",
        lambda c: f"write {c.power_of_function}",
        ("sin^2(x)", "2*tanh^2 x", "log**2(x)"),
    ),
    Situation(
        lambda c: c.side_by_side and c.last in _WORDS_BEFORE,
        lambda c: f"'{c.last}' is not a word of the language",
        lambda c: _WORDS_BEFORE[c.last],
        ("if x > 0 then x else 0", "when x > 0: x", "not x", "y*not 3", "import os", "def f"),
    ),
    Situation(
        lambda c: c.side_by_side and c.token[1] in _WORDS_BETWEEN,
        lambda c: f"'{c.token[1]}' is not a word of the language",
        lambda c: _WORDS_BETWEEN[c.token[1]],
        ("x if x > 0", "x + y where x = 1", "x is 1", "x equals y"),
    ),
    Situation(
        lambda c: c.side_by_side and c.token[1] in ("mod", "rem", "div"),
        lambda c: f"'{c.token[1]}' is a function, not an operator",
        Context.division,
        ("a mod b", "(x + 1) mod 2", "x div y", "7 rem 3"),
    ),
    Situation(
        lambda c: c.side_by_side and c.last in ABSENT,
        lambda c: f"there is no '{c.last}' in the language",
        lambda c: ABSENT[c.last],
        ("lim x", "det A", "2*inv A"),
    ),
    Situation(
        lambda c: c.side_by_side and not {"and", "or"}.isdisjoint((c.token[1], c.last)),
        lambda c: "conditions are not joined by words",
        lambda c: "for both write (a > 0)*(b > 0), for either max(a > 0, b > 0)",
        ("x and y", "x > 0 or y > 0"),
    ),
    Situation(
        lambda c: c.side_by_side,
        lambda c: f"no operator between '{c.last}' and {c.word}",
        Context.product,
        (
            *("2x", "x y", "2(x+1)", "(x+1)(x-1)", "(x)2", "x[0]y"),
            *("arcsin x", "tg x", "sigma x", "max(x y)", "[x y]"),
        ),
    ),
    # Brackets.
    Situation(
        lambda c: c.kind in CLOSERS and not c.open,
        lambda c: f"{c.word} closes nothing",
        lambda c: f"no '{SIGNS[CLOSERS[c.kind]]}' is open before it",
        ("1 + 2)", "]", "x }"),
    ),
    Situation(
        lambda c: c.kind in CLOSERS and c.opened != CLOSERS[c.kind],
        lambda c: f"{c.word} cannot close '{SIGNS[c.opened]}'",
        lambda c: (
            f"'{SIGNS[c.opened]}' was opened at {c.opened_at} and wants "
            f"'{SIGNS[CLOSING[c.opened]]}'"
        ),
        ("(x]", "[1, 2)", "sin(x}"),
    ),
    Situation(
        lambda c: c.kind in ("RPAR", "RSQB") and c.last_kind in ("LPAR", "LSQB"),
        lambda c: "nothing stands between the brackets",
        lambda c: "write a value inside; a list needs one element at least",
        ("()", "[]", "x + ()", "x[]"),
    ),
    # A value is missing.
    Situation(
        lambda c: c.kind == "COMMA" and c.last_kind in ("COMMA", "LPAR", "LSQB"),
        lambda c: "a value is missing before ','",
        lambda c: "write a value there, or delete the comma",
        ("max(x,, y)", "max(, x)", "[, 1]"),
    ),
    Situation(
        lambda c: c.kind in ("RPAR", "RSQB") and c.last_kind == "COMMA",
        lambda c: "a value is missing after ','",
        lambda c: "write a value there, or delete the comma",
        ("max(x, )", "[1, 2,]"),
    ),
    Situation(
        lambda c: c.joined in _OPERATORS,
        lambda c: f"'{c.joined}' is not an operator",
        lambda c: _OPERATORS[c.joined],
        ("x // 2", "x += 1", "x *= 2", "x ^= 2", "x <> 1", "x =< 1", "x === y", "x -> 2", "x => 2"),
    ),
    Situation(
        lambda c: c.kind == "LBRACE" and bool(c.sum),
        lambda c: "a sum is not written so",
        lambda c: f"write {c.sum}([expr for i in 1..3])",
        ("sum_{i=1}^n x", "2*prod_{i} x"),
    ),
    Situation(
        lambda c: c.kind == "LBRACE" and (c.wants_value or c.adjacent),
        lambda c: "braces belong to loops alone",
        Context.without_braces,
        ("e^{x}", "x_{1}", "{x}", "x{1}"),
    ),
    Situation(
        lambda c: c.kind == "NEWLINE" and c.wants_value,
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
        lambda c: c.wants_value and c.kind == "EQUAL",
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
        lambda c: c.kind in COMPARISONS,
        lambda c: "comparisons do not chain",
        lambda c: "compare twice and multiply: (a < b)*(b < c)",
        ("a < b < c", "x == y == z"),
    ),
    Situation(
        lambda c: c.kind == "EQUAL" and re.search(r"\b(sum|prod)_\(\w+$", c.so_far) is not None,
        lambda c: "a sum is not written so",
        lambda c: "write sum([expr for i in 1..3])",
        ("sum_(i=1)^n x",),
    ),
    Situation(
        lambda c: c.kind == "EQUAL" and any(b[0] != "LBRACE" for b in c.open),
        lambda c: "'=' cannot stand inside brackets",
        lambda c: "name the value in a statement before; to compare write ==",
        ("(x = 3)", "f(a = 1)"),
    ),
    Situation(
        lambda c: c.kind == "EQUAL",
        lambda c: "a second '=' in one statement",
        lambda c: "give each name a statement of its own; to compare write ==",
        ("a = b = 3", "for t in 0..2 { a = b = 3 }"),
    ),
    Situation(
        lambda c: c.kind == "COMMA" and c.opened == "LPAR",
        lambda c: "',' cannot stand in these parentheses",
        lambda c: "a vector is written in square brackets: [1, 2]; a decimal with a point: 0.5",
        ("(1, 2)", "x + (1,5)"),
    ),
    Situation(
        lambda c: c.kind == "COMMA" and c.number_with_comma is not None,
        lambda c: "',' cannot stand in a number",
        lambda c: f"write {c.number_with_comma}",
        ("1,000", "x + 1,000,000.5", "1,5*x"),
    ),
    Situation(
        lambda c: c.kind == "COMMA",
        lambda c: "',' stands outside a call or a list",
        lambda c: "write 1000 without a comma, 0.5 with a point, and statements with ';'",
        ("x, y", "1, 2"),
    ),
    Situation(
        lambda c: c.kind == "SEMICOLON" and c.opened == "LSQB",
        lambda c: "';' cannot stand in a list",
        lambda c: "elements are separated by commas, and rows are lists: [[1, 2], [3, 4]]",
        ("[1; 2]", "[1, 2; 3, 4]"),
    ),
    Situation(
        lambda c: c.kind in ("SEMICOLON", "NEWLINE", END),
        lambda c: "the loop is not complete" if c.kind == END else f"{c.word} cannot stand here",
        lambda c: "a loop is written: for t in 0..3 { h[t+1] = w*h[t] }",
        ("(x; y)", "for t\nin 0..3 { x }", "for t in 0..3", "for t", "for"),
    ),
    Situation(
        lambda c: c.kind == "RANGE",
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
