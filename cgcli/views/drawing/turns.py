"""The turns of a loop, which stand side by side: in columns or rows of their own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from cgcli.views.drawing.scene import Scene

_MOST: Final = 24
"""So many turns that need nothing of one another have rows of their own, at most."""


class Turn(NamedTuple):
    """One turn of a loop: what its variable is, and the shapes that were made in it."""

    variable: str
    value: int
    shapes: list[int]

    @property
    def words(self) -> str:
        """The turn as it is written beside it."""
        return f"{self.variable} = {self.value}"


class Loops(NamedTuple):
    """The outermost loops of a scene.

    In `sequences` each turn takes something from the one before; in `lists` none needs another.
    """

    sequences: list[list[Turn]]
    lists: list[list[Turn]]


def loops(scene: Scene) -> Loops:
    """Return the loops whose turns are to be told apart.

    Where inputs are repeated those of a turn are among its shapes.
    """
    sources: list[set[int]] = [set() for _ in scene.shapes]
    for arrow in scene.arrows:
        sources[arrow.target].add(arrow.source)

    def follows(before: Turn, after: Turn) -> bool:
        made = set(before.shapes)
        return any(sources[shape] & made for shape in after.shapes)

    outermost = Loops([], [])
    for turns in _outermost(scene):
        links = [follows(*pair) for pair in pairwise(turns)]
        if links and all(links):
            outermost.sequences.append(turns)
        elif links and not any(links) and min(len(turn.shapes) for turn in turns) > 1:
            outermost.lists.append(turns)
    if outermost.sequences or sum(map(len, outermost.lists)) > _MOST:
        # Rows through all columns would say nothing.
        outermost.lists.clear()
    if scene.repeats:
        _take_inputs(scene, [*outermost.sequences, *outermost.lists])
    return outermost


def _take_inputs(scene: Scene, outermost: list[list[Turn]]) -> None:
    """Add to each turn the inputs that it alone uses."""
    turn_of = {shape: turn for turns in outermost for turn in turns for shape in turn.shapes}
    users: dict[int, list[int]] = {}
    for arrow in scene.arrows:
        users.setdefault(arrow.source, []).append(arrow.target)
    for shape, targets in users.items():
        turn, *others = (turn_of.get(target) for target in targets)
        is_alone = all(other is turn for other in others)
        if turn and is_alone and not scene.shapes[shape].is_operation:
            turn.shapes.append(shape)


def _outermost(scene: Scene) -> Iterator[list[Turn]]:
    """Yield the turns of every outermost loop, in order."""
    turns: list[Turn] = []
    for number, shape in enumerate(scene.shapes):
        if not shape.turn:
            continue
        variable, value = shape.turn[0]
        if turns and (variable, value) == turns[-1][:2]:
            turns[-1].shapes.append(number)
            continue
        if turns and (variable != turns[-1].variable or value <= turns[-1].value):
            yield turns
            turns = []
        turns.append(Turn(variable, value, [number]))
    if turns:
        yield turns
