"""Formulas of random programs of vectors and matrices, evaluated again, are the gradients."""

from __future__ import annotations

import random

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


def program(seed: int) -> str:
    chance = random.Random(seed)

    def vector(depth: int) -> str:
        return chance.choice(VECTORS) if not depth else filled(chance.choice(TO_VECTOR), depth - 1)

    def matrix(depth: int) -> str:
        return chance.choice(MATRICES) if not depth else filled(chance.choice(OF_BOTH), depth - 1)

    def filled(pattern: str, depth: int) -> str:
        parts = {"M": matrix, "N": matrix, "v": vector, "u": vector}
        return pattern.format(
            **{name: part(chance.randrange(depth + 1)) for name, part in parts.items()}
        )

    return filled(chance.choice(TO_NUMBER), 1)


@pytest.mark.parametrize("text", [*KNOWN, *map(program, range(70))])
@pytest.mark.parametrize("sizes", SIZES)
def test_a_formula_comes_to_the_gradient(sizes: str, text: str) -> None:
    chance = np.random.default_rng(8)
    at = {name: chance.normal(size=size) for name, size in SIZES[sizes].items()}
    try:
        result = cgcli.parse(text).evaluate(at)
        formulas = Formulas(result.graph, Wanted())
    except cgcli.CgraphError as error:
        assert error.kind in ("shape", "limit", "usage")  # what does not fit
        return
    for row in formulas.rows:
        written = inline(formulas.graph, row.node, lambda node: False)
        value = cgcli.parse(written).evaluate(at).value
        gradient = result.gradient[row.wrt[0]]
        assert np.shape(value) == np.shape(gradient)
        assert np.allclose(value, gradient, rtol=1e-9, atol=1e-11), written
