"""Smooth functions over mpmath's numbers, whatever their size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mpmath import mp, mpf

from tests.concordance.numbers import FAR, TINY, Local


def exp(x: mpf) -> mpf:
    if abs(x) > FAR:
        return TINY if x < 0 else 1 / TINY
    return mp.exp(x)


def sigmoid(x: mpf) -> mpf:
    return 1 / (1 + exp(-x)) if x > -FAR else TINY


def _cosh(x: mpf) -> mpf:
    return (exp(x) + exp(-x)) / 2


def _sinh(x: mpf) -> mpf:
    return mp.sinh(x) if abs(x) < 1 else (exp(x) - exp(-x)) / 2


def _expm1(x: mpf) -> mpf:
    return mp.expm1(x) if abs(x) < 1 else exp(x) - 1


def _tanh(x: mpf) -> mpf:
    return mp.tanh(x) if abs(x) < FAR else mp.sign(x) * (1 - TINY)


def _bell(x: mpf) -> mpf:
    """exp(-x^2), whatever its size."""
    return exp(-x * x)


def _phi(x: mpf) -> mpf:
    return _bell(x / mp.sqrt(2)) / mp.sqrt(2 * mp.pi)


def _erfc(x: mpf) -> mpf:
    if x > 300:
        return TINY
    return mp.erfc(x) if x > -300 else mpf(2) - TINY


def _normal(x: mpf) -> mpf:
    return _erfc(-x / mp.sqrt(2)) / 2


def _erf(x: mpf) -> mpf:
    return mp.erf(x) if abs(x) < 300 else mp.sign(x) * (1 - TINY)


def _softplus(x: mpf) -> mpf:
    return x if x > FAR else mp.log1p(exp(x))


SMOOTH: Final[dict[str, tuple[Callable[[mpf], mpf], Callable[[mpf], mpf]]]] = {
    "neg": (lambda x: -x, lambda x: mpf(-1)),
    "pos": (lambda x: x, lambda x: mpf(1)),
    "exp": (exp, exp),
    "expm1": (_expm1, exp),
    "sin": (mp.sin, mp.cos),
    "cos": (mp.cos, lambda x: -mp.sin(x)),
    "tan": (mp.tan, lambda x: 1 / mp.cos(x) ** 2),
    # -j₁(x), which does not cancel beside 0 (DLMF 10.53.1).
    "sinc": (mp.sinc, lambda x: -x / 3 * mp.hyp0f1(mpf(5) / 2, -x * x / 4)),
    "atan": (mp.atan, lambda x: 1 / (1 + x * x)),
    "sinh": (_sinh, _cosh),
    "cosh": (_cosh, _sinh),
    "tanh": (_tanh, lambda x: 1 / _cosh(x) ** 2),
    "asinh": (mp.asinh, lambda x: 1 / mp.sqrt(1 + x * x)),
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * sigmoid(-x)),
    "softplus": (_softplus, sigmoid),
    "erf": (_erf, lambda x: 2 * _bell(x) / mp.sqrt(mp.pi)),
    "erfc": (_erfc, lambda x: -2 * _bell(x) / mp.sqrt(mp.pi)),
    "elu": (lambda x: x if x > 0 else _expm1(x), lambda x: exp(min(x, mpf(0)))),
}


def silu(x: mpf) -> Local:
    s = sigmoid(x)
    return Local(x * s, lambda: (s * (1 + x * sigmoid(-x)),))


def gelu(x: mpf) -> Local:
    return Local(x * _normal(x), lambda: (_normal(x) + x * _phi(x),))


def smooth(name: str, x: mpf) -> Local:
    value, slope = SMOOTH[name]
    return Local(value(x), lambda: (slope(x),))
