"""Workbooks of a spreadsheet → rows by column, read by calamine: .xlsx, .xls, .xlsb and .ods."""

from __future__ import annotations

import io
from functools import partial
from typing import IO, Any

from cgcli.errors import excerpt, few, file_error, nearest, required
from cgcli.learning.manner import Manner
from cgcli.learning.sources import Source, check_names, gather


def workbook(path: str, stream: IO[bytes], manner: Manner) -> Source:
    """Return the source of a workbook's sheet, whose first row names the columns.

    Raises `CgraphError`, too where several sheets have cells and none is named.
    """
    calamine = required("python_calamine", "data", "to read workbooks")
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(stream.read()))
        sheet = _sheet(path, book, manner)
        rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    except calamine.CalamineError:
        hint = "save it again, or as CSV: it is damaged, or locked with a password"
        raise file_error(path, "it is a workbook that cannot be read", hint) from None
    lines = [(line, row) for line, row in enumerate(rows, 1) if any(cell != "" for cell in row)]
    if not lines:
        raise file_error(path, "its sheet is empty", "the first row names the columns")
    cells = [str(cell).strip() for cell in lines[0][1]]
    names = check_names(path, cells)

    records = [(line, dict(zip(names, row, strict=True))) for line, row in lines[1:]]
    # One that was named is told as that.
    how = [f"sheet {sheet}"] if manner.sheet is None else []
    return Source(path, names, partial(gather, records), manner, how)


def _sheet(path: str, book: Any, manner: Manner) -> str:
    """Return the name of the sheet to read: the one that is named, or the only one with cells."""
    names: list[str] = book.sheet_names
    if manner.sheet is not None:
        if manner.sheet not in names:
            close = nearest(manner.sheet, names)
            hint = f"did you mean {excerpt(close)}?" if close else f"the sheets are {few(names)}"
            raise file_error(path, f"there is no sheet '{excerpt(manner.sheet)}'", hint)
        return manner.sheet
    full = [name for name in names if book.get_sheet_by_name(name).height]
    if len(full) > 1:
        why = f"it has several sheets: {few(full)}"
        raise file_error(path, why, f'name one: --sheet "{excerpt(full[0])}"')
    return full[0] if full else names[0]
