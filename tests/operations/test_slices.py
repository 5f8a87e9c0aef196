"""Parts of vectors and matrices, against NumPy's slices, in every way to ask."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cgcli
from cgcli import CgraphError
from tests.conftest import Ran

ENDS = st.none() | st.integers(-4, 4)
PLACES = st.integers(-2, 1) | st.builds(slice, ENDS, ENDS)


def written(place: int | slice) -> str:
    if isinstance(place, int):
        return str(place)
    start, stop = ("" if end is None else str(end) for end in (place.start, place.stop))
    return f"{start}:{stop}"


@settings(deadline=None)
@given(st.sampled_from([(3,), (2, 3), (4, 2)]), st.data())
def test_a_part_and_what_it_sends_are_numpys(shape: tuple[int, ...], data: st.DataObject) -> None:
    count = data.draw(st.integers(1, len(shape)))
    places = tuple(data.draw(PLACES) for _ in range(count))
    x = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    part = x[places]
    text = f"x[{', '.join(map(written, places))}]"
    if not part.size:
        with pytest.raises(CgraphError, match="holds nothing"):
            cgcli.parse(text).evaluate(x=x)
        return
    weights = np.arange(10.0, 10 + part.size).reshape(part.shape)
    gradient = np.zeros(shape)
    gradient[places] = weights
    result = cgcli.parse(text).evaluate(x=x)
    assert np.array_equal(result.value, part)
    program = cgcli.parse(f"sum(w*{text})")
    result = program.evaluate(x=x, w=weights)
    assert np.array_equal(result.gradient["x"], gradient)
    exact = program.evaluate_exactly(x=x, w=weights).gradient["x"]
    assert exact.tolist() == [
        Fraction(v) if not isinstance(v, list) else [*map(Fraction, v)] for v in gradient.tolist()
    ]
    function = program.function(rows=["x"], wrt=["x"])
    found = function({"x": np.stack([x, 2 * x]), "w": weights})
    assert np.array_equal(found.gradient["x"], np.stack([gradient, gradient]))
    assert np.asarray(found.value).tolist() == pytest.approx(
        [(weights * part).sum(), 2 * (weights * part).sum()]
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x[2:1]", "the slice 2:1 of a vector of 3 holds nothing"),
        ("y[1:]", "a scalar has no elements to index"),
        ("x[1:, 0]", "takes one index"),
        ("x[0.5:]", "the end of a slice must be a whole number"),
        ("x[y:]", "'y' must be known"),
        ("h[0] = x; h[0:]", "is a family"),
        ("x[1:] = 2; x", "the left side of '='"),
    ],
)
def test_what_is_no_part_is_an_error(text: str, message: str) -> None:
    with pytest.raises(CgraphError) as caught:
        cgcli.parse(text).graph({"x": [1, 2, 3]})
    assert message in str(caught.value)


def test_ends_may_be_computed(cgraph: Callable[..., Ran]) -> None:
    text = "h[0] = 0; for k in 1..2 { h[k] = sum(x[:k]) + sum(x[k:len(x)-1]) } h[2]"
    document = json.loads(cgraph("eval", text, "x=[1,2,3,4]", "--json").out)
    assert document["value"] == 6
    assert document["gradient"]["x"] == [1, 1, 1, 0]


@pytest.mark.parametrize(("start", "stop"), [*itertools.product(("", "1"), ("", "-1"))])
def test_it_is_written_as_it_was_typed(start: str, stop: str, cgraph: Callable[..., Ran]) -> None:
    part = f"x[{start}:{stop}]"
    assert part in cgraph("eval", f"sum({part}^2)", "x=[1,2,3]").out
    formulas = cgraph("diff", f"sum({part}^2)", "x=[1,2,3]", "--json").out
    value: Any = json.loads(formulas)["derivatives"][0]["value"]
    here = np.zeros(3)
    places = slice(int(start) if start else None, int(stop) if stop else None)
    here[places] = 2 * np.array([1.0, 2.0, 3.0])[places]
    assert value == here.tolist()
