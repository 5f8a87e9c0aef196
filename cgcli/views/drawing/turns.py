"""The turns of a loop that goes on from one to the next, which stand in columns side by side."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from cgcli.views.drawing.scene import Scene


class Turn(NamedTuple):
    """One turn of a loop: what its variable is, and the shapes that were made in it."""

    variable: str
    value: int
    shapes: list[int]

    @property
    def words(self) -> str:
        """The turn as it is written above its columns."""
        return f"{self.variable} = {self.value}"


def recurrences(scene: Scene) -> list[list[Turn]]:
    """Return the loops each of whose turns takes something from the one before.

    Turns that need nothing of one another, as those of a list, stand where they are needed.
    """
    sources: list[set[int]] = [set() for _ in scene.shapes]
    for arrow in scene.arrows:
        sources[arrow.target].add(arrow.source)

    def follows(before: Turn, after: Turn) -> bool:
        made = set(before.shapes)
        return any(sources[shape] & made for shape in after.shapes)

    return [
        turns
        for turns in _loops(scene)
        if len(turns) > 1 and all(follows(*pair) for pair in pairwise(turns))
    ]


def _loops(scene: Scene) -> Iterator[list[Turn]]:
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
