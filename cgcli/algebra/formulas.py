"""A program's derivatives as formulas: which, by what name, and where they hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

from cgcli.algebra.conditions import Conditions
from cgcli.algebra.derivative import Derivatives
from cgcli.algebra.edges import needed
from cgcli.algebra.forms import Forms
from cgcli.algebra.gradients import Gradients, check_axes
from cgcli.algebra.normal import read
from cgcli.algebra.places import filled, listed
from cgcli.algebra.sums import Condition, Form
from cgcli.algebra.wanted import Wanted, check_count, inputs_of, named, orders_of
from cgcli.algebra.write import Writer
from cgcli.errors import CgraphError, excerpt
from cgcli.graph.graph import Graph
from cgcli.operations.row import Shape

_POINTS: Final = 12
_EACH: Final = 20
_NODES: Final = 50_000
_UP_TO_THE_EDGE: Final = {">": "ge", ">=": "ge", "<": "le", "<=": "le", "==": "eq", "!=": "ne"}
_MANY: Final = 20
"""By more names than that, gradients are taken in one pass back, as those of vectors are."""

Rewrite = Callable[[Forms, Form], Form]


class Derivative(NamedTuple):
    """A derivative: its name, what of, by which names one after the other, and its node."""

    name: str
    of: str
    wrt: tuple[str, ...]
    node: int


class Holds(NamedTuple):
    """A condition in nodes: a sign between two, and branches within which it is asked for.

    Where one of the `domain` does not hold the program has no value. Of two numbers one holds
    `never`: what holds always is no condition.
    """

    left: int
    sign: str
    right: int
    guard: tuple[tuple[int, bool], ...]
    domain: bool
    never: bool = False


class Found(NamedTuple):
    """A derivative in forms, and the conditions it was asked for on the way to it."""

    of: str
    wrt: tuple[str, ...]
    form: Form
    asked: dict[Condition, None]


class Formulas:
    """Derivatives as nodes of one graph, in which what they share is one node.

    `rows` are the derivatives, `matrix` their names as a matrix where one was asked for, and
    `conditions` where the formulas stand for the program. `rewrite` is what is done to each
    derivative in the end. Formulas that are computed with rather than read are `accurate`: there
    the table's own rules stand, and not those of a textbook, and they are NaN where the program
    has no value. Raises `CgraphError`.

    >>> from cgcli.graph.text import inline
    >>> from cgcli.program import parse
    >>> found = Formulas(parse("x*y").graph(), Wanted())
    >>> [(row.name, inline(found.graph, row.node, lambda node: False)) for row in found.rows]
    [('f_x', 'y'), ('f_y', 'x')]
    """

    def __init__(
        self,
        graph: Graph,
        wanted: Wanted,
        rewrite: Rewrite | None = None,
        *,
        accurate: bool = False,
    ) -> None:
        self.source = graph
        self.wanted = wanted
        self.forms = Forms(accurate=accurate)
        self.forms.room += _EACH * len(graph)
        self.decimal = "." in graph.text
        self.names = inputs_of(graph, wanted)
        orders = orders_of(self.names, wanted)
        self.forms.moving = set(self.names if len(orders[0]) > 1 else ()) if accurate else None
        self._conditions = Conditions(self.forms)
        self._defined: dict[Condition, None] = {}
        self._lower: list[Form] = []
        needed = graph.ancestors([graph.output])
        size = sum(needed)
        if size > _NODES:
            message = f"formulas are written for up to {_NODES:,} nodes, and this has {size:,}"
            raise CgraphError("limit", message, "cgraph eval differentiates it in numbers")
        shaped = any(graph.shape(graph.inputs[name]) for name in self.names)
        self.tensors = shaped or (
            any(needed[node] for node in graph.tensors)
            and not (wanted.jacobian and self._is_list())
        )
        derived = self._derived(wanted, orders)
        asked = {condition: None for derivative in derived for condition in derivative.asked}
        forms = [derivative.form for derivative in derived]
        if rewrite is not None:
            forms = [self._rewritten(rewrite, form) for form in forms]
            asked.update(self._asked_more(derived, forms))
        domain, kept = self._kept(derived, forms, asked)
        if accurate and not self.tensors and len(self.names) <= _MANY:
            forms = list(map(self._within, derived, forms))
        writer = Writer(self.forms, list(graph.inputs), self.decimal)
        reserved = {*graph.names, *graph.inputs}
        self.rows = [
            Derivative(named(one.of, one.wrt, reserved), one.of, one.wrt, writer.node(form))
            for one, form in zip(derived, forms, strict=True)
        ]
        self.graph = writer.graph
        self.conditions = [self._holds(writer, one, one in domain) for one in kept]
        self.matrix = self._matrix(wanted)

    def _is_list(self) -> bool:
        """Whether the output is a list of scalars that are made of scalars alone."""
        graph = self.source
        if not graph.operations[graph.output].collects:
            return False
        elements = graph.arguments[graph.output]
        needed = graph.ancestors(elements)
        return not any(needed[node] for node in graph.tensors)

    @property
    def order(self) -> int:
        """The order of the derivatives."""
        return len(self.rows[0].wrt)

    # The derivatives

    def _derived(self, wanted: Wanted, orders: list[tuple[str, ...]]) -> list[Found]:
        graph, output = self.source, self.source.output
        name = graph.output_name
        elements = [output]
        if wanted.jacobian and not self.tensors and graph.shape(output):
            elements = list(graph.arguments[output])
        elif graph.shape(output) and not wanted.jacobian:
            message = f"'{excerpt(name)}' is no single number"
            hint = "add --jacobian, or ask for one element: f[0]"
            raise CgraphError("shape", message, hint)
        check_count(len(elements) * len(orders))
        several = graph.shape(output) and not self.tensors
        derived = self._backward if self.tensors or len(self.names) > _MANY else self._forward
        derivatives: list[Found] = []
        for k, node in enumerate(elements):
            derivatives += derived(f"{name}{k}" if several else name, node, orders)
        return derivatives

    def _forward(self, of: str, node: int, orders: list[tuple[str, ...]]) -> list[Found]:
        """Return the derivatives of a scalar, by one name after the other."""
        graph, conditions = self.source, self._conditions
        values = read(self.forms, graph, node)
        self._defined.update(conditions.asked_in(graph, values, node))
        by: dict[str, Derivatives] = {}
        steps: dict[tuple[str, ...], tuple[Form, dict[Condition, None]]] = {(): (values[node], {})}
        for wrt in orders:
            for k, name in enumerate(wrt):
                if wrt[: k + 1] in steps:
                    continue
                form, asked = steps[wrt[:k]]
                rule = by.setdefault(name, Derivatives(self.forms, name))
                if len(orders) == 1:
                    self.forms.check_growth(len(wrt) - k)
                if k:
                    here = conditions.asked(form, self.forms.dependents([form], [rule.by]))
                else:
                    active = graph.dependents([graph.inputs[name]])
                    here = conditions.asked_in(graph, values, node, active)
                steps[wrt[: k + 1]] = rule.of(form), {**asked, **here}
        return self._results(of, steps, orders)

    def _backward(self, of: str, output: int, orders: list[tuple[str, ...]]) -> list[Found]:
        """Return the derivatives of any node, by all names in one pass back."""
        steps: dict[tuple[str, ...], tuple[Form, dict[Condition, None]]]
        steps = {(): (self.forms.zero, {})}
        for k in range(len(orders[0])):
            for before in dict.fromkeys(wrt[:k] for wrt in orders):
                (form, asked), graph, node = steps[before], self.source, output
                if before:
                    writer = Writer(self.forms, list(self.source.inputs), self.decimal)
                    graph, node = writer.graph, writer.node(form)
                names = list(dict.fromkeys(wrt[k] for wrt in orders if wrt[:k] == before))
                made, conditions = self._pass(graph, node, names, k + 1)
                for name in names:
                    steps[(*before, name)] = made[name], {**asked, **conditions}
        return self._results(of, steps, orders)

    def _results(
        self,
        of: str,
        steps: dict[tuple[str, ...], tuple[Form, dict[Condition, None]]],
        orders: list[tuple[str, ...]],
    ) -> list[Found]:
        """Return the derivatives, and keep those on the way: where one jumps the next is none."""
        self._lower += [form for wrt, (form, _) in steps.items() if 0 < len(wrt) < len(orders[0])]
        return [Found(of, wrt, *steps[wrt]) for wrt in orders]

    def _pass(
        self, graph: Graph, node: int, names: list[str], order: int
    ) -> tuple[dict[str, Form], dict[Condition, None]]:
        forms = self.forms
        gradients = Gradients(forms, graph)
        values = gradients.read(node)
        present = [name for name in names if name in graph.inputs]
        shape = graph.shape(node)
        shapes = {name: self.source.shape(self.source.inputs[name]) for name in names}
        if shape:
            check_axes(shape, shapes, order)
            made = gradients.jacobian(node, present)
        else:
            made = {
                name: self._unfolded(listed(forms, gradient.form), gradient.shape, name)
                for name, gradient in gradients.of(node, present).items()
            }
        for name in names:
            if name not in made:
                made[name] = self._unfolded(forms.zero, (*shape, *shapes[name]), name)
        active = graph.dependents(graph.inputs[name] for name in present)
        if graph is self.source:
            self._defined.update(self._conditions.asked_in(graph, values, node))
        return made, self._conditions.asked_in(graph, values, node, active)

    def _unfolded(self, form: Form, shape: Shape, name: str) -> Form:
        """Return a form in all its shape, which is that of the input of that name."""
        like = self.forms.name(name, self.source.shape(self.source.inputs[name]))
        return filled(self.forms, form, shape, like if self.forms.shapes[like] == shape else None)

    def _matrix(self, wanted: Wanted) -> list[list[str]] | None:
        if self.tensors or not (wanted.hessian or wanted.jacobian):
            return None
        if wanted.hessian:
            names = {frozenset(row.wrt): row.name for row in self.rows}
            return [[names[frozenset({a, b})] for b in self.names] for a in self.names]
        labels, count = [row.name for row in self.rows], len(self.names)
        return [labels[k : k + count] for k in range(0, len(labels), count)]

    # Conditions

    def _rewritten(self, rewrite: Rewrite, form: Form) -> Form:
        """Return another formula for a derivative, if numbers find no difference."""
        from cgcli.calculus.passes import forward

        if self.tensors:
            message = "--simplify is for formulas of numbers"
            raise CgraphError("usage", message, "leave it out, or write elements as own names")
        granted = dict(self.forms.granted)
        other = rewrite(self.forms, form)
        self.forms.granted = granted
        writer = Writer(self.forms, list(self.source.inputs))
        nodes = writer.node(form), writer.node(other)
        for place in range(_POINTS):
            at = {
                name: math.sin(7.3 * k + 2.9 * place + 1) * (1 + place)
                for k, name in enumerate(writer.graph.inputs)
            }
            values = forward(writer.graph, at)
            a, b = (values[node] for node in nodes)
            finite = math.isfinite(a) and math.isfinite(b)
            if finite and not math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9):
                return form
        return other

    def _asked_more(self, derived: list[Found], forms: list[Form]) -> dict[Condition, None]:
        """Return the conditions that other formulas ask for, and the derivatives did not."""
        conditions = self._conditions
        more: dict[Condition, None] = {}
        for derivative, form in zip(derived, forms, strict=True):
            asked = conditions.asked(derivative.form)
            derivative.asked.update(asked)
            more.update(dict.fromkeys(conditions.untold(conditions.asked(form), derivative.asked)))
        return more

    def _kept(
        self, derived: list[Found], forms: list[Form], asked: dict[Condition, None]
    ) -> tuple[set[Condition], list[Condition]]:
        """Return the conditions that not every derivative shows by itself.

        First those without which the program has no value.
        """
        conditions = self._conditions
        granted = dict(self.forms.granted)
        everywhere: dict[Condition, None] = {}
        domain: dict[Condition, None] = {}
        edges: dict[Condition, None] = {}
        groups = [(condition.asked, [form]) for condition, form in zip(derived, forms, strict=True)]
        if len(derived) > _MANY:
            groups = [(asked, forms)]
        for asked_here, group in groups:
            shown = {condition: None for form in group for condition in conditions.shown(form)}
            everywhere.update(shown)
            domain.update(dict.fromkeys(conditions.untold(asked_here, shown)))
            edges.update(dict.fromkeys(conditions.untold(granted, shown)))
        domain.update(dict.fromkeys(conditions.untold(self._defined, everywhere)))
        unseen = [condition for condition in edges if condition not in domain]
        lower = [*self._lower, *forms]
        kept = [*domain, *needed(self.forms, self.source, lower, unseen), *self.forms.lost]
        return set(conditions.reduced(domain)), conditions.reduced(kept)

    def _within(self, derivative: Found, form: Form) -> Form:
        """Return a derivative that is NaN where its program has no value: 1/x of log(x) at -1.

        On the edge itself it is what its formula says, as in the backward pass: inf at 0.
        """
        forms, conditions = self.forms, self._conditions
        untold = conditions.untold(derivative.asked, conditions.shown(form))
        for left, sign, right, guard in conditions.reduced(untold):
            test = forms.call(_UP_TO_THE_EDGE[sign], (left, right))
            for choice, taken in reversed(guard):
                branches = (test, forms.one) if taken else (forms.one, test)
                test = forms.call("where", (choice, *branches))
            form = forms.call("where", (test, form, forms.constant("nan")))
        return form

    def _holds(self, writer: Writer, condition: Condition, domain: bool) -> Holds:
        left, right = writer.node(condition.left), writer.node(condition.right)
        guard = tuple((writer.node(choice), taken) for choice, taken in condition.guard)
        numbers = (self.forms.value(side) for side in (condition.left, condition.right))
        return Holds(left, condition.sign, right, guard, domain, None not in numbers)
