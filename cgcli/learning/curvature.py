"""How a cost curves around some parameters: differences of its exact gradients."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from cgcli.learning.objective import Objective

_WIDTHS: Final = (1e-4, 1e-2)
"""How far apart gradients are: first in parts of a parameter, then of its standard error."""
SHARE: Final = 1e-8
"""A curvature this small beside the greatest, of parameters in their errors, is one of rounding."""
_LOST: Final = 1e-6
"""The part of a gradient that a step is to change it by."""
_LEVEL: Final = 1e-4
"""So small is a curvature along what is level beside the greatest, of parameters in their sizes."""
_SEEN: Final = 1e-8
"""The part of a cost that its digits tell well."""
_SIDES: Final = 12
"""What is level is looked at up to this power of 2, and from its inverse on."""
_PARAMETERS: Final = 50
_WORK: Final = 100_000
"""So many parameters times rows are few beside what the run itself took."""


def is_small(objective: Objective) -> bool:
    """Whether the parameters and rows are so few that the curvature costs next to nothing."""
    size = objective.task.parameters.flat.size
    return size <= _PARAMETERS and size * objective.table.count <= _WORK


def curvature(objective: Objective) -> tuple[Any, Any]:
    """Return the second derivatives of a cost, and the roots of their diagonal, or 1."""
    theta = objective.task.parameters.flat.copy()
    steps = _WIDTHS[0] * np.where(theta == 0, 1.0, np.abs(theta))
    matrix = _differences(objective, theta, steps)
    # Beside what is 0 but for rounding, or where another parameter is larger by far, a step is lost
    # in the last digits of the gradient.
    slope = objective.at(theta)[1]
    for wider in (_WIDTHS[0], 1.0, 1e6, 1e12):
        lost = np.abs(matrix.diagonal() * steps) <= _LOST * np.abs(slope)
        # Of what has no slope at all nothing is lost but the width of a parameter that is 0.
        if (lost := lost & ((slope != 0) | (wider < 1))).any():
            steps = np.where(lost, np.maximum(steps, wider), steps)
            matrix = _differences(objective, theta, steps)
    scale = _roots(matrix)
    steps = np.where(matrix.diagonal() > 0, _WIDTHS[1] / scale, steps)
    matrix = _differences(objective, theta, steps)
    return matrix, _roots(matrix)


def root(matrix: Any, scale: Any) -> tuple[Any, bool]:
    """Return a root of second derivatives, and whether in a direction they are below 0.

    It stands for the Jacobian of residuals whose squares curve as much; what is not finite has
    none.
    """
    if not np.isfinite(matrix).all():
        return np.full_like(matrix, np.nan), False
    sizes, directions = np.linalg.eigh(matrix / np.outer(scale, scale))
    rooted = np.where(sizes > SHARE * sizes[-1], sizes, 0.0) ** 0.5 * directions
    return rooted.T * scale, bool(sizes[0] < -SHARE * sizes[-1])


def levels_off(objective: Objective, way: Any, cost: float) -> bool:
    """Whether a cost has fallen along the part of a way that it hardly curves along, and is level.

    So it is where a line separates some of the rows, and others determine a part of the parameters.
    """
    end = objective.task.parameters.flat.copy()
    sizes = np.where(end == 0, 1.0, np.abs(end))
    # Whatever is lost of these in the digits of the gradient is level.
    matrix = _differences(objective, end, _WIDTHS[0] * sizes) * np.outer(sizes, sizes)
    if not np.isfinite(matrix).all():
        return False
    curves, ways = np.linalg.eigh(matrix)
    level = ways[:, np.abs(curves) <= _LEVEL * curves[-1]]
    way = sizes * (level @ (level.T @ (way / sizes)))
    behind, near, far, farther = (objective.at(end + k * way)[0] for k in (-0.5, -0.25, 10, 100))
    is_lower = behind > near > cost and behind - cost > _SEEN * abs(cost)
    return bool(is_lower and max(far, farther) - cost <= _LOST * abs(cost))


def rises(objective: Objective, name: str) -> bool:
    """Whether the cost, level around the end, rises to both sides where it is level no more."""
    parameters = objective.task.parameters
    end, way = parameters.flat.copy(), np.zeros_like(parameters.flat)
    parameters.look(way)[name][...] = max(1.0, abs(parameters.views[name]).max())
    cost, steps = objective.at(end)[0], 2.0 ** np.arange(-_SIDES, _SIDES)
    for side in (way, -way):
        changes = (objective.at(end + step * side)[0] - cost for step in steps)
        if not next((part for part in changes if abs(part) > _SEEN * abs(cost)), 0.0) > 0:
            return False
    return True


def _roots(matrix: Any) -> Any:
    diagonal = matrix.diagonal()
    return np.sqrt(np.where(diagonal > 0, diagonal, 1.0))


def _differences(objective: Objective, theta: Any, steps: Any) -> Any:
    """Return the changes of the gradient over steps of one parameter at a time, made symmetric."""
    matrix = np.stack([_change(objective, theta, step) for step in np.diag(steps)])
    return (matrix + matrix.T) / 2


def _change(objective: Objective, theta: Any, step: Any) -> Any:
    """Return the change of the gradient over a step, by its width: differences of fourth order."""
    ways = (step, -step, 2 * step, -2 * step)
    up, down, farther, lower = (objective.at(theta + way)[1] for way in ways)
    return (8 * (up - down) - (farther - lower)) / (12 * step.sum())
