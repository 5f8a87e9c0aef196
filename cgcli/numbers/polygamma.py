"""The digamma function and its derivatives over floats, which the standard library lacks.

Recurrence up to where the asymptotic series converges to double precision, and reflection for
negative arguments; Abramowitz & Stegun 6.3.5-6.3.18, 6.4.6-6.4.14 (DLMF 5.5, 5.11, 5.15).
"""

from __future__ import annotations

import math
from typing import Final

__all__ = ["digamma", "polygamma"]

# Bernoulli numbers B2, B4, ... B20.
_BERNOULLI: Final = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798,
    -174611 / 330,
)  # fmt: skip

# The zero of digamma on the positive axis, in two parts, and its neighbourhood: there the
# recurrence subtracts nearly equal numbers, and a Taylor series keeps the digits.
_ZERO: Final = (1.4616321449683622, 9.549995429965697e-17)
_MOST_ORDER: Final = 101


def digamma(x: float) -> float:
    """Return ψ(x), the derivative of log Γ; raises ValueError at its poles 0, -1, -2 ...

    >>> round(digamma(1.0), 14)
    -0.57721566490153
    """
    if x <= 0:
        if x == math.floor(x):
            raise ValueError("a pole of digamma")
        return digamma(1 - x) - math.pi * _cot(x)
    if abs(x - _ZERO[0]) < 0.125:
        return _near_zero(x - _ZERO[0] - _ZERO[1])
    result = 0.0
    while x < 12:
        result -= 1 / x
        x += 1
    if x == math.inf:
        return x
    square, power = x * x, 1.0
    series = 0.0
    for k, number in enumerate(_BERNOULLI, 1):
        power *= square
        series += number / (2 * k * power)
    return result + math.log(x) - 1 / (2 * x) - series


def _near_zero(step: float) -> float:
    """Taylor's series of ψ about its positive zero."""
    total, power = 0.0, 1.0
    for k in range(1, 25):
        power *= step / k
        total += polygamma(k, _ZERO[0]) * power
    return total


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
    if x <= 0:
        if x == math.floor(x):
            raise ValueError("a pole of polygamma")
        sign = -1 if order % 2 else 1
        return sign * polygamma(order, 1 - x) - _cotangent(order, x)
    if x != x:
        return x
    sign = 1 if order % 2 else -1
    factorial = math.factorial(order)
    total = 0.0
    while x < 14 + order:
        total += factorial * (1 / x) ** (order + 1)
        x += 1
    # Powers of 1/x and not of x: they vanish where those would overflow.
    inverse = 1 / x
    total += factorial / order * inverse**order + factorial / 2 * inverse ** (order + 1)
    coefficient = factorial * (order + 1) / 2 * inverse ** (order + 2)
    for k, number in enumerate(_BERNOULLI, 1):
        total += number * coefficient
        grown = (2 * k + order) * (2 * k + order + 1)
        coefficient *= grown / ((2 * k + 1) * (2 * k + 2)) * inverse * inverse
    return sign * total


def _cot(x: float) -> float:
    """cot(πx), by the distance to the nearest whole number, which is exact."""
    turn = x - round(x)
    # At a half the tangent of the rounded angle is merely huge; the cotangent is 0.
    return 0.0 if abs(turn) == 0.5 else 1 / math.tan(math.pi * turn)


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
