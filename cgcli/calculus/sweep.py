"""The sweep: both passes of a graph, written once for every kind of number.

Forward, each node is valued from its arguments. Backward, from a seed at one node, the nodes are
visited once, last to first; each sends its upstream gradient times the local derivative to every
argument, where contributions add up (Griewank & Walther, Evaluating Derivatives, 2nd ed.,
chapter 3.2). A kind of number says in which namespace its rules run, and what the result of a
rule is to it: that is all that the classes of other modules add to these.

A branch that is not taken is sent nothing. Kinds whose numbers can say so themselves are sent a
zero that stays one; beside the gradients of others stand masks, `Masked` below.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cgcli.calculus.choices import Choices
from cgcli.calculus.sums import Scattered, Sums
from cgcli.graph.graph import Graph
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.parts import Parts
from cgcli.operations.row import Rule


def element(graph: Graph, node: int, index: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """Return the node that an element of a node stands for, and the index in that node.

    An element of a list is one of its arguments: its gradient needs no pass over the others.

    >>> from cgcli.program import parse
    >>> graph = parse("[[x, y], v]").graph({"v": [1, 2]})
    >>> element(graph, graph.output, (0, 1)), element(graph, graph.output, (1, 1))
    ((1, ()), (3, (1,)))
    """
    while index and graph.operations[node].collects:
        node, index = graph.arguments[node][index[0]], index[1:]
    return node, index


def by_rows(
    graph: Graph,
    of: int,
    active: bytearray,
    zero: Any,
    one: Any,
    backward: Callable[[int, Any], list[Any]],
) -> Iterator[tuple[int, list[Any]]]:
    """Yield the rows of a node's Jacobian: the place of an element, and its gradients by node.

    `backward(node, seed)` returns gradients. Elements that nothing active leads to are left out.

    >>> from cgcli.program import parse
    >>> graph = parse("[2*x, 3, x]").graph()
    >>> active = graph.dependents([graph.inputs["x"]])
    >>> list(by_rows(graph, graph.output, active, 0.0, 1.0, lambda node, seed: [node, seed]))
    [(0, [2, 1.0]), (2, [1, 1.0])]
    """
    import numpy as np

    for place, index in enumerate(np.ndindex(graph.shape(of))):
        node, inner = element(graph, of, index)
        if not active[node]:
            continue
        seed = one
        if inner:
            seed = np.full(graph.shape(node), zero)
            seed[inner] = one
        yield place, backward(node, seed)


class Sweep:
    """Both passes over one kind of number; `values` has what is known of the nodes, else None."""

    def __init__(self, graph: Graph, values: Any = None) -> None:
        self.graph = graph
        self.values = [None] * len(graph) if values is None else values
        self.sums = Sums(0)
        self.choices = Choices(graph, None)

    # What a kind of number says

    def book(self, node: int) -> Namespace:
        """Return the namespace in which the rules of a node's operation run."""
        raise TypeError(node)

    def run(self, node: int, rule: Rule, *numbers: Any) -> Any:
        """Return a rule's result at a node."""
        return rule(self.book(node), *numbers)

    def settle(self, node: int, result: Any, parts: Sequence[Any]) -> Any:
        """Return an operation's result as the value of its node."""
        return result

    def times(
        self, node: int, place: int, upstream: Any, partial: Any, parts: Sequence[Any]
    ) -> Any:
        """Return upstream times the partial by one argument of a node."""
        return upstream * partial

    def limit(self, sent: Any, reached: Any) -> Any:
        """Return a contribution where it is reached, and nothing elsewhere."""
        return sent

    def reduce(self, sent: Any, node: int, argument: int) -> Any:
        """Return a node's contribution in the shape of its argument; None where it is nothing."""
        return sent

    def tainted(self, node: int) -> bool:
        """Whether what is outside its domain is in line with a node: no gradient is finite."""
        return False

    def part(self, node: int) -> Any:
        """Return a node's value as a rule of arrays takes it."""
        return self.values[node]

    def attempt(self, node: int, since: int, compute: Callable[[], Any]) -> Any:
        """Return what is computed for a node, or what stands for it where that fails."""
        return compute()

    # Forward

    def forward(self, leaves: Mapping[int, Any], needed: bytearray | None = None) -> list[Any]:
        """Value the nodes, or those that are needed, from what the leaves are; return all values.

        A leaf may be any node. What a node that has no value would be needed for has none.
        """
        values = self.values
        for node, arguments in enumerate(self.graph.arguments):
            if values[node] is not None or (needed is not None and not needed[node]):
                continue
            if node in leaves:
                values[node] = leaves[node]
            elif arguments:
                parts = [values[argument] for argument in arguments]
                values[node] = self.value(node, parts)
        return list(values)

    def value(self, node: int, parts: list[Any]) -> Any:
        """Return the value of a node of these arguments."""
        operation = self.graph.operations[node]
        fixed = () if operation.elementwise else self.graph.static.get(node, ())
        return self.settle(node, self.run(node, operation.value, *parts, *fixed), parts)

    # Backward

    def backward(self, of: int, active: bytearray, seed: Any) -> list[Any]:
        """Return the gradient of node `of` by every node; None where nothing was sent.

        `active` flags the nodes to differentiate by: nothing is sent to any other, so x^2 asks
        for no logarithm.
        """
        self.sums = Sums(len(self.graph))
        self.choices = Choices(self.graph, active)
        gradients = self.sums.gradients
        gradients[of] = seed
        for node in self.visits(of, active):
            upstream, arguments = gradients[node], self.graph.arguments[node]
            if upstream is None or not arguments:
                continue
            places = [place for place, argument in enumerate(arguments) if active[argument]]
            for place, sent in self.send(node, places, upstream):
                self.add(arguments[place], sent)
        return gradients

    def visits(self, of: int, active: bytearray) -> Iterable[int]:
        """Return the nodes of a backward pass, last to first."""
        return range(of, -1, -1)

    def add(self, node: int, sent: Any) -> None:
        """Add a contribution to a node's gradient."""
        self.sums.add(node, sent)

    def send(self, node: int, places: Sequence[int], upstream: Any) -> Iterable[tuple[int, Any]]:
        """Return what a node sends to some of its arguments, by place; nothing is left out.

        A step sends nothing, however steep its argument is: 0 times infinity is no number.
        """
        if self.graph.operations[node].step and not self.tainted(node):
            return ()
        elementwise = self.graph.operations[node].elementwise
        sends = self.multiply if elementwise else self.pull_back
        return sends(node, places, upstream)

    def contribution(self, node: int, place: int, upstream: Any) -> Any:
        """Return what a node sends to one of its arguments; None for nothing."""
        for _, sent in self.send(node, (place,), upstream):
            return sent.dense() if type(sent) is Scattered else sent
        return None

    def multiply(
        self, node: int, places: Sequence[int], upstream: Any
    ) -> Iterator[tuple[int, Any]]:
        """Yield what an elementwise operation sends: upstream times its partials."""
        operation, arguments = self.graph.operations[node], self.graph.arguments[node]
        parts = self.asked(node)
        partials = self.partials(node, places, parts)
        for place, partial in zip(places, partials, strict=True):
            reached: Any = True
            if operation.reaches is not None:
                reached = operation.reaches(self.book(node), place, *parts)
            if reached is False:
                continue
            sent = self.limit(self.times(node, place, upstream, partial, parts), reached)
            sent = self.reduce(sent, node, arguments[place])
            if sent is not None:
                yield place, sent

    def asked(self, node: int) -> list[Any]:
        """Return the arguments of an elementwise node as its gradient asks for them."""
        parts = [self.part(argument) for argument in self.graph.arguments[node]]
        return self.choices.asked(node, parts, self.part, functools.partial(self.run, node))

    def partials(self, node: int, places: Sequence[int], parts: list[Any]) -> list[Any]:
        """Return the local derivatives of an elementwise node by some of its arguments."""
        operation, y = self.graph.operations[node], self.part(node)
        run = lambda rule, *numbers: self.run(node, rule, *numbers)
        return operation.partials_by(places, run, y, parts)

    def pull_back(
        self, node: int, places: Sequence[int], upstream: Any
    ) -> Iterator[tuple[int, Any]]:
        """Yield what an operation sends by its own pullback."""
        graph, m = self.graph, self.scattering
        operation, arguments = graph.operations[node], graph.arguments[node]
        pull, fixed = operation.pullback, graph.static.get(node, ())
        assert pull is not None
        y, parts = self.factors(node)
        for place in places:
            compute = functools.partial(pull, m, place, upstream, y, parts, fixed)
            sent = self.attempt(arguments[place], node, compute)
            if sent is not None and type(sent) is not Scattered:
                sent = self.reduce(sent, node, arguments[place])
            if sent is not None:
                yield place, sent

    def factors(self, node: int) -> tuple[Any, Parts]:
        """Return what a pullback multiplies by: the values of a node and of its arguments."""
        arguments = self.graph.arguments[node]
        return self.part(node), Parts(range(len(self.graph)), arguments, self.part)

    @property
    def scattering(self) -> Namespace:
        """The namespace of pullbacks, in which what is scattered is not written out."""
        raise TypeError


