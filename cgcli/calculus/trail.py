"""What a backward pass meets on its way, for the notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Trail:
    """What a backward pass meets: nodes at fault, and the masks that it carries.

    `faults` are the nodes outside their domain, True or for an array the mask of the elements
    that are: what goes through them is never finite. The pass adds those that it `crossed`. A
    mask flags the elements of a node that a gradient reached; where there is none, all are, or
    some were picked without `marks` and the pass is `scattered`.
    """

    __slots__ = ("crossed", "faults", "marks", "masks", "scattered")

    def __init__(
        self,
        faults: dict[int, Any] | None = None,
        masks: Mapping[int, Any] | None = None,
        *,
        marks: bool = False,
    ) -> None:
        self.faults = faults or {}
        self.masks = dict(masks or {})
        self.crossed: set[int] = set()
        self.marks = marks
        self.scattered = False
