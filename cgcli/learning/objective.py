"""The objective: the cost of a table's rows and its gradient, in batches or all at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cgcli.learning.tables import Batches, Table
from cgcli.learning.task import Task
from cgcli.plan.compiled import Compiled
from cgcli.plan.lower import Lowered
from cgcli.plan.sweep import SHARD, Sweep

if TYPE_CHECKING:
    from cgcli.native.descent import Leaps

_HOISTED: Final = 256 * 2**20
"""What depends on the data alone is kept when it takes no more than so many bytes."""


class Whole:
    """A graph run over a whole table: in memory at once, from disk some rows at a time.

    The sums over the rows are those of its shards, added up in their order. Where workers have
    the rows they are asked for sums of a `kind`. Arrays `by_row` take the values of each row of a
    shard. Rows in memory, which are run so many `turns`, are compiled where there is an engine:
    those of one shard with all of a step.
    """

    def __init__(
        self,
        compiled: Compiled,
        table: Table,
        kind: str,
        by_row: Sequence[Any] = (),
        turns: int = 1,
    ) -> None:
        self.compiled = compiled
        self.table = table
        self._kind = kind
        self._by_row = by_row
        self._starts = range(0, table.count, SHARD)
        self._columns = compiled.columns(table.columns)
        self._sweeps: dict[int, Sweep] = {}
        self.careful = bytearray(len(self._starts))
        self._guarded = compiled.plan.guard.careful
        self._entire: Sweep | None = None
        plain = table.on_disk or bool(by_row)
        program = None if plain else compiled.compile(table.count * turns)
        if program is not None and table.count <= SHARD and table.sums is None:
            self._entire = compiled.sweep(self._columns, table.count)

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
        return self.sums() if self.table.sums is None else self.table.sums(self._kind)

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
            guard.careful = self._guarded or bool(self.careful[number])
            sweep = self._sweep(start)
            if self.compiled.program is not None:
                self.compiled.program.forget()
                self.compiled.plan.clear()
            sweep.add()
            self.careful[number] = guard.careful
            yield self._sum(sweep.count)
        guard.careful = self._guarded

    def _sweep(self, start: int) -> Sweep:
        """Return what runs a shard; it is kept where the rows are in memory."""
        sweep = self._sweeps.get(start)
        if sweep is None:
            count, first = min(SHARD, self.table.count - start), self._sweeps.get(0)
            part = {place: array[start : start + count] for place, array in self._columns.items()}
            kept = [array[:count] for array in self._by_row]
            if self.compiled.program is not None:
                sweep = self.compiled.sweep(part, count)
            else:
                sweep = Sweep(self.compiled.plan, part, count, kept, beside=first)
            if not (start and self.table.on_disk):
                self._sweeps[start] = sweep
        return sweep

    def _sum(self, count: int) -> Any:
        """Return what is summed of so many rows that were run last."""
        plan = self.compiled.plan
        return [plan.arrays[place].copy() for place in plan.sums]


class Triangles(Whole):
    """The Jacobian of a table's rows, beside it the residuals, as the R of its QR by shards.

    The R of a shard is that of its rows; those of all, one below the other, have the R of the
    whole, which is worked out in their order: Demmel, Grigori, Hoemmen and Langou,
    Communication-optimal parallel and sequential QR and LU factorizations, SIAM J. Sci. Comput.
    34 (2012).
    """

    def __init__(self, task: Task, table: Table) -> None:
        rows = min(table.count, SHARD) if table.sums is None else 0
        self._rows = np.empty((rows, task.parameters.flat.size + 1))
        slopes = task.parameters.look(self._rows[:, :-1])
        results = [self._rows[:, -1], *slopes.values()]
        super().__init__(task.by_row(), table, "residuals", results)

    def _sum(self, count: int) -> Any:
        return np.linalg.qr(self._rows[:count], mode="r")

    def triangle(self) -> Any:
        """Return the R of all rows at the task's parameters."""
        shards = self.shards()
        triangle = next(shards)
        for part in shards:
            triangle = np.linalg.qr(np.concatenate([triangle, part]), mode="r")
        return triangle


