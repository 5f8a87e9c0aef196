"""The backward pass over vectors and matrices.

Beside an array's gradient may stand a mask: the elements that a gradient reaches at all. It
appears where `where` takes one branch for some elements and the other for the rest, and is
carried back with the gradient, so that a branch that was not taken is never multiplied by 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from cgcli.calculus.backward import send_floats
from cgcli.calculus.sums import Scattered, Sums, scattering
from cgcli.calculus.trail import Trail
from cgcli.graph.graph import Graph
from cgcli.numbers import real
from cgcli.numbers.arrays import ARRAYS, quiet, reduce_to
from cgcli.numbers.parts import Parts
from cgcli.operations.row import Rule

__all__ = ["backward_arrays", "contribution_of_arrays", "local_array"]

_SCATTERING: Final = scattering(ARRAYS)


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
    sums = Sums(len(values))
    gradients, masks = sums.gradients, trail.masks
    gradients[of] = seed
    # Between these lie scalars, with nothing to mask and nothing at fault.
    apart = sorted((node for node in {*graph.tensors, *faults} if node <= of), reverse=True)
    first = of
    with quiet():
        for node in [*apart, -1]:
            send_floats(graph, values, first, node, active, {}, gradients)
            first = node - 1
            upstream = gradients[node] if node >= 0 else None
            if upstream is None:
                continue
            arguments = graph.arguments[node]
            places = [place for place, argument in enumerate(arguments) if active[argument]]
            fault = _fault(graph, node, faults, masks) if node in faults else None
            through = fault is not None and fault.any()
            for place, sent, mask in _sends(graph, values, node, places, upstream, masks.get(node)):
                argument = arguments[place]
                _keep_mask(gradients, masks, argument, mask)
                if through:
                    trail.crossed.add(node)
                    sums.add(argument, _never_finite(graph, node, argument, sent, fault, mask))
                else:
                    sums.add(argument, sent)
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
        for _, sent, mask in _sends(graph, values, node, (place,), upstream, masks.get(node)):
            fault = _fault(graph, node, faults, masks) if node in faults else None
            if fault is not None and fault.any():
                return _never_finite(graph, node, graph.arguments[node][place], sent, fault, mask)
            return sent.dense() if type(sent) is Scattered else sent
    return None


def _fault(graph: Graph, node: int, faults: dict[int, Any], masks: dict[int, Any]) -> Any:
    """Return the elements of a node that are outside its domain and that a gradient reaches."""
    fault = np.broadcast_to(faults[node], graph.shape(node))
    return fault & masks[node] if node in masks else fault


def _keep_mask(gradients: list[Any], masks: dict[int, Any], node: int, mask: Any) -> None:
    """Keep what a contribution reaches: what either of two reaches is reached."""
    if gradients[node] is None:
        if mask is not None:
            masks[node] = mask
    elif node in masks:
        if mask is None:
            del masks[node]
        else:
            masks[node] = masks[node] | mask


def _sends(
    graph: Graph,
    values: list[Any],
    node: int,
    places: Sequence[int],
    upstream: Any,
    mask: Any,
) -> Iterator[tuple[int, Any, Any]]:
    """Yield a node's contributions to some arguments and what they reach, None for everything.

    Where nothing is sent to an argument there is nothing for it.
    """
    operation, arguments = graph.operations[node], graph.arguments[node]
    if not operation.elementwise:
        yield from _pulled(graph, values, node, places, upstream, mask)
        return
    y = values[node]
    if node not in graph.tensors:
        parts = [values[a] for a in arguments]
        if operation.reaches:
            places = [p for p in places if operation.reaches(real.FAST, p, *parts)]
        for place, partial in zip(
            places, operation.partials_by(places, real.run, y, parts), strict=True
        ):
            yield place, upstream * partial, None
        return
    parts = list(map(_double, (values[a] for a in arguments)))
    for place, partial in zip(
        places, operation.partials_by(places, _run, _double(y), parts), strict=True
    ):
        met, shape = mask, graph.shape(arguments[place])
        if operation.reaches:
            taken = np.broadcast_to(operation.reaches(ARRAYS, place, *parts), graph.shape(node))
            if not taken.all():
                met = taken if mask is None else mask & taken
        sent = upstream * partial
        if met is None:
            yield place, reduce_to(sent, shape), None
        elif met.any():
            sent = np.where(met, sent, 0.0)
            reached = np.asarray(reduce_to(np.broadcast_to(met, graph.shape(node)), shape)) > 0
            yield place, reduce_to(sent, shape), None if reached.all() else reached


def _pulled(
    graph: Graph,
    values: list[Any],
    node: int,
    places: Sequence[int],
    upstream: Any,
    mask: Any,
) -> Iterator[tuple[int, Any, Any]]:
    """Run an operation's own pullback, and once more over the mask for what it reaches."""
    operation, arguments = graph.operations[node], graph.arguments[node]
    fixed = graph.static.get(node, ())
    assert operation.pullback is not None
    pull, y = operation.pullback, values[node]
    parts = Parts(values, arguments, _double)
    up = np.asarray(upstream) if graph.shape(node) else np.float64(upstream)
    if mask is None:
        for place in places:
            sent = pull(_SCATTERING, place, up, y, parts, fixed)
            if type(sent) is not Scattered and sent is not None:
                sent = reduce_to(sent, graph.shape(arguments[place]))
            if sent is not None:
                yield place, sent, None
        return
    # Elements that are not reached are cut out of the values too: 0 times NaN is not 0.
    clean, ones, bad = (Parts(values, arguments, change) for change in (_clean, np.ones_like, _bad))
    flags = mask.astype(np.float64)
    for place in places:
        shape = graph.shape(arguments[place])
        sent = pull(ARRAYS, place, up, y, parts, fixed)
        if sent is None:
            continue
        if operation.mixes:
            reached = np.broadcast_to(np.any(mask, axis=-1, keepdims=True), shape)
        else:
            reached = pull(ARRAYS, place, flags, np.ones_like(y), ones, fixed)
            reached = np.asarray(reduce_to(reached, shape)) != 0
        if not reached.any():
            continue
        if not np.all(np.isfinite(sent)):
            # What meets NaN or inf through an element that is reached stays as it is.
            if operation.mixes:
                met = np.any(_bad(y) > 0, axis=-1, keepdims=True)
                met = np.broadcast_to(met & np.any(mask, axis=-1, keepdims=True), mask.shape)
            else:
                met = np.asarray(pull(ARRAYS, place, flags, _bad(y), bad, fixed)) != 0
            sent = np.where(met, sent, pull(ARRAYS, place, up, _clean(y), clean, fixed))
        sent = np.where(reached, sent, 0.0)
        yield place, reduce_to(sent, shape), None if reached.all() else reached


