"""The student's own numbers, and what correct working gives from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cgcli.calculus.backward import contribution, local
from cgcli.calculus.forward import value
from cgcli.homework.exercise import Exercise
from cgcli.numbers import real
from cgcli.operations.row import Operation, Rule, Shape

__all__ = ["Own", "Use", "is_same", "run", "shape_of", "value_with"]


def shape_of(number: Any) -> Shape:
    """Return the shape of a number, which is (), or of an array."""
    found: Shape = getattr(number, "shape", ())
    return found


def run(rule: Rule, *arguments: Any) -> Any:
    """Return a rule's result over floats, or over arrays where any argument is one."""
    if not any(map(shape_of, arguments)):
        return real.run(rule, *arguments)
    from cgcli.numbers.arrays import ARRAYS, as_value, quiet

    with quiet():
        return as_value(rule(ARRAYS, *arguments))


def is_same(a: Any, b: Any, within: float = 1e-9) -> bool:
    """Whether two numbers, or arrays of one shape, are the same but for rounding.

    >>> is_same(0.1 + 0.2, 0.3), is_same(1.0, 1.1)
    (True, False)
    """
    if shape_of(a) or shape_of(b):
        if shape_of(a) != shape_of(b):
            return False
        import numpy as np

        with np.errstate(all="ignore"):
            near = np.abs(np.asarray(a) - b) <= within * np.maximum(np.abs(a), np.abs(b))
        return bool(np.all(near | (np.asarray(a) == b)))
    return bool(a == b or abs(a - b) <= within * max(abs(a), abs(b)))


class Own:
    """One set of numbers for a program: the true ones, or a student's where they differ.

    `values` are those of the nodes, and `gradients` by node those of one `of`. Nothing is
    changed in place but by `set_value` and `set_gradient`.
    """

    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self.graph = exercise.graph
        self.values = list(exercise.here.values)
        self.gradients: dict[int, dict[int, Any]] = {}
        self.moved: set[int] = set()

    def copy(self) -> Own:
        """Return the same numbers, to be changed without changing these."""
        other = Own.__new__(Own)
        other.exercise, other.graph = self.exercise, self.graph
        other.values, other.moved = list(self.values), set(self.moved)
        other.gradients = {of: dict(found) for of, found in self.gradients.items()}
        return other

    def set_value(self, node: int, number: Any) -> None:
        """Take a number for a node's value."""
        self.values[node] = number
        truth = self.exercise.here.values[node]
        if number is truth or (not shape_of(number) and number == truth):
            self.moved.discard(node)
        else:
            self.moved.add(node)

    def set_gradient(self, of: int, node: int, number: Any) -> None:
        """Take a number for the derivative of one node by another."""
        self.gradients.setdefault(of, {})[node] = number

    def is_moved(self, node: int) -> bool:
        """Whether a node's value, or that of an argument, is not the true one."""
        moved = self.moved
        if not moved:
            return False
        return node in moved or any(argument in moved for argument in self.graph.arguments[node])

    def worked_out(self, node: int) -> Any:
        """Return what a node's value comes to from the values of its arguments."""
        if not self.graph.arguments[node]:
            return self.exercise.here.values[node]
        if self.moved and any(argument in self.moved for argument in self.graph.arguments[node]):
            return value(self.graph, self.values, node)
        return self.exercise.here.values[node]

    def uses(self, of: int, node: int) -> list[Use]:
        """Return the uses of a node that a gradient comes back from, the last one first."""
        known = self.gradients.get(of, {})
        return [
            Use(self, user, place, known[user])
            for user, place in self.exercise.users.of(node)
            if user in known and known[user] is not None
        ]

    def gradient(self, of: int, node: int) -> Any:
        """Return what the derivative by a node comes to: the sum of what its uses send."""
        if node == of:
            return 1.0
        total: Any = None
        for use in self.uses(of, node):
            sent = use.sent
            if sent is not None:
                total = sent if total is None else total + sent
        return self.exercise.zeros(node) if total is None else total


