"""The helpers of generated Python answer as IEEE 754 does; the oracle is NumPy."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from scipy import special

from cgcli.export.python import PYTHON

SPECIAL = (
    *(0.0, 1.0, 2.0, 3.0, 0.5, 2.5, 7.0, 1e-320, 1e308, math.inf),
    *(-0.0, -1.0, -2.0, -3.0, -0.5, -2.5, -7.0, -1e-320, -1e308, -math.inf),
    math.nan,
)


def helpers() -> dict[str, Any]:
    names: dict[str, Any] = {"math": math}
    exec("\n".join(PYTHON.prelude.values()), names)
    return names


HELPERS = helpers()


def same(found: float, expected: float) -> bool:
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
    "sigmoid": special.expit,
    "softplus": lambda x: np.logaddexp(0, x),
}
TWO: dict[str, Any] = {
    "div": np.divide,
    # NumPy takes a root for the power of 0.5, and that of -inf is another.
    "pow": lambda a, b: np.inf if (a, b) == (-np.inf, 0.5) else np.power(a, b),
    "max": np.maximum,
    "min": np.minimum,
}


def test_every_helper_is_here() -> None:
    assert {name[1:] for name in PYTHON.prelude} - {"ieee", "whole", "mod"} == {*ONE, *TWO}


@pytest.mark.parametrize("name", ONE)
def test_of_one_number(name: str) -> None:
    for x in SPECIAL:
        if name in ("sin", "cos", "tan") and abs(x) > 1e300:
            continue
        with np.errstate(all="ignore"):
            expected = float(ONE[name](np.float64(x)))
        assert same(HELPERS[f"_{name}"](x), expected), (x, expected)


@pytest.mark.parametrize("name", TWO)
def test_of_two_numbers(name: str) -> None:
    for a, b in itertools.product(SPECIAL, SPECIAL):
        with np.errstate(all="ignore"):
            expected = float(TWO[name](np.float64(a), np.float64(b)))
        assert same(HELPERS[f"_{name}"](a, b), expected), (a, b, expected)


def test_the_remainder_has_the_sign_of_the_divisor() -> None:
    for a, b in itertools.product((7.5, -7.5, 0.0, 3.0), (2.0, -2.0, 0.5, 0.0)):
        with np.errstate(all="ignore"):
            expected = float(np.mod(np.float64(a), np.float64(b)))
        assert same(HELPERS["_mod"](a, b), expected), (a, b)


def test_nan_anywhere_among_many_is_nan() -> None:
    for place in range(3):
        values = [1.0, 2.0, 3.0]
        values[place] = math.nan
        assert math.isnan(HELPERS["_max"](*values))
        assert math.isnan(HELPERS["_min"](*values))
