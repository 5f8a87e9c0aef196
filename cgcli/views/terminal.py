"""The console that tables are printed on; the one place where a terminal is looked at."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import compress
from typing import IO, Any, Final, NamedTuple, TypeAlias

from cgcli.views.gate import printable_lines

_UNLIMITED: Final = 10_000
_NARROWEST: Final = 20

NUMBERS: Final[Mapping[str, Any]] = {"justify": "right", "no_wrap": True}
WORDS: Final[Mapping[str, Any]] = {"overflow": "fold"}
"""How Rich sets columns: numbers stay whole, words go on in the next line."""

Cell: TypeAlias = Any
"""A text, one with a style that is the blanks' beside it too, or one of Rich's."""


class Column(NamedTuple):
    """A column of a table: its head, how Rich sets it, and whether it is shown."""

    head: str
    options: Mapping[str, Any]
    shown: bool = True


def console(stream: IO[str] | None = None) -> Any:
    """Return Rich's console for a stream, standard output unless another is given.

    Colours stand on a terminal only, as NO_COLOR, FORCE_COLOR and TERM say; a table that goes
    elsewhere is as wide as its text, unless COLUMNS says how wide. Text passes the gate before
    it is coloured.
    """
    from rich.console import Console
    from rich.segment import Segment

    class Gated(Console):
        def render(self, renderable: Any, options: Any = None) -> Iterator[Segment]:
            for text, style, control in super().render(renderable, options):
                yield Segment(text if control else printable_lines(text), style, control)

    target = stream or sys.stdout
    columns = os.environ.get("COLUMNS", "")
    width = int(columns) if columns.isdecimal() and len(columns) < 6 else 0
    if not width and not target.isatty():
        width = _UNLIMITED
    file = getattr(target, "styled", target)
    # A notebook shows what is printed, and not each line in a frame of its own.
    out = Gated(
        file=file,
        width=width or None,
        highlight=False,
        markup=False,
        emoji=False,
        force_jupyter=False,
    )
    out.width = max(out.width, _NARROWEST)
    return out


def as_html(write: Callable[[Any], None], width: int = 100) -> str:
    """Return what a function prints on a console as HTML, in colours, as a notebook shows it."""
    from rich.console import Console

    out = Console(
        file=io.StringIO(),
        record=True,
        force_terminal=True,
        force_jupyter=False,
        width=width,
        highlight=False,
        markup=False,
        emoji=False,
    )
    write(out)
    code = '<pre style="line-height: normal; font-family: monospace">{code}</pre>'
    return str(out.export_html(inline_styles=True, code_format=code))


def as_text(write: Callable[[Any], None]) -> str:
    """Return what a function prints on a console as plain text, as wide as it is."""
    file = io.StringIO()
    write(console(file))
    return file.getvalue()


def show(out: Any, table: Any, least: int = 0) -> None:
    """Print a table without the spaces that Rich leaves at the ends of its lines.

    A table that cannot be narrower than `least` is wider than a terminal that is.
    """
    out.width = max(out.width, least)
    if out.is_terminal:
        out.print(table)
        return
    with out.capture() as captured:
        out.print(table)
    out.file.write("\n".join(line.rstrip() for line in captured.get().split("\n")))


def can_show(text: str, stream: IO[str] | None = None) -> bool:
    """Return whether a stream's encoding has the characters of a text."""
    encoding = getattr(stream or sys.stdout, "encoding", None)
    try:
        text.encode(encoding or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def say(
    out: Any, *lines: str, style: str = "", marks: Mapping[str, str] = {}, **options: Any
) -> None:
    """Print lines as they are, whatever Rich would read in them; `options` are its own.

    `marks` are patterns in them with a style each.
    """
    from rich.text import Text

    for line in lines:
        text = Text(line, style=style)
        for pattern, mark in marks.items():
            text.highlight_regex(pattern, mark)
        out.print(text, **options)


def paint(out: Any, pieces: Sequence[tuple[str, str]], is_terminal: bool) -> None:
    """Print a line of pieces, each with its style, however wide; no blanks stand at its end.

    Rich takes long to say whether it `is_terminal`, so it is asked once for many lines.
    """
    if not is_terminal:
        out.file.write(printable_lines("".join(text for text, _ in pieces)).rstrip() + "\n")
        return
    from rich.text import Text

    text = Text.assemble(*pieces)
    text.rstrip()
    out.print(text, soft_wrap=True)


def print_table(
    out: Any,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    least: int = 0,
    title: str = "",
) -> None:
    """Print a table of the columns that are shown, with a line under its head.

    The line is in ASCII where there is no other; `least` is as for `show`.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    style = box.SIMPLE_HEAD if can_show("─") else box.ASCII2
    narrow = least > out.width
    if narrow:
        # One blank between two columns, in place of three.
        least -= 2 * sum(column.shown for column in columns)
    table = Table(
        box=style,
        pad_edge=False,
        show_edge=False,
        padding=(0, 0 if narrow else 1),
        title=title or None,
        title_justify="left",
    )
    for head, options, is_shown in columns:
        if is_shown:
            table.add_column(Text(head), **options)
    for row in rows:
        cells = compress(row, [column.shown for column in columns])
        styled = ((cell, "") if isinstance(cell, str) else cell for cell in cells)
        table.add_row(*(Text(*cell) if isinstance(cell, tuple) else cell for cell in styled))
    show(out, table, least)
