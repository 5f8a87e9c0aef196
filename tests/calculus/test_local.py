"""Local derivatives as formulas: what a course would write, and right by mpmath's definitions."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from mpmath import mp

import cgcli
from cgcli.calculus.local import Formula, Locals
from cgcli.graph.text import write
from cgcli.operations.row import LEVELS
from tests.oracles.functions import ELEMENTWISE, partials

# The textbook's form, at the points where the oracle has a derivative and neither form has lost
# its digits: a formula is for reading, and what is computed comes from the accurate rule.
MODERATE = [
    (word, args)
    for word, entry in ELEMENTWISE.items()
    for args in entry.points
    if all(1e-3 < abs(arg) < 12 and abs(abs(arg) - 1) > 1e-3 for arg in args)
]


def text(graph: Any, formula: Formula, node: int) -> str:
    def leaf(place: int) -> tuple[str, int] | None:
        if formula.graph.arguments[place]:
            return None
        own = formula.names.get(place)
        written = formula.graph.literals[place] if own is None else graph.names[own]
        return written, LEVELS["sum" if written.startswith("-") else "atom"]

    return write(formula.graph, node, leaf)


def locals_of(program: str, /, **at: Any) -> list[str]:
    """The local derivatives of the last operation, each with the reasons for its form."""
    result = cgcli.parse(program).evaluate(at)
    graph, node = result.graph, result.of
    found = []
    for place in range(len(graph.arguments[node])):
        formula = Locals(result).formula(node, place)
        assert formula is not None
        reasons = [text(graph, formula, reason) for reason in formula.reasons]
        found.append(" since ".join([text(graph, formula, formula.node), *dict.fromkeys(reasons)]))
    return found


@pytest.mark.parametrize(("word", "args"), MODERATE, ids=str)
def test_a_formula_is_the_derivative(word: str, args: tuple[float, ...]) -> None:
    entry = ELEMENTWISE[word]
    result = cgcli.parse(entry.text(args)).evaluate(entry.bindings(args))
    graph, node = result.graph, result.of
    names = {graph.names[k]: result.values[k] for k in range(len(graph))}
    for place in entry.variables(args):
        want = partials(word, args)[place]
        formula = Locals(result).formula(node, place)
        if formula is None or graph.operations[node].name in ("neg", "pos", "same"):
            continue
        written = text(graph, formula, formula.node)
        if "nan" in written:
            continue
        needed = {
            name: names[name] for name in re.findall(r"[A-Za-z]\w*", written) if name in names
        }
        got = cgcli.parse(written).evaluate(needed).value
        assert math.isclose(got, float(mp.mpf(want)), rel_tol=1e-8, abs_tol=1e-12), written
        for reason in formula.reasons:
            condition = text(graph, formula, reason)
            assert cgcli.parse(condition).evaluate(names).value == 1, condition


@pytest.mark.parametrize(
    ("program", "at", "want"),
    [
        ("x*y", {"x": 2, "y": 3}, ["y", "x"]),
        ("x - y", {"x": 2, "y": 3}, ["1", "-1"]),
        ("x/y", {"x": 2, "y": 3}, ["1 / y", "-x / y^2"]),
        ("x^2", {"x": 3}, ["2 * x", "f * log(x)"]),
        ("x^1", {"x": 3}, ["1", "f * log(x)"]),
        ("x^-1", {"x": 3}, ["-1 * x^-2", "f * log(x)"]),
        ("x^0.5", {"x": 3}, ["0.5 * x^-0.5", "f * log(x)"]),
        ("x^y", {"x": 3, "y": 2}, ["y * x^(y - 1)", "f * log(x)"]),
        ("x^y", {"x": 3, "y": 0}, ["0 since y == 0", "f * log(x)"]),
        ("k = 2; x^k", {"x": 3}, ["k * x^(k - 1)", "f * log(x)"]),
        ("tanh(x)", {"x": 3}, ["1 - f^2"]),
        ("sigmoid(x)", {"x": 3}, ["f * (1 - f)"]),
        ("exp(x)", {"x": 3}, ["f"]),
        ("sqrt(x)", {"x": 3}, ["1 / (2 * f)"]),
        ("asin(x)", {"x": 0.5}, ["1 / sqrt(1 - x^2)"]),
        ("relu(x)", {"x": 3}, ["1 since x > 0"]),
        ("relu(x)", {"x": -3}, ["0 since x <= 0"]),
        ("max(x, y)", {"x": 3, "y": 1}, ["1 since x > y", "0 since y <= x"]),
        ("min(x, y)", {"x": 3, "y": 3}, ["1 / 2 since y == x", "1 / 2 since x == y"]),
        ("hypot(x, y)", {"x": 3, "y": 4}, ["x / f", "y / f"]),
        ("where(c, x, y)", {"c": 1, "x": 3, "y": 4}, ["0", "1 since c != 0", "0 since c != 0"]),
        ("x*x", {"x": 3}, ["x", "x"]),
    ],
)
def test_what_is_written(program: str, at: dict[str, float], want: list[str]) -> None:
    assert locals_of(program, **at) == want


def test_cases_that_differ_between_elements_are_all_written() -> None:
    assert locals_of("relu(x)", x=[1, -1]) == ["where(x > 0, 1, 0)"]
    assert locals_of("relu(x)", x=[1, 2]) == ["1 since x > 0"]


def test_the_same_formula_serves_every_node_under_its_own_names() -> None:
    result = cgcli.parse("a = x*y; b = a*x; b*a").evaluate(x=2, y=3)
    graph = result.graph
    formulas = Locals(result)
    written = []
    for name in ("a", "b", "f"):
        node = graph.node(name)
        assert node is not None
        for place in (0, 1):
            found = formulas.formula(node, place)
            assert found is not None
            written.append(text(graph, found, found.node))
    assert written == ["y", "x", "x", "a", "a", "b"]
