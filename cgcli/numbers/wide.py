"""Numbers with the digits of doubles and more, and exponents with room for all their products.

Where a local derivative leaves the doubles and upstream times it does not, its rule is run once
more over these: Python's decimals, which in their context neither overflow nor vanish.
"""

from __future__ import annotations

import decimal
import functools
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from cgcli.numbers.namespace import Boundless
from cgcli.numbers.numerals import boundless
from cgcli.numbers.real import CAREFUL
from cgcli.numbers.rounded import Apart, BySeries
from cgcli.operations.protocol import ELEMENTWISE

_CONTEXT: Final = boundless(34)
_PI: Final = Decimal("3.14159265358979323846264338327950288419716939937510")
_FARTHEST: Final = 10**9
"""What exponents are cut off at: far outside all that a product with a double brings back."""
_TURNS: Final = 310
"""Of numbers beyond 10 to this power, which no double is, pi would be needed to too many digits."""
_BERNOULLI: Final = ((1, 6), (-1, 30), (1, 42), (-1, 30), (5, 66), (-691, 2730), (7, 6))
LEAST_DOUBLE: Final = Decimal("4.9e-324")


def wide(value: Any) -> Decimal:
    """Return a number of Python as a wide one."""
    return _CONTEXT.create_decimal_from_float(float(value))


def room(digits: int | None = None) -> Any:
    """Return the context in which wide numbers are computed with, of so many digits.

    Where digits are asked for, what is known to those of a double alone is NaN, and to decide by
    it, or by what has no value, raises `decimal.InvalidOperation`.

    >>> with room():
    ...     float(WIDE.exp(wide(1000)) / WIDE.exp(wide(999)))
    2.718281828459045
    """
    if digits is None:
        return decimal.localcontext(_CONTEXT)
    context = boundless(digits)
    context.traps[decimal.InvalidOperation] = True
    return decimal.localcontext(context)


def _exp(x: Decimal) -> Decimal:
    if x.is_finite():
        x = max(min(x, Decimal(_FARTHEST)), Decimal(-_FARTHEST))
    return x.exp()


def _is_tiny(x: Decimal) -> bool:
    """Whether two terms of a series in a number have all digits, and those of their difference."""
    return x.is_finite() and x.adjusted() < -decimal.getcontext().prec


def _finely(function: Callable[[Decimal], Decimal], x: Decimal) -> Decimal:
    """Return a function's result, computed with twice the digits, as 1 cancels in it."""
    with decimal.localcontext() as fine:
        fine.prec *= 2
        result = function(x)
    return +result


def _pow(a: Decimal, b: Decimal) -> Decimal:
    if a == 0 or not b.is_finite():
        return wide(CAREFUL.pow(float(a), float(b)))
    return a**b


def _cbrt(x: Decimal) -> Decimal:
    return _exp(abs(x).ln() / 3).copy_sign(x) if x else x


def _erfc(x: Decimal) -> Decimal:
    """The complementary error function; far out by DLMF 7.12.1."""
    if x < 20:
        return _by_double("erfc", x)
    term = total = Decimal(1)
    for n in range(1, 20):
        term *= -(2 * n - 1) / (2 * x * x)
        total += term
    return _exp(-x * x) / (x * _PI.sqrt()) * total


def _gamma(x: Decimal) -> Decimal:
    """Γ(x), from where it is a double by Γ(x + 1) = x·Γ(x)."""
    if abs(x) < Decimal("1e-25"):
        return 1 / x
    steps = math.ceil(max(abs(x) - 165, Decimal(0))) if abs(x) < 10_000 else 10_000
    factor = Decimal(1)
    while steps and x > 0:
        x, steps = x - 1, steps - 1
        factor *= x
    while steps:
        factor, x, steps = factor / x, x + 1, steps - 1
    return factor * _by_double("gamma", x) if abs(x) < 170 else factor


def _polygamma(n: Decimal, x: Decimal) -> Decimal:
    """The derivative of order n of digamma: DLMF 5.15.5 below 100 + n, and 5.15.9 from there."""
    if x < -1000 and x == x.to_integral_value():
        # All poles are alike.
        x = Decimal(-1)
    if not 1 <= n <= 101 or n != int(n) or x < -1000:
        return _by_double("polygamma", n, x)
    order, total = int(n), Decimal(0)
    while x < 100 + n:
        total += math.factorial(order) / _pow(x, n + 1)
        x += 1
    far = math.factorial(order - 1) * (1 + n / (2 * x))
    for k, (above, below) in enumerate(_BERNOULLI, 1):
        rising = Decimal(math.factorial(2 * k + order - 1)) / math.factorial(2 * k)
        far += rising * above / below / _pow(x, Decimal(2 * k))
    total += far / _pow(x, n)
    return total if order % 2 else -total


