"""The graph as a tree from the output down; what is shared is drawn once and referred to after."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

from cgcli.calculus.result import Result
from cgcli.views.signs import ASCII, Signs
from cgcli.views.trace.writing import Shown
from cgcli.words import Message

__all__ = ["Branch", "tree"]

_DEEPEST: Final = 16
"""So many levels are drawn below each other; what is deeper goes on further down by itself."""

_GUIDES: Final = ("├─ ", "└─ ", "│  ", "   ")
_GUIDES_IN_ASCII: Final = ("|- ", "`- ", "|  ", "   ")


class Branch(NamedTuple):
    """A line of the tree: the guides before it, the node, and where else it stands, in words."""

    guides: str
    node: str
    value: str = ""
    gradient: str = ""
    aside: Message | str = ""


def tree(result: Result, signs: Signs, shown: Shown) -> Iterator[Branch]:
    """Return the lines of the tree, as many as the graph has nodes and uses."""
    graph = result.graph
    tee, corner, bar, gap = _GUIDES_IN_ASCII if signs is ASCII else _GUIDES
    drawn = bytearray(len(graph))
    roots = deque([result.of])
    while roots:
        root = roots.popleft()
        drawn[root] = 0
        pending = [(root, "", "", 0)]
        while pending:
            node, before, guide, depth = pending.pop()
            name = signs.name(graph.names[node])
            if drawn[node]:
                where = Message("below") if drawn[node] == 2 else Message("above")
                yield Branch(before + guide, name, aside=where)
                continue
            inner = [a for a in graph.arguments[node] if _has_line(result, a)]
            if inner and depth == _DEEPEST:
                drawn[node] = 2
                roots.append(node)
                yield Branch(before + guide, name, aside=Message("below"))
                continue
            drawn[node] = 1
            yield _branch(result, signs, shown, node, before + guide)
            below = before + {tee: bar, corner: gap, "": ""}[guide]
            guide = corner
            for argument in reversed(dict.fromkeys(inner)):
                pending.append((argument, below, guide, depth + 1))
                guide = tee


def _has_line(result: Result, node: int) -> bool:
    """A number as it was typed is read in the formula above it."""
    graph = result.graph
    return node not in graph.literals or node in graph.given


def _branch(result: Result, signs: Signs, shown: Shown, node: int, guides: str) -> Branch:
    from cgcli.graph.text import formula
    from cgcli.views.gate import printable

    graph = result.graph
    text = signs.name(graph.names[node])
    if graph.arguments[node]:
        text = f"{text}{signs.equals}{printable(formula(graph, node))}"
    known = shown.values or not graph.arguments[node]
    value = signs.value(result.values[node] if known else None, shown.digits)
    gradient = ""
    if result.gradients is not None and result.active[node]:
        ratio = signs.ratio(signs.name(graph.names[result.of]), signs.name(graph.names[node]))
        number = signs.value(result.grad(node) if shown.gradients else None, shown.digits)
        gradient = f"{ratio}{signs.equals}{number}"
    notes = result.notes_by_node.get(node)
    aside: Message | str = ""
    if notes:
        aside = Message("{kind}: {what}", kind=Message(notes[0].kind), what=notes[0].message)
    return Branch(guides, text, f"{signs.equals}{value}", gradient, aside)
