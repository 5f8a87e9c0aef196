"""Where a run stands, what is told of its epochs, and who looks on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from cgcli.learning.objective import Measure, measured
from cgcli.learning.stopping import INTERRUPTED, Criteria, End

Record = dict[str, Any]
"""What is told of an epoch: its number, the step, the cost, the gradient's norm, the rate ..."""

_KEPT: Final = 2_000


class Units(NamedTuple):
    """How what is measured of columns that are scaled is told in the data's units.

    A cost is to be times `cost`, a metric times the first of two numbers, plus the second; one of
    other metrics is told of the end alone.
    """

    cost: float = 1.0
    metrics: Mapping[str, tuple[float, float]] = {}

    def in_units(self, record: Record) -> Record:
        """Return the record of an epoch in the data's units."""
        costs: Record = {n: record[n] * self.cost for n in ("cost", "holdout") if n in record}
        known = {name: (record["metrics"][name], pair) for name, pair in self.metrics.items()}
        metrics = {
            name: {part: factor * value + shift for part, value in parts.items()}
            for name, (parts, (factor, shift)) in known.items()
        }
        return {**record, **costs, **({"metrics": metrics} if "metrics" in record else {})}


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


@dataclass
class Turn(Watch):
    """Looks on where a part of the rows is held out: of `watch` it asks when to stop alone."""

    watch: Watch

    def asked_to_stop(self) -> bool:
        """Whether someone wants all of it to end."""
        return self.watch.asked_to_stop()


@dataclass(eq=False)
class Logbook:
    """What is kept and told of a run's epochs: its `state`, and what is measured at each of them.

    `held` measures the rows held out, `measure` those to train on where there are metrics. `flat`
    are the parameters, which at the end are those of the last step, or with patience those of the
    best epoch on the rows held out. All that is told is in the data's `units`.
    """

    state: State
    flat: Any
    criteria: Criteria
    held: Measure | None
    measure: Measure | None
    units: Units | None = None

    def in_units(self, cost: float) -> float:
        """Return a cost in the data's units."""
        return cost if self.units is None else cost * self.units.cost

    def record_in_units(self, record: Record) -> Record:
        """Return the record of an epoch in the data's units."""
        return record if self.units is None else self.units.in_units(record)

    def reached(self, cost: float, change: float | None, norm: float) -> End | None:
        """Return the end of a run whose cost, or its gradient, is as small as was asked for."""
        return self.criteria.reached(self.in_units(cost), change and self.in_units(change), norm)

    def go_on(self) -> None:
        """Take up the parameters of the last step, where the model's are better ones."""
        if self.state.current is not None:
            np.copyto(self.flat, self.state.current)
            self.state.current = None

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
        watch.epoch(self.record_in_units(record))
        return record

    def patience(self, record: Record) -> End | None:
        """Return the end of a run whose last epochs were no better on the rows held out."""
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

    def teller(self, watch: Watch) -> Callable[[float, float], End | None]:
        """Return what sees the iterations of L-BFGS, as epochs, and may end it."""
        began = time.monotonic()
        # An iteration that is the last is no limit: L-BFGS tells its end itself.
        criteria = self.criteria._replace(epochs=None, steps=None)

        def tell(cost: float, norm: float) -> End | None:
            state = self.state
            before = state.history[-1]["cost"] if state.history else None
            state.step, state.epoch = state.step + 1, state.epoch + 1
            record = self.record(watch, state.epoch, cost, norm, 1.0)
            watch.step(state, self.in_units(cost), norm, 1.0)
            watch.save(state)
            if watch.asked_to_stop():
                return INTERRUPTED
            change = None if before is None else abs(cost - before)
            end = self.reached(cost, change, norm) or self.patience(record)
            return end or criteria.exhausted(len(state.history), -1, time.monotonic() - began)

        return tell

    def best(self, end: End) -> End:
        """Return an end with the parameters of the best epoch, where patience looks for it."""
        state = self.state
        if self.criteria.patience is None or state.best is None:
            return end
        state.current = self.flat.copy()
        np.copyto(self.flat, state.best.flat)
        best = f"; the parameters are those of epoch {state.best.epoch}, the best"
        return end._replace(message=end.message + best)


class Folds(NamedTuple):
    """The cost of each part of the rows that is held out by turns, and each metric, by its name."""

    costs: list[float]
    metrics: dict[str, list[float]]

    @staticmethod
    def spread(values: list[float]) -> tuple[float, float]:
        """Return the mean of a figure of all parts, and its sample standard deviation.

        >>> Folds.spread([1.0, 3.0])
        (2.0, 1.4142135623730951)
        """
        return float(np.mean(values)), float(np.std(values, ddof=1))
