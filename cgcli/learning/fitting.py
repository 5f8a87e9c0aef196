"""Fits by SciPy: L-BFGS for a cost, Levenberg and Marquardt's least squares for residuals.

And the errors of a cost that is a negative log-likelihood, by its curvature.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

from cgcli.errors import CgraphError, required
from cgcli.learning.curvature import curvature, root
from cgcli.learning.descent import DivergedError
from cgcli.learning.doubts import no_minimum
from cgcli.learning.objective import Objective
from cgcli.learning.residuals import Residuals, residuals_of
from cgcli.learning.statistics import Spread, Statistics, intervals, lengths, spread, statistics
from cgcli.learning.stopping import Doubt, DoubtKind, End, end_of_lbfgs
from cgcli.learning.tables import Table
from cgcli.learning.task import Task
from cgcli.words import counted

_STOPPED: Final = (1, 99)
"""What SciPy's status is where a limit was met, and where a callback ended a fit."""
_DEPTH: Final = 1e12
"""A cost that is so far below 0 will fall on."""
_WALL: Final = 10.0
_TINY: Final = 1e-6
"""A cost this small at the start has a small unit."""
_POLISH: Final = 20
_AGAIN: Final = 10
_LEVEL: Final = 1e-6
"""The part of the first gradient that is as good as 0, and of the residuals."""
_RARE: Final = 1e-3
"""How seldom chance alone makes a sum of squares that is doubted."""
_OFFSET: Final = 1e-3
_EXACT: Final = 1e-12
_ULPS: Final = 8 * float(np.finfo(float).eps)
"""Residuals this small beside what the parameters bring about are rounding."""
_AWAY: Final = 1e-3
"""In standard errors, how far from the maximum the parameters may be."""


class Fit(NamedTuple):
    """What a fit came to: its end, in how many evaluations, and its statistics, if any.

    Of several `starts`, how many were tried and how many ended there. One that is not `settled`
    came to a limit.
    """

    end: End
    evaluations: int
    statistics: Statistics | None = None
    starts: tuple[int, int] | None = None
    settled: bool = True


def fit_lbfgs(
    objective: Objective,
    iterations: int,
    tell: Callable[[float, float], End | None],
    first: float = 0.0,
) -> Fit:
    """Minimise the cost by SciPy's L-BFGS-B, in place; `tell` sees each iteration, and may end it.

    A gradient is as good as 0 beside that at the start, or beside a norm it was `first`. Raises
    `DivergedError` where one of the two is not finite at the start. The parameters are in the end
    those of the lowest cost where the last are of none. Byrd, Lu, Nocedal and Zhu (1995).
    """
    optimize = required("scipy.optimize", "train", "for an optimiser of SciPy's")
    parameters = objective.task.parameters
    flat = parameters.flat
    before = flat.copy()
    ((_, start),) = objective.epoch(0)
    objective.hold()
    steep = float(np.linalg.norm(objective.gradient))
    if start - start != 0 or not steep < np.inf:
        what = "the gradient is not finite" if start - start == 0 else "the cost is not finite"
        raise DivergedError(what, flat)
    first = max(first, steep)
    unit = width = 1.0
    if 1e-300 < abs(start) < _TINY and steep:
        # SciPy takes a cost of 1 for a small one, and 1 for the length of a first step.
        unit, width = 2.0 ** np.round(np.log2([1 / abs(start), abs(start) / steep]))
    last, at, lowest, end = (start, first), before, (start, before), None

    def function(point: Any) -> tuple[float, Any]:
        nonlocal last, at, lowest
        theta = width * point
        np.copyto(flat, theta)
        ((_, cost),) = objective.epoch(0)
        slope = objective.gradient.copy()
        objective.hold()
        norm = float(np.linalg.norm(objective.gradient))
        if not cost < np.inf or norm - norm != 0:
            # A step too far: what its search sees there leads it back.
            away = float(np.linalg.norm(theta - at))
            return unit * (last[0] + _WALL * last[1] * away), np.zeros_like(theta)
        last, at = (cost, norm), theta
        lowest = min(lowest, (cost, at), key=lambda known: known[0])
        return unit * cost, unit * width * slope

    def callback(theta: Any) -> None:
        nonlocal end
        end = tell(*last)
        if end or last[0] < -_DEPTH * max(1.0, abs(start)):
            raise StopIteration

    options = {"maxiter": iterations, "maxfun": 20 * iterations, "ftol": 1e-15, "gtol": 1e-10}
    evaluations, cost = 0, start
    with np.errstate(all="ignore"):
        # Where the gradient is not 0 the end may be one of the method's memory: again without.
        for _ in range(_AGAIN):
            outcome = optimize.minimize(
                function,
                flat / width,
                jac=True,
                method="L-BFGS-B",
                bounds=optimize.Bounds(parameters.low / width, parameters.high / width),
                callback=callback,
                options=options,
            )
            np.copyto(flat, width * outcome.x)
            evaluations += int(outcome.nfev)
            earlier, cost = cost, function(outcome.x)[0] / unit
            if not np.array_equal(at, width * outcome.x):
                cost = function(lowest[1] / width)[0] / unit
            if end or outcome.status in _STOPPED or last[1] <= _LEVEL * first or not cost < earlier:
                break
        if end is None:
            doubts = no_minimum(objective, before, cost, first)
            end = end_of_lbfgs(outcome, last[1] <= _LEVEL * first, doubts)
    return Fit(end, evaluations)


