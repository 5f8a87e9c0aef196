"""Graph → text: the formulas of nodes, with brackets where they are needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from cgcli.operations.row import LEVELS, Operation

if TYPE_CHECKING:
    from cgcli.graph.graph import Graph

__all__ = ["COMPACT", "TEXT", "Leaf", "Notation", "formula", "inline", "pieces", "write"]

_ATOM: Final = LEVELS["atom"]

Leaf: TypeAlias = Callable[[int], tuple[str, int] | None]


def pieces(
    operation: Operation, count: int, static: tuple[int, ...] = ()
) -> list[str | tuple[int, int]]:
    """Return how an operation is written: texts, and the places of its arguments among them.

    A place comes with how tightly what stands there must bind to need no parentheses.

    >>> from cgcli.operations.table import OPERATIONS
    >>> pieces(OPERATIONS["sub"], 2)
    [(0, 1), ' - ', (1, 2)]
    """
    level = operation.level
    if operation.name == "same":
        return [(0, 0)]
    if operation.name == "index":
        return [(0, _ATOM), f"[{', '.join(map(str, static))}]"]
    if not operation.symbol:
        opening, closing = ("[", "]") if operation.name == "stack" else ("(", ")")
        word = (operation.words or ("",))[0]
        return [word + opening, *listed(count), "".join(f", {n}" for n in static) + closing]
    if count == 1:
        # A sign takes a power or another sign on its right: -x^2, --x.
        return [operation.symbol, (0, LEVELS["sign"])]
    if level == LEVELS["power"]:
        # The base is an atom; the exponent may be a power or carry a sign: 2^-1, a^b^c.
        return [(0, _ATOM), operation.symbol, (1, LEVELS["sign"])]
    # Comparisons do not chain; sums and products associate to the left.
    on_left = level + 1 if level == LEVELS["comparison"] else level
    return [(0, on_left), f" {operation.symbol} ", (1, level + 1)]


def listed(count: int) -> list[str | tuple[int, int]]:
    """Return the places of so many arguments with commas between."""
    return [part for place in range(count) for part in (", ", (place, 0))][1:]


class Notation(NamedTuple):
    """A way of writing: how an operation is taken apart, how tightly it binds, its brackets."""

    pieces: Callable[[Operation, int, tuple[int, ...]], list[str | tuple[int, int]]]
    level: Callable[[Operation], int]
    brackets: tuple[str, str]


TEXT: Final = Notation(pieces, lambda operation: operation.level, ("(", ")"))
"""The language itself: what is written in it can be parsed again."""


def _close(
    operation: Operation, count: int, static: tuple[int, ...]
) -> list[str | tuple[int, int]]:
    found = pieces(operation, count, static)
    if operation.level != LEVELS["product"] or operation.symbol == "@":
        return found
    return [piece.strip() if isinstance(piece, str) else piece for piece in found]


COMPACT: Final = Notation(_close, TEXT.level, TEXT.brackets)
"""The same without blanks in products, as formulas are written: 2*x*cos(x^2)."""


def write(graph: Graph, node: int, leaf: Leaf, notation: Notation = TEXT, level: int = 0) -> str:
    """Return a node's formula with those of its arguments inside, as it stands at a level.

    `leaf` returns for an argument the text that stands for it and how tightly that binds, or
    None to go inside; the node itself is written out. The texts are joined once, at the end, so
    that a formula of any length takes time in proportion.
    """
    opening, closing = notation.brackets
    texts: list[str] = []
    pending: list[str | tuple[int, int]] = [(node, level)]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            texts.append(item)
            continue
        place, level = item
        arguments = graph.arguments[place]
        operation = graph.operations[place]
        found = leaf(place) if place != node or not arguments else None
        if found is not None:
            text, own = found
            texts.append(text if own >= level else f"{opening}{text}{closing}")
            continue
        own = _own_level(graph, place, leaf, notation)
        if own < level:
            texts.append(opening)
            pending.append(closing)
        fixed = graph.static.get(place, ())
        for piece in reversed(notation.pieces(operation, len(arguments), fixed)):
            if isinstance(piece, str):
                pending.append(piece)
            elif operation.name == "same":
                pending.append((arguments[0], level if own >= level else 0))
            else:
                pending.append((arguments[piece[0]], piece[1]))
    return "".join(texts)


def _own_level(graph: Graph, place: int, leaf: Leaf, notation: Notation) -> int:
    """How tightly a node binds as it is written; another name binds as what it stands for."""
    while graph.operations[place].name == "same":
        place = graph.arguments[place][0]
        found = leaf(place)
        if found is not None:
            return found[1]
    return notation.level(graph.operations[place])


def formula(graph: Graph, node: int) -> str:
    """Return a node's operation with its arguments by name; an input's and a literal's own text."""
    if not graph.arguments[node]:
        return graph.literals.get(node) or graph.names[node]
    names = graph.names
    return write(graph, node, lambda place: (names[place], _name_level(names[place])))


def inline(graph: Graph, node: int, stop: Callable[[int], bool]) -> str:
    """Return a node's formula with those of its arguments inside, down to where `stop` says."""
    names = graph.names

    def leaf(place: int) -> tuple[str, int] | None:
        if graph.arguments[place] and not stop(place):
            return None
        name = graph.literals.get(place, names[place]) if place == node else names[place]
        return name, _name_level(name)

    return write(graph, node, leaf)


def _name_level(name: str) -> int:
    """A negative constant, from a loop's variable, is written with its sign."""
    return LEVELS["sign"] if name.startswith("-") else _ATOM
