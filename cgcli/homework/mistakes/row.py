"""What a row of the table of mistakes holds, and the step of working that it is made at."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, islice
from typing import Any, Final, NamedTuple, TypeAlias

from cgcli.calculus.doubles import DOUBLES
from cgcli.calculus.sweep import Sweep, Trail
from cgcli.graph.graph import Graph
from cgcli.homework.quantities import Quantity
from cgcli.homework.working import AS_IS, Use, Worked, Working, run
from cgcli.homework.written import Written, shape_of
from cgcli.numbers.elements import anywhere
from cgcli.operations.row import Rule
from cgcli.operations.table import OPERATIONS
from cgcli.program import parse

Numbers: TypeAlias = Iterable[Any]
_NODES: Final = 20


class ValueStep(Worked):
    """A value that is worked out from the student's own values of the arguments."""

    @functools.cached_property
    def expected(self) -> Any:
        """What correct working gives."""
        return self.working.worked_out(self.node)

    def worked_out(self, rule: Rule, parts: list[Any]) -> Any:
        """Return what a rule gives for arguments in place of the operation's."""
        arrays = bool(self.graph.shape(self.node)) or not self.operation.elementwise
        return run(rule, *parts, *self.static, arrays=arrays)


@dataclass(eq=False)
class GradientStep(Worked):
    """A derivative that is worked out from the student's own upstream gradients and values."""

    of: int
    form: str = AS_IS

    @functools.cached_property
    def uses(self) -> list[Use]:
        """The uses that the gradient comes back from, in the order of the program."""
        return self.working.uses(self.of, self.node, self.form)[::-1]

    @functools.cached_property
    def contributions(self) -> list[Any]:
        """What each use sends, 0 from a branch that is not taken."""
        zero = self.working.exercise.zeros(self.node)
        return [zero if use.sent is None else use.sent for use in self.uses]

    @functools.cached_property
    def expected(self) -> Any:
        """What correct working gives."""
        return self.working.gradient(self.of, self.node, self.form)

    @functools.cached_property
    def reaches(self) -> bytearray:
        """A flag a node: 1 where it depends on this one."""
        return self.graph.dependents([self.node])

    @functools.cached_property
    def above(self) -> list[Above]:
        """The operations on numbers that the node reaches; of a large program the first."""
        graph = self.graph
        if shape_of(self.x):
            return []
        nodes = compress(range(self.node + 1, len(graph)), self.reaches[self.node + 1 :])
        some = islice((node for node in nodes if self.known(node) is not None), _NODES)
        return [
            Above(self.working, node, self, self.known(node))
            for node in some
            if not any(map(graph.shape, (node, *graph.arguments[node])))
        ]

    @property
    def x(self) -> Any:
        """The value of the node."""
        return self.working.values[self.node]

    def known(self, node: int) -> Any:
        """Return the student's own gradient of another node; None where there is none."""
        return self.working.gradients.get(Quantity(node, self.of))

    def slope(self, of: int) -> float:
        """Return the derivative of another node by this one, from the student's own values."""
        if of == self.node:
            return 1.0
        values, active = self.working.values, self.working.exercise.active
        slope = DOUBLES.backward(self.graph, values, of, active, Trail())[self.node]
        return 0.0 if slope is None else float(slope)


@dataclass(eq=False)
class Above(Worked):
    """An operation on numbers that is made of a node which is differentiated by.

    `upstream` is its gradient, and `slopes` are the derivatives of its arguments by that node.
    """

    step: GradientStep
    upstream: Any

    @functools.cached_property
    def reached(self) -> list[int]:
        """The arguments that depend on the node."""
        return [argument for argument in self.arguments if self.step.reaches[argument]]

    @functools.cached_property
    def slopes(self) -> list[float]:
        """The derivatives of the arguments, 0 of those that do not depend on the node."""
        slope = self.step.slope
        return [slope(node) if self.step.reaches[node] else 0.0 for node in self.arguments]

    @functools.cached_property
    def right(self) -> Any:
        """The derivative of the operation by the node."""
        numbers = [self.working.values[self.node], *self.parts]
        return sum(
            slope * run(self.operation.partial(place), *numbers)
            for place, slope in enumerate(self.slopes)
            if slope
        )


class Example(NamedTuple):
    """A program at a point, and an answer to one step that the mistake gives."""

    program: str
    at: dict[str, Any]
    question: str
    answer: str


