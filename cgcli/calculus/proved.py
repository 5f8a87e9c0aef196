"""Both passes over balls: the rules of the table once more, where every digit is proved.

The conventions are those of the passes over floats. Where a node is proved to be outside its
domain, nothing that is sent through it is a number; a branch that is not taken is sent
nothing; and what passes a kink is marked, and carries its mark as it is computed with.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from cgcli.calculus.choices import taken_by
from cgcli.calculus.sweep import Sweep
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
from cgcli.numbers.certified import BALLS
from cgcli.numbers.elements import anywhere, by_element, elements, filled
from cgcli.operations.row import Operation, selected

_AT_KINK: Final = Ball(ball(1).value, ball(1).exact, BENT)
_PERHAPS: Final = Ball(ball(1).value, ball(1).exact, UNSURE)


class BallSweep(Sweep):
    """Both passes over balls, and arrays of them."""

    def __init__(self, graph: Graph, values: Any = None) -> None:
        super().__init__(graph, BALLS, values)

    def value(self, node: int, parts: list[Any]) -> Any:
        """Return a value, of which nothing is known where a decision hangs on what is not."""
        try:
            return by_element(ball, super().value(node, parts))
        except UndecidedError:
            return self.undecided(node)

    def undecided(self, node: int) -> Any:
        """Return a value of which nothing is known yet."""
        return filled(hull(VOID, 0), self.graph.shape(node))

    def send(self, node: int, places: Sequence[int], upstream: Any) -> Iterable[tuple[int, Any]]:
        """Return what a node sends: of what cannot be decided nothing is known."""
        try:
            return list(super().send(node, places, upstream))
        except UndecidedError:
            arguments = self.graph.arguments[node]
            if len(places) == 1:
                return [(places[0], self.undecided(arguments[places[0]]))]
            return [sent for place in places for sent in self.send(node, (place,), upstream)]

    def partials(self, node: int, places: Sequence[int], parts: list[Any]) -> list[Any]:
        """Return the local derivatives: none at a fault, and marked where a kink is."""
        operation, numbers = self.graph.operations[node], [self.part(node), *parts]
        partials = [
            by_element(_unless_at_fault, partial, *numbers)
            for partial in super().partials(node, places, parts)
        ]
        if operation.reaches is not None:
            # The branch beside the point is a convention where it is not the one at the point.
            return [partial * self._turns(node, parts[0]) for partial in partials]
        if not operation.kinks:
            return partials
        bends = self._bends(node)
        return [
            partial * by_element(functools.partial(_bend, place), bends)
            for place, partial in zip(places, partials, strict=True)
        ]

    def _bends(self, node: int) -> Any:
        """Return the kinks that an elementwise node is at, a list an element."""
        numbers = [self.part(place) for place in (node, *self.graph.arguments[node])]
        operation, arguments = self.graph.operations[node], self.graph.arguments[node]
        return by_element(functools.partial(_bends, operation, arguments), *numbers)

    def _turns(self, node: int, condition: Any) -> Any:
        """Return 1, marked where a choice is another one beside the point."""
        return by_element(_turned, condition, self.part(self.graph.arguments[node][0]))

    def backward(self, of: int, active: bytearray, seed: Any) -> list[Any]:
        """Return the gradients; what moves a step at its jump has passed a kink."""
        gradients = super().backward(of, active, seed)
        for node, flags in self._marks(gradients, self.needed(of)).items():
            if active[node]:
                sent = gradients[node]
                sent = filled(NOTHING, self.graph.shape(node)) if sent is None else sent
                gradients[node] = by_element(_bent, sent, flags)
        return gradients

    def _marks(self, gradients: list[Any], needed: bytearray) -> dict[int, Any]:
        """Return by node the ball flags of elements that move a step or a condition at its jump.

        Elements that move a branch which a choice leaves beside the point have them as well.
        """
        marks: dict[int, Any] = {}
        moving = self.choices.moving
        for node in range(len(needed) - 1, -1, -1):
            operation, arguments = self.graph.operations[node], self.graph.arguments[node]
            flags = 0 if operation.step else marks.get(node, 0)
            jumps = operation.jumps if gradients[node] is None else operation.step
            if jumps and operation.kinks and needed[node]:
                moves = (self.choices.movement[argument] for argument in arguments)
                moves = functools.reduce(operator.or_, moves)
                flags = flags | by_element(_flags, self._bends(node), moves)
            if operation.reaches is not None and needed[node] and self.choices.sides(node):
                turned = self._turns(node, self.asked(node)[0])
                flags = flags | by_element(lambda at: at.flags & (BENT | UNSURE), turned)
            if not anywhere(flags != 0):
                continue
            for place, argument in enumerate(arguments):
                if moving[argument]:
                    marks[argument] = marks.get(argument, 0) | self._handed(node, place, flags)
        return marks

    def _handed(self, node: int, place: int, flags: Any) -> Any:
        """Return the flags that a node's elements hand to those of an argument."""
        operation, argument = self.graph.operations[node], self.graph.arguments[node][place]
        shape = self.graph.shape(argument)
        if operation.collects:
            return flags[place] if hasattr(flags, "shape") else flags
        if operation.picks:
            within = filled(0, shape)
            within[selected(self.graph.static[node])] = flags
            return within
        if operation.elementwise and shape == self.graph.shape(node):
            return flags
        return functools.reduce(operator.or_, elements(flags))

    def needed(self, of: int) -> bytearray:
        """Return a flag a node: 1 where the value of `of` needs it, by the branches taken."""
        return taken_by(self.graph, of, self._may_be_taken)

    def _may_be_taken(self, node: int, place: int) -> bool:
        reaches = self.graph.operations[node].reaches
        if reaches is None or not place:
            return True
        parts = [self.values[argument] for argument in self.graph.arguments[node]]
        try:
            taken = reaches(BALLS, place, *parts)
        except UndecidedError:
            return True
        return any(truth is not False for truth in elements(taken))

    def local(self, node: int, place: int) -> Any:
        """Return the local derivative of an elementwise node by one argument, else None."""
        if not self.graph.operations[node].elementwise:
            return None
        parts = [self.part(argument) for argument in self.graph.arguments[node]]
        try:
            (partial,) = super().partials(node, (place,), parts)
        except UndecidedError:
            return self.undecided(node)
        # Of the node's own shape, whatever the rule returned.
        return by_element(lambda a, _: ball(a), partial, self.part(node))

    def tainted(self, node: int) -> bool:
        """Whether a value is no number in any element, or at a jump, which is to be marked."""
        value = elements(self.part(node))
        return any(elements(self._bends(node))) or any(element.flags & VOIDED for element in value)

    def deliver(self, node: int, place: int, sent: Any, reached: Any) -> Any:
        """Return a contribution where it is reached, in its argument's shape."""
        sent = sent if reached is True else by_element(_only_if, reached, sent)
        return super().deliver(node, place, sent, reached)

    def reduce(self, sent: Any, node: int, argument: int) -> Any:
        """Return a contribution in its argument's shape; None where nothing is reached."""
        if node not in self.graph.tensors:
            return sent
        reduced = by_element(ball, super().reduce(sent, node, argument))
        return None if all(element.flags & ABSENT for element in elements(reduced)) else reduced

    def pull_back(
        self, node: int, places: Sequence[int], upstream: Any
    ) -> Iterator[tuple[int, Any]]:
        """Yield what a pullback sends, marked where a kink is."""
        operation, m = self.graph.operations[node], self.book(node)
        if not operation.kinks:
            yield from super().pull_back(node, places, upstream)
            return
        (argument,), fixed = self.graph.arguments[node], self.graph.static.get(node, ())
        x = self.part(argument)
        # Elements other than the result, as those below a maximum, have no part in a corner.
        alike = by_element(operator.eq, x, m.spread(self.part(node), x, *fixed))
        marks = [by_element(_mark, kink.at(m, x, *fixed)) for kink in operation.kinks]
        bends = [m.spread(mark, x, *fixed) for mark in marks]
        for place, sent in super().pull_back(node, places, upstream):
            bent = by_element(ball, functools.reduce(operator.mul, bends, sent))
            yield place, by_element(lambda b, s, a: s if a is False else b, bent, sent, alike)


