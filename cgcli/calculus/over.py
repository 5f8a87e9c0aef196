"""Both passes over any kind of number: the rules of a scalar graph run in a namespace.

What is special to floats, answers at the edges of their range, has no place here: what the
numbers raise is raised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cgcli.graph.graph import Graph
from cgcli.numbers.namespace import Namespace

__all__ = ["backward_over", "forward_over"]


def forward_over(
    graph: Graph, m: Namespace, leaves: Mapping[int, Any], targets: Iterable[int]
) -> list[Any]:
    """Return the values of some nodes and of all that is needed for them, None for all others.

    `leaves` have values already, whatever they are made of.

    >>> from fractions import Fraction
    >>> from cgcli.numbers.exact import EXACT
    >>> from cgcli.program import parse
    >>> graph = parse("x/3 + x").graph()
    >>> forward_over(graph, EXACT, {0: Fraction(1, 2), 1: Fraction(3)}, [graph.output])[-1]
    Fraction(2, 3)
    """
    needed = bytearray(len(graph))
    for node in targets:
        needed[node] = 1
    for node in range(len(graph) - 1, -1, -1):
        if needed[node] and node not in leaves:
            for argument in graph.arguments[node]:
                needed[argument] = 1
    values: list[Any] = []
    for node, (operation, arguments) in enumerate(
        zip(graph.operations, graph.arguments, strict=True)
    ):
        if not needed[node]:
            values.append(None)
        elif node in leaves:
            values.append(leaves[node])
        else:
            values.append(operation.value(m, *[values[a] for a in arguments]))
    return values


def backward_over(
    graph: Graph, m: Namespace, values: list[Any], of: int, active: bytearray, one: Any
) -> list[Any]:
    """Return the gradient of node `of` by every node that is active, None for all others."""
    gradients: list[Any] = [None] * len(graph)
    gradients[of] = one
    for node in range(of, -1, -1):
        upstream = gradients[node]
        if upstream is None:
            continue
        arguments = graph.arguments[node]
        operation = graph.operations[node]
        places = [place for place, argument in enumerate(arguments) if active[argument]]
        parts = [values[a] for a in arguments]
        run = lambda rule, *numbers: rule(m, *numbers)
        partials = operation.partials_by(places, run, values[node], parts)
        for place, partial in zip(places, partials, strict=True):
            sent = upstream * partial
            argument = arguments[place]
            before = gradients[argument]
            gradients[argument] = sent if before is None else before + sent
    return gradients
