"""Activations of neural networks, written so that their tails stay right."""

from __future__ import annotations

from typing import Final

from cgcli.operations.arity import Unary
from cgcli.operations.protocol import Number, Rulebook
from cgcli.operations.row import Kink


def _softplus(m: Rulebook, x: Number) -> Number:
    """log(1 + exp(x)), without overflow above and without cancellation below."""
    return m.max(x, m.number(0)) + m.log1p(m.exp(-m.abs(x)))


NETWORKS: Final = (
    Unary(
        name="sigmoid",
        wide=True,
        partials=(lambda m, y, x: m.sigmoid_slope(x),),
        textbook=(lambda m, y, x: y * (1 - y),),
        latex=r"\sigma",
        sign=">",
        summary="1/(1 + exp(-x))",
    ),
    Unary(
        name="relu",
        value=lambda m, x: m.max(x, m.number(0)),
        partials=(lambda m, y, x: m.where(x > 0, 1, 0),),
        kinks=(Kink(lambda m, x: x == 0, lambda m, x: ((0, 1),), "a corner at 0"),),
        sign=">=",
        gate=True,
        summary="max(x, 0)",
        convention="the derivative at 0 is 0",
    ),
    Unary(
        name="leaky_relu",
        value=lambda m, x: m.where(x > 0, x, x / 100),
        partials=(lambda m, y, x: m.where(x > 0, 1, 1 / m.number(100)),),
        kinks=(Kink(lambda m, x: x == 0, lambda m, x: ((1 / m.number(100), 1),), "a corner at 0"),),
        gate=True,
        summary="x where positive, else 0.01*x",
        convention="the derivative at 0 is 0.01",
    ),
    Unary(
        name="elu",
        wide=True,
        value=lambda m, x: m.where(x > 0, x, m.expm1(m.min(x, m.number(0)))),
        partials=(lambda m, y, x: m.where(x > 0, 1, m.exp(m.min(x, m.number(0)))),),
        textbook=(lambda m, y, x: m.where(x > 0, 1, m.exp(x)),),
        gate=True,
        summary="x where positive, else exp(x) - 1",
    ),
    Unary(
        name="softplus",
        wide=True,
        value=_softplus,
        partials=(lambda m, y, x: m.sigmoid(x),),
        sign=">",
        summary="log(1 + exp(x))",
    ),
    Unary(
        name="silu",
        wide=True,
        partials=(lambda m, y, x: m.silu_slope(x),),
        summary="x*sigmoid(x)",
    ),
    Unary(
        name="gelu",
        wide=True,
        partials=(lambda m, y, x: m.gelu_slope(x),),
        summary="x times the normal distribution's integral up to x",
    ),
)
