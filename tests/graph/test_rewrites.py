"""What is advised for a formula says the same; of other formulas nothing is."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

import cgcli
from cgcli.graph.rewrites import REWRITES, rewrite

VECTORS = ("sum(", "dot(", "softmax(", "norm(a)", "logsumexp(a)")


def nodes_with_advice(text: str, at: dict[str, Any]) -> list[tuple[str, str]]:
    graph = cgcli.parse(text).graph(at)
    return [found for node in range(len(graph)) if (found := rewrite(graph, node))]


@pytest.mark.parametrize(("before", "after"), [row for rows in REWRITES.values() for row in rows])
def test_both_sides_are_one_function(before: str, after: str) -> None:
    is_vector = any(word in before + after for word in VECTORS) and "b" not in before
    at = {"a": [0.4, 1.3, 2.1] if is_vector else 0.7, "b": 1.9}
    values = [
        cgcli.parse(text).evaluate({k: v for k, v in at.items() if re.search(rf"\b{k}\b", text)})
        for text in (before, after)
    ]
    assert values[0].value == pytest.approx(values[1].value, rel=1e-14)


@pytest.mark.parametrize(
    "text",
    [
        "exp(x[0])/(1 + exp(x[1]))",
        "sqrt(x[0]*x[1] + x[1]*x[1])",
        "exp(2*y)/(1 + exp(3*y))",
        "exp(y^2)/(1 + exp(y^3))",
        "sqrt(y^2 + z^3)",
        "log(2 + exp(y))",
        "1/(1 - exp(-y))",
        "1/(1 + exp(y))",
        "(exp(y) - exp(-y))/(exp(y) + exp(-z))",
        "exp(sum(x, 0))/(1 + exp(sum(x)))",
        "log(1 + exp(y)*z)",
    ],
)
def test_another_formula_is_not_taken_for_one(text: str) -> None:
    assert nodes_with_advice(text, {"x": [1.0, 2.0], "y": 1.0, "z": 2.0}) == []


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("exp(x[0])/(1 + exp(x[0]))", "sigmoid(x[0])"),
        ("exp(2*y)/(1 + exp(2*y))", "sigmoid(2 * y)"),
        ("sqrt((y - z)^2 + (2*z)^2)", "hypot(y - z, 2 * z)"),
        ("exp(y)/exp(z)", "exp(y - z)"),
    ],
)
def test_the_parts_may_be_anything(text: str, advice: str) -> None:
    found = nodes_with_advice(text, {"x": [1.0, 2.0], "y": 1.0, "z": 2.0})
    assert advice in [after for _, after in found]


def test_advice_far_from_the_node_is_none() -> None:
    """The overflow is in exp(y), and what stands six uses further out is not about it."""
    text = "log(1 + exp(y))*1*1*1*1*1*1*1 + 1/(1 + exp(-z))"
    graph = cgcli.parse(text).graph({"y": 1.0, "z": 1.0})
    place = next(node for node, row in enumerate(graph.operations) if row.name == "exp")
    assert rewrite(graph, place) == ("log(1 + exp(y))", "softplus(y)")
    assert math.isfinite(cgcli.parse(text).evaluate(y=1, z=1).value)