def _bends(
    operation: Operation, arguments: Sequence[int], value: Ball, *parts: Ball
) -> list[tuple[Any, Any]]:
    """Return the kinks that numbers are at, or may be, with their sides, None if not known."""
    if value.flags & VOIDED or any(part.flags & VOIDED for part in parts):
        return []
    endless = [bool(part.flags & INFINITE) for part in parts]
    if all(endless):
        return []
    bends: list[tuple[Any, Any]] = []
    for kink in operation.kinks:
        at = kink.at(BALLS, *operation.meeting(arguments, parts))
        # Beside an infinity, as in clip(x, -inf, 3), a corner is what is one for certain.
        if at is False or (any(endless) and at is not True):
            continue
        try:
            sides = kink.sides(BALLS, *parts)
            bends += [(at, sides)] if kink.bends(sides, arguments) else []
        except UndecidedError:
            # Whether it has to do with an argument cannot be told: it may.
            bends.append((at, None))
    return bends


def _bend(place: int, bends: list[tuple[Any, Any]]) -> Any:
    """1, marked where there is a kink that the argument at a place has to do with."""
    for at, sides in bends:
        if sides is None or (place < len(sides) and sides[place] is not None):
            return _PERHAPS if at is UNKNOWN else _AT_KINK
    return ball(1)


def _turned(condition: Ball, at_point: Ball) -> Ball:
    """1, marked where a choice is another one beside the point, or may be."""
    if condition is at_point or condition.flags & VOIDED:
        return ball(1)
    known = condition.exact is not None and at_point.exact is not None
    return _AT_KINK if known else _PERHAPS


def _flags(bends: list[tuple[Any, Any]], moves: Any) -> int:
    """Return the flag of kinks at an element that moves; 0 for none."""
    return 0 if not bends or not moves else BENT if any(at is True for at, _ in bends) else UNSURE


def _bent(gradient: Ball, flags: int) -> Ball:
    """A gradient with the mark of a kink, and 0 with it where none was sent."""
    if not flags:
        return gradient
    bent: Ball = ball(0) if gradient.flags & ABSENT else gradient
    bent *= _AT_KINK if flags & BENT else _PERHAPS
    return bent


def _mark(at: Any) -> Ball:
    """1, marked by whether a kink is there; what is no number has none."""
    return _AT_KINK if at is True else _PERHAPS if at is UNKNOWN else ball(1)


def _unless_at_fault(partial: Any, value: Ball, *parts: Ball) -> Ball:
    """A partial, but none of a node that has no value itself: none of its arguments lacks one."""
    fault = value.flags & VOIDED and not any(part.flags & VOIDED for part in parts)
    return VOID if fault else ball(partial)


def _only_if(reached: Any, sent: Any) -> Any:
    """What is sent where it is reached; where that is asked of what is no number, none either."""
    if reached is UNKNOWN:
        return hull(NOTHING, sent) * _PERHAPS
    return sent if reached is True else NOTHING if reached is False else sent * VOID
