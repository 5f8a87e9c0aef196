"""Verdicts: right by the digits, following from the student's own numbers, wrong and why."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgcli.errors import CgraphError
from cgcli.homework.formulas import compare
from cgcli.homework.judging import Tolerance
from cgcli.homework.marking import mark as mark_sheet
from cgcli.homework.marks import Points, read_points, score
from cgcli.homework.sheets import read_sheets
from tests.amounts import portion, sampled
from tests.homework.adapter import exercise, left, mark, marks

SEED = ("p = x + y; g = p*z", {"x": 1, "y": 3, "z": -3})
NEURON = ("s = w*x + b; f = sigmoid(s)", {"w": 0.5, "x": 2, "b": -0.3})


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("0.33", "right"),
        ("0.333333", "right"),
        (".33", "right"),
        ("1/3", "right"),
        ("2/6", "right"),
        ("0.3", "wrong"),
        ("0.34", "wrong"),
        ("0.330", "wrong"),
        ("33/100", "wrong"),
        ("0.3333333333333333333333333", "right"),
        ("3.3e-1", "right"),
        ("1/3 + 1e-9", "wrong"),
        ("sqrt(1/9)", "right"),
    ],
)
def test_digits(answer: str, verdict: str) -> None:
    assert mark("f = x/3", {"x": 1}, f"f = {answer}").verdicts == {"f": verdict}


@pytest.mark.parametrize(
    ("program", "at", "answer"),
    [
        ("f = sin(x)", {"x": math.pi}, "f = 0"),
        ("f = cos(x)", {"x": math.pi / 2}, "f = 0.0"),
        ("f = sin(x)", {"x": math.pi / 2}, "df/dx = 0"),
        ("f = x + y - z", {"x": 0.1, "y": 0.2, "z": 0.3}, "f = 0"),
        ("f = exp(x)", {"x": 2}, "f = e^2"),
        ("f = sin(x)", {"x": 1}, "df/dx = cos(1)"),
        ("f = x^0.5", {"x": 0}, "df/dx = inf"),
    ],
)
def test_exact_answers_are_right_where_floats_are_not(
    program: str, at: dict[str, float], answer: str
) -> None:
    assert list(mark(program, at, answer).verdicts.values()) == ["right"]


def test_one_slip_costs_one_mark() -> None:
    marked = mark(*SEED, "p = 5\ng = -15\ndg/dp = -3\ndg/dz = 5\ndg/dx = -3\ndg/dy = -3")
    assert marked.verdicts == {
        "p": "wrong",
        "g": "follows",
        "dg/dp": "right",
        "dg/dz": "follows",
        "dg/dx": "right",
        "dg/dy": "right",
    }
    assert marked.first_wrong == "p"


def test_a_true_number_is_right_where_it_contradicts_an_earlier_answer() -> None:
    assert mark(*SEED, "p = 5; g = -12; dg/dz = 4").verdicts == {
        "p": "wrong",
        "g": "right",
        "dg/dz": "right",
    }


def test_what_is_left_out_is_worked_out_from_the_student_s_own() -> None:
    marked = mark(*NEURON, f"w*x = 2; f = {1 / (1 + math.exp(-1.7))!r}")
    assert marked.verdicts == {"w*x": "wrong", "f": "follows"}


@pytest.mark.parametrize(
    ("function", "derivative", "in_output"),
    [
        ("exp", math.exp, lambda y: y),
        ("tanh", lambda x: 1 - math.tanh(x) ** 2, lambda y: 1 - y * y),
        (
            "sigmoid",
            lambda x: math.exp(-x) / (1 + math.exp(-x)) ** 2,
            lambda y: y * (1 - y),
        ),
        ("sqrt", lambda x: 1 / (2 * math.sqrt(x)), lambda y: 1 / (2 * y)),
    ],
)
def test_a_local_derivative_may_be_taken_in_the_argument_or_in_the_output(
    function: str, derivative: Any, in_output: Any
) -> None:
    program, at = f"u = 2*x; y = {function}(u); f = 3*y", {"x": 0.4}
    for slope in (derivative(0.8), in_output(0.7)):
        marked = mark(
            program, at, f"u = 0.8; y = 0.7; df/du = {3 * slope!r}; df/dx = {6 * slope!r}"
        )
        assert marked.verdicts["y"] == "wrong"
        assert marked.verdicts["df/du"] in ("right", "follows")
        assert marked.verdicts["df/dx"] in ("right", "follows")
        alone = mark(program, at, f"u = 0.8; y = 0.7; df/dx = {6 * slope!r}")
        assert alone.verdicts["df/dx"] in ("right", "follows")


def test_the_quotient_may_use_either_value() -> None:
    program, at = "q = a/b; f = 2*q", {"a": 3, "b": 4}
    for slope in (-0.8 / 4, -3 / 16):
        assert mark(program, at, f"q = 0.8; df/db = {2 * slope!r}").verdicts["df/db"] != "wrong"
    assert mark(program, at, f"q = 0.8; df/db = {2 * 0.8 / 4!r}").verdicts["df/db"] == "wrong"


def test_the_student_s_own_local_derivative_counts() -> None:
    marked = mark(*SEED, "dp/dx = 2; dg/dp = -3; dg/dx = -6")
    assert marked.verdicts == {"dp/dx": "wrong", "dg/dp": "right", "dg/dx": "follows"}


@pytest.mark.parametrize("answer", ["20", "16", "10"])
def test_a_derivative_of_both_factors_is_not_that_of_one(answer: str) -> None:
    """Of x*x the sheet states the whole derivative, which no use of x sends by itself."""
    marked = mark("p = x*x; f = 2*p", {"x": 3}, f"dp/dx = 5; df/dx = {answer}")
    assert marked.verdicts == {"dp/dx": "wrong", "df/dx": "wrong"}


def test_an_expression_that_stands_twice_was_worked_out_once() -> None:
    program, at = "a = exp(x + y); b = (y + x)^2; f = a*b", {"x": 1, "y": 3}
    marked = mark(program, at, "x + y = 5; a = 148.413; b = 25; f = 3710.33")
    assert marked.verdicts == {"x + y": "wrong", **dict.fromkeys("abf", "follows")}
    # And 16 is right, though it is not what follows.
    assert mark(program, at, "x + y = 5; b = 16").verdicts["b"] == "right"
    assert mark(program, at, "x + y = 5; b = 36").verdicts["b"] == "wrong"

    # By a name it is worked out too, but not what has another name.
    program = "a = x + y; b = x + y; f = (x + y)*a; g = b*z; h = f*g"
    at["z"] = 2
    assert mark(program, at, "a = 5; f = 25; g = 10").verdicts == {
        "a": "wrong",
        "f": "follows",
        "g": "wrong",
    }


@pytest.mark.parametrize(
    ("program", "asked"),
    [
        ("f = (x + y)*z + sin(x + y)", ["x + y", "(x + y) * z", "sin(x + y)", "f"]),
        ("f = (x + y)*z + sin(y + x)", ["x + y", "(x + y) * z", "sin(y + x)", "f"]),
        ("f = x*y + x*y*2", ["x * y", "x * y * 2", "f"]),
        ("a = x + y; f = sin(x + y)*a", ["a", "sin(x + y)", "f"]),
        ("f = sin(x + y); a = x + y; g = f*a", ["x + y", "f", "a", "g"]),
        ("a = x + y; f = sin(x + y)*z", ["x + y", "sin(x + y)", "f"]),
        ("a = x + y; b = x + y; f = a*b", ["a", "b", "f"]),
    ],
)
def test_an_expression_that_stands_twice_is_asked_for_once(program: str, asked: list[str]) -> None:
    at = {"x": 1, "y": 2, "z": 3}
    problem = exercise(program, at)
    steps = [problem.steps.text(step) for step in problem.steps.asked]
    assert [step for step in steps if step[0] != "d"] == asked
    key = zip(steps, map(problem.truth, problem.steps.asked), strict=True)
    marked = mark(program, at, "\n".join(f"{step} = {number!r}" for step, number in key))
    assert marked.verdicts == dict.fromkeys(steps, "right")
    assert not marked.missing


def test_rounded_numbers_may_be_gone_on_with() -> None:
    program, at = "a = x/7; b = a*9; c = b*b", {"x": 4}
    assert mark(program, at, "a = 0.57; b = 5.13; c = 26.3169").verdicts == {
        "a": "right",
        "b": "follows",
        "c": "follows",
    }
    wrong = mark(program, at, "a = 0.57; b = 5.3")
    assert wrong.verdicts["b"] == "wrong"
    # A number that is exactly right leaves no room.
    assert mark("a = x*5; b = 3*a", {"x": 0.5}, "a = 2.5; b = 7.6").verdicts["b"] == "wrong"


def test_an_element_is_marked_by_itself() -> None:
    program, at = "s = W @ x; L = sum(s^2)", {"W": [[1, 2], [3, 4]], "x": [0.5, -1]}
    marked = mark(program, at, "s[0] = -1.5; s[1] = 2.5; dL/ds = [-3, 5]; dL/dx[0] = 12")
    assert marked.verdicts == {
        "s[0]": "right",
        "s[1]": "wrong",
        "dL/ds": "follows",
        "dL/dx[0]": "follows",
    }


def test_the_jacobian_of_a_vector_is_marked_too() -> None:
    program, at = "s = W @ x", {"W": [[1, 2], [3, 4]], "x": [0.5, -1]}
    marked = mark(program, at, "s = [-1.5, -2.5]; ds/dx = [[1, 2], [3, 4]]")
    assert marked.verdicts == {"s": "right", "ds/dx": "right"}
    assert mark(program, at, "ds/dx = [[1, 3], [2, 4]]").verdicts == {"ds/dx": "wrong"}


# Formulas


@pytest.mark.parametrize(
    ("line", "proof"),
    [
        ("dg/dz = p", "proved"),
        ("dg/dz = y + x", "proved"),
        ("dg/dx = z", "proved"),
        ("g = z*x + z*y", "proved"),
        ("g = (x^2 - y^2)*z/(x - y)", "proved"),
        ("dg/dx = z*1.0 + 0*pi", "proved"),
        ("dg/dx = -(-z)", "proved"),
        ("dg/dx = z*(sin(x)^2 + cos(x)^2)", "undistinguished"),
        ("g = p*z*exp(0)", "undistinguished"),
        ("dg/dx = x*z", "separated"),
        ("dg/dx = z + (x - 1)", "separated"),
        ("dg/dz = p + sin(pi*(x - 1))/10", "separated"),
        ("dg/dx = sqrt(z^2)", "separated"),
    ],
)
def test_formulas(line: str, proof: str) -> None:
    problem = exercise(*SEED)
    (judged,) = mark_sheet(problem, read_sheets(line, "ann")[0]).judged
    assert judged.equality is not None
    assert judged.equality.proof == proof
    assert judged.verdict == ("wrong" if proof == "separated" else "right")
    if proof == "separated":
        # The point is shown, and there the formula has another value.
        inputs = judged.equality.inputs
        assert inputs is not None
        names = {"pi": math.pi, "sin": math.sin, "sqrt": math.sqrt, **inputs}
        names["p"] = inputs["x"] + inputs["y"]
        right = {"dg/dx": inputs["z"], "dg/dz": names["p"], "g": names["p"] * inputs["z"]}
        found = evaluated(line.partition("=")[2], names)
        assert judged.equality.value == pytest.approx(found)
        assert abs(found - right[left(line)]) > 1e-9


def evaluated(formula: str, names: dict[str, Any]) -> float:
    import cgcli

    values = {k: v for k, v in names.items() if isinstance(v, float) and k != "pi"}
    return float(cgcli.parse(formula).evaluate(values).value)


def test_a_formula_that_follows_from_a_wrong_one() -> None:
    marked = mark(*SEED, "p = x - y; g = x*z - y*z")
    assert marked.verdicts == {"p": "wrong", "g": "follows"}


@sampled
@settings(max_examples=max(15, portion(60)), deadline=None)
@given(st.integers(0, 10**6))
def test_random_identities_are_proved_and_random_differences_never(seed: int) -> None:
    """A polynomial against itself multiplied out, and with one coefficient moved by little."""
    chance = random.Random(seed)
    terms = [
        (chance.randint(-9, 9), chance.randint(0, 3), chance.randint(0, 3))
        for _ in range(chance.randint(1, 5))
    ]
    factored = " + ".join(f"({c})*x^{i}*y^{j}" for c, i, j in terms)
    program = f"f = ({factored})*(x - y)/(x^2 + 1)"
    problem = exercise(program, {"x": 1.5, "y": 2})
    whole = " + ".join(f"({c})*(x^{i + 1}*y^{j} - x^{i}*y^{j + 1})/(x*x + 1)" for c, i, j in terms)
    (same,) = mark_sheet(problem, read_sheets(f"f = {whole}", "a")[0]).judged
    assert compare(problem, same.answer).proof == "proved"
    other = f"{whole} + {Fraction(1, chance.choice([1, 10, 10**6]))}*x"
    (judged,) = mark_sheet(problem, read_sheets(f"f = {other}", "a")[0]).judged
    assert compare(problem, judged.answer).proof == "separated"


# What bears on nothing


@sampled
@settings(max_examples=max(10, portion(50)), deadline=None)
@given(st.randoms(use_true_random=False))
def test_order_and_white_space_bear_on_nothing(chance: random.Random) -> None:
    lines = ["p = 5", "g = -15", "dg/dp = 3", "dg/dz = 5", "dg/dx = 3", "dg/dy = 4", "q = 3"]
    before = mark(*SEED, "\n".join(lines))
    chance.shuffle(lines)
    spaced = [line.replace("=", chance.choice(["=", " = ", "\t=  "])) for line in lines]
    text = chance.choice(["\n", "; ", "\n\n  ", " # so\n"]).join(spaced)
    after = mark(*SEED, text)
    assert after.verdicts == before.verdicts
    assert after.mistakes == before.mistakes
    assert after.first_wrong == before.first_wrong


def test_other_sheets_bear_on_nothing() -> None:
    texts = ["p = 5; g = -15", "p = x*y; g = 3", "dg/dx = q; p = [t for t in 0..9]", "dg/dx = 4"]
    alone = [mark(*SEED, text) for text in texts]
    problem = exercise(*SEED)
    for _ in range(2):
        assert [marks(problem, text) for text in texts] == alone
        texts.reverse()
        alone.reverse()


# Tolerance and points


@pytest.mark.parametrize(
    ("tolerance", "verdict"),
    [
        (Tolerance(), "wrong"),
        (Tolerance(0.1), "right"),
        (Tolerance(0.01), "wrong"),
        (Tolerance(0.01, relative=True), "right"),
        (Tolerance(0.001, relative=True), "wrong"),
    ],
)
def test_tolerance(tolerance: Tolerance, verdict: str) -> None:
    problem = exercise(*SEED)
    (judged,) = mark_sheet(problem, read_sheets("g = -12.1", "ann")[0], tolerance).judged
    assert judged.verdict == verdict


def test_points() -> None:
    problem = exercise(*SEED)
    points = read_points(problem, "2, dg/dx=3; x+y = 0.5")
    sheet = read_sheets("p = 5; g = -15; dg/dx = -3; dg/dy = 7; dq = 3", "ann")[0]
    marked = mark_sheet(problem, sheet)
    scored = score(marked, points)
    assert (scored.points, scored.of) == (5.0, 7.5)
    assert (scored.right, scored.follows, scored.wrong, scored.unreadable) == (1, 1, 2, 1)
    assert score(marked, points, "all").of == 11.5
    assert not scored.complete


@pytest.mark.parametrize(
    ("text", "complete", "whole"),
    [
        ("p = 4", True, False),
        ("p = 4; g = -12; dg/dp = z; dg/dz = p; dg/dx = -3; dg/dy = -3", True, True),
        ("", False, False),
        ("p =", False, False),
        ("p = 4; q = 3", False, False),
        ("p = 5", False, False),
        ("p = 5; g = -15", False, False),
    ],
)
def test_what_is_complete(text: str, complete: bool, whole: bool) -> None:
    marked = mark_sheet(exercise(*SEED), read_sheets(text, "ann")[0])
    assert score(marked, Points()).complete == complete
    assert score(marked, Points(), "all").complete == whole


@pytest.mark.parametrize("text", ["x", "dg/dx=-1", "dq/dx=1", "x=3", "1e999"])
def test_points_that_are_none(text: str) -> None:
    with pytest.raises(CgraphError):
        read_points(exercise(*SEED), text)


def test_a_problem_without_a_value_cannot_be_set() -> None:
    with pytest.raises(CgraphError, match="has no value here"):
        exercise("f = log(x)", {"x": -1})


def test_long_programs_are_marked_without_recursion() -> None:
    program = "h[0] = x; for t in 0..2999 { h[t+1] = h[t]*w }; f = h[3000]"
    problem = exercise(program, {"x": 1.0, "w": 1.0})
    marked = marks(problem, "h[3] = 1; f = 2; df/dw = 3000; df/dx = 1; df/dh[7] = 1")
    assert list(marked.verdicts.values()).count("right") == 4


@pytest.mark.parametrize(
    ("tolerance", "answer", "verdict"),
    [
        (Tolerance(), "0.33", "right"),
        (Tolerance(0.0), "0.33", "wrong"),
        (Tolerance(0.001), "0.33", "wrong"),
        (Tolerance(0.01), "0.33", "right"),
        (Tolerance(0.01), "0.3", "wrong"),
        (Tolerance(0.01, relative=True), "0.33", "right"),
        (Tolerance(0.009, relative=True), "0.33", "wrong"),
        (Tolerance(0.0), "1/3", "right"),
    ],
)
def test_a_tolerance_stands_in_place_of_the_digits(
    tolerance: Tolerance, answer: str, verdict: str
) -> None:
    sheet = read_sheets(f"f = {answer}", "ann")[0]
    assert mark_sheet(exercise("f = x/3", {"x": 1}), sheet, tolerance).judged[0].verdict == verdict


PROVED = [
    ("r = x/(x+y+z); f = r^4", "xyz", "df/dx = 4*r^3*(y+z)/(x+y+z)^2"),
    ("n = (x-y)^2 + (z-w)^2; f = 1/n", "xyzw", "df/dx = -2*(x-y)/((x-y)^2+(z-w)^2)^2"),
    ("y = 1/(1+x^2); z = y/(1+y); f = z/(1+z)", "x", "df/dx = -2*x/(x^2+3)^2"),
    ("p = x+y; g = p*z", "xyz", "dg/dz = (x+y)^64/(x+y)^63"),
    ("p = x+y; g = p*z", "xyz", "dg/dz = 0.1*x + 9e-1*x + y"),
    ("s = sigmoid(x); f = s*y", "xy", "df/dy = (s^2 - 1)/(s - 1) - 1"),
]


@pytest.mark.parametrize(("program", "names", "answer"), PROVED)
def test_rational_functions_are_proved(program: str, names: str, answer: str) -> None:
    at = {name: 2.0 + k for k, name in enumerate(names)}
    marked = mark_sheet(exercise(program, at), read_sheets(answer, "ann")[0])
    assert marked.judged[0].verdict == "right"
    assert marked.judged[0].equality is not None
    assert marked.judged[0].equality.proof == "proved"


@pytest.mark.parametrize(
    ("answer", "proof"),
    [
        ("dg/dz = abs(x+y)", "separated"),
        ("dg/dz = sqrt((x+y)^2)", "separated"),
        ("dg/dz = max(x+y, 0)", "separated"),
        ("dg/dx = z + 1e-13", "separated"),
        ("dg/dx = z*(1 + 1e-12)", "separated"),
        ("dg/dz = exp(40)*x/exp(40) + y + 0.001", "separated"),
        ("dg/dz = log(exp(x+y))", "undistinguished"),
        ("dg/dz = x + y + ((x+1)*(y+1)*(z+1))^21 - ((x+1)*(y+1)*(z+1))^21", "proved"),
    ],
)
def test_formulas_are_told_apart_where_they_differ(answer: str, proof: str) -> None:
    judged = mark_sheet(exercise(*SEED), read_sheets(answer, "ann")[0]).judged[0]
    assert judged.equality is not None
    assert judged.equality.proof == proof
    assert judged.verdict == ("wrong" if proof == "separated" else "right")


def test_a_formula_is_judged_on_the_side_of_a_corner_that_the_point_is_on() -> None:
    program, at = "r = relu(w*x); f = r*z", {"w": 1, "x": 2, "z": 3}
    assert mark(program, at, "df/dx = w*z").verdicts == {"df/dx": "right"}
    assert mark(program, at, "df/dx = w*z*x").verdicts == {"df/dx": "wrong"}


def test_a_program_with_a_list_in_it_is_marked() -> None:
    program, at = "a = [x, y, z]; p = softmax(a); f = -log(p[0])", {"x": 1, "y": 2, "z": 3}
    found = mark(program, at, "a = [1, 2, 4]; p = [0.04201, 0.1142, 0.8438]; df/dy = 5")
    assert found.verdicts == {"a": "wrong", "p": "follows", "df/dy": "wrong"}
