"""What moves with what is differentiated by, element by element."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

from cgcli.calculus.result import Result
from cgcli.numbers.elements import anywhere


class Motion:
    """What moves with what is differentiated by, by the branches that are taken.

    Where all elements are alike and no branch is left out, it is known by node.
    """

    def __init__(self, result: Result, values: Callable[[], list[Any]]) -> None:
        self._graph, self._result, self._values = result.graph, result, values

    @functools.cached_property
    def _parted(self) -> bool:
        graph = self._graph
        return bool(graph.tensors) or any(row.reaches for row in graph.operations)

    @functools.cached_property
    def _reached(self) -> dict[int, Any]:
        import numpy as np

        from cgcli.calculus.tangents import Reach

        result, graph = self._result, self._graph
        seeds = {source: np.ones((1, *graph.shape(source))) for source in result.sources.values()}
        sweep = Reach(graph, self._values(), result.choices.moving, result.choices)
        reached = sweep.sweep(result.of, seeds) if seeds else {}
        return {node: flags[0] != 0 for node, flags in reached.items()}

    def only(self, node: int, numbers: Any) -> Any:
        """Return numbers of a node's shape, with 1 for those of elements that do not move."""
        if node not in self._graph.tensors or node not in self._reached:
            return numbers
        import numpy as np

        return np.where(self._reached[node], numbers, 1.0)

    def of_arguments(self, node: int) -> list[Any]:
        """Return which arguments of a node move, of an elementwise one in the node's shape."""
        graph, arguments = self._graph, self._graph.arguments[node]
        if not self._parted or not graph.operations[node].elementwise:
            return [bool(self._result.choices.moving[argument]) for argument in arguments]
        import numpy as np

        flags = (self._reached.get(argument, np.False_) for argument in arguments)
        return [np.broadcast_to(flag, graph.shape(node)) for flag in flags]

    def limited(self, node: int, at: Any) -> Any:
        """Return where flags are true at elements that move.

        An operation on an array as a whole is at a kink by the elements that are as its result
        is: the greatest of them, or all that are 0.
        """
        if not anywhere(at) or not self._parted:
            return at
        if self._graph.operations[node].elementwise:
            return at & functools.reduce(operator.or_, self.of_arguments(node))
        import numpy as np

        values, (argument,) = self._values(), self._graph.arguments[node]
        moves = self._reached.get(argument, np.False_)
        return at & bool((moves & np.isin(values[argument], values[node])).any())
