"""Parameters for scaled columns → those in the data's units that say the same."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from cgcli.learning.fitting import gauss_newton
from cgcli.learning.tables import Table
from cgcli.learning.task import Parameters, Task
from cgcli.operations.shapes import size
from cgcli.plan.compiled import Compiled
from cgcli.plan.lower import SEED

_LARGEST: Final = 1_000
"""So many parameters are followed at most."""
_WORK: Final = 20_000_000
_FINEST: Final = 1e-4
_STEPS: Final = 6
_ROUNDING: Final = 1e-9
_SAME: Final = 1e-9


def unscaled(task: Task, table: Table) -> tuple[Task, float] | None:
    """Return a task with parameters in the data's units, and what costs are to be times.

    None where no parameters give the same.

    The same is what the parameters reach the cost through, a prediction; where a scaled column
    stands beside it, as the target in `p - y`, it is brought to that column's units. The
    parameters are followed from the scaled columns to the plain ones by Gauss and Newton's
    method, in strides as long as it bears; that all costs are the same but for one factor is
    tested on all rows.
    """
    node = [n for n in task.bottlenecks if task.graph.arguments[n]][-1]
    within = task.graph.ancestors([node])
    beside = [name for name in task.scaling if not within[task.graph.inputs[name]]]
    arrays, flat = table.arrays, task.parameters.flat
    width = size(task.graph.shape(node))
    if arrays is None or len(beside) > 1 or flat.size > _LARGEST:
        return None
    mean, deviation = task.scaling[beside[0]] if beside else (0.0, 1.0)
    plain = task._replace(scaling={}, parameters=Parameters(task.parameters.values()))
    inner = copy.copy(plain.graph)
    inner.output = node
    few = slice(0, 64 + 4 * flat.size // width)
    part = {name: array[few] for name, array in arrays.items()}
    before, prediction, _ = task.through(node).rows(arrays, table.count)
    model = _Model(plain._replace(graph=inner), len(prediction[few]), width)
    theta, done, stride = plain.parameters.flat, 0.0, 1 / 8
    work = min(2_000, max(50, _WORK // flat.size**2))
    while done < 1 and stride > _FINEST and work > 0:
        work -= _STEPS
        kept, goal = theta.copy(), min(1.0, done + stride)
        wanted = deviation**goal * prediction[few] + mean * goal * deviation ** (goal - 1)
        columns = {
            name: (part[name] - shift * (1 - goal)) / scale ** (1 - goal)
            for name, (shift, scale) in task.scaling.items()
        }
        for _ in range(_STEPS):
            off = model.step({**part, **columns}, wanted)
            if off <= _ROUNDING * np.ptp(wanted):
                done, stride = goal, 2 * stride
                break
        else:
            np.copyto(theta, kept)
            stride /= 4
    after, reached, _ = plain.through(node).rows(arrays, table.count)
    wanted = deviation * prediction + mean
    largest = int(np.abs(before).argmax())
    factor = after[largest] / before[largest] if before[largest] else 1.0
    pairs = ((reached, wanted), (after, factor * before))
    # A prediction that is exact leaves costs of rounding.
    close = (np.allclose(a, b, rtol=0, atol=_SAME * max(np.ptp(wanted), 1e-300)) for a, b in pairs)
    return (plain, float(factor)) if all(close) else None


class _Model:
    """The prediction of some rows, and what the parameters do to it, an element at a time."""

    def __init__(self, task: Task, count: int, width: int) -> None:
        lowered = task.lowered()
        inputs = [task.graph.inputs[name] for name in task.parameters.views]
        places = [lowered.row(task.graph.output), *lowered.jacobian_rows(inputs)]
        self._flat, self._width = task.parameters.flat, width
        self._compiled = Compiled(lowered, task.parameters.views, by_row=places)
        self._shape = task.graph.shape(task.graph.output)
        self._seeds = np.tile(np.eye(width), (count, 1))

    def step(self, columns: Mapping[str, Any], wanted: Any) -> float:
        """Bring the parameters nearer to a prediction; return how far off it was."""
        count, seeds = len(self._seeds), self._seeds
        rows = {name: np.repeat(column, self._width, axis=0) for name, column in columns.items()}
        rows[SEED] = seeds.reshape(count, *self._shape)
        value, *parts = self._compiled.rows(rows, count)
        left = np.repeat(wanted, self._width, axis=0) - value
        left = (seeds * left.reshape(seeds.shape)).sum(axis=1)
        jacobian = np.concatenate([part.reshape(count, -1) for part in parts], axis=1)
        if not (np.isfinite(jacobian).all() and np.isfinite(left).all()):
            return math.nan
        self._flat += gauss_newton(jacobian, left, 1e-12)
        return float(np.abs(left).max())
