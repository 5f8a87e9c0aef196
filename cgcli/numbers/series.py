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
from cgcli.numbers.certified import from_gamma_series
from cgcli.numbers.jets import Jet, constant, moving, nowhere, value_ball
from cgcli.numbers.namespace import Namespace

__all__ = ["DEFINITIONS", "JETS", "jet_arrays"]

_HALF: Final = Ball(arb(0.5), fmpq(1, 2))


# Choices


def _choose(condition: Truth, a: Jet, b: Jet) -> Jet:
    """What is chosen; both at once where it cannot be told."""
    if condition is UNKNOWN:
        return Jet(arb_series([a.value.union(b.value), a.slope.union(b.slope)]))
    return a if condition else b


def truth_of(condition: Any) -> Jet:
    """Return 1, 0, or both."""
    return _choose(condition, constant(1), constant(0))


def _greatest(*values: Jet) -> Jet:
    return functools.reduce(lambda a, b: _choose(a >= b, a, b), map(constant, values))


def _least(*values: Jet) -> Jet:
    return functools.reduce(lambda a, b: _choose(a <= b, a, b), map(constant, values))


def _abs(x: Jet) -> Jet:
    return _choose(value_ball(x) >= 0, x, -x)


def _sign(x: Jet) -> Jet:
    if x.value.is_nan():
        return nowhere()
    negative = _choose(value_ball(x) < 0, constant(-1), constant(0))
    return _choose(value_ball(x) > 0, constant(1), negative)


def _floor(x: Jet) -> Jet:
    return constant(_whole_below(x))


def _whole_below(x: Jet) -> Ball:
    return rational(fmpq(x.exact.floor())) if x.exact is not None else Ball(x.value.floor())


def _ceil(x: Jet) -> Any:
    return -_floor(-x)


def _round(x: Jet) -> Jet:
    """To the nearest, and half way to the even: as the mean of the two ways of rounding a half.

    Half way up and half way down differ at a tie alone, where the even one of them is meant.
    """
    up, down = _floor(x + constant(_HALF)), _ceil(x - constant(_HALF))
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


def _log1p(x: Any) -> Any:
    return (1 + x).log()


def _cbrt(x: Jet) -> Jet:
    if x.exact == 0:
        return x if x.still else nowhere()
    root = constant(1) / 3
    return _choose(value_ball(x) > 0, EXP(LOG(x) * root), -EXP(LOG(-x) * root))


def _hypot(a: Jet, b: Jet) -> Jet:
    return SQRT(a * a + b * b)


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
    return moving(a.value**b.value, EXP(b * LOG(a)).slope)


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
    return constant(0) if a.exact == 0 and a.still else a * LOG(b)


def _atan2(a: Jet, b: Jet) -> Any:
    """The angle by the half plane that the point lies in."""
    half = constant(Ball(arb.pi() / 2))
    if b.value > 0:
        return ATAN(a / b)
    if a.value > 0:
        return half - ATAN(b / a)
    if a.value < 0:
        return -half - ATAN(b / a)
    if a.exact == 0 and b.value < 0:
        return half + half + a / b
    return constant(0) if a.exact == 0 and b.exact == 0 else nowhere()


def _lgamma(x: Jet) -> Jet:
    if x.value > 0:
        return _series(arb_series.lgamma)(x)
    return LOG(_abs(_gamma(x)))


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


def _mod(a: Jet, b: Jet) -> Any:
    return a - b * _floor(a / b)


SQRT: Final = _series(arb_series.sqrt, arb.sqrt)
_FINITE_EXP: Final = _series(arb_series.exp, arb.exp)
LOG: Final = _series(arb_series.log, arb.log)
ATAN: Final = _series(arb_series.atan, arb.atan)


def EXP(x: Jet) -> Jet:  # noqa: N802  # as the functions above
    """exp(x), and 0 where x is -inf."""
    return constant(0) if x.value == arb("-inf") else _FINITE_EXP(x)


def _sinh(s: Any) -> Any:
    return (s.exp() - (-s).exp()) / 2


def _cosh(s: Any) -> Any:
    return (s.exp() + (-s).exp()) / 2


def _tanh(s: Any) -> Any:
    """1 - 2/(exp(2x) + 1), whose slope is no difference of large numbers."""
    return 1 - 2 / ((2 * s).exp() + 1)


