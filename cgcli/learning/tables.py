"""Tables: the rows of a data file as columns of doubles, in memory or, when many, on disk.

And their batches, in the order in which an epoch visits them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from cgcli.errors import CgraphError, excerpt
from cgcli.numbers.arrays import as_value
from cgcli.operations.row import Shape
from cgcli.operations.shapes import size

MEMORY: Final = 128 * 2**20
"""So many bytes of rows are kept in memory; more go to a temporary file."""

CHUNK: Final = 16_384
"""So many rows are read at once."""

COLUMNAR: Final = 4 * CHUNK
"""So many of a file that has columns of numbers: every chunk costs some time of its own."""

_WINDOW: Final = 32 * 2**20
_BLOCK: Final = 4_096
"""Of rows on disk so many bytes are shuffled together, which are read in blocks of so many rows."""

ROW: Final = "#row"
"""The column with the number that a row has in its file; no name of a program is like it."""


@dataclass(eq=False)
class Table:
    """Rows of data as columns, a row along the first axis of each; where many, `on_disk`.

    `fingerprint` tells data apart. They may be some of a `total`. Where workers have the rows as
    well, `sums` returns what they sum up by kind.
    """

    columns: dict[str, Any]
    fingerprint: str = ""
    on_disk: bool = False
    sums: Callable[[str], Iterator[Any]] | None = None

    def __post_init__(self) -> None:
        self.shapes: dict[str, Shape] = {n: array.shape[1:] for n, array in self.columns.items()}
        self.count = self.total = len(next(iter(self.columns.values()), ()))

    @property
    def arrays(self) -> dict[str, Any] | None:
        """The columns where all of them are in memory."""
        return None if self.on_disk else self.columns

    @property
    def row_bytes(self) -> int:
        """How many bytes a row takes."""
        return sum(8 * size(shape) for shape in self.shapes.values())

    def read(self, start: int, stop: int) -> dict[str, Any]:
        """Return the columns of the rows from `start` to before `stop`."""
        return {name: array[start:stop] for name, array in self.columns.items()}

    def fill(self, values: Mapping[str, Any]) -> None:
        """Put a value for each of some columns where they are NaN."""
        for rows in self.chunks():
            for name, value in values.items():
                np.copyto(rows[name], value, where=np.isnan(rows[name]))

    def chunks(self) -> Iterator[dict[str, Any]]:
        """Yield all rows in order, some at a time."""
        for start in range(0, self.count, CHUNK):
            yield self.read(start, start + CHUNK)


class TableWriter:
    """Takes rows, some at a time, and makes a table of them.

    >>> writer = TableWriter()
    >>> writer.add({"x": np.arange(3.0)})
    >>> writer.add({"x": np.arange(2.0)})
    >>> table = writer.finish()
    >>> table.count, table.arrays["x"]
    (5, array([0., 1., 2., 0., 1.]))
    """

    def __init__(self, memory: int = MEMORY) -> None:
        self._memory = memory
        self._kept: dict[str, list[Any]] = {}
        self._bytes = 0
        self._files: dict[str, Any] = {}
        self._hashes: dict[str, Any] = {}
        self._shapes: dict[str, Shape] = {}

    def add(self, columns: Mapping[str, Any]) -> None:
        """Add rows; each column has a row along its first axis."""
        from hashlib import blake2b

        for name, array in columns.items():
            plain = np.ascontiguousarray(array, dtype=np.float64)
            self._shapes[name] = plain.shape[1:]
            self._hashes.setdefault(name, blake2b(digest_size=8)).update(plain.data)
            self._kept.setdefault(name, []).append(plain)
            self._bytes += plain.nbytes
        if self._bytes > self._memory:
            self._spill()

    def _spill(self) -> None:
        """Move what is kept in memory to a file for each column."""
        for name, arrays in self._kept.items():
            if name not in self._files:
                self._files[name] = tempfile.TemporaryFile(prefix="cgraph-")  # noqa: SIM115  # kept
            for array in arrays:
                array.tofile(self._files[name])
            arrays.clear()
        self._bytes = 0

    def finish(self) -> Table:
        """Return the table; nothing can be added to it."""
        from hashlib import blake2b

        both = blake2b(digest_size=16)
        for name in sorted(self._hashes):
            both.update(name.encode() + self._hashes[name].digest())
        if not self._files:
            columns = {name: np.concatenate(parts) for name, parts in self._kept.items()}
            return Table(columns, both.hexdigest())
        self._spill()
        columns = {}
        for name, file in self._files.items():
            # What is mapped stays, and goes with the table.
            with file:
                flat = np.asarray(np.memmap(file, np.float64))
                columns[name] = flat.reshape(-1, *self._shapes[name])
        return Table(columns, both.hexdigest(), on_disk=True)


def plain(value: Any) -> Any:
    """Return an array as lists, and a number as a float.

    >>> plain(np.ones(2)), plain(3)
    ([1.0, 1.0], 3.0)
    """
    return value.tolist() if hasattr(value, "tolist") else float(value)


def pieces(chunk: Mapping[str, Any], most: int) -> Iterator[dict[str, Any]]:
    """Yield rows again, at most so many at a time; once, if there are none."""
    for start in range(0, len(next(iter(chunk.values()))) or 1, most):
        yield {name: array[start : start + most] for name, array in chunk.items()}


def split(
    chunks: Iterable[Mapping[str, Any]], fraction: float, seed: int, memory: int = MEMORY
) -> tuple[Table, Table | None]:
    """Return rows as a table to train on and one to hold out, chosen by a seed.

    Of every so many rows that are read at once the same part is held out, so nothing needs to
    be known of how many there are.

    >>> train, held = split([{"x": np.arange(10.0)}], 0.2, 0)
    >>> train.count, held.count
    (8, 2)
    """
    train, held = TableWriter(memory), TableWriter(memory)
    seen = taken = 0
    for number, chunk in enumerate(part for many in chunks for part in pieces(many, CHUNK)):
        if not fraction:
            train.add(chunk)
            continue
        rows = len(next(iter(chunk.values())))
        seen += rows
        wanted = round(fraction * seen) - taken
        taken += wanted
        chosen = np.zeros(rows, dtype=bool)
        chosen[np.random.default_rng([seed, 1, number]).permutation(rows)[:wanted]] = True
        train.add({name: array[~chosen] for name, array in chunk.items()})
        held.add({name: array[chosen] for name, array in chunk.items()})
    return train.finish(), held.finish() if fraction else None


def folds(
    table: Table, count: int, seed: int, gaps: Mapping[str, Any]
) -> Iterator[tuple[Table, Table]]:
    """Yield as often as `count` a part of the rows as a table to hold out, behind that of the rest.

    Every row is held out once, chosen by a seed. Where `gaps` says so a cell is NaN again.

    >>> [held.columns["x"].tolist() for _, held in folds(Table({"x": np.arange(5.0)}), 2, 0, {})]
    [[1.0, 2.0, 4.0], [0.0, 3.0]]
    """
    places = np.random.default_rng([seed, 3]).permutation(table.count) % count
    for fold in range(count):
        parts = TableWriter(), TableWriter()
        for start in range(0, table.count, CHUNK):
            rows = table.read(start, start + CHUNK)
            for name, gap in gaps.items():
                rows[name] = np.where(gap[start : start + CHUNK], np.nan, rows[name])
            held = places[start : start + CHUNK] == fold
            for part, chosen in zip(parts, (~held, held), strict=True):
                part.add({name: array[chosen] for name, array in rows.items()})
        yield parts[0].finish(), parts[1].finish()


def row_values(
    chunk: Mapping[str, Any], place: int, scaled: Mapping[str, tuple[Any, Any] | None]
) -> dict[str, Any]:
    """Return one row's values by name as a program takes them, brought to scale where that is.

    >>> row_values({"x": np.array([5.0, 7.0])}, 1, {"x": (1.0, 2.0)})
    {'x': 3.0}
    """
    values: dict[str, Any] = {}
    for name, known in scaled.items():
        shift, scale = known or (0.0, 1.0)
        with np.errstate(all="ignore"):
            values[name] = as_value((chunk[name][place] - shift) / scale)
    return values


def means(table: Table, names: Iterable[str]) -> dict[str, Any]:
    """Return the means of columns over the rows where they are not NaN, element by element."""
    known = {}
    for name in names:
        sums = sum(np.nansum(chunk[name], axis=0) for chunk in table.chunks())
        counts = sum((~np.isnan(chunk[name])).sum(axis=0) for chunk in table.chunks())
        if not np.all(counts):
            message = f"the column '{excerpt(name)}' is missing in all rows, and has no mean"
            raise CgraphError("file", message, "leave it out of the program")
        known[name] = as_value(sums / counts)
    return known


def scaling(table: Table, names: Iterable[str]) -> dict[str, tuple[Any, Any]]:
    """Return the mean and the standard deviation of columns, element by element.

    Where all rows have the same value the deviation is given as 1, so that nothing is divided
    by 0.

    >>> writer = TableWriter()
    >>> writer.add({"x": np.array([1.0, 3.0])})
    >>> scaling(writer.finish(), ["x"])
    {'x': (2.0, 1.0)}
    """
    known = {}
    for name in names:
        with np.errstate(over="ignore", invalid="ignore"):
            sums = sum(chunk[name].sum(axis=0) for chunk in table.chunks())
            mean = sums / table.count
            squares = sum(((chunk[name] - mean) ** 2).sum(axis=0) for chunk in table.chunks())
            deviation = np.sqrt(squares / table.count)
        if not np.isfinite(deviation).all():
            message = f"the numbers of '{excerpt(name)}' are too large for their squares to add up"
            raise CgraphError("binding", message, "divide that column, and leave it out of --scale")
        deviation = np.where(deviation > 1e-12 * np.maximum(np.abs(mean), 1e-300), deviation, 1.0)
        known[name] = as_value(mean), as_value(deviation)
    return known


class Batches:
    """A table's rows, `size` at a time, in an order that a seed and the epoch's number give.

    What is in memory is shuffled as a whole. Of rows on disk, blocks are read in random order
    and the rows of as many blocks as fit a window are shuffled among each other, so that memory
    does not grow with the file. `buffers` hold the batch; `columns` are the columns of the table
    by other keys, and more that were computed of them.

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
        if start == self.count:
            return
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
