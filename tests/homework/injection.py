"""Sheets with a mistake in them: where each can be made, and the working that goes on from it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from tests.homework.tape import Number, Problem, Work, near, written
from tests.homework.wrong_gradients import GRADIENT, AtGradient
from tests.homework.wrong_values import VALUE, AtValue, Slip

MISTAKES = sorted({*GRADIENT, *VALUE})


class Injection(NamedTuple):
    left: str
    slip: Slip


_IN_RIGHT_WORKING: dict[tuple[str, str, str], list[Injection]] = {}


def injections(problem: Problem, mistake: str, work: Work | None = None) -> list[Injection]:
    """Every place of a working, the right one, at which the mistake gives a wrong number."""
    if work is not None:
        return _injections(problem, mistake, work)
    key = problem.text, repr(problem.at), mistake
    if key not in _IN_RIGHT_WORKING:
        _IN_RIGHT_WORKING[key] = _injections(problem, mistake, Work(problem))
    return _IN_RIGHT_WORKING[key]


def _injections(problem: Problem, mistake: str, work: Work) -> list[Injection]:
    found = []
    with np.errstate(all="ignore"):
        for step in problem.steps:
            at = AtValue(problem, work, step, work.arguments(step), work.values[step.name])
            if mistake in VALUE:
                found += [Injection(step.name, slip) for slip in VALUE[mistake](at)]
        for node, right in work.gradients.items():
            if node != problem.output and mistake in GRADIENT:
                uses = list(work.uses(node, work.gradients))
                at_gradient = AtGradient(problem, work, node, uses, right)
                found += [
                    Injection(at_gradient.left, slip) for slip in GRADIENT[mistake](at_gradient)
                ]
    return [each for each in found if _differs(each, work.answers[each.left])]


def number(slip: Slip) -> Number:
    return np.asarray(json.loads(slip) if isinstance(slip, str) else slip, float)[()]


def text_of(slip: Slip) -> str:
    return slip if isinstance(slip, str) else written(slip)


def is_right(text: str, true: Number) -> bool:
    """The true number, or that number rounded to the digits that happen to be written."""
    if near(number(text), true):
        return True
    cells = [Decimal(word) for word in re.findall(r"[^][, ]+", text)]
    return np.shape(number(text)) == np.shape(true) and all(
        len(cell.as_tuple().digits) > 1
        and abs(cell - Decimal(float(value))) * 2 <= Decimal(1).scaleb(cell.as_tuple().exponent)
        for cell, value in zip(cells, np.ravel(true), strict=True)
    )


def _differs(injection: Injection, right: Number) -> bool:
    finite = bool(np.all(np.isfinite(number(injection.slip))))
    return finite and not is_right(text_of(injection.slip), right)


_TRUE: dict[tuple[str, str], Mapping[str, Number]] = {}


class Sheet(NamedTuple):
    wrong: str
    lines: Mapping[str, str]
    verdicts: Mapping[str, str]


def sheet(problem: Problem, *made: Injection, in_output: bool = False) -> Sheet | None:
    """Wrong answers in right working: before them from truth, after them from themselves."""
    key = problem.text, repr(problem.at)
    if key not in _TRUE:
        _TRUE[key] = Work(problem).answers
    true = _TRUE[key]
    slips = {left: number(slip) for left, slip in made}
    answers = Work(problem, slips=slips, in_output=in_output).answers
    if not all(np.all(np.isfinite(answer)) for answer in answers.values()):
        return None
    lines = {name: written(answer) for name, answer in answers.items()}
    lines |= {left: text_of(slip) for left, slip in made}
    verdicts = {
        name: "right"
        if is_right(line, true[name])
        else "wrong"
        if name in slips
        # A product behind a wrong 0 is 0, whoever works it out.
        else "follows"
        if np.any(number(line))
        else "not told"
        for name, line in lines.items()
    }
    return Sheet(next(name for name in lines if name in slips), lines, verdicts)
