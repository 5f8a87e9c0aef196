"""Balls: they hold the true value, decide what can be decided, and print digits that are right."""

from __future__ import annotations

import decimal as standard
import random
from fractions import Fraction
from typing import Any

import flint
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

import cgcli
from cgcli.calculus.leaves import ball_of, exact_leaves
from cgcli.calculus.proved import BallSweep
from cgcli.errors import CgraphError
from cgcli.numbers.balls import INFINITY, UNKNOWN, VOID, Ball, UndecidedError, ball, hull
from cgcli.numbers.certified import BALLS as M
from cgcli.numbers.decimals import decimal, upper_double
from cgcli.numbers.objects import arranged, arrays_of
from tests.oracles.functions import ELEMENTWISE, value

FRACTIONS = st.fractions(max_denominator=1000).filter(lambda q: abs(q) < 10**6)
POINTS = [
    pytest.param(word, args, id=f"{word}-{args}")
    for word, entry in ELEMENTWISE.items()
    for args in entry.points
]


def near(text: str) -> Ball:
    """A ball around a rational that is not known to be one: pi/pi times it."""
    return Ball(arb.pi() / arb.pi()) * ball(Fraction(text))


@pytest.mark.parametrize(("word", "args"), POINTS)
def test_a_ball_holds_the_value_by_mpmath(word: str, args: tuple[float, ...]) -> None:
    bindings = ELEMENTWISE[word].bindings(args)
    graph = cgcli.parse(ELEMENTWISE[word].text(args)).graph(bindings)
    want = value(word, args, 40)
    with flint.ctx.workprec(3000), mp.workdps(60):
        found = BallSweep(graph).forward(exact_leaves(graph, bindings)())[graph.output]
        assert found.value.is_finite()
        oracle = arb(mp.nstr(want, 45, strip_zeros=False))
        assert abs(found.value - oracle) <= abs(oracle) * arb("1e-34"), (found, oracle)


@given(FRACTIONS, FRACTIONS)
def test_rationals_stay_rationals(a: Fraction, b: Fraction) -> None:
    x, y = ball(a), ball(b)
    exact = [x + y, x - y, x * y, -x, x * 3 - 1, M.pow(x, 2), M.abs(x), M.floor(x), M.round(x)]
    want = [a + b, a - b, a * b, -a, a * 3 - 1, a**2, abs(a), Fraction(a // 1), Fraction(round(a))]
    if b:
        exact += [x / y, M.mod(x, y), M.pow(y, -3)]
        want += [a / b, a % b, b**-3]
    for found, true in zip(exact, want, strict=True):
        assert (int(found.exact.p), int(found.exact.q)) == (true.numerator, true.denominator)
        assert found.value.contains(arb(flint.fmpq(true.numerator, true.denominator)))
    assert [x < y, x <= y, x > y, x >= y, x == y, x != y] == [
        a < b, a <= b, a > b, a >= b, a == b, a != b,
    ]  # fmt: skip


@given(FRACTIONS)
def test_what_overlaps_is_not_decided(q: Fraction) -> None:
    x, y = near(str(q)), ball(q)
    if q == 0:
        assert x == y
        return
    assert [x < y, x <= y, x > y, x >= y, x == y, x != y] == [UNKNOWN] * 6
    assert [x == x, x <= x, x < x, x != x] == [True, True, False, False]
    # A choice that cannot be made is around both.
    either = M.where(x == y, 1, 5)
    assert all(either.value.contains(arb(k)) for k in (1, 5))
    assert M.where(x == y, True, True) is True
    assert M.where(x == y, True, False) is UNKNOWN


def test_a_branch_in_python_must_not_guess() -> None:
    with pytest.raises(UndecidedError):
        bool(near("1/3") == ball(Fraction(1, 3)))


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("sqrt(9/16)", "3/4"), ("cbrt(-27/8)", "-3/2"), ("(8/27)^(2/3)", "4/9"),
        ("hypot(3, 4)", "5"), ("log2(1/8)", "-3"), ("log10(1000)", "3"), ("gamma(5)", "24"),
        ("exp(0)", "1"), ("sin(0)", "0"), ("1/3*3 - 1", "0"), ("max(0.1 + 0.2, 0.3) - 0.3", "0"),
        ("round(5/2)", "2"), ("round(7/2)", "4"), ("round(-5/2)", "-2"), ("mod(-7, 3)", "2"),
        ("ceil(-7/2)", "-3"), ("2^-3", "1/8"), ("0^0", "1"), ("norm([0.6, 0.8])", "1"),
        ("floor(0.1*10)", "1"), ("sign(-0.1)", "-1"), ("4^0.5", "2"), ("log2(3)*0", "0"),
        ("pi*0", "0"), ("min(pi, 3)", "3"), ("logsumexp([2, -inf])", "2"),
    ],
)  # fmt: skip
def test_what_is_rational_is_known_to_be(text: str, exact: str) -> None:
    graph = cgcli.parse(text).graph()
    found = BallSweep(graph).forward(exact_leaves(graph, {})())[graph.output]
    assert str(found.exact) == exact


