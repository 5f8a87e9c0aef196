"""Forms as numbers: the rules of the table run over them, and graphs read into them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

from cgcli.algebra.forms import CALL, NUMBER, Form, Forms
from cgcli.graph.graph import Graph
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.operators import Operators
from cgcli.operations.table import CONSTANTS, TABLE

__all__ = ["COMPARISONS", "Normal", "apply", "leaf", "normal", "read"]

COMPARISONS: Final = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})

_TURNED: Final = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


_ARITHMETIC: Final[dict[str, Callable[..., Form]]] = {
    "add": Forms.add,
    "sub": Forms.sub,
    "mul": Forms.mul,
    "div": Forms.div,
    "neg": Forms.negative,
}
_ANSWERS: Final[dict[str, Callable[..., Any]]] = {
    name: getattr(operator, name) for name in COMPARISONS
}


class Normal(Operators):
    """A form with the operators of a number.

    A comparison of two numbers is answered; one with a name in it is a form. That two of them
    are equal is taken not to hold, unless forms ask: it is the exception that a condition tells.
    """

    __slots__ = ("form", "forms")
    __hash__ = None  # == answers for the forms' values

    def __init__(self, forms: Forms, form: Form) -> None:
        self.forms = forms
        self.form = form

    def _other(self, other: Any) -> Form:
        return other.form if isinstance(other, Normal) else self.forms.number(Fraction(other))

    def _make(self, form: Form, *others: Any) -> Normal:
        """Return a form made of this one and others."""
        return Normal(self.forms, form)

    def write(self, name: str, *operands: Any) -> Any:
        """Return what an operation makes of forms; a comparison of two numbers is answered."""
        forms = self.forms
        sides = tuple(self._other(operand) for operand in operands)
        if name not in COMPARISONS:
            return self._make(_ARITHMETIC[name](forms, *sides), *operands)
        values = [forms.value(side) for side in sides]
        if None not in values:
            return _ANSWERS[name](*values)
        if values[0] is not None and name in _TURNED:
            # People write x < 2 and not 2 > x.
            name, sides = _TURNED[name], sides[::-1]
        return self._make(forms.call(name, sides), *operands)

    def __eq__(self, other: object) -> Any:
        """Whether both are the same form; what might be equal somewhere is a condition."""
        forms, right = self.forms, self._other(other)
        if self.form == right:
            return True
        if forms.is_constant(right, "inf"):
            # That a number is finite is no condition to be told.
            return False
        if all(
            forms.kinds[each] == NUMBER or each in forms.constants for each in (self.form, right)
        ):
            return False
        if forms.asks:
            return self._make(forms.call("eq", (self.form, right)), other)
        forms.grant(self.form, "!=", right)
        return False

    def __ne__(self, other: object) -> Any:
        """Return whether they differ, as a form; a condition that is asked for is itself."""
        forms = self.forms
        if forms.is_call(self.form, *COMPARISONS) and forms.value(self._other(other)) == 0:
            return self
        return self.write("ne", self, other)


def normal(forms: Forms) -> Namespace:
    """Return the namespace of the rules over forms."""

    def function(name: str) -> Callable[..., Normal]:
        return lambda *arguments: Normal(
            forms, apply(forms, name, tuple(_form(forms, each) for each in arguments))
        )

    functions: dict[str, Any] = {row.name: function(row.name) for row in TABLE if row.words}
    functions["where"] = _where(forms)
    return Namespace(
        **functions,
        pow=function("pow"),
        number=lambda value: Normal(forms, forms.number(Fraction(value))),
        truth=lambda condition: condition,
        pi=Normal(forms, forms.constant("pi")),
        inf=Normal(forms, forms.constant("inf")),
        nan=Normal(forms, forms.constant("nan")),
    )


def _form(forms: Forms, value: Any) -> Form:
    return value.form if isinstance(value, Normal) else forms.number(Fraction(value))


def _where(forms: Forms) -> Callable[..., Any]:
    def where(condition: Any, a: Any, b: Any) -> Any:
        if not isinstance(condition, Normal):
            return a if condition else b
        arguments = (condition.form, _form(forms, a), _form(forms, b))
        if arguments[1] == arguments[2]:
            return a
        return Normal(forms, forms.call("where", arguments))

    return where


# What a function is at a number where people know it: by name and the argument's form.
_KNOWN: Final[dict[tuple[str, Fraction], Fraction]] = {
    **{(name, Fraction(0)): Fraction(0) for name in (
        "sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "expm1", "log1p", "cbrt",
        "erf", "relu", "abs", "sign", "floor", "ceil", "round",
    )},
    **{(name, Fraction(0)): Fraction(1) for name in ("cos", "cosh", "exp", "erfc")},
    **{(name, Fraction(1)): Fraction(0) for name in ("log", "log2", "log10", "acosh")},
    ("sigmoid", Fraction(0)): Fraction(1, 2),
}  # fmt: skip


def apply(
    forms: Forms, name: str, arguments: tuple[Form, ...], static: tuple[int, ...] = ()
) -> Form:
    """Return the form of an operation: arithmetic is done, and known values are put in."""
    if name == "add":
        return forms.add(*arguments)
    if name == "sub":
        return forms.sub(*arguments)
    if name == "mul":
        return forms.mul(*arguments)
    if name == "div" and arguments == (forms.zero, forms.zero):
        # 0 times what 0 divides is no number, and not 0.
        return forms.call("div", arguments)
    if name == "div":
        return forms.div(*arguments)
    if name == "neg":
        return forms.negative(arguments[0])
    if name == "pow":
        return forms.power(*arguments)
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
        known = _KNOWN.get((name, value))
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


def read(
    forms: Forms, graph: Graph, node: int, stop: frozenset[int] = frozenset()
) -> dict[int, Form]:
    """Return the forms of a node that is made of scalars, and of all nodes that it is made of.

    `stop` are nodes that stand for themselves, by name.
    """
    needed = graph.ancestors([node])
    found: dict[int, Form] = {}
    names = graph.names
    for each in range(node + 1):
        if not needed[each]:
            continue
        arguments = graph.arguments[each]
        if not arguments:
            found[each] = leaf(forms, graph, each)
        elif each in stop:
            found[each] = forms.name(names[each])
        else:
            operands = tuple(found[argument] for argument in arguments)
            name = graph.operations[each].name
            found[each] = apply(forms, name, operands, graph.static.get(each, ()))
            if graph.uses[each] > 1:
                forms.close(found[each])
    return found


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
