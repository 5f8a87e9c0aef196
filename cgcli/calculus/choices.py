"""Choices at their boundary: where a condition changes with what is differentiated by.

A comparison ties where its sides are equal and one of them moves: it depends on what is
differentiated by otherwise than through steps. `where` sends its gradient to the branch that is
taken. But an equality holds at a point alone, and where both branches have one value there, the
other branch is the function all about it: that one is sent the gradient.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from cgcli.graph.graph import Graph
from cgcli.numbers.elements import anywhere, elements
from cgcli.numbers.missing import NoValue
from cgcli.operations.protocol import Number, Rulebook


def decided_beside(
    m: Rulebook, c: Number, a: Number, b: Number, left: Number, right: Number, *still: Number
) -> Number:
    """Return the condition of a choice as its gradient asks for it, of an equality's sides.

    It is turned at a tie where the branches are equal, or the one that is not taken is NaN.
    Away from a tie neither branch is looked at: it may have no value. Where sides stand `still`,
    which is 1 there and 0 elsewhere, if that is stated, is no tie.
    """
    # A ball plus 0 is another ball, and no longer known to equal the first.
    right = right + still[0] if still else right
    tie, turned = left == right, m.truth(c == 0)
    a, b = m.where(tie, a, 0), m.where(tie, b, 0)
    other = m.where(c != 0, b, a)
    apart = m.where(other == other, c, turned)
    return m.where(tie, m.where(a == b, turned, apart), c)


def _stacked(numbers: Any, m: Rulebook) -> Number:
    """Return a vector or a matrix of numbers."""
    rows = [m.stack(*map(m.number, row)) for row in numbers.reshape(-1, numbers.shape[-1])]
    return m.stack(*rows) if numbers.ndim > 1 else rows[0]


def takes(graph: Graph, values: Sequence[Any], node: int, place: int) -> bool:
    """Whether a node takes an argument: each but a branch that is chosen for no element."""
    reaches = graph.operations[node].reaches
    if reaches is None or not place:
        return True
    return anywhere(reaches(None, place, *(values[a] for a in graph.arguments[node])))


def taken_by(graph: Graph, of: int, is_taken: Callable[[int, int], bool]) -> bytearray:
    """Return a flag a node: 1 where `of` comes from it, by arguments that are taken.

    `is_taken(node, place)` tells whether a node takes the argument at a place.
    """
    flags = bytearray(len(graph))
    flags[of] = 1
    for node in range(of, -1, -1):
        if flags[node]:
            for place, argument in enumerate(graph.arguments[node]):
                if not flags[argument] and is_taken(node, place):
                    flags[argument] = 1
    return flags


class Choices:
    """The choices of a graph that may turn, for what is differentiated by.

    `active` flags what depends on that; what has no active argument itself is what is
    differentiated by.

    >>> from cgcli.program import parse
    >>> graph = parse("where(floor(x) == y, 1, x)").graph()
    >>> Choices(graph, graph.dependents([0])).sides(graph.output) is None
    True
    >>> Choices(graph, graph.dependents(graph.inputs.values())).sides(graph.output)
    (1, 2)
    """

    def __init__(self, graph: Graph, active: bytearray | None) -> None:
        self._graph = graph
        self.active = active

    @functools.cached_property
    def moving(self) -> bytearray:
        """A flag a node: 1 where it depends on what is differentiated by, not through steps."""
        active, graph = self.active or bytearray(len(self._graph)), self._graph
        moving = bytearray(len(graph))
        for node, arguments in enumerate(graph.arguments):
            if active[node]:
                moving[node] = not any(active[a] for a in arguments) or (
                    not graph.operations[node].step and any(moving[a] for a in arguments)
                )
        return moving

    def sides(self, node: int) -> tuple[int, int] | None:
        """Return the sides of the equality by which a node chooses, where one of them moves."""
        graph = self._graph
        if self.active is None or graph.operations[node].reaches is None:
            return None
        condition = graph.arguments[node][0]
        while graph.operations[condition].identity:
            (condition,) = graph.arguments[condition]
        if not graph.operations[condition].equates:
            return None
        left, right = graph.arguments[condition]
        return (left, right) if self.moving[left] or self.moving[right] else None

    @functools.cached_property
    def movement(self) -> list[Any]:
        """By node flags of the elements that move; the 1 of [1, x] does not. A scalar has one flag.

        All elements of a result that mixes elements move if one of its arguments does.
        """
        import numpy as np

        from cgcli.numbers.arrays import ARRAYS

        graph = self._graph
        movement: list[Any] = []
        for node, arguments in enumerate(graph.arguments):
            row, shape = graph.operations[node], graph.shape(node)
            moves: Any = self.moving[node] != 0
            parts = [movement[argument] for argument in arguments]
            if moves and row.collects:
                moves = np.reshape(parts, shape)
            elif moves and row.picks:
                moves = ARRAYS.index(parts[0], *graph.static[node])
            elif moves and parts and row.elementwise:
                moves = functools.reduce(np.logical_or, parts)
            movement.append(np.broadcast_to(moves, shape) if shape else bool(moves))
        return movement

    def _still(self, sides: tuple[int, int]) -> list[Any]:
        """Return where none of the sides moves, if that is anywhere."""
        if not any(map(self._graph.shape, sides)):
            return []
        left, right = (self.movement[side] for side in sides)
        moves = left | right
        return [] if moves.all() else [1.0 - moves]

    def asked(
        self, node: int, parts: list[Any], part: Callable[[int], Any], run: Callable[..., Any]
    ) -> list[Any]:
        """Return the arguments of a choice as its gradient asks for them.

        `part` has the value of a node, and `run` the result of a rule.
        """
        sides = self.sides(node)
        if sides is None:
            return parts
        still = [run(functools.partial(_stacked, numbers)) for numbers in self._still(sides)]
        return [run(decided_beside, *parts, *map(part, sides), *still), *parts[1:]]

    def beside(self, values: Any, node: int, spread: Callable[..., Any]) -> Any:
        """Return the nodes' values as the local derivatives of one node ask for them.

        They are the values themselves unless the node is a choice that turns. `spread` has the
        result of a rule over numbers and arrays.
        """
        turned = self.turned(values, node, spread)
        if turned is None:
            return values
        condition, *branches = self._graph.arguments[node]
        return {**{place: values[place] for place in (node, *branches)}, condition: turned[0]}

    def turned(self, values: Any, node: int, spread: Callable[..., Any]) -> tuple[Any, Any] | None:
        """Return the condition of a choice beside the point, and where it is another one there.

        None where it is the same throughout, or not known.
        """
        sides, arguments = self.sides(node), self._graph.arguments[node]
        if sides is None:
            return None
        numbers = [*(values[place] for place in (*arguments, *sides)), *self._still(sides)]
        decided = spread(decided_beside, numbers)
        if any(isinstance(element, NoValue) for element in elements(decided)):
            return None
        at = (decided != 0) != (values[arguments[0]] != 0)
        return (decided, at) if anywhere(at) else None
