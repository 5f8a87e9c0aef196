"""Arrow's stream of record batches, as its C data interface lays it out, → columns of NumPy.

https://arrow.apache.org/docs/format/CStreamInterface.html: DuckDB hands its results out so, a few
rows at a time, and nothing else need be installed to read them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    byref,
    c_char_p,
    c_double,
    c_int,
    c_int64,
    c_void_p,
)
from typing import Any, Final

import numpy as np

_NAME: Final = b"arrow_array_stream"


class _Array(Structure):
    """`ArrowArray`: a batch, or a column of one."""


class _Stream(Structure):
    """`ArrowArrayStream`."""


_Array._fields_ = [
    ("length", c_int64), ("null_count", c_int64), ("offset", c_int64), ("n_buffers", c_int64),
    ("n_children", c_int64), ("buffers", POINTER(c_void_p)), ("children", POINTER(POINTER(_Array))),
    ("dictionary", c_void_p), ("release", CFUNCTYPE(None, POINTER(_Array))),
    ("private_data", c_void_p),
]  # fmt: skip
_Stream._fields_ = [
    ("get_schema", c_void_p),
    ("get_next", CFUNCTYPE(c_int, POINTER(_Stream), POINTER(_Array))),
    ("get_last_error", CFUNCTYPE(c_char_p, POINTER(_Stream))),
    ("release", CFUNCTYPE(None, POINTER(_Stream))), ("private_data", c_void_p),
]  # fmt: skip


def batches(relation: Any) -> Iterator[list[Any]]:
    """Yield the columns of a relation, doubles without nulls, in batches.

    Raises `ValueError` where the source of the stream fails, with what it says.
    """
    capsule = relation.__arrow_c_stream__()
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = c_void_p, [ctypes.py_object, c_char_p]
    stream = ctypes.cast(pointer(capsule, _NAME), POINTER(_Stream))
    batch = _Array()
    while True:
        _check(stream, stream.contents.get_next(stream, byref(batch)))
        if not batch.release:
            return
        columns = [batch.children[k].contents for k in range(batch.n_children)]
        arrays = [_doubles(column) for column in columns]
        batch.release(byref(batch))
        yield arrays


def _check(stream: Any, failed: int) -> None:
    if failed:
        said = stream.contents.get_last_error(stream)
        raise ValueError((said or b"").decode("utf-8", "replace"))


def _doubles(column: Any) -> Any:
    if not column.length:
        return np.empty(0)
    start = ctypes.cast(column.buffers[1], POINTER(c_double))
    rows = np.ctypeslib.as_array(start, (column.offset + column.length,))
    return rows[column.offset :].copy()
