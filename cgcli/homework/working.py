"""The student's own numbers, and what correct working gives from them."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from cgcli.calculus.kind import Kind
from cgcli.calculus.sweep import Trail
from cgcli.homework.exercise import Exercise, Point
from cgcli.homework.quantities import Quantity
from cgcli.homework.written import added, alike, is_fraction, is_near, shape_of
from cgcli.numbers import real
from cgcli.operations.row import Rule

AS_IS: Final = "as it is"
AGAIN: Final = "again"
TAUGHT: Final = "taught"

_ROUNDING: Final = 1e-6


def run(rule: Rule, *arguments: Any, arrays: bool = False) -> Any:
    """Return a rule's result over floats, or over arrays where any argument or the result is."""
    if not (arrays or any(map(shape_of, arguments))):
        return real.run(rule, *arguments)
    from cgcli.numbers.arrays import ARRAYS, as_value, quiet

    with quiet():
        return as_value(rule(ARRAYS, *arguments))


def is_same(a: Any, b: Any, within: float = 1e-9) -> bool:
    """Whether two numbers, or arrays of one shape, are the same but for rounding.

    >>> is_same(0.1 + 0.2, 0.3), is_same(1.0, 1.1)
    (True, False)
    """
    if type(a) is float is type(b):
        return math.isclose(a, b, rel_tol=within)
    if shape_of(a) != shape_of(b):
        return False
    if is_fraction(a) or is_fraction(b):
        if shape_of(a):
            return all(is_same(p, q, within) for p, q in zip(a.flat, b.flat, strict=True))
        if is_fraction(a) and is_fraction(b):
            # Nothing is rounded here: what is only as near as rounding would bring it is another.
            near = abs(a - b) * 10**6 <= int(within * 10**6) * abs(a)
            return bool(a == b or (within > _ROUNDING and near))
    sizes = [abs(number) for number in alike(a, b)]
    if not shape_of(a):
        return is_near(a, b, within * max(sizes))
    import numpy as np

    # A list may be a student's alone, and hold infinities: what is near them is no number.
    with np.errstate(invalid="ignore", over="ignore"):
        return is_near(a, b, within * np.maximum(*sizes))


class Working:
    """One set of numbers for a program: the true ones, or a student's where they differ.

    `values` are those of the nodes, and `gradients` are by derivative; `known` are the
    steps that are on the sheet. Nothing is changed in place but by `take`.
    """

    def __init__(self, exercise: Exercise, known: Collection[Quantity] = ()) -> None:
        self.exercise = exercise
        self.known = known
        self.graph = exercise.graph
        self.values = list(exercise.truths)
        self.gradients: dict[Quantity, Any] = {}
        self.moved: set[int] = set()

    @property
    def point(self) -> Point:
        """The point at which nodes have these values."""
        return self.exercise.here._replace(values=self.values)

    def copy(self) -> Working:
        """Return the same numbers, to be changed without changing these."""
        other = copy.copy(self)
        other.values, other.moved = list(self.values), set(self.moved)
        other.gradients = dict(self.gradients)
        return other

    def in_doubles(self) -> Working:
        """Return the same numbers in doubles, over the exercise in doubles."""
        kind = self.exercise.kind
        if not kind.exact:
            return self
        other = Working(self.exercise.double, self.known)
        for step in (*map(Quantity, self.moved), *self.gradients):
            other.take(step, kind.doubles(self.number(step)))
        return other

    def take(self, quantity: Quantity, number: Any) -> None:
        """Take a number for a value, or for a derivative."""
        node, of = quantity
        if of >= 0:
            self.gradients[quantity] = number
            return
        self.values[node] = number
        truth = self.exercise.truths[node]
        if number is truth or (not shape_of(number) and number == truth):
            self.moved.discard(node)
        else:
            self.moved.add(node)

    def number(self, quantity: Quantity) -> Any:
        """Return the number that a value or a derivative has; None where there is none."""
        return self.values[quantity.node] if quantity.of < 0 else self.gradients.get(quantity)

    def worked_out(self, node: int) -> Any:
        """Return what a node's value comes to from the values of its arguments."""
        if self.moved.isdisjoint(self.graph.arguments[node]):
            return self.exercise.truths[node]
        return self.value(node)

    def value(self, node: int) -> Any:
        """Return what an operation comes to."""
        values = {argument: self.values[argument] for argument in self.graph.arguments[node]}
        value = lambda kind, numbers: kind.value(self.graph, numbers, node)
        return self.exercise.computed(values, value)

    def uses(self, of: int, node: int, form: str = AS_IS) -> list[Use]:
        """Return the uses of a node that a gradient comes back from, the last one first.

        Where a local derivative has no such form it is taken as it is.
        """
        uses = [
            Use(self, user, place, upstream)
            for user, place in self.exercise.users[node]
            if (upstream := self.gradients.get(Quantity(user, of))) is not None
        ]
        for use in uses:
            if form in use.forms():
                use.form = form
        return uses

    def gradient(self, of: int, node: int, form: str = AS_IS) -> Any:
        """Return what the derivative by a node comes to: the sum of what its uses send."""
        if node == of:
            return self.exercise.one
        total: Any = None
        for use in self.uses(of, node, form):
            sent = use.sent
            if sent is not None:
                total = sent if total is None else added(total, sent)
        return self.exercise.zeros(node) if total is None else total