def _run(rule: Rule, *numbers: Any) -> Any:
    return rule(ARRAYS, *numbers)


def _double(part: Any) -> Any:
    """A scalar as NumPy's double, whose quotients by 0 are IEEE's as those of arrays are."""
    return np.float64(part) if isinstance(part, float) else part


def _clean(part: Any) -> Any:
    """A value with 0 where it is not finite."""
    return np.where(np.isfinite(part), part, 0.0)


def _bad(part: Any) -> Any:
    """1 where a value is not finite, else 0."""
    return np.where(np.isfinite(part), 0.0, 1.0)


def local_array(graph: Graph, values: list[Any], node: int, place: int) -> Any:
    """Return the local derivatives of an elementwise node by one argument, in the node's shape."""
    parts = map(_double, (values[a] for a in graph.arguments[node]))
    with quiet():
        (partial,) = graph.operations[node].partials_by(
            (place,), _run, _double(values[node]), parts
        )
    return np.broadcast_to(np.asarray(partial, dtype=np.float64), graph.shape(node))


def _never_finite(graph: Graph, node: int, argument: int, sent: Any, fault: Any, mask: Any) -> Any:
    """Put NaN for every finite contribution that comes through an element outside the domain."""
    if graph.operations[node].elementwise:
        through = np.asarray(reduce_to(fault.astype(np.float64), graph.shape(argument))) > 0
    else:
        through = np.broadcast_to(True if mask is None else mask, graph.shape(argument))
    sent = sent.dense() if type(sent) is Scattered else sent
    finite = np.isfinite(sent)
    changed = np.where(through & finite, np.nan, sent)
    return changed if graph.shape(argument) else float(changed)
