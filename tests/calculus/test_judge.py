"""The verdict on one float, from what is known of its true value."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from flint import arb, fmpq

from cgcli.calculus.judge import judge_digits, judge_each, judge_float
from cgcli.numbers.balls import BENT, INFINITE, UNSURE, VOIDED, Ball, ball

THIRD = ball(1) / 3


def verdict(number: float, truth: Ball) -> str | None:
    found = judge_float(number, truth)
    return None if found is None else found.verdict


def around(middle: float, radius: float) -> Ball:
    return Ball(arb(middle, radius))


@pytest.mark.parametrize(
    ("number", "truth", "expected"),
    [
        (1 / 3, THIRD, "certified"),
        (1 / 3 * (1 + 2**-39), THIRD, "corrected"),
        (1 / 3 * (1 + 2**-41), THIRD, "certified"),
        (-1 / 3, THIRD, "corrected"),
        # As far as the ball tells the float may be right, or not: more digits are wanted.
        (1.0, around(1.0, 1e-6), None),
        (1.0, around(1.0 + 1e-6, 2e-6), None),
        (1.0, around(1.0, 1e-14), "certified"),
        (2.0, around(1.0, 1e-6), None),
        (0.0, Ball(arb(2) ** -1080), "certified"),
        (5e-324, Ball(arb(2) ** -1080), "certified"),
        (math.inf, Ball(arb(1), flags=INFINITE), "certified"),
        (-math.inf, Ball(arb(-1), flags=INFINITE), "certified"),
        (-math.inf, Ball(arb(1), flags=INFINITE), "undefined"),
        (math.inf, Ball(arb(-1), flags=INFINITE), "undefined"),
        (1e308, Ball(arb(1), flags=INFINITE), "undefined"),
        (math.nan, THIRD, "corrected"),
        (math.inf, ball(3), "corrected"),
        (3.0, Ball(arb(3), flags=VOIDED), "undefined"),
        (3.0, Ball(arb(3), flags=UNSURE), None),
        (3.0, Ball(arb(3), flags=BENT), "kink"),
        (4.0, Ball(arb(3), fmpq(3), BENT), "kink"),
    ],
)
def test_of_a_float(number: float, truth: Ball, expected: str | None) -> None:
    assert verdict(number, truth) == expected


def test_the_bound_holds() -> None:
    found = judge_float(1.0, around(1.0 + 1e-15, 1e-16))
    assert found is not None
    assert found.bound is not None
    assert 1.1e-15 <= found.bound <= 1.3e-15


def test_a_corrected_number_has_all_its_digits() -> None:
    found = judge_float(0.5, THIRD)
    assert found == ("corrected", "0.33333333333333333", None)


def test_digits_are_shown_only_where_they_are_known() -> None:
    assert judge_digits(around(1.0, 1e-6), 10) is None
    assert judge_digits(THIRD, 10) == ("proved", "0.3333333333", None)


def test_of_an_array_the_worst_is_told() -> None:
    truth = np.empty(3, dtype=object)
    truth[:] = [ball(1), THIRD, Ball(arb(3), flags=VOIDED)]
    for count, worst in ((1, "certified"), (2, "corrected"), (3, "undefined")):
        numbers: Any = np.array([1.0, 0.5, 3.0])[:count]
        found = judge_each(judge_float, numbers, truth[:count])
        assert found.verdict == worst
        assert found.shown.shape == found.bound.shape == (count,)
        assert found.bound[0] == 0.0
