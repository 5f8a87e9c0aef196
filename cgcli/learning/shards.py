"""The shards of a table at workers: each has some of the rows, and computes their sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from cgcli.learning.objective import Measure, Objective, Whole
from cgcli.learning.parameters import Parameters
from cgcli.learning.preparing import Given, Prepared, build_graph, expression_of
from cgcli.learning.residuals import Triangles
from cgcli.learning.tables import CHUNK, Table, TableWriter
from cgcli.learning.task import Task
from cgcli.learning.workers import Workers
from cgcli.limits import MOST_COUNT, Limits
from cgcli.operations.row import Shape
from cgcli.plan.sweep import SHARD
from cgcli.program import parse


class Recipe(NamedTuple):
    """What a task is made of again: the program's text, and what each of its names is.

    `total` is how many rows there are in all; they are `in_memory`, or on disk.
    """

    text: str
    limits: Limits
    initial: Mapping[str, Any]
    fixed: Mapping[str, Any]
    metrics: Mapping[str, str]
    shapes: Mapping[str, Shape]
    columns: tuple[str, ...]
    scaling: Mapping[str, tuple[Any, Any]]
    mean: bool
    total: int
    in_memory: bool

    def task(self) -> Task:
        """Return the task, whose graph is the same node by node."""
        given = Given(parse(self.text, self.limits), self.initial, self.fixed, self.metrics)
        metrics = {name: (expression_of(text, name), text) for name, text in self.metrics.items()}
        graph, nodes = build_graph(given, metrics, self.shapes)
        parameters = Parameters(self.initial)
        return Task(
            graph, parameters, self.columns, self.fixed, self.scaling, nodes, mean=self.mean
        )


def summing(recipe: Recipe, kind: str, task: Task, table: Table) -> Whole:
    """Return what sums over the rows of a table: objective, measure, squares or residuals."""
    if kind == "objective":
        # Of rows on disk nothing is computed beforehand, wherever they come from.
        total = recipe.total if recipe.in_memory else MOST_COUNT
        return Objective(task, table, None, 0, rows=total).all_rows
    if kind == "residuals":
        return Triangles(task, table)
    return Measure(task, table, squared=kind == "squares").all_rows


class Worker:
    """A worker's part: rows that it is given and keeps, and their sums, asked for by kind."""

    def __init__(self, *recipe: Any) -> None:
        self._recipe = Recipe(*recipe)
        self._task = self._recipe.task()
        self._writer = TableWriter(2**62 if self._recipe.in_memory else 0)
        self._table: Table | None = None
        self._sums: dict[str, Whole] = {}

    def __call__(self, rows: Any, kind: str = "", flat: Any = None, careful: bytes = b"") -> Any:
        """Keep rows; or return for a kind the sums of each shard at some parameters, and of care.

        The shards are of the rows that are kept, or where rows come with the task of these alone.
        """
        if not kind:
            self._writer.add(rows)
            return None
        recipe, sums = self._recipe, self._sums
        if rows is not None:
            count = len(next(iter(rows.values())))
            sums, table = {}, Table(dict(recipe.shapes), count, rows, {}, "")
        else:
            self._table = table = self._table or self._writer.finish()
        np.copyto(self._task.parameters.flat, flat)
        if kind not in sums:
            sums[kind] = summing(recipe, kind, self._task, table)
        part = sums[kind]
        part.careful[:] = careful or part.careful
        with np.errstate(all="ignore"):
            part.begin(recipe.total)
            return list(part.sums()), bytes(part.careful)


class Shards:
    """A table's rows at workers: `sums` are those of every shard, in order, by kind."""

    def __init__(self, workers: Workers, prepared: Prepared, *, mean: bool) -> None:
        task, table, given = prepared.task, prepared.train, prepared.given
        assert given is not None
        self._workers, self._flat = workers, task.parameters.flat
        self._count = -(-table.count // SHARD)
        self._job = workers.job(
            Worker,
            given.program.text,
            given.program.limits,
            task.parameters.values(),
            task.constants,
            given.metrics,
            table.shapes,
            task.columns,
            task.scaling,
            mean,
            table.count,
            table.arrays is not None,
        )
        self._places = workers.spread(self._job, map(partial(_parts, table), range(self._count)))
        self._careful: dict[str, list[bytes]] = {}

    def sums(self, kind: str) -> Iterator[Any]:
        """Yield the sums of every shard at the task's parameters as they are now."""
        careful = self._careful.setdefault(kind, [b""] * len(self._places))
        tasks = ((rows, kind, self._flat, careful[k]) for k, rows in enumerate(self._places))
        results = list(self._workers.map(self._job, enumerate(tasks)))
        self._careful[kind] = [care for _, care in results]
        for number in range(self._count):
            parts, _ = results[number % len(results)]
            yield parts[number // len(results)]


def _parts(table: Table, number: int) -> Iterator[dict[str, Any]]:
    """Yield the rows of a shard, some at a time."""
    start = number * SHARD
    end = min(start + SHARD, table.count)
    for place in range(start, end, CHUNK):
        yield table.read(place, min(place + CHUNK, end))
