"""The channel between two layers: no value turns where another is."""

from __future__ import annotations

import itertools
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from cgcli.views.drawing.channel import Channel, Net

Point = tuple[float, float]
LEAST = 26.0


@st.composite
def rows(draw: st.DrawFn) -> list[float]:
    """Rows as far apart as a layer has them."""
    steps = draw(st.lists(st.integers(16, 60), min_size=1, max_size=8))
    return [float(row) for row in itertools.accumulate(steps)]


@st.composite
def nets(draw: st.DrawFn) -> dict[int, Net]:
    """Values that leave one layer and arrive in the next, each in rows of its own."""
    leaves, arrivals = draw(rows()), draw(rows())
    sources = draw(
        st.lists(
            st.sampled_from(range(len(leaves))), min_size=len(arrivals), max_size=len(arrivals)
        )
    )
    found: dict[int, Net] = {}
    for source, row in zip(sources, draw(st.permutations(arrivals)), strict=True):
        found.setdefault(source, Net(leaves[source], [])).arrivals.append(row)
    return found


def sampled(line: list[Point]) -> list[Point]:
    """Points of a line, two pixels from one another."""
    points = []
    for (x0, y0), (x1, y1) in itertools.pairwise(line):
        count = max(1, round(math.dist((x0, y0), (x1, y1)) / 2))
        points += [(x0 + (x1 - x0) * k / count, y0 + (y1 - y0) * k / count) for k in range(count)]
    return points


@settings(deadline=None, derandomize=True, max_examples=300)
@given(passing=nets())
def test_values_keep_apart(passing: dict[int, Net]) -> None:
    channel = Channel(passing, LEAST)
    assert channel.width >= LEAST
    lines: dict[int, list[Point]] = {}
    for source, net in passing.items():
        points = []
        for row in net.arrivals:
            bends = channel.route(source, net.leave, row, channel.width)
            line = [(-20.0, net.leave), *bends, (channel.width + 20.0, row)]
            xs = [x for x, _ in line]
            assert xs == sorted(xs), "it leads forward"
            assert all(0 <= x <= channel.width for x in xs[1:-1]), "it turns in the channel"
            points += sampled(line)
        lines[source] = points
    for a, b in itertools.combinations(lines.values(), 2):
        near = [p for p in a if any(math.dist(p, other) < 1.5 for other in b)]
        assert len(near) <= 20, "two values lie on one another"
