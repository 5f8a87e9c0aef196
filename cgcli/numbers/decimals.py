"""Balls → decimals, every digit of which is proved."""

from __future__ import annotations

import math
from decimal import Decimal, Inexact
from typing import Any, Final

from flint import arb, fmpz

from cgcli.numbers.balls import INFINITE, VOIDED, Ball
from cgcli.numbers.numerals import as_written, boundless

_TEN: Final = fmpz(10)
_FAR: Final = 10**17
"""From such powers of 10 on numbers are written without Python's decimals, which end at 10^18."""


def decimal(number: Ball, digits: int) -> str | None:
    """Return a ball's number rounded to so many significant digits, or None where it is not known.

    It is rounded correctly, to the even digit at a tie. Zeros at the end are left out where the
    number is known to be just that; else they are digits as any other.

    >>> from cgcli.numbers.balls import ball
    >>> decimal(ball(1) / 3, 5), decimal(ball(0.5), 5), decimal(Ball(arb(2).sqrt()), 10)
    ('0.33333', '0.5', '1.414213562')
    """
    if number.flags & VOIDED:
        return None
    if number.flags & INFINITE:
        return "Infinity" if number.value > 0 else "-Infinity"
    exact, value, context = number.exact, number.value, boundless(digits)
    if exact is not None:
        quotient = context.divide(Decimal(int(exact.p)), Decimal(int(exact.q)))
        return as_written(quotient, digits, exact=not context.flags[Inexact])
    if not value.is_finite() or value.contains(arb(0)):
        return None
    parts = _rounded(abs(value), digits)
    if parts is None:
        return None
    coefficient, power = parts
    if abs(power) >= _FAR:
        first, rest = coefficient.str()[:1], coefficient.str()[1:]
        return f"{'-' if value < 0 else ''}{first}{'.' if rest else ''}{rest}e{power:+}"
    size = Decimal(coefficient.str()).scaleb(power + 1 - digits, context)
    return as_written(size.copy_negate() if value < 0 else size, digits, exact=False)


def _rounded(size: Any, digits: int) -> tuple[Any, int] | None:
    """The digits of a positive ball as a whole number, and the exponent of the first of them."""
    logarithm = (size.log() / arb(10).log()).mid().floor().unique_fmpz()
    if logarithm is None:
        return None
    power, least = int(logarithm), arb(_TEN ** (digits - 1))
    scaled = size * arb(10) ** arb(digits - 1 - power)
    integer = (scaled + arb(0.5)).floor().unique_fmpz()
    # Beside a power of 10 the exponent may be one off: the digits come out the same.
    if integer is None or integer > _TEN**digits or not scaled > least - arb("0.01"):
        return None
    return (_TEN ** (digits - 1), power + 1) if integer == _TEN**digits else (integer, power)


def upper_double(bound: Any) -> float:
    """Return a double that is not less than the upper end of a ball that is not negative.

    >>> upper_double(arb(0)), upper_double(arb(1) / 3) > 0.333
    (0.0, True)
    """
    top = bound.upper()
    double = float(top)
    while arb(double) < top:
        double = math.nextafter(double, math.inf)
    return double