@dataclass(eq=False)
class Worked:
    """An operation of the program, with the student's own values.

    `arguments` are the nodes that it uses, and `static` its static arguments, such as an axis.
    """

    working: Working
    node: int

    def __post_init__(self) -> None:
        graph = self.graph = self.working.graph
        self.operation = graph.operations[self.node]
        self.name = self.operation.name
        self.arguments = graph.arguments[self.node]
        self.static = graph.static.get(self.node, ())

    @property
    def parts(self) -> list[Any]:
        """The values of the operation's arguments."""
        return [self.working.values[argument] for argument in self.arguments]


@dataclass(eq=False)
class Use(Worked):
    """One use of a node on the way back: the operation that used it, and its upstream gradient.

    The numbers are the student's own. Where a value of theirs does not follow from those of its
    arguments, the `form` says which is taken in a local derivative: as the rule has it, the
    output worked out again, or the rule of a course, which is often in the output. What a
    mistake sends in place of the right contribution is made with `send`, from another local
    derivative, or with `pull`, from another upstream gradient. `argument` is the node that is
    used, and `shape` its shape.
    """

    place: int
    upstream: Any
    form: str = AS_IS

    def __post_init__(self) -> None:
        super().__post_init__()
        self.argument = self.arguments[self.place]
        self.shape = self.graph.shape(self.argument)

    @property
    def x(self) -> Any:
        """The value of the node that is used."""
        return self.working.values[self.argument]

    @property
    def _compares(self) -> bool:
        """Whether the derivative only compares output and arguments, which is no way to work."""
        operation = self.operation
        return operation.pieces is not None or (operation.gate and operation.turns)

    @property
    def y(self) -> Any:
        """The value of the operation, as the form has it."""
        worked_out = self.form == AGAIN or self._compares
        return self.working.worked_out(self.node) if worked_out else self.working.values[self.node]

    @cached_property
    def sent(self) -> Any:
        """The right contribution; None where nothing is sent."""
        return self.pull(self.upstream)

    @property
    def local(self) -> Any:
        """The local derivative; None for an operation that is not elementwise."""
        if not self.operation.elementwise:
            return None
        if self.form == TAUGHT:
            rule, nodes = self.operation.taught(self.place), (self.node, *self.arguments)
            taught = lambda kind, values: kind.spread(rule, [values[node] for node in nodes])
            return self._computed(taught)
        local = lambda kind, values: kind.local(self.graph, values, self.node, self.place)
        return self._computed(local)

    def pull(self, upstream: Any) -> Any:
        """Return what the operation sends for an upstream gradient."""
        if self.form == TAUGHT:
            return self.send(self.local, upstream)
        doubles = self.working.exercise.kind.doubles

        def contribution(kind: Kind, values: Any) -> Any:
            up = upstream if kind.exact else doubles(upstream)
            return kind.contribution(self.graph, values, self.node, self.place, up, Trail())

        return self._computed(contribution)

    def _computed(self, compute: Callable[[Kind, Any], Any]) -> Any:
        """Return what is computed while the operation has the value of the form."""
        exercise, known = self.working.exercise, self.working.values
        sides = exercise.choices.sides(self.node) or ()
        values = {**{node: known[node] for node in (*self.arguments, *sides)}, self.node: self.y}

        def beside(kind: Kind, values: Any) -> Any:
            return compute(kind, exercise.choices.beside(values, self.node, kind.spread))

        return exercise.computed(values, beside)

    def send(self, derivative: Any, upstream: Any = None) -> Any:
        """Return the upstream gradient times a local derivative, in the shape of the node."""
        upstream, derivative = alike(self.upstream if upstream is None else upstream, derivative)
        if not (shape_of(upstream) or shape_of(derivative) or self.shape):
            return upstream * derivative
        from cgcli.numbers.arrays import quiet, reduce_to
        from cgcli.numbers.objects import reduce_objects

        with quiet():
            product = upstream * derivative
            reduce = reduce_objects if is_fraction(product) else reduce_to
            return reduce(product, self.shape)

    def forms(self) -> Iterator[str]:
        """Yield the forms in which the local derivative may be taken, when they differ."""
        yield AS_IS
        working, operation = self.working, self.operation
        if self._compares or working.moved.isdisjoint((self.node, *self.arguments)):
            return
        if is_same(working.worked_out(self.node), working.values[self.node]):
            return
        yield AGAIN
        if operation.elementwise and operation.textbook:
            yield TAUGHT

    def contributions(self) -> Iterator[Any]:
        """Yield what correct working may send, one number a form."""
        for form in self.forms():
            yield Use(self.working, self.node, self.place, self.upstream, form).sent
