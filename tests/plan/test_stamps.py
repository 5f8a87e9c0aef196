"""Stamps: what is written again for nodes that are alike is what their rules would write."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cgcli
from cgcli.operations.row import Operation
from cgcli.operations.table import TABLE
from cgcli.plan.compiled import Compiled
from cgcli.plan.lower import Lowered
from cgcli.plan.passes import CellSweep
from cgcli.plan.stamps import StampedSweep

ELEMENTWISE = [row for row in TABLE if row.elementwise and row.parameters and row.words]
LOOP = "h[0] = x; for t in 0..7 {{ h[t+1] = {body} }}; sum(h[8])"
BODIES = [
    "W @ h[t] + b[0]*t",
    "h[t]*h[t] - h[t]/(1 + abs(b))",
    "where(h[t] > b, softplus(h[t]), h[t]^2)",
    "log_softmax(h[t]) + W[t - 2*floor(t/2), 0:3]*sum(h[t])",
    "concat(h[t][1:], [dot(h[t], b)])*0.5",
    "[b[0]*h[t][2], max(h[t][0], b[1]), h[t][-1]]",
    "where(h[t] > b, sqrt(h[t] - b), b - h[t])",
    "where(h[t] == b, h[t]^2, b*h[t])",
    "norm(h[t])*b + h[t]*h[0]",
    "outer(h[t], b) @ (h[t] == b)",
]


def made(text: str, values: dict[str, Any], rows: list[str], sweep: type[CellSweep]) -> list[bytes]:
    shapes = {name: value[0] if name in rows else value for name, value in values.items()}
    graph = cgcli.parse(text).graph(shapes)
    lowered = Lowered(graph, dict.fromkeys(rows), {}, sweep=sweep)
    totals = [lowered.total(graph.output), *lowered.gradient_totals()]
    by_row = [p for p in lowered.gradient_rows() if lowered.tape[p].rows]
    parameters = {n: np.array(v, dtype=float) for n, v in values.items() if n not in rows}
    compiled = Compiled(lowered, parameters, totals, by_row)
    with np.errstate(all="ignore"):
        arrays = compiled.rows({name: values[name] for name in rows}, 2 if rows else 1)
    return [array.tobytes() for array in [*(compiled.plan.arrays[p] for p in totals), *arrays]]


@pytest.mark.parametrize("rows", [[], ["x"], ["b", "x"]])
@pytest.mark.parametrize("body", BODIES)
def test_turns_of_a_loop(body: str, rows: list[str]) -> None:
    rng = np.random.default_rng(len(body))
    values = {"W": rng.normal(size=(3, 3)), "b": np.array([0.5, -1.0, 2.0]), "x": rng.random(3)}
    values.update({name: rng.normal(size=(2, 3)) + 1 for name in rows})
    text = LOOP.format(body=body)
    used = {name: value for name, value in values.items() if f"{name}" in body or name == "x"}
    rows = [name for name in rows if name in used]
    assert made(text, used, rows, StampedSweep) == made(text, used, rows, CellSweep)


@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_every_elementwise_operation(row: Operation) -> None:
    operands = ["h[t]", "x", "0.5"][: len(row.parameters)]
    text = LOOP.format(body=f"{row.words[0]}({', '.join(operands)}) + b*h[t]")
    values = {"b": np.array([0.5, 0.25]), "x": np.array([0.75, 0.0])}
    assert made(text, values, [], StampedSweep) == made(text, values, [], CellSweep)


@pytest.mark.parametrize("text", ["{squares} + {products}", "{products} + {squares}"])
def test_what_is_used_twice_is_no_stamp_for_two(text: str) -> None:
    text = text.format(squares="a*a + b*b + c*c + d*d", products="a*b + b*c + c*d")
    values = {name: np.array(float(k)) for k, name in enumerate("abcd", 2)}
    numbers = [np.frombuffer(each)[0] for each in made(text, values, [], StampedSweep)]
    assert numbers == [92.0, 7.0, 12.0, 16.0, 14.0]
