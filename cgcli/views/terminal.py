"""The console that tables are printed on; the one place where a terminal is looked at."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import compress
from typing import IO, Any, Final, NamedTuple, TypeAlias

from cgcli.views.catalogue import heard
from cgcli.views.gate import printable_lines, width

_UNLIMITED: Final = 10_000
_NARROWEST: Final = 20
_FOLDED: Final = 7
"""So wide words are at least, where they fold.

Of two columns of them Rich folds the wider one first: with two widths numbers would be cut off.
"""

NUMBERS: Final[Mapping[str, Any]] = {"justify": "right", "no_wrap": True}
WORDS: Final[Mapping[str, Any]] = {"overflow": "fold"}
"""How Rich sets columns: numbers stay whole, words go on in the next line."""

# A notebook shows what is printed, and not each line in a frame of its own.
_AS_IS: Final[Mapping[str, Any]] = {
    "highlight": False, "markup": False, "emoji": False, "force_jupyter": False,
}  # fmt: skip
"""Rich reads nothing in the text."""

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
    wide = int(columns) if columns.isdecimal() and len(columns) < 6 else 0
    if not wide and not target.isatty():
        wide = _UNLIMITED
    out = Gated(file=getattr(target, "styled", target), width=wide or None, **_AS_IS)
    out.width = max(out.width, _NARROWEST)
    return out


def as_html(write: Callable[[Any], None], wide: int = 100) -> str:
    """Return what a function prints on a console as HTML, in colours, as a notebook shows it."""
    from rich.console import Console

    out = Console(file=io.StringIO(), record=True, force_terminal=True, width=wide, **_AS_IS)
    write(out)
    code = '<pre style="line-height: normal; font-family: monospace">{code}</pre>'
    return str(out.export_html(inline_styles=True, code_format=code))


def as_text(write: Callable[[Any], None]) -> str:
    """Return what a function prints on a console as plain text, as wide as it is."""
    file = io.StringIO()
    write(console(file))
    return file.getvalue()


def can_show(text: str, stream: IO[str] | None = None) -> bool:
    """Return whether a stream's encoding has the characters of a text."""
    encoding = getattr(stream or sys.stdout, "encoding", None)
    try:
        text.encode(encoding or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def say(
    out: Any,
    *lines: str,
    style: str = "",
    marks: Mapping[str, str] = {},
    said: bool = False,
    **options: Any,
) -> None:
    """Print lines, whatever Rich would read in them; `options` are its own.

    They are in the language that was asked for, unless they were `said` in one already. `marks`
    are patterns in them with a style each.
    """
    from rich.text import Text

    for line in lines:
        text = Text(line if said else heard().read(line), style=style)
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
    out: Any, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], title: str = ""
) -> None:
    """Print a table of the columns that are shown, with a line under its head.

    A `Message` in it is in the language that was asked for, and other text is a person's. The
    line is in ASCII where there is no other. Where there is not enough room words fold and
    vectors are shortened; a table of numbers that need more is wider than the terminal.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    said = heard().say
    is_shown = [column.shown for column in columns]
    columns = [c._replace(head=said(c.head)) for c in compress(columns, is_shown)]
    lines = (compress([*row, *[""] * (len(is_shown) - len(row))], is_shown) for row in rows)
    pairs = ([cell if isinstance(cell, tuple) else (cell, "") for cell in line] for line in lines)
    cells = [[(said(text), style) for text, style in line] for line in pairs]
    least = _fold(columns, cells, out.width)
    style = box.SIMPLE_HEAD if can_show("─") else box.ASCII2
    narrow = least > out.width
    if narrow:
        # One blank between two columns, in place of three.
        least -= 2 * (len(columns) - 1)
    out.width = max(out.width, least)
    table = Table(
        box=style,
        pad_edge=False,
        show_edge=False,
        padding=(0, 0 if narrow else 1),
        title=said(title) or None,
        title_justify="left",
    )
    for head, options, _ in columns:
        table.add_column(Text(head), **options)
    for row in cells:
        texts = ((text, style) if isinstance(text, str) else text for text, style in row)
        table.add_row(*(Text(*cell) if isinstance(cell, tuple) else cell for cell in texts))
    if out.is_terminal:
        out.print(table)
        return
    with out.capture() as captured:
        out.print(table)
    # Rich leaves spaces at the ends of lines.
    out.file.write("\n".join(line.rstrip() for line in captured.get().split("\n")))


def _fold(columns: list[Column], rows: list[list[Any]], room: int) -> int:
    """Shorten the vectors of a table until it fits, and return how wide it is at least."""
    widths: dict[int, int] = {}
    lines: dict[int, list[str]] = {}
    least = 3 * (len(columns) - 1)
    for place, column in enumerate(columns):
        texts = [column.head, *(str(row[place][0]) for row in rows)]
        lines[place] = "\n".join(texts).split("\n")
        widths[place] = max(map(width, lines[place]))
        if "no_wrap" not in column.options:
            least += min(widths.pop(place), column.options.get("min_width") or _FOLDED)
    excess = least + sum(widths.values()) - room
    if excess <= 0:
        return room
    shortest = {k: "\n".join(shortened(line, 0) for line in lines[k]).split("\n") for k in widths}
    spare = {k: widths[k] - max(map(width, shortest[k])) for k in widths}
    for _ in range(min(excess, sum(spare.values()))):
        widest = max(filter(spare.__getitem__, spare), key=widths.__getitem__)
        widths[widest] -= 1
        spare[widest] -= 1
    for row in rows:
        for place, most in widths.items():
            text, style = row[place]
            if isinstance(text, str):
                row[place] = "\n".join(shortened(t, most) for t in text.split("\n")), style
    return least + sum(widths.values())


def shortened(text: str, most: int) -> str:
    """Return a vector with its middle left out until it is so wide, or else on several lines.

    >>> shortened("[1.5, 2, 3, 4, 5.25]", 17), shortened("123", 2)
    ('[1.5, 2, …, 5.25]', '123')
    >>> shortened("[0.25, -1.5]", 8).split("\\n")
    ['[0.25,', ' -1.5]']
    """
    before, _, rest = text.partition("[")
    inside, _, behind = rest.rpartition("]")
    first, *middle = inside.split(", ")
    while middle[1:] and width(text) > most:
        *middle, _, last = middle
        text = f"{before}[{', '.join([first, *middle, '…', last])}]{behind}"
        middle.append(last)
    if not rest or width(text) <= most:
        return text
    lines = [""]
    for piece in text.replace(", ", ",\n").split("\n"):
        if lines[-1] and width(lines[-1]) + 1 + width(piece) > most:
            lines.append("")
        lines[-1] += f" {piece}"
    return "\n".join(lines)[1:]
