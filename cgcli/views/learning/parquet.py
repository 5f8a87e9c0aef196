"""Rows of values → a Parquet file, which DuckDB writes while they are computed."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final

import numpy as np

from cgcli.errors import CgraphError, excerpt, required
from cgcli.learning.arrow import Feed, arrow_table
from cgcli.learning.duck import connection, quoted
from cgcli.learning.stopping import interrupts
from cgcli.views.learning.rows import check_names

_PIECE: Final = 2**16
_DISTINCT: Final = 1024
"""A column of at most so many different numbers is written as a dictionary of them."""
_WIDER: Final = {"INTEGER": "BIGINT", '"NULL"': "VARCHAR"}
"""What a column is whose first rows DuckDB alone would take for something narrower."""


def as_parquet(
    results: Iterable[tuple[Any, Mapping[str, Any], Any, Mapping[str, Any]]],
    kinds: Mapping[str, str],
    path: str | None = None,
    *,
    noting: bool = False,
) -> Iterator[bytes]:
    """Write a Parquet file of rows to a path, or yield it in pieces where there is none.

    `rows_text` says what the parts of rows are. `kinds` has the types of columns that are kept,
    where their file says them. What is yielded is there when all of it is.
    """
    import duckdb

    types: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="cgraph-") as folder, connection().cursor() as database:
        target = path or os.path.join(folder, "rows")
        typed = partial(_typed, database, kinds, types)
        rows = Feed(_tables(results, typed, noting=noting))
        # To look for many equal numbers takes as long as all else; texts often are equal.
        limit = "" if types or noting else f", DICTIONARY_SIZE_LIMIT {_DISTINCT}"
        try:
            with interrupts(rows.stop):
                database.register("rows", rows.stream())
                options = f"FORMAT parquet, USE_TMP_FILE false{limit}"
                database.execute(f"COPY (FROM rows) TO {quoted(target)} ({options})")
        except (duckdb.Error, RuntimeError):
            if rows.error is not None:
                raise rows.error from None
            raise
        if path is None:
            with open(target, "rb") as file:
                yield from iter(partial(file.read, _PIECE), b"")


def _tables(results: Iterable[Any], typed: Callable[..., Any], *, noting: bool) -> Iterator[Any]:
    """Yield rows as tables of Arrow's, some at a time, with columns that are kept as `typed`."""
    empty = True
    for rows, values, notes, kept in results:
        columns = {"row": np.asarray(rows).astype(np.int64), **values}
        columns |= {"notes": notes} if noting else {}
        if empty:
            check_names(values, kept, noting=noting)
            _check_case([*columns, *kept])
        empty = False
        yield arrow_table(columns, typed(kept))
    if empty:
        # A table without rows has columns too.
        yield arrow_table({"row": np.empty(0, np.int64)})


def _check_case(names: list[str]) -> None:
    same = Counter(name.lower() for name in names)
    for name in names:
        if same[name.lower()] > 1:
            message = f"two columns are called '{excerpt(name)}' but for the case of letters"
            raise CgraphError("name", message, "write CSV or JSON Lines")


def _typed(
    database: Any, kinds: Mapping[str, str], types: dict[str, str], kept: Mapping[str, Any]
) -> dict[str, Any]:
    """Return columns that are kept as Arrow's, of the types of their file or of their first rows.

    The `types` are remembered.
    """
    import duckdb

    if not kept:
        return {}
    cursor, arrow = database.cursor(), required("nanoarrow", "data", "to write Parquet files")
    places = {f"c{k}": column for k, column in enumerate(kept.values())}
    cursor.register("part", places)
    try:
        if not types:
            # Without rows their types are known by a row of NULL.
            asked = ", ".join(f"typeof({c})" for c in places)
            query = f"SELECT {asked} FROM (SELECT 1) LEFT JOIN part ON true LIMIT 1"  # noqa: S608
            (first,) = cursor.execute(query).fetchall()
            for name, kind in zip(kept, map(str, first), strict=True):
                types[name] = kinds.get(name) or _WIDER.get(kind, kind)
        texts = [f"{c}::{kind}" for c, kind in zip(places, types.values(), strict=True)]
        query = f"SELECT {', '.join(texts)} FROM part"  # noqa: S608  # our own
        batch = arrow.ArrayStream(cursor.sql(query)).read_all()
    except (duckdb.Error, RuntimeError):
        message = "--keep: a column holds cells of several kinds, such as 1 and 'a'"
        raise CgraphError("file", message, "write CSV or JSON Lines") from None
    return {name: arrow.c_array(batch.child(k)) for k, name in enumerate(kept)}
