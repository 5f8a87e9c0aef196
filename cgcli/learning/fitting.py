"""Fits by SciPy: L-BFGS for a cost, Levenberg and Marquardt's least squares for residuals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from cgcli.errors import CgraphError, required
from cgcli.learning.descent import DivergedError
from cgcli.learning.doubts import spread
from cgcli.learning.objective import Objective
from cgcli.learning.tables import Table
from cgcli.learning.task import Task
from cgcli.plan.sweep import Sweep

_MOST: Final = 2**30
_POLISH: Final = 20


class Fit(NamedTuple):
    """What a fit came to: why it stopped, in how many evaluations, and for least squares more.

    `errors` are the standard errors of the parameters, flat, infinite for what the rows do not
    determine, as the `doubts` say; `sum` is the sum of squares and `deviation` the residuals'
    standard deviation.
    """

    stopped: str
    evaluations: int
    errors: Any = None
    sum: float | None = None
    deviation: float | None = None
    doubts: Sequence[str] = ()


def fit_lbfgs(objective: Objective, iterations: int, tell: Callable[[float, float], bool]) -> Fit:
    """Minimise the cost by SciPy's L-BFGS-B, in place; `tell` sees each iteration, and may end it.

    Raises `DivergedError` where the cost is not finite at the start. Byrd, Lu,
    Nocedal and Zhu (1995).
    """
    optimize = required("scipy.optimize", "train", "for an optimiser of SciPy's")
    flat = objective.task.parameters.flat
    ((_, start),) = objective.epoch(0)
    if start - start != 0:
        raise DivergedError("the cost is not finite", flat)
    last = (0.0, 0.0)

    def function(theta: Any) -> tuple[float, Any]:
        nonlocal last
        np.copyto(flat, theta)
        ((_, cost),) = objective.epoch(0)
        last = cost, float(np.linalg.norm(objective.gradient))
        return cost, objective.gradient.copy()

    def callback(theta: Any) -> None:
        if tell(*last):
            raise StopIteration

    options = {"maxiter": iterations, "maxfun": 20 * iterations, "ftol": 1e-15, "gtol": 1e-10}
    with np.errstate(all="ignore"):
        outcome = optimize.minimize(
            function, flat.copy(), jac=True, method="L-BFGS-B", callback=callback, options=options
        )
    np.copyto(flat, outcome.x)
    why = outcome.message if isinstance(outcome.message, str) else outcome.message.decode()
    return Fit(f"L-BFGS: {why.strip().lower()}", int(outcome.nfev))


class Residuals:
    """The residuals of a table's rows, the program's output, and their exact Jacobian."""

    def __init__(self, task: Task, table: Table) -> None:
        flat = task.parameters.flat
        if table.arrays is None or 8 * table.count * flat.size > _MOST:
            what = f"the Jacobian of {table.count:,} rows by {flat.size:,} parameters"
            hint = "leave --residual out, and square the program"
            raise CgraphError("limit", f"{what} is too large", hint)
        self.flat = flat
        self._done = False
        lowered, compiled = task.by_row()
        self.values = np.empty(table.count)
        parts = {n: np.empty((table.count, *task.parameters.shapes[n])) for n in lowered.parameters}
        self._parts = [parts[name].reshape(table.count, -1) for name in task.parameters.shapes]
        results = [self.values, *parts.values()]
        self._sweep = Sweep(compiled.plan, compiled.columns(table.arrays), table.count, results)

    def at(self, theta: Any) -> Any:
        """Return the residuals at some parameters; their derivatives are worked out with them."""
        if not (self._done and np.array_equal(theta, self.flat)):
            self._done = True
            np.copyto(self.flat, theta)
            self._sweep.run()
        return self.values.copy()

    def jacobian(self, theta: Any) -> Any:
        """Return the Jacobian at some parameters, of shape rows by parameters."""
        self.at(theta)
        return np.concatenate(self._parts, axis=1)


def fit_residuals(task: Task, table: Table, evaluations: int) -> Fit:
    """Fit the parameters to residuals by Levenberg and Marquardt's method, in place.

    SciPy's MINPACK (Moré, 1978) goes as far as its stopping rule lets it; a few Gauss-Newton
    steps with the exact Jacobian bring the last digits. The standard errors are the roots of
    the diagonal of s² (JᵀJ)⁻¹, s² the sum of squares over the degrees of freedom. Raises
    `DivergedError` where a residual is not finite at the start.
    """
    optimize = required("scipy.optimize", "train", "for an optimiser of SciPy's")
    flat = task.parameters.flat
    if table.count < flat.size:
        message = f"{table.count:,} rows do not determine {flat.size:,} parameters"
        raise CgraphError("usage", message, "give more rows, or hold parameters with --fix")
    residuals = Residuals(task, table)
    least = 4 * float(np.finfo(float).eps)
    with np.errstate(all="ignore"):
        start = residuals.at(flat.copy())
        if not np.isfinite(start).all():
            raise DivergedError("the residuals are not finite", flat)
        outcome = optimize.least_squares(
            residuals.at, flat.copy(), residuals.jacobian, method="lm", x_scale="jac",
            ftol=least, xtol=least, gtol=least, max_nfev=evaluations,
        )  # fmt: skip
        theta = _polished(residuals, outcome.x)
        left = residuals.at(theta)
    total = float(left @ left)
    determined = spread(residuals.jacobian(theta), task.parameters)
    free = table.count - determined.rank
    errors = deviation = None
    if free > 0:
        deviation = float(np.sqrt(total / free))
        errors = deviation * determined.roots
        # 0 times infinity, where the residuals are 0: what is not determined is not.
        errors[determined.roots == np.inf] = np.inf
    why = "did not converge" if outcome.status == 0 else "converged"
    stopped, count = f"Levenberg-Marquardt {why}", int(outcome.nfev)
    return Fit(stopped, count, errors, total, deviation, determined.doubts)


def _polished(residuals: Residuals, theta: Any) -> Any:
    """Return the parameters after Gauss-Newton steps, as long as these lead downhill."""
    best, left = theta, residuals.at(theta)
    total = float(left @ left)
    length = np.inf
    for _ in range(_POLISH):
        slopes = residuals.jacobian(best)
        scale = np.linalg.norm(slopes, axis=0)
        scale[scale == 0] = 1.0
        step = np.linalg.lstsq(slopes / scale, -left, rcond=None)[0] / scale
        size = float(np.linalg.norm(step * scale))
        if not np.isfinite(size) or size >= length:
            break
        length = size
        candidate = best + step
        left = residuals.at(candidate)
        reached = float(left @ left)
        # At the minimum the sum of squares no longer tells steps apart; their length does.
        if not reached <= total * (1 + 1e-12):
            break
        best, total = candidate, reached
        if size == 0:
            break
    return best
