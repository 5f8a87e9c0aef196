"""Arrow's tables of columns, and streams of them that are made while they are read."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from cgcli.errors import required

_POINTER: Final = ctypes.c_void_p
_FETCH: Final = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, _POINTER)
_ERROR: Final = ctypes.CFUNCTYPE(_POINTER, _POINTER)
_WHY: Final = ctypes.create_string_buffer(b"the rows could not be made")
_RELEASE: Final = ctypes.CFUNCTYPE(None, _POINTER)
_NAME: Final = b"arrow_array_stream"
_FAILED: Final = 5


class _Functions(ctypes.Structure):
    """A stream by Arrow's C interface: https://arrow.apache.org/docs/format/CStreamInterface.html."""

    _fields_ = (
        ("get_schema", _FETCH),
        ("get_next", _FETCH),
        ("get_last_error", _ERROR),
        ("release", _RELEASE),
        ("private_data", _POINTER),
    )


class Chain:
    """The rows of tables, one after the other, as one stream; each is made when it is asked for.

    What making one raises is kept as `error`: whoever reads is told only that it failed.
    """

    def __init__(self, tables: Iterator[Any]) -> None:
        self._tables = tables
        self.error: BaseException | None = None
        functions = (
            _FETCH(self._schema),
            _FETCH(self._next),
            _ERROR(lambda _: ctypes.addressof(_WHY)),
        )
        self._functions = (*functions, _RELEASE(self._release), None)
        self._streams: list[_Functions] = []
        self._turn()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the stream; who asks again has the rows that are left."""
        self._streams.append(_Functions(*self._functions))
        make = ctypes.pythonapi.PyCapsule_New
        make.restype, make.argtypes = ctypes.py_object, (_POINTER, ctypes.c_char_p, _POINTER)
        capsule: object = make(ctypes.addressof(self._streams[-1]), _NAME, None)
        return capsule

    def stop(self, *signal: object) -> None:
        """End with the rows so far, as Ctrl-C does: it must not be raised through C."""
        self.error = KeyboardInterrupt()

    def _turn(self) -> None:
        """Go on to the next table, if there is one."""
        table = next(self._tables, None)
        self._capsule = None if table is None else table.__arrow_c_stream__()
        if table is not None:
            look = ctypes.pythonapi.PyCapsule_GetPointer
            look.restype, look.argtypes = _POINTER, (ctypes.py_object, ctypes.c_char_p)
            self._place = look(self._capsule, _NAME)
            self._table = _Functions.from_address(self._place)

    def _schema(self, stream: int, out: int) -> int:
        return int(self._table.get_schema(self._place, out))

    def _next(self, stream: int, out: int) -> int:
        """Put the next rows at an address: none, all zeros, at the end."""
        try:
            while self._capsule is not None and self.error is None:
                code = int(self._table.get_next(self._place, out))
                # An array that is there has what releases it.
                if code or _POINTER.from_address(out + 64).value:
                    return code
                self._turn()
        except Exception as error:  # noqa: BLE001  # nothing may be raised through C
            self.error = error
        ctypes.memset(out, 0, 80)
        return _FAILED if self.error else 0

    def _release(self, stream: int) -> None:
        _Functions.from_address(stream).release = _RELEASE()


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
