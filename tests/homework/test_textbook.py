"""The errors that textbooks on differentiation list, as numbers and as formulas.

The wrong formulas are written out by hand, and SymPy works out what they come to.
"""

from __future__ import annotations

from typing import Final

import pytest
import sympy

from tests.homework.adapter import mark

ERRORS: Final = (
    # The power rule
    ("x^3", "3*x", "exponent-left-out"),
    ("x^3", "3*x^3", "exponent-unchanged"),
    ("x^3", "3*x^4", "exponent-raised"),
    ("x^3", "x^2", "constant-factor-dropped"),
    ("x^3", "x^3*log(x)", "exponential-rule-on-power"),
    ("x^(-2)", "-2/x", "exponent-raised"),
    ("sqrt(x)", "1/sqrt(x)", "constant-factor-dropped"),
    ("sqrt(x)", "sqrt(x)/2", "exponent-unchanged"),
    ("sqrt(x)", "2/sqrt(x)", "rule-misremembered"),
    # Exponentials and logarithms
    ("2^x", "x*2^(x - 1)", "power-rule-on-exponential"),
    ("2^x", "2^x", "constant-factor-dropped"),
    ("exp(x)", "x*exp(x - 1)", "power-rule-on-exponential"),
    ("log10(x)", "1/x", "log-base"),
    ("log10(x)", "log(10)/x", "log-base"),
    ("log2(x)", "log(2)/x", "log-base"),
    ("log(x)", "1/(x*log(10))", "log-base"),
    # The chain rule
    ("exp(x^2)", "exp(x^2)", "local-left-out"),
    ("exp(x^2)", "exp(2*x)", "inner-derivative-inside"),
    ("sin(x^2)", "cos(2*x)", "inner-derivative-inside"),
    ("sin(x^2)", "2*x*cos(x)", "wrong-place"),
    ("sin(x)^2", "cos(x)^2", "inner-derivative-inside"),
    ("sin(x)^2", "2*cos(x)", "inner-derivative-inside"),
    ("(3*x + 1)^5", "5*(3*x + 1)^4", "local-left-out"),
    ("(3*x + 1)^5", "5*3^4", "inner-derivative-inside"),
    ("log(x^2 + 1)", "1/(2*x)", "inner-derivative-inside"),
    ("log(3*x)", "1/(3*x)", "local-left-out"),
    ("sqrt(x^2 + 9)", "1/(2*sqrt(2*x))", "inner-derivative-inside"),
    ("1/x^2", "1/(2*x)", "inner-derivative-inside"),
    ("u = x^2; sin(u)", "cos(x^2) + 2*x", "chain-added"),
    # Products and quotients
    ("x^2*sin(x)", "2*x*cos(x)", "product-of-derivatives"),
    ("x^2*sin(x)", "2*x*sin(x) - x^2*cos(x)", "product-with-minus"),
    ("x^2*sin(x)", "2*x + cos(x)", "sum-rule-on-product"),
    ("x^2/(x + 1)", "2*x", "quotient-of-derivatives"),
    ("x^2/(x + 1)", "(x^2 - 2*x*(x + 1))/(x + 1)^2", "quotient-reversed"),
    ("x^2/(x + 1)", "(2*x*(x + 1) + x^2)/(x + 1)^2", "quotient-with-plus"),
    ("x^2/(x + 1)", "(2*x*(x + 1) - x^2)/(x + 1)", "quotient-not-squared"),
    ("sin(2*x)/x", "(x*cos(2*x) - sin(2*x))/x^2", "local-left-out"),
    ("1/x", "1/x^2", "sign-lost"),
    ("3/x", "3*log(x)", "integrated"),
    # Functions
    ("cos(x)", "sin(x)", "sign-lost"),
    ("tan(x)", "1/cos(x)", "rule-misremembered"),
    ("tan(x)", "-1/sin(x)^2", "rule-misremembered"),
    ("asin(x)", "1/sqrt(1 + x^2)", "rule-misremembered"),
    ("acos(x)", "sin(x)/cos(x)^2", "rule-misremembered"),
    ("atan(x)", "1/(1 - x^2)", "rule-misremembered"),
    ("tanh(x)", "1 + tanh(x)^2", "rule-misremembered"),
    ("tanh(x)", "1 - tanh(x)", "rule-misremembered"),
    # Constants, and other rules altogether
    ("x^2 + 5", "2*x + 5", "constant-kept"),
    ("(5 - x^2)*3", "3*(5 - 2*x)", "constant-kept"),
    ("x^2*y", "2*x*y + x^2", "not-held-constant"),
    ("x^3", "6*x", "differentiated-twice"),
    ("x^3", "x^4/4", "integrated"),
    ("log(x)", "x*log(x) - x", "integrated"),
)
AT: Final = {"x": 0.37, "y": 1.9}
_FUNCTIONS: Final = {"log10": lambda x: sympy.log(x, 10), "log2": lambda x: sympy.log(x, 2)}


def number(formula: str) -> float:
    """What a formula comes to, in SymPy's words."""
    return float(sympy.sympify(formula.replace("^", "**"), _FUNCTIONS).subs(AT).evalf(30))


@pytest.mark.parametrize(("program", "wrong", "mistake"), ERRORS)
def test_an_error_of_the_textbooks_is_named(program: str, wrong: str, mistake: str) -> None:
    at = {name: value for name, value in AT.items() if name in program}
    *steps, last = program.split("; ")
    text = "; ".join([*steps, f"f = {last}"])
    for answer in (wrong, f"{number(wrong):.5g}"):
        marked = mark(text, at, f"df/dx = {answer}")
        assert marked.verdicts == {"df/dx": "wrong"}
        assert mistake in marked.mistakes["df/dx"][:2], answer


@pytest.mark.parametrize(
    ("program", "wrong"),
    [("sqrt(x^2 + 9)", "x + 3"), ("(x + y)^2", "x^2 + y^2"), ("1/(x + y)", "1/x + 1/y"),
     ("log(x - y)", "log(x) - log(y)"), ("2*sin(x + y)", "2*sin(x) + 2*sin(y)")],
)  # fmt: skip
def test_a_function_of_a_sum_is_no_sum_of_its_values(program: str, wrong: str) -> None:
    at = {"x": 2.9, "y": 1.7} if "y" in program else {"x": 2.9}
    value = float(sympy.sympify(wrong.replace("^", "**")).subs(at).evalf(30))
    for answer in (wrong, f"{value:.5g}"):
        marked = mark(f"f = {program}", at, f"f = {answer}")
        assert "spread-over-sum" in marked.mistakes["f"][:1], answer


def test_a_seldom_mistake_is_not_met_by_two_digits_that_were_rounded() -> None:
    # cos(2*0.3) is 0.8253: 0.83 may be anything, and 0.825 is that.
    for answer, named in (("0.83", []), ("0.825", ["inner-derivative-inside"])):
        marked = mark("f = sin(x^2)", {"x": 0.3}, f"df/dx = {answer}")
        assert marked.mistakes["df/dx"] == named
