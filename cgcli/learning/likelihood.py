"""A cost that is a negative log-likelihood → the errors of its parameters, by its curvature."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from cgcli.learning.objective import Objective
from cgcli.learning.statistics import Spread, Statistics, intervals, spread
from cgcli.learning.stopping import Doubt
from cgcli.learning.tables import Table
from cgcli.learning.task import Task

_WIDTHS: Final = (1e-4, 1e-2)
"""How far apart gradients are: first in parts of a parameter, then of its standard error."""
_ROUNDING: Final = 1e-8
"""A curvature this small beside the greatest, of parameters in their errors, is one of rounding."""
_AWAY: Final = 1e-3
"""In standard errors, how far from the maximum the parameters may be."""


def likelihood(task: Task, table: Table) -> tuple[Statistics, list[Doubt]]:
    """Return the statistics of a maximum of the likelihood, and what is in doubt about it.

    The covariance is the inverse of the observed information, the second derivatives of the cost
    of all rows: Efron and Hinkley, Biometrika 65 (1978). They are differences of exact gradients.
    """
    parameters = task.parameters
    objective = Objective(task._replace(mean=False, engine=None), table)
    cost, slope = objective.at(parameters.flat)
    matrix, scale = _curvature(objective)
    sizes, directions = np.linalg.eigh(matrix / np.outer(scale, scale))
    rooted = np.where(sizes > _ROUNDING * sizes[-1], sizes, 0.0) ** 0.5 * directions
    known = spread(rooted.T * scale, parameters)
    rank, doubts = known.rank, list(known.doubts)
    away = np.nan_to_num(known.inverse, nan=0.0, posinf=0.0) @ slope @ slope
    hint = "give it more --epochs, or take --optimizer lbfgs"
    if sizes[0] < -_ROUNDING * sizes[-1] or not np.isfinite(matrix).all():
        message = "the likelihood is not at its maximum: in a direction it curves upwards"
        known = Spread(np.full_like(matrix, np.nan), rank, [])
        doubts = [Doubt("unconverged", message, hint)]
    elif away > _AWAY**2:
        message = f"the maximum of the likelihood is {away**0.5:.3g} standard errors away"
        doubts.append(Doubt("unconverged", message, hint))
    of = Statistics(None, table.count - rank, log_likelihood=-cost)
    of = of._replace(aic=2 * cost + 2 * rank, bic=2 * cost + np.log(table.count) * rank)
    return intervals(of, known, 1.0, parameters.flat), doubts


def _curvature(objective: Objective) -> tuple[Any, Any]:
    """Return the second derivatives of a cost, and the roots of their diagonal, or 1."""
    theta = objective.task.parameters.flat.copy()
    steps = _WIDTHS[0] * np.where(theta == 0, 1.0, np.abs(theta))
    for width in _WIDTHS[1], None:
        matrix = np.stack([_change(objective, theta, step) for step in np.diag(steps)])
        matrix = (matrix + matrix.T) / 2
        diagonal = matrix.diagonal()
        scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
        if width is not None:
            steps = np.where(diagonal > 0, width / scale, steps)
    return matrix, scale


def _change(objective: Objective, theta: Any, step: Any) -> Any:
    """Return the change of the gradient over a step, by its width: differences of fourth order."""
    ways = (step, -step, 2 * step, -2 * step)
    up, down, farther, lower = (objective.at(theta + way)[1] for way in ways)
    return (8 * (up - down) - (farther - lower)) / (12 * step.sum())
