"""Every way to ask gives the oracle's answer: random programs, at points that are chosen to hurt.

`pytest tests/concordance -k eval` runs one way, `-k "eval and boundary"` one kind of point. A
difference is shown as a command line; `python -m tests.concordance --help` looks for more.
"""

from __future__ import annotations

import functools
from collections import Counter

import pytest

from tests.concordance.__main__ import as_command
from tests.concordance.agreement import NATURES, Difference
from tests.concordance.concord import compare
from tests.concordance.ways import WAYS, Way

CHEAP = ("eval", "vectors", "function", "rows", "exact")
POINTS = 8
PROGRAMS = {
    "eval": 2000, "vectors": 500, "function": 500, "rows": 500, "exact": 500, "command": 40,
    "exact command": 40, "verify": 40, "precision": 40, "trace": 40, "check": 40, "formulas": 40,
    "python": 40, "numpy": 40, "draw": 10, "map csv": 80, "map jsonl": 80, "map parquet": 20,
    "train": 10, "predict": 15,
}  # fmt: skip
"""How many programs each way is asked; every one of them at eight points."""
IN_DOUBT = 0.03
"""At most this part of the points may be decided by rounding, and so not be compared."""
OPEN = 0.10
"""At most this part of the numbers may be left open."""
LONG_PROGRAMS, LONG_POINTS, LONG_BLOCK = 100_000, 10, 500


@functools.cache
def found(way: str) -> tuple[list[Difference], Counter[str]]:
    """The differences of a way, and how much was compared."""
    counts: Counter[str] = Counter()
    chosen = [row for row in WAYS if row.name == way]
    first = 1 if way in CHEAP else 10_000
    differences = []
    for seed in range(first, first + PROGRAMS[way]):
        differences += compare(seed, POINTS, chosen, counts)
    return differences, counts


def report(differences: list[Difference]) -> str:
    """One of each kind, as command lines."""
    kinds = {difference.kind: difference for difference in reversed(differences)}
    lines = [f"{as_command(d)}\n    seed {d.seed}: {d}" for d in kinds.values()]
    return "\n".join([f"{len(differences)} differences, of {len(kinds)} kinds", *lines])


@pytest.mark.parametrize("nature", NATURES)
@pytest.mark.parametrize("way", [way.name for way in WAYS])
def test_a_way_gives_the_right_answer(way: str, nature: str) -> None:
    differences = [d for d in found(way)[0] if d.kind.startswith(nature)]
    assert not differences, report(differences)


@pytest.mark.parametrize("way", [way.name for way in WAYS])
def test_enough_is_compared(way: str) -> None:
    counts = found(way)[1]
    assert counts[way] > PROGRAMS[way] / 2
    assert counts["numbers"] + counts["marks"] > 2 * PROGRAMS[way]
    assert counts["unknown"] <= OPEN * max(counts["numbers"], 1)
    assert counts["in doubt"] <= IN_DOUBT * counts["points"]


def test_rounding_decides_little_and_the_proof_says_so() -> None:
    """Where doubles decide a comparison otherwise than exact numbers do."""
    counts = found("verify")[1]
    assert counts["silent proof"] <= 0.01 * counts["verify"]


@pytest.mark.long
@pytest.mark.parametrize("block", range(LONG_PROGRAMS // LONG_BLOCK))
def test_a_hundred_thousand_programs(block: int) -> None:
    """Every way, the dearer of them every twentieth or hundredth program."""
    counts: Counter[str] = Counter()
    differences = []
    first = 1_000_000 + block * LONG_BLOCK
    for seed in range(first, first + LONG_BLOCK):
        differences += compare(seed, LONG_POINTS, asked(seed), counts)
    assert not differences, report(differences)


def asked(seed: int) -> list[Way]:
    """The ways of a program in the long group."""
    return [w for w in WAYS if w.name in CHEAP or seed % (20 if w.cost < 50 else 100) == 0]
