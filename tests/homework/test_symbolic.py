"""Sheets of formulas, where nothing is bound: SymPy says what is right."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
import sympy

import cgcli
from cgcli.homework.choosing import symbolic
from cgcli.homework.exercise import Exercise
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


def test_a_number_in_brackets_is_of_values_that_nobody_told() -> None:
    found = judged("p = x + y; g = p*z", "dg/dz = x + y (= 4)\ndg/dx = z (= y)")
    assert [(each.answer.read, each.verdict) for each in found] == [
        ("dg/dz = x + y", "right"),
        ("dg/dx = y", "wrong"),
    ]


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


def test_a_sheet_made_for_values_is_marked_against_them(cgraph: Any, tmp_path: Any) -> None:
    sheet, other = tmp_path / "ada.txt", tmp_path / "bo.txt"
    sheet.write_text("# w = 2, x = 3\np = 6\ndp/dw = 2\ndp/dx = 2\n")
    other.write_text("# w = 2, x = 5\np = 10\n")
    ran: Ran = cgraph("check", "p = w*x", "-a", str(sheet), "--points", "1")
    assert ran.status == 1
    assert "2 right, 1 wrong, 2 of 3 points" in ran.out
    both: Ran = cgraph("check", "p = w*x", "-a", str(sheet), "-a", str(other))
    assert "each sheet is marked at the values in its own head" in both.err
    assert [line.split()[:4] for line in both.out.splitlines()[2:4]] == [
        ["ada", "2", "0", "1"], ["bo", "1", "0", "0"],
    ]  # fmt: skip


def test_formulas_are_asked_for_by_some_inputs(cgraph: Any) -> None:
    ran: Ran = cgraph("check", "f = sin(x)*y", "--wrt", "x", "--answer", "df/dx = y*cos(x)")
    assert (ran.status, "dy" in ran.out) == (0, False)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("8", "the question stands first"),
        ("df/dx = six", "there is no node 'six'"),
        ("df/dx = undefined", "there is no node 'undefined'"),
        ("df/dx == 6", "write one =\n"),
        ("f = 8 df/dx = 6", "write one question, one = and one answer"),
        ("dy/dx = 2ax + b", "there is no node 'y'"),
    ],
)
def test_of_an_answer_that_is_not_taken_it_is_said_why(cgraph: Any, line: str, said: str) -> None:
    ran: Ran = cgraph("check", "f = x^2", "x=3", "--answer", line)
    assert ran.status == 1
    assert said in "\n".join(map(str.rstrip, ran.out.splitlines())) + "\n"


def test_what_nobody_asked_for_earns_nothing(cgraph: Any, tmp_path: Any) -> None:
    sheet = tmp_path / "ada.txt"
    sheet.write_text("w = 2\nx = 3\ndL/dL = 1\nu = 6\ndz/dq =\n")
    ran: Ran = cgraph("check", "u = w*x; L = u^2", "w=2", "x=3", "-a", str(sheet),
                      "--points", "1")  # fmt: skip
    # u, L, dL/du, dL/dw and dL/dx are asked for.
    assert "4 right, 1 of 5 points" in ran.out
    assert "unreadable" not in ran.out


def test_at_a_tie_no_gate_is_shut(cgraph: Any) -> None:
    ran: Ran = cgraph("check", "f = max(x, y)", "x=2", "y=2", "--answer", "df/dx = 1")
    assert "lets nothing through" not in ran.out
    assert "digits" not in ran.out


def test_a_picture_is_called_one(cgraph: Any, tmp_path: Any) -> None:
    sheet = tmp_path / "ada.png"
    sheet.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    ran: Ran = cgraph("check", "f = x^2", "x=3", "-a", str(sheet))
    assert "it is a picture, and no text" in ran.out + ran.err


def test_numbers_by_question_are_marked_from_python() -> None:
    marking = cgcli.parse("p = x + y; g = p*z").check({"p": 4, "dg/dx": -3.0}, x=1, y=3, z=-3)
    assert [answer["verdict"] for answer in marking.answers] == ["right", "right"]


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


@pytest.mark.parametrize(
    ("program", "at", "right", "wrong"),
    [
        ("m = max(x, y); f = m*z", {"x": 3, "y": 2, "z": 5}, "z", "0*z"),
        ("m = max(x, y); f = m*z", {"x": 2, "y": 3, "z": 5}, "0*z", "z"),
        ("m = min(x, y); f = m*z", {"x": 2, "y": 3, "z": 5}, "z", "0*z"),
        ("m = clip(x, 0, y); f = m*z", {"x": 1, "y": 2, "z": 5}, "z", "0*z"),
        ("m = clip(x, 0, y); f = m*z", {"x": 3, "y": 2, "z": 5}, "0*z", "z"),
        ("m = max(v); f = m*z", {"v": [1, 2], "z": 5}, "[0*z, z]", "[z, 0*z]"),
        ("f = (x > 0)*x*z", {"x": 3, "z": 5}, "z", "0*z"),
    ],
)
def test_at_a_point_a_formula_is_that_of_the_argument_that_is_taken(
    program: str, at: dict[str, Any], right: str, wrong: str
) -> None:
    parsed = cgcli.parse(program)
    exercise = Exercise(parsed, parsed.evaluate(at))
    by = next(iter(at))
    for formula, verdict in ((right, "right"), (wrong, "wrong")):
        sheet = read_sheets(f"df/d{by} = {formula}", "a sheet")[0]
        assert [answer.verdict for answer in mark(exercise, sheet).judged] == [verdict]


@pytest.mark.parametrize(
    "line",
    ["h[0:1] = [3]", "h[:] = [3, 4]", "dh[0:1]/dx = 3", "df/dh[:1] = 4", "h[1e999] = 3",
     "h[[1]] = 4", "h[0.5] = 3", "h[x] = 3"],
)  # fmt: skip
def test_what_is_no_index_is_told(line: str) -> None:
    program = cgcli.parse("h = [x, y]; f = h[0]*h[1]")
    marked = mark(Exercise(program, program.evaluate(x=3, y=4)), read_sheets(line, "a sheet")[0])
    assert [one.error.message for one in marked.unreadable] == ["an index is a whole number"]


def test_an_exponent_may_have_many_digits() -> None:
    (answer,) = judged("f = x^3", f"df/dx = 3*x^2.{'0' * 30}")
    assert answer.verdict == "right"


def test_what_rounding_would_drown_is_not_told() -> None:
    (answer,) = judged("f = 1e-17*sin(x)", "df/dx = 0")
    assert answer.verdict == "not told"
    assert "no point was found" in "".join(remarks(symbolic(cgcli.parse("x")), answer, "hint"))


@pytest.mark.parametrize(
    ("program", "line", "right"),
    [
        ("f = x^2*y", "df/dx = x*y", "2*x*y"),
        ("p = x + y; g = sin(p)*z", "dg/dp = z", "z*cos(p)"),
        ("f = relu(x)", "df/dx = 1", "where(x > 0, 1, 0)"),
    ],
)
def test_the_right_formula_is_told_when_it_is_to_be(program: str, line: str, right: str) -> None:
    exercise = symbolic(cgcli.parse(program))
    (answer,) = mark(exercise, read_sheets(line, "a sheet")[0]).judged
    assert f"right is {right}" in [str(words) for words in remarks(exercise, answer, "answer")]
    assert not any("right is" in str(words) for words in remarks(exercise, answer, "hint"))


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("f = sigmoid(x)", "df/dx = σ(x)(1-σ(x))"),
        ("f = tan(x)", "df/dx = sec²x"),
        ("f = tan(x)", "df/dx = 1 + tan²x"),
        ("f = abs(x)", "df/dx = x/|x|"),
        ("y = a*x^2 + b*x", "y' = 2ax + b"),
        ("f = x^2 + y^2", "grad f = (2x, 2y)"),
    ],
)
def test_formulas_are_read_as_people_write_them(program: str, line: str) -> None:
    answers = judged(program, line)
    assert {answer.verdict for answer in answers} == {"right"}


def test_the_chain_is_likelier_than_a_constant_where_one_is_within() -> None:
    (answer,) = judged("f = exp(3*x)", "df/dx = exp(3*x)")
    assert answer.mistakes[0] == "local-left-out"
    (answer,) = judged("f = 3*x + 5*sin(x)", "df/dx = 3 + cos(x)")
    assert answer.mistakes[0] != "local-left-out"


def test_a_formula_for_a_vector_is_a_document_too(cgraph: Any) -> None:
    words = ("check", "f = sum(x^2)", "x=[1, 2, 3]", "--answer", "df/dx = 2x", "--json")
    answer = json.loads(cgraph(*words).out)["sheets"][0]["answers"][0]
    assert answer["verdict"] == "right"
    assert answer["proof"]["points"] > 1


def test_one_point_is_told_as_one(cgraph: Any) -> None:
    words = ("check", "y = where(x == 1, 1, x^2)", "x=1", "--answer", "dy/dx = 2*x")
    assert "the same at the point that was tried" in cgraph(*words).out
    assert "在试过的一个点上相同" in cgraph(*words, "--lang", "zh").out
