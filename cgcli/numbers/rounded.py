"""Composites over doubles, one or many, that a plain formula would round too often.

Each stands for a definition of the rule book that lost digits where it was measured, in a tail,
beside a zero, or where one element outweighs all others (benchmarks/ulps.py).
"""

from __future__ import annotations

import math
from typing import Final

from cgcli.numbers.namespace import Namespace
from cgcli.operations.protocol import Number

# The square root of a half, and what rounding it left over.
_ROOT: Final = 0.7071067811865476
_ROOT_REST: Final = -4.833646656726457e-17

# From here on down a factor exp(x), or erfc(-x/√2), is no normal double.
_EXP_TAIL: Final = -700.0
_NORMAL_TAIL: Final = -37.0
# The root of the largest power of 2: quotients of elements by a norm that far away are doubles.
_FAR: Final = 2.0**512

# Up to here the terms of sinc's derivative cancel more than those of its series.
_CANCELS: Final = 1.5

# Many a sum of numbers like exp of this is a double.
_GROWS: Final = 690.0


def _halves(a: Number) -> tuple[Number, Number]:
    """Split a double into two of half the digits, whose products are exact (Veltkamp, 1968)."""
    shifted = 134217729.0 * a
    high = shifted - (shifted - a)
    return high, a - high


def rounding(a: Number, b: Number, product: Number) -> Number:
    """Return a·b less the rounded product, exactly (Dekker, 1971)."""
    a_high, a_low = _halves(a)
    b_high, b_low = _halves(b)
    return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


class BySeries(Namespace):
    """The rules over doubles, and over formulas that are computed in doubles."""

    def sinc_slope(self, y: Number, x: Number) -> Number:
        """Return (cos(x) - y)/x, and where these cancel Σ ±x^(2k-1)/((2k + 1)(2k - 1)!)."""
        small = self.abs(x) < _CANCELS
        series = self.number(0)
        for k in range(11, 0, -1):
            size = (2 * k + 1) * math.factorial(2 * k - 1)
            series = self.number((-1) ** k) / size + x * x * series
        return self.where(small, x * series, (self.cos(x) - y) / self.where(small, 1.0, x))


class Apart(Namespace):
    """The rules over numbers that round, of sums in which one element may outweigh all others."""

    def centred(self, x: Number, shares: Number) -> Number:
        """Return x less its mean, with x counted from the element whose share is above a half."""
        most = self.sum(self.where(shares > 0.5, x, 0.0), -1)
        level = x - self.spread(most, x, -1)
        return level - self.spread(self.sum(level * shares, -1), x, -1)

    def excess(self, x: Number, top: Number, *axis: int) -> Number:
        """Return Σ exp(x - top) - 1 where the greatest is the top: what is small is kept."""
        level = self.level(top)
        greatest = x == self.spread(top, x, *axis)
        others = self.where(greatest, 0.0, self.exp(x - self.spread(level, x, *axis)))
        ones = self.sum(self.truth(greatest), *axis)
        return self.sum(others, *axis) / self.exp(top - level) + (ones - 1)

    def log_softmax_slope(self, up: Number, x: Number, y: Number) -> Number:
        """Return up - softmax(x)·Σ up, without the part of up that cancels."""
        shares = self.shares(x, -1)
        rest = self.spread(self.sum(self.where(shares > 0.5, 0.0, up), -1), y, -1)
        others = self.where(shares > 0.5, rest, self.spread(self.sum(up, -1), y, -1) - up)
        return up * self.left_of_one(shares, y) - shares * others

    def left_of_one(self, shares: Number, y: Number) -> Number:
        """Return 1 less shares that add up to 1 over the last axis, `y` their logarithms."""
        most = shares > 0.5
        others = self.sum(self.where(most, 0.0, shares), -1)
        return self.where(most, self.spread(others, shares, -1), 1 - shares)


