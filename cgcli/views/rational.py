"""Single numbers for people: digits of a float, a fraction, and the decimal beside it."""

from __future__ import annotations

from typing import Any, Final

LONGEST: Final = 24
"""So many digits of a numerator or a denominator are written whole."""


def is_exact(value: Any) -> bool:
    """Whether a single number is a fraction, or stands where there is none.

    >>> from fractions import Fraction
    >>> is_exact(Fraction(1, 3)), is_exact(0.5)
    (True, False)
    """
    return type(value) is not float and (hasattr(value, "denominator") or is_missing(value))


def is_missing(value: Any) -> bool:
    """Whether a value stands where there is no exact number."""
    return hasattr(value, "reason")


def written(value: Any) -> str:
    """Return a fraction, a long one by its ends, or why there is none.

    >>> from fractions import Fraction
    >>> written(Fraction(-1, 3)), written(Fraction(4))
    ('-1/3', '4')
    """
    from cgcli.numbers.numerals import rational_text

    return str(value.reason) if is_missing(value) else rational_text(value, LONGEST)


def number_text(value: Any, digits: int) -> str:
    """Return a number with so many significant digits, an exact one as a fraction.

    >>> number_text(2 / 3, 3), number_text(-0.0, 6)
    ('0.667', '0')
    """
    # Adding 0 makes -0 a plain 0: its sign is kept in JSON.
    return written(value) if is_exact(value) else f"{float(value) + 0.0:.{digits}g}"


def beside(value: Any, digits: int) -> tuple[str, bool]:
    """Return a number in decimals and whether that is all of it; nothing for a short whole one.

    >>> from fractions import Fraction
    >>> beside(Fraction(-1, 3), 6), beside(Fraction(1, 4), 6), beside(Fraction(4), 6)
    (('-0.333333', False), ('0.25', True), ('', True))
    """
    from cgcli.numbers.numerals import rounded

    if is_missing(value):
        return "", True
    if value.denominator == 1 and value.numerator.bit_length() < 3 * LONGEST:
        return "", True
    return rounded(value, digits)
