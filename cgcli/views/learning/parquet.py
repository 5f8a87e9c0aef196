"""Rows of values → a Parquet file, which DuckDB writes when all of them are there."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from cgcli.errors import CgraphError, excerpt
from cgcli.learning.duck import opened, quoted
from cgcli.views.learning.rows import check_names

_PIECE: Final = 2**20
_ROWS: Final = 2**18
"""So many rows are written at once."""
_WIDER: Final = {"INTEGER": "BIGINT", '"NULL"': "VARCHAR"}
"""What a column is whose first rows DuckDB alone would take for something narrower."""


def as_parquet(
    results: Iterable[tuple[Any, Mapping[str, Any], Any, Mapping[str, Any]]],
    kinds: Mapping[str, str],
    *,
    noting: bool = False,
) -> Iterator[bytes]:
    """Yield a Parquet file of rows in pieces; `RowWriter.text` says what their parts are.

    `kinds` has the types of columns that are kept, where their file says them. The rows are
    gathered in files on disk, of which one is made when all of them are there.
    """
    database = opened(":memory:")
    with database, tempfile.TemporaryDirectory(prefix="cgraph-") as folder:
        files, selected = 0, ""
        for part in _parts(results, noting=noting):
            database.register("part", part.arrays)
            selected = selected or part.selected(database, kinds)
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


def _parts(results: Iterable[Any], *, noting: bool) -> Iterator[_Part]:
    """Yield rows again, many at a time."""
    waiting: list[_Part] = []
    count = 0
    for rows, values, notes, kept in results:
        check_names(values, kept, noting=noting)
        waiting.append(_Part(rows, values, notes if noting else None, kept))
        count += len(rows)
        if count >= _ROWS:
            yield waiting[0].joined(waiting)
            waiting, count = [], 0
    if waiting:
        yield waiting[0].joined(waiting)


class _Part:
    """Some rows as flat columns of a table, c0, c1 and so on, and what is selected of them."""

    def __init__(
        self, rows: Any, values: Mapping[str, Any], notes: Any, kept: Mapping[str, Any]
    ) -> None:
        self._kept = len(kept)
        self._heads: list[tuple[str, tuple[int, ...]]] = [("row", ())]
        flat = [np.asarray(rows).astype(np.int64), *kept.values()]
        self._heads += [(name, ()) for name in kept]
        for name, array in values.items():
            flat += list(np.ascontiguousarray(array.reshape(len(rows), -1).T))
            self._heads.append((name, array.shape[1:]))
        if notes is not None:
            flat.append(notes)
            self._heads.append(("notes", ()))
        self.arrays = {f"c{k}": array for k, array in enumerate(flat)}

    def joined(self, parts: Sequence[_Part]) -> _Part:
        """Return this part with the rows of all of them."""
        for name in self.arrays:
            self.arrays[name] = np.concatenate([part.arrays[name] for part in parts])
        return self

    def selected(self, database: Any, kinds: Mapping[str, str]) -> str:
        """Return what is written: vectors and matrices as lists, what is no number as NaN.

        Columns that are kept have the types of their file.
        """
        same = Counter(name.lower() for name, _ in self._heads)
        for name, _ in self._heads:
            if same[name.lower()] > 1:
                message = f"two columns are called '{excerpt(name)}' but for the case of letters"
                raise CgraphError("name", message, "write CSV or JSON Lines")
        query = f"SELECT {', '.join(f'typeof({name})' for name in self.arrays)} FROM part LIMIT 1"  # noqa: S608
        types = map(str, database.execute(query).fetchone())
        columns: list[str] = []
        for name, kind in zip(self.arrays, types, strict=True):
            number = self.arrays[name].dtype == np.float64
            text = f"coalesce({name}, 'nan'::DOUBLE)" if number else name
            head = self._heads[len(columns)][0] if 0 < len(columns) <= self._kept else ""
            columns.append(f"{text}::{kinds.get(head) or _WIDER.get(kind, kind)}")
        texts, listed = iter(columns), []
        for name, shape in self._heads:
            head = name.replace('"', '""')
            listed.append(f'{_nested(texts, shape)} AS "{head}"')
        return ", ".join(listed)


def _nested(names: Iterator[str], shape: Sequence[int]) -> str:
    """Return the next columns as SQL's lists of a shape."""
    if not shape:
        return next(names)
    return f"[{', '.join(_nested(names, shape[1:]) for _ in range(shape[0]))}]"
