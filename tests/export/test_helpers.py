"""The helpers of generated Python answer as IEEE 754 does."""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any

import numpy as np
import pytest
from mpmath import mp

from cgcli.export.targets import target
from tests.oracles.ieee import ONE, SPECIAL, TWO, of, same


def helpers() -> dict[str, Any]:
    names: dict[str, Any] = {"math": math, "functools": functools}
    exec("\n".join(target("python").prelude.values()), names)
    return names


HELPERS = helpers()


OF_ONE = [name for name in ONE if f"_{name}" in HELPERS]
OF_TWO = [name for name in TWO if f"_{name}" in HELPERS]


def test_most_helpers_are_compared() -> None:
    assert len(OF_ONE) > 15
    assert {"pow", "div"} <= {*OF_TWO}


@pytest.mark.parametrize("name", OF_ONE)
def test_of_one_number(name: str) -> None:
    for x in SPECIAL:
        if name not in ("sin", "cos", "tan") or not 1e300 < abs(x) < math.inf:
            expected = of(ONE[name], x)
            assert same(HELPERS[f"_{name}"](x), expected), (x, expected)


@pytest.mark.parametrize("name", OF_TWO)
def test_of_two_numbers(name: str) -> None:
    for a, b in itertools.product(SPECIAL, SPECIAL):
        expected = of(TWO[name], a, b)
        assert same(HELPERS[f"_{name}"](a, b), expected), (a, b, expected)


def test_the_remainder_has_the_sign_of_the_divisor() -> None:
    for a, b in itertools.product((7.5, -7.5, 0.0, 3.0), (2.0, -2.0, 0.5, 0.0)):
        assert same(HELPERS["_mod"](a, b), of(np.mod, a, b)), (a, b)


def test_digamma() -> None:
    """Against mpmath, within 4 ulp of the logarithm that is added up; NaN at its poles."""
    digamma = HELPERS["_digamma"]
    points = [k / 16 for k in range(1, 400)] + [1e-300, 1e-9, 1e5, 1e300]
    points += [-k / 16 for k in range(1, 400) if k % 16] + [-1e-9, -3 - 1e-9, -1e6 - 0.25]
    for x in points:
        expected = float(mp.digamma(mp.mpf(x)))
        assert abs(digamma(x) - expected) <= 4 * math.ulp(max(abs(expected), math.log(12))), x
    for x in (0.0, -1.0, -20.0, -1e300, math.nan):
        assert math.isnan(digamma(x))
    assert digamma(math.inf) == math.inf


def test_nan_beside_a_number_is_nan() -> None:
    for values in ((1.0, math.nan), (math.nan, 1.0)):
        assert math.isnan(HELPERS["_max"](*values))
        assert math.isnan(HELPERS["_min"](*values))
