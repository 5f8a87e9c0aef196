"""`cgraph diff` by vectors and matrices: in matrix terms, in every format, and right."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import cgcli
from cgcli.algebra.formulas import Formulas
from cgcli.algebra.wanted import Wanted
from cgcli.calculus.doubles import DOUBLES
from cgcli.views.formulas import as_text
from tests.amounts import portion, sampled
from tests.documents import validate
from tests.properties.programs import Program, programs

Run = Callable[..., Any]
SHAPES = {
    "W": (3, 2), "V": (2, 3), "X": (4, 2), "S": (2, 2), "A": (2, 2), "r": (1, 2), "c": (3, 1),
    "x": (2,), "u": (2,), "y": (3,), "b": (3,), "s": (), "t": (),
}  # fmt: skip


def point(names: Any, seed: int = 0) -> dict[str, Any]:
    chance = np.random.default_rng(seed)
    return {
        name: chance.uniform(0.2, 1.5, SHAPES[name]) if SHAPES[name] else chance.uniform(0.2, 1.5)
        for name in names
    }


# By name: what is printed.
WRITTEN = [
    ("sum((W @ x - y)^2)", "W", "2*outer(W @ x - y, x)"),
    ("sum((W @ x - y)^2)", "x", "2*transpose(W) @ (W @ x - y)"),
    ("sum((W @ x - y)^2)", "y", "-2*(W @ x - y)"),
    ("x @ u", "x", "u"),
    ("x @ S @ x", "x", "x @ S + S @ x"),
    ("x @ S @ u", "S", "outer(x, u)"),
    ("norm(x)", "x", "x/norm(x)"),
    ("mean((x - u)^2)", "u", "u - x"),
    ("sum(x)", "x", "[1, 1]"),
    ("sum(W @ x)", "x", "sum(W, 0)"),
    ("sum(W @ x)", "W", "[x, x, x]"),
    ("sum(W*x)", "W", "[x, x, x]"),
    ("sum(tanh(W @ x + b))", "b", "1 - tanh(W @ x + b)^2"),
    ("sum((X @ V + b)^2)", "V", "2*transpose(X) @ (X @ V + b)"),
    ("sum((X @ V + b)^2)", "b", "2*sum(X @ V + b, 0)"),
    ("logsumexp(x)", "x", "softmax(x)"),
    ("-log_softmax(x)[0]", "x", "softmax(x) - onehot(0, 2)"),
    ("x[0]*x[1]", "x", "[x[1], x[0]]"),
    ("W[0, 1]^2 + W[2, 0]", "W", "[[0, 2*W[0, 1]], [0, 0], [1, 0]]"),
    ("prod(x)", "x", "[x[1], x[0]]"),
    ("prod(y)*s", "y", "s*[y[1]*y[2], y[0]*y[2], y[0]*y[1]]"),
    ("sum(concat(x, y)^2)", "x", "2*x"),
    ("sum(sum(W, 1)^2)", "W", "2*outer(sum(W, 1), [1, 1])"),
    ("sum(relu(W @ x))", "x", "transpose(W) @ where(W @ x > 0, 1, 0)"),
    ("sum(s*x^2)", "s", "sum(x^2)"),
    ("sum(S @ A)", "A", "outer(sum(S, 0), [1, 1])"),
]


@pytest.mark.parametrize(("program", "name", "expected"), WRITTEN)
def test_gradients_in_matrix_terms(program: str, name: str, expected: str) -> None:
    graph = cgcli.parse(program).graph(point(SHAPES))
    printed = as_text(Formulas(graph, Wanted((name,))), share=False)
    assert printed.splitlines()[0] == expected


SCALARS = [
    *dict.fromkeys(program for program, _, _ in WRITTEN),
    "softmax(x) @ u", "max(x) + min(y)", "sum(outer(y, x)*W)", "sum(W*r)", "sum(W*c)",
    "sum(c + x)", "sum(r*x)", "sum(mean(W, 1)*y)", "sum(norm(W, 1))", "sum(softmax(W)*W)",
    "sum(logsumexp(W, 1))", "sum(logsumexp(W, 0)*x)", "dot(x, u)^2", "sum(concat(x, s)^2)",
    "sum([x[0]*s, x[1]])", "sum(x^s)", "sum(where(x > u, x, u))", "sum(max(x, u))",
    "sum((S @ A) @ x)", "sum((S @ A)^2)", "len(x)*x[0]", "sum(x - x)", "prod(W, 0) @ x",
    "prod(W)", "sum(prod(W, 1)*y)", "sum([x, u] @ x)", "sum(transpose(W) @ y)",
    "sum(log(x)*u) - s*log(sum(exp(x)))", "sum(sum(W, 0)^2)*t", "norm(W @ x - y)*s",
]  # fmt: skip


@pytest.mark.parametrize("program", SCALARS)
def test_what_is_printed_is_the_gradient(program: str) -> None:
    parsed = cgcli.parse(program)
    at = point(parsed.graph(point(SHAPES)).inputs)
    formulas = Formulas(parsed.graph(at), Wanted())
    expected = parsed.evaluate(at).gradient
    assert expected is not None
    for share in (False, True):
        found = cgcli.parse(as_text(formulas, share)).evaluate(at)
        for row in formulas.rows:
            value = found.value if len(formulas.rows) == 1 else found[row.name].value
            assert np.shape(value) == np.shape(expected[row.wrt[0]])
            assert np.allclose(value, expected[row.wrt[0]])


@sampled
@given(programs())
@settings(max_examples=portion(150), deadline=None)
def test_random_programs_of_vectors_and_matrices(drawn: Program) -> None:
    result = cgcli.parse(drawn.text).evaluate(drawn.bindings)
    if not result.graph.tensors or result.notes or not result.gradient:
        return
    try:
        formulas = Formulas(result.graph, Wanted())
    except cgcli.CgraphError as error:
        assert error.kind == "limit"
        return
    found = cgcli.parse(as_text(formulas, share=False)).evaluate(drawn.bindings)
    scale = max(1.0, *(float(np.max(np.abs(value))) for value in result.values))
    for row in formulas.rows:
        value = found.value if len(formulas.rows) == 1 else found[row.name].value
        expected = result.gradient[row.wrt[0]]
        assert np.shape(value) == np.shape(expected)
        assert np.allclose(value, expected, rtol=1e-7, atol=1e-8 * scale, equal_nan=True)


def test_the_greatest_element_is_found_again_whatever_the_rounding() -> None:
    """One bit of difference between an element and the vector's would choose no element at all."""
    parsed = cgcli.parse("max([a, b, c]*w*s) - min([a, b]*w*s)")
    for k in range(1, 40):
        at = {"a": 0.7 / k, "b": 0.1 / k, "c": 0.3 / k, "w": 0.1 * k, "s": 0.3}
        result = parsed.evaluate(at)
        formulas = Formulas(result.graph, Wanted(("a",)))
        found = cgcli.parse(as_text(formulas, share=False)).evaluate(at).value
        assert found == pytest.approx((result.gradient or {})["a"])


