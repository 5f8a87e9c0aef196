"""Residuals and their Jacobian: those of every row, or of very many what the squares tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from cgcli.errors import CgraphError
from cgcli.learning.objective import Whole
from cgcli.learning.tables import Table
from cgcli.learning.task import Task
from cgcli.plan.sweep import SHARD

_MOST: Final = 2**30


class Residuals:
    """The residuals of a table's rows, the program's output, and their exact Jacobian.

    `run` returns them, and parts of the Jacobian, at the parameters as they are. Both
    are brought to a `factor`, for numbers whose squares are none.
    """

    def __init__(self, task: Task, run: Callable[[], Sequence[Any]]) -> None:
        self.flat, self.parameters = task.parameters.flat, task.parameters
        self.factor = 1.0
        self._run = run
        self._parts: Sequence[Any] = ()

    def at(self, theta: Any) -> Any:
        """Return the residuals at some parameters; their derivatives are worked out with them."""
        if not (self._parts and np.array_equal(theta, self.flat)):
            np.copyto(self.flat, theta)
            self._parts = self._run()
        return self._parts[0] * self.factor

    def jacobian(self, theta: Any) -> Any:
        """Return the Jacobian at some parameters, of shape rows by parameters."""
        self.at(theta)
        return np.concatenate(self._parts[1:], axis=1) * self.factor


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


def residuals_of(task: Task, table: Table) -> Residuals:
    """Return the residuals of a table's rows; raises `CgraphError` for too many parameters.

    Of very many rows these are numbers with their squares and slopes: with [J r] = Q R, the
    columns of R have the lengths of those of J and r, and the angles between them. Least squares
    cannot tell them apart, and there are as many rows as columns.
    """
    width = task.parameters.flat.size + 1
    shards = -(-table.count // SHARD)
    if 8 * width * max(min(table.count, SHARD), shards * width) > _MOST:
        what = f"the Jacobian of {table.count:,} rows by {width - 1:,} parameters"
        hint = "leave --residual out, and square the program"
        raise CgraphError("limit", f"{what} is too large", hint)
    if shards > 1:
        triangles = Triangles(task, table)

        def triangle() -> Sequence[Any]:
            both = triangles.triangle()
            return both[:, -1], both[:, :-1]

        return Residuals(task, triangle)
    compiled = task.by_row()
    results = [np.empty((table.count, *shape)) for shape in compiled.shapes]
    sweep = compiled.sweep(compiled.columns(table.columns), table.count, results)
    parts = [results[0], *(part.reshape(table.count, -1) for part in results[1:])]

    def run() -> Sequence[Any]:
        sweep.run()
        return parts

    return Residuals(task, run)
