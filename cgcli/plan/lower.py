"""Graph → tape: the program of one data point, lowered once for all rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from cgcli.graph.graph import Graph
from cgcli.plan.cells import Cell, Number, filled, fit
from cgcli.plan.functions import cells
from cgcli.plan.passes import backward_cells, forward_cells
from cgcli.plan.sums import sum_rows
from cgcli.plan.tape import Tape

__all__ = ["Lowered"]


class Lowered:
    """A graph's values and gradients as places on a tape.

    `columns` are the inputs that another value is given for in each row, each with its shift
    and scale or None; `constants` are those with one value for good; `missing` have none, and
    nothing is computed of them; all others are parameters.

    >>> from cgcli.program import parse
    >>> lowered = Lowered(parse("(w*x - y)^2").graph(), {"x": None, "y": None}, {})
    >>> [lowered.tape[place].operation for place in lowered.gradient_totals()]
    ['weigh']
    """

    def __init__(
        self,
        graph: Graph,
        columns: Mapping[str, tuple[Any, Any] | None],
        constants: Mapping[str, Any],
        missing: frozenset[str] = frozenset(),
    ) -> None:
        self.graph = graph
        self.tape = Tape()
        self.m = cells(self.tape)
        self.parameters = [
            name
            for name in graph.inputs
            if name not in columns and name not in constants and name not in missing
        ]
        leaves: dict[int, Number] = {}
        for name, node in graph.inputs.items():
            if name in columns:
                leaves[node] = self._column(name, node, columns[name])
            elif name in constants:
                value = constants[name]
                array = np.asarray(value, dtype=np.float64)
                leaves[node] = self._array(array) if array.shape else float(value)
            elif name not in missing:
                leaves[node] = self._leaf("parameter", name, node, rows=False)
        self.values = forward_cells(graph, self.m, self.tape, leaves)

    def _array(self, value: Any) -> Cell:
        return Cell(self.tape, self.tape.array(value))

    def _leaf(self, operation: str, name: str, node: int, *, rows: bool) -> Cell:
        shape = self.graph.shape(node)
        return Cell(self.tape, self.tape.write(operation, (), (name,), shape, rows=rows))

    def _column(self, name: str, node: int, scaling: tuple[Any, Any] | None) -> Cell:
        raw = self._leaf("column", name, node, rows=True)
        if scaling is None:
            return raw
        shift, scale = (np.asarray(each, dtype=np.float64) for each in scaling)
        parts = [self._array(each) if each.shape else float(each) for each in (shift, scale)]
        scaled: Cell = (raw - parts[0]) / parts[1]
        return scaled

    def total(self, node: int, *, squared: bool = False) -> int:
        """Return the place of a node's sum over all rows, or that of its squares."""
        value = self.values[node]
        found = sum_rows(self.tape, value * value if squared else value)
        return filled(self.tape, found, self.graph.shape(node)).place

    def gradient_totals(self) -> list[int]:
        """Return the places of the gradients of the cost, summed over the rows, by parameter."""
        return [
            filled(self.tape, 0.0 if each is None else each, self.graph.shape(node)).place
            for each, node in self._gradients(each=False)
        ]

    def gradient_rows(self, names: Iterable[str] | None = None) -> list[int]:
        """Return the places of each row's own gradients, by parameter or by other inputs."""
        return [
            filled(self.tape, 0.0 if each is None else fit(each, shape), shape).place
            for each, node in self._gradients(each=True, names=names)
            for shape in [self.graph.shape(node)]
        ]

    def _gradients(
        self, *, each: bool, names: Iterable[str] | None = None
    ) -> Iterable[tuple[Number | None, int]]:
        graph = self.graph
        sources = [graph.inputs[name] for name in (self.parameters if names is None else names)]
        active = graph.dependents(sources)
        found = backward_cells(graph, self.m, self.tape, self.values, active, each=each)
        return [(found[node], node) for node in sources]

    def row(self, node: int) -> int:
        """Return the place of a node's value in each row."""
        return filled(self.tape, self.values[node], self.graph.shape(node)).place

    def constant_columns(self) -> list[int]:
        """Return the places that depend on the data alone and that others are computed from.

        They are the same at every step.
        """
        tape = self.tape
        found: dict[int, None] = {}
        for place in range(len(tape)):
            own = tape[place]
            sums = own.operation in ("total", "weigh", "gram")
            if not own.varies and not sums:
                continue
            for argument in own.arguments:
                if not isinstance(argument, int):
                    continue
                inner = tape[argument]
                if inner.rows and not inner.varies and inner.operation != "column":
                    found[argument] = None
        return list(found)
