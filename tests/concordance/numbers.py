"""The numbers of the oracle: those of mpmath, and words for what is not known of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from mpmath import mp, mpf

Number = Any
"""An mpf, or one of the words below."""

BAD: Final = "not finite"
"""Some number that is not finite: NaN or an infinity, of which the contract does not say which."""
WILD: Final = "a factor that is not finite"
"""The same of what a number that is not finite is multiplied with: a step sends none of it on."""
UNKNOWN: Final = "unknown"
"""The contract leaves it open, or the oracle does not work it out."""

INF, NAN = mp.inf, mp.nan
TINY: Final = mpf(2) ** -400_000
"""What stands for numbers that are too small to be worked out in reasonable time."""
FAR: Final = 100_000
"""Beyond this an exponential is TINY, or one over it."""


class Local(NamedTuple):
    """An operation at a point: `kink`, `fault` are True, False or None where it is left open."""

    value: Number
    slopes: Callable[[], tuple[Number, ...]]
    margins: tuple[mpf, ...] = ()
    """How far the arguments are from where the operation decides otherwise; 0 is there."""
    kink: bool | None = False
    fault: bool | None = False


def fault(value: Number, count: int = 1) -> Local:
    """Out of the domain: no gradient that goes through is a finite number."""
    return Local(value, lambda: (BAD,) * count, fault=True)


NIL: Final = "nil"
"""What a step sends: 0, whatever it is multiplied by, but for a fault."""
DECIDES: Final = "decides"
"""What a comparison sends to its sides: nothing."""
MAYBE: Final = "maybe"
"""What a choice sends to its branches, where it is unknown which of them is taken."""
LARGEST: Final = mp.fsub(mpf(2) ** 1024, mpf(2) ** 970, exact=True)
"""What is at least so large rounds to infinity."""


def finite(number: Number) -> bool:
    return isinstance(number, mpf) and bool(number._mpf_[1] or not number._mpf_[2])


def short(number: mpf, bits: int = 53) -> bool:
    """Whether a finite number is a normal double of so few bits, or 0."""
    _, mantissa, exponent, length = number._mpf_
    return not mantissa or (length <= bits and -1021 <= exponent + length <= 1024)


def ulp(number: mpf) -> mpf:
    """The distance of doubles at a finite number."""
    _, mantissa, exponent, length = number._mpf_
    return mpf(2) ** (max(exponent + length - 53, -1074) if mantissa else -1074)


def clamp(number: mpf) -> tuple[Number, bool]:
    """What doubles have at the ends of their range, and whether it is there."""
    _, mantissa, exponent, length = number._mpf_
    if not mantissa or -1021 <= exponent + length < 1024:
        return number, False
    if abs(number) >= LARGEST:
        return mp.sign(number) * INF, True
    if exponent + length < -1021:
        nearest = mpf(mp.nint(mp.ldexp(number, 1074))) * mpf(2) ** -1074
        return nearest, nearest != number
    return number, False


def saturated(number: mpf) -> bool:
    """Whether a number stands for others that are too large or too small to be worked out."""
    _, mantissa, exponent, length = number._mpf_
    return bool(mantissa) and abs(exponent + length) > 1.5 * FAR


def adds_exactly(numbers: list[mpf]) -> bool:
    """Whether doubles add these numbers without rounding, in whatever order."""
    ends = [number._mpf_ for number in numbers if number]
    if len(ends) < 2:
        return True
    lowest = min(exponent for _, _, exponent, _ in ends)
    return max(exponent + length for _, _, exponent, length in ends) - lowest < 50
