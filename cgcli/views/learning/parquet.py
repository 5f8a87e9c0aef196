"""Rows of values → a Parquet file, which DuckDB writes while they are computed."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import numpy as np

from cgcli.errors import CgraphError, excerpt
from cgcli.learning.arrow import arrow_table
from cgcli.learning.duck import opened, quoted
from cgcli.views.learning.rows import check_names

_PIECE: Final = 2**16
_WIDER: Final = {"INTEGER": "BIGINT", '"NULL"': "VARCHAR"}
"""What a column is whose first rows DuckDB alone would take for something narrower."""


def as_parquet(
    results: Iterable[tuple[Any, Mapping[str, Any], Any, Mapping[str, Any]]],
    kinds: Mapping[str, str],
    *,
    noting: bool = False,
) -> Iterator[bytes]:
    """Yield a Parquet file of rows in pieces; `rows_text` says what their parts are.

    `kinds` has the types of columns that are kept, where their file says them. The rows gather in
    a database on disk first: what is yielded of the file is there when all of it is.
    """
    with tempfile.TemporaryDirectory(prefix="cgraph-") as folder:
        path = os.path.join(folder, "rows")
        with opened(os.path.join(folder, "database")) as database:
            number = -1
            for number, (rows, values, notes, kept) in enumerate(results):
                check_names(values, kept, noting=noting)
                columns = {"row": np.asarray(rows).astype(np.int64), **values}
                columns |= {"notes": notes} if noting else {}
                if not number:
                    _check_case([*columns, *kept])
                _insert(database, columns, kept, None if number else kinds)
            if number < 0:
                # A table without rows has columns too.
                _insert(database, {"row": np.empty(0, np.int64)}, {}, {})
            database.execute(f"COPY rows TO {quoted(path)} (FORMAT parquet)")
        with open(path, "rb") as file:
            while piece := file.read(_PIECE):
                yield piece


def _insert(database: Any, columns: Mapping[str, Any], kept: Mapping[str, Any], kinds: Any) -> None:
    """Put rows into the table, which the first, that come with the `kinds`, make.

    Columns that are kept have the types of their file, or those of their first rows.
    """
    import duckdb

    database.register("numbers", arrow_table(columns).__arrow_c_stream__())
    places = {f"c{k}": name for k, name in enumerate(kept)}
    texts, tables = list(places), "numbers"
    if kept:
        database.register("part", dict(zip(places, kept.values(), strict=True)))
        tables += " POSITIONAL JOIN part"
    if kinds is not None and kept:
        query = f"SELECT {', '.join(f'typeof({c})' for c in places)} FROM part LIMIT 1"  # noqa: S608
        (first,) = database.execute(query).fetchall()
        for k, (place, name) in enumerate(places.items()):
            kind = kinds.get(name) or _WIDER.get(first[k], first[k])
            texts[k] = f"{place}::{kind} AS {_name(name)}"
    asked = ", ".join(["row", *texts, *map(_name, list(columns)[1:])])
    into = "INSERT INTO rows" if kinds is None else "CREATE TABLE rows AS"
    try:
        database.execute(f"{into} SELECT {asked} FROM {tables}")  # noqa: S608  # our own
    except duckdb.ConversionException:
        message = "--keep: a column holds cells of several kinds, such as 1 and 'a'"
        raise CgraphError("file", message, "write CSV or JSON Lines") from None


def _name(text: str) -> str:
    """Return a column's name as SQL writes it."""
    return '"' + text.replace('"', '""') + '"'


def _check_case(names: list[str]) -> None:
    same = Counter(name.lower() for name in names)
    for name in names:
        if same[name.lower()] > 1:
            message = f"two columns are called '{excerpt(name)}' but for the case of letters"
            raise CgraphError("name", message, "write CSV or JSON Lines")
