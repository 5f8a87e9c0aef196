"""What a teacher would call fair: tolerances, rounded arithmetic, and answers that say nothing."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

import cgcli
from cgcli.homework.exercise import Exercise
from cgcli.homework.judging import Tolerance
from cgcli.homework.marking import mark
from cgcli.homework.sheets import read_sheets
from tests import amounts
from tests.conftest import Ran
from tests.homework.problems import PROBLEMS
from tests.homework.tape import written
from tests.homework.test_right_sheets import point


def marked(
    text: str, at: dict[str, Any], sheet: str, tolerance: Tolerance | None = None
) -> list[tuple[str, list[str]]]:
    program = cgcli.parse(text)
    exercise = Exercise(program, program.evaluate(at))
    found = mark(exercise, read_sheets(sheet, "ann")[0], tolerance).judged
    return [(judged.verdict, judged.mistakes) for judged in found]


PERCENT = Tolerance(0.01, relative=True)


def test_a_tolerance_is_a_part_of_what_is_compared_with() -> None:
    """0.12*3 is 0.36, and 0.5 is no 1 % from that, as near as it may be to 36."""
    at = {"x": 3, "y": 4, "z": 3}
    small = marked("p = x*y; g = p*z", at, "p = 0.12\ng = 0.5", PERCENT)
    assert [verdict for verdict, _ in small] == ["wrong", "wrong"]
    large = marked("n = -x; f = exp(n)", {"x": 4}, "n = 4\nf = 54.6", PERCENT)
    assert [verdict for verdict, _ in large] == ["wrong", "follows"]


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [("0.6225 - 1", "right"), ("0.6225 - 1.0", "right"), ("0.62 - 1.1", "wrong"),
     ("0.6230 - 1", "wrong"), ("1.245/2 - 1", "right")],
)  # fmt: skip
def test_arithmetic_of_rounded_numbers_is_rounded(answer: str, verdict: str) -> None:
    """sigmoid(0.5) - 1 = -0.37754…"""
    at = {"w": 0.5, "x": 2, "b": -0.5, "t": 1}
    text = "s = w*x + b; y = sigmoid(s); r = y - t; L = r^2"
    assert marked(text, at, f"r = {answer}")[0][0] == verdict


@pytest.mark.parametrize(
    ("text", "at", "sheet", "mistakes"),
    [
        ("t = x^3", {"x": 2}, "t = 2", ["power-left-out"]),
        ("d = a - b", {"a": 5, "b": 2}, "d = -3", ["operands-swapped", "sign-slip"]),
        ("p = w*x", {"w": 0.5, "x": 1.2}, "p = 0.5", []),
    ],
)
def test_what_is_said_of_a_wrong_number(
    text: str, at: dict[str, Any], sheet: str, mistakes: list[str]
) -> None:
    assert marked(text, at, sheet) == [("wrong", mistakes)]


def test_a_step_may_have_a_tolerance_of_its_own_and_all_of_them_decimals(
    cgraph: Callable[..., Ran],
) -> None:
    text = ("p = x*y; g = p*z", "x=0.0572", "y=0.5", "z=2")
    answers = ("--answer", "p = 0.03", "--answer", "g = 0.06")
    assert "2 right" in cgraph("check", *text, *answers, "--decimals", "2").out
    assert cgraph("check", *text, *answers, "--decimals", "3").status == 1
    assert "2 right" in cgraph("check", *text, *answers, "--tolerance", "0.003, p=0.01").out
    assert (
        "1 right, 1 following" in cgraph("check", *text, *answers, "--tolerance", "p=0.01, g=0").out
    )
    strange = cgraph("check", *text, *answers, "--tolerance", "q=0.1")
    assert "there is no node 'q'" in strange.err
    both = cgraph("check", *text, *answers, "--tolerance", "1", "--decimals", "2")
    assert (both.status, "both say how near an answer has to be" in both.err) == (2, True)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [("0.12555944919586182", "right"), ("0.12555945311069993", "wrong"),
     ("0.12565944919586182", "wrong")],
)  # fmt: skip
def test_a_print_in_single_precision_is_rounded_to_that(answer: str, verdict: str) -> None:
    """(sigmoid(0.6) - 1)^2 = 0.125559453302…"""
    at = {"w": 0.5, "x": 2, "b": -0.4, "t": 1}
    text = "s = w*x + b; y = sigmoid(s); r = y - t; L = r^2"
    assert marked(text, at, f"L = {answer}")[0][0] == verdict


PROGRAMS = (
    ("p = x + y; g = p*z", {"x": 1, "y": 3, "z": -3}),
    ("m = a*b; d = m + c; L = d*f", {"a": 3, "b": -2, "c": 10, "f": -1.5}),
    ("s = w*x + b; y = sigmoid(s); r = y - t; L = r^2", {"w": 0.5, "x": 2, "b": -0.4, "t": 2}),
    ("u = x*y; v = x + y; q = u/v", {"x": 2, "y": 3}),
    ("z = w1*x + b1; h = relu(z); o = w2*h + b2; J = (o - t)^2",
     {"x": 2, "w1": 1.5, "b1": -1, "w2": -2, "b2": 4, "t": 0.5}),
)  # fmt: skip


Answers = dict[str, Any]
"""The right numbers of a sheet, by question, in the order of working."""


def like(answer: Any, number: float) -> str:
    return written(np.full(np.shape(answer), number))


def first_of(answer: Any) -> float:
    return float(np.ravel(answer)[0])


def copied_from_above(right: Answers, at: Mapping[str, Any]) -> list[str]:
    """The first answer right, and each of the others that of the line before."""
    return [like(answer, first_of(next(iter(right.values())))) for answer in right.values()]


def right_above(right: Answers, at: Mapping[str, Any]) -> list[str]:
    """The right number of the line before."""
    before = [first_of(next(iter(at.values()))), *map(first_of, right.values())]
    return [like(answer, number) for answer, number in zip(right.values(), before, strict=False)]


def givens(right: Answers, at: Mapping[str, Any]) -> list[str]:
    """The given numbers, one after another."""
    numbers = itertools.cycle(map(first_of, at.values()))
    return [like(answer, next(numbers)) for answer in right.values()]


def names(right: Answers, at: Mapping[str, Any]) -> list[str]:
    """The name of the first given everywhere."""
    return [next(iter(at))] * len(right)


def half(number: float) -> Callable[[Answers, Mapping[str, Any]], list[str]]:
    """Right values, and one number for every gradient."""
    return lambda right, at: [
        like(answer, number) if "/" in left else written(answer) for left, answer in right.items()
    ]


def all_of(number: float) -> Callable[[Answers, Mapping[str, Any]], list[str]]:
    return lambda right, at: [like(answer, number) for answer in right.values()]


STOCK = {
    "0": all_of(0), "1": all_of(1), "-1": all_of(-1), "2": all_of(2), "1/2": all_of(0.5),
    "right values, 0": half(0), "right values, 1": half(1), "givens": givens, "names": names,
    "copied from above": copied_from_above, "right of the line above": right_above,
}  # fmt: skip
EARNED = 0.1
"""Of the steps at which stock answers are not the true number they earn this part at most."""


@amounts.sampled
@pytest.mark.parametrize("stock", STOCK)
def test_stock_answers_earn_hardly_anything(stock: str) -> None:
    earned = steps = 0
    rng = random.Random(stock)
    problems = [(text, at) for text, at in PROGRAMS]
    more = list(PROBLEMS.values())[:: 1 if amounts.whole else 3]
    problems += [(problem.text, point(problem, rng)[0]) for problem in more]
    for text, at in problems:
        program = cgcli.parse(text)
        exercise = Exercise(program, program.evaluate(at))
        asked = exercise.steps.asked
        right = {exercise.steps.text(step): exercise.truth(step) for step in asked}
        answers = STOCK[stock](right, at)
        lines = [f"{left} = {answer}" for left, answer in zip(right, answers, strict=True)]
        for judged in mark(exercise, read_sheets("\n".join(lines), "nobody")[0]).judged:
            number = np.asarray(judged.number, float)
            alike = np.shape(number) == np.shape(judged.truth)
            if not (alike and np.allclose(number, judged.truth, rtol=5e-3)):
                steps += 1
                earned += judged.good
    assert steps >= (200 if amounts.whole else 70)
    assert earned <= EARNED * steps


def test_behind_a_wrong_0_nothing_is_won_or_lost(cgraph: Callable[..., Ran]) -> None:
    text = ("p = x + y; g = p*z", "x=1", "y=3", "z=-3")
    sheet = ("--answer", "dg/dp = 0", "--answer", "dg/dx = 0", "--answer", "dg/dz = 4")
    out = cgraph("check", *text, *sheet, "--points", "1").out
    assert "1 right, 1 wrong, 1 not told, 1 of 2 points" in out
    slip = ("--answer", "dg/dp = 3", "--answer", "dg/dx = 3", "--answer", "dg/dy = 3")
    assert "0 right, 2 following, 1 wrong" in cgraph("check", *text, *slip).out


@pytest.mark.parametrize(
    ("sheet", "verdicts"),
    [
        # g and dg/dz may come of the p that is not read; dg/dp does not.
        ("p = 5 or 6; g = -15; dg/dz = 5; dg/dp = 3", ["not told", "wrong", "not told"]),
        ("p = 5; p = 6; g = -18", ["not told"]),
        ("dg/dp = 3!?4; g = 5; dg/dx = 3; dg/dy = -3", ["wrong", "not told", "right"]),
        ("x + y gives 5; g = -15", ["not told"]),
        # What is read is gone on with.
        ("p = 4; p = 5 or 6; g = -15", ["right", "wrong"]),
        ("The Forward Pass; g = -15", ["wrong"]),
    ],
)
def test_nothing_is_wrong_for_a_line_that_cannot_be_read(sheet: str, verdicts: list[str]) -> None:
    found = marked("p = x + y; g = p*z", {"x": 1, "y": 3, "z": -3}, sheet)
    assert [verdict for verdict, _ in found] == verdicts


def test_why_nothing_is_told_is_said(cgraph: Callable[..., Ran]) -> None:
    text = ("p = x + y; g = p*z", "x=1", "y=3", "z=-3")
    unread = cgraph("check", *text, "--answer", "p = 5 or 6", "--answer", "g = -15").out
    assert "this may come of a line that could not be read" in unread
    zero = cgraph("check", *text, "--answer", "dg/dp = 0", "--answer", "dg/dx = 0").out
    assert "right from the numbers before it, and from none as well" in zero
