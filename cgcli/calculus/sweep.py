"""The sweep: both passes of a graph, written once for every kind of number.

Forward, each node is valued from its arguments. Backward, from a seed at one node, the nodes are
visited once, last to first; each sends its upstream gradient times the local derivative to every
argument, where contributions add up (Griewank & Walther, Evaluating Derivatives, 2nd ed.,
chapter 3.2). A kind of number says in which namespace its rules run, and what the result of a
rule is to it: that is all that the classes of other modules add to these.

A branch that is not taken is sent nothing. Kinds whose numbers can say so themselves are sent a
zero that stays one; beside the gradients of others stand masks (`masks.py`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cgcli.calculus.choices import Choices
from cgcli.calculus.sums import Scattered, Sums, scattering
from cgcli.graph.graph import Graph, element
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.parts import Parts
from cgcli.operations.row import Rule
from cgcli.operations.shapes import size


def seeds(
    graph: Graph, of: int, active: bytearray, zero: Any, one: Any
) -> Iterator[tuple[int, int, Any]]:
    """Yield the places of a node's elements, with the node that each stands for, and its seed.

    Elements that nothing active leads to are left out.
    """
    import numpy as np

    for place, index in enumerate(np.ndindex(graph.shape(of))):
        node, inner = element(graph, of, index)
        if active[node]:
            seed = one
            if inner:
                seed = np.full(graph.shape(node), zero)
                seed[inner] = one
            yield place, node, seed


def jacobian(
    graph: Graph,
    of: int,
    sources: Mapping[str, int],
    active: bytearray,
    zero: Any,
    one: Any,
    backward: Callable[[int, bytearray, Any], list[Any]],
) -> dict[str, Any]:
    """Return by name the array of shape output × input, in a pass back for each of its rows.

    `backward(node, active, seed)` returns gradients by node, None where nothing is sent. Of
    elements of the output that nothing active leads to, none is asked for.

    >>> from cgcli.program import parse
    >>> graph = parse("[2*x, 3, x]").graph()
    >>> active = graph.dependents(graph.inputs.values())
    >>> backward = lambda node, active, seed: [10.0 * node + seed] * len(graph)
    >>> jacobian(graph, graph.output, graph.inputs, active, 0.0, 1.0, backward)["x"]
    array([21.,  0., 11.])
    """
    import numpy as np

    shape = graph.shape(of)
    shapes = {name: graph.shape(node) for name, node in sources.items()}
    rows = {name: np.full((size(shape), *inner), zero) for name, inner in shapes.items()}
    for place, node, seed in seeds(graph, of, active, zero, one):
        gradients = backward(node, active, seed)
        for name, source in sources.items():
            if gradients[source] is not None:
                rows[name][place] = gradients[source]
    return {name: row.reshape(shape + shapes[name]) for name, row in rows.items()}


@dataclass(slots=True)
class Trail:
    """What a backward pass meets: nodes at fault, and the masks that it carries.

    `faults` are the nodes outside their domain, True or for an array the mask of the elements
    that are: what goes through them is never finite. The pass adds those that it `crossed`. A
    mask flags the elements of a node that a gradient reached; where there is none, all are, or
    some were picked without `marks` and the pass is `scattered`. Of what came to the `steps`, it
    keeps zeros, and NaN for what came through a fault: that alone a step sends on. Of scalar nodes
    of two arguments it keeps the `partials`, None where an argument is not active.
    """

    faults: dict[int, Any] = field(default_factory=dict)
    masks: dict[int, Any] = field(default_factory=dict)
    crossed: set[int] = field(default_factory=set)
    marks: bool = False
    scattered: bool = False
    steps: dict[int, Any] = field(default_factory=dict)
    partials: dict[int, list[Any]] = field(default_factory=dict)


class Sweep:
    """Both passes over the numbers of a namespace, and arrays of them.

    `values` has what is known of the nodes, else None. What a rule raises is raised.

    >>> from fractions import Fraction
    >>> from cgcli.numbers.exact import EXACT
    >>> from cgcli.program import parse
    >>> graph = parse("x/3 + x").graph()
    >>> sweep = Sweep(graph, EXACT)
    >>> sweep.forward({0: Fraction(1, 2), 1: Fraction(3)})[-1]
    Fraction(2, 3)
    >>> sweep.backward(graph.output, graph.dependents([0]), Fraction(1))[0]
    Fraction(4, 3)
    """

    sums = Sums(0)
    choices = Choices(Graph(), None)

    def __init__(self, graph: Graph, m: Namespace, values: Any = None) -> None:
        self.graph = graph
        self.m = m
        self.values = [None] * len(graph) if values is None else values

    # What a kind of number says

    def book(self, node: int) -> Namespace:
        """Return the namespace in which the rules of a node's operation run."""
        return self.arrays if node in self.graph.tensors else self.m

    @functools.cached_property
    def arrays(self) -> Namespace:
        """The namespace of arrays; NumPy is imported for it."""
        from cgcli.numbers.objects import arrays_of

        return arrays_of(self.m)

    @property
    def scattering(self) -> Namespace:
        """The namespace of pullbacks, in which what is scattered is not written out."""
        return scattering(self.arrays)

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

    def decide(self, truth: Any) -> bool | None:
        """Return whether a truth holds everywhere or nowhere; None for neither, or not known."""
        return None if truth is not False else False

    def deliver(self, node: int, place: int, sent: Any, reached: Any) -> Any:
        """Return a contribution where it is reached, in its argument's shape; None for nothing."""
        return self.reduce(sent, node, self.graph.arguments[node][place])

    def reduce(self, sent: Any, node: int, argument: int) -> Any:
        """Return a node's contribution in the shape of its argument; None where it is nothing."""
        if node not in self.graph.tensors:
            return sent
        from cgcli.numbers.objects import reduce_objects

        return reduce_objects(sent, self.graph.shape(argument))

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

    def valued(self, node: int) -> Any:
        """Return the value of a node by those of its arguments."""
        return self.value(node, [self.part(argument) for argument in self.graph.arguments[node]])

    def value(self, node: int, parts: list[Any]) -> Any:
        """Return the value of a node of these arguments."""
        operation = self.graph.operations[node]
        fixed = self.graph.static.get(node, ())
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
        reaches, parts = self.graph.operations[node].reaches, self.asked(node)
        reached: dict[int, Any] = {}
        if reaches is not None:
            reached = {place: reaches(self.book(node), place, *parts) for place in places}
            places = [place for place in places if self.decide(reached[place]) is not False]
        for place, partial in zip(places, self.partials(node, places, parts), strict=True):
            sent = self.times(node, place, upstream, partial, parts)
            sent = self.deliver(node, place, sent, reached.get(place, True))
            if sent is not None:
                yield place, sent

    def asked(self, node: int) -> list[Any]:
        """Return the arguments of an elementwise node as its gradient asks for them."""
        parts = [self.part(argument) for argument in self.graph.arguments[node]]
        return self.choices.asked(node, parts, self.part, functools.partial(self.run, node))

    def partials(self, node: int, places: Sequence[int], parts: list[Any]) -> list[Any]:
        """Return the local derivatives of an elementwise node by some of its arguments."""
        run = functools.partial(self.run, node)
        return self.graph.operations[node].partials_by(places, run, self.part(node), parts)

    def local(self, node: int, place: int) -> Any:
        """Return the local derivative of an elementwise node by one argument, else None."""
        return self.locals(node, (place,))[0]

    def locals(self, node: int, places: Sequence[int]) -> list[Any]:
        """Return the local derivatives of a node by some arguments, as `local` does."""
        if not self.graph.operations[node].elementwise:
            return [None] * len(places)
        parts = [self.part(argument) for argument in self.graph.arguments[node]]
        return self.partials(node, places, parts)

    def pull_back(
        self, node: int, places: Sequence[int], upstream: Any
    ) -> Iterator[tuple[int, Any]]:
        """Yield what an operation sends by its own pullback."""
        arguments, m, factors = self.graph.arguments[node], self.scattering, self.factors(node)
        for place in places:
            compute = functools.partial(self.pulled, m, node, place, upstream, factors)
            sent = self.attempt(arguments[place], node, compute)
            if sent is not None and type(sent) is not Scattered:
                sent = self.reduce(sent, node, arguments[place])
            if sent is not None:
                yield place, sent

    def factors(self, node: int, of: Callable[[int], Any] | None = None) -> tuple[Any, Parts]:
        """Return what a pullback multiplies by, for a node and for its arguments: their values.

        `of` has for a node what stands for its value.
        """
        of = of or self.part
        return of(node), Parts(self.graph.arguments[node], of)

    def pulled(
        self, m: Namespace, node: int, place: int, upstream: Any, factors: tuple[Any, Parts]
    ) -> Any:
        """Return what an operation's pullback sends to one of its arguments; None for nothing."""
        pullback, fixed = self.graph.operations[node].pullback, self.graph.static.get(node, ())
        assert pullback is not None
        return pullback(m, place, upstream, *factors, fixed)
