"""Numerals: decimals read as the fractions that they are, and long whole numbers written out.

Python's own conversions take time with the square of the length, and refuse more than 4,300
digits; here they go by halves, and there is no refusal.
"""

from __future__ import annotations

import decimal
import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

from cgcli.numbers.missing import LONG, NoValue
from cgcli.numbers.ratio import Ratio, Room

_NUMERAL: Final = re.compile(
    r"\s*([-+]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([-+]?[0-9]+))?\s*", re.ASCII
)
_BITS: Final = math.log2(10)
_PIECE: Final = 2048
_DIGITS: Final = 512
_HEAD: Final = 256


def read_numeral(text: str, room: Room) -> Any:
    """Return the fraction that a decimal numeral is; a `NoValue` where that is too long.

    >>> read_numeral("0.10", Room()), read_numeral("-1e-3", Room())
    (Ratio(1, 10), Ratio(-1, 1000))
    >>> read_numeral("1e999999999", Room()).reason
    'too long'
    """
    if len(text) < 16 and text.isascii() and text.isdecimal():
        return Ratio(int(text), 1, room)
    match = _NUMERAL.fullmatch(text)
    if match is None:
        message = f"not a numeral: {text!r}"
        raise ValueError(message)
    sign, integer, part, exponent = match.groups(default="")
    written = (integer + part).lstrip("0")
    digits = written.rstrip("0")
    if not digits:
        return Ratio(0, 1, room)
    power = exponent.lstrip("+-0")
    if len(power) > 12 or len(digits) * _BITS > room.bits + 4:
        return NoValue(LONG)
    shift = len(written) - len(digits) - len(part)
    shift += int(power or "0") * (-1 if exponent.startswith("-") else 1)
    if abs(shift) * _BITS > room.bits + 4 or (len(digits) + shift - 1) * _BITS > room.bits:
        return NoValue(LONG)
    if len(digits) <= _DIGITS:
        number = int(digits)
    else:
        ends = range(len(digits), 0, -_DIGITS)
        number = _joined([int(digits[max(0, end - _DIGITS) : end]) for end in ends], 10**_DIGITS)
    top, bottom = (number * 10**shift, 1) if shift >= 0 else (number, 10**-shift)
    common = math.gcd(top, bottom)
    ratio = Ratio((-top if sign == "-" else top) // common, bottom // common, room)
    return ratio if ratio.bits <= room.bits else NoValue(LONG)


def _joined(pieces: list[Any], scale: Any) -> Any:
    """Return the number of its digits in base `scale`, the lowest first: by pairs of them."""
    while len(pieces) > 1:
        low, high = pieces[::2], pieces[1::2]
        pieces = [a + scale * b for a, b in zip(low, high, strict=False)] + low[len(high) :]
        if len(pieces) > 1:
            scale *= scale
    return pieces[0]


def whole_text(number: int) -> str:
    """Return a whole number in decimal digits, however many they are.

    >>> whole_text(-12), len(whole_text(2**100_000))
    ('-12', 30103)
    """
    if number.bit_length() < _PIECE:
        return str(number)
    size = abs(number)
    step = _PIECE // 8
    data = size.to_bytes((size.bit_length() + 7) // 8, "little")
    pieces = [
        decimal.Decimal(int.from_bytes(data[start : start + step], "little"))
        for start in range(0, len(data), step)
    ]
    with decimal.localcontext(boundless(decimal.MAX_PREC)):
        text = f"{_joined(pieces, decimal.Decimal(2**_PIECE)):f}"
    return f"-{text}" if number < 0 else text


def exact_text(value: Any, write: Callable[[int], str] = whole_text) -> str:
    """Return a fraction as it is written: ``-1/3``, or ``4`` where it is whole.

    >>> exact_text(Fraction(-1, 3)), exact_text(Fraction(4))
    ('-1/3', '4')
    """
    top = write(value.numerator)
    return top if value.denominator == 1 else f"{top}/{write(value.denominator)}"


def rational_text(value: Any, most: int) -> str:
    """Return a fraction as it is written where it is short, a long one's ends and length.

    >>> rational_text(Fraction(1, 3), 40), rational_text(Fraction(2**100_000), 40)
    ('1/3', '9990020930…9883109376 (30,103 digits)')
    """
    return exact_text(value, lambda number: _short(number, most))


def _short(number: int, most: int) -> str:
    """Return a whole number, or its first and last digits, of which only those are worked out."""
    if number.bit_length() < most * 3:
        return str(number)
    head = _scaled(number)
    count = head.adjusted() + 1
    if count <= most:
        return str(number)
    digits = head.as_tuple().digits
    first = int("".join(map(str, digits[:10])))
    if set(digits[10:40]) in ({0}, {9}):
        # What the scaled number leaves out, or rounds, may make the digits before it others.
        count += len(str(abs(number) // 10 ** (count - 10))) - 10
        first = abs(number) // 10 ** (count - 10)
    sign = "-" if number < 0 else ""
    return f"{sign}{first}…{abs(number) % 10**10:010d} ({count:,} digits)"


def _scaled(number: int) -> decimal.Decimal:
    """Return a whole number to some 70 digits, by its first bits."""
    context = boundless(70)
    shift = max(0, number.bit_length() - _HEAD)
    top = abs(number) >> shift
    scaled = context.multiply(decimal.Decimal(top), context.power(decimal.Decimal(2), shift))
    return -scaled if number < 0 else scaled


def rounded(value: Any, digits: int) -> tuple[str, bool]:
    """Return a fraction in so many significant digits, as ``%g``, and whether that is all of it.

    >>> rounded(Fraction(-1, 3), 6), rounded(Fraction(1, 8), 6), rounded(Fraction(10) ** 400, 3)
    (('-0.333333', False), ('0.125', True), ('1e+400', True))
    """
    quotient = boundless(digits).divide(_part(value.numerator), _part(value.denominator))
    text = as_written(quotient, digits, exact=True)
    return text, value.denominator.bit_length() <= 4 * digits and Fraction(text) == value


def as_written(number: decimal.Decimal, digits: int, *, exact: bool) -> str:
    """Write a number of so many digits at most as ``%g`` does.

    Zeros at the end are left out where it is exact; else they are digits as any other.
    """
    context, power = boundless(digits), number.adjusted()
    if exact:
        number = number.normalize(context)
    if -5 < power < digits:
        return f"{number:f}"
    return f"{number.scaleb(-power, context):f}e{power:+03d}"


def boundless(digits: int) -> decimal.Context:
    """Return a context of so many digits, whose exponents have no end to speak of."""
    return decimal.Context(prec=digits, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, traps=[])


def _part(number: int) -> decimal.Decimal:
    return decimal.Decimal(number) if number.bit_length() <= 4 * _HEAD else _scaled(number)
