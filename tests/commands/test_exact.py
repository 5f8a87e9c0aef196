"""--exact, as a person and a script meet it: eval, trace, check, diff, and lines."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cgcli import parse
from cgcli.numbers.numerals import exact_text, rational_text, read_numeral, rounded, whole_text
from cgcli.numbers.ratio import Ratio, Room
from tests.documents import validate

EXAMPLE = ("(x+y)*z", "x=1/3", "y=0.1", "z=-1/3", "--exact")


def document(ran: Any, name: str, status: int = 0) -> Any:
    assert ran.status == status, ran.out + ran.err
    assert ran.err == ""
    found = json.loads(ran.out)
    validate(found, name)
    return found


# eval


def test_the_table_has_decimals_beside(cgraph: Any) -> None:
    ran = cgraph("eval", *EXAMPLE)
    assert ran.status == 0
    rows = [re.split(r"\s{2,}", line.strip()) for line in ran.out.splitlines()]
    assert rows[2] == ["x", "1/3", "≈ 0.333333", "-1/3", "≈ -0.333333"]
    assert rows[3] == ["y", "1/10", "0.1", "-1/3", "≈ -0.333333"]
    assert rows[6] == ["f", "v1 * z", "-13/90", "≈ -0.144444", "1"]


def test_whole_numbers_need_no_decimals(cgraph: Any) -> None:
    ran = cgraph("eval", "(x+y)*z", "x=1", "y=3", "z=-3", "--exact")
    assert ran.out == cgraph("eval", "(x+y)*z", "x=1", "y=3", "z=-3").out


def test_the_json_is_strings(cgraph: Any) -> None:
    found = document(cgraph("eval", *EXAMPLE, "--json"), "eval")
    assert found["exact"] is True
    assert found["value"] == "-13/90"
    assert found["gradient"] == {"x": "-1/3", "y": "-1/3", "z": "13/30"}
    assert found["nodes"][2]["partials"] == ["1", "1"]


def test_doubles_say_nothing_of_exact(cgraph: Any) -> None:
    assert "exact" not in document(cgraph("eval", "x", "x=1", "--json"), "eval")


def test_vectors_and_matrices(cgraph: Any) -> None:
    shaped = ("W=[[1,2],[3,1/4]]", "x=[1,-1/3]", "--exact", "--json")
    found = document(cgraph("eval", "sum((W @ x)^2)", *shaped), "eval")
    assert found["gradient"]["W"] == [["2/3", "-2/9"], ["35/6", "-35/18"]]
    found = document(cgraph("eval", "W @ x", *shaped), "eval")
    assert found["value"] == ["1/3", "35/12"]
    assert found["jacobian"]["x"] == [["1", "2"], ["3", "1/4"]]
    assert found["jacobian"]["W"][1] == [["0", "0"], ["1", "-1/3"]]
    table = cgraph("eval", "W @ x", *shaped[:3]).out
    assert "  [3, 1/4]   [3, 0.25]\n" in table


def test_broadcasting_adds_up() -> None:
    column, row = [[Fraction(1, 3)], [Fraction(2)]], [[1, Fraction(1, 2), -1]]
    whole = [[1, 2, 3], [4, 5, Fraction(1, 7)]]
    result = parse("sum((C + R*M)^2)").evaluate_exactly(C=column, R=row, M=whole)
    terms = [[column[i][0] + row[0][j] * whole[i][j] for j in range(3)] for i in range(2)]
    assert result.gradient is not None
    assert result.gradient["C"].tolist() == [[2 * sum(each)] for each in terms]
    assert result.gradient["R"].tolist() == [
        [sum(2 * terms[i][j] * whole[i][j] for i in range(2)) for j in range(3)]
    ]


@pytest.mark.parametrize(
    ("program", "value", "gradient"),
    [
        ("sqrt(9/4)*x", "3/2", "3/2"),
        ("exp(0)*x + cos(0)", "2", "1"),
        ("abs(-x) + max(x, 1/2)", "2", "2"),
        ("x^(1/2)", "1", "1/2"),
        ("0.1*x", "1/10", "1/10"),
        ("1e-3*x", "1/1000", "1/1000"),
        ("gamma(5)*x", "24", "24"),
        ("hypot(3*x, 4)", "5", "9/5"),
        ("log2(1/8) + x", "-2", "1"),
        ("x^0 + mod(x, 2/3)", "4/3", "1"),
        ("leaky_relu(-x)", "-1/100", "-1/100"),
        ("sigmoid(x - 1)", "1/2", "1/4"),
        ("where(x > 0, x/3, sqrt(-x)/0)", "1/3", "1/3"),
        ("y = log(x + 1); x/7", "1/7", "1/7"),
    ],
)
def test_what_is_rational_stays_exact(cgraph: Any, program: str, value: str, gradient: str) -> None:
    found = document(cgraph("eval", program, "x=1", "--exact", "--json"), "eval")
    assert (found["value"], found["gradient"]["x"]) == (value, gradient)


UNUSABLE = "the value of 'x' cannot be used:"


@pytest.mark.parametrize(
    ("arguments", "message", "column"),
    [
        (("1 + sqrt(x)", "x=2"), "sqrt(x) has no exact fraction at x = 2", 5),
        (("x*pi", "x=1"), "pi is irrational: there is no fraction for it", 3),
        (("1/x", "x=0"), "1 / x has no value at x = 0: the divisor must not be 0", 1),
        (("log(x)", "x=-1"), "log(x) has no value at x = -1", 1),
        (("sqrt(x)", "x=0"), "a derivative of sqrt(x) at x = 0 is no finite number", 1),
        (
            ("x^y", "x=2", "y=3"),
            "a derivative of x^y at x = 2, y = 3 is no fraction, or none that is known",
            1,
        ),
        (("x", "x=pi/2"), f"{UNUSABLE} pi is irrational: there is no fraction for it", 3),
        (("x", "x=inf"), f"{UNUSABLE} inf is no number: there is no fraction for it", 3),
    ],
)  # fmt: skip
def test_what_is_not_names_the_node(
    cgraph: Any, arguments: tuple[str, ...], message: str, column: int
) -> None:
    for command in ("eval", "trace"):
        found = document(cgraph(command, *arguments, "--exact", "--json"), "error", 2)["error"]
        assert found["kind"] == "exact"
        assert found["message"] == message
        assert found["column"] == column
        assert "--precision 50" in found["hint"]


def test_only_what_is_asked_for_must_be_exact(cgraph: Any) -> None:
    found = document(cgraph("eval", "x^y", "x=2", "y=3", "--wrt", "x", "--exact", "--json"), "eval")
    assert found["gradient"] == {"x": "12"}
    assert found["nodes"][1]["grad"] is None
    ran = cgraph("eval", "r = sqrt(x); where(x > 5, r, x/3)", "x=2", "--exact")
    assert "irrational" in ran.out
    found = document(cgraph("eval", "r = sqrt(x); x^2", "x=2", "--exact", "--json"), "eval")
    assert found["nodes"][1]["value"] is None
    assert found["nodes"][1]["notes"][0]["kind"] == "inexact"
    assert found["notes"] == []


def test_kinks_are_noted(cgraph: Any) -> None:
    found = document(cgraph("eval", "abs(x - 1/3)", "x=1/3", "--exact", "--json"), "eval")
    assert found["gradient"] == {"x": "0"}
    assert [note["kind"] for note in found["notes"]] == ["kink"]
    assert found["notes"][0]["sides"] == {"v2": [-1.0, 1.0]}
    # In doubles 0.1 + 0.2 is not 0.3.
    assert "kink" in cgraph("eval", "abs(x + 0.2 - 0.3)", "x=0.1", "--exact").out
    assert "kink" not in cgraph("eval", "abs(x + 0.2 - 0.3)", "x=0.1").out


# Values


def test_values_are_read_from_their_digits(cgraph: Any, tmp_path: Path) -> None:
    at = tmp_path / "at.json"
    at.write_text('{"x": 0.1, "y": [1, 2.50], "z": "1/3", "spare": 1}')
    found = document(cgraph("eval", "x*y[1]*z", "--at", str(at), "--exact", "--json"), "eval")
    assert found["value"] == "1/12"
    table = tmp_path / "W.csv"
    table.write_text("0.1, 2\n-3, 1e-3\n")
    found = document(cgraph("eval", "W[1]*1", f"W=@{table}", "--exact", "--json"), "eval")
    assert found["value"] == ["-3", "1/1000"]
    part = tmp_path / "v.json"
    part.write_text("[0.1, 0.2]")
    found = document(cgraph("eval", "sum(v)", f"v=@{part}", "--exact", "--json"), "eval")
    assert found["value"] == "3/10"
    array = tmp_path / "v.npy"
    np.save(array, np.array([0.5, 0.25]))
    found = document(cgraph("eval", "sum(v)", f"v=@{array}", "--exact", "--json"), "eval")
    assert found["value"] == "3/4"


def test_more_digits_than_a_double_has(cgraph: Any) -> None:
    digits = "1234567890" * 600 + "1"
    found = document(
        cgraph("eval", "x - y", f"x={digits}", f"y={digits[:-1]}0", "--exact", "--json"), "eval"
    )
    assert found["value"] == "1"
    assert found["nodes"][0]["value"] == digits


def test_lines(cgraph: Any) -> None:
    lines = (
        b'{"id": 1, "expr": "x/3", "at": {"x": 0.1}, "exact": true}\n'
        b'{"id": 2.5, "expr": "x/4", "at": {"x": 1}}\n'
        b'{"id": "c", "expr": "sqrt(x)", "at": {"x": 2}, "exact": true}\n'
        b'{"id": 4, "expr": "x", "at": {"x": 1}, "exact": 1}\n'
    )
    ran = cgraph("eval", "--jsonl", stdin=lines)
    assert ran.status == 1
    found = [json.loads(line) for line in ran.out.splitlines()]
    for each in found:
        validate(each, "jsonl")
    assert [each["id"] for each in found] == [1, 2.5, "c", 4]
    assert [each.get("value") for each in found] == ["1/30", 0.25, None, None]
    assert found[2]["error"]["kind"] == "exact"
    assert found[3]["error"]["kind"] == "usage"
    ran = cgraph("eval", "--jsonl", "--exact", stdin=lines.splitlines(keepends=True)[1])
    assert json.loads(ran.out)["value"] == "1/4"


def test_what_is_missing_is_written_out_with_exact(cgraph: Any) -> None:
    assert "--exact" in cgraph("eval", "x*y", "x=1", "--exact").err


# trace


def test_the_trace_is_exact(cgraph: Any) -> None:
    arguments = ("trace", "p = x/3 + y; g = (p*z)^2", "x=1", "y=0.1", "z=-3", "--exact")
    text = cgraph(*arguments).out
    assert "  2. p = v1 + y = 1/3 + 1/10 = 13/30\n" in text
    assert "chain     ∂g/∂z = ∂g/∂v2 · p = (-13/5) · (13/30) = -169/150" in text
    assert "  ∂g/∂z = -169/150 ≈ -1.12667\n" in text
    assert "  ∂g/∂x = 13/5 = 2.6\n" in text
    assert not re.search(r"\d\.\d", text.split("The gradient")[0])
    latex = cgraph(*arguments, "--format", "latex").out
    assert r"\left(-\frac{13}{10}\right)^{2} = \frac{169}{100}" in latex
    assert r"-\frac{169}{150} \approx -1.12667" in latex
    assert "= 13/30" in cgraph(*arguments, "--format", "markdown").out
    assert "13/30" in cgraph(*arguments, "--format", "html").out
    assert "= 13/30" in cgraph(*arguments, "--tree").out
    found = document(cgraph(*arguments, "--json"), "trace")
    assert found["exact"] is True
    assert found["gradient"] == {"x": "13/5", "y": "39/5", "z": "-169/150"}
    sent = [step for step in found["steps"] if step["pass"] == "backward"]
    assert sent[1]["contributions"][1]["contribution"] == "-169/150"


def test_the_trace_of_arrays(cgraph: Any) -> None:
    found = document(
        cgraph("trace", "s = where(x > 0, sqrt(x), 0); s @ y", "x=[4,-1,9]", "y=[1,2,1/3]",
               "--exact", "--json"),
        "trace",
    )  # fmt: skip
    assert found["gradient"]["x"] == ["1/4", "0", "1/18"]
    (root,) = [
        step for step in found["steps"] if step["pass"] == "backward" and step["op"] == "sqrt"
    ]
    assert root["contributions"][0]["contribution"] == ["1/4", "0", "1/18"]
    assert root["contributions"][0]["partial"] == ["1/4", None, "1/6"]
    text = cgraph("trace", "max(x, 1/3)*y", "x=1/3", "y=6", "--exact").out
    assert "3" in text
    assert "kink" in text


# diff


def test_formulas_are_evaluated_exactly(cgraph: Any) -> None:
    ran = cgraph("diff", "x^2/y + sqrt(x)", "x=1/4", "y=0.1", "--exact")
    assert ran.out == ("f_x = 2*x/y + 1/(2*sqrt(x))  # 6\nf_y = -x^2/y^2  # -25/4 = -6.25\n")
    found = document(cgraph("diff", "x^3/7", "x=1/2", "--order", "2", "--exact", "--json"), "diff")
    assert found["at"] == {"x": "1/2"}
    assert found["derivatives"][0]["value"] == "3/7"
    error = document(cgraph("diff", "sin(x)", "x=1", "--exact", "--json"), "error", 2)["error"]
    assert error["message"] == "f_x: cos(x) has no exact fraction at x = 1"
    assert cgraph("diff", "x^2", "--exact").status == 2


@pytest.mark.parametrize(
    ("program", "bindings", "value"),
    [
        # In doubles 0.1 + 0.2 is more than 0.3, 3*x is 1, and 1e-400 is 0.
        ("abs(x + y - z)", ("x=0.1", "y=0.2", "z=0.3"), "0"),
        ("log(3*x - 1)", ("x=0.33333333333333333334",), "150000000000000000000"),
        ("log(x)", ("x=1e-400",), "1" + "0" * 400),
        ("log(x)", ("x=0",), "NaN"),
        ("sum(log(x - 0.1)*y)", ("x=[0.3, 0.1]", "y=1"), ["NaN", "NaN"]),
        # What has no fraction is compared in doubles.
        ("log(exp(x) - y) + z/3", ("x=1", "y=2", "z=1", "--wrt", "z"), "1/3"),
        ("log(exp(x) - y) + z/3", ("x=1", "y=3", "z=1", "--wrt", "z"), "NaN"),
    ],
)
def test_where_a_formula_holds_is_told_in_fractions(
    cgraph: Any, program: str, bindings: tuple[str, ...], value: Any
) -> None:
    found = document(cgraph("diff", program, *bindings, "--exact", "--json"), "diff")
    assert found["derivatives"][0]["value"] == value


# check

SHEET = ("check", "p = x + y; g = p*z", "x=1/3", "y=0.1", "z=-3", "--exact")


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("p = 13/30", "right"),
        ("p = 0.43", "right"),
        ("p = 0.44", "wrong"),
        ("p = 0.4333333333333333333333", "right"),
        ("p = 0.4333333333333333333334", "wrong"),
        ("p = 13/30 + 1e-40", "wrong"),
        ("dg/dz = y + x", "right"),
        ("dg/dz = 1/3 + 0.1", "right"),
        ("dg/dx = -3", "right"),
        ("dg/dx = -3 + 1/10^30", "wrong"),
    ],
)
def test_answers_are_compared_exactly(cgraph: Any, answer: str, verdict: str) -> None:
    ran = cgraph(*SHEET, "--answer", answer, "--json")
    found = document(ran, "check", int(verdict == "wrong"))
    assert [each["verdict"] for each in found["sheets"][0]["answers"]] == [verdict]


def test_a_decimal_is_right_up_to_half_its_last_digit(cgraph: Any) -> None:
    sheet = ("check", "p = x + y", "x=0.335000000000000000000000000001", "y=0.1", "--exact")
    assert cgraph(*sheet, "--answer", "p = 0.44").status == 0
    assert cgraph(*sheet, "--answer", "p = 0.43").status == 1
    # In doubles the two are as good as a tie.
    assert cgraph(*sheet[:-1], "--answer", "p = 0.43").status == 0


def test_what_follows_follows_exactly(cgraph: Any) -> None:
    # In doubles 1e20 + 1 - 1e20 is 0.
    program = ("check", "p = x + 1; q = p - 1e20; q*y", "x=1e20", "y=3", "--exact")
    answers = ("--answer", "p = 1e20 + 2", "--answer", "q = 2", "--answer", "f = 6")
    found = document(cgraph(*program, *answers, "--json", "--reveal", "answer"), "check", 1)
    answered = found["sheets"][0]["answers"]
    assert [each["verdict"] for each in answered] == ["wrong", "follows", "follows"]
    assert [each["truth"] for each in answered] == ["100000000000000000001", "1", "3"]
    assert answered[1]["expected"] == "2"


def test_a_wrong_number_may_lead_to_roots(cgraph: Any) -> None:
    program = ("check", "p = x + 1; r = sqrt(p); r*x", "x=5/4", "--exact", "--json")
    answers = ("--answer", "p = 2", "--answer", "r = 1.414", "--answer", "f = 1.77")
    found = document(cgraph(*program, *answers), "check", 1)
    assert [each["verdict"] for each in found["sheets"][0]["answers"]] == [
        "wrong", "follows", "follows",
    ]  # fmt: skip


def test_mistakes_are_told_in_fractions_too(cgraph: Any) -> None:
    found = document(cgraph(*SHEET, "--answer", "dg/dx = 3", "--json"), "check", 1)
    diagnoses = found["sheets"][0]["answers"][0]["diagnoses"]
    assert "sign" in diagnoses[0]["words"]
    lists = ("check", "W @ x", "W=[[1,2],[3,1/4]]", "x=[1,-1/3]", "--exact", "--json")
    answers = ("--answer", "f = [1/3, 35/12]", "--answer", "df/dx = [[1,2],[3,0.25]]")
    assert document(cgraph(*lists, *answers), "check")["summary"]["complete"] == 1


def test_notes_on_fractions_tell_no_derivative_with_a_hint(cgraph: Any) -> None:
    words = ("check", "r = relu(x); f = 5*r", "x=0", "--exact", "--answer", "df/dx = 1")
    assert "derivative by x is" not in cgraph(*words, "--reveal", "hint").err
    assert "derivative by x is 0" in cgraph(*words, "--reveal", "answer").err
    found = document(cgraph(*words, "--reveal", "hint", "--json"), "check", 1)
    assert found["exact"] is True
    assert "sides" not in found["notes"][0]


def test_a_formula_is_told_apart_in_fractions(cgraph: Any) -> None:
    ran = cgraph(*SHEET, "--answer", "dg/dx = z + 1e-40", "--json")
    proof = document(ran, "check", 1)["sheets"][0]["answers"][0]["proof"]
    assert proof["kind"] == "separated"
    assert proof["at"] == {"x": "1/3", "y": "1/10", "z": "-3"}
    assert Fraction(proof["value"]) == Fraction(1, 10**40) - 3


def test_no_sheet_where_there_is_no_fraction(cgraph: Any) -> None:
    ran = cgraph("check", "sqrt(x)", "x=2", "--exact", "--answer", "f = 1.41", "--json")
    assert document(ran, "error", 2)["error"]["kind"] == "exact"


# Limits


@pytest.mark.parametrize(
    "arguments",
    [
        ("x^x^x", "x=50"),
        ("3^(10^8)*x", "x=1"),
        ("(2/3)^x", "x=-1e400"),
        ("x^-100000000", "x=1/3"),
        ("gamma(1e6)*x", "x=1"),
        ("1e999999999*x", "x=1"),
        ("1e-999999999*x", "x=1"),
        ("x", "x=1e99999999999999999999999"),
        ("h[0] = x; for t in 0..60 { h[t+1] = h[t]^2 } h[61]", "x=1/3"),
        ("h[0] = x; for t in 0..60 { h[t+1] = h[t]*h[t] + 1/(t + 3) } h[61]", "x=1/3"),
        ("h[0] = x; for t in 0..60 { h[t+1] = h[t] @ h[t] * x } sum(h[61])", "x=[1/3, 1/7]"),
        ("h[0] = 3^600000*x; for t in 0..3000 { h[t+1] = h[t] + t } h[3001]", "x=1/3"),
        pytest.param(("sum([1/(7*t + x) for t in 0..60000])", "x=1/3"), marks=pytest.mark.long),
    ],
)
def test_the_limit_is_an_error_and_no_wait(cgraph: Any, arguments: tuple[str, ...]) -> None:
    """Without a limit most of these would take minutes at the least, or all the memory."""
    found = document(cgraph("eval", *arguments, "--exact", "--json"), "error", 2)["error"]
    assert found["kind"] == "limit"
    assert "--max-bits" in found["hint"]


def test_the_limit_can_be_set(cgraph: Any) -> None:
    power = ("eval", "x^1000", "x=3", "--exact", "--json")
    error = document(cgraph(*power, "--max-bits", "1000"), "error", 2)["error"]
    assert error["message"] == "x^1000 at x = 3 is longer than 1,000 bits, about 300 digits"
    assert document(cgraph(*power, "--max-bits", "2000"), "eval")["value"] == str(3**1000)


def test_what_cancels_is_not_refused(cgraph: Any) -> None:
    ran = cgraph("eval", "x^900000 * x^-900000 * y", "x=2", "y=1/3", "--exact", "--wrt", "y")
    assert ran.status == 0
    assert "1/3" in ran.out


def test_long_numbers_in_tables_and_in_json(cgraph: Any) -> None:
    ran = cgraph("eval", "x^20000", "x=3", "--exact")
    digits = whole_text(3**20_000)
    assert f"{digits[:10]}…{digits[-10:]} (9,543 digits)" in ran.out
    assert "e+9542" in ran.out
    found = document(cgraph("eval", "x^20000", "x=3", "--exact", "--json"), "eval")
    assert len(found["value"]) == 9543
    trace = cgraph("trace", "x^20000", "x=3", "--exact", "--format", "latex").out
    assert r"\text{9,543 digits}" in trace


# Numerals


def test_numerals_there_and_back() -> None:
    for number in (0, 7, -12, 10**2000 - 1, -(3**30_000), 2**40_000 + 1, 10**19_999):
        text = whole_text(number)
        found = read_numeral(text, Room())
        assert (found.numerator, found.denominator) == (number, 1)
        assert text.lstrip("-").isdecimal()
    assert exact_text(Fraction(-(10**9000), 3)) == "-1" + "0" * 9000 + "/3"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Fraction(1, 10)),
        (".5", Fraction(1, 2)),
        ("5.", Fraction(5)),
        ("-2.50e-3", Fraction(-1, 400)),
        ("+1E+2", Fraction(100)),
        ("0e999999999999", Fraction(0)),
        ("00012.0", Fraction(12)),
    ],
)
def test_numerals(text: str, value: Fraction) -> None:
    assert read_numeral(text, Room()) == Ratio(value.numerator, value.denominator)


def test_decimals_are_rounded_as_floats_are() -> None:
    for k in range(1, 400):
        value = Fraction(k * k - 20_000, 7**3 * k)
        assert float(rounded(value, 6)[0]) == float(f"{float(value):.6g}")
        assert rounded(value, 6)[0] == f"{float(value):.6g}"
    assert rational_text(Fraction(10**30, 7), 24) == "1000000000…0000000000 (31 digits)/7"
