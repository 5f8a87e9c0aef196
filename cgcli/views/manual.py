"""The text of a help, and the same as a man page.

A page is what a command is for, its examples, and its options under headings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import width
from cgcli.words import Message, headed

_WIDEST: Final = 26
"""An entry whose name takes more columns has its text on the next line."""
_WORDS: Final = r"(?:[　-鿿＀-￯]|[^\s　-鿿＀-￯]+)[，。；：、）？]*|\s+"
"""What stays on one line: a character of Chinese, a word of other writing; what ends with it."""


class Entry(NamedTuple):
    """An option or an argument, or a command: what it is called, and what is said of it."""

    name: str
    text: str
    rare: bool = False


class Page(NamedTuple):
    """What is said of a command; `more` is said where rare options are left out."""

    usage: str
    summary: str
    examples: list[str]
    groups: dict[str, list[Entry]]
    more: str = ""
    trying: str = "Examples"


def help_lines(page: Page, columns: int, said: Catalogue, *, short: bool) -> Iterator[str]:
    """Yield the lines of a help, none of more than `columns` columns unless a word has more."""
    if page.usage:
        yield from _folded(said.say(headed("Usage", page.usage)), columns, 7)
        yield ""
    yield from _folded(said.say(Message(page.summary)), columns)
    if page.examples:
        yield ""
        yield _heading(page.trying, said)
        for example in page.examples:
            yield from _folded(said.say(Message(example)), columns, 4, 2)
    shown = {heading: _kept(entries, short) for heading, entries in page.groups.items()}
    names = [width(entry.name) for entries in shown.values() for entry in entries]
    column = 4 + max((size for size in names if size <= _WIDEST), default=0)
    for heading, entries in shown.items():
        if entries:
            yield ""
            yield _heading(heading, said)
        for entry in entries:
            before = f"  {entry.name}".ljust(column)
            if width(entry.name) + 4 > column:
                yield before.rstrip()
                before = ""
            text = list(_folded(said.say(entry.text), columns, column, column)) or [""]
            yield (before + text[0][len(before) :]).rstrip()
            yield from text[1:]
    left_out = sum(len(entries) for entries in page.groups.values()) - len(names)
    if left_out and page.more:
        yield ""
        yield from _folded(said.say(Message(page.more, count=left_out)), columns)


def _heading(text: str, said: Catalogue) -> str:
    return said.say(headed(text, "")).rstrip()


def _kept(entries: list[Entry], short: bool) -> list[Entry]:
    return [entry for entry in entries if not (short and entry.rare)]


def _folded(text: str, columns: int, later: int = 0, first: int = 0) -> Iterator[str]:
    """Yield a text in lines; the first is indented by `first` columns, the others by `later`."""
    line, used = " " * first, first
    for word in re.findall(_WORDS, text):
        size = width(word)
        if used + size > columns and line.strip():
            yield line.rstrip()
            line, used = " " * later, later
        if line.strip() or not word.isspace():
            line += word
            used += size
    if line.strip():
        yield line.rstrip()


def man_page(first: Page, pages: dict[str, Page], version: str) -> Iterator[str]:
    """Yield the lines of a man page of all commands, for `man -l`."""
    yield f'.TH CGRAPH 1 "" "cgraph {version}" "User Commands"'
    yield from (".SH NAME", f"cgraph \\- {_roff(first.summary.rstrip('.'))}")
    yield from (".SH SYNOPSIS", ".B cgraph", "COMMAND [OPTIONS] [ARGUMENTS]")
    for heading, entries in first.groups.items():
        yield f'.SH "{_roff(heading.upper())}"'
        yield from _tagged(entries)
    for name, page in pages.items():
        yield f'.SH "CGRAPH {name.upper()}"'
        yield from (f"\\fB{_roff(page.usage)}\\fR", ".PP", _roff(page.summary))
        if page.examples:
            yield from (".PP", ".nf", *map(_roff, page.examples), ".fi")
        for heading, entries in page.groups.items():
            yield f'.SS "{_roff(heading)}"'
            yield from _tagged(entries)


def _tagged(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        yield from (".TP", f".B {_roff(entry.name)}", _roff(entry.text))


def _roff(text: str) -> str:
    """Return a text as it stands in a line of a man page, where no character is an order."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    escaped = escaped.replace('"', "\\(dq").replace("^", "\\(ha").replace("~", "\\(ti")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped
