"""Single lines of a trace: which of them is there, and of what it speaks."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cgcli.graph.latex import latex_name, latex_number


@pytest.mark.parametrize(
    ("program", "at", "meaning"),
    [
        ("sum(x*[1, -3, 2])", "x=[1,1,1]", "Moving x[1] up by a little moves f by -3 times"),
        ("sum(x*[4, -3, 2])", "x=[1,1,1]", "Moving x[0] up by a little moves f by 4 times"),
        (
            "sum(W*[[1, 2], [3, -5]])",
            "W=[[1,1],[1,1]]",
            "Moving W[1, 1] up by a little moves f by -5",
        ),
        ("-2*x", "x=1", "Moving x up by a little moves f by -2 times"),
        ("abs(x)*3 + 2*x", "x=0", ""),
        ("0*x", "x=1", ""),
        ("exp(x)", "x=1000", ""),
    ],
)
def test_the_last_line_speaks_of_the_steepest_element(
    program: str, at: str, meaning: str, cgraph: Any
) -> None:
    out = cgraph("trace", program, at).out
    assert meaning in out if meaning else "Moving" not in out


@pytest.mark.parametrize("uses", [2, 6, 7, 12])
def test_a_sum_names_a_few_uses_and_counts_many(uses: int, cgraph: Any) -> None:
    out = cgraph("trace", "y = 2*x; " + " + ".join(["y"] * uses), "x=1").out
    (line,) = [line for line in out.splitlines() if line.strip().startswith("sum ")]
    if uses > 6:
        assert line.endswith(f"(from its {uses} uses)")
    else:
        assert len(re.findall(r"\b(?:f|v\d+)\b", line.partition("(from ")[2])) == uses
        assert f"= {' + '.join(['1'] * uses)} = {uses}" in line


@pytest.mark.parametrize("program", ["a = x*y; b = x*x; a + b", "b = x*x; a = x*y; b + a"])
def test_a_node_times_itself_is_no_other_product(program: str, cgraph: Any) -> None:
    out = cgraph("trace", program, "x=3", "y=5").out
    locals_ = re.findall(r"local +(∂.+? = .+ = .+)", out)
    assert sorted(locals_) == [
        "∂a/∂x = y = 5",
        "∂a/∂y = x = 3",
        "∂₁b = x = 3  (by argument 1)",
        "∂₂b = x = 3  (by argument 2)",
    ]


@pytest.mark.parametrize(
    ("program", "by", "rule"),
    [
        ("x + y", "x,y", "sum rule"),
        ("x - y", "x,y", "difference rule"),
        ("x*y", "x,y", "product rule"),
        ("x*x", "x", "product rule"),
        ("x*y", "x", "constant multiple rule"),
        ("3*x", "x", "constant multiple rule"),
        ("-x", "x", "constant multiple rule"),
        ("x/2", "x", "constant multiple rule"),
        ("1/x", "x", "quotient rule"),
        ("x/y", "x,y", "quotient rule"),
        ("x^3", "x", "power rule"),
        ("2^x", "x", "exponential rule"),
        ("x^y", "x,y", "power and exponential rule"),
        ("exp(x)", "x", "derivative of exp"),
        ("abs(x)", "x", "derivative of abs"),
        ("u @ v", "u", "product rule; shapes 2, 2 to 1"),
        ("sum(u)", "u", "sum rule; shapes 2 to 1"),
        ("sum(u/v)", "u,v", "quotient rule; shapes 2, 2 to 2"),
        ("max(u)", "u", "shapes 2 to 1"),
    ],
)
def test_a_step_backward_names_its_rule(program: str, by: str, rule: str, cgraph: Any) -> None:
    values = {"x": "3", "y": "2", "u": "[1,2]", "v": "[3,4]"}
    given = [f"{name}={values[name]}" for name in {*re.findall(r"\b[xyuv]\b", program)}]
    asked = ("trace", program, *given, "--wrt", by, "--pass", "backward")
    assert f"({rule})\n" in cgraph(*asked).out
    assert f"({rule})\n" in cgraph(*asked, "--format", "latex").out
    first = re.split("; | of ", rule)[0]
    assert re.search(f'"aside": ?"{first}', cgraph(*asked, "--format", "html").out)


def test_a_tree_draws_an_argument_once(cgraph: Any) -> None:
    lines = cgraph("trace", "y = x*x; max(y, y, x)", "x=3", "--tree").out.splitlines()
    names = [re.sub(r"^[│├└─ ]*", "", line).split()[0] for line in lines]
    assert names == ["f", "y", "x", "x"]
    assert [line.split("   ")[-1].endswith("(above)") for line in lines] == [False] * 3 + [True]


@pytest.mark.parametrize("more", ["--tree", "--pass=backward"])
@pytest.mark.parametrize("columns", [40, 60])
def test_what_is_wider_than_the_terminal_folds(
    columns: int, more: str, cgraph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("trace", "y = W@x; sum(y^2)", "W=[[1.25,2.5],[3.75,4]]", "x=[1,-1.5]", more)
    whole = cgraph(*words).out
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("FORCE_COLOR", "1")
    folded = re.sub(r"\x1b\[[\d;]*m", "", cgraph(*words).out)
    assert max(map(len, whole.splitlines())) > columns
    assert max(map(len, folded.splitlines())) <= columns
    assert folded.split() == whole.split()


def test_the_zero_that_decides_has_its_sign(cgraph: Any) -> None:
    assert "= 1 / (-0) = -inf" in cgraph("trace", "1/x", "x=-0.0").out
    assert "= 1 / 0 = inf" in cgraph("trace", "1/x", "x=0").out
    assert "-0" not in cgraph("trace", "1 + x", "x=-0.0").out


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("h_1[2]", "h_{1, 2}"),
        ("w_in[0, 3]", r"w_{\text{in}, 0, 3}"),
        ("Ω", r"\Omega"),
        ("ω", r"\omega"),
        ("Γ2", r"\Gamma_{2}"),
        ("λ_x", r"\lambda_{x}"),
        ("x12", "x_{12}"),
        ("ab", r"\mathit{ab}"),
        ("θ[t]", r"\theta_{t}"),
    ],
)
def test_names_in_latex(name: str, latex: str) -> None:
    assert latex_name(name) == latex


@pytest.mark.parametrize(
    ("number", "latex"),
    [
        ("1e-05", r"1 \times 10^{-5}"),
        ("-2.5E+07", r"-2.5 \times 10^{7}"),
        ("1e+100", r"1 \times 10^{100}"),
        ("-inf", r"-\infty"),
        ("0.001", "0.001"),
    ],
)
def test_numbers_in_latex(number: str, latex: str) -> None:
    assert latex_number(number) == latex
