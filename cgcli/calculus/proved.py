"""Both passes over balls: the rules of the table once more, where every digit is proved.

The conventions are those of the passes over floats. Where a node is proved to be outside its
domain, nothing that is sent through it is a number; a branch that is not taken is sent
nothing; and what passes a kink is marked, and carries its mark as it is computed with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cgcli.graph.graph import Graph
from cgcli.numbers.balls import (
    ABSENT,
    BENT,
    INFINITE,
    NOTHING,
    UNKNOWN,
    UNSURE,
    VOID,
    VOIDED,
    Ball,
    UndecidedError,
    ball,
    hull,
)
from cgcli.numbers.certified import BALLS, as_balls, ball_arrays
from cgcli.operations.row import Kink, Operation

__all__ = ["backward_balls", "forward_balls", "local_ball"]

_AT_KINK: Final = Ball(ball(1).value, ball(1).exact, BENT)
_PERHAPS: Final = Ball(ball(1).value, ball(1).exact, UNSURE)


def forward_balls(graph: Graph, leaves: Mapping[int, Any]) -> list[Any]:
    """Return the value of every node: a ball, or an array of balls for a vector or a matrix."""
    values: list[Any] = []
    tensors = graph.tensors
    for node, (operation, arguments) in enumerate(
        zip(graph.operations, graph.arguments, strict=True)
    ):
        if not arguments:
            values.append(leaves[node])
            continue
        parts = [values[a] for a in arguments]
        try:
            if node in tensors:
                values.append(_value_of_arrays(graph, node, parts))
            else:
                values.append(ball(operation.value(BALLS, *parts)))
        except UndecidedError:
            values.append(_undecided(graph, node))
    return values


def _value_of_arrays(graph: Graph, node: int, parts: list[Any]) -> Any:
    fixed = graph.static.get(node, ())
    return as_balls(graph.operations[node].value(ball_arrays(), *parts, *fixed))


def _undecided(graph: Graph, node: int) -> Any:
    """A value of which nothing is known yet."""
    nothing = hull(VOID, 0)
    if not graph.shape(node):
        return nothing
    from cgcli.numbers.objects import filled

    return filled(nothing, graph.shape(node))


def backward_balls(
    graph: Graph, values: list[Any], of: int, active: bytearray, seed: Any
) -> list[Any]:
    """Return the gradient of node `of` by every node; None where none was sent."""
    gradients: list[Any] = [None] * len(values)
    gradients[of] = seed
    for node in range(of, -1, -1):
        upstream = gradients[node]
        arguments = graph.arguments[node]
        if upstream is None or not arguments:
            continue
        for place, argument in enumerate(arguments):
            if not active[argument]:
                continue
            try:
                if node in graph.tensors:
                    sent = _sent_to_array(graph, values, node, place, upstream)
                else:
                    sent = _sent(graph, values, node, place, upstream)
            except UndecidedError:
                sent = _undecided(graph, argument)
            if sent is not None:
                before = gradients[argument]
                gradients[argument] = sent if before is None else before + sent
    return gradients


def local_ball(graph: Graph, values: list[Any], node: int, place: int) -> Any:
    """Return the local derivative of an elementwise node by one argument, else None."""
    operation = graph.operations[node]
    if not operation.elementwise:
        return None
    parts = [values[a] for a in graph.arguments[node]]
    try:
        if node not in graph.tensors:
            return ball(operation.partial(place)(BALLS, values[node], *parts))
        from cgcli.numbers.objects import lift

        found = operation.partial(place)(ball_arrays(), values[node], *parts)
        # Of the node's own shape, whatever the rule returned.
        return as_balls(lift(lambda a, _: ball(a), 2)(found, values[node]))
    except UndecidedError:
        return _undecided(graph, node)


def _sent(graph: Graph, values: list[Any], node: int, place: int, upstream: Any) -> Any:
    """What a scalar node sends to one of its arguments; None for nothing."""
    operation = graph.operations[node]
    parts = [values[a] for a in graph.arguments[node]]
    reached: Any = True
    if operation.reaches is not None:
        reached = operation.reaches(BALLS, place, *parts)
        if reached is False:
            return None
    if _at_fault(values[node], *parts):
        sent = upstream * VOID
    else:
        sent = upstream * operation.partial(place)(BALLS, values[node], *parts)
        if operation.kinks:
            sent = sent * _bend(BALLS, operation, place, parts)
    return _only_if(reached, sent)


def _at_fault(value: Ball, *parts: Ball) -> bool:
    """Whether a node itself is what has no value: none of its arguments lacks one."""
    return bool(value.flags & VOIDED) and not any(part.flags & VOIDED for part in parts)


def _bend(m: Any, operation: Operation, place: int, parts: list[Any]) -> Any:
    """1, marked where the operation has a kink that the argument has to do with."""
    for kink in operation.kinks:
        if any(part.flags & VOIDED for part in parts):
            continue
        endless = [bool(part.flags & INFINITE) for part in parts]
        if all(endless):
            continue
        at = kink.at(m, *parts)
        # Beside an infinity, as in clip(x, -inf, 3), a corner is what is one for certain.
        if at is False or (any(endless) and at is not True):
            continue
        if not _concerns(m, kink, place, parts):
            continue
        return _PERHAPS if at is UNKNOWN else _AT_KINK
    return 1


def _concerns(m: Any, kink: Kink, place: int, parts: list[Any]) -> bool:
    """Whether a kink has to do with an argument; where that cannot be told, it may."""
    try:
        sides = kink.sides(m, *parts)
    except UndecidedError:
        return True
    return place < len(sides) and sides[place] is not None


def _sent_to_array(graph: Graph, values: list[Any], node: int, place: int, upstream: Any) -> Any:
    """The same where vectors or matrices have a part in it."""
    from cgcli.numbers.objects import lift, reduce_objects

    m, operation = ball_arrays(), graph.operations[node]
    shape = graph.shape(graph.arguments[node][place])
    parts = [values[a] for a in graph.arguments[node]]
    if not operation.elementwise:
        fixed = graph.static.get(node, ())
        assert operation.pullback is not None
        sent = operation.pullback(m, place, upstream, values[node], parts, fixed)
        if sent is None:
            return None
        for kink in operation.kinks:
            bent = lift(_mark, 1)(kink.at(m, *parts, *fixed))
            sent = sent * m.spread(bent, parts[0], *fixed)
        return as_balls(reduce_objects(sent, shape))
    partial = operation.partial(place)(m, values[node], *parts)
    sent = upstream * lift(_unless_at_fault, 2 + len(parts))(partial, values[node], *parts)
    if operation.kinks:
        bend = lambda *elements: ball(_bend(BALLS, operation, place, list(elements)))
        sent = sent * lift(bend, len(parts))(*parts)
    if operation.reaches is not None:
        reached = operation.reaches(m, place, *parts)
        sent = lift(_only_if, 2)(reached, sent)
        if all(element.flags & ABSENT for element in sent.flat):
            return None
    return as_balls(reduce_objects(sent, shape))


def _mark(at: Any) -> Ball:
    """1, marked by whether a kink is there; what is no number has none."""
    return _AT_KINK if at is True else _PERHAPS if at is UNKNOWN else ball(1)


def _unless_at_fault(partial: Any, value: Ball, *parts: Ball) -> Ball:
    return VOID if _at_fault(value, *parts) else ball(partial)


def _only_if(reached: Any, sent: Any) -> Any:
    """What is sent where it is reached; where that is asked of what is no number, none either."""
    if reached is UNKNOWN:
        return hull(NOTHING, sent) * _PERHAPS
    return sent if reached is True else NOTHING if reached is False else sent * VOID
