"""What has one meaning is read; of what has two that which is right is taken, or both are named."""

from __future__ import annotations

from typing import Any

import pytest

from cgcli.homework.marking import mark
from cgcli.homework.sheets import read_sheets
from tests.homework.adapter import exercise

SEED = ("p = x + y; g = p*z", {"x": 1, "y": 3, "z": -3})
SIXTH = ("a = x/6; b = a + y; L = b^2", {"x": 1, "y": 2})
SCALED = ("p = w*x", {"w": 1.273, "x": 1})
NEURON = ("z = w*x + b; a = sigmoid(z); L = (a - y)^2/2", {"w": 0.6, "x": -1.2, "b": 0.3, "y": 1})
LOOP = ("h[0] = x; for t in 1..2 { h[t] = w*h[t-1] }; L = h[2]^2", {"x": 3, "w": 2})
LOGISTIC = (
    "z = w*x + b; p = sigmoid(z); J = -(y*log(p) + (1 - y)*log(1 - p))",
    {"w": 3.4, "x": 2, "b": 0.1, "y": 1},
)
CUBES = ("u = a*b; v = u + c; J = v^2", {"a": 30, "b": 50, "c": -266})
PRODUCT = ("f = x^2*y*z", {"x": 1, "y": 2, "z": 3})
SQUARES = ("z = W @ x; L = sum(z^2)", {"W": [[1, 2], [3, -1]], "x": [2, 1]})
PAIR = ("h = W @ x; L = sum(h)", {"W": [[1, 2], [3, 4]], "x": [1 / 3, 1 / 6]})

Problem = tuple[str, dict[str, Any]]


def read(problem: Problem, sheet: str) -> tuple[dict[str, str], list[str]]:
    """The verdicts by step, and what is said of lines that are asked back about."""
    known = exercise(*problem)
    marked = mark(known, read_sheets(sheet, "a sheet")[0])
    verdicts = {
        known.steps.text(judged.answer.quantity, judged.answer.element): judged.verdict
        for judged in marked.judged
    }
    return verdicts, [line.error.message for line in marked.unreadable]