class Objective:
    """The cost of a table's rows at the task's parameters, and its gradient.

    `gradient` is the flat vector of the last batch's. Where the table is in memory, what depends
    on the data alone is computed once. It is to be run so many `epochs`.
    """

    def __init__(
        self,
        task: Task,
        table: Table,
        size: int | None = None,
        seed: int = 0,
        epochs: int = 1,
    ) -> None:
        self.task = task
        self.table = table
        self.gradient = np.zeros_like(task.parameters.flat)
        lowered = task.lowered()
        self._views = list(task.parameters.look(self.gradient).values())
        self._cost = lowered.total(task.graph.output)
        self._places = lowered.gradient_totals(task.inputs)
        known = {} if table.sums else self._hoisted(lowered)
        places = [self._cost, *self._places]
        self.compiled = compiled = Compiled(
            lowered, task.parameters.views, places, known=known, engine=task.engine
        )
        self._epochs = epochs
        self.full = size is None or size >= table.count
        self.batches: Batches | None = None
        if self.full:
            self.all_rows = Whole(compiled, table, "objective", turns=epochs)
            return
        assert size is not None
        self.batches = Batches(table, size, seed, compiled.columns(table.columns))
        self._sweeps: dict[int, Sweep] = {}

    def _hoisted(self, lowered: Lowered) -> dict[int, Any]:
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
            dtype = np.dtype(bool if instruction.truth else np.float64)
            size = table.total * math.prod(instruction.shape) * dtype.itemsize
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
        if batches is None or self.table.on_disk or not isinstance(program, Program):
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
                sweep = self.compiled.sweep(self.batches.buffers, count, turns=turns)
                self._sweeps[count] = sweep
            sweep.run()
            yield count, self._result(count)

    def at(self, theta: Any) -> tuple[float, Any]:
        """Return the cost of all rows at some parameters, and its gradient; the task keeps its.

        They are brought within their bounds, and what these hold has no gradient.
        """
        flat = self.task.parameters.flat
        kept = flat.copy()
        np.copyto(flat, theta)
        self.task.parameters.enter()
        ((_, cost),) = self.epoch(0)
        self.hold()
        np.copyto(flat, kept)
        return cost, self.gradient.copy()

    def hold(self) -> None:
        """Take from the gradient what the bounds of the parameters hold."""
        if self.task.parameters.bounded:
            self.gradient[self.task.parameters.held(self.gradient)] = 0.0

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
        self.task, self.table = task, table
        self.count = table.count
        lowered = task.lowered()
        self._cost = lowered.total(task.graph.output, squared=squared)
        self._metrics = {name: lowered.total(node) for name, node in task.metrics.items()}
        places = [self._cost, *self._metrics.values()]
        compiled = Compiled(lowered, task.parameters.views, places)
        self.all_rows = Whole(compiled, table, "squares" if squared else "measure")

    def run(self) -> tuple[float, dict[str, float]]:
        """Return the cost, and the mean of each metric over the rows."""
        self.all_rows.run()
        arrays = self.all_rows.compiled.plan.arrays
        cost, loss = float(arrays[self._cost]), self.task.loss
        if loss is not None:
            cost = sum(float(loss(part)[0].sum()) for part in self.task.costs(self.table))
        cost /= self.count if self.task.mean else 1
        return cost, {n: float(arrays[p]) / self.count for n, p in self._metrics.items()}


def measured(**parts: Measure | None) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Return the cost of parts of the rows, and each metric of them, by the parts' names."""
    runs = {name: measure.run() for name, measure in parts.items() if measure is not None}
    metrics: dict[str, dict[str, float]] = {}
    for part, (_, values) in runs.items():
        for name, value in values.items():
            metrics.setdefault(name, {})[part] = value
    return {part: cost for part, (cost, _) in runs.items()}, metrics
