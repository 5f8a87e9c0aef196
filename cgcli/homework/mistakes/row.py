"""What a row of the table of mistakes holds, and the step of working that it is made at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from cgcli.homework.quantities import Quantity
from cgcli.homework.working import AS_IS, Own, Use
from cgcli.homework.written import Written
from cgcli.operations.row import Operation

__all__ = ["Example", "GradientStep", "Mistake", "Numbers", "ValueStep"]

Numbers: TypeAlias = Iterable[Any]


class ValueStep:
    """A value that is worked out from the student's own values of the arguments."""

    def __init__(self, own: Own, node: int) -> None:
        self.own = own
        self.node = node
        self.graph = own.graph
        self.quantity = Quantity(node)

    @property
    def operation(self) -> Operation:
        """The operation."""
        return self.graph.operations[self.node]

    @property
    def name(self) -> str:
        """The name of the operation."""
        return self.operation.name

    @property
    def arguments(self) -> tuple[int, ...]:
        """The nodes that the value is made of."""
        return self.graph.arguments[self.node]

    @cached_property
    def parts(self) -> list[Any]:
        """The values of the arguments."""
        return [self.own.values[argument] for argument in self.arguments]

    @cached_property
    def expected(self) -> Any:
        """What correct working gives."""
        return self.own.worked_out(self.node)


class GradientStep:
    """A derivative that is worked out from the student's own upstream gradients and values."""

    def __init__(self, own: Own, of: int, node: int, form: str = AS_IS) -> None:
        self.own = own
        self.form = form
        self.of = of
        self.node = node
        self.graph = own.graph
        self.quantity = Quantity(node, of)

    @cached_property
    def uses(self) -> list[Use]:
        """The uses that the gradient comes back from, in the order of the program."""
        return self.own.uses(self.of, self.node, self.form)[::-1]

    @cached_property
    def contributions(self) -> list[Any]:
        """What each use sends, 0 from a branch that is not taken."""
        zero = self.own.exercise.zeros(self.node)
        return [zero if use.sent is None else use.sent for use in self.uses]

    @cached_property
    def expected(self) -> Any:
        """What correct working gives."""
        return self.own.gradient(self.of, self.node, self.form)

    @property
    def x(self) -> Any:
        """The value of the node."""
        return self.own.values[self.node]


class Example(NamedTuple):
    """A program at a point, and an answer to one step that the mistake gives."""

    program: str
    at: dict[str, Any]
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Mistake:
    """One row: a mistake's name, its words, and the numbers that come of it.

    `at_use` yields what is sent in place of a right contribution; `at_gradient` what stands in
    place of a gradient as a whole, `at_value` in place of a value. A `slip` is told from the
    right number and the one that was written. In the words `{use}` is the operation, `{step}`
    what was asked and `{upstream}` the upstream gradient; those of a value may differ.
    """

    name: str
    words: str
    example: Example
    at_use: Callable[[Use], Numbers] | None = None
    at_gradient: Callable[[GradientStep], Numbers] | None = None
    at_value: Callable[[ValueStep], Numbers] | None = None
    slip: Callable[[Written, float], bool] | None = None
    value_words: str = ""
