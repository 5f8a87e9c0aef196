"""Single answers worked out by hand: which mistake each is, and what the sheet makes of it."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from cgcli.homework.judging import Tolerance
from cgcli.homework.marking import mark as mark_sheet
from cgcli.homework.marks import Points, score, summary
from cgcli.homework.sheets import read_sheets
from cgcli.views.homework.report import ANSWER, remarks
from tests.homework.adapter import exercise, mark

SLOPE = 2 / math.sqrt(math.pi) * math.exp(-0.25)


@pytest.mark.parametrize(
    ("program", "at", "answer", "mistake"),
    [
        ("f = 0.535*x", {"x": 2}, "f = 0.17", "digits-transposed"),
        ("f = 12*x", {"x": 2}, "f = 42", "digits-transposed"),
        ("f = x/3", {"x": 2}, "f = 0.666", "rounding"),
        ("f = erfc(x)", {"x": 0.5}, f"df/dx = {SLOPE:.4f}", "sign-lost"),
        ("f = acos(x)", {"x": 0.6}, "df/dx = 1.25", "sign-lost"),
        ("f = erf(x)", {"x": 0.5}, f"df/dx = -{SLOPE:.4f}", "sign-slip"),
        # (2*2*5 + 5*1)/5^2
        ("q = (x^2 + 1)/(x + 3)", {"x": 2}, "dq/dx = 1", "quotient-with-plus"),
        # (2*2*5 - 5*1)/5
        ("q = (x^2 + 1)/(x + 3)", {"x": 2}, "dq/dx = 3", "quotient-not-squared"),
        ("f = log(x)", {"x": 3}, f"df/dx = {1 / (3 * math.log(2)):.5f}", "log-base"),
        ("f = log(x)", {"x": 3}, f"df/dx = {1 / (3 * math.log(10)):.5f}", "log-base"),
        ("m = min(x, y); f = 2*m", {"x": 3, "y": 5}, "m = 5", "gate-reversed"),
        ("m = max(x, y); f = 2*m", {"x": 3, "y": 5}, "m = 3", "gate-reversed"),
        ("f = x^3", {"x": 2}, "df/dx = 48", "exponent-raised"),
        ("f = x^3", {"x": 2}, "df/dx = 24", "exponent-unchanged"),
        ("f = x^3", {"x": 5}, "df/dx = 25", "constant-factor-dropped"),
        ("f = sin(x)", {"x": 30}, f"df/dx = {math.cos(math.pi / 6):.5f}", "degrees-for-radians"),
        ("f = exp(3*x)", {"x": 0.4}, f"df/dx = {1.2 * math.exp(1.2):.5f}",
         "power-rule-on-exponential"),
    ],
)  # fmt: skip
def test_a_mistake_is_known_by_its_number(
    program: str, at: dict[str, float], answer: str, mistake: str
) -> None:
    ((_, found),) = mark(program, at, answer).mistakes.items()
    assert mistake in found


def test_a_point_that_stands_elsewhere_is_no_digit_that_changed_places() -> None:
    assert mark("f = x^2", {"x": 2}, "f = 0.40").mistakes == {"f": []}


def test_a_wrong_number_may_be_gone_on_with_unrounded() -> None:
    """y is tanh(0.6376), 0.56327, and dL/ds = -0.87346*(1 - 0.56327^2); 0.563 gives -0.5966."""
    at = {"w": 0.5, "x": 1.2, "b": -0.2, "t": 1}
    sheet = "y = 0.563\ndL/dy = -0.8735\ndL/ds = -0.5963"
    marks = mark("p = w*x; s = p + b; y = tanh(s); L = (y - t)^2", at, sheet)
    assert marks.verdicts == {"y": "wrong", "dL/dy": "follows", "dL/ds": "follows"}


def test_a_rule_above_is_told_of_its_operation() -> None:
    at = {"x": 2}
    sheet = f"df/dx = {4 + math.cos(2):.5f}"
    (words,) = told("a = x^2; b = sin(x); f = a*b", at, sheet).values()
    assert any("the sum rule was used on the product a * b" in each for each in words)
    (words,) = told("f = exp(3*x)", {"x": 0.4}, "df/dx = 3.98414").values()
    assert any("the power rule was used on exp(3 * x)" in each for each in words)


def test_where_a_mean_of_one_number_is_asked_for_another_is_put_in() -> None:
    marked = mark("m = mean(x); f = m*y", {"x": 2, "y": 3}, "m = 3")
    assert marked.verdicts == {"m": "wrong"}
    assert "wrong-variable" in marked.mistakes["m"]


@pytest.mark.parametrize("answer", ["0.665", "0.668", "-0.666", "0.6"])
def test_what_is_no_rounding(answer: str) -> None:
    (found,) = mark("f = x/3", {"x": 2}, f"f = {answer}").mistakes.values()
    assert ("rounding" in found) is (answer == "0.6")


def test_a_sheet_that_was_rounded_is_all_right() -> None:
    problem = exercise("a = x/7; b = a*9; c = b*b", {"x": 4})
    marked = mark_sheet(problem, read_sheets("a = 0.57; b = 5.13; c = 26.3", "ann")[0])
    scored = score(marked, Points())
    assert (scored.right, scored.follows, scored.wrong) == (1, 2, 0)
    assert (scored.points, scored.of, scored.complete) == (3.0, 3.0, True)


def test_a_step_that_is_wrong_in_two_elements_is_hard_once() -> None:
    problem = exercise("s = W @ x; f = sum(s^2)", {"W": [[1, 2], [3, 4]], "x": [1, 1]})
    sheets = ["s[0] = 7; s[1] = 3", "s[0] = 4; s[1] = 7", "s = [3, 7]"]
    marked = [mark_sheet(problem, read_sheets(sheet, "a")[0]) for sheet in sheets]
    found = summary([(each, score(each, Points())) for each in marked])
    assert [count for _, count in found.steps] == [2]
    assert (found.sheets, found.complete) == (3, 1)
    # An element is a part of its step.
    assert [score(each, Points()).points for each in marked] == [0.0, 0.5, 1.0]


def lines(text: str) -> list[tuple[int, str]]:
    (sheet,) = read_sheets(text, "ann")
    return [(line.number, line.text) for line in sheet.lines]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s = [1,\n 2]; p = 4", [(1, "s = [1,  2]"), (2, "p = 4")]),
        ("s = [1,\n2,\n3]\np = 4", [(1, "s = [1, 2, 3]"), (4, "p = 4")]),
        ("s = [1, 2\np = 4", [(1, "s = [1, 2"), (2, "p = 4")]),
        ("s = [1; 2]; p = 4", [(1, "s = [1; 2]"), (1, "p = 4")]),
        ("a = 1; b = 2 # c = 3; d = 4\n\ne = 5", [(1, "a = 1"), (1, "b = 2"), (3, "e = 5")]),
    ],
)
def test_a_list_may_go_on_over_lines(text: str, expected: list[tuple[int, str]]) -> None:
    assert lines(text) == expected


def test_infinities_of_json_keep_their_signs() -> None:
    answers = {"a": "Infinity", "b": "-Infinity", "c": [1, "-Infinity"], "d": -0.50}
    text = json.dumps({"student": "bo", "answers": answers})
    assert [line for _, line in lines(text)] == ["a = inf", "b = -inf", "c = [1, -inf]", "d = -0.5"]


def told(program: str, at: dict[str, Any], sheet: str) -> dict[str, list[str]]:
    problem = exercise(program, at)
    marked = mark_sheet(problem, read_sheets(sheet, "ann")[0], Tolerance())
    return {
        judged.answer.text: [str(each) for each in remarks(problem, judged, ANSWER)]
        for judged in marked.judged
    }


def test_what_follows_is_told_where_it_was_not_written() -> None:
    found = told("p = x + y; g = p*z", {"x": 1, "y": 3, "z": -3}, "p = 5; g = -15; dg/dz = 7")
    assert found["g = -15"] == ["right from the numbers before it", "right is -12"]
    assert found["dg/dz = 7"][-2:] == ["right is 4", "from the numbers before it follows 5"]
    assert "from the numbers before it follows 4" not in found["p = 5"]


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("5.13", "follows"),
        ("5.1429", "right"),
        # 0.0014 were rounded away, and nine times that is 0.0129, on either side of both.
        ("5.12", "follows"),
        ("5.11", "wrong"),
        ("5.16", "follows"),
        ("5.17", "wrong"),
        # Nobody has so many digits from a number of two, but between the two it is the same.
        ("5.1410000", "follows"),
        ("5.1500000", "wrong"),
    ],
)
def test_who_rounds_goes_on_within_what_was_rounded_away(answer: str, verdict: str) -> None:
    program, at = "a = x/7; b = a*9; c = b + 1", {"x": 4}
    assert mark(program, at, f"a = 0.57; b = {answer}").verdicts["b"] == verdict
