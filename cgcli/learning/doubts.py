"""What a run leaves in doubt: parameters that nothing moves, costs that are no minimum.

A descent may end, whatever stopped it, far from an answer; what can be seen of that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, pairwise
from typing import Any, Final

import numpy as np

from cgcli.errors import excerpt
from cgcli.learning.curvature import SHARE, curvature, is_small, levels_off, rises, root
from cgcli.learning.objective import Objective
from cgcli.learning.statistics import spread
from cgcli.learning.stopping import Doubt
from cgcli.learning.tables import Table
from cgcli.learning.task import Parameters, Task, joined

_FALLING: Final = 0.03
"""The part of a cost, or of its fall, that the last tenth of the epochs may have."""
_LAST: Final = 10
_STEEP: Final = 0.05
"""A gradient that is so small beside that at the start leads down no more."""
_SWING: Final = 1e-6
"""The part of a cost's fall that it may go up and down by."""
_NEAR: Final = 1e-3
_IDLE: Final = 1e-12
_QUIET: Final = 1e-8
"""So small beside that at the start is the gradient by what is saturated, all but its last bits."""
_FEWEST: Final = 100
"""A way that is 1000 times as long, and leads down by so many times as much, has no end."""
_TRIED: Final = 50
_FARTHEST: Final = 12
"""Valleys are tried up to this power of 10 beside the largest parameter."""
_LOWER: Final = 0.01
"""The part of a cost that one parameter alone may take away."""
_ROWS: Final = 10_000
_SQUARE: Final = "a cost is an error, 0 at best: square it, as in (w*x - y)^2, or add --residual"
_SIZES: Final = "columns of very different sizes want --scale, or least squares --residual"
_STEPPED: Final = (
    "a step, such as round(w), has no slope: leave it out, or use a smooth function in its place"
)
_RANDOM: Final = "start from random numbers, as glorot(2, 3) or uniform(-1, 1)"