@pytest.mark.parametrize(
    ("problem", "sheet", "steps"),
    [
        # Digits that repeat for ever.
        (SIXTH, "a = 0.1(6)", "a"),
        (SIXTH, r"$b = 2.1\overline{6}$", "b"),
        (SIXTH, r"a = 0.1\bar 6", "a"),
        (SIXTH, r"a = 0.1\dot{6}", "a"),
        (SIXTH, "a = 0.16\u0305", "a"),
        (SIXTH, "b = 2,1(6)", "b"),
        (SIXTH, "L = 4,69(4)\na = 0,17", "L a"),
        (SIXTH, "dL/da = 4.(3)", "dL/da"),
        (SIXTH, "a = 0.16 recurring", "a"),
        (SIXTH, "dL/da = 4.3 recurring", "dL/da"),
        (SIXTH, "b = a + y = 0.1(6) + 2 = 2.1(6)", "b"),
        (SIXTH, "| step | value |\n|---|---|\n| a | 0.1(6) |", "a"),
        (PAIR, "h = [0.(6), 1.6(6)]", "h"),
        # A product that looks like such a number.
        (("f = a*x", {"a": 0.5, "x": 3}), "f = 0.5(3)", "f"),
        # A decimal point at half the height, and a product.
        (SCALED, "p = 1·273", "p"),
        (SCALED, r"$p = w x = 1\cdot273 \times 1 = 1\cdot273$", "p"),
        (SEED, "p = 2·2", "p"),
        # Thousands.
        (CUBES, "u = 1.500\nv = 1.234\nJ = 1.522.756", "u v J"),
        (CUBES, "u = 1'500; J = 1’522’756", "u J"),
        # A row that is called by the equation of its step.
        (
            SEED,
            "| Step | Value | Gradient |\n|:--|--:|--:|\n| p = x + y | 4 | -3 |\n| z | -3 | 4 |",
            "p dg/dp z dg/dz",
        ),
        # Blanks that were filled in.
        (SEED, "p = _4___\ng = -12 ____\ndg/dx = \\_\\_ -3 \\_\\_", "p g dg/dx"),
        # Answers that touch, and the word for "and" of a language that is a name here.
        (SEED, "g=-12p=4dg/dx=-3", "g p dg/dx"),
        (SEED, "dg/dx=-3x=-3", "dg/dx"),
        (PRODUCT, "df/dx = 2 y z = 12", "df/dx"),
        (PRODUCT, "df/dx = 12 y df/dy = 3", "df/dx df/dy"),
        # Tables by the turns of a loop.
        (LOOP, "t | h | dL/dh\n1 | 6 | 48\n2 | 12 | 24", "h[1] h[2] dL/dh[1] dL/dh[2]"),
        (LOOP, "t  h_t  dL/dh_t\n1  6  48", "h[1] dL/dh[1]"),
        (LOOP, "| step | h[t] | grad |\n|---|---|---|\n| 1 | 6 | 48 |", "h[1] dL/dh[1]"),
        (LOOP, "| t | $h_t$ | $\\frac{dL}{dh_t}$ |\n| 2 | 12 | 24 |", "h[2] dL/dh[2]"),
        # A number in brackets, or with a full stop, in a row.
        (SEED, "| p | 4. |\n| g | -12. |", "p g"),
        # Values behind a step of training are no values of the problem.
        (SEED, "## Gradient descent\nx = 1.3\ny = 3.3\ndg/dx = -3", "dg/dx"),
        (SEED, "参数更新\nx = 1.3", ""),
        (SEED, "Gradients\nx = -3\n\nUpdates\nx = 1.3", "dg/dx"),
        # Several at once.
        (NEURON, "∂L/∂(w, b) = (0.1733, -0.1444)", "dL/dw dL/db"),
        (NEURON, "grads: {w: 0.1733, b: -0.1444}", "dL/dw dL/db"),
        (NEURON, "L对w的偏导数为0.1733", "dL/dw"),
        (NEURON, "sigmoid output: a = 0.3965", "a"),
        (PAIR, "h = 0.667, 1.667", "h"),
        # Decimal commas, whatever points there are beside them.
        (SIXTH, "Hausaufgabe vom 12.11.2026, Aufgabe 1.2\na = 0,167\nb = 2,17", "a b"),
        (SIXTH, "Gegeben: y = 2.0\na = 0,167\nb = 2,17\nL = 4,69", "y a b L"),
        (SIXTH, "a = 0,167\nb = 0.167 + 2.0 = 2,17", "a b"),
        (SIXTH, "b = 2.17\n$a = 0{,}167$\nAbleitung von L nach a ist 4,33", "a b dL/da"),
        (SIXTH, "b = 2.17\n| a | 0,167 | 4,33 |", "b a dL/da"),
        # Decimal commas, and a list of as many numbers as there are digits between them.
        (PAIR, "h = (0,667, 1,667)", "h"),
        (PAIR, "h = [0,667, 1,667]\nL = 2,33", "h L"),
        (("p = 2*x; L = sum(p)", {"x": [1, 2, 3, 4]}), "p = [2,4, 6,8]", "p"),
        # A derivative on three lines, as a PDF has it, numbered formulas, and sentences.
        (SEED, "∂g\n∂p\n= z = -3\n∂g\n—\n∂x = -3", "dg/dp dg/dx"),
        (SEED, "dg/dp = z = -3    (1)\ndg/dz = p = 4    (2.1)", "dg/dp dg/dz"),
        (SEED, "1a) p = 4\n1b) g = -12", "p g"),
        (SEED, "We have $p = 4$ and $g = -12$. Hence $\\pd{g}{x} = -3$.", "p g dg/dx"),
        (SEED, "Итак p = 4, g = -12. Частная производная g по x равна -3.", "p g dg/dx"),
        (SEED, "$ pdv(g, x) = -3 $\n- because x has one use", "dg/dx"),
        # Other signs of a derivative, and a gradient behind its value.
        (SEED, "del g/del p = -3\nΔg/Δz = 4\n∂g∂x = -3\nslope in y: -3", "dg/dp dg/dz dg/dx dg/dy"),
        (SEED, "p: 4 (grad -3)\nz = -3 [Gradient: 4]", "p dg/dp z dg/dz"),
        (SEED, "p [value 4, grad -3]\nz -> data -3 grad 4", "p dg/dp z dg/dz"),
        # dJ/dz is y*(p - 1) + (1 - y)*p, and cancels where p is all but 1.
        (LOGISTIC, "dJ/dz = p - y\ndJ/dw = (p - y)*x", "dJ/dz dJ/dw"),
    ],
)  # fmt: skip
def test_what_has_one_meaning_is_read(problem: Problem, sheet: str, steps: str) -> None:
    verdicts, unreadable = read(problem, sheet)
    assert verdicts == dict.fromkeys(steps.split(), "right")
    assert unreadable == []


