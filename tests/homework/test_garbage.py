"""Numbers from nowhere: a diagnosis by accident is worse than none."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
import pytest

from cgcli.homework.working import is_same
from tests.amounts import portion, sampled
from tests.homework.adapter import mark_many
from tests.homework.problems import PROBLEMS
from tests.homework.tape import Work, written


def garbage(like: object, size: float, rng: random.Random) -> str:
    """Of the same shape, six significant digits each, uniformly as large as the right ones."""
    cells = np.ravel(like)
    drawn = [float(f"{rng.uniform(-size, size):.6g}") for _ in cells]
    return written(np.reshape(drawn, np.shape(like)))


def diagnosed(
    sheet: Callable[[dict[str, str], Work, random.Random], dict[str, str]], count: int
) -> float:
    """The share of wrong answers that get a diagnosis."""
    wrong = named = 0
    for key, problem in PROBLEMS.items():
        rng = random.Random(key)
        work = Work(problem)
        right = {left: written(answer) for left, answer in work.answers.items()}
        sheets = [sheet(right, work, rng) for _ in range(count)]
        texts = ["\n".join(f"{k} = {v}" for k, v in each.items()) for each in sheets]
        for each, marked in zip(sheets, mark_many(problem.text, problem.at, texts), strict=True):
            for left, answer in each.items():
                if answer != right[left]:
                    assert marked.verdicts[left] == "wrong", (key, each, left)
                    wrong += 1
                    named += bool(marked.mistakes[left])
    assert wrong >= portion(500)
    return named / wrong


def size_of(work: Work) -> float:
    return max(float(np.max(np.abs(answer))) for answer in work.answers.values())


def all_garbage(right: dict[str, str], work: Work, rng: random.Random) -> dict[str, str]:
    return {left: garbage(work.answers[left], size_of(work), rng) for left in right}


def one_garbage(right: dict[str, str], work: Work, rng: random.Random) -> dict[str, str]:
    left = rng.choice(list(right))
    size = float(np.max(np.abs(work.answers[left]))) or 1.0
    return right | {left: garbage(work.answers[left], 2 * size, rng)}


@sampled
@pytest.mark.parametrize(
    ("sheet", "sheets"),
    [
        (all_garbage, portion(16)),
        (one_garbage, portion(40)),
        pytest.param(all_garbage, 80, marks=pytest.mark.long),
    ],
)
def test_garbage_is_seldom_diagnosed(
    sheet: Callable[[dict[str, str], Work, random.Random], dict[str, str]], sheets: int
) -> None:
    assert diagnosed(sheet, sheets) <= 0.03


def test_infinities_in_a_list_are_compared_in_silence() -> None:
    """A list may be a student's alone, where the program has none."""
    numbers = np.array([math.inf, -0.7, 2.0])
    assert is_same(numbers, numbers, within=0.0)
    assert not is_same(numbers, np.array([math.inf, -0.7, 3.0]), within=0.0)
