"""The problem that is marked: its right numbers, how exact they are, and what a name means."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from cgcli.calculus.choices import Choices
from cgcli.calculus.doubles import DOUBLES
from cgcli.calculus.forward import value
from cgcli.calculus.kind import Kind
from cgcli.calculus.result import Result
from cgcli.errors import CgraphError, nearest
from cgcli.graph.build import Draft
from cgcli.graph.graph import CONSTANT
from cgcli.homework.quantities import Quantity, Steps
from cgcli.homework.shaking import ShakenFloats
from cgcli.language.syntax import Expression
from cgcli.limits import Limits
from cgcli.operations.row import Rule
from cgcli.program import Program

__all__ = ["Exercise", "Point"]

_SHAKE: Final = 1e-9
_ANSWER: Final = Limits(depth=200, numbers=1_000_000)
_ROOM: Final = 2_000
_SAMPLES: Final = 80
_REACHES: Final = (0.5, 3.0)
_CORNERED: Final = frozenset(
    [
        "where",
        "abs",
        "sign",
        "relu",
        "leaky_relu",
        "elu",
        "floor",
        "ceil",
        "round",
        "mod",
        "max",
        "min",
        "amax",
        "amin",
        "clip",
    ]
)
_SEED: Final = 20_000


class Point(NamedTuple):
    """Values of the inputs, of every node, and of the gradients that were asked for so far.

    Where `chance` is given every number on the way is moved a little.
    """

    inputs: dict[str, Any]
    values: list[Any]
    gradients: dict[int, list[Any]]
    chance: random.Random | None = None


class Exercise:
    """A program at a point, as a sheet is marked against it.

    Raises `CgraphError` of kind binding where the program has no value at the point.

    >>> import cgcli
    >>> program = cgcli.parse("p = x + y; g = p*z")
    >>> exercise = Exercise(program, program.evaluate(x=1, y=3, z=-3))
    >>> [exercise.truth(step) for step in exercise.steps.asked]
    [4.0, -12.0, -3.0, 4.0, -3.0, -3.0]
    """

    def __init__(self, program: Program, result: Result) -> None:
        self.program = program
        self.result = result
        self.graph = result.graph
        self.of = result.of
        self.steps = Steps(result)
        self.take(result)
        self.draft = Draft(program.syntax, self.kind.outline(self.inputs), _ANSWER, _ROOM)
        graph = self.graph
        named = [node for node in graph.given if not graph.arguments[node]]
        self.active = graph.dependents([*graph.inputs.values(), *named, *result.sources.values()])
        self.choices = Choices(graph, self.active)
        self.unnamed = {
            name: node
            for node, name in enumerate(graph.names)
            if node not in graph.given and node not in graph.literals
        }
        self.users = graph.users()
        self._double: Exercise | None = None
        self._chance = random.Random(_SEED)  # noqa: S311  # the same points every time
        self._check()

    def take(self, result: Result) -> None:
        """Take a result of the same graph for the right one."""
        self.result, self.kind = result, result.kind
        self.one = self.kind.numeral("1")
        self.inputs = {name: result.values[node] for name, node in self.graph.inputs.items()}
        self.here = Point(self.inputs, result.values, {})
        self._shaken: list[Point] | None = None
        self._slack: dict[Quantity, Any] = {}
        self._samples: list[Point | None] = []
        self._sides: list[Any] | None = None
        self._truths: list[Any] | None = None

    @property
    def double(self) -> Exercise:
        """The same exercise in doubles: this one, where it is in doubles itself."""
        if not self.kind.exact:
            return self
        if self._double is None:
            names = self.graph.names
            inputs = {name: self.kind.doubles(value) for name, value in self.inputs.items()}
            sources = list(self.result.sources)
            result = DOUBLES.evaluate(
                self.graph, inputs, names[self.of], sources, self.program.limits
            )
            self._double = Exercise.__new__(Exercise)
            self._double.__dict__.update(self.__dict__)
            self._double.take(result)
        return self._double

    def _check(self) -> None:
        for step in self.steps.asked:
            value = self._truth(step, self.here)
            self.kind.require(self.graph, value, self.here.values)
            if not _is_number(value):
                notes = self.result.notes
                why = f": {notes[0].node}: {notes[0].message}" if notes else ""
                message = f"{self.steps.text(step)} has no value here{why}"
                raise CgraphError("binding", message, "choose other values to set as homework")

    def truth(self, quantity: Quantity, point: Point | None = None) -> Any:
        """Return the right number: a float, a fraction, or an array of the node's shape.

        What is no fraction, and was not asked for, is a double in an exact exercise too.
        """
        found = self._truth(quantity, point or self.here)
        if self.kind.exact and point is None and not _is_number(found):
            return self.double.truth(quantity)
        return found

    def _truth(self, quantity: Quantity, point: Point) -> Any:
        if quantity.of < 0:
            return point.values[quantity.node]
        if self.graph.shape(quantity.of):
            return self._jacobian(quantity, point)
        gradient = self.gradients(quantity.of, point)[quantity.node]
        if gradient is not None:
            return self._kind_at(point).plain(gradient)
        return self._kind_at(point).zero(self.graph.shape(quantity.node))

    @property
    def truths(self) -> list[Any]:
        """The right values of all nodes, in doubles where there is no fraction and none asked."""
        if not self.kind.exact:
            return self.here.values
        if self._truths is None:
            self._truths = [
                value if _is_number(value) else self.double.here.values[node]
                for node, value in enumerate(self.here.values)
            ]
        return self._truths

    def zeros(self, node: int) -> Any:
        """Return 0 in the shape of a node."""
        return self.kind.zero(self.graph.shape(node))

    def _kind_at(self, point: Point) -> Kind:
        """Return the kind of number at a point: all but the one that is set are in doubles."""
        return self.kind if point is self.here else DOUBLES

    def gradients(self, of: int, point: Point | None = None) -> list[Any]:
        """Return the derivatives of a scalar node by every node; None where nothing was sent."""
        point = point or self.here
        found = point.gradients.get(of)
        if found is None and point.chance is not None:
            found = point.gradients[of] = self._shaken_gradients(of, point, point.chance)
        elif found is None:
            faults = self.result.faults if point is self.here else {}
            kind = self._kind_at(point)
            found = kind.backward(self.graph, point.values, of, self.active, faults)
            point.gradients[of] = found
        return found

    def _jacobian(self, quantity: Quantity, point: Point) -> Any:
        names = self.graph.names
        of, by = names[quantity.of], names[quantity.node]
        kind = self._kind_at(point)
        result = kind.evaluate(self.graph, point.inputs, of, [by], self.program.limits)
        assert result.jacobian is not None
        return result.jacobian[by]

    def at(self, inputs: dict[str, Any]) -> Point:
        """Return the values of all nodes at another point; shapes must be the same."""
        return Point(inputs, DOUBLES.forward(self.graph, inputs), {})

    def slack(self, quantity: Quantity) -> Any:
        """Return how far the right number may be off by rounding, inputs' rounding included.

        Every number on the way is moved a little, by chance up or down: how much this one moves
        says how much the last bits count of those that it is made of, such as of pi/2. A fraction
        is not off at all.
        """
        if self.kind.exact:
            return self.kind.zero(())
        found = self._slack.get(quantity)
        if found is None:
            value = self.truth(quantity)
            moved = max(
                (_distance(value, self.truth(quantity, point)) for point in self._shakes()),
                default=0.0,
            )
            size = float(abs(value).max() if getattr(value, "shape", ()) else abs(value))
            found = min(1e-13 * size + moved * (4e-14 / _SHAKE), 1e-9 * (1 + size))
            self._slack[quantity] = found
        return found

    def _shakes(self) -> list[Point]:
        if self._shaken is None:
            self._shaken = [self._shake(random.Random(k)) for k in range(4)]  # noqa: S311  # noise
        return self._shaken

    def _shake(self, chance: random.Random) -> Point:
        """Return the point with the inputs and every result on the way moved a little."""
        graph = self.graph
        values: list[Any] = []
        for node, arguments in enumerate(graph.arguments):
            if node in graph.constants:
                values.append(graph.constants[node])
                continue
            number = value(graph, values, node) if arguments else self.here.values[node]
            values.append(number * (1 + _SHAKE * chance.uniform(-1, 1)))
        inputs = {name: values[node] for name, node in graph.inputs.items()}
        return Point(inputs, values, {}, chance)

    def _shaken_gradients(self, of: int, point: Point, chance: random.Random) -> list[Any]:
        """Return the gradients of a node with every contribution moved a little."""
        if self.graph.tensors:
            from cgcli.homework.shaking_arrays import ShakenArrays

            arrays = ShakenArrays(self.graph, point.values, chance, _SHAKE)
            return arrays.backward(of, self.active, 1.0)
        return ShakenFloats(self.graph, point.values, chance, _SHAKE).backward(of, self.active, 1.0)

    def samples(self) -> Iterator[Point]:
        """Yield points near the one that was set and farther away, the same every time.

        At all of them the corners of the program are passed on the side that the point that was
        set is on: what a student writes down is the derivative on that side.
        """
        if self._sides is None:
            self._sides = self._passed(self.truths)
        for k in range(_SAMPLES):
            if k == len(self._samples):
                reach = _REACHES[k % len(_REACHES)]
                inputs = {
                    name: self._moved(self.kind.doubles(value), reach)
                    for name, value in self.inputs.items()
                }
                point = self.at(inputs)
                same = self._passed(point.values) == self._sides
                self._samples.append(point if same else None)
            found = self._samples[k]
            if found is not None:
                yield found

    def _passed(self, values: list[Any]) -> list[Any]:
        """Return on which side of its corner each operation is that has one."""
        found: list[Any] = []
        for node, operation in enumerate(self.graph.operations):
            if operation.name not in _CORNERED:
                continue
            parts = [values[argument] for argument in self.graph.arguments[node]]
            found += _side(operation.name, parts, values[node])
        return found

    def _moved(self, value: Any, reach: float) -> Any:
        if getattr(value, "shape", ()):
            import numpy as np

            moved = [self._moved(float(each), reach) for each in value.flat]
            return np.array(moved).reshape(value.shape)
        size = max(abs(value), 1.0)
        return round(value + self._chance.uniform(-reach, reach) * size, 2)

    # What a student's expressions mean

    def add(self, expression: Expression, text: str) -> int:
        """Append a student's expression to the draft; raises `CgraphError` for unknown names.

        `draft.undo()` must follow, whatever happens.
        """
        node = self.draft.add(expression, text, self.unnamed)
        for name in self.draft.unknown():
            raise self.unknown(name)
        return node

    def is_formula(self, node: int) -> bool:
        """Whether what was added depends on the program's names, or is a constant."""
        graph, size = self.draft.graph, self.draft.size
        if node < size:
            return graph.operations[node] is not CONSTANT
        needed = graph.ancestors([node])
        return any(
            argument < size and graph.operations[argument] is not CONSTANT
            for each in range(size, node + 1)
            if needed[each]
            for argument in graph.arguments[each]
        )

    def value_of(self, node: int, values: list[Any], point: Point | None = None) -> Any:
        """Return the value of what was added, for these values of the program's nodes."""
        kind = self.kind if point is None else self._kind_at(point)
        found = self._worked_out(node, values, kind)[node]
        if kind.exact and not _is_number(found):
            return self._worked_out(node, [kind.doubles(each) for each in values], DOUBLES)[node]
        return found

    def summed(self, node: int, point: Point) -> float:
        """Return the largest number that is added or subtracted on the way to what was added."""
        whole = self._worked_out(node, point.values, self._kind_at(point))
        graph = self.draft.graph
        found = [
            abs(whole[argument])
            for each in range(self.draft.size, node + 1)
            if graph.operations[each].name in ("add", "sub")
            for argument in graph.arguments[each]
        ]
        sizes = [size for size in found if not getattr(size, "shape", ())]
        return max((float(size) for size in sizes if size - size == 0), default=0.0)

    def _worked_out(self, node: int, values: list[Any], kind: Kind) -> list[Any]:
        """Return the values of the program's nodes, and of those that were added."""
        graph, size = self.draft.graph, self.draft.size
        whole = list(values)
        for each in range(size, node + 1):
            known = each in graph.constants
            whole.append(kind.leaf(graph, each) if known else kind.value(graph, whole, each))
        return whole

    # One operation again, from a student's numbers; where there is no fraction, in doubles

    def value(self, values: list[Any], node: int) -> Any:
        """Return what an operation comes to."""
        found = self.kind.value(self.graph, values, node)
        if self.kind.exact and not _is_number(found):
            return DOUBLES.value(self.graph, self._near(values, node), node)
        return found

    def local(self, values: list[Any], node: int, place: int) -> Any:
        """Return a local derivative; None where an operation is not elementwise."""
        values = self.choices.beside(values, node, self.kind)
        found = self.kind.local(self.graph, values, node, place)
        if self.kind.exact and found is not None and not _is_number(found):
            return DOUBLES.local(self.graph, self._near(values, node), node, place)
        return found

    def contribution(self, values: list[Any], node: int, place: int, upstream: Any) -> Any:
        """Return what an operation sends to an argument; None for nothing."""
        kind, graph = self.kind, self.graph
        values = self.choices.beside(values, node, kind)
        found = kind.contribution(graph, values, node, place, upstream, {}, {})
        if kind.exact and found is not None and not _is_number(found):
            near, up = self._near(values, node), kind.doubles(upstream)
            return DOUBLES.contribution(graph, near, node, place, up, {}, {})
        return found

    def run(self, rule: Rule, parts: list[Any]) -> Any:
        """Return an elementwise rule's result."""
        found = self.kind.spread(rule, parts)
        if self.kind.exact and not _is_number(found):
            return DOUBLES.spread(rule, [self.kind.doubles(part) for part in parts])
        return found

    def _near(self, values: list[Any], node: int) -> Any:
        """Return the values that an operation needs in doubles, by node."""
        needed = (node, *self.graph.arguments[node])
        return {each: self.kind.doubles(values[each]) for each in needed}

    def unknown(self, name: str) -> CgraphError:
        """Return the error for a name that the program has not."""
        from cgcli.calculus.result import unknown_node

        return unknown_node(self.graph, name)

    def nearest(self, text: str) -> str:
        """Return the step whose text is most like another, or nothing."""
        texts = [self.steps.text(step) for step in self.steps.asked[:2000]]
        return nearest(text, texts, 0.6)


