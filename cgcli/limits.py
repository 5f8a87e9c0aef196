"""The limits that keep hostile or mistaken input from taking the machine."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Limits"]


class Limits(NamedTuple):
    """How deep brackets may nest, how many nodes a graph, and how many numbers it may hold.

    `bits` is how long the numerator or the denominator of an exact number may be.

    >>> Limits()
    Limits(depth=10000, nodes=5000000, numbers=50000000, bits=1000000)
    """

    depth: int = 10_000
    nodes: int = 5_000_000
    numbers: int = 50_000_000
    bits: int = 1_000_000
