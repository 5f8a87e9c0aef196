"""A number as a student wrote it: its value, and how far its digits reach."""

from __future__ import annotations

import math
import re
import struct
from decimal import Decimal
from typing import Any, Final, NamedTuple

from cgcli.calculus.doubles import DOUBLES
from cgcli.calculus.kind import Kind
from cgcli.numbers.elements import by_element
from cgcli.operations.row import Shape

_NUMBER: Final = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,17})?", re.ASCII)
_SINGLE: Final = 9
"""So many digits tell numbers of single precision apart."""
_LARGEST: Final = 3e38
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
    def shape(self) -> Shape:
        """The shape of the answer: () for a number."""
        return shape_of(self.value)

    @property
    def most_digits(self) -> float:
        """The digits of a number, or the most that an element has: a 0 has none."""
        return float(self.digits.max() if self.shape else self.digits)

    def is_rounding(self, value: Any, slack: Any = 0.0) -> bool:
        """Whether the answer is `value`, rounded to its digits where it has two or more.

        `slack` is how far the value itself may be off. An array must be of the same shape.

        >>> read_number("0.33").is_rounding(1 / 3), read_number("0.3").is_rounding(1 / 3)
        (True, False)
        """
        if self.shape != shape_of(value):
            return False
        reach = self.half * self._leeway * (self.digits >= _LEAST)
        return is_near(self.value, value, added(reach, slack))

    @property
    def _leeway(self) -> Any:
        """How much farther than half a digit a double may be off; a fraction is off by no more."""
        kind = self.half.dtype.kind if self.shape else type(self.half)
        return 1 + 1e-9 if kind in (float, "f") else 1

    def in_doubles(self, kind: Kind) -> Written:
        """Return the same in doubles."""
        value, half = kind.doubles(self.value), kind.doubles(self.half)
        return Written(value, half, self.digits)

    def shaped(self, shape: Shape) -> Written:
        """Return the answer in a shape that differs from its own by axes of length 1 alone.

        So tensor([2.]) is a number, 5.5 a list of one, and [1, 2] the row of a matrix; whatever
        has as many axes, or other lengths, stays as it is.
        """
        lengths = [[length for length in other if length > 1] for other in (shape, self.shape)]
        if len(shape) == len(self.shape) or lengths[0] != lengths[1]:
            return self
        import numpy as np

        return Written(*(np.reshape(part, shape)[()] for part in self))

    def element(self, index: tuple[int, ...]) -> Written:
        """Return the number at one place of an array."""
        return Written(float(self.value[index]), float(self.half[index]), int(self.digits[index]))


def is_fraction(number: Any) -> bool:
    """Whether a number is a fraction, or an array of them.

    >>> from fractions import Fraction
    >>> is_fraction(Fraction(1, 3)), is_fraction(0.5)
    (True, False)
    """
    if isinstance(number, float):
        return False
    dtype = getattr(number, "dtype", None)
    return dtype is None or dtype.kind == "O"


def shape_of(number: Any) -> Shape:
    """Return the shape of a number, which is (), or of an array."""
    shape: Shape = getattr(number, "shape", ())
    return shape


def part_of(number: Any, element: tuple[int, ...]) -> Any:
    """Return a number, or the element of an array that was asked for; None where it has none."""
    if number is None or not element:
        return number
    shape = shape_of(number)
    if len(shape) != len(element) or not all(k < n for k, n in zip(element, shape, strict=True)):
        return None
    return number[element] if is_fraction(number) else float(number[element])


def is_near(a: Any, b: Any, reach: Any) -> bool:
    """Whether two numbers, or two arrays of one shape, are equal or no farther apart than that.

    What is infinite is off by no reach, as wide as that may be.
    """
    if not shape_of(a):
        same = a == b
        if same:
            return True
        a, b = alike(a, b)
        return bool(abs(a - b) <= reach < math.inf)
    import numpy as np

    with np.errstate(all="ignore"):
        same = np.asarray(a) == b
        a, b = alike(a, b)
        apart = np.abs(np.asarray(a) - b)
        return bool((same | ((apart <= reach) & (apart < np.inf))).all())


def alike(a: Any, b: Any) -> tuple[Any, Any]:
    """Return two numbers in one kind: of a fraction beside a double, the double nearest to it.

    >>> from fractions import Fraction
    >>> alike(Fraction(1, 4), 0.5), alike(0.5, Fraction(10) ** 400)
    ((0.25, 0.5), (0.5, inf))
    """
    if is_fraction(a) == is_fraction(b):
        return a, b
    return nearest(a), nearest(b)


def added(a: Any, b: Any) -> Any:
    """Return the sum of two numbers, which may be of two kinds."""
    a, b = alike(a, b)
    return a + b


def nearest(number: Any) -> Any:
    """Return the double nearest to a fraction, or an array of them; a double as it is."""
    if not is_fraction(number):
        return number
    from cgcli.numbers.ratio import as_ratio

    # A ratio is infinite where it is too large, and does not raise.
    if not shape_of(number):
        return float(as_ratio(number))
    return by_element(nearest, number).astype(float)


def exact(value: Any) -> Written:
    """Return an answer that is exactly a value: a fraction, or what a formula comes to.

    >>> exact(0.5).is_rounding(0.5), exact(0.5).is_rounding(0.51)
    (True, False)
    """
    # A whole 0, which is exact beside a fraction too.
    zeros = DOUBLES.zero(shape) if (shape := shape_of(value)) else 0
    return Written(value, zeros, zeros)


def read_number(text: str, kind: Kind = DOUBLES) -> Written | None:
    """Return a decimal number with the reach of its digits, None for any other text.

    A whole number reaches to its ones: 120 stands for 119.7 and not for 123.

    >>> read_number("-0.330"), read_number("120").half
    (Written(value=-0.33, half=0.0005, digits=3), 0.5)
    """
    if _NUMBER.fullmatch(text) is None:
        return None
    _, figures, last = Decimal(text).as_tuple()
    digits = len(figures) if any(figures) else 0
    assert isinstance(last, int)
    half = kind.numeral(f"5e{last - 1}") if -330 < last < 300 else kind.zero(())
    value = kind.numeral(text)
    is_small = digits > _SINGLE and not kind.exact and abs(value) < _LARGEST
    if is_small and struct.unpack("f", struct.pack("f", value))[0] == value:
        # All digits are those of a number in single precision, as PyTorch prints it.
        return Written(value, abs(value) * 1e-6, _SINGLE)
    return Written(value, half, digits)
