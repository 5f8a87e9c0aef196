"""Both passes of a graph, written down on a tape by the table's own rules."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from cgcli.calculus.ends import mended
from cgcli.calculus.floats import is_outside
from cgcli.calculus.masks import Masked, MaskedSweep
from cgcli.calculus.sums import Scattered
from cgcli.graph.graph import Graph
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.real import Careful
from cgcli.operations.row import Shape, Static, selected
from cgcli.plan.cells import Cell, Number, elementwise, filled, fit, shape_of, written
from cgcli.plan.sums import sum_rows
from cgcli.plan.tape import Tape

_SPARSE: Final = 8
"""Where fewer than one element in so many is sent anything, those are put into zeros."""


def has_rows(value: Number) -> bool:
    """Whether a value is another one for each row."""
    return isinstance(value, Cell) and value.rows


class CellSweep(MaskedSweep):
    """Both passes, each node of whose arguments are cells writes the rules' instructions down.

    The leaves are cells and numbers. What is the same for all rows takes the sum of what the
    rows send to it; with `by_row` it takes what each of them sends.
    """

    gathers = True

    def __init__(self, graph: Graph, m: Namespace, tape: Tape) -> None:
        super().__init__(graph, m)
        self.tape = tape
        self.by_row = False
        # By node what was sent to some of its elements, by their indices.
        self._pieces: dict[int, dict[tuple[int, ...], Number]] = {}

    @property
    def arrays(self) -> Namespace:
        """The namespace of cells."""
        return self.m

    def part(self, node: int) -> Number:
        """Return a node's value, as a cell where it is a vector or a matrix."""
        shape, value = self.graph.shape(node), self.values[node]
        return filled(self.tape, value, shape) if shape else value

    def times(
        self, node: int, place: int, upstream: Number, partial: Number, parts: Sequence[Number]
    ) -> Number:
        """Return contributions: doubles though a partial is none, and NaN outside a domain."""
        operation = self.graph.operations[node]
        if not operation.wide and operation.domain is None:
            return upstream * partial
        y: Any = self.values[node]
        numbers = (upstream, partial, y, *parts)
        if any(isinstance(number, Cell) for number in numbers):
            static = (operation.name, place)
            return elementwise(self.tape, "send", *numbers, static=static)
        sent = mended(operation, place, upstream, partial, y, parts)
        outside = operation.domain is not None and bool(is_outside(operation, y, parts))
        return Careful(math.nan if outside and math.isfinite(sent) else sent)

    def pull_back(
        self, node: int, places: Sequence[int], upstream: Number
    ) -> Iterator[tuple[int, Masked]]:
        """Yield what a pullback sends: doubles though what upstream is multiplied by is none."""
        wide = self.graph.operations[node].wide
        for place, (sent, mask) in super().pull_back(node, places, upstream):
            mended = wide and isinstance(sent, Cell)
            yield place, Masked(self.mend(node, place, upstream, sent) if mended else sent, mask)

    def mend(self, node: int, place: int, upstream: Number, sent: Cell) -> Cell:
        """Return what a pullback sends, where its numbers left the doubles by wide ones."""
        operation, fixed = self.graph.operations[node], self.graph.static.get(node, ())
        x = self.part(self.graph.arguments[node][place])
        numbers, static = (sent, upstream, self.part(node), x), (operation.name, *fixed)
        return written(self.tape, "mend", numbers, sent.shape, *static)

    def ones(self, node: int) -> Number:
        """Return ones."""
        return filled(self.tape, 1.0, self.graph.shape(node))

    def truth(self, mask: Any, node: int) -> Number:
        """Return a mask as numbers."""
        return filled(self.tape, self.m.truth(mask), self.graph.shape(node))

    def decide(self, truth: Any) -> bool | None:
        """Return a truth of numbers; what cells are is not known yet."""
        return None if isinstance(truth, Cell) else bool(truth)

    def reduce(self, sent: Number, node: int, argument: int) -> Number:
        """Sum a contribution over the axes along which the argument was broadcast."""
        full, shape = self.graph.shape(node), self.graph.shape(argument)
        if self.graph.operations[node].elementwise and full != shape:
            if isinstance(sent, Cell):
                sent = fit(sent, full)
            else:
                # What is the same for all elements is so often added up as there are of them.
                sent *= np.prod(full, dtype=float) / np.prod(shape, dtype=float)
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
                constant = Cell(self.tape, self.tape.array(value)) if np.shape(value) else None
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
        tape, shape = self.tape, self.graph.shape(node)
        if shape_of(result) != shape:
            result = filled(tape, result, shape)
        if not has_rows(result) and any(map(has_rows, parts)):
            # What is the same for all rows by luck, as x^0, still has a gradient a row.
            result = filled(tape, result, shape)
            result = written(tape, "repeat", (result,), shape, rows=True)
        return result if isinstance(result, Cell) else Careful(result)

    def gradients(
        self,
        active: bytearray,
        *,
        by_row: bool,
        seed: Number | None = None,
        of: int | None = None,
        mask: Cell | None = None,
    ) -> list[Number | None]:
        """Return the gradient of a node by every node; `seed` is that by itself, else 1.

        The node is the output, unless `of` is another one; of an array the `mask` has the
        elements that are differentiated.
        """
        self.by_row = by_row
        output = self.graph.output if of is None else of
        if seed is None:
            # A cost without data is the same in every row.
            summed = not by_row and not has_rows(self.values[output])
            seed = sum_rows(self.tape, 1.0) if summed else Careful(1.0)
        self.masks.clear()
        if mask is not None:
            self.masks[output] = mask
        gradients = self.backward(output, active, seed)
        rows = self.graph.operations
        steps = [node for node, row in enumerate(rows) if active[node] and row.step]
        bounded = [n for n, row in enumerate(rows) if active[n] and row.domain is not None]
        if steps and bounded:
            self._add_taints(output, active, steps, bounded)
        return gradients

    def backward(self, of: int, active: bytearray, seed: Any) -> list[Number | None]:
        """Return the gradients, all that was sent put together."""
        gradients = super().backward(of, active, seed)
        for node in list(self._pieces):
            self._put_together(node)
        return gradients

    def _add_taints(
        self, output: int, active: bytearray, steps: list[int], bounded: list[int]
    ) -> None:
        """Add to the gradients what steps let pass: NaN of what came through a fault."""
        after = self.graph.dependents(bounded)
        mask = {output: self.masks[output]} if output in self.masks else {}
        to = TaintCells(self, self.graph.dependents(steps))
        to.masks.update(mask)
        taints = to.backward(output, active, Careful(0.0))
        entered = {
            step: Masked(taints[step], to.masks.get(step))
            for step in steps
            if isinstance(taints[step], Cell) or (taints[step] is not None and after[step])
        }
        behind = TaintCells(self, active, entered)
        behind.masks.update(mask)
        for node, taint in enumerate(behind.backward(output, active, None)):
            if isinstance(taint, Cell) or (taint is not None and taint != taint):
                self.sums.add(node, taint)

    def visits(self, of: int, active: bytearray) -> Iterator[int]:
        """Yield the nodes, each when all that was sent to it is put together."""
        for node in super().visits(of, active):
            if node in self._pieces:
                self._put_together(node)
            yield node

    def add(self, node: int, sent: Any) -> None:
        """Add a contribution; those to single elements are added up before they are arrays.

        What has no mask beside it reaches all.
        """
        value, mask = sent if type(sent) is Masked else (sent, None)
        if type(value) is not Scattered:
            if mask is None and node not in self.masks:
                self.sums.add(node, value)
            else:
                super().add(node, Masked(value, mask))
            return
        places = [index for index in value.indices if isinstance(index, int)]
        if len(places) < len(value.indices):
            super().add(node, Masked(value.dense(), self._marked(node, [value.indices])))
            return
        pieces = self._pieces.setdefault(node, {})
        # -1 is the last: each element has one name.
        shape = self.graph.shape(node)
        key = tuple(map(operator.mod, places, shape))
        before = pieces.get(key)
        pieces[key] = value.value if before is None else before + value.value

    def _put_together(self, node: int) -> None:
        pieces = self._pieces.pop(node)
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

    def _marked(self, node: int, pieces: Iterable[Static]) -> Cell | None:
        """Return the mask of some elements of a node; None for all, and where nobody asks."""
        flags = np.zeros(self.graph.shape(node))
        for indices in pieces:
            flags[selected(indices)] = 1.0
        if flags.all() or not self.graph.arguments[node]:
            return None
        marked: Cell = Cell(self.tape, self.tape.array(flags)) != 0
        return marked

    def _stacked(self, pieces: dict[int, Number], shape: Shape) -> Number:
        """Return the array of a shape that has some elements, or rows, and 0 for all others."""
        if len(pieces) * _SPARSE < shape[0]:
            like = filled(self.tape, 0.0, shape)
            parts = (self.m.scatter(value, like, place) for place, value in pieces.items())
            return functools.reduce(operator.add, parts)
        nothing = filled(self.tape, 0.0, shape[1:]) if len(shape) > 1 else 0.0
        return self.m.stack(*(pieces.get(place, nothing) for place in range(shape[0])))

    def send(self, node: int, places: Sequence[int], upstream: Number) -> Iterable[tuple[int, Any]]:
        """Return what a node sends, summed over the rows to what is the same for all of them."""
        shape = self.graph.shapes.get(node)
        if shape and not self.graph.operations[node].elementwise:
            upstream = filled(self.tape, upstream, shape)
        sends = self.sends(node, places, upstream)
        if self.by_row or not has_rows(self.values[node]):
            return sends
        return self._summed(node, sends)

    def sends(
        self, node: int, places: Sequence[int], upstream: Number
    ) -> Iterable[tuple[int, Any]]:
        """Return what a node sends for each row, with a mask beside it or none."""
        return super().send(node, places, upstream)

    def _summed(self, node: int, sends: Iterable[tuple[int, Any]]) -> Iterator[tuple[int, Masked]]:
        m, graph = self.m, self.graph
        for place, sent in sends:
            value, mask = sent if type(sent) is Masked else (sent, None)
            argument = graph.arguments[node][place]
            if has_rows(self.values[argument]):
                yield place, Masked(value, mask)
                continue
            mask = mask if graph.arguments[argument] else None
            if mask is not None and mask.rows:
                mask = sum_rows(self.tape, m.truth(mask)) > 0
            if type(value) is Scattered:
                value.value = sum_rows(self.tape, value.value)
            else:
                value = sum_rows(self.tape, value)
            yield place, Masked(value, mask)


