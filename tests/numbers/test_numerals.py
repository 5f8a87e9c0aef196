"""Numbers in decimal digits and back: the oracles are Python's own formats and fractions."""

from __future__ import annotations

import math
import operator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from cgcli.numbers.balls import ball
from cgcli.numbers.certified import BALLS
from cgcli.numbers.decimals import decimal
from cgcli.numbers.exact import EXACT, root
from cgcli.numbers.missing import NoValue
from cgcli.numbers.numerals import exact_text, rational_text, rounded
from cgcli.numbers.ratio import Ratio, as_ratio
from tests.amounts import portion, sampled

# Doubles of few bits: many of them are ties.
SHORT = st.builds(math.ldexp, st.integers(-4000, 4000), st.integers(-40, 30))


def as_g(value: float, digits: int, *, exact: bool) -> str:
    """A double by %g, its zeros at the end kept where they are only rounded to."""
    text = f"{value:{'' if exact else '#'}.{digits}g}"
    mantissa, e, exponent = text.partition("e")
    return mantissa.removesuffix(".") + e + exponent


@sampled
@settings(max_examples=portion(400), deadline=None)
@given(SHORT, st.integers(1, 12))
@example(0.125, 2)
@example(0.375, 2)
@example(9.9995, 4)
@example(99.96875, 3)
@example(2**-13, 9)
@example(0.0001220703125, 3)
@example(6.103515625e-05, 3)
def test_rounding_is_that_of_a_double(value: float, digits: int) -> None:
    assert rounded(Fraction(value), digits)[0] == f"{value + 0.0:.{digits}g}"
    assert rounded(Fraction(-value), digits)[0] == f"{0.0 - value:.{digits}g}"
    exact = Fraction(f"{value:.{digits}g}") == Fraction(value)
    assert decimal(ball(value), digits) == (as_g(value, digits, exact=exact) if value else "0")


@sampled
@settings(max_examples=portion(200), deadline=None)
@given(st.floats(1e-300, 1e300), st.integers(1, 14))
@example(1e-4, 3)
@example(0.00099999, 3)
@example(2.9999, 4)
def test_a_ball_is_rounded_as_its_number(value: float, digits: int) -> None:
    """Of a third, which is no double and no tie."""
    third = Fraction(value) / 3
    found = decimal(ball(value) / 3, digits)
    assert found is not None
    assert Fraction(found) == Fraction(rounded(third, digits)[0])
    power = math.floor(math.log10(third))
    assert abs(Fraction(found) - third) <= Fraction(10) ** (power - digits + 2) / 2


@given(st.integers(1, 10**6 - 1), st.integers(0, 6))
@example(1, 6)
def test_a_short_decimal_is_itself(digits: int, places: int) -> None:
    value = Fraction(digits, 10**places)
    text, exact = rounded(value, 6)
    assert exact
    assert Fraction(text) == value


@pytest.mark.parametrize("number", [10**50 + 7, 10**60, 3**200, -(10**80) - 10**9, 2**400])
def test_a_long_number_has_its_ends_and_length(number: int) -> None:
    text = str(abs(number))
    sign = "-" if number < 0 else ""
    expected = f"{sign}{text[:10]}…{text[-10:]} ({len(text)} digits)"
    assert rational_text(Fraction(number), 40) == expected
    assert rational_text(Fraction(number), 400) == exact_text(Fraction(number)) == sign + text


FRACTIONS = st.fractions(max_denominator=10**6) | st.builds(
    Fraction, st.integers(-(2**70), 2**70), st.integers(1, 2**70)
)
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


@sampled
@settings(max_examples=portion(300), deadline=None)
@given(FRACTIONS, FRACTIONS | st.integers() | st.floats(allow_nan=False))
@example(Fraction(3, 2), Fraction(4, 3))
@example(Fraction(-7, 4), Fraction(-8, 5))
@example(Fraction(1), math.inf)
@example(Fraction(1), -math.inf)
def test_ratios_compare_and_reckon_as_fractions(a: Fraction, b: Any) -> None:
    other = as_ratio(b) if isinstance(b, Fraction) else b
    for compare in COMPARISONS:
        assert bool(compare(as_ratio(a), other)) == compare(a, b), compare
    if isinstance(b, float):
        assume(math.isfinite(b))
        b = Fraction(b)
    for reckon in (operator.add, operator.sub, operator.mul, operator.truediv):
        if reckon is not operator.truediv or b:
            found = reckon(as_ratio(a), as_ratio(b))
            assert isinstance(found, Ratio)
            assert found.fraction() == reckon(a, b)


@pytest.mark.parametrize("base", [2, 10])
@pytest.mark.parametrize("power", [-30, -1, 0, 1, 2, 30, 300])
def test_logarithms_of_powers_are_whole(base: int, power: int) -> None:
    value = Fraction(base) ** power
    logarithm = {2: EXACT.log2, 10: EXACT.log10}[base]
    assert logarithm(as_ratio(value)) == power
    assert isinstance(logarithm(as_ratio(value * 3)), NoValue)
    proved = {2: BALLS.log2, 10: BALLS.log10}[base]
    assert proved(ball(value)).exact == power
    assert proved(ball(value * 3)).exact is None


@given(st.integers(-200, 200), st.integers(1, 200), st.integers(2, 5))
def test_roots_of_powers_are_rational(top: int, bottom: int, degree: int) -> None:
    value = Fraction(top, bottom) ** degree
    expected = Fraction(top, bottom) if degree % 2 else abs(Fraction(top, bottom))
    assert root(as_ratio(value), degree).fraction() == expected
    beside = root(as_ratio(value + 2), degree)
    assert isinstance(beside, NoValue) or beside.fraction() ** degree == value + 2


@given(st.integers(41, 400), st.integers(1, 10**11), st.integers(-2, 2))
@example(300, 1, 0)
@example(61, 9_999_999_999, -1)
@example(300, 123, -1)
def test_a_long_number_beside_a_round_one_has_its_own_ends(
    zeros: int, first: int, more: int
) -> None:
    number = first * 10**zeros + more
    text = str(number)
    shown = rational_text(Fraction(number), 40)
    assert shown in (text, f"{text[:10]}…{text[-10:]} ({len(text):,} digits)")
