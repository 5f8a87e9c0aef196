"""Residuals of a table's rows, and what they tell of the parameters near some values of these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from cgcli.errors import CgraphError
from cgcli.learning.objective import Triangles
from cgcli.learning.statistics import Spread, powers, sandwich, spread
from cgcli.learning.tables import Table
from cgcli.learning.task import Task
from cgcli.plan.sweep import SHARD

_MOST: Final = 2**30
"""So many bytes a Jacobian takes at most."""


class Residuals:
    """The residuals of a table's rows, the program's output, and their exact Jacobian.

    `run` returns them, and parts of the Jacobian, at the parameters as they are. Both
    are brought to a `factor`, for numbers whose squares are none; in `units` parameters have
    slopes that can be squared. They may have a `loss`. Where the Jacobian is not finite they are
    NaN: so a step that is too far leads back.
    """

    def __init__(self, task: Task, run: Callable[[], Sequence[Any]]) -> None:
        self.flat, self.parameters = task.parameters.flat, task.parameters
        self.factor, self.units, self.loss = 1.0, np.ones_like(self.flat), task.loss
        self._run = run
        self._parts: Sequence[Any] = ()

    def at(self, theta: Any) -> Any:
        """Return the residuals at some parameters; their derivatives are worked out with them."""
        if not (self._parts and np.array_equal(theta, self.flat)):
            np.copyto(self.flat, theta)
            self._parts = self._run()
            if not all(np.isfinite(part).all() for part in self._parts[1:]):
                self._parts = [np.full_like(part, np.nan) for part in self._parts]
        return self._parts[0] * self.factor

    def rescale(self, theta: Any) -> bool:
        """Choose factor and units by some parameters; return whether the factor is another."""
        before, left = self.factor, self.at(theta) / self.factor
        self.factor = 1.0 if self.loss else float(powers(np.abs(left).max(initial=0.0)))
        self.units = powers(np.abs(self.jacobian(theta)).max(axis=0, initial=0.0))
        return self.factor != before

    def jacobian(self, theta: Any) -> Any:
        """Return the Jacobian at some parameters, of shape rows by parameters."""
        self.at(theta)
        return np.concatenate(self._parts[1:], axis=1) * self.factor

    def around(self, theta: Any) -> tuple[Any, Any, float]:
        """Return residuals and Jacobian at some parameters, and what the residuals cost.

        Where that is a loss both have the weights whose squares have its gradient.
        """
        left, slopes, loss = self.at(theta), self.jacobian(theta), self.loss
        if loss is None:
            return left, slopes, float(left @ left)
        rho, first, _ = loss(left)
        roots = np.sqrt(first)
        return left * roots, slopes * roots[:, None], float(rho.sum())

    def known(self, theta: Any) -> Spread:
        """Return how far the residuals determine the parameters."""
        _, slopes, _ = self.around(theta)
        known = spread(slopes, self.parameters)
        if self.loss is None:
            return known
        return sandwich(known, self.jacobian(theta), self.at(theta), self.loss)


def residuals_of(task: Task, table: Table) -> Residuals:
    """Return the residuals of a table's rows; raises `CgraphError` for too many parameters.

    Of very many rows these are numbers with their squares and slopes: with [J r] = Q R, the
    columns of R have the lengths of those of J and r, and the angles between them. Least squares
    cannot tell them apart, and there are as many rows as columns.
    """
    width = task.parameters.flat.size + 1
    shards = -(-table.count // SHARD)
    kept = table.count if task.loss else max(min(table.count, SHARD), shards * width)
    if 8 * width * kept > _MOST:
        what = f"the Jacobian of {table.count:,} rows by {width - 1:,} parameters"
        hint = "leave --residual out, and square the program"
        raise CgraphError("limit", f"{what} is too large", hint)
    if shards > 1 and task.loss is None:
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