_NO_EXAMPLE: Final = Example("", {}, "", "")


@dataclass(frozen=True, slots=True, eq=False)
class Mistake:
    """One row: the numbers that come of a mistake, its name, an example, and its words.

    `at_use` yields what is sent in place of a right contribution; `at_above` how far a derivative
    of an operation above is from the right one; `at_gradient` what stands in place of a gradient as
    a whole, `at_value` in place of a value. A `slip` is told from the right number and the one that
    was written; what is made `in_chain`, from the part of a chain of equalities that stands before
    a number. What is made `seldom` wants more than two digits, or just that number. In the words
    `{use}` is the operation, `{local}` its derivative and `{upstream}` the upstream gradient; those
    of a value may differ. It is told first of all where the one that it is `ahead_of` gives the
    number too.
    """

    at_use: Callable[[Use], Numbers] | None = None
    at_above: Callable[[Above], Numbers] | None = None
    at_gradient: Callable[[GradientStep], Numbers] | None = None
    at_value: Callable[[ValueStep], Numbers] | None = None
    slip: Callable[[Written, float], bool] | None = None
    in_chain: bool = False
    name: str = ""
    example: Example = _NO_EXAMPLE
    words: str = ""
    value_words: str = ""
    ahead_of: str = ""
    seldom: bool = False


def step_at(working: Working, quantity: Quantity, form: str = AS_IS) -> ValueStep | GradientStep:
    """Return the step of working that a quantity is, its local derivatives in a form."""
    if quantity.of < 0:
        return ValueStep(working, quantity.node)
    return GradientStep(working, quantity.node, quantity.of, form)


def rule_of(text: str, *names: str) -> Rule:
    """Return a formula in names as a rule of as many arguments, or an operation by its name.

    >>> run(rule_of("b - a", "a", "b"), 5.0, 2.0), run(rule_of("exp"), 0.0)
    (-3.0, 1.0)
    """
    if text in OPERATIONS:
        return OPERATIONS[text].value

    def rule(m: Any, *arguments: Any) -> Any:
        graph = _formula(text)
        leaves: dict[int, Any] = {node: m.number(value) for node, value in graph.constants.items()}
        for name, argument in zip(names, arguments, strict=True):
            if name in graph.inputs:
                leaves[graph.inputs[name]] = argument
        return Sweep(graph, m).forward(leaves)[graph.output]

    return rule


@functools.cache
def _formula(text: str) -> Graph:
    return parse(text).graph()


def partials(formulas: Mapping[str, Sequence[Sequence[str]]]) -> Callable[[Use], Numbers]:
    """Return what sends wrong local derivatives: by operation, for each place some formulas.

    They are in the names of the operation's parameters, and y, its value. One that is no number
    says nothing of these.
    """
    rules = {
        (name, place): [rule_of(text, "y", *OPERATIONS[name].parameters) for text in texts]
        for name, of_places in formulas.items()
        for place, texts in enumerate(of_places)
    }

    def at_use(use: Use) -> Numbers:
        for rule in rules.get((use.name, use.place), ()):
            number = run(rule, use.y, *use.parts)
            if anywhere(number == number):
                yield use.send(number)

    return at_use


def values(formulas: Mapping[str, Sequence[str]]) -> Callable[[ValueStep], Numbers]:
    """Return what works wrong values out: by operation, formulas in its parameters, or others."""
    rules = {
        name: [rule_of(text, *OPERATIONS[name].parameters) for text in texts]
        for name, texts in formulas.items()
    }

    def at_value(step: ValueStep) -> Numbers:
        return (step.worked_out(rule, step.parts) for rule in rules.get(step.name, ()))

    return at_value


def combined(formulas: Mapping[str, str]) -> Callable[[Above], Numbers]:
    """Return what puts a wrong rule for the right one where all operands depend on the node.

    A formula is in the operation's value y, its parameters, and their derivatives by the node,
    which have a d in front.
    """
    rules = {}
    for name, text in formulas.items():
        parameters = OPERATIONS[name].parameters
        slopes = [f"d{parameter}" for parameter in parameters]
        rules[name] = rule_of(text, "y", *parameters, *slopes)

    def at_above(above: Above) -> Numbers:
        if above.name in rules and len(above.reached) == len(above.operation.parameters):
            numbers = above.working.values[above.node], *above.parts, *above.slopes
            yield run(rules[above.name], *numbers) - above.right

    return at_above
