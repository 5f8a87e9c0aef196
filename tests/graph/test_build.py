"""Names, functions, families, loops, lists and indices: what graph a program builds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cgcli
from cgcli.errors import CgraphError
from cgcli.graph.text import formula
from cgcli.limits import Limits


def nodes(text: str, **bindings: Any) -> list[str]:
    graph = cgcli.parse(text).graph(bindings)
    return [f"{name} = {formula(graph, n)}" for n, name in enumerate(graph.names)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(x+y)*z", ["x = x", "y = y", "v1 = x + y", "z = z", "f = v1 * z"]),
        ("p = x+y; g = p*z", ["x = x", "y = y", "p = x + y", "z = z", "g = p * z"]),
        ("f = x*y; f + 1", ["x = x", "y = y", "f = x * y", "1 = 1", "out = f + 1"]),
        ("v1*x + f*out", ["v1 = v1", "x = x", "v2 = v1 * x", "f = f", "out = out",
                          "v3 = f * out", "out1 = v2 + v3"]),
        ("x", ["x = x"]),
        ("x*x", ["x = x", "f = x * x"]),
        ("x^2 + 2", ["x = x", "2 = 2", "v1 = x^2", "2 = 2", "f = v1 + 2"]),
        ("y0 = x; y0*y0", ["x = x", "y0 = x", "f = y0 * y0"]),
        ("a = pi; a*pi", ["pi = pi", "a = pi", "f = a * pi"]),
        ("q = 2; q*x", ["q = 2", "x = x", "f = q * x"]),
        ("f(a) = a*a; f(x+1)", ["x = x", "1 = 1", "v1 = x + 1", "out = v1 * v1"]),
        ("g(a) = a; p = g(x*y)", ["x = x", "y = y", "p = x * y"]),
        ("g(a) = a*b; g(2)", ["2 = 2", "b = b", "f = 2 * b"]),
        ("for t in 1..2 { h[t] = t*x }; h[2]", ["1 = 1", "x = x", "h[1] = 1 * x", "2 = 2",
                                                "h[2] = 2 * x"]),
        ("for t in 2..0 by -2 { h[t] = x^t }; h[0] - h[2]",
         ["x = x", "2 = 2", "h[2] = x^2", "0 = 0", "h[0] = x^0", "f = h[0] - h[2]"]),
        ("for i in 0..1 { for j in 0..i { W[i, j] = x } }; W[1, 0]",
         ["x = x", "W[0, 0] = x", "W[1, 0] = x", "W[1, 1] = x"]),
        ("h[-1] = x; h[-1]*2", ["x = x", "h[-1] = x", "2 = 2", "f = h[-1] * 2"]),
        ("[x*t for t in -1..0]", ["x = x", "-1 = -1", "v1 = x * -1", "0 = 0", "v2 = x * 0",
                                  "f = [v1, v2]"]),
        ("n = 2; m = n + 1; [x for t in 1..m][n]",
         ["n = 2", "1 = 1", "m = n + 1", "x = x", "v1 = [x, x, x]", "f = v1[2]"]),
        ("sum = x; sum*2", ["x = x", "sum = x", "2 = 2", "f = sum * 2"]),
        ("e = 2; e*x", ["e = 2", "x = x", "f = e * x"]),
    ],
)  # fmt: skip
def test_graphs(text: str, expected: list[str]) -> None:
    assert nodes(text) == expected


def test_a_bound_constant_is_an_input() -> None:
    assert cgcli.parse("e*x").evaluate(e=2, x=3).gradient == {"e": 3.0, "x": 2.0}


def test_static_values_come_from_shapes_and_bindings() -> None:
    text = "for t in 0..len(x)-1 { s[t] = x[t]*k }\nsum([s[t] for t in 0..len(x)-1])"
    assert cgcli.parse(text).evaluate(x=[1, 2, 3], k=2).value == 12.0
    assert cgcli.parse("sum([x^t for t in 0..n])").evaluate(x=2, n=3).value == 15.0


def test_an_axis_leaves_no_node_behind() -> None:
    w = np.arange(6.0).reshape(2, 3)
    assert nodes("2 + sum(w, 1)[0]", w=w) == [
        "2 = 2", "w = w", "v1 = sum(w, 1)", "v2 = v1[0]", "f = 2 + v2",
    ]  # fmt: skip
    assert nodes("mean(w, -1)", w=w) == ["w = w", "f = mean(w, -1)"]


def test_functions_see_their_parameters_and_the_names_of_the_program() -> None:
    text = "b = 10; f(x) = x + b; g(b) = f(b)*2; g(x)"
    assert cgcli.parse(text).evaluate(x=1).value == 22.0


def test_a_loop_variable_ends_with_its_loop() -> None:
    text = "for t in 0..1 { a[t] = t } t*x"
    assert cgcli.parse(text).evaluate(t=5, x=2).gradient == {"t": 2.0, "x": 5.0}


def test_nested_loops_may_use_the_same_variable() -> None:
    text = "for t in 0..1 { for t in 5..5 { a[t] = x } b[t] = a[5] }"
    with pytest.raises(CgraphError, match="assigned twice"):
        cgcli.parse(text).graph()
    text = "for t in 0..1 { p[t] = sum([x*t for t in 1..2])*t } p[1]"
    assert cgcli.parse(text).evaluate(x=2).value == 6.0


def test_indices_of_one_text_are_those_of_their_own_turn() -> None:
    text = "w(t) = x[t + 1]; for t in 0..1 { h[t] = x[t + 1] + w(1)*w(0) + x[t + 1, 0] }; h[1]"
    graph = cgcli.parse(text).graph({"x": np.ones((3, 3))})
    found = [graph.static[n] for n, row in enumerate(graph.operations) if row.picks]
    assert found == [(1,), (2,), (1,), (1, 0), (2,), (2,), (1,), (2, 0)]


def test_loops_run_in_the_order_of_time() -> None:
    """The recurrence of the language reference, against the same written by hand."""
    text = "h[0] = 0\nfor t in 0..2 { h[t+1] = tanh(w*h[t] + u*x[t]) }\n(h[3] - y)^2"
    at = {"w": 0.4, "u": 0.7, "x": [0.3, -0.2, 0.9], "y": 0.1}
    result = cgcli.parse(text).evaluate(at)
    h = [0.0]
    for t in range(3):
        h.append(np.tanh(0.4 * h[t] + 0.7 * at["x"][t]))  # type: ignore[index]
    up, by_w = 2 * (h[3] - 0.1), 0.0
    for t in (2, 1, 0):
        up *= 1 - h[t + 1] ** 2
        by_w += up * h[t]
        up *= 0.4
    assert result.value == pytest.approx((h[3] - 0.1) ** 2, rel=1e-14)
    assert result.gradient is not None
    assert result.gradient["w"] == pytest.approx(by_w, rel=1e-13)


@pytest.mark.parametrize(
    ("text", "kind", "part"),
    [
        ("a = 1; a = 2", "name", "assigned twice"),
        ("h[0] = 1; h[0] = 2", "name", "'h[0]' is assigned twice"),
        ("x*2; x = 1", "name", "before it is assigned"),
        ("h[1]; h[0] = 1", "name", "h[1] is used before"),
        ("h[0] = 1; h + 1", "name", "family"),
        ("h = 1; h[0] = 2", "name", "both one value and a family"),
        ("f(x) = x; f + 1", "name", "is a function"),
        ("f(x) = f(x); f(1)", "name", "calls itself"),
        ("f(x) = g(x); g(x) = f(x); f(1)", "name", "calls itself"),
        ("f(x) = x; f(x) = 2; 1", "name", "defined twice"),
        ("sin(x) = x; 1", "name", "of the language already"),
        ("for t in 0..1 { f(x) = x }", "name", "in a loop"),
        ("for t in 0..1 { p = t }", "name", "at each turn"),
        ("for t in 0..1 { t = 3 }", "name", "variable of a loop"),
        ("f(a, a) = a; 1", "syntax", "two parameters"),
        ("f(a) = a", "syntax", "ends with a function"),
        ("f(a) = a; f(1, 2)", "arity", "takes 1 argument, not 2"),
        ("for t in 0..-1 { x }", "syntax", "runs no statement"),
        ("for t in 5..0 { x }", "index", "counts up"),
        ("for t in 0..5 by 0 { x }", "index", "cannot be 0"),
        ("for t in 0..1.5 { x }", "index", "1.5"),
        ("for t in 0..x { x }", "index", "'x' must be known"),
        ("for t in 0..2^63 {}; x", "index", "the end of a range is 9.22337e+18"),
        ("for t in 2^63..2^63 { x }", "index", "the start of a range is 9.22337e+18"),
        ("for t in 0..2^54 by 2^54 { x }", "index", "up to 2^53"),
        ("for t in 0..1 { for u in 0..-2^64 by -1 {} }; x", "index", "up to 2^53"),
        ("[x for t in -2^63..-2^63]", "index", "up to 2^53"),
        ("h[1e300] = x; h[0]", "index", "up to 2^53"),
        ("for t in -2^53..2^53 {}; x", "limit", "turns"),
        ("for t in 0..1 { for u in -2^53..2^53 {} }; x", "limit", "turns"),
        ("[x for t in 1..0]", "shape", "empty"),
        ("x[0]", "shape", "scalar"),
        ("[1, 2][2]", "shape", "outside a vector of 2"),
        ("[1, 2][0, 0]", "shape", "one index"),
        ("[1, 2][x]", "index", "'x' must be known"),
        ("[1, 2][sum([1])]", "index", "known when the graph is built"),
        ("sum([1, 2], 1)", "shape", "no axis 1"),
        ("sum([1, 2], x)", "index", "axis of sum"),
        ("onehot(1, 0)", "shape", "at least 1"),
        ("max(1)", "shape", "two or more"),
        ("softmax(1)", "shape", "vector"),
        ("len(1)", "shape", "no length"),
        ("2 @ [1]", "shape", "scalar"),
        ("[[[1]]]", "shape", "three axes"),
        ("foo(x)", "name", "'foo'"),
        ("x(y)*x", "name", "'x'"),
        ("p = 2; p(3)", "name", "a value, not a function"),
    ],
)
def test_errors(text: str, kind: str, part: str) -> None:
    with pytest.raises(CgraphError) as caught:
        cgcli.parse(text).graph()
    assert (caught.value.kind, part in caught.value.message) == (kind, True), caught.value.message
    assert caught.value.places


def test_both_places_are_pointed_at() -> None:
    with pytest.raises(CgraphError) as caught:
        cgcli.parse("a = 1\na = 2").graph()
    assert [place.position().line for place in caught.value.places] == [2, 1]


@pytest.mark.parametrize(
    "text",
    [
        "for t in 0..100 { h[t] = x*t }",
        "sum([x*t for t in 0..100])",
        "f0(a) = a + a; f1(a) = f0(f0(a)); f2(a) = f1(f1(a)); f3(a) = f2(f2(f2(f2(a)))); f3(f3(x))",
        "for t in 0..100000000000 { x }",
        "for i in 0..1000 { for j in 0..1000 { for k in 0..1000 { x } } }",
    ],
)
def test_nodes_are_bounded(text: str) -> None:
    with pytest.raises(CgraphError) as caught:
        cgcli.parse(text, Limits(nodes=40)).graph()
    assert caught.value.kind == "limit"


def test_numbers_are_bounded() -> None:
    text = "a = [x for t in 1..100]; outer(a, a)"
    with pytest.raises(CgraphError, match="more than 1,000 numbers"):
        cgcli.parse(text, Limits(numbers=1000)).graph()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("z = sum(y); g(k) = sum(y, k)*k; sum(g(1)) + z", 20.0),
        ("z = sum(y); g(k) = sum(y, k - 1) + k; sum(g(1 + 1)) + z", 24.0),
        ("g(k) = [sum(y, k)[0], k]; sum(g(1))", 4.0),
    ],
)
def test_a_parameter_may_be_an_axis_and_a_value_too(text: str, value: float) -> None:
    assert cgcli.parse(text).evaluate(y=[[1, 2], [3, 4]]).value == value


def test_indices_nest_as_deep_as_brackets_may() -> None:
    nested = "h[" * 9_999 + "0" + "]" * 9_999
    assert cgcli.parse(f"h[0] = 0; {nested} + x").evaluate(x=2).value == 2.0


def test_a_loop_of_more_turns_than_nodes_is_refused_before_its_first() -> None:
    with pytest.raises(CgraphError, match="more than 5,000,000 turns"):
        cgcli.parse("for t in 0..10^15 { h[t] = x }").graph()
