"""A number as a student wrote it: its value, and how far its digits reach."""

from __future__ import annotations

import math
import re
from typing import Any, Final, NamedTuple

__all__ = ["Written", "exact", "read_number"]

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
    the significant ones. All three are floats, or arrays of one shape.
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

            # What is infinite is off by no reach, as wide as that may be.
            reach = np.where(self.digits >= _LEAST, self.half * (1 + 1e-9), 0.0) + slack
            with np.errstate(all="ignore"):
                apart = np.abs(self.value - value)
                near = (self.value == value) | ((apart <= reach) & (apart < np.inf))
            return bool(near.all())
        reach = self.half * (1 + 1e-9) + slack if self.digits >= _LEAST else slack
        # What is infinite is off by no reach, as wide as that may be.
        return bool(self.value == value or abs(self.value - value) <= reach < math.inf)

    def element(self, index: tuple[int, ...]) -> Written:
        """Return the number at one place of an array."""
        return Written(float(self.value[index]), float(self.half[index]), int(self.digits[index]))


def exact(value: Any) -> Written:
    """Return an answer that is exactly a value: a fraction, or what a formula comes to.

    >>> exact(0.5).is_rounding(0.5), exact(0.5).is_rounding(0.51)
    (True, False)
    """
    if not getattr(value, "shape", ()):
        return Written(float(value))
    import numpy as np

    return Written(value, np.zeros(value.shape), np.zeros(value.shape))


def read_number(text: str) -> Written | None:
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
    half = 0.5 * 10.0**last if -330 < last < 300 else 0.0
    return Written(float(text), half, digits)
