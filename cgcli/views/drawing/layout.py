"""Scene → places: layers from left to right, then rows and routes by a layout library.

The library is graphlay. Each shape lies in a box that is its own: the shape at the right end,
and at the left a strip where its arguments arrive, a row each, with their numbers above and
below. Boxes do not overlap and routes keep out of them, so no text meets another or an arrow.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate, chain, pairwise
from typing import Any, Final

from cgcli.errors import CgraphError, missing
from cgcli.views.drawing.layers import LEAD, ROW, TURN, Layers, extent, repeated, room_beside
from cgcli.views.drawing.order import by_turn, in_order
from cgcli.views.drawing.placed import MARGIN, Band, Drawn, Placed, Point, transposed
from cgcli.views.drawing.scene import Scene
from cgcli.views.drawing.turns import Turn

_TURN: Final = 12.0
_HEAD: Final = 6.0
_BALANCED: Final = 300
_SLANTED: Final = 600
"""In larger pictures arrows are level and upright: slanted ones take four times as long."""
_BENDS: Final = 20_000
_FAN: Final = 500
"""The time of the library grows with the cube of the arrows that meet at one shape."""


def place(scene: Scene) -> Placed:
    """Return the places of a scene; raises `CgraphError` where there is too much of it."""
    layers = Layers(repeated(scene))
    if (fan := max(map(len, (*layers.arriving, *layers.users)), default=0)) > _FAN:
        raise _too_much(f"{fan:,} arrows that meet at one of them", layers.scene)
    if (passed := layers.bends) > _BENDS:
        raise _too_much(f"arrows that pass {passed:,} others", layers.scene)
    centres, routes = _run(layers, None)
    across, rows = [x for x, _ in centres], [y for _, y in centres]
    for rearranged in (by_turn, in_order, _aligned):
        moved = rearranged(layers, rows)
        if moved != rows:
            _, rerouted = _run(layers, list(zip(across, moved, strict=True)))
            # Arrows of two sources on one line could not be told apart.
            if _merged(layers.scene, rerouted) <= _merged(layers.scene, routes):
                rows, routes = moved, rerouted
    placed = _drawn(layers, across, rows, routes)
    return transposed(placed) if scene.down else placed


def _too_much(what: str, scene: Scene) -> CgraphError:
    message = f"the picture would have {len(scene.shapes):,} shapes and {what}"
    hint = "draw a part with --of NAME, or write -o graph.dot for a program made for such graphs"
    return CgraphError("limit", message, hint)


def _merged(scene: Scene, routes: list[list[Point]]) -> int:
    """Return how many level pieces of arrows lie on those of another source."""
    pieces: list[tuple[float, float, float, int]] = []
    for arrow, route in zip(scene.arrows, routes, strict=True):
        for (x0, y0), (x1, y1) in pairwise(route):
            if abs(y0 - y1) < 1 and x1 - x0 > _TURN:
                pieces.append((y0, x0, x1, arrow.source))
    pieces.sort()
    count = 0
    for k, (y, x0, x1, source) in enumerate(pieces):
        for other_y, other_x0, other_x1, other in pieces[k + 1 :]:
            if other_y - y > 2:
                break
            shared = min(x1, other_x1) - max(x0, other_x0)
            count += other != source and shared > _TURN
    return count


def _run(layers: Layers, at: list[Point] | None) -> tuple[list[Point], list[list[Point]]]:
    """Lay out anew, or only route between boxes that have their places; return both."""
    try:
        import graphlay
    except ImportError:
        raise missing("draw", "to lay the picture out") from None
    graph = graphlay.Graph()
    # Turns that need nothing of one another have a lane each.
    lists = enumerate(chain(*layers.loops.lists), 1)
    lanes = {shape: lane for lane, turn in lists for shape in turn.shapes}
    for k, (box, level) in enumerate(zip(layers.boxes, layers.levels, strict=True)):
        more: dict[str, Any] = {} if at is None else {"position": {"x": at[k][0], "y": at[k][1]}}
        if k in lanes:
            more["group"] = lanes[k]
        wide = sum(layers.widths[level])
        graph.node(k, width=wide, height=box.height, rank={"fixed": level}, **more)
    for arrow in layers.scene.arrows:
        graph.edge(arrow.source, arrow.target)
    count, gap = len(layers.boxes), layers.gap
    spacing = {"layer_gap": layers.layer_gap, "node_gap": gap, "dummy_gap": gap}
    options: dict[str, Any] = {
        "direction": "leftright",
        "effort": "balanced" if count <= _BALANCED else "fast",
        "routing": {
            "style": "diagonal" if count <= _SLANTED else "orthogonal",
            "port_sides": "facing_only",
        },
        "spacing": {"port_gap": ROW, **spacing},
    }
    if lanes:
        options["order"] = {"group_lanes": "strict"}
    run = graphlay.layout if at is None else graphlay.reroute
    flow = run(graph, options=options)
    centres = list(flow.positions().values())
    routes = []
    for arrow, edge in zip(layers.scene.arrows, flow.edges, strict=True):
        begin = centres[arrow.source][0] + sum(layers.widths[layers.levels[arrow.source]]) / 2
        route = [(p["x"], p["y"]) for p in edge["points"]]
        routes.append(_forward(route, begin, layers.layer_gap))
    return centres, routes


def _forward(route: list[Point], begin: float, gap: float) -> list[Point]:
    """Return a route that begins at the end of a box and leads forward.

    One in thousands of the library's does not. What goes on past the bend behind it ends there; a
    bend far back is one between two layers.
    """
    forward = [(max(begin, route[0][0]), route[0][1])]
    for k, point in enumerate(route[1:], 1):
        before, level = forward[-1]
        if point[0] >= before:
            forward.append(point)
        elif len(forward) > 1 and point[0] >= forward[-2][0]:
            forward[-1] = point
        elif k + 1 < len(route):
            forward.append((max(before, route[k + 1][0] - gap), level))
    return forward


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
                if other != k
            ):
                for k in members:
                    rows[k] = row
                break
    return rows


def _drawn(
    layers: Layers, across: list[float], rows: list[float], routes: list[list[Point]]
) -> Placed:
    """Put shapes into their boxes, and bring routes through the strips to the shapes."""
    scene, boxes, outermost = layers.scene, layers.boxes, layers.loops
    widths = [layers.widths[level] for level in layers.levels]
    placed = list(zip(across, rows, boxes, widths, strict=True))
    corners = [(x - sum(wide) / 2, y - box.height / 2) for x, y, box, wide in placed]
    left, top = map(min, zip(*corners, *chain(*routes), strict=True))
    # What is written beside turns; of lists that is at the left, and of sequences above.
    beside, above = outermost.lists, outermost.sequences
    room = TURN if above else 0.0, room_beside(beside)
    if scene.down:
        room = room_beside(above), TURN if beside else 0.0
    top, left = top - room[0], left - room[1]
    shapes = []
    for x, y, box, wide in placed:
        middle = x - sum(wide) / 2 + wide[0] + wide[1] / 2
        shapes.append(Drawn(middle - left, y - top, box.shape, box.tall, box.corner))
    lines: list[list[Point]] = []
    labels: list[Point] = []
    arriving, lefts = _arrivals(layers, rows, routes)
    for arrow, route, row in zip(scene.arrows, routes, arriving, strict=True):
        points = [(x - left, y - top) for x, y in _arriving(route, row, layers.layer_gap)]
        source, target = shapes[arrow.source], shapes[arrow.target]
        strip = boxes[arrow.target].strip
        inner = (target.x - target.width / 2 - _TURN, points[-1][1])
        # Below one another they meet where the value ends and the gradient begins.
        heights = [extent(text)[1] for text in (arrow.value, arrow.contribution)]
        meet = (heights[0] - heights[1]) / 2 if scene.down else 0.0
        labels.append((inner[0] - (strip - _TURN) / 2 + meet, inner[1]))
        start, end = _border(source, points[0]), _border(target, inner)
        # The way begins forward, and not along the shape's side or back.
        points[0] = (max(points[0][0], start[0] + LEAD), points[0][1])
        lines.append(_simplified([start, *points, inner, end]))
    ends, corners = [], []
    for k, (shape, box) in enumerate(zip(shapes, boxes, strict=True)):
        side = shape.x + shape.width / 2
        tip = side + box.end
        corners.append((tip, shape.y + box.height / 2))
        if box.end:
            ends.append(k)
            lines.append([(side, shape.y), (tip, shape.y)])
            labels.append(((side + tip - _HEAD) / 2, shape.y))
    right, bottom = map(max, zip(*corners, *chain(*lines), strict=True))
    bands = list(_bands(layers, shapes, (room[1] / 2, room[0] / 2), bottom))
    return Placed(layers, shapes, lines, labels, ends, right, bottom, bands, lefts)


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


def _arrivals(
    layers: Layers, middles: list[float], routes: list[list[Point]]
) -> tuple[list[float], set[int]]:
    """Return the row in which each arrow arrives, far enough from the next for its numbers.

    And of several that lead down the first, beside which the numbers stand left.
    """
    rows = [route[-1][1] for route in routes]
    left = set()
    down = layers.scene.down
    for shape, row, arriving in zip(layers.scene.shapes, middles, layers.arriving, strict=True):
        if not arriving:
            continue
        numbers = arriving
        if not shape.is_ordered:
            # In the order in which they come, so that they do not cross before the shape.
            numbers = sorted(numbers, key=lambda k: (routes[k][-1][1], routes[k][-2][1]))
        room = layers.reaches(numbers)
        ends = [0.0, *accumulate(map(sum, room))]
        places = [end + before for end, (before, _) in zip(ends, room, strict=False)]
        middle = (places[0] + places[-1] if down else ends[-1]) / 2
        for number, place in zip(numbers, places, strict=True):
            rows[number] = row + place - middle
        if down and len(numbers) > 1:
            left.add(numbers[0])
    return rows, left


def _arriving(route: list[Point], row: float, gap: float) -> list[Point]:
    """Return a route that ends in another row, to which it turns between the last two layers."""
    (x0, y0), (x1, y1) = route[-2:]
    turn = x1 - gap + LEAD
    if x0 + LEAD >= turn:
        # A bend just behind the shape would be a stub.
        return [*route[:-1], (x1, row)]
    return [*route[:-1], (turn, y0 + (y1 - y0) * (turn - x0) / (x1 - x0)), (x1, row)]


def _border(shape: Drawn, toward: Point) -> Point:
    """Return where an arrow from or to a point beside a shape meets it.

    A circle is met on the way to its centre, anything else on the level part of its side.
    """
    dx, dy = toward[0] - shape.x, toward[1] - shape.y
    if not shape.round:
        level = shape.height / 2 - shape.corner
        side = math.copysign(shape.width / 2, dx)
        return shape.x + side, shape.y + max(-level, min(level, dy))
    share = min(1.0, shape.width / 2 / (math.hypot(dx, dy) or 1.0))
    return shape.x + dx * share, shape.y + dy * share


def _simplified(points: list[Point]) -> list[Point]:
    """Return a route without steps that are too small for a bend: they would be cusps.

    Its ends stay, and the point before the last, where it turns to its shape.
    """
    kept = points[:1]
    for point in points[1:-2]:
        if min(math.dist(point, kept[-1]), math.dist(point, points[-2])) >= _TURN / 2:
            kept.append(point)
    kept += points[-2:]
    for k in range(len(kept) - 4, 0, -1):
        a, b, c, d = kept[k - 1 : k + 3]
        if math.dist(b, c) < 1.5 * _TURN and _side(a, b, c) * _side(b, c, d) < 0:
            kept[k : k + 2] = [((b[0] + c[0]) / 2, (b[1] + c[1]) / 2)]
    return kept


def _side(a: Point, b: Point, c: Point) -> float:
    """Return what is above 0 where a way turns right, and below 0 where it turns left."""
    return (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
