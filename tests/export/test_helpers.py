"""The helpers of generated Python answer as IEEE 754 does."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
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
    here = {*ONE, *TWO, *MORE, "ieee", "whole", "mod"}
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


def test_nan_anywhere_among_many_is_nan() -> None:
    for place in range(3):
        values = [1.0, 2.0, 3.0]
        values[place] = math.nan
        assert math.isnan(HELPERS["_max"](*values))
        assert math.isnan(HELPERS["_min"](*values))
