"""Formulas → SymPy and back: its simplest form, written in the language again.

Forms become SymPy's expressions by a table, part by part, and come back by another; no text is
read on the way. What SymPy has no function for goes through as a function without a meaning.
All names stand for real numbers.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

from cgcli.algebra.forms import Forms
from cgcli.algebra.normal import apply
from cgcli.algebra.sums import CALL, NAME, NUMBER, SUM, Form
from cgcli.errors import CgraphError, required

MOST: Final = 200
"""So many operations a formula may have: SymPy's time grows faster than they do."""
_DEEPEST: Final = 60

_THEIRS: Final = {
    **{name: name for name in (
        "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh",
        "asinh", "acosh", "atanh", "sign", "floor", "erf", "erfc", "gamma", "digamma", "polygamma",
    )},
    "abs": "Abs", "max": "Max", "min": "Min", "ceil": "ceiling", "lgamma": "loggamma",
    "mod": "Mod", "lt": "Lt", "le": "Le", "gt": "Gt", "ge": "Ge", "eq": "Eq", "ne": "Ne",
}  # fmt: skip
_RECIPROCALS: Final = {
    "sec": "cos", "csc": "sin", "cot": "tan", "sech": "cosh", "csch": "sinh", "coth": "tanh",
}  # fmt: skip


class Simplifier:
    """SymPy's simplest form of a form.

    `unchanged` counts the formulas for which SymPy had nothing that can be written here.

    >>> from cgcli.algebra.normal import read
    >>> from cgcli.program import parse
    >>> forms, graph = Forms(), parse("sin(x)^2 + cos(x)^2").graph()
    >>> form = read(forms, graph, graph.output)[graph.output]
    >>> Simplifier()(forms, form) == forms.one
    True
    """

    def __init__(self) -> None:
        self.sympy = required("sympy", "simplify", "for --simplify")
        self.unchanged = 0
        # Lt is another name for StrictLessThan.
        self._back = {getattr(self.sympy, name).__name__: word for word, name in _THEIRS.items()}
        self._functions: dict[Any, str] = {}
        self._leaves: dict[Any, Form] = {}
        self._euler = False

    def __call__(self, forms: Forms, form: Form) -> Form:
        """Return the simplest form; raises `CgraphError` of kind limit for a long formula."""
        _check_size(forms, form)
        self._euler = any(forms.is_constant(part, "e") for part in forms.reachable([form]))
        try:
            simplest = self.sympy.simplify(self._to_sympy(forms, form))
            return self._from_sympy(forms, simplest)
        except (_UnwritableError, RecursionError, NotImplementedError, TypeError, ValueError):
            # SymPy gives up with these; what it was given is right as it is.
            self.unchanged += 1
            return form

    # There

    def _to_sympy(self, forms: Forms, root: Form) -> Any:
        sympy = self.sympy
        known: dict[Form, Any] = {}
        for form in forms.reachable([root]):
            kind, parts = forms.kinds[form], forms.parts[form]
            if kind == NUMBER:
                known[form] = sympy.Rational(parts)
            elif kind == NAME:
                known[form] = self._name(forms, form)
            elif kind == SUM:
                terms = [sympy.Rational(factor) * known[term] for term, factor in parts[1]]
                known[form] = sympy.Add(sympy.Rational(parts[0]), *terms)
            elif kind == CALL:
                known[form] = self._call(parts[0], [known[argument] for argument in parts[1]])
            else:
                factors = [self._counted(known[base]) ** known[power] for base, power in parts]
                known[form] = sympy.Mul(*factors)
        return known[root]

    def _name(self, forms: Forms, form: Form) -> Any:
        sympy, name = self.sympy, forms.parts[form]
        is_input = form not in forms.constants
        if not is_input and name in ("inf", "nan"):
            raise _UnwritableError
        constants = {"pi": sympy.pi, "e": sympy.E, "tau": 2 * sympy.pi}
        if not is_input and name in constants:
            return constants[name]
        symbol = sympy.Symbol(name, real=True, **({} if is_input else {"positive": True}))
        self._leaves[symbol] = form
        return symbol

    def _call(self, name: str, arguments: list[Any]) -> Any:
        sympy = self.sympy
        if name == "where":
            condition, first, second = arguments
            if not condition.is_Relational and not condition.is_Boolean:
                condition = sympy.Ne(condition, 0)
            return sympy.Piecewise((self._counted(first), condition), (self._counted(second), True))
        arguments = [self._counted(argument) for argument in arguments]
        if name in _THEIRS:
            return getattr(sympy, _THEIRS[name])(*arguments)
        # SymPy must not take its own function of that name for it.
        function = sympy.Function(f"{name}_", real=True)
        self._functions[function] = name
        return function(*arguments)

    def _counted(self, value: Any) -> Any:
        """Return a comparison as the number that it counts as."""
        if value.is_Relational or value.is_Boolean:
            return self.sympy.Piecewise((1, value), (0, True))
        return value

    # And back

    def _from_sympy(self, forms: Forms, root: Any) -> Form:
        sympy = self.sympy
        self._leaves |= {
            sympy.pi: forms.constant("pi"),
            sympy.E: forms.constant("e") if self._euler else forms.call("exp", (forms.one,)),
            sympy.true: forms.one,
            sympy.false: forms.zero,
        }
        joined: dict[str, Callable[[Form, Form], Form]] = {
            "Add": forms.add,
            "Mul": forms.mul,
            "And": lambda a, b: forms.call("where", (a, b, forms.zero)),
            "Or": lambda a, b: forms.call("where", (a, forms.one, b)),
        }
        known: dict[Any, Form] = {}
        for part in sympy.postorder_traversal(root):
            arguments = [known[inner] for inner in part.args]
            join = joined.get(type(part).__name__)
            known[part] = (
                self._made(forms, part, arguments)
                if join is None
                else functools.reduce(join, arguments)
            )
        return known[root]

    def _made(self, forms: Forms, part: Any, arguments: list[Form]) -> Form:
        """Return the form of what takes arguments of a certain number, or none."""
        name = type(part).__name__
        if part.is_Rational:
            return forms.number(Fraction(int(part.p), int(part.q)))
        if part in self._leaves:
            return self._leaves[part]
        if part.is_Pow:
            return forms.power(*arguments)
        if name == "exp" and self._euler:
            return forms.power(forms.constant("e"), arguments[0])
        if part.func in self._functions:
            return forms.call(self._functions[part.func], tuple(arguments))
        if name in _RECIPROCALS:
            below = forms.call(_RECIPROCALS[name], tuple(arguments))
            return forms.power(below, forms.number(-1))
        if name == "ExprCondPair":
            return forms.call("where", (arguments[1], arguments[0], forms.zero))
        if name == "Piecewise":
            return _chosen(forms, arguments)
        if name == "polygamma" and arguments[0] == forms.zero:
            return forms.call("digamma", (arguments[1],))
        if name in self._back:
            return apply(forms, self._back[name], tuple(arguments))
        raise _UnwritableError


