"""A page of text, tables and a picture → plain text, Markdown, HTML, and PDF through Typst."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from html import escape
from typing import Final, NamedTuple

from cgcli.errors import required
from cgcli.views.gate import width
from cgcli.views.homework.bars import as_svg
from cgcli.views.homework.bars import as_text as bars_as_text

_STYLE: Final = (
    "body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; "
    "padding: 0 1rem } table { border-collapse: collapse; margin: 1rem 0 } "
    "th, td { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top; "
    "border-bottom: 1px solid #d0d7de } pre { background: #f6f8fa; padding: .6rem }"
)
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_TYPST: Final = b"""#let page-of = json(bytes(sys.inputs.page))
#set document(title: page-of.title)
#set page(margin: 2cm)
#set text(size: 10pt)
= #page-of.title
#raw(page-of.code, block: true)
#for part in page-of.tables {
  table(
    columns: part.heads.len(), stroke: none, align: left, inset: (x: 4pt, y: 3pt),
    table.header(..part.heads.map(strong)), table.hline(stroke: 0.5pt), ..part.rows.flatten(),
  )
}
#for words in page-of.lines { par(words) }
#for picture in page-of.pictures { image(bytes(picture), format: "svg", width: 100%) }
"""


class Table(NamedTuple):
    """The heads of columns, and rows of as many cells; a cell may have several lines."""

    heads: list[str]
    rows: list[list[str]]


class Chart(NamedTuple):
    """A picture of how often each thing was met."""

    title: str
    counts: list[tuple[str, int]]


class Page(NamedTuple):
    """A page: its title, the text of a program, tables, sentences and charts, in this order."""

    title: str
    code: str
    tables: list[Table]
    lines: list[str]
    charts: list[Chart]


def as_text(page: Page) -> bytes:
    """Return the page in plain text, its columns one below the other."""
    parts = [page.title, page.code, *map(_aligned, page.tables), "\n".join(page.lines)]
    parts += [f"{chart.title}\n{bars_as_text(chart.counts)}" for chart in page.charts]
    return ("\n\n".join(filter(None, parts)) + "\n").encode()


def _aligned(table: Table) -> str:
    lines = [table.heads]
    for row in table.rows:
        cells = [cell.split("\n") for cell in row]
        lines += map(list, itertools.zip_longest(*cells, fillvalue=""))
    sizes = [max(map(width, column)) for column in zip(*lines, strict=True)]
    padded = (
        "  ".join(cell + " " * (size - width(cell)) for cell, size in zip(line, sizes, strict=True))
        for line in lines
    )
    return "\n".join(line.rstrip() for line in padded)


def as_markdown(page: Page) -> bytes:
    """Return the page in Markdown; what would be markup in a student's text is not."""
    parts = [f"# {_plain(page.title)}", "\n".join(f"    {line}" for line in page.code.split("\n"))]
    for table in page.tables:
        head, *cells = ([_plain(cell) for cell in row] for row in (table.heads, *table.rows))
        rows = [head, ["---"] * len(head), *cells]
        parts.append("\n".join(f"| {' | '.join(row)} |" for row in rows))
    parts += map(_plain, page.lines)
    for chart in page.charts:
        bars = [f"| {_plain(name)} | {count} |" for name, count in chart.counts]
        parts.append("\n".join([f"| {_plain(chart.title)} | |", "| --- | ---: |", *bars]))
    return ("\n\n".join(filter(str.strip, parts)) + "\n").encode()


def _plain(text: str) -> str:
    """Return text as Markdown shows it as it is, a line of a cell behind a break."""
    escaped = re.sub(r"([\\`*_{}\[\]()#+\-.!|~>$])", r"\\\1", escape(text, quote=False))
    return escaped.replace("&", "\\&").replace("\\&lt;", "&lt;").replace("\n", "<br>")


def as_html(page: Page) -> bytes:
    """Return the page as one file of HTML; nothing in it comes from elsewhere, or runs."""
    parts = [
        '<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>{_html(page.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>",
        f"<h1>{_html(page.title)}</h1>\n<pre>{_html(page.code)}</pre>",
    ]
    for table in page.tables:
        head = "".join(f"<th>{_html(cell)}</th>" for cell in table.heads)
        rows = ["".join(f"<td>{_html(cell)}</td>" for cell in row) for row in table.rows]
        lines = "\n".join(f"<tr>{row}</tr>" for row in (head, *rows))
        parts.append(f"<table>\n{lines}\n</table>")
    parts += [f"<p>{_html(line)}</p>" for line in page.lines]
    parts += [as_svg(chart.title, chart.counts) for chart in page.charts]
    return ("\n".join([*parts, "</body>\n</html>"]) + "\n").encode()


def _html(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def as_pdf(page: Page) -> bytes:
    """Return the page as PDF; raises `CgraphError` without the extra. Text is data for Typst."""
    typst = required("typst", "image", "to write a .pdf")
    tables = [table._asdict() for table in page.tables]
    pictures = [as_svg(chart.title, chart.counts) for chart in page.charts]
    known = {**page._asdict(), "tables": tables, "pictures": pictures}
    inputs = {"page": json.dumps(known)}
    made: bytes = typst.compile(_TYPST, format="pdf", sys_inputs=inputs, timestamp=0)
    return made


FORMS: Final[dict[str, Callable[[Page], bytes]]] = {
    "txt": as_text,
    "md": as_markdown,
    "html": as_html,
    "pdf": as_pdf,
}
"""By the ending of a file how a page is written."""
