"""Operations of forms, in which known values are put in, and graphs read into forms."""

from __future__ import annotations

import functools
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from cgcli.algebra.forms import Forms
from cgcli.algebra.signs import COMPARISONS
from cgcli.algebra.sums import CALL, Form
from cgcli.graph.graph import Graph
from cgcli.numbers.exact import EXACT, run
from cgcli.numbers.ratio import Ratio
from cgcli.operations.row import Operation
from cgcli.operations.table import CONSTANTS, OPERATIONS

ARITHMETIC: Final[dict[str, Callable[..., Form]]] = {
    "add": Forms.add,
    "sub": Forms.sub,
    "mul": Forms.mul,
    "div": Forms.div,
    "neg": Forms.negative,
    "pow": Forms.power,
}


@functools.cache
def _known(operation: Operation, at: int) -> Fraction | None:
    """Return what a function is at 0 or 1 where people know it, as they do what is a fraction."""
    if not operation.elementwise:
        return None
    value = run(operation.value, EXACT, Ratio(at))
    return Fraction(value.numerator, value.denominator) if isinstance(value, Ratio) else None


def apply(
    forms: Forms, name: str, arguments: tuple[Form, ...], static: tuple[int, ...] = ()
) -> Form:
    """Return the form of an operation: arithmetic is done, and known values are put in."""
    if name == "div" and arguments == (forms.zero, forms.zero):
        # 0 times what 0 divides is no number, and not 0.
        return forms.call("div", arguments)
    if name in ARITHMETIC:
        return ARITHMETIC[name](forms, *arguments)
    if name in ("max", "min"):
        # What stands twice ties with itself wherever it is the extreme.
        arguments = tuple(dict.fromkeys(arguments))
    first = arguments[0]
    if name in ("same", "pos") or (name in ("max", "min") and len(arguments) == 1):
        return first
    if name in COMPARISONS and first == arguments[1]:
        return forms.number(name in ("le", "ge", "eq"))
    if name == "where" and forms.value(first) is not None:
        return arguments[1 if forms.value(first) else 2]
    if name == "sqrt":
        return forms.power(first, forms.number(Fraction(1, 2)))
    value = forms.value(first) if len(arguments) == 1 else None
    if value is not None:
        known = _known(OPERATIONS[name], int(value)) if value in (0, 1) else None
        if known is not None:
            return forms.number(known)
        if name == "abs":
            return forms.number(abs(value))
        if name in ("floor", "ceil", "round") and value.denominator == 1:
            return first
    if name == "log" and forms.is_constant(first, "e"):
        return forms.one
    if forms.kinds[first] == CALL:
        inner, below, _ = forms.parts[first]
        if (name, inner) in (("log", "exp"), ("exp", "log")):
            return int(below[0])
    return forms.call(name, arguments, static)


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
        name, static = graph.operations[place].name, graph.static.get(place, ())
        forms_of[place] = apply(forms, name, operands, static)
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
