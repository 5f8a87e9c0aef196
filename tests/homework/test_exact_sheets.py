"""Sheets of random rational programs, marked in fractions."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import pytest

from cgcli import CgraphError, parse
from cgcli.homework.exercise import Exercise
from cgcli.homework.judging import RIGHT, Tolerance
from cgcli.homework.marking import mark
from cgcli.homework.sheets import read_sheets
from cgcli.numbers.numerals import exact_text
from tests.amounts import portion, sampled
from tests.oracles.duals import draw


def literal(value: Any) -> str:
    if getattr(value, "shape", ()):
        return f"[{', '.join(map(literal, value))}]"
    return exact_text(value)


def exercise_of(seed: int, tensors: bool) -> Exercise | None:
    drawn = draw(seed, tensors)
    program = parse(drawn.text)
    try:
        return Exercise(program, program.evaluate_exactly(drawn.inputs))
    except CgraphError as error:
        assert error.kind == "exact"
        return None


@sampled
@pytest.mark.parametrize("tensors", [False, True])
def test_the_right_fractions_are_right_and_others_are_not(tensors: bool) -> None:
    marked_sheets = 0
    for seed in range(portion(90)):
        exercise = exercise_of(seed, tensors)
        if exercise is None:
            continue
        text = exercise.steps.text
        truths = {step: exercise.truth(step) for step in exercise.steps.asked}
        lines = [f"{text(step)} = {literal(truth)}" for step, truth in truths.items()]
        marked = mark(exercise, read_sheets("\n".join(lines), "right")[0])
        assert all(each.verdict == RIGHT for each in marked.judged), exercise.graph.text
        off = Fraction(1, 10**30)
        lines = [f"{text(step)} = {literal(truth + off)}" for step, truth in truths.items()]
        marked = mark(exercise, read_sheets("\n".join(lines), "nearly")[0])
        assert not any(each.verdict == RIGHT for each in marked.judged), exercise.graph.text
        marked_sheets += 1
    assert marked_sheets > portion(30)


@pytest.mark.parametrize("tensors", [False, True])
def test_whatever_is_wrong_is_marked(tensors: bool) -> None:
    chance = Random(5)
    for seed in range(60):
        exercise = exercise_of(seed, tensors)
        if exercise is None:
            continue
        lines = []
        for step in exercise.steps.asked:
            value = exercise.truth(step)
            if chance.random() < 0.3:
                value = value + chance.choice([Fraction(1), Fraction(1, 7), Fraction(-2)])
            if chance.random() < 0.2:
                value = -value
            if chance.random() < 0.9:
                lines.append(f"{exercise.steps.text(step)} = {literal(value)}")
        marked = mark(exercise, read_sheets("\n".join(lines), "wrong")[0])
        assert len(marked.judged) + len(marked.unreadable) <= len(lines)


def test_mistakes_in_a_list_of_numbers(cgraph: Any) -> None:
    """A list has no array among its arguments; a program need not depend on its inputs."""
    ran = cgraph("check", "p = [x, 2*y]; p @ [y, x]", "x=3", "y=5", "--answer", "f = 46")
    assert ran.status == 1
    ran = cgraph("check", "p = x*y; q = 3*4; q + 5", "x=3", "y=5", "--answer", "df/dx = 1234567")
    assert ran.status == 1


def verdicts(program: str, at: dict[str, Any], sheet: str, tolerance: Any = None) -> list[str]:
    parsed = parse(program)
    exercise = Exercise(parsed, parsed.evaluate_exactly(at))
    return [each.verdict for each in mark(exercise, read_sheets(sheet, "")[0], tolerance).judged]


SQUARE = ("p = x/7; q = p^2; f = q*y", {"x": 3, "y": 11})
LARGE = ("p = x + 1; q = p - 1e20; f = q*y", {"x": 10**20, "y": 3})


@pytest.mark.parametrize(
    ("program", "sheet", "expected"),
    [
        # 23/70 and its square, each rounded and gone on with unrounded.
        (SQUARE, "p = 0.328571; q = 0.107959; f = 1.18755", ["wrong", "follows", "follows"]),
        (SQUARE, "p = 0.328571; q = 0.107959; f = 1.18759", ["wrong", "follows", "wrong"]),
        (SQUARE, "p = 0.328571; q = 529/4900; f = 5819/4900", ["wrong", "follows", "follows"]),
        (SQUARE, "p = 23/70; q = 529/4900; f = 5819/4900", ["wrong", "follows", "follows"]),
        (SQUARE, "p = 23/70; q = 529/4900 + 1e-30", ["wrong", "wrong"]),
        # The table knows 7/3 for 3/7 as a double alone, and it is followed as a fraction.
        (SQUARE, "p = 7/3; q = 49/9", ["wrong", "follows"]),
        (SQUARE, "p = 7/3; q = 49/9 + 1e-17", ["wrong", "wrong"]),
        # In doubles this number is 1e20, however it is rounded.
        (LARGE, "p = 100000000000000000002.5; q = 2.54", ["wrong", "follows"]),
        (LARGE, "p = 100000000000000000002.5; q = 2.57", ["wrong", "wrong"]),
    ],
)
def test_decimals_are_gone_on_with_rounded_or_not(
    program: tuple[str, dict[str, Any]], sheet: str, expected: list[str]
) -> None:
    assert verdicts(*program, sheet) == expected


@pytest.mark.parametrize(
    ("tolerance", "answer", "verdict"),
    [
        (Tolerance(Fraction(0)), "0.33", "wrong"),
        (Tolerance(Fraction(0)), "1/3", "right"),
        (Tolerance(Fraction(1, 300)), "0.33", "right"),
        (Tolerance(Fraction(1, 300) - Fraction(1, 10**30)), "0.33", "wrong"),
        (Tolerance(Fraction(1, 100), relative=True), "0.33", "right"),
    ],
)
def test_a_tolerance_is_exact(tolerance: Tolerance, answer: str, verdict: str) -> None:
    assert verdicts("f = x/3", {"x": 1}, f"f = {answer}", tolerance) == [verdict]


@pytest.mark.parametrize(
    ("program", "answer", "verdict"),
    [
        ("f = x*z", "df/dx = z + 1e-40", "wrong"),
        ("f = x*z", "df/dx = z + x - 1/2", "wrong"),
        ("r = relu(x); f = r*z", "df/dx = z", "right"),
        ("r = relu(-x); f = r*z", "df/dx = 0*z", "right"),
        ("m = mod(x, y); f = m*z", "df/dy = -floor(x/y)*z", "right"),
        # Right at the point, and not on the whole of the piece.
        ("m = mod(x, y); f = m*z", "df/dy = -15*z*y/2", "wrong"),
        ("m = mod([x, z], [y, x]); f = sum(m)", "df/dy = -floor(x/y)", "right"),
    ],
)
def test_formulas_beside_fractions(program: str, answer: str, verdict: str) -> None:
    at = {"x": Fraction(7, 2), "y": Fraction(2, 3), "z": 5}
    assert verdicts(program, at, answer) == [verdict]


@pytest.mark.parametrize(
    "sheet",
    [
        "p = 2; r = 1e400; f = 1e401",
        "p = 1e400; r = 1e200; f = 1e401; df/dr = 1e400; df/dp = 1e500; df/dx = 7",
        "p = 2; r = 1e-400; f = 1.5; df/dr = 1e400; dr/dp = 1e400; df/dp = 0.333333",
        "p = 2.00001; r = 1e400; f = 1.76777; df/dp = 0.441941",
    ],
)
def test_no_double_is_the_largest_number(sheet: str) -> None:
    """A root of a wrong number is a double, which has no number of 400 digits beside it."""
    found = verdicts("p = x + 1; r = sqrt(p); f = r*x", {"x": Fraction(5, 4)}, sheet)
    assert len(found) == sheet.count("=")
    assert found[0] == "wrong"
    assert "right" not in found


def test_elements_without_a_double() -> None:
    program, at = "p = 2*[x, y]; r = sqrt(p); f = sum(r)", {"x": 8, "y": 2}
    sheet = "p = [2, 3]; r[0] = 1e400; f = 1e401; df/dr[0] = 1e400; df/dp[1] = 1e400"
    assert verdicts(program, at, sheet) == ["wrong"] * 5