def fit_residuals(task: Task, table: Table, evaluations: int) -> Fit:
    """Fit the parameters to residuals by Levenberg and Marquardt's method, in place.

    SciPy's MINPACK (Moré, 1978) goes as far as its stopping rule lets it; a few Gauss-Newton
    steps with the exact Jacobian bring the last digits. Where that ends at parameters that the
    rows do not determine, a method that keeps its steps shorter tries from the start, and the
    lower sum of squares counts. The standard errors are the roots of the diagonal of s² (JᵀJ)⁻¹,
    s² the sum of squares over the degrees of freedom. Raises `DivergedError` where a residual,
    its gradient or its loss is not finite at the start.
    """
    flat = task.parameters.flat
    if table.count < flat.size:
        message = f"{table.count:,} rows do not determine {flat.size:,} parameters"
        raise CgraphError("usage", message, "give more rows, or hold parameters with --fix")
    residuals = residuals_of(task, table)
    with np.errstate(all="ignore"):
        begin = flat.copy()
        residuals.rescale(begin)
        if not residuals.around(begin)[2] < np.inf:
            what = "the cost is not finite"
            if not np.isfinite(residuals.at(begin)).all():
                fine = all(np.isfinite(part).all() for part in task.costs(table))
                what = "the gradient is not finite" if fine else "the residuals are not finite"
            raise DivergedError(what, flat)
        first = "trf" if task.parameters.bounded or task.loss else "lm"
        solution, known, count, status = _solved(residuals, begin, first, evaluations)
        if known.doubts and status:
            other = _solved(residuals, begin, "dogbox", evaluations)
            if residuals.around(other[0])[2] < (1 - _EXACT) * residuals.around(solution)[2]:
                solution, known, count, status = other
        residuals.at(solution)
        return judged(
            residuals, task, table, Fit(End("converged", ""), count, settled=bool(status))
        )


