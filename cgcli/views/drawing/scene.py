"""Graph and result → what is drawn: shapes with their words, arrows with their numbers.

A number as it was typed is no shape of its own: it is read in the circle of the operation that
uses it, as in ``^2`` or ``1/``. Which numbers are known yet is a question of the frame.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any, Final, NamedTuple

from cgcli.calculus.explain import Explanation
from cgcli.calculus.result import Result
from cgcli.errors import shorten
from cgcli.graph.graph import Graph
from cgcli.graph.text import TEXT, formula
from cgcli.views.gate import printable
from cgcli.views.signs import PLAIN
from cgcli.views.table import note_lines

DPI: Final = 192
"""The dots of a PNG that are an inch, which is 96 pixels of the picture."""
_LONGEST: Final = 24
_ELEMENTS: Final = 4
_MATRIX: Final = 12
_WIDEST: Final = 48
_LINE: Final = 36
"""So many characters of a vector stand on one line."""
_CELLS: Final = 24
"""So many rows and columns a heat map has at most."""
_FORMULAS: Final = 60


class Picture(NamedTuple):
    """What is shown: which kinds of number and words, to how many digits.

    The `complete` graph is drawn, or only what the output is computed from. With `repeats` an
    input stands beside each of its uses. `direction` is one of `DIRECTIONS`, and `theme` one of
    `THEMES`; `width` is how many pixels wide the picture is, by itself as many as it needs, `dpi`
    how many dots of a PNG are an inch, which is 96 of those pixels. An array of at most so many
    `elements`, by itself a matrix of 12 and a vector of 4, is written out, a matrix a row a line,
    and a larger one is a heat map; with 0 it is written on one line, where it is short.
    """

    values: bool = True
    gradients: bool = True
    formulas: bool = True
    digits: int = 4
    complete: bool = True
    repeats: bool = False
    direction: str = "auto"
    theme: str = "auto"
    width: int | None = None
    dpi: int = DPI
    elements: int | None = None


class Shape(NamedTuple):
    """A node: its symbol and name, and the sum of its gradients where it has several uses.

    `value` and `gradient` are written where they leave the graph: at the output, and at what
    nothing uses. An input that is used far away may be drawn once more there. Arguments of an
    ordered shape are told by their order. What has a note is marked; `note` is its kind.
    """

    node: int
    symbol: str
    name: str
    total: str
    is_operation: bool
    value: str
    gradient: str
    title: str
    span: tuple[int, int]
    turn: tuple[tuple[str, int], ...]
    is_ordered: bool = False
    note: str = ""
    is_output: bool = False
    is_again: bool = False

    @property
    def words(self) -> list[str]:
        """What is written in it, a line each."""
        return [text for text in (self.symbol, self.name, self.total) if text]


class Arrow(NamedTuple):
    """An argument of an operation: from one shape to another, with its value.

    Its contribution is what this use of it adds to its gradient.
    """

    source: int
    target: int
    place: int
    value: str
    contribution: str


class Scene(NamedTuple):
    """Everything that is drawn; arrows name shapes by their places.

    Where it `repeats` inputs, they stand beside each of their uses. It is read from left to
    right, or `down`.
    """

    shapes: list[Shape]
    arrows: list[Arrow]
    formulas: list[str]
    notes: list[str]
    repeats: bool = False
    down: bool = False


def scene(graph: Graph, result: Result | None, picture: Picture, frame: int | None = None) -> Scene:
    """Return what is drawn of a graph: with a result its numbers, as known after `frame` steps."""
    known = _Known(graph, result, picture, frame)
    kept = [node for node in range(len(graph)) if _is_drawn(graph, node)]
    if not picture.complete:
        needed = graph.ancestors([known.output])
        kept = [node for node in kept if needed[node]]
    places = {node: place for place, node in enumerate(kept)}
    arrows = [
        Arrow(places[argument], places[node], k, known.value(argument), known.sent(node, k))
        for node in kept
        for k, argument in enumerate(graph.arguments[node])
        if argument in places
    ]
    used = {arrow.source for arrow in arrows}
    shapes = [_shape(graph, node, known, places[node] not in used) for node in kept]
    operations = [node for node in kept if graph.arguments[node]]
    with_formulas = picture.formulas and len(operations) <= _FORMULAS
    formulas = [_equation(graph, node) for node in operations if with_formulas]
    notes = note_lines(result) if result is not None and picture.formulas else []
    return Scene(shapes, arrows, formulas, notes, picture.repeats, picture.direction == "down")


def _is_drawn(graph: Graph, node: int) -> bool:
    return node not in graph.literals or node in graph.given or node == graph.output


def _shape(graph: Graph, node: int, known: _Known, is_end: bool) -> Shape:
    name = printable(shorten(graph.names[node], _LONGEST))
    is_operation = bool(graph.arguments[node])
    several = sum(_is_drawn(graph, argument) for argument in graph.arguments[node]) > 1
    return Shape(
        node,
        _symbol(graph, node) if is_operation else "",
        name,
        known.total(node),
        is_operation,
        known.value(node) if is_end else "",
        known.gradient(node) if is_end else "",
        _equation(graph, node),
        (graph.starts[node], graph.ends[node]),
        graph.turns.of(node) if is_operation else (),
        # Where several arrows lead here their order says which is which.
        is_ordered=several and not graph.operations[node].commutes,
        note=known.notes.get(graph.names[node], ""),
        is_output=node == known.output,
    )


def _equation(graph: Graph, node: int) -> str:
    name = printable(shorten(graph.names[node], 40))
    if not graph.arguments[node]:
        return name
    return f"{name} = {printable(shorten(formula(graph, node), 60))}"


def _symbol(graph: Graph, node: int) -> str:
    """Return what stands in a circle: the operation, with the typed numbers that it takes."""
    operation, arguments = graph.operations[node], graph.arguments[node]
    fixed = graph.static.get(node, ())
    if operation.written:
        shown = operation.written.replace("<static>", ", ".join(map(str, fixed)))
        return re.sub("<.*?>", "", shown.replace("<*>", " ")) or "="
    literals = [graph.literals.get(a) if a not in graph.given else None for a in arguments]
    if operation.symbol:
        parts = (
            piece if isinstance(piece, str) else literals[piece[0]] or ""
            for piece in TEXT.template(operation, len(arguments), fixed).pieces
        )
        return "".join(part.strip() for part in parts)
    word = (operation.words or (operation.name,))[0]
    if not any(literals) and not fixed:
        return word
    inside = [*(text or "·" for text in literals), *map(str, fixed)]
    return shorten(f"{word}({', '.join(inside)})", _LONGEST)


class _Known:
    """The numbers that are known after so many steps, as they are written in a picture."""

    def __init__(
        self, graph: Graph, result: Result | None, picture: Picture, frame: int | None
    ) -> None:
        self.graph = graph
        self.output = graph.output if result is None else result.of
        self.notes = {note.node: note.kind for note in (result.notes if result else ())}
        self._picture = picture
        self._values = result.values if result and picture.values else None
        self._explanation: Explanation | None = None
        # What has no value yet, and what has sent nothing yet; before a step backward all.
        self._later: set[int] = set()
        self._waiting: set[int] = set()
        self._started = True
        if result is None:
            return
        explanation = Explanation(result)
        if picture.gradients and result.gradients is not None:
            self._explanation = explanation
        if frame is not None:
            forward = list(explanation.forward())
            self._later = set(forward[frame:])
            after = max(0, frame - len(forward))
            self._waiting = {step.node for step in islice(explanation.backward(), after, None)}
            self._started = after > 0

    def value(self, node: int) -> str:
        """Return a node's value, or nothing where it is not known or not wanted."""
        if self._values is None or node in self._later:
            return ""
        return _written(self._values[node], self._picture)

    def sent(self, node: int, place: int) -> str:
        """Return what a node sends to one argument."""
        explanation, argument = self._explanation, self.graph.arguments[node][place]
        if explanation is None or not explanation.result.active[argument] or node in self._waiting:
            return ""
        if not explanation.result.gradients or explanation.result.gradients[node] is None:
            return ""
        sent = explanation.sent(node, place)
        return "" if sent is None else _written(sent, self._picture)

    def gradient(self, node: int) -> str:
        """Return a node's whole gradient, once all its uses have sent their part."""
        explanation = self._explanation
        if explanation is None or not explanation.result.active[node] or not self._started:
            return ""
        if self._waiting and any(u.node in self._waiting for u in explanation.received(node)):
            return ""
        return _written(explanation.result.grad(node), self._picture)

    def total(self, node: int) -> str:
        """Return the sum of a node's contributions where there are several."""
        explanation = self._explanation
        if explanation is None or self.graph.uses[node] < 2 or len(explanation.received(node)) < 2:
            return ""
        known = self.gradient(node)
        return f"Σ {_number(explanation.result.grad(node), self._picture.digits)}" if known else ""


