"""How a file begins, where that tells that it is not what its name says."""

from __future__ import annotations

import io
import re
import sys
from typing import IO, Any, Final

from cgcli.errors import file_error, required
from cgcli.learning.manner import Manner

_ZSTD: Final = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"

CONVERT: Final = "say which with --encoding, or save it as UTF-8 (in a spreadsheet: CSV UTF-8)"
_UTF_16: Final = "add --encoding utf-16, or save it as UTF-8"
_BEGINNINGS: Final = (
    (
        b"PK\x03\x04",
        "it is a zip archive, as a spreadsheet's file is",
        "unpack it; a workbook is called .xlsx",
    ),
    (b"\xd0\xcf\x11\xe0", "it is a file of a spreadsheet", "call it .xls"),
    (b"SQLite format 3", "it is a database of SQLite", "write the table out as CSV"),
    (b"\x93NUMPY", "it is an array of NumPy", "write it with numpy.savetxt, and name its columns"),
    ((b"<!doctype", b"<html"), "it is a page of HTML, not data", "download the data itself"),
    (b"<?xml", "it is XML", "save it as CSV"),
)
"""How files begin that are not what their name says, what they are, and what to do."""

_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_PACKINGS: Final = {
    b"\x1f\x8b": ("gzip", "gzip"),
    b"BZh": ("bzip2", "bz2"),
    b"\xfd7zXZ": ("xz", "lzma"),
    b"\x28\xb5\x2f\xfd": ("zstd", _ZSTD),
}
"""How compressed files begin, what they are called, and the module that unpacks them."""


class _Unpacked(io.RawIOBase):
    """What a compressed file holds; raises `CgraphError` where that cannot be had."""

    def __init__(self, path: str, name: str, inner: Any) -> None:
        self._path, self._name, self._inner = path, name, inner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._inner.read(len(buffer))
        except Exception:  # noqa: BLE001  # every library fails in its own ways
            why = f"it is cut short or damaged: {self._name} cannot unpack it"
            raise file_error(self._path, why, "fetch it again") from None
        buffer[: len(data)] = data
        return len(data)


def unpacked(path: str, stream: IO[bytes]) -> tuple[IO[bytes], str]:
    """Return a stream as it is, or what it holds where it is compressed, and by what."""
    start = head(stream)
    for beginning, (name, module) in _PACKINGS.items():
        if start.startswith(beginning):
            library = required(module, "data", f"to unpack {name}")
            inner = _Unpacked(path, name, library.open(stream))
            return io.BufferedReader(inner, 2**20), name
    return stream, ""


def kind_of(start: bytes, manner: Manner) -> str:
    """Return what kind of data begins so, where no name tells it.

    >>> kind_of(b'[ {"x": 1}]', Manner()), kind_of(b"x,y", Manner())
    ('json', 'csv')
    """
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(_WORKBOOKS):
        return "xlsx"
    text = start.decode(manner.encoding, "ignore").lstrip("\ufeff \t\r\n")
    if text.startswith("{"):
        return "jsonl"
    return "json" if re.match(r"\[\s*\{", text) else "csv"


def head(stream: IO[bytes], size: int = 64) -> bytes:
    """Return how a stream begins, and leave it as it was."""
    if isinstance(stream, io.BufferedReader):
        return stream.peek(size)[:size]
    start = stream.read(size)
    stream.seek(0)
    return start


def check_kind(path: str, head: bytes, kind: str, manner: Manner) -> None:
    """Raise `CgraphError` for a file that begins as what its name does not say."""
    if kind == "xlsx":
        if not head.startswith(_WORKBOOKS):
            raise file_error(path, "it is no workbook", "say what it is: --data-format csv")
        return
    start = head.lstrip().lower()
    for beginning, why, hint in _BEGINNINGS:
        if head.startswith(beginning) or start.startswith(beginning):
            raise file_error(path, why, hint)
    if head.startswith(b"PAR1") != (kind == "parquet"):
        if head.startswith(b"PAR1"):
            raise file_error(path, "it is Parquet", "put it in a file whose name ends in .parquet")
        if not head:
            raise file_error(path, "it is empty")
        hint = "" if b"\0" in head else "give it a name that ends in .csv, if it is that"
        raise file_error(path, "it is not Parquet, which begins with PAR1", hint)
    plain = manner.encoding == "utf-8"
    zeros = head[1:8:2] == b"\0" * len(head[1:8:2])
    if plain and (head.startswith((b"\xff\xfe", b"\xfe\xff")) or (len(head) > 3 and zeros)):
        raise file_error(path, "it is UTF-16, not UTF-8", _UTF_16)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    json = re.match(rb'(\[?)\s*\{\s*"', start)
    if json and kind not in ("json", "json" if json[1] else "jsonl"):
        hint = "give it a name that ends in .json, or .jsonl for an object a line"
        raise file_error(path, "it is JSON", hint)
