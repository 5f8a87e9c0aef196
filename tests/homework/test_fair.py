"""What a teacher would call fair: tolerances, rounded arithmetic, and answers that say nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import cgcli
from cgcli.homework.exercise import Exercise
from cgcli.homework.judging import Tolerance
from cgcli.homework.marking import mark
from cgcli.homework.sheets import read_sheets
from tests.conftest import Ran


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
    assert (both.status, "two answers to one question" in both.err) == (2, True)


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


@pytest.mark.parametrize("stock", ["0", "1", "2", "-1"])
def test_stock_answers_earn_hardly_anything(stock: str) -> None:
    earned = steps = 0
    for text, at in PROGRAMS:
        program = cgcli.parse(text)
        exercise = Exercise(program, program.evaluate(at))
        asked = [exercise.steps.text(step) for step in exercise.steps.asked]
        sheet = "\n".join(f"{step} = {stock}" for step in asked)
        for judged in mark(exercise, read_sheets(sheet, "nobody")[0]).judged:
            if judged.truth != float(stock):
                steps += 1
                earned += judged.good
    assert steps >= 40
    assert earned <= steps / 10


def test_behind_a_wrong_0_nothing_is_won_or_lost(cgraph: Callable[..., Ran]) -> None:
    text = ("p = x + y; g = p*z", "x=1", "y=3", "z=-3")
    sheet = ("--answer", "dg/dp = 0", "--answer", "dg/dx = 0", "--answer", "dg/dz = 4")
    out = cgraph("check", *text, *sheet, "--points", "1").out
    assert "1 right, 1 wrong, 1 not told, 1 of 2 points" in out
    slip = ("--answer", "dg/dp = 3", "--answer", "dg/dx = 3", "--answer", "dg/dy = 3")
    assert "0 right, 2 following, 1 wrong" in cgraph("check", *text, *slip).out
