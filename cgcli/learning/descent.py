"""Gradient descent: forward, cost, backward, W = W - rate * gradient, until a criterion is met."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from cgcli.learning.objective import Measure, Objective, measured
from cgcli.learning.optimisers import Optimiser, Schedule, Setting, clip
from cgcli.learning.stopping import INTERRUPTED, Criteria, End

if TYPE_CHECKING:
    from cgcli.native.descent import Leaps

Record = dict[str, Any]
"""What is told of an epoch: its number, the step, the cost, the gradient's norm, the rate ..."""

_KEPT: Final = 2_000
_GROWTH: Final = 1e12
_LEAP: Final = 64
"""How many steps compiled code takes before someone may ask the run to stop."""


class DivergedError(Exception):
    """The cost or its gradient is not finite; `parameters` are those at which it was not."""

    def __init__(self, what: str, parameters: Any) -> None:
        super().__init__(what)
        self.parameters = parameters


class Best(NamedTuple):
    """The parameters of the best epoch so far on the rows held out."""

    cost: float
    epoch: int
    flat: Any


@dataclass(eq=False, kw_only=True)
class State:
    """Where a run stands: all that it takes to go on to the same bits, as a model has it in order.

    `memory` is the optimiser's. `position` counts the batches of the present epoch that are done;
    `costs` and `rows` are what they had, and `sum` their gradients where those are asked for.
    `current` are the parameters to go on from, where those of the model are better ones.
    """

    step: int = 0
    epoch: int = 0
    position: int = 0
    costs: float = 0.0
    rows: int = 0
    sum: Any
    before: float | None = None
    stride: int = 1
    memory: dict[str, Any]
    current: Any = None
    best: Best | None = None
    history: list[Record] = field(default_factory=list)

    def keep(self, record: Record) -> None:
        """Add to the history; when it is long only every other epoch is kept, and the last."""
        if self.history and self.history[-1]["epoch"] >= record["epoch"]:
            # A run that a criterion ended in an epoch, and that goes on, comes to it again.
            self.history.pop()
        before = self.history[-1:]
        if before and (before[0]["epoch"] - 1) % self.stride:
            self.history.pop()
        self.history.append(record)
        if len(self.history) > _KEPT:
            self.stride *= 2
            self.history = [r for r in self.history if (r["epoch"] - 1) % self.stride == 0]


class Watch:
    """Who looks on: is told of steps and epochs, saves, and may ask to stop; this one is blind."""

    def step(self, state: State, cost: float, norm: float, rate: float) -> None:
        """See a step: the cost and the gradient's norm before it."""

    def epoch(self, record: Record) -> None:
        """See an epoch's end."""

    def save(self, state: State) -> None:
        """Keep the state, when it is time for it."""

    def asked_to_stop(self) -> bool:
        """Whether someone wants the run to end."""
        return False


@dataclass(eq=False)
class Descent:
    """A run of gradient descent on an objective, from a state on.

    `held` measures the rows held out, `measure` those to train on where there are metrics, and
    `most` is the longest gradient. `run` returns how it ended. At the end the task's parameters
    are those of the last step, or with patience those of the best epoch on the rows held out.
    """

    objective: Objective
    held: Measure | None
    measure: Measure | None
    optimiser: Optimiser
    setting: Setting
    schedule: Schedule
    criteria: Criteria
    most: float | None = None

    def __post_init__(self) -> None:
        self.flat = self.objective.task.parameters.flat
        memory, nothing = self.optimiser.start(self.flat.size), np.zeros_like(self.flat)
        self.state = State(memory=memory, sum=nothing)
        self._good = self.flat.copy()
        self._lowest = math.inf
        self._limit = math.inf
        self._leaper: Leaps | None = None

    def run(self, watch: Watch) -> End:
        """Descend until a criterion is met; raises `DivergedError`, the parameters good again."""
        began = time.monotonic()
        state = self.state
        if state.current is not None:
            np.copyto(self.flat, state.current)
            state.current = None
        np.copyto(self._good, self.flat)
        with np.errstate(all="ignore"):
            end = None
            while end is None:
                end = self.criteria.exhausted(state.step, state.epoch, time.monotonic() - began)
                end = end or self._epoch(watch, began)
        if self.criteria.patience is not None and state.best is not None:
            state.current = self.flat.copy()
            np.copyto(self.flat, state.best.flat)
            best = f"; the parameters are those of epoch {state.best.epoch}, the best"
            end = end._replace(message=end.message + best)
        return end

    def _epoch(self, watch: Watch, began: float) -> End | None:
        """Run one epoch, or what is left of it; return the end, if the run has come to it."""
        state, objective, flat = self.state, self.objective, self.flat
        gradient, move, memory = objective.gradient, self.optimiser.move, state.memory
        timed = self.criteria.seconds is not None
        summed = self.criteria.gradient is not None
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
                end = self.criteria.reached(cost, change, norm)
                if end:
                    # The epoch was begun, and its step is not taken.
                    self.record(watch, state.epoch + 1, cost, norm, rate)
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
            watch.step(state, cost, norm, rate)
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
        if self._leaper is None and plain and self.criteria.gradient is None:
            self._leaper = self.objective.leaps()
        return (
            self._leaper is not None
            and self._limit < math.inf
            and self._leaper.usable(self.optimiser.name)
        )

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
                watch.step(state, float(costs[-1]), norm, rate)
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
            what = f"the cost grew to {cost:.3g}"
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
        record = self.record(watch, state.epoch, cost, norm, rate)
        end = self._patience(record)
        if not objective.full:
            self._remember(cost)
            change = None if state.before is None else abs(cost - state.before)
            gradient = mean if self.criteria.gradient is not None else None
            end = end or self.criteria.reached(cost, change, gradient)
            state.before = cost
        watch.save(state)
        return end

    def record(self, watch: Watch, epoch: int, cost: float, norm: float, rate: float) -> Record:
        """Keep what is told of an epoch, and tell it."""
        state = self.state
        record: Record = {"epoch": epoch, "step": state.step, "cost": cost}
        record |= {"gradient_norm": norm, "rate": rate}
        costs, metrics = measured(train=self.measure, holdout=self.held)
        record |= {part: cost for part, cost in costs.items() if part == "holdout"}
        if metrics:
            record["metrics"] = metrics
        state.keep(record)
        watch.epoch(record)
        return record

    def _patience(self, record: Record) -> End | None:
        patience, state = self.criteria.patience, self.state
        if patience is None:
            return None
        cost = record["holdout"]
        best = state.best
        # A cost that is NaN is no better than none.
        if cost == cost and (best is None or cost < best.cost):
            state.best = Best(cost, state.epoch, self.flat.copy())
        elif state.epoch - (best.epoch if best else 0) >= patience:
            why = f"{patience} epochs brought nothing better on the rows held out (--patience)"
            return End("converged", why)
        return None
