"""Power series in one step: the operations once more, from their definitions, without any rule.

A number moves with a step t as c₀ + c₁·t, and every operation is done by FLINT's own
arithmetic of power series over balls (`arb_series`), which knows nothing of the partials in the
table: what the table states as a derivative comes out here as the coefficient of t. Functions
that FLINT has no series of are written by those it has, as a book defines them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

from flint import arb, arb_series, fmpq

from cgcli.numbers.balls import UNKNOWN, Ball, Truth, rational
from cgcli.numbers.certified import BallNamespace, from_gamma_series
from cgcli.numbers.jets import Jet, constant, moving, nowhere, value_ball
from cgcli.numbers.namespace import Namespace

_HALF: Final = Ball(arb(0.5), fmpq(1, 2))


# Choices


def _choose(condition: Truth, a: Jet, b: Jet) -> Jet:
    """What is chosen; both at once where it cannot be told."""
    if condition is UNKNOWN:
        return Jet(arb_series([a.value.union(b.value), a.slope.union(b.slope)]))
    return a if condition else b


def _abs(x: Jet) -> Jet:
    return _choose(value_ball(x) >= 0, x, -x)


def _floor(x: Jet) -> Jet:
    exact = x.exact is not None
    return constant(rational(fmpq(x.exact.floor())) if exact else Ball(x.value.floor()))


def _round(x: Jet) -> Jet:
    """To the nearest, and half way to the even: as the mean of the two ways of rounding a half.

    Half way up and half way down differ at a tie alone, where the even one of them is meant.
    """
    up, down = _floor(x + constant(_HALF)), -_floor(constant(_HALF) - x)
    same = value_ball(up) == value_ball(down)
    if same is not False:
        return up
    half = up / 2
    return _choose(value_ball(_floor(half)) == value_ball(half), up, down)


# Functions


def _series(
    function: Callable[[Any], Any], accurate: Callable[[Any], Any] | None = None
) -> Callable[[Jet], Jet]:
    """A function of series; `accurate` returns the value alone where that keeps more digits."""

    def apply(x: Jet) -> Jet:
        # FLINT takes forever over some functions of a number of which nothing is known.
        if not x.value.is_finite():
            return nowhere()
        if x.still and accurate is not None:
            return moving(accurate(x.value), arb(0))
        try:
            result = function(x.series)
        except (ValueError, ZeroDivisionError):
            return nowhere()
        return moving(result[0] if accurate is None else accurate(x.value), result[1])

    return apply


_SERIES: Final[dict[str, Callable[[Any], Any]]] = {
    "expm1": lambda s: s.exp() - 1,
    "log1p": lambda s: (1 + s).log(),
    "acos": lambda s: arb.pi() / 2 - s.asin(),
    "sinh": lambda s: (s.exp() - (-s).exp()) / 2,
    "cosh": lambda s: (s.exp() + (-s).exp()) / 2,
    # The slope is no difference of large numbers.
    "tanh": lambda s: 1 - 2 / ((2 * s).exp() + 1),
    "asinh": lambda s: (
        (s + (s * s + 1).sqrt()).log() if s[0] >= 0 else -((s * s + 1).sqrt() - s).log()
    ),
    "acosh": lambda s: (s + (s - 1).sqrt() * (s + 1).sqrt()).log(),
    "atanh": lambda s: ((1 + s) / (1 - s)).log() / 2,
}
"""What FLINT has no series of, by those that it has."""
_SMOOTH: Final = {
    **{name: _series(getattr(arb_series, name)) for name in ("sin", "cos", "tan")},
    **{
        name: _series(_SERIES.get(name) or getattr(arb_series, name), getattr(arb, name))
        for name in ("sqrt", "exp", "log", "asin", "atan", "erf", "erfc", *_SERIES)
    },
}


def _exp(x: Jet) -> Jet:
    """exp(x), and 0 where x is -inf."""
    return constant(0) if x.value == arb("-inf") else _SMOOTH["exp"](x)


def _cbrt(x: Jet) -> Jet:
    if x.exact == 0:
        return x if x.still else nowhere()
    root = constant(1) / 3
    return _choose(value_ball(x) > 0, _exp(JETS.log(x) * root), -_exp(JETS.log(-x) * root))


def _power(a: Jet, b: Jet) -> Any:
    """A product of so many factors for a whole exponent, else exp(b·log(a))."""
    if b.exact == 0 and b.still:
        return constant(1)
    if not (a.value.is_finite() and b.value.is_finite()):
        return nowhere()
    if b.exact is not None and b.exact.q == 1 and b.still:
        n = int(b.exact.p)
        if a.exact == 0 and n < 0:
            return nowhere()
        if a.exact is not None and a.exact.height_bits() * abs(n) <= 4096:
            return Jet(a.series**n, a.exact**n)
        return Jet(a.series**n)
    if a.exact == 0:
        return _power_of_zero(a, b)
    if a.still and b.still:
        return moving(a.value**b.value, arb(0))
    return moving(a.value**b.value, _exp(b * JETS.log(a)).slope)


def _power_of_zero(a: Jet, b: Jet) -> Any:
    """0^b is 0 for b > 0; there a^b goes to 0 faster than a where b > 1, and as a where b is 1."""
    if b.exact == 0 and a.still:
        # Where b moves as well there is a jump.
        return constant(1)
    if b.exact == 1:
        return a
    if b.value > 1 or (b.value > 0 and a.still):
        return constant(0)
    return nowhere()


def _xlogy(a: Jet, b: Jet) -> Any:
    return constant(0) if a.exact == 0 and a.still else a * JETS.log(b)


def _atan2(a: Jet, b: Jet) -> Any:
    """The angle by the half plane that the point lies in."""
    half = constant(Ball(arb.pi() / 2))
    if b.value > 0:
        return JETS.atan(a / b)
    if a.value > 0:
        return half - JETS.atan(b / a)
    if a.value < 0:
        return -half - JETS.atan(b / a)
    if a.exact == 0 and b.value < 0:
        return half + half + a / b
    return constant(0) if a.exact == 0 and b.exact == 0 else nowhere()


def _lgamma(x: Jet) -> Any:
    if x.value > 0:
        return _series(arb_series.lgamma)(x)
    return JETS.log(_abs(_gamma(x)))


def _gamma(x: Jet) -> Jet:
    pole = x.exact is not None and x.exact.q == 1 and x.exact <= 0
    return nowhere() if pole else _series(arb_series.gamma, arb.gamma)(x)


def _polygamma(n: Jet, x: Jet) -> Jet:
    """From the series of Γ about x: its logarithm differentiated once more than n times."""
    if n.exact is None or n.exact.q != 1 or not 0 <= n.exact <= 100 or not n.still:
        return nowhere()
    if not x.value.is_finite():
        return nowhere()
    value, slope = from_gamma_series(int(n.exact.p), x.value, 2)
    return Jet(arb_series([value, arb(0) if x.still else slope * x.slope]))


def _sigmoid(x: Jet) -> Any:
    return 1 / (1 + _exp(-x))


DEFINITIONS: Final[dict[str, Callable[..., Jet]]] = {
    **_SMOOTH,
    "pow": _power,
    "cbrt": _cbrt,
    "exp": _exp,
    "xlogy": _xlogy,
    "atan2": _atan2,
    "gamma": _gamma,
    "lgamma": _lgamma,
    "polygamma": _polygamma,
    "abs": _abs,
    "floor": _floor,
    "round": _round,
    "max": lambda *values: functools.reduce(lambda a, b: _choose(a >= b, a, b), values),
    "min": lambda *values: functools.reduce(lambda a, b: _choose(a <= b, a, b), values),
    "sigmoid": _sigmoid,
    "elu": lambda x: _choose(value_ball(x) > 0, x, JETS.expm1(x)),
    "softplus": lambda x: JETS.log1p(_exp(x)),
    "silu": lambda x: x * _sigmoid(x),
    "gelu": lambda x: x * JETS.erfc(-x / JETS.sqrt(constant(2))) / 2,
}
"""The primitives, and smooth functions whose rows compute them by parts that are not smooth."""


def _of_any(definition: Callable[..., Jet]) -> Callable[..., Jet]:
    """Return a function that takes Python's numbers too."""
    return lambda *numbers: definition(*map(constant, numbers))


JETS: Final[Namespace] = BallNamespace(
    **{name: _of_any(definition) for name, definition in DEFINITIONS.items()},
    where=lambda condition, a, b: _choose(condition, constant(a), constant(b)),
    number=constant,
    inf=constant(arb("inf")),
    nan=nowhere(),
)
"""Numbers that move: all other operations are done by the value rules of their rows."""
