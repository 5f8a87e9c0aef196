"""The helpers of generated Python answer as IEEE 754 does."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from mpmath import mp
from scipy import special

from cgcli.export.python import PYTHON
from tests.oracles.ieee import ONE, SPECIAL, TWO, of, same

MORE: dict[str, Any] = {"sigmoid": special.expit, "softplus": lambda x: np.logaddexp(0, x)}


def helpers() -> dict[str, Any]:
    names: dict[str, Any] = {"math": math}
    exec("\n".join(PYTHON.prelude.values()), names)
    return names


HELPERS = helpers()


def test_every_helper_is_here() -> None:
    here = {*ONE, *TWO, *MORE, "ieee", "whole", "mod", "digamma"}
    assert {name[1:] for name in PYTHON.prelude} == here


@pytest.mark.parametrize("name", [*ONE, *MORE])
def test_of_one_number(name: str) -> None:
    for x in SPECIAL:
        if name not in ("sin", "cos", "tan") or not 1e300 < abs(x) < math.inf:
            expected = of({**ONE, **MORE}[name], x)
            assert same(HELPERS[f"_{name}"](x), expected), (x, expected)


@pytest.mark.parametrize("name", TWO)
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
    for x in (0.0, -1.0, -20.0, -1e300, -math.inf, math.nan):
        assert math.isnan(digamma(x))
    assert digamma(math.inf) == math.inf


def test_nan_anywhere_among_many_is_nan() -> None:
    for place in range(3):
        values = [1.0, 2.0, 3.0]
        values[place] = math.nan
        assert math.isnan(HELPERS["_max"](*values))
        assert math.isnan(HELPERS["_min"](*values))
