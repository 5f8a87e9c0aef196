"""Rows of values → a Parquet file, which DuckDB writes when all of them are there."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from cgcli.errors import CgraphError, excerpt, required
from cgcli.learning.duck import CONFIG, quoted
from cgcli.views.learning.rows import check_names

_PIECE: Final = 2**20
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
    gathered on disk, for a file of Parquet is written from all of them.
    """
    duckdb = required("duckdb", "data", "to write Parquet files")
    with tempfile.TemporaryDirectory(prefix="cgraph-") as folder:
        path = os.path.join(folder, "rows.parquet")
        with duckdb.connect(os.path.join(folder, "rows.duckdb"), config=CONFIG) as database:
            selected = "1::BIGINT AS row LIMIT 0"
            started = False
            for rows, values, notes, kept in results:
                check_names(values, kept, noting=noting)
                part = _Part(rows, values, notes if noting else None, kept)
                database.register("part", part.arrays)
                if not started:
                    started, selected = True, f"{part.selected()} FROM results"
                    database.execute(f"CREATE TABLE results ({part.columns(database, kinds)})")
                try:
                    database.execute(f"INSERT INTO results SELECT {part.asked} FROM part")  # noqa: S608
                except duckdb.ConversionException:
                    message = "--keep: a column holds cells of several kinds, such as 1 and 'a'"
                    raise CgraphError("file", message, "write CSV or JSON Lines") from None
            written = f"SELECT {selected}"
            database.execute(f"COPY ({written}) TO {quoted(path)} (FORMAT parquet)")
        with open(path, "rb") as file:
            while piece := file.read(_PIECE):
                yield piece


class _Part:
    """Some rows as flat columns of a table, c0, c1 and so on, and what is selected of them."""

    def __init__(
        self, rows: Any, values: Mapping[str, Any], notes: Any, kept: Mapping[str, Any]
    ) -> None:
        self._kept = list(kept)
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

    @property
    def asked(self) -> str:
        """The columns as they are put into the table: what is not a number is NaN, not null."""
        return ", ".join(
            f"coalesce({name}, 'nan'::DOUBLE)" if array.dtype == np.float64 else name
            for name, array in self.arrays.items()
        )

    def columns(self, database: Any, kinds: Mapping[str, str]) -> str:
        """Return the columns with their types, which for those kept are as their file has them."""
        names = list(self.arrays)
        query = f"SELECT {', '.join(f'typeof({name})' for name in names)} FROM part LIMIT 1"  # noqa: S608
        types = [_WIDER.get(kind, kind) for kind in database.execute(query).fetchone()]
        types[1 : 1 + len(self._kept)] = [
            kinds.get(name, kind) for name, kind in zip(self._kept, types[1:], strict=False)
        ]
        return ", ".join(map(" ".join, zip(names, types, strict=True)))

    def selected(self) -> str:
        """Return what is written of the table: vectors and matrices as lists, by their names."""
        same = Counter(name.lower() for name, _ in self._heads)
        for name, _ in self._heads:
            if same[name.lower()] > 1:
                message = f"two columns are called '{excerpt(name)}' but for the case of letters"
                raise CgraphError("name", message, "write CSV or JSON Lines")
        names = iter(self.arrays)
        listed = []
        for name, shape in self._heads:
            head = name.replace('"', '""')
            listed.append(f'{_nested(names, shape)} AS "{head}"')
        return ", ".join(listed)


def _nested(names: Iterator[str], shape: Sequence[int]) -> str:
    """Return the next columns as SQL's lists of a shape."""
    if not shape:
        return next(names)
    return f"[{', '.join(_nested(names, shape[1:]) for _ in range(shape[0]))}]"
