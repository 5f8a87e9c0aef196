"""How a file begins, where that tells that it is not what its name says."""

from __future__ import annotations

import io
import re
from typing import IO, Final

from cgcli.errors import file_error, shorten

CONVERT: Final = "save it as UTF-8 (in a spreadsheet: CSV UTF-8)"
_BEGINNINGS: Final = (
    (b"\x1f\x8b", "it is compressed by gzip", "unpack it first: gunzip -k {path}"),
    (b"BZh", "it is compressed by bzip2", "unpack it first: bunzip2 -k {path}"),
    (b"\xfd7zXZ", "it is compressed by xz", "unpack it first: unxz -k {path}"),
    (b"\x28\xb5\x2f\xfd", "it is compressed by zstd", "unpack it first: unzstd {path}"),
    (
        b"PK\x03\x04",
        "it is a zip archive, as a spreadsheet's file is",
        "unpack it, or save the sheet as CSV",
    ),
    (b"\xd0\xcf\x11\xe0", "it is a file of a spreadsheet", "save the sheet as CSV"),
    (b"SQLite format 3", "it is a database of SQLite", "write the table out as CSV"),
    (b"\x93NUMPY", "it is an array of NumPy", "write it with numpy.savetxt, and name its columns"),
    ((b"\xff\xfe", b"\xfe\xff"), "it is UTF-16, not UTF-8", CONVERT),
    ((b"<!doctype", b"<html"), "it is a page of HTML, not data", "download the data itself"),
    (b"<?xml", "it is XML", "save it as CSV"),
)
"""How files begin that are not what their name says, what they are, and what to do."""


def head(stream: IO[bytes], size: int = 64) -> bytes:
    """Return how a stream begins, and leave it as it was."""
    if isinstance(stream, io.BufferedReader):
        return stream.peek(size)[:size]
    start = stream.read(size)
    stream.seek(0)
    return start


def check_kind(path: str, head: bytes, kind: str) -> None:
    """Raise `CgraphError` for a file that begins as what its name does not say."""
    start = head.lstrip().lower()
    for beginning, why, hint in _BEGINNINGS:
        if head.startswith(beginning) or start.startswith(beginning):
            raise file_error(path, why, hint.format(path=shorten(path, 80)))
    if head.startswith(b"PAR1") != (kind == "parquet"):
        if head.startswith(b"PAR1"):
            raise file_error(path, "it is Parquet", "put it in a file whose name ends in .parquet")
        if not head:
            raise file_error(path, "it is empty")
        hint = "" if b"\0" in head else "give it a name that ends in .csv, if it is that"
        raise file_error(path, "it is not Parquet, which begins with PAR1", hint)
    if len(head) > 3 and (head[1:8:2] == b"\0" * len(head[1:8:2])):
        raise file_error(path, "it is UTF-16, not UTF-8", CONVERT)
    if kind in ("csv", "tsv") and re.match(rb'\[?\s*\{\s*"', head.removeprefix(b"\xef\xbb\xbf")):
        hint = "give it a name that ends in .json, or .jsonl for an object a line"
        raise file_error(path, "it is JSON", hint)
