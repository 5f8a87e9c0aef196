"""Standard output and standard error: what is written to them, and who is blamed when it fails.

All text passes the gate, whoever writes it. Text for people is in the terminal's encoding, what
that lacks drawn plainly; what another program is to read is UTF-8.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any, Final

from cgcli.errors import CgraphError
from cgcli.views.gate import printable, printable_lines

# What is drawn where a terminal cannot show it, and all else is escaped.
_PLAIN: Final = {"…": "...", "≈": "~", "×": "x", "∂": "d", "─": "-", "–": "-", "·": "*"}


class Outlet:
    """A standard stream behind the gate; `styled` is the same for text that was let through.

    A write that fails raises `CgraphError` that blames the stream, unless `quiet`: then nobody
    can be told. Whatever else is asked of it the stream itself answers.
    """

    def __init__(self, stream: IO[str], name: str, *, quiet: bool, gated: bool = True) -> None:
        self._stream = stream
        self._name = name
        self._quiet = quiet
        self._gated = gated
        self.styled: Outlet = Outlet(stream, name, quiet=quiet, gated=False) if gated else self

    def write(self, text: str) -> int:
        """Write text, and return how many characters that is."""
        self._try(self._stream.write, printable_lines(text) if self._gated else text)
        return len(text)

    def write_bytes(self, data: bytes) -> None:
        """Write what is no text."""
        buffer = self._stream.buffer  # type: ignore[attr-defined]
        self._try(self._stream.flush)
        self._try(buffer.write, data)
        self._try(buffer.flush)

    def flush(self) -> None:
        """Write what has waited."""
        self._try(self._stream.flush)

    def _try(self, act: Callable[..., Any], *parts: Any) -> None:
        """Do something to the stream; its error is the stream's, or as it is of a closed pipe."""
        try:
            act(*parts)
        except OSError as error:
            if self._quiet:
                return
            if isinstance(error, BrokenPipeError):
                raise
            closed = error.errno == errno.EBADF
            why = "it is closed" if closed else (error.strerror or "it cannot be written").lower()
            raise CgraphError("file", f"{self._name}: {why}") from None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def standard_streams() -> Iterator[None]:
    """Put the standard streams behind the gate, each one that can be written."""
    codecs.register_error("cgraph.plain", _in_ascii)
    before = sys.stdout, sys.stderr
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115  # kept open
    # In this order, since each takes the lowest number that is free: no file is to get theirs.
    out = _writable(sys.stdout, os.O_RDONLY)
    err = _writable(sys.stderr, os.O_WRONLY)
    sys.stdout = Outlet(out, "standard output", quiet=False)
    sys.stderr = Outlet(err, "standard error", quiet=True)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _writable(stream: IO[str] | None, flag: int) -> IO[str]:
    """Return a stream that takes any character, or what stands in for one that is closed.

    What is opened to be read fails as a closed one does; the messages' goes nowhere.
    """
    if stream is None:
        return os.fdopen(os.open(os.devnull, flag), "w", encoding="utf-8")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="cgraph.plain")
    return stream


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end]
    plain = (_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in text)
    return "".join(plain), error.end


def tell(*lines: str, said: bool = False) -> None:
    """Write lines to standard error, each of them one line whatever stands in it.

    They are said in the language that was asked for, unless they were `said` in it already.
    """
    if lines and not said:
        from cgcli.views.catalogue import heard

        lines = tuple(map(heard().read, lines))
    sys.stderr.write("".join(f"{printable(line)}\n" for line in lines))
    sys.stderr.flush()


def publish(pieces: Iterable[str]) -> None:
    """Write what another program is to read to standard output: in UTF-8, but on a terminal."""
    encoding = sys.stdout.encoding
    # A stream of text alone, as a library's caller may put there, has no encoding to change.
    if encoding and encoding.lower() != "utf-8" and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8", errors="cgraph.plain")  # type: ignore[union-attr]
    for piece in pieces:
        sys.stdout.write(piece)


def documents() -> Any:
    """Return standard output for JSON, which escapes whatever the gate would stop."""
    publish([])
    return getattr(sys.stdout, "styled", sys.stdout)


def publish_bytes(data: bytes) -> None:
    """Write a file to standard output."""
    sys.stdout.write_bytes(data)  # type: ignore[union-attr]


def publish_document(document: Mapping[str, Any]) -> None:
    """Write a JSON document to standard output."""
    from cgcli.views.document import pieces

    publish([*pieces(document), "\n"])
