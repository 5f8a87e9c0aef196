"""The rule book: every name that a rule may use, once, with what it takes and gives.

A kind of number brings the primitives. Composites have one definition here, in primitives; a
kind overrides one only where that was measured to be more accurate or quicker. Arrays have
shapes of at most two axes; `axis` is one axis, and without it a reduction goes over everything.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Number: TypeAlias = Any
"""A number of the kind that a rule runs over, an array of them, or a number of Python."""

Truth: TypeAlias = Any
"""What a comparison gives: yes or no, an array of those, or what cannot be decided."""

OfOne: TypeAlias = Callable[[Number], Number]
OfTwo: TypeAlias = Callable[[Number, Number], Number]
OfMany: TypeAlias = Callable[[*tuple[Number, ...]], Number]
Choice: TypeAlias = Callable[[Truth, Number, Number], Number]
Reduction: TypeAlias = Callable[[Number, *tuple[int, ...]], Number]
"""A function of an array and perhaps an axis, which the result lacks; else a number."""
AtPlace: TypeAlias = Callable[[Number, *tuple[Any, ...]], Number]
"""A function of an array and the indices of an element, of a row, or of a part."""
Shaped: TypeAlias = Callable[[Number, Number, *tuple[Any, ...]], Number]
"""A function of a value, an array whose shape the result takes, and an axis or indices."""
Piece: TypeAlias = Callable[[Number, int, Any], Number]
"""A function of arrays end to end, the place of one of them, and them all: its piece."""


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

    def anchor(self, x: Number, *axis: int) -> Number:
        """Return what exponents are shifted by: the greatest, or where that is unknown one near."""
        return self.amax(x, *axis)

    def mean(self, x: Number, *axis: int) -> Number:
        """Return the mean of the elements."""
        return self.sum(x, *axis) / self.count(x, *axis)

    def norm(self, x: Number, *axis: int) -> Number:
        """Return the 2-norm, scaled by the greatest element: no square overflows or vanishes."""
        return self.norm_over(1, x, *axis)

    def norm_over(self, by: Number, x: Number, *axis: int) -> Number:
        """Return the 2-norm over a number, by which it may come back from where it overflows."""
        greatest = self.amax(self.abs(x), *axis)
        scale = self.where(greatest == 0, 1, self.where(greatest == self.inf, 1, greatest))
        scaled = x / self.spread(scale, x, *axis)
        return scale / by * self.sqrt(self.sum(scaled * scaled, *axis))

    def norm_sent(self, up: Number, x: Number, y: Number, *axis: int) -> Number:
        """Return up·x/y, y the norm of x; 0 where that is 0."""
        length = self.spread(y, x, *axis)
        return self.spread(up, x, *axis) * self.where(length == 0, 0, x / length)

    def level(self, top: Number) -> Number:
        """Return what exponents are counted from where the greatest is `top`: no sum overflows."""
        return top

    def excess(self, x: Number, top: Number, *axis: int) -> Number:
        """Return Σ exp(x - top) - 1 for exponents whose greatest is the top, or near it."""
        return self.sum(self.exp(x - self.spread(top, x, *axis)), *axis) - 1

    def logsumexp(self, x: Number, *axis: int) -> Number:
        """Return s + log(Σ exp(x - s)) for a finite s near the greatest: nothing overflows."""
        near = self.anchor(x, *axis)
        shift = self.where(self.abs(near) < self.inf, near, 0)
        return self.log1p(self.excess(x, shift, *axis)) + shift

    def logsumexp_slope(self, x: Number, y: Number, *axis: int) -> Number:
        """Return exp(x - y), y the logsumexp of x."""
        return self.exp(x - self.spread(y, x, *axis))

    def softmax(self, x: Number) -> Number:
        """Return exp(x)/Σ exp(x) over the last axis."""
        return self.shares(x, -1)

    def shares(self, x: Number, *axis: int) -> Number:
        """Return exp(x)/Σ exp(x), over everything or over an axis."""
        level = self.level(self.anchor(x, *axis))
        grown = self.exp(x - self.spread(level, x, *axis))
        return grown / self.spread(self.sum(grown, *axis), x, *axis)

    def centred(self, x: Number, shares: Number) -> Number:
        """Return x less its mean over the last axis, weighed by shares that add up to 1."""
        return x - self.spread(self.sum(x * shares, -1), x, -1)

    def softmax_slope(self, up: Number, y: Number) -> Number:
        """Return what goes to x where `up` comes to y, the softmax of x over the last axis."""
        return y * self.centred(up, y)

    def log_softmax(self, x: Number) -> Number:
        """Return x - log(Σ exp(x)) over the last axis."""
        top = self.anchor(x, -1)
        rest = self.log1p(self.excess(x, top, -1))
        return x - self.spread(top, x, -1) - self.spread(rest, x, -1)

    def log_softmax_slope(self, up: Number, x: Number, y: Number) -> Number:
        """Return what goes to x where `up` comes to y, the log_softmax of x."""
        return up - self.exp(y) * self.spread(self.sum(up, -1), y, -1)

    def cumsum(self, x: Number, *, backwards: bool = False) -> Number:
        """Return for every element of a vector the sum up to it; backwards, from it on."""
        elements = [self.index(x, place) for place in range(int(self.count(x)))]
        sums = [*itertools.accumulate(elements[::-1] if backwards else elements)]
        return self.stack(*(sums[::-1] if backwards else sums))

    def diag(self, x: Number) -> Number:
        """Return the diagonal of a square matrix, or the matrix that has a vector as its own."""
        places = range(int(self.count(x, 0)))
        if self.rank(x) == 2:
            return self.stack(*(self.index(x, place, place) for place in places))
        rows = [[self.number(0)] * len(places) for _ in places]
        for place in places:
            rows[place][place] = self.index(x, place)
        return self.stack(*(self.stack(*row) for row in rows))

    def power_slope(self, a: Number, b: Number) -> Number:
        """Return b·a^(b-1); for b = 0 the power is constant, and 0 even where a = 0."""
        return self.where(b == 0, 0, b * self.pow(a, b - 1))

    def cbrt_slope(self, y: Number, x: Number) -> Number:
        """Return 1/(3y²), y the cube root of x."""
        return 1 / (3 * y * y)

    def atan_slope(self, x: Number) -> Number:
        """Return 1/(1 + x²)."""
        return 1 / (1 + x * x)

    def sinc_slope(self, y: Number, x: Number) -> Number:
        """Return (cos(x) - y)/x, y = sin(x)/x, and 0 where x is 0."""
        return self.where(x == 0, 0, (self.cos(x) - y) / x)

    def mod_slope(self, y: Number) -> Number:
        """Return 1, by which a remainder y grows with what is divided."""
        return self.number(1)

    def exp_product(self, a: Number, b: Number) -> Number:
        """Return exp(a·b)."""
        return self.exp(a * b)

    def normal(self, x: Number) -> Number:
        """Return Φ(x), the normal distribution's integral, which erfc keeps right in the tail."""
        return self.erfc(-x / self.sqrt(self.number(2))) / 2

    def gelu(self, x: Number) -> Number:
        """Return x·Φ(x)."""
        return x * self.normal(x)

    def gelu_slope(self, x: Number) -> Number:
        """Return Φ(x) + x·φ(x), φ the density of the normal distribution."""
        return self.normal(x) + x * self.exp_product(-x / 2, x) / self.sqrt(2 * self.pi)

    def sigmoid(self, x: Number) -> Number:
        """Return 1/(1 + exp(-x)), with an exponential that cannot overflow."""
        return self.exp(self.min(x, self.number(0))) / (1 + self.exp(-self.abs(x)))

    def sigmoid_slope(self, x: Number) -> Number:
        """Return σ(x)·σ(-x), and not y(1 - y), which is 0 from x = 37 on."""
        return self.sigmoid(x) * self.sigmoid(-x)

    def tanh_slope(self, x: Number) -> Number:
        """Return 1/cosh², and not 1 - y², which is 0 from x = 19 on."""
        return 1 / self.cosh(x) / self.cosh(x)

    def silu(self, x: Number) -> Number:
        """Return x·σ(x)."""
        return x * self.sigmoid(x)

    def silu_slope(self, x: Number) -> Number:
        """Return σ(x)·(1 + x·σ(-x))."""
        return self.sigmoid(x) * (1 + x * self.sigmoid(-x))


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
    cumsum: OfOne
    diag: OfOne


