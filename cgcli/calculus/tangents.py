"""The forward sweep: how every node moves as the inputs do, for many directions at once.

A tangent has the directions along its first axis and then the node's own shape. An elementwise
operation multiplies by its partials; any other states its `tangent`. Where all is finite that
is all there is to it. Else the way back, which has masks, keeps a fault in its own entry. What
each direction reaches, a sweep of flags tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from cgcli.calculus.choices import Choices
from cgcli.calculus.ends import LEAST
from cgcli.calculus.pullback import ArraySweep
from cgcli.graph.graph import Graph
from cgcli.numbers.arrays import ARRAYS, Array, flagged
from cgcli.operations.protocol import Directions
from cgcli.operations.row import Shape, selected
from cgcli.operations.shapes import size


def _sum(x: Any, *axis: int) -> Any:
    return x.sum(axis=tuple(k % (x.ndim - 1) + 1 for k in axis or range(x.ndim - 1)))


def _product(a: Any, b: Any) -> Any:
    left = a[:, np.newaxis, :] if a.ndim == 2 else a
    right = b[:, :, np.newaxis] if b.ndim == 2 else b
    product = ARRAYS.product(left, right)
    product = product[..., 0] if b.ndim == 2 else product
    return product[:, 0] if a.ndim == 2 else product


_DIRECTIONS: Final = Directions(
    bare=ARRAYS,
    alike=lambda value: np.asarray(value)[np.newaxis],
    stack=lambda *parts: np.stack(parts, axis=1),
    index=lambda x, *indices: x[(slice(None), *selected(indices))],
    transpose=lambda x: np.swapaxes(x, 1, -1),
    concat=lambda *parts: np.concatenate([p[:, None] if p.ndim == 1 else p for p in parts], axis=1),
    sum=_sum,
    product=_product,
    outer_or_scale=lambda a, b: a[:, :, np.newaxis] * b[:, np.newaxis, :],
    cumsum=lambda x: np.cumsum(x, axis=1),
    diag=lambda x: x.diagonal(axis1=1, axis2=2) if x.ndim > 2 else x[..., None] * np.eye(len(x.T)),
)


class Tangents(ArraySweep):
    """The forward sweep of a graph with vectors or matrices, over the nodes flagged by `needed`.

    `faults` are the nodes outside their domain and `choices` those of what is differentiated by,
    as for the backward pass.
    """

    def __init__(
        self,
        graph: Graph,
        values: list[Any],
        needed: bytearray,
        choices: Choices,
        faults: Mapping[int, Any] = MappingProxyType({}),
    ) -> None:
        super().__init__(graph, values)
        self.needed = needed
        self.choices = choices
        self.lossy = self.bare
        """Whether a local derivative is so small that it has lost digits."""
        self.vanished = False
        """Whether one of numbers, which set no flags, is 0 for want of a smaller double."""
        self.faults = {node: fault for node, fault in faults.items() if needed[node]}

    def of(self, target: int, seeds: dict[int, Array]) -> Array | None:
        """Return the tangent of a node, those of the sources given by node.

        None where numbers left the doubles or a domain: the way back tells which are lost.
        """
        tangents, left = flagged(lambda: self.sweep(target, seeds))
        count = len(next(iter(seeds.values())))
        tangent = _of(tangents, target, (count, *self.graph.shape(target)))
        if self.vanished or not np.isfinite(tangent).all():
            return None
        return None if left and (self.lossy or (np.abs(tangent) < LEAST).any()) else tangent

    def sweep(self, target: int, seeds: dict[int, Array]) -> dict[int, Array]:
        """Return by node the tangents of what is up to a node, where anything moves."""
        tangents = dict(seeds)
        count = len(next(iter(seeds.values())))
        for node in range(target + 1):
            if self.needed[node] and node not in seeds:
                moved = self.moved(node, tangents, count)
                if moved is not None:
                    tangents[node] = moved
        return tangents

    def moved(self, node: int, tangents: dict[int, Array], count: int) -> Any:
        """Return a node's tangent by those of its arguments; None for nothing."""
        if self.graph.operations[node].elementwise:
            moved = self._elementwise(node, tangents)
        else:
            moved = self._as_one(node, tangents, count)
        if moved is None or node not in self.faults:
            return moved
        return np.where(self.faults[node], np.nan, moved)

    def _elementwise(self, node: int, tangents: dict[int, Array]) -> Any:
        """Return the sum of the partials times the arguments' tangents; None for nothing."""
        graph = self.graph
        operation, arguments = graph.operations[node], graph.arguments[node]
        shape, m = graph.shape(node), self.book(node)
        places = [place for place, argument in enumerate(arguments) if argument in tangents]
        parts = self.asked(node)
        total: Any = None
        for place, partial in zip(places, self.partials(node, places, parts), strict=True):
            taken: Any = True
            if operation.reaches is not None:
                taken = np.asarray(operation.reaches(m, place, *parts))
                if not taken.any():
                    continue
            moved = _spread(tangents[arguments[place]], shape)
            self.lossy = self.lossy or bool(((partial != 0) & (np.abs(partial) < LEAST)).any())
            if operation.wide and not shape and partial == 0:
                self.vanished = self.vanished or all(part != 0 for part in parts)
            sent = self.times(node, place, moved, partial, parts)
            sent = sent if taken is True else np.where(taken, sent, 0.0)
            total = sent if total is None else total + sent
        return None if total is None else np.broadcast_to(total, (len(total), *shape))

    def _as_one(self, node: int, tangents: dict[int, Array], count: int) -> Any:
        """Return what an operation's own rule makes of the arguments' tangents."""
        graph = self.graph
        operation, arguments = graph.operations[node], graph.arguments[node]
        rule, fixed = operation.tangent, graph.static.get(node, ())
        if rule is None or not any(a in tangents for a in arguments):
            return None
        moves = [_of(tangents, a, (count, *graph.shape(a))) for a in arguments]
        return rule(_DIRECTIONS, moves, *self.factors(node), fixed)


