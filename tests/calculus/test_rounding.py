"""The note on digits that rounding took, held to sixty digits of mpmath's."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

import cgcli
from cgcli.calculus import rounding
from tests.concordance.answers import Answer
from tests.concordance.concord import right
from tests.concordance.numbers import finite

CANCELLING = [
    ("(exp(x) - 1)/x", {"x": 1e-12}, "write expm1(x) for exp(x) - 1"),
    ("sqrt(x^2 + 1) - x", {"x": 1e8}, "write 1/(sqrt(x^2 + 1) + x)"),
    ("(1 - cos(x))/x^2", {"x": 1e-6}, "write 2*sin(x/2)^2 for 1 - cos(x)"),
    ("log(1 + x)", {"x": 1e-12}, "write log1p(x)"),
    ("x*y - z", {"x": 0.1, "y": 3.0, "z": 0.3}, "--precision 30 has more"),
    ("0.1 + 0.2 - 0.3", {}, "--precision 30 has more"),
    ("sum(x*y) - z", {"x": [0.1, 0.2], "y": [3.0, 1.0], "z": 0.5}, "--precision 30 has more"),
    ("(exp(x) - 1)/x + y", {"x": 1e-12, "y": 1.0}, "about 3 digits of f are right"),
    ("exp(x) - 1", {"x": 1e-17}, "f may be off by 2e-16"),
    # Nothing cancels: a sine of 1e13 is as far off as that number's last digit.
    ("sin(exp(x))", {"x": 30.5}, "about one digit of f is right"),
    # Nor here: the power carries the half ulp that 1 + x is off by ten billion times.
    ("(1 + x)^1e10", {"x": 1e-10}, "v1^1e10 magnifies rounding: about 5 digits of f are right"),
    # The output does not feel what its gradient has lost.
    ("cosh(x + 1 - 1)", {"x": 1e-12}, "v1 - 1 magnifies rounding: about 3 digits of ∂f/∂x"),
    ("cosh(x + 1 - 1)", {"x": 1e-20}, "∂f/∂x may be off by 2e-16"),
    # Nor does it here, where nothing is flat.
    ("(x + 1 - 1)^2 + 100", {"x": 1e-12}, "v1 - 1 magnifies rounding: about 3 digits of ∂f/∂x"),
    ("cos(log(exp(x)))", {"x": 1e-12}, "log(v1) magnifies rounding: about 3 digits of ∂f/∂x"),
    ("exp(mod(0.1 + x, 0.1))", {"x": 1.0}, "mod(v1, 0.1) magnifies rounding: f may be off by 0.1"),
    # Nor does its value of what its derivative has: log(v1) is 0, and cos(v1) flat beside pi.
    ("tanh(exp(x)^x)", {"x": 1e-160}, "the derivative of v1^x magnifies rounding"),
    ("cos(0.1*x)", {"x": 31.4159265358979}, "the derivative of cos(v1) magnifies rounding"),
    # 1/0.1 is 10 by rounding, and less as 0.1 is a double.
    ("floor(ceil(x)/0.1)", {"x": 0.3}, "floor(v2) magnifies rounding: f may be off by 1"),
    ("where(ceil(x)/0.1 >= 10, y, 2)", {"x": 0.3, "y": 7.0}, "f may be off by 5"),
    ("sum(cosh(x + 1 - 1))", {"x": [1e-12, 1.0]}, "about 3 digits of ∂f/∂x are right"),
]


@pytest.mark.parametrize(("text", "at", "words"), CANCELLING)
def test_digits_that_cancel_are_told(text: str, at: dict[str, Any], words: str) -> None:
    (note,) = cgcli.parse(text).evaluate(at).notes
    assert note.kind == "inexact"
    assert words in note.message


@pytest.mark.parametrize(
    ("text", "at"),
    [
        # Nothing here was rounded before it cancels.
        ("x - y", {"x": 1.0, "y": 0.9999999999}),
        ("x^2 - y^2", {"x": 1 + 2.0**-20, "y": 1.0}),
        ("cos(2*x)", {"x": 0.7853981633974483}),
        ("p = 3*x; p - 3", {"x": 1 + 2.0**-40}),
        ("(s - s) + erfc(s)", {"s": 5.0}),
        ("sin(x)", {"x": 3.14159265358979}),
        # A gradient that is 0 is right.
        ("x/x", {"x": 0.3}),
        ("tanh(x)", {"x": 20.0}),
        ("where(x > 1, exp(y) - 1, x)", {"x": 0.5, "y": 1e-12}),
        # No size comes to an element that is not taken.
        ("p = exp(z); (p - p)*[x, p, y][0]", {"x": 1.5e308, "z": 3.0, "y": 2.0}),
        # What an input that is spread is sent by the elements leaves nothing, as it is meant to.
        ("sum(x*sin(v)) + 2", {"x": 0.25, "v": np.array([0.5, -0.5])}),
        # What is let through is the argument itself, or another name of it.
        ("min([exp(y), 9]) + x/x", {"x": 0.3, "y": 0.5}),
        ("max(exp(y), 1)*(x/x)", {"x": 0.3, "y": 0.5}),
        ("p = where(silu(y) > 0, y, x); q = p; where(q > y, 1, 2)*x", {"x": 0.3, "y": 0.5}),
        # A flag is not rounded, though what it compares is.
        ("floor(sin(x)*x < 2)*y", {"x": 2.5, "y": 3.0}),
        ("tanh(0.1*x)", {"x": 300.0}),
        ("cos(2*x)*y", {"x": 0.0, "y": 3.0}),
        # The remainder is 0, though 100 digits of it are not known.
        ("y^max(1.5*z, mod(z, z))", {"y": 2.25, "z": -4.25}),
    ],
)
def test_what_is_exact_is_not_told(text: str, at: dict[str, float]) -> None:
    assert not cgcli.parse(text).evaluate(at).notes


def test_the_gradient_by_what_is_spread_is_told_where_it_cancels() -> None:
    """By x it is 0, and what comes is an ulp of a half."""
    result = cgcli.parse("mean(log_softmax(x + v))").evaluate(
        x=-23.82796040384077, v=[0.12016017842778336, 0.6875]
    )
    assert abs(result.gradient["x"]) < 1e-15
    assert result.gradient["x"] == 0 or "∂f/∂x may be off" in result.notes[0].message


def test_a_sum_that_stays_by_chance_is_moved_again() -> None:
    """By x it is 0 and what comes is an ulp, which three runs in a row do not change."""
    result = cgcli.parse("elu(x)/(y*x)").evaluate(x=1.015625, y=-3.078125)
    assert result.gradient["x"] == -(2.0**-54)
    assert "∂f/∂x may be off" in result.notes[0].message


def test_contributions_that_cancel_are_told() -> None:
    """The gradient of x + exp(-x) at 1e-13 is 1 - exp(-x)."""
    (note,) = cgcli.parse("x + exp(-x)").evaluate(x=1e-13).notes
    assert note.node == "x"
    assert note.message.startswith("contributions nearly cancel: about 2 digits of ∂f/∂x are right")


@pytest.mark.parametrize(
    ("text", "at", "true"),
    [
        ("1e17*x - 1e17*x + x", {"x": 3.0}, 1),
        ("1e5*(x/x) + x", {"x": 1e-12}, 1),
        # Of 5e299, 100 digits are no more than doubles.
        ("log1p((x/x)*logsumexp([x, 1]))", {"x": 1e-300}, 0.1),
        ("x*1e17 + x - x*1e17", {"x": 7.0}, 1),
        ("x + exp(y)*x - exp(y)*x", {"x": 1.0, "y": 50.0}, 1),
        ("sinh(y)*x + x - sinh(y)*x", {"x": 1.0, "y": 50.0}, 1),
        ("sum(x + log(y)*x*1e17 - log(y)*x*1e17)", {"x": 1.0, "y": [2.0, 3.0]}, 2),
    ],
)
def test_a_gradient_of_which_nothing_is_left_is_told_where_that_is_wrong(
    text: str, at: dict[str, float], true: float
) -> None:
    result = cgcli.parse(text).evaluate(at)
    assert result.gradient["x"] == 0
    assert f"∂f/∂x may be off by {true}" in result.notes[0].message


@pytest.mark.parametrize(
    "text",
    [
        "x/x",
        "(x + 1)/(1 + x)",
        "exp(x)/exp(x)",
        "exp(x)/exp(x) + sinh(x)/sinh(x)",
        "sum(tanh(x*y)/tanh(x*y))",
        "x - x",
        "where(x > 0, sum(y), sum(x*y))",
        "0*x + x/x",
    ],
)
def test_a_gradient_of_which_nothing_is_to_be_left_is_not(text: str) -> None:
    program = cgcli.parse(text)
    at = {"x": 3.0, "y": np.array([0.5, 2.0])}
    assert not program.evaluate(at).notes


@pytest.mark.parametrize(
    ("text", "true"),
    [
        ("x @ y", Fraction(1e-3)),
        ("dot(x, y)", Fraction(1e-3)),
        ("(outer([1, 2], x) @ y)[1]", 2 * Fraction(1e-3)),
        ("(x @ transpose([y, 2*y]))[1]", 2 * Fraction(1e-3)),
        ("([x, 2*x] @ transpose([y, 3*y]))[1, 1]", 6 * Fraction(1e-3)),
        ("sum([x*[1, 1, 1], x], 1)[0]", Fraction(1e-3)),
        ("cumsum(x)[2]", Fraction(1e-3)),
        ("sum(s*x)", Fraction(1e-3)),
    ],
)
def test_what_one_operation_adds_up_is_rounded_once(text: str, true: Fraction) -> None:
    """The terms that cancel are no results of their own, and have no note."""
    big = 1e17 + 16
    at = {"x": np.array([big, 1e-3, -big]), "y": np.array([1.0, 1.0, 1.0]), "s": 1.0}
    program = cgcli.parse(text)
    result = program.evaluate(
        {name: at[name] for name in at if name in text.replace("transpose", "")}
    )
    assert result.value == float(true)
    assert not result.notes


def test_the_gradient_by_what_is_spread_is_added_up_once() -> None:
    at = {"s": 1.0, "x": np.array([1e17, 1.0, -1e17])}
    assert cgcli.parse("sum(s*x)").evaluate(at).gradient["s"] == 1
    wide = {"a": np.array([1e305, 1.0, -1e305]), "b": np.array([1e-3, 1.0, 1e-3])}
    assert cgcli.parse("a @ b").evaluate(wide).value == 1


def test_so_it_is_for_4096_terms() -> None:
    x = np.zeros(64)
    x[[0, 16, 32]] = 1e17, 1.0, -1e17
    assert cgcli.parse("max(W @ x)").evaluate(W=np.ones((64, 64)), x=x).value == 1


def numbers(result: Any, answer: Answer) -> list[float]:
    rows = [np.ravel(result.gradient[name]) for name in answer.numbers.gradient]
    return [float(result.value), *(float(number) for row in rows for number in row)]


def error(number: float, true: Any) -> float:
    with mp.workprec(300):
        if mpf(number) == true:
            return 0.0
        # A gradient that is 0 leaves nothing to be wrong about.
        return float(abs(mpf(number) - true) / abs(mpf(number))) if number else 0.0


def test_of_random_programs_those_are_told_that_lost_digits() -> None:
    """None is missed; of those that are told, all but a few have lost what is printed."""
    told = lost = compared = 0
    for seed in (311, *range(400, 520)):
        question, answers = right(seed, 4)
        for point, answer in zip(question.points, answers, strict=True):
            result = question.parsed.evaluate(question.bindings(point))
            kinds = {note.kind for note in result.notes}
            true = answer.true.flat()
            if result.gradient is None or answer.doubt or kinds - {"inexact"}:
                continue
            if not all(map(finite, true)):
                continue
            compared += 1
            worst = max(map(error, numbers(result, answer), true))
            told += bool(kinds)
            lost += worst > 5e-7
            assert worst < 5e-6 or kinds, (seed, question.program.text, point)
            # Whether terms that cancel leave 0 or an ulp hangs on the processor's instructions.
            assert worst > 1e-9 or not kinds or result.value == 0, (seed, point)
    assert compared > 200
    assert told >= lost > 0


def test_it_is_told_wherever_a_point_is_asked_for(cgraph: Any) -> None:
    words = ["(exp(x)-1)/x", "x=1e-12"]
    for command in (["eval"], ["trace"], ["eval", "--json"], ["trace", "--json"]):
        ran = cgraph(*command, *words)
        assert "v1 - 1 magnifies rounding" in ran.out
    assert "v1 - 1 magnifies rounding" in cgraph("trace", *words, "--pass", "backward").out
    assert cgraph("eval", *words, "--strict").status == 1
    line = '{"expr": "(exp(x)-1)/x", "at": {"x": 1e-12}}\n'
    assert "magnifies rounding" in cgraph("eval", "--jsonl", stdin=line.encode()).out


def test_what_is_proved_is_not_guessed(cgraph: Any) -> None:
    pytest.importorskip("flint")
    for option in (["--verify"], ["--precision", "30"]):
        assert "rounding" not in cgraph("eval", "(exp(x)-1)/x", "x=1e-12", *option).out


def test_a_jacobian_and_a_large_program_are_not_asked() -> None:
    """Of either it would take long, and sums of much that is rounded are told of nowhere."""
    assert not cgcli.parse("[(exp(x) - 1)/x, x]").evaluate(x=1e-12).notes
    ones = np.ones(2000)
    assert not cgcli.parse("sum(x) - y + (exp(z) - 1)/z").evaluate(x=ones, y=2000, z=1e-12).notes


def test_rows_are_not_asked(cgraph: Any, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("x\n1e-12\n", encoding="utf-8")
    ran = cgraph("map", "(exp(x)-1)/x", "-d", str(tmp_path / "rows.csv"), "--notes")
    assert ran.status == 0
    assert "inexact" not in ran.out + ran.err


def test_units_that_are_off_are_not_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounding, "_lost", pytest.fail)
    assert cgcli.parse("relu(x)*y + elu(x)").evaluate(x=-1e20, y=3).value == -1
    assert cgcli.parse("sum(relu(x*3) + x)").evaluate(x=[-5, 2]).value == 3
