"""`cgraph diff`: what is printed is right, can be parsed again, and reads as people write."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings

import cgcli
from cgcli.algebra.forms import Forms
from cgcli.algebra.formulas import Formulas
from cgcli.algebra.wanted import Wanted
from cgcli.calculus.result import Result
from cgcli.errors import CgraphError
from cgcli.views.formulas import as_text
from tests.amounts import portion, sampled
from tests.documents import validate
from tests.properties.programs import Program, programs

Run = Callable[..., Any]
ROWS = [
    tuple(line.split(" | "))
    for line in (Path(__file__).parent / "textbook.txt").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize(("text", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_a_derivative_is_written_as_people_write_it(text: str, expected: str, cgraph: Run) -> None:
    if "x" not in text:
        text = f"{text} + 0*x"
    ran = cgraph("diff", text, "--wrt", "x")
    assert ran.out.splitlines()[0] == expected


def evaluate(text: str, at: dict[str, Any]) -> Result:
    return cgcli.parse(text).evaluate(at)


def close(a: float, b: float, scale: float = 1.0) -> bool:
    return (a != a and b != b) or math.isclose(a, b, rel_tol=1e-7, abs_tol=1e-8 * scale)


# What is printed is a program with the value of the gradient.


@sampled
@given(programs())
@settings(max_examples=portion(150), deadline=None)
def test_what_is_printed_is_the_gradient(drawn: Program) -> None:
    """Random scalar programs: every formula parses and has the gradient's value."""
    text, at = drawn.text, drawn.bindings
    if any(not isinstance(value, float | int) for value in at.values()):
        return
    result = evaluate(text, at)
    if result.graph.tensors or result.notes or not result.gradient:
        return
    formulas = Formulas(result.graph, Wanted())
    scale = max(1.0, *(abs(float(value)) for value in result.values))
    for share in (False, True):
        printed = as_text(formulas, share)
        parsed = cgcli.parse(printed)
        whole = parsed.evaluate(at)
        for row in formulas.rows:
            alone = len(formulas.rows) == 1
            found = whole.value if alone else whole[row.name].value
            assert close(found, result.gradient[row.wrt[0]], scale), printed


@sampled
@given(programs())
@settings(max_examples=portion(60), deadline=None)
def test_the_derivative_of_what_is_printed_is_the_second_derivative(drawn: Program) -> None:
    """Differentiated by numbers and by formulas, the printed gradient agrees."""
    text, at = drawn.text, drawn.bindings
    if any(not isinstance(value, float | int) for value in at.values()):
        return
    result = evaluate(text, at)
    if result.graph.tensors or result.notes or not result.gradient or len(result.graph) > 40:
        return
    name = next(iter(result.gradient))
    first = as_text(Formulas(result.graph, Wanted((name,))), share=False)
    second = Formulas(result.graph, Wanted((name,), 2))
    numbers = cgcli.parse(first).evaluate(at)
    if numbers.notes or not numbers.gradient or name not in numbers.gradient:
        return
    found = cgcli.parse(as_text(second, share=False)).evaluate(at)
    scale = max(1.0, *(abs(float(value)) for value in numbers.values))
    scale = max(scale, *(abs(float(g)) for g in numbers.gradients if g is not None))
    if not found.notes:
        assert close(found.value, numbers.gradient[name], scale), (text, first)


def formulas_of(chance: random.Random, depth: int) -> str:
    """A random formula in x, y and z, as text."""
    if not depth or chance.random() < 0.15:
        return chance.choice(["x", "y", "z", "2", "3", "1/2", "x", "y"])
    kind = chance.randrange(9)
    a, b = formulas_of(chance, depth - 1), formulas_of(chance, depth - 1)
    if kind < 2:
        return f"({a} + {b})"
    if kind == 2:
        return f"({a} - {b})"
    if kind < 5:
        return f"({a})*({b})"
    if kind == 5:
        return f"({a})/(({b})^2 + 1)"
    if kind == 6:
        return f"({a})^{chance.choice(['2', '3', '-1', '(1/2)'])}"
    word = chance.choice(
        ["sin", "cos", "exp", "tanh", "atan", "log", "sqrt", "sinh", "asinh", "tan", "erf"]
    )
    return f"{word}({a})"


def sympy_of(text: str) -> Any:
    names = {"tau": 2 * sympy.pi, **{name: sympy.Symbol(name) for name in "xyz"}}
    return sympy.sympify(text.replace("^", "**"), locals=names)


