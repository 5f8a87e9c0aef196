"""Doubles that are moved a little at every step, to see how far rounding carries."""

from __future__ import annotations

import random
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, Final

from cgcli.calculus.doubles import Doubles
from cgcli.calculus.masks import Masked
from cgcli.calculus.sums import Scattered
from cgcli.calculus.sweep import Sweep, Trail
from cgcli.graph.graph import Graph
from cgcli.numbers.elements import by_double, elements

SHAKE: Final = 1e-9
"""By so much of itself a number is moved at the most, unless it is said otherwise."""


class ShakenDoubles(Doubles):
    """Doubles of which inputs, results and contributions are moved by chance, as a seed has it.

    They are moved by up to `size` of themselves; constants and `fixed` nodes stay as they are, and
    so does what is let through, chosen or collected: a gate would no longer know what it took.
    """

    def __init__(self, seed: int, size: float = SHAKE, fixed: Container[int] = ()) -> None:
        self._chance = random.Random(seed)  # noqa: S311  # noise
        self._size, self._fixed = size, fixed

    def forward(self, graph: Graph, inputs: Mapping[str, Any]) -> list[Any]:
        """Return the values, moved where they are."""
        names = {node: name for name, node in graph.inputs.items()}
        values: list[Any] = []
        for node, arguments in enumerate(graph.arguments):
            if node in graph.constants:
                values.append(graph.constants[node])
                continue
            number = self.value(graph, values, node) if arguments else inputs[names[node]]
            row, parts = graph.operations[node], [values[a] for a in arguments]
            # What has another name, or a plus sign, is its argument.
            still = node in self._fixed or any(number is part for part in parts)
            moved = number if still else self.moved(number)
            if row.gate or row.collects:
                moved = _moved_alone(number, parts, moved)
            values.append(moved)
        return values

    def backward(
        self, graph: Graph, values: list[Any], of: int, active: bytearray, trail: Trail
    ) -> list[Any]:
        """Return the gradients, of contributions that are moved."""
        kind = type(self.sweep(graph, values, trail))
        sweep: _Shaken = type("Shaken", (_Shaken, kind), {})(graph, values, trail)
        sweep.moved = self._sent
        return sweep.backward(of, active, 1.0)

    def _sent(self, sent: Any) -> Any:
        if isinstance(sent, Masked):
            value = sent.value.dense() if type(sent.value) is Scattered else sent.value
            return Masked(self.sent(value), sent.mask)
        return self.sent(sent)

    def sent(self, number: Any) -> Any:
        """Return a contribution, moved; of an array every element by itself."""
        return self.moved(number)

    def moved(self, number: Any) -> Any:
        """Return a number, or an array of them, moved."""
        return by_double(lambda x: x * (1 + self._size * self._chance.uniform(-1, 1)), number)


def _moved_alone(number: Any, parts: list[Any], moved: Any) -> Any:
    """Return a result, moved where it is none of the numbers that it is made of."""
    taken = {element for part in parts for element in elements(part)}
    return by_double(lambda x, other: x if x in taken else other, number, moved)


class _Shaken(Sweep):
    """A sweep whose contributions are moved."""

    moved: Callable[[Any], Any]

    def visits(self, of: int, active: bytearray) -> Iterable[int]:
        """Return all nodes: no loop of floats passes by."""
        return range(of, -1, -1)

    def add(self, node: int, sent: Any) -> None:
        """Add a contribution."""
        super().add(node, self.moved(sent))
