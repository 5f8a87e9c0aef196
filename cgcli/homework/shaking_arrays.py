"""The sweep whose contributions are moved a little, over arrays; NumPy is imported for it."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from cgcli.calculus.pullback import ArraySweep
from cgcli.calculus.sums import Scattered
from cgcli.calculus.sweep import Masked
from cgcli.graph.graph import Graph

__all__ = ["ShakenArrays"]


class ShakenArrays(ArraySweep):
    """A sweep over arrays whose contributions are moved by up to `reach` of themselves."""

    def __init__(self, graph: Graph, values: Any, chance: random.Random, reach: float) -> None:
        super().__init__(graph, values, {})
        self._chance = chance
        self._reach = reach

    def visits(self, of: int, active: bytearray) -> Iterable[int]:
        """Return all nodes: no loop of floats passes by."""
        return range(of, -1, -1)

    def add(self, node: int, sent: Masked) -> None:
        """Add a contribution, moved a little."""
        value = sent.value.dense() if type(sent.value) is Scattered else sent.value
        moved = value * (1 + self._reach * self._chance.uniform(-1, 1))
        super().add(node, Masked(moved, sent.mask))