CASES = [(formulas_of(random.Random(seed), 4), seed) for seed in range(320)]


@sampled
@pytest.mark.parametrize("block", range(portion(16)))
def test_against_sympy(block: int) -> None:
    """First, second and mixed derivatives, compared as functions at points."""
    compared = 0
    for text, seed in CASES[block::16]:
        whole = f"{text} + 0*x + 0*y + 0*z"
        graph = cgcli.parse(whole).graph()
        symbolic = sympy_of(text)
        for wrt in (("x",), ("y",), ("x", "x"), ("x", "y")):
            formulas = Formulas(graph, Wanted(wrt, len(wrt)))
            printed = as_text(formulas, share=False)
            right = sympy.lambdify(sympy.symbols("x y z"), sympy.diff(symbolic, *wrt), "mpmath")
            parsed = cgcli.parse(printed)
            chance = random.Random(seed)
            for _ in range(3):
                point = {name: chance.uniform(0.3, 1.7) for name in "xyz"}
                try:
                    expected = complex(right(*point.values()))
                except (ValueError, ZeroDivisionError, OverflowError, TypeError):
                    continue
                if abs(expected.imag) > 1e-12 or not abs(expected) < 1e12:
                    continue
                found = parsed.evaluate({**point}).value
                if found != found:
                    # SymPy's logarithms and roots of negative numbers are complex on the way.
                    assert not math.isfinite(evaluate(whole, point).value), printed
                    continue
                assert math.isclose(found, expected.real, rel_tol=1e-6, abs_tol=1e-9), (
                    text,
                    wrt,
                    printed,
                )
                compared += 1
    assert compared > 60


# Orders, matrices and what is shared


def test_mixed_derivatives(cgraph: Run) -> None:
    assert cgraph("diff", "x^3*y", "--wrt", "x,x,y").out == "6*x\n"
    assert cgraph("diff", "x^3*y", "--wrt", "x", "--order", "2").out == "6*x*y\n"
    assert cgraph("diff", "x^3*y", "--order", "2").out == ("f_xx = 6*x*y\nf_xy = 3*x^2\nf_yy = 0\n")
    assert cgraph("diff", "x^3*y", "--wrt", "x,y", "--order", "2").out == "3*x^2\n"


def test_the_hessian_is_a_program(cgraph: Run) -> None:
    ran = cgraph("diff", "x^2*y + sin(y)", "--hessian")
    assert ran.out.splitlines()[-1] == "[[f_xx, f_xy], [f_xy, f_yy]]"
    found = evaluate(ran.out, {"x": 2.0, "y": 0.5}).value
    expected = [[1.0, 4.0], [4.0, -math.sin(0.5)]]
    assert np.allclose(found, expected)


def test_the_jacobian_of_a_list(cgraph: Run) -> None:
    ran = cgraph("diff", "[x*y, x + y^2, sin(x)]", "--jacobian")
    found = evaluate(ran.out, {"x": 2.0, "y": 0.5}).value
    assert np.allclose(found, [[0.5, 2], [1, 1], [math.cos(2), 0]])


def test_shared_parts_have_names(cgraph: Run) -> None:
    ran = cgraph("diff", "exp(sin(x)*cos(x))*sin(x)", "--share")
    assert ran.out.startswith("v1 = ")
    assert evaluate(ran.out, {"x": 0.7}).value == pytest.approx(
        evaluate("exp(sin(x)*cos(x))*sin(x)", {"x": 0.7}).gradient["x"]  # type: ignore[index]
    )


@pytest.mark.parametrize(
    ("program", "most"),
    [
        ("*".join(f"sin({k}*x)" for k in range(1, 201)), 200_000),
        ("h[0] = 0.5; for t in 0..999 { h[t+1] = tanh(w*h[t] + x) }; h[1000]", 200_000),
        ("*".join(["sin(x)"] * 200), 40),
        ("h[0] = x; for t in 0..499 { h[t+1] = 2.5*h[t]*(1 - h[t]) }; h[500]", 400_000),
        ("h[0] = 0; for t in 0..999 { h[t+1] = h[t] + sin(x*t) }; h[1000]", 200_000),
        ("+".join(f"sin(x*{k})*y{k}" for k in range(1, 60)), 4_000),
    ],
)
def test_large_formulas_are_shared_unasked(program: str, most: int, cgraph: Run) -> None:
    ran = cgraph("diff", program, "--wrt", "x")
    assert ran.status == 0
    assert len(ran.out) < most
    at = {"x": 0.3, **{f"y{k}": 1.0 for k in range(1, 60) if f"y{k}" in program}}
    if "w" in program:
        at["w"] = 0.8
    found = evaluate(ran.out, at).value
    expected = evaluate(program, at).gradient["x"]  # type: ignore[index]
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-300)


