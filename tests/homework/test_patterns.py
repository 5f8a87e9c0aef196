"""A teacher's mistakes over the arguments of an operation: tried wherever the program has one."""

from __future__ import annotations

import math
from typing import Any

import pytest

import cgcli
from cgcli.errors import CgraphError
from cgcli.homework.exercise import Exercise
from cgcli.homework.marking import mark
from cgcli.homework.scheme import read_scheme
from cgcli.homework.sheets import read_sheets

CUBE = ("u = 2*x; y = u^3; L = 5*y", {"x": 2})
LOG = ("u = 2*x; y = ln(u); L = 5*y", {"x": 2})
TANH = ("u = 2*x; y = tanh(u); L = 5*y", {"x": 2})
SUM = ("u = x/z; y = a*b + u; L = 5*y", {"x": 2, "z": 8, "a": 3, "b": 11})


def named(problem: tuple[str, dict[str, Any]], pattern: str, answer: str) -> list[str]:
    """The mistakes that an answer shows under a scheme with one mistake of the teacher's."""
    program = cgcli.parse(problem[0])
    exercise = Exercise(program, program.evaluate(problem[1]))
    read_scheme(exercise, f'[own]\n"of mine" = "{pattern}"', "marks.toml")
    ((judged),) = mark(exercise, read_sheets(answer, "a sheet")[0]).judged
    return judged.mistakes


@pytest.mark.parametrize(
    ("problem", "pattern", "answer"),
    [
        (CUBE, "n*x^n", f"dL/du = {5 * 3 * 4**3}"),
        (CUBE, "d(x^n)/dx = n*x^n", f"dL/du = {5 * 3 * 4**3}"),
        (CUBE, "∂(v^n)/∂v = n*v^n", f"dL/du = {5 * 3 * 4**3}"),
        (CUBE, "d(x^3)/dx = 7*x", f"dL/du = {5 * 7 * 4}"),
        (CUBE, "x^n = n*x + 1", f"y = {3 * 4 + 1}"),
        # At a step that the sheet leaves out, and behind wrong numbers.
        (CUBE, "n*x^n", f"dL/dx = {2 * 5 * 3 * 4**3}"),
        (LOG, "d(ln(v))/dv = -1/v^2", f"dL/du = {-5 / 16}"),
        (TANH, "d tanh(v)/dv = 3 - v", "dL/du = -5"),
        (SUM, "d(p*q)/dp = p + 7", f"dL/da = {5 * 10}"),
        (SUM, "d(p*q)/dp = p + 7", f"dL/db = {5 * 18}"),
        (SUM, "p/q = q - p", "u = 6"),
        (("y = sum(v^2)", {"v": [2, 3]}), "d(t^2)/dt = t + 7", "dy/dv = [9, 10]"),
        (("u = e^x; y = 3*u", {"x": 2}), "d(e^t)/dt = t*e^(t-1)", f"dy/dx = {6 * math.e}"),
    ],
)
def test_a_pattern_is_tried_at_every_operation_of_its_kind(
    problem: tuple[str, dict[str, Any]], pattern: str, answer: str
) -> None:
    assert "of mine" in named(problem, pattern, answer)


@pytest.mark.parametrize(
    ("problem", "pattern", "answer"),
    [
        (CUBE, "d(x^2)/dx = 7*x", f"dL/du = {5 * 7 * 4}"),
        (CUBE, "d(x^n)/dn = 7*x", f"dL/du = {5 * 7 * 4}"),
        (CUBE, "x*n = 13", "y = 13"),
        # A difference has an order.
        (("y = a - b", {"a": 3, "b": 1}), "d(p - q)/dp = 9", "dy/db = 9"),
    ],
)
def test_it_is_tried_nowhere_else(
    problem: tuple[str, dict[str, Any]], pattern: str, answer: str
) -> None:
    assert "of mine" not in named(problem, pattern, answer)


def test_what_a_mistake_of_the_teacher_s_earns_counts() -> None:
    program = cgcli.parse(CUBE[0])
    exercise = Exercise(program, program.evaluate(CUBE[1]))
    scheme = '[mistakes]\n"{n} kept" = 0.25\n[own]\n"{n} kept" = "n*x^n"'
    points = read_scheme(exercise, scheme, "marks.toml")
    ((judged),) = mark(exercise, read_sheets("dL/du = 960", "a sheet")[0]).judged
    assert str(judged.diagnoses[0].words) == "{n} kept"
    assert points.got(judged) == 0.25


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("d(tanh(v))/dv = 1 - w^2", "'w' is none of v"),
        ("d(v^n)/dw = 1", "'w' is none of v, n"),
        ("1 - q^2", "there is no node 'q'"),
        ("d(foo(v))/dv = 1", "there is no function 'foo'"),
        ("d(p - q)/dp = exp(p, q)", "exp does not take 2 arguments"),
        ("sum(q) = 3", "there is no node 'q'"),
        ("(p - q)*p = 3", "there is no node"),
        ("p - q = ", "there is no formula"),
        ("d(a^n)/da = ", "there is no formula"),
        ("d(a^n)/da = # a", "there is no formula"),
        ("", "there is no formula"),
        ("= = 3", ""),
    ],
)
def test_what_is_no_mistake_is_said(pattern: str, message: str) -> None:
    with pytest.raises(CgraphError) as raised:
        named(CUBE, pattern, "y = 3")
    assert raised.value.message.startswith("marks.toml: [own] ")
    assert message in raised.value.message
