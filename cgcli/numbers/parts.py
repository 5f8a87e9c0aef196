"""The arguments of a node, as a rule looks into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any

from cgcli.operations.row import Shape


class Parts(Sequence[Any]):
    """The values of a node's arguments, looked up as they are asked for.

    A list of n elements has n arguments, and sends to each of them: were all of them put in a
    list for each, that would be n² steps. `change` is what is made of each value.

    >>> parts = Parts([1.0, 2.0, 3.0], (2, 0), lambda value: value * 10)
    >>> parts[0], list(parts)
    (30.0, [30.0, 10.0])
    """

    __slots__ = ("_change", "_nodes", "_starts", "_values")

    def __init__(
        self,
        values: Sequence[Any],
        nodes: Sequence[int],
        change: Callable[[Any], Any] | None = None,
    ) -> None:
        self._values = values
        self._nodes = nodes
        self._change = change
        self._starts: list[int] | None = None

    def __len__(self) -> int:
        """Return the number of arguments."""
        return len(self._nodes)

    def __getitem__(self, place: Any) -> Any:
        """Return the value of the argument at a place."""
        value = self._values[self._nodes[place]]
        return value if self._change is None else self._change(value)

    def __iter__(self) -> Iterator[Any]:
        """Return the values, first to last."""
        values = map(self._values.__getitem__, self._nodes)
        return values if self._change is None else map(self._change, values)

    def start(self, place: int, shape_of: Callable[[Any], Shape]) -> int:
        """Return where an argument begins when all stand end to end, a scalar as one element.

        >>> Parts(["ab", "c", "def"], (0, 1, 2)).start(2, lambda text: (len(text),))
        3
        """
        if self._starts is None:
            shapes = map(shape_of, self)
            self._starts = list(accumulate((s[0] if s else 1 for s in shapes), initial=0))
        return self._starts[place]