PRIMITIVES: Final[tuple[str, ...]] = tuple(Rulebook.__annotations__)
"""The names that a kind of number has to bring, those of arrays where it has arrays."""

FORMULAS: Final[dict[str, Callable[..., Number]]] = {
    "hypot": lambda m, a, b: m.sqrt(a * a + b * b),
    "mod": lambda m, a, b: a - b * m.floor(a / b),
    "ceil": lambda m, x: -m.floor(-x),
    "sign": lambda m, x: m.where(x > 0, m.number(1), m.where(x < 0, m.number(-1), m.number(0))),
    "truth": lambda m, c: m.where(c, m.number(1), m.number(0)),
    "log2": lambda m, x: m.log(x) / m.log(m.number(2)),
    "log10": lambda m, x: m.log(x) / m.log(m.number(10)),
    "digamma": lambda m, x: m.polygamma(m.number(0), x),
}
"""Primitives of kinds whose arithmetic neither rounds nor overflows: what they are by others."""

_TAKES: Final = {"OfOne": 1, "OfTwo": 2, "Choice": 3}
_WHOLE: Final = ("number", "transpose", "len", "product", "outer_or_scale")

ELEMENTWISE: Final[dict[str, int]] = {
    name: _TAKES[kind]
    for name, kind in Rulebook.__annotations__.items()
    if kind in _TAKES and name not in _WHOLE
}
"""The primitives that act on each element by itself, and how many arguments each takes."""
