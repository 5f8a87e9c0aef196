"""Exact rationals under a limit: how long a result would be is known before it is computed.

The arithmetic is that of Python's `fractions` (Knuth, The Art of Computer Programming, vol. 2,
4.5.1), with a gate before each product and each sum. What has no fraction, or too long a one, is
a `NoValue`, which goes on through a rule as NaN does: a branch that is not taken may hold one.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable
from fractions import Fraction
from math import gcd as _gcd
from math import isfinite
from typing import Any, Final, cast

from cgcli.numbers.missing import LONG, UNDEFINED, Nothing, NoValue
from cgcli.numbers.operators import COMPARISONS, Operators

_LIMIT: Final = 1_000_000
# A greatest common divisor of two numbers of a million bits takes about a second, and a product
# a fifteenth of that; so much of a product of lengths counts as one bit passed through.
_GCD: Final = 15
_PRODUCT: Final = 19


class RoomError(ArithmeticError):
    """All numbers together have become too long to compute with."""


class Room:
    """How many bits a numerator or a denominator may have, and how much work is left in all.

    Work is counted in bits passed through; there is no end to it until `left` is set. `node` is
    the one that the work is for.
    """

    __slots__ = ("bits", "left", "node")

    def __init__(self, bits: int = _LIMIT) -> None:
        self.bits = bits
        self.left: int | None = None
        self.node = 0

    def spend(self, work: int) -> None:
        """Count the work of one operation; raises `RoomError` when there was too much of it."""
        if self.left is not None:
            self.left -= work
            if self.left < 0:
                raise RoomError


_OTHERS: Final = (NoValue, Nothing)
_ANYWHERE: Final = Room()


class Ratio(Operators):
    """A fraction in lowest terms, with the room that it and its results may take.

    >>> Ratio(1, 3) + Ratio(1, 6)
    Ratio(1, 2)
    >>> (Ratio(2**60, 1, Room(bits=100)) * 2**60).reason
    'too long'
    """

    __slots__ = ("denominator", "numerator", "room")

    def __init__(self, numerator: int, denominator: int = 1, room: Room = _ANYWHERE) -> None:
        """Make a ratio of two whole numbers without a common divisor, the second positive."""
        self.numerator = numerator
        self.denominator = denominator
        self.room = room

    @property
    def bits(self) -> int:
        """The length of the numerator or of the denominator, whichever is longer."""
        return max(self.numerator.bit_length(), self.denominator.bit_length())

    def write(self, name: str, *operands: Any) -> Any:
        """Return what an operation leaves; what is no fraction is left to do it itself."""
        # Numbers of this kind are the usual case, and this is where the time goes.
        if type(operands[0]) is Ratio is type(operands[-1]):
            return _OPERATIONS[name](*operands)
        ratios = []
        for operand in operands:
            if isinstance(operand, float) and not isfinite(operand) and name in COMPARISONS:
                return COMPARISONS[name](-1 if operand > 0 else 1, 0)
            ratio = operand if type(operand) is Ratio else _coerced(operand, self.room)
            if ratio is NotImplemented:
                return ratio
            ratios.append(ratio)
        return _OPERATIONS[name](*ratios)

    def __abs__(self) -> Ratio:
        return Ratio(abs(self.numerator), self.denominator, self.room)

    def __bool__(self) -> bool:
        return self.numerator != 0

    def __float__(self) -> float:
        try:
            return self.numerator / self.denominator
        except OverflowError:
            return float("-inf" if self.numerator < 0 else "inf")

    def fraction(self) -> Fraction:
        """Return the same as Python's fraction, its two numbers as they are."""
        return Fraction(cast("numbers.Rational", self))

    def __floor__(self) -> int:
        return self.numerator // self.denominator

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(self.fraction())

    def __repr__(self) -> str:
        return f"Ratio({self.numerator}, {self.denominator})"


# So that Fraction(ratio) takes the two numbers as they are.
numbers.Rational.register(Ratio)


def _fitting(numerator: int, denominator: int, room: Room) -> Any:
    """Return a ratio that was computed, when it is no longer than the room has it."""
    above, below = numerator.bit_length(), denominator.bit_length()
    if above > room.bits or below > room.bits:
        return NoValue(LONG)
    room.spend(above + below)
    return Ratio(numerator, denominator, room)


