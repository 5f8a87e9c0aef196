"""Recursion of any depth: generators that yield what they go into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

Steps: TypeAlias = Iterator["Steps"]
"""What yields others like it, each of which is run to its end before it goes on."""


def descend(steps: Steps) -> None:
    """Run steps, and what they yield, to the end.

    >>> def depth(nested, level=1):
    ...     if not nested:
    ...         print(level)
    ...     for inner in nested:
    ...         yield depth(inner, level + 1)
    >>> descend(depth([[[]], []]))
    3
    2
    """
    running = [steps]
    while running:
        inner = next(running[-1], None)
        if inner is None:
            running.pop()
        else:
            running.append(inner)
