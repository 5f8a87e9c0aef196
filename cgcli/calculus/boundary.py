"""The notes on choices at their boundary: what the output is beside the point, where that differs.

A comparison that ties, or a step at its jump, need not show in the output. Where every side
has the value that is printed, and the slope that the printed gradient says, nothing is noted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cgcli.calculus.choices import taken_by, takes
from cgcli.calculus.floats import spread
from cgcli.calculus.notes import Note, elements_in_words, kink_words, note_on, shown, sides_in_words
from cgcli.calculus.result import Result
from cgcli.errors import excerpt
from cgcli.words import Message, joined

if TYPE_CHECKING:
    from cgcli.calculus.beside import Way

_SAME: Final = 1e-9
_ROUNDING: Final = 1e-13
_LEAST: Final = 2.0**-1070
"""Numbers so small differ by their rounding."""
_NOTED: Final = 20
"""How many places a note is made for."""
_SPOKEN: Final = 3
"""How many elements a note speaks of."""

Sides = tuple[float | None, float | None]


def boundary(result: Result, ties: Mapping[int, Any], reached: list[Any]) -> dict[int, list[Note]]:
    """Return by node the notes on the steps and choices that show in the output.

    `ties` has by node where a step jumps that moves, a flag or an array of them, and `reached`
    what a gradient came through.
    """
    graph, values = result.graph, result.doubles()

    def is_taken(node: int, place: int) -> bool:
        argument = graph.arguments[node][place]
        return reached[argument] is not None or takes(graph, values, node, place)

    # What the output comes from, by a branch or a condition.
    taken = taken_by(graph, result.of, is_taken)
    ties = {node: at for node, at in ties.items() if taken[node]}
    if not ties:
        return {}
    from cgcli.calculus import beside
    from cgcli.numbers.arrays import quiet

    places = {**_turned(result, values), **ties}
    elements = beside.elements_that_move(graph, values, result.choices, places)
    if not elements:
        return {}
    ways = beside.ways_beside(graph, values, result.of, elements, result.sources.values())
    first = next(iter(ties))
    if ways is None:
        words = Message(
            "whether {output} jumps or bends there was not looked at: too much depends on it",
            output=excerpt(result.output),
        )
        return {first: [_note(result, first, ties[first], words, None)]}
    with quiet():
        sizes = beside.sizes_sent(graph, values, result.of, result.choices)
        differing = _differing(result, ways, sizes)
    if not differing:
        return {}
    said: dict[int, list[_Difference]] = {}
    for node, at in islice(ties.items(), _NOTED):
        moved = {*beside.elements_that_move(graph, values, result.choices, {node: at})}
        said[node] = [gap for gap in differing if not moved.isdisjoint(gap.direction)]
    spoken_of = {*chain.from_iterable(said.values())}
    # Along what moves no tie, the branch that a choice turned to may differ.
    said[first] += [gap for gap in differing if gap not in spoken_of]
    return {
        node: [_note(result, node, ties[node], *_said(result, here))]
        for node, here in said.items()
        if here
    }


def _turned(result: Result, values: list[Any]) -> dict[int, Any]:
    """Return the branches of choices whose gradient goes to the other branch, and where it does."""
    from cgcli.numbers.arrays import reduce_to

    graph, choices = result.graph, result.choices
    branches: dict[int, Any] = {}
    for node, arguments in enumerate(graph.arguments):
        turned = choices.turned(values, node, spread)
        if turned is not None:
            for branch in arguments[1:]:
                if choices.moving[branch]:
                    branches[branch] = reduce_to(turned[1] * 1.0, graph.shape(branch)) != 0
    return branches


class _Difference(NamedTuple):
    """A direction in which the output is not what the point's value and gradient say.

    `here` is the value, `used` the printed derivative, `ends` are the values beside, and `slopes`
    the one-sided derivatives, the left one first; None is what is not there, or not known.
    """

    name: str
    direction: tuple[Any, ...]
    here: float
    used: float
    ends: Sides
    slopes: Sides

    def words(self, output: str) -> Message:
        """Return what is on both sides of an output's name."""
        if all(end is None or _same(end, self.here) for end in self.ends):
            return Message(
                "the derivative of {output} by {name} {sides}, and {used:g} is used",
                output=output,
                name=self.name,
                sides=sides_in_words(*self.slopes),
                used=self.used,
            )
        return Message(
            "along {name}, {output} is {left} on the left, {here:g} here, {right} on the right",
            name=self.name,
            output=output,
            left=_value_in_words(self.ends[0]),
            here=self.here,
            right=_value_in_words(self.ends[1]),
        )


