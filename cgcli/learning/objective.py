"""The objective: the cost of a table's rows and its gradient, in batches or all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from cgcli.learning.batches import Batches
from cgcli.learning.tables import CHUNK, Table
from cgcli.learning.task import Task
from cgcli.plan.lower import Lowered
from cgcli.plan.plan import Plan
from cgcli.plan.sweep import Sweep

__all__ = ["Measure", "Objective", "Whole", "columns_of"]

_HOISTED: Final = 256 * 2**20
"""What depends on the data alone is kept when it takes no more than so many bytes."""


def columns_of(lowered: Lowered, plan: Plan) -> dict[int, str]:
    """Return the names of the columns that a plan reads, by their places."""
    tape = lowered.tape
    return {p: tape[p].static[0] for p in plan.columns if tape[p].operation == "column"}


class Whole:
    """A plan run over a whole table: in memory at once, from disk some rows at a time."""

    def __init__(
        self, plan: Plan, lowered: Lowered, table: Table, known: Mapping[int, Any] | None = None
    ) -> None:
        self.plan = plan
        self.table = table
        self._names = columns_of(lowered, plan)
        self._sweeps: dict[int, Sweep] = {}
        self._buffers: dict[int, Any] = {}
        if table.arrays is not None:
            arrays = {place: table.arrays[name] for place, name in self._names.items()}
            arrays.update({p: a for p, a in (known or {}).items() if p in plan.known})
            self._sweeps[table.count] = Sweep(plan, arrays, table.count)
            return
        for place in self._names:
            self._buffers[place] = np.empty((CHUNK, *lowered.tape[place].shape))

    def run(self) -> None:
        """Run the plan over all rows; it has the totals then."""
        if self.table.arrays is not None:
            self._sweeps[self.table.count].run()
            return
        plan = self.plan
        plan.begin(self.table.count)
        plan.clear()
        for chunk in self.table.chunks():
            rows = 0
            for place, name in self._names.items():
                rows = len(chunk[name])
                np.copyto(self._buffers[place][:rows], chunk[name])
            if rows not in self._sweeps:
                self._sweeps[rows] = Sweep(plan, self._buffers, rows, adding=True)
            self._sweeps[rows].add()
        plan.finish()


class Objective:
    """The cost of a table's rows at the task's parameters, and its gradient.

    `gradient` is the flat vector of the last batch's. Where the table is in memory, what depends
    on the data alone is computed once.
    """

    def __init__(self, task: Task, table: Table, size: int | None, seed: int) -> None:
        self.task = task
        self.table = table
        self.gradient = np.zeros_like(task.parameters.flat)
        self.lowered = lowered = task.lowered()
        views = task.parameters.look(self.gradient)
        self._views = [views[name] for name in lowered.parameters]
        self._cost = lowered.total(task.graph.output)
        self._places = lowered.gradient_totals()
        known = self._hoisted()
        views = task.parameters.views
        self.plan = Plan(lowered.tape, views, [self._cost, *self._places], known=known)
        self.full = size is None or size >= table.count
        self.batches: Batches | None = None
        if self.full:
            self._whole = Whole(self.plan, lowered, table, known)
            return
        assert size is not None
        names = columns_of(lowered, self.plan)
        columns = None
        if table.arrays is not None:
            columns = {place: table.arrays[name] for place, name in names.items()}
            columns.update({p: array for p, array in known.items() if p in self.plan.columns})
        self.batches = Batches(table, size, seed, columns)
        buffers = self.batches.buffers
        self._buffers = (
            buffers if columns is not None else {p: buffers[n] for p, n in names.items()}
        )
        self._sweeps: dict[int, Sweep] = {}

    def _hoisted(self) -> dict[int, Any]:
        """Return the values of what depends on the data alone, by place."""
        lowered, table = self.lowered, self.table
        if table.arrays is None or not table.count:
            return {}
        tape = lowered.tape
        found: dict[int, Any] = {}
        room = _HOISTED
        for place in lowered.constant_columns():
            own = tape[place]
            dtype = bool if own.truth else np.float64
            size = table.count * int(np.prod(own.shape, dtype=int)) * np.dtype(dtype).itemsize
            if size <= room:
                room -= size
                found[place] = np.empty((table.count, *own.shape), dtype=dtype)
        if not found:
            return {}
        plan = Plan(tape, self.task.parameters.views, each=list(found))
        names = columns_of(lowered, plan)
        arrays = {place: table.arrays[name] for place, name in names.items()}
        Sweep(plan, arrays, table.count, list(found.values())).run()
        return found

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
                self._whole.run()
                yield self.table.count, self._result(self.table.count)
            return
        for count in self.batches.epoch(number, start):
            sweep = self._sweeps.get(count)
            if sweep is None:
                sweep = self._sweeps[count] = Sweep(self.plan, self._buffers, count)
            sweep.run()
            yield count, self._result(count)

    def _result(self, count: int) -> float:
        value = self.plan.value
        for view, place in zip(self._views, self._places, strict=True):
            np.copyto(view, value(place))
        cost = float(value(self._cost))
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
        self._plan = Plan(lowered.tape, task.parameters.views, places)
        self._whole = Whole(self._plan, lowered, table)

    def run(self) -> tuple[float, dict[str, float]]:
        """Return the cost, and the mean of each metric over the rows."""
        self._whole.run()
        value = self._plan.value
        cost = float(value(self._cost)) / (self.count if self.task.mean else 1)
        return cost, {n: float(value(p)) / self.count for n, p in self._metrics.items()}
