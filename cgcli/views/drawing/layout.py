"""Scene → places: layers from left to right, then rows by a layout library, then routes.

The library is graphlay. Each shape lies in a box that is its own: the shape at the right end,
and at the left a strip where its arguments arrive, a row each, with their numbers above and
below. What passes a layer has a row there as a shape has. So that an arrow is level in layers,
and turns in the channels between them alone, where no shape is, nor a text: in a track of its own,
or where nothing else turns by a slant.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate, chain, pairwise
from typing import Any, Final

from cgcli.errors import CgraphError, required
from cgcli.views.drawing.channel import channels
from cgcli.views.drawing.layers import TURN, Layers, extent, repeated, room_beside
from cgcli.views.drawing.order import by_turn, in_order, shortages
from cgcli.views.drawing.placed import MARGIN, Band, Drawn, Placed, Point, transposed
from cgcli.views.drawing.scene import Scene
from cgcli.views.drawing.turns import Turn

_TURN: Final = 12.0
_HEAD: Final = 6.0
_LEAN: Final = 0.25
"""The angle between arrows at one side of a circle; half of it where they are many."""
_BESIDE: Final = 6.0
_BALANCED: Final = 300
_PASSED: Final = 20_000
_FAN: Final = 500


def place(scene: Scene) -> Placed:
    """Return the places of a scene; raises `CgraphError` where there is too much of it."""
    layers = Layers(repeated(scene))
    check_count(layers)
    rows = _rows(layers)
    for rearranged in (by_turn, in_order, _aligned):
        moved = rearranged(layers, rows)
        if not any(shortages(layers, moved, rows, layers.columns)):
            rows = moved
    placed = _drawn(layers, rows)
    return transposed(placed) if scene.down else placed


def check_count(layers: Layers) -> None:
    """Raise `CgraphError` where there are too many arrows to lay out."""
    if (fan := max(map(len, (*layers.arriving, *layers.users)), default=0)) > _FAN:
        raise _too_much(f"{fan:,} arrows that meet at one of them", layers.scene)
    if (passed := layers.bends) > _PASSED:
        raise _too_much(f"arrows that pass {passed:,} others", layers.scene)


def _too_much(what: str, scene: Scene) -> CgraphError:
    message = f"the picture would have {len(scene.shapes):,} shapes and {what}"
    hint = "draw a part with --of NAME, or write -o graph.dot for a program made for such graphs"
    return CgraphError("limit", message, hint)


def _rows(layers: Layers) -> list[float]:
    """Return the row of every stop, by the library."""
    graphlay = required("graphlay", "draw", "to lay the picture out")
    graph = graphlay.Graph()
    for k, (box, (_, level)) in enumerate(zip(layers.boxes, layers.stops, strict=True)):
        # Turns that need nothing of one another have a lane each.
        more: dict[str, Any] = {"group": layers.lanes[k]} if k in layers.lanes else {}
        graph.node(k, width=1, height=max(1.0, box.height), rank={"fixed": level}, **more)
    for before, following in enumerate(layers.onward):
        for after in following:
            graph.edge(before, after)
    gap = layers.gap
    options: dict[str, Any] = {
        "direction": "leftright",
        "effort": "balanced" if len(layers.boxes) <= _BALANCED else "fast",
        "spacing": {"node_gap": gap, "dummy_gap": gap},
    }
    if layers.lanes:
        options["order"] = {"group_lanes": "strict"}
    return [y for _, y in graphlay.layout(graph, options=options).positions().values()]


def _aligned(layers: Layers, rows: list[float]) -> list[float]:
    """Return rows with the same operation of every turn of a loop on one row, where it fits."""
    groups: dict[Any, list[int]] = defaultdict(list)
    for k, shape in enumerate(layers.scene.shapes):
        if shape.turn:
            groups[shape.span, tuple(variable for variable, _ in shape.turn)].append(k)
    rows = list(rows)
    for members in groups.values():
        columns = {layers.levels[k]: k for k in members}
        if len(members) < 2 or len(columns) < len(members):
            continue
        wanted = sorted(rows[k] for k in members)
        middle = wanted[len(wanted) // 2]
        for row in sorted(dict.fromkeys(wanted), key=lambda y: abs(y - middle)):
            if all(
                abs(row - rows[other]) >= layers.apart(k, other)
                for level, k in columns.items()
                for other in layers.columns[level]
                if other != k and other < len(layers.levels)
            ):
                for k in members:
                    rows[k] = row
                break
    _give_way(layers, rows)
    return rows


def _give_way(layers: Layers, rows: list[float]) -> None:
    """Move what passes a layer out of the way of shapes, as little as that takes."""
    for column in layers.columns.values():
        shapes = len([k for k in column if k < len(layers.levels)])
        placed, passing = column[:shapes], column[shapes:]
        for k in sorted(passing, key=rows.__getitem__):
            wanted, spans = rows[k], [(rows[other], layers.apart(k, other)) for other in placed]
            free = [wanted, *(row + side for row, apart in spans for side in (-apart, apart))]
            free.sort(key=lambda y: abs(y - wanted))
            rows[k] = next(
                y for y in free if all(abs(y - row) > apart - 1e-6 for row, apart in spans)
            )
            placed.append(k)


def _drawn(layers: Layers, rows: list[float]) -> Placed:
    """Put shapes into their boxes, and bring arrows to them."""
    scene, boxes, outermost = layers.scene, layers.boxes, layers.loops
    arriving, lefts = _arrivals(layers, rows)
    between = channels(layers, rows, arriving)
    # What is written beside turns; of lists that is at the left, and of sequences above.
    beside, above = outermost.lists, outermost.sequences
    room = TURN if above else 0.0, room_beside(beside)
    if scene.down:
        room = room_beside(above), TURN if beside else 0.0
    top = room[0] - min(layers.span([k], rows)[0] for k in range(len(rows)))
    begins, end = [], room[1]
    for level, channel in enumerate(between):
        begins.append(end + channel.width)
        end = begins[-1] + sum(layers.widths[level])
    shapes = []
    for row, level, box in zip(rows, layers.levels, boxes, strict=False):
        strip, wide, _ = layers.widths[level]
        middle = begins[level] + strip + wide / 2
        shapes.append(Drawn(middle, row + top, box.shape, box.tall, box.corner))
    lines: list[list[Point]] = []
    labels: list[Point] = []
    for arrow, way, arrive in zip(scene.arrows, layers.ways, arriving, strict=True):
        source, target = shapes[arrow.source], shapes[arrow.target]
        points: list[Point] = []
        for before, after in pairwise(way):
            level, row = layers.stops[after].level, rows[after] if after != way[-1] else arrive
            points += between[level].route(arrow.source, rows[before], row, begins[level])
        points = [(x, y + top) for x, y in points]
        strip = boxes[arrow.target].strip
        inner = (target.x - target.width / 2 - _TURN, arrive + top)
        # Below one another they meet where the value ends and the gradient begins.
        heights = [extent(text)[1] for text in (arrow.value, arrow.contribution)]
        meet = (heights[0] - heights[1]) / 2 if scene.down else 0.0
        labels.append((inner[0] - (strip - _TURN) / 2 + meet, inner[1]))
        start = source.x + source.width / 2, source.y
        points = [start, *(point for point in points if point[0] > start[0] + 1)]
        others = [arriving[k] - rows[arrow.target] for k in layers.arriving[arrow.target]]
        fan = _fan(arrive - rows[arrow.target], others)
        lines.append([*points, inner, _border(target, inner, *fan)])
    ends, corners = [], []
    for k, (shape, box) in enumerate(zip(shapes, boxes, strict=False)):
        side = shape.x + shape.width / 2
        tip = side + box.end
        corners.append((tip, shape.y + box.height / 2))
        if box.end:
            ends.append(k)
            lines.append([(side, shape.y), (tip, shape.y)])
            labels.append(((side + tip - _HEAD) / 2, shape.y))
    right, bottom = map(max, zip(*corners, *chain(*lines), strict=True))
    bands = list(_bands(layers, shapes, (room[1] / 2, room[0] / 2), bottom))
    breaks = [(at - c.width, at) for at, c in zip(begins, between, strict=True)][1:]
    return Placed(layers, rows, shapes, lines, labels, ends, right, bottom, bands, lefts, breaks)


def _bands(layers: Layers, shapes: list[Drawn], words: Point, down: float) -> Iterator[Band]:
    """Yield a column for each turn of a sequence, and for each of a list a row.

    Of sequences that stand side by side the first has columns.
    """
    taken = -math.inf
    for turn in chain(*layers.loops.sequences):
        begin, end = _columns(layers, turn, shapes)
        if begin < taken:
            continue
        taken = end
        at = (begin + end) / 2, words[1]
        yield Band(turn.words, begin, -MARGIN / 2, end, down + MARGIN / 2, at)
    rows = [shape.y for shape in shapes]
    for turns in layers.loops.lists:
        end = max(_columns(layers, turn, shapes)[1] for turn in turns)
        spans = [layers.span(turn.shapes, rows) for turn in turns]
        half = max(bottom - top for top, bottom in spans) / 2
        for turn, (top, bottom) in zip(turns, spans, strict=True):
            middle = (top + bottom) / 2
            at = words[0], middle
            yield Band(turn.words, -MARGIN / 2, middle - half, end, middle + half, at)


def _columns(layers: Layers, turn: Turn, shapes: list[Drawn]) -> Point:
    """Return where the columns of a turn begin and end."""
    columns = [(shapes[k].x, *layers.widths[layers.levels[k]]) for k in turn.shapes]
    begins = (x - room / 2 - strip for x, strip, room, _ in columns)
    return min(begins), max(x + room / 2 for x, _, room, _ in columns)


def _arrivals(layers: Layers, middles: list[float]) -> tuple[list[float], set[int]]:
    """Return the row in which each arrow arrives, far enough from the next for its numbers.

    And those that lead down beside which the numbers stand left.
    """
    rows = [0.0] * len(layers.ways)
    left = set()
    down = layers.scene.down
    # In the order in which they come, so that they do not cross before the shape.
    coming = [middles[way[-2]] for way in layers.ways]
    for shape, row, arriving in zip(layers.scene.shapes, middles, layers.arriving, strict=False):
        if not arriving:
            continue
        numbers = arriving if shape.is_ordered else sorted(arriving, key=coming.__getitem__)
        room = layers.reaches(numbers)
        ends = [0.0, *accumulate(map(sum, room))]
        places = [end + before for end, (before, _) in zip(ends, room, strict=False)]
        middle = (places[0] + places[-1] if down else ends[-1]) / 2
        for number, place in zip(numbers, places, strict=True):
            rows[number] = row + place - middle
        if layers.is_split(numbers):
            left.add(numbers[0])
    return rows, left


def _fan(offset: float, others: list[float]) -> tuple[int, int]:
    """Return the place of an arrow among those at its side of a shape, and how many they are."""
    side = sorted({abs(other) for other in others if other * offset > 0})
    return (side.index(abs(offset)), len(side)) if side else (0, 1)


def _border(shape: Drawn, inner: Point, place: int, count: int) -> Point:
    """Return where an arrow from a point at the left of a shape meets it.

    By its place among so many at its side a circle is met on the way to its centre or farther out,
    and anything else on the level part of its side.
    """
    dx, dy = shape.x - inner[0], inner[1] - shape.y
    if not shape.round:
        level = max(0.0, shape.height / 2 - shape.corner - _BESIDE * (count - 1 - place))
        return shape.x - shape.width / 2, shape.y + max(-level, min(level, dy))
    last = math.pi / 2 - min(_LEAN / 2, 1 / count) * (count - 1 - place)
    angle, radius = min(math.atan2(abs(dy), dx) + _LEAN * place, last), shape.width / 2
    return shape.x - radius * math.cos(angle), shape.y + math.copysign(radius * math.sin(angle), dy)
