"""Sheets and their lines: what is read, and what is said of what is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgcli.homework.sheets import read_sheets, split
from cgcli.homework.written import read_number
from tests.conftest import Ran
from tests.homework.adapter import exercise, mark, marks

SEED = ("p = x + y; g = p*z", {"x": 1, "y": 3, "z": -3})
LOOP = (
    "h[0] = h0; for t in 0..2 { h[t+1] = w*h[t] + x[t] }; L = (h[3] - y)^2",
    {"h0": 0.5, "w": 0.5, "x": [1, 2, 3], "y": 1},
)


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("p = 4", "p"),
        ("x+y = 4", "p"),
        ("y + x = 4", "p"),
        ("( x + y ) = 4", "p"),
        ("dg/dx = -3", "dg/dx"),
        ("∂g/∂x = -3", "dg/dx"),
        ("∂g / ∂x = -3", "dg/dx"),
        ("dg/∂x = -3", "dg/dx"),
        ("x.grad = -3", "dg/dx"),
        ("dg/d(x+y) = -3", "dg/dp"),
        ("∂g/∂(y+x) = -3", "dg/dp"),
        ("d(p*z)/dx = -3", "dg/dx"),
        ("dp/dx = 1", "dp/dx"),
        ("dg/dg = 1", "dg/dg"),
        ("x = 1", "x"),
        ("dg/dx = −3", "dg/dx"),
        ("dg/dx = - 3.0e0 # of course", "dg/dx"),
        ("p = +4", "p"),
        ("p = 0.4*10^1", "p"),
        ("p = 400 * 10^-2", "p"),
        ("p = 8/2", "p"),
        ("p = sqrt(16)", "p"),
        ("p = e^log(4)", "p"),
        ("dg/dx = z", "dg/dx"),
        ("p(1, 3) = 4", "p"),
        ("g(4, -3) = -12", "g"),
        ("∂g/∂p(4, -3) = -3", "dg/dp"),
        ("g_x(1, 3, -3) = -3", "dg/dx"),
    ],
)
def test_ways_of_writing_a_right_answer(line: str, step: str) -> None:
    problem = exercise(*SEED)
    marked = marks(problem, line)
    assert list(marked.verdicts.values()) == ["right"]
    assert step not in marked.missing


@pytest.mark.parametrize("line", ["p(1, 4) = 4", "g(4, 3) = -12", "p(1, 3, 3) = 4", "p(4) = 4"])
def test_another_point_is_not_read_as_this_one(line: str) -> None:
    assert list(mark(*SEED, line).verdicts.values()) == ["unreadable"]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("h[1] = 1.25", "right"),
        ("dL/dh[2] = 3.3125", "right"),
        ("∂L/∂h[2] = 3.3125", "right"),
        ("dL/dx[1] = 3.3125", "right"),
        ("x.grad[1] = 3.3125", "right"),
        ("dL/dx[-1] = 6.625", "right"),
        ("dL/dx = [1.65625, 3.3125, 6.625]", "right"),
        ("dL/dx = [1.65625, 53/16, 6.625]", "right"),
        ("dL/dx = [1.65625, 3.3125]", "wrong"),
        ("dL/dx = 3", "wrong"),
        ("dL/dx[3] = 3", "unreadable"),
        ("h[4] = 3", "unreadable"),
        ("dL/dx[y] = 3", "unreadable"),
        ("dL/dx = [[1], 2]", "unreadable"),
        ("h = 3", "unreadable"),
    ],
)
def test_members_and_elements(line: str, value: str) -> None:
    assert list(mark(*LOOP, line).verdicts.values()) == [value]


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("dg/dq = 3", "there is no node 'q'", ""),
        ("dq/dx = 3", "there is no node 'q'", ""),
        ("pp = 4", "there is no node 'pp'", "did you mean 'p'?"),
        ("x - y = 4", "'x - y' is no step of the program", ""),
        ("x + y*z = 4", "'x + y*z' is no step of the program", ""),
        ("p 4", "no operator between 'p' and '4'", "an answer is written name = number"),
        ("p == 4", "there is no answer here: no '='", "write one ="),
        ("p", "there is no answer here: no '='", "write p = and the answer"),
        ("p = q", "there is no node 'q'", ""),
        ("p = p", "p is answered by itself", "write the number"),
        ("p = g/z", "or by what comes after it", "write the number"),
        ("p = x + y", "p is answered by its own text", "write the number"),
        ("p = 0/0", "this has no value", "write a number"),
        ("p = 1/0", "this has no value", "write a number"),
        ("p = x/0", "this has no value", ""),
        ("dg/dx = p.grad", "dg/dp is not answered on this sheet", "write the number"),
        ("dg/dx = ∂g/∂p", "dg/dp is not answered on this sheet", "write the number"),
        ("dg/dx = dg/dp", "dg/dp is not answered on this sheet", "write the number"),
        ("dg/dx = 2*dg/dy*z", "dg/dy is not answered on this sheet", "write the number"),
        ("dg/dp = dg/dp", "dg/dp is answered by itself", "write the number"),
        ("dg/dx = ∂g/∂p*q", "a derivative cannot stand in a formula", "dg/dx = y*z"),
        ("dg/dx = dg/dp*q", "there is no node 'dg'", "on the right stands a number"),
        ("∂x = 3", "a derivative cannot stand in a formula", ""),
        ("p.grad.grad = 3", "a derivative cannot stand in a formula", ""),
        ("x.grad[0] = -3", "there is no dg/dx[0]: dg/dx is one number", "counted from 0"),
        ("p = [1, 2", "'[' is never closed", ""),
        ("x.gard = 3", "there is no '.gard' on a sheet", "write x.grad, or dg/dx"),
        ("dg/d2 = 3", "there is no node '2'", ""),
        ("p = (4", "'(' is never closed", ""),
        ("[bold]p[/bold] = 4", "", ""),
        ("p = " + "(" * 300 + "4" + ")" * 300, "brackets nest deeper than 200 levels", ""),
        ("p = [t for t in 0..10^9]", "", ""),
    ],
)
def test_a_line_that_is_not_understood_says_why(line: str, message: str, hint: str) -> None:
    from cgcli.homework.marking import mark as mark_sheet

    problem = exercise(*SEED)
    marked = mark_sheet(problem, read_sheets(f"g = -12\n{line}\ndg/dz = 4", "ann")[0])
    assert [judged.verdict for judged in marked.judged] == ["right", "right"]
    (unreadable,) = marked.unreadable
    assert unreadable.line == 2
    assert message in unreadable.error.message
    assert hint in unreadable.error.hint


def test_an_expression_that_stands_twice_is_no_question_for_a_gradient() -> None:
    program, at = "a = (x + y)*2; b = (x + y)*3; f = a*b", {"x": 1, "y": 2}
    assert mark(program, at, "x + y = 3").verdicts == {"x + y": "right"}
    assert mark(program, at, "df/d(x+y) = 1").verdicts == {"df/d(x+y)": "unreadable"}
    assert mark(program, at, "df/dv1 = 18").verdicts == {"df/dv1": "right"}


def test_names_that_look_like_differentials_are_names_first() -> None:
    program, at = "dg = 2*x; dx = 3*x; q = dg/dx", {"x": 5}
    assert mark(program, at, "dg/dx = 2/3").verdicts == {"dg/dx": "right"}
    assert mark(program, at, "dg/dx = 2").verdicts == {"dg/dx": "wrong"}
    assert mark(program, at, "∂dg/∂x = 2").verdicts == {"∂dg/∂x": "right"}
    assert mark(program, at, "ddg/dx = 2").verdicts == {"ddg/dx": "right"}


def test_several_answers_on_a_line_comments_and_lists_over_lines() -> None:
    text = "p = 4; g = -12  # all\n\n# none\ndL/dx = [1,\n  2;\n 3]\nq = (1; 2)\n h = [1\nk = 2"
    found = [(line.number, line.text) for line in split(text)]
    assert found == [
        (1, "p = 4"),
        (1, "g = -12"),
        (4, "dL/dx = [1,   2;  3]"),
        (7, "q = (1; 2)"),
        (8, "h = [1"),
        (9, "k = 2"),
    ]


def test_the_same_answer_twice_is_one_and_two_answers_are_none() -> None:
    assert mark(*SEED, "p = 4; p = 4.0; x+y = 4").verdicts["p"] == "right"
    marked = mark(*SEED, "p = 4; p = 5; g = -12")
    assert marked.verdicts == {"p": "unreadable", "g": "right"}
    assert "p" in marked.missing
    assert mark(*SEED, "dg/dz = p; dg/dz = 4").verdicts == {"dg/dz": "right"}
    assert mark(*SEED, "dg/dz = p; dg/dz = x").verdicts == {"dg/dz": "unreadable"}


def test_a_blank_answer_is_missing() -> None:
    marked = mark(*SEED, "p =\ng = -12\ndg/dx =  # later")
    assert marked.verdicts == {"g": "right"}
    assert {"p", "dg/dx"} <= set(marked.missing)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"p": 4, "dg/dx": -3.0}', ["f"]),
        ('{"student": "ann", "answers": {"p": 4}}', ["ann"]),
        ('{"student": "ann", "p": 4}', ["ann"]),
        (
            '{"student": "ann", "answers": {"p": 4}}\n{"id": 7, "answers": {"p": "8/2"}}\n',
            ["ann", "7"],
        ),
        ('{"p": 4}\n{"p": 5}', ["f, line 1", "f, line 2"]),
        ('[{"student": "ann", "answers": {"p": 4}}, {"p": 4}]', ["ann", "f, 2"]),
    ],
)
def test_json_sheets(text: str, names: list[str]) -> None:
    sheets = read_sheets(text, "f")
    assert [sheet.name for sheet in sheets] == names
    assert not any(sheet.trouble for sheet in sheets)
    problem = exercise(*SEED)
    from cgcli.homework.marking import mark as mark_sheet

    for sheet in sheets:
        assert mark_sheet(problem, sheet).judged


def test_numbers_of_json_keep_their_digits() -> None:
    at = {"x": 1, "y": 2, "z": 3}
    program = "p = x/z; g = p*y"
    assert mark(program, at, '{"p": 0.33}').verdicts == {"p": "right"}
    assert mark(program, at, '{"p": 0.330}').verdicts == {"p": "wrong"}
    assert mark(program, at, '{"p": "1/3", "g": null}').verdicts == {"p": "right"}


@pytest.mark.parametrize(
    "text",
    [
        '{"p": 4',
        '{"p": 4, "p": 5}',
        '{"answers": 3}',
        '{"p": ' + "[" * 20_000,
        '[{"p": 4}, 3]',
        '{"student": "ann", "answers": ["p", 4]}',
        "p = 4\0",
    ],
)
def test_json_that_is_no_sheet_is_in_trouble(text: str) -> None:
    sheets = read_sheets(text, "f")
    assert any(sheet.trouble for sheet in sheets) or not any(sheet.lines for sheet in sheets)


def test_a_line_too_long_and_a_sheet_too_long() -> None:
    marked = mark(*SEED, "p = " + "4" * 1_000_000 + "\ng = -12")
    assert sorted(marked.verdicts.values()) == ["right", "unreadable"]
    (sheet,) = read_sheets("p = 4\n" * 20_000, "f")
    assert "more than 10,000" in sheet.trouble


def test_one_bad_line_of_json_lines_is_one_sheet_in_trouble() -> None:
    good = json.dumps({"student": "ann", "answers": {"p": 4}})
    sheets = read_sheets(f'{good}\n{{"student": "bo", "answers": {{\n{good}', "class")
    assert [bool(sheet.trouble) for sheet in sheets] == [False, True, False]


@given(st.decimals(-1000, 1000, places=4, allow_nan=False))
def test_a_number_reaches_half_a_unit_of_its_last_digit(number: Any) -> None:
    text = f"{number:f}"
    written = read_number(text)
    assert written is not None
    exact = Fraction(text)
    assert Fraction(written.value) == Fraction(float(exact))
    assert written.half == pytest.approx(0.00005)
    near, far = float(exact + Fraction(49, 10**6)), float(exact + Fraction(51, 10**6))
    enough = len(text.replace("-", "").replace(".", "").lstrip("0")) > 1
    assert written.is_rounding(near) == enough
    assert not written.is_rounding(far)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("4", 1),
        ("0.04", 1),
        ("0.040", 2),
        ("120", 3),
        ("1.2e3", 2),
        ("000", 0),
        (".5", 1),
        ("5.", 1),
    ],
)
def test_significant_digits(text: str, digits: int) -> None:
    written = read_number(text)
    assert written is not None
    assert written.digits == digits


@pytest.mark.parametrize("text", ["", ".", "e5", "1e", "--1", "1.2.3", "0x1", "1_000", "१"])
def test_what_is_no_number(text: str) -> None:
    assert read_number(text) is None


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("dy/dx = [[1, 2], [3, 4]]", "right"),
        ("x.grad[0, 1] = 2", "right"),
        ("x.grad[0] = 2", "unreadable"),
        ("dy/dx[1] = 4", "unreadable"),
        ("y[-1] = 11", "right"),
        ("(W@x)[1] = 11", "right"),
        ("(W@x)[2] = 11", "unreadable"),
        ("(W@x)[1][0] = 11", "unreadable"),
        ("dy[0]/dx[1] = 2", "unreadable"),
        ("dy/dx = 3", "wrong"),
    ],
)
def test_elements_of_jacobians_and_of_expressions(line: str, verdict: str) -> None:
    program, at = "y = W @ x", {"W": [[1, 2], [3, 4]], "x": [1, 2]}
    assert list(mark(program, at, line).verdicts.values()) == [verdict]
    assert mark(program, at, f"{line}\ny[0] = 5").verdicts["y[0]"] == "right"


@pytest.mark.parametrize("line", ["y = x/0", "y = [1, 1e308*1e9]", "x = acosh(x - 1e9)"])
def test_a_list_without_a_value_says_so_and_nothing_else(line: str) -> None:
    # A warning of NumPy's would fail this.
    at = {"W": [[1, 2], [3, 4]], "x": [1, 2]}
    assert list(mark("y = W @ x", at, line).verdicts.values()) == ["unreadable"]


@pytest.mark.parametrize("z", [[float("-inf"), 1.0], [1e308, -1e308]])
def test_numbers_beyond_the_doubles_are_gone_on_with_in_silence(z: list[float]) -> None:
    # A warning of NumPy's would fail this.
    sheet = (
        "a = [1e308, 2]\nb = [1e308, -1.7e308]\nf = 3.12\ndf/da = [1e308, 1e308]\ndf/dz = [3, 4]"
    )
    verdicts = mark("a = z*z; b = a - z; f = sum(b)", {"z": z}, sheet).verdicts
    assert verdicts["df/da"] == "wrong"
    assert "right" not in verdicts.values()


def test_full_width_forms_part_and_end_answers_as_their_twins_do() -> None:
    text = "p ＝ ４；ｇ＝－１２； ∂g/∂z＝（x＋y） ＃ done；dg/dx = 5\ndg/dx = [1，2；dg/dy = −3"
    assert mark(*SEED, text).verdicts == {
        "p ＝ ４": "right",
        "ｇ＝－１２": "right",
        "∂g/∂z＝（x＋y）": "right",
        "dg/dx": "unreadable",
        "dg/dy": "right",
    }


def test_an_open_bracket_swallows_no_other_answer() -> None:
    read = [
        line.text for line in read_sheets("p = [1, 2; g = -12; x = [3,\n4]; y = 3", "")[0].lines
    ]
    assert read == ["p = [1, 2", "g = -12", "x = [3, 4]", "y = 3"]


NEURON = "p = w*x; s = p + b; y = tanh(s); e = y - t; L = e^2"
AT = ("w=0.4", "x=0.6", "b=0.5", "t=-1.5")


@pytest.mark.parametrize(
    "answer",
    [
        "dL/de = 2(tanh(wx+b)-t)",
        "dL/de = 2(y-t)",
        "dL/de = 2(y-t) (chain rule)",
        "dL/dt = -2(y-t) (since y is fixed)",
        "p = 0.24 (exact)",
        "p = 0.24(exact)",
        "p = 0.24 (since w = 0.4)",
    ],
)
def test_a_bracket_is_a_factor_or_a_reason(answer: str, cgraph: Any) -> None:
    ran = cgraph("check", NEURON, *AT, "--answer", answer, "--json")
    (marked,) = json.loads(ran.out)["sheets"][0]["answers"]
    assert marked["verdict"] == "right", marked["read"]


@pytest.mark.parametrize("answer", ["dL/dw = 2(y-t)·sech²(s)·x", "dL/ds = 2(y-t) · dy/ds"])
def test_a_factor_that_cannot_be_read_is_no_reason(answer: str, cgraph: Any) -> None:
    document = json.loads(cgraph("check", NEURON, *AT, "--answer", answer, "--json").out)
    assert all(a["verdict"] == "right" for a in document["sheets"][0]["answers"])


def test_letters_that_stand_together_in_a_bracket_are_factors(cgraph: Any) -> None:
    ran = cgraph("check", "a = x^2; g = a*z", "--answer", "dg/dx = 2(xz)", "--json")
    assert [a["verdict"] for a in json.loads(ran.out)["sheets"][0]["answers"]] == ["right"]


def test_a_plus_before_a_name_is_no_step(cgraph: Any, tmp_path: Path) -> None:
    words = ("w = mod(s, s) + (+r)", "s=1000", "r=1e200")
    key = tmp_path / "key.txt"
    key.write_text(cgraph("sheet", *words, "--key").out)
    assert "+r =" not in key.read_text()
    assert cgraph("check", *words, "-a", str(key)).status == 0
    alone = cgraph("sheet", "+x", "x=2").out
    assert "f =" in alone


def test_what_is_not_understood_is_said_in_the_language_of_the_report(
    cgraph: Callable[..., Ran],
) -> None:
    words = ("check", "p = x + y; g = p*z", "x=1", "y=3", "z=-3", "--lang", "zh")
    assert "1,273 可能是 1.273，也可能是 1273" in cgraph(*words, "--answer", "p = 1,273").out
    assert "没有算出来：p 的答案就是它自己的式子" in cgraph(*words, "--answer", "p = x + y").out


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [("[5, 1]", "wrong"), ("[5]", "right"), ("z", "wrong"), ("tensor([5.])", "right")],
)
def test_a_list_where_an_element_is_asked(answer: str, verdict: str) -> None:
    problem = exercise("z = W @ x; L = sum(z^2)/2", {"W": [[1, 2], [0, -1]], "x": [3, 1]})
    found = marks(problem, f"dL/dx[0] = {answer}\ndL/dx[1] = 11").verdicts
    assert list(found.values()) == [verdict, "right"]


def test_a_number_in_a_ring_names_no_input() -> None:
    assert set(mark("p = x + y", {"x": 1, "y": 3}, "∂①p = 1").verdicts.values()) == {"unreadable"}


def test_a_step_called_e_is_said_when_the_exercise_is_made(cgraph: Callable[..., Ran]) -> None:
    assert "Euler's number" in cgraph("sheet", "e = y - t; L = e^2", "y=1", "t=3").err
    assert cgraph("sheet", "f = e^x", "x=2").err == ""


def test_e_is_a_step_or_euler_s_number_by_its_exponent() -> None:
    at = {"s": 0.5, "t": 1}
    found = mark("y = exp(-s); e = y - t; L = e^2", at, "y = e^(-0.5)\ndL/de = 2*e\ndL/dt = -2*e")
    assert set(found.verdicts.values()) == {"right"}
    # The program raises the step itself.
    raised = mark("e = s + t; L = e^s", at, "dL/ds = s*e^(s - 1) + e^s*log(e)")
    assert raised.verdicts == {"dL/ds": "right"}


@pytest.mark.parametrize("form", ["dL/dw{}", "dL/dw_{}", "dw{}", "dL_dw{}", "w{}.grad"])
def test_elements_are_counted_as_the_sheet_tells(form: str) -> None:
    problem = exercise(
        "s = dot(w,x) + b; L = s^2", {"w": [2, -1, 3], "x": [1, 4, 0.5], "b": 1}
    )  # s = 0.5, and dL/dw = 2 s x
    numbers = ("1", "4", "0.5")
    for first in (0, 1):
        lines = [f"{form.format(k)} = {number}" for k, number in enumerate(numbers, first)]
        assert [*marks(problem, "\n".join(lines)).verdicts.values()] == ["right"] * 3
    # By itself the second has two meanings.
    alone = marks(problem, f"{form.format(2)} = 4").verdicts
    assert [*alone.values()] == ["unreadable"]


@pytest.mark.parametrize(
    ("heading", "is_read"),
    [
        ("### Gradients", True),
        ("## 2. Partial derivatives:", True),
        ("**Ableitungen:**", True),
        ("Backward pass", True),
        ("\\section*{Gradients}", True),
        ("# 梯度", True),
        ("# Values", False),
        ("# Gradient descent", False),
        ("### Gradients\n### New inputs", False),
        ("### Gradients\nAfter a step:", False),
    ],
)
def test_inputs_below_a_heading_of_gradients_are_what_they_are_by(
    heading: str, is_read: bool
) -> None:
    below = "- x: -3\ny = -3\n- z: 4\np = 4"
    marked = marks(exercise(*SEED), f"{heading}\n{below}")
    assert [*marked.verdicts.values()].count("right") == (4 if is_read else 1)
    assert ("dg/dx" in marked.missing) is not is_read


def test_a_given_value_that_is_said_again_is_no_gradient() -> None:
    marked = marks(exercise(*SEED), "# Gradients\nx = 1\ny = 3\nz = -3\ndg/dx = -3")
    assert marked.verdicts == dict.fromkeys(("x", "y", "z", "dg/dx"), "right")
    # d(xy)/dx is y, which is what x is too.
    marked = marks(exercise("f = x*y", {"x": 2, "y": 2}), "# Gradients\nx: 2\ny: 2")
    assert marked.missing == ["f"]


def test_a_point_may_part_thousands_where_the_sheet_has_two_in_a_number() -> None:
    problem = exercise("u = a*b; v = u + c; J = v^2", {"a": 30, "b": 50, "c": -266})
    grouped = "u = 1.500\n- v: 1.234\nJ = 1.522.756"
    assert [*marks(problem, grouped).verdicts.values()] == ["right"] * 3
    # By itself a point is a decimal one, and so it is where that is right.
    assert marks(problem, "u = 1.500").verdicts == {"u": "wrong"}
    problem = exercise("u = a*b; J = u*c", {"a": 0.3, "b": 5, "c": 1_015_170.5})
    assert marks(problem, "u = 1.500\nJ = 1.522.756").verdicts == {
        "u": "right", "J": "right",
    }  # fmt: skip
