"""A descent that chooses its rates from the data: what comes after the textbook's plain steps."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from cgcli.learning.descent import Descent, Watch
from cgcli.learning.doubts import no_minimum
from cgcli.learning.objective import Objective
from cgcli.learning.stopping import INTERRUPTED, Doubt, End

_WORK: Final = 2e9
_LEAST, _MOST = 100, 20_000
"""How many epochs there are at least and at most, and how many numbers are worked through."""
_LEVEL: Final = 1e-10
"""The part of the first gradient that is as good as 0."""
_SMALL: Final = 1e-5
_PATIENCE: Final = 20
_CUTS: Final = 16
_LESS: Final = 0.25
_MORE: Final = 1.5
_STREAK: Final = 10


def settle(descent: Descent, watch: Watch, first: float) -> End:
    """Go on from the best parameters, until the gradient is 0 beside the `first` norm.

    The rate begins at the step that is best along the gradient. It is cut where the cost has
    not fallen for a while, and the run goes on from its best parameters then, its memory empty;
    it grows where the cost falls steadily. Without a memory it is that of Barzilai and Borwein,
    Two-point step size gradient methods, IMA J. Numer. Anal. 8 (1988). A small enough step of
    each optimiser lowers a smooth cost, so that the end is a minimum, a kink, or the limit of
    the work.
    """
    objective, flat, state = descent.objective, descent.flat, descent.state
    rows = max(1, objective.table.count)
    most = int(max(_LEAST, min(_MOST, _WORK / (rows * max(10, flat.size)))))
    rate = _first_rate(objective, relative=descent.optimiser.relative)
    before, best, lowest = flat.copy(), flat.copy(), math.inf
    behind = best, best
    waited = streak = cuts = count = 0
    for _ in range(most):
        ((_, cost),) = objective.epoch(0)
        norm = float(np.linalg.norm(objective.gradient))
        if cost < lowest and math.isfinite(norm):
            lowest, waited, streak, cuts = cost, 0, streak + 1, 0
            np.copyto(best, flat)
        else:
            waited, streak = waited + 1, 0
        if norm <= _LEVEL * first and cost == lowest:
            return End("converged", f"the gradient is as good as 0, {norm:.3g}")
        if watch.asked_to_stop():
            return INTERRUPTED
        if waited >= _PATIENCE or not cost - lowest < math.inf:
            cuts += 1
            if cuts > _CUTS:
                break
            rate, waited, count = rate * _LESS, 0, 0
            np.copyto(flat, best)
            for memory in state.memory.values():
                memory.fill(0.0)
            continue
        if streak >= _STREAK:
            rate, streak = rate * _MORE, 0
        if not state.memory:
            move, turn = flat - behind[0], objective.gradient - behind[1]
            bend = float(move @ turn)
            rate = float(move @ move) / bend if count and bend > 0 else rate
            behind = flat.copy(), objective.gradient.copy()
        state.step, state.epoch, count = state.step + 1, state.epoch + 1, count + 1
        descent.record(watch, state.epoch, cost, norm, rate)
        gradient, memory = objective.gradient, state.memory
        descent.optimiser.move(flat, gradient, rate, count, descent.setting, memory)
        watch.step(state, cost, norm, rate)
        watch.save(state)
    np.copyto(flat, best)
    if cuts <= _CUTS:
        message = f"{state.epoch:,} epochs are done, the most without --epochs"
        hint = "try --scale, with which one rate suits all columns, or --optimizer lbfgs"
        doubt = Doubt("unconverged", "the cost has not come to its minimum", hint)
        return End("stopped", message, (doubt,))
    ((_, cost),) = objective.epoch(0)
    doubts = no_minimum(objective, before, cost, first)
    if not doubts and np.linalg.norm(objective.gradient) > _SMALL * first:
        message = "no step lowers the cost, and the gradient is not 0"
        doubts = [Doubt("unconverged", message, "try --optimizer lbfgs, or start elsewhere")]
    return End("converged", "no step lowers the cost", tuple(doubts))


def _first_rate(objective: Objective, *, relative: bool) -> float:
    """Return the rate of the best step along the gradient; `relative`, its length by element."""
    flat: Any = objective.task.parameters.flat
    kept = flat.copy()
    tuple(objective.epoch(0))
    here = objective.gradient.copy()
    norm = float(np.linalg.norm(here)) or 1.0
    step = 1e-6 * max(1.0, float(np.abs(kept).max())) / norm
    flat -= step * here
    tuple(objective.epoch(0))
    bend = float(here @ (here - objective.gradient)) / step
    np.copyto(flat, kept)
    rate = norm * norm / bend if bend > 0 and math.isfinite(bend) else 0.01
    return rate * norm / math.sqrt(flat.size) if relative else rate