class _UnwritableError(Exception):
    """What the language has no spelling for, as i or an integral."""


def _chosen(forms: Forms, pairs: list[Form]) -> Form:
    """Return where(c, a, where(d, b, …)) for the pairs of a Piecewise."""
    total = forms.constant("nan") if forms.kinds[pairs[-1]] != CALL else forms.zero
    for pair in reversed(pairs):
        parts = forms.parts[pair]
        if forms.kinds[pair] != CALL or parts[0] != "where":
            raise _UnwritableError
        condition, value, _ = parts[1]
        total = value if condition == forms.one else forms.call("where", (condition, value, total))
    return total


def _check_size(forms: Forms, form: Form) -> None:
    """Raise `CgraphError` for a formula that SymPy would take long for, or go too deep in."""
    sizes: dict[Form, int] = {}
    depths: dict[Form, int] = {}
    for inside in forms.reachable([form]):
        inner = forms.inner(inside)
        sizes[inside] = min(10**9, 1 + sum(sizes[part] for part in inner))
        depths[inside] = 1 + max((depths[part] for part in inner), default=0)
    if sizes[form] > MOST or depths[form] > _DEEPEST:
        size = f"{sizes[form]:,}" if sizes[form] < 10**9 else "more than 999,999,999"
        message = f"the formula has {size} parts, {depths[form]:,} deep"
        hint = f"--simplify takes {MOST} parts, {_DEEPEST} deep: leave it out, or ask for less"
        raise CgraphError("limit", message, hint)
