"""The notes on kinks: where a node was differentiated that has no derivative there.

An element that does not move, with what is differentiated by, is at no kink.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from cgcli.calculus.kind import Kind
from cgcli.calculus.notes import (
    Note,
    elements_in_words,
    kink_words,
    merged,
    note_on,
    shown,
    sides_in_words,
)
from cgcli.calculus.result import Result
from cgcli.errors import excerpt
from cgcli.graph.graph import Graph, element
from cgcli.numbers import real
from cgcli.numbers.elements import anywhere
from cgcli.operations.row import Kink, Shape
from cgcli.words import Message, joined


class Motion:
    """What moves with what is differentiated by, by the branches that are taken.

    Where all elements are alike and no branch is left out, it is known by node.
    """

    def __init__(self, result: Result) -> None:
        self._graph, self._result = result.graph, result

    @functools.cached_property
    def _parted(self) -> bool:
        graph = self._graph
        return bool(graph.tensors) or any(row.reaches for row in graph.operations)

    @functools.cached_property
    def _reached(self) -> dict[int, Any]:
        import numpy as np

        from cgcli.calculus.tangents import Reach

        result, graph = self._result, self._graph
        seeds = {source: np.ones((1, *graph.shape(source))) for source in result.sources.values()}
        sweep = Reach(graph, result.doubles(), result.choices.moving, result.choices)
        reached = sweep.sweep(result.of, seeds) if seeds else {}
        return {node: flags[0] != 0 for node, flags in reached.items()}

    def only(self, node: int, numbers: Any) -> Any:
        """Return numbers of a node's shape, with 1 for those of elements that do not move."""
        if node not in self._graph.tensors or node not in self._reached:
            return numbers
        import numpy as np

        return np.where(self._reached[node], numbers, 1.0)

    def of_arguments(self, node: int) -> list[Any]:
        """Return which arguments of a node move, of an elementwise one in the node's shape."""
        graph, arguments = self._graph, self._graph.arguments[node]
        if not self._parted or not graph.operations[node].elementwise:
            return [bool(self._result.choices.moving[argument]) for argument in arguments]
        import numpy as np

        flags = (self._reached.get(argument, np.False_) for argument in arguments)
        return [np.broadcast_to(flag, graph.shape(node)) for flag in flags]

    def limited(self, node: int, at: Any) -> Any:
        """Return where flags are true at elements that move.

        An operation on an array as a whole is at a kink by the elements that are as its result
        is: the greatest of them, or all that are 0.
        """
        if not anywhere(at) or not self._parted:
            return at
        if self._graph.operations[node].elementwise:
            return at & functools.reduce(operator.or_, self.of_arguments(node))
        import numpy as np

        (argument,), doubles = self._graph.arguments[node], self._result.kind.doubles
        moves = self._reached.get(argument, np.False_)
        x, y = (doubles(self._result.values[place]) for place in (argument, node))
        return at & bool((moves & np.isin(x, y)).any())


def _bent(graph: Graph) -> list[int]:
    """Return the nodes that have a kink somewhere."""
    return [node for node, operation in enumerate(graph.operations) if operation.kinks]


def kinks(result: Result, reached: list[Any]) -> dict[int, list[Note]]:
    """Return the notes on what was differentiated where it has no derivative.

    `reached` has what a gradient came through.
    """
    graph, kind = result.graph, result.kind
    notes: dict[int, list[Note]] = {}
    ties: dict[int, Any] = {}
    motion = Motion(result)
    at_point = result.values
    for node in graph.once(_bent):
        operation = graph.operations[node]
        if not (reached[node] is not None or operation.jumps):
            continue
        sent = reached[node] is not None and not operation.step
        arguments = graph.arguments[node]
        if not any(result.choices.moving[a] for a in arguments):
            # What moves by steps alone is constant beside the point, but for their jumps.
            continue
        parts = [at_point[a] for a in arguments]
        apart = _meeting(graph, node, parts)
        for kink in operation.kinks:
            moves = kink.of is None or result.choices.moving[arguments[kink.of]]
            if not (moves and (sent or kink.jump or operation.step)):
                continue
            at = kind.holds(graph, node, kink.at, apart)
            if at is False or not anywhere(at := motion.limited(node, at)):
                continue
            if not sent:
                ties[node] = at
                continue
            mask = result.trail.masks.get(node)
            if mask is not None and not anywhere(at := at & mask):
                continue
            moving = motion.of_arguments(node)
            places: Iterable[_Place] = [_Place(parts, moving, None)]
            if node in graph.tensors and operation.elementwise:
                places = _kinks_in_array(graph.shape(node), at, parts, moving, kind)
            for place in places:
                note = _kink_note(graph, node, kink, place, kind)
                if note is not None:
                    notes.setdefault(node, []).append(note)
                    break
    if not ties:
        return notes
    from cgcli.calculus.boundary import boundary

    return merged(notes, boundary(result, ties, reached))


