"""Formulas of random programs of vectors and matrices, evaluated again, are the gradients."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import cgcli
from cgcli.algebra.formulas import Formulas, Wanted
from cgcli.graph.text import inline

VECTORS = (
    "x", "w", "A @ x", "x @ A", "softmax(x)", "cumsum(x)", "diag(A)", "diag(B)", "[x[0], w[1]]",
    "concat(x[0], w[1:])", "w*x", "(2*x + 1)", "A[0]", "A[:, 1]", "sum(A, 0)", "sum(B, 1)",
    "mean(A, 0)", "norm(A, 1)", "logsumexp(A, 0)", "prod(A, 1)", "log_softmax(w)", "s*x",
)  # fmt: skip
MATRICES = (
    "A", "B", "transpose(A)", "A @ B", "A*B", "outer(x, w)", "diag(x)", "diag(diag(A))",
    "softmax(A)", "exp(B)", "[x, w]", "A*x", "A + x", "s*A",
)  # fmt: skip
OF_BOTH = ("({M} @ {N})", "({M}*{N})", "transpose({M})", "diag({v})*{M}", "outer({v}, {u})")
TO_VECTOR = (
    "({M} @ {v})",
    "({v} @ {M})",
    "diag({M})",
    "cumsum({v})",
    "sum({M}, 0)",
    "norm({M}, 1)",
)
TO_NUMBER = (
    "sum({v})", "sum({M})", "trace({M})", "dot({v}, {u})", "norm({v})", "sum({v}^2)", "{v} @ {u}",
    "{v} @ {M} @ {u}", "logsumexp({v})", "mean({M})", "prod({v})", "max({v})", "trace({M} @ {N})",
    "{v}[1]*{u}[0]", "{M}[0, 1]", "sum({M} @ {v})",
    "sum(sum({M} @ {N}, 1)^2)", "sum(sum({M} @ {N}, 0)^2)", "sum(norm({M} @ {N}, 1))",
)  # fmt: skip
KNOWN = (
    "sum((diag(A) @ x)^2)", "(diag(A) @ A) @ x^2", "sum(diag(A)*x)", "x @ diag(A)",
    "sum(sum((A*x + A) @ diag(x), 1)^2)", "sum(norm(diag(w) @ (A*norm(A, 1)), 1))",
    "sum(sum(diag(diag(A)) @ (softmax(A)*norm(A, 1)), 1)^2)", "sum(sum(A @ B, 1)^2)",
)  # fmt: skip
SIZES = {
    "square": {"x": 2, "w": 2, "s": (), "A": (2, 2), "B": (2, 2)},
    "oblong": {"x": 3, "w": 2, "s": (), "A": (2, 3), "B": (3, 2)},
}


def program(seed: int, patterns: tuple[str, ...] = TO_NUMBER, depth: int = 1) -> str:
    chance = random.Random(seed)

    def vector(depth: int) -> str:
        return chance.choice(VECTORS) if not depth else filled(chance.choice(TO_VECTOR), depth - 1)

    def matrix(depth: int) -> str:
        return chance.choice(MATRICES) if not depth else filled(chance.choice(OF_BOTH), depth - 1)

    def filled(pattern: str, depth: int) -> str:
        parts = {"M": matrix, "N": matrix, "v": vector, "u": vector}
        made = {name: part(chance.randrange(depth + 1)) for name, part in parts.items()}
        return pattern.format(**made)

    return filled(chance.choice(patterns), depth)


def point(sizes: str) -> dict[str, Any]:
    chance = np.random.default_rng(8)
    return {name: chance.normal(size=size) for name, size in SIZES[sizes].items()}


def formulas_of(text: str, at: dict[str, Any], **wanted: Any) -> list[tuple[str, Any]]:
    """Return by what each derivative is, and what its formula comes to; none of what is no fit."""
    try:
        formulas = Formulas(cgcli.parse(text).evaluate(at).graph, Wanted(**wanted))
    except cgcli.CgraphError as error:
        assert error.kind in ("shape", "limit", "usage", "name")
        return []
    written = [inline(formulas.graph, row.node, lambda node: False) for row in formulas.rows]
    values = [cgcli.parse(formula).evaluate(at).value for formula in written]
    return [(row.wrt[0], value) for row, value in zip(formulas.rows, values, strict=True)]


@pytest.mark.parametrize("text", [*KNOWN, *map(program, range(70))])
@pytest.mark.parametrize("sizes", SIZES)
def test_a_formula_comes_to_the_gradient(sizes: str, text: str) -> None:
    at = point(sizes)
    for name, value in formulas_of(text, at):
        gradient = cgcli.parse(text).evaluate(at).gradient[name]
        assert np.shape(value) == np.shape(gradient)
        assert np.allclose(value, gradient, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    "text",
    [
        "sum(outer(x, w), 0)",
        "sum(outer(x, w), 0)*norm(A, 0)",
        *(program(seed, (*TO_VECTOR, "{v}*{u}", "{v} + {u}")) for seed in range(40)),
    ],
)
@pytest.mark.parametrize("sizes", SIZES)
def test_a_formula_comes_to_the_jacobian(sizes: str, text: str) -> None:
    at = point(sizes)
    for wrt in ("x", "w", "s"):
        for name, value in formulas_of(text, at, wrt=(wrt,), jacobian=True):
            jacobian = cgcli.parse(text).evaluate(at).jacobian[name]
            assert np.shape(value) == np.shape(jacobian)
            assert np.allclose(value, jacobian, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    "text",
    [
        "softmax(concat(x[0], w[1:])) @ (transpose(A) @ A @ x + w)",
        *(program(seed, depth=0) for seed in range(20)),
    ],
)
def test_a_formula_comes_to_the_second_derivative(text: str) -> None:
    """Which is a difference quotient of gradients."""
    at, step = point("square"), 1e-5
    for _, value in formulas_of(text, at, wrt=("x", "x")):
        rows = []
        for move in step * np.eye(2):
            ends = [cgcli.parse(text).evaluate({**at, "x": at["x"] + m}) for m in (move, -move)]
            rows.append((ends[0].gradient["x"] - ends[1].gradient["x"]) / (2 * step))
        assert np.allclose(value, rows, rtol=1e-4, atol=1e-6)
