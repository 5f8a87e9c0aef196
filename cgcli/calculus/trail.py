"""What a backward pass meets on its way, for the notes."""

from __future__ import annotations

from typing import Any


class Trail:
    """What a backward pass met: the faults it went through, and the masks it carried.

    A mask flags the elements of a node that a gradient reached; where there is none, all are, or
    some were picked without `marks` and the pass is `scattered`.
    """

    __slots__ = ("crossed", "marks", "masks", "scattered")

    def __init__(self, *, marks: bool = False) -> None:
        self.crossed: set[int] = set()
        self.masks: dict[int, Any] = {}
        self.marks = marks
        self.scattered = False