def _meeting(graph: Graph, node: int, parts: list[Any]) -> Sequence[Any]:
    """Return what of a node's arguments may meet at a corner: nothing twice that stands twice."""
    operation, arguments = graph.operations[node], graph.arguments[node]
    if operation.elementwise:
        return operation.meeting(arguments, parts)
    listed = arguments[0]
    if not graph.operations[listed].collects or arguments[1:] or graph.static.get(node):
        return parts
    import numpy as np

    apart = {element(graph, listed, i): parts[0][i] for i in np.ndindex(graph.shape(listed))}
    return [np.array(list(apart.values()))]


class _Place(NamedTuple):
    """The arguments where a node is at a kink, whether they move, and flags for all such places."""

    parts: list[Any]
    moves: Sequence[Any]
    flags: Any


def _kinks_in_array(
    shape: Shape, flags: Any, parts: list[Any], moves: list[Any], kind: Kind
) -> Iterator[_Place]:
    """Yield the elements that are at a kink, each with flags for those from there on.

    What does not move may have no part in the kink at the first: mod(0, x) is 0 for every x.
    """
    import numpy as np

    at = np.array(np.broadcast_to(np.asarray(flags), shape))
    columns = [np.broadcast_to(np.asarray(part), shape)[at] for part in (*parts, *moves)]
    tried = set[tuple[Any, ...]]()
    for place, *numbers_there in zip(map(tuple, np.argwhere(at)), *columns, strict=True):
        numbers = tuple(map(kind.plain, numbers_there[: len(parts)]))
        key = (*numbers, *numbers_there[len(parts) :])
        if key not in tried:
            yield _Place(list(numbers), numbers_there[len(parts) :], at)
            tried.add(key)
        at[place] = False


def _kink_note(graph: Graph, node: int, kink: Kink, place: _Place, kind: Kind) -> Note | None:
    parts = place.parts
    operation = graph.operations[node]
    if operation.elementwise:
        sides = kink.sides(real.CAREFUL, *map(real.Careful, map(kind.doubles, parts)))
        y = kind.spread(operation.value, parts)
    else:
        sides = kink.sides(real.CAREFUL, *parts)
    if not kink.bends(sides, graph.arguments[node]):
        return None
    slopes: dict[str, tuple[float | None, float | None]] = {}
    words: list[Message] = []
    for k, argument in enumerate(graph.arguments[node]):
        pair = sides[k] if k < len(sides) else None
        if pair is None or not place.moves[k]:
            continue
        left, right = (None if side is None else float(side) for side in pair)
        name = graph.names[argument]
        slopes[name] = (left, right)
        if operation.elementwise:
            used = kind.doubles(kind.spread(operation.partial(k), [y, *parts]))
            words.append(slope_words(name, left, right, used))
        else:
            words.append(Message("by such an element {sides}", sides=sides_in_words(left, right)))
    if not slopes:
        return None
    message = kinked_words(graph, node, kink, elements_in_words(place.flags), words)
    return note_on(graph, node, "kink", message, slopes)


def slope_words(name: str, left: Any, right: Any, used: Any) -> Message:
    """Say what the derivative by an argument is from both sides, and what is used for it."""
    sides = sides_in_words(left, right)
    return Message(
        "by {name} {sides}, and {used:g} is used", name=excerpt(name), sides=sides, used=used
    )


def kinked_words(
    graph: Graph, node: int, kink: Kink, where: Message | str, words: list[Message]
) -> Message:
    """Say that a node is at a kink, and the words for its derivatives."""
    return Message(
        "{formula} has {what}{where}: the derivative {sides}",
        formula=shown(graph, node),
        what=kink_words(graph, node, kink),
        where=where,
        sides=joined(words),
    )
