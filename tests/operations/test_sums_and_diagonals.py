"""cumsum, diag and trace, against NumPy's and their own definitions in whole numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cgcli
from cgcli import CgraphError
from tests.conftest import Ran

VECTOR = np.array([1.0, -2.0, 5.0])
MATRIX = np.array([[1.0, -2.0, 3.0], [0.0, 4.0, 7.0], [2.0, 6.0, -5.0]])
WEIGHTS = np.array([[3.0, 1.0, 4.0], [1.0, 5.0, 9.0], [2.0, 6.0, 5.0]])
CASES: dict[str, tuple[str, Any, Any, Any]] = {
    "cumsum": ("cumsum(x)", VECTOR, np.cumsum(VECTOR), np.tril(np.ones((3, 3)))),
    "of a vector": ("diag(x)", VECTOR, np.diag(VECTOR), np.eye(3)[:, None] * np.eye(3)[..., None]),
    "of a matrix": ("diag(x)", MATRIX, np.diag(MATRIX), np.eye(3)[..., None] * np.eye(3)[:, None]),
    "trace": ("trace(x)", MATRIX, np.trace(MATRIX), np.eye(3)),
}


@pytest.mark.parametrize("case", CASES)
def test_values_and_jacobians(case: str) -> None:
    text, x, value, jacobian = CASES[case]
    program = cgcli.parse(text)
    for found in (program.evaluate(x=x), program.evaluate_exactly(x=x)):
        assert np.array_equal(np.asarray(found.value, dtype=float), value)
        derivative = found.jacobian["x"] if np.ndim(value) else found.gradient["x"]
        assert np.array_equal(np.asarray(derivative, dtype=float), jacobian)
    compiled = program.function(jacobian=True)(x=x)
    assert np.array_equal(compiled.gradient["x"], jacobian)
    rows = program.function(rows=["x"])(x=np.stack([x, -x])) if np.ndim(value) == 0 else None
    assert rows is None or rows.value.tolist() == [value, -value]


@pytest.mark.parametrize("case", CASES)
def test_formulas_and_their_code(case: str, cgraph: Callable[..., Ran]) -> None:
    text, x, value, jacobian = CASES[case]
    weights = WEIGHTS.ravel()[: np.size(value)].reshape(np.shape(value))
    right = np.tensordot(weights, jacobian, np.ndim(value))
    program, bound = f"sum(w*{text})^2/2", (f"x={x.tolist()}", f"w={weights.tolist()}")
    right = right * (weights * value).sum()
    document = json.loads(cgraph("diff", program, *bound, "--json", "--wrt", "x").out)
    assert np.array_equal(document["derivatives"][0]["value"], right)
    code = cgraph("diff", program, *bound, "--format", "numpy", "--wrt", "x").out
    scope: dict[str, Any] = {}
    exec(code, scope)
    assert np.array_equal(scope["f"](w=weights, x=x)[1], right)
    again = json.loads(cgraph("eval", document["derivatives"][0]["formula"], *bound, "--json").out)
    assert np.array_equal(again["value"], right)


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8), st.integers(0, 7))
def test_a_sum_so_far_depends_on_nothing_after_it(numbers: list[float], place: int) -> None:
    place %= len(numbers)
    numbers[place:] = [float("nan"), *numbers[place + 1 :]]
    result = cgcli.parse("cumsum(x)").evaluate(x=numbers)
    assert np.isnan(result.value[place:]).all()
    assert np.allclose(result.value[:place], np.cumsum(numbers[:place]), rtol=1e-12, atol=1e-9)
    assert np.array_equal(result.jacobian["x"], np.tril(np.ones((len(numbers), len(numbers)))))


def test_formulas_of_products_with_diagonals_are_short(cgraph: Callable[..., Ran]) -> None:
    bound = ("W=[[1,2],[3,4]]", "x=[1,2]")
    assert cgraph("diff", "trace(W@W)", bound[0]).out.startswith("2*transpose(W) ")
    assert cgraph("diff", "x@diag(x)@x", bound[1]).out.startswith("3*x^2 ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trace(x)", "trace takes a square matrix, not a vector of 2"),
        ("diag([x, x, x])", "diag takes a square matrix, not a 3×2 matrix"),
        ("cumsum(y)", "cumsum takes a vector, not a scalar"),
        ("cumsum([x, x])", "cumsum takes a vector, not a 2×2 matrix"),
    ],
)
def test_shapes_that_do_not_fit(text: str, message: str) -> None:
    with pytest.raises(CgraphError, match=message.replace("(", r"\(")):
        cgcli.parse(text).graph({"x": [1.0, 2.0], "y": 1.0})
