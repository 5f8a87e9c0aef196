"""The lines of one step backward: what a gradient is the sum of, and what goes to each argument."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from cgcli.calculus.explain import Contribution
from cgcli.operations.row import LEVELS
from cgcli.operations.table import OPERATIONS
from cgcli.views.trace.writing import Writing
from cgcli.words import Math, Message

_LONGEST: Final = 48
_TERMS: Final = 6


class Line(NamedTuple):
    """A line: what its sides are equal to, a label in words before, conditions and words after.

    `kind` is one of heading, given, forward, start, backward, sum, local, pullback, chain,
    part, nothing, gradient, entry, note, words. A line of a new step has its number.
    """

    kind: str
    label: Message | str = ""
    sides: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    aside: Message | str = ""
    number: int = 0


def distinct(sides: list[str]) -> tuple[str, ...]:
    """Return the sides of an equality without the same one twice in a row."""
    return tuple(side for k, side in enumerate(sides) if not k or side != sides[k - 1])


class Chain(Writing):
    """The chain rule in lines, for one use of a node after another."""

    def total(self, node: int, received: list[Contribution], total: Any) -> Line:
        """Say what a node's gradient is the sum of, each part named by its use."""
        aside = Message("from its {count} uses", count=len(received))
        sides = [self.gradient(node)]
        if len(received) <= _TERMS:
            aside = Message("from {uses}", uses=Math(", ".join(map(self.use, received))))
            if self.shown.gradients and self.is_short(*(part.sent for part in received)):
                first, *rest = (self.grad(part.sent) for part in received)
                plus = (self.in_brackets(text, LEVELS["sum"] + 1) for text in rest)
                sides.append(" + ".join([first, *plus]))
        sides.append(self.grad(total))
        return Line("sum", Message("sum"), distinct(sides), aside=aside)

    def contribution(self, one: Contribution) -> Iterator[Line]:
        """Return the lines of one argument: its local derivative, and the chain rule with it."""
        target = self.gradient(one.argument)
        if one.sent is None:
            why = Message("nothing goes to {gradient}", gradient=Math(target))
            if one.formula is not None:
                why = Message("{what}: a small change of it changes nothing here", what=why)
            yield Line("nothing", why)
            return
        upstream = self.gradient(one.node)
        sides: list[str] = []
        if one.formula is None:
            yield Line("pullback", Message("pullback"), aside=self.pullback(one))
        else:
            local = self.formula_of(one.formula)
            ratio = self.signs.ratio(self.name(one.node), self.name(one.argument))
            sides = [ratio, local]
            # A derivative that is a number needs no second one, and no blank either.
            if self.number(one.partial, True) != local:
                visible = self.shown.values and self.shown.gradients
                sides.append(self.number(one.partial, visible))
            yield Line("local", Message("local"), tuple(sides), self.reasons(one.formula))
            factor = ratio
            if len(local) <= _LONGEST:
                factor = self.in_brackets(local, LEVELS["product"] + 1, self.level(one.formula))
            sides = [self._spread(one, f"{upstream}{self.signs.times}{factor}")]
            sides += self._product(one)
        kind, label = "chain", Message("chain")
        if one.shared:
            kind, label = "part", Message("part of {gradient}", gradient=Math(target))
        else:
            sides.insert(0, target)
        aside = self.shape(one.argument) if one.formula is None else ""
        yield Line(kind, label, distinct([*sides, self.grad(one.sent)]), aside=aside)

    def _product(self, one: Contribution) -> list[str]:
        """Return upstream times local in numbers, where they are few and nothing was cut off."""
        upstream = self.result.grad(one.node)
        special = one.node in self.result.faults or one.node in self.result.masks
        if not self.shown.gradients or special or not self.is_short(upstream, one.partial):
            return []
        left = self.in_brackets(self.grad(upstream), LEVELS["product"])
        right = self.in_brackets(self.value(one.partial), LEVELS["product"] + 1)
        return [self._spread(one, f"{left}{self.signs.times}{right}")]

    def _spread(self, one: Contribution, product: str) -> str:
        """Return a product summed, where the argument was spread over more elements than it has."""
        graph = self.graph
        shape, narrow = graph.shape(one.node), graph.shape(one.argument)
        if shape == narrow:
            return product
        rows: tuple[int, ...] = ()
        if len(narrow) == 1 and len(shape) == 2:
            rows = (0,)
        elif len(narrow) == 2 and narrow != shape:
            rows = (0,) if narrow[0] == 1 != shape[0] else (1,)
        return "".join(
            piece if isinstance(piece, str) else product
            for piece in self.signs.notation.template(OPERATIONS["sum"], 1, rows).pieces
        )
