"""Graph → text: a node's formula, and a program that builds the same graph again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from cgcli.operations.row import LEVELS, Operation

if TYPE_CHECKING:
    from cgcli.graph.graph import Graph

__all__ = ["formula", "inline", "program", "written"]

_ATOM: Final = LEVELS["atom"]
_SIGNED: Final = re.compile(r"[-+]")


def written(
    operation: Operation,
    parts: list[tuple[str, int]],
    static: tuple[int, ...] = (),
    spaced: bool = True,
) -> tuple[str, int]:
    """Return an operation's text and how tightly it binds, from those of its arguments.

    >>> from cgcli.operations.table import OPERATIONS
    >>> written(OPERATIONS["mul"], [("x + y", LEVELS["sum"]), ("z", LEVELS["atom"])])
    ('(x + y) * z', 2)
    """
    level = operation.level
    if operation.name == "stack":
        return f"[{', '.join(text for text, _ in parts)}]", _ATOM
    if operation.name == "index":
        return f"{_within(parts[0], _ATOM)}[{', '.join(map(str, static))}]", _ATOM
    if operation.name == "same":
        return parts[0]
    if not operation.symbol:
        texts = [text for text, _ in parts] + [str(n) for n in static]
        return f"{operation.words[0]}({', '.join(texts)})", _ATOM
    if len(parts) == 1:
        # A sign takes a power or another sign on its right: -x^2, --x.
        return f"{operation.symbol}{_within(parts[0], LEVELS['sign'])}", level
    left, right = parts
    if level == LEVELS["power"]:
        # The base is an atom; the exponent may be a power or carry a sign: 2^-1, a^b^c.
        return f"{_within(left, _ATOM)}{operation.symbol}{_within(right, LEVELS['sign'])}", level
    # Comparisons do not chain; sums and products associate to the left.
    on_left = level + 1 if level == LEVELS["comparison"] else level
    space = " " if spaced else ""
    first, second = _within(left, on_left), _within(right, level + 1)
    return f"{first}{space}{operation.symbol}{space}{second}", level


def _within(part: tuple[str, int], level: int) -> str:
    text, own = part
    return text if own >= level else f"({text})"


def formula(graph: Graph, node: int) -> str:
    """Return a node's operation with its arguments by name; an input's and a literal's own text."""
    operation = graph.operations[node]
    if not graph.arguments[node]:
        return graph.literals.get(node) or graph.names[node]
    names = graph.names
    parts = [(names[a], _name_level(names[a])) for a in graph.arguments[node]]
    return written(operation, parts, graph.static.get(node, ()))[0]


def _name_level(name: str) -> int:
    """A negative constant, from a loop's variable, is written with its sign."""
    return LEVELS["sign"] if _SIGNED.match(name) else _ATOM


def inline(graph: Graph, node: int, stop: Callable[[int], bool]) -> str:
    """Return a node's formula with those of its arguments inside, down to where `stop` says.

    The node itself is always written out. Text is joined once, so a long formula costs what it
    is long.
    """
    order = _postorder(graph, node, stop)
    texts: dict[int, tuple[str, int]] = {}
    names = graph.names
    for place in order:
        arguments = graph.arguments[place]
        if place != node and (stop(place) or not arguments):
            texts[place] = (names[place], _name_level(names[place]))
        elif not arguments:
            literal = graph.literals.get(place) or names[place]
            texts[place] = (literal, _name_level(literal))
        else:
            parts = [texts[a] for a in arguments]
            texts[place] = written(graph.operations[place], parts, graph.static.get(place, ()))
    return texts[node][0]


def _postorder(graph: Graph, node: int, stop: Callable[[int], bool]) -> list[int]:
    """Return the nodes that `inline` writes, arguments first: ids are already in that order."""
    seen = {node}
    pending = [node]
    while pending:
        place = pending.pop()
        if place != node and stop(place):
            continue
        for argument in graph.arguments[place]:
            if argument not in seen:
                seen.add(argument)
                pending.append(argument)
    return sorted(seen)


def program(graph: Graph) -> str:
    """Return a program that builds the same graph: a statement for each named or shared node.

    What was written once and used once stands inline; what is used more often is a statement
    of its own and then a name, so the text is as long as the graph, whatever it shares.
    """
    uses, names = graph.uses, graph.names

    def is_statement(node: int) -> bool:
        return bool(graph.arguments[node]) and (node in graph.given or uses[node] > 1)

    lines: list[str] = []
    for node in range(len(graph)):
        if node == graph.output or (not is_statement(node) and not _is_value(graph, node)):
            continue
        lines.append(f"{names[node]} = {inline(graph, node, is_statement)}")
    last = inline(graph, graph.output, is_statement)
    if graph.output in graph.given and graph.operations[graph.output].name != "input":
        last = f"{names[graph.output]} = {last}"
    elif graph.uses[graph.output]:
        lines.append(f"{names[graph.output]} = {last}")
        last = names[graph.output]
    return "\n".join([*lines, last])


def _is_value(graph: Graph, node: int) -> bool:
    """Whether a node is a named literal, or a statement nobody uses."""
    if graph.operations[node].name == "input":
        return False
    return node in graph.given or graph.uses[node] == 0
