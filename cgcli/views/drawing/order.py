"""The order in which arguments arrive: as they are written, from the top.

A quotient whose divisor comes in above its dividend reads as another quotient. The layout library
knows no order, so that what it placed is turned upside down where that is better, and then the
parts of a picture that lead to one operation alone change places where there is room.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from cgcli.views.drawing.layers import Box, arrivals
from cgcli.views.drawing.scene import Scene
from cgcli.views.drawing.turns import loops

Point = tuple[float, float]


def in_order(
    scene: Scene, boxes: Sequence[Box], levels: Sequence[int], centres: list[Point], gap: float
) -> list[Point]:
    """Return centres with which more arguments arrive in order; no box comes nearer than `gap`."""
    pairs = list(_pairs(scene))
    rows = [y for _, y in centres]
    if 2 * sum(rows[first] > rows[second] for first, second in pairs) > len(pairs):
        rows = [-y for y in rows]
    columns: dict[int, list[int]] = defaultdict(list)
    for shape, level in enumerate(levels):
        columns[level].append(shape)
    uses: dict[int, list[int]] = defaultdict(list)
    for arrow in scene.arrows:
        uses[arrow.source].append(arrow.target)
    for first, second in reversed(pairs):
        if rows[first] <= rows[second]:
            continue
        upper, lower = _parts(scene, uses, second), _parts(scene, uses, first)
        if upper and lower:
            rows = _exchanged(rows, boxes, levels, columns, upper, lower, gap)
    return [(x, row) for (x, _), row in zip(centres, rows, strict=True)]


def by_turn(
    scene: Scene, boxes: Sequence[Box], levels: Sequence[int], centres: list[Point], gap: float
) -> list[Point]:
    """Return centres with the turns of each list in their order, in lanes of one height.

    What the layout library keeps apart it puts in any order.
    """
    rows = [y for _, y in centres]
    for turns in loops(scene).lists:
        spans = [span(turn.shapes, rows, boxes) for turn in turns]
        tall = max(bottom - top for top, bottom in spans)
        places = sorted(spans)
        room = (after[0] - before[1] + tall for before, after in pairwise(places))
        tops = list(accumulate(room, initial=places[0][0]))
        moves = {
            shape: new + (tall - top - bottom) / 2
            for turn, new, (top, bottom) in zip(turns, tops, spans, strict=True)
            for shape in turn.shapes
        }
        for shape, row in enumerate(rows):
            above = bisect_left(places, (row, row)) - 1
            other = tops[above] + tall - places[above][1] if above >= 0 else 0.0
            rows[shape] += moves.get(shape, other)
    return [(x, row) for (x, _), row in zip(centres, rows, strict=True)]


def span(shapes: Sequence[int], rows: Sequence[float], boxes: Sequence[Box]) -> tuple[float, float]:
    """Return where the boxes of some shapes begin and end across."""
    ends = [(rows[k] - boxes[k].height / 2, rows[k] + boxes[k].height / 2) for k in shapes]
    return min(top for top, _ in ends), max(bottom for _, bottom in ends)


def _pairs(scene: Scene) -> Iterator[tuple[int, int]]:
    """Yield the shapes of which one is to stand above the other."""
    for target, numbers in arrivals(scene).items():
        if scene.shapes[target].is_ordered:
            yield from pairwise(scene.arrows[number].source for number in numbers)


def _parts(scene: Scene, uses: dict[int, list[int]], root: int) -> set[int]:
    """Return a shape and all that leads there alone; nothing where the shape has other uses."""
    if len(uses[root]) != 1:
        return set()
    parts = {root}
    # Every shape stands before what uses it.
    for shape in range(root - 1, -1, -1):
        if uses[shape] and parts.issuperset(uses[shape]):
            parts.add(shape)
    return parts


def _exchanged(
    rows: list[float],
    boxes: Sequence[Box],
    levels: Sequence[int],
    columns: dict[int, list[int]],
    upper: set[int],
    lower: set[int],
    gap: float,
) -> list[float]:
    """Return rows with a lower part above an upper one, or as they are where something is between.

    Both parts move as they are, so that what is level stays level.
    """

    def extent(parts: set[int], level: int) -> tuple[float, float]:
        return span([shape for shape in columns[level] if shape in parts], rows, boxes)

    shared = {levels[shape] for shape in upper} & {levels[shape] for shape in lower}
    if not shared:
        return rows
    spans = {level: (extent(upper, level), extent(lower, level)) for level in shared}
    rise = min(low[0] - high[0] for high, low in spans.values())
    fall = max(low[1] - rise + gap - high[0] for high, low in spans.values())
    moved = list(rows)
    for shape in lower:
        moved[shape] -= rise
    for shape in upper:
        moved[shape] += fall
    parts = upper | lower
    touched = {level: columns[level] for level in {levels[shape] for shape in parts}}
    short = list(_short(moved, rows, boxes, touched, gap))
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
    return rows if any(_short(moved, rows, boxes, touched, gap)) else moved


def _short(
    moved: list[float],
    rows: list[float],
    boxes: Sequence[Box],
    columns: dict[int, list[int]],
    gap: float,
) -> Iterator[tuple[int, int, float]]:
    """Yield pairs of neighbours that are too near, the upper one first, and by how much."""
    for column in columns.values():
        for above, below in pairwise(sorted(column, key=moved.__getitem__)):
            least = (boxes[above].height + boxes[below].height) / 2 + gap
            # What had less room before may keep it.
            lack = min(least, abs(rows[below] - rows[above])) - (moved[below] - moved[above])
            if lack > 1e-6:
                yield above, below, lack
