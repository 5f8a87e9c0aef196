"""Printing a trace: the format that was asked for, to a terminal or to a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from cgcli.calculus.explain import Explanation
from cgcli.views.catalogue import ENGLISH, Catalogue, catalogue
from cgcli.views.terminal import can_show, console
from cgcli.views.trace.lines import Line, Lines, Shown
from cgcli.views.trace.signs import ASCII, PLAIN, PRINTED, Signs

__all__ = ["FORMATS", "Wanted", "print_trace", "print_tree", "step_through"]

FORMATS: Final = ("text", "markdown", "latex", "html", "json")


class Wanted(NamedTuple):
    """How a trace is printed: its format, its language, what is shown of it, its title."""

    format: str = "text"
    language: str = ENGLISH
    shown: Shown = Shown()
    standalone: bool = False
    title: str = ""


def print_trace(explanation: Explanation, wanted: Wanted) -> None:
    """Print a trace to standard output, line by line as its steps are made."""
    write = sys.stdout.write
    words = catalogue(wanted.language)
    if wanted.format == "text":
        signs = _signs()
        out = console()
        lines = Lines(explanation, signs, wanted.shown)
        if out.is_terminal:
            for line in _spaced(lines):
                _print(line, signs, words, out)
        else:
            from cgcli.views.trace.text import as_text

            for text in as_text(lines, signs, words):
                write(text)
        return
    for text in _pieces(explanation, wanted, words):
        write(text)


def _pieces(explanation: Explanation, wanted: Wanted, words: Catalogue) -> Iterator[str]:
    if wanted.format == "json":
        from cgcli.views.trace.document import as_json

        return as_json(explanation, wanted.shown, words, explanation.graph.text)
    signs = PRINTED if wanted.format == "latex" else PLAIN
    lines = Lines(explanation, signs, wanted.shown)
    if wanted.format == "latex":
        from cgcli.views.trace.latex import as_latex

        names = explanation.graph.names
        chinese = wanted.language == "zh" or any(map(_is_chinese, names))
        return as_latex(lines, signs, words, wanted.standalone, chinese)
    if wanted.format == "html":
        from cgcli.views.trace.html import as_html

        text = explanation.graph.text
        return as_html(lines, signs, words, wanted.language, wanted.title, text)
    from cgcli.views.trace.markdown import as_markdown

    return as_markdown(lines, signs, words)


def _is_chinese(name: str) -> bool:
    return not name.isascii() and any("\u2e80" <= char <= "\uffef" for char in name)


def _signs() -> Signs:
    return PLAIN if can_show("∂·…") else ASCII


def _spaced(lines: Lines) -> Iterator[Line | None]:
    """Return the lines, None for an empty one before every heading but the first."""
    for k, line in enumerate(lines):
        if k and line.kind == "heading":
            yield None
        yield line


def _print(line: Line | None, signs: Signs, words: Catalogue, out: Any) -> None:
    from cgcli.views.trace.text import print_line

    if line is None:
        out.print()
    else:
        print_line(line, signs, words, out)


def step_through(explanation: Explanation, wanted: Wanted, ask: Callable[[], bool]) -> None:
    """Print a trace on a terminal a step at a time; `ask` waits, and says whether to go on."""
    signs, words, out = _signs(), catalogue(wanted.language), console()
    waiting = False
    for line in _spaced(Lines(explanation, signs, wanted.shown)):
        starts = line is None or line.number or line.kind == "gradient"
        if waiting and starts:
            if not ask():
                return
            waiting = False
        _print(line, signs, words, out)
        waiting = waiting or (line is not None and line.kind != "heading")


def print_tree(explanation: Explanation, wanted: Wanted) -> None:
    """Print the graph as a tree."""
    from cgcli.views.trace.tree import tree

    signs, words, out = _signs(), catalogue(wanted.language), console()
    for branch in tree(explanation.result, signs, wanted.shown):
        aside = f"  ({words.say(branch.aside)})" if branch.aside else ""
        gradient = f"   {branch.gradient}" if branch.gradient else ""
        pieces = [
            (branch.guides, "dim"),
            (branch.node, ""),
            (branch.value, "cyan"),
            (gradient, "green"),
            (aside, "yellow"),
        ]
        if not out.is_terminal:
            sys.stdout.write("".join(text for text, _ in pieces) + "\n")
            continue
        from rich.text import Text

        out.print(Text.assemble(*pieces), soft_wrap=True)
