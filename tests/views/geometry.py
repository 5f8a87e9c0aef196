"""Pictures read back: where everything of an SVG stands, and what a terminal picture connects.

Nothing of the program is used. Letters are taken to be 0.6 of their size wide, as in most
monospaced fonts, and wide East Asian ones twice that.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
import unicodedata
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

SVG = "{http://www.w3.org/2000/svg}"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
Point = tuple[float, float]
Points = NDArray[np.float64]
"""Points a row each: an arrow has hundreds, and a picture hundreds of arrows."""
Rules = dict[str, dict[str, str]]


# --- SVG -----------------------------------------------------------------------------------


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box, slack: float = 0.3) -> bool:
        return (
            self.left < other.right - slack
            and other.left < self.right - slack
            and self.top < other.bottom - slack
            and other.top < self.bottom - slack
        )

    def within(self, other: Box, slack: float = 0.2) -> bool:
        return (
            self.left >= other.left - slack
            and self.top >= other.top - slack
            and self.right <= other.right + slack
            and self.bottom <= other.bottom + slack
        )

    def holds(self, point: Point) -> bool:
        return bool(self.inside(np.array([point]))[0])

    def inside(self, points: Points, slack: float = 0.0) -> NDArray[np.bool_]:
        """Which points are in it, farther from its sides than the slack."""
        low, high = np.array(self[:2]) + slack, np.array(self[2:]) - slack
        return ((low < points) & (points < high)).all(1)


def meetings(
    boxes: Sequence[Box], others: Sequence[Box], slack: float = 0.3
) -> Iterator[tuple[int, int]]:
    """Which boxes meet which others, as `Box.meets` says, by their places."""
    left, top, right, bottom = np.reshape(boxes, (-1, 4)).T[:, :, None]
    their_left, their_top, their_right, their_bottom = np.reshape(others, (-1, 4)).T
    met = (left < their_right - slack) & (their_left < right - slack)
    met &= (top < their_bottom - slack) & (their_top < bottom - slack)
    yield from zip(*map(np.ndarray.tolist, np.nonzero(met)), strict=True)


class Text(NamedTuple):
    kind: str
    text: str
    x: float
    y: float
    size: float
    box: Box
    side: str = ""
    """Where a number stands by an arrow that leads down: before it, or beside it on the right."""
    shades: dict[Point, float] | None = None
    """Of a heat map what is not 0, by column and row."""


class Shape(NamedTuple):
    kind: str
    title: str
    box: Box
    corner: float
    texts: list[Text]
    is_noted: bool = False

    @property
    def name(self) -> str:
        return self.title.split(" = ")[0]

    @property
    def centre(self) -> Point:
        return (self.box.left + self.box.right) / 2, (self.box.top + self.box.bottom) / 2

    def outside(self, points: Points) -> Points:
        """How far points are from the border, negative inside; corners are round."""
        size = self.box.right - self.box.left, self.box.bottom - self.box.top
        corner = min(self.corner, size[0] / 2)
        apart = np.abs(points - self.centre) - np.array(size) / 2 + corner
        inside = np.minimum(apart.max(1), 0)
        return np.hypot(*np.maximum(apart, 0).T) + inside - corner


class Arrow(NamedTuple):
    line: Points
    """Along the line, a point every two pixels or so."""
    head: Points
    tip: Point
    box: Box

    @property
    def start(self) -> Point:
        x, y = self.line[0].tolist()
        return x, y


class Use(NamedTuple):
    """An arrow between two shapes; `target` is -1 for one that leaves the graph."""

    source: int
    target: int
    value: str
    gradient: str
    height: float
    """Where it arrives: pixels, or rows, from the top; from the left, where it comes down."""


class Drawing(NamedTuple):
    paper: Box
    rules: tuple[Rules, Rules]
    """The style sheet on light, and on dark."""
    shapes: list[Shape]
    arrows: list[Arrow]
    texts: list[Text]
    """The numbers beside arrows."""
    legend: list[Text]
    bands: list[tuple[Box, str]]
    """The turns of loops, each with what is written above it."""
    root: ET.Element

    @property
    def is_down(self) -> bool:
        """Whether most arrows leave from below."""
        below = np.array([((s.box.left + s.box.right) / 2, s.box.bottom) for s in self.shapes])
        left = sum(bool((distances(a.line[:1], below) <= 2).any()) for a in self.arrows)
        return 2 * left > len(self.arrows)

    @property
    def every_text(self) -> list[Text]:
        return [*(t for s in self.shapes for t in s.texts), *self.texts, *self.legend]


def distances(points: Points, others: Points) -> Points:
    """How far each of some points is from each of others."""
    return np.hypot(*(points[:, None] - others).transpose(2, 0, 1))


def _columns(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) != 0 for c in text)


def _rules(style: str) -> Rules:
    found: Rules = defaultdict(dict)
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", style):
        for selector in selectors.split(","):
            for declaration in body.split(";"):
                key, colon, value = declaration.partition(":")
                if colon:
                    found[selector.strip()][key.strip()] = value.strip()
    return found


def styles(style: str) -> tuple[Rules, Rules]:
    """What holds on light, and on dark; later rules win, as all have one class each."""
    dark = re.search(r"@media \(prefers-color-scheme: dark\) \{(.*?\})\s*\}", style, re.DOTALL)
    assert dark
    light = _rules(style[: dark.start()] + style[dark.end() :])
    changed = _rules(dark[1])
    keys = {**light, **changed}
    return light, {key: {**light.get(key, {}), **changed.get(key, {})} for key in keys}


def _shift(element: ET.Element) -> Point:
    found = re.fullmatch(r"translate\(([-\d.e]+)[ ,]([-\d.e]+)\)", element.get("transform", ""))
    assert found or "transform" not in element.attrib
    return (float(found[1]), float(found[2])) if found else (0.0, 0.0)


def _text(element: ET.Element, shift: Point, rules: Rules) -> Text:
    kind = element.get("class", "")
    style: dict[str, str] = dict(rules["text"])
    for word in kind.split():
        style |= rules.get("." + word, {})
    size = float(style["font-size"].removesuffix("px"))
    text = element.text or ""
    x, y = float(element.get("x", 0)) + shift[0], float(element.get("y", 0)) + shift[1]
    lines = [(text, y)]
    if len(element):
        assert not text
        assert all(
            line.get(SPACE) == "preserve"
            and float(line.get("x", "")) == float(element.get("x", ""))
            for line in element
        )
        lines = [(line.text or "", float(line.get("y", "")) + shift[1]) for line in element]
        assert len({len(text) for text, _ in lines}) == 1, "columns stand below one another"
        rows = [" ".join(line.split()).replace("[ ", "[") for line, _ in lines]
        # A row of a matrix ends, and a long vector goes on.
        text = f"[{', '.join(rows)}]" if rows[0].endswith("]") else " ".join(rows)
    across = max(_columns(line) for line, _ in lines) * 0.6 * size
    left = {"start": x, "middle": x - across / 2, "end": x - across}[style["text-anchor"]]
    top, bottom = lines[0][1] - 0.8 * size, lines[-1][1] + 0.22 * size
    side = kind.split()[-1] if kind.endswith((" before", " beside")) else ""
    kind = kind.removesuffix(side).rstrip()
    return Text(kind, text, x, y, size, Box(left, top, left + across, bottom), side)


def _sampled(path: str, shift: Point) -> Points:
    numbers = r"\s*((?:[-+\d.e]+[\s,]*)*)"
    pieces: list[Points] = []
    for letter, given in re.findall(rf"([A-Za-z]){numbers}", path):
        flat = [float(n) for n in re.findall(r"-?[\d.]+(?:e-?\d+)?", given)]
        ends = np.reshape(flat, (-1, 2)) + shift
        if letter == "M":
            pieces.append(ends)
            continue
        controls = np.vstack([pieces[-1][-1:], ends])
        degree = {"L": 1, "Q": 2, "C": 3}[letter]
        assert len(controls) == degree + 1
        length = sum(map(math.dist, controls, ends))
        steps = max(1, math.ceil(length / 2))
        pieces.append(_bezier(controls, np.arange(1, steps + 1) / steps))
    return np.concatenate(pieces)


def _bezier(controls: Points, at: Points) -> Points:
    """The points of a curve: `at` is from 0 to 1."""
    curves = controls[:, None]
    while len(curves) > 1:
        curves = curves[:-1] + (curves[1:] - curves[:-1]) * at[:, None]
    return curves[0]


def _arrow(path: ET.Element, head: ET.Element, shift: Point) -> Arrow:
    line = _sampled(path.get("d", ""), shift)
    pairs = (pair.split(",") for pair in head.get("points", "").split())
    corners = np.array([(float(x) + shift[0], float(y) + shift[1]) for x, y in pairs])
    assert len(corners) == 3
    x, y = max(corners, key=lambda p: math.dist(p, line[-2])).tolist()
    sides = zip(corners, np.roll(corners, -1, 0), strict=True)
    border = np.concatenate([_bezier(np.array(side), np.arange(8) / 8) for side in sides])
    every = np.concatenate([line, corners])
    return Arrow(line, border, (x, y), Box(*every.min(0).tolist(), *every.max(0).tolist()))


def _shape(group: ET.Element, shift: Point, rules: Rules) -> Shape:
    title, outline, *texts = group
    assert title.tag == SVG + "title"
    if outline.tag == SVG + "circle":
        x, y, r = (float(outline.get(key, "")) for key in ("cx", "cy", "r"))
        box, corner = Box(x - r, y - r, x + r, y + r), r
    else:
        assert outline.tag == SVG + "rect"
        x, y, w, h = (float(outline.get(key, "")) for key in ("x", "y", "width", "height"))
        box, corner = Box(x, y, x + w, y + h), float(outline.get("rx", 0))
    placed = Box(box[0] + shift[0], box[1] + shift[1], box[2] + shift[0], box[3] + shift[1])
    inside = [_text(element, shift, rules) for element in texts]
    kind, noted, _ = outline.get("class", "").partition(" noted")
    return Shape(kind, title.text or "", placed, corner, inside, bool(noted))


def _band(rect: ET.Element, words: ET.Element, shift: Point, rules: Rules) -> tuple[Box, str]:
    x, y, w, h = (float(rect.get(key, "")) for key in ("x", "y", "width", "height"))
    box = Box(x + shift[0], y + shift[1], x + w + shift[0], y + h + shift[1])
    text = _text(words, shift, rules)
    assert text.box.within(box)
    return box, text.text


def _heat(group: ET.Element, shift: Point) -> tuple[Box, dict[Point, float]]:
    """Where a heat map stands, and its cells from -1 to 1 by their place in it."""
    _, frame, *cells = group
    x, y, w, h = (float(frame.get(key, "")) for key in ("x", "y", "width", "height"))
    signs = {"above": 1, "below": -1}
    shades = {}
    for cell in cells:
        left, top, side = (float(cell.get(key, "")) for key in ("x", "y", "width"))
        assert x <= left < x + w and y <= top < y + h
        place = round((left - x) / side), round((top - y) / side)
        shades[place] = signs[cell.get("class", "")] * float(cell.get("fill-opacity", ""))
    return Box(x + shift[0], y + shift[1], x + w + shift[0], y + h + shift[1]), shades


@functools.lru_cache(maxsize=64)
def read_svg(svg: str) -> Drawing:
    """Everything that is drawn, in the coordinates of the view box; nothing unknown is passed.

    Several tests look at one picture, and none changes what was read of it.
    """
    root = ET.fromstring(svg)
    assert root.tag == SVG + "svg"
    paper = Box(*map(float, root.get("viewBox", "").split()))
    title, style, background, group = root
    assert [e.tag for e in (title, style, background)] == [
        SVG + n for n in ("title", "style", "rect")
    ]
    rules = styles(style.text or "")
    shift = _shift(group)
    drawing = Drawing(paper, rules, [], [], [], [], [], root)
    elements = iter(group)
    for element in elements:
        name = element.tag.removeprefix(SVG)
        if name == "path":
            drawing.arrows.append(_arrow(element, next(elements), shift))
        elif name == "g" and element[1].get("class") == "cells":
            # A heat map stands below its shape, and both are one number.
            text = drawing.texts.pop()
            box, shades = _heat(element, shift)
            box = Box(
                min(text.box.left, box.left),
                text.box.top,
                max(text.box.right, box.right),
                box.bottom,
            )
            drawing.texts.append(text._replace(box=box, shades=shades))
        elif name == "g":
            drawing.shapes.append(_shape(element, shift, rules[0]))
        elif name == "rect":
            drawing.bands.append(_band(element, next(elements), shift, rules[0]))
        else:
            assert name == "text", name
            text = _text(element, shift, rules[0])
            (drawing.legend if "legend" in text.kind else drawing.texts).append(text)
    return drawing


def _touched(drawing: Drawing, points: Sequence[Point]) -> list[list[int]]:
    """The shapes whose border each of some points is on."""
    at = np.reshape(points, (-1, 2))
    near = np.array([np.abs(shape.outside(at)) <= 2 for shape in drawing.shapes])
    return [np.flatnonzero(near[:, k]).tolist() for k in range(len(at))]


def owner(drawing: Drawing, text: Text) -> int:
    """The arrow that a number stands beside, as a reader sees it: a value above, a gradient below.

    It is the nearest one that passes all the text, and not more than its height away. Of an arrow
    that leads down both stand at one side.
    """
    sign = 1 if text.kind == "value" else -1
    edge = text.box.bottom if text.kind == "value" else text.box.top
    middle = (text.box.top + text.box.bottom) / 2
    found = []
    for k, arrow in enumerate(drawing.arrows):
        if not text.box.meets(arrow.box, -9):
            continue
        xs, ys = arrow.line.T
        if text.side:
            gaps = (xs - text.x)[np.abs(ys - middle) <= 2] * (1 if text.side == "before" else -1)
        else:
            gaps = sign * (ys - edge)[np.abs(xs - text.x) <= 2]
        near = gaps[(gaps >= -0.5) & (gaps <= 8)]
        if near.size:
            found.append((near.min(), k))
    assert found, f"{text.text!r} stands beside no arrow"
    (least, nearest), *others = sorted(found)
    assert all(gap > least + 2 for gap, _ in others), f"{text.text!r} stands beside two arrows"
    return nearest


def uses(drawing: Drawing) -> list[Use]:
    """Which shapes each arrow joins, by where it touches them, and the numbers beside it."""
    numbers: dict[tuple[int, str], str] = {}
    for text in drawing.texts:
        key = owner(drawing, text), text.kind
        assert key not in numbers, f"{text.text!r} and {numbers[key]!r} beside one arrow"
        numbers[key] = text.text
    found = []
    along = 0 if drawing.is_down else 1
    every_start = _touched(drawing, [arrow.start for arrow in drawing.arrows])
    every_end = _touched(drawing, [arrow.tip for arrow in drawing.arrows])
    for k, (arrow, starts, ends) in enumerate(
        zip(drawing.arrows, every_start, every_end, strict=True)
    ):
        assert len(starts) == 1, f"arrow {k} starts at {starts}"
        assert len(ends) <= 1, f"arrow {k} ends at {ends}"
        value, gradient = numbers.get((k, "value"), ""), numbers.get((k, "gradient"), "")
        target = ends[0] if ends else -1
        found.append(Use(starts[0], target, value, gradient, arrow.tip[along]))
    return found


def faults(drawing: Drawing) -> Iterator[str]:
    """Everything that stands where it must not."""
    yield from _text_faults(drawing)
    yield from _shape_faults(drawing)
    along = int(drawing.is_down)
    # Only in columns, or rows, some arrows lead back, to the next.
    is_folded = any(arrow.start[along] > arrow.tip[along] for arrow in drawing.arrows)
    for k, arrow in enumerate(drawing.arrows):
        where = f"arrow {k} from {arrow.start}"
        if not arrow.box.within(drawing.paper):
            yield f"{where} leaves the paper"
        steps = np.diff(np.vstack([arrow.line, arrow.tip]), axis=0)
        # In columns, or rows, what leads to another may lead back.
        leads_on = is_folded & (np.abs(steps[:, 1 - along]) <= 4)
        if ((steps[:, along] < -0.1) & ~leads_on).any():
            yield f"{where} goes back"
        if cusp := _cusp(arrow.line):
            yield f"{where} has a cusp at {cusp}"
    arrows = [arrow.box for arrow in drawing.arrows]
    for k, j in meetings(arrows, [shape.box for shape in drawing.shapes]):
        if (drawing.shapes[j].outside(drawing.arrows[k].line) < -1.5).any():
            start = drawing.arrows[k].start
            yield f"arrow {k} from {start} passes through {drawing.shapes[j].title!r}"
    yield from _runs_on_one_another(drawing)
    for (a, turn), (b, following) in itertools.pairwise(drawing.bands):
        if min(a.right - b.left, a.bottom - b.top, b.bottom - a.top) > 0.1:
            yield f"{turn} and {following} overlap"
        # The arrows between two layers may need some room of their own.
        first, second = sorted((a.right - a.left, b.right - b.left))
        if second > 1.05 * first and turn < following:
            yield f"{turn} and {following} are not as wide as one another"


def _cusp(line: Points) -> Point | None:
    """Where a line turns at once, or to both sides within 7 pixels, as is seen when it is large."""
    line = line[np.append(True, np.hypot(*np.diff(line, axis=0).T) > 0.05)]
    across, down = np.diff(line, axis=0).T
    turns = np.diff(np.arctan2(down, across))
    turns -= 2 * math.pi * np.round(turns / (2 * math.pi))
    if np.abs(turns).sum() <= math.radians(25):
        return None
    bends, left, right = line[1:-1], np.zeros(len(turns)), np.zeros(len(turns))
    near, ahead = np.arange(len(turns)), 0
    while near.size:
        left[near] += np.maximum(-turns[near + ahead], 0)
        right[near] += np.maximum(turns[near + ahead], 0)
        ahead += 1
        near = near[near + ahead < len(turns)]
        near = near[np.hypot(*(bends[near + ahead] - bends[near]).T) <= 7]
    sharp = np.abs(turns) > math.radians(50)
    sharp |= np.minimum(left, right) > math.radians(25)
    return tuple(bends[sharp.argmax()].tolist()) if sharp.any() else None


def _text_faults(drawing: Drawing) -> Iterator[str]:
    texts = drawing.every_text
    boxes = [text.box for text in texts]
    for text in texts:
        if not text.box.within(drawing.paper):
            yield f"{text.text!r} leaves the paper: {text.box}"
    for k, j in meetings(boxes, [arrow.box for arrow in drawing.arrows], 0.0):
        arrow = drawing.arrows[j]
        if boxes[k].inside(np.concatenate([arrow.line, arrow.head]), 0.2).any():
            yield f"an arrow from {arrow.start} crosses {texts[k].text!r}"
    for k, j in meetings(boxes, boxes):
        if k < j:
            yield f"{texts[k].text!r} overlaps {texts[j].text!r}"
    for shape in drawing.shapes:
        for text in shape.texts:
            corners = np.array(list(itertools.product(text.box[::2], text.box[1::2])))
            if (shape.outside(corners) > 0.5).any():
                yield f"{text.text!r} leaves its shape {shape.title!r}"
    owners = [k for k, shape in enumerate(drawing.shapes) for _ in shape.texts]
    for k, j in meetings(boxes, [shape.box for shape in drawing.shapes]):
        if k >= len(owners) or owners[k] != j:
            yield f"{texts[k].text!r} stands in {drawing.shapes[j].title!r}"


def _shape_faults(drawing: Drawing) -> Iterator[str]:
    boxes = [shape.box for shape in drawing.shapes]
    for shape in drawing.shapes:
        if not shape.box.within(drawing.paper):
            yield f"{shape.title!r} leaves the paper"
    for k, j in meetings(boxes, boxes):
        if k < j:
            yield f"{drawing.shapes[k].title!r} overlaps {drawing.shapes[j].title!r}"


def _runs_on_one_another(drawing: Drawing) -> Iterator[str]:
    """Two arrows that lie on one another for a while cannot be told apart."""
    starts = _touched(drawing, [arrow.start for arrow in drawing.arrows])
    boxes = [arrow.box for arrow in drawing.arrows]
    trees = [KDTree(arrow.line) for arrow in drawing.arrows]
    for i, j in meetings(boxes, boxes, -1):
        if i >= j or starts[i] == starts[j]:
            continue
        line = drawing.arrows[i].line
        line = line[boxes[j].inside(line, -1.5)]
        gaps, _ = trees[j].query(line, distance_upper_bound=1.5)
        # Lines that cross at a small angle are near one another for a while.
        if (near := np.sum(gaps < 1.5)) > 20:
            yield f"the arrows {i} and {j} run on one another for {2 * near} pixels"


# --- the terminal --------------------------------------------------------------------------

_NORTH, _EAST, _SOUTH, _WEST = (-1, 0), (0, 1), (1, 0), (0, -1)
_TURNS = {
    "│": (_NORTH, _SOUTH),
    "─": (_EAST, _WEST),
    "┌": (_EAST, _SOUTH),
    "┐": (_SOUTH, _WEST),
    "└": (_NORTH, _EAST),
    "┘": (_NORTH, _WEST),
    "├": (_NORTH, _EAST, _SOUTH),
    "┤": (_NORTH, _SOUTH, _WEST),
    "┬": (_EAST, _SOUTH, _WEST),
    "┴": (_NORTH, _EAST, _WEST),
    "┼": (_NORTH, _EAST, _SOUTH, _WEST),
}
Cell = tuple[int, int]


class Frame(NamedTuple):
    """A box of characters: its corners, and the lines in it."""

    top: int
    left: int
    bottom: int
    right: int
    words: list[str]


class Net(NamedTuple):
    """What a line connects: a box, and where its heads point, with the numbers beside them."""

    source: int
    heads: list[Use]


class _Screen:
    """Characters by row and column; a wide character is followed by an empty string."""

    def __init__(self, printed: str) -> None:
        self.rows: list[list[str]] = []
        for line in printed.splitlines():
            row: list[str] = []
            for char in line:
                row += [char, *[""] * (_columns(char) - 1)]
            self.rows.append(row)
        self.frames = list(self._boxes())

    def at(self, cell: Cell) -> str:
        row, column = cell
        if 0 <= row < len(self.rows) and 0 <= column < len(self.rows[row]):
            return self.rows[row][column]
        return " "

    def text(self, row: int, left: int, right: int) -> str:
        return "".join(self.at((row, column)) for column in range(left, right))

    def _boxes(self) -> Iterator[Frame]:
        for top, row in enumerate(self.rows):
            for left, char in enumerate(row):
                if char != "┌":
                    continue
                right = left + 1
                while self.at((top, right)) == "─":
                    right += 1
                bottom = top + 1
                while self.at((bottom, left)) == "│" == self.at((bottom, right)):
                    bottom += 1
                edge = "└" + "─" * (right - left - 1) + "┘"
                closed = self.text(bottom, left, right + 1) == edge
                if self.at((top, right)) != "┐" or not closed:
                    continue
                inside = [self.text(r, left + 1, right).strip() for r in range(top + 1, bottom)]
                if words := [line for line in inside if line]:
                    yield Frame(top, left, bottom, right, words)


def read_terminal(printed: str) -> tuple[list[Frame], list[Net]]:
    """The boxes, and what each line connects; where two lines cross the upright one is seen."""
    screen = _Screen(printed)
    border = {
        (row, column): k
        for k, f in enumerate(screen.frames)
        for row in range(f.top, f.bottom + 1)
        for column in range(f.left, f.right + 1)
    }
    lines = {
        (row, column)
        for row, cells in enumerate(screen.rows)
        for column, char in enumerate(cells)
        if char in _TURNS and (row, column) not in border
    }
    seen: set[Cell] = set()
    nets = []
    for cell in sorted(lines):
        if cell not in seen:
            net = _net(screen, border, lines, cell, seen)
            nets.append(net)
    heads = printed.count("▶") + printed.count("▼")
    assert heads == sum(len(net.heads) for net in nets), "a head without a line"
    return screen.frames, nets


def _net(
    screen: _Screen, border: dict[Cell, int], lines: set[Cell], first: Cell, seen: set[Cell]
) -> Net:
    sources: set[int] = set()
    heads = []
    waiting = [first]
    seen.add(first)
    while waiting:
        cell = waiting.pop()
        for step in _TURNS[screen.at(cell)]:
            following = cell[0] + step[0], cell[1] + step[1]
            # Level lines pass beneath upright ones.
            while step in (_EAST, _WEST) and following in lines and screen.at(following) == "│":
                following = following[0], following[1] + step[1]
            char = screen.at(following)
            if following in border:
                frame = screen.frames[border[following]]
                assert step in (_WEST, _NORTH), f"a line runs into a box at {following}"
                edge = frame.right if step == _WEST else frame.bottom
                assert following[step == _WEST] == edge, f"a line leaves a box at {following}"
                sources.add(border[following])
            elif char in "▶▼":
                assert step == (_EAST if char == "▶" else _SOUTH)
                heads.append(_head(screen, border, following, sources))
            else:
                assert following in lines, f"a line ends at {cell}, before {char!r}"
                back = -step[0], -step[1]
                assert back in _TURNS[char], f"the line at {cell} does not join {char!r}"
                if following not in seen:
                    seen.add(following)
                    waiting.append(following)
    assert len(sources) == 1, f"a line from the boxes {[screen.frames[s].words for s in sources]}"
    (source,) = sources
    return Net(source, [use._replace(source=source) for use in heads])


def _head(screen: _Screen, border: dict[Cell, int], cell: Cell, sources: set[int]) -> Use:
    row, column = cell
    if screen.at(cell) == "▼":
        target = border.get((row + 1, column), -1)
        assert target < 0 or screen.frames[target].top == row + 1
        value, gradient = (_right_of(screen, r, column) for r in (row - 1, row))
        return Use(-1, target, value, gradient, column)
    target = border.get((row, column + 1), -1)
    assert target < 0 or screen.frames[target].left == column + 1
    value, gradient = (_beside(screen, r, column) for r in (row - 1, row + 1))
    return Use(-1, target, value, gradient, row)


def _beside(screen: _Screen, row: int, column: int) -> str:
    """The number that ends at a column, or begins not far before it, after the last line."""
    return re.split(r"[│─┌┐└┘├┤┬┴┼▶]|\s{4,}", screen.text(row, 0, column).rstrip())[-1].strip()


def _right_of(screen: _Screen, row: int, column: int) -> str:
    """The number that begins beside a line that leads down."""
    text = screen.text(row, column + 1, len(screen.rows[row]))
    return re.split(r"[│─┌┐└┘├┤┬┴┼▼]|\s{2,}", text)[0].strip()


def contrast(a: str, b: str) -> float:
    """The contrast ratio of two colours, as the Web Content Accessibility Guidelines define it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        r, g, b = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


