"""What a row of the table of mistakes holds, and the step of working that it is made at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias

from cgcli.homework.quantities import Quantity
from cgcli.homework.working import AS_IS, Use, Worked, Working, run
from cgcli.homework.written import Written, shape_of
from cgcli.language.answer import parse_answer
from cgcli.language.syntax import NAME, NUMBER
from cgcli.operations.row import Rule
from cgcli.operations.table import CONSTANTS, OPERATIONS, WORDS

Numbers: TypeAlias = Iterable[Any]
_NODES: Final = 20


class ValueStep(Worked):
    """A value that is worked out from the student's own values of the arguments."""

    @cached_property
    def expected(self) -> Any:
        """What correct working gives."""
        return self.working.worked_out(self.node)


@dataclass(eq=False)
class GradientStep(Worked):
    """A derivative that is worked out from the student's own upstream gradients and values."""

    of: int
    form: str = AS_IS

    @cached_property
    def uses(self) -> list[Use]:
        """The uses that the gradient comes back from, in the order of the program."""
        return self.working.uses(self.of, self.node, self.form)[::-1]

    @cached_property
    def contributions(self) -> list[Any]:
        """What each use sends, 0 from a branch that is not taken."""
        zero = self.working.exercise.zeros(self.node)
        return [zero if use.sent is None else use.sent for use in self.uses]

    @cached_property
    def expected(self) -> Any:
        """What correct working gives."""
        return self.working.gradient(self.of, self.node, self.form)

    @cached_property
    def above(self) -> list[tuple[int, list[int], Any]]:
        """The operations on numbers that the node reaches, by which arguments, and their gradients.

        Of a large program they are the first.
        """
        graph = self.graph
        if shape_of(self.x):
            return []
        known, reached = self.working.gradients.get(self.of, {}), graph.dependents([self.node])
        uses = (
            (node, [argument for argument in graph.arguments[node] if reached[argument]])
            for node in range(self.node + 1, len(graph))
            if reached[node] and known.get(node) is not None
        )
        return [
            (node, arguments, known[node])
            for node, arguments in islice(uses, _NODES)
            if not any(map(graph.shape, (node, *arguments)))
        ]

    @property
    def x(self) -> Any:
        """The value of the node."""
        return self.working.values[self.node]


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

    `at_use` yields what is sent in place of a right contribution; `at_gradient` what stands in
    place of a gradient as a whole, `at_value` in place of a value. A `slip` is told from the
    right number and the one that was written; what is made `in_chain`, from the part of a chain
    of equalities that stands before a number. What is made `seldom` wants more than two digits, or
    just that number. In the words `{use}` is the operation, `{local}`
    its derivative and `{upstream}` the upstream gradient; those of a value may differ. It is told
    first of all where the one that it is `ahead_of` gives the number too.
    """

    at_use: Callable[[Use], Numbers] | None = None
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
    syntax = parse_answer(f"0 = {text}")
    assert syntax is not None
    assert syntax.right is not None
    entries = syntax.right

    def rule(m: Any, *arguments: Any) -> Any:
        known = {**CONSTANTS, **dict(zip(names, arguments, strict=True))}
        stack: list[Any] = []
        for kind, payload, count, *_ in entries:
            if kind in (NUMBER, NAME):
                stack.append(float(payload) if kind == NUMBER else known[payload])
            else:
                operands = stack[len(stack) - count :]
                row = OPERATIONS.get(payload) or WORDS[payload][0]
                stack[len(stack) - count :] = [row.value(m, *operands)]
        return stack[0]

    return rule


def partials(formulas: Mapping[str, Sequence[Sequence[str]]]) -> Callable[[Use], Numbers]:
    """Return what sends wrong local derivatives: by operation, for each place some formulas.

    They are in the names of the operation's parameters, and y, its value.
    """
    rules = {
        (name, place): [rule_of(text, "y", *OPERATIONS[name].parameters) for text in texts]
        for name, of_places in formulas.items()
        for place, texts in enumerate(of_places)
    }

    def at_use(use: Use) -> Numbers:
        known = rules.get((use.name, use.place), ())
        return (use.send(run(rule, use.y, *use.parts)) for rule in known)

    return at_use


def values(formulas: Mapping[str, Sequence[str]]) -> Callable[[ValueStep], Numbers]:
    """Return what works wrong values out: by operation, formulas in its parameters."""
    rules = {
        name: [rule_of(text, *OPERATIONS[name].parameters) for text in texts]
        for name, texts in formulas.items()
    }

    def at_value(step: ValueStep) -> Numbers:
        return (run(rule, *step.parts) for rule in rules.get(step.name, ()))

    return at_value
