"""Formulas that overflow or magnify rounding, and what says the same and does not.

The rows stand in `rewrites.toml`; both sides are written in the language itself.
"""

from __future__ import annotations

import functools
import re
from types import SimpleNamespace
from typing import Final

from cgcli.errors import shorten
from cgcli.graph.graph import CONSTANT, INPUT, Graph
from cgcli.graph.text import inline
from cgcli.resource import read_toml

REWRITES: Final[dict[str, list[tuple[str, str]]]] = {
    kind: [(row["before"], row["after"]) for row in rows]
    for kind, rows in read_toml(__package__, "rewrites.toml").items()
}
"""By the kind of the note."""

_DEPTH: Final = 5
_LENGTH: Final = 40


@functools.cache
def _patterns(kind: str) -> list[tuple[Graph, str]]:
    from cgcli.graph.build import build
    from cgcli.language.parse import parse

    vector = {"a": SimpleNamespace(shape=(2,))}
    return [
        (build(parse(before), vector if "dot" in before else {}), after)
        for before, after in REWRITES[kind]
    ]


def rewrite(graph: Graph, node: int, kind: str = "overflow") -> tuple[str, str] | None:
    """Return a formula around the node that is known for a kind of note, and what to write for it.

    >>> from cgcli.graph.build import build
    >>> from cgcli.language.parse import parse
    >>> rewrite(build(parse("3*log(1 + exp(2*x))")), 5)
    ('log(1 + exp(2 * x))', 'softplus(2 * x)')
    """
    for root in _users(graph, node):
        for pattern, after in _patterns(kind):
            match = _match(graph, root, pattern)
            if match is None or node not in match[1]:
                continue
            stop = graph.given.__contains__
            before = inline(graph, root, stop)
            parts = {letter: inline(graph, place, stop) for letter, place in match[0].items()}
            if len(before) > _LENGTH * 2:
                return None
            return before, _filled(after, parts)
    return None


def _filled(formula: str, parts: dict[str, str]) -> str:
    """Return a formula with its letters replaced by the parts they stand for."""
    return re.sub(r"\b[ab]\b", lambda match: shorten(parts[match.group()], _LENGTH), formula)


def _users(graph: Graph, node: int) -> list[int]:
    """Return the node and those that use it, directly or through a few others, outermost last."""
    reached = {node: 0}
    for place in range(node + 1, len(graph)):
        depth = min((reached[a] for a in graph.arguments[place] if a in reached), default=_DEPTH)
        if depth < _DEPTH:
            reached[place] = depth + 1
    return list(reached)


def _match(graph: Graph, root: int, pattern: Graph) -> tuple[dict[str, int], set[int]] | None:
    """Return what a pattern's letters stand for and the nodes it covers, or None."""
    letters: dict[str, int] = {}
    covered: set[int] = set()
    pending = [(pattern.output, root)]
    while pending:
        wanted, place = pending.pop()
        operation = pattern.operations[wanted]
        if operation is INPUT:
            letter = pattern.names[wanted]
            if not _same(graph, letters.setdefault(letter, place), place):
                return None
            continue
        if not _is_alike(graph, place, pattern, wanted):
            return None
        if operation is CONSTANT and graph.constants[place] != pattern.constants[wanted]:
            return None
        covered.add(place)
        pending.extend(zip(pattern.arguments[wanted], graph.arguments[place], strict=True))
    return letters, covered


def _is_alike(graph: Graph, node: int, other: Graph, place: int) -> bool:
    """Whether two nodes are the same operation of as many arguments, with the same axes."""
    return (
        graph.operations[node] is other.operations[place]
        and graph.static.get(node) == other.static.get(place)
        and len(graph.arguments[node]) == len(other.arguments[place])
    )


def _same(graph: Graph, first: int, second: int) -> bool:
    """Whether two parts of the graph are one node, or were written alike."""
    pending = [(first, second)]
    budget = 200
    while pending:
        a, b = pending.pop()
        budget -= 1
        if a == b:
            continue
        if not budget or not _is_alike(graph, a, graph, b):
            return False
        if not graph.arguments[a] and graph.literals.get(a, "") != graph.literals.get(b):
            return False
        pending.extend(zip(graph.arguments[a], graph.arguments[b], strict=True))
    return True
