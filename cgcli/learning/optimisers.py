"""Optimisers: how a gradient moves the parameters, each a row of one table; and the rate's course.

The formulas, their order of operations and the defaults are those of PyTorch's documentation of
`torch.optim`, so that the same run has the same numbers there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

Setting: TypeAlias = dict[str, float]
State: TypeAlias = dict[str, Any]


class Optimiser(NamedTuple):
    """A way to descend: what is said of it, what it remembers, its settings with their defaults.

    `step(gradient, rate, count, setting, state)` returns what is taken from the parameters, and
    changes the state in place; steps are counted from 1, and the gradient may be written over.
    `rate` is the learning rate where none is given. The decay of weights is added to the gradient,
    or `decoupled` from it.
    """

    name: str
    summary: str
    step: Callable[[Any, float, int, Setting, State], Any]
    remembers: tuple[str, ...]
    defaults: Setting
    decay: float = 0.0
    rate: float = 0.01
    decoupled: bool = False

    @property
    def settings(self) -> Setting:
        """Return all settings with their defaults."""
        return {**self.defaults, "weight_decay": self.decay}

    def start(self, size: int) -> State:
        """Return the state before the first step: zeros."""
        import numpy as np

        return {name: np.zeros(size) for name in self.remembers}

    def move(
        self, theta: Any, gradient: Any, rate: float, count: int, setting: Setting, state: State
    ) -> None:
        """Change the parameters `theta` by one step, in place."""
        decay = setting["weight_decay"]
        if self.decoupled:
            theta *= 1 - rate * decay
        elif decay:
            gradient += decay * theta
        theta -= self.step(gradient, rate, count, setting, state)


def clip(gradient: Any, most: float) -> float:
    """Shorten a gradient to a norm of `most`, in place; return the norm it had."""
    norm = math.sqrt(float(gradient @ gradient))
    if norm > most:
        # As torch.nn.utils.clip_grad_norm_ has it.
        gradient *= most / (norm + 1e-6)
    return norm


def _gd(gradient: Any, rate: float, count: int, setting: Setting, state: State) -> Any:
    return rate * gradient


def _momentum(gradient: Any, rate: float, count: int, setting: Setting, state: State) -> Any:
    velocity = state["velocity"]
    velocity *= setting["momentum"]
    velocity += gradient
    return rate * velocity


def _nesterov(gradient: Any, rate: float, count: int, setting: Setting, state: State) -> Any:
    _momentum(gradient, rate, count, setting, state)
    gradient += setting["momentum"] * state["velocity"]
    return rate * gradient


def _rmsprop(gradient: Any, rate: float, count: int, setting: Setting, state: State) -> Any:
    square, keep = state["square"], setting["decay"]
    square *= keep
    square += (1 - keep) * gradient * gradient
    return _over_root(gradient, rate, square, setting)


def _adagrad(gradient: Any, rate: float, count: int, setting: Setting, state: State) -> Any:
    square = state["square"]
    square += gradient * gradient
    return _over_root(gradient, rate, square, setting)


def _over_root(gradient: Any, rate: float, square: Any, setting: Setting) -> Any:
    import numpy as np

    return rate * (gradient / (np.sqrt(square) + setting["epsilon"]))


def _adam(gradient: Any, rate: float, count: int, setting: Setting, state: State) -> Any:
    """Kingma and Ba, Adam; Loshchilov and Hutter, Decoupled weight decay, for AdamW."""
    import numpy as np

    first, second = state["first"], state["second"]
    beta1, beta2 = setting["beta1"], setting["beta2"]
    first += (1 - beta1) * (gradient - first)
    second *= beta2
    second += (1 - beta2) * (gradient * gradient)
    scale = np.sqrt(second)
    scale /= math.sqrt(1 - beta2**count)
    scale += setting["epsilon"]
    np.divide(first, scale, scale)
    scale *= rate / (1 - beta1**count)
    return scale


_VELOCITY: Final = (("velocity",), {"momentum": 0.9})
_MOMENTS: Final = (("first", "second"), {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8})
_KEPT: Final = "a velocity keeps part of the gradients before"
_SUMMED: Final = "each gradient over the root of its sum of squares"
_RUNNING: Final = "each gradient over the root of its running mean square"
_ADAM: Final = "running means of the gradient and its square, corrected for their start"
_ADAMW: Final = "adam, with the decay of weights apart from the gradient"

OPTIMISERS: Final[dict[str, Optimiser]] = {
    row.name: row
    for row in (
        Optimiser("gd", "W = W - rate * gradient", _gd, (), {}),
        Optimiser("momentum", _KEPT, _momentum, *_VELOCITY),
        Optimiser("nesterov", "momentum that looks ahead", _nesterov, *_VELOCITY),
        Optimiser("rmsprop", _RUNNING, _rmsprop, ("square",), {"decay": 0.99, "epsilon": 1e-8}),
        Optimiser("adagrad", _SUMMED, _adagrad, ("square",), {"epsilon": 1e-10}),
        Optimiser("adam", _ADAM, _adam, *_MOMENTS, rate=0.001),
        Optimiser("adamw", _ADAMW, _adam, *_MOMENTS, 0.01, 0.001, decoupled=True),
    )
}
"""The optimisers by name."""

OPTIMISER_NAMES: Final = (*OPTIMISERS, "lbfgs", "lm")
"""With them the two methods of SciPy."""


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
