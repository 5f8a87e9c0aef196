"""Whether a program has, beside a point where a choice ties or a step jumps, what it has there.

It is evaluated in short Taylor series: both ways along each element of the inputs that moves
such a place, and along one direction that moves them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from cgcli.calculus.choices import Choices
from cgcli.calculus.masks import Masked
from cgcli.calculus.pullback import ArraySweep, TaintSweep
from cgcli.calculus.sums import Scattered
from cgcli.calculus.sweep import Sweep, Trail
from cgcli.graph.graph import Graph
from cgcli.numbers.arrays import quiet
from cgcli.numbers.elements import by_element
from cgcli.numbers.objects import arranged
from cgcli.numbers.real import Careful
from cgcli.numbers.taylor import TAYLOR, TERMS, Series
from cgcli.operations.row import LEVELS
from cgcli.operations.shapes import size

_MOST: Final = 32
"""How many elements are looked along."""
_WORK: Final = 20_000
"""How many nodes may move: each takes some tenths of a millisecond."""
_STILL: Final = 100
"""How many elements that do not move take as long as one that does."""
_SAME: Final = 1e-9
_ROUNDING: Final = 1e-13

Element = tuple[int, tuple[int, ...]]
"""A node, and the index of one of its elements."""
Direction = dict[Element, float]
"""How much each element is moved."""


def elements_that_move(
    graph: Graph, values: list[Any], choices: Choices, places: Mapping[int, Any]
) -> list[Element]:
    """Return the elements of what is differentiated by that move some elements of some nodes.

    `places` has by node a flag, or an array of them.
    """
    moving = choices.moving
    shapes = {node: graph.shape(node) for node in places}
    begun = {
        node: Masked(np.ones(shapes[node]), np.broadcast_to(np.asarray(flags), shapes[node]))
        for node, flags in places.items()
    }
    sweep = TaintSweep(graph, values, Trail(), begun)
    gradients = sweep.backward(max(places), moving, None)
    moving_elements: list[Element] = []
    for node, arguments in enumerate(graph.arguments):
        if gradients[node] is None or not moving[node] or any(moving[a] for a in arguments):
            continue
        shape = graph.shape(node)
        reached = np.broadcast_to(np.asarray(sweep.masks.get(node, True)), shape)
        moving_elements += [(node, tuple(map(int, index))) for index in np.argwhere(reached)]
    return moving_elements


def sizes_sent(graph: Graph, values: list[Any], of: int, choices: Choices) -> list[Any]:
    """Return by node the sum of the sizes of all that its gradient is added up from.

    Of an array, that is all that the gradients of its elements are.
    """
    seed: Any = np.ones(graph.shape(of)) if graph.shape(of) else 1.0
    return _Sizes(graph, values).backward(of, choices.moving, seed)


class _Sizes(ArraySweep):
    """A backward pass in which nothing cancels."""

    def add(self, node: int, sent: Masked) -> None:
        """Add the size of a contribution; what is scattered is one already."""
        scattered = isinstance(sent.value, Scattered)
        super().add(node, sent if scattered else Masked(abs(sent.value), sent.mask))

    def times(
        self, node: int, place: int, upstream: Any, partial: Any, parts: Sequence[Any]
    ) -> Any:
        """Return the sizes of contributions: of those to what is spread none cancels either."""
        return abs(super().times(node, place, upstream, partial, parts))

    def pull_back(
        self, node: int, places: Sequence[int], upstream: Any
    ) -> Iterator[tuple[int, Masked]]:
        """Yield sizes; where elements are mixed, no element's is more than all that comes."""
        if not self.graph.operations[node].mixes:
            yield from super().pull_back(node, places, upstream)
            return
        for place in places:
            total = upstream.sum(axis=-1, keepdims=True)
            yield place, Masked(np.broadcast_to(total, self.graph.shape(node)), None)

    # Scalars are visited among arrays.
    visits = Sweep.visits


class Way(NamedTuple):
    """What an output is on both sides of the point along a direction, the left one first.

    Along their last axis `values` and `slopes` have the two sides; NaN is what is not there, or
    not known.
    """

    direction: Direction
    values: Any
    slopes: Any


