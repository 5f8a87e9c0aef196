"""Printing a trace: in the format that was asked for, in colour on a terminal, or as a tree."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Final, TypeAlias

from cgcli.calculus.explain import Explanation
from cgcli.graph.text import formula
from cgcli.views.catalogue import Catalogue, catalogue
from cgcli.views.formats import TRACES
from cgcli.views.gate import printable, width
from cgcli.views.signs import ASCII, PLAIN, Signs
from cgcli.views.streams import publish
from cgcli.views.terminal import as_text, can_show, console, paint
from cgcli.views.trace.chain import Line
from cgcli.views.trace.lines import Lines
from cgcli.views.trace.writing import Wanted, Writing
from cgcli.words import Message, headed

_INDENT: Final = {"heading": 0, "given": 2, "gradient": 2, "entry": 6, "start": 5, "words": 2}
_STEP: Final = 5
_INNER: Final = 7
_BARE: Final = ("heading", "words", "nothing")
_LABELS: Final = ("local", "chain", "sum", "pullback")
_STYLES: Final = {
    "heading": "bold",
    **dict.fromkeys(("given", "forward"), "cyan"),
    **dict.fromkeys(("start", "sum", "chain", "part", "entry"), "green"),
    "gradient": "bold green",
    "note": "yellow",
}
"""The style of what a line ends with: a value, a gradient, or the words of a note."""

Segment: TypeAlias = tuple[str, str]


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


def print_on(
    out: Any, lines: Lines, words: Catalogue, ask: Callable[[], bool] = lambda: True
) -> None:
    """Print lines on a Rich console, each as it is made, an empty one before every other heading.

    Before each step but the first `ask` says whether to go on. Labels stand in a column as wide
    as the words of the language.
    """
    is_terminal = out.is_terminal
    wide = max(width(words.say(Message(label))) for label in _LABELS)
    waiting = False
    for k, line in enumerate(lines):
        if waiting and (line.number or line.kind in ("heading", "gradient")):
            if not ask():
                return
            waiting = False
        if k and line.kind == "heading":
            paint(out, (), is_terminal)
        _print_folded(out, *_segments(line, lines.signs, words, wide), is_terminal)
        waiting = waiting or line.kind != "heading"


def _segments(
    line: Line, signs: Signs, catalogue: Catalogue, wide: int
) -> tuple[list[Segment], int]:
    """Return a line as pieces with their styles, and how many stand before its first sign."""
    style = _STYLES.get(line.kind, "")
    words = printable(catalogue.say(line.label))
    indent = f"{line.number:>{_STEP - 2}}. " if line.number else ""
    pieces = [(indent or " " * _INDENT.get(line.kind, _INNER), "dim")]
    if words and line.kind in _BARE:
        pieces.append((words, style))
    elif words:
        padding = " " * (wide - width(words)) + "  " if line.kind in _LABELS else ": "
        pieces.append((f"{words}{padding}", "yellow" if line.kind == "note" else "dim"))
    before = 1 if line.kind in _BARE else len(pieces) + (len(line.sides) > 1)
    if line.sides:
        *first, last = line.sides
        for side in first:
            pieces += [(f"{side} ", ""), (signs.equals.lstrip(), "dim")]
        pieces.append((last, style))
    if line.conditions:
        pieces.append((f"  ({', '.join(line.conditions)})", "dim"))
    if line.aside:
        aside = printable(catalogue.say(line.aside))
        pieces.append((aside, "") if line.is_words else (f"  ({aside})", "dim"))
    return pieces, before


def _print_folded(out: Any, pieces: list[Segment], before: int, is_terminal: bool) -> None:
    """Print a line; one that is wider than the terminal goes on beside what stands `before`."""
    plain = "".join(text for text, _ in pieces).rstrip() if is_terminal else ""
    if width(plain) <= out.width:
        paint(out, pieces, is_terminal)
        return
    from rich.text import Text

    text = Text.assemble(*pieces)
    text.rstrip()
    column = sum(width(piece) for piece, _ in pieces[:before])
    first = text.wrap(out, out.width)[0]
    rest = text.plain[len(first.plain) :].lstrip(" ")
    indent = " " * min(column, out.width // 2)
    out.print(first)
    for folded in text[len(text.plain) - len(rest) :].wrap(out, out.width - len(indent)):
        out.print(Text(indent) + folded)


def print_tree(explanation: Explanation, wanted: Wanted) -> None:
    """Print the graph as a tree."""
    out, write = console(), Writing(explanation.result, _signs(), wanted.shown)
    is_terminal = out.is_terminal
    for pieces in tree(write, catalogue(wanted.language)):
        _print_folded(out, pieces, 1, is_terminal)


def _signs() -> Signs:
    return PLAIN if can_show("∂₁·…") else ASCII


_DEEPEST: Final = 16
"""So many levels are drawn below each other; what is deeper goes on further down by itself."""

_GUIDES: Final = ("├─ ", "└─ ", "│  ", "   ")
_GUIDES_IN_ASCII: Final = ("|- ", "`- ", "|  ", "   ")


def tree(write: Writing, words: Catalogue) -> Iterator[list[Segment]]:
    """Return the lines of the tree in pieces with their styles, as many as nodes and uses."""
    graph = write.graph
    tee, corner, bar, gap = _GUIDES_IN_ASCII if write.signs is ASCII else _GUIDES
    drawn = bytearray(len(graph))
    roots = deque([write.result.of])
    while roots:
        root = roots.popleft()
        drawn[root] = 0
        pending = [(root, "", "", 0)]
        while pending:
            node, before, guide, depth = pending.pop()
            # A number as it was typed is read in the formula above it.
            inner = [
                a for a in graph.arguments[node] if a not in graph.literals or a in graph.given
            ]
            if not drawn[node] and inner and depth == _DEEPEST:
                drawn[node] = 2
                roots.append(node)
            elsewhere = drawn[node]
            yield [(before + guide, "dim"), *_branch(write, words, node, elsewhere)]
            if elsewhere:
                continue
            drawn[node] = 1
            below = before + {tee: bar, corner: gap, "": ""}[guide]
            guide = corner
            for argument in reversed(dict.fromkeys(inner)):
                pending.append((argument, below, guide, depth + 1))
                guide = tee


def _branch(write: Writing, words: Catalogue, node: int, elsewhere: int) -> Iterator[Segment]:
    """Yield a node with its numbers, or where else it stands: 1 for above, 2 for below."""
    graph, result, equals = write.graph, write.result, write.signs.equals
    name = write.name(node)
    if elsewhere:
        where = Message("below") if elsewhere == 2 else Message("above")
        yield from ((name, ""), (f"  ({words.say(where)})", "yellow"))
        return
    is_operation = bool(graph.arguments[node])
    yield f"{name}{equals}{printable(formula(graph, node))}" if is_operation else name, ""
    yield f"{equals}{write.value(result.values[node], not is_operation)}", "cyan"
    if result.gradients is not None and result.active[node]:
        yield f"   {write.gradient(node)}{equals}{write.grad(result.grad(node))}", "green"
    for note in result.notes_by_node.get(node, [])[:1]:
        yield f"  ({words.say(headed(note.kind, note.message))})", "yellow"
