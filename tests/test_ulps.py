"""Each function and its derivatives are within so many ulps of mpmath, on the whole line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

import cgcli
from benchmarks import ulps
from tests.amounts import portion, sampled

COUNT = max(50, portion(150))
"""Points of each function; the seed is fixed."""

# Far beyond the bounds of a random sample: the places of the gamma function's own line.
SUBNORMAL = 2.0**-1022


def within(name: str, worst: list[float]) -> bool:
    value, *slopes = worst
    special = name in ulps.SPECIAL
    return value <= (4 if special else 2) and all(s <= (6 if special else 3) for s in slopes)


def usable(name: str, point: ulps.Point) -> bool:
    """Leave out where Γ is no normal double, and the powers that are not."""
    if name == "gamma":
        return point[0] > -170
    if name == "pow":
        return abs(math.log2(point[0]) * point[1]) < 1000 and abs(point[1]) < 1e6
    return True


@sampled
@pytest.mark.parametrize("name", ulps.ENTRIES)
def test_a_function_and_its_derivatives_are_within_their_bound(name: str) -> None:
    entry = ulps.ENTRIES[name]
    truth = ulps.truths(entry, COUNT, seed=14)
    kept = [k for k, point in enumerate(truth.points) if usable(name, point)]
    truth = ulps.Truths(*([column[k] for k in kept] for column in truth))
    for method in (ulps.by_scalars, ulps.by_arrays, ulps.by_rows):
        worst = [max(column) for column in ulps.errors(truth, method(entry, truth.points))]
        assert within(name, worst), (method.__name__, worst)


@pytest.mark.parametrize(
    ("text", "x", "value", "slope"),
    [
        ("lgamma(x)", 2.0000000001, 4.22784370112046587e-11, None),
        ("lgamma(x)", 1.000000000001, -5.77266979709456348e-13, None),
        ("lgamma(x)", 1.390625, -0.11899223802613054851, None),
        ("lgamma(x)", 1.379310979701089, -0.11812200959730977116, None),
        ("lgamma(x)", -2.74768, -5.0666960383486011e-6, None),
        ("erf(x)", 5.0, None, 1.5670866531017335e-11),
        ("gelu(x)", -8.0, -4.9767684594174273e-15, -3.9796072610867960e-14),
        ("softmax([x, 0])[0]", 40.0, None, 4.248354255291589e-18),
    ],
)
def test_known_values(text: str, x: float, value: float | None, slope: float | None) -> None:
    result = cgcli.parse(text).evaluate(x=x)
    for number, wanted in ((result.value, value), (result.gradient["x"], slope)):
        if wanted is not None:
            assert ulps.ulps(number, [mpf(wanted)]) <= 4


@pytest.mark.parametrize("zero", [-2.4570247, -2.7476827, -3.1435809, -3.9552943, -4.0393609])
@pytest.mark.parametrize("beside", [1e-3, -1e-5, 1e-8, -1e-12])
def test_lgamma_beside_its_negative_zeros_is_as_near_as_scipy(zero: float, beside: float) -> None:
    special = pytest.importorskip("scipy.special")
    with mp.workprec(300):
        place = mp.findroot(lambda x: mp.log(abs(mp.gamma(x))), mpf(zero))
        x = float(place + beside)
        truth = [mp.log(abs(mp.gamma(mpf(x))))]
    ours = ulps.ulps(cgcli.parse("lgamma(x)").evaluate(x=x).value, truth)
    assert ours <= max(4, ulps.ulps(float(special.gammaln(x)), truth))


@pytest.mark.parametrize("zero", [1.46, -0.504, -1.57, -2.61, -3.64, -6.68, -9.7])
@pytest.mark.parametrize("beside", [1e-2, -1e-5, 1e-8, -1e-12])
def test_digamma_beside_its_zeros(zero: float, beside: float) -> None:
    with mp.workprec(300):
        x = float(mp.findroot(lambda x: mp.psi(0, x), mpf(zero)) + beside)
        truth = [mp.psi(0, mpf(x))]
    assert ulps.ulps(cgcli.parse("digamma(x)").evaluate(x=x).value, truth) <= 4


@pytest.mark.parametrize("n", [3, 7, 20, 60, 100])
def test_polygamma_of_any_order(n: int) -> None:
    for x in (0.01, 0.7, 3.3, 25.0, 5000.0):
        with mp.workprec(400):
            truth = [mp.psi(n, mpf(x))]
        number = cgcli.parse(f"polygamma({n}, x)").evaluate(x=x).value
        assert ulps.ulps(number, truth) <= 4


@pytest.mark.parametrize("x", [-13.66936446002287, -2.046875, -1.75, -1.5985706653848153, -700.3])
def test_the_slope_of_silu_left_of_its_zero(x: float) -> None:
    with mp.workprec(300):
        shared = 1 / (1 + mp.exp(-mpf(x)))
        truth = [shared * (1 + x / (1 + mp.exp(mpf(x))))]
    assert ulps.ulps(cgcli.parse("silu(x)").evaluate(x=x).gradient["x"], truth) <= 3


# Reductions: within n ulps of the sum of absolute terms


def weights(z: list[float]) -> list[Any]:
    """The exact softmax, its elements small beside 1 too."""
    grown = [mp.exp(mpf(x)) for x in z]
    return [g / sum(grown) for g in grown]


DOMINATED = [[37.42994775023705, 0.0], [0.0, 40.0, -3.0], [700.0, 1.0, 655.0], [1.0, 1.0, 1.0]]
# What x - max(x) rounds away counts as often as it is large.
FAR_APART = [
    [1.4244690102617863, -20.04300593245441, -4.796875], [-27.06290521795013, -1.3206298076296383],
    [6.477199049212766, -21.347498797435577], [300.3, 0.7, 0.1], [-0.7, -300.3], [900.1, 700.3],
]  # fmt: skip


@pytest.mark.parametrize("z", DOMINATED + FAR_APART)
@pytest.mark.parametrize("way", ["evaluate", "function"])
def test_softmax_and_its_kin_where_an_element_dominates(z: list[float], way: str) -> None:
    with mp.workprec(2500):
        exact = weights(z)
        for k in range(len(z)):
            value, slopes = called(f"softmax(z)[{k}]", z, way)
            near(value, exact[k])
            rests = [sum(exact[:j] + exact[j + 1 :]) for j in range(len(z))]
            near(slopes[k], exact[k] * rests[k])
            logarithm, slopes = called(f"log_softmax(z)[{k}]", z, way)
            near(logarithm, mp.log(exact[k]))
            near(slopes[k], rests[k])
        _, slopes = called("logsumexp(z)", z, way)
        for slope, weight in zip(slopes, exact, strict=True):
            near(slope, weight)


def called(text: str, z: list[float], way: str) -> tuple[float, list[float]]:
    if way == "evaluate":
        result: Any = cgcli.parse(text).evaluate(z=z)
        return result.value, result.gradient["z"].tolist()
    value, gradient = cgcli.parse(text).function()(z=z)
    return value, gradient["z"].tolist()


def near(number: float, truth: Any) -> None:
    assert ulps.ulps(number, [truth]) <= 6, (number, float(truth))


def test_a_sum_of_a_list_is_rounded_once() -> None:
    values = [1e16, 1.0, -1e16, 1e-9, 3.0, -4.0]
    names = [f"x{k}" for k in range(len(values))]
    result = cgcli.parse(f"sum([{', '.join(names)}])").evaluate(
        dict(zip(names, values, strict=True))
    )
    assert result.value == math.fsum(values) == 1e-9
    assert cgcli.parse("sum(x)").evaluate(x=values).value == 1e-9


def test_a_sum_beyond_the_doubles_is_what_ieee_has() -> None:
    program = cgcli.parse("sum(x)")
    assert program.evaluate(x=[1e308, 1e308]).value == math.inf
    assert math.isnan(program.evaluate(x=[math.inf, -math.inf]).value)


def test_an_error_is_seen() -> None:
    """The functions of the standard library are beyond the bounds, and the measure says so."""

    def beyond(function: Callable[[float], float], name: str, x: float) -> bool:
        terms = ulps.ENTRIES[name].value(mpf(x))
        return ulps.ulps(function(x), terms if isinstance(terms, list) else [terms]) > 4

    with mp.workprec(300):
        assert beyond(math.lgamma, "lgamma", 2.0000000001)
        assert beyond(lambda x: x * math.erfc(-x / math.sqrt(2)) / 2, "gelu", -30.1)
        assert not beyond(math.sin, "sin", 22.0)


def test_points_are_the_same_for_scalars_arrays_and_rows() -> None:
    """The special functions have the same bits whichever way they are asked for."""
    at = [(x,) for x in np.linspace(-5.3, 9.1, 40).tolist()]
    for name in ("erf", "erfc", "gamma", "lgamma", "digamma", "cbrt"):
        entry = ulps.ENTRIES[name]
        values = [
            [v for v, _ in m(entry, at)] for m in (ulps.by_scalars, ulps.by_arrays, ulps.by_rows)
        ]
        assert json.dumps(values[0]) == json.dumps(values[1]) == json.dumps(values[2])
