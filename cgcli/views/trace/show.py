"""Printing a trace: the format that was asked for, to a terminal or to a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from cgcli.calculus.explain import Explanation
from cgcli.views.catalogue import ENGLISH, Catalogue, catalogue
from cgcli.views.signs import ASCII, PLAIN, PRINTED, Signs
from cgcli.views.streams import publish
from cgcli.views.terminal import can_show, console
from cgcli.views.trace.lines import Lines
from cgcli.views.trace.writing import Shown
from cgcli.words import Message

__all__ = ["Wanted", "print_on", "print_trace", "print_tree", "step_through"]


class Wanted(NamedTuple):
    """How a trace is printed: its format, its language, what is shown of it, its title."""

    format: str = "text"
    language: str = ENGLISH
    shown: Shown = Shown()
    standalone: bool = False
    title: str = ""


def print_trace(explanation: Explanation, wanted: Wanted) -> None:
    """Print a trace to standard output, line by line as its steps are made."""
    words = catalogue(wanted.language)
    if wanted.format == "text":
        signs = _signs()
        out = console()
        lines = Lines(explanation, signs, wanted.shown)
        if out.is_terminal:
            print_on(out, lines, signs, words)
            return
        from cgcli.views.trace.text import as_text

        for text in as_text(lines, signs, words):
            sys.stdout.write(text)
        return
    publish(_pieces(explanation, wanted, words))


def _pieces(explanation: Explanation, wanted: Wanted, words: Catalogue) -> Iterator[str]:
    if wanted.format == "json":
        from cgcli.views.trace.document import as_json

        return as_json(explanation, wanted.shown, words)
    signs = PRINTED if wanted.format == "latex" else PLAIN
    lines = Lines(explanation, signs, wanted.shown)
    if wanted.format == "latex":
        from cgcli.views.trace.latex import as_latex

        names = explanation.graph.names
        chinese = wanted.language == "zh" or any(map(_is_chinese, names))
        return as_latex(lines, words, wanted.standalone, chinese)
    if wanted.format == "html":
        from cgcli.views.trace.html import as_html

        text = explanation.graph.text
        return as_html(lines, words, wanted.language, wanted.title, text)
    from cgcli.views.trace.markdown import MARKDOWN
    from cgcli.views.trace.markup import written

    return written(lines, MARKDOWN, words)


def _is_chinese(name: str) -> bool:
    return not name.isascii() and any("\u2e80" <= char <= "\uffef" for char in name)


def _signs() -> Signs:
    return PLAIN if can_show("∂·…") else ASCII


def step_through(explanation: Explanation, wanted: Wanted, ask: Callable[[], bool]) -> None:
    """Print a trace on a terminal a step at a time; `ask` waits, and says whether to go on."""
    signs, out, words = _signs(), console(), catalogue(wanted.language)
    out.print(words.say(Message("Any key shows the next step, q ends it.")), style="dim")
    print_on(out, Lines(explanation, signs, wanted.shown), signs, words, ask)


def print_on(
    out: Any,
    lines: Lines,
    signs: Signs,
    words: Catalogue,
    ask: Callable[[], bool] = lambda: True,
) -> None:
    """Print lines on a Rich console, and before each step but the first ask whether to go on."""
    from cgcli.views.trace.text import TextLines, spaced

    layout = TextLines(signs, words)
    waiting = False
    for line in spaced(lines):
        starts = line is None or line.number or line.kind == "gradient"
        if waiting and starts:
            if not ask():
                return
            waiting = False
        if line is None:
            out.print()
        else:
            layout.print(line, out)
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
