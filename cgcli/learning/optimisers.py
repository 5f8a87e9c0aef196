"""Optimisers: how a gradient moves the parameters, each a row of one table.

The formulas, their order of operations and the defaults are those of PyTorch's documentation of
`torch.optim`, so that the same run has the same numbers there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

__all__ = ["OPTIMISERS", "Optimiser", "Setting", "clip"]

Setting: TypeAlias = dict[str, float]
State: TypeAlias = dict[str, Any]


class Optimiser(NamedTuple):
    """A way to descend: its settings with their defaults, what it remembers, its step.

    `move(theta, gradient, rate, step, setting, state)` changes `theta` and the state in place;
    steps are counted from 1, and the gradient may be written over. `rate` is the learning rate
    where none is given.
    """

    name: str
    summary: str
    settings: Setting
    remembers: tuple[str, ...]
    move: Callable[[Any, Any, float, int, Setting, State], None]
    rate: float = 0.01

    def start(self, size: int) -> State:
        """Return the state before the first step: zeros."""
        return {name: np.zeros(size) for name in self.remembers}


def clip(gradient: Any, most: float) -> float:
    """Shorten a gradient to a norm of `most`, in place; return the norm it had."""
    norm = math.sqrt(float(gradient @ gradient))
    if norm > most:
        # As torch.nn.utils.clip_grad_norm_ has it.
        gradient *= most / (norm + 1e-6)
    return norm


def _decay(theta: Any, gradient: Any, setting: Setting) -> None:
    if setting["weight_decay"]:
        gradient += setting["weight_decay"] * theta


def _gd(theta: Any, gradient: Any, rate: float, step: int, setting: Setting, state: State) -> None:
    _decay(theta, gradient, setting)
    theta -= rate * gradient


def _with_momentum(*, nesterov: bool) -> Callable[..., None]:
    def move(
        theta: Any, gradient: Any, rate: float, step: int, setting: Setting, state: State
    ) -> None:
        _decay(theta, gradient, setting)
        velocity, momentum = state["velocity"], setting["momentum"]
        velocity *= momentum
        velocity += gradient
        if nesterov:
            gradient += momentum * velocity
            theta -= rate * gradient
        else:
            theta -= rate * velocity

    return move


def _rmsprop(
    theta: Any, gradient: Any, rate: float, step: int, setting: Setting, state: State
) -> None:
    _decay(theta, gradient, setting)
    square, keep = state["square"], setting["decay"]
    square *= keep
    square += (1 - keep) * gradient * gradient
    theta -= rate * (gradient / (np.sqrt(square) + setting["epsilon"]))


def _adagrad(
    theta: Any, gradient: Any, rate: float, step: int, setting: Setting, state: State
) -> None:
    _decay(theta, gradient, setting)
    square = state["square"]
    square += gradient * gradient
    theta -= rate * (gradient / (np.sqrt(square) + setting["epsilon"]))


def _with_moments(*, decoupled: bool) -> Callable[..., None]:
    """Kingma and Ba, Adam; Loshchilov and Hutter, Decoupled weight decay, for AdamW."""

    def move(
        theta: Any, gradient: Any, rate: float, step: int, setting: Setting, state: State
    ) -> None:
        if decoupled:
            theta *= 1 - rate * setting["weight_decay"]
        else:
            _decay(theta, gradient, setting)
        first, second = state["first"], state["second"]
        beta1, beta2 = setting["beta1"], setting["beta2"]
        first += (1 - beta1) * (gradient - first)
        second *= beta2
        second += (1 - beta2) * (gradient * gradient)
        scale = np.sqrt(second)
        scale /= math.sqrt(1 - beta2**step)
        scale += setting["epsilon"]
        np.divide(first, scale, scale)
        scale *= rate / (1 - beta1**step)
        theta -= scale

    return move


_MOMENTS: Final = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}

OPTIMISERS: Final[dict[str, Optimiser]] = {
    row.name: row
    for row in (
        Optimiser("gd", "W = W - rate * gradient", {"weight_decay": 0.0}, (), _gd),
        Optimiser(
            "momentum",
            "a velocity keeps part of the gradients before",
            {"momentum": 0.9, "weight_decay": 0.0},
            ("velocity",),
            _with_momentum(nesterov=False),
        ),
        Optimiser(
            "nesterov",
            "momentum that looks ahead",
            {"momentum": 0.9, "weight_decay": 0.0},
            ("velocity",),
            _with_momentum(nesterov=True),
        ),
        Optimiser(
            "rmsprop",
            "each gradient over the root of its running mean square",
            {"decay": 0.99, "epsilon": 1e-8, "weight_decay": 0.0},
            ("square",),
            _rmsprop,
        ),
        Optimiser(
            "adagrad",
            "each gradient over the root of its sum of squares",
            {"epsilon": 1e-10, "weight_decay": 0.0},
            ("square",),
            _adagrad,
        ),
        Optimiser(
            "adam",
            "running means of the gradient and its square, corrected for their start",
            {**_MOMENTS, "weight_decay": 0.0},
            ("first", "second"),
            _with_moments(decoupled=False),
            0.001,
        ),
        Optimiser(
            "adamw",
            "adam, with the decay of weights apart from the gradient",
            {**_MOMENTS, "weight_decay": 0.01},
            ("first", "second"),
            _with_moments(decoupled=True),
            0.001,
        ),
    )
}
"""The optimisers by name."""
