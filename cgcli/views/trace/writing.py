"""How the nodes, formulas and numbers of an evaluation are written, in one way of writing."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from cgcli.calculus.explain import Contribution
from cgcli.calculus.local import Formula
from cgcli.calculus.result import Result
from cgcli.graph.text import write
from cgcli.operations.row import LEVELS
from cgcli.operations.shapes import size
from cgcli.views.trace.signs import Signs

__all__ = ["NEGATIVE", "Shown", "Writing"]

_ATOM: Final = LEVELS["atom"]
NEGATIVE: Final = LEVELS["sum"]
"""A negative number is put in brackets wherever it is not the first thing written."""
_ELEMENTS: Final = 16


class Shown(NamedTuple):
    """What is shown: which passes, with which numbers left blank, to how many digits."""

    forward: bool = True
    backward: bool = True
    values: bool = True
    gradients: bool = True
    digits: int = 6


class Writing:
    """An evaluation's nodes, formulas and numbers, as they are written.

    >>> import cgcli
    >>> from cgcli.views.trace.signs import PLAIN
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

    def name(self, node: int) -> str:
        """Return a node's name; a number as it was typed is its own."""
        literal = self.graph.literals.get(node)
        if literal is not None and node not in self.graph.given:
            return self.signs.number(literal)
        return self.signs.name(self.graph.names[node])

    def gradient(self, node: int) -> str:
        """Return the sign for the gradient by a node, such as ∂f/∂x."""
        return self.signs.ratio(self.name(self.result.of), self.name(node))

    def formula(self, node: int) -> str:
        """Return a node's operation in the names of its arguments."""

        def leaf(place: int) -> tuple[str, int]:
            name = self.name(place)
            return name, NEGATIVE if name.startswith("-") else _ATOM

        return write(self.graph, node, leaf, self.signs.notation)

    def substituted(self, node: int) -> list[str]:
        """Return the formula with values for names, where they are few."""
        values = self.result.values
        if not self.is_short(*(values[a] for a in self.graph.arguments[node])):
            return []
        return [
            write(self.graph, node, lambda place: self.leaf(values[place]), self.signs.notation)
        ]

    def formula_of(self, formula: Formula, node: int | None = None) -> str:
        """Return a local derivative, or another node of its small graph."""
        small = formula.graph

        def leaf(place: int) -> tuple[str, int] | None:
            if place in formula.names:
                name = self.name(formula.names[place])
                return name, NEGATIVE if name.startswith("-") else _ATOM
            if small.arguments[place]:
                return None
            return self.signs.number(small.literals[place]), _ATOM

        root = formula.node if node is None else node
        return write(small, root, leaf, self.signs.notation)

    def level(self, formula: Formula) -> int:
        """Return how tightly a local derivative binds as it is written."""
        small = formula.graph
        if not small.arguments[formula.node]:
            return _ATOM
        level = self.signs.notation.level(small.operations[formula.node])
        return NEGATIVE if level == LEVELS["sign"] else level

    def reasons(self, formula: Formula) -> tuple[str, ...]:
        """Return the comparisons by which a local derivative was chosen."""
        return tuple(dict.fromkeys(self.formula_of(formula, each) for each in formula.reasons))

    def turn(self, node: int) -> tuple[str, ...]:
        """Return the variables and values of the turn that a node was made in."""
        return tuple(
            f"{self.signs.name(variable)} = {value}"
            for variable, value in self.graph.turns.of(node)
        )

    def use(self, one: Contribution) -> str:
        """Name a use: by its node, its turn, and its place where a node is used twice in one."""
        name = self.name(one.node)
        where = list(self.turn(one.node))
        arguments = self.graph.arguments[one.node]
        if arguments.count(one.argument) > 1:
            where.append(
                f"#{one.place + 1}" if self.signs.blank[0] == "_" else rf"\#{one.place + 1}"
            )
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

    def leaf(self, value: Any, gradient: bool = False) -> tuple[str, int]:
        """Return a number as a part of a formula, with how tightly it binds."""
        text = self.grad(value) if gradient else self.value(value)
        return text, NEGATIVE if text.startswith("-") else _ATOM

    def in_brackets(self, text: str, level: int, wanted: int) -> str:
        """Return a text, in brackets where it binds less tightly than is wanted."""
        return text if level >= wanted else self.signs.brackets(text)

    def is_short(self, *values: Any) -> bool:
        """Whether values are few enough to be put into a formula."""
        return all(size(getattr(value, "shape", ())) <= _ELEMENTS for value in values)
