"""The objective: the cost of a table's rows and its gradient, in batches or all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cgcli.learning.batches import Batches
from cgcli.learning.tables import CHUNK, Table
from cgcli.learning.task import Task
from cgcli.plan.compiled import Compiled
from cgcli.plan.lower import Lowered
from cgcli.plan.sweep import SHARD, Sweep, block_rows

if TYPE_CHECKING:
    from cgcli.native.descent import Leaps

_HOISTED: Final = 256 * 2**20
"""What depends on the data alone is kept when it takes no more than so many bytes."""


class Whole:
    """A graph run over a whole table: in memory at once, from disk some rows at a time.

    The sums over the rows are those of its shards, added up in their order. With `workers` these
    come from them. Arrays `by_row` take the values of each row of a shard. Rows in memory, which
    are run so many `turns`, are compiled where there is an engine.
    """

    def __init__(
        self,
        compiled: Compiled,
        table: Table,
        workers: Callable[[], Iterator[Any]] | None = None,
        by_row: Sequence[Any] = (),
        turns: int = 1,
    ) -> None:
        self.compiled = compiled
        self.table = table
        self._workers = workers
        self._by_row = by_row
        self._starts = range(0, table.count, SHARD)
        self._sweeps: list[Sweep] = []
        self.careful = bytearray(len(self._starts))
        self._guarded = compiled.plan.guard.careful
        self._entire: Sweep | None = None
        if table.arrays is not None and workers is None:
            columns = compiled.columns(table.arrays)
            if compiled.engine is not None and not by_row:
                self._entire = compiled.sweep(columns, table.count, turns=turns)
            if compiled.program is not None:
                return
            self._entire = None
            for start in self._starts:
                part = {place: array[start : start + SHARD] for place, array in columns.items()}
                count, first = min(SHARD, table.count - start), next(iter(self._sweeps), None)
                kept = [array[:count] for array in by_row]
                self._sweeps.append(Sweep(compiled.plan, part, count, kept, beside=first))

    def run(self) -> None:
        """Run the plan over all rows; the compiled graph has the totals then."""
        if self._entire is not None:
            self._entire.run()
            return
        plan, shards = self.compiled.plan, self.shards()
        zeros = [np.zeros(plan.tape[place].shape) for place in plan.sums]
        totals = [np.array(part) for part in next(shards, zeros)]
        for shard in shards:
            for total, part in zip(totals, shard, strict=True):
                np.add(total, part, total)
        for place, total in zip(plan.sums, totals, strict=True):
            np.copyto(plan.arrays[place], total)
        plan.finish()

    def shards(self) -> Iterator[Any]:
        """Begin a step, and return the sums of all shards."""
        self.begin(self.table.count)
        return self.sums() if self._workers is None else self._workers()

    def begin(self, count: int) -> None:
        """Begin a step over so many rows in all, of which the table may have some."""
        guard = self.compiled.plan.guard
        guard.careful = self._guarded
        self.compiled.plan.begin(count)
        self._guarded = guard.careful

    def sums(self) -> Iterator[Any]:
        """Yield the sums over the rows of each shard, whose numbers alone decide on care."""
        guard = self.compiled.plan.guard
        for number, start in enumerate(self._starts):
            end = min(start + SHARD, self.table.count)
            guard.careful = self._guarded or bool(self.careful[number])
            if self._sweeps:
                self._sweeps[number].add()
            else:
                self._from_disk(start, end)
            self.careful[number] = guard.careful
            yield self._sum(end - start)
        guard.careful = self._guarded

    def _sum(self, count: int) -> Any:
        """Return what is summed of so many rows that were run last."""
        plan = self.compiled.plan
        return [plan.arrays[place].copy() for place in plan.sums]

    def _from_disk(self, start: int, end: int) -> None:
        plan, size = self.compiled.plan, block_rows(self.compiled.plan)
        several = size * max(1, CHUNK // size)
        adding = end - start > several
        if adding:
            plan.clear()
        for place in range(start, end, several):
            stop = min(place + several, end)
            columns = self.compiled.columns(self.table.read(place, stop))
            kept = [array[place - start : stop - start] for array in self._by_row]
            Sweep(plan, columns, stop - place, kept, adding=adding).add()


class Objective:
    """The cost of a table's rows at the task's parameters, and its gradient.

    `gradient` is the flat vector of the last batch's, and `cost` its cost. Where the table is in
    memory, what depends on the data alone is computed once. It may have some of all `rows`. Where
    there are `workers`, they return the sums of all rows by kind. It is to be run so many `epochs`.
    """

    def __init__(
        self,
        task: Task,
        table: Table,
        size: int | None,
        seed: int,
        *,
        workers: Callable[[str], Iterator[Any]] | None = None,
        rows: int | None = None,
        epochs: int = 1,
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
        known = {} if workers else self._hoisted(lowered, table.count if rows is None else rows)
        places = [self._cost, *self._places]
        self.compiled = compiled = Compiled(
            lowered, task.parameters.views, places, known=known, engine=task.engine
        )
        self._epochs = epochs
        self.full = size is None or size >= table.count
        self.batches: Batches | None = None
        if self.full:
            shards = workers and partial(workers, "objective")
            self.all_rows = Whole(compiled, table, shards, turns=epochs)
            return
        assert size is not None
        columns = None if table.arrays is None else compiled.columns(table.arrays)
        self.batches = Batches(table, size, seed, columns)
        buffers = self.batches.buffers
        self._buffers = buffers if columns is not None else compiled.columns(buffers)
        self._sweeps: dict[int, Sweep] = {}

    def _hoisted(self, lowered: Lowered, rows: int) -> dict[int, Any]:
        """Return the values of what depends on the data alone, by place.

        How many rows there are in all decides what is worth it.
        """
        table = self.table
        if table.arrays is None or not table.count:
            return {}
        tape = lowered.tape
        values: dict[int, Any] = {}
        room = _HOISTED
        for place in lowered.constant_columns():
            instruction = tape[place]
            dtype = bool if instruction.truth else np.float64
            size = rows * int(np.prod(instruction.shape, dtype=int)) * np.dtype(dtype).itemsize
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
                self.all_rows.run()
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

    def __init__(
        self,
        task: Task,
        table: Table,
        *,
        squared: bool = False,
        workers: Callable[[str], Iterator[Any]] | None = None,
    ) -> None:
        self.task = task
        self.count = table.count
        lowered = task.lowered()
        self._cost = lowered.total(task.graph.output, squared=squared)
        self._metrics = {name: lowered.total(node) for name, node in task.metrics.items()}
        places = [self._cost, *self._metrics.values()]
        compiled = Compiled(lowered, task.parameters.views, places)
        kind = "squares" if squared else "measure"
        self.all_rows = Whole(compiled, table, workers and partial(workers, kind))

    def run(self) -> tuple[float, dict[str, float]]:
        """Return the cost, and the mean of each metric over the rows."""
        self.all_rows.run()
        arrays = self.all_rows.compiled.plan.arrays
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
