"""Certified numbers: the functions of the rules over balls, each digit of which is proved.

Every function returns a ball that holds its true value, `VOID` where it is proved to have none,
and a ball without bounds where that is not known at the precision in use. The functions
themselves are FLINT's.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any, Final

import flint
from flint import arb, fmpq

from cgcli.numbers.balls import (
    INFINITE,
    INFINITY,
    NOTHING,
    UNKNOWN,
    VOID,
    VOIDED,
    Ball,
    ball,
    choose,
    of_flint,
    rational,
)
from cgcli.numbers.exact import EXACT, root
from cgcli.numbers.missing import NoValue
from cgcli.numbers.namespace import Boundless
from cgcli.numbers.ratio import Ratio
from cgcli.operations.table import OPERATIONS

_NOWHERE: Final = VOIDED | INFINITE
_MOST_ORDER: Final = 101


def _function(
    name: str,
    function: Callable[[Any], Any],
    exactly: Callable[[Any], Any] | None = None,
) -> Callable[[Any], Ball]:
    """Return one of FLINT's functions over our balls.

    There is no finite value outside the domain of its row. `exactly` returns the value at a
    rational where that is a rational too, else None.
    """
    domain = OPERATIONS[name].domain

    def apply(x: Any) -> Ball:
        x = ball(x)
        if x.flags & _NOWHERE:
            return VOID
        if domain is not None and domain.inside(BALLS, x) is False:
            return VOID
        if exactly is not None and x.exact is not None:
            exact = exactly(x.exact)
            if exact is not None:
                return rational(exact)
        return of_flint(function(x.value)) if x.value.is_finite() else _unbounded()

    return apply


def _rational(function: Callable[..., Any], *fixed: int) -> Callable[[Any], Any]:
    """Return an exact function of rationals as one of FLINT's, None where there is no fraction."""

    def exactly(exact: Any) -> Any:
        value = function(Ratio(int(exact.p), int(exact.q)), *fixed)
        return None if isinstance(value, NoValue) else fmpq(value.numerator, value.denominator)

    return exactly


def _unbounded() -> Ball:
    """A number of which nothing is known yet.

    It is what a function of such a number is, too: FLINT takes forever over some of them.
    """
    return Ball(arb("nan"))


# Functions of their own


def _exp(x: Any) -> Ball:
    """exp(x), and 0 where x is -inf: what masks an element of a softmax."""
    x = ball(x)
    if x.flags & INFINITE and x.value < 0:
        return rational(fmpq(0))
    return _FINITE_EXP(x)


def _cbrt(x: Any) -> Any:
    value = abs(x).root(3)
    return -value if x < 0 else value if x > 0 else value.union(-value)


def _lgamma(x: Any) -> Any:
    return x.lgamma() if x > 0 else abs(x.gamma()).log()


def _floor(x: Any) -> Ball:
    x = ball(x)
    return x if x.flags & INFINITE else _FINITE_FLOOR(x)


def _round(x: Any) -> Ball:
    """To the nearest whole number, to the even one at a tie."""
    x = ball(x)
    below = _floor(x + ball(0.5))
    tie = x.exact is not None and x.exact.q == 2 and below.exact.p % 2
    return ball(below - 1) if tie else below


def _abs(x: Any) -> Ball:
    x = ball(x)
    if x.flags & VOIDED:
        return VOID
    return Ball(abs(x.value), None if x.exact is None else abs(x.exact), x.flags)


def _extreme(first: Callable[[Ball, Ball], Any], either: Callable[[Any, Any], Any]) -> Any:
    """The greatest or the least: that very ball where it can be told, so that it equals itself."""

    def of_two(a: Ball, b: Ball) -> Ball:
        if (a.flags | b.flags) & VOIDED:
            return VOID
        answer = first(a, b)
        if answer is not UNKNOWN:
            return a if answer else b
        if (a.flags | b.flags) & INFINITE or a.value.is_nan() or b.value.is_nan():
            return _unbounded()
        return Ball(either(a.value, b.value))

    return lambda *values: functools.reduce(of_two, map(ball, values))


def _atan2(a: Any, b: Any) -> Ball:
    a, b = ball(a), ball(b)
    if (a.flags | b.flags) & _NOWHERE:
        return VOID
    if not (a.value.is_finite() and b.value.is_finite()):
        return _unbounded()
    return of_flint(arb.atan2(a.value, b.value))


def _polygamma(n: Any, x: Any) -> Ball:
    """(-1)^(n+1)·n!·ζ(n+1, x), or below 0 from the power series of Γ about x."""
    n, x = ball(n), ball(x)
    if (n.flags | x.flags) & _NOWHERE:
        return VOID
    if n.exact is None or not x.value.is_finite():
        return _unbounded()
    pole = x.exact is not None and x.exact.q == 1 and x.exact <= 0
    if n.exact.q != 1 or not 0 <= n.exact <= _MOST_ORDER or pole:
        return VOID
    order = int(n.exact.p)
    if order == 0:
        return of_flint(x.value.digamma())
    if x.value > 0:
        sign = 1 if order % 2 else -1
        return of_flint(sign * arb(order).fac() * arb(order + 1).zeta(x.value))
    return of_flint(from_gamma_series(order, x.value)[0])