# Jacobians and second derivatives

JACOBIANS = [
    ("W @ x", "x", "W"),
    ("tanh(W @ x)", "x", "W*transpose([1 - tanh(W @ x)^2])"),
    ("x^2", "x", "[[2*x[0], 0], [0, 2*x[1]]]"),
    ("s*x", "s", "x"),
    ("sum(W*x, 1)", "x", "W"),
    ("concat(x, u)", "u", "[[0, 0], [0, 0], [1, 0], [0, 1]]"),
    ("x + sum(x)", "x", "[[2, 1], [1, 2]]"),
    ("[sum(x), x @ u]", "x", "[[1, 1], u]"),
]


@pytest.mark.parametrize(("program", "name", "expected"), JACOBIANS)
def test_jacobians(program: str, name: str, expected: str) -> None:
    parsed = cgcli.parse(program)
    at = point(parsed.graph(point(SHAPES)).inputs)
    printed = as_text(Formulas(parsed.graph(at), Wanted((name,), jacobian=True)), share=False)
    assert printed.splitlines()[0] == expected
    right = parsed.evaluate(at, wrt=[name]).jacobian
    assert right is not None
    assert np.allclose(cgcli.parse(printed).evaluate(at).value, right[name])


@pytest.mark.parametrize(
    "program", ["softmax(x)", "x/norm(x)", "S @ x + x", "exp(S @ x)*x", "x[0]*x", "x @ S"]
)
def test_other_jacobians_have_the_right_values(program: str) -> None:
    parsed = cgcli.parse(program)
    at = point(parsed.graph(point(SHAPES)).inputs)
    printed = as_text(Formulas(parsed.graph(at), Wanted(("x",), jacobian=True)), share=False)
    right = parsed.evaluate(at, wrt=["x"]).jacobian
    assert right is not None
    assert np.allclose(cgcli.parse(printed).evaluate(at).value, right["x"])


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("sum((W @ x - y)^2)", "2*transpose(W) @ W"),
        ("x @ S @ x", "S + transpose(S)"),
        ("sum(x^3)", "[[6*x[0], 0], [0, 6*x[1]]]"),
        ("logsumexp(x)", None),
        ("norm(x)^3", None),
        ("sum(tanh(W @ x))", None),
    ],
)
def test_second_derivatives(program: str, expected: str | None) -> None:
    """Against differences of the gradient."""
    parsed = cgcli.parse(program)
    at = point(parsed.graph(point(SHAPES)).inputs)
    printed = as_text(Formulas(parsed.graph(at), Wanted(("x", "x"))), share=False)
    assert expected is None or printed.splitlines()[0] == expected
    step, columns = 1e-5, []
    for k in range(2):
        ends = []
        for sign in (1, -1):
            moved = {**at, "x": at["x"] + sign * step * np.eye(2)[k]}
            gradient = parsed.evaluate(moved, wrt=["x"]).gradient
            assert gradient is not None
            ends.append(gradient["x"])
        columns.append((ends[0] - ends[1]) / (2 * step))
    found = cgcli.parse(printed).evaluate(at).value
    assert np.allclose(found, np.array(columns), rtol=1e-6, atol=1e-8)


