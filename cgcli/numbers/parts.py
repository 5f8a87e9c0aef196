"""The arguments of a node, as a rule looks into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any

from cgcli.operations.row import Shape


class Parts(Sequence[Any]):
    """The values of a node's arguments, looked up as they are asked for.

    A list of n elements has n arguments, and sends to each of them: were all of them put in a
    list for each, that would be n² steps. `of` has the value of a node.

    >>> parts = Parts((2, 0), [1.0, 2.0, 3.0].__getitem__)
    >>> parts[0], list(parts)
    (3.0, [3.0, 1.0])
    """

    __slots__ = ("_nodes", "_of", "_starts")

    def __init__(self, nodes: Sequence[int], of: Callable[[int], Any]) -> None:
        self._nodes = nodes
        self._of = of
        self._starts: list[int] | None = None

    def __len__(self) -> int:
        """Return the number of arguments."""
        return len(self._nodes)

    def __getitem__(self, place: Any) -> Any:
        """Return the value of the argument at a place."""
        return self._of(self._nodes[place])

    def __iter__(self) -> Iterator[Any]:
        """Return the values, first to last."""
        return map(self._of, self._nodes)

    def start(self, place: int, shape_of: Callable[[Any], Shape]) -> int:
        """Return where an argument begins when all stand end to end, a scalar as one element.

        >>> Parts((0, 1, 2), ["ab", "c", "def"].__getitem__).start(2, lambda text: (len(text),))
        3
        """
        if self._starts is None:
            shapes = map(shape_of, self)
            self._starts = list(accumulate((s[0] if s else 1 for s in shapes), initial=0))
        return self._starts[place]
