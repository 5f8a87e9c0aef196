"""Doubles that are moved a little at every step, to see how far rounding carries."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from cgcli.calculus.doubles import Doubles
from cgcli.calculus.masks import Masked
from cgcli.calculus.sums import Scattered
from cgcli.calculus.sweep import Sweep, Trail
from cgcli.graph.graph import Graph

SHAKE: Final = 1e-9
"""By so much of itself a number is moved at the most."""


class ShakenDoubles(Doubles):
    """Doubles of which inputs, results and contributions are moved by chance, as a seed has it."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311  # noise

    def forward(self, graph: Graph, inputs: Mapping[str, Any]) -> list[Any]:
        """Return the values, constants as they are and all others moved."""
        names = {node: name for name, node in graph.inputs.items()}
        values: list[Any] = []
        for node, arguments in enumerate(graph.arguments):
            if node in graph.constants:
                values.append(graph.constants[node])
                continue
            number = self.value(graph, values, node) if arguments else inputs[names[node]]
            values.append(self._moved(number))
        return values

    def backward(
        self, graph: Graph, values: list[Any], of: int, active: bytearray, trail: Trail
    ) -> list[Any]:
        """Return the gradients, of contributions that are moved."""
        kind = type(self.sweep(graph, values, trail))
        sweep: _Shaken = type("Shaken", (_Shaken, kind), {})(graph, values, trail)
        sweep.moved = self._moved
        return sweep.backward(of, active, 1.0)

    def _moved(self, number: Any) -> Any:
        if isinstance(number, Masked):
            value = number.value.dense() if type(number.value) is Scattered else number.value
            return Masked(self._moved(value), number.mask)
        return number * (1 + SHAKE * self._chance.uniform(-1, 1))


class _Shaken(Sweep):
    """A sweep whose contributions are moved."""

    moved: Callable[[Any], Any]

    def visits(self, of: int, active: bytearray) -> Iterable[int]:
        """Return all nodes: no loop of floats passes by."""
        return range(of, -1, -1)

    def add(self, node: int, sent: Any) -> None:
        """Add a contribution."""
        super().add(node, self.moved(sent))
