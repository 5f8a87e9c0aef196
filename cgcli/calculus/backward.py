"""The backward pass: the gradient of one node by every node it depends on.

From ∂f/∂f = 1 the nodes are visited once, last to first; each sends its upstream gradient,
times the local derivative by an argument, to that argument, where contributions add up
(Griewank & Walther, Evaluating Derivatives, 2nd ed., chapter 3.2).
"""

from __future__ import annotations

from typing import Any

from cgcli.calculus.floats import FloatSweep, send_floats
from cgcli.calculus.masks import Masked
from cgcli.calculus.trail import Trail
from cgcli.graph.graph import Graph
from cgcli.numbers import real


def backward(
    graph: Graph,
    values: list[Any],
    of: int,
    active: bytearray,
    faults: dict[int, Any],
    seed: Any = 1.0,
    trail: Trail | None = None,
) -> list[Any]:
    """Return the gradient of node `of` by every node; None where none was sent.

    `active` flags the nodes to differentiate by: nothing is sent to any other, so x^2 asks for
    no logarithm. `faults` are the nodes that are outside their domain, True or for an array a
    mask of the elements that are: what goes through them is never finite. What a gradient
    met on its way is added to `trail`.
    """
    trail = trail or Trail()
    masks = dict(trail.masks)
    if graph.tensors:
        from cgcli.calculus.pullback import ArraySweep

        gradients = ArraySweep(graph, values, faults, trail).backward(of, active, seed)
    else:
        gradients = [None] * len(values)
        gradients[of] = seed
        send_floats(graph, values, of, -1, active, faults, gradients)
        trail.crossed.update(node for node in faults if gradients[node] is not None)
    if faults and _stopped(graph, gradients, faults):
        from cgcli.calculus.pullback import TaintSweep

        to = TaintSweep(graph, values, faults, masks, trail)
        steps = {
            node: Masked(taint, to.masks.get(node))
            for node, taint in enumerate(to.backward(of, active, 0.0 * seed))
            if taint is not None and graph.operations[node].step
        }
        behind = TaintSweep(graph, values, faults, {}, trail, steps)
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


def contribution(
    graph: Graph,
    values: list[Any],
    node: int,
    place: int,
    upstream: Any,
    faults: dict[int, Any],
    masks: dict[int, Any],
) -> Any:
    """Return what the pass sends from a node to one of its arguments, to the bit; None for nothing.

    `upstream` is the node's own gradient, and `masks` are those the pass left behind.
    """
    if faults and graph.operations[node].step:
        from cgcli.calculus.pullback import TaintSweep

        taints = TaintSweep(graph, values, faults, masks, Trail(), {})
        return taints.contribution(node, place, 0.0 * upstream)
    if graph.tensors:
        from cgcli.calculus.pullback import ArraySweep

        sweep = ArraySweep(graph, values, faults)
        sweep.masks.update(masks)
        return sweep.contribution(node, place, upstream)
    return FloatSweep(graph, values, faults).contribution(node, place, upstream)


def local(graph: Graph, values: list[Any], node: int, place: int) -> Any:
    """Return the local derivative of a node by one of its arguments; None where it has none.

    Only an elementwise operation has one: a float, or an array of the node's shape.
    """
    operation = graph.operations[node]
    if not operation.elementwise:
        return None
    parts = [values[a] for a in graph.arguments[node]]
    rule = operation.partial(place)
    if node not in graph.tensors:
        return real.run(rule, values[node], *parts)
    from cgcli.calculus.pullback import local_array

    return local_array(graph, values, node, place)
