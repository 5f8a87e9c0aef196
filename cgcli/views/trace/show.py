"""Printing a trace: in the format that was asked for, or as a tree."""

from __future__ import annotations

from collections.abc import Callable

from cgcli.calculus.explain import Explanation
from cgcli.views.catalogue import catalogue
from cgcli.views.signs import ASCII, PLAIN, Signs
from cgcli.views.streams import publish
from cgcli.views.terminal import can_show, console, paint
from cgcli.views.trace.lines import Lines
from cgcli.views.trace.text import print_on, tree
from cgcli.views.trace.writing import Wanted, Writing
from cgcli.words import Message


def print_trace(
    explanation: Explanation, wanted: Wanted, ask: Callable[[], bool] | None = None
) -> None:
    """Print a trace to standard output, line by line as its steps are made.

    On a terminal `ask` waits between the steps, and says whether to go on.
    """
    words = catalogue(wanted.language)
    if wanted.format == "text":
        out, lines = console(), Lines(explanation, _signs(), wanted.shown)
        if ask is not None:
            out.print(words.say(Message("Any key shows the next step, q ends it.")), style="dim")
        print_on(out, lines, words, ask or (lambda: True))
        return
    if wanted.format == "json":
        from cgcli.views.trace.document import as_json

        publish(as_json(explanation, wanted, words))
        return
    from cgcli.views.trace.pages import PAGES

    publish(PAGES[wanted.format](explanation, wanted, words))


def print_tree(explanation: Explanation, wanted: Wanted) -> None:
    """Print the graph as a tree."""
    out = console()
    write = Writing(explanation.result, _signs(), wanted.shown)
    is_terminal = out.is_terminal
    for pieces in tree(write, catalogue(wanted.language)):
        paint(out, pieces, is_terminal)


def _signs() -> Signs:
    return PLAIN if can_show("∂₁·…") else ASCII