class PlainSweep(Sweep):
    """Scalars of any kind that has a namespace: what they raise is raised.

    >>> from fractions import Fraction
    >>> from cgcli.numbers.exact import EXACT
    >>> from cgcli.program import parse
    >>> graph = parse("x/3 + x").graph()
    >>> sweep = PlainSweep(graph, EXACT)
    >>> sweep.forward({0: Fraction(1, 2), 1: Fraction(3)})[-1]
    Fraction(2, 3)
    >>> sweep.backward(graph.output, graph.dependents([0]), Fraction(1))[0]
    Fraction(4, 3)
    """

    def __init__(self, graph: Graph, m: Namespace) -> None:
        super().__init__(graph)
        self._m = m

    def book(self, node: int) -> Namespace:
        """Return the namespace."""
        return self._m


class Masked(NamedTuple):
    """A contribution, and the mask of the elements that it reaches; None where it reaches all."""

    value: Any
    mask: Any


class MaskedSweep(Sweep):
    """A sweep over arrays of numbers that cannot say themselves that nothing reaches them.

    `masks` has by node the elements that a gradient reaches, where it does not reach all. It
    is carried back with the gradient: a branch that was not taken is never multiplied by 0.
    """

    def __init__(self, graph: Graph, values: Any = None) -> None:
        super().__init__(graph, values)
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