def from_gamma_series(order: int, x: Any, count: int = 1) -> list[Any]:
    """Return the polygamma functions of that order and the next ones at x, from Γ'/Γ."""
    with terms(order + count + 1):
        series = flint.arb_series([x, 1], prec=order + count + 1).gamma()
        try:
            quotient = series.derivative() / series
        except ValueError:
            # Γ has no zero: the ball about x is too near to a pole.
            return [arb("nan")] * count
        return [quotient[k] * arb(k).fac() for k in range(order, order + count)]


@contextlib.contextmanager
def terms(count: int) -> Iterator[None]:
    """Let power series keep so many terms."""
    before, flint.ctx.cap = flint.ctx.cap, count
    try:
        yield
    finally:
        flint.ctx.cap = before


def _power(a: Any, b: Any) -> Ball:
    """a^b, by the cases of its exponent."""
    a, b = ball(a), ball(b)
    if b.exact == 0:
        return rational(fmpq(1))
    if (a.flags | b.flags) & _NOWHERE:
        return VOID
    if not (a.value.is_finite() and b.value.is_finite()):
        return _unbounded()
    if b.exact is not None and b.exact.q == 1:
        return _whole_power(a, int(b.exact.p))
    if a.exact == 0:
        # 0^b is 0 for b > 0, and has no value below; b itself is not 0 here, but may hold it.
        return choose(b > 0, 0, VOID) if (b == 0) is False else _unbounded()
    positive = a > 0
    if positive is True:
        if b.exact is not None and a.exact is not None and b.exact.q <= 64:
            exact = _rational(root, int(b.exact.q))(a.exact)
            if exact is not None:
                return _whole_power(rational(exact), int(b.exact.p))
        return of_flint(a.value**b.value)
    if a.value < 0 and (b.exact is not None or not b.value.contains_integer()):
        return VOID
    return _unbounded()


def _whole_power(a: Ball, n: int) -> Ball:
    if a.exact is not None:
        if a.exact == 0:
            return rational(fmpq(0)) if n > 0 else VOID
        if a.exact.height_bits() * abs(n) <= 4096:
            return rational(a.exact**n)
    if n > 0 and a.value.contains(0):
        # FLINT goes by way of the logarithm, which a ball around 0 has not.
        if n % 2:
            return of_flint((a.value.lower() ** arb(n)).union(a.value.upper() ** arb(n)))
        return of_flint(arb(0).union(a.value.abs_upper() ** arb(n)))
    return of_flint(a.value ** arb(n))


def constants_at(name: str) -> Ball:
    """Return a constant of the language as the ball of what it stands for.

    >>> constants_at("tau").value.overlaps(2 * arb.pi()), constants_at("inf") is INFINITY
    (True, True)
    """
    if name == "inf":
        return INFINITY
    return Ball(arb.const_e() if name == "e" else arb.pi() * (2 if name == "tau" else 1))


def as_balls(result: Any) -> Any:
    """Return a rule's result as a ball, or as an array of balls."""
    if not hasattr(result, "ndim"):
        return ball(result)
    from cgcli.numbers.objects import Objects

    return result.view(Objects) if result.ndim else ball(result.item())


class BallNamespace(Boundless):
    """The namespace; π has as many digits as the precision of the moment asks for."""

    @property
    def pi(self) -> Any:
        """The ball of π."""
        return self.number(Ball(arb.pi()))

    def anchor(self, x: Any, *axis: int) -> Any:
        """Return a number near the greatest, which does not move.

        By what is subtracted and added, any number does.
        """
        from cgcli.numbers.objects import lift

        def middle(x: Any) -> Any:
            return self.number(Ball(x.value.mid()) if x.value.is_finite() else 0)

        return self.amax(lift(middle, 1)(x), *axis)


_FINITE_EXP: Final = _function("exp", arb.exp)
_FINITE_FLOOR: Final = _function("floor", arb.floor, lambda exact: fmpq(exact.floor()))
_OF_FLINT: Final = (
    "expm1", "log", "log1p", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
    "asinh", "acosh", "atanh", "erf", "erfc", "gamma", "digamma",
)  # fmt: skip

BALLS: Final = BallNamespace(
    **{name: _function(name, getattr(arb, name)) for name in _OF_FLINT},
    sqrt=_function("sqrt", arb.sqrt, _rational(root, 2)),
    cbrt=_function("cbrt", _cbrt, _rational(root, 3)),
    exp=_exp,
    log2=_function("log2", lambda x: x.log() / arb(2).log(), _rational(EXACT.log2)),
    log10=_function("log10", lambda x: x.log() / arb(10).log(), _rational(EXACT.log10)),
    pow=_power,
    atan2=_atan2,
    lgamma=_function("lgamma", _lgamma),
    polygamma=_polygamma,
    floor=_floor,
    round=_round,
    abs=_abs,
    max=_extreme(lambda a, b: a >= b, arb.max),
    min=_extreme(lambda a, b: a <= b, arb.min),
    where=choose,
    number=ball,
    inf=INFINITY,
    nan=VOID,
    nothing=NOTHING,
)
"""Balls, at the precision of `flint.ctx.prec`, which is raised until they are small enough."""
