"""Functions of wide numbers, as many digits as are asked for, against mpmath."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from mpmath import mp, mpf

from cgcli.numbers.wide import WIDE, room


@pytest.mark.parametrize("name", ["sin", "cos", "tan", "tanh"])
@pytest.mark.parametrize("digits", [50, 300])
def test_smooth_functions_have_all_their_digits(name: str, digits: int) -> None:
    chance = random.Random(name)
    points = [chance.choice([1, -1]) * 10 ** chance.uniform(-200, 2) for _ in range(20)]
    points += [0.0] if name != "cos" else [1e300, 3.141592653589793, 0.0]
    for x in points:
        with room(digits):
            value = getattr(WIDE, name)(Decimal(x))
        with mp.workdps(digits + 350):
            right = getattr(mp, name)(mpf(x))
            assert abs(mpf(str(value)) - right) <= abs(right) * mpf(10) ** (1 - digits)
