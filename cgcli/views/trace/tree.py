"""The graph as a tree from the output down; what is shared is drawn once and referred to after."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final, TypeAlias

from cgcli.graph.graph import Graph
from cgcli.graph.text import formula
from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable
from cgcli.views.signs import ASCII
from cgcli.views.trace.writing import Writing
from cgcli.words import Message

__all__ = ["tree"]

_DEEPEST: Final = 16
"""So many levels are drawn below each other; what is deeper goes on further down by itself."""

_GUIDES: Final = ("├─ ", "└─ ", "│  ", "   ")
_GUIDES_IN_ASCII: Final = ("|- ", "`- ", "|  ", "   ")

Piece: TypeAlias = tuple[str, str]


def tree(write: Writing, words: Catalogue) -> Iterator[list[Piece]]:
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
            inner = [a for a in graph.arguments[node] if _has_line(graph, a)]
            referred = bool(drawn[node])
            if not referred and inner and depth == _DEEPEST:
                drawn[node] = 2
                roots.append(node)
                referred = True
            yield [
                (before + guide, "dim"),
                *_branch(write, words, node, drawn[node] if referred else 0),
            ]
            if referred:
                continue
            drawn[node] = 1
            below = before + {tee: bar, corner: gap, "": ""}[guide]
            guide = corner
            for argument in reversed(dict.fromkeys(inner)):
                pending.append((argument, below, guide, depth + 1))
                guide = tee


def _has_line(graph: Graph, node: int) -> bool:
    """A number as it was typed is read in the formula above it."""
    return node not in graph.literals or node in graph.given


def _branch(write: Writing, words: Catalogue, node: int, elsewhere: int) -> Iterator[Piece]:
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
        what = Message("{kind}: {what}", kind=Message(note.kind), what=note.message)
        yield f"  ({words.say(what)})", "yellow"
