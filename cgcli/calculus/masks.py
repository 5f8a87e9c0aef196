"""The sweep with masks: which elements a gradient reaches, beside the gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from cgcli.calculus.sums import Scattered
from cgcli.calculus.sweep import Sweep
from cgcli.graph.graph import Graph
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.parts import Parts


class Masked(NamedTuple):
    """A contribution, and the mask of the elements that it reaches; None where it reaches all."""

    value: Any
    mask: Any


class MaskedSweep(Sweep):
    """A sweep over arrays of numbers that cannot say themselves that nothing reaches them.

    `masks` has by node the elements that a gradient reaches, where it does not reach all. It
    is carried back with the gradient: a branch that was not taken is never multiplied by 0.
    """

    bare = False
    """Whether what is sent is multiplied by nothing."""

    def __init__(self, graph: Graph, m: Namespace, values: Any = None) -> None:
        super().__init__(graph, m, values)
        self.masks: dict[int, Any] = {}

    def ones(self, node: int) -> Any:
        """Return a value of a node's shape, 1 at every place."""
        raise TypeError(node)

    def reach(self, mask: Any, node: int, argument: int) -> Any:
        """Return which elements of an argument some of a node's reach; None for all of them."""
        raise TypeError(node)

    def add(self, node: int, sent: Masked) -> None:
        """Add a contribution; what either of two reaches is reached."""
        value, mask = sent
        if mask is None and node not in self.masks:
            self.sums.add(node, value)
            return
        if self.sums.gradients[node] is None:
            if mask is not None:
                self.masks[node] = mask
        elif node in self.masks:
            before = self.masks.pop(node)
            if mask is not None:
                self.masks[node] = before | mask
        super().add(node, value)

    def contribution(self, node: int, place: int, upstream: Any) -> Any:
        """Return what a node sends to one of its arguments, without its mask."""
        sent = super().contribution(node, place, upstream)
        if sent is None:
            return None
        return sent.value.dense() if type(sent.value) is Scattered else sent.value

    def deliver(self, node: int, place: int, sent: Any, reached: Any) -> Masked | None:
        """Return a contribution where it is reached, and what it reaches; None for nothing."""
        mask, argument = self.masks.get(node), self.graph.arguments[node][place]
        if reached is not True and self.decide(reached) is None:
            mask = reached if mask is None else mask & reached
        if mask is None:
            return Masked(self.reduce(sent, node, argument), None)
        if self.decide(mask) is False:
            return None
        sent = self.reduce(self.book(node).where(mask, sent, 0.0), node, argument)
        return Masked(sent, self.reach(mask, node, argument))

    def pull_back(
        self, node: int, places: Sequence[int], upstream: Any
    ) -> Iterator[tuple[int, Masked]]:
        """Yield what an operation's own pullback sends, and what that reaches."""
        mask = self.masks.get(node)
        if mask is None:
            for place, sent in super().pull_back(node, places, upstream):
                yield place, Masked(sent, self.scattered(node, sent))
            return
        operation, arguments = self.graph.operations[node], self.graph.arguments[node]
        m = self.book(node)
        factors, ones = self.factors(node), self.factors(node, self.ones)
        flags = self.truth(mask, node)
        for place in places:
            argument = arguments[place]
            sent = self.pulled(m, node, place, upstream, factors)
            if sent is None:
                continue
            if operation.mixes:
                reached = _in_line(m, flags)
            else:
                reach = self.pulled(m, node, place, flags, ones)
                reached = self.reduce(reach, node, argument) != 0
            state = self.decide(reached)
            if state is False:
                continue
            # What is reduced has one number upstream, and no other is added to what that sends.
            if not operation.reduces and self.decide(_finite(sent)) is not True:
                sent = self._untouched(node, place, upstream, flags, sent)
            sent = m.where(reached, self.reduce(sent, node, argument), 0.0)
            yield place, Masked(sent, None if state else reached)

    def partials(self, node: int, places: Sequence[int], parts: list[Any]) -> list[Any]:
        """Return local derivatives; ones where nothing is multiplied."""
        if self.bare:
            return [1.0] * len(places)
        return super().partials(node, places, parts)

    def factors(self, node: int, of: Callable[[int], Any] | None = None) -> tuple[Any, Parts]:
        """Return what a pullback multiplies by; ones where nothing is multiplied."""
        return super().factors(node, self.ones if of is None and self.bare else of)

    def scattered(self, node: int, sent: Any) -> Any:
        """Return the mask of what is sent to some elements; None where that need not be known."""
        return None

    def truth(self, mask: Any, node: int) -> Any:
        """Return a node's mask as numbers, 1 and 0, in all its shape."""
        return self.book(node).truth(mask)

    def _untouched(self, node: int, place: int, upstream: Any, flags: Any, sent: Any) -> Any:
        """Return a contribution without what elements that are not reached make of it.

        0 times NaN is not 0: they are cut out of the values too. What meets NaN or infinity
        through an element that is reached stays as it is.
        """
        m = self.book(node)
        if self.graph.operations[node].mixes:
            met = _in_line(m, self.flawed(node)) & _in_line(m, flags)
        else:
            met = self.pulled(m, node, place, flags, self.factors(node, self.flawed)) != 0
        cleaned = self.factors(node, self.clean)
        return m.where(met, sent, self.pulled(m, node, place, upstream, cleaned))

    def clean(self, node: int) -> Any:
        """Return a node's value, 0 where that is not finite."""
        value = self.part(node)
        return self.book(node).where(_finite(value), value, 0.0)

    def flawed(self, node: int) -> Any:
        """Return 1 where a node's value is not finite, else 0."""
        return self.book(node).where(_finite(self.part(node)), 0.0, 1.0)


def _in_line(m: Namespace, flags: Any) -> Any:
    """Return which elements have a flag that is not 0 along the last axis."""
    return m.spread(m.amax(flags, -1), flags, -1) > 0


def _finite(value: Any) -> Any:
    """Return where a number is finite, in the words of the rule book."""
    return value - value == 0
