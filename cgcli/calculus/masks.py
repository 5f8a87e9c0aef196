"""The sweep with masks: which elements a gradient reaches, beside the gradient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

    def __init__(self, graph: Graph, m: Namespace, values: Any = None) -> None:
        super().__init__(graph, m, values)
        self.masks: dict[int, Any] = {}

    def decide(self, truth: Any) -> bool | None:
        """Return whether a truth holds everywhere or nowhere; None for neither, or not known."""
        raise TypeError(truth)

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

    def multiply(
        self, node: int, places: Sequence[int], upstream: Any
    ) -> Iterator[tuple[int, Masked]]:
        """Yield what an elementwise operation sends, and what that reaches."""
        operation, arguments = self.graph.operations[node], self.graph.arguments[node]
        parts = self.asked(node)
        reaches, m = operation.reaches, self.book(node)
        if reaches is not None:
            places = [p for p in places if self.decide(reaches(m, p, *parts)) is not False]
        for place, partial in zip(places, self.partials(node, places, parts), strict=True):
            mask, argument = self.masks.get(node), arguments[place]
            if reaches is not None:
                taken = reaches(m, place, *parts)
                if self.decide(taken) is None:
                    mask = taken if mask is None else mask & taken
            sent = self.times(node, place, upstream, partial, parts)
            if mask is None:
                yield place, Masked(self.reduce(sent, node, argument), None)
            elif self.decide(mask) is not False:
                sent = self.reduce(m.where(mask, sent, 0.0), node, argument)
                yield place, Masked(sent, self.reach(mask, node, argument))

    def pull_back(
        self, node: int, places: Sequence[int], upstream: Any
    ) -> Iterator[tuple[int, Masked]]:
        """Yield what an operation's own pullback sends, and what that reaches."""
        mask = self.masks.get(node)
        if mask is None:
            for place, sent in super().pull_back(node, places, upstream):
                yield place, Masked(sent, self.scattered(node, sent))
            return
        graph, m = self.graph, self.book(node)
        operation, arguments = graph.operations[node], graph.arguments[node]
        pull, fixed = operation.pullback, graph.static.get(node, ())
        assert pull is not None
        y, parts = self.factors(node)
        one, ones = self.unit_factors(node)
        flags = self.truth(mask, node)
        for place in places:
            argument = arguments[place]
            sent = pull(m, place, upstream, y, parts, fixed)
            if sent is None:
                continue
            if operation.mixes:
                reached = m.spread(m.amax(flags, -1), flags, -1) > 0
            else:
                reach = pull(m, place, flags, one, ones, fixed)
                reached = self.reduce(reach, node, argument) != 0
            state = self.decide(reached)
            if state is False:
                continue
            if self.decide(_finite(sent)) is not True:
                sent = self._untouched(node, place, upstream, flags, sent)
            sent = m.where(reached, self.reduce(sent, node, argument), 0.0)
            yield place, Masked(sent, None if state else reached)

    def is_bare(self, node: int) -> bool:
        """Whether what a node sends is multiplied by nothing."""
        return False

    def partials(self, node: int, places: Sequence[int], parts: list[Any]) -> list[Any]:
        """Return local derivatives; ones where nothing is multiplied."""
        if self.is_bare(node):
            return [1.0] * len(places)
        return super().partials(node, places, parts)

    def factors(self, node: int) -> tuple[Any, Parts]:
        """Return what a pullback multiplies by; ones where nothing is multiplied."""
        return self.unit_factors(node) if self.is_bare(node) else super().factors(node)

    def unit_factors(self, node: int) -> tuple[Any, Parts]:
        """Return ones for what a pullback multiplies by."""
        arguments = self.graph.arguments[node]
        return self.ones(node), Parts(range(len(self.graph)), arguments, self.ones)

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
        graph, m = self.graph, self.book(node)
        operation, arguments = graph.operations[node], graph.arguments[node]
        pull, fixed = operation.pullback, graph.static.get(node, ())
        assert pull is not None

        def clean(value: Any) -> Any:
            return m.where(_finite(value), value, 0.0)

        def bad(value: Any) -> Any:
            return m.where(_finite(value), 0.0, 1.0)

        every, y = range(len(graph)), self.part(node)
        if operation.mixes:
            met = (m.spread(m.amax(bad(y), -1), flags, -1) > 0) & (
                m.spread(m.amax(flags, -1), flags, -1) > 0
            )
        else:
            flawed = Parts(every, arguments, lambda argument: bad(self.part(argument)))
            met = pull(m, place, flags, bad(y), flawed, fixed) != 0
        cleaned = Parts(every, arguments, lambda argument: clean(self.part(argument)))
        return m.where(met, sent, pull(m, place, upstream, clean(y), cleaned, fixed))


def _finite(value: Any) -> Any:
    """Return where a number is finite, in the words of the rule book."""
    return value - value == 0
