"""Rows of values → a Parquet file, which DuckDB writes when all of them are there."""

from __future__ import annotations

import math
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from cgcli.errors import CgraphError, excerpt
from cgcli.learning.duck import opened, quoted
from cgcli.views.learning.rows import check_names

_PIECE: Final = 2**20
_ROWS: Final = 2**18
"""So many rows are written at once."""
_WIDER: Final = {"INTEGER": "BIGINT", '"NULL"': "VARCHAR"}
"""What a column is whose first rows DuckDB alone would take for something narrower."""

_Columns: TypeAlias = dict[str, Any]


class _Head(NamedTuple):
    """What stands above one column, or above as many as a vector or a matrix takes."""

    name: str
    shape: tuple[int, ...] = ()
    kept: bool = False


def as_parquet(
    results: Iterable[tuple[Any, Mapping[str, Any], Any, Mapping[str, Any]]],
    kinds: Mapping[str, str],
    *,
    noting: bool = False,
) -> Iterator[bytes]:
    """Yield a Parquet file of rows in pieces; `rows_text` says what their parts are.

    `kinds` has the types of columns that are kept, where their file says them. The rows are
    gathered in files on disk, of which one is made when all of them are there.
    """
    database = opened(":memory:")
    with database, tempfile.TemporaryDirectory(prefix="cgraph-") as folder:
        files, selected = 0, ""
        for heads, columns in _parts(results, noting=noting):
            database.register("part", columns)
            selected = selected or _selected(database, heads, columns, kinds)
            rows = f"SELECT {selected} FROM part"  # noqa: S608  # our own
            _copy(database, rows, f"{folder}/{files:09}.parquet")
            files += 1
        rows = (
            f"FROM {quoted(f'{folder}/*.parquet')}" if files else 'SELECT 1::BIGINT "row" LIMIT 0'
        )
        path = os.path.join(folder, "rows")
        _copy(database, rows, path)
        with open(path, "rb") as file:
            while piece := file.read(_PIECE):
                yield piece


def _copy(database: Any, rows: str, path: str) -> None:
    import duckdb

    try:
        database.execute(f"COPY ({rows}) TO {quoted(path)} (FORMAT parquet)")
    except duckdb.ConversionException:
        message = "--keep: a column holds cells of several kinds, such as 1 and 'a'"
        raise CgraphError("file", message, "write CSV or JSON Lines") from None


def _parts(results: Iterable[Any], *, noting: bool) -> Iterator[tuple[list[_Head], _Columns]]:
    """Yield rows as flat columns of a table, c0, c1 and so on, many rows at a time.

    With them come the heads that they stand under.
    """
    waiting: list[list[Any]] = []
    heads: list[_Head] = []

    def joined() -> _Columns:
        columns = map(np.concatenate, zip(*waiting, strict=True))
        return {f"c{k}": column for k, column in enumerate(columns)}

    for rows, values, notes, kept in results:
        check_names(values, kept, noting=noting)
        heads = [_Head("row"), *(_Head(name, kept=True) for name in kept)]
        heads += [_Head(name, array.shape[1:]) for name, array in values.items()]
        heads += [_Head("notes")] * noting
        flat = [part for array in values.values() for part in array.reshape(len(rows), -1).T]
        numbers = np.asarray(rows).astype(np.int64)
        waiting.append([numbers, *kept.values(), *flat, *[notes] * noting])
        if sum(len(part[0]) for part in waiting) >= _ROWS:
            yield heads, joined()
            waiting.clear()
    if waiting:
        yield heads, joined()


def _selected(
    database: Any, heads: Sequence[_Head], columns: _Columns, kinds: Mapping[str, str]
) -> str:
    """Return what is written: vectors and matrices as lists, what is no number as NaN.

    Columns that are kept have the types of their file.
    """
    same = Counter(head.name.lower() for head in heads)
    for head in heads:
        if same[head.name.lower()] > 1:
            message = f"two columns are called '{excerpt(head.name)}' but for the case of letters"
            raise CgraphError("name", message, "write CSV or JSON Lines")
    query = f"SELECT {', '.join(f'typeof({name})' for name in columns)} FROM part LIMIT 1"  # noqa: S608
    types = zip(columns.items(), map(str, database.execute(query).fetchone()), strict=True)
    listed = []
    for head in heads:
        texts = []
        for (name, array), kind in islice(types, math.prod(head.shape)):
            text = f"coalesce({name}, 'nan'::DOUBLE)" if array.dtype == np.float64 else name
            wider = (head.kept and kinds.get(head.name)) or _WIDER.get(kind, kind)
            texts.append(f"{text}::{wider}")
        written = head.name.replace('"', '""')
        listed.append(f'{_nested(iter(texts), head.shape)} AS "{written}"')
    return ", ".join(listed)


def _nested(names: Iterator[str], shape: Sequence[int]) -> str:
    """Return the next columns as SQL's lists of a shape."""
    if not shape:
        return next(names)
    return f"[{', '.join(_nested(names, shape[1:]) for _ in range(shape[0]))}]"
