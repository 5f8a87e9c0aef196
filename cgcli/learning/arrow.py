"""Arrow's tables of columns, and streams of them that are made while they are read."""

from __future__ import annotations

import ctypes
import errno
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any, Final

import numpy as np

from cgcli.errors import required

_SCHEMA: Final = b"arrow_schema", 72
_ARRAY: Final = b"arrow_array", 80
"""What the capsules of Arrow's structures are called, and how many bytes these have."""
_POINTER: Final = ctypes.c_void_p
_FAILED: Final = ctypes.create_string_buffer(b"a table could not be made")
_FILL: Final = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, _POINTER)
_TELL: Final = ctypes.CFUNCTYPE(_POINTER, _POINTER)
_END: Final = ctypes.CFUNCTYPE(None, _POINTER)
"""What Arrow's structure of a stream calls for its schema and its arrays, its error, its end."""


class Feed:
    """Tables as one stream of Arrow's, which can be read once; nothing of them is copied.

    The first is made at once, and any other when it is asked for. What making one raises then is
    kept as `error`: whoever reads is told only that it failed.
    """

    def __init__(self, tables: Iterator[Any]) -> None:
        first = next(tables)
        self._schema, self._tables = first.schema, chain([first], tables)
        self.error: BaseException | None = None
        tell = _TELL(lambda stream: ctypes.addressof(_FAILED))
        end = _END(lambda stream: _forget(stream, 5 * ctypes.sizeof(_POINTER)))
        self._calls = _FILL(self._give_schema), _FILL(self._give_next), tell, end
        self._stream = (_POINTER * 5)(*(ctypes.cast(call, _POINTER) for call in self._calls))

    def stop(self, *signal: object) -> None:
        """End with the rows so far, as Ctrl-C does: it must not be raised through C."""
        self.error = KeyboardInterrupt()

    def stream(self) -> Any:
        """Return the capsule of the stream, which is there as long as this is."""
        new = ctypes.pythonapi.PyCapsule_New
        new.restype, new.argtypes = ctypes.py_object, (_POINTER, ctypes.c_char_p, _POINTER)
        return new(ctypes.addressof(self._stream), b"arrow_array_stream", None)

    def _give_schema(self, stream: int, target: int) -> int:
        _move(self._schema.__arrow_c_schema__(), *_SCHEMA, target)
        return 0

    def _give_next(self, stream: int, target: int) -> int:
        # What stays empty is the end.
        ctypes.memset(target, 0, _ARRAY[1])
        try:
            for table in islice(self._tables, 1):
                _move(table.__arrow_c_array__()[1], *_ARRAY, target)
        except BaseException as error:  # noqa: BLE001  # whatever it is, the reader tells it
            self.error = error
        return 0 if self.error is None else errno.EIO


def _move(capsule: Any, name: bytes, size: int, target: int) -> None:
    """Move the structure of a capsule to an address."""
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = _POINTER, (ctypes.py_object, ctypes.c_char_p)
    source = pointer(capsule, name)
    ctypes.memmove(target, source, size)
    _forget(source, size)


def _forget(address: int, size: int) -> None:
    """Take from a structure what frees it, the last but one of its parts: it was moved, or ends."""
    _POINTER.from_address(address + size - 2 * ctypes.sizeof(_POINTER)).value = None


def arrow_table(columns: Mapping[str, Any], beside: Mapping[str, Any] = {}) -> Any:
    """Return columns as a table of Arrow's, a vector as a list of fixed size.

    Those `beside` are of Arrow already, and stand behind the first of the others.
    """
    arrow = required("nanoarrow", "data", "to give a table to others")
    made = {name: _column(arrow, column) for name, column in columns.items()}
    first = next(iter(made))
    made = {first: made[first], **beside, **made}
    schema, count = arrow.struct({n: part.schema for n, part in made.items()}), len(columns[first])
    table = arrow.c_array_from_buffers(schema, count, [None], children=list(made.values()))
    return arrow.Array(table)


def _column(arrow: Any, column: Any) -> Any:
    """Return a column as one of Arrow's: numbers, texts, or lists of doubles."""
    if column.dtype == object:
        texts = [None if cell is None else str(cell) for cell in column]
        return arrow.c_array(texts, arrow.string())
    kind = arrow.int64() if column.dtype == np.int64 else arrow.float64()
    numbers = np.ascontiguousarray(column).reshape(-1)
    made = arrow.c_array_from_buffers(kind, numbers.size, [None, numbers])
    # How many lists there are at each depth, from the innermost out.
    counts = np.cumprod(column.shape[:-1], dtype=int)[::-1].tolist()
    for size, count in zip(reversed(column.shape[1:]), counts, strict=True):
        kind = arrow.fixed_size_list(made.schema, size)
        made = arrow.c_array_from_buffers(kind, count, [None], children=[made])
    return made
