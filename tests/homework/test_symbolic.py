"""Sheets of formulas, where nothing is bound: SymPy says what is right."""

from __future__ import annotations

import random
from typing import Any

import pytest
import sympy

import cgcli
from cgcli.homework.choosing import symbolic
from cgcli.homework.judging import Judged
from cgcli.homework.marking import mark
from cgcli.homework.sheets import read_sheets
from cgcli.views.homework.report import remarks
from tests.conftest import Ran
from tests.homework.problems import PROBLEMS
from tests.homework.tape import Problem

SMOOTH = {"+", "-", "*", "/", "^", "neg", "exp", "log", "sqrt", "sin", "cos", "tan", "tanh"}
KEYS = [
    key
    for key, problem in PROBLEMS.items()
    if all(step.op in SMOOTH for step in problem.steps) and "[" not in problem.text
]


def judged(program: str, sheet: str) -> list[Judged]:
    exercise = symbolic(cgcli.parse(program))
    return mark(exercise, read_sheets(sheet, "a sheet")[0]).judged


def formula(problem: Problem, kept: str) -> Any:
    """The output as SymPy has it, of the inputs and of one step that stands for itself."""
    symbols: dict[str, Any] = {}
    for step in problem.steps:
        a, *rest = [
            arg if isinstance(arg, float) else symbols.setdefault(arg, sympy.Symbol(arg))
            for arg in step.args
        ]
        a = sympy.nsimplify(a)
        b = sympy.nsimplify(rest[0]) if rest else None
        made = {
            "+": lambda a=a, b=b: a + b, "-": lambda a=a, b=b: a - b,
            "*": lambda a=a, b=b: a * b, "/": lambda a=a, b=b: a / b,
            "^": lambda a=a, b=b: a**b, "neg": lambda a=a, b=b: -a,
        }  # fmt: skip
        value = made[step.op]() if step.op in made else getattr(sympy, step.op)(a)
        symbols[step.name] = sympy.Symbol(step.name) if step.name == kept else value
    return symbols[problem.output]


@pytest.mark.parametrize("key", KEYS)
def test_a_right_formula_is_right_and_another_is_wrong(key: str) -> None:
    problem, rng = PROBLEMS[key], random.Random(key)
    nodes = [step.name for step in problem.steps[:-1]] + list(problem.at)
    for node in nodes:
        derivative = sympy.diff(formula(problem, node), sympy.Symbol(node))
        text = str(rng.choice([derivative, sympy.factor(derivative)])).replace("**", "^")
        other = rng.choice([f"2*({text}) + 1", f"({text}) + {node}^2"])
        left = problem.gradient(node)
        assert [answer.verdict for answer in judged(problem.text, f"{left} = {text}")] == ["right"]
        assert [answer.verdict for answer in judged(problem.text, f"{left} = {other}")] == ["wrong"]


@pytest.mark.parametrize(
    ("program", "line", "mistake"),
    [
        ("p = x + y; g = p*z", "dg/dz = z", "factors-swapped"),
        ("n = -x; f = exp(n)", "df/dx = exp(n)", "sign-lost"),
        ("f = x^3", "df/dx = 3*x^3", "exponent-unchanged"),
        ("f = x^3", "df/dx = 3*x^2", ""),
        ("d = a - b", "d = b - a", "operands-swapped"),
    ],
)
def test_mistakes_are_named_as_for_numbers(program: str, line: str, mistake: str) -> None:
    (answer,) = judged(program, line)
    assert answer.verdict == ("wrong" if mistake else "right")
    assert answer.mistakes[:1] == [mistake] * bool(mistake)


def test_a_chain_of_formulas_is_judged_part_by_part() -> None:
    (right,) = judged("p = x + y; g = p*z", "dg/dx = dg/dp * dp/dx = z * 1 = z")
    assert (right.verdict, right.part) == ("right", "")
    (wrong,) = judged("p = x + y; g = p*z", "dg/dx = dg/dp * dp/dx = p * 1 = z")
    assert (wrong.verdict, wrong.part) == ("wrong", "p * 1")


