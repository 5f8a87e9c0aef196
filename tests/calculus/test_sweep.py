"""The sweep: the loop over floats does what it does, and so do arrays of one element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import cgcli
from cgcli.calculus.floats import FloatSweep, send_floats
from cgcli.calculus.notes import examine
from cgcli.calculus.passes import forward
from cgcli.calculus.pullback import ArraySweep
from cgcli.calculus.sweep import Trail
from cgcli.graph.graph import Graph
from cgcli.operations.table import TABLE
from tests.amounts import portion, sampled

ROWS = [row for row in TABLE if row.words and row.elementwise]
POINTS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e200, -1e-200, math.inf, -math.inf]),
    st.floats(-4, 4),
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A program of scalars: its operations in any order, edges and all."""
    names = ["x", "y", "2", "0"]
    lines = []
    for number in range(draw(st.integers(1, 6))):
        row = draw(st.sampled_from(ROWS))
        count = len(row.parameters) + (draw(st.integers(0, 2)) if row.variadic else 0)
        parts = [draw(st.sampled_from(names)) for _ in range(count)]
        name = f"n{number}"
        call = f"{row.words[0]}({', '.join(parts)})"
        joined = draw(st.sampled_from(["{}", "{} + x", "{}*y", "x/{}", "{}^2", "({} < y) + x"]))
        lines.append(f"{name} = {joined.format(call)}")
        names.append(name)
    return "; ".join(lines)


def looped(graph: Graph, values: list[Any], faults: dict[int, Any], active: bytearray) -> list[Any]:
    """The gradients of the output, by the loop alone: what steps let pass is added to either."""
    gradients: list[Any] = [None] * len(graph)
    gradients[graph.output] = 1.0
    kept: dict[int, list[Any]] = {}
    send_floats(graph, values, graph.output, -1, active, faults, gradients, kept)
    for node, partials in kept.items():
        places = [place for place, partial in enumerate(partials) if partial is not None]
        local = FloatSweep(graph, values).locals(node, places)
        assert all(map(alike, local, (partials[place] for place in places)))
    return gradients


def alike(a: Any, b: Any) -> bool:
    return (a is None) == (b is None) and (a is None or a == b or (a != a and b != b))


def valued(text: str, x: float, y: float) -> tuple[Any, list[Any], dict[int, Any], bytearray]:
    """A program's graph, its values, the nodes outside their domain, and what is differentiated."""
    graph = cgcli.parse(text).graph({"x": x, "y": y})
    inputs = {name: {"x": x, "y": y}[name] for name in graph.inputs}
    assume(inputs)
    values = forward(graph, inputs)
    active = graph.dependents(graph.inputs.values())
    return graph, values, examine(graph, values).faults, active


@sampled
@given(texts(), POINTS, POINTS)
@settings(max_examples=portion(400), deadline=None, suppress_health_check=list(HealthCheck))
def test_the_loop_of_floats_is_the_general_sweep(text: str, x: float, y: float) -> None:
    graph, values, faults, active = valued(text, x, y)
    fast = looped(graph, values, faults, active)
    general = FloatSweep(graph, values, Trail(faults)).backward(graph.output, active, 1.0)
    assert all(map(alike, fast, general)), (text, fast, general)


@sampled
@given(texts(), POINTS, POINTS)
@settings(max_examples=portion(200), deadline=None, suppress_health_check=list(HealthCheck))
def test_arrays_of_scalars_are_the_same(text: str, x: float, y: float) -> None:
    graph, values, faults, active = valued(text, x, y)
    fast = looped(graph, values, faults, active)
    with np.errstate(all="ignore"):
        arrays = ArraySweep(graph, values, Trail(faults)).backward(graph.output, active, 1.0)
    assert all(map(alike, fast, arrays)), (text, fast, arrays)
