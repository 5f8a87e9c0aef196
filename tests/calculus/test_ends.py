"""The ends of the range: a contribution that is a double is given as that double.

The right ones are mpmath's: arguments and upstreams are spread over all the exponents of the
doubles, and upstreams so that products come back into them where a local derivative is outside.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from mpmath import mp

import cgcli
from cgcli.numbers.real import run
from cgcli.operations.table import OPERATIONS, TABLE
from tests.amounts import portion, sampled
from tests.oracles.slopes import SLOPES, contribution

WRITTEN = {
    "add": "x + y", "sub": "x - y", "mul": "x*y", "div": "x/y", "pow": "x^y", "neg": "-x",
}  # fmt: skip
SMALLEST = mp.mpf(2) ** -1074
FARTHEST = {"gamma": 5e3, "lgamma": 1e3, "digamma": 1e3}
"""Where mpmath takes too long for what is left of poles."""


class Sent(NamedTuple):
    """What is sent, from where, and what it is in truth; `outside` where the partial is none."""

    upstream: float
    args: tuple[float, ...]
    want: Any
    outside: bool


def _argument(chance: random.Random) -> float:
    kind = chance.random()
    if kind < 0.45:
        size = 10 ** chance.uniform(-322, 308)
    elif kind < 0.75:
        size = chance.uniform(0, 1500)
    else:
        size = 10 ** chance.uniform(-6, 6)
    return size if chance.random() < 0.6 else -size


def _arguments(chance: random.Random, name: str, count: int) -> tuple[float, ...] | None:
    args = tuple(_argument(chance) for _ in range(count))
    if name == "polygamma":
        # Its own digits are another test's: low orders have them.
        args = (float(chance.randint(0, 2)), max(args[1], -500.0))
    domain = OPERATIONS[name].domain
    if any(-each > FARTHEST.get(name, math.inf) for each in args):
        return None
    return args if domain is None or run(domain.inside, *args) else None


def _sent(name: str, place: int, count: int) -> Iterator[Sent]:
    """Draw points inside the domain, and upstreams: anywhere, and where the product is a double."""
    chance = random.Random(f"{name} {place}")
    while count > 0:
        args = _arguments(chance, name, len(SLOPES[name]))
        if args is None:
            continue
        partial = contribution(name, place, 1.0, args)
        if not isinstance(partial, mp.mpf) or not mp.isfinite(partial):
            continue
        size = float(max(mp.log10(abs(partial)), -9999)) if partial else 0.0
        low, high = max(-322.0, -323 - size), min(308.0, 308 - size)
        exponents = [chance.uniform(-322, 308)]
        exponents += [chance.uniform(low, high)] * 2 if low < high else []
        outside = bool(abs(partial) > sys.float_info.max or 0 < abs(partial) < 2.0**-1022)
        for exponent in exponents:
            upstream = chance.choice((-1, 1)) * 10**exponent
            yield Sent(upstream, args, contribution(name, place, upstream, args), outside)
        count -= 1


def _right(got: float, sent: Sent) -> bool:
    want = float(sent.want)
    if math.isinf(want) or not math.isfinite(got):
        return got == want
    # Where the partial is a double, how many of its digits are right is another test's.
    part = 4 * sys.float_info.epsilon if sent.outside else 1e-11
    # Nothing is worked out again where a partial is 0 and what is sent is less than 1e-317.
    least = 2**20 if got == 0 and sent.outside else 4
    return bool(abs(mp.mpf(got) - sent.want) <= max(part * abs(sent.want), least * SMALLEST))


PLACES = [
    (name, place)
    for name, slopes in SLOPES.items()
    for place, slope in enumerate(slopes)
    if slope is not None
]


@sampled
@pytest.mark.parametrize(("name", "place"), PLACES)
def test_a_contribution_that_is_a_double_is_that_double(name: str, place: int) -> None:
    """Asked for in every way there is: one point, arrays, rows of a compiled function."""
    names = "xyz"[: len(SLOPES[name])]
    called = WRITTEN.get(name, f"{name}({', '.join(names)})")
    program, summed = cgcli.parse(f"u*({called})"), cgcli.parse(f"sum(u*({called}))")
    wrt = names[place]
    drawn = list(_sent(name, place, max(8, portion(25))))
    columns = {
        "u": np.array([sent.upstream for sent in drawn]),
        **{own: np.array([sent.args[k] for sent in drawn]) for k, own in enumerate(names)},
    }
    arrays = summed.evaluate(columns, wrt=[wrt]).gradient
    assert arrays is not None
    rows = program.function(wrt=[wrt], rows=list(columns))(columns).gradient[wrt]
    for k, sent in enumerate(drawn):
        at = {own: float(column[k]) for own, column in columns.items()}
        point = program.evaluate(at, wrt=[wrt]).gradient
        assert point is not None
        for got in (point[wrt], arrays[wrt][k], rows[k]):
            assert _right(float(got), sent), (sent.upstream, sent.args, got, float(sent.want))


def test_every_operation_that_bends_the_range_is_drawn() -> None:
    assert {row.name for row in TABLE if row.wide and row.elementwise} <= SLOPES.keys()


@pytest.mark.parametrize(
    ("text", "x", "want"),
    [
        ("log(1/max(1e-200, x))", 0.0, 0.0),
        ("log(1/x)", 1e-200, -1e200),
        ("2^x", 1024.0, 1.2460659279417838e308),
        ("0*(1/x)", 1e-200, 0.0),
        ("0*polygamma(0, x)", 1e-200, 0.0),
        ("0*digamma(x)", 1e-200, 0.0),
        ("max(1e-200, x) + log(1/max(1e-200, x))", 1.0, 0.0),
        ("1e300*tanh(x)", 700.0, 4e300 * math.exp(-700) * math.exp(-700)),
        ("1e-200*gamma(x)", 180.5, 7.77048990874765472e128),
    ],
)
def test_a_gradient_comes_back_into_the_doubles(text: str, x: float, want: float) -> None:
    program = cgcli.parse(text)
    assert program.evaluate(x=x).gradient == {"x": pytest.approx(want, rel=1e-14)}
    assert program.function()(x=x).gradient["x"] == pytest.approx(want, rel=1e-14)
    summed = cgcli.parse(f"sum({text})").evaluate(x=[x, x]).gradient
    assert summed is not None
    assert summed["x"] == pytest.approx([want, want], rel=1e-14)


@pytest.mark.parametrize("x", [-3.0, -1001.0, -1e4, -1e15, -1e300])
def test_all_poles_of_digamma_are_as_steep(x: float) -> None:
    for text, slope in (("digamma(x)", math.inf), ("polygamma(1, x)", -math.inf)):
        assert cgcli.parse(text).evaluate(x=x).gradient == {"x": slope}


def test_an_angle_has_a_slope_where_its_length_is_beyond_the_doubles() -> None:
    at = 1.5729814930045264e308
    result = cgcli.parse("atan2(y, x)").evaluate(y=at, x=at)
    assert result.gradient == {"y": float(1 / (2 * mp.mpf(at))), "x": float(-1 / (2 * mp.mpf(at)))}


def test_the_slope_of_a_power_is_a_double_where_the_power_is_none() -> None:
    base, exponent = 1 - 2.0**-46, 5.3e16
    power = mp.mpf(base) ** (mp.mpf(exponent) - 1)
    assert 0 < power < SMALLEST / 2
    result = cgcli.parse("x^y").evaluate(x=base, y=exponent)
    assert result.gradient["x"] == pytest.approx(float(exponent * power), rel=1e-8)


def test_a_jacobian_comes_back_into_the_doubles() -> None:
    found = cgcli.parse("log(1/x)").evaluate(x=[1e-200, 2.0]).jacobian
    assert found is not None
    assert np.array_equal(found["x"], [[-1e200, 0], [0, -0.5]])


def test_a_jacobian_of_numbers_comes_back_into_the_doubles() -> None:
    """The slope of y/x is 1e-419 here, and that of the logarithm 1e207."""
    found = cgcli.parse("[log(y/x), y]").evaluate(y=1024.0, x=5.26e210).jacobian
    assert found is not None
    assert found["x"] == pytest.approx([-1 / 5.26e210, 0.0], rel=1e-14)


def test_a_product_is_a_double_whatever_its_first_factors_make() -> None:
    """Products of the rows of a matrix and of the other elements of each, by fractions."""
    chance = random.Random(2)
    sizes = [[10 ** chance.uniform(-320, 308) for _ in range(5)] for _ in range(60)]
    sizes += [[0.0, 1e300, 1e300, 1e-300, 2.0], [1e300, 1e300, 1e-300, 1e-300, 0.5]]
    rows = [[size * chance.choice((-1, 1)) for size in line] for line in sizes]
    program = cgcli.parse("prod(v)")
    whole = cgcli.parse("prod(W, 1)").evaluate(W=rows)
    assert whole.jacobian is not None
    called = program.function(rows=["v"])(v=np.array(rows))
    for k, row in enumerate(rows):
        point = program.evaluate(v=row)
        assert point.gradient is not None
        products = [_nearest(math.prod(map(Fraction, row)))]
        products += [
            _nearest(math.prod(map(Fraction, row[:j] + row[j + 1 :]))) for j in range(len(row))
        ]
        for found in (
            [point.value, *point.gradient["v"]],
            [called.value[k], *called.gradient["v"][k]],
            [whole.value[k], *whole.jacobian["W"][k, k]],
        ):
            np.testing.assert_allclose(found, products, rtol=1e-15, atol=5e-324)


def _nearest(number: Fraction) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def test_an_inner_product_is_a_double_whatever_its_first_terms_make() -> None:
    rows = [
        ([1.5e308, 1.5e308, 1.5e308], [1.0, 1.0, -1.0], 1.5e308),
        ([2e200, -1e200, 1e201], [1e200, 1e200, -1e200], -math.inf),
        ([3e156, 5e210, 1.0], [-math.inf, 1e301, 1.0], -math.inf),
        ([0.0, 5e210, 1.0], [-math.inf, 1e301, 1.0], math.nan),
    ]
    u, v, want = (np.array(column) for column in zip(*rows, strict=True))
    program = cgcli.parse("u @ v")
    np.testing.assert_allclose(program.function(rows=["u", "v"])(u=u, v=v).value, want)
    np.testing.assert_allclose(
        np.diag(cgcli.parse("u @ transpose(v)").evaluate(u=u, v=v).value), want
    )
    for left, right, value in rows:
        np.testing.assert_allclose(program.evaluate(u=left, v=right).value, value)
        called = cgcli.parse("(W @ v)[0]").function(rows=["v"])(
            W=[left], v=np.array([right, right])
        )
        np.testing.assert_allclose(called.value, [value, value])


@pytest.mark.parametrize(
    ("text", "x", "want"),
    [
        # 2e-200/3e150 is no double; the products are.
        ("1e300*norm(x)", [3e150, 2e-200], [1e300, 2e-50 / 3]),
        ("norm(x)^2", [3e150, -5e-200], [6e150, -1e-199]),
        ("1e-300*norm(x)", [1.5e308, 1.5e308], [1e-300 / 2**0.5] * 2),
        ("1e-300*norm(x)", [3e-310, 4e-310], [0.6e-300, 0.8e-300]),
        ("1e300*norm(x)", [0.0, 0.0], [0.0, 0.0]),
    ],
)  # fmt: skip
def test_a_reduction_s_gradient_comes_back_into_the_doubles(
    text: str, x: list[float], want: list[float]
) -> None:
    program = cgcli.parse(text)
    point = program.evaluate(x=x).gradient
    assert point is not None
    np.testing.assert_allclose(point["x"], want, rtol=1e-12)
    np.testing.assert_allclose(program.function()(x=x).gradient["x"], want, rtol=1e-12)
    rows = program.function(rows=["x"])(x=np.array([x, x])).gradient["x"]
    np.testing.assert_allclose(rows, [want, want], rtol=1e-12)
    along = cgcli.parse(f"sum({text.replace('(x)', '(x, 1)')})").evaluate(x=[x, [1.0, 2.0]])
    assert along.gradient is not None
    np.testing.assert_allclose(along.gradient["x"][0], want, rtol=1e-12)


@pytest.mark.parametrize("x", [5e-324, 1e-320, 3e-310, 1e-300, 1e300, 1.7e308])
@pytest.mark.parametrize("upstream", [1.0, 1e15, 1e200])
@pytest.mark.parametrize("shape", [float, lambda x: [x]])
def test_the_slope_of_sinc_has_its_digits_wherever_it_is_a_double(
    x: float, upstream: float, shape: Any
) -> None:
    result = cgcli.parse(f"{upstream}*sinc(x)").evaluate(x=shape(x))
    said = float(np.ravel((result.gradient or result.jacobian or {})["x"])[0])
    with mp.workdps(60):
        at = mp.mpf(x)
        slope = -at / 3 if x < 1 else (mp.cos(at) - mp.sin(at) / at) / at
        right = slope * mp.mpf(upstream)
        assert abs(said - right) <= abs(right) * mp.mpf(2) ** -51 + SMALLEST


def test_a_gradient_that_is_infinite_makes_nothing_of_what_vanished() -> None:
    """0 times infinity is NaN in all ways alike, and not the infinity that wide numbers have."""
    program = cgcli.parse("cosh(logsumexp(v))")
    point, called = program.evaluate(v=[1.0, 5e210]), program.function()(v=[1.0, 5e210])
    assert point.gradient is not None
    np.testing.assert_array_equal(point.gradient["v"], [np.nan, np.inf])
    np.testing.assert_array_equal(called.gradient["v"], [np.nan, np.inf])


def test_a_row_that_has_no_value_hides_nothing_in_another() -> None:
    rows = [[5e-324, 1.5, -800.0], [np.inf, 1.0, 0.25]]
    result = cgcli.parse("sum(softmax(W)[0] * [5e210, 0, 0])").evaluate(W=rows)
    assert result.gradient is not None
    with mp.workdps(40):
        powers = [mp.exp(x) for x in rows[0]]
        first, _, last = (power / mp.fsum(powers) for power in powers)
        right = float(-5e210 * first * last)
    assert result.gradient["W"][0][2] == pytest.approx(right, rel=1e-12, abs=0)
