"""Gradient descent: forward, cost, backward, W = W - rate * gradient, until a criterion is met."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cgcli.learning.logbook import Logbook, State, Watch
from cgcli.learning.objective import Objective
from cgcli.learning.optimisers import Optimiser, Schedule, Setting, clip
from cgcli.learning.stopping import INTERRUPTED, Criteria, End

if TYPE_CHECKING:
    from cgcli.native.descent import Leaps

_GROWTH: Final = 1e12
_LEAP: Final = 64
"""How many steps compiled code takes before someone may ask the run to stop."""


class DivergedError(Exception):
    """The cost or its gradient is not finite; `parameters` are those at which it was not."""

    def __init__(self, what: str, parameters: Any) -> None:
        super().__init__(what)
        self.parameters = parameters


@dataclass(eq=False)
class Descent:
    """A run of gradient descent on an objective, from a state on.

    `most` is the longest gradient. `run` returns how it ended.
    """

    objective: Objective
    log: Logbook
    optimiser: Optimiser
    setting: Setting
    schedule: Schedule
    criteria: Criteria
    most: float | None = None

    def __post_init__(self) -> None:
        self.flat = self.objective.task.parameters.flat
        self._good = self.flat.copy()
        self._lowest = math.inf
        self._limit = math.inf
        self._leaper: Leaps | None = None

    @property
    def state(self) -> State:
        """Where the run stands."""
        return self.log.state

    def run(self, watch: Watch) -> End:
        """Descend until a criterion is met; raises `DivergedError`, the parameters good again."""
        began = time.monotonic()
        state = self.state
        self.log.go_on()
        np.copyto(self._good, self.flat)
        with np.errstate(all="ignore"):
            end = None
            while end is None:
                end = self.criteria.exhausted(state.step, state.epoch, time.monotonic() - began)
                end = end or self._epoch(watch, began)
        return self.log.best(end)

    def _epoch(self, watch: Watch, began: float) -> End | None:
        """Run one epoch, or what is left of it; return the end, if the run has come to it."""
        state, objective, flat = self.state, self.objective, self.flat
        gradient, move, memory = objective.gradient, self.optimiser.move, state.memory
        timed = self.criteria.seconds is not None
        summed = self.criteria.until_gradient is not None
        norm = rate = 0.0
        if self._leaps():
            leapt = self._leap(watch, began)
            if isinstance(leapt, End):
                return leapt
            norm, rate = leapt
        for rows, cost in objective.epoch(state.epoch, state.position):
            objective.hold()
            norm = math.sqrt(float(gradient @ gradient))
            if norm - norm != 0 or cost - cost != 0 or cost > self._limit:
                self._give_up(cost)
            if self._limit == math.inf:
                # A cost that grows without end is given up before it overflows.
                self._limit = _GROWTH * max(abs(cost), 1.0)
            rate = self.schedule.at(state.step, state.epoch)
            if objective.full:
                change = None if state.before is None else abs(cost - state.before)
                end = self.log.reached(cost, change, norm)
                if end:
                    # The epoch was begun, and its step is not taken.
                    self.log.record(watch, state.epoch + 1, cost, norm, rate)
                    return end
                state.before = cost
                self._remember(cost)
            state.costs += cost * rows
            state.rows += rows
            if summed and not objective.full:
                state.sum += gradient * rows
            self.shorten()
            state.step += 1
            move(flat, gradient, rate, state.step, self.setting, memory)
            objective.task.parameters.enter()
            state.position += 1
            watch.step(state, self.log.in_units(cost), norm, rate)
            end = self._interrupted(watch, time.monotonic() - began if timed else 0.0)
            if end and state.position < objective.steps:
                self._check_parameters(cost)
                return end
        return self._end(watch, norm, rate) or self._interrupted(watch, 0.0)

    def _leaps(self) -> bool:
        """Whether steps may be taken by compiled code, many at once.

        The first that is taken says what a cost is that grows without end.
        """
        plain = self.most is None and not self.objective.task.parameters.bounded
        if self._leaper is None and plain and self.criteria.until_gradient is None:
            self._leaper = self.objective.leaps()
        leaper = self._leaper if self._limit < math.inf else None
        return leaper is not None and leaper.usable(self.optimiser.name)

    def _leap(self, watch: Watch, began: float) -> End | tuple[float, float]:
        """Take what is usual of an epoch's steps by compiled code.

        Returns the end, if the run has come to it, or the last gradient's norm and the rate.
        """
        state, objective, most = self.state, self.objective, self.criteria.steps
        assert self._leaper is not None
        assert objective.batches is not None
        size, count = objective.batches.size, objective.table.count
        order, norm, rate = objective.batches.order(state.epoch), 0.0, 0.0
        while state.position < objective.steps:
            wanted = min(_LEAP, objective.steps - state.position)
            if most is not None:
                wanted = min(wanted, most - state.step)
            steps = range(state.step, state.step + wanted)
            rates = np.array([self.schedule.at(step, state.epoch) for step in steps])
            costs, norms = self._leaper.take(
                self.optimiser.name,
                self.flat,
                rates,
                self.setting,
                state.memory,
                order[state.position * size :],
                taken=state.step,
                limit=self._limit,
                decoupled=self.optimiser.decoupled,
            )
            for cost in costs.tolist():
                rows = min(size, count - state.position * size)
                state.costs += cost * rows
                state.rows += rows
                state.position += 1
            state.step += len(costs)
            if len(costs):
                norm, rate = float(norms[-1]), float(rates[len(costs) - 1])
                watch.step(state, self.log.in_units(float(costs[-1])), norm, rate)
            end = self._interrupted(watch, time.monotonic() - began)
            if end and state.position < objective.steps:
                self._check_parameters(state.costs / max(state.rows, 1))
                return end
            if len(costs) < wanted:
                break
        return norm, rate

    def _check_parameters(self, cost: float) -> None:
        """Give up where the last step went too far, before anything of it is kept."""
        if not np.isfinite(self.flat).all():
            self._give_up(cost)

    def _give_up(self, cost: float) -> None:
        """Raise `DivergedError`, the parameters those of the lowest cost before."""
        bad = self.flat.copy()
        finite = np.isfinite(bad).all()
        np.copyto(self.flat, self._good)
        if cost - cost != 0:
            what = "the cost is not finite"
        elif cost > self._limit:
            what = f"the cost grew to {self.log.in_units(cost):.3g}"
        else:
            what = "the gradient is not finite" if finite else "a step went beyond all doubles"
        raise DivergedError(what, bad)

    def _remember(self, cost: float) -> None:
        """Keep the parameters where the cost is the lowest so far."""
        if cost < self._lowest:
            self._lowest = cost
            np.copyto(self._good, self.flat)

    def go_back(self) -> None:
        """Take the parameters of the lowest cost so far, where all rows were a batch."""
        if self._lowest < math.inf:
            np.copyto(self.flat, self._good)

    def shorten(self) -> bool:
        """Shorten the gradient where it is longer than it may be; return whether it was."""
        return self.most is not None and clip(self.objective.gradient, self.most) > self.most

    def _interrupted(self, watch: Watch, seconds: float) -> End | None:
        if watch.asked_to_stop():
            return INTERRUPTED
        return self.criteria.exhausted(self.state.step, -1, seconds)

    def _end(self, watch: Watch, norm: float, rate: float) -> End | None:
        """End an epoch: tell of it, save, and see whether it was the last."""
        state, objective = self.state, self.objective
        cost = state.costs / state.rows
        mean = math.sqrt(float(state.sum @ state.sum)) / state.rows
        state.epoch += 1
        state.position, state.costs, state.rows = 0, 0.0, 0
        state.sum.fill(0.0)
        self._check_parameters(cost)
        end = self.log.patience(self.log.record(watch, state.epoch, cost, norm, rate))
        if not objective.full:
            self._remember(cost)
            change = None if state.before is None else abs(cost - state.before)
            end = end or self.log.reached(cost, change, mean)
            state.before = cost
        watch.save(state)
        return end
