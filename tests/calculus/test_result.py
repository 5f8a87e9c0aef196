"""Results: nodes, gradients by any node, Jacobians, and the passes over many uses."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cgcli
from cgcli.errors import CgraphError
from cgcli.program import UnboundError
from tests.amounts import portion, sampled


def test_the_worked_example() -> None:
    result = cgcli.parse("(x+y)*z").evaluate(x=1, y=3, z=-3)
    assert (result.value, result.output) == (-12.0, "f")
    assert result.gradient == {"x": -3.0, "y": -3.0, "z": 4.0}
    node = result["v1"]
    assert (node.id, node.op, node.args, node.span, node.uses) == (2, "add", [0, 1], (1, 4), 1)
    assert node.partials == [1.0, 1.0]
    assert [node.name for node in result.nodes] == ["x", "y", "v1", "z", "f"]
    assert [node.grad for node in result.nodes[2:4]] == [-3.0, 4.0]
    assert result.nodes[-1].name == "f"


def test_contributions_of_all_uses_add_up() -> None:
    result = cgcli.parse("y = x*x; y*y + y + x").evaluate(x=3)
    assert result.gradient == {"x": 4 * 27 + 6 + 1.0}
    assert result["y"].grad == 19.0
    assert result["y"].uses == 3


def test_of_and_wrt() -> None:
    program = cgcli.parse("p = x + y; q = p*z; q^2")
    result = program.evaluate({"x": 1, "y": 2, "z": 3}, of="q", wrt=["p", "z"])
    assert (result.output, result.value) == ("q", 9.0)
    assert result.gradient == {"p": 3.0, "z": 3.0}
    assert {node.name: node.grad for node in result.nodes if node.grad is not None} == {
        "p": 3.0, "z": 3.0, "q": 1.0,
    }  # fmt: skip
    constant = cgcli.parse("a = 2; a*x").evaluate({"x": 5}, wrt=["a"])
    assert constant.gradient == {"a": 5.0}
    with pytest.raises(CgraphError, match="no node 'Q'"):
        program.evaluate({"x": 1, "y": 2, "z": 3}, of="Q")
    with pytest.raises(CgraphError, match="nothing differentiates by a constant"):
        program.evaluate({"x": 1, "y": 2, "z": 3}, wrt=["2"])


def test_a_node_the_output_does_not_depend_on() -> None:
    result = cgcli.parse("b = log(x); 3*x + 0*y").evaluate(x=2, y=1)
    assert result["b"].grad == 0.0


def test_jacobians() -> None:
    w = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    result = cgcli.parse("tanh(W @ x)*2").evaluate(W=w, x=[0.1, 0.2])
    assert (result.gradient, result["v1"].grad) == (None, None)
    assert result.jacobian is not None
    slope = 2 * (1 - np.tanh(w @ [0.1, 0.2]) ** 2)
    assert np.allclose(result.jacobian["x"], slope[:, None] * w, rtol=1e-13)
    assert result.jacobian["W"].shape == (3, 3, 2)
    expected = np.einsum("i,ij,k->ijk", slope, np.eye(3), [0.1, 0.2])
    assert np.allclose(result.jacobian["W"], expected, rtol=1e-13)


def test_values_may_be_arrays_fractions_and_lists() -> None:
    result = cgcli.parse("sum(x)*a").evaluate(x=np.arange(3, dtype=np.float32), a=Fraction(1, 2))
    assert result.value == 1.5
    assert type(result.value) is float


@pytest.mark.parametrize(
    "value", ["1", None, True, [], [[1], [1, 2]], [["a"]], np.zeros((2, 2, 2)), {"a": 1}, 1j]
)
def test_values_that_cannot_be_used(value: Any) -> None:
    with pytest.raises(CgraphError) as caught:
        cgcli.parse("x*2").evaluate(x=value)
    assert caught.value.kind == "binding"


def test_all_unbound_names_are_told_at_once() -> None:
    with pytest.raises(UnboundError) as caught:
        cgcli.parse("a*x + b*y").evaluate(x=1)
    assert caught.value.names == ["a", "b", "y"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("x[0]*y", ["x", "y"]),
        ("max(x) + e", ["x"]),
        ("for t in 0..n { h[t] = x[t] } h[n]", ["n", "x"]),
        ("f(a) = a @ b; sum(f(c)) + sum([d[i + k] for i in 0..2 by s])", ["b", "c", "d", "k", "s"]),
    ],
)
def test_names_without_a_value_come_before_their_shapes(text: str, names: list[str]) -> None:
    with pytest.raises(UnboundError) as caught:
        cgcli.parse(text).evaluate()
    assert caught.value.names == names
    assert caught.value.column is not None


def test_keywords_must_be_used_and_a_mapping_may_hold_more() -> None:
    program = cgcli.parse("x*2")
    assert program.evaluate({"x": 1, "z": 3}).value == 2.0
    with pytest.raises(CgraphError, match="'z' is bound"):
        program.evaluate(x=1, z=3)
    with pytest.raises(CgraphError, match="bound twice"):
        program.evaluate({"x": 1}, x=2)


def test_a_mapping_reaches_every_name() -> None:
    result = cgcli.parse("of*wrt + self").evaluate({"of": 2, "wrt": 3, "self": 4})
    assert result.gradient == {"of": 3.0, "wrt": 2.0, "self": 1.0}


def test_an_evaluation_leaves_the_program_as_it_was() -> None:
    program = cgcli.parse("sum(x*x)")
    assert program.evaluate(x=[1, 2]).value == 5.0
    assert program.evaluate(x=3).value == 9.0
    array = np.array([1.0, 2.0])
    result = program.evaluate(x=array)
    assert result.gradient is not None
    result.gradient["x"][0] = 99.0
    assert array[0] == 1.0


@sampled
@given(
    st.lists(st.floats(-50, 50), min_size=1, max_size=6),
    st.lists(st.floats(-50, 50), min_size=1, max_size=6),
)
@settings(max_examples=portion(100), deadline=None)
def test_a_loop_is_the_vector_operation(x: list[float], w: list[float]) -> None:
    """A dot product by hand, by `dot`, by `@` and by `sum`: the same gradient."""
    n = min(len(x), len(w))
    at = {"x": x[:n], "w": w[:n]}
    loop = f"s[0] = 0; for t in 0..{n - 1} {{ s[t+1] = s[t] + x[t]*w[t] }} s[{n}]"
    expected = cgcli.parse("dot(x, w)").evaluate(at).gradient
    assert expected is not None
    for text in (loop, "x @ w", "sum(x*w)", f"sum([x[t]*w[t] for t in 0..{n - 1}])"):
        found = cgcli.parse(text).evaluate(at).gradient
        assert found is not None
        for name in ("x", "w"):
            assert np.array_equal(found[name], expected[name]), text


def test_a_jacobian_too_large_is_refused_before_it_is_computed() -> None:
    with pytest.raises(CgraphError, match="25,600,000,000 numbers"):
        cgcli.parse("W*2").evaluate(W=np.ones((400, 400)))
    assert cgcli.parse("sum(W*2)").evaluate(W=np.ones((400, 400))).value == 320_000.0


def test_what_depends_on_nothing_has_an_empty_jacobian_at_once() -> None:
    result = cgcli.parse("onehot(1, 300000)").evaluate()
    assert result.jacobian == {}
    assert len(result.value) == 300_000


def test_whole_numbers_of_any_size() -> None:
    assert cgcli.parse("sum(x)").evaluate(x=[10**20, 1]).value == 1e20
    with pytest.raises(CgraphError, match="larger than the largest double"):
        cgcli.parse("x").evaluate(x=10**400)


@pytest.mark.parametrize("text", [None, b"x", 3])
def test_a_program_is_text(text: Any) -> None:
    with pytest.raises(CgraphError):
        cgcli.parse(text)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("floor(y)*log(z)", ""),
        ("log(floor(y))", "nan"),
        ("floor(y)*z", ""),
        ("floor(y + log(z))", "0"),
    ],
)
def test_a_step_sends_what_came_through_a_fault_and_nothing_else(text: str, sent: str) -> None:
    """An upstream that is NaN for a factor's sake goes no further, as no finite one does."""
    program, at = cgcli.parse(text), {"y": -1.5, "z": -1.0}
    at = {name: value for name, value in at.items() if name in text}
    arrows = program.draw(**at).to_dict()["arrows"]
    step = next(node for node in program.draw(**at).to_dict()["nodes"] if node["symbol"] == "floor")
    assert [a["contribution"] for a in arrows if a["to"] == step["id"]] == [sent]