def _expm1(x: Decimal) -> Decimal:
    return x * (1 + x / 2) if _is_tiny(x) else _finely(lambda x: _exp(x) - 1, x)


def _log1p(x: Decimal) -> Decimal:
    return x * (1 - x / 2) if _is_tiny(x) else _finely(lambda x: (x + 1).ln(), x)


def _atan2(a: Decimal, b: Decimal) -> Decimal:
    return a / b if b > 0 and _is_tiny(a / b) else _by_double("atan2", a, b)


def _sin(x: Decimal, first: int = 1) -> Decimal:
    """Return sin(x), whose series begins with the first power, or cos(x), for 0."""
    if x.adjusted() > _TURNS:
        return Decimal("nan")
    with decimal.localcontext() as fine:
        fine.prec += 10 + max(x.adjusted(), 0)
        x = x.remainder_near(2 * _pi(fine.prec))
        fine.prec += 10
        term = total = x if first else Decimal(1)
        power = first
        while abs(term) > Decimal((0, (1,), total.adjusted() - fine.prec)):
            power += 2
            term *= -x * x / (power * (power - 1))
            total += term
    return +total


@functools.cache
def _pi(digits: int) -> Decimal:
    """Return pi to so many digits, by the formula of Machin: 16 atan(1/5) - 4 atan(1/239)."""
    with decimal.localcontext() as fine:
        fine.prec = digits + 10
        total = Decimal(0)
        for factor, base in ((16, 5), (-4, 239)):
            power = Decimal(factor) / base
            for n in range(1, 2 * fine.prec, 2):
                total += power / n
                power /= -base * base
        return total


def _finer(name: str, function: Callable[[Decimal], Decimal]) -> Callable[[Decimal], Decimal]:
    """Return a function that knows as many digits as are asked for, where doubles have too few."""

    def call(x: Decimal) -> Decimal:
        fine = decimal.getcontext().prec > _CONTEXT.prec
        return function(x) if fine and x.is_finite() else _by_double(name, x)

    return call


def _by_double(name: str, *arguments: Decimal) -> Decimal:
    """Return what a function of doubles gives, for what it neither overflows nor vanishes at."""
    if decimal.getcontext().prec > _CONTEXT.prec:
        return Decimal("nan")
    return wide(getattr(CAREFUL, name)(*map(float, arguments)))


def _taking_numbers(function: Callable[..., Decimal]) -> Callable[..., Decimal]:
    """Let a function take numbers of Python too, as rules write them."""
    return lambda *arguments: function(*map(Decimal, arguments))


_OF_DOUBLES: Final = {*ELEMENTWISE} - {"log2", "hypot", "ceil", "sign"}
_FUNCTIONS: Final[dict[str, Callable[..., Decimal]]] = {
    **{name: functools.partial(_by_double, name) for name in _OF_DOUBLES},
    "exp": _exp,
    "expm1": _expm1,
    "log1p": _log1p,
    "sinh": lambda x: (_expm1(abs(x)) - _expm1(-abs(x))).copy_sign(x) / 2,
    "log": Decimal.ln,
    "log10": Decimal.log10,
    "sqrt": Decimal.sqrt,
    "cbrt": _cbrt,
    "pow": _pow,
    "sin": _finer("sin", _sin),
    "cos": _finer("cos", lambda x: _sin(x, 0)),
    "tan": _finer("tan", lambda x: _sin(x) / _sin(x, 0)),
    "tanh": _finer("tanh", lambda x: (grown := _expm1(2 * x)) / (grown + 2)),
    "cosh": lambda x: (_exp(x) + _exp(-x)) / 2,
    "atan2": _atan2,
    "erfc": _erfc,
    "gamma": _gamma,
    "digamma": lambda x: -1 / x if abs(x) < Decimal("1e-25") else _by_double("digamma", x),
    "polygamma": _polygamma,
    "floor": lambda x: x.to_integral_value(decimal.ROUND_FLOOR),
    "round": lambda x: x.to_integral_value(decimal.ROUND_HALF_EVEN),
    "abs": abs,
    "max": lambda *values: max(values),
    "min": lambda *values: min(values),
}


class _Wide(BySeries, Apart, Boundless):
    """The rules over wide numbers, whose smooth functions are as near as those of doubles."""


WIDE: Final = _Wide(
    **{
        **{name: _taking_numbers(function) for name, function in _FUNCTIONS.items()},
        "where": lambda condition, a, b: Decimal(a if condition else b),
        "truth": wide,
        "number": wide,
        "pi": _PI,
        "inf": Decimal("inf"),
        "nan": Decimal("nan"),
    }
)
"""Wide numbers; rules run over them in a `room`."""