def _written(value: Any, picture: Picture) -> str:
    """Return a number as it stands beside an arrow: an array as a table, or as a heat map."""
    axes, most = getattr(value, "ndim", 0), picture.elements
    if most is None:
        most = _MATRIX if axes == 2 else _ELEMENTS
    if not most or axes not in (1, 2) or value.size <= 1:
        return _number(value, picture.digits)
    if value.size > most:
        return Heat.of(value)
    text = table(value, picture.digits)
    return f"[{text}]" if axes == 2 and len(value) == 1 else text


class Heat(str):
    """How a large array is called, with how far from 0 its elements are, from -1 to 1."""

    __slots__ = ("shades",)
    shades: list[list[float]]

    @classmethod
    def of(cls, array: Any) -> Heat:
        """Return the heat map of a vector or a matrix, of which a part may share a cell.

        A cell is as the element of its part that is farthest from 0.
        """
        import numpy as np

        heat = cls(_shape_of(array))
        rows = np.nan_to_num(np.atleast_2d(np.asarray(array, dtype=float)), nan=0.0)
        for axis in (0, 1):
            parts = np.array_split(rows, min(_CELLS, rows.shape[axis]), axis)
            ends = ((part.min(axis), part.max(axis)) for part in parts)
            rows = np.stack([np.where(-low > high, low, high) for low, high in ends], axis)
        heat.shades = (rows / (np.abs(rows).max() or 1.0)).tolist()
        return heat