# --- graph languages -----------------------------------------------------------------------


def read_dot(text: str) -> tuple[dict[str, list[str]], list[tuple[str, str, list[str]]]]:
    """The nodes with the lines of their labels, and the edges with theirs."""
    tokens = re.findall(r'"(?:[^"\\]|\\.)*"|->|[\[\]{};=,]|[\w.]+|\S', text, re.DOTALL)
    assert tokens[:3] == ["digraph", "cgraph", "{"]
    assert tokens[-1] == "}"
    nodes: dict[str, list[str]] = {}
    edges = []
    statements = [list(g) for end, g in itertools.groupby(tokens[3:-1], ";".__eq__) if not end]
    for statement in statements:
        found = dict(zip(statement, statement[2:], strict=False))
        label = _unescaped(found["label"]) if "label" in statement else []
        if statement[0] in ("rankdir", "node", "edge"):
            continue
        if statement[1:2] == ["->"]:
            edges.append((statement[0], statement[2], label))
            tail = statement[3:]
        else:
            assert statement[0] not in nodes
            nodes[statement[0]] = label
            tail = statement[1:]
        pattern = r'(\[ \w+ = ("[^\n]*?"|\w+)( , \w+ = ("[^\n]*"|\w+))* \])?'
        assert re.fullmatch(pattern, " ".join(tail)), tail
    return nodes, edges