HOSTILE = [
    ("sin(" * 9_000 + "x" + ")" * 9_000, 0),
    ("^".join(["x"] * 300), 0),
    ("x*9^9^9^9^9^9", 0),
    ("1e308*x^2*1e308", 0),
    ("x^1e300", 0),
    ("x*" + "9" * 5_000, 0),
    ("for t in 0..60000 { a[t] = x*t }; a[60000] + a[0]", 0),
    ("h[0] = x; for t in 0..60000 { h[t+1] = h[t]*x + 1 }; h[60001]", 2),
    ("+".join(f"x{k}*x{k + 1}" for k in range(2_001)), 2),
]


@pytest.mark.parametrize(("program", "status"), HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_large_is_written_or_refused(program: str, status: int, cgraph: Run) -> None:
    ran = cgraph("diff", program)
    assert ran.status == status, ran.err
    assert "Traceback" not in ran.err
    if status:
        assert ran.err.startswith("error: ")


@pytest.mark.parametrize("name", ["x", "y"])
@pytest.mark.parametrize("word", ["max", "min"])
def test_extremes_of_three_by_many_names(word: str, name: str) -> None:
    """One pass back for many names, and one for each of few, agree with numbers."""
    many = "".join(f" + 0*z{k}" for k in range(25))
    for text in (f"{word}(x, y, z)^2", f"{word}(x, y, z)^2{many}"):
        graph = cgcli.parse(text).graph()
        printed = as_text(Formulas(graph, Wanted()), share=False)
        at = {**dict.fromkeys(graph.inputs, 0.5), "x": 0.3, "y": 0.9, "z": 0.7}
        gradient = evaluate(text, at).gradient
        assert gradient is not None
        assert evaluate(printed, at)[f"f_{name}"].value == gradient[name]


# Conditions


@pytest.mark.parametrize(
    ("program", "conditions"),
    [
        ("x^2/x", ["x != 0"]),
        ("sqrt(x)^2", ["x >= 0"]),
        ("exp(log(x))", ["x > 0"]),
        ("log(x)/x", []),
        ("max(x, y)", ["x != y"]),
        ("(x + 1)^2/(x + 1)", ["x != -1"]),
        ("x*y", []),
        ("atan(1/x)", ["x != 0"]),
        ("acos(1/(1/x))", ["x != 0"]),
        ("log(x)", ["x > 0"]),
        ("log(1 - x)", ["x < 1"]),
        ("log((3*x + 2)^5)", ["3*x + 2 > 0"]),
        ("log(x^2)", []),
        ("log(abs(x))", []),
        ("log(x^2 + 1)", []),
        ("log(exp(x) + 1)", []),
        ("log(x*y)", ["x*y > 0"]),
        ("log(x^2*y)", ["y > 0"]),
        ("0*log(x)", ["x > 0"]),
        ("log(x) - log(x)", ["x > 0"]),
        ("x^2 + log(y)", ["y > 0"]),
        ("0^x", ["x > 0"]),
        ("x^n", []),
        ("sqrt(x)", []),
        ("x^(1/3)", []),
        ("log1p(x)", ["x > -1"]),
        ("asin(x)", []),
        ("atanh(x)", ["abs(x) < 1"]),
        ("acosh(x)", ["x >= 1"]),
        ("abs(x)", ["x != 0"]),
        ("relu(w*x + b)", ["w*x + b != 0"]),
        ("floor(x)", ["x != floor(x)"]),
        ("max(x, y, z)", ["x != max(y, z)"]),
        ("where(x > 0, log(x), 0)", ["x != 0"]),
        ("where(x > -1, log(x), 0)", ["x > 0 where x > -1", "x != -1"]),
    ],
)
def test_what_was_cancelled_is_said(program: str, conditions: list[str], cgraph: Run) -> None:
    ran = cgraph("diff", program, "--wrt", "x")
    told = [line.removeprefix("# for ") for line in ran.out.splitlines() if line[:1] == "#"]
    assert told == conditions


# Formats


def test_json(cgraph: Run) -> None:
    ran = cgraph("diff", "x*y^2", "x=2", "y=3", "--json")
    found = json.loads(ran.out)
    validate(found, "diff")
    assert [(d["name"], d["formula"], d["value"]) for d in found["derivatives"]] == [
        ("f_x", "y^2", 9.0),
        ("f_y", "2*x*y", 12.0),
    ]
    assert cgraph("diff", "x*y^2", "x=2", "y=3", "--format", "json").out == ran.out


def test_values_are_comments(cgraph: Run) -> None:
    assert cgraph("diff", "x*y^2", "x=2", "y=3").out == "f_x = y^2  # 9\nf_y = 2*x*y  # 12\n"
    assert cgraph("diff", "x*y^2", "x=2").status == 2
    assert cgraph("diff", "x*y^2", "x=2", "y=3", "q=1").status == 2


def test_values_are_those_of_eval_where_a_condition_does_not_hold(cgraph: Run) -> None:
    assert cgraph("diff", "log(x)", "x=-1").out == (
        "1/x  # nan\n"
        "# for x > 0, which does not hold here\n"
        "# domain: f (column 1): log(x) is not defined at x = -1: x must be positive\n"
    )
    assert cgraph("diff", "log(x)", "x=2").out == "1/x  # 0.5\n# for x > 0\n"
    document = json.loads(cgraph("diff", "max(x, y)", "x=1", "y=1", "--json").out)
    assert [row["value"] for row in document["derivatives"]] == [0.5, 0.5]
    assert document["conditions"] == ["x != y"]


@pytest.mark.parametrize(
    ("words", "notes"),
    [
        (["abs(x)", "x=0"], {"kink": "f (column 1): abs(x) has a corner at 0"}),
        (["(exp(x) - 1)/x", "x=1e-12"], {"inexact": "v2 (column 2): v1 - 1 magnifies rounding"}),
        (["exp(x)*y", "x=800", "y=1", "--order", "2"], {"overflow": "v1 (column 1): exp(x) is"}),
        # The second derivative by y and x is 0 there, which its formula does not say.
        (
            ["y^x", "y=0", "x=2", "--hessian"],
            {"domain": "f (column 1): f_yx: log(y) is not defined at y = 0: y must be positive"},
        ),
        (["x*y", "x=1", "y=2"], {}),
        (["x^2", "x=1/3", "--exact"], {}),
    ],
)
def test_values_have_the_notes_of_eval(
    words: list[str], notes: dict[str, str], cgraph: Run
) -> None:
    remarks = [line for line in cgraph("diff", *words).out.split("\n") if line[:1] == "#"]
    document = json.loads(cgraph("diff", *words, "--json").out)
    validate(document, "diff")
    assert {note["kind"] for note in document["notes"]} == {*notes}
    for kind, note in notes.items():
        assert any(line.startswith(f"# {kind}: {note}") for line in remarks)


def test_formulas_alone_have_no_notes(cgraph: Run) -> None:
    assert "notes" not in json.loads(cgraph("diff", "abs(x)", "--json").out)


def test_latex(cgraph: Run) -> None:
    assert cgraph("diff", "sin(x)/y", "--wrt", "x", "--format", "latex").out == (
        "\\frac{\\cos\\left(x\\right)}{y}\n"
    )
    lines = cgraph("diff", "x^2*y", "--order", "2", "--format", "latex").out.splitlines()
    assert lines[1] == r"\frac{\partial^{2} f}{\partial x\partial y} = 2 \cdot x"


CODE = [
    "x^2*y + sin(x)/y",
    "sigmoid(w*x + b)",
    "exp(-x^2)*tanh(y) - x^-2",
    "log(x)*sqrt(y) + hypot(x, y) + cbrt(x)",
    "max(x, y)*relu(x) + where(x > y, x, y^2)",
    "softplus(x)*silu(y) + gelu(x) + abs(x)",
    "erf(x) + atan2(y, x) + asinh(x)*2^y",
    "pi*x^e + 2*tau*y",
]


@pytest.mark.parametrize("program", CODE)
@pytest.mark.parametrize("form", ["python", "numpy"])
def test_code_runs_and_has_the_gradient(program: str, form: str, cgraph: Run) -> None:
    ran = cgraph("diff", program, "--format", form)
    assert ran.status == 0, ran.err
    names: dict[str, Any] = {}
    exec(ran.out, names)
    graph = cgcli.parse(program).graph()
    at = {name: 0.4 + 0.3 * k for k, name in enumerate(graph.inputs)}
    value, *found = names["f"](*at.values())
    expected = evaluate(program, at).gradient
    assert expected is not None
    assert value == pytest.approx(evaluate(program, at).value, rel=1e-9)
    for value, name in zip(found, graph.inputs, strict=True):
        assert value == pytest.approx(expected[name], rel=1e-9)


def test_names_that_python_keeps_for_itself(cgraph: Run) -> None:
    ran = cgraph("diff", "lambda^2*is", "--format", "python")
    names: dict[str, Any] = {}
    exec(ran.out, names)
    assert names["f"](3, 2) == (18, 12, 9)


@pytest.mark.parametrize(
    "words",
    [
        ("x^2", "--wrt", "y"),
        ("p = x*y; p^2", "--wrt", "p,x"),
        ("p = x*y; p^2", "--wrt", "q"),
        ("2 + 3",),
        ("[x, y]",),
        ("x^2", "x=[1,2]"),
        ("W @ x", "--shape", "W=3x2,x=2", "--jacobian"),
        ("sum(x)", "x=[1,2]", "--shape", "x=3"),
        ("sum(x)", "--shape", "x=0"),
        ("sum(x)", "--shape", "x=2x2x2"),
        ("sum(x)", "--shape", "x=2,x=3"),
        ("sum(x)", "--shape", "x=2,y=3"),
        ("[x, y]", "--format", "python"),
        ("sum(x^2)", "--shape", "x=2", "--simplify"),
        ("x^2", "--hessian", "--order", "3"),
        ("x^2", "--hessian", "--jacobian"),
        ("x^2", "--json", "--format", "latex"),
        ("W*x", "--shape", "W=2x2", "--jacobian", "--wrt", "x"),
        ("sum(W)", "--shape", "W=2x2", "--order", "2"),
        ("sum(v) + 0*sum(W)", "--shape", "v=2,W=2x2", "--hessian"),
        ("sum(v)", "--shape", "v=2", "--order", "3"),
        ("x*y", "--wrt", "x,x", "--order", "3"),
        ("x^2", "--order", "0"),
    ],
)
def test_what_cannot_be_asked(words: tuple[str, ...], cgraph: Run) -> None:
    ran = cgraph("diff", *words)
    assert ran.status == 2


def test_by_a_node_of_the_program(cgraph: Run) -> None:
    """As eval has it: what the node is made of stands still, what depends on it moves."""
    program = "p = x + y; q = p*x; sin(q)*p + x"
    assert cgraph("diff", "p = x + y; p*z", "--wrt", "p").out == "z\n"
    assert cgraph("diff", "x*y + z", "--wrt", "v1").out == "1\n"
    assert cgraph("diff", program, "--wrt", "p,p").status == 0
    for name in ("p", "q", "v1"):
        ran = cgraph("diff", program, "--wrt", name, "x=0.5", "y=0.25")
        shown = float(ran.out.splitlines()[0].partition("  # ")[2])
        result = cgcli.parse(program).evaluate({"x": 0.5, "y": 0.25}, wrt=[name])
        assert shown == pytest.approx((result.gradient or {})[name], rel=1e-5)
        at = {"x": 0.5, "y": 0.25, name: result[name].value}
        found = cgcli.parse(ran.out).evaluate(at).value
        assert found == pytest.approx((result.gradient or {})[name])
    ran = cgraph("diff", "p = x/3; p^2", "--wrt", "p", "x=1", "--exact")
    assert ran.out == "2*p  # 2/3 ≈ 0.666667\n"


def test_code_has_no_values(cgraph: Any) -> None:
    ran = cgraph("diff", "x^2", "x=1", "--format", "python", "--exact")
    assert ran.status == 2
    assert "--exact is for values beside formulas, and code has none" in ran.err


@pytest.mark.parametrize(("orders", "refused"), [(2, False), (3, True), (15, True)])
def test_growth_that_leads_far_past_the_room_is_told(orders: int, refused: bool) -> None:
    """How many parts the orders of that function take; two more take 96,513 of 100,140."""
    forms, told = Forms(), False
    for size in (12, 32, 119, 450, 1813, 7524):
        assert not told
        forms.kinds = [""] * size
        try:
            forms.check_growth(orders)
        except CgraphError:
            told = True
    assert told == refused


def test_a_high_order_is_refused_before_its_parts_are_made() -> None:
    begun = time.process_time()
    graph = cgcli.parse("sin(cos(tan(exp(sin(cos(x))))))").graph()
    with pytest.raises(CgraphError, match="grow past"):
        Formulas(graph, Wanted(order=8))
    assert time.process_time() - begun < 5