def test_a_step_follows_from_the_students_own_formulas() -> None:
    sheet = "u = 3*x + 1; df/du = u^3; df/dx = 3*u^3"
    answers = judged("u = 3*x - 1; f = u^4", sheet)
    assert [answer.verdict for answer in answers] == ["wrong", "wrong", "follows"]


def test_a_number_is_a_formula_like_others() -> None:
    answers = judged("p = 3*x + y; g = p*z", "dp/dy = 3; dp/dx = 3; dg/dp = 1; dg/dx = 3")
    assert [answer.verdict for answer in answers] == ["wrong", "right", "wrong", "follows"]


def test_a_number_is_right_nowhere_by_the_point_that_nobody_names() -> None:
    program = "p = x + y; g = p*z"
    value = symbolic(cgcli.parse(program)).inputs["z"]
    for number in (f"{value:.2f}", repr(value)):
        assert [answer.verdict for answer in judged(program, f"dg/dp = {number}")] == ["wrong"]


def test_where_nothing_is_bound_the_command_asks_for_formulas(cgraph: Any) -> None:
    ran: Ran = cgraph("check", "p = x + y; g = p*z", "--answer", "dg/dz = p")
    assert ran.status == 0
    assert "proved to be the same function" in ran.out
    assert "not answered: dg/dp, dg/dx, dg/dy" in ran.out
    some = cgraph("check", "p = x + y; g = p*z", "x=1", "--answer", "dg/dz = p")
    assert (some.status, "'y', 'z' have no value" in some.err) == (2, True)


def test_a_sheet_made_for_values_is_not_marked_as_formulas(cgraph: Any, tmp_path: Any) -> None:
    sheet = tmp_path / "ada.txt"
    sheet.write_text("# w = 2, x = 3\np = 6\n")
    ran: Ran = cgraph("check", "p = w*x", "-a", str(sheet))
    assert ran.status == 1
    assert "it was made for the values of w, x, and nothing is bound here" in ran.out + ran.err


@pytest.mark.parametrize(
    ("program", "right", "wrong"),
    [
        ("f = abs(x)", "sign(x)", "1"),
        ("f = relu(x)", "where(x > 0, 1, 0)", "1"),
        ("f = leaky_relu(x)", "where(x > 0, 1, 0.01)", "1"),
        ("f = x*abs(x)", "2*abs(x)", "2*x"),
        ("f = relu(w*x + b)", "w*where(w*x + b > 0, 1, 0)", "w"),
        ("f = where(x > 0, x^2, -x)", "where(x > 0, 2*x, -1)", "2*x"),
        ("f = abs(x - 100)", "sign(x - 100)", "-1"),
        ("f = exp(-1000*x)", "-1000*exp(-1000*x)", "0"),
        ("f = sigmoid(100*x)", "100*f*(1 - f)", "0"),
        ("f = tanh(50*x)", "50*(1 - f^2)", "0"),
        ("f = exp(-1000*x^2)", "-2000*x*f", "0"),
        ("f = log(x)", "1/abs(x)", "1"),
        ("f = sqrt(x - 5)", "1/(2*f)", "1/f"),
        ("f = sin(x)^2 + cos(x)^2", "0", "1"),
    ],
)
def test_formulas_are_tried_where_the_program_has_a_value_that_tells(
    program: str, right: str, wrong: str
) -> None:
    assert [answer.verdict for answer in judged(program, f"df/dx = {right}")] == ["right"]
    assert [answer.verdict for answer in judged(program, f"df/dx = {wrong}")] == ["wrong"]


def test_what_rounding_would_drown_is_not_told() -> None:
    (answer,) = judged("f = 1e-17*sin(x)", "df/dx = 0")
    assert answer.verdict == "not told"
    assert "no point was found" in "".join(remarks(symbolic(cgcli.parse("x")), answer, "hint"))
