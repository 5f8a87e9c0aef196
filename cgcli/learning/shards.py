"""The shards of a table at workers: each has some of the rows, and computes their sums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from cgcli.learning.given import Given, build_graph
from cgcli.learning.objective import Measure, Objective, Triangles, Whole
from cgcli.learning.preparing import Prepared
from cgcli.learning.tables import Table, TableWriter
from cgcli.learning.task import Task
from cgcli.learning.workers import Workers
from cgcli.limits import MOST_COUNT
from cgcli.plan.sweep import SHARD


def summing(kind: str, task: Task, table: Table) -> Whole:
    """Return what sums over the rows of a table: objective, measure, squares or residuals."""
    if kind == "objective":
        return Objective(task, table).all_rows
    if kind == "residuals":
        return Triangles(task, table)
    return Measure(task, table, squared=kind == "squares").all_rows


class Worker:
    """A worker's part: rows that it is given and keeps, and their sums, asked for by kind.

    Its task, whose graph is the same node by node, is made of all `parts` but that, and of the
    columns' shapes. `total` is how many rows there are in all; they are `in_memory`, or on disk.
    """

    def __init__(
        self, given: Given, shapes: Any, parts: Sequence[Any], total: int, in_memory: bool
    ) -> None:
        parameters, _, constants, *_ = parts
        given = given._replace(initial=parameters.values(), fixed=constants)
        self._task = Task(build_graph(given, shapes)[0], *parts)
        self._count, self._in_memory = total, in_memory
        self._writer = TableWriter(2**62 if in_memory else 0)
        self._table: Table | None = None
        self._sums: dict[str, Whole] = {}

    def __call__(self, rows: Any, kind: str = "", flat: Any = None, careful: bytes = b"") -> Any:
        """Keep rows; or return for a kind the sums of each shard at some parameters, and of care.

        The shards are of the rows that are kept, or where rows come with the task of these alone.
        """
        if not kind:
            self._writer.add(rows)
            return None
        sums = self._sums
        if rows is not None:
            sums, table = {}, Table(rows)
        else:
            self._table = table = self._table or self._writer.finish()
        np.copyto(self._task.parameters.flat, flat)
        # Of rows on disk nothing is computed beforehand, wherever they come from.
        table.total = self._count if self._in_memory else MOST_COUNT
        if kind not in sums:
            sums[kind] = summing(kind, self._task, table)
        part = sums[kind]
        part.careful[:] = careful or part.careful
        with np.errstate(all="ignore"):
            part.begin(self._count)
            return list(part.sums()), bytes(part.careful)


def share(workers: Workers, prepared: Prepared) -> None:
    """Give the rows to learn from to workers; their table returns the sums of every shard then."""
    task, table, given = prepared.task, prepared.train, prepared.given
    assert given is not None
    given = given._replace(initial={}, fixed={})
    recipe = (given, table.shapes, task[1:], table.count, not table.on_disk)
    job, starts = workers.job(Worker, *recipe), range(0, table.count, SHARD)
    places = workers.spread(job, [table.read(start, start + SHARD) for start in starts])
    careful: dict[str, list[bytes]] = {}

    def sums(kind: str) -> Iterator[Any]:
        flat, cares = task.parameters.flat, careful.get(kind, [b""] * len(places))
        tasks = ((rows, kind, flat, care) for rows, care in zip(places, cares, strict=True))
        results = list(workers.map(job, enumerate(tasks)))
        careful[kind] = [care for _, care in results]
        for number in range(len(starts)):
            parts, _ = results[number % len(results)]
            yield parts[number // len(results)]

    table.sums = sums
