"""The lines of one step backward: what a gradient is the sum of, and what goes to each argument."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from cgcli.calculus.explain import Contribution
from cgcli.calculus.local import Formula
from cgcli.operations.row import LEVELS
from cgcli.operations.table import OPERATIONS
from cgcli.views.signs import PLAIN
from cgcli.views.trace.writing import Writing
from cgcli.words import Math, Message

_LONGEST: Final = 48
_TERMS: Final = 6


class Line(NamedTuple):
    """A line: what its sides are equal to, a label in words before, conditions and words after.

    `kind` is one of heading, given, forward, start, backward, sum, local, pullback, chain,
    part, nothing, gradient, entry, note, words. A line of a new step has its number; one that
    begins what is said of a node has that. In a page `when` has the keys, with 1 or 0, that the
    line is for.
    """

    kind: str
    label: Message | str = ""
    sides: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    aside: Message | str = ""
    number: int = 0
    node: int | None = None
    when: tuple[tuple[str, int], ...] = ()

    @property
    def level(self) -> int:
        """How deep it stands: 0 apart from all lists, 1 in one, 2 below an item of one."""
        if self.kind in ("heading", "words"):
            return 0
        return 1 if self.number or self.kind in ("given", "gradient", "start") else 2

    @property
    def is_words(self) -> bool:
        """Whether it says what it says in the words after its label."""
        return self.kind in ("note", "pullback")


def distinct(sides: list[str]) -> tuple[str, ...]:
    """Return the sides of an equality without the same one twice in a row."""
    return tuple(side for k, side in enumerate(sides) if not k or side != sides[k - 1])


class Chain(Writing):
    """The chain rule in lines, for one use of a node after another."""

    def total(self, node: int, received: list[Contribution], total: Any) -> Line:
        """Say what a node's gradient is the sum of, each part named by its use."""
        aside = Message("from its {count} uses", count=len(received))
        if len(received) <= _TERMS:
            aside = Message("from {uses}", uses=Math(", ".join(map(self.use, received))))
        sides = [self.gradient(node), *self.terms(received), self.grad(total)]
        return Line("sum", Message("sum"), distinct(sides), aside=aside)

    def terms(self, received: list[Contribution]) -> list[str]:
        """Return the sum of the parts of a gradient in numbers, where they are few."""
        sent = [part.sent for part in received]
        if not (1 < len(sent) <= _TERMS and self.shown.gradients and self.is_short(*sent)):
            return []
        first, *rest = map(self.grad, sent)
        return [" + ".join([first, *(self.in_brackets(t, LEVELS["sum"] + 1) for t in rest)])]

    def through(self, part: Contribution) -> Message:
        """Name a part of a gradient by the use that sends it."""
        return Message("through {use}", use=Math(self.use(part)))

    def local(self, part: Contribution) -> str:
        """Return the sign for a local derivative, such as ∂p/∂x, or ∂₂p where that is ambiguous.

        ∂₂p, the partial derivative by the second argument, is D₂p in Spivak's Calculus on
        Manifolds, chapter 2.
        """
        name = self.name(part.node)
        if self.by_place(part):
            return self.signs.partial(part.place + 1, name)
        return self.signs.ratio(name, self.name(part.argument))

    def by_place(self, part: Contribution) -> bool:
        """Whether a local derivative is written by the place of its argument.

        A node that takes an argument twice has two derivatives by it. Of the output, ∂f/∂x is the
        gradient: of what has other uses another number, and else what the chain rule defines.
        """
        if self.graph.arguments[part.node].count(part.argument) > 1:
            return True
        return part.node == self.result.of and (part.shared or not self._is_factor(part))

    def _is_factor(self, part: Contribution) -> bool:
        """Whether a local derivative is short enough to be a factor, in any format alike."""
        plain = Writing(self.result, PLAIN, self.shown)
        return part.formula is None or len(plain.formula_of(part.formula)) <= _LONGEST

    def product(self, part: Contribution) -> str:
        """Return how a part of a gradient is written: upstream times local derivative."""
        return self._times(part, self.gradient(part.node), self.local(part))

    def contribution(self, part: Contribution) -> Iterator[Line]:
        """Return the lines of one argument: its local derivative, and the chain rule with it.

        What one use of several sends is written as the product that it is. The sign of the
        gradient stands for their sum alone: Deisenroth, Faisal and Ong, Mathematics for Machine
        Learning, section 5.6.
        """
        target = self.gradient(part.argument)
        if part.sent is None:
            why = Message("nothing goes to {gradient}", gradient=Math(target))
            if part.formula is not None:
                why = Message("{what}: a small change of it changes nothing here", what=why)
            yield Line("nothing", why)
            return
        sides: list[str] = [self.product(part)] if part.shared else [target]
        aside: Message | str = ""
        if part.formula is None:
            yield Line("pullback", Message("pullback"), aside=self.pullback(part))
            aside = self.shape(part.argument)
        else:
            yield self._local(part, part.formula)
            if not part.shared:
                factor = self.local(part)
                if self._is_factor(part):
                    # A sign at the right of a product is not read as one: a · (-b).
                    factor = self.formula_of(part.formula, level=LEVELS["power"])
                sides.append(self._times(part, self.gradient(part.node), factor))
            sides += self._numbers(part)
        kind, label = ("part", self.through(part)) if part.shared else ("chain", Message("chain"))
        yield Line(kind, label, distinct([*sides, self.grad(part.sent)]), aside=aside)

    def _local(self, part: Contribution, formula: Formula) -> Line:
        """Return the line of a local derivative: its sign, its formula, its number."""
        written = self.formula_of(formula)
        sides = [self.local(part), written]
        # A derivative that is a number needs no second one, and no blank either.
        if self.number(part.partial, True) != written:
            visible = self.shown.values and self.shown.gradients
            sides.append(self.number(part.partial, visible))
        aside = Message("by argument {place}", place=part.place + 1) if self.by_place(part) else ""
        return Line("local", Message("local"), tuple(sides), self.reasons(formula), aside)

    def _numbers(self, part: Contribution) -> list[str]:
        """Return upstream times local in numbers, where they are few and nothing was cut off."""
        upstream = self.result.grad(part.node)
        special = part.node in self.result.trail.faults or part.node in self.result.trail.masks
        if not self.shown.gradients or special or not self.is_short(upstream, part.partial):
            return []
        left = self.in_brackets(self.grad(upstream), LEVELS["product"])
        right = self.in_brackets(self.value(part.partial), LEVELS["product"] + 1)
        return [self._times(part, left, right)]

    def _times(self, part: Contribution, upstream: str, factor: str) -> str:
        """Return a product, or its sum where the argument was spread over more elements."""
        graph, product = self.graph, f"{upstream}{self.signs.times}{factor}"
        shape, narrow = graph.shape(part.node), graph.shape(part.argument)
        if shape == narrow or part.formula is None:
            return product
        rows: tuple[int, ...] = ()
        if len(narrow) == 1 and len(shape) == 2:
            rows = (0,)
        elif len(narrow) == 2:
            rows = (0,) if narrow[0] == 1 != shape[0] else (1,)
        return "".join(
            piece if isinstance(piece, str) else product
            for piece in self.signs.notation.template(OPERATIONS["sum"], 1, rows).pieces
        )
