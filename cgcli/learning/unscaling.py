"""Parameters for scaled columns → those in the data's units that say the same."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from cgcli.errors import CgraphError
from cgcli.learning.fitting import gauss_newton
from cgcli.learning.logbook import Units
from cgcli.learning.tables import Table
from cgcli.learning.task import Parameters, Task, joined
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


def begun(task: Task, table: Table, *, anywhere: bool) -> tuple[Task, Units | None]:
    """Return a task whose bounds and loss, which are in the data's units, are those of its columns.

    So it is one in the data's units, from where the scaled one begins, if the method takes it
    `anywhere`; without bounds and a loss it stays scaled, and what is measured is told in the units
    that come back, None where it cannot be. Raises `CgraphError`.
    """
    same, known = unscaled(task, table), task.parameters
    if not (known.bounded or task.loss):
        return task, same and same[1]
    if not (same and anywhere):
        message = "--bound and --loss are in the data's units, and --scale changes those of"
        hint = "leave --scale out, or --lr; in these units a program has a constant, as w*x + b"
        raise CgraphError("usage", f"{message} {joined([*task.scaling])}", hint)
    plain = same[0].parameters
    plain.low, plain.high, plain.bounded = known.low, known.high, known.bounded
    return same[0], None


def unscaled(task: Task, table: Table) -> tuple[Task, Units] | None:
    """Return a task with parameters in the data's units, and how to tell costs in them.

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
    step = _stepper(plain._replace(graph=inner), len(prediction[few]), width)
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
            off = step({**part, **columns}, wanted)
            if off <= _ROUNDING * _size(wanted):
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
    ends = float(np.maximum(_size(wanted), _size(after)))
    close = (np.allclose(a, b, rtol=0, atol=_SAME * ends) for a, b in pairs)
    same = ends < np.inf and all(close)
    return (plain, Units(float(factor), _metrics(task, plain, table))) if same else None


def _metrics(task: Task, plain: Task, table: Table) -> dict[str, tuple[float, float]]:
    """Return by metric how it is brought to the data's units, where that is alike in all rows."""
    nodes, count, arrays = [*task.metrics.values()], table.count, table.arrays or {}
    both = (side.rows(nodes).rows(arrays, count) for side in (task, plain))
    known = {}
    for name, before, after in zip(task.metrics, *both, strict=True):
        sides = np.stack([before, np.ones(count)], axis=1)
        factor, shift = np.linalg.lstsq(sides, after, rcond=None)[0]
        # Of what is one number in all rows this tells nothing of other parameters.
        line = factor * before + shift
        if np.ptp(before) and np.allclose(line, after, rtol=0, atol=_SAME * _size(after)):
            known[name] = float(factor), float(shift)
    return known


def _size(prediction: Any) -> float:
    """Return how far a prediction reaches, or how large one is that is the same in all rows."""
    return float(np.ptp(prediction) or np.abs(prediction).max() or 1e-300)


def _stepper(task: Task, count: int, width: int) -> Callable[[Mapping[str, Any], Any], float]:
    """Return what brings the parameters nearer to a prediction, and says how far off that was.

    It is of the columns of so many rows, and the prediction has so many elements in each: what
    the parameters do to it is worked out an element at a time.
    """
    lowered, parameters = task.lowered(), task.parameters
    places = [lowered.row(task.graph.output), *lowered.jacobian_rows(task.inputs)]
    compiled = Compiled(lowered, parameters.views, by_row=places)
    shape, seeds = task.graph.shape(task.graph.output), np.tile(np.eye(width), (count, 1))
    elements = len(seeds)

    def step(columns: Mapping[str, Any], wanted: Any) -> float:
        rows = {name: np.repeat(column, width, axis=0) for name, column in columns.items()}
        rows[SEED] = seeds.reshape(elements, *shape)
        value, *parts = compiled.rows(rows, elements)
        left = np.repeat(wanted, width, axis=0) - value
        left = (seeds * left.reshape(seeds.shape)).sum(axis=1)
        jacobian = np.concatenate([part.reshape(elements, -1) for part in parts], axis=1)
        if not (np.isfinite(jacobian).all() and np.isfinite(left).all()):
            return math.nan
        parameters.flat += gauss_newton(jacobian, left, 1e-12)
        return float(np.abs(left).max())

    return step
