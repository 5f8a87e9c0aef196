"""The channel between two layers: no value turns where another is."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgcli.views.drawing.channel import Channel, Net
from tests.amounts import portion

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


@pytest.mark.sampled
@settings(deadline=None, derandomize=True, max_examples=portion(300))
@given(passing=nets())
def test_values_keep_apart(passing: dict[int, Net]) -> None:
    channel = Channel(passing, LEAST)
    assert channel.width >= LEAST
    lines: dict[int, list[Point]] = {}
    levels: list[tuple[int, float, float, float]] = []
    for source, net in passing.items():
        points = []
        for row in net.arrivals:
            bends = channel.route(source, net.leave, row, channel.width)
            line = [(-20.0, net.leave), *bends, (channel.width + 20.0, row)]
            xs = [x for x, _ in line]
            assert xs == sorted(xs), "it leads forward"
            assert all(0 <= x <= channel.width for x in xs[1:-1]), "it turns in the channel"
            points += sampled(line)
            levels += [
                (source, y0, x0, x1) for (x0, y0), (x1, y1) in itertools.pairwise(line) if y0 == y1
            ]
        lines[source] = points
    for (a, y, x0, x1), (b, other_y, other_x0, other_x1) in itertools.combinations(levels, 2):
        is_near = a != b and abs(y - other_y) < 3 and min(x1, other_x1) - max(x0, other_x0) > 1
        assert not is_near, "two level pieces lie on one another"
    for one, two in itertools.combinations(lines.values(), 2):
        near = {p for p in one if any(math.dist(p, other) < 1.5 for other in two)}
        assert len(near) <= 20, "two values lie on one another"
