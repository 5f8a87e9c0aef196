"""Batches: the rows of a table in the order in which an epoch visits them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from cgcli.learning.tables import Table

_WINDOW: Final = 32 * 2**20
_BLOCK: Final = 4_096


class Batches:
    """A table's rows, `size` at a time, in an order that a seed and the epoch's number give.

    What is in memory is shuffled as a whole. Of rows on disk, blocks are read in random order
    and the rows of as many blocks as fit a window are shuffled among each other, so that memory
    does not grow with the file. `buffers` hold the batch; `columns` are the columns of the table
    by other keys, and more that were computed of them.

    >>> from cgcli.learning.tables import TableWriter
    >>> writer = TableWriter()
    >>> writer.add({"x": np.arange(5.0)})
    >>> batches = Batches(writer.finish(), 2, seed=0)
    >>> [batches.buffers["x"][:count].tolist() for count in batches.epoch(0)]
    [[4.0, 2.0], [1.0, 0.0], [3.0]]
    """

    def __init__(
        self, table: Table, size: int, seed: int, columns: Mapping[Any, Any] | None = None
    ) -> None:
        self.table = table
        self.size = size
        self.seed = seed
        self.columns: Mapping[Any, Any] = table.columns if columns is None else columns
        self._numbers: Any = np.zeros(0, dtype=int)
        self.buffers: dict[Any, Any] = {
            key: np.empty((size, *array.shape[1:]), array.dtype)
            for key, array in self.columns.items()
        }

    @property
    def count(self) -> int:
        """How many batches an epoch has."""
        return -(-self.table.count // self.size)

    def rows(self, count: int) -> dict[str, Any]:
        """Return the first rows of the batch by the columns' names."""
        numbers = self._numbers[:count]
        return {name: array[numbers] for name, array in self.table.columns.items()}

    def order(self, number: int) -> Any:
        """Return the rows in memory in the order of an epoch."""
        return np.random.default_rng([self.seed, 2, number]).permutation(self.table.count)

    def epoch(self, number: int, start: int = 0) -> Iterator[int]:
        """Fill the buffers with one batch after the other, and yield how many rows each has.

        The first `start` batches are passed over.
        """
        for window, rows, numbers in self._windows(number, start):
            pairs = [(array, self.buffers[key]) for key, array in window.items()]
            for first in range(0, len(rows), self.size):
                chosen = rows[first : first + self.size]
                self._numbers = numbers[first : first + self.size]
                for array, buffer in pairs:
                    # Every index is one of the window's: "clip" only spares the check.
                    np.take(array, chosen, 0, buffer[: len(chosen)], "clip")
                yield len(chosen)

    def _windows(self, number: int, start: int) -> Iterator[tuple[Mapping[Any, Any], Any, Any]]:
        """Yield what is shuffled together: columns, the order of their rows, and these' numbers."""
        table, size = self.table, self.size
        if not table.on_disk:
            rows = self.order(number)[start * size :]
            yield self.columns, rows, rows
            return
        order = np.random.default_rng([self.seed, 2, number])
        length = size * -(-_BLOCK // size)
        blocks = order.permutation(table.count // length).tolist()
        if table.count % length:
            # The short block stands last, so that no batch but the last is short.
            blocks.append(table.count // length)
        together = max(1, _WINDOW // (length * table.row_bytes))
        for first in range(0, len(blocks), together):
            chosen = blocks[first : first + together]
            ends = [(b * length, min((b + 1) * length, table.count)) for b in chosen]
            numbers = np.concatenate([np.arange(*end) for end in ends])
            shuffled = order.permutation(len(numbers))
            passed = first * length // size
            if passed + -(-len(numbers) // size) <= start:
                continue
            window = {
                key: np.concatenate([array[slice(*end)] for end in ends])
                for key, array in self.columns.items()
            }
            rows = shuffled[max(start - passed, 0) * size :]
            yield window, rows, numbers[rows]
