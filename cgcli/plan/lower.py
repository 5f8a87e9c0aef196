"""Graph → tape: the program of one data point, lowered once for all rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from cgcli.graph.graph import Graph
from cgcli.plan.cells import Cell, Number, filled, fit, written
from cgcli.plan.functions import cells
from cgcli.plan.passes import CellSweep
from cgcli.plan.stamps import StampedSweep
from cgcli.plan.sums import sum_rows
from cgcli.plan.tape import SUMS, Tape

SEED: Final = "#seed"
"""The column that a Jacobian's rows come from; no name of a program is like it."""
_FEW: Final = 200


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
        sweep: type[CellSweep] | None = None,
    ) -> None:
        self.graph = graph
        # Of a few nodes hardly any are alike.
        sweep = sweep or (StampedSweep if len(graph) > _FEW else CellSweep)
        self.tape = Tape(gathers=sweep.gathers)
        self.m = cells(self.tape)
        self.parameters: list[str] = []
        leaves: dict[int, Number] = {}
        for name, node in graph.inputs.items():
            if name in columns:
                leaves[node] = self._column(name, node, columns[name])
            elif name in constants:
                value = constants[name]
                array = np.asarray(value, dtype=np.float64)
                leaves[node] = self._array(array) if array.shape else float(value)
            elif name not in missing:
                self.parameters.append(name)
                leaves[node] = self._leaf("parameter", name, node, rows=False)
        self.sweep = sweep(graph, self.m, self.tape)
        self.values = self.sweep.forward(leaves)

    def _array(self, value: Any) -> Cell:
        return Cell(self.tape, self.tape.array(value))

    def _leaf(self, operation: str, name: str, node: int, *, rows: bool) -> Cell:
        return written(self.tape, operation, (), self.graph.shape(node), name, rows=rows)

    def _column(self, name: str, node: int, scaling: tuple[Any, Any] | None) -> Cell:
        raw = self._leaf("column", name, node, rows=True)
        if scaling is None:
            return raw
        shift, scale = (np.asarray(part, dtype=np.float64) for part in scaling)
        parts = [self._array(part) if part.shape else float(part) for part in (shift, scale)]
        scaled: Cell = (raw - parts[0]) / parts[1]
        return scaled

    def total(self, node: int, *, squared: bool = False) -> int:
        """Return the place of a node's sum over all rows, or that of its squares."""
        value = self.values[node]
        total = sum_rows(self.tape, value * value if squared else value)
        return filled(self.tape, total, self.graph.shape(node)).place

    def gradient_totals(self, nodes: Sequence[int] | None = None) -> list[int]:
        """Return the places of the gradients of the cost, summed over the rows.

        They are by some nodes, or by the parameters.
        """
        return self._gradients(nodes, by_row=False)

    def gradient_rows(self, nodes: Sequence[int] | None = None) -> list[int]:
        """Return the places of the gradients of every row."""
        return self._gradients(nodes, by_row=True)

    def jacobian_rows(self, nodes: Sequence[int]) -> list[int]:
        """Return the places of the derivatives of an output of any shape, a row an element.

        The rows are those of a column, `SEED`, that holds for each element of the output the
        array of its shape with 1 there and 0 elsewhere.
        """
        seed = self._leaf("column", SEED, self.graph.output, rows=True)
        return self._gradients(nodes, by_row=True, seed=seed)

    def _gradients(
        self,
        nodes: Sequence[int] | None,
        *,
        by_row: bool,
        seed: Number | None = None,
    ) -> list[int]:
        graph = self.graph
        if nodes is None:
            nodes = [graph.inputs[name] for name in self.parameters]
        active = graph.dependents(nodes)
        gradients = self.sweep.gradients(active, by_row=by_row, seed=seed)
        return [self.shaped(node, gradients[node]) for node in nodes]

    def shaped(self, node: int, gradient: Number | None) -> int:
        """Return the place of a gradient by a node, in the node's shape; 0 for none."""
        shape = self.graph.shape(node)
        gradient = 0.0 if gradient is None else fit(gradient, shape)
        return filled(self.tape, gradient, shape).place

    def row(self, node: int) -> int:
        """Return the place of a node's value in each row."""
        return filled(self.tape, self.values[node], self.graph.shape(node)).place

    def constant_columns(self) -> list[int]:
        """Return the places that depend on the data alone and that others are computed from.

        They are the same at every step.
        """
        tape = self.tape
        places: dict[int, None] = {}
        for form, arguments in zip(tape.forms, tape.arguments, strict=True):
            if not form.varies and form.operation not in SUMS:
                continue
            for argument in arguments:
                inner = tape.forms[argument] if isinstance(argument, int) else None
                if inner and inner.rows and not inner.varies and inner.operation != "column":
                    places[int(argument)] = None
        return list(places)
