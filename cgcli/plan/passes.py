"""Both passes of a graph, written down on a tape by the table's own rules."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cgcli.graph.graph import Graph
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.parts import Parts
from cgcli.numbers.real import Careful
from cgcli.plan.cells import Cell, Number, filled, fit, shape_of, where
from cgcli.plan.sums import sum_rows
from cgcli.plan.tape import Tape

__all__ = ["backward_cells", "forward_cells", "has_rows"]


def has_rows(value: Number) -> bool:
    """Whether a value is another one for each row."""
    return isinstance(value, Cell) and value.rows


def forward_cells(
    graph: Graph, m: Namespace, tape: Tape, leaves: Mapping[int, Number]
) -> list[Number]:
    """Return a cell or a number for every node that is computed from the leaves' values.

    `leaves` has the inputs; a node that needs an input which is missing there is None.
    """
    values: list[Number] = []
    for node, (operation, arguments) in enumerate(
        zip(graph.operations, graph.arguments, strict=True)
    ):
        shape = graph.shape(node)
        if not arguments:
            value = leaves.get(node)
            if value is None and node in graph.constants:
                value = graph.constants[node]
                value = value if not np.shape(value) else Cell(tape, tape.array(value))
            values.append(Careful(value) if isinstance(value, float) else value)
            continue
        parts = [values[a] for a in arguments]
        if any(part is None for part in parts):
            values.append(None)
            continue
        tensor = not operation.elementwise
        if tensor:
            parts = _of_shapes(graph, tape, node, parts)
        fixed = graph.static.get(node, ()) if tensor else ()
        value = operation.value(m, *parts, *fixed)
        if shape_of(value) != shape:
            value = filled(tape, value, shape)
        if not has_rows(value) and any(map(has_rows, parts)):
            # What is the same for all rows by luck, as x^0, still has a gradient a row.
            value = filled(tape, value, shape)
            value = Cell(tape, tape.write("repeat", (value.place,), (), shape, rows=True))
        values.append(value if isinstance(value, Cell) else Careful(value))
    return values


def _of_shapes(graph: Graph, tape: Tape, node: int, parts: list[Number]) -> list[Number]:
    """Return the arguments as cells where they are vectors or matrices."""
    shapes = [graph.shape(a) for a in graph.arguments[node]]
    return [
        filled(tape, part, shape) if shape else part
        for part, shape in zip(parts, shapes, strict=True)
    ]


class _Pass:
    """A backward pass: the gradients so far, and where they reach at all."""

    def __init__(self, graph: Graph, m: Namespace, tape: Tape, values: list[Number]) -> None:
        self.graph = graph
        self.m = m
        self.tape = tape
        self.values = values
        self.gradients: list[Number | None] = [None] * len(graph)
        self.masks: dict[int, Cell] = {}
        self._every: tuple[int, list[Number]] = (-1, [])

    def add(self, node: int, sent: Number, mask: Cell | None) -> None:
        """Add a contribution; what either of two contributions reaches is reached."""
        before = self.gradients[node]
        if before is None:
            self.gradients[node] = sent
            if mask is not None:
                self.masks[node] = mask
            return
        self.gradients[node] = before + sent
        known = self.masks.pop(node, None)
        if known is not None and mask is not None:
            self.masks[node] = known | mask

    def send(self, node: int, place: int, upstream: Number) -> tuple[Number | None, Cell | None]:
        """Return a node's contribution to one argument, and what it reaches; None for nothing."""
        graph, m = self.graph, self.m
        operation = graph.operations[node]
        arguments = graph.arguments[node]
        shape = graph.shape(arguments[place])
        mask = self.masks.get(node)
        if not operation.elementwise:
            return self._pull_back(node, place, upstream, mask)
        parts = [self.values[a] for a in arguments]
        if operation.reaches is not None:
            reached = operation.reaches(m, place, *parts)
            if not isinstance(reached, Cell):
                if not reached:
                    return None, None
            else:
                mask = reached if mask is None else mask & reached
        sent = upstream * self.partial(node, place, parts)
        if mask is not None:
            sent = where(mask, sent, 0.0)
        own = graph.shape(node)
        if own != shape:
            # What is the same for all elements is so often added up as there are of them.
            mask = None if mask is None else fit(mask, own)
            if isinstance(sent, Cell):
                sent = fit(sent, own)
            else:
                sent *= np.prod(own, dtype=float) / np.prod(shape, dtype=float)
        return fit(sent, shape), None if mask is None else fit(mask, shape)

    def partial(self, node: int, place: int, parts: list[Number]) -> Number:
        """Return a local derivative; of any number of arguments, all are written down at once."""
        rules, y = self.graph.operations[node].partials, self.values[node]
        if isinstance(rules, tuple):
            return rules[place](self.m, y, *parts)
        if self._every[0] != node:
            self._every = (node, rules(self.m, y, *parts))
        return self._every[1][place]

    def _pull_back(
        self, node: int, place: int, upstream: Number, mask: Cell | None
    ) -> tuple[Number | None, Cell | None]:
        graph, m, tape = self.graph, self.m, self.tape
        operation = graph.operations[node]
        arguments = graph.arguments[node]
        shape = graph.shape(arguments[place])
        parts = Parts(range(len(graph)), arguments, self._of_shape)
        fixed = graph.static.get(node, ())
        assert operation.pullback is not None
        pull = operation.pullback
        own = graph.shape(node)
        up = filled(tape, upstream, own) if own else upstream
        value = self.values[node]
        if mask is None:
            sent = pull(m, place, up, value, parts, fixed)
            return (None, None) if sent is None else (fit(sent, shape), None)
        # Elements that are not reached are cut out of the values too: 0 times NaN is not 0.
        clean = Parts(range(len(graph)), arguments, lambda a: _finite(self._of_shape(a)))
        sent = pull(m, place, up, _finite(value), clean, fixed)
        if sent is None:
            return None, None
        if operation.mixes:
            reached = fit(mask.reduced("any", -1), shape[:-1])
            grown = reached.view("grow", (*shape[:-1], 1), len(shape) - 1)
            reached = fit(grown, shape)
        else:
            ones = Parts(range(len(graph)), arguments, lambda a: filled(tape, 1.0, graph.shape(a)))
            one = filled(tape, 1.0, own)
            flags = filled(tape, m.truth(mask), own)
            reached = fit(pull(m, place, flags, one, ones, fixed), shape) != 0
        return where(reached, fit(sent, shape), 0.0), reached

    def _of_shape(self, node: int) -> Number:
        """Return a node's value, as a cell where it is a vector or a matrix."""
        shape, value = self.graph.shape(node), self.values[node]
        return filled(self.tape, value, shape) if shape else value


