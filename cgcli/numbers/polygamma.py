"""The digamma function and its derivatives over floats, which the standard library lacks.

Recurrence up to where the asymptotic series converges to double precision, and reflection for
negative arguments; Abramowitz & Stegun 6.3.5-6.3.18, 6.4.6-6.4.14 (DLMF 5.5, 5.11, 5.15).
"""

from __future__ import annotations

import functools
import math
from typing import Final

# Bernoulli numbers B2, B4, ... B20.
_BERNOULLI: Final = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798,
    -174611 / 330,
)  # fmt: skip

# The zeros of digamma down from the positive one, each in two parts. Beside them the recurrence
# and the reflection subtract nearly equal numbers, and a Taylor series keeps the digits.
_ZEROS: Final = (
    (1.4616321449683622, 9.549995429965697e-17),
    (-0.5040830082644554, -8.15428206243813e-18),
    (-1.5734984731623904, -1.574185691077347e-17),
    (-2.6107208684441447, 9.881960746978353e-17),
    (-3.635293366436901, 5.454396163173039e-17),
    (-4.653237761743142, -2.5492686201468193e-16),
    (-5.6671624415568855, -3.2153051074948335e-18),
    (-6.678418213073427, 3.470798723495241e-16),
    (-7.687788325031626, -1.351562494643672e-16),
    (-8.695764163816401, -3.2859903716289447e-16),
    (-9.702672540001863, -3.2563178405401477e-16),
)
_MOST_ORDER: Final = 101


def digamma(x: float) -> float:
    """Return ψ(x), the derivative of log Γ; raises ValueError at its poles 0, -1, -2 ...

    >>> digamma(1.0)
    -0.5772156649015329
    """
    if -10 < x < 3:
        zero, rest = _ZEROS[0 if x > 0 else math.floor(1 - x)]
        if abs(x - zero) < (0.55 if x > 0 else reach(zero)):
            return taylor(x, zero, rest, 1)
    if x <= 0 and x == math.floor(x):
        raise ValueError("a pole of digamma")
    if x < -20:
        return digamma(1 - x) - math.pi * _cot(x)
    if x == math.inf:
        return x
    terms = []
    while x < 1:
        terms.append(-1 / x)
        x += 1
    if x < 10:
        while x > 2:
            x -= 1
            terms.append(1 / x)
        return math.fsum([*terms, digamma(x)])
    square, power = x * x, 1.0
    series = 0.0
    for k, number in enumerate(_BERNOULLI, 1):
        power *= square
        series += number / (2 * k * power)
    return math.log(x) - 1 / (2 * x) - series


@functools.cache
def _coefficients(zero: float, rest: float, order: int) -> tuple[float, ...]:
    """Taylor's coefficients at a zero in two parts, the last ones first."""
    slopes = [polygamma(k, zero) for k in range(order, 41 + order)]
    return tuple(
        (slopes[k] + rest * slopes[k + 1]) / math.factorial(k + 1) for k in range(39, -1, -1)
    )


def reach(zero: float) -> float:
    """Return how far from a negative zero its series is good to the last digit."""
    return 0.4 * abs(zero - round(zero))


def taylor(x: float, zero: float, rest: float, order: int) -> float:
    """Return a function at x beside its zero `zero + rest`; its derivative is of that order."""
    step, total = x - zero - rest, 0.0
    for coefficient in _coefficients(zero, rest, order):
        total = total * step + coefficient
    return total * step


def polygamma(n: float, x: float) -> float:
    """Return the derivative of order n of ψ at x, for whole n from 0 to 101.

    Raises ValueError at the poles and for any other order.

    >>> round(polygamma(1, 1.0), 14)
    1.64493406684823
    """
    if not (0 <= n <= _MOST_ORDER) or n != math.floor(n):
        raise ValueError("the order of polygamma must be a whole number from 0 to 100")
    order = int(n)
    if order == 0:
        return digamma(x)
    if x != x:
        return x
    if x <= 0 and x == math.floor(x):
        raise ValueError("a pole of polygamma")
    sign = 1 if order % 2 else -1
    if x < -20:
        return -sign * polygamma(order, 1 - x) - _cotangent(order, x)
    factorial = math.factorial(order)
    terms = []
    while x < 14 + order:
        terms.append(factorial * _to_minus(x, order + 1))
        x += 1
    # Two factors, neither of which vanishes before the product does.
    half = math.pow(x, -order / 2)
    inverse = 1 / x
    terms += [factorial / order * half * half, factorial / 2 * half * half * inverse]
    coefficient = factorial * (order + 1) / 2 * half * inverse * inverse
    for k, number in enumerate(_BERNOULLI, 1):
        terms.append(number * coefficient * half)
        grown = (2 * k + order) * (2 * k + order + 1)
        coefficient *= grown / ((2 * k + 1) * (2 * k + 2)) * inverse * inverse
    return sign * math.fsum(terms)


def _to_minus(x: float, power: int) -> float:
    """x^-power, infinite where that is beyond the doubles."""
    try:
        return math.pow(x, -power)
    except OverflowError:
        return math.copysign(math.inf, x) if power % 2 else math.inf


def _cot(x: float) -> float:
    """cot(πx), by the distance to the nearest whole number or half, which is exact."""
    turn = x - round(x)
    if abs(turn) > 0.25:
        return math.copysign(math.tan(math.pi * (0.5 - abs(turn))), turn)
    return 1 / math.tan(math.pi * turn)


def _cotangent(order: int, x: float) -> float:
    """The derivative of order n of π·cot(πx), a polynomial in the cotangent itself."""
    cot = _cot(x)
    coefficients = [0.0, 1.0]
    for _ in range(order):
        slope = [k * c for k, c in enumerate(coefficients)][1:]
        coefficients = [-c for c in slope] + [0.0, 0.0]
        for k, c in enumerate(slope):
            coefficients[k + 2] -= c
    value = 0.0
    for c in reversed(coefficients):
        value = value * cot + c
    return float(math.pi ** (order + 1) * value)
