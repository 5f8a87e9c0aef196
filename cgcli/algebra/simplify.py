"""Formulas → SymPy and back: its simplest form, written in the language again.

Forms become SymPy's expressions by a table, part by part, and come back by another; no text is
read on the way. What SymPy has no function for goes through as a function without a meaning.
All names stand for real numbers.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Final, TypeAlias

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

_Make: TypeAlias = Callable[..., Form]


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
        self._functions: dict[str, str] = {}
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
        self._functions[f"{name}_"] = name
        return sympy.Function(f"{name}_", real=True)(*arguments)

    def _counted(self, value: Any) -> Any:
        """Return a comparison as the number that it counts as."""
        if value.is_Relational or value.is_Boolean:
            return self.sympy.Piecewise((1, value), (0, True))
        return value

    # And back

    def _from_sympy(self, forms: Forms, root: Any) -> Form:
        sympy = self.sympy
        euler = forms.constant("e") if self._euler else forms.call("exp", (forms.one,))
        leaves = {sympy.pi: forms.constant("pi"), sympy.E: euler, **self._leaves}
        leaves |= {sympy.true: forms.one, sympy.false: forms.zero}
        makes = self._makes(forms)
        known: dict[Any, Form] = {}
        for part in sympy.postorder_traversal(root):
            if part.is_Rational:
                known[part] = forms.number(Fraction(int(part.p), int(part.q)))
            elif part in leaves:
                known[part] = leaves[part]
            elif (make := makes.get(type(part).__name__)) is not None:
                known[part] = make(*(known[inner] for inner in part.args))
            else:
                raise _UnwritableError
        return known[root]

    def _makes(self, forms: Forms) -> dict[str, _Make]:
        """Return what makes a form of others, by the name of SymPy's class."""
        of: Callable[[str], _Make] = lambda name: lambda *parts: apply(forms, name, parts)
        joined: Callable[[_Make], _Make] = lambda join: lambda *parts: functools.reduce(join, parts)
        chosen: _Make = lambda *parts: forms.call("where", parts)
        below: Callable[[str], _Make] = lambda name: lambda x: forms.div(forms.one, of(name)(x))
        makes: dict[str, _Make] = {
            **{word: of(name) for word, name in (*self._back.items(), *self._functions.items())},
            **{word: below(name) for word, name in _RECIPROCALS.items()},
            **{word: joined(of(self._back[word])) for word in ("Max", "Min")},
            "Add": joined(forms.add),
            "Mul": joined(forms.mul),
            "Pow": forms.power,
            "And": joined(lambda a, b: chosen(a, b, forms.zero)),
            "Or": joined(lambda a, b: chosen(a, forms.one, b)),
            "ExprCondPair": lambda value, condition: chosen(condition, value, forms.zero),
            "Piecewise": lambda *pairs: _chosen(forms, pairs),
            "polygamma": lambda n, x: (
                of("digamma")(x) if n == forms.zero else of("polygamma")(n, x)
            ),
        }
        if self._euler:
            makes["exp"] = lambda x: forms.power(forms.constant("e"), x)
        return makes


class _UnwritableError(Exception):
    """What the language has no spelling for, as i or an integral."""


def _chosen(forms: Forms, pairs: Sequence[Form]) -> Form:
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
