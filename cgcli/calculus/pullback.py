"""The backward pass over vectors and matrices.

Beside an array's gradient may stand a mask: the elements that a gradient reaches at all. It
appears where `where` takes one branch for some elements and the other for the rest, and is
carried back with the gradient, so that a branch that was not taken is never multiplied by 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cgcli.calculus.trail import Trail
from cgcli.graph.graph import Graph
from cgcli.numbers import real
from cgcli.numbers.arrays import ARRAYS, Array, quiet, reduce_to
from cgcli.operations.row import Operation

__all__ = ["backward_arrays", "contribution_of_arrays", "local_array"]


def backward_arrays(
    graph: Graph,
    values: list[Any],
    of: int,
    active: bytearray,
    faults: dict[int, Any],
    seed: Any,
    trail: Trail,
) -> list[Any]:
    """Return the gradients of node `of`, as `backward` does, arrays among them."""
    gradients: list[Any] = [None] * len(values)
    masks = trail.masks
    masks.clear()
    gradients[of] = seed
    with quiet():
        for node in range(of, -1, -1):
            upstream = gradients[node]
            arguments = graph.arguments[node]
            if upstream is None or not arguments:
                continue
            for place, argument in enumerate(arguments):
                if not active[argument]:
                    continue
                sent, mask = _send(graph, values, node, place, upstream, masks.get(node))
                if sent is None:
                    continue
                if node in faults:
                    fault = _fault(graph, node, faults, masks)
                    if fault.any():
                        trail.crossed.add(node)
                        sent = _never_finite(graph, node, argument, sent, fault)
                _add(gradients, masks, argument, sent, mask)
    return gradients


def contribution_of_arrays(
    graph: Graph,
    values: list[Any],
    node: int,
    place: int,
    upstream: Any,
    faults: dict[int, Any],
    masks: dict[int, Any],
) -> Any:
    """Return what the pass sends to one argument of a node, its masks known; None for nothing."""
    with quiet():
        sent, _ = _send(graph, values, node, place, upstream, masks.get(node))
        if sent is not None and node in faults:
            fault = _fault(graph, node, faults, masks)
            if fault.any():
                sent = _never_finite(graph, node, graph.arguments[node][place], sent, fault)
    return sent


def _fault(graph: Graph, node: int, faults: dict[int, Any], masks: dict[int, Any]) -> Any:
    """Return the elements of a node that are outside its domain and that a gradient reaches."""
    fault = np.broadcast_to(faults[node], graph.shape(node))
    return fault & masks[node] if node in masks else fault


def _add(gradients: list[Any], masks: dict[int, Any], node: int, sent: Any, mask: Any) -> None:
    """Add a contribution; what either of two contributions reaches is reached."""
    before = gradients[node]
    if before is None:
        gradients[node] = sent
        if mask is not None:
            masks[node] = mask
        return
    gradients[node] = before + sent
    if node in masks:
        if mask is None:
            del masks[node]
        else:
            masks[node] = masks[node] | mask


def _send(
    graph: Graph, values: list[Any], node: int, place: int, upstream: Any, mask: Any
) -> tuple[Any, Any]:
    """Return a node's contribution to one argument and what it reaches; None for nothing."""
    operation = graph.operations[node]
    argument = graph.arguments[node][place]
    shape = graph.shape(argument)
    parts = [values[a] for a in graph.arguments[node]]
    if node not in graph.tensors:
        if operation.reaches and not operation.reaches(real.FAST, place, *parts):
            return None, None
        return upstream * real.run(operation.partial(place), values[node], *parts), None
    if not operation.elementwise:
        return _pull_back(graph, values, node, place, upstream, mask)
    if operation.reaches:
        reached = np.broadcast_to(
            operation.reaches(ARRAYS, place, *_doubles(parts)), graph.shape(node)
        )
        if not reached.any():
            return None, None
        if not reached.all():
            mask = reached if mask is None else mask & reached
    sent = upstream * _partial(operation, place, values[node], parts)
    if mask is None:
        return reduce_to(sent, shape), None
    if not np.any(mask):
        return None, None
    sent = np.where(mask, sent, 0.0)
    reached = np.asarray(reduce_to(np.broadcast_to(mask, graph.shape(node)), shape)) > 0
    return reduce_to(sent, shape), None if reached.all() else reached


