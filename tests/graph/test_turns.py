"""Which turns of which loops the nodes of a graph are made in, by a count of our own."""

from __future__ import annotations

import cgcli


def test_loops_in_loops() -> None:
    text = (
        "for i in 3..4 { for j in 7..8 { h[i, j] = i + j*x }; g[i] = h[i, 7]*x; "
        "k[i] = sum([x^u for u in 1..2]); l[i] = g[i]*k[i] }; for j in 1..1 { m[j] = l[3]*x }; "
        "m[1] + l[4]"
    )
    graph = cgcli.parse(text).graph({"x": 2.0})
    found = {name: graph.turns.of(node) for node, name in graph.given.items()}
    outer = {i: (("i", i),) for i in (3, 4)}
    assert found == {
        **{f"h[{i}, {j}]": (*outer[i], ("j", j)) for i in (3, 4) for j in (7, 8)},
        **{f"{name}[{i}]": outer[i] for name in "gkl" for i in (3, 4)},
        "m[1]": (("j", 1),),
        "x": found["x"],
    }
    powers = [node for node, row in enumerate(graph.operations) if row.name == "pow"]
    assert [graph.turns.of(node) for node in powers] == [
        (*outer[i], ("u", u)) for i in (3, 4) for u in (1, 2)
    ]
    assert graph.turns.of(graph.output) == ()
