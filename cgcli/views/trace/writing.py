"""How the nodes, formulas and numbers of an evaluation are written, in one way of writing."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any, Final, NamedTuple

from cgcli.calculus.explain import Contribution
from cgcli.calculus.local import Formula
from cgcli.calculus.notes import Note
from cgcli.calculus.result import Result
from cgcli.graph.templates import ANY
from cgcli.graph.text import write
from cgcli.operations.shapes import describe, size
from cgcli.views.catalogue import ENGLISH
from cgcli.views.signs import Signs
from cgcli.words import Math, Message

_ELEMENTS: Final = 16
PASSES: Final = ("forward", "backward")


class Shown(NamedTuple):
    """What is shown: which passes, with which numbers left blank, to how many digits."""

    forward: bool = True
    backward: bool = True
    values: bool = True
    gradients: bool = True
    digits: int = 6

    @classmethod
    def of(cls, passes: Collection[str], hide: Collection[str], digits: int) -> Shown:
        """Return what is shown of these passes, with so many digits of what is not hidden."""
        forward, backward = (name in passes for name in PASSES)
        return cls(forward, backward, "values" not in hide, "gradients" not in hide, digits)


class Wanted(NamedTuple):
    """How a trace is printed: its format, its language, what is shown of it, its title.

    A page, whose format is `page`, may leave numbers to be filled in for `practice`.
    """

    format: str = "text"
    language: str = ENGLISH
    shown: Shown = Shown()
    standalone: bool = False
    title: str = ""
    practice: tuple[str, ...] = ()


class Writing:
    """An evaluation's nodes, formulas and numbers, as they are written.

    >>> import cgcli
    >>> from cgcli.views.signs import PLAIN
    >>> result = cgcli.parse("p = x + y; p*z").evaluate(x=1, y=3, z=-3)
    >>> writing = Writing(result, PLAIN, Shown())
    >>> writing.formula(4), writing.substituted(4), writing.gradient(2)
    ('p * z', ['4 * (-3)'], '∂f/∂p')
    """

    def __init__(self, result: Result, signs: Signs, shown: Shown) -> None:
        self.result = result
        self.graph = result.graph
        self.signs = signs
        self.shown = shown
        self._owners: dict[str, str] = {}

    def name(self, node: int) -> str:
        """Return a node's name; a number as it was typed is its own."""
        literal = self.graph.literals.get(node)
        if literal is not None and node not in self.graph.given:
            return self.signs.number(literal)
        return self.named(self.graph.names[node])

    def named(self, name: str) -> str:
        """Return a name; the second of two that are written alike is written out."""
        printed = self.signs.name(name)
        if self.signs.verbatim is None or self._owners.setdefault(printed, name) == name:
            return printed
        return self.signs.verbatim(name)

    def gradient(self, node: int) -> str:
        """Return the sign for the gradient by a node, such as ∂f/∂x."""
        return self.signs.ratio(self.name(self.result.of), self.name(node))

    def formula(self, node: int) -> str:
        """Return a node's operation in the names of its arguments."""
        return write(self.graph, node, lambda a: self._bound(self.name(a)), self.signs.notation)

    def substituted(self, node: int) -> list[str]:
        """Return the formula with values for names, where they are few."""
        values = self.result.values
        if not self.is_short(*(values[a] for a in self.graph.arguments[node])):
            return []
        # 1/0 is inf and 1/-0 is -inf: the sign of 0 is seen where it decides.
        value = values[node]
        signed = isinstance(value, float) and value - value != 0

        def leaf(place: int) -> tuple[str, int]:
            text = self.value(values[place])
            if signed and text == "0" and math.copysign(1.0, values[place]) < 0:
                text = "-0"
            return self._bound(text)

        return [write(self.graph, node, leaf, self.signs.notation)]

    def formula_of(self, formula: Formula, node: int | None = None, level: int = ANY) -> str:
        """Return a local derivative as it stands at a level, or another node of its graph."""
        small = formula.graph

        def leaf(place: int) -> tuple[str, int] | None:
            if place in formula.names:
                return self._bound(self.name(formula.names[place]))
            if small.arguments[place]:
                return None
            return self._bound(self.signs.number(small.literals[place]))

        root = formula.node if node is None else node
        return write(small, root, leaf, self.signs.notation, level)

    def reasons(self, formula: Formula) -> tuple[str, ...]:
        """Return the comparisons by which a local derivative was chosen."""
        return tuple(dict.fromkeys(self.formula_of(formula, reason) for reason in formula.reasons))

    def shape(self, node: int) -> Message | str:
        """Return the shape of a node in words, nothing of a scalar's."""
        shape = self.graph.shape(node)
        return describe(shape) if shape else ""

    def turn(self, node: int) -> tuple[str, ...]:
        """Return the variables and values of the turn that a node was made in."""
        return tuple(
            f"{self.signs.name(variable)} = {value}"
            for variable, value in self.graph.turns.of(node)
        )

    def use(self, part: Contribution) -> str:
        """Name a use: by its node, its turn, and its place where a node is used twice in part."""
        name = self.name(part.node)
        where = list(self.turn(part.node))
        arguments = self.graph.arguments[part.node]
        if arguments.count(part.argument) > 1:
            where.append(f"{self.signs.place}{part.place + 1}")
        return f"{name} ({', '.join(where)})" if where else name

    def number(self, value: Any, visible: bool) -> str:
        """Return a number, or a blank where it is not to be seen."""
        return self.signs.value(value if visible else None, self.shown.digits)

    def value(self, value: Any, known: bool = False) -> str:
        """Return a value; a known one is never hidden."""
        return self.number(value, known or self.shown.values)

    def grad(self, value: Any) -> str:
        """Return a gradient."""
        return self.number(value, self.shown.gradients)

    def _bound(self, text: str) -> tuple[str, int]:
        """Return a name or a number with how tightly it binds."""
        return text, self.signs.level(text)

    def note(self, note: Note) -> Message:
        """Return the words of a note, without the values that are hidden."""
        message = note.message
        if self.shown.values or "at" not in message.values:
            return message
        return Message(message.pattern, **{**message.values, "at": ""})

    def pullback(self, part: Contribution) -> Message:
        """Return in words what an operation that is not elementwise does with its gradient."""
        graph, node = self.graph, part.node
        operation, arguments = graph.operations[node], graph.arguments[node]
        names = dict(zip(operation.parameters, arguments, strict=False))
        words = Message(
            part.words,
            **{name: Math(self.name(argument)) for name, argument in names.items()},
            y=Math(self.name(node)),
            upstream=Math(self.gradient(node)),
        )
        lines = operation.lines(graph.shape(arguments[0]), graph.static.get(node, ()))
        if lines == "column":
            return Message("in each column: {what}", what=words)
        return Message("in each row: {what}", what=words) if lines else words

    def in_brackets(self, text: str, wanted: int) -> str:
        """Return a name or a number, in brackets where it binds less tightly than is wanted."""
        return text if self.signs.level(text) >= wanted else self.signs.brackets(text)

    def is_short(self, *values: Any) -> bool:
        """Whether values are few enough to be put into a formula."""
        return all(size(getattr(value, "shape", ())) <= _ELEMENTS for value in values)