def ways_beside(
    graph: Graph, values: Sequence[Any], of: int, elements: list[Element], sources: Iterable[int]
) -> list[Way] | None:
    """Return what a node is beside the point, along each of the elements, and along all of them.

    Along all of them move other elements of the sources, too, where they are few. None where
    that is too much work.
    """
    if len(elements) > _MOST:
        return None
    shapes = {node: graph.shape(node) for node in sources}
    others: Iterable[Element] = ()
    if sum(map(size, shapes.values())) <= _MOST:
        every = [(node, index) for node, shape in shapes.items() for index in np.ndindex(shape)]
        others = [element for element in every if element not in elements]
    # Multiples of the golden ratio, so that no two elements move alike.
    oblique = {
        element: 0.5 + (0.6180339887 * place) % 1
        for place, element in enumerate([*elements, *others], 1)
    }
    ways = [{element: 1.0} for element in elements]
    ways += [oblique] if len(oblique) > 1 else []
    signs = np.array([-1.0, 1.0])
    directions = [
        {element: sign * step for element, step in way.items()} for way in ways for sign in signs
    ]
    moved = graph.dependents({node for node, _ in oblique})
    needed = graph.ancestors([of])
    work = sum(
        1 + size(graph.shape(node)) / _STILL
        for node in range(of + 1)
        if moved[node] and needed[node]
    )
    if work > _WORK:
        return None
    shape = graph.shape(of)
    sweep = _Beside(graph, values, moved, needed)
    with quiet():
        output = sweep.forward(_leaves(graph, values, directions), needed)[of]
    rows = [_terms(number, len(directions)) for number in (output.flat if shape else [output])]
    terms = np.array(rows).reshape(*shape, 2, len(ways), 2)
    return [
        Way(way, terms[..., 0, k, :] + 0.0, terms[..., 1, k, :] * signs + 0.0)
        for k, way in enumerate(ways)
    ]


def _leaves(
    graph: Graph, values: Sequence[Any], directions: Sequence[Mapping[Any, float]]
) -> dict[int, Any]:
    """Return the nodes that are moved, as series."""
    leaves: dict[int, Any] = {}
    for node in {node for direction in directions for node, _ in direction}:
        shape = graph.shape(node)
        inner = []
        for index in np.ndindex(shape):
            terms = np.zeros((TERMS, len(directions)))
            terms[0] = values[node][index] if shape else values[node]
            terms[1] = [direction.get((node, index), 0.0) for direction in directions]
            inner.append(Series(terms) if terms[1].any() else Careful(terms[0][0]))
        leaves[node] = arranged(inner, shape)
    return leaves


def _terms(number: Any, count: int) -> Any:
    """Return values and slopes, in so many directions."""
    if isinstance(number, Series):
        return np.broadcast_to(number.terms[:2], (2, count))
    return np.array([[float(number)] * count, [0.0] * count])


class _Beside(Sweep):
    """The forward pass over series of what moves, and careful floats of what does not."""

    def __init__(
        self, graph: Graph, values: Sequence[Any], moved: bytearray, needed: bytearray
    ) -> None:
        still = [
            None if moved[node] or not needed[node] else by_element(Careful, value)
            for node, value in enumerate(values)
        ]
        super().__init__(graph, TAYLOR, still)
        self._at_point = values

    def value(self, node: int, parts: list[Any]) -> Any:
        """Return a value, NaN outside the domain: 1/0 is none, though its sign would be 1."""
        operation, result = self.graph.operations[node], super().value(node, parts)
        if operation.domain is None or not operation.elementwise:
            return result
        inside = self.run(node, operation.domain.inside, *parts)
        return self.book(node).where(inside, result, float("nan"))

    def settle(self, node: int, result: Any, parts: Sequence[Any]) -> Any:
        """Return a value that is the one of the point to the bit, where it is but for rounding."""
        operation, arguments, scale = self.graph.operations[node], self.graph.arguments[node], 0.0
        if operation.step:
            return result
        adds = operation.level == LEVELS["sum"] or operation.pieces is not None
        cancels = not (operation.picks or operation.collects or operation.sign == ">")
        if cancels and (adds or not operation.elementwise):
            # Of what is added up, as in a remainder, the largest may leave more rounding than the
            # sum is; what is picked, listed or a positive share loses nothing to a larger one.
            sizes = [float(np.max(np.abs(self._at_point[a]))) for a in arguments]
            scale = max((s for s in sizes if s - s == 0), default=0.0)

        def near(number: Any, at_point: float) -> Any:
            if not isinstance(number, Series):
                return Careful(number)
            if at_point - at_point != 0:
                return number
            allowed = _SAME * abs(at_point) + _ROUNDING * scale
            terms = number.terms.copy()
            terms[0] = np.where(np.abs(terms[0] - at_point) <= allowed, at_point, terms[0])
            return Series(terms)

        return by_element(near, result, self._at_point[node])
