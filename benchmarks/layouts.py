"""Layout libraries on computational graphs: time, crossings, and arrows that run through nodes.

graphlay, which `cgraph draw` uses, beside igraph and fast-sugiyama, on the same graphs with the
same layers where a library takes them. Nodes are 1 by 1, rows 1.5 and layers 3 apart.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from bisect import bisect_left, bisect_right
from typing import Any

from measure import Row, fresh, installed, print_table

SIZES = [30, 300, 2000]
GAP, PITCH = 1.5, 3.0
LIBRARIES = {"graphlay": "graphlay", "igraph": "igraph", "fast-sugiyama": "fast_sugiyama"}
SECONDS = 60

Point = tuple[float, float]
Edge = tuple[int, int]


def expression(count: int) -> str:
    """Return a program of about so many operations, most of whose arguments are recent."""
    chance = random.Random(7)  # a repeatable graph, no secret
    names = ["x", "y", "z"]
    lines = []
    for k in range(count):
        near = names[-8:]
        a, b = (chance.choice(near if chance.random() < 0.7 else names) for _ in "ab")
        lines.append(f"n{k} = {a} {chance.choice('+-*')} {b}")
        names.append(f"n{k}")
    return "\n".join(lines)


def recurrence(count: int) -> str:
    """Return a recurrent net with shared weights, of about so many nodes."""
    turns = max(2, count // 6)
    return f"h[0] = s; for t in 1..{turns} {{ h[t] = tanh(w*h[t-1] + u*h[t-1] + b) }} h[{turns}]"


def network(count: int) -> str:
    """Return layers of three units, of about so many nodes."""
    lines, before = [], ["x1", "x2", "x3"]
    for layer in range(max(1, count // 36)):
        units = [f"h{layer}_{k}" for k in range(3)]
        for unit in units:
            terms = " + ".join(f"w{unit}_{j}*{x}" for j, x in enumerate(before))
            lines.append(f"{unit} = tanh({terms} + b{unit})")
        before = units
    return "\n".join([*lines, " + ".join(before)])


FAMILIES = {"expression": expression, "recurrence": recurrence, "network": network}


def graph(family: str, count: int) -> tuple[int, list[Edge], list[int]]:
    """Return how many nodes are drawn, their edges, and their layers."""
    import cgcli
    from cgcli.views.drawing.layers import Layers
    from cgcli.views.drawing.scene import Picture, scene

    drawn = scene(cgcli.parse(FAMILIES[family](count)).graph(), None, Picture())
    edges = sorted({(arrow.source, arrow.target) for arrow in drawn.arrows})
    return len(drawn.shapes), edges, Layers(drawn).levels


def by_graphlay(count: int, edges: list[Edge], levels: list[int]) -> Any:
    """Lay out as `cgraph draw` does."""
    import graphlay

    side = 40.0
    nodes = graphlay.Graph()
    for k in range(count):
        nodes.node(k, width=side, height=side, rank={"fixed": levels[k]})
    for a, b in edges:
        nodes.edge(a, b)
    found = graphlay.layout(
        nodes,
        options={
            "direction": "leftright",
            "effort": "balanced" if count <= 300 else "fast",
            "routing": {"style": "diagonal", "port_sides": "facing_only"},
            "spacing": {
                "layer_gap": side * (PITCH - 1),
                "node_gap": side * (GAP - 1),
                "dummy_gap": side * (GAP - 1),
            },
        },
    )
    places = [(n["center"]["x"] / side, n["center"]["y"] / side) for n in found.nodes]
    routes = [[(p["x"] / side, p["y"] / side) for p in edge["points"]] for edge in found.edges]
    return places, routes


def by_igraph(count: int, edges: list[Edge], levels: list[int]) -> Any:
    """Lay out with igraph, a component at a time: it mixes up the bends of several."""
    import igraph

    whole = igraph.Graph(count, edges, directed=True)
    places: list[Point] = [(0.0, 0.0)] * count
    routes: list[list[Point]] = [[] for _ in edges]
    numbers = {edge: k for k, edge in enumerate(edges)}
    below = 0.0
    for members in whole.connected_components(mode="weak"):
        own = {v: k for k, v in enumerate(members)}
        inner = [(a, b) for a, b in edges if a in own]
        part = igraph.Graph(len(own), [(own[a], own[b]) for a, b in inner], directed=True)
        found = part.layout_sugiyama(
            layers=[levels[v] for v in members], hgap=GAP, vgap=PITCH, maxiter=100
        )
        least = min(across for across, _ in found.coords)
        for v, (across, along) in zip(members, found.coords, strict=True):
            places[v] = (along, across - least + below)
        for edge, bends in zip(inner, found.edge_routing, strict=True):
            routes[numbers[edge]] = [(along, across - least + below) for across, along in bends]
        below = max(places[v][1] for v in members) + GAP
    return places, routes


def by_fast_sugiyama(count: int, edges: list[Edge], levels: list[int]) -> Any:
    """Lay out with fast-sugiyama, which chooses the layers itself; its dummies are the bends."""
    import fast_sugiyama

    places: dict[int, Point] = {}
    after: dict[int, list[int]] = {}
    below = 0.0
    found = fast_sugiyama.from_edges(
        edges, vertex_spacing=100 * GAP, dummy_vertices=True, dummy_size=1.0, check_layout=False
    )
    for part, _, _, chains in found:
        heights = sorted({round(y, 3) for _, (_, y) in part}, reverse=True)
        least = min(x for _, (x, _) in part)
        for v, (x, y) in part:
            places[v] = (heights.index(round(y, 3)) * PITCH, below + (x - least) / 100)
        for a, b in chains or []:
            after.setdefault(a, []).append(b)
        below = max(y for _, y in places.values()) + GAP
    ends: dict[Edge, list[int]] = {}
    for a in range(count):
        for start in after.get(a, []):
            chain = [start]
            while chain[-1] >= count:
                chain.append(after[chain[-1]][0])
            ends[a, chain[-1]] = chain[:-1]
    routes = [[places[v] for v in ends.get(edge, [])] for edge in edges]
    return [places[v] for v in range(count)], routes


def judge(places: list[Point], edges: list[Edge], routes: list[list[Point]]) -> dict[str, int]:
    """Return the crossings between layers, and the arrows that run through a node."""
    columns: list[float] = []
    for x in sorted({round(x, 2) for x, _ in places}):
        if not columns or x - columns[-1] > 0.6:
            columns.append(x)
    column = [min(range(len(columns)), key=lambda c: abs(columns[c] - x)) for x, _ in places]
    members: list[list[tuple[float, int]]] = [[] for _ in columns]
    for v, (_, y) in enumerate(places):
        members[column[v]].append((y, v))
    pieces: list[list[Point]] = [[] for _ in columns]
    through = 0
    for (a, b), bends in zip(edges, routes, strict=True):
        way = [places[a], *bends, places[b]]
        rows = [_height(way, columns[c]) for c in range(column[a], column[b] + 1)]
        for k, c in enumerate(range(column[a], column[b])):
            pieces[c].append((round(rows[k], 3), round(rows[k + 1], 3)))
        inner = range(column[a] + 1, column[b])
        through += any(
            abs(y - rows[c - column[a]]) < 0.5
            for c in inner
            for y, v in members[c]
            if v not in (a, b)
        )
    return {"crossings": sum(map(_inversions, pieces)), "through": through}


def _height(way: list[Point], x: float) -> float:
    across = [p[0] for p in way]
    k = bisect_left(across, x)
    if k <= 0 or k >= len(way):
        return way[min(k, len(way) - 1)][1]
    (x0, y0), (x1, y1) = way[k - 1], way[k]
    return y1 if x1 == x0 else y0 + (y1 - y0) * (x - x0) / (x1 - x0)


def _inversions(pieces: list[Point]) -> int:
    """Return how many pairs of pieces cross: their order at the left is not that at the right."""
    ends: list[float] = []
    count = 0
    for _, end in sorted(pieces):
        count += len(ends) - bisect_right(ends, end)
        ends.insert(bisect_left(ends, end), end)
    return count


ENGINES = {"graphlay": by_graphlay, "igraph": by_igraph, "fast-sugiyama": by_fast_sugiyama}


def once(library: str, family: str, count: int) -> dict[str, float]:
    """Return the seconds, crossings and arrows through nodes of one layout in this process."""
    nodes, edges, levels = graph(family, count)
    ENGINES[library](3, [(0, 1), (1, 2)], [0, 1, 2])  # the import is not what is measured
    start = time.perf_counter()
    places, routes = ENGINES[library](nodes, edges, levels)
    seconds = time.perf_counter() - start
    return {"nodes": nodes, "seconds": seconds, **judge(places, edges, routes)}


def measure(sizes: list[int]) -> list[Row]:
    """Return a row for each library, family and size; a process each, cut off when it is slow."""
    rows = []
    for family in FAMILIES:
        for count in sizes:
            for library, module in LIBRARIES.items():
                label = f"{family}, {count} nodes: {library}"
                if not installed(module):
                    rows.append(Row(label, "not installed"))
                    continue
                try:
                    one = fresh(__file__, "--once", library, family, str(count), timeout=SECONDS)
                except TimeoutError:
                    rows.append(Row(label, f"more than {SECONDS} s"))
                    continue
                figure = (
                    f"{one['seconds']:.3f} s, {one['crossings']:,} crossings, "
                    f"{one['through']:,} arrows through a node"
                )
                rows.append(Row(label, figure))
    return rows


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--once", nargs=3, help="library, family and size, as JSON")
    options = parser.parse_args()
    if options.once:
        library, family, count = options.once
        sys.stdout.write(json.dumps(once(library, family, int(count))) + "\n")
    else:
        print_table(measure(options.sizes))


if __name__ == "__main__":
    main()
