"""Gradients of a graph with vectors and matrices, as forms: one pass back, the table's rules.

Every node's upstream gradient is a form; each rule sends it on, as the backward pass does with
numbers. A Jacobian is one pass, too: a row is the gradient of the element that stands for any of
them, a form in which "row" and "unit" calls stand for any row of a matrix, and for the vector that
has 1 at its place. The rows are put together as a matrix where that has a form.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cgcli.algebra.derivative import note_corners, note_edge
from cgcli.algebra.forms import Forms
from cgcli.algebra.normal import leaf
from cgcli.algebra.places import MOST, element, filled, listed, stacked
from cgcli.algebra.sums import CALL, Form
from cgcli.algebra.tensor import Tensor
from cgcli.algebra.tensors import Algebra
from cgcli.calculus.sweep import Sweep
from cgcli.errors import CgraphError, excerpt
from cgcli.graph.graph import Graph
from cgcli.numbers.namespace import Namespace
from cgcli.operations.row import LEVELS, Rule, Shape
from cgcli.operations.shapes import describe
from cgcli.operations.table import OPERATIONS


def placed(forms: Forms, form: Form, place: int) -> Form:
    """Return a form in which the rows that stand for any of them are those at a place."""
    known: dict[Form, Form] = {}
    for inside in forms.reachable([form]):
        inner = [known[part] for part in forms.inner(inside)]
        name, _, static = forms.parts[inside] if forms.kinds[inside] == CALL else ("", (), ())
        if name == "row":
            known[inside] = element(forms, inner[0], place)
        elif name == "unit":
            known[inside] = forms.call("onehot", (forms.number(place),), static)
        elif name == "index":
            known[inside] = functools.reduce(functools.partial(element, forms), static, inner[0])
        elif inner == (before := forms.inner(inside)):
            known[inside] = inside
        else:
            if name and not OPERATIONS[name].elementwise:
                # What comes to 0 is a number, and an operation of vectors takes none.
                pairs = zip(inner, before, strict=True)
                inner = [filled(forms, part, forms.shapes[old]) for part, old in pairs]
            known[inside] = forms.made_of(inside, inner)
    return known[form]


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
        self._depends: dict[Form, bool] = {}
        self._rows: dict[Form, Form | None] = {}

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
                if operation.level == LEVELS["power"]:
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
        rows = self.of(node, names, forms.call("unit", (), (length,)))
        matrices = {}
        for name, row in rows.items():
            matrix = self._matrix(row.form, len(row.shape))
            if matrix is None:
                if max((length, *row.shape)) > MOST:
                    message = f"the derivative of a vector of {length} has no matrix form here"
                    hint = f"up to {MOST} elements are written out one by one: take smaller shapes"
                    raise CgraphError("limit", message, hint)
                parts = (listed(forms, placed(forms, row.form, place)) for place in range(length))
                matrix = stacked(forms, [filled(forms, part, row.shape) for part in parts])
            matrices[name] = filled(forms, matrix, (length, *row.shape))
        return matrices

    def _matrix(self, row: Form, rank: int) -> Form | None:
        """Return the matrix of all rows, or the vector of all elements; None where none is known.

        Rows that are all alike are one row, which broadcasts; where a row has a rank and is one
        number over and over, the matrix is one column.
        """
        for form in self.forms.reachable([row]):
            depends = any(self._depends[part] for part in self.forms.inner(form))
            kind, parts = self.forms.kinds[form], self.forms.parts[form]
            self._depends[form] = depends or (kind == CALL and parts[0] in ("row", "unit"))
            self._rows[form] = self._put(form) if self._depends[form] else form
        return self._lined(row, rank)

    def _put(self, form: Form) -> Form | None:
        """Return all rows of a form that depends on which row it is."""
        forms = self.forms
        kind, parts = forms.kinds[form], forms.parts[form]
        rank = len(forms.shapes[form])
        if kind == CALL and parts[0] == "row":
            return forms.inner(form)[0]
        inner = [self._lined(part, rank) for part in forms.inner(form)]
        lined = [rows for rows in inner if rows is not None]
        if len(lined) < len(inner):
            return None
        operation = OPERATIONS.get(parts[0])
        if kind != CALL or (operation is not None and operation.elementwise):
            return forms.made_of(form, lined)
        return self._rows_of_product(parts[1]) if parts[0] == "matmul" else None

    def _lined(self, part: Form, rank: int) -> Form | None:
        """Return a part's rows as they broadcast beside those of the whole."""
        rows = self._rows[part]
        if rows is None or not self._depends[part]:
            return rows
        if rank and not self.forms.shapes[part]:
            like = Tensor(self.forms, self.forms.zero, (1, 1))
            return self.algebra.spread(Tensor(self.forms, rows), like, 1).form
        return rows

    def _rows_of_product(self, arguments: tuple[Form, Form]) -> Form | None:
        """Return the rows of a product with one factor that changes from row to row."""
        forms, algebra = self.forms, self.algebra
        (a, b), (left, right) = arguments, (self._rows[factor] for factor in arguments)
        changing, rows = (b, right) if self._depends[b] else (a, left)
        if left is None or right is None or rows is None or (self._depends[a] and changing == b):
            return None
        if len(forms.shapes[changing]) != 1 or len(forms.shapes[rows]) != 2:
            return None
        if changing == b:
            over = Tensor(forms, left)
            other = over if len(over.shape) == 1 else algebra.transpose(over)
            return algebra.product(Tensor(forms, right), other).form
        return algebra.product(Tensor(forms, left), Tensor(forms, right)).form


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
