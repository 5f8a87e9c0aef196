"""What goes wrong, said so that it can be mended: what, where, and what to write instead."""

from __future__ import annotations

import bisect
import importlib
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple


class Position(NamedTuple):
    """A line and the columns of a span within it, all counted from 1; the end is exclusive."""

    line: int
    column: int
    end_column: int


class Place(NamedTuple):
    """A span of a text, with a few words that say what stands there."""

    text: str
    start: int
    end: int
    label: str = ""

    def position(self) -> Position:
        """Return the line and columns of the place; a span over several lines ends with its first.

        >>> Place("a = 1\\nb = x", 10, 11).position()
        Position(line=2, column=5, end_column=6)
        """
        line_start = self.text.rfind("\n", 0, self.start) + 1
        line_end = self.text.find("\n", self.start)
        end = self.end if line_end < 0 else min(self.end, line_end)
        column = self.start - line_start + 1
        line = self.text.count("\n", 0, self.start) + 1
        return Position(line, column, max(column, end - line_start + 1))


KINDS: Final = (
    "syntax", "name", "arity", "binding", "shape", "index", "exact", "limit", "file", "usage",
    "fault",
)  # fmt: skip
"""What an error is about; a fault is the program's own, met in one line of many."""


class CgraphError(Exception):
    """Input that cannot be used: its kind, a message, a hint, and the places it is about.

    `kind` is one of `KINDS`. `line`, `column` and `end_column` are those of the first place, or
    None where there is no place.

    >>> error = CgraphError("syntax", "expected a value", places=(Place("x +", 3, 3),))
    >>> error.kind, error.line, error.column
    ('syntax', 1, 4)
    """

    def __init__(
        self, kind: str, message: str, hint: str = "", places: tuple[Place, ...] = ()
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.hint = hint
        self.places = places
        self.bound = ""
        """The name that is bound, where an error is about a binding of it."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what it is made of again, for the way out of a worker process."""
        return CgraphError, (self.kind, self.message, self.hint, self.places)

    @property
    def __notes__(self) -> list[str]:  # type: ignore[override]  # made when it is asked for
        """What Python's traceback shows below the message: where it is, and what to write."""
        notes = [f"hint: {self.hint}"] if self.hint else []
        if self.places and self.places[0].text.strip():
            place, (line, column, end) = self.places[0], self.places[0].position()
            text = place.text.split("\n")[line - 1]
            notes = [f"  {text}", " " * (column + 1) + "^" * max(1, end - column), *notes]
        return notes

    @property
    def line(self) -> int | None:
        """The line of the first place, from 1."""
        return self.places[0].position().line if self.places else None

    @property
    def column(self) -> int | None:
        """The column of the first place, from 1."""
        return self.places[0].position().column if self.places else None

    @property
    def end_column(self) -> int | None:
        """The column after the first place's last character."""
        return self.places[0].position().end_column if self.places else None


class FaultError(Exception):
    """A fault of the program itself, that it has found out by itself; its text says what it is."""


def file_error(path: str, why: str, hint: str = "", places: tuple[Place, ...] = ()) -> CgraphError:
    """Return the error for a file that cannot be used, or for standard input, ``-``.

    >>> file_error("d.csv", "it is empty").message
    'd.csv: it is empty'
    """
    name = "standard input" if path == "-" else shorten(path, 80)
    return CgraphError("file", f"{name}: {why}", hint, places)


def shorten(text: str, length: int = 40) -> str:
    """Return the text, its middle left out when it is longer than `length` characters.

    >>> shorten("x" * 100, 9)
    'xxxx…xxxx'
    """
    if len(text) <= length:
        return text
    half = (length - 1) // 2
    return f"{text[:half]}…{text[len(text) - half :]}"


def excerpt(name: str) -> str:
    """Return a user's name as it stands in a message: short enough to read.

    >>> excerpt("weight")
    'weight'
    """
    return shorten(name)


def few(names: Sequence[str]) -> str:
    """Return the first names of a list as a message lists them.

    >>> few([f"x{k}" for k in range(10)])
    'x0, x1, x2, x3, x4, x5, x6, x7 …'
    """
    return ", ".join(map(excerpt, names[:8])) + (" …" if len(names) > 8 else "")


def nearest(name: str, names: Iterable[str], likeness: float = 0.5) -> str:
    """Return the first name that is most like another, whatever the case of letters, or nothing.

    >>> nearest("Widht", ["x", "width"])
    'width'
    """
    import difflib

    known = {known_name.lower(): known_name for known_name in reversed(list(names)[:10_000])}
    lower = name.lower()
    close = [lower] if lower in known else difflib.get_close_matches(lower[:40], known, 1, likeness)
    return known[close[0]] if close else ""


def suggest(
    name: str, names: Iterable[str], otherwise: str, likeness: float = 0.5, written: str = "{}"
) -> str:
    """Return a hint: the name that was meant, as it is written, or what is said otherwise.

    >>> suggest("widht", ["x", "width"], "there are x, width", written="--{}")
    'did you mean --width?'
    """
    close = nearest(name, names, likeness)
    return f"did you mean {written.format(excerpt(close))}?" if close else otherwise


def required(module: str, extra: str, purpose: str) -> Any:
    """Return a module; raises `CgraphError` that names the extra where it is not installed.

    >>> required("math", "draw", "to lay the picture out").pi
    3.141592653589793
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        from cgcli.extras import how_to_install

        message = f"{purpose} the extra '{extra}' is needed"
        hint = f"install it: {how_to_install(extra)}"
        raise CgraphError("usage", message, hint) from None


class Lines:
    """The line starts of a text, for many look-ups: `Place.position` searches each time."""

    def __init__(self, text: str) -> None:
        lengths = (len(line) + 1 for line in text.split("\n"))
        self._starts = list(accumulate(lengths, initial=0))

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and column of an offset, both from 1.

        >>> Lines("a\\nbc").position(3)
        (2, 2)
        """
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1
