"""The turns of a loop, which stand side by side: in columns or rows of their own."""

from __future__ import annotations

from itertools import chain, groupby, pairwise
from operator import itemgetter
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


def loops(scene: Scene, sources: list[list[int]], users: list[list[int]]) -> Loops:
    """Return the loops whose turns are to be told apart.

    Where inputs are repeated those of a turn are among its shapes.
    """
    outermost = Loops([], [])
    for turns in _outermost(scene):
        links = [
            not set(before.shapes).isdisjoint(chain(*(sources[shape] for shape in after.shapes)))
            for before, after in pairwise(turns)
        ]
        if links and all(links):
            outermost.sequences.append(turns)
        elif links and not any(links) and min(len(turn.shapes) for turn in turns) > 1:
            outermost.lists.append(turns)
    if outermost.sequences or sum(map(len, outermost.lists)) > _MOST:
        # Rows through all columns would say nothing.
        outermost.lists.clear()
    if scene.repeats:
        every = list(chain(*outermost.sequences, *outermost.lists))
        turn_of = {shape: turn for turn in every for shape in turn.shapes}
        for shape, targets in enumerate(users):
            owners = [turn_of.get(target) for target in targets]
            is_alone = all(owner is owners[0] for owner in owners)
            if owners and owners[0] and is_alone and not scene.shapes[shape].is_operation:
                owners[0].shapes.append(shape)
    return outermost


def _outermost(scene: Scene) -> list[list[Turn]]:
    """Return the turns of every outermost loop, in order."""
    made = ((shape.turn[0], number) for number, shape in enumerate(scene.shapes) if shape.turn)
    outermost: list[list[Turn]] = []
    for (variable, value), group in groupby(made, key=itemgetter(0)):
        turn = Turn(variable, value, [number for _, number in group])
        before = outermost[-1][-1] if outermost else turn
        if before.variable == variable and before.value < value:
            outermost[-1].append(turn)
        else:
            outermost.append([turn])
    return outermost
