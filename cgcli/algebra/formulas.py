"""A program's derivatives as formulas: which, by what name, and where they hold."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from cgcli.algebra.derivative import Derivatives
from cgcli.algebra.forms import CALL, NUMBER, PRODUCT, SUM, Condition, Form, Forms
from cgcli.algebra.normal import read
from cgcli.algebra.write import Writer
from cgcli.calculus.kind import DOUBLES, Kind
from cgcli.errors import CgraphError, excerpt
from cgcli.graph.graph import Graph

__all__ = ["Derivative", "Formulas", "Wanted", "evaluated"]

_POSITIVE: Final = frozenset({"exp", "sigmoid", "cosh", "erfc", "softplus"})
_LOGARITHMS: Final = frozenset({"log", "log2", "log10"})
_MOST: Final = 2_000


class Wanted(NamedTuple):
    """What is asked for: by which names, to which order, and as which matrix, if as one."""

    wrt: tuple[str, ...] | None = None
    order: int | None = None
    hessian: bool = False
    jacobian: bool = False


class Derivative(NamedTuple):
    """A derivative: its name, what of, by which names one after the other, and its node."""

    name: str
    of: str
    wrt: tuple[str, ...]
    node: int


class Formulas:
    """Derivatives as nodes of one graph, in which what they share is one node.

    `rows` are the derivatives, `matrix` their names as a matrix where one was asked for, and
    `conditions` where the formulas stand for the program: a node, and a sign before 0. Raises
    `CgraphError`.

    >>> from cgcli.graph.text import inline
    >>> from cgcli.program import parse
    >>> found = Formulas(parse("x*y").graph(), Wanted())
    >>> [(row.name, inline(found.graph, row.node, lambda node: False)) for row in found.rows]
    [('f_x', 'y'), ('f_y', 'x')]
    """

    def __init__(self, graph: Graph, wanted: Wanted) -> None:
        self.source = graph
        self.forms = Forms()
        self._by: dict[str, Derivatives] = {}
        self.names = self._inputs(wanted)
        outputs = self._outputs(wanted)
        orders = self._orders(wanted)
        if len(outputs) * len(orders) > _MOST:
            message = f"these are {len(outputs) * len(orders):,} derivatives"
            raise CgraphError("limit", message, "ask for less with --wrt")
        found: list[tuple[str, tuple[str, ...], Form]] = []
        for name, form in outputs:
            found += [(name, wrt, self._derivative(form, wrt)) for wrt in orders]
        kept = self._kept([form for _, form in outputs], [form for _, _, form in found])
        decimal = "." in graph.text
        writer = Writer(self.forms, list(graph.inputs), decimal)
        reserved = {*graph.names, *graph.inputs}
        self.rows = [
            Derivative(_named(name, wrt, reserved), name, wrt, writer.node(form))
            for name, wrt, form in found
        ]
        self.graph = writer.graph
        self.conditions = [(writer.node(each.form), each.sign) for each in kept]
        self.matrix = self._matrix(wanted, len(outputs))

    def _inputs(self, wanted: Wanted) -> list[str]:
        graph = self.source
        if wanted.wrt is None:
            names = list(graph.inputs)
        else:
            names = list(dict.fromkeys(wanted.wrt))
            for name in names:
                if name not in graph.inputs:
                    raise _no_input(graph, name)
        if not names:
            message = "there is nothing to differentiate by: the program has no inputs"
            raise CgraphError("usage", message, "write a name in it: x^2")
        return names

    def _outputs(self, wanted: Wanted) -> list[tuple[str, Form]]:
        """Return what is differentiated: the output, or the elements of a list."""
        graph, output = self.source, self.source.output
        name = graph.names[output]
        stacked = graph.operations[output].name == "stack"
        if not stacked or not wanted.jacobian:
            if graph.shape(output):
                message = f"'{excerpt(name)}' is no single number"
                hint = "write a list of numbers, [f, g], and add --jacobian"
                raise CgraphError("shape", message, hint)
            return [(name, read(self.forms, graph, output))]
        elements = graph.arguments[output]
        return [
            (f"{name}{k}", read(self.forms, graph, element)) for k, element in enumerate(elements)
        ]

    def _orders(self, wanted: Wanted) -> list[tuple[str, ...]]:
        """Return the names to differentiate by, one after the other, of each derivative."""
        names, given = self.names, wanted.wrt or ()
        order = 2 if wanted.hessian else wanted.order
        if len(given) > len(names):
            # A name that stands twice asks for one mixed derivative.
            if order is not None and order != len(given):
                message = f"--order {order} and {len(given)} names in --wrt do not go together"
                raise CgraphError("usage", message, "leave --order out")
            return [tuple(given)]
        if order is None or order == 1:
            return [(name,) for name in names]
        if len(given) == order and not wanted.hessian:
            return [tuple(given)]
        return list(itertools.combinations_with_replacement(names, order))

    def _derivative(self, form: Form, wrt: Sequence[str]) -> Form:
        for name in wrt:
            if name not in self._by:
                self._by[name] = Derivatives(self.forms, name)
            form = self._by[name].of(form)
        return form

    def _matrix(self, wanted: Wanted, outputs: int) -> list[list[str]] | None:
        count = len(self.names)
        if wanted.hessian:
            names = {frozenset(row.wrt): row.name for row in self.rows}
            return [[names[frozenset({a, b})] for b in self.names] for a in self.names]
        if wanted.jacobian:
            each = [row.name for row in self.rows]
            return [each[k * count : (k + 1) * count] for k in range(outputs)]
        return None

    # Conditions

    def _kept(self, sources: list[Form], results: list[Form]) -> list[Condition]:
        """Return the conditions that neither the program nor its derivatives show by themselves."""
        forms = self.forms
        shown = _edges(forms, [*sources, *results])
        return [
            each
            for each in forms.conditions
            if not _is_positive(forms, each.form)
            and not (each.sign == "!=" and each.form in shown)
            and not (each.sign in (">", ">=") and shown.get(each.form) == ">")
        ]


def _is_positive(forms: Forms, form: Form) -> bool:
    if forms.kinds[form] == NUMBER:
        return bool(forms.parts[form])
    return forms.kinds[form] == CALL and forms.parts[form][0] in _POSITIVE


def _edges(forms: Forms, roots: Iterable[Form]) -> dict[Form, str]:
    """Return the forms that must not be 0 where some formulas have a value, or must be positive."""
    found: dict[Form, str] = {}
    pending = list(roots)
    seen = set(pending)
    while pending:
        form = pending.pop()
        kind, parts = forms.kinds[form], forms.parts[form]
        inner: list[Form] = []
        if kind == SUM:
            inner = [term for term, _ in parts[1]]
        elif kind == CALL:
            inner = list(parts[1])
            if parts[0] in _LOGARITHMS:
                found[inner[0]] = ">"
                for base in forms.factors(inner[0])[1]:
                    found.setdefault(base, "!=")
        elif kind == PRODUCT:
            for base, exponent in parts:
                inner += [base, exponent]
                power = forms.value(exponent)
                if power is not None and power.denominator != 1:
                    found[base] = ">"
                elif power is None or power < 0:
                    found.setdefault(base, "!=")
        fresh = [each for each in inner if each not in seen]
        seen.update(fresh)
        pending.extend(fresh)
    return found


def _named(of: str, wrt: tuple[str, ...], reserved: set[str]) -> str:
    """Return the name of a derivative, f_x or f_xy, that no node of the program has."""
    short = all(len(name) == 1 for name in wrt)
    name = f"{_plain(of)}_" + ("" if short else "_").join(map(_plain, wrt))
    while name in reserved:
        name += "_"
    reserved.add(name)
    return name


def _plain(name: str) -> str:
    """Return a name without brackets: h[2] is h_2."""
    return name.replace("[", "_").replace("]", "").replace(", ", "_").replace("-", "m")


def _no_input(graph: Graph, name: str) -> CgraphError:
    import difflib

    names = list(graph.inputs)
    close = difflib.get_close_matches(name[:40], names[:10_000], 1, 0.5)
    few = ", ".join(map(excerpt, names[:8])) + (" …" if len(names) > 8 else "")
    hint = f"did you mean '{close[0]}'?" if close else f"the inputs are {few}"
    if graph.node(name) is not None:
        hint = f"formulas are by the inputs, {few}"
    return CgraphError("name", f"'{excerpt(name)}' is no input", hint)


def evaluated(formulas: Formulas, values: dict[str, Any], kind: Kind = DOUBLES) -> list[Any]:
    """Return the value of each derivative at a point, in a kind of number.

    Raises `CgraphError` of kind exact or limit, where a formula has no exact number there.
    """
    graph = formulas.graph
    found = kind.forward(graph, {name: values[name] for name in graph.inputs})
    for row in formulas.rows:
        try:
            kind.require(graph, found[row.node], found)
        except CgraphError as error:
            # A formula stands in no text of the user's.
            error.message, error.places = f"{excerpt(row.name)}: {error.message}", ()
            raise
    return [kind.plain(found[row.node]) for row in formulas.rows]
