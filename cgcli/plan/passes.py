"""Both passes of a graph, written down on a tape by the table's own rules."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from cgcli.calculus.ends import mended
from cgcli.calculus.sums import Scattered, scattering
from cgcli.calculus.sweep import Masked, MaskedSweep
from cgcli.graph.graph import Graph
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.real import Careful
from cgcli.operations.row import Shape
from cgcli.plan.cells import Cell, Number, elementwise, filled, fit, shape_of, written
from cgcli.plan.sums import sum_rows
from cgcli.plan.tape import Tape

__all__ = ["CellSweep", "has_rows"]

_SPARSE: Final = 8
"""Where fewer than one element in so many is sent anything, those are put into zeros."""


def has_rows(value: Number) -> bool:
    """Whether a value is another one for each row."""
    return isinstance(value, Cell) and value.rows


class CellSweep(MaskedSweep):
    """Both passes, each node of whose arguments are cells writes the rules' instructions down.

    The leaves are cells and numbers. What is the same for all rows takes the sum of what the
    rows send to it; with `each` it takes what each of them sends.
    """

    def __init__(self, graph: Graph, m: Namespace, tape: Tape) -> None:
        super().__init__(graph)
        self._m = m
        self._tape = tape
        self._each = False
        self._scattering = scattering(m)
        # Flags of the nodes after a step, and of those after one that has a domain.
        self._stepped = self._bounded = bytearray(len(graph))
        # By node what a step lets pass: 0, or NaN where it came through a fault. Nodes that
        # nothing else was sent to are nil.
        self._taints: dict[int, Number] = {}
        self._nil: set[int] = set()
        # By node what was sent to some of its elements, by their indices.
        self._pieces: dict[int, dict[tuple[int, ...], Number]] = {}

    def book(self, node: int) -> Namespace:
        """Return the namespace of cells."""
        return self._m

    @property
    def scattering(self) -> Namespace:
        """The namespace of pullbacks."""
        return self._scattering

    def part(self, node: int) -> Number:
        """Return a node's value, as a cell where it is a vector or a matrix."""
        shape, value = self.graph.shape(node), self.values[node]
        return filled(self._tape, value, shape) if shape else value

    def times(
        self, node: int, place: int, upstream: Number, partial: Number, parts: Sequence[Number]
    ) -> Number:
        """Return contributions: doubles though a partial is none, and NaN outside a domain."""
        operation = self.graph.operations[node]
        if operation.step or (operation.domain is None and node in self._nil):
            return upstream
        if not operation.wide and operation.domain is None:
            return upstream * partial
        y: Any = self.values[node]
        numbers = (upstream, partial, y, *parts)
        if any(isinstance(number, Cell) for number in numbers):
            static = (operation.name, place)
            return elementwise(self._tape, "send", *numbers, static=static)
        return Careful(mended(operation, place, upstream, partial, y, parts))

    def is_bare(self, node: int) -> bool:
        """Whether what a node sends comes of steps alone, and is multiplied by nothing."""
        return node in self._nil

    def tainted(self, node: int) -> bool:
        """Whether a step sends anything, which is what came through a fault."""
        return True

    def ones(self, node: int) -> Number:
        """Return ones."""
        return filled(self._tape, 1.0, self.graph.shape(node))

    def truth(self, mask: Any, node: int) -> Number:
        """Return a mask as numbers."""
        return filled(self._tape, self._m.truth(mask), self.graph.shape(node))

    def decide(self, truth: Any) -> bool | None:
        """Return a truth of numbers; what cells are is not known yet."""
        return None if isinstance(truth, Cell) else bool(truth)

    def reduce(self, sent: Number, node: int, argument: int) -> Number:
        """Sum a contribution over the axes along which the argument was broadcast."""
        own, shape = self.graph.shape(node), self.graph.shape(argument)
        if self.graph.operations[node].elementwise and own != shape:
            if isinstance(sent, Cell):
                sent = fit(sent, own)
            else:
                # What is the same for all elements is so often added up as there are of them.
                sent *= np.prod(own, dtype=float) / np.prod(shape, dtype=float)
        return fit(sent, shape)

    def reach(self, mask: Cell, node: int, argument: int) -> Cell:
        """Return the mask of an argument."""
        reached: Cell = fit(fit(mask, self.graph.shape(node)), self.graph.shape(argument))
        return reached

    def forward(
        self, leaves: Mapping[int, Number], needed: bytearray | None = None
    ) -> list[Number]:
        """Return a cell or a number for every node; None where it needs what has no value."""
        taken: dict[int, Number] = {**self.graph.constants, **leaves}
        for node, value in taken.items():
            if not isinstance(value, Cell):
                constant = Cell(self._tape, self._tape.array(value)) if np.shape(value) else None
                taken[node] = Careful(value) if constant is None else constant
        return super().forward(taken, needed)

    def value(self, node: int, parts: list[Number]) -> Number:
        """Return the value of a node."""
        if any(part is None for part in parts):
            return None
        if not self.graph.operations[node].elementwise:
            parts = [self.part(argument) for argument in self.graph.arguments[node]]
        return super().value(node, parts)

    def settle(self, node: int, result: Number, parts: Sequence[Number]) -> Number:
        """Return a value in the shape of its node, with rows where an argument has them."""
        tape, shape = self._tape, self.graph.shape(node)
        if shape_of(result) != shape:
            result = filled(tape, result, shape)
        if not has_rows(result) and any(map(has_rows, parts)):
            # What is the same for all rows by luck, as x^0, still has a gradient a row.
            result = filled(tape, result, shape)
            result = written(tape, "repeat", (result,), shape, rows=True)
        return result if isinstance(result, Cell) else Careful(result)

    def gradients(
        self, active: bytearray, *, each: bool, seed: Number | None = None
    ) -> list[Number | None]:
        """Return the gradient of the output by every node; `seed` is that by itself, else 1."""
        self._each = each
        output = self.graph.output
        if seed is None:
            # A cost without data is the same in every row.
            summed = not each and not has_rows(self.values[output])
            seed = sum_rows(self._tape, 1.0) if summed else Careful(1.0)
        self.masks.clear()
        self._nil.clear()
        self._taints.clear()
        rows = [(node, row) for node, row in enumerate(self.graph.operations) if active[node]]
        self._stepped = self.graph.dependents([node for node, row in rows if row.step])
        self._bounded = self.graph.dependents([n for n, row in rows if row.domain is not None])
        self.backward(output, active, seed)
        for node in list(self._pieces):
            self._put_together(node)
        return self.sums.gradients

    def visits(self, of: int, active: bytearray) -> Iterator[int]:
        """Yield the nodes, each when all that was sent to it is put together."""
        for node in super().visits(of, active):
            self._put_together(node)
            yield node

    def add(self, node: int, sent: Masked) -> None:
        """Add a contribution; those to single elements are added up before they are arrays."""
        value = sent.value
        if type(value) is not Scattered:
            super().add(node, sent)
            return
        pieces = self._pieces.setdefault(node, {})
        # -1 is the last: each element has one name.
        shape = self.graph.shape(node)
        key = tuple(index % length for index, length in zip(value.indices, shape, strict=False))
        before = pieces.get(key)
        pieces[key] = value.value if before is None else before + value.value

    def _put_together(self, node: int) -> None:
        pieces = self._pieces.pop(node, None)
        if pieces is None:
            return
        shape = self.graph.shape(node)
        rows: dict[int, Number] = {}
        elements: dict[int, dict[int, Number]] = {}
        for (row, *column), value in pieces.items():
            if column:
                elements.setdefault(row, {})[column[0]] = value
            else:
                rows[row] = value
        for row, line in elements.items():
            stacked = self._stacked(line, shape[1:])
            rows[row] = rows[row] + stacked if row in rows else stacked
        super().add(node, Masked(self._stacked(rows, shape), self._marked(node, pieces)))

    def _marked(self, node: int, pieces: Iterable[tuple[int, ...]]) -> Cell | None:
        """Return the mask of some elements of a node; None for all, and where nobody asks."""
        flags = np.zeros(self.graph.shape(node))
        for indices in pieces:
            flags[indices] = 1.0
        if flags.all() or not self.graph.arguments[node]:
            return None
        marked: Cell = Cell(self._tape, self._tape.array(flags)) != 0
        return marked

    def _stacked(self, pieces: dict[int, Number], shape: Shape) -> Number:
        """Return the array of a shape that has some elements, or rows, and 0 for all others."""
        if len(pieces) * _SPARSE < shape[0]:
            like = filled(self._tape, 0.0, shape)
            parts = (self._m.scatter(value, like, place) for place, value in pieces.items())
            return functools.reduce(operator.add, parts)
        nothing = filled(self._tape, 0.0, shape[1:]) if len(shape) > 1 else 0.0
        return self._m.stack(*(pieces.get(place, nothing) for place in range(shape[0])))

    def send(
        self, node: int, places: Sequence[int], upstream: Number
    ) -> Iterator[tuple[int, Masked]]:
        """Yield what a node sends; put aside what came through a fault, for the steps before."""
        graph, row = self.graph, self.graph.operations[node]
        taint, nil = self._taints.pop(node, None), node in self._nil
        clean: Number = Careful(0.0)
        if row.step:
            if taint is None and not self._bounded[node]:
                return
            upstream, nil = clean if taint is None else taint, True
        for place, sent in self._sent(node, places, upstream):
            argument = graph.arguments[node][place]
            if not nil:
                self._nil.discard(argument)
            elif self.sums.gradients[argument] is None and argument not in self._pieces:
                self._nil.add(argument)
            if row.step:
                self._taint(argument, sent)
            yield place, sent
        if row.step or not self._stepped[node] or (taint is None and row.domain is None):
            return
        self._nil.add(node)
        for place, sent in self._sent(node, places, clean if taint is None else taint):
            self._taint(graph.arguments[node][place], sent)
        if not nil:
            self._nil.discard(node)

    def _taint(self, node: int, sent: Masked) -> None:
        """Keep apart what came through a fault, or a step after one, for the steps before."""
        if self._stepped[node]:
            value = sent.value.dense() if type(sent.value) is Scattered else sent.value
            before = self._taints.get(node)
            self._taints[node] = value if before is None else before + value

    def _sent(
        self, node: int, places: Sequence[int], upstream: Number
    ) -> Iterator[tuple[int, Masked]]:
        """Yield what a node sends, summed over the rows to what is the same for all of them."""
        m, graph = self._m, self.graph
        shape = graph.shape(node)
        if shape and not graph.operations[node].elementwise:
            upstream = filled(self._tape, upstream, shape)
        for place, sent in super().send(node, places, upstream):
            argument = graph.arguments[node][place]
            summed = not self._each and has_rows(self.values[node])
            if not summed or has_rows(self.values[argument]):
                yield place, sent
                continue
            mask = sent.mask if graph.arguments[argument] else None
            if mask is not None and mask.rows:
                mask = sum_rows(self._tape, m.truth(mask)) > 0
            value = sent.value
            if type(value) is Scattered:
                value.value = sum_rows(self._tape, value.value)
            else:
                value = sum_rows(self._tape, value)
            yield place, Masked(value, mask)
