"""Scene → places: layers from left to right, then rows and routes by a layout library.

The library is graphlay. Each shape lies in a box that is its own: the shape at the right end,
and at the left a strip where its arguments arrive, a row each, with their numbers above and
below. Boxes do not overlap and routes keep out of them, so no text meets another or an arrow.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from itertools import chain, pairwise
from typing import Any, Final, NamedTuple

from cgcli.errors import CgraphError, missing
from cgcli.views.drawing.layers import (
    ROW,
    TURN,
    Box,
    bends,
    layers,
    measured,
    reach,
    repeated,
)
from cgcli.views.drawing.order import arrivals, in_order
from cgcli.views.drawing.scene import Scene
from cgcli.views.drawing.turns import recurrences

_TURN: Final = 12.0
_LEAD: Final = 8.0
_GAP: Final = 22.0
_LAYER_GAP: Final = 46.0
_BALANCED: Final = 300
_BENDS: Final = 20_000
_FAN: Final = 500
"""The time of the library grows with the cube of the arrows that meet at one shape."""

Point = tuple[float, float]


class Drawn(NamedTuple):
    """Where a shape stands: its centre, its size, and how round its corners are."""

    x: float
    y: float
    width: float
    height: float
    corner: float

    @property
    def round(self) -> bool:
        """Whether it is a circle."""
        return self.corner * 2 >= self.width


class Placed(NamedTuple):
    """A scene with its places: shapes, routes, where each arrow's numbers stand, and the size.

    A label's place is the middle of a level piece of its arrow; `ends` are those of the shapes
    whose value leaves the graph; `turns` are those of loops that go on from one to the next,
    each with where it begins and ends across.
    """

    scene: Scene
    shapes: list[Drawn]
    routes: list[list[Point]]
    labels: list[Point]
    ends: dict[int, tuple[Point, Point]]
    width: float
    height: float
    turns: list[tuple[str, float, float]]


def place(scene: Scene) -> Placed:
    """Return the places of a scene; raises `CgraphError` where there is too much of it."""
    scene = repeated(scene)
    levels = layers(scene)
    if (fan := _most_arrows(scene)) > _FAN:
        raise _too_much(f"{fan:,} arrows that meet at one of them", scene)
    if (passed := bends(scene, levels)) > _BENDS:
        raise _too_much(f"arrows that pass {passed:,} others", scene)
    boxes = measured(scene, levels)
    flow = _run(scene, boxes, levels, None)
    centres = [(n["center"]["x"], n["center"]["y"]) for n in flow.nodes]
    routes = _routes(flow)
    for rearranged in (in_order, _aligned):
        places = rearranged(scene, boxes, levels, centres, _GAP)
        if places != centres:
            flow = _run(scene, boxes, levels, places)
            # Arrows of two sources on one line could not be told apart.
            if _merged(scene, _routes(flow)) <= _merged(scene, routes):
                centres, routes = places, _routes(flow)
    return _drawn(scene, boxes, centres, routes)


def _most_arrows(scene: Scene) -> int:
    """Return how many arrows lead to one shape, or away from one, at most."""
    ends = Counter((arrow.target, True) for arrow in scene.arrows)
    ends.update((arrow.source, False) for arrow in scene.arrows)
    return max(ends.values(), default=0)


def _too_much(what: str, scene: Scene) -> CgraphError:
    message = f"the picture would have {len(scene.shapes):,} shapes and {what}"
    hint = "draw a part with --of NAME, or write -o graph.dot for a program made for such graphs"
    return CgraphError("limit", message, hint)


def _routes(flow: Any) -> list[list[Point]]:
    return [[(p["x"], p["y"]) for p in edge["points"]] for edge in flow.edges]


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


def _run(scene: Scene, boxes: list[Box], levels: list[int], at: list[Point] | None) -> Any:
    """Lay out anew, or only route between boxes that have their places."""
    try:
        import graphlay
    except ImportError:
        raise missing("draw", "to lay the picture out") from None
    graph = graphlay.Graph()
    for k, box in enumerate(boxes):
        more: dict[str, Any] = {} if at is None else {"position": {"x": at[k][0], "y": at[k][1]}}
        graph.node(k, width=box.width, height=box.height, rank={"fixed": levels[k]}, **more)
    for arrow in scene.arrows:
        graph.edge(arrow.source, arrow.target)
    options = {
        "direction": "leftright",
        "effort": "balanced" if len(boxes) <= _BALANCED else "fast",
        "routing": {"style": "diagonal", "port_sides": "facing_only"},
        "spacing": {"port_gap": ROW, "layer_gap": _LAYER_GAP, "node_gap": _GAP, "dummy_gap": _GAP},
    }
    run = graphlay.layout if at is None else graphlay.reroute
    return run(graph, options=options)


def _aligned(
    scene: Scene, boxes: list[Box], levels: list[int], centres: list[Point], gap: float
) -> list[Point]:
    """Return centres with the same operation of every turn of a loop on one row, where it fits."""
    groups: dict[Any, list[int]] = defaultdict(list)
    columns: dict[int, list[int]] = defaultdict(list)
    for k, (shape, level) in enumerate(zip(scene.shapes, levels, strict=True)):
        columns[level].append(k)
        if shape.turn:
            groups[shape.span, tuple(variable for variable, _ in shape.turn)].append(k)
    rows = [y for _, y in centres]
    for members in groups.values():
        if len(members) < 2 or len({levels[k] for k in members}) < len(members):
            continue
        wanted = sorted(rows[k] for k in members)
        middle = wanted[len(wanted) // 2]
        for row in sorted(dict.fromkeys(wanted), key=lambda y: abs(y - middle)):
            if all(_is_free(k, row, rows, boxes, columns[levels[k]], gap) for k in members):
                for k in members:
                    rows[k] = row
                break
    return [(x, row) for (x, _), row in zip(centres, rows, strict=True)]


def _is_free(
    k: int, row: float, rows: list[float], boxes: list[Box], column: list[int], gap: float
) -> bool:
    return all(
        abs(row - rows[other]) >= (boxes[k].height + boxes[other].height) / 2 + gap
        for other in column
        if other != k
    )


def _drawn(
    scene: Scene, boxes: list[Box], centres: list[Point], routes: list[list[Point]]
) -> Placed:
    """Put shapes into their boxes, and bring routes through the strips to the shapes."""
    placed = list(zip(centres, boxes, strict=True))
    corners = [(x - box.width / 2, y - box.height / 2) for (x, y), box in placed]
    left, top = map(min, zip(*corners, *chain(*routes), strict=True))
    loops = recurrences(scene)
    if loops:
        top -= TURN
    shapes = []
    for (x, y), box in placed:
        strip, room, _ = box.column
        middle = x - box.width / 2 + strip + room / 2
        shapes.append(Drawn(middle - left, y - top, box.shape, box.tall, box.corner))
    lines: list[list[Point]] = []
    labels: list[Point] = []
    rows = _arrivals(scene, [y for _, y in centres], routes)
    for arrow, route, row in zip(scene.arrows, routes, rows, strict=True):
        points = [(x - left, y - top) for x, y in _arriving(route, row)]
        source, target = shapes[arrow.source], shapes[arrow.target]
        strip = boxes[arrow.target].strip
        inner = (target.x - target.width / 2 - _TURN, points[-1][1])
        labels.append((inner[0] - (strip - _TURN) / 2, inner[1]))
        start, end = _border(source, points[0]), _border(target, inner)
        # The way begins forward, and not along the shape's side or back.
        points[0] = (max(points[0][0], start[0] + _LEAD), points[0][1])
        lines.append(_simplified([start, *points, inner, end]))
    ends: dict[int, tuple[Point, Point]] = {}
    corners = []
    for k, (shape, box) in enumerate(zip(shapes, boxes, strict=True)):
        side = shape.x + shape.width / 2
        corners.append((side + box.end, shape.y + box.height / 2))
        if box.end:
            ends[k] = (side, shape.y), (side + box.end, shape.y)
    across, down = map(max, zip(*corners, *chain(*lines), strict=True))
    turns = [
        (turn.words, *_extent(turn.shapes, shapes, boxes)) for turns in loops for turn in turns
    ]
    return Placed(scene, shapes, lines, labels, ends, across, down, turns)


def _extent(members: list[int], shapes: list[Drawn], boxes: list[Box]) -> tuple[float, float]:
    """Return where the columns of some shapes begin and end."""
    begins, ends = [], []
    for k in members:
        strip, room, _ = boxes[k].column
        begins.append(shapes[k].x - room / 2 - strip)
        ends.append(shapes[k].x + room / 2)
    return min(begins), max(ends)


def _arrivals(scene: Scene, middles: list[float], routes: list[list[Point]]) -> list[float]:
    """Return the row in which each arrow arrives, far enough from the next for its numbers."""
    rows = [route[-1][1] for route in routes]
    for target, numbers in arrivals(scene).items():
        if not scene.shapes[target].is_ordered:
            # In the order in which they come, so that they do not cross before the shape.
            numbers.sort(key=lambda number: (routes[number][-1][1], routes[number][-2][1]))
        arrows = [scene.arrows[number] for number in numbers]
        reaches = [reach(arrow.value, arrow.contribution) for arrow in arrows]
        row = middles[target] - sum(map(sum, reaches)) / 2
        for number, (above, below) in zip(numbers, reaches, strict=True):
            rows[number] = row + above
            row += above + below
    return rows


def _arriving(route: list[Point], row: float) -> list[Point]:
    """Return a route that ends in another row, to which it turns between the last two layers."""
    (x0, y0), (x1, y1) = route[-2:]
    turn = x1 - _LAYER_GAP + _LEAD
    if x0 + _LEAD >= turn:
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
    """Return a route without the points that change nothing."""
    kept = [points[0]]
    for k, (x, y) in enumerate(points[1:], 1):
        if abs(x - kept[-1][0]) + abs(y - kept[-1][1]) < 0.5 and k < len(points) - 1:
            continue
        kept.append((x, y))
    return kept
