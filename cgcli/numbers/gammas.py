"""The gamma function and its logarithm over floats, where the standard library's lose digits.

Both start from log Γ(2 + z) for z beside 0, by its Taylor series (DLMF 5.7.3), and the product
of the recurrence Γ(x + 1) = x·Γ(x), in whole numbers: it is rounded once, beside 1 too.
"""

from __future__ import annotations

import math
from typing import Final

from cgcli.numbers.polygamma import reach, taylor

# 1 - γ, what its rounding left over, and (-1)^k (ζ(k) - 1)/k for k = 2, 3 ...
_SLOPE: Final = (0.42278433509846713, 4.942915152430645e-18)
_TAYLOR: Final = (
    0.3224670334241132, -0.0673523010531981, 0.020580808427784546, -0.007385551028673986,
    0.0028905103307415234, -0.001192753911703261, 0.0005096695247430425, -0.00022315475845357939,
    9.945751278180853e-05, -4.492623673813314e-05, 2.050721277567069e-05, -9.439488275268397e-06,
    4.374866789907488e-06, -2.039215753801366e-06, 9.55141213040742e-07, -4.492469198764566e-07,
    2.1207184805554665e-07, -1.0043224823968099e-07, 4.7698101693639804e-08,
    -2.2711094608943164e-08, 1.0838659214896955e-08, -5.183475041970047e-09,
    2.4836745438024785e-09, -1.1921401405860912e-09, 5.731367241678862e-10,
    -2.7595228851242334e-10, 1.330476437424449e-10, -6.4229645638381e-11,
)  # fmt: skip
# Zeros of log |Γ| on the negative axis, each in two parts; those further down are next to poles,
# where the product alone keeps the digits.
_ZEROS: Final = (
    (-2.4570247382208006, -3.7075610815513266e-17),
    (-2.7476826467274127, 9.055340329338315e-17),
    (-3.14358088834998, -2.1818179852331714e-16),
    (-3.955294284858598, -1.999428391746348e-17),
)
# Its least value on the positive axis, and where: it is flat there, and the terms above cancel.
_LEAST: Final = -0.12148629053584961
_LOWEST: Final = (1.4616321449683622, 9.549995429965697e-17)
_TINY: Final = 2.0**-60


def _beside_two(z: float) -> float:
    """Return log Γ(2 + z) for |z| up to 0.6."""
    total = 0.0
    for coefficient in reversed(_TAYLOR):
        total = total * z + coefficient
    return z * (_SLOPE[0] + (z * total + _SLOPE[1]))


def _reduced(x: float) -> tuple[float, int, int]:
    """Return z beside 0, and the whole numbers whose quotient is Γ(x)/Γ(2 + z)."""
    steps = math.floor(x - 1.4)
    top, bottom = x.as_integer_ratio()
    product = 1
    for k in range(1, steps + 1):
        product *= top - k * bottom
    for k in range(-steps):
        product *= top + k * bottom
    rest = (top - (steps + 2) * bottom) / bottom
    scale = bottom ** abs(steps)
    return (rest, product, scale) if steps > 0 else (rest, scale, product)


def gamma(x: float) -> float:
    """Return Γ(x); raises ValueError at its poles, and OverflowError where it is too large.

    >>> gamma(0.5), gamma(5.0)
    (1.772453850905516, 24.0)
    """
    if not -185 < x < 172 or x == math.floor(x) or abs(x) < _TINY:
        return math.gamma(x)
    rest, top, bottom = _reduced(x)
    numerator, denominator = math.exp(_beside_two(rest)).as_integer_ratio()
    return (top * numerator) / (bottom * denominator)


def lgamma(x: float) -> float:
    """Return log |Γ(x)|; raises ValueError at its poles.

    >>> lgamma(2.0000000001)
    4.2278437011204657e-11
    """
    if not -20 < x < 8 or x == math.floor(x) or abs(x) < _TINY:
        return math.lgamma(x)
    if -4 < x < -2:
        for zero, lost in _ZEROS:
            if abs(x - zero) < reach(zero):
                return taylor(x, zero, lost, 0)
    if abs(x - _LOWEST[0]) < 0.25:
        return _LEAST + taylor(x, *_LOWEST, 0)
    rest, top, bottom = _reduced(x)
    top, bottom = abs(top), abs(bottom)
    near = 2 * top > bottom and 2 * bottom > top
    factor = math.log1p((top - bottom) / bottom) if near else math.log(top / bottom)
    return _beside_two(rest) + factor
