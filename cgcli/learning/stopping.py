"""When to stop: the criteria of a run, and which of them was met."""

from __future__ import annotations

from typing import NamedTuple

from cgcli.words import counted


def _done(number: int, noun: str) -> str:
    return f"{counted(number, noun)} {'is' if number == 1 else 'are'} done"


class Criteria(NamedTuple):
    """What stops a run; None for what does not. The first that is met is told.

    >>> criteria = Criteria(epochs=10, cost=0.5)
    >>> criteria.reached(cost=0.4, change=1.0, gradient=2.0)
    'the cost 0.4 is at most 0.5 (--until-cost)'
    """

    epochs: int | None = None
    steps: int | None = None
    cost: float | None = None
    change: float | None = None
    gradient: float | None = None
    patience: int | None = None
    seconds: float | None = None

    def reached(self, cost: float, change: float | None, gradient: float | None) -> str:
        """Return why the run is as good as was asked for; nothing when it is not yet."""
        if self.cost is not None and cost <= self.cost:
            return f"the cost {cost:.6g} is at most {self.cost:g} (--until-cost)"
        if self.gradient is not None and gradient is not None and gradient <= self.gradient:
            norm = f"the gradient's norm {gradient:.6g}"
            return f"{norm} is at most {self.gradient:g} (--until-gradient)"
        if self.change is not None and change is not None and change <= self.change:
            return f"the cost changed by {change:.3g}, at most {self.change:g} (--until-change)"
        return ""

    def exhausted(self, step: int, epoch: int, seconds: float) -> str:
        """Return which bound the run has come to; nothing when there is more to do."""
        if self.steps is not None and step >= self.steps:
            return f"{_done(step, 'step')} (--steps)"
        if self.epochs is not None and epoch >= self.epochs:
            return f"{_done(epoch, 'epoch')} (--epochs)"
        if self.seconds is not None and seconds >= self.seconds:
            return f"{self.seconds:g} s are over (--time)"
        return ""
