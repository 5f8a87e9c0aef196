"""The sweep over vectors and matrices of doubles, and scalars among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from cgcli.calculus.ends import LEAST, mended_arrays, mended_pullback
from cgcli.calculus.floats import send_floats
from cgcli.calculus.masks import Masked, MaskedSweep
from cgcli.calculus.sums import Scattered
from cgcli.calculus.sweep import Trail
from cgcli.graph.graph import Graph
from cgcli.numbers import real
from cgcli.numbers.arrays import ARRAYS, as_value, flagged, quiet, reduce_to
from cgcli.operations.row import Rule, selected


class ArraySweep(MaskedSweep):
    """Both passes over floats and arrays of doubles."""

    arrays = ARRAYS

    def __init__(self, graph: Graph, values: Any = None, trail: Trail | None = None) -> None:
        super().__init__(graph, real.FAST, values)
        self._trail = trail or Trail()
        self._faults, self.masks = self._trail.faults, self._trail.masks

    def run(self, node: int, rule: Rule, *numbers: Any) -> Any:
        """Return a rule's result: inf and NaN where plain floats raise."""
        if node in self.graph.tensors:
            return rule(ARRAYS, *map(_double, numbers))
        return real.run(rule, *map(float, numbers))

    def value(self, node: int, parts: list[Any]) -> Any:
        """Return a float or an array."""
        operation = self.graph.operations[node]
        if node not in self.graph.tensors:
            return real.run(operation.value, *map(float, parts))
        return as_value(operation.value(ARRAYS, *parts, *self.graph.static.get(node, ())))

    def locals(self, node: int, places: Sequence[int]) -> list[Any]:
        """Return the local derivatives in the node's shape."""
        partials = super().locals(node, places)
        if node not in self.graph.tensors:
            return partials
        shape = self.graph.shape(node)
        return [p if p is None else np.broadcast_to(np.asarray(p, float), shape) for p in partials]

    def times(
        self, node: int, place: int, upstream: Any, partial: Any, parts: Sequence[Any]
    ) -> Any:
        """Return contributions, which may be doubles though a partial is none."""
        if self.bare:
            return upstream
        operation = self.graph.operations[node]
        return mended_arrays(operation, place, upstream, partial, self.values[node], parts)

    def part(self, node: int) -> Any:
        """Return a value, a scalar as NumPy's double: its quotients by 0 are IEEE's."""
        return _double(self.values[node])

    def decide(self, truth: Any) -> bool | None:
        """Return whether a truth holds everywhere or nowhere."""
        if np.all(truth):
            return True
        return None if np.any(truth) else False

    def ones(self, node: int) -> Any:
        """Return ones."""
        return np.ones(self.graph.shape(node))

    def truth(self, mask: Any, node: int) -> Any:
        """Return a mask as numbers."""
        return np.broadcast_to(mask, self.graph.shape(node)).astype(np.float64)

    def reduce(self, sent: Any, node: int, argument: int) -> Any:
        """Sum a contribution over the axes along which the argument was broadcast."""
        if node not in self.graph.tensors:
            return float(sent)
        return reduce_to(sent, self.graph.shape(argument))

    def reach(self, mask: Any, node: int, argument: int) -> Any:
        """Return the mask of an argument; None where all of it is reached."""
        reached = self.reduce(self.truth(mask, node), node, argument)
        return None if np.all(reached) else np.asarray(reached) > 0

    def scattered(self, node: int, sent: Any) -> Any:
        """Return the mask of what is sent to some elements: a fault is in one of them, or not."""
        if type(sent) is not Scattered:
            return None
        if not self._faults and not self._trail.marks:
            self._trail.scattered = True
            return None
        mask = np.zeros(np.shape(sent.like), dtype=bool)
        mask[selected(sent.indices)] = True
        return mask

    def backward(self, of: int, active: bytearray, seed: Any) -> list[Any]:
        """Return the gradients, in NumPy's silence.

        Where one is not finite, what picks elements is kept beside them: 0 times infinity is no
        number, and an element that is not picked has none of it.
        """
        masks = dict(self.masks)
        with quiet():
            gradients = super().backward(of, active, seed)
            if not self._trail.scattered or all(
                gradient is None or np.isfinite(gradient).all() for gradient in gradients
            ):
                return gradients
            self._trail.marks, self._trail.scattered = True, False
            self.masks.clear()
            self.masks.update(masks)
            return super().backward(of, active, seed)

    def visits(self, of: int, active: bytearray) -> Iterable[int]:
        """Yield the nodes of arrays and those at fault; the loop of floats takes those between."""
        graph, first, gradients = self.graph, of, self.sums.gradients
        apart = sorted(
            (node for node in {*graph.tensors, *self._faults} if node <= of), reverse=True
        )
        for node in apart:
            send_floats(graph, self.values, first, node, active, {}, gradients, {})
            yield node
            first = node - 1
        send_floats(graph, self.values, first, -1, active, {}, gradients, {})

    def send(self, node: int, places: Sequence[int], upstream: Any) -> Iterable[tuple[int, Any]]:
        """Return what a node sends; through an element outside its domain nothing is finite."""
        up = upstream if node not in self.graph.tensors else _double(upstream)
        sends = super().send(node, places, up)
        if node not in self._faults:
            return sends
        fault = np.broadcast_to(self._faults[node], self.graph.shape(node))
        fault = fault & self.masks[node] if node in self.masks else fault
        if not fault.any():
            return sends
        self._trail.crossed.add(node)
        return [
            (place, Masked(self._never_finite(node, place, sent, fault), sent.mask))
            for place, sent in sends
        ]

    def pull_back(
        self, node: int, places: Sequence[int], upstream: Any
    ) -> Iterator[tuple[int, Masked]]:
        """Yield what a pullback sends; a list of n numbers sends n, in one look at its gradient."""
        operation, fixed = self.graph.operations[node], self.graph.static.get(node, ())
        if node in self.masks or not (operation.collects and np.ndim(upstream) == 1):
            pull = super().pull_back(node, places, upstream)
            sends, left = flagged(lambda: list(pull)) if operation.wide else (pull, False)
            # What a softmax is of vanished when it was computed.
            y: Any = self.values[node]
            left = left or (operation.mixes and bool(np.any(np.abs(y) < LEAST)))
            for place, (sent, mask) in sends:
                value = sent
                if left:
                    x = self.values[self.graph.arguments[node][place]]
                    value = mended_pullback(operation, upstream, sent, y, x, fixed)
                yield place, Masked(value, mask)
            return
        elements = upstream.tolist()
        for place in places:
            yield place, Masked(elements[place], None)

    def _never_finite(self, node: int, place: int, sent: Masked, fault: Any) -> Any:
        """Put NaN for every finite contribution that comes through an element at fault."""
        argument = self.graph.arguments[node][place]
        value = sent.value.dense() if type(sent.value) is Scattered else sent.value
        if self.graph.operations[node].elementwise:
            through = np.asarray(self.reduce(fault.astype(np.float64), node, argument)) > 0
        else:
            through = np.asarray(True if sent.mask is None else sent.mask)
        changed = np.where(through & np.isfinite(value), np.nan, value)
        return changed if self.graph.shape(argument) else float(changed)


class TaintSweep(ArraySweep):
    """A pass back of zeros that are NaN once they came through a fault.

    Nothing is multiplied: an infinite slope makes nothing of 0. With `steps` it has what they
    send on of what came to them so, and nothing else.
    """

    bare = True

    def __init__(
        self, graph: Graph, values: Any, trail: Trail, steps: dict[int, Masked] | None = None
    ) -> None:
        super().__init__(graph, values, trail)
        self._steps = steps

    def tainted(self, node: int) -> bool:
        """Return whether a step sends on what comes to it."""
        return self._steps is not None

    def visits(self, of: int, active: bytearray) -> Iterable[int]:
        """Yield the nodes, scalars among them; the steps with what comes to them."""
        for node in range(of, -1, -1):
            if self._steps and node in self._steps:
                self.add(node, self._steps[node])
            yield node


def _double(part: Any) -> Any:
    return np.float64(part) if isinstance(part, float) else part
