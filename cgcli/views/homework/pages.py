"""A marked sheet → the page that its student gets back; a class → the page of its teacher.

A page of text, tables and pictures becomes plain text, Markdown, HTML, and PDF through Typst.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from html import escape
from string import Template
from typing import Final, NamedTuple, TypeAlias

from cgcli.homework.marks import Graded
from cgcli.resource import read_text
from cgcli.views.drawing.files import typeset
from cgcli.views.gate import printable, printable_lines, width
from cgcli.views.homework.report import Report, answer_lines, class_lines, closing, common, trouble
from cgcli.views.homework.sheets import values_line

_ROW, _LEFT, _WIDE = 24, 400, 760
_LISTED: Final = 20
_ROOM: Final = 30


Table: TypeAlias = list[list[str]]
"""The heads of columns, and rows of as many cells; a cell may have several lines."""


class Page(NamedTuple):
    """A page: its title, the text of a program, tables, sentences, and SVG pictures.

    A sentence behind `# ` is a heading.
    """

    title: str
    code: str
    tables: list[Table]
    lines: list[str]
    pictures: list[str]


def bars(counts: list[tuple[str, int]]) -> str:
    """Return a picture of how often each thing was met: SVG, in which nothing comes from elsewhere.

    >>> bars([("p", 3)]).count("<rect")
    1
    """
    most = max(count for _, count in counts)
    size = f'width="{_WIDE}" height="{_ROW * len(counts)}"'
    style = 'font-family="sans-serif" font-size="12"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>']
    for place, (name, count) in enumerate(counts):
        y, long = _ROW * place, (_WIDE - _LEFT - 60) * count // most
        parts += [
            f'<text x="{_LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{_LEFT}" y="{y + 3}" width="{long}" height="{_ROW - 8}" fill="#1f6feb"/>',
            f'<text x="{_LEFT + long + 6}" y="{y + 15}">{count}</text>',
        ]
    return "\n".join([*parts, "</svg>"])


def as_text(page: Page) -> bytes:
    """Return the page in plain text, its columns one below the other."""
    parts = [page.title, page.code, *map(_aligned, page.tables), "\n".join(page.lines)]
    return ("\n\n".join(filter(None, parts)) + "\n").encode()


def _aligned(table: Table) -> str:
    lines: Table = []
    for row in table:
        lines += map(list, itertools.zip_longest(*(cell.split("\n") for cell in row), fillvalue=""))
    sizes = [max(map(width, column)) for column in zip(*lines, strict=True)]
    padded = (
        "  ".join(cell + " " * (size - width(cell)) for cell, size in zip(line, sizes, strict=True))
        for line in lines
    )
    return "\n".join(line.rstrip() for line in padded)


def as_markdown(page: Page) -> bytes:
    """Return the page in Markdown; what would be markup in a student's text is not."""
    parts = [f"# {_plain(page.title)}", re.sub("(?m)^", "    ", page.code)]
    for table in page.tables:
        head, *rows = ([_plain(cell) for cell in row] for row in table)
        lines = [head, ["---"] * len(head), *rows]
        parts.append("\n".join(f"| {' | '.join(row)} |" for row in lines))
    heads = (line.startswith("# ") for line in page.lines)
    pairs = zip(heads, page.lines, strict=True)
    sentences = [f"## {_plain(line[2:])}" if is_head else _plain(line) for is_head, line in pairs]
    return ("\n\n".join([*parts, *sentences]) + "\n").encode()


def _plain(text: str) -> str:
    """Return text as Markdown shows it as it is, a line of a cell behind a break."""
    escaped = re.sub(r"([\\`*_{}\[\]()#+\-.!|~>$&<])", r"\\\1", text)
    return escaped.replace("\n", "<br>")


def as_html(page: Page) -> bytes:
    """Return the page as one file of HTML; nothing in it comes from elsewhere, or runs."""
    parts = []
    for table in page.tables:
        rows = [("th", table[0]), *(("td", row) for row in table[1:])]
        cells = ("".join(f"<{tag}>{_html(cell)}</{tag}>" for cell in row) for tag, row in rows)
        parts += ["<table>", *(f"<tr>{row}</tr>" for row in cells), "</table>"]
    for line in page.lines:
        is_head = line.startswith("# ")
        parts.append(f"<h2>{_html(line[2:])}</h2>" if is_head else f"<p>{_html(line)}</p>")
    known = {"title": _html(page.title), "code": escape(page.code)}
    template = Template(read_text(__package__, "page.html"))
    return template.substitute(known, parts="\n".join([*parts, *page.pictures])).encode()


def _html(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def as_pdf(page: Page) -> bytes:
    """Return the page as PDF; raises `CgraphError` without the extra."""
    source = read_text(__package__, "page.typ").encode()
    return typeset(source, "pdf", {"page": json.dumps(page._asdict())})


FORMS: Final[dict[str, Callable[[Page], bytes]]] = {
    "txt": as_text,
    "md": as_markdown,
    "html": as_html,
    "pdf": as_pdf,
}
"""By the ending of a file how a page is written."""


def feedback_page(report: Report, item: Graded) -> Page:
    """Return a student's marked sheet: nothing of other students is in it."""
    title, problem = printable(item.name), item.exercise.graph.text.strip()
    if item.marked.sheet.trouble:
        # Whose values these would be is not known.
        said = report.say(trouble(report, item.marked))
        return Page(title, printable_lines(problem), [], [said], [])
    heads, *rows = answer_lines(report, item)
    if not item.exercise.symbolic:
        problem += f"\n{values_line(item.exercise, {})}"
    cells = [[*row[:2], report.verdict(row[2])[0], *row[3:]] for row in rows]
    tables = [[heads, *cells]] if rows else []
    return Page(title, printable_lines(problem), tables, [*closing(report, item)], [])


def sheet_page(title: str, text: str) -> Page:
    """Return the text of a sheet as a page, with room for what is not filled in."""
    head, _, body = text.partition("\n\n")
    lines = [line for line in body.split("\n") if line]
    rooms = [f"{line} {'_' * _ROOM}" if line.endswith("=") else line for line in lines]
    return Page(title, re.sub("(?m)^# ?", "", head), [], rooms, [])


def summary_page(report: Report, sheets: list[Graded], title: str) -> Page:
    """Return what a class found hard, with a row for each sheet, and bars."""
    said, counted = common(report, sheets)
    counted = {head: counts[:_LISTED] for head, counts in counted.items()}
    tables = [class_lines(report, sheets)]
    for head, counts in counted.items():
        tables.append([[head, ""], *([name, str(count)] for name, count in counts)])
    program = printable_lines(report.exercise.graph.text.strip())
    return Page(printable(title), program, tables, [said], [*map(bars, counted.values())])
