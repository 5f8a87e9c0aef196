"""Both passes over any kind of number: the rules of a scalar graph run in a namespace.

What is special to floats, answers at the edges of their range, has no place here: what the
numbers raise is raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cgcli.graph.graph import Graph
from cgcli.numbers.namespace import Namespace

__all__ = ["backward_over", "forward_over"]


def forward_over(
    graph: Graph, m: Namespace, leaves: Mapping[int, Any], needed: bytearray
) -> list[Any]:
    """Return the values of the needed nodes, None for all others.

    >>> from fractions import Fraction
    >>> from cgcli.numbers.exact import EXACT
    >>> from cgcli.program import parse
    >>> graph = parse("x/3 + x").graph()
    >>> leaves = {0: Fraction(1, 2), 1: Fraction(3)}
    >>> forward_over(graph, EXACT, leaves, graph.ancestors([graph.output]))[-1]
    Fraction(2, 3)
    """
    values: list[Any] = []
    for node, (operation, arguments) in enumerate(
        zip(graph.operations, graph.arguments, strict=True)
    ):
        if not needed[node]:
            values.append(None)
        elif arguments:
            values.append(operation.value(m, *[values[a] for a in arguments]))
        else:
            values.append(leaves[node])
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
        for place, argument in enumerate(arguments):
            if active[argument]:
                partial = operation.partial(place)(m, values[node], *[values[a] for a in arguments])
                sent = upstream * partial
                before = gradients[argument]
                gradients[argument] = sent if before is None else before + sent
    return gradients
