"""The problem that is marked: its right numbers, how exact they are, and what a name means."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from itertools import compress
from typing import Any, Final, NamedTuple

from cgcli.calculus.choices import Choices
from cgcli.calculus.doubles import DOUBLES
from cgcli.calculus.floats import silent
from cgcli.calculus.kind import Kind
from cgcli.calculus.result import Result, unknown_node
from cgcli.calculus.shaking import SHAKE, ShakenDoubles
from cgcli.calculus.sweep import Trail
from cgcli.errors import CgraphError
from cgcli.graph.build import Draft
from cgcli.graph.graph import CONSTANT
from cgcli.homework.quantities import Quantity, Steps
from cgcli.homework.written import shape_of
from cgcli.language.syntax import Expression
from cgcli.limits import Limits
from cgcli.numbers.elements import by_element, elements
from cgcli.numbers.values import is_finite
from cgcli.operations.row import LEVELS, Operation
from cgcli.program import Program

_ANSWER: Final = Limits(depth=200, numbers=1_000_000)
_ROOM: Final = 2_000
_SAMPLES: Final = 120
_REACHES: Final = (0.5, 3.0)
_USUAL: Final = 80
"""So many points are near the one that was set; behind them some are near 0, and some far off."""
_SEED: Final = 20_000
CARRIED: Final = 4e-14 / SHAKE
"""Of what a number is moved by when all before it are, so much may be its rounding."""


class Point(NamedTuple):
    """Values of inputs and nodes in a kind of number, and the gradients asked for so far."""

    kind: Kind
    inputs: dict[str, Any]
    values: list[Any]
    gradients: dict[int, list[Any]]


class Exercise:
    """A program at a point, as a sheet is marked against it.

    Raises `CgraphError` of kind binding where the program has no value at the point.

    >>> import cgcli
    >>> program = cgcli.parse("p = x + y; g = p*z")
    >>> exercise = Exercise(program, program.evaluate(x=1, y=3, z=-3))
    >>> [exercise.truth(step) for step in exercise.steps.asked]
    [4.0, -12.0, -3.0, 4.0, -3.0, -3.0]
    """

    def __init__(self, program: Program, result: Result, *, checked: bool = False) -> None:
        self.program = program
        self.result, self.kind, self.of = result, result.kind, result.of
        graph = self.graph = result.graph
        self.steps = Steps(result)
        self.symbolic = False
        """Whether nothing is bound, and every answer is a formula."""
        self.one = self.kind.numeral("1")
        self.inputs = {name: result.values[node] for name, node in graph.inputs.items()}
        self.here = Point(self.kind, self.inputs, result.values, {})
        self.draft = Draft(program.syntax, self.kind.outline(self.inputs), _ANSWER, _ROOM)
        named = [node for node in graph.given if not graph.arguments[node]]
        self.active = graph.dependents([*graph.inputs.values(), *named, *result.sources.values()])
        self.choices = Choices(graph, self.active)
        self.unnamed = {
            name: node
            for node, name in enumerate(graph.names)
            if node not in graph.given and node not in graph.literals
        }
        self.users = graph.users()
        self.mistakes: tuple[Any, ...] = ()
        """Mistakes that are tried besides those of the table."""
        self._chance = random.Random(_SEED)  # noqa: S311  # the same points every time
        self._slack: dict[Quantity, Any] = {}
        self._samples: list[Point | None] = []
        for step in () if checked else self.steps.asked:
            value = self._truth(step, self.here)
            self.kind.require(graph, value, self.here.values)
            if not _is_number(value):
                why = "".join(f": {note.node}: {note.message}" for note in result.notes[:1])
                message = f"{self.steps.text(step)} has no value here{why}"
                raise CgraphError("binding", message, "choose other values to set as homework")

    @cached_property
    def double(self) -> Exercise:
        """The same exercise in doubles: this one, where it is in doubles itself."""
        if not self.kind.exact:
            return self
        inputs = {name: self.kind.doubles(value) for name, value in self.inputs.items()}
        of, sources = self.graph.names[self.of], list(self.result.sources)
        result = DOUBLES.evaluate(self.graph, inputs, of, sources, self.program.limits)
        double = Exercise(self.program, result, checked=True)
        double.mistakes = self.mistakes
        return double

    def truth(self, quantity: Quantity, point: Point | None = None) -> Any:
        """Return the right number: a float, a fraction, or an array of the node's shape.

        What is no fraction, and was not asked for, is a double in an exact exercise too.
        """
        value = self._truth(quantity, point or self.here)
        if self.kind.exact and point is None and not _is_number(value):
            return self.double.truth(quantity)
        return value

    def _truth(self, quantity: Quantity, point: Point) -> Any:
        if quantity.of < 0:
            return point.values[quantity.node]
        if self.graph.shape(quantity.of):
            return self._jacobian(quantity, point)
        gradient = self.gradients(quantity.of, point)[quantity.node]
        if gradient is not None:
            return point.kind.plain(gradient)
        return point.kind.zero(self.graph.shape(quantity.node))

    @cached_property
    def truths(self) -> list[Any]:
        """The right values of all nodes, in doubles where there is no fraction and none asked."""
        return [self.truth(Quantity(node)) for node in range(len(self.graph))]

    def zeros(self, node: int) -> Any:
        """Return 0 in the shape of a node."""
        return self.kind.zero(self.graph.shape(node))

    def gradients(self, of: int, point: Point | None = None) -> list[Any]:
        """Return the derivatives of a scalar node by every node; None where nothing was sent."""
        point = point or self.here
        if of not in point.gradients:
            kind, faults = point.kind, self.result.trail.faults if point is self.here else {}
            trail = Trail(faults)
            point.gradients[of] = kind.backward(self.graph, point.values, of, self.active, trail)
        return point.gradients[of]

    def _jacobian(self, quantity: Quantity, point: Point) -> Any:
        names = self.graph.names
        of, by = names[quantity.of], names[quantity.node]
        result = point.kind.evaluate(self.graph, point.inputs, of, [by], self.program.limits)
        assert result.jacobian is not None
        return result.jacobian[by]

    def slack(self, quantity: Quantity) -> Any:
        """Return how far the right number may be off by rounding, inputs' rounding included.

        Every number on the way is moved a little, by chance up or down: how much this one moves
        says how much the last bits count of those that it is made of, such as of pi/2. A fraction
        is not off at all.
        """
        if self.kind.exact:
            return self.kind.zero(())
        if quantity not in self._slack:
            value = self.truth(quantity)
            shaken = (self.truth(quantity, point) for point in self._shaken)
            moved = max(distance(value, other) for other in shaken)
            size = float(max(map(abs, elements(value))))
            self._slack[quantity] = min(1e-13 * size + moved * CARRIED, 1e-9 * (1 + size))
        return self._slack[quantity]

    @cached_property
    def _shaken(self) -> list[Point]:
        return self.shaken(self.inputs)

    def shaken(self, point: Mapping[str, Any]) -> list[Point]:
        """Return a point with inputs and every result on the way moved a little, a few times."""
        points = []
        for kind in map(ShakenDoubles, range(4)):
            values = kind.forward(self.graph, point)
            inputs = {name: values[node] for name, node in self.graph.inputs.items()}
            points.append(Point(kind, inputs, values, {}))
        return points

    def samples(self) -> Iterator[Point]:
        """Yield points near the one that was set and farther away, the same every time.

        At all of them the program has a value, and its corners are passed on the side that the
        point that was set is on: what a student writes down is the derivative on that side. Where
        nothing is bound there is no such side: the first points lie on both sides of every corner.
        """
        points = filter(None, map(self._sample, range(_SAMPLES)))
        if not self._corners:
            return points
        if not self.symbolic:
            sides = self._passed(list(map(self.kind.doubles, self.truths)))
            return (point for point in points if self._passed(point.values) == sides)
        seen: set[tuple[int, str]] = set()

        def is_known(point: Point) -> bool:
            added = {*enumerate(map(str, self._passed(point.values)))} - seen
            seen.update(added)
            return not added

        return iter(sorted(points, key=is_known))

    def _sample(self, k: int) -> Point | None:
        """Return one of the points; None where the program has no value, or a corner is met."""
        if k == len(self._samples):
            here = {name: self.kind.doubles(value) for name, value in self.inputs.items()}
            inputs = {name: self._moved(value, k) for name, value in here.items()}
            values = DOUBLES.forward(self.graph, inputs)
            point = Point(DOUBLES, inputs, values, {})
            self._samples.append(None if self._is_odd(point) else point)
        return self._samples[k]

    def _is_odd(self, point: Point) -> bool:
        """Whether the program has no value at a point; where nothing is bound, any note is odd."""
        graph = self.graph
        if not (graph.shape(self.of) or (self.symbolic and self._corners)):
            slopes = [slope for slope in self.gradients(self.of, point) if slope is not None]
            numbers = [*point.values, *slopes]
            if all(map(is_finite, numbers)) and not (
                self.symbolic and any(0 in elements(number) for number in numbers)
            ):
                # There is nothing to note.
                return False
        of = graph.names[self.of]
        result = DOUBLES.evaluate(graph, point.inputs, of, [*self.result.sources])
        # A number that is too large or too small tells nothing where others can be chosen.
        kinds = {note.kind for note in result.notes}
        return bool(kinds) if self.symbolic else "domain" in kinds

    @cached_property
    def _corners(self) -> list[int]:
        """The operations that have a corner, or jump."""
        rows = enumerate(self.graph.operations)
        return [node for node, row in rows if row.gate or row.step or row.pieces]

    def _passed(self, values: list[Any]) -> list[Any]:
        """Return on which side of its corner each operation is that has one."""
        sides: list[Any] = []
        for node in self._corners:
            parts = [values[argument] for argument in self.graph.arguments[node]]
            sides += _sides(self.graph.operations[node], values[node], parts)
        return [side.tolist() if shape_of(side) else side for side in sides]

    def _moved(self, value: Any, k: int) -> Any:
        if shape_of(value):
            return by_element(lambda element: self._moved(element, k), value).astype(float)
        if k >= _USUAL:
            size = 10 ** self._chance.uniform(*((-5, 0), (0, 3))[k % 2])
            return float(f"{self._chance.choice((-1, 1)) * size:.3g}")
        reach = _REACHES[k % len(_REACHES)]
        return round(value + self._chance.uniform(-reach, reach) * max(abs(value), 1.0), 2)

    # What a student's expressions mean

    def add(self, expression: Expression, text: str) -> int:
        """Append a student's expression to the draft; raises `CgraphError` for unknown names.

        `draft.undo()` must follow, whatever happens.
        """
        node = self.draft.add(expression, text, self.unnamed)
        for name in self.draft.unknown():
            raise unknown_node(self.graph, name)
        return node

    @contextmanager
    def added(self, expression: Expression, text: str) -> Iterator[int]:
        """Append a student's expression, and take it off again behind the block."""
        try:
            yield self.add(expression, text)
        finally:
            self.draft.undo()

    def is_formula(self, node: int) -> bool:
        """Whether what was added depends on the program's names, or is a constant."""
        graph = self.draft.graph
        needed = compress(graph.operations[: self.draft.size], graph.ancestors([node]))
        return any(operation is not CONSTANT for operation in needed)

    def value_of(self, node: int, point: Point, moved: Mapping[int, Any] = {}) -> Any:
        """Return the value of what was added at a point, in doubles where there is no fraction.

        Some of its numbers may be `moved` to others.
        """
        value = self.worked_out(node, point, moved)[node]
        if point.kind.exact and not _is_number(value):
            values = [self.kind.doubles(number) for number in point.values]
            return self.worked_out(node, Point(DOUBLES, {}, values, {}))[node]
        return value

    def summed(self, node: int, values: list[Any]) -> float:
        """Return the largest number that is added or subtracted on the way to what was added."""
        graph = self.draft.graph
        sizes = [
            abs(values[argument])
            for place in range(self.draft.size, node + 1)
            if graph.operations[place].level == LEVELS["sum"]
            for argument in graph.arguments[place]
            if not shape_of(values[argument])
        ]
        return max((float(size) for size in sizes if size - size == 0), default=0.0)

    def worked_out(self, node: int, point: Point, moved: Mapping[int, Any] = {}) -> list[Any]:
        """Return the values of the program's nodes, and of those that were added."""
        graph, kind = self.draft.graph, point.kind
        values = list(point.values)
        sweep = kind.sweep(graph, values)
        with silent(graph):
            for place in range(self.draft.size, node + 1):
                known = place in graph.constants
                value = kind.leaf(graph, place) if known else kind.plain(sweep.valued(place))
                values.append(moved.get(place, value))
        return values

    def computed(self, values: dict[int, Any], compute: Callable[[Kind, Any], Any]) -> Any:
        """Return what is computed in a kind of number of the values that one operation needs.

        They are a student's, by node. Where there is no fraction it is computed in doubles.
        """
        result = compute(self.kind, values)
        if not self.kind.exact or result is None or _is_number(result):
            return result
        return compute(
            DOUBLES, {node: self.kind.doubles(number) for node, number in values.items()}
        )


def _sides(operation: Operation, value: Any, parts: list[Any]) -> list[Any]:
    """Return which of its pieces an operation with a corner or a jump is on."""
    if operation.pieces is not None:
        return [DOUBLES.spread(operation.pieces, parts)]
    if operation.step:
        return [value]
    # What lets a gradient through as it is has the value of an argument.
    return [parts[0] != 0] if operation.chooses else [part == value for part in parts]


def _is_number(value: Any) -> bool:
    """Whether a value is no NaN, and nowhere the lack of a fraction."""
    return not any(hasattr(part, "reason") or part != part for part in elements(value))


def distance(a: Any, b: Any) -> float:
    """Return how far two numbers or arrays are apart at most; 0 where that is no number."""
    pairs = zip(map(float, elements(a)), map(float, elements(b)), strict=True)
    apart = (abs(x - y) for x, y in pairs)
    return max((gap for gap in apart if gap - gap == 0), default=0.0)