class TaintCells(CellSweep):
    """A pass back of zeros that are NaN once they came through a fault, as cells.

    It goes to the nodes that are flagged. With `steps` it has what they send on of what came to
    them so, and nothing else.
    """

    bare = True

    def __init__(
        self, sweep: CellSweep, flags: bytearray, steps: dict[int, Masked] | None = None
    ) -> None:
        super().__init__(sweep.graph, sweep.m, sweep.tape)
        self.values, self.by_row = sweep.values, sweep.by_row
        self._sweep, self._flags, self._steps = sweep, flags, steps

    def tainted(self, node: int) -> bool:
        """Return whether a step sends on what comes to it."""
        return self._steps is not None

    def times(
        self, node: int, place: int, upstream: Number, partial: Number, parts: Sequence[Number]
    ) -> Number:
        """Return upstream, and NaN outside a domain."""
        if self.graph.operations[node].domain is None:
            return upstream
        return self._sweep.times(node, place, upstream, partial, parts)

    def mend(self, node: int, place: int, upstream: Number, sent: Cell) -> Cell:
        """Return what a pullback sends: nothing is multiplied."""
        return sent

    def visits(self, of: int, active: bytearray) -> Iterator[int]:
        """Yield the nodes that are flagged; the steps with what comes to them."""
        for node in super().visits(of, active):
            if self._steps and node in self._steps:
                self.add(node, self._steps[node])
            if self._flags[node]:
                yield node