def _sum(a: Ratio, b: Ratio, sign: int = 1) -> Any:
    na, da, nb, db = a.numerator, a.denominator, sign * b.numerator, b.denominator
    room = a.room
    if da == db == 1:
        return _fitting(na + nb, 1, room)
    la, lb = da.bit_length(), db.bit_length()
    room.spend(la * lb >> _GCD)
    g = _gcd(da, db)
    s, t = da // g, db // g
    above = max(na.bit_length() + t.bit_length(), nb.bit_length() + s.bit_length())
    if max(above, s.bit_length() + lb) - 1 > room.bits:
        return NoValue(LONG)
    room.spend(above * g.bit_length() >> _GCD)
    top = na * t + nb * s
    common = _gcd(top, g)
    return _fitting(top // common, s * (db // common), room)


def _product(a: Ratio, b: Ratio) -> Any:
    """Return (na·nb)/(da·db), each of the two in lowest terms."""
    room = a.room
    na, db = _reduced(a.numerator, b.denominator, room)
    nb, da = _reduced(b.numerator, a.denominator, room)
    la, lb, below, under = na.bit_length(), nb.bit_length(), da.bit_length(), db.bit_length()
    if max(la + lb, below + under) - 1 > room.bits:
        return NoValue(LONG)
    room.spend((la * lb + below * under) >> _PRODUCT)
    return _fitting(na * nb, da * db, room)


def _reduced(top: int, bottom: int, room: Room) -> tuple[int, int]:
    """Return two whole numbers without their greatest common divisor."""
    if bottom == 1:
        return top, 1
    room.spend(top.bit_length() * bottom.bit_length() >> _GCD)
    g = _gcd(top, bottom)
    return top // g, bottom // g


def _quotient(a: Ratio, b: Ratio) -> Any:
    if not b.numerator:
        return NoValue(UNDEFINED)
    sign = -1 if b.numerator < 0 else 1
    return _product(a, Ratio(sign * b.denominator, sign * b.numerator))


def _order(a: Ratio, b: Ratio) -> int:
    """Return a whole number of the sign of the difference."""
    na, da, nb, db = a.numerator, a.denominator, b.numerator, b.denominator
    if da == db or (na < 0) != (nb < 0):
        return na - nb
    # Numbers whose lengths differ by two are told apart by them.
    apart = na.bit_length() - da.bit_length() - nb.bit_length() + db.bit_length()
    if na and nb and abs(apart) > 1:
        return apart if na > 0 else -apart
    a.room.spend((na.bit_length() * db.bit_length() * 2) >> _PRODUCT)
    return na * db - nb * da


def _equal(a: Ratio, b: Ratio) -> bool:
    return a.numerator == b.numerator and a.denominator == b.denominator


def _ordered(compare: Callable[[Any, Any], Any]) -> Callable[[Ratio, Ratio], Any]:
    return lambda a, b: compare(_order(a, b), 0)


_OPERATIONS: Final[dict[str, Callable[..., Any]]] = {
    "add": _sum,
    "sub": lambda a, b: _sum(a, b, -1),
    "mul": _product,
    "div": _quotient,
    "neg": lambda a: Ratio(-a.numerator, a.denominator, a.room),
    **{name: _ordered(compare) for name, compare in COMPARISONS.items()},
    "eq": _equal,
    "ne": lambda a, b: not _equal(a, b),
}


def _coerced(value: Any, room: Room) -> Any:
    """Return a whole number, a fraction or a float as a ratio; NotImplemented for all else."""
    if type(value) is int or isinstance(value, bool):
        return Ratio(int(value), 1, room)
    if isinstance(value, float) and isfinite(value):
        value = Fraction(value)
    if isinstance(value, numbers.Rational):
        return Ratio(int(value.numerator), int(value.denominator), room)
    return NotImplemented


def as_ratio(value: Any, room: Room = _ANYWHERE) -> Any:
    """Return a number as a ratio in a room; a `NoValue` or `NOTHING` as it is.

    >>> as_ratio(Fraction(1, 3)), as_ratio(0.5), as_ratio(True)
    (Ratio(1, 3), Ratio(1, 2), Ratio(1, 1))
    """
    if isinstance(value, _OTHERS):
        return value
    ratio = _coerced(value, room)
    return NoValue(UNDEFINED) if ratio is NotImplemented else ratio