def judged(residuals: Residuals, task: Task, table: Table, fit: Fit) -> Fit:
    """Return a fit with the statistics at a task's parameters, and what they leave in doubt.

    That it is at a minimum is tested anew: there the residuals are at right angles to what the
    parameters can do: Bates and Watts, A relative offset orthogonality convergence criterion,
    Technometrics 23 (1981).
    """
    theta = residuals.flat.copy()
    residuals.rescale(theta)
    known = residuals.known(theta)
    doubts = [*known.doubts]

    def doubt(
        message: str, hint: str, kind: DoubtKind = "undetermined", *, grave: bool = False
    ) -> None:
        doubts.append(Doubt(kind, message, hint, grave))

    left, slopes = residuals.at(theta), residuals.jacobian(theta)
    figures = statistics(task, table, left, known, residuals.factor)
    if figures.t is not None and figures.degrees is not None:
        reach = (np.abs(slopes) @ np.abs(theta)).max(initial=0.0)
        if np.abs(left).max() <= _ULPS * reach:
            # What is left, and with it all errors, is 0 but for rounding: t is 0/0.
            none = np.full_like(figures.t, np.nan)
            figures = figures._replace(t=none, p=none)
            message = "every row lies on the fit to rounding: the errors are 0, and there is no t"
            hint = "that is as it should be for exact data; measured data would scatter"
            doubt(f"{message} and no p", hint)
    if figures.sum is not None and left.any() and not 0 < figures.sum < np.inf:
        message = "the sum of squares, and with it the cost, is outside the range of doubles"
        doubt(message, "all else holds; with the data in other units there is a sum")
    if figures.errors is not None:
        doubts += known.loosely(task.parameters, figures.errors)
    if (figures.r_squared or 0.0) < 0 and fit.settled and not doubts:
        message = "R² is below 0: the rows are nearer to one number than to the fit"
        hint = "start elsewhere, or write another program, its prediction first: a + b*x - y"
        doubt(message, hint)
    if figures.chi_square_p is not None and figures.chi_square_p < _RARE and fit.settled:
        message = "the rows lie farther from the fit than --sigma says"
        doubt(
            message, "write larger errors, or another program; --weights takes their ratios alone"
        )
    if not fit.settled:
        number = counted(fit.evaluations, "evaluation")
        message = f"least squares did not converge in {number} (--epochs)"
        why = Doubt("unconverged", message, "give it more, or start nearer to the answer")
        return fit._replace(end=End("stopped", message, (why, *doubts)), statistics=figures)
    left, slopes, _ = residuals.around(theta)
    held = residuals.parameters.held(left @ slopes)
    slopes = np.where(held, 0.0, slopes)
    reaches = lengths(slopes)
    # What does not matter moves no residual, and is at right angles to none.
    slopes = np.where(known.idle | (reaches == 0), 0.0, slopes / reaches)
    within = np.linalg.norm(slopes.T @ left) / max(float(np.linalg.norm(left)), 1e-300)
    exact = np.linalg.norm(left) <= _EXACT * float(np.linalg.norm(reaches * theta))
    if within > _OFFSET and not exact:
        message = "the sum of squares has a kink or an edge where it ended: that is no minimum"
        doubt(message, "start elsewhere, or write a smooth program", "kink", grave=True)
    if not exact and figures.free > 0 and figures.quartiles[0] >= 0 and not held.any():
        message = "no residual is below 0: this looks like a cost, whose errors are others"
        hint = "leave the square out, p - y for (p - y)^2, or for a cost leave --residual out"
        doubt(message, hint, grave=True)
    test = "the residuals are 0" if exact else "the sum of squares falls no more"
    end = End("converged", f"least squares converged: {test}", tuple(doubts))
    return fit._replace(end=end, statistics=figures)


def _solved(
    residuals: Residuals, start: Any, method: str, most: int
) -> tuple[Any, Spread, int, int]:
    """Return the parameters, what is known of them, the evaluations, and SciPy's status.

    What ends far below a huge start goes on from there: what is 0 beside that start is so no more.
    """
    optimize = required("scipy.optimize", "train", "for an optimiser of SciPy's")
    least, parameters = 4 * float(np.finfo(float).eps), residuals.parameters
    loss, theta, count, status = residuals.loss, start, 0, 0
    robust = {} if loss is None else {"loss": loss.terms, "f_scale": loss.scale}
    while count < most and (residuals.rescale(theta) or not count):
        low, begin, high = (of / residuals.units for of in (parameters.low, theta, parameters.high))
        outcome = optimize.least_squares(
            lambda of: residuals.at(of * residuals.units), begin,
            lambda of: residuals.jacobian(of * residuals.units) * residuals.units,
            method=method, x_scale="jac", bounds=(low, high), ftol=least, xtol=least, gtol=least,
            max_nfev=most - count, **robust,
        )  # fmt: skip
        theta, status = outcome.x * residuals.units, int(outcome.status)
        count += int(outcome.nfev)
    theta = _polished(residuals, theta) if status else theta
    return theta, residuals.known(theta), count, status


