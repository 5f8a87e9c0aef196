"""The derivatives of the elementwise operations as calculus states them, with 60 digits.

Nothing is arranged to stay within a range: mpmath's exponents have no end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mpmath import mp

__all__ = ["SLOPES", "contribution"]

Slope = Callable[..., Any]


def _logistic(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def _decay(x: Any) -> Any:
    """exp(-x)/(1 + exp(-x))², which is even."""
    return mp.exp(-abs(x)) / (1 + mp.exp(-abs(x))) ** 2


def _bell(x: Any) -> Any:
    return 2 * mp.exp(-x * x) / mp.sqrt(mp.pi)


def _gelu(x: Any) -> Any:
    if abs(x) > 1e5:
        # Nothing that a double multiplies back into the doubles is missing.
        return mp.mpf(x > 0)
    return mp.ncdf(x) + x * mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def _polygamma(n: Any, x: Any) -> Any:
    return mp.psi(int(n) + 1, x)


SLOPES: Mapping[str, tuple[Slope | None, ...]] = {
    "add": (lambda a, b: mp.one, lambda a, b: mp.one),
    "sub": (lambda a, b: mp.one, lambda a, b: -mp.one),
    "mul": (lambda a, b: b, lambda a, b: a),
    "div": (lambda a, b: 1 / b, lambda a, b: -a / b**2),
    "pow": (lambda a, b: b * a ** (b - 1), lambda a, b: a**b * mp.log(a)),
    "neg": (lambda x: -mp.one,),
    "sqrt": (lambda x: 1 / (2 * mp.sqrt(x)),),
    "cbrt": (lambda x: 1 / (3 * mp.root(abs(x), 3) ** 2),),
    "exp": (mp.exp,),
    "expm1": (mp.exp,),
    "log": (lambda x: 1 / x,),
    "log1p": (lambda x: 1 / (1 + x),),
    "log2": (lambda x: 1 / (x * mp.log(2)),),
    "log10": (lambda x: 1 / (x * mp.log(10)),),
    "hypot": (lambda a, b: a / mp.sqrt(a**2 + b**2), lambda a, b: b / mp.sqrt(a**2 + b**2)),
    "xlogy": (lambda a, b: mp.log(b), lambda a, b: a / b),
    "sin": (mp.cos,),
    "cos": (lambda x: -mp.sin(x),),
    "tan": (lambda x: 1 + mp.tan(x) ** 2,),
    "sinc": (lambda x: -x / 3 * mp.hyp0f1(mp.mpf(5) / 2, -x * x / 4),),
    "asin": (lambda x: 1 / mp.sqrt(1 - x**2),),
    "acos": (lambda x: -1 / mp.sqrt(1 - x**2),),
    "atan": (lambda x: 1 / (1 + x**2),),
    "atan2": (lambda a, b: b / (a**2 + b**2), lambda a, b: -a / (a**2 + b**2)),
    "mod": (lambda a, b: mp.one, lambda a, b: -mp.floor(a / b)),
    "sinh": (mp.cosh,),
    "cosh": (mp.sinh,),
    "tanh": (lambda x: 1 / mp.cosh(x) ** 2,),
    "asinh": (lambda x: 1 / mp.sqrt(1 + x**2),),
    "acosh": (lambda x: 1 / mp.sqrt(x**2 - 1),),
    "atanh": (lambda x: 1 / (1 - x**2),),
    "abs": (mp.sign,),
    "sigmoid": (_decay,),
    "relu": (lambda x: mp.mpf(x > 0),),
    "leaky_relu": (lambda x: mp.one if x > 0 else mp.one / 100,),
    "elu": (lambda x: mp.one if x > 0 else mp.exp(x),),
    "softplus": (_logistic,),
    "silu": (lambda x: _logistic(x) + x * _decay(x),),
    "gelu": (_gelu,),
    "erf": (_bell,),
    "erfc": (lambda x: -_bell(x),),
    "gamma": (lambda x: mp.gamma(x) * mp.psi(0, x),),
    "lgamma": (lambda x: mp.psi(0, x),),
    "digamma": (lambda x: mp.psi(1, x),),
    "polygamma": (None, _polygamma),
}
"""By the name of a row, the derivative by each argument; None where there is none.

Steps and choices are left out: 0 and 1 are all that they multiply by.
"""


def contribution(name: str, place: int, upstream: float, args: tuple[float, ...]) -> Any:
    """Return upstream times a local derivative, of arguments that are taken as exact."""
    slope = SLOPES[name][place]
    assert slope is not None
    with mp.workdps(60):
        return mp.mpf(upstream) * slope(*map(mp.mpf, args))