class Reach(Tangents):
    """The forward sweep of what elements reach, by the branches that are taken: 1, else 0."""

    bare = True

    def moved(self, node: int, tangents: dict[int, Array], count: int) -> Any:
        """Return 1 for each element of a node that is reached, and 0 for the others."""
        (first, *_), moved = self.graph.arguments[node], None
        if not self.graph.operations[node].mixes:
            moved = super().moved(node, tangents, count)
        elif first in tangents:
            moved = np.any(tangents[first], axis=-1, keepdims=True)
        flags = np.False_ if moved is None else moved != 0
        return np.broadcast_to(flags, (count, *self.graph.shape(node))).astype(float)


def seeded(graph: Graph, sources: Sequence[int], start: int, stop: int) -> dict[int, Array]:
    """Return tangents of the sources: each direction is one element, counted over all of them."""
    count = stop - start
    columns = sum(size(graph.shape(source)) for source in sources)
    return by_source(graph, sources, np.eye(count, columns, start), (count,))


def by_source(
    graph: Graph, sources: Sequence[int], matrix: Array, shape: Shape
) -> dict[int, Array]:
    """Return the columns of a matrix, an element each, by source; the rows in a shape."""
    ends = np.cumsum([size(graph.shape(source)) for source in sources])
    blocks = np.split(matrix, ends[:-1], axis=1)
    return {
        source: block.reshape(shape + graph.shape(source))
        for source, block in zip(sources, blocks, strict=True)
    }


def _of(tangents: dict[int, Array], node: int, shape: Shape) -> Array:
    """Return the tangent of a node, zeros where it does not move."""
    tangent = tangents.get(node)
    return np.zeros(shape) if tangent is None else tangent


def _spread(tangent: Array, shape: Shape) -> Array:
    """Return a tangent with axes of length 1 where its node has fewer than a shape."""
    missing = len(shape) + 1 - tangent.ndim
    return tangent.reshape(len(tangent), *[1] * missing, *tangent.shape[1:])
