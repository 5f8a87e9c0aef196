"""The rules run over the nodes of a graph: the gradient's gradient is the second derivative."""

from __future__ import annotations

from typing import Any

import mpmath
import pytest

import cgcli
from cgcli.calculus.passes import forward
from cgcli.graph.build import build
from cgcli.graph.graph import Graph
from cgcli.graph.text import inline
from cgcli.language.parse import parse
from cgcli.numbers.symbolic import Symbol, symbolic

# Scalar programs through every elementwise rule that has a second derivative to speak of.
PROGRAMS = [
    "x^3*y - y/x", "exp(x*y)", "log(x + y^2)", "sin(x)*cos(y)", "tan(x*y)", "sqrt(x*y)",
    "sinc(x*y)", "x^y", "asin(x/3)*acos(y/3)", "atan(x*y)", "atan2(x, y)",
    "sinh(x)*cosh(y)", "tanh(x*y)",
    "asinh(x*y)", "acosh(x + y + 1)", "atanh(x*y/9)", "hypot(x, y)", "xlogy(x, y)",
    "sigmoid(x*y)", "softplus(x - y)", "silu(x*y)", "gelu(x*y)", "elu(-x*y)", "leaky_relu(-x*y^2)",
    "erf(x*y)", "erfc(x*y)", "gamma(x + y)", "lgamma(x*y)", "digamma(x*y)", "polygamma(2, x*y)",
    "cbrt(x*y)", "expm1(x*y)", "log1p(x*y)", "log2(x*y)", "log10(x*y)", "abs(-x*y^2)",
    "max(x^2*y, 1)", "min(x^2*y, 99)", "clip(x^2*y, 0, 99)", "where(x > y, x*y, x*y^2)",
    "mod(x^2*y, 50)", "relu(x^2*y)",
]  # fmt: skip
POINT = {"x": 0.83, "y": 1.21}


def gradient_graph(graph: Graph, wrt: str) -> None:
    """Append to a graph of scalars the nodes of its output's derivative by a name.

    The backward pass over symbols: the same partials, the same order, nodes in place of floats.
    """
    m = symbolic(graph)
    upstream: dict[int, Any] = {graph.output: 1}
    for node in range(graph.output, -1, -1):
        arguments = graph.arguments[node]
        if node not in upstream or not arguments:
            continue
        parts = [Symbol(graph, argument) for argument in arguments]
        y = Symbol(graph, node)
        for place, argument in enumerate(arguments):
            partial = graph.operations[node].partial(place)(m, y, *parts)
            sent = upstream[node] * partial
            upstream[argument] = upstream.get(argument, 0) + sent
    found = upstream.get(graph.inputs[wrt], 0)
    graph.output = found.node if isinstance(found, Symbol) else graph.constant(float(found), "0")


def mpmath_function(name: str) -> Any:
    special = {
        "log2": lambda x: mpmath.log(x, 2),
        "log1p": lambda x: mpmath.log(1 + x),
        "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
        "softplus": lambda x: mpmath.log(1 + mpmath.exp(x)),
        "silu": lambda x: x / (1 + mpmath.exp(-x)),
        "gelu": lambda x: x * mpmath.ncdf(x),
        "elu": lambda x: x if x > 0 else mpmath.exp(x) - 1,
        "leaky_relu": lambda x: x if x > 0 else x / 100,
        "relu": lambda x: max(x, 0),
        "lgamma": mpmath.loggamma,
        "polygamma": mpmath.psi,
        "xlogy": lambda a, b: a * mpmath.log(b),
        "abs": abs,
        "max": max,
        "min": min,
        "clip": lambda x, low, high: min(max(x, low), high),
        "where": lambda c, a, b: a if c else b,
        "mod": lambda a, b: a - b * mpmath.floor(a / b),
    }
    return special.get(name) or getattr(mpmath, name)


def value(graph: Graph, x: Any, y: Any) -> Any:
    """An independent forward pass, over mpmath's numbers and mpmath's functions."""
    operators = {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
        "pow": lambda a, b: a**b,
        "neg": lambda a: -a,
        "gt": lambda a, b: a > b,
    }
    values: list[Any] = []
    for node, operation in enumerate(graph.operations):
        parts = [values[a] for a in graph.arguments[node]]
        if operation.name == "input":
            values.append({"x": x, "y": y}[graph.names[node]])
        elif operation.name == "constant":
            values.append(mpmath.mpf(graph.constants[node]))
        else:
            rule = operators.get(operation.name) or mpmath_function(operation.name)
            values.append(rule(*parts))
    return values[graph.output]


@pytest.mark.parametrize("text", PROGRAMS)
@pytest.mark.parametrize("second", ["x", "y"])
def test_second_derivatives(text: str, second: str) -> None:
    original = build(parse(text))
    orders = (2, 0) if second == "x" else (1, 1)
    with mpmath.workdps(60):
        point = (mpmath.mpf(POINT["x"]), mpmath.mpf(POINT["y"]))
        expected = float(mpmath.diff(lambda x, y: value(original, x, y), point, orders))
    graph = build(parse(text))
    gradient_graph(graph, "x")
    gradient_graph(graph, second)
    found = forward(graph, POINT)[graph.output]
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("text", PROGRAMS)
def test_every_value_is_a_float(text: str) -> None:
    """A whole number among them could grow without bound."""
    for x in (0.83, -0.83):
        values = forward(build(parse(text)), {**POINT, "x": x})
        assert {type(each) for each in values} == {float}


@pytest.mark.parametrize("text", PROGRAMS)
def test_a_derivative_is_a_program_with_the_same_value(text: str) -> None:
    """What the rules build can be printed, parsed, and evaluated: it is the gradient again."""
    graph = build(parse(text))
    gradient_graph(graph, "x")
    printed = inline(graph, graph.output, lambda _: False)
    expected = cgcli.parse(text).evaluate(POINT).gradient
    assert expected is not None
    found = cgcli.parse(printed).evaluate(POINT).value
    assert found == pytest.approx(expected["x"], rel=1e-12)
