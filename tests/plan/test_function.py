"""Compiled functions: what `evaluate` returns, as often as one likes."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings

import cgcli
from cgcli.plan.lower import Lowered
from tests.amounts import portion, sampled
from tests.properties.programs import Program, programs

UNHURRIED = settings(
    max_examples=max(20, portion(80)),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def largest(result: Any) -> float:
    """The largest number on the way: what cancels is as right as that."""
    grads = [result.grad(node) for node in range(len(result.graph))]
    return max(1.0, *(float(np.max(np.abs(v))) for v in (*result.values, *grads) if v is not None))


@sampled
@given(programs())
@UNHURRIED
def test_a_call_is_an_evaluation(drawn: Program) -> None:
    program = cgcli.parse(drawn.text)
    result = program.evaluate(drawn.bindings)
    assume(not result.notes)
    assert result.gradient is not None
    function = program.function()
    for _ in range(2):
        called = function(drawn.bindings)
        reach = 1e-12 * largest(result)
        np.testing.assert_allclose(called.value, result.value, rtol=1e-10, atol=reach)
        assert list(called.gradient) == list(result.gradient)
        for name, gradient in result.gradient.items():
            assert np.shape(called.gradient[name]) == np.shape(gradient)
            np.testing.assert_allclose(called.gradient[name], gradient, rtol=1e-9, atol=reach)


@pytest.mark.parametrize(
    ("text", "bindings"),
    [
        ("tanh(W @ x)", {"W": [[1, 2], [3, 4], [5, 6]], "x": [0.1, -0.1]}),
        ("W*b + x", {"W": [[1, 2], [3, 4]], "b": [2, 3], "x": 4}),
        ("softmax(W)", {"W": [[1, 2, 3], [3, 4, 1]]}),
        ("[x^2*y, y, 3, x]", {"x": 2, "y": 3}),
        ("transpose(W) @ W", {"W": [[1, 2], [3, 4]]}),
        ("x*y", {"x": 2, "y": 3}),
        ("concat(x, x^2, [a])", {"x": [1, 2], "a": 3}),
    ],
)
def test_a_jacobian_is_that_of_an_evaluation(text: str, bindings: dict[str, Any]) -> None:
    called = cgcli.parse(text).function(jacobian=True)(bindings)
    result = cgcli.parse(text).evaluate(bindings)
    np.testing.assert_allclose(called.value, result.value, rtol=1e-14)
    expected = result.jacobian or result.gradient
    assert expected is not None
    for name, jacobian in expected.items():
        assert called.gradient[name].shape == np.shape(jacobian)
        np.testing.assert_allclose(called.gradient[name], jacobian, rtol=1e-13, atol=1e-15)


def test_rows_are_evaluated_each_by_itself() -> None:
    program = cgcli.parse("sum((W @ x - y)^2)*s")
    rng = np.random.default_rng(7)
    weights, x, y = rng.normal(size=(2, 3)), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    called = program.function(rows=["x", "y"])(W=weights, x=x, y=y, s=2)
    total = program.function(rows=["x", "y"], total=True)(W=weights, x=x, y=y, s=2)
    results = [program.evaluate(W=weights, x=x[k], y=y[k], s=2) for k in range(5)]
    np.testing.assert_allclose(called.value, [r.value for r in results], rtol=1e-13)
    assert total.value == pytest.approx(sum(r.value for r in results), rel=1e-13)
    for name in ("W", "x", "y", "s"):
        alone = np.array([r.gradient[name] for r in results])  # type: ignore[index]
        np.testing.assert_allclose(called.gradient[name], alone, rtol=1e-12)
    for name in ("W", "s"):
        alone = sum(r.gradient[name] for r in results)  # type: ignore[index,assignment]
        np.testing.assert_allclose(total.gradient[name], alone, rtol=1e-12)


def test_a_node_and_what_lies_between() -> None:
    function = cgcli.parse("p = x + y; q = p*z; q^2").function(of="q", wrt=["p", "z"])
    assert function(x=1, y=3, z=-3) == (-12.0, {"p": -3.0, "z": 4.0})


def test_other_shapes_and_other_indices_compile_anew() -> None:
    function = cgcli.parse("sum(x)*x[k]").function(wrt=["x"])
    assert function(x=[1, 2], k=0).gradient["x"].tolist() == [4, 1]
    assert function(x=[1, 2], k=1).gradient["x"].tolist() == [2, 5]
    assert function(x=[1, 2, 3], k=1).gradient["x"].tolist() == [2, 8, 2]
    assert function(x=[1, 2], k=0).value == 3


@pytest.mark.parametrize("count", [3, 20, 2_000])
def test_uses_of_single_elements_are_put_together(count: int) -> None:
    text = "v[0]*v[-1] + v[1]^2 + W[0, 0]*W[0, 1] + sum(W[0]) + W[-1, 1]"
    v = np.arange(1.0, count + 1)
    weights = np.arange(2.0 * count).reshape(count, 2)
    called = cgcli.parse(text).function()(v=v, W=weights)
    result = cgcli.parse(text).evaluate(v=v, W=weights)
    assert result.gradient is not None
    for name, gradient in result.gradient.items():
        np.testing.assert_array_equal(called.gradient[name], gradient)


def test_few_elements_of_a_long_vector_are_few_instructions() -> None:
    graph = cgcli.parse("v[3]*v[5]").graph({"v": np.zeros(100_000)})
    lowered = Lowered(graph, {}, {})
    lowered.gradient_totals()
    assert sum(map(len, lowered.tape.arguments)) < 100


def test_what_it_returned_stays_as_it_was() -> None:
    function = cgcli.parse("sum(x^2)").function()
    first = function(x=[1, 2])
    function(x=[3, 4])
    assert first.gradient["x"].tolist() == [2, 4]


def test_it_goes_to_another_process() -> None:
    function = cgcli.parse("x^2*y").function()
    function(x=1, y=2)
    # Forking a process that has threads is deprecated.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        assert pool.submit(function, {"x": 3, "y": 2}).result() == (18.0, {"x": 12.0, "y": 9.0})


@pytest.mark.parametrize(
    ("options", "bindings", "words"),
    [
        ({}, {"x": 1}, "'y' has no value"),
        ({}, {}, "'x', 'y' have no value"),
        ({"wrt": ["q"]}, {"x": 1, "y": 2}, "there is no node 'q'"),
        ({"of": "q"}, {"x": 1, "y": 2}, "there is no node 'q'"),
        ({"rows": ["x"]}, {"x": 1, "y": 2}, "row along its first axis"),
        ({"rows": ["x", "y"]}, {"x": [1, 2], "y": [1]}, "'y' has 1 rows, and another input 2"),
        ({}, {"x": [1, 2], "y": 2}, "the output is a vector of 2"),
        ({}, {"x": "1", "y": 2}, "str is not a number"),
        ({"rows": ["x"], "jacobian": True}, {}, "a Jacobian is of one point"),
    ],
)
def test_what_cannot_be_used(options: Any, bindings: Any, words: str) -> None:
    with pytest.raises(cgcli.CgraphError, match=words):
        cgcli.parse("x*y").function(**options)(bindings)


@pytest.mark.parametrize(
    ("text", "bindings"),
    [
        ("p = W[0]; q = sin(z); sum(W, 0)", {"W": [[1.0, 2.0], [3.0, 4.0]], "z": 1.0}),
        ("where(u > z, [s, y], s)", {"u": [1.0, 2.0], "z": 1.5, "s": 2.0, "y": 3.0}),
        ("[1, 2]*1", {}),
    ],
)
def test_an_input_that_is_not_reached_has_a_jacobian_of_zeros(
    text: str, bindings: dict[str, Any]
) -> None:
    called = cgcli.parse(text).function(jacobian=True)(bindings)
    expected = cgcli.parse(text).evaluate(bindings).jacobian
    assert expected is not None
    for name, jacobian in expected.items():
        np.testing.assert_array_equal(called.gradient[name], jacobian)


@pytest.mark.parametrize(
    ("text", "rows", "value", "gradients"),
    [
        ("ceil(y)", {"y": [1.5, 2.5]}, [2, 3], {"y": [0, 0]}),
        ("len(x)", {"x": [[1.0, 2.0], [3.0, 4.0]]}, [2, 2], {"x": [[0, 0], [0, 0]]}),
        ("sum(x)*0 + 3", {"x": [[1.0], [3.0]]}, [3, 3], {"x": [[0], [0]]}),
    ],
)
def test_what_no_row_changes_is_there_for_every_row(
    text: str, rows: dict[str, Any], value: list[float], gradients: dict[str, Any]
) -> None:
    called = cgcli.parse(text).function(rows=list(rows))(rows)
    np.testing.assert_array_equal(called.value, value, strict=False)
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(called.gradient[name], np.array(gradient, float), strict=True)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("x - y", {"x": np.inf, "y": np.inf}),
        ("(x*y)*v", {"x": 0.0, "y": 1.0, "v": [-np.inf, 3.0]}),
        ("sum(v, 0)", {"v": [[1.0, -np.inf], [1.0, np.inf]]}),
        ("[i*y for i in 0..2]", {"y": -np.inf}),
    ],
)
def test_an_infinite_input_is_that_of_evaluate(text: str, at: dict[str, Any]) -> None:
    """An indeterminate form has no value; what its terms are sent is as it was."""
    program = cgcli.parse(text)
    right, called = program.evaluate(at), program.function(jacobian=True)(at)
    np.testing.assert_array_equal(called.value, right.value)
    for name, part in (right.jacobian or right.gradient or {}).items():
        np.testing.assert_array_equal(called.gradient[name], part)


def test_an_infinite_row_changes_no_other() -> None:
    called = cgcli.parse("w*x - x").function(rows=["x"])(w=2.0, x=[1.0, np.inf, 3.0])
    np.testing.assert_array_equal(called.value, [1.0, np.nan, 3.0])
    np.testing.assert_array_equal(called.gradient["x"], [1.0, 1.0, 1.0])


def test_a_product_that_overflows_is_that_of_one_row() -> None:
    """It is added to an infinity of the other sign before it is rounded."""
    at = {"v": [3.5e156, 5.3e210], "u": [-np.inf, 1.1e301]}
    called = cgcli.parse("dot(v, u)").function(rows=["v", "u"])({n: [x, x] for n, x in at.items()})
    assert called.value.tolist() == [cgcli.parse("dot(v, u)").evaluate(at).value] * 2


@pytest.mark.parametrize(
    ("text", "at", "gradient"),
    [
        # The middle element is in its domain, though the norm has no value.
        ("norm(log(floor(v)))", {"v": [-4.7, 7.7, -3.5]}, {"v": [np.nan, 0.0, np.nan]}),
        ("W @ log(floor(v)) @ [1, 0]", {"W": [[1.0, 2.0], [3.0, 4.0]], "v": [-1.5, 2.5]},
         {"v": [np.nan, 0.0]}),
        # What comes through a fault comes through one step, and through two of them.
        ("1/floor(x)", {"x": 0.2}, {"x": np.nan}),
        ("1/floor(round(x))", {"x": 0.2}, {"x": np.nan}),
        ("sum(atanh(round([y >= z, 0.5])))", {"y": 3.0, "z": 1.0}, {"y": np.nan, "z": np.nan}),
        # What is a number whatever the inputs are has its domain as well.
        ("atanh(floor(x^0)) - y", {"x": 3.0, "y": 0.5}, {"x": np.nan, "y": -1.0}),
        # The processor flags nothing of an infinity that goes through a quotient or a root.
        ("q = u/z; q == u", {"u": np.inf, "z": 0.0}, {"u": np.nan, "z": np.nan}),
        ("u/(y^0.5)", {"u": -3.0, "y": -np.inf}, {"u": 0.0, "y": np.nan}),
        # What is infinite and goes through no step stays that.
        ("p = x/(y < y); prod([z, p])", {"x": 0.5, "y": 0.0, "z": 1.0},
         {"x": np.inf, "y": np.nan, "z": np.inf}),
        # What a branch that is not taken has in common with a step is sent nothing of it.
        ("p = x^3; q = p <= 1; where(p != 2, x - q, p/q)", {"x": 1e301}, {"x": 1.0}),
        # NaN is the greatest, and the gradient of no other.
        ("max(log(v))", {"v": [-1.0, 2.0]}, {"v": [np.nan, 0.0]}),
    ],
)  # fmt: skip
def test_a_fault_goes_the_same_way_in_all(
    text: str, at: dict[str, Any], gradient: dict[str, Any]
) -> None:
    program = cgcli.parse(text)
    row = {name: np.array([value]) for name, value in at.items()}
    called = program.function(rows=list(at))(row)
    for found in (
        program.evaluate(at).gradient,
        program.function()(at).gradient,
        program.function(jacobian=True)(at).gradient,
    ):
        assert found is not None
        for name, right in gradient.items():
            np.testing.assert_array_equal(found[name], right)
            np.testing.assert_array_equal(called.gradient[name][0], right)


@pytest.mark.parametrize(
    ("text", "at", "value", "jacobian"),
    [
        # What overflows on the way back is a double on the way forward.
        ("[j*dot(v, [z, z]) for j in 0..1] @ W",
         {"v": [40.0, -40.0], "z": -1.0, "W": [[-40.0, 2.0], [-3e150, -8e307]]}, [0, 0],
         {"z": [0, 0]}),
        # NaN in one entry is in no other.
        ("[log(x), y^2]", {"x": -1.0, "y": 3.0}, [np.nan, 9], {"x": [np.nan, 0], "y": [0, 6]}),
        ("norm([0*x, x])", {"x": np.inf}, np.nan, {"x": np.nan}),
    ],
)  # fmt: skip
def test_a_jacobian_that_is_not_finite_is_that_of_evaluate(
    text: str, at: dict[str, Any], value: Any, jacobian: dict[str, Any]
) -> None:
    program = cgcli.parse(text)
    called, right = program.function(jacobian=True)(at), program.evaluate(at)
    np.testing.assert_allclose(called.value, value, rtol=1e-15)
    for name, part in jacobian.items():
        np.testing.assert_allclose(called.gradient[name], part, rtol=1e-15)
    for name, part in (right.jacobian or right.gradient or {}).items():
        np.testing.assert_array_equal(called.gradient[name], part)


def test_results_that_someone_has_are_not_written_over() -> None:
    """Memory is used again: never that of an array, a view or a dictionary that is kept."""
    function = cgcli.parse("x*y").function(rows=["x", "y"])
    x, y = np.arange(100_000.0), np.linspace(1, 2, 100_000)
    kept = [function(x=x + k, y=y) for k in range(4)]
    view, slopes = function(x=x, y=y).value[::-2], function(x=x, y=y + 5).gradient
    for k in range(6):
        function(x=x + 10 * k, y=y)
    for k, called in enumerate(kept):
        assert np.array_equal(called.value, (x + k) * y)
    assert np.array_equal(view, (x * y)[::-2])
    assert np.array_equal(slopes["x"], y + 5)


def test_rows_name_inputs() -> None:
    with pytest.raises(cgcli.CgraphError, match="'q' of rows=… is no input") as caught:
        cgcli.parse("w*x").function(rows=["q"])(w=1.0, x=2.0)
    assert caught.value.hint == "the inputs are w, x"


def test_the_collector_looks_at_nothing_that_was_made_while_it_rested() -> None:
    # In a process of its own: Python 3.12 has frozen some objects when it begins.
    code = """if True:
        import gc
        from cgcli.memory import uncollected
        with uncollected():
            before = gc.get_stats()
            made = [[k] for k in range(150_000)]
        more = [[k] for k in range(100)]
        print(gc.get_stats() == before)
    """
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed == "True\n"


@pytest.mark.parametrize("engine", ["numpy", "native"])
@pytest.mark.parametrize("text", ["ceil(xlogy(y, -1))", "ceil(max(xlogy(y, -1), 1)) + y"])
def test_a_fault_of_constants_reaches_what_goes_through_it(text: str, engine: str) -> None:
    """The logarithm of -1 is computed before, and nothing is flagged when it is multiplied."""
    program = cgcli.parse(text)
    right = program.evaluate(y=5.0).gradient
    assert right is not None
    assert np.isnan(right["y"])
    assert np.isnan(program.function()(y=5.0).gradient["y"])
    rows = program.function(rows=["y"], engine=engine)(y=np.array([5.0, 6.0]))
    assert np.isnan(rows.gradient["y"]).all()
