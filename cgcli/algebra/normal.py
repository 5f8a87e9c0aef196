"""Graphs read into forms, in which known values are put in; and the signs of forms.

A sign is known where it is that wherever the form has a value, and a condition comes to those of
its factors.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Final

from cgcli.algebra.forms import Forms
from cgcli.algebra.sums import CALL, NAME, NUMBER, PRODUCT, Condition, Form
from cgcli.graph.graph import Graph
from cgcli.numbers.exact import EXACT, run
from cgcli.numbers.ratio import Ratio
from cgcli.operations.row import LEVELS, Operation
from cgcli.operations.table import CONSTANTS, OPERATIONS, TABLE

COMPARISONS: Final = {row.name: row.symbol for row in TABLE if row.level == LEVELS["comparison"]}
_DEEP: Final = 3


def least(forms: Forms, form: Form, deep: int = _DEEP) -> str:
    """Return the sign a form has before 0 wherever it has a value: ">", ">=", or "" for any.

    It is what a glance tells.

    >>> forms = Forms()
    >>> square = forms.power(forms.name("x"), forms.number(2))
    >>> least(forms, square), least(forms, forms.add(square, forms.one))
    ('>=', '>')
    """
    kind, parts = forms.kinds[form], forms.parts[form]
    if kind == NUMBER:
        return ">" if parts > 0 else "" if parts else ">="
    if kind == NAME:
        return ">" if form in forms.constants and parts in CONSTANTS else ""
    if kind == CALL:
        sign = OPERATIONS[parts[0]].sign if parts[0] in OPERATIONS else ""
        if sign != "kept":
            return sign
        return ">" if deep and least(forms, parts[1][0], deep - 1) == ">" else ""
    if not deep:
        return ""
    if kind == PRODUCT:
        signs = [least(forms, base, deep - 1) for base, _ in parts]
        if all(sign == ">" for sign in signs):
            return ">"
        kept = zip(signs, parts, strict=True)
        return ">=" if all(sign or _is_even(forms, power) for sign, (_, power) in kept) else ""
    number, terms = parts
    signs = [least(forms, term, deep - 1) if factor > 0 else "" for term, factor in terms]
    if number < 0 or not all(signs):
        return ""
    return ">" if number > 0 or ">" in signs else ">="


def _is_even(forms: Forms, power: Form) -> bool:
    """Whether a power of that exponent is never negative: 2, -4, and every root, 1/2, 2/3."""
    value = forms.value(power)
    return value is not None and (value.denominator != 1 or value.numerator % 2 == 0)


def parts_of(forms: Forms, condition: Condition) -> Iterator[Condition]:
    """Yield what a condition comes to: that of a product by its factors, none for what holds.

    log(x^2*y) asks for x^2*y > 0, which is x != 0 and y > 0.
    """
    form, sign, right, guard = condition
    if right != forms.zero or sign not in (">", ">=", "!="):
        yield condition
        return
    if _holds(forms, form, sign):
        return
    if forms.value(form) is not None:
        yield condition
        return
    if sign == ">" and least(forms, form):
        sign = "!="
    coefficient, factors = forms.factors(form)
    kept: dict[Form, Form] = {}
    asked: list[tuple[Form, str]] = []
    for base, power in factors.items():
        value = forms.value(power)
        if least(forms, base) == ">":
            continue
        while forms.is_call(base, "abs"):
            # abs(u) is positive where u is not 0.
            base, power = forms.parts[base][1][0], forms.number(2)  # noqa: PLW2901  # peeled
        if value is not None and value.denominator != 1:
            asked.append((base, ">" if value < 0 or sign != ">=" else ">="))
        elif sign == "!=" or _is_even(forms, power):
            if sign != ">=" or (value is not None and value < 0):
                asked.append((base, "!="))
        else:
            kept[base] = forms.one if value is not None else power
    if kept:
        rest = forms.product(type(coefficient)(1 if coefficient > 0 else -1), kept)
        asked.append((rest, sign))
    for left, before_zero in asked:
        if not _holds(forms, left, before_zero):
            yield Condition(left, before_zero, forms.zero, guard)
    if not kept and coefficient <= 0 and sign != "!=":
        yield condition


def _holds(forms: Forms, form: Form, sign: str) -> bool:
    """Whether a form has a sign before 0 wherever it has a value."""
    value = forms.value(form)
    if sign == "!=" and value is not None:
        return value != 0
    known = least(forms, form)
    return bool(known) if sign == ">=" else known == ">"


ARITHMETIC: Final[dict[str, Callable[..., Form]]] = {
    "add": Forms.add,
    "sub": Forms.sub,
    "mul": Forms.mul,
    "div": Forms.div,
    "neg": Forms.negative,
    "pow": Forms.power,
}


@functools.cache
def _known(operation: Operation, at: Fraction) -> Fraction | None:
    """Return what a function is at 0 or 1 where people know it, as they do what is a fraction.

    What is in pieces, as the absolute value, they know of any number.
    """
    if at not in (0, 1) and not operation.step and not operation.turns:
        return None
    value = run(operation.value, EXACT, Ratio(at.numerator, at.denominator))
    return Fraction(value.numerator, value.denominator) if isinstance(value, Ratio) else None


def apply(forms: Forms, name: str, arguments: tuple[Form, ...]) -> Form:
    """Return the form of an elementwise operation: arithmetic is done, known values are put in."""
    if name == "div" and arguments == (forms.zero, forms.zero):
        # 0 times what 0 divides is no number, and not 0.
        return forms.call("div", arguments)
    if name in ARITHMETIC:
        return ARITHMETIC[name](forms, *arguments)
    row = OPERATIONS[name]
    if row.gate and row.variadic:
        # What stands twice ties with itself wherever it is the extreme.
        arguments = tuple(dict.fromkeys(arguments))
    first = arguments[0]
    if row.identity or (row.variadic and len(arguments) == 1):
        return first
    if name in COMPARISONS and first == arguments[1]:
        return forms.number(getattr(operator, name)(0, 0))
    if row.chooses and forms.value(first) is not None:
        return arguments[1 if forms.value(first) else 2]
    if name == "sqrt":
        return forms.power(first, forms.number(Fraction(1, 2)))
    value = forms.value(first) if len(arguments) == 1 else None
    if value is not None:
        known = _known(row, value)
        if known is not None:
            return forms.number(known)
    if name == "log" and forms.is_constant(first, "e"):
        return forms.one
    if forms.kinds[first] == CALL:
        inner, below, _ = forms.parts[first]
        if (name, inner) in (("log", "exp"), ("exp", "log")):
            return int(below[0])
    return forms.call(name, arguments)


def read(forms: Forms, graph: Graph, node: int) -> dict[int, Form]:
    """Return the forms of a node that is made of scalars, and of all nodes that it is made of."""
    needed = graph.ancestors([node])
    forms_of: dict[int, Form] = {}
    for place, arguments in enumerate(graph.arguments):
        if not needed[place]:
            continue
        if not arguments:
            forms_of[place] = leaf(forms, graph, place)
            continue
        operands = tuple(forms_of[argument] for argument in arguments)
        forms_of[place] = apply(forms, graph.operations[place].name, operands)
        if graph.uses[place] > 1:
            forms.close(forms_of[place])
    return forms_of


def leaf(forms: Forms, graph: Graph, node: int) -> Form:
    """Return the form of an input, of a number, or of a constant that has a name."""
    literal = graph.literals.get(node)
    if literal is None:
        return forms.name(graph.given[node], graph.shape(node))
    if literal in CONSTANTS:
        return forms.constant(literal)
    value = graph.constants[node]
    if len(literal) <= 40 and abs(value) < 1e40 and (value == 0 or abs(value) > 1e-40):
        return forms.number(Fraction(literal))
    return forms.constant(literal)