def _asinh(s: Any) -> Any:
    return (s + (s * s + 1).sqrt()).log() if s[0] >= 0 else -((s * s + 1).sqrt() - s).log()


def _acosh(s: Any) -> Any:
    return (s + (s - 1).sqrt() * (s + 1).sqrt()).log()


def _atanh(s: Any) -> Any:
    return ((1 + s) / (1 - s)).log() / 2


def _acos(s: Any) -> Any:
    return arb.pi() / 2 - s.asin()


def _erfc(s: Any) -> Any:
    return s.erfc()


def _sigmoid(x: Jet) -> Any:
    return 1 / (1 + EXP(-x))


def _softplus(x: Jet) -> Jet:
    return LOG1P(EXP(x))


def _gelu(x: Jet) -> Any:
    return x * _series(_erfc, arb.erfc)(-x / SQRT(constant(2))) / 2


def _elu(x: Jet) -> Jet:
    return _choose(value_ball(x) > 0, x, EXPM1(x))


EXPM1: Final = _series(lambda s: s.exp() - 1, arb.expm1)
LOG1P: Final = _series(_log1p, arb.log1p)

DEFINITIONS: Final[dict[str, Callable[..., Jet]]] = {
    "pow": _power,
    "sqrt": SQRT,
    "cbrt": _cbrt,
    "exp": EXP,
    "expm1": EXPM1,
    "log": LOG,
    "log1p": LOG1P,
    "log2": lambda x: LOG(x) / LOG(constant(2)),
    "log10": lambda x: LOG(x) / LOG(constant(10)),
    "hypot": _hypot,
    "xlogy": _xlogy,
    "sin": _series(arb_series.sin),
    "cos": _series(arb_series.cos),
    "tan": _series(arb_series.tan),
    "asin": _series(arb_series.asin, arb.asin),
    "acos": _series(_acos, arb.acos),
    "atan": ATAN,
    "atan2": _atan2,
    "sinh": _series(_sinh, arb.sinh),
    "cosh": _series(_cosh, arb.cosh),
    "tanh": _series(_tanh, arb.tanh),
    "asinh": _series(_asinh, arb.asinh),
    "acosh": _series(_acosh, arb.acosh),
    "atanh": _series(_atanh, arb.atanh),
    "erf": _series(arb_series.erf, arb.erf),
    "erfc": _series(arb_series.erfc, arb.erfc),
    "gamma": _gamma,
    "lgamma": _lgamma,
    "digamma": lambda x: _polygamma(constant(0), x),
    "polygamma": _polygamma,
    "abs": _abs,
    "sign": _sign,
    "floor": _floor,
    "ceil": _ceil,
    "round": _round,
    "max": _greatest,
    "min": _least,
    "mod": _mod,
    "sigmoid": _sigmoid,
    "elu": _elu,
    "softplus": _softplus,
    "silu": lambda x: x * _sigmoid(x),
    "gelu": _gelu,
}
"""The primitives, and smooth functions whose rows compute them by parts that are not smooth."""


class JetNamespace(Namespace):
    """The namespace; π has as many digits as the precision of the moment asks for."""

    @property
    def pi(self) -> Jet:
        """π, which does not move."""
        return constant(Ball(arb.pi()))


JETS: Final = JetNamespace(
    **DEFINITIONS,
    where=lambda condition, a, b: _choose(condition, constant(a), constant(b)),
    truth=truth_of,
    number=constant,
    inf=constant(arb("inf")),
    nan=nowhere(),
)
"""Numbers that move: all other operations are done by the value rules of their rows."""


def _anchor(x: Any, *axis: int) -> Any:
    """Return a number near the greatest, which does not move."""
    from cgcli.numbers.objects import lift

    return jet_arrays().amax(lift(_midpoint, 1)(x), *axis)


def _midpoint(x: Jet) -> Jet:
    return constant(Ball(x.value.mid())) if x.value.is_finite() else constant(0)


@functools.cache
def jet_arrays() -> Namespace:
    """Return the namespace of the value rules over arrays of jets; it imports NumPy."""
    from cgcli.numbers.objects import object_namespace

    return object_namespace(JETS, anchor=_anchor)
