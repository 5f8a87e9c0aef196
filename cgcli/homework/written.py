"""A number as a student wrote it: its value, and how far its digits reach."""

from __future__ import annotations

import math
import re
from typing import Any, Final, NamedTuple

from cgcli.calculus.doubles import DOUBLES
from cgcli.calculus.kind import Kind

__all__ = ["Written", "added", "alike", "exact", "is_fraction", "read_number"]

_NUMBER: Final = re.compile(
    r"(?P<sign>[-+]?)(?P<whole>[0-9]*)(?:(?P<point>\.)(?P<part>[0-9]*))?"
    r"(?:[eE](?P<power>[-+]?[0-9]+))?",
    re.ASCII,
)
_LEAST: Final = 2
"""So many significant digits a rounded number must have, to be taken for the whole one."""


class Written(NamedTuple):
    """A number, or an array of them, with half a unit of its last digit and its digits.

    `half` is 0 for what is no decimal: a fraction, or a constant such as 2*pi. `digits` counts
    the significant ones. All three are floats, or arrays of one shape; read exactly, the first
    two are fractions.
    """

    value: Any
    half: Any = 0.0
    digits: Any = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the answer: () for a number."""
        return getattr(self.value, "shape", ())

    def is_rounding(self, value: Any, slack: Any = 0.0) -> bool:
        """Whether the answer is `value`, rounded to its digits where it has two or more.

        `slack` is how far the value itself may be off. An array must be of the same shape.

        >>> read_number("0.33").is_rounding(1 / 3), read_number("0.3").is_rounding(1 / 3)
        (True, False)
        """
        if self.shape != getattr(value, "shape", ()):
            return False
        if self.shape:
            import numpy as np

            reach = added(np.where(self.digits >= _LEAST, self.half * self._leeway, 0), slack)
            # What is infinite is off by no reach, as wide as that may be.
            same = self.value == value
            own, value = alike(self.value, value)
            with np.errstate(all="ignore"):
                apart = np.abs(own - value)
                near = same | ((apart <= reach) & (apart < np.inf))
            return bool(near.all())
        reach = added(self.half * self._leeway, slack) if self.digits >= _LEAST else slack
        # What is infinite is off by no reach, as wide as that may be.
        same = self.value == value
        own, value = alike(self.value, value)
        return bool(same or abs(own - value) <= reach < math.inf)

    @property
    def _leeway(self) -> Any:
        """How much farther than half a digit a double may be off; a fraction is off by no more."""
        kind = self.half.dtype.kind if self.shape else type(self.half)
        return 1 + 1e-9 if kind in (float, "f") else 1

    def in_doubles(self, kind: Kind) -> Written:
        """Return the same in doubles."""
        value, half = kind.doubles(self.value), kind.doubles(self.half)
        return Written(value, half, self.digits)

    def element(self, index: tuple[int, ...]) -> Written:
        """Return the number at one place of an array."""
        return Written(float(self.value[index]), float(self.half[index]), int(self.digits[index]))


def is_fraction(number: Any) -> bool:
    """Whether a number is a fraction, or an array of them.

    >>> from fractions import Fraction
    >>> is_fraction(Fraction(1, 3)), is_fraction(0.5)
    (True, False)
    """
    dtype = getattr(number, "dtype", None)
    return not isinstance(number, float) and (dtype is None or dtype.kind == "O")


def alike(a: Any, b: Any) -> tuple[Any, Any]:
    """Return two numbers in one kind: of a fraction beside a double, the double nearest to it.

    >>> from fractions import Fraction
    >>> alike(Fraction(1, 4), 0.5), alike(0.5, Fraction(10) ** 400)
    ((0.25, 0.5), (0.5, inf))
    """
    if is_fraction(a) == is_fraction(b):
        return a, b
    return _nearest(a), _nearest(b)


def added(a: Any, b: Any) -> Any:
    """Return the sum of two numbers, which may be of two kinds."""
    a, b = alike(a, b)
    return a + b


def _nearest(number: Any) -> Any:
    if not is_fraction(number):
        return number
    from cgcli.numbers.ratio import as_ratio

    # A ratio is infinite where it is too large, and does not raise.
    if not getattr(number, "shape", ()):
        return float(as_ratio(number))
    import numpy as np

    return np.array([_nearest(each) for each in number.flat]).reshape(number.shape)


def exact(value: Any) -> Written:
    """Return an answer that is exactly a value: a fraction, or what a formula comes to.

    >>> exact(0.5).is_rounding(0.5), exact(0.5).is_rounding(0.51)
    (True, False)
    """
    if not getattr(value, "shape", ()):
        return Written(value)
    import numpy as np

    return Written(value, np.zeros(value.shape), np.zeros(value.shape))


def read_number(text: str, kind: Kind = DOUBLES) -> Written | None:
    """Return a decimal number with the reach of its digits, None for any other text.

    A whole number reaches to its ones: 120 stands for 119.7 and not for 123.

    >>> read_number("-0.330"), read_number("120").half
    (Written(value=-0.33, half=0.0005, digits=3), 0.5)
    """
    match = _NUMBER.fullmatch(text)
    if match is None or not (match["whole"] or match["part"]):
        return None
    power = int((match["power"] or "0")[:6])
    part = match["part"] or ""
    digits = len((match["whole"] + part).lstrip("0"))
    last = power - len(part)
    half = kind.numeral(f"5e{last - 1}") if -330 < last < 300 else kind.zero(())
    return Written(kind.numeral(text), half, digits)