def _shape_of(array: Any) -> str:
    return "×".join(map(str, array.shape)) if array.ndim > 1 else f"[…] of {len(array)}"


def table(array: Any, digits: int) -> str:
    """Return a matrix a row a line, its columns below one another; a long vector goes on there.

    >>> import numpy as np
    >>> print(table(np.array([[1.0, -20.0], [0.5, 3.0]]), 4))
    [  1, -20]
    [0.5,   3]
    >>> print(table(np.arange(-3.0, 3.0) / 7, 6))
    [-0.428571, -0.285714, -0.142857,
             0,  0.142857,  0.285714]
    """
    cells = [PLAIN.value(element, digits) for element in array.flat]
    if array.ndim == 1 and sum(map(len, cells)) + 2 * len(cells) <= _LINE:
        return f"[{', '.join(cells)}]"
    wide = max(map(len, cells))
    columns = array.shape[1] if array.ndim == 2 else max(1, _LINE // (wide + 2))
    rows = [cells[k : k + columns] for k in range(0, len(cells), columns)]
    widths = [wide] * columns
    if array.ndim == 2:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        ", ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=False))
        for row in rows
    ]
    if array.ndim == 2:
        return "\n".join(f"[{line}]" for line in lines)
    text = ",\n ".join(lines)
    lines = f"[{text}]".split("\n")
    return "\n".join(line.ljust(len(lines[0])) for line in lines)


def in_a_line(text: str) -> str:
    """Return a number that may be a table on one line."""
    if "\n" not in text:
        return text
    rows = [" ".join(row.split()).replace("[ ", "[") for row in text.split("\n")]
    return " ".join(rows) if rows[0].endswith(",") else f"[{', '.join(rows)}]"


def _number(value: Any, digits: int) -> str:
    """Return a value in few characters; a large one by its shape."""
    if not getattr(value, "shape", ()):
        return PLAIN.value(value, digits)
    if value.size <= _ELEMENTS:
        text = PLAIN.value(value, digits)
        if len(text) <= _WIDEST:
            return text
    return _shape_of(value)
