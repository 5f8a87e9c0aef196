"""Both passes over doubles: floats, and arrays of them where there are any.

Backward, from ∂f/∂f = 1 the nodes are visited once, last to first; each sends its upstream
gradient, times the local derivative by an argument, to that argument, where contributions add up
(Griewank & Walther, Evaluating Derivatives, 2nd ed., chapter 3.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cgcli.calculus.floats import FloatSweep, send_floats, silent
from cgcli.calculus.masks import Masked
from cgcli.calculus.sweep import Sweep, Trail
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
        from cgcli.calculus.pullback import ArraySweep

        with silent(graph):
            return ArraySweep(graph).forward(leaves)
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


def backward(
    graph: Graph,
    values: list[Any],
    of: int,
    active: bytearray,
    trail: Trail | None = None,
    seed: Any = 1.0,
) -> list[Any]:
    """Return the gradient of node `of` by every node; None where none was sent.

    `active` flags the nodes to differentiate by: nothing is sent to any other, so x^2 asks for
    no logarithm. `trail` has the nodes at fault, and takes what a gradient met on its way.
    """
    trail = trail or Trail()
    faults, masks = trail.faults, dict(trail.masks)
    if graph.tensors:
        from cgcli.calculus.pullback import ArraySweep

        gradients = ArraySweep(graph, values, trail).backward(of, active, seed)
    else:
        gradients = [None] * len(values)
        gradients[of] = seed
        send_floats(graph, values, of, -1, active, faults, gradients, trail.partials)
        trail.crossed.update(node for node in faults if gradients[node] is not None)
    if faults and _stopped(graph, gradients, faults):
        from cgcli.calculus.pullback import TaintSweep

        to = TaintSweep(graph, values, Trail(faults, masks, trail.crossed))
        trail.steps = {
            node: Masked(taint, to.masks.get(node))
            for node, taint in enumerate(to.backward(of, active, 0.0 * seed))
            if taint is not None and graph.operations[node].step
        }
        behind = TaintSweep(graph, values, Trail(faults, crossed=trail.crossed), trail.steps)
        for node, taint in enumerate(behind.backward(of, active, None)):
            if taint is not None:
                before = gradients[node]
                gradients[node] = taint if before is None else before + taint
    return gradients


def _stopped(graph: Graph, gradients: list[Any], faults: dict[int, Any]) -> bool:
    """Whether a gradient came to a step that depends on a fault, or a fault on it.

    A gradient that goes through both is no number.
    """
    before, after = graph.ancestors(faults), graph.dependents(faults)
    return any(
        row.step and gradients[node] is not None and (before[node] or after[node])
        for node, row in enumerate(graph.operations)
    )


def steps_of(graph: Graph, values: Any, trail: Trail | None = None) -> Sweep:
    """Return the sweep over doubles, for single steps of its passes."""
    if graph.tensors:
        from cgcli.calculus.pullback import ArraySweep

        kept = Trail(trail.faults, trail.masks) if trail else None
        return ArraySweep(graph, values, kept)
    return FloatSweep(graph, values, trail)