class Use:
    """One use of a node on the way back: the operation that used it, and its upstream gradient.

    The numbers are the student's own. What a mistake sends in place of the right contribution
    is made with `send`, from another local derivative, or with `pull`, from another upstream
    gradient.
    """

    __slots__ = ("_sent", "own", "place", "upstream", "user")

    def __init__(self, own: Own, user: int, place: int, upstream: Any) -> None:
        self.own = own
        self.user = user
        self.place = place
        self.upstream = upstream
        self._sent: Any = ...

    @property
    def operation(self) -> Operation:
        """The operation that uses the node."""
        return self.own.graph.operations[self.user]

    @property
    def name(self) -> str:
        """The name of the operation."""
        return self.operation.name

    @property
    def arguments(self) -> tuple[int, ...]:
        """The nodes that the operation uses."""
        return self.own.graph.arguments[self.user]

    @property
    def argument(self) -> int:
        """The node that is used."""
        return self.arguments[self.place]

    @property
    def parts(self) -> list[Any]:
        """The values of the operation's arguments."""
        return [self.own.values[argument] for argument in self.arguments]

    @property
    def x(self) -> Any:
        """The value of the node that is used."""
        return self.own.values[self.argument]

    @property
    def y(self) -> Any:
        """The value of the operation."""
        return self.own.values[self.user]

    @property
    def shape(self) -> Shape:
        """The shape of the node that is used."""
        return self.own.graph.shape(self.argument)

    @property
    def static(self) -> tuple[int, ...]:
        """The operation's static arguments, such as an axis."""
        return self.own.graph.static.get(self.user, ())

    @property
    def sent(self) -> Any:
        """The right contribution; None where nothing is sent."""
        if self._sent is ...:
            self._sent = self.pull(self.upstream)
        return self._sent

    @property
    def local(self) -> Any:
        """The local derivative; None for an operation that is not elementwise."""
        return local(self.own.graph, self.own.values, self.user, self.place)

    def pull(self, upstream: Any) -> Any:
        """Return what the operation sends for an upstream gradient."""
        graph, values = self.own.graph, self.own.values
        return contribution(graph, values, self.user, self.place, upstream, {}, {})

    def send(self, derivative: Any) -> Any:
        """Return the upstream gradient times a local derivative, in the shape of the node."""
        if not (shape_of(self.upstream) or shape_of(derivative) or self.shape):
            return self.upstream * derivative
        from cgcli.numbers.arrays import quiet, reduce_to

        with quiet():
            return reduce_to(self.upstream * derivative, self.shape)

    def with_value(self, number: Any) -> Any:
        """Return what is sent when the operation's own value is taken to be another number."""
        values = self.own.values
        kept = values[self.user]
        values[self.user] = number
        try:
            return self.pull(self.upstream)
        finally:
            values[self.user] = kept

    def contributions(self) -> Iterator[Any]:
        """Yield what correct working may send: the local derivative by argument or by output.

        The two differ where the student's own value of the operation does not follow from those
        of its arguments.
        """
        yield self.sent
        own, operation = self.own, self.operation
        if self.user not in own.moved and not own.is_moved(self.user):
            return
        again = own.worked_out(self.user)
        if is_same(again, self.y):
            return
        yield self.with_value(again)
        if operation.elementwise and operation.textbook:
            taught = operation.taught(self.place)
            yield self.send(run(taught, self.y, *self.parts))
            yield self.send(run(taught, again, *self.parts))


def value_with(own: Own, node: int, place: int, number: Any) -> Any:
    """Return what an operation comes to with another number for one of its arguments."""
    graph = own.graph
    operation = graph.operations[node]
    parts = [own.values[argument] for argument in graph.arguments[node]]
    parts[place] = number
    return run(operation.value, *parts, *graph.static.get(node, ()))
