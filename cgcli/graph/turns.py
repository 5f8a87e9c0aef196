"""Which turns of which loops each node was made in: runs of nodes."""

from __future__ import annotations

import bisect
from array import array
from typing import TypeAlias

Around: TypeAlias = tuple[tuple[str, int], ...]
"""The variables and values of turns, outermost first."""


class Turns:
    """The turns of loops and list comprehensions, by the place of their first node.

    >>> turns = Turns()
    >>> turns.enter(5, (("t", 0),))
    >>> turns.enter(8, (("t", 1),))
    >>> turns.enter(11, ())
    >>> turns.of(4), turns.of(9), turns.of(11), turns.now
    ((), (('t', 1),), (), ())
    """

    __slots__ = ("_around", "_firsts")

    def __init__(self) -> None:
        # A run of nodes each: its first node, and the turns that it is made in.
        self._firsts = array("q")
        self._around: list[Around] = []

    @property
    def now(self) -> Around:
        """The turns that the node which is appended next is made in."""
        return self._around[-1] if self._around else ()

    def enter(self, node: int, around: Around) -> None:
        """Begin a run of nodes with the one that is appended next."""
        self._firsts.append(node)
        self._around.append(around)

    def of(self, node: int) -> Around:
        """Return the variables and values of the turns a node was made in, outermost first."""
        run = bisect.bisect_right(self._firsts, node) - 1
        return self._around[run] if run >= 0 else ()
