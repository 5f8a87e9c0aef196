"""What people write from elsewhere, and the way out that the hint names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

DERIVATIVES = [
    ("d(x^(-1))/dx", 'cgraph diff "x^(-1)"'),
    ("2 + d(x^(-1))/dx", 'cgraph diff "x^(-1)"'),
    ("d/dx(x^2)", 'cgraph diff "x^2"'),
    ("d/dx x^2", 'cgraph diff "x^2"'),
    ("d(sin(x)*y)/d(x)", 'cgraph diff "sin(x)*y" --wrt x'),
    ("d^2/dx^2(x^3)", 'cgraph diff "x^3" --order 2'),
    ("d²(x^3)/dx²", 'cgraph diff "x^3" --order 2'),
    ("∂/∂x (x*y)", 'cgraph diff "x*y" --wrt x'),
    ("∂(x^2)/∂x", 'cgraph diff "x^2"'),
    ("diff(x^2, x)", 'cgraph diff "x^2"'),
    ("diff(max(x, y), y)", 'cgraph diff "max(x, y)" --wrt y'),
    ("derivative(x^2)", 'cgraph diff "x^2"'),
    ("grad(max(x, y))", 'cgraph diff "max(x, y)"'),
    ("D[x^2, x]", 'cgraph diff "x^2"'),
    ("f(x) = x^2; f'(x)", 'cgraph diff "f(x) = x^2; f(x)"'),
    ("f(x) = x^3; f′′(x)", 'cgraph diff "f(x) = x^3; f(x)" --order 2'),
    ("f'(x)", 'cgraph diff "x^2"'),
    ("y = x^2; dy/dx", 'cgraph diff "y = x^2"'),
    ("y = x^2; z = 3; dy/dx", 'cgraph diff "y = x^2; z = 3; y"'),
    ("f(x) = x^2; d/dx f(x)", 'cgraph diff "f(x) = x^2; f(x)" --wrt x'),
    ("p = 2*q; diff(p^2, q)", 'cgraph diff "p = 2*q; p^2"'),
    ("z = 3; d(x^2)/dx", 'cgraph diff "x^2"'),
    ("dy/dx", 'cgraph diff "x^2"'),
]


SLIPS = [
    (["eval", "x*y", "x", "=", "1,", "y", "=", "3"], "write x=1, without spaces"),
    (["eval", "x*y", "x=1,y=3"], "write one value a word: x=1 y=3"),
    (["eval", "x*y", "x=1; y=[1, 2]"], "write one value a word: x=1 y=[1, 2]"),
    (["eval", "sum(W)", "W=[[1,", "2],[3,", "4]]"], 'put it in double quotes: "W=[[1, 2],[3, 4]]"'),
    (["eval", "sum(W)", "W=[[1,", "2"], 'put it in double quotes: "W=[[1, …"'),
    (["check", "x^2", "x=3", "--answer", "df/dx", "=", "6"],
     'put what has spaces in double quotes, "df/dx = 6"; a value has none: x=1'),
    (["diff", "x^2*y", "x"], "give it a value, x=1; to differentiate by it: --wrt x"),
    (["train", "w*x - c", "-d", "d.csv", "w=0", "--fix", "c"], "give it a value: --fix c=1"),
    (["train", "w*x - c", "-d", "d.csv", "w"], "say where it starts: w=0"),
    (["diff", "x^2*y", "--by", "x"], "did you mean --wrt?"),
    (["sheet", "x*y", "--answers"], "did you mean --key?"),
    (["sheet", "x*y"], 'write cgraph sheet "x*y" x=… y=…; or let --seed 1 choose them'),
    (["check", "x*y", "x=1", "y=2", "mine.txt"],
     'name a sheet, -a mine.txt, or an answer: --answer "p = 4"'),
    (["check", "x*y", "x=1", "y=2", "-a", "@mine.txt"], "leave the @ out: mine.txt"),
    (["check", "x*y", "x=1", "y=2", "-a", "@other.txt"], "check the path"),
    (["plot"], "did you mean cgraph draw?"),
    (["ops", "chain"], "cgraph ops lists them all"),
    (["ops", "sigmod"], "did you mean 'sigmoid'?"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "hint"), SLIPS)
def test_what_is_meant_is_said(
    words: list[str], hint: str, cgraph: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.txt").write_text("f = 2\n")
    ran = cgraph(*words)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.splitlines()[-1] == f"hint: {hint}"


def test_a_question_is_no_expression(cgraph: Any) -> None:
    assert "hint: the commands are eval, " in cgraph("help", "where did I go wrong").err
    assert "write: cgraph eval" in cgraph("x+y").err


@pytest.mark.parametrize(
    ("program", "is_said"), [("x^0.5", False), ("relu(x)", True), ("x^y", True), ("abs(x)", True)]
)
def test_a_convention_is_told_where_it_decides(program: str, is_said: bool, cgraph: Any) -> None:
    values = ["x=0", *(["y=0"] if "y" in program else [])]
    assert ("convention" in cgraph("trace", program, *values).out) == is_said


@pytest.mark.parametrize(("text", "command"), DERIVATIVES)
def test_a_derivative_is_a_command(text: str, command: str, cgraph: Any) -> None:
    ran = cgraph("eval", text, "x=2")
    assert (ran.status, ran.out) == (2, "")
    hint = ran.err.splitlines()[-1]
    assert hint.endswith(command)
    # What is said can be typed.
    import shlex

    words = shlex.split(command)[1:]
    assert cgraph(*words).status == 0


@pytest.mark.parametrize(
    "program",
    [
        ("d(a) = a^2; d(x)/dx", "x=2", "dx=1"),
        ("D(a, b) = a*b; D(x, 3)", "x=2"),
        ("diff(a, b) = a - b; diff(x, 3)", "x=2"),
        ("d/dx", "d=1", "dx=2"),
        ("df/dx*x", "df=1", "dx=2", "x=3"),
        ("grad*x", "grad=1", "x=2"),
    ],
)
def test_names_of_that_kind_stay_names(program: tuple[str, ...], cgraph: Any) -> None:
    assert cgraph("eval", *program).status == 0


def test_a_slip_beside_a_function_of_that_name_is_told_as_itself(cgraph: Any) -> None:
    assert "write 2*x" in cgraph("eval", "D(a, b) = a*b; D(2x, 3)", "x=2").err


HINTS = [
    ("sigma(x)", "write sigmoid(x)"),
    ("σ(x)", "write sigmoid(x)"),
    ("sig(x)", "write sigmoid(x)"),
    ("logistic(x)", "write sigmoid(x)"),
    ("x mod y", "write mod(x, y)"),
    ("(x + 1) mod 2", "write mod(…, 2)"),
    ("x div 2", "write floor(x/2)"),
    ("x % y", "write mod(a, b)"),
    ("10%", "write 10/100"),
    ("x%", "write x/100"),
    ("(x + 1)%", "write …/100"),
    ("0x10", "write 16"),
    ("0b101", "write 5"),
    ("0o17 + x", "write 15"),
    ("1_000", "write 1000"),
    ("1,000", "write 1000"),
    ("1,000,000.5", "write 1000000.5"),
    ("1.000,5", "write 1000.5"),
    ("0,5", "write 0.5"),
    ("if x > 0 then x else 0", "write where(condition, a, b)"),
    ("x > 0 ? x : 0", "write where(condition, a, b)"),
    ("x if x > 0 else 0", "write where(condition, a, b)"),
    ("x > 0 and y > 0", "for both write (a > 0)*(b > 0)"),
    ("x > 0 && y > 0", "(a > 0)*(b > 0)"),
    ("x > 0 || y > 0", "write max(a > 0, b > 0)"),
    ("not x", "write 1 - (a > 0)"),
    ("not(x > 0)", "write 1 - (a > 0)"),
    ("!x", "write 1 - (a > 0)"),
    ("x!", "write gamma(x + 1)"),
    ("|x - 1|", "write abs(x - 1)"),
    ("2*|x|", "write abs(x)"),
    ("||x||", "write norm(x)"),
    ("√y", "write sqrt(y)"),
    ("√(y + 1)", "write sqrt(y + 1)"),
    ("∛(2*y)", "write cbrt(2*y)"),
    ("(x^2)'", "write x1, transpose(…) for a transpose"),
    ("x²", "write x^2"),
    ("x¹⁰", "write x^10"),
    ("x⁻¹", "write x^-1"),
    ("sin²x", "write sin(…)^2"),
    ("sin^2(x)", "write sin(…)^2"),
    ("sin⁻¹(x)", "write asin(…)"),
    ("log_2(x)", "write log2(x)"),
    ("log_3(x)", "write log(x)/log(3)"),
    ("log_y(x)", "write log(x)/log(y)"),
    ("ln x", "write ln(x)"),
    ("exp x", "write exp(x)"),
    ("arcsin x", "write asin(x)"),
    ("max x y", "write max(x, y)"),
    ("max(x y)", "separated by commas"),
    ("[1 2 3]", "separated by commas"),
    ("[1 2; 3 4]", "separated by commas"),
    ("(1, 2)", "[1, 2]"),
    ("sum_{i=1}^n x", "write sum([expr"),
    ("sum_(i=1)^n x", "write sum([expr"),
    ("lim x", "limits are not computed"),
    ("integrate(x^2, x)", "integrals are not computed"),
    ("∫x dx", "integrals are not computed"),
    ("inv(x)", "matrices are not inverted"),
    ("det(x)", "A[0, 0]*A[1, 1]"),
    ("x++", "y = x + 1"),
    ("x += 1", "y = x + 1"),
    ("y := x", "write name = value"),
    ("x <> 1", "not equal is '!='"),
    ("x ~= 1", "not equal is '!='"),
    ("x =< 1", "write <="),
    ("x is 1", "to compare write =="),
    (r"\frac{x}{y}", "write x/y"),
    (r"\frac{x + 1}{y}", "write (x + 1)/y"),
    (r"\sin x", "write sin(x)"),
    (r"\max(x, y)", "write max(x)"),
    (r"\pi", "write pi"),
    (r"\omega", "write the name omega"),
    ("e^{x}", "write parentheses: e^(x)"),
    ("x_{1}", "write x_1"),
    ("x.T", "transpose(x)"),
    ("x.sum()", "write sum(x)"),
    ("np.exp(x)", "write exp(…)"),
    ("math.pi*x", "write pi"),
    ("x.pi", "for a product write x*pi"),
    ("torch.nn.functional.relu(x)", "write relu(…)"),
    ("np.maximum(x, 0)", "write max(a, b)"),
    ("“x”", "without quotes"),
    ("xy", "write x*y"),
]


@pytest.mark.parametrize(("text", "hint"), HINTS)
def test_the_hint_names_the_way_out(text: str, hint: str, cgraph: Any) -> None:
    ran = cgraph("eval", text, "x=2", "y=3")
    assert (ran.status, ran.out) == (2, "")
    assert hint in ran.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("x", "=", "1"), "write x=1, without spaces"),
        (("x=", "1"), "write x=1, without spaces"),
        (("x", "=1"), "write x=1, without spaces"),
        (("y=3", "x=", "-1/3"), "write x=-1/3, without spaces"),
        (("x:1",), "write x=1"),
        (("x:=1",), "write x=1"),
        (("x==1",), "write x=1"),
        (("x=0x10",), "write 16"),
        (("x=1,5",), "write 1.5"),
    ],
)
@pytest.mark.parametrize("command", ["eval", "trace", "draw", "diff"])
def test_a_value_that_is_not_written_so(
    command: str, words: tuple[str, ...], hint: str, cgraph: Any
) -> None:
    ran = cgraph(command, "x*y", *words)
    assert (ran.status, ran.out) == (2, "")
    assert hint in ran.err.splitlines()[-1]


def test_spaces_where_a_program_has_no_quotes(cgraph: Any) -> None:
    assert "in double quotes" in cgraph("eval", "x", "=", "1").err
    assert "w=0, without spaces" in cgraph("train", "w*x", "-d", "a.csv", "w", "=", "0").err


def test_shapes_and_elements(cgraph: Any) -> None:
    matrices = ("A=[[1,2,3],[4,5,6]]", "B=[[1,2],[3,4],[5,6]]")
    assert "for the product of matrices write @" in cgraph("eval", "A*B", *matrices).err
    assert "write @" not in cgraph("eval", "A*x", matrices[0], "x=[1,2]").err
    assert "write x[1] for an element" in cgraph("eval", "x(1)", "x=[1,2]").err
    assert "write x*(1)" in cgraph("eval", "x(1)", "x=2").err
    assert "write h[1] for an element" in cgraph("eval", "h[0] = 1; h[1] = 2; h(1)").err


def test_rows_of_data_are_no_values(cgraph: Any, tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("x,y\n1,2\n", "utf-8")
    ran = cgraph("eval", "x*y", "--at", str(path))
    assert ran.err.splitlines()[-1] == (
        'hint: --at is an object of JSON, for example {"x": 1, "w": [1, 2]}; '
        "rows go with -d to cgraph map"
    )
