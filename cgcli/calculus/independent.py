"""The second way: one pass forward through power series, which reads no derivative of ours.

Every node v is moved by r·t, for a number r of its own, and the operations are done from their
definitions. By the chain rule the output then moves by the sum of r·∂f/∂v over all nodes, so
that one pass checks every gradient of the backward pass at once (Griewank & Walther, Evaluating
Derivatives, 2nd ed., chapter 3.1, on forward mode).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from cgcli.graph.graph import Graph
from cgcli.numbers.balls import UndecidedError
from cgcli.numbers.certified import terms
from cgcli.numbers.elements import by_element, elements, filled
from cgcli.numbers.jets import Jet, constant, nowhere
from cgcli.numbers.series import DEFINITIONS, JETS


def forward_series(
    graph: Graph, leaves: Mapping[int, Any], steps: Mapping[int, Any], until: int
) -> list[Any]:
    """Return every node up to one as a number that moves, or an array of them.

    `leaves` are balls, and `steps` has for a node how much it moves by itself: a number, or an
    array of them. The precision is that of `flint.ctx.prec`.
    """
    with terms(2):
        numbers: list[Any] = []
        for node in range(until + 1):
            value = _done(graph, node, leaves, numbers)
            step = steps.get(node)
            numbers.append(value if step is None else by_element(Jet.moved, value, step))
        return numbers


def _done(graph: Graph, node: int, leaves: Mapping[int, Any], numbers: list[Any]) -> Any:
    """Do one operation by its definition."""
    arguments = graph.arguments[node]
    operation = graph.operations[node]
    if not arguments:
        return by_element(constant, leaves[node])
    parts = [numbers[a] for a in arguments]
    try:
        if not operation.elementwise:
            from cgcli.numbers.objects import arrays_of

            return operation.value(arrays_of(JETS), *parts, *graph.static.get(node, ()))
        definition = DEFINITIONS.get(operation.name) or functools.partial(operation.value, JETS)
        return by_element(definition, *parts)
    except UndecidedError:
        return filled(nowhere(), graph.shape(node))


def value_of(number: Any) -> list[Any]:
    """Return the values of a node, each element's, as FLINT's balls."""
    return [jet.value for jet in elements(number)]


def slope_of(number: Any) -> list[Any]:
    """Return how much each element of a node moves."""
    return [jet.slope for jet in elements(number)]
