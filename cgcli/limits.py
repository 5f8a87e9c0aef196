"""The limits that keep hostile or mistaken input from taking the machine."""

from __future__ import annotations

import os
from typing import Final, NamedTuple

MOST_NODES: Final = 10**9
"""What a limit on nodes, and on how deep brackets nest, may be raised to."""

MOST_BITS: Final = 10**7
"""What a limit on the bits of a number may be raised to: one product of such takes a second."""

MOST_PRECISION: Final = 10**6
MOST_DIGITS: Final = 10_000
"""The most digits that are proved of a number."""
"""What the bits that a proof may take may be raised to."""

MOST_COUNT: Final = 2**63 - 1
"""The greatest count that an option takes: what a machine's word holds."""

THREADS: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""The variables that say how many threads the libraries of matrices have."""


def one_thread() -> None:
    """Let these libraries have one thread, where they are not loaded yet.

    Products of a few rows are too small for threads, which under load wait for each other; and
    as many threads everywhere give the same bits everywhere.
    """
    for variable in THREADS:
        os.environ.setdefault(variable, "1")


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