def course(costs: Sequence[float], norms: Sequence[float] = (), *, asked: bool) -> list[Doubt]:
    """Return what is to be said of the costs of a run that a limit ended.

    Where the limit was `asked` for, it is no fault that there is more to do. Where the
    `norms` of the gradient are not small in the end, there is as long as the cost gets smaller.

    >>> course([8.0, 4.0, 2.0, 1.0], asked=False)[0].message
    'the cost is still falling, 14% of its way in the last epoch'
    >>> course([30.0, 3.0] + [0.9**k for k in range(19)], [1.0], asked=False)[0].message
    'the cost is still falling, by 19% in the last 2 epochs'
    >>> course([9.0, 1.0] + 6*[0.5, 0.7], asked=False)[0].kind
    'swinging'
    """
    back = max(1, len(costs) // _LAST)
    if len(costs) < 2:
        return []
    last = costs[-2 * _LAST :]
    rises = sum(after > before for before, after in pairwise(last))
    swing, fall = max(last) - min(last), costs[0] - min(costs)
    if rises >= len(last) // 5 and len(last) >= _LAST and swing > _SWING * fall > 0:
        message = f"the cost swings to and fro, by {swing:.3g} in the last {len(last)} epochs"
        hint = (
            "its steps jump over a kink, or are too long: try a smaller --lr, or --schedule cosine"
        )
        return [Doubt("swinging", message, hint, not asked)]
    if not costs[-1] < costs[-1 - back]:
        return []
    lost, way, left = costs[-1 - back] - costs[-1], costs[0] - costs[-1], costs[-1 - back]
    steep = bool(norms) and norms[-1] > _STEEP * norms[0]
    over = "epoch" if back == 1 else f"{back} epochs"
    if _FALLING * way < lost <= way:
        message = f"the cost is still falling, {lost / way:.0%} of its way in the last {over}"
    # Of batches the costs go up and down by chance; what is left near 0 is nothing.
    elif steep and lost > _FALLING * left and back > 1 and _steady(costs[-1 - back :], costs[0]):
        message = f"the cost is still falling, by {lost / left:.0%} in the last {back} epochs"
    else:
        return []
    return [Doubt("falling", message, "try more --epochs, or a larger --lr", not asked)]


def _steady(costs: Sequence[float], first: float) -> bool:
    """Whether costs only fall, and are above 0 by a part of the first that counts."""
    return costs[-1] > _SWING * abs(first) and all(a > b for a, b in pairwise(costs))


def unmoved(objective: Objective, before: Any, first: float) -> list[Doubt]:
    """Return what is to be said of parameters that nothing moves, or that only move together.

    `before` are the parameters at the start, and `first` is the gradient's norm there.
    """
    parameters = objective.task.parameters
    end = parameters.flat.copy()
    shifts = {n: _NEAR * max(1.0, abs(v).max()) for n, v in parameters.look(end).items()}
    # All elements of a parameter move by one number, so that what is alike stays so.
    shift = np.concatenate([np.full(v.size, shifts[n]) for n, v in parameters.views.items()])
    shift = _turned(parameters, shift)
    near = objective.at(end + shift)[1]
    here = objective.at(end)[1]
    tiny = _IDLE * max(first, float(np.linalg.norm(near)))
    free = ~parameters.at_bound
    if (end == before).all() and np.linalg.norm(here * free) > _STEEP * np.linalg.norm(near):
        message = "no parameter has moved: every step is less than its last digit"
        return [Doubt("stuck", message, "try a larger --lr")]
    stuck = free & (end == before) & (abs(here) <= tiny)
    for name, view in parameters.look(stuck).items():
        if view.all():
            alone = np.zeros_like(end)
            parameters.look(alone)[name][...] = shifts[name]
            # Where the cost rises beside it, it is at its minimum, and may well stay there.
            view[...] = not objective.at(end + alone)[1] @ alone > 0
    blocked = stuck & (near == 0)
    constant = _constant(objective) if blocked.any() else []
    if constant:
        blocked &= _freed(objective, constant, end + shift)
    dead = free & ~stuck & (abs(here) <= tiny) & (abs(near) <= tiny)
    # What is nearly so leaves the cost as it is where it moves on by as much again.
    quiet = free & ~stuck & (np.maximum(abs(here), abs(near)) <= _QUIET / _IDLE * tiny)
    if (quiet & ~dead).any():
        step = np.copysign(np.maximum(abs(end), 1.0), end)
        farther = objective.at(end + quiet * _turned(parameters, step))[0]
        cost = objective.at(end)[0]
        if abs(farther - cost) <= _QUIET * abs(cost):
            dead |= quiet
    doubts = []
    graph = objective.task.graph
    steps = {node for node, row in enumerate(graph.operations) if row.step}
    moving = graph.ancestors([graph.output], steps)
    for name, view in chain(*(parameters.look(flags).items() for flags in (stuck, dead))):
        if view.all() and moving[graph.inputs[name]] and rises(objective, name):
            message = f"{name}: the cost is level here, and rises to both sides"
            doubts.append(Doubt("undetermined", message, "other values are as good", grave=False))
            view[...] = False
    if constant and blocked.any():
        message = f"{parameters.named(blocked)}: the cost does not depend on that in any row"
        hint = f"{joined(constant)} is the same in every row; leave it out, or out of --scale"
        doubts.append(Doubt("undetermined", message, hint))
        stuck &= ~blocked
    if names := parameters.named(stuck, entire=True):
        message = f"{names}: the gradient is 0, and what starts there stays there"
        parts = parameters.look(stuck).items()
        moves = any(moving[graph.inputs[name]] for name, part in parts if part.all())
        doubts.append(Doubt("stuck", message, _RANDOM if moves else _STEPPED))
    if names := parameters.named(dead, entire=True):
        message = f"{names}: the gradient is 0 here and around, as of what is dead or saturated"
        doubts.append(Doubt("dead", message, "start elsewhere, or scale the data with --scale"))
    return doubts + _alike(parameters, before, near)


def _turned(parameters: Parameters, step: Any) -> Any:
    """Return a step, the other way for parameters that it would take beyond their bounds.

    They would be brought back, and the cost would seem not to depend on them.
    """
    moved = parameters.flat + step
    return np.where((parameters.low <= moved) & (moved <= parameters.high), step, -step)


def at_bound(parameters: Parameters) -> list[Doubt]:
    """Return the doubt of parameters that ended at a bound, where the data may lead beyond it."""
    flags = parameters.at_bound
    if not flags.any():
        return []
    ends = ", ".join(f"{end:g}" for end in dict.fromkeys(parameters.flat[flags].tolist()))
    do = "are" if flags.sum() > 1 else "is"
    message = f"{parameters.named(flags)} {do} at a bound, {ends}"
    hint = "it has no standard error, and the others' take it as known; a wider --bound frees it"
    return [Doubt("bound", message, hint, grave=False)]


def _constant(objective: Objective) -> list[str]:
    """Return the columns that the program sees as 0 in every row."""
    task, arrays = objective.task, objective.table.arrays or {}
    pairs = ((name, pair or (0.0, 1.0)) for name, pair in task.scaled.items())
    return [n for n, (shift, scale) in pairs if not ((arrays[n] - shift) / scale).any()]


def _freed(objective: Objective, columns: Sequence[str], theta: Any) -> Any:
    """Return which parameters had a part in the cost if these columns were not 0."""
    task, table = objective.task, objective.table
    part = table.read(0, _TRIED)
    moved = {name: part[name] + (task.scaled[name] or (0.0, 1.0))[1] for name in columns}
    return Objective(task, Table({**part, **moved})).at(theta)[1] != 0


def _alike(parameters: Parameters, before: Any, near: Any) -> list[Doubt]:
    """Return what is to be said of units that start alike, and that no gradient tells apart."""
    entire, rows = [], []
    starts, gradients = parameters.look(before), parameters.look(near)
    for name, view in parameters.views.items():
        if view.size < 2 or (view == starts[name]).all():
            continue
        same = _equal(starts[name], 0) & _equal(view, 1e-9) & _equal(gradients[name], 1e-6)
        if same.all():
            entire.append(name)
        elif view.ndim == 2 and len(pairs := np.argwhere(np.triu(same, 1))):
            rows.append("{0}[{1}] and {0}[{2}]".format(name, *pairs[0]))
    said = "started alike and stay alike: such units never differ"
    doubts = [Doubt("alike", f"{pair} {said}", _RANDOM, grave=False) for pair in rows]
    if entire:
        message = f"the parts of {joined(entire)} {said}"
        doubts.append(Doubt("alike", message, _RANDOM))
    return doubts


def _equal(rows: Any, part: float) -> Any:
    """Return which rows are equal to which, but for a part of them."""
    rows = rows.reshape(len(rows), -1)
    return np.isclose(rows[:, None], rows[None], rtol=part, atol=0).all(axis=2)


def bottomless(objective: Objective, before: Any, cost: float) -> list[Doubt]:
    """Return what is to be said of a cost that falls on and on, on the way from `before`."""
    start, (far, farther) = objective.at(before)[0], _beyond(objective, before)
    fall = start - cost
    if not (fall > 0 and start - far > fall and start - farther > _FEWEST * fall and farther < 0):
        return []
    message = "the cost falls without bound as the parameters grow: it has no least value"
    return [Doubt("unbounded", message, _labels(objective) or _SQUARE)]


def _labels(objective: Objective) -> str:
    """Return a hint where the cost is no error because of a column that is not within 0 and 1."""
    task, table = objective.task, objective.table
    part = table.read(0, _ROWS)
    plain = [name for name in task.columns if not (table.shapes[name] or task.scaled[name])]
    ends = {name: (table.columns[name].min(), table.columns[name].max()) for name in plain}
    # A label is what is the least beyond 0 and 1.
    for name, (low, high) in sorted(ends.items(), key=lambda end: max(-end[1][0], end[1][1])):
        labelled = Objective(task, Table({**part, name: part[name].clip(0, 1)}))
        if (low < 0 or high > 1) and labelled.at(task.parameters.flat)[0] >= 0:
            return f"'{excerpt(name)}' is from {low:g} to {high:g}: labels of a class are 0 and 1"
    return ""


def _beyond(objective: Objective, before: Any) -> list[float]:
    """Return the costs beyond the end of a way, where it is 10 and 1000 times as long."""
    way = objective.task.parameters.flat - before
    return [objective.at(before + reach * way)[0] for reach in (10.0, 1000.0)]


def no_minimum(objective: Objective, before: Any, cost: float, first: float) -> list[Doubt]:
    """Return what is to be said of the end of a method that seeks a minimum.

    A cost may fall for ever on the way from `before`, or have a kink where the run ended: there
    the gradient leaps, however short the step.
    """
    end, here = objective.task.parameters.flat, objective.gradient.copy()
    norm = float(np.linalg.norm(here))
    if doubts := bottomless(objective, before, cost):
        return doubts
    far, farther = _beyond(objective, before)
    reach = max(1.0, float(abs(end).max()))
    steps = [_NEAR**power * reach * here / (norm or 1.0) for power in (2, 3)]
    leaps = [float(np.linalg.norm(objective.at(end - step)[1] - here)) for step in steps]
    # Where bounds hold all but what is at its minimum the costs differ by rounding.
    falls = cost >= far >= farther and cost - farther > _IDLE * abs(cost)
    way = end - before
    if not far < np.inf and norm <= _NEAR * first and end @ end > before @ before:
        # No cost is told beyond: one that levels off keeps its slope, and at a minimum that is 0.
        falls = here @ way < min(0.0, objective.at(end - _LOWER * way)[1] @ way / 2)
    free = is_small(objective) and not objective.task.parameters.bounded
    if falls or (free and levels_off(objective, way, cost)):
        message = (
            "the parameters grow without bound, and the cost falls all the way: it has no minimum"
        )
        hint = "the classes may be separable: add a weight decay, as + 0.001*sum(w^2)"
        return [Doubt("unbounded", message, hint)]
    if cost < -_FEWEST * max(1.0, abs(objective.at(before)[0])) and norm > _SWING * first:
        return [Doubt("unbounded", f"the cost fell below 0, to {cost:.6g}", _SQUARE)]
    if norm > _SWING * first and leaps[1] > leaps[0] / 2 > _SWING * first:
        message = "the cost has a kink where it ended, and that need not be its minimum"
        hint = "try a smooth cost, such as sqrt(r^2 + 0.01) for abs(r), or --optimizer adam"
        return [Doubt("kink", message, hint)]
    return []


def undetermined(
    task: Task, table: Table, start: float, in_units: Callable[[float], float], *, at_end: bool
) -> list[Doubt]:
    """Return the doubt of parameters that the cost does not tell apart, by its curvature here.

    Of vectors and matrices, as of a softmax, many answers are as good, and none is sought. Where a
    method says that it is `at_end` a way down that its gradients missed is grave, by more than is
    nothing beside the cost at the `start`; `in_units` brings a cost to the data's units.
    """
    objective, parameters = Objective(task._replace(engine=None), table), task.parameters
    if not is_small(objective):
        return []
    matrix, scale = curvature(objective)
    if not np.isfinite(matrix).all():
        return []
    rooted, is_saddle = root(matrix, scale)
    several = len(parameters.views) < parameters.flat.size
    end = parameters.flat.copy()
    cost, slope = objective.at(end)
    for names, step, most, least in _ways(matrix, scale, slope, parameters) if at_end else ():
        if most and several:
            continue
        steps = [10.0**power * step for power in range(-3 if most else 0, most + 1)]
        lower = min(objective.at(end + side * part)[0] for part in steps for side in (-1, 1))
        if cost - lower > max(least * max(abs(cost), abs(lower)), _IDLE * abs(start)):
            message = f"moving {names} takes the cost on to {in_units(lower):.6g}"
            return [Doubt("unconverged", message, _SIZES if least == _LOWER else _RANDOM)]
    # Along what the cost does not curve by it may fall: then it depends on that all the same.
    known = rooted / scale
    rest = slope - np.linalg.pinv(known) @ (known @ (slope / scale)) * scale
    is_steep = (np.abs(rest) * np.maximum(np.abs(end), 1.0)).max() > _QUIET * max(
        abs(cost), abs(start)
    )
    doubts = [] if is_saddle or is_steep or several else spread(rooted, parameters).doubts
    return [doubt._replace(grave=False) for doubt in doubts]


def _ways(
    matrix: Any, scale: Any, slope: Any, parameters: Parameters
) -> Iterator[tuple[str, Any, int, float]]:
    """Yield directions in which the cost may fall, and how to look along them.

    They are the names of the parameters that move, the step, the power of 10 up to which it is
    lengthened, and the share by which the cost must fall. First come steps of Newton's: of each
    parameter alone, whose gradient may be lost beside larger ones, and of all together, since of
    parameters that go together one alone gets nowhere. Then come the directions in which the cost
    curves down, as on a saddle, or hardly curves: where columns are nearly the same in every row
    there is a valley whose slope is lost in the digits of the gradient, and it may be very long.
    """
    held = parameters.at_bound
    scaled = np.where(held[:, None] | held, 0.0, matrix / np.outer(scale, scale))
    step = np.linalg.lstsq(scaled, slope / scale, rcond=SHARE)[0] / scale
    for place, alone in enumerate(np.diag(slope / scale**2)):
        yield f"{parameters.named(np.arange(len(slope)) == place)} alone", alone, 0, _LOWER
    yield "all parameters together", step, 0, _LOWER
    sizes, ways = np.linalg.eigh(scaled)
    for size, way in zip(sizes, ways.T, strict=True):
        step = np.where(held, 0.0, way / scale)
        if size <= SHARE * sizes[-1] and step.any():
            step *= max(1.0, float(abs(parameters.flat).max())) / np.abs(step).max()
            names = parameters.named(np.abs(way) > _NEAR)
            if size < -SHARE * sizes[-1]:
                yield names, _NEAR * step, 0, _SWING
            else:
                yield names, step, _FARTHEST, _LOWER
