"""What IEEE 754 and C's annex F say of elementary functions, at numbers where Python raises."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

SPECIAL = (
    *(0.0, 1.0, 2.0, 3.0, 0.5, 2.5, 7.0, 1e-320, 1e308, math.inf),
    *(-0.0, -1.0, -2.0, -3.0, -0.5, -2.5, -7.0, -1e-320, -1e308, -math.inf),
    math.nan,
)


def same(found: float, expected: float) -> bool:
    """Whether two numbers are one but for the last bits and the sign of 0."""
    if found == 0 == expected:
        return True
    return bool(np.isclose(found, expected, rtol=1e-14, atol=0, equal_nan=True))


def lgamma(x: float) -> float:
    """SciPy's, which has a pole at every number that is small enough, and -inf at -inf."""
    if 0 < abs(x) < 1e-300:
        return -math.log(abs(x))
    return math.inf if x == -math.inf else float(special.gammaln(x))


ONE: dict[str, Any] = {
    **{
        name: getattr(np, name)
        for name in ("exp", "expm1", "sin", "cos", "tan", "cosh", "sinh", "sqrt", "log", "log2")
    },
    **{name: getattr(np, name) for name in ("log10", "log1p", "floor", "ceil", "round", "sign")},
    **{name: getattr(np, f"arc{name[1:]}") for name in ("asin", "acos", "acosh", "atanh")},
    "gamma": special.gamma,
    "lgamma": lgamma,
}
TWO: dict[str, Any] = {
    "div": np.divide,
    # NumPy takes a root for the power of 0.5, and that of -inf is another.
    "pow": lambda a, b: np.inf if (a, b) == (-np.inf, 0.5) else np.power(a, b),
    "max": np.maximum,
    "min": np.minimum,
}


def of(function: Any, *numbers: float) -> float:
    """The value of a function of either table."""
    with np.errstate(all="ignore"):
        return float(function(*map(np.float64, numbers)))
