"""Sheets of random rational programs, marked in fractions."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import pytest

from cgcli import CgraphError, parse
from cgcli.homework.exercise import Exercise
from cgcli.homework.marking import RIGHT, mark
from cgcli.homework.sheets import read_sheets
from cgcli.numbers.numerals import exact_text
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


@pytest.mark.parametrize("tensors", [False, True])
def test_the_right_fractions_are_right_and_others_are_not(tensors: bool) -> None:
    marked_sheets = 0
    for seed in range(90):
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
    assert marked_sheets > 30


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
