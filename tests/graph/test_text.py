"""Print → parse → the same graph."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgcli.graph.build import build
from cgcli.graph.graph import Graph
from cgcli.graph.text import inline
from cgcli.language.parse import parse
from cgcli.operations.table import TABLE
from tests.amounts import portion, sampled
from tests.graph.printed import program

BINARY = [
    row.symbol for row in TABLE if row.symbol and len(row.parameters) == 2 and row.elementwise
]
UNARY = [row.symbol for row in TABLE if row.symbol and len(row.parameters) == 1]


def shape_of(graph: Graph) -> list[tuple[object, ...]]:
    """What a graph is, whatever its unnamed nodes are called and wherever they were written."""
    return [
        (
            operation.name,
            graph.arguments[node],
            graph.literals.get(node),
            graph.static.get(node),
            graph.names[node] if operation.name == "input" else None,
        )
        for node, operation in enumerate(graph.operations)
    ]


def same_after_printing(text: str) -> str:
    graph = build(parse(text))
    printed = inline(graph, graph.output, lambda _: False)
    assert shape_of(build(parse(printed))) == shape_of(graph), printed
    return printed


@pytest.mark.parametrize(("first", "second"), list(itertools.product(BINARY, BINARY)))
def test_every_pair_of_operators(first: str, second: str) -> None:
    same_after_printing(f"(a {first} b) {second} c")
    same_after_printing(f"a {first} (b {second} c)")


@pytest.mark.parametrize(("sign", "operator"), list(itertools.product(UNARY, BINARY)))
def test_every_sign_with_every_operator(sign: str, operator: str) -> None:
    same_after_printing(f"{sign}(a {operator} b)")
    same_after_printing(f"({sign}a) {operator} b")
    same_after_printing(f"a {operator} ({sign}b)")
    same_after_printing(f"{sign}{sign}a")


def expressions() -> st.SearchStrategy[str]:
    leaves = st.sampled_from(["a", "b", "c", "2", "0.5", "1e-3", "pi"])

    def extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pair = st.tuples(inner, st.sampled_from(BINARY), inner)
        return st.one_of(
            pair.map(lambda p: f"({p[0]}) {p[1]} ({p[2]})"),
            st.tuples(st.sampled_from(UNARY), inner).map(lambda p: f"{p[0]}({p[1]})"),
            inner.map(lambda p: f"sin({p})"),
            st.lists(inner, min_size=2, max_size=3).map(lambda p: f"max({', '.join(p)})"),
            st.lists(inner, min_size=2, max_size=2).map(lambda p: f"sum([{', '.join(p)}])"),
            inner.map(lambda p: f"[{p}, {p}][1]"),
        )

    return st.recursive(leaves, extend, max_leaves=12)


@sampled
@given(expressions())
@settings(max_examples=portion(300), deadline=None)
def test_random_expressions(text: str) -> None:
    printed = same_after_printing(text)
    assert same_after_printing(printed) == printed


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("((x))+y", "x + y"),
        ("x-(y-z)", "x - (y - z)"),
        ("x-y-z", "x - y - z"),
        ("(x^y)^z", "(x^y)^z"),
        ("x^(y^z)", "x^y^z"),
        ("(-x)^2", "(-x)^2"),
        ("-(x^2)", "-x^2"),
        ("2^(-x)", "2^-x"),
        ("x*(-y)", "x * -y"),
        ("(x*y)@z", "x * y @ z"),
        ("(a<b)<c", "(a < b) < c"),
        ("sin(x)^2", "sin(x)^2"),
        ("[x, y][-1]", "[x, y][-1]"),
        ("ln(x)", "log(x)"),
    ],
)
def test_printed_as_a_person_would(text: str, printed: str) -> None:
    bindings = {"x": 1.0, "y": 1.0, "z": 1.0}
    if "@" in text:
        import numpy as np

        bindings = dict.fromkeys("xyz", np.ones(2))
    graph = build(parse(text), bindings)
    assert inline(graph, graph.output, lambda _: False) == printed


PROGRAMS = [
    "p = x + y; g = p*z",
    "a1 = a0 + a0; a2 = a1 + a1; a3 = a2 + a2",
    "h[0] = 0\nfor t in 0..3 { h[t+1] = tanh(w*h[t] + u*x[t]) }\n(h[4] - y)^2",
    "g(a, b) = a*b + a; g(x[0], x[1])*g(x[1], x[0])",
    "y0 = x; y1 = y0*y0; y1 + sum(y1)",
    "p = x*x; q = p; [q, p, 2*p][1]",
    "sum([x[t]^t for t in 0..2])",
    "a = 2; b = a*x; b; b + 1",
    "x; p = x^2; p",
    "e^x[0] + pi",
]


@pytest.mark.parametrize("text", PROGRAMS)
def test_programs(text: str) -> None:
    """Every node of the graph is in the program that is printed, under the same name."""
    import numpy as np

    bindings = {"x": np.arange(1.0, 5.0)}
    graph = build(parse(text), bindings)
    printed = program(graph)
    again = build(parse(printed), bindings)
    assert len(again) == len(graph), printed
    assert {again.names[n] for n in again.given} >= {
        name for n, name in graph.given.items() if graph.arguments[n]
    }
    assert again.names[again.output] == graph.names[graph.output]
    assert program(again) == printed


def test_sixty_doublings_print_in_lines_proportional_to_the_nodes() -> None:
    text = "; ".join(f"a{i + 1} = a{i} + a{i}" for i in range(60))
    graph = build(parse(text))
    assert len(graph) == 61
    assert program(graph).count("\n") + 1 == 60
    assert len(program(graph)) < 1500
