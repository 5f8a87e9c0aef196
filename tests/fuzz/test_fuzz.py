"""A few seconds of fuzzing in every run; in the long group as long as `--fuzz-seconds` says."""

from __future__ import annotations

import os
import tempfile

import pytest

from tests.fuzz import commands
from tests.fuzz.case import Case
from tests.fuzz.hunt import Hunt, Worker, told

CASES = 8
"""Of each kind, in the default run: the same every time, so that nobody's run fails by luck."""


def test_a_few_cases_of_each_kind() -> None:
    with tempfile.TemporaryDirectory() as folder:
        worker = Worker(folder)
        finds = []
        for kind in commands.kinds():
            for seed in range(CASES):
                found, case = worker.check({"kind": kind.name, "seed": seed, "extra": 0.05})
                finds += [told(find, case, kind.name, seed) for find in found]
        worker.end()
    assert not finds, "\n\n".join(finds)


@pytest.mark.long
def test_many_cases(pytestconfig: pytest.Config) -> None:
    seconds = pytestconfig.getoption("--fuzz-seconds")
    first = pytestconfig.getoption("--fuzz-first")
    hunt = Hunt(seconds, first, os.cpu_count() or 1)
    hunt.run()
    assert hunt.cases > seconds / 10
    finds = [told(*each) for each in hunt.finds.values()]
    assert not finds, "\n\n".join(finds)


@pytest.mark.parametrize("kind", [kind.name for kind in commands.kinds()])
def test_a_seed_is_always_the_same_case(kind: str) -> None:
    assert [commands.drawn(kind, k) for k in range(5)] == [
        commands.drawn(kind, k) for k in range(5)
    ]


def test_a_case_is_told_whole() -> None:
    case = Case(("eval", "x\ud800", "x=1"), {"a\u202e.csv": b"\x00\xff"}, b"\x80")
    assert Case.from_json(case.to_json()) == case
    assert str(case).isascii()
