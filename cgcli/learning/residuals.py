"""Residuals and their Jacobian: those of every row, or of very many what the squares tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import numpy as np

from cgcli.errors import CgraphError
from cgcli.learning.objective import Whole
from cgcli.learning.tables import Table
from cgcli.learning.task import Task
from cgcli.operations.shapes import size
from cgcli.plan.sweep import SHARD

_MOST: Final = 2**30


class Residuals:
    """The residuals of a table's rows, the program's output, and their exact Jacobian.

    Both are brought to a `factor`, for numbers whose squares are none.
    """

    def __init__(self, task: Task, table: Table) -> None:
        self.flat, self.parameters = task.parameters.flat, task.parameters
        self.factor = 1.0
        self._done = False
        self._begin(task, table)

    def _begin(self, task: Task, table: Table) -> None:
        lowered, compiled = task.by_row()
        self.values = np.empty(table.count)
        parts = {n: np.empty((table.count, *task.parameters.shapes[n])) for n in lowered.parameters}
        self._parts = [parts[name].reshape(table.count, -1) for name in task.parameters.shapes]
        results = [self.values, *parts.values()]
        arrays = table.arrays or table.read(0, table.count)
        self._sweep = compiled.sweep(compiled.columns(arrays), table.count, results)

    def _run(self) -> None:
        self._sweep.run()

    def at(self, theta: Any) -> Any:
        """Return the residuals at some parameters; their derivatives are worked out with them."""
        if not (self._done and np.array_equal(theta, self.flat)):
            self._done = True
            np.copyto(self.flat, theta)
            self._run()
        return self.values * self.factor

    def jacobian(self, theta: Any) -> Any:
        """Return the Jacobian at some parameters, of shape rows by parameters."""
        self.at(theta)
        return np.concatenate(self._parts, axis=1) * self.factor


class Triangles(Whole):
    """The Jacobian of a table's rows, beside it the residuals, as the R of its QR by shards.

    The R of a shard is that of its rows; those of all, one below the other, have the R of the
    whole, which is worked out in their order: Demmel, Grigori, Hoemmen and Langou,
    Communication-optimal parallel and sequential QR and LU factorizations, SIAM J. Sci. Comput.
    34 (2012).
    """

    def __init__(
        self, task: Task, table: Table, workers: Callable[[], Iterator[Any]] | None = None
    ) -> None:
        lowered, compiled = task.by_row()
        shapes, flat = task.parameters.shapes, task.parameters.flat
        rows = min(table.count, SHARD) if workers is None else 0
        self._rows = np.empty((rows, flat.size + 1))
        views, place = {}, 0
        for name, shape in shapes.items():
            part = self._rows[:, place : place + size(shape)]
            views[name], place = part.reshape(rows, *shape), place + size(shape)
        results = [self._rows[:, -1], *(views[name] for name in lowered.parameters)]
        super().__init__(compiled, table, workers, results)

    def _sum(self, count: int) -> Any:
        return np.linalg.qr(self._rows[:count], mode="r")

    def triangle(self) -> Any:
        """Return the R of all rows at the task's parameters."""
        shards = self.shards()
        triangle = next(shards)
        for part in shards:
            triangle = np.linalg.qr(np.concatenate([triangle, part]), mode="r")
        return triangle


class ManyResiduals(Residuals):
    """Numbers with the squares and slopes that the residuals of very many rows have.

    With [J r] = Q R, the columns of R have the lengths of those of J and r, and the angles
    between them: least squares cannot tell them apart, and there are as many rows as columns.
    """

    def __init__(
        self, task: Task, table: Table, workers: Callable[[], Iterator[Any]] | None = None
    ) -> None:
        self._workers = workers
        super().__init__(task, table)

    def _begin(self, task: Task, table: Table) -> None:
        self._triangles = Triangles(task, table, self._workers)

    def _run(self) -> None:
        triangle = self._triangles.triangle()
        self.values, self._parts = triangle[:, -1], [triangle[:, :-1]]


def residuals_of(
    task: Task, table: Table, workers: Callable[[str], Iterator[Any]] | None = None
) -> Residuals:
    """Return the residuals of a table's rows; raises `CgraphError` for too many parameters."""
    width = task.parameters.flat.size + 1
    shards = -(-table.count // SHARD)
    if 8 * width * max(min(table.count, SHARD), shards * width) > _MOST:
        what = f"the Jacobian of {table.count:,} rows by {width - 1:,} parameters"
        hint = "leave --residual out, and square the program"
        raise CgraphError("limit", f"{what} is too large", hint)
    if shards == 1:
        return Residuals(task, table)
    return ManyResiduals(task, table, workers and partial(workers, "residuals"))
