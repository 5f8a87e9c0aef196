"""Rows into a program and out of it: files, columns in memory, and Arrow's tables."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from cgcli.errors import CgraphError, excerpt, required
from cgcli.library.answers import Table
from cgcli.library.sources import check_columns, opened_source

if TYPE_CHECKING:
    from cgcli.learning import documents
    from cgcli.learning.cells import Columns
    from cgcli.learning.manner import Manner
    from cgcli.learning.sources import Report, Source

Data = Any
"""Paths, columns by name, or whatever has `__arrow_c_stream__`: a table of pandas or Polars."""

_SHOWN: Final = 20


class Rows(Table):
    """What a program gives for every row: by name an array, with a row along its first axis.

    `numbers` are those that the rows have in the data, from 1; one that could not be used is none
    of them. `notes` has by kind how many rows have such a note, the first of them, and its note.
    Whoever takes Arrow's tables takes this, as `polars.DataFrame(rows)`; it needs the extra `data`.

    >>> import cgcli
    >>> rows = cgcli.map("x*y", {"x": [1, 2], "y": [3, 4]})
    >>> rows["f"], rows["df/dx"], rows.names
    (array([3., 8.]), array([3., 4.]), ['f', 'df/dx', 'df/dy'])
    """

    endings = ("json", "jsonl", "csv")

    def __init__(self, parts: Sequence[tuple[Any, ...]], report: Report) -> None:
        import numpy as np

        self._parts = parts
        self.notes = report.notes
        blocks = [{**kept, **values} for _, values, _, kept in parts]
        self.numbers = np.concatenate([part[0] for part in parts]) if parts else np.empty(0)
        self.columns = {
            name: np.concatenate([block[name] for block in blocks])
            for name in (blocks[0] if blocks else ())
        }

    @property
    def names(self) -> list[str]:
        """The names of the columns: those that are kept, values, and gradients such as `df/dx`."""
        return list(self.columns)

    def __getitem__(self, name: str) -> Any:
        """Return a column, as an array."""
        return self.columns[name]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.numbers)

    def to_dict(self) -> documents.Mapping:
        """Return the rows as the document `cgraph.map/1`."""
        document: documents.Mapping = json.loads(self._text("json"))
        return document

    def _text(self, ending: str) -> str | bytes:
        from cgcli.views.learning.rows import rows_end, rows_text

        parts = enumerate(self._parts)
        text = "".join(rows_text(ending, False, not k, *part) for k, part in parts)
        return text + rows_end(self.notes, "", empty=not text) if ending == "json" else text

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the columns as a stream of Arrow's, a vector as a list of fixed size."""
        from cgcli.learning.arrow import arrow_table

        return arrow_table(self.columns).__arrow_c_stream__(requested_schema)

    def print_on(self, out: Any) -> None:
        """Print the first rows, and how many there are."""
        from cgcli.views.table import shown
        from cgcli.views.terminal import NUMBERS, Column, print_table
        from cgcli.words import Message

        heads = [Column(name, NUMBERS) for name in ("row", *self.names)]
        rows = [
            [f"{number:.0f}", *(shown(column[k], 6) for column in self.columns.values())]
            for k, number in enumerate(self.numbers[:_SHOWN])
        ]
        if len(self) > len(rows):
            rows.append(["…", Message("{count:,} rows", count=len(self))])
        print_table(out, heads, rows)


@contextlib.contextmanager
def opened_data(data: Data, manner: Manner) -> Iterator[Source]:
    """Open data of any kind as a source of rows; raises `CgraphError` for what is none."""
    paths = [data] if isinstance(data, str | os.PathLike) else data
    if isinstance(paths, list | tuple) and all(isinstance(p, str | os.PathLike) for p in paths):
        with opened_source([os.fspath(path) for path in paths], manner) as source:
            yield source
        return
    if hasattr(data, "__arrow_c_stream__"):
        try:
            arrow = required("nanoarrow", "data", "to take a table from others")
            # One column alone is no table.
            names, columns = _readable(arrow, data).to_columns_pysequence(
                handle_nulls=arrow.nulls_as_sentinel()
            )
            data = dict(zip(names, columns, strict=True))
        except ValueError:
            pass
        except ImportError:
            # Pandas has a stream where pyarrow is, and columns of NumPy's everywhere.
            data = {str(name): column.to_numpy() for name, column in data.items()}
    if not isinstance(data, Mapping) or not all(hasattr(c, "__len__") for c in data.values()):
        what = "a column of one number" if isinstance(data, Mapping) else type(data).__name__
        message = f"data is paths, columns by name or a table, not {what}"
        raise CgraphError("usage", message, 'write {"x": [1, 2], "y": [3, 4]}')
    source = _in_memory(data, manner)
    yield check_columns(source)


def _readable(arrow: Any, data: Data) -> Any:
    """Return a table as one that nanoarrow takes apart: it crashes at views of texts.

    Polars has such views; DuckDB, which is of the same extra, makes texts of them.
    """
    stream = arrow.c_array_stream(data)
    if any("_view" in repr(field) for field in arrow.Schema(stream.get_schema()).fields):
        from cgcli.learning.duck import connection

        # DuckDB asks for a stream of its own.
        stream.release()
        stream = connection().from_arrow(data)
    return arrow.Array(stream)


def _in_memory(data: Mapping[str, Any], manner: Manner) -> Source:
    """Return the source of columns in memory, which are arrays or lists of one length."""
    from cgcli.learning.sources import Block, Source, gather_blocks
    from cgcli.learning.tables import CHUNK

    columns = {
        name: column if hasattr(column, "dtype") else list(column) for name, column in data.items()
    }
    counts = {name: len(column) for name, column in columns.items()}
    if len({*counts.values()}) > 1:
        few = ", ".join(f"'{excerpt(name)}' {count}" for name, count in [*counts.items()][:6])
        message = f"the columns have not one length: {few}"
        raise CgraphError("shape", message, "give them as many rows")
    total = next(iter(counts.values()), 0)

    def rows(wanted: Columns, report: Report) -> Iterator[dict[str, Any]]:
        def part(names: Sequence[str], start: int) -> dict[str, Any]:
            return {name: columns[name][start : start + CHUNK] for name in names}

        starts = range(0, total, CHUNK)
        blocks = (
            Block(min(CHUNK, total - start), part(wanted.names, start), part(wanted.kept, start))
            for start in starts
        )
        return gather_blocks(blocks, wanted, report)

    return Source("the data", list(columns), rows, manner)
