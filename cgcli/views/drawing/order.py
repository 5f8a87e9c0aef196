"""The order in which arguments arrive: as they are written, from the top.

A quotient whose divisor comes in above its dividend reads as another quotient. The layout library
knows no order, so that what it placed is turned upside down where that is better, and then the
parts of a picture that lead to one operation alone change places where there is room.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate, count, pairwise

from cgcli.views.drawing.layers import Layers


def in_order(layers: Layers, rows: list[float]) -> list[float]:
    """Return rows with which more arguments arrive in order; no box comes nearer than the gap."""
    pairs = [
        pair
        for shape, numbers in zip(layers.scene.shapes, layers.arriving, strict=True)
        if shape.is_ordered
        for pair in pairwise(layers.ways[number][-2] for number in numbers)
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
    numbers = count(1)
    for turns in layers.loops.lists:
        spans = [layers.span(turn.shapes, rows) for turn in turns]
        tall = max(bottom - top for top, bottom in spans)
        places = sorted(spans)
        room = (after[0] - before[1] + tall for before, after in pairwise(places))
        tops = list(accumulate(room, initial=places[0][0]))
        moves = {
            next(numbers): new + (tall - top - bottom) / 2
            for new, (top, bottom) in zip(tops, spans, strict=True)
        }
        moved = []
        for stop, row in enumerate(rows):
            above = bisect_left(places, (row, row)) - 1
            other = tops[above] + tall - places[above][1] if above >= 0 else 0.0
            moved.append(row + moves.get(layers.lanes.get(stop, 0), other))
        rows = moved
    return rows


def _parts(layers: Layers, root: int) -> set[int]:
    """Return a stop and all that leads there alone; nothing where it has other uses."""
    if len(layers.onward[root]) != 1:
        return set()
    parts = {root}
    for level in range(layers.stops[root].level - 1, -1, -1):
        parts |= {
            k for k in layers.columns[level] if layers.onward[k] and layers.onward[k] <= parts
        }
    return parts


def _exchanged(layers: Layers, rows: list[float], upper: set[int], lower: set[int]) -> list[float]:
    """Return rows with a lower part above an upper one, or as they are where something is between.

    Both parts move as they are, so that what is level stays level.
    """
    stops, parts = layers.stops, upper | lower
    shared = {stops[k].level for k in upper} & {stops[k].level for k in lower}
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
    touched = {stops[k].level for k in parts}
    short = list(shortages(layers, moved, rows, touched))
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
    return rows if any(shortages(layers, moved, rows, touched)) else moved


def shortages(
    layers: Layers, moved: list[float], rows: list[float], levels: Iterable[int]
) -> Iterator[tuple[int, int, float]]:
    """Yield neighbours of some layers that are too near, the upper one first, and by how much."""
    for column in map(layers.columns.__getitem__, levels):
        for above, below in pairwise(sorted(column, key=moved.__getitem__)):
            least = layers.apart(above, below)
            # What had less room before may keep it.
            lack = min(least, abs(rows[below] - rows[above])) - (moved[below] - moved[above])
            if lack > 1e-6:
                yield above, below, lack
