"""The rule book: every name that a rule may use, once, with what it takes and gives.

A kind of number brings the primitives. Composites have one definition here, in primitives; a
kind overrides one only where that was measured to be more accurate or quicker. Arrays have
shapes of at most two axes; `axis` is one axis, and without it a reduction goes over everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

__all__ = ["COMPOSITES", "ELEMENTWISE", "PRIMITIVES", "Directions", "Number", "Rulebook"]

Number: TypeAlias = Any
"""A number of the kind that a rule runs over, an array of them, or a number of Python."""

Truth: TypeAlias = Any
"""What a comparison gives: yes or no, an array of those, or what cannot be decided."""

OfOne: TypeAlias = Callable[[Number], Number]
OfTwo: TypeAlias = Callable[[Number, Number], Number]
Choice: TypeAlias = Callable[[Truth, Number, Number], Number]


class OfMany(Protocol):
    """A function of any number of arguments."""

    def __call__(self, *values: Number) -> Number:
        """Return the result."""


class Reduction(Protocol):
    """A function of an array and perhaps an axis, which the result lacks."""

    def __call__(self, x: Number, *axis: int) -> Number:
        """Return the result: without an axis a number."""


class AtPlace(Protocol):
    """A function of an array and the indices of one element, or of one row."""

    def __call__(self, x: Number, *indices: int) -> Number:
        """Return the result."""


class Shaped(Protocol):
    """A function of a value and an array whose shape the result takes."""

    def __call__(self, value: Number, like: Number, *axis: int) -> Number:
        """Return the result."""


class Piece(Protocol):
    """A function of arrays end to end and the place of one of them."""

    def __call__(self, joined: Number, place: int, *parts: Number) -> Number:
        """Return the piece that stands for `parts[place]`."""


class Rulebook:
    """The `m` that a rule takes first. Operators of Python are part of the book as well."""

    pi: Number
    inf: Number
    nan: Number
    number: OfOne
    """A number of Python as one of the kind."""

    # Elementwise: each broadcasts as NumPy does.
    truth: OfOne
    """1 where a truth holds, else 0."""
    where: Choice
    """The second where the truth holds, else the third."""
    sqrt: OfOne
    cbrt: OfOne
    exp: OfOne
    expm1: OfOne
    log: OfOne
    log1p: OfOne
    log2: OfOne
    log10: OfOne
    sin: OfOne
    cos: OfOne
    tan: OfOne
    asin: OfOne
    acos: OfOne
    atan: OfOne
    sinh: OfOne
    cosh: OfOne
    tanh: OfOne
    asinh: OfOne
    acosh: OfOne
    atanh: OfOne
    erf: OfOne
    erfc: OfOne
    gamma: OfOne
    lgamma: OfOne
    digamma: OfOne
    floor: OfOne
    ceil: OfOne
    round: OfOne
    abs: OfOne
    sign: OfOne
    hypot: OfTwo
    pow: OfTwo
    atan2: OfTwo
    polygamma: OfTwo
    mod: OfTwo
    max: OfMany
    min: OfMany

    # Arrays: what puts elements together, picks and moves them.
    stack: OfMany
    """Numbers as a vector, or vectors as the rows of a matrix."""
    concat: OfMany
    """Numbers and vectors end to end, or matrices one below the other."""
    piece: Piece
    index: AtPlace
    scatter: Shaped
    """A value at the indices given, 0 elsewhere, in the shape of the second."""
    transpose: OfOne
    spread: Shaped
    """Undo a reduction's loss of an axis: every element takes the value of its group."""
    onehot: Callable[[Number, int], Number]

    # Arrays: sums and products.
    sum: Reduction
    prod: Reduction
    amax: Reduction
    amin: Reduction
    products_of_others: Reduction
    """For every element the product of all others of its group, in the shape of the array."""
    product: OfTwo
    """The matrix product; a scalar on either side scales."""
    outer_or_scale: OfTwo
    """The matrix of all products of two vectors' elements; a scalar on either side scales."""

    # Shapes.
    count: Reduction
    """How many elements a group has."""
    rank: Callable[[Number], int]
    len: OfOne

    # Composites

    def sigmoid(self, x: Number) -> Number:
        """Return 1/(1 + exp(-x)), by exponentials of what is not positive: none overflows."""
        return self.exp(self.min(x, self.number(0))) / (1 + self.exp(-self.abs(x)))

    def anchor(self, x: Number, *axis: int) -> Number:
        """Return what exponents are shifted by: the greatest, or where that is unknown one near."""
        return self.amax(x, *axis)

    def mean(self, x: Number, *axis: int) -> Number:
        """Return the mean of the elements."""
        return self.sum(x, *axis) / self.count(x, *axis)

    def norm(self, x: Number, *axis: int) -> Number:
        """Return the 2-norm, scaled by the greatest element: no square overflows or vanishes."""
        greatest = self.amax(self.abs(x), *axis)
        scale = self.where(greatest == 0, 1, self.where(greatest == self.inf, 1, greatest))
        scaled = x / self.spread(scale, x, *axis)
        return scale * self.sqrt(self.sum(scaled * scaled, *axis))

    def logsumexp(self, x: Number, *axis: int) -> Number:
        """Return s + log(Σ exp(x - s)) for a finite s near the greatest: nothing overflows."""
        near = self.anchor(x, *axis)
        shift = self.where(self.abs(near) < self.inf, near, 0)
        grown = self.exp(x - self.spread(shift, x, *axis))
        return self.log(self.sum(grown, *axis)) + shift

    def softmax(self, x: Number) -> Number:
        """Return exp(x)/Σ exp(x) over the last axis."""
        grown = self.exp(x - self.spread(self.anchor(x, -1), x, -1))
        return grown / self.spread(self.sum(grown, -1), x, -1)

    def log_softmax(self, x: Number) -> Number:
        """Return x - log(Σ exp(x)) over the last axis."""
        shifted = x - self.spread(self.anchor(x, -1), x, -1)
        return shifted - self.spread(self.log(self.sum(self.exp(shifted), -1)), x, -1)


@dataclass(frozen=True)
class Directions:
    """What a tangent's rule uses: functions of arrays that have an axis of directions in front.

    `bare` are those of arrays without it, and `alike` gives such an array the axis.
    """

    bare: Rulebook
    alike: OfOne
    stack: OfMany
    index: AtPlace
    transpose: OfOne
    concat: OfMany
    sum: Reduction
    product: OfTwo
    outer_or_scale: OfTwo


PRIMITIVES: Final[tuple[str, ...]] = tuple(Rulebook.__annotations__)
"""The names that a kind of number has to bring, those of arrays where it has arrays."""

COMPOSITES: Final[tuple[str, ...]] = (
    "sigmoid", "anchor", "mean", "norm", "logsumexp", "softmax", "log_softmax",
)  # fmt: skip

_TAKES: Final = {"OfOne": 1, "OfTwo": 2, "Choice": 3}
_WHOLE: Final = ("number", "transpose", "len", "product", "outer_or_scale")

ELEMENTWISE: Final[dict[str, int]] = {
    name: _TAKES[kind]
    for name, kind in Rulebook.__annotations__.items()
    if kind in _TAKES and name not in _WHOLE
}
"""The primitives that act on each element by itself, and how many arguments each takes."""
