"""Gradients of a graph with vectors and matrices, as forms: one pass back, the table's rules.

Every node's upstream gradient is a form; each rule sends it on, as the backward pass does with
numbers. A Jacobian is one pass, too: its rows are the gradient of the element that stands for
any of them, and are put together as a matrix where that has a form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cgcli.algebra.derivative import note_corners, note_edge
from cgcli.algebra.forms import Forms
from cgcli.algebra.normal import leaf
from cgcli.algebra.places import MOST, filled, listed, stacked
from cgcli.algebra.rows import Rows, placed
from cgcli.algebra.sums import Form
from cgcli.algebra.tensor import Tensor
from cgcli.algebra.tensors import Algebra
from cgcli.calculus.sweep import Sweep
from cgcli.errors import CgraphError, excerpt
from cgcli.graph.graph import Graph
from cgcli.numbers.namespace import Namespace
from cgcli.operations.row import Rule, Shape
from cgcli.operations.shapes import describe


class Gradients(Sweep):
    """The derivatives of a graph's nodes by its inputs, in forms that keep shapes.

    >>> from cgcli.program import parse
    >>> forms, graph = Forms(), parse("sum(x)*x[0]").graph({"x": [1, 2]})
    >>> found = Gradients(forms, graph).of(graph.output, ["x"])["x"]
    >>> found.shape, len(forms.terms(found.form)[1])
    ((2,), 2)
    """

    def __init__(self, forms: Forms, graph: Graph) -> None:
        self.algebra = Algebra(forms)
        super().__init__(graph, self.algebra)
        self.forms = forms

    @property
    def arrays(self) -> Namespace:
        """The namespace of forms."""
        return self.m

    @property
    def scattering(self) -> Namespace:
        """The namespace of pullbacks: forms write what is scattered as it is."""
        return self.m

    def run(self, node: int, rule: Rule, *numbers: Any) -> Any:
        """Return what a rule gives; of a value, what the algebra makes of the operation itself."""
        operation = self.graph.operations[node]
        known = getattr(self.m, operation.name, None) if operation.elementwise else None
        if known is not None and rule is operation.value:
            return known(*numbers)
        return super().run(node, rule, *numbers)

    def settle(self, node: int, result: Any, parts: Sequence[Any]) -> Tensor:
        """Return a form in the shape of its node; what is used again is a whole of its own."""
        form = Tensor.of(self.forms, result).form
        if self.graph.uses[node] > 1:
            self.forms.close(form)
        return Tensor(self.forms, form, self.graph.shape(node))

    def read(self, node: int) -> dict[int, Form]:
        """Return the forms of a node and of all that it is made of."""
        forms, graph = self.forms, self.graph
        needed = graph.ancestors([node])
        leaves = {
            place: Tensor(forms, leaf(forms, graph, place))
            for place, arguments in enumerate(graph.arguments)
            if needed[place] and not arguments and self.values[place] is None
        }
        values = self.forward(leaves, needed)
        return {place: value.form for place, value in enumerate(values) if value is not None}

    def of(self, node: int, names: Iterable[str], seed: Form | None = None) -> dict[str, Tensor]:
        """Return the gradients of a node by inputs, each with its shape; `seed` is upstream."""
        forms, graph = self.forms, self.graph
        self.read(node)
        inputs = {name: graph.inputs[name] for name in names}
        one = Tensor(forms, forms.one if seed is None else seed, graph.shape(node))
        gradients = self.backward(node, graph.dependents(inputs.values()), one)
        return {
            name: gradients[source] or Tensor(forms, forms.zero, graph.shape(source))
            for name, source in inputs.items()
        }

    def add(self, node: int, sent: Tensor) -> None:
        """Add a contribution."""
        before = self.sums.gradients[node]
        if isinstance(before, Tensor):
            total = self.forms.add(before.form, sent.form)
            sent = Tensor(self.forms, total, self.graph.shape(node))
        self.sums.gradients[node] = sent

    def send(self, node: int, places: Sequence[int], upstream: Any) -> Iterable[tuple[int, Any]]:
        """Return what a node sends; of a gradient that is 0 nothing."""
        return () if upstream.form == self.forms.zero else super().send(node, places, upstream)

    def multiply(
        self, node: int, places: Sequence[int], upstream: Any
    ) -> Iterator[tuple[int, Any]]:
        """Yield what an elementwise operation sends, and note where it has no derivative."""
        m, operation, arguments = self.m, self.graph.operations[node], self.graph.arguments[node]
        parts: list[Any] = [self.values[argument] for argument in arguments]
        for place in places:
            if operation.chooses:
                # The branch that is not taken is not multiplied by 0: it is sent 0.
                if not place:
                    note_edge(self.forms, m, parts[0].form)
                    continue
                sent = m.where(parts[0], *((upstream, 0) if place == 1 else (0, upstream)))
            else:
                note_corners(operation, m, parts)
                granted = dict(self.forms.granted)
                rule = operation.ruled(place, len(parts), accurate=self.forms.accurate)
                sent = upstream * rule(m, self.values[node], *parts)
                if operation.name == "pow":
                    # Its rules tell the powers of 0 apart, and their formulas show that themselves.
                    self.forms.granted = granted
            yield place, self.reduce(sent, node, arguments[place])

    def reduce(self, sent: Any, node: int, argument: int) -> Tensor:
        """Return a contribution in the shape of its argument."""
        elementwise = self.graph.operations[node].elementwise
        shape = self.graph.shape(node) if elementwise else getattr(sent, "shape", ())
        tensor = Tensor(self.forms, Tensor.of(self.forms, sent).form, shape)
        return self.algebra.reduce(tensor, self.graph.shape(argument))

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
        matrices = {}
        for name, row in rows.items():
            matrix = Rows(self.algebra).matrix(row.form, len(row.shape))
            if matrix is None:
                matrix = self._written_out(row, length)
            matrices[name] = filled(forms, matrix, (length, *row.shape))
        return matrices

    def _written_out(self, row: Tensor, length: int) -> Form:
        forms = self.forms
        width = row.shape[0] if row.shape else 1
        if length > MOST or width > MOST:
            message = f"the derivative of a vector of {length} has no matrix form here"
            hint = f"up to {MOST} elements are written out one by one: take smaller shapes"
            raise CgraphError("limit", message, hint)
        parts = (listed(forms, placed(forms, row.form, place)) for place in range(length))
        return stacked(forms, [filled(forms, part, row.shape) for part in parts])


def check_axes(shape: Shape, by: Mapping[str, Shape], order: int) -> None:
    """Raise `CgraphError` where derivatives of a shape by names of others have over two axes.

    Above the first `order` what has the shape is a derivative already.
    """
    for name, axes in by.items():
        rank = len(shape) + len(axes)
        if rank > 2:
            by_name = f"{excerpt(name)}, {describe(axes)}"
            message = f"the derivative of {describe(shape)} by {by_name}, has {rank} axes"
            element = "f[0, 0]" if len(shape) > 1 else "f[0]"
            hint = f"values have two at most: ask for one element, {element}"
            if order > 1:
                hint = "values have two at most: write elements as names of their own"
            fits = [known for known in by if len(by[known]) < 2]
            if fits and len(shape) < 2:
                hint += f", or only for --wrt {','.join(map(excerpt, fits[:8]))}"
            raise CgraphError("shape", message, hint)
