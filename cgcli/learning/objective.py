"""The objective: the cost of a table's rows and its gradient, in batches or all at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cgcli.learning.batches import Batches
from cgcli.learning.tables import ROW, Table
from cgcli.learning.task import Task
from cgcli.plan.compiled import Compiled
from cgcli.plan.lower import Lowered
from cgcli.plan.sweep import Sweep

if TYPE_CHECKING:
    from cgcli.native.descent import Leaps

_HOISTED: Final = 256 * 2**20
"""What depends on the data alone is kept when it takes no more than so many bytes."""


class Whole:
    """A graph run over a whole table: in memory at once, from disk some rows at a time."""

    def __init__(self, compiled: Compiled, table: Table, turns: int = 1) -> None:
        self.compiled = compiled
        self.table = table
        self._turns = turns
        self._sweep: Sweep | None = None
        if table.arrays is not None:
            columns = compiled.columns(table.arrays)
            self._sweep = compiled.sweep(columns, table.count, turns=turns)

    def run(self) -> None:
        """Run the plan over all rows; the compiled graph has the totals then."""
        if self._sweep is not None:
            self._sweep.run()
            return
        compiled, plan = self.compiled, self.compiled.plan
        plan.begin(self.table.count)
        plan.clear()
        for chunk in self.table.chunks():
            columns = compiled.columns(chunk)
            compiled.sweep(columns, len(chunk[ROW]), adding=True, turns=self._turns).add()
        plan.finish()


class Objective:
    """The cost of a table's rows at the task's parameters, and its gradient.

    `gradient` is the flat vector of the last batch's, and `cost` its cost. Where the table is in
    memory, what depends on the data alone is computed once. It is to be run so many `epochs`.
    """

    def __init__(
        self, task: Task, table: Table, size: int | None, seed: int, epochs: int = 1
    ) -> None:
        self.task = task
        self.table = table
        self.gradient = np.zeros_like(task.parameters.flat)
        self.cost = 0.0
        lowered = task.lowered()
        views = task.parameters.look(self.gradient)
        self._views = [views[name] for name in lowered.parameters]
        self._cost = lowered.total(task.graph.output)
        self._places = lowered.gradient_totals()
        known = self._hoisted(lowered)
        places = [self._cost, *self._places]
        self.compiled = compiled = Compiled(
            lowered, task.parameters.views, places, known=known, engine=task.engine
        )
        self._epochs = epochs
        self.full = size is None or size >= table.count
        self.batches: Batches | None = None
        if self.full:
            self._all_rows = Whole(compiled, table, epochs)
            return
        assert size is not None
        columns = None if table.arrays is None else compiled.columns(table.arrays)
        self.batches = Batches(table, size, seed, columns)
        buffers = self.batches.buffers
        self._buffers = buffers if columns is not None else compiled.columns(buffers)
        self._sweeps: dict[int, Sweep] = {}

    def _hoisted(self, lowered: Lowered) -> dict[int, Any]:
        """Return the values of what depends on the data alone, by place."""
        table = self.table
        if table.arrays is None or not table.count:
            return {}
        tape = lowered.tape
        values: dict[int, Any] = {}
        room = _HOISTED
        for place in lowered.constant_columns():
            instruction = tape[place]
            dtype = bool if instruction.truth else np.float64
            size = (
                table.count * int(np.prod(instruction.shape, dtype=int)) * np.dtype(dtype).itemsize
            )
            if size <= room:
                room -= size
                values[place] = np.empty((table.count, *instruction.shape), dtype=dtype)
        if not values:
            return {}
        compiled = Compiled(lowered, self.task.parameters.views, by_row=list(values))
        columns, results = compiled.columns(table.arrays), list(values.values())
        Sweep(compiled.plan, columns, table.count, results).run()
        return values

    def leaps(self) -> Leaps | None:
        """Return what takes steps of batches in memory in C, where the rows are compiled."""
        from cgcli.native.descent import Leaps
        from cgcli.native.program import Program

        program, batches, mean = self.compiled.program, self.batches, self.task.mean
        if batches is None or batches.columns is None or not isinstance(program, Program):
            return None
        parts = [*zip(self._places, self._views, strict=True)]
        size, gradient = batches.size, self.gradient
        return Leaps(program, batches.columns, size, gradient, self._cost, parts, mean=mean)

    @property
    def steps(self) -> int:
        """How many steps an epoch has."""
        return 1 if self.batches is None else self.batches.count

    def epoch(self, number: int, start: int = 0) -> Iterator[tuple[int, float]]:
        """Yield for each batch of an epoch its number of rows and their cost.

        The gradient is that at the parameters as they are when the batch is asked for.
        """
        if self.batches is None:
            if start == 0:
                self._all_rows.run()
                yield self.table.count, self._result(self.table.count)
            return
        for count in self.batches.epoch(number, start):
            sweep = self._sweeps.get(count)
            if sweep is None:
                turns = self._epochs * self.batches.count
                sweep = self.compiled.sweep(self._buffers, count, turns=turns)
                self._sweeps[count] = sweep
            sweep.run()
            yield count, self._result(count)

    def _result(self, count: int) -> float:
        arrays = self.compiled.plan.arrays
        for view, place in zip(self._views, self._places, strict=True):
            np.copyto(view, arrays[place])
        cost = float(arrays[self._cost])
        if not self.task.mean:
            return cost
        self.gradient /= count
        return cost / count


class Measure:
    """The cost and the metrics of a table's rows, without gradients; of residuals their squares."""

    def __init__(self, task: Task, table: Table, *, squared: bool = False) -> None:
        self.task = task
        self.count = table.count
        lowered = task.lowered()
        self._cost = lowered.total(task.graph.output, squared=squared)
        self._metrics = {name: lowered.total(node) for name, node in task.metrics.items()}
        places = [self._cost, *self._metrics.values()]
        self._all_rows = Whole(Compiled(lowered, task.parameters.views, places), table)

    def run(self) -> tuple[float, dict[str, float]]:
        """Return the cost, and the mean of each metric over the rows."""
        self._all_rows.run()
        arrays = self._all_rows.compiled.plan.arrays
        cost = float(arrays[self._cost]) / (self.count if self.task.mean else 1)
        return cost, {n: float(arrays[p]) / self.count for n, p in self._metrics.items()}


def measured(**parts: Measure | None) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Return the cost of parts of the rows, and each metric of them, by the parts' names."""
    runs = {name: measure.run() for name, measure in parts.items() if measure is not None}
    metrics: dict[str, dict[str, float]] = {}
    for part, (_, values) in runs.items():
        for name, value in values.items():
            metrics.setdefault(name, {})[part] = value
    return {part: cost for part, (cost, _) in runs.items()}, metrics
