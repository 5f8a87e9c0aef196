"""Compiled functions: text to first gradient, and calls after it, beside PyTorch and SciPy.

GMM and LSTM are the problems of ADBench (Šrajer, Kukelova, Fitzgibbon, 2018), written in matrix
form, with its sizes; Rosenbrock is written element by element, and the Jacobian is that of a
list of scalars.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from measure import Row, at_most, installed, print_table

DIMENSIONS, CLUSTERS, POINTS = 10, 5, 1_000
CHARACTERS, LETTERS = 1_024, 14
INPUTS = 100
LISTS = {300: 0.3, 1_000: 2.0}


def gmm_text() -> str:
    """Return the negative log likelihood of a mixture of Gaussians, with a Wishart prior."""
    lines = []
    for k in range(CLUSTERS):
        rows = []
        place = 0
        for i in range(DIMENSIONS):
            row = [f"l[{k}, {place + j}]" for j in range(i)]
            place += i
            row += [f"exp(q[{k}, {i}])"] + ["0"] * (DIMENSIONS - i - 1)
            rows.append(f"[{', '.join(row)}]")
        lines.append(f"Q[{k}] = [{', '.join(rows)}]")
        lines.append(f"s[{k}] = sum(((x - m[{k}]) @ transpose(Q[{k}]))^2, 1)")
        lines.append(f"t[{k}] = a[{k}] + sum(q[{k}]) - s[{k}]/2")
    terms = ", ".join(f"t[{k}]" for k in range(CLUSTERS))
    lines.append(f"prior = (sum(exp(q)^2) + sum(l^2))/2 - {DIMENSIONS + 1}*sum(q)")
    lines.append(f"prior - sum(logsumexp([{terms}], 0)) + {POINTS}*logsumexp(a)")
    return "; ".join(lines)


def gmm_values(rng: Any) -> dict[str, Any]:
    """Return random parameters and points."""
    lower = DIMENSIONS * (DIMENSIONS - 1) // 2
    return {
        "a": rng.normal(size=CLUSTERS),
        "m": rng.normal(size=(CLUSTERS, DIMENSIONS)),
        "q": 0.1 * rng.normal(size=(CLUSTERS, DIMENSIONS)),
        "l": 0.1 * rng.normal(size=(CLUSTERS, lower)),
        "x": rng.normal(size=(POINTS, DIMENSIONS)),
    }


def gmm_in_torch(values: Mapping[str, Any]) -> Callable[[], dict[str, Any]]:
    """Return the same cost and its gradients in PyTorch."""
    import torch

    tensors = {name: torch.tensor(value) for name, value in values.items()}
    wanted = [tensors[name].requires_grad_() for name in ("a", "m", "q", "l")]
    rows, columns = torch.tril_indices(DIMENSIONS, DIMENSIONS, -1)

    def call() -> dict[str, Any]:
        a, m, q, lower = wanted
        matrices = torch.diag_embed(torch.exp(q))
        matrices = matrices.index_put(
            (torch.arange(CLUSTERS)[:, None], rows[None], columns[None]), lower
        )
        centred = tensors["x"][None] - m[:, None]
        squares = (centred @ matrices.transpose(1, 2)).pow(2).sum(2)
        terms = a[:, None] + q.sum(1)[:, None] - squares / 2
        prior = (torch.exp(q).pow(2).sum() + lower.pow(2).sum()) / 2 - (DIMENSIONS + 1) * q.sum()
        cost = prior - torch.logsumexp(terms, 0).sum() + POINTS * torch.logsumexp(a, 0)
        gradients = torch.autograd.grad(cost, wanted)
        return dict(zip(("a", "m", "q", "l"), (g.numpy() for g in gradients), strict=True))

    return call


def lstm_text() -> str:
    """Return the cost of a net of two layers that predicts the next character."""
    layer = (
        "f{k}[t] = sigmoid(i{k}[t]*W[{w}] + B[{w}]); "
        "g{k}[t] = sigmoid(h{k}[t]*W[{w}+1] + B[{w}+1]); "
        "o{k}[t] = sigmoid(i{k}[t]*W[{w}+2] + B[{w}+2]); "
        "n{k}[t] = tanh(h{k}[t]*W[{w}+3] + B[{w}+3]); "
        "c{k}[t+1] = c{k}[t]*f{k}[t] + g{k}[t]*n{k}[t]; "
        "h{k}[t+1] = o{k}[t]*tanh(c{k}[t+1]); "
    )
    return (
        "h0[0] = S[0]; c0[0] = S[1]; h1[0] = S[2]; c1[0] = S[3]; e[0] = 0; "
        f"for t in 0..{CHARACTERS - 2} {{ i0[t] = X[t]*E[0]; "
        + layer.format(k=0, w=0)
        + "i1[t] = h0[t+1]; "
        + layer.format(k=1, w=4)
        + "e[t+1] = e[t] + dot(log_softmax(h1[t+1]*E[1] + E[2]), X[t+1]) }; "
        f"-e[{CHARACTERS - 1}]/{CHARACTERS - 1}"
    )


def lstm_values(rng: Any) -> dict[str, Any]:
    """Return random parameters and characters."""
    return {
        "W": rng.normal(size=(8, LETTERS)),
        "B": rng.normal(size=(8, LETTERS)),
        "S": rng.normal(size=(4, LETTERS)),
        "E": rng.normal(size=(3, LETTERS)),
        "X": np.eye(LETTERS)[rng.integers(LETTERS, size=CHARACTERS)],
    }


def timed(call: Callable[[], Any], rounds: int) -> float:
    """Return the median seconds of a call."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def compiled(
    text: str, values: Mapping[str, Any], rounds: int, **options: Any
) -> tuple[float, float, Any]:
    """Return the seconds from text to the first gradient, those of a call, and its result."""
    import cgcli

    start = time.perf_counter()
    function = cgcli.parse(text).function(**options)
    result = function(values)
    first = time.perf_counter() - start
    return first, timed(lambda: function(values), rounds), result


