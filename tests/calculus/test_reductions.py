"""Reductions at the ends of the range: right by fractions and mpmath, in every way.

Factors are of all sizes, so that products leave the doubles on their way and come back.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from mpmath import mp, mpf

import cgcli


def _number(chance: random.Random) -> float:
    return chance.choice((-1, 1)) * 10 ** chance.uniform(-320, 305)


def _same(got: float, want: Fraction) -> bool:
    """Whether a double is the right one, but for some ulps."""
    try:
        right = float(want)
    except OverflowError:
        return got == (math.inf if want > 0 else -math.inf)
    return math.isfinite(got) and abs(Fraction(got) - want) <= 8 * Fraction(math.ulp(right))


def _others(group: list[float], place: int) -> Fraction:
    return math.prod(map(Fraction, group[:place] + group[place + 1 :]))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_products_leave_the_doubles_where_the_product_does(axis: int, count: int) -> None:
    chance = random.Random(f"{axis} {count}")
    program = cgcli.parse(f"c @ prod(v, {axis})")
    groups = [[[_number(chance) for _ in range(count)] for _ in "ab"] for _ in range(20)]
    groups += [[[0.0, *groups[0][0][1:]], [5e-324, 1.0, 0.0, 0.0, 2.0][:count]]]
    weights = [[_number(chance) for _ in "ab"] for _ in groups]
    given = {"c": np.array(weights), "v": np.array(groups)}
    if axis == 0:
        given["v"] = given["v"].swapaxes(1, 2)
    rows = program.function(rows=["c", "v"])(given).gradient
    for k, (two, c) in enumerate(zip(groups, weights, strict=True)):
        point = program.evaluate(c=c, v=given["v"][k].tolist()).gradient
        assert point is not None
        for by_c, by_v in ((point["c"], point["v"]), (rows["c"][k], rows["v"][k])):
            for j, group in enumerate(two):
                assert _same(float(by_c[j]), math.prod(map(Fraction, group))), group
                sent = by_v[j] if axis else by_v[:, j]
                for place, number in enumerate(sent):
                    assert _same(float(number), Fraction(c[j]) * _others(group, place)), group


@pytest.mark.parametrize("v", [[1e300, 1e300, 1e-300], [1e-200, 1e-120, 1e200, -3.0]])
def test_a_product_of_all_elements(v: list[float]) -> None:
    program = cgcli.parse("prod(v)")
    point, called = program.evaluate(v=v), program.function()(v=v)
    rows = program.function(rows=["v"])({"v": np.array([v, v])})
    for value in (point.value, called.value, *rows.value):
        assert _same(float(value), math.prod(map(Fraction, v)))
    assert point.gradient is not None
    for gradient in (point.gradient["v"], called.gradient["v"], rows.gradient["v"][1]):
        for place, number in enumerate(gradient):
            assert _same(float(number), _others(v, place))


@pytest.mark.parametrize(
    ("v", "w", "want"),
    [
        ([1.5729814930045264e308, -8.98846567431158e307], [6.0, 6.0], math.inf),
        ([1.5729814930045264e308, -8.98846567431158e307], [-6.0, -6.0], -math.inf),
        ([1.5e308, 1.5e308, -1.5e308], [1.0, 1.0, 1.0], 1.5e308),
    ],
)
@pytest.mark.parametrize("text", ["dot(v, w)", "([w, 0*w] @ v)[0]", "(v @ transpose([w, 0*w]))[0]"])
def test_an_inner_product_leaves_the_doubles_where_its_sum_does(
    text: str, v: list[float], w: list[float], want: float
) -> None:
    program = cgcli.parse(text)
    both, one = program.function(rows=["v", "w"]), program.function(rows=["v"])
    vectors = np.array([v, v])
    replies = [program.evaluate(v=v, w=w).value, program.function()(v=v, w=w).value]
    replies += [*both({"v": vectors, "w": np.array([w, w])}).value]
    replies += [*one({"v": vectors, "w": np.array(w)}).value]
    assert replies == [want] * 6


def _shares(v: list[float]) -> list[mpf]:
    grown = [mp.exp(mpf(x)) for x in v]
    return [each / mp.fsum(grown) for each in grown]


@pytest.mark.parametrize(
    ("text", "v", "c", "want"),
    [
        ("logsumexp(v)", [-1080.5, 0.5], 1e301, lambda v: _shares(v)[0]),
        ("logsumexp([v, v], 1)[1]", [-720.5, 0.5], -1e-3, lambda v: _shares(v)[0]),
        ("norm(v)", [2.5e-308, 3.25e150], 1e216, lambda v: mpf(v[0]) / mp.hypot(*v)),
        ("norm(v)", [3e-310, 1e10, 2.0], 1e300, lambda v: mpf(v[0]) / mp.norm(v)),
        ("norm(v)", [5e-324, 1e-323], 1e300, lambda v: mpf(v[0]) / mp.norm(v)),
        ("softmax(v)[1]", [-1000.25, 0.5], 1e300, lambda v: -mp.fprod(_shares(v))),
        ("log_softmax(v)[1]", [-1000.25, 0.5], 1e300, lambda v: -_shares(v)[0]),
        # What is left of 1 where the others' shares are hardly any.
        ("log_softmax(v)[0]", [700.0, 0.0], 1.0, lambda v: _shares(v)[1]),
        ("log_softmax(v)[0]", [1000.25, 0.5, 3.0], 1e300, lambda v: mp.fsum(_shares(v)[1:])),
        ("log_softmax(v)[0]", [700.0, 700.0, 0.0], 1.0, lambda v: 1 - _shares(v)[0]),
        ("softmax(v)[0]", [1000.25, 0.5], 1e300, lambda v: mp.fprod(_shares(v))),
    ],
)
def test_a_share_that_is_no_double_is_sent_as_one(
    text: str, v: list[float], c: float, want: Callable[[list[float]], mpf]
) -> None:
    with mp.workprec(3000):
        right = c * want(v)
    program = cgcli.parse(f"c*{text}")
    rows = program.function(rows=["c", "v"])({"c": np.array([1.0, c]), "v": np.array([v, v])})
    point = program.evaluate(c=c, v=v).gradient
    assert point is not None
    for gradient in (point["v"], program.function()(c=c, v=v).gradient["v"], rows.gradient["v"][1]):
        assert abs(gradient[0] - right) <= max(abs(right) * 2.0**-50, mpf(2) ** -1074)


@pytest.mark.parametrize("program", ["norm(x)", "logsumexp(x)", "1/norm(x)", "prod(x)", "mean(x)"])
@pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan, 0.0, 1e-300, 1e300, 5e-324, -2.0])
def test_a_number_is_reduced_as_a_vector_of_one(program: str, x: float) -> None:
    parsed = cgcli.parse(program)
    one, many = parsed.evaluate(x=x), parsed.evaluate(x=[x])
    assert repr(one.value) == repr(float(many.value))
    assert repr(float(one.gradient["x"])) == repr(float(many.gradient["x"][0]))
