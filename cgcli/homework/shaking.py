"""A sweep whose contributions are moved a little, to see how far rounding carries."""

from __future__ import annotations

import random
from typing import Any

from cgcli.calculus.floats import FloatSweep
from cgcli.graph.graph import Graph

__all__ = ["ShakenFloats"]


class ShakenFloats(FloatSweep):
    """A sweep over floats whose contributions are moved by up to `reach` of themselves."""

    def __init__(self, graph: Graph, values: Any, chance: random.Random, reach: float) -> None:
        super().__init__(graph, values, {})
        self._chance = chance
        self._reach = reach

    def add(self, node: int, sent: Any) -> None:
        """Add a contribution, moved a little."""
        super().add(node, sent * (1 + self._reach * self._chance.uniform(-1, 1)))
