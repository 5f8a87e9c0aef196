"""Every way to ask gives the oracle's answer: random programs, at points that are chosen to hurt.

`--concordance boundary` looks at one kind of difference alone, and `python -m tests.concordance
--ways exact` at some of the ways, at more programs. A difference is shown as a command line.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.concordance.agreement import Difference
from tests.concordance.concord import compare, right
from tests.concordance.exported import lacking
from tests.concordance.reproduce import as_command, smallest
from tests.concordance.ways import WAYS, Way

POINTS = 8
PROGRAMS, BLOCK = 2000, 250
ASKED = {
    "eval": 2000, "vectors": 2000, "function": 2000, "rows": 2000, "exact": 2000, "command": 40,
    "exact command": 40, "verify": 40, "precision": 40, "trace": 40, "check": 40, "formulas": 40,
    "python": 200, "numpy": 200, "c": 40, "js": 80, "page": 80, "sql": 40, "jax": 20,
    "torch": 80, "onnx": 40, "native": 12, "native rows": 12,
    "draw": 20, "map csv": 80, "map jsonl": 80, "map parquet": 20,
    "train": 20, "predict": 20,
}  # fmt: skip
"""How many of the programs each way is asked, at eight points each: those of every so many."""
IN_DOUBT = 0.03
"""At most this part of the points may be decided by rounding, and so not be compared."""
DECIDED = 0.01
"""At most at this part of them doubles may decide otherwise than a proof, which has to say so."""
OPEN = 0.10
"""At most this part of the numbers may be left open."""
ASKED_HERE = [way for way in WAYS if not lacking(way.name)]
"""What packages run that are no dependency of the tests is asked where they are."""
LONG_FIRST, LONG_POINTS, LONG_BLOCK = 1_000_000, 10, 500


class Known(NamedTuple):
    """A kind of difference that is to be mended, and the programs that show it, by their seeds.

    One of `digits` may be none on another processor, whose last digits are its own.
    """

    why: str
    ways: Sequence[str]
    seeds: Sequence[int]
    digits: bool = False

    @property
    def pairs(self) -> set[tuple[str, int]]:
        """The ways and programs that show it."""
        return {(way, seed) for way in self.ways for seed in self.seeds}


KNOWN = [
    Known(**row)
    for row in tomllib.loads(Path(__file__).with_name("known.toml").read_text("utf-8"))["known"]
]
"""A test fails once one of them is gone."""
KNOWN_AT = frozenset[tuple[str, int]]().union(*(known.pairs for known in KNOWN))
CERTAIN = KNOWN_AT.difference(*(known.pairs for known in KNOWN if known.digits))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "block" in metafunc.fixturenames:
        programs = metafunc.config.getoption("--long-programs")
        metafunc.parametrize("block", range(programs // LONG_BLOCK))


def report(differences: list[Difference]) -> str:
    """One of each kind, as command lines."""
    kinds = {(d.way, d.kind): d for d in reversed(differences)}
    shown = [smallest(difference) for difference in kinds.values()]
    lines = [f"{as_command(d)}\n    seed {d.seed}: {d}" for d in shown]
    return "\n".join([f"{len(differences)} differences, of {len(kinds)} kinds", *lines])


def chosen(seed: int) -> list[Way]:
    """The ways in which the program of a seed is asked."""
    return [way for way in ASKED_HERE if seed % (PROGRAMS // ASKED[way.name]) == 0]


@pytest.mark.export
@pytest.mark.parametrize("first", range(0, PROGRAMS, BLOCK))
def test_every_way_gives_the_right_answer(first: int, pytestconfig: pytest.Config) -> None:
    kind = pytestconfig.getoption("--concordance")
    counts: Counter[str] = Counter()
    differences: list[Difference] = []
    for seed in range(first, first + BLOCK):
        differences += compare(seed, POINTS, chosen(seed), counts)
    differences = [d for d in differences if kind in d.kind and (d.way, d.seed) not in KNOWN_AT]
    assert not differences, report(differences)
    for way in ("eval", "function"):
        assert counts[way] == BLOCK * POINTS
    assert counts["numbers"] > 10 * BLOCK * POINTS
    assert counts["unknown"] <= OPEN * counts["numbers"]
    assert counts["in doubt"] <= IN_DOUBT * counts["points"]
    assert counts["decided by rounding"] <= DECIDED * counts["points"]


@pytest.mark.export
@pytest.mark.parametrize("way", ASKED_HERE, ids=lambda way: way.name)
def test_a_way_has_something_to_compare(way: Way) -> None:
    counts: Counter[str] = Counter()
    for seed in range(0, PROGRAMS, PROGRAMS // ASKED[way.name]):
        assert all((d.way, d.seed) in KNOWN_AT for d in compare(seed, POINTS, [way], counts))
        if counts["numbers"] + counts["marks"] > POINTS:
            return
    pytest.fail("it answered nothing")


@pytest.mark.parametrize(("way", "seed"), sorted(pair for pair in KNOWN_AT if pair[1] < LONG_FIRST))
def test_what_is_known_to_differ_still_does(way: str, seed: int) -> None:
    chosen = [row for row in WAYS if row.name == way]
    assert list(compare(seed, POINTS, chosen, Counter())), f"take {way}, {seed} off the list"


def test_the_oracle_is_sure_of_most() -> None:
    """Little is open, and every kind of note is due and forbidden somewhere."""
    notes = Counter(
        (kind, due)
        for seed in range(1, 201)
        for answer in right(seed, POINTS)[1]
        for kind, due in answer.notes.items()
    )
    total = 200 * POINTS
    for kind in ("kink", "domain", "overflow", "underflow"):
        assert notes[kind, True] >= 5
        assert notes[kind, False] >= total / 2


@pytest.mark.long
def test_a_hundred_thousand_programs(block: int) -> None:
    """Every way, the dearer of them every twentieth or hundredth program."""
    counts: Counter[str] = Counter()
    differences = []
    seeds = range(LONG_FIRST + block * LONG_BLOCK, LONG_FIRST + (block + 1) * LONG_BLOCK)
    for seed in seeds:
        differences += compare(seed, LONG_POINTS, chosen_ways(seed), counts)
    shown = {(difference.way, difference.seed) for difference in differences}
    # What cannot be asked here shows nothing.
    asked_here = {way.name for way in ASKED_HERE}
    gone = sorted(
        (way, seed) for way, seed in CERTAIN - shown if seed in seeds and way in asked_here
    )
    assert not gone, "take these off the list of what is known"
    new = [d for d in differences if (d.way, d.seed) not in KNOWN_AT]
    assert not new, report(new)


def chosen_ways(seed: int) -> list[Way]:
    """The ways of a program in the long group."""
    return [w for w in WAYS if w.cost <= 2 or seed % (20 if w.cost < 50 else 100) == 0]
