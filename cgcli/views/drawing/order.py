"""The order in which arguments arrive: as they are written, from the top.

A quotient whose divisor comes in above its dividend reads as another quotient. The layout library
knows no order, so that what it placed is turned upside down where that is better, and then the
parts of a picture that lead to one operation alone change places where there is room.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise

from cgcli.views.drawing.layers import Layers


def in_order(layers: Layers, rows: list[float]) -> list[float]:
    """Return rows with which more arguments arrive in order; no box comes nearer than the gap."""
    pairs = [
        pair
        for shape, sources in zip(layers.scene.shapes, layers.sources, strict=True)
        if shape.is_ordered
        for pair in pairwise(sources)
    ]
    if 2 * sum(rows[first] > rows[second] for first, second in pairs) > len(pairs):
        rows = [-row for row in rows]
    for first, second in reversed(pairs):
        if rows[first] <= rows[second]:
            continue
        upper, lower = _parts(layers, second), _parts(layers, first)
        if upper and lower:
            rows = _exchanged(layers, rows, upper, lower)
    return rows


def by_turn(layers: Layers, rows: list[float]) -> list[float]:
    """Return rows with the turns of each list in their order, in lanes of one height.

    What the layout library keeps apart it puts in any order.
    """
    for turns in layers.loops.lists:
        spans = [layers.span(turn.shapes, rows) for turn in turns]
        tall = max(bottom - top for top, bottom in spans)
        places = sorted(spans)
        room = (after[0] - before[1] + tall for before, after in pairwise(places))
        tops = list(accumulate(room, initial=places[0][0]))
        moves = {
            shape: new + (tall - top - bottom) / 2
            for turn, new, (top, bottom) in zip(turns, tops, spans, strict=True)
            for shape in turn.shapes
        }
        moved = []
        for shape, row in enumerate(rows):
            above = bisect_left(places, (row, row)) - 1
            other = tops[above] + tall - places[above][1] if above >= 0 else 0.0
            moved.append(row + moves.get(shape, other))
        rows = moved
    return rows


def _parts(layers: Layers, root: int) -> set[int]:
    """Return a shape and all that leads there alone; nothing where the shape has other uses."""
    if len(layers.users[root]) != 1:
        return set()
    parts = {root}
    # Every shape stands before what uses it.
    for shape in range(root - 1, -1, -1):
        if layers.users[shape] and parts.issuperset(layers.users[shape]):
            parts.add(shape)
    return parts


def _exchanged(layers: Layers, rows: list[float], upper: set[int], lower: set[int]) -> list[float]:
    """Return rows with a lower part above an upper one, or as they are where something is between.

    Both parts move as they are, so that what is level stays level.
    """
    levels, parts = layers.levels, upper | lower
    shared = {levels[shape] for shape in upper} & {levels[shape] for shape in lower}
    if not shared:
        return rows
    spans = [
        [
            layers.span([k for k in layers.columns[level] if k in part], rows)
            for part in (upper, lower)
        ]
        for level in shared
    ]
    rise = min(low[0] - high[0] for high, low in spans)
    fall = max(low[1] - rise + layers.gap - high[0] for high, low in spans)
    moved = [
        row - rise if shape in lower else row + fall if shape in upper else row
        for shape, row in enumerate(rows)
    ]
    touched = [layers.columns[level] for level in {levels[shape] for shape in parts}]
    short = list(_short(layers, moved, rows, touched))
    if any(above not in parts or below in parts for above, below, _ in short):
        return rows
    if short:
        # All that is lower makes room.
        edge = min(moved[below] for _, below, _ in short)
        room = max(lack for _, _, lack in short)
        moved = [
            row + room if row >= edge and shape not in parts else row
            for shape, row in enumerate(moved)
        ]
    return rows if any(_short(layers, moved, rows, touched)) else moved


def _short(
    layers: Layers, moved: list[float], rows: list[float], columns: Iterable[list[int]]
) -> Iterator[tuple[int, int, float]]:
    """Yield pairs of neighbours that are too near, the upper one first, and by how much."""
    for column in columns:
        for above, below in pairwise(sorted(column, key=moved.__getitem__)):
            least = layers.apart(above, below)
            # What had less room before may keep it.
            lack = min(least, abs(rows[below] - rows[above])) - (moved[below] - moved[above])
            if lack > 1e-6:
                yield above, below, lack