def _value_in_words(value: float | None) -> Message:
    return Message("without a value") if value is None else Message("{value:g}", value=value)


def _same(a: float, b: float, rounding: float = 0.0) -> bool:
    largest = max(abs(a), abs(b))
    return a == b or (largest < math.inf and abs(a - b) <= _SAME * largest + rounding + _LEAST)


def _differing(result: Result, ways: list[Way], sizes: list[Any]) -> list[_Difference]:
    """Return the directions in which the output differs; of an array, by its first element.

    `sizes` are by node those of what slopes are added up from: their rounding shows in a slope.
    """
    import numpy as np

    shape = result.graph.shape(result.of)
    at_point = np.asarray(result.kind.doubles(result.values[result.of]), dtype=float)
    printed = result.jacobian or result.gradient or {}
    slopes: dict[int, Any] = {
        node: np.asarray(result.kind.doubles(printed[name]))
        for name, node in result.sources.items()
    }
    differences: list[_Difference] = []
    for way in ways:
        steps = way.direction.items()
        along = sum(step * slopes[node][(..., *index)] for (node, index), step in steps)
        used = np.broadcast_to(along, shape)
        added = [
            abs(step) * (sizes[node][index] if index else sizes[node])
            for (node, index), step in steps
            if sizes[node] is not None
        ]
        rounding = _ROUNDING * float(sum(size for size in added if size - size == 0))
        for index in np.ndindex(shape):
            here = float(at_point[index]) + 0.0
            one = _difference(result, way, index, here, float(used[index]), rounding)
            if one is not None:
                differences.append(one)
                break
    # What shows along an element shows along all of them together, too.
    return [one for one in differences if len(one.direction) == 1] or differences


def _difference(
    result: Result, way: Way, index: tuple[int, ...], here: float, used: float, rounding: float
) -> _Difference | None:
    """Return what differs of one element of the output along a direction; None for nothing."""
    ends, slopes = way.values[index].tolist(), way.slopes[index].tolist()
    for side, value in enumerate(ends):
        if value != value:
            slopes[side] = math.nan
        elif slopes[side] == slopes[side] and not _same(value, here):
            slopes[side] = math.inf if (2 * side - 1) * (value - here) > 0 else -math.inf
    # Where all is one infinity no slope is known, and none is missed.
    endless = abs(here) == math.inf and all(end == here for end in ends)
    if endless or all(_same(slope, used, rounding) for slope in slopes):
        return None
    names = [
        excerpt(result.graph.names[node]) + (f"[{', '.join(map(str, place))}]" if place else "")
        for node, place in way.direction
    ]
    name = ", ".join(names if len(names) <= _SPOKEN else [*names[:_SPOKEN], "…"])
    return _Difference(name, tuple(way.direction), here, used, _sides(ends), _sides(slopes))


def _sides(numbers: list[float]) -> Sides:
    left, right = (None if number != number else number for number in numbers)
    return left, right


def _said(result: Result, differing: list[_Difference]) -> tuple[Message, dict[str, Sides]]:
    """Return the words for what is beside the point, and the one-sided derivatives by name."""
    words = joined([gap.words(excerpt(result.output)) for gap in differing[:_SPOKEN]])
    if len(differing) > _SPOKEN:
        words = Message("{first} and {count} more", first=words, count=len(differing) - _SPOKEN)
    return words, {gap.name: gap.slopes for gap in differing}


def _note(
    result: Result, node: int, at: Any, words: Message, slopes: dict[str, Sides] | None
) -> Note:
    import numpy as np

    graph, rows = result.graph, result.graph.operations[node].kinks
    kink = next((row for row in rows if row.jump), rows[0])
    message = Message(
        "{formula} has {what}{where}: {sides}",
        formula=shown(graph, node),
        what=kink_words(graph, node, kink),
        where=elements_in_words(np.broadcast_to(np.asarray(at), graph.shape(node))),
        sides=words,
    )
    return note_on(graph, node, "kink", message, slopes)
