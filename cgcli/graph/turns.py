"""Which turns of which loops each node was made in: runs of nodes, a few bytes a turn."""

from __future__ import annotations

import bisect
from array import array


class Turns:
    """The turns of loops and list comprehensions, by the place of their first node.

    >>> turns = Turns()
    >>> outer = turns.open("t")
    >>> turns.start(5, outer, 0)
    >>> turns.start(8, outer, 1)
    >>> turns.close(11, outer)
    >>> turns.of(4), turns.of(9), turns.of(11)
    ((), (('t', 1),), ())
    """

    __slots__ = ("_firsts", "_inner", "_loops", "_values")

    def __init__(self) -> None:
        # A run of nodes each: its first node, the loop it is a turn of, and the turn's value.
        self._firsts = array("q")
        self._inner = array("i")
        self._values = array("q")
        # A loop each: its variable, and the run that it was opened in, -1 for none.
        self._loops: list[tuple[str, int]] = []

    def open(self, variable: str) -> int:
        """Enter a loop and return its number."""
        self._loops.append((variable, len(self._firsts) - 1))
        return len(self._loops) - 1

    def start(self, node: int, loop: int, value: int) -> None:
        """Begin a turn of a loop with the node that is appended next."""
        self._firsts.append(node)
        self._inner.append(loop)
        self._values.append(value)

    def close(self, node: int, loop: int) -> None:
        """Leave a loop before the node that is appended next."""
        _, outer = self._loops[loop]
        self._firsts.append(node)
        self._inner.append(self._inner[outer] if outer >= 0 else -1)
        self._values.append(self._values[outer] if outer >= 0 else 0)

    def of(self, node: int) -> tuple[tuple[str, int], ...]:
        """Return the variables and values of the turns a node was made in, outermost first."""
        run = bisect.bisect_right(self._firsts, node) - 1
        turns: list[tuple[str, int]] = []
        while run >= 0 and self._inner[run] >= 0:
            variable, outer = self._loops[self._inner[run]]
            turns.append((variable, self._values[run]))
            run = outer
        return tuple(reversed(turns))