def gmm(rounds: int) -> list[Row]:
    """Return the rows of the mixture."""
    values = gmm_values(np.random.default_rng(0))
    first, call, result = compiled(gmm_text(), values, rounds, wrt=["a", "m", "q", "l"])
    label = f"GMM of {CLUSTERS} × {DIMENSIONS}, {POINTS:,} points"
    rows = [Row(f"{label}, text to first gradient", f"{first * 1e3:,.0f} ms")]
    if not installed("torch"):
        return [*rows, Row(f"{label}, a call", f"{call * 1e3:.2f} ms; PyTorch is not installed")]
    import torch

    torch.set_num_threads(1)
    start = time.perf_counter()
    peer = gmm_in_torch(values)
    expected = peer()
    peer_first = time.perf_counter() - start
    for name, gradient in expected.items():
        np.testing.assert_allclose(result.gradient[name], gradient, rtol=1e-9, atol=1e-9)
    ratio = call / timed(peer, rounds)
    figure = f"{ratio:.2f} times PyTorch's ({call * 1e3:.2f} ms)"
    rows[0] = Row(rows[0].measure, f"{first * 1e3:,.0f} ms; PyTorch {peer_first * 1e3:,.0f} ms")
    return [*rows, at_most(f"{label}, a call", ratio, 1.0, figure, " times")]


def lstm(rounds: int) -> list[Row]:
    """Return the rows of the recurrent net."""
    first, call, _ = compiled(lstm_text(), lstm_values(np.random.default_rng(1)), rounds)
    label = f"LSTM of 2 layers, {CHARACTERS:,} characters"
    return [
        at_most(f"{label}, text to first gradient", first, 1.5, f"{first:.2f} s", " s"),
        at_most(f"{label}, a call", call * 1e3, 100, f"{call * 1e3:,.0f} ms", " ms"),
    ]


def rosenbrock(rounds: int) -> list[Row]:
    """Return the row of a function that an optimiser calls."""
    text = f"sum([100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2 for i in 0..{INPUTS - 2}])"
    x = np.random.default_rng(2).normal(size=INPUTS)
    _, call, result = compiled(text, {"x": x}, rounds)
    if installed("scipy"):
        from scipy.optimize import rosen_der

        np.testing.assert_allclose(result.gradient["x"], rosen_der(x), rtol=1e-9)
    figure = f"{call * 1e3:.2f} ms"
    return [at_most(f"Rosenbrock of {INPUTS} inputs, a call", call * 1e3, 1.0, figure, " ms")]


def jacobians() -> list[Row]:
    """Return the rows of lists of scalars by as many inputs."""
    rows = []
    for count, goal in LISTS.items():
        text = f"[{', '.join(f'x{k}^2 + x{(k + 1) % count}' for k in range(count))}]"
        values = {f"x{k}": float(k) for k in range(count)}
        first, _, _ = compiled(text, values, 1, jacobian=True)
        label = f"Jacobian of {count:,} by {count:,}, from the text"
        rows.append(at_most(label, first, goal, f"{first:.2f} s", " s"))
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    if not installed("cgcli"):
        print_table([Row("compiled functions", "not installed")])
        return
    print_table([*gmm(rounds), *lstm(max(3, rounds // 4)), *rosenbrock(rounds), *jacobians()])


if __name__ == "__main__":
    main()
