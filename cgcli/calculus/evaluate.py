"""Graph and inputs → result: forward, backward, and the notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cgcli.calculus import notes
from cgcli.calculus.backward import backward
from cgcli.calculus.forward import forward
from cgcli.calculus.notes import Note
from cgcli.calculus.result import Result, unknown_node
from cgcli.graph.graph import Graph
from cgcli.operations.shapes import size

__all__ = ["evaluate"]


def evaluate(
    graph: Graph,
    inputs: Mapping[str, Any],
    of: str | None = None,
    wrt: Sequence[str] | None = None,
) -> Result:
    """Return the values of a graph and the gradients of one node, the output unless `of` says.

    `inputs` has a float or an array for every input. `wrt` names what to differentiate by,
    every input unless it is given. Raises `CgraphError` for a name that no node has.
    """
    target = graph.output if of is None else _find(graph, of)
    sources = list(graph.inputs.values()) if wrt is None else [_find(graph, n) for n in wrt]
    named = list(graph.inputs) if wrt is None else list(wrt)
    active = graph.dependents(iter({*graph.inputs.values(), *sources}))
    values = forward(graph, inputs)
    found, faults = notes.examine(graph, values)
    crossed: set[int] = set()
    if graph.shape(target):
        jacobian, gradients = _jacobian(graph, values, target, sources, active, faults, crossed)
        found = _merge(found, notes.kinks(graph, values, gradients, active))
        by_name = dict(zip(named, jacobian, strict=True))
        told = _told(graph, found, gradients, target, active, crossed)
        return Result(graph, values, target, active, None, None, by_name, told, found)
    gradients = backward(graph, values, target, active, faults, 1.0, crossed)
    found = _merge(found, notes.kinks(graph, values, gradients, active))
    if not found:
        found = notes.gradient_overflow(graph, values, gradients)
    told = _told(graph, found, gradients, target, active, crossed)
    result = Result(graph, values, target, active, gradients, None, None, told, found)
    result.gradient = {name: result.grad(n) for name, n in zip(named, sources, strict=True)}
    return result


def _find(graph: Graph, name: str) -> int:
    node = graph.node(name)
    if node is None:
        raise unknown_node(graph, name)
    return node


def _merge(a: dict[int, list[Note]], b: dict[int, list[Note]]) -> dict[int, list[Note]]:
    if not a or not b:
        return a or b
    return {node: a.get(node, []) + b.get(node, []) for node in sorted({*a, *b})}


def _told(
    graph: Graph,
    found: dict[int, list[Note]],
    gradients: list[Any],
    target: int,
    active: bytearray,
    crossed: set[int],
) -> list[Note]:
    """Return the notes that bear on the output, in order; of the domain's only the first.

    A note bears on it when a gradient came through its node, or when the output's value needs it.
    What an element is that `where` did not take bears on nothing.
    """
    if not found:
        return []
    needed = _needed(graph, target)
    told: list[Note] = []
    outside = False
    for node in sorted(found):
        if gradients[node] is None and not needed[node]:
            continue
        for note in found[node]:
            if note.kind == "domain":
                if outside or (active[node] and node not in crossed):
                    continue
                outside = True
            told.append(note)
    return told


def _needed(graph: Graph, target: int) -> bytearray:
    """Return a flag a node: 1 for the constants and inactive nodes that the target depends on.

    A branch that was not taken is not needed; what is differentiated is flagged by its gradient.
    """
    flags = bytearray(len(graph))
    flags[target] = 1
    for node in range(target, -1, -1):
        if flags[node] and graph.operations[node].reaches is None:
            for argument in graph.arguments[node]:
                flags[argument] = 1
    return flags


def _jacobian(
    graph: Graph,
    values: list[Any],
    target: int,
    sources: list[int],
    active: bytearray,
    faults: dict[int, Any],
    crossed: set[int],
) -> tuple[list[Any], list[Any]]:
    """Return by source the array of shape output × input, and which nodes a gradient reached.

    One backward pass an element of the output.
    """
    import numpy as np

    shape = graph.shape(target)
    rows: list[list[Any]] = [[] for _ in sources]
    reached: list[Any] = [None] * len(graph)
    for element in range(size(shape)):
        seed = np.zeros(size(shape))
        seed[element] = 1.0
        shaped = seed.reshape(shape)
        gradients = backward(graph, values, target, active, faults, shaped, crossed)
        for row, source in zip(rows, sources, strict=True):
            gradient = gradients[source]
            row.append(np.zeros(graph.shape(source)) if gradient is None else gradient)
        reached = [a if a is not None else b for a, b in zip(reached, gradients, strict=True)]
    return [
        np.asarray(row, dtype=np.float64).reshape(shape + graph.shape(source))
        for row, source in zip(rows, sources, strict=True)
    ], reached