def _side(name: str, parts: list[Any], y: Any) -> list[Any]:
    """Return which of its pieces an operation is on: True or False for each comparison."""
    if name == "where":
        parts, y = parts[:1], 0.0
    elif name in ("abs", "sign", "relu", "leaky_relu", "elu"):
        y = 0.0
    elif name in ("floor", "ceil", "round"):
        parts = []
    elif name == "mod":
        parts, y = [], _times(parts[0], parts[1])
    over = [part > y for part in parts] or [y]
    return [each.tolist() if getattr(each, "shape", ()) else each for each in over]


def _times(a: Any, b: Any) -> Any:
    """Return how many whole times one number is in another, NaN where that is 0."""
    if getattr(a, "shape", ()) or getattr(b, "shape", ()):
        import numpy as np

        whole = (part.ravel().tolist() for part in np.broadcast_arrays(a, b))
        return [_times(*pair) for pair in zip(*whole, strict=True)]
    return a // b if b else math.nan


def _is_number(value: Any) -> bool:
    """Whether a value is no NaN, and nowhere the lack of a fraction."""
    if getattr(value, "shape", ()):
        if value.dtype == object:
            return not any(hasattr(each, "reason") for each in value.flat)
        return not bool((value != value).any())
    return not hasattr(value, "reason") and bool(value == value)


def _distance(a: Any, b: Any) -> float:
    """Return how far two numbers or arrays are apart at most; 0 where that is no number."""
    if getattr(a, "shape", ()):
        import numpy as np

        with np.errstate(all="ignore"):
            apart = np.abs(np.asarray(a) - np.asarray(b))
        return float(np.nanmax(np.where(np.isfinite(apart), apart, 0.0)))
    apart = abs(a - b)
    return float(apart) if apart - apart == 0 else 0.0