def _finite(value: Number) -> Number:
    if not isinstance(value, Cell):
        return value
    finite = Cell(
        value.tape, value.tape.write("isfinite", (value.place,), (), value.shape, truth=True)
    )
    return where(finite, value, 0.0)


def backward_cells(
    graph: Graph,
    m: Namespace,
    tape: Tape,
    values: list[Number],
    active: bytearray,
    *,
    each: bool = False,
    seed: Number | None = None,
) -> list[Number | None]:
    """Return the gradient of the output, a scalar, by every node; None where nothing was sent.

    What is the same for all rows takes the sum of what the rows send to it; with `each` it
    takes what each of them sends. `seed` is the gradient of the output by itself, 1 unless it
    is given.
    """
    backward = _Pass(graph, m, tape, values)
    gradients = backward.gradients
    gradients[graph.output] = Careful(1.0) if seed is None else seed
    if not each and not has_rows(values[graph.output]):
        # A cost without data is the same in every row.
        gradients[graph.output] = sum_rows(tape, 1.0)
    for node in range(graph.output, -1, -1):
        upstream = gradients[node]
        if upstream is None:
            continue
        for place, argument in enumerate(graph.arguments[node]):
            if not active[argument]:
                continue
            sent, mask = backward.send(node, place, upstream)
            if sent is None:
                continue
            if not each and has_rows(values[node]) and not has_rows(values[argument]):
                sent = sum_rows(tape, sent)
                if not graph.arguments[argument]:
                    mask = None
                elif mask is not None and mask.rows:
                    mask = sum_rows(tape, m.truth(mask)) > 0
            backward.add(argument, sent, mask)
    return gradients
