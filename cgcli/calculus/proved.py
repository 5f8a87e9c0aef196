"""Both passes over balls: the rules of the table once more, where every digit is proved.

The conventions are those of the passes over floats. Where a node is proved to be outside its
domain, nothing that is sent through it is a number; a branch that is not taken is sent
nothing; and what passes a kink is marked, and carries its mark as it is computed with.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final

from cgcli.calculus.sums import Scattered, Sums, scattering
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
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.parts import Parts
from cgcli.operations.row import Operation, Rule

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
    sums = Sums(len(values))
    gradients = sums.gradients
    gradients[of] = seed
    for node in range(of, -1, -1):
        upstream = gradients[node]
        arguments = graph.arguments[node]
        if upstream is None or not arguments:
            continue
        sender = (_Arrays if node in graph.tensors else _Scalars)(graph, values, node)
        for place, argument in enumerate(arguments):
            if not active[argument]:
                continue
            try:
                sent = sender.send(place, upstream)
            except UndecidedError:
                sent = _undecided(graph, argument)
            if sent is not None:
                sums.add(argument, sent)
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


class _Scalars:
    """A scalar node, as it sends to its arguments; what they have in common is worked out once."""

    def __init__(self, graph: Graph, values: list[Any], node: int) -> None:
        self.operation = graph.operations[node]
        self.y = values[node]
        self.parts = [values[a] for a in graph.arguments[node]]

    def send(self, place: int, upstream: Any) -> Any:
        """Return what is sent to one argument; None for nothing."""
        operation, parts = self.operation, self.parts
        reached: Any = True
        if operation.reaches is not None:
            reached = operation.reaches(BALLS, place, *parts)
            if reached is False:
                return None
        if self.at_fault:
            return _only_if(reached, upstream * VOID)
        sent = upstream * self.partial(place)
        for at, sides in self.bends:
            if sides is None or (place < len(sides) and sides[place] is not None):
                sent = sent * (_PERHAPS if at is UNKNOWN else _AT_KINK)
                break
        return _only_if(reached, sent)

    def partial(self, place: int) -> Any:
        """Return the local derivative by one argument."""
        rules = self.operation.partials
        if isinstance(rules, tuple):
            return rules[place](BALLS, self.y, *self.parts)
        return self.every[place]

    @functools.cached_property
    def every(self) -> list[Any]:
        """The local derivatives of an operation of any number of arguments."""
        return self.operation.partials_by(range(len(self.parts)), _run, self.y, self.parts)

    @functools.cached_property
    def at_fault(self) -> bool:
        """Whether the node is what has no value: none of its arguments lacks one."""
        return _at_fault(self.y, *self.parts)

    @functools.cached_property
    def bends(self) -> list[tuple[Any, Any]]:
        """The kinks that the node is at, or may be; their sides are None where they are unknown."""
        return _bends(self.operation, self.parts)


class _Arrays:
    """The same where vectors or matrices have a part in it."""

    def __init__(self, graph: Graph, values: list[Any], node: int) -> None:
        self.operation = graph.operations[node]
        self.y = values[node]
        self.parts = Parts(values, graph.arguments[node])
        self.fixed = graph.static.get(node, ())
        self.shapes = [graph.shape(a) for a in graph.arguments[node]]

    def send(self, place: int, upstream: Any) -> Any:
        """Return what is sent to one argument; None for nothing."""
        operation = self.operation
        if not operation.elementwise:
            return self.pull_back(place, upstream)
        from cgcli.numbers.objects import lift, reduce_objects

        parts = list(self.parts)
        partial = operation.partial(place)(ball_arrays(), self.y, *parts)
        sent = upstream * lift(_unless_at_fault, 2 + len(parts))(partial, self.y, *parts)
        if operation.kinks:
            bend = lambda *elements: _bend(operation, place, list(elements))
            sent = sent * lift(bend, len(parts))(*parts)
        if operation.reaches is not None:
            reached = operation.reaches(ball_arrays(), place, *parts)
            sent = lift(_only_if, 2)(reached, sent)
            if all(element.flags & ABSENT for element in sent.flat):
                return None
        return as_balls(reduce_objects(sent, self.shapes[place]))

    def pull_back(self, place: int, upstream: Any) -> Any:
        """Return what the operation's own pullback sends."""
        from cgcli.numbers.objects import lift, reduce_objects

        operation, parts, fixed = self.operation, self.parts, self.fixed
        assert operation.pullback is not None
        sent = operation.pullback(_scattering(), place, upstream, self.y, parts, fixed)
        if sent is None or type(sent) is Scattered:
            return sent
        for kink in operation.kinks:
            bent = lift(_mark, 1)(kink.at(ball_arrays(), *parts, *fixed))
            sent = sent * ball_arrays().spread(bent, parts[0], *fixed)
        return as_balls(reduce_objects(sent, self.shapes[place]))


@functools.cache
def _scattering() -> Namespace:
    return scattering(ball_arrays())


def _run(rule: Rule, *numbers: Any) -> Any:
    return rule(BALLS, *numbers)


def _at_fault(value: Ball, *parts: Ball) -> bool:
    """Whether a node itself is what has no value: none of its arguments lacks one."""
    return bool(value.flags & VOIDED) and not any(part.flags & VOIDED for part in parts)


def _bends(operation: Operation, parts: list[Any]) -> list[tuple[Any, Any]]:
    """Return the kinks that numbers are at, or may be, with their sides, None if not known."""
    if any(part.flags & VOIDED for part in parts):
        return []
    endless = [bool(part.flags & INFINITE) for part in parts]
    if all(endless):
        return []
    found = []
    for kink in operation.kinks:
        at = kink.at(BALLS, *parts)
        # Beside an infinity, as in clip(x, -inf, 3), a corner is what is one for certain.
        if at is False or (any(endless) and at is not True):
            continue
        try:
            found.append((at, kink.sides(BALLS, *parts)))
        except UndecidedError:
            # Whether it has to do with an argument cannot be told: it may.
            found.append((at, None))
    return found


def _bend(operation: Operation, place: int, parts: list[Any]) -> Any:
    """1, marked where the operation has a kink that the argument has to do with."""
    for at, sides in _bends(operation, parts):
        if sides is None or (place < len(sides) and sides[place] is not None):
            return _PERHAPS if at is UNKNOWN else _AT_KINK
    return ball(1)


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
