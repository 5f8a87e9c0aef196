"""Arrow's tables of columns, and streams of them that are made while they are read."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from cgcli.errors import required


class Feed:
    """Tables as one run of bytes, in Arrow's own format; each is made when it is asked for.

    What making one raises is kept as `error`: whoever reads is told only that it failed.
    """

    def __init__(self, tables: Iterator[Any]) -> None:
        self._ipc = required("nanoarrow.ipc", "data", "to write Parquet files")
        self._tables, self._bytes = tables, io.BytesIO()
        self._writer = self._ipc.StreamWriter.from_writable(self._bytes)
        self.error: BaseException | None = None

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with what comes next, and return how many bytes that is; 0 at the end."""
        if count := self._bytes.readinto(buffer):
            return count
        try:
            table = next(self._tables, None)
        except Exception as error:  # noqa: BLE001  # whatever it is, the reader tells it
            self.error = error
        if self.error is not None:
            raise EOFError
        self._bytes.seek(0)
        self._bytes.truncate()
        if table is not None:
            self._writer.write_stream(table)
        self._bytes.seek(0)
        return self._bytes.readinto(buffer)

    def stop(self, *signal: object) -> None:
        """End with the rows so far, as Ctrl-C does: it must not be raised through C."""
        self.error = KeyboardInterrupt()

    def stream(self) -> Any:
        """Return the tables as a stream of Arrow's, which can be read once."""
        return self._ipc.InputStream.from_readable(self).__arrow_c_stream__()


def arrow_table(columns: Mapping[str, Any], beside: Mapping[str, Any] = {}) -> Any:
    """Return columns as a stream of Arrow's, a vector as a list of fixed size.

    Those `beside` are of Arrow already, and stand behind the first of the others.
    """
    arrow = required("nanoarrow", "data", "to give a table to others")
    made = {name: _column(arrow, column) for name, column in columns.items()}
    first = next(iter(made), "")
    made = {first: made[first], **{name: (a.schema, a) for name, a in beside.items()}, **made}
    schema = arrow.struct({name: kind for name, (kind, _) in made.items()})
    children = [array for _, array in made.values()]
    count = len(next(iter(columns.values()), ()))
    table = arrow.c_array_from_buffers(schema, count, [None], children=children)
    return arrow.c_array_stream(table)


def _column(arrow: Any, column: Any) -> tuple[Any, Any]:
    """Return the type of a column in Arrow, and the column: numbers, texts, or lists of doubles."""
    if column.dtype == object:
        texts = [None if cell is None else str(cell) for cell in column]
        return arrow.string(), arrow.c_array(texts, arrow.string())
    kind = arrow.int64() if column.dtype == np.int64 else arrow.float64()
    numbers = np.ascontiguousarray(column).reshape(-1)
    flat = arrow.c_array_from_buffers(kind, numbers.size, [None, numbers])
    # How many lists there are at each depth, from the innermost out.
    counts = np.cumprod(column.shape[:-1], dtype=int)[::-1].tolist()
    for size, count in zip(reversed(column.shape[1:]), counts, strict=True):
        kind = arrow.fixed_size_list(kind, size)
        flat = arrow.c_array_from_buffers(kind, count, [None], children=[flat])
    return kind, flat
