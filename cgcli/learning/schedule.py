"""Schedules: the learning rate at each step."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

SCHEDULES: Final = ("constant", "step", "cosine", "warmup")


class Schedule(NamedTuple):
    """How the learning rate changes: it begins at `rate`.

    ``step`` multiplies it by `factor` after every `every` epochs, ``cosine`` brings it down to 0
    at step `total`, ``warmup`` raises it from 0 over `warmup` steps; the other two begin with a
    warm-up as well where `warmup` is given.

    >>> [Schedule("warmup", 0.1, warmup=4).at(step, 0) for step in (0, 1, 3, 9)]
    [0.025, 0.05, 0.1, 0.1]
    """

    kind: str = "constant"
    rate: float = 0.01
    warmup: int = 0
    every: int = 30
    factor: float = 0.1
    total: int = 0

    def at(self, step: int, epoch: int) -> float:
        """Return the rate of a step, which like its epoch is counted from 0."""
        if step < self.warmup:
            return self.rate * (step + 1) / self.warmup
        if self.kind == "step":
            return float(self.rate * self.factor ** (epoch // self.every))
        if self.kind == "cosine":
            length = max(self.total - self.warmup, 1)
            done = min(step - self.warmup, length)
            return self.rate * (1 + math.cos(math.pi * done / length)) / 2
        return self.rate