@pytest.mark.parametrize(
    "text",
    ["1/0", "log(0)", "log(-1)", "sqrt(-1)", "asin(2)", "gamma(-2)", "(-8)^(1/3)", "0^-1",
     "1/0 - 1/0", "polygamma(1, -3)", "polygamma(0.5, 1)", "mod(1, 0)", "atanh(1)", "acosh(0)",
     "1/inf", "0*inf", "inf - inf", "exp(inf)", "onehot(3, 3)[0]", "digamma(0)", "0^(-pi)"],
)  # fmt: skip
def test_what_has_no_finite_value_is_proved_to_have_none(text: str) -> None:
    graph = cgcli.parse(text).graph()
    assert BallSweep(graph).forward(exact_leaves(graph, {})())[graph.output] is VOID


@pytest.mark.parametrize(
    ("text", "sound"),
    [("floor(sin(pi))", (-1, 0)), ("sign(sin(pi))", (-1, 0, 1)), ("sin(pi) < 0", (0, 1)),
     ("round(sin(pi) + 1/2)", (0, 1)), ("mod(sin(pi), 3)", (0, 3))],
)  # fmt: skip
def test_a_jump_that_cannot_be_told_is_held_whole(text: str, sound: tuple[int, ...]) -> None:
    graph = cgcli.parse(text).graph()
    found = BallSweep(graph).forward(exact_leaves(graph, {})())[graph.output]
    assert all(found.value.overlaps(arb(k)) for k in sound)


def test_infinities_are_compared_and_chosen() -> None:
    assert M.min(ball(3), INFINITY).exact == 3
    assert all(f(INFINITY) == INFINITY for f in (M.floor, M.ceil, M.round))
    assert M.max(-INFINITY, near("1/3")).value.is_finite()
    assert ball(3) < INFINITY and not INFINITY < INFINITY and INFINITY == INFINITY
    assert all(each is VOID for each in (VOID == VOID, VOID != VOID, VOID < 1, VOID <= 1))
    assert hull(VOID, VOID) is VOID
    assert not hull(VOID, 1).flags


def test_arrays_broadcast_and_reduce() -> None:
    x = arranged([ball(Fraction(k, 3)) for k in range(6)], (2, 3))
    assert [e.exact for e in arrays_of(M).sum(x, 0)] == [1, flint.fmpq(5, 3), flint.fmpq(7, 3)]
    assert arrays_of(M).sum(x * 3).exact == 15
    assert (x > 1).tolist() == [[False, False, False], [False, True, True]]
    assert [e.exact for e in arrays_of(M).products_of_others(x[1] * 3)] == [20, 15, 12]
    assert arrays_of(M).amax(x).exact == flint.fmpq(5, 3)


# Decimals


@given(st.integers(-(10**30), 10**30), st.integers(-40, 40), st.integers(1, 25))
def test_decimals_are_rounded_as_the_standard_library_rounds(n: int, e: int, digits: int) -> None:
    text = f"{n}e{e}"
    context = standard.Context(prec=digits, rounding=standard.ROUND_HALF_EVEN)
    want = context.create_decimal(text)
    shown = decimal(ball_of(text), digits)
    assert shown is not None
    assert standard.Decimal(shown) == want
    assert (
        len(shown.lstrip("-0.").partition("e")[0].replace(".", "")) <= max(digits, 1)
        or "." not in shown
    )


@given(st.floats(-300, 300), st.integers(1, 40))
def test_decimals_of_balls_are_the_numbers_rounded(x: float, digits: int) -> None:
    with flint.ctx.workprec(400), mp.workdps(100):
        shown = decimal(M.exp(ball(x)), digits)
        if x == 0:
            assert shown == "1"
            return
        assert shown is not None
        want = mp.exp(mp.mpf(x))
        error = abs(mp.mpf(shown) - want)
        power = mp.floor(mp.log10(want))
        assert error <= mp.mpf(10) ** (power - digits + 1) / 2 * (1 + mp.mpf("1e-20"))
        assert (
            len(shown.partition("e")[0].replace(".", "").lstrip("0")) == digits or "." not in shown
        )


