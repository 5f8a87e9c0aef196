"""Rows of values → CSV or JSON Lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from cgcli.errors import CgraphError
from cgcli.views.document import number

__all__ = ["RowWriter"]


class RowWriter:
    """Writes the values of rows as text, the head of a CSV file or of a JSON document first.

    `end` returns what stands after all rows.

    >>> writer = RowWriter("csv")
    >>> print(writer.text([1, 2], {"f": np.array([0.5, 2.0])}), end="")
    row,f
    1,0.5
    2,2.0
    """

    def __init__(self, form: str) -> None:
        self._form = form
        self._begun = False

    def text(self, rows: Any, values: Mapping[str, Any]) -> str:
        """Return the text of some rows: their numbers in the file, and values by name."""
        if "row" in values:
            message = "'row' is what the number of each row is called in the table"
            raise CgraphError("name", message, "give the value another name: v = row")
        if self._form != "csv":
            objects = [self._object(int(row), k, values) for k, row in enumerate(rows)]
            return self._document(objects) if self._form == "json" else "".join(objects)
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        if not self._begun:
            self._begun = True
            writer.writerow(["row", *_heads(values)])
        flat = [array.reshape(len(rows), -1) for array in values.values()]
        for number_, cells in zip(rows, np.concatenate(flat, axis=1).tolist(), strict=True):
            writer.writerow([int(number_), *map(repr, cells)])
        return out.getvalue()

    def end(self) -> str:
        """Return the end of a JSON document; of the other forms nothing."""
        if self._form != "json":
            return ""
        return "\n  ]\n}\n" if self._begun else self._head() + "]\n}\n"

    def _document(self, objects: list[str]) -> str:
        lines = ",\n".join(f"    {each.rstrip()}" for each in objects)
        before = ",\n" if self._begun else self._head() + "\n"
        self._begun = True
        return before + lines

    def _head(self) -> str:
        return '{\n  "schema": "cgraph.map/1",\n  "rows": ['

    def _object(self, row: int, k: int, values: Mapping[str, Any]) -> str:
        found = {name: number(array[k]) for name, array in values.items()}
        return json.dumps({"row": row, **found}) + "\n"


def _heads(values: Mapping[str, Any]) -> list[str]:
    """Return the names of the columns: an element's are the name and its index."""
    heads = []
    for name, array in values.items():
        shape = array.shape[1:]
        if not shape:
            heads.append(name)
        heads += [f"{name}[{', '.join(map(str, index))}]" for index in np.ndindex(*shape) if shape]
    return heads
