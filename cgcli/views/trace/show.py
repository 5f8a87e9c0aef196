"""Printing a trace: in the format that was asked for, or as a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

from cgcli.calculus.explain import Explanation
from cgcli.views.catalogue import catalogue
from cgcli.views.formats import TRACES
from cgcli.views.signs import ASCII, PLAIN, Signs
from cgcli.views.streams import publish
from cgcli.views.terminal import as_text, can_show, console, paint
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
    if TRACES[wanted.format]:
        publish(_pieces(explanation, wanted))
        return
    out, lines = console(), Lines(explanation, _signs(), wanted.shown)
    if ask is not None:
        out.print(words.say(Message("Any key shows the next step, q ends it.")), style="dim")
    print_on(out, lines, words, ask or (lambda: True))


def text_of(explanation: Explanation, wanted: Wanted) -> str:
    """Return a trace in the format that is wanted; as text it is as wide as its lines."""
    if TRACES[wanted.format]:
        return "".join(_pieces(explanation, wanted))
    lines, words = Lines(explanation, PLAIN, wanted.shown), catalogue(wanted.language)
    return as_text(lambda out: print_on(out, lines, words))


def _pieces(explanation: Explanation, wanted: Wanted) -> Iterator[str]:
    module, _, name = TRACES[wanted.format].rpartition(".")
    write = getattr(import_module(module), name)
    pieces: Iterator[str] = write(explanation, wanted, catalogue(wanted.language))
    return pieces


def print_tree(explanation: Explanation, wanted: Wanted) -> None:
    """Print the graph as a tree."""
    out = console()
    write = Writing(explanation.result, _signs(), wanted.shown)
    is_terminal = out.is_terminal
    for pieces in tree(write, catalogue(wanted.language)):
        paint(out, pieces, is_terminal)


def _signs() -> Signs:
    return PLAIN if can_show("∂₁·…") else ASCII
