"""The forward pass: the value of every node, each operation's rule run once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cgcli.graph.graph import Graph
from cgcli.numbers import real


def forward(graph: Graph, inputs: Mapping[str, Any]) -> list[Any]:
    """Return the value of every node: a float, or an array for a vector or a matrix.

    `inputs` has a value for each name of `graph.inputs`. Where a value does not exist it is
    inf or NaN, as IEEE 754 has it; nothing is raised.
    """
    leaves: dict[int, Any] = dict(graph.constants)
    leaves.update((node, inputs[name]) for name, node in graph.inputs.items())
    if graph.tensors:
        return _forward_arrays(graph, leaves)
    values: list[Any] = []
    append = values.append
    m = real.FAST
    for operation, arguments in zip(graph.operations, graph.arguments, strict=True):
        count = len(arguments)
        try:
            if count == 2:
                first, second = arguments
                append(operation.value(m, values[first], values[second]))
            elif count == 1:
                append(operation.value(m, values[arguments[0]]))
            elif count:
                append(operation.value(m, *[values[a] for a in arguments]))
            else:
                append(leaves[len(values)])
        except real.EDGES:
            append(real.careful(operation.value, *[values[a] for a in arguments]))
    return values


def _forward_arrays(graph: Graph, leaves: dict[int, Any]) -> list[Any]:
    """The same for a graph with vectors and matrices: scalars among them stay plain floats."""
    from cgcli.numbers.arrays import ARRAYS, as_value, quiet

    values: list[Any] = []
    tensors, static = graph.tensors, graph.static
    with quiet():
        for node, (operation, arguments) in enumerate(
            zip(graph.operations, graph.arguments, strict=True)
        ):
            if not arguments:
                values.append(leaves[node])
                continue
            parts = [values[a] for a in arguments]
            if node in tensors:
                fixed = static.get(node, ())
                values.append(as_value(operation.value(ARRAYS, *parts, *fixed)))
                continue
            try:
                values.append(float(operation.value(real.FAST, *parts)))
            except real.EDGES:
                values.append(real.careful(operation.value, *parts))
    return values