@pytest.mark.parametrize(
    ("problem", "sheet", "message"),
    [
        (SIXTH, "a = 0.1(7)", "0.1(7) may be 0.177777777777777778, or 0.1*(7)"),
        (SCALED, "p = 1·274", "1·274 may be 1.274, or 1*274"),
        (CUBES, "u = 1.600; J = 1.522.756", "1.600 may be 1600, or 1.600"),
        (NEURON, "w: 0.1733", "w: 0.1733 may be w, or dL/dw"),
    ],
)  # fmt: skip
def test_of_two_meanings_that_are_both_not_right_both_are_named(
    problem: Problem, sheet: str, message: str
) -> None:
    assert message in read(problem, sheet)[1]


@pytest.mark.parametrize("formula", ["p", "p - 1", "y - p", "p - y^2", "(p - y)*1.001"])
def test_another_formula_than_that_of_the_logistic_gradient_is_wrong(formula: str) -> None:
    assert read(LOGISTIC, f"dJ/dz = {formula}") == ({"dJ/dz": "wrong"}, [])


def test_an_input_with_another_value_that_is_no_gradient_is_wrong() -> None:
    assert read(NEURON, "w = 0.7") == ({"w": "wrong"}, [])


def test_a_part_of_a_line_that_is_not_understood_is_not_lost() -> None:
    verdicts, unreadable = read(SEED, "p = 4, g = -12 maybe x = 5 = 6")
    assert verdicts == {"p": "right"}
    assert len(unreadable) == 1


@pytest.mark.parametrize(
    ("problem", "sheet", "steps"),
    [
        (SQUARES, "L = 41, z = (4,5)", "z L"),
        (SQUARES, "z = {4,5}, dL/dW = {{16, 8}, {20, 10}}", "z dL/dW"),
        (SQUARES, "dL/dW = (16 8; 20 10)", "dL/dW"),
        (SEED, "p = x(1) + y(3) = 4\ng = p(4) * z(-3) = -12", "p g"),
        (SEED, "p = 4 > 3", "p"),
        (SEED, "[10:42] Ana: p = 4", "p"),
        (SEED, "wrong: p = 5\np = 4", "p"),
        (SEED, "{p -> 4, dg/dz -> 4}", "p dg/dz"),
        (SEED, "p = x + y  # = 4", "p"),
        (SEED, "∂g/∂z |(1,3,-3) = 4", "dg/dz"),
        (SEED, "Value(data=4.0, grad=-3.0, label='p')", "p dg/dp"),
        (SEED, "dg/dx = Array(-3., dtype=float32, weak_type=True)", "dg/dx"),
        (SEED, "De waarde van p is 4", "p"),
        (SEED, "pの値は4です", "p"),
        (SEED, "p의 값은 4입니다", "p"),
        (SEED, "p'nin değeri 4", "p"),
        (SEED, "pochodna g po x równa się -3", "dg/dx"),
    ],
)
def test_what_other_tools_and_tongues_write_is_read(
    problem: Problem, sheet: str, steps: str
) -> None:
    assert read(problem, sheet) == (dict.fromkeys(steps.split(), "right"), [])


@pytest.mark.parametrize(
    ("problem", "sheet"),
    [
        (SEED, "p = 4 +- 0.1"),
        (SEED, "p = 5 [crossed out] 4"),
        (SEED, "g = -1.2 × 10−1"),
        (SEED, "assert p == 4, g == -12"),
        (LOOP, "L2 = 8"),
    ],
)
def test_what_may_be_something_else_is_not_called_wrong(problem: Problem, sheet: str) -> None:
    verdicts, asked_back = read(problem, sheet)
    assert not verdicts
    assert asked_back
