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
    does not grow with the file. `buffers` hold the batch; `columns` are the columns of a table
    in memory by other keys, and more that were computed of them.

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
        self.columns = columns if columns is not None else table.arrays
        self._chosen: Any = np.zeros(0, dtype=int)
        forms: dict[Any, Any] = {name: (shape, float) for name, shape in table.shapes.items()}
        if self.columns is not None:
            forms = {key: (array.shape[1:], array.dtype) for key, array in self.columns.items()}
        self.buffers = {key: np.empty((size, *form), kind) for key, (form, kind) in forms.items()}

    @property
    def count(self) -> int:
        """How many batches an epoch has."""
        return -(-self.table.count // self.size)

    def rows(self, count: int) -> dict[str, Any]:
        """Return the first rows of the batch by the columns' names."""
        if self.table.arrays is not None:
            chosen = self._chosen[:count]
            return {name: array[chosen] for name, array in self.table.arrays.items()}
        return {name: self.buffers[name][:count] for name in self.table.shapes}

    def order(self, number: int) -> Any:
        """Return the rows in memory in the order of an epoch."""
        return np.random.default_rng([self.seed, 2, number]).permutation(self.table.count)

    def epoch(self, number: int, start: int = 0) -> Iterator[int]:
        """Fill the buffers with one batch after the other, and yield how many rows each has.

        The first `start` batches are passed over.
        """
        if self.columns is None:
            yield from self._on_disk(np.random.default_rng([self.seed, 2, number]), start)
        else:
            yield from self._in_memory(self.order(number), start)

    def _in_memory(self, rows: Any, start: int) -> Iterator[int]:
        assert self.columns is not None
        pairs = [(array, self.buffers[key]) for key, array in self.columns.items()]
        for first in range(start * self.size, self.table.count, self.size):
            self._chosen = chosen = rows[first : first + self.size]
            for array, buffer in pairs:
                # Every index is one of the table's: "clip" only spares the check.
                np.take(array, chosen, 0, buffer[: len(chosen)], "clip")
            yield len(chosen)

    def _on_disk(self, order: Any, start: int) -> Iterator[int]:
        table, size = self.table, self.size
        length = size * -(-_BLOCK // size)
        blocks = order.permutation(table.count // length).tolist()
        if table.count % length:
            # The short block stands last, so that no batch but the last is short.
            blocks.append(table.count // length)
        together = max(1, _WINDOW // (length * table.row_bytes))
        for first in range(0, len(blocks), together):
            chosen = blocks[first : first + together]
            rows = sum(min(length, table.count - block * length) for block in chosen)
            shuffled = order.permutation(rows)
            passed = first * length // size
            if passed + -(-rows // size) <= start:
                continue
            parts = [table.read(b * length, min((b + 1) * length, table.count)) for b in chosen]
            window = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
            for place in range(max(start - passed, 0) * size, rows, size):
                self._chosen = mine = shuffled[place : place + size]
                for name, array in window.items():
                    np.take(array, mine, 0, self.buffers[name][: len(mine)], "clip")
                yield len(mine)
