"""Rows of values → CSV or JSON Lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cgcli.calculus.notes import Note
from cgcli.errors import CgraphError
from cgcli.learning.duck import csv_lines
from cgcli.views.document import number

if TYPE_CHECKING:
    from cgcli.documents import RowNote

_HEAD: Final = '{\n  "schema": "cgraph.map/1",\n  "rows": ['


def rows_text(
    form: str,
    noting: bool,
    first: bool,
    rows: Any,
    values: Mapping[str, Any],
    kinds: Any = None,
    kept: Mapping[str, Any] = {},
) -> str:
    """Return the text of some rows: their numbers in the file, values by name, and notes.

    Before the `first` of all stands the head of a CSV file or of a JSON document. The columns
    `kept` of the file stand between the numbers and the values; with `noting` every row has the
    kinds of its notes too.

    >>> print(rows_text("csv", False, True, [1, 2], {"f": np.array([0.5, 2.0])}), end="")
    row,f
    1,0.5
    2,2.0
    """
    check_names(values, kept, noting=noting)
    if form == "csv":
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        if first:
            writer.writerow(["row", *kept, *_heads(values), *["notes"] * noting])
        flat = [array[:, *index] for array in values.values() for index in _elements(array)]
        beside, marks = [_texts(column) for column in kept.values()], [kinds] * noting
        numbers = np.asarray(rows, int)
        # How a carriage return is written depends on the version of Python.
        usual = not any("\r" in text for column in beside for text in column)
        lines = csv_lines([numbers, *beside, *flat, *marks]) if usual else ""
        if not lines:
            texts = [map(repr, column.tolist()) for column in flat]
            writer.writerows(zip(numbers.tolist(), *beside, *texts, *marks, strict=True))
        return out.getvalue() + lines
    objects = []
    for k, row in enumerate(rows):
        cells = {"row": int(row), **{name: column[k] for name, column in kept.items()}}
        cells |= number({name: array[k] for name, array in values.items()})
        notes = {"notes": kinds[k].split()} if noting else {}
        objects.append(json.dumps({**cells, **notes}, default=str))
    if form == "jsonl" or not objects:
        return "".join(f"{line}\n" for line in objects)
    return (f"{_HEAD}\n" if first else ",\n") + ",\n".join(f"    {line}" for line in objects)


def rows_end(notes: Mapping[str, tuple[int, int, Note]], read: str, *, empty: bool) -> str:
    """Return the end of a JSON document: the notes on its rows, and how they were read."""
    more = f',\n  "read": {json.dumps(read)}' if read else ""
    tail = f'],\n  "notes": {json.dumps(row_notes(notes))}{more}\n}}\n'
    return _HEAD + tail if empty else f"\n  {tail}"


def check_names(values: Mapping[str, Any], kept: Mapping[str, Any], *, noting: bool) -> None:
    """Raise `CgraphError` where two columns of a table would have one name."""
    for name in kept:
        if name in {"row", *["notes"] * noting, *values, *_heads(values)}:
            message = f"--keep: '{name}' is the name of a result as well"
            raise CgraphError("name", message, "give the result another name: v = …")
    for name, what in (("row", "number"), ("notes", "notes")):
        if name in values and (name == "row" or noting):
            message = f"'{name}' is what the {what} of each row is called in the table"
            raise CgraphError("name", message, f"give the value another name: v = {name}")


def _texts(column: Any) -> Any:
    """Return cells that are kept as a CSV file has them, an array of texts."""
    texts = (cell if type(cell) is str else _text(cell) for cell in column)
    return np.fromiter(texts, dtype=object, count=len(column))


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return json.dumps(cell) if isinstance(cell, bool | list | dict) else str(cell)


def row_notes(notes: Mapping[str, tuple[int, int, Note]]) -> dict[str, RowNote]:
    """Return by kind of note how many rows have it, the first of them, and what is said of it."""
    return {
        kind: {"rows": count, "first": row, "node": note.node, "message": str(note.message)}
        for kind, (count, row, note) in notes.items()
    }


def _heads(values: Mapping[str, Any]) -> list[str]:
    """Return the names of the columns: an element's are the name and its index."""
    return [
        f"{name}[{', '.join(map(str, index))}]" if index else name
        for name, array in values.items()
        for index in _elements(array)
    ]


def _elements(array: Any) -> Iterable[tuple[int, ...]]:
    """Return the index of every element that rows have."""
    return np.ndindex(array.shape[1:])
