"""Gradients of a graph with vectors and matrices, as forms: one pass back, the table's rules.

Every node's upstream gradient is a form; each rule sends it on, as the backward pass does with
numbers. A Jacobian is one pass, too: its rows are the gradient of the element that stands for
any of them, and are put together as a matrix where that has a form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from cgcli.algebra.derivative import note_corners, note_edge
from cgcli.algebra.forms import Form, Forms
from cgcli.algebra.matrices import Algebra
from cgcli.algebra.normal import leaf
from cgcli.algebra.places import MOST, listed, stacked, whole
from cgcli.algebra.rows import Rows, placed
from cgcli.algebra.tensor import Tensor
from cgcli.algebra.tensors import reduce_to, tensors
from cgcli.errors import CgraphError, excerpt
from cgcli.graph.graph import Graph
from cgcli.numbers.parts import Parts
from cgcli.operations.row import Operation, Shape
from cgcli.operations.shapes import describe

__all__ = ["Gradients", "check_axes"]


class Gradients:
    """The derivatives of a graph's nodes by its inputs, in forms that keep shapes.

    >>> from cgcli.program import parse
    >>> forms, graph = Forms(), parse("sum(x)*x[0]").graph({"x": [1, 2]})
    >>> found = Gradients(forms, graph).of(graph.output, ["x"])["x"]
    >>> found.shape, len(forms.terms(found.form)[1])
    ((2,), 2)
    """

    def __init__(self, forms: Forms, graph: Graph, *, accurate: bool = False) -> None:
        self.forms = forms
        self.accurate = accurate
        self.graph = graph
        self.algebra = Algebra(forms)
        self.m = tensors(forms)
        self.values: list[Tensor | None] = [None] * len(graph)

    def value(self, node: int) -> Tensor:
        """Return the form of a node."""
        forms, graph, values = self.forms, self.graph, self.values
        needed = graph.ancestors([node])
        for each in range(node + 1):
            if not needed[each] or values[each] is not None:
                continue
            arguments = graph.arguments[each]
            if not arguments:
                values[each] = Tensor(forms, leaf(forms, graph, each))
                continue
            operation = graph.operations[each]
            own = [values[argument] for argument in arguments]
            if operation.elementwise:
                found = getattr(self.m, operation.name, None)
                if found is None:
                    found = lambda *a, rule=operation.value: rule(self.m, *a)
                made = found(*own)
            else:
                made = operation.value(self.m, *own, *graph.static.get(each, ()))
            form = made.form if isinstance(made, Tensor) else forms.number(Fraction(made))
            values[each] = Tensor(forms, form, graph.shape(each))
            if graph.uses[each] > 1:
                forms.close(form)
        result = values[node]
        assert result is not None
        return result

    def of(self, node: int, names: Iterable[str], seed: Form | None = None) -> dict[str, Tensor]:
        """Return the gradients of a node by inputs, each with its shape; `seed` is upstream."""
        forms, graph = self.forms, self.graph
        self.value(node)
        inputs = {name: graph.inputs[name] for name in names}
        active = graph.dependents(inputs.values())
        upstream: dict[int, Tensor] = {
            node: Tensor(forms, forms.one if seed is None else seed, graph.shape(node))
        }
        for each in range(node, -1, -1):
            up = upstream.get(each)
            if up is None or not graph.arguments[each] or up.form == forms.zero:
                continue
            for place, argument in enumerate(graph.arguments[each]):
                if not active[argument]:
                    continue
                sent = self._sent(each, place, up)
                if sent is None:
                    continue
                before = upstream.get(argument)
                total = sent.form if before is None else forms.add(before.form, sent.form)
                upstream[argument] = Tensor(forms, total, graph.shape(argument))
        zero = forms.zero
        return {
            name: upstream.get(each) or Tensor(forms, zero, graph.shape(each))
            for name, each in inputs.items()
        }

    def _sent(self, node: int, place: int, up: Tensor) -> Tensor | None:
        """Return what a node sends to one of its arguments."""
        graph, m = self.graph, self.m
        operation = graph.operations[node]
        arguments = Parts(self.values, graph.arguments[node])
        y = self.values[node]
        shape = graph.shape(graph.arguments[node][place])
        if not operation.elementwise:
            assert operation.pullback is not None
            sent = operation.pullback(m, place, up, y, arguments, graph.static.get(node, ()))
            if sent is None:
                return None
        elif operation.name == "where":
            # The branch that is not taken is not multiplied by 0: it is sent 0.
            if not place:
                note_edge(self.forms, arguments[0].form)
                return None
            sent = m.where(arguments[0], up, 0) if place == 1 else m.where(arguments[0], 0, up)
        else:
            note_corners(operation, self.m, [*arguments])
            granted = dict(self.forms.granted)
            sent = up * self._partial(operation, place, y, [*arguments])
            if operation.name == "pow":
                # Its rules tell the powers of 0 apart, and their formulas show that themselves.
                self.forms.granted = granted
        if not isinstance(sent, Tensor):
            sent = Tensor(self.forms, self.forms.number(Fraction(sent)))
        own = graph.shape(node) if operation.elementwise else sent.shape
        return reduce_to(self.algebra, Tensor(self.forms, sent.form, own), shape)

    def _partial(self, operation: Operation, place: int, y: Any, arguments: list[Any]) -> Any:
        """Return a partial; max(a, b, c) is max(max(a, b), c), by the rule for two."""
        m = self.m
        if operation.name not in ("max", "min") or len(arguments) < 3:
            return operation.ruled(place, accurate=self.accurate)(m, y, *arguments)
        before = [arguments[0]]
        for argument in arguments[1:]:
            before.append(getattr(m, operation.name)(before[-1], argument))
        total: Any = 1
        if place:
            total = operation.taught(1)(m, y, before[place - 1], arguments[place])
        for later in range(place + 1, len(arguments)):
            total = total * operation.taught(0)(m, y, before[later - 1], arguments[later])
        return total

    # Jacobians

    def jacobian(self, node: int, names: list[str]) -> dict[str, Form]:
        """Return the derivatives of a vector by inputs: shapes of output × input, rank 2 at most.

        Raises `CgraphError` where they are too large to write out, and for those of a matrix.
        """
        forms = self.forms
        shape = self.graph.shape(node)
        if len(shape) > 1 and names:
            message = f"the derivative of {describe(shape)} by {excerpt(names[0])} is not written"
            raise CgraphError("shape", message, "ask for one element: f[0, 0]")
        length = shape[0]
        rows = self.of(node, names, forms.unit(length))
        found = {}
        for name, row in rows.items():
            matrix = Rows(self.algebra, length).matrix(row.form)
            if matrix is None:
                matrix = self._written_out(row, length)
            found[name] = whole(forms, matrix, (length, *row.shape))
        return found

    def _written_out(self, row: Tensor, length: int) -> Form:
        forms = self.forms
        width = row.shape[0] if row.shape else 1
        if length > MOST or width > MOST:
            message = f"the derivative of a vector of {length} has no matrix form here"
            hint = f"up to {MOST} elements are written out one by one: take smaller shapes"
            raise CgraphError("limit", message, hint)
        parts = []
        for place in range(length):
            at = placed(forms, row.form, place)
            if row.shape:
                at = whole(forms, listed(forms, at), row.shape)
            parts.append(at)
        return stacked(forms, parts)


def check_axes(shape: Shape, by: Mapping[str, Shape], order: int) -> None:
    """Raise `CgraphError` where derivatives of a shape by names of others have over two axes.

    Above the first `order` what has the shape is a derivative already.
    """
    for name, own in by.items():
        rank = len(shape) + len(own)
        if rank > 2:
            message = (
                f"the derivative of {describe(shape)} by {excerpt(name)}, {describe(own)}, "
                f"has {rank} axes"
            )
            element = "f[0, 0]" if len(shape) > 1 else "f[0]"
            hint = f"values have two at most: ask for one element, {element}"
            if order > 1:
                hint = "values have two at most: write elements as names of their own"
            fits = [each for each in by if len(by[each]) < 2]
            if fits and len(shape) < 2:
                hint += f", or only for --wrt {','.join(map(excerpt, fits[:8]))}"
            raise CgraphError("shape", message, hint)