def _unescaped(quoted: str) -> list[str]:
    assert quoted[0] == quoted[-1] == '"'
    lines = [""]
    for piece in re.findall(r"\\.|[^\\]", quoted[1:-1], re.DOTALL):
        if piece == "\\n":
            lines.append("")
        else:
            assert piece in ("\\\\", '\\"') or len(piece) == 1, piece
            lines[-1] += piece[-1]
    return lines


def read_mermaid(text: str) -> tuple[dict[str, list[str]], list[tuple[str, str, list[str]]]]:
    """The same of a Mermaid flowchart; what Mermaid would read in a label is refused."""
    first, *rest = text.splitlines()
    assert first == "flowchart LR"
    nodes: dict[str, list[str]] = {}
    edges = []
    for line in rest:
        if found := re.fullmatch(r'  (n\d+)(?:\("([^"]*)"\)|\["([^"]*)"\])', line):
            assert found[1] not in nodes
            nodes[found[1]] = _entities(found[2] if found[2] is not None else found[3])
        else:
            edge = re.fullmatch(r'  (n\d+) (?:-- "([^"]*)" -->|-->) (n\d+)', line)
            assert edge, line
            edges.append((edge[1], edge[3], _entities(edge[2]) if edge[2] is not None else []))
    return nodes, edges


def _entities(label: str) -> list[str]:
    lines = label.split("<br/>")
    assert not any(re.search(r"[<>&`\\\[\](){}*_|]|#(?!\d+;)", line) for line in lines), label
    return [re.sub(r"#(\d+);", lambda m: chr(int(m[1])), line) for line in lines]


def bits(element: Any) -> str:
    """An element written out, to compare it with another."""
    return ET.tostring(element, encoding="unicode")
