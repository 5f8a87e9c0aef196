"""Rows of values → a Parquet file, which DuckDB writes while they are computed."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import numpy as np

from cgcli.errors import CgraphError, excerpt, required
from cgcli.learning.arrow import Feed, arrow_table
from cgcli.learning.duck import opened, quoted
from cgcli.learning.stopping import interrupts
from cgcli.views.learning.rows import check_names

_PIECE: Final = 2**16
_ROWS: Final = 2**16
"""So many rows are handed over at once: fewer take longer, each with a cost of its own."""
_WIDER: Final = {"INTEGER": "BIGINT", '"NULL"': "VARCHAR"}
"""What a column is whose first rows DuckDB alone would take for something narrower."""


def as_parquet(
    results: Iterable[tuple[Any, Mapping[str, Any], Any, Mapping[str, Any]]],
    kinds: Mapping[str, str],
    *,
    noting: bool = False,
) -> Iterator[bytes]:
    """Yield a Parquet file of rows in pieces; `rows_text` says what their parts are.

    `kinds` has the types of columns that are kept, where their file says them. The file is written
    to disk first: what is yielded of it is there when all of it is.
    """
    import duckdb

    database = opened(":memory:")
    with database, tempfile.TemporaryDirectory(prefix="cgraph-") as folder:
        path = os.path.join(folder, "rows")
        rows = Feed(_tables(database, results, kinds, noting=noting))
        try:
            with interrupts(rows.stop):
                database.register("rows", rows.stream())
                database.execute(f"COPY (FROM rows) TO {quoted(path)} (FORMAT parquet)")
        except (duckdb.Error, RuntimeError):
            if rows.error is not None:
                raise rows.error from None
            raise
        with open(path, "rb") as file:
            while piece := file.read(_PIECE):
                yield piece


def _tables(
    database: Any, results: Iterable[Any], kinds: Mapping[str, str], *, noting: bool
) -> Iterator[Any]:
    """Yield rows as tables of Arrow's, many rows at a time."""
    waiting: list[tuple[dict[str, Any], dict[str, Any]]] = []
    types: dict[str, str] = {}

    def joined() -> Any:
        parts = []
        for columns in zip(*waiting, strict=True):
            names = columns[0]
            parts.append({n: np.concatenate([part[n] for part in columns]) for n in names})
        waiting.clear()
        return arrow_table(parts[0], _typed(database, parts[1], kinds, types))

    for rows, values, notes, kept in results:
        check_names(values, kept, noting=noting)
        columns = {"row": np.asarray(rows).astype(np.int64), **values}
        columns |= {"notes": notes} if noting else {}
        if not waiting and not types:
            _check_case([*columns, *kept])
        waiting.append((columns, dict(kept)))
        if sum(len(part["row"]) for part, _ in waiting) >= _ROWS:
            yield joined()
    # A table without rows has columns too.
    yield joined() if waiting else arrow_table({"row": np.empty(0, np.int64)})


def _check_case(names: list[str]) -> None:
    same = Counter(name.lower() for name in names)
    for name in names:
        if same[name.lower()] > 1:
            message = f"two columns are called '{excerpt(name)}' but for the case of letters"
            raise CgraphError("name", message, "write CSV or JSON Lines")


def _typed(
    database: Any, kept: Mapping[str, Any], kinds: Mapping[str, str], types: dict[str, str]
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
            query = f"SELECT {', '.join(f'typeof({c})' for c in places)} FROM part LIMIT 1"  # noqa: S608
            (first,) = cursor.execute(query).fetchall()
            for name, kind in zip(kept, map(str, first), strict=True):
                types[name] = kinds.get(name) or _WIDER.get(kind, kind)
        texts = [f"{c}::{kind}" for c, kind in zip(places, types.values(), strict=True)]
        query = f"SELECT {', '.join(texts)} FROM part"  # noqa: S608  # our own
        (batch,) = arrow.ArrayStream(cursor.sql(query))
    except (duckdb.Error, RuntimeError):
        message = "--keep: a column holds cells of several kinds, such as 1 and 'a'"
        raise CgraphError("file", message, "write CSV or JSON Lines") from None
    return {name: arrow.c_array(batch.child(k)) for k, name in enumerate(kept)}