class Rounded(BySeries, Apart):
    """The rules over doubles: floats, arrays of them, or the cells of a plan."""

    def power_slope(self, a: Number, b: Number) -> Number:
        """Return b·a^(b-1), with the factor of a that the rounding of b - 1 took."""
        less = b - 1
        taken = less - b
        lost = (b - (less - taken)) - (1 + taken)
        slope = self.where(b == 0, 0.0, b * self.pow(a, less))
        if isinstance(lost, float) and (lost == 0 or lost != lost):
            return slope
        # Of an infinite exponent nothing is lost, and of an infinite base there is no factor.
        base = self.where(a == 0, 1.0, self.where(a - a == 0, a, 1.0))
        return slope * self.pow(base, self.where(lost == lost, lost, 0.0))

    def mod_slope(self, y: Number) -> Number:
        """Return 1, and NaN where there is no remainder, as of infinity: y == y fails for NaN."""
        return self.where(y == y, 1.0, y)

    def cbrt_slope(self, y: Number, x: Number) -> Number:
        """Return y/(3x), which rounds half as often as 1/(3y²)."""
        return self.where(x == 0, self.inf, self.where(self.abs(x) == self.inf, 0.0, y / x / 3))

    def atan_slope(self, x: Number) -> Number:
        """Return 1/(1 + x²), scaled so that the square overflows where the slope is 0 alone."""
        scale = 2.0**-52
        return scale / (scale + scale * x * x)

    def exp_product(self, a: Number, b: Number) -> Number:
        """Return exp(a·b), whose relative error is the absolute one of the product."""
        product = a * b
        near = self.abs(product) < 1000
        grown = self.exp(product)
        return grown + grown * self.where(near, rounding(a, b, product), 0.0)

    def normal(self, x: Number) -> Number:
        """Return erfc(-x/√2)/2, and what the rounding of x/√2 took from it, by its slope."""
        near = self.min(self.max(x, self.number(-40)), self.number(40))
        root = near * _ROOT
        rest = rounding(near, self.number(_ROOT), root) + near * _ROOT_REST
        slope = self.exp(-root * root) / self.sqrt(self.pi)
        return self.erfc(-root) / 2 + rest * slope

    def gelu(self, x: Number) -> Number:
        """Return x·Φ(x); where Φ is no normal double, by its asymptotic series (DLMF 7.12.1)."""
        far = self.min(x, self.number(_NORMAL_TAIL))
        ratio = 1 / (far * far)
        series = self.number(0)
        for odd in (13, 11, 9, 7, 5, 3, 1):
            series = 1 - odd * ratio * series if odd < 13 else 1 - odd * ratio
        density = self.exp_product(-far / 2, far) / self.sqrt(2 * self.pi)
        return self.where(x < _NORMAL_TAIL, -density * series, x * self.normal(x))

    def gelu_slope(self, x: Number) -> Number:
        """Return Φ(x) + x·φ(x); φ in two factors, which stay normal doubles where it does not."""
        factor = self.exp_product(-x / 4, x)
        return self.normal(x) + x * factor * factor / self.sqrt(2 * self.pi)

    def silu(self, x: Number) -> Number:
        """Return x·σ(x), where σ is no normal double by two factors."""
        factor = self.exp(self.min(x, self.number(0)) / 2)
        inverse = 1 + self.exp(-self.max(x, self.number(_EXP_TAIL)))
        return self.where(x < _EXP_TAIL, x * factor * factor, x / inverse)

    def silu_slope(self, x: Number) -> Number:
        """Return σ(x)·(1 + x·σ(-x)) by exp(-|x|), and where that is no double by two factors."""
        small = self.exp(-self.abs(x))
        above = self.where(x < 0, small * (1 + x + small), 1 + small * (1 + x))
        factor = self.exp(self.min(x, self.number(0)) / 2)
        slope = above / (1 + small * (2 + small))
        return self.where(x < _EXP_TAIL, (1 + x) * factor * factor, slope)

    def sigmoid_slope(self, x: Number) -> Number:
        """Return e/(1 + e)² for e = exp(-|x|), the sum rounded once."""
        small = self.exp(-self.abs(x))
        return small / (1 + small * (2 + small))

    def tanh_slope(self, x: Number) -> Number:
        """Return 4·e/(1 + e)² for e = exp(-2·|x|)."""
        small = self.exp(-2 * self.abs(x))
        return 4 * small / (1 + small * (2 + small))

    def mean(self, x: Number, *axis: int) -> Number:
        """Return the mean; where the sum overflows, that of the elements over their number."""
        count, total = self.count(x, *axis), self.sum(x, *axis)
        return self.where(self.abs(total) < self.inf, total / count, self.sum(x / count, *axis))

    def level(self, top: Number) -> Number:
        """Return a whole number that exponents lose no digit by, and no double overflows after.

        exp(x) is as near as x is: what x - top rounds away counts as often as x - top is large.
        """
        return self.floor(top - self.min(self.max(top, self.number(0)), self.number(_GROWS)))

    def left_of_one(self, shares: Number, y: Number) -> Number:
        """Return 1 less shares, which their logarithms have most digits of."""
        return -self.expm1(y)

    def logsumexp_slope(self, x: Number, y: Number, *axis: int) -> Number:
        """Return the softmax: exp(x - y) has the absolute error of y. Beside infinity it is 0."""
        level = self.level(self.anchor(x, *axis))
        grown = self.exp(x - self.spread(level, x, *axis))
        total = self.sum(grown, *axis)
        return grown / self.spread(self.where(total == total, total, 1.0), x, *axis)

    def norm_sent(self, up: Number, x: Number, y: Number, *axis: int) -> Number:
        """Return up·x/y, where neither a norm that overflows nor x/y that vanishes is the end.

        A norm that is no normal double has lost digits: both are brought nearer to 1.
        """
        large = y > 1 / _FAR
        near = self.norm_over(self.where(large, _FAR, 1 / _FAR), x, *axis)
        length = self.spread(near, x, *axis)
        rest = self.where(large, 1 / _FAR, 1.0)
        x = x * self.spread(self.where(large, 1.0, _FAR), x, *axis)
        steep = self.abs(up) > 1
        first, last = self.where(steep, up * rest, up), self.where(steep, 1.0, rest)
        direction = self.where(length == 0, 0.0, x / length)
        return self.spread(first, x, *axis) * direction * self.spread(last, x, *axis)