def _pull_back(
    graph: Graph, values: list[Any], node: int, place: int, upstream: Any, mask: Any
) -> tuple[Any, Any]:
    """Run an operation's own pullback, and once more over the mask for what it reaches."""
    operation = graph.operations[node]
    arguments = graph.arguments[node]
    shape = graph.shape(arguments[place])
    parts = _doubles([values[a] for a in arguments])
    fixed = graph.static.get(node, ())
    assert operation.pullback is not None
    pull = operation.pullback
    up = np.asarray(upstream) if graph.shape(node) else np.float64(upstream)
    if mask is None:
        sent = pull(ARRAYS, place, up, values[node], parts, fixed)
        return (None, None) if sent is None else (reduce_to(sent, shape), None)
    # Elements that are not reached are cut out of the values too: 0 times NaN is not 0.
    clean = [np.where(np.isfinite(part), part, 0.0) for part in parts]
    within = np.where(np.isfinite(values[node]), values[node], 0.0)
    sent = pull(ARRAYS, place, up, values[node], parts, fixed)
    if sent is None:
        return None, None
    if operation.mixes:
        reached = np.broadcast_to(np.any(mask, axis=-1, keepdims=True), shape)
    else:
        ones = [np.ones_like(part) for part in parts]
        reached = pull(ARRAYS, place, mask.astype(np.float64), np.ones_like(within), ones, fixed)
        reached = np.asarray(reduce_to(reached, shape)) != 0
    if not reached.any():
        return None, None
    if not np.all(np.isfinite(sent)):
        bare = pull(ARRAYS, place, up, within, clean, fixed)
        sent = np.where(_tainted(graph, values, node, place, mask), sent, bare)
    sent = np.where(reached, sent, 0.0)
    return reduce_to(sent, shape), None if reached.all() else reached


def _tainted(graph: Graph, values: list[Any], node: int, place: int, mask: Array) -> Any:
    """Return where a contribution meets NaN or inf through an element that is reached."""
    operation = graph.operations[node]
    parts = _doubles([values[a] for a in graph.arguments[node]])
    flags = [np.where(np.isfinite(part), 0.0, 1.0) for part in parts]
    within = np.where(np.isfinite(values[node]), 0.0, 1.0)
    if operation.mixes:
        bad = np.any(within > 0, axis=-1, keepdims=True) & np.any(mask, axis=-1, keepdims=True)
        return np.broadcast_to(bad, mask.shape)
    assert operation.pullback is not None
    fixed = graph.static.get(node, ())
    met = operation.pullback(ARRAYS, place, mask.astype(np.float64), within, flags, fixed)
    return np.asarray(met) != 0


def _doubles(parts: list[Any]) -> list[Any]:
    """Scalars as NumPy's doubles, whose quotients by 0 are IEEE's as those of arrays are."""
    return [np.float64(part) if isinstance(part, float) else part for part in parts]


def _partial(operation: Operation, place: int, y: Any, parts: list[Any]) -> Any:
    y = np.float64(y) if isinstance(y, float) else y
    return operation.partial(place)(ARRAYS, y, *_doubles(parts))


def local_array(graph: Graph, values: list[Any], node: int, place: int) -> Any:
    """Return the local derivatives of an elementwise node by one argument, in the node's shape."""
    parts = [values[a] for a in graph.arguments[node]]
    with quiet():
        partial = _partial(graph.operations[node], place, values[node], parts)
    return np.broadcast_to(np.asarray(partial, dtype=np.float64), graph.shape(node))


def _never_finite(graph: Graph, node: int, argument: int, sent: Any, fault: Any) -> Any:
    """Put NaN for every finite contribution that comes through an element outside the domain."""
    if graph.operations[node].elementwise:
        through = np.asarray(reduce_to(fault.astype(np.float64), graph.shape(argument))) > 0
    else:
        through = np.broadcast_to(fault.any(), graph.shape(argument))
    finite = np.isfinite(sent)
    changed = np.where(through & finite, np.nan, sent)
    return changed if graph.shape(argument) else float(changed)