# Formats

LOSS = "sum((W @ x - y)^2)"
SHAPED = ("--shape", "W=3x2,x=2,y=3")


def test_latex(cgraph: Run) -> None:
    assert cgraph("diff", LOSS, *SHAPED, "--format", "latex").out.splitlines()[:2] == [
        r"\frac{\partial f}{\partial W} = 2 \cdot \left(W \, x - y\right)\,x^{\top}",
        r"\frac{\partial f}{\partial x} = 2 \cdot W^{\top} \, \left(W \, x - y\right)",
    ]


def test_json(cgraph: Run) -> None:
    ran = cgraph("diff", LOSS, "W=[[1,2],[3,4]]", "x=[1,-1]", "y=[0,1]", "--json")
    found = json.loads(ran.out)
    validate(found, "diff")
    rows = {row["name"]: row for row in found["derivatives"]}
    assert rows["f_W"]["shape"] == [2, 2]
    assert rows["f_W"]["value"] == [[-2, 2], [-4, 4]]
    assert rows["f_x"]["value"] == [-14, -20]
    without = json.loads(cgraph("diff", LOSS, *SHAPED, "--json").out)
    validate(without, "diff")
    assert without["at"] is None


def test_values_are_comments(cgraph: Run) -> None:
    ran = cgraph("diff", "sum(S @ S)", "S=[[1,2],[3,4]]")
    assert ran.out.splitlines()[-1].endswith("# [[7, 11], [9, 13]]")


@pytest.mark.parametrize("program", SCALARS)
def test_numpy_code_runs_and_has_the_gradient(program: str, cgraph: Run) -> None:
    parsed = cgcli.parse(program)
    at = point(parsed.graph(point(SHAPES)).inputs)
    shapes = ",".join(f"{name}={'x'.join(map(str, SHAPES[name]))}" for name in at if SHAPES[name])
    ran = cgraph("diff", program, "--shape", shapes, "--format", "numpy")
    assert ran.status == 0, ran.err
    names: dict[str, Any] = {}
    exec(ran.out, names)
    _, *found = names["f"](*at.values())
    expected = parsed.evaluate(at).gradient
    assert expected is not None
    for value, name in zip(found, at, strict=True):
        assert np.shape(value) == SHAPES[name]
        assert np.allclose(value, expected[name])


def test_comparisons_are_counted_as_numbers_in_numpy(cgraph: Run) -> None:
    ran = cgraph("diff", "sum((x > 0)*x + (x > 1)*x)", "--shape", "x=3", "--format", "numpy")
    names: dict[str, Any] = {}
    exec(ran.out, names)
    assert names["f"](np.array([-1.0, 0.5, 2.0]))[1].tolist() == [0, 1, 2]


def test_large_shapes_cost_nothing(cgraph: Run) -> None:
    assert cgraph("diff", "sum(W @ x)", "--shape", "W=3000x2000,x=2000", "--wrt", "x").out == (
        "sum(W, 0)\n"
    )
    assert cgraph("diff", "sum(W)", "--shape", "W=3000x2000").out == "W^0\n"
    ran = cgraph("diff", "x^2", "--shape", "x=2000", "--jacobian")
    assert (ran.status, ran.out) == (2, "")


def test_a_product_with_a_zero_in_it(cgraph: Run) -> None:
    """The derivative by a factor is the product of the others, where the factor is 0 as well."""
    for program, at in (
        ("prod(x)", {"x": [2.0, 0.0, 3.0]}),
        ("sum(prod(X, 0))", {"X": [[2.0, 0.0], [3.0, 5.0], [7.0, 11.0]]}),
        ("sum(prod(X, 1)^2)", {"X": [[2.0, 0.0], [3.0, 5.0]]}),
        ("prod(X)", {"X": [[2.0, 0.0], [3.0, 5.0]]}),
    ):
        result = cgcli.parse(program).evaluate(at)
        formulas = Formulas(result.graph, Wanted())
        found = cgcli.parse(as_text(formulas, share=False)).evaluate(at).value
        assert np.allclose(found, next(iter((result.gradient or {}).values())))
    # Too many to write out: divided, which is said.
    assert cgraph("diff", "prod(x)", "--shape", "x=20").out == "prod(x)/x\n# for x != 0\n"


def test_a_number_that_leaves_a_denominator_late_is_kept() -> None:
    """0.25/(1.5 + z^2) is 0.5/(2*z^2 + 3): in a matrix product the 2 is one of its scalars."""
    program = cgcli.parse("prod(x + a*sin(z), 0) @ (0.25/(1.5 + z^2))")
    at = {"x": 1.3, "a": np.array([[0.4], [0.3]]), "z": np.array([0.3, 0.7])}
    expected = program.evaluate(at).gradient
    formulas = Formulas(program.graph(at), Wanted())
    values = DOUBLES.forward(formulas.graph, at)
    assert expected is not None
    for row in formulas.rows:
        np.testing.assert_allclose(values[row.node], expected[row.wrt[0]], rtol=1e-12)
