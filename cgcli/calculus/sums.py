"""The gradients of a backward pass, as contributions add up to them."""

from __future__ import annotations

import functools
from typing import Any

from cgcli.numbers.namespace import Namespace
from cgcli.operations.row import Index, selected


class Scattered:
    """A contribution to a few elements of an array, 0 to all others, before it is written out."""

    __slots__ = ("_scatter", "indices", "like", "value")

    def __init__(self, scatter: Any, value: Any, like: Any, *indices: Index) -> None:
        self._scatter = scatter
        self.value = value
        self.like = like
        self.indices = indices

    def like_this(self, value: Any) -> Scattered:
        """Return another value that goes to the same elements."""
        return Scattered(self._scatter, value, self.like, *self.indices)

    def dense(self) -> Any:
        """Return the array, zeros and all."""
        return self._scatter(self.value, self.like, *self.indices)


@functools.lru_cache(16)
def scattering(m: Namespace) -> Namespace:
    """Return a namespace of arrays in which what is scattered stays a `Scattered`."""
    return m.copy(scatter=functools.partial(Scattered, m.scatter))


class Sums:
    """The gradient of every node so far; None where nothing was sent.

    What is sent to a few elements is added to them in place: n uses of a vector's elements cost
    n steps, and not n vectors.

    >>> from cgcli.numbers.arrays import ARRAYS
    >>> import numpy as np
    >>> m, x, sums = scattering(ARRAYS), np.zeros(3), Sums(1)
    >>> for place in (0, 2, 2):
    ...     sums.add(0, m.scatter(1.5, x, place))
    >>> sums.gradients[0].tolist()
    [1.5, 0.0, 3.0]
    """

    __slots__ = ("_written", "gradients")

    def __init__(self, count: int) -> None:
        self.gradients: list[Any] = [None] * count
        # Whose array was made here, so that nothing else looks at it.
        self._written: set[int] = set()

    def add(self, node: int, sent: Any) -> None:
        """Add a contribution."""
        before = self.gradients[node]
        if type(sent) is not Scattered:
            self.gradients[node] = sent if before is None else before + sent
        elif before is None:
            self.gradients[node] = sent.dense()
            self._written.add(node)
        else:
            if node not in self._written:
                self.gradients[node] = before = before.copy()
                self._written.add(node)
            at = selected(sent.indices)
            before[at] = before[at] + sent.value
