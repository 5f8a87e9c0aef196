"""Arrow's tables of columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cgcli.errors import required


def arrow_table(columns: Mapping[str, Any]) -> Any:
    """Return columns as a stream of Arrow's, a vector as a list of fixed size."""
    arrow = required("nanoarrow", "data", "to give a table to others")
    made = {name: _column(arrow, column) for name, column in columns.items()}
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