def _polished(residuals: Residuals, theta: Any) -> Any:
    """Return the parameters after Gauss-Newton steps, as long as these lead downhill.

    What a bound holds stays there, and what SciPy brought so near to one goes there first.
    """
    (left, slopes, _), parameters = residuals.around(theta), residuals.parameters
    ends = np.where(left @ slopes > 0, parameters.low, parameters.high)
    away = np.abs(ends - theta) * lengths(slopes)
    best = np.where(away <= _LEVEL * np.linalg.norm(left), ends, theta)
    # At an end there may be no slope.
    best = best if np.isfinite(residuals.at(best)).all() else theta
    left, slopes, total = residuals.around(best)
    length = np.inf
    for _ in range(_POLISH):
        held = parameters.held(left @ slopes)
        slopes = np.where(held, 0.0, slopes)
        # By columns of 0 the step is 0 but for rounding.
        step = np.where(held, 0.0, gauss_newton(slopes, -left))
        size = float(np.linalg.norm(step * lengths(slopes)))
        if not np.isfinite(size) or size >= length:
            break
        length = size
        candidate = np.clip(best + step, parameters.low, parameters.high)
        left, slopes, reached = residuals.around(candidate)
        # At the minimum the sum of squares no longer tells steps apart; their length does.
        if not reached <= total * (1 + 1e-12):
            break
        best, total = candidate, reached
        if size == 0:
            break
    return best


def gauss_newton(slopes: Any, left: Any, least: float | None = None) -> Any:
    """Return the step that brings what is `left` to its least, its columns scaled to length 1.

    Singular values below the part `least` of the greatest count as 0.
    """
    scale = lengths(slopes)
    scale[scale == 0] = 1.0
    return np.linalg.lstsq(slopes / scale, left, rcond=least)[0] / scale


def likelihood(task: Task, table: Table) -> tuple[Statistics, list[Doubt]]:
    """Return the statistics of a maximum of the likelihood, and what is in doubt about it.

    The covariance is the inverse of the observed information, the second derivatives of the cost
    of all rows: Efron and Hinkley, Biometrika 65 (1978). They are differences of exact gradients.
    """
    parameters = task.parameters
    objective = Objective(task._replace(mean=False, engine=None), table)
    cost, slope = objective.at(parameters.flat)
    matrix, scale = curvature(objective)
    rooted, is_saddle = root(matrix, scale)
    known = spread(rooted, parameters)
    rank, doubts = known.rank, list(known.doubts)
    slope = slope * known.units
    away = np.nan_to_num(known.inverse, nan=0.0, posinf=0.0) @ slope @ slope
    hint = "give it more --epochs, or take --optimizer lbfgs"
    if is_saddle or not np.isfinite(matrix).all():
        message = "the likelihood is not at its maximum: in a direction it curves upwards"
        if not is_saddle:
            message = (
                "the curvature of the likelihood is not known: beside the end it is not finite"
            )
            hint = "start elsewhere, or write another program"
        known = Spread(np.full_like(matrix, np.nan), rank, [])
        doubts = [Doubt("unconverged", message, hint)]
    elif away > _AWAY**2:
        message = f"the maximum of the likelihood is {away**0.5:.3g} standard errors away"
        doubts.append(Doubt("unconverged", message, hint))
    of = Statistics(None, table.count - rank, log_likelihood=-cost)
    of = of._replace(aic=2 * cost + 2 * rank, bic=2 * cost + np.log(table.count) * rank)
    return intervals(of, known, 1.0, parameters.flat), doubts