def test_digits_are_written_only_where_all_of_them_are_known() -> None:
    third = near("1/3")
    with flint.ctx.workprec(53):
        assert decimal(Ball(third.value), 40) is None
    assert decimal(near("0"), 5) == "0"
    assert decimal(M.sin(M.pi), 5) is None
    # At a tie more bits never tell, unless the number itself is known.
    assert decimal(near("1/8"), 2) is None
    assert decimal(ball(Fraction(1, 8)), 2) == "0.12"
    assert decimal(near("1/8"), 3) == "0.125"


@pytest.mark.parametrize(
    ("text", "digits", "shown"),
    [("0.99996", 4, "1.000"), ("0.99994", 4, "0.9999"), ("123456", 3, "1.23e+05"),
     ("123456", 6, "123456"),
     ("0.00001234", 3, "1.23e-05"), ("1e-5", 3, "1e-05"), ("0.000125", 3, "0.000125"),
     ("-2.5", 1, "-2"),
     ("1e400", 5, "1e+400"), ("1200", 4, "1200"), ("99999", 2, "1.0e+05")],
)  # fmt: skip
def test_how_decimals_are_written(text: str, digits: int, shown: str) -> None:
    assert decimal(ball_of(text), digits) == shown


def test_digits_that_are_zeros_are_shown_where_they_are_digits() -> None:
    assert decimal(near("1/2"), 5) == "0.50000"
    assert decimal(ball(0.5), 5) == "0.5"


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("0.1", "1/10"),
        (".5", "1/2"),
        ("5.", "5"),
        ("-1e-3", "-1/1000"),
        ("12E2", "1200"),
        ("0", "0"),
    ],
)
def test_a_decimal_is_read_as_it_stands(text: str, exact: str) -> None:
    assert str(ball_of(text).exact) == exact


def test_exponents_have_a_limit() -> None:
    assert decimal(ball_of("1.5e1000000000"), 3) == "1.50e+1000000000"
    for text in ("1e99999999999999999999", "1e-1000000000000001"):
        with pytest.raises(CgraphError, match="exponent") as error:
            ball_of(text)
        assert error.value.kind == "limit"
    for text in ("", ".", "1e", "x", "1..2"):
        with pytest.raises(ValueError):
            ball_of(text)


@pytest.mark.parametrize("exponent", [1, 2, 3, 10, 1000])
def test_whole_powers_of_balls_around_zero_are_bounded(exponent: int) -> None:
    power = M.pow(Ball(arb(0, 1e-30)), ball(Fraction(exponent))).value
    assert power.contains(0)
    assert power.contains(arb("1e-31") ** exponent)
    assert power.abs_upper() <= arb("1.01e-30") ** arb(exponent)


def test_a_power_of_a_sum_that_cancels_is_bounded() -> None:
    graph = cgcli.parse("s = sum(sin([2, -2])); 2/(1.5 + s^2)").graph()
    value = BallSweep(graph).forward(exact_leaves(graph, {})())[graph.output]
    assert abs(value.value - arb(4) / 3) < arb("1e-15")


def test_bounds_are_rounded_up() -> None:
    chance = random.Random(1)
    for _ in range(200):
        bound: Any = arb(chance.random()) / arb(chance.randint(1, 10**9))
        assert arb(upper_double(bound)) >= bound
    assert upper_double(arb("1e-400")) == 5e-324


@pytest.mark.parametrize("sign", [1, -1])
def test_digits_go_beyond_the_exponents_of_pythons_decimals(sign: int) -> None:
    """exp(±1e30) is 10 to the power of ±1e30/log(10), by mpmath's logarithm."""
    with flint.ctx.workprec(300):
        text = decimal(Ball(-((sign * arb(10) ** 30).exp())), 8)
    assert text is not None
    mantissa, exponent = text.split("e")
    with mp.workdps(60):
        power = sign * mp.mpf(10) ** 30 / mp.log(10)
        assert int(exponent) == mp.floor(power)
        assert abs(float(mantissa) + 10 ** (power - mp.floor(power))) < 1e-7
