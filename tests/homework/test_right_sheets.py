"""Right answers at random points, rounded in the ways that people round: none of them is wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pytest

from tests.amounts import portion, sampled
from tests.homework.adapter import mark_many
from tests.homework.problems import PROBLEMS
from tests.homework.tape import Number, Problem, Work

SHEETS = 100
POINTS = -(-100 // len(PROBLEMS))


def moved(value: Any, rng: random.Random) -> Any:
    """A point near the problem's own, on the same side of zero, with few decimals."""
    if isinstance(value, list):
        return [moved(each, rng) for each in value]
    return round(value * rng.uniform(0.6, 1.4), rng.choice([2, 2, 3]))


def as_repr(value: float) -> str:
    return repr(value)


def significant(value: float, digits: int, mode: str) -> str:
    exact = Decimal(repr(value))
    if not exact:
        return "0"
    quantum = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    rounded = exact.quantize(quantum, mode)
    # 1200 would claim four digits.
    return format(rounded, "f" if quantum <= 1 else "e")


def decimals(value: float, places: int, mode: str) -> str:
    return format(Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), mode), "f")


def way(answer: Number, rng: random.Random) -> Callable[[float], str]:
    """How one answer is written: every digit, some significant ones, or some decimals."""
    # A tie has two right roundings: students learn the first, computers do the second.
    mode = rng.choice([ROUND_HALF_UP, ROUND_HALF_EVEN])
    kind = rng.choice(["repr", "significant", "decimals"])
    if kind == "significant":
        digits = rng.randint(2, 9)
        return lambda value: significant(value, digits, mode)
    sizes = [Decimal(repr(float(each))).adjusted() for each in np.ravel(answer) if each != 0]
    if kind == "decimals" and sizes:
        places = max(0, 1 - min(sizes)) + rng.randint(0, 5)
        return lambda value: decimals(value, places, mode)
    if sizes and all(float(each).is_integer() for each in np.ravel(answer)):
        return lambda value: str(int(value))
    return as_repr


def text(answer: Number, write: Callable[[float], str]) -> str:
    if np.ndim(answer):
        return "[" + ", ".join(text(each, write) for each in answer) + "]"
    return write(float(answer) + 0.0)


def right_sheet(work: Work, rng: random.Random) -> dict[str, str]:
    lefts = list(work.answers)
    chosen = rng.sample(lefts, rng.randint(1, len(lefts)))
    return {left: text(work.answers[left], way(work.answers[left], rng)) for left in chosen}


def point(problem: Problem, rng: random.Random) -> tuple[dict[str, Any], Work]:
    while True:
        at = {name: moved(value, rng) for name, value in problem.at.items()}
        work = Work(problem, at)
        if all(np.all(np.isfinite(answer)) for answer in work.answers.values()):
            return at, work


def test_ten_thousand_sheets_are_tried() -> None:
    assert len(PROBLEMS) * POINTS * SHEETS >= 10_000


@sampled
@pytest.mark.parametrize("key", PROBLEMS)
def test_a_right_answer_is_never_wrong(key: str) -> None:
    problem = PROBLEMS[key]
    rng = random.Random(key)
    faults = []
    for _ in range(POINTS):
        at, work = point(problem, rng)
        sheets = [right_sheet(work, rng) for _ in range(portion(SHEETS))]
        texts = ["\n".join(f"{k} = {v}" for k, v in sheet.items()) for sheet in sheets]
        for sheet, marked in zip(sheets, mark_many(problem.text, at, texts), strict=True):
            assert set(marked.verdicts) == set(sheet)
            for left, verdict in marked.verdicts.items():
                if verdict != "right":
                    true = work.answers[left]
                    faults.append(f"{at}: {left} = {sheet[left]} is {verdict}, truth {true!r}")
            assert set(work.answers) - set(sheet) <= set(marked.missing)
            assert not set(sheet) & set(marked.missing)
    assert not faults, f"{len(faults)} answers of {problem.text}\n" + "\n".join(faults[:10])


NOTHING = {
    "a = x + y; b = a - y; f = b - x": ("f", "df/dx", "df/dy"),
    "a = sqrt(x); b = a ^ 2; f = b - x": ("f", "df/dx"),
    "s = x + y; p = x / s; q = y / s; f = p / q": ("df/ds",),
    "a = sin(x); b = cos(x); c = a ^ 2; d = b ^ 2; k = c + d; f = k * y": ("df/dx",),
    "a = log(x); b = log(y); c = x / y; d = log(c); k = a - b; f = k - d": ("f", "df/dx", "df/dy"),
}


@pytest.mark.parametrize("program", NOTHING)
def test_what_cancels_is_nothing(program: str) -> None:
    # The numbers of the machine leave 1e-17 or so, which nobody who works by hand sees.
    rng = random.Random(program)
    for _ in range(20):
        at = {name: round(rng.uniform(0.3, 3), 2) for name in "xy" if name in program}
        sheets = [f"{left} = {zero}" for left in NOTHING[program] for zero in ("0", "0.0", "0.00")]
        for sheet, marked in zip(sheets, mark_many(program, at, sheets), strict=True):
            assert list(marked.verdicts.values()) == ["right"], (at, sheet)
