"""What a gradient tends to where it is an indeterminate form, against SymPy's limits."""

from __future__ import annotations

import re

import pytest
import sympy

from cgcli import parse

PROGRAMS = {
    "x*sqrt(x)": 0.0,
    "sqrt(x^4)": 0.0,
    "cbrt(x)^3": 0.0,
    "sqrt(x)*sin(x)": 0.0,
    "sqrt(x^2)": 0.0,
    "sqrt(x)^3": 0.0,
    "3*(x - 1)*sqrt(x - 1)": 1.0,
    "cbrt((x + 2)^3) + x^2": -2.0,
}


def sides(text: str, at: float) -> dict[str, float]:
    """The limits of the derivative, by side, where they are real and finite."""
    x = sympy.Symbol("x", real=True)
    words = {"cbrt": lambda u: sympy.sign(u) * sympy.cbrt(sympy.Abs(u)), "x": x}
    slope = sympy.diff(sympy.sympify(text.replace("^", "**"), locals=words), x)
    found = {}
    for name, sign in (("left", -1), ("right", 1)):
        number = complex(slope.subs(x, sympy.Rational(at) + sign * sympy.Rational(1, 10**40)).n(60))
        if number.imag == 0:
            found[name] = round(number.real, 9)
    return found


@pytest.mark.parametrize("text", PROGRAMS)
def test_a_limit_is_told(text: str) -> None:
    at = PROGRAMS[text]
    (message,) = (
        str(note.message) for note in parse(text).evaluate(x=at).notes if note.kind == "domain"
    )
    right = sides(text, at)
    said = {side: float(g) for g, side in re.findall(r"(\S+) from the (left|right)", message)}
    if not said:
        both = re.search(r"tends to (\S+)$", message)
        assert both, message
        said = {"left": float(both[1]), "right": float(both[1])}
    assert said == pytest.approx(right, abs=1e-6)


@pytest.mark.parametrize(("text", "at"), [("asin(x)*sqrt(1-x)", 1.0), ("sqrt(x)*y*sqrt(x)/x", 0.0)])
def test_no_limit_is_told_where_none_is_seen(text: str, at: float) -> None:
    notes = parse(text).evaluate(x=at, **({"y": 1.0} if "y" in text else {})).notes
    assert all("tends to" not in note.message for note in notes)


@pytest.mark.parametrize("factor", ["1e200", "1e-200"])
def test_the_size_of_a_gradient_does_not_matter(factor: str) -> None:
    """Beside 0 the gradient of x*sqrt(x) tends to 0, whatever it is multiplied by."""
    *_, note = parse(f"{factor}*x*sqrt(x)").evaluate(x=0.0).notes
    assert str(note.message).endswith("the gradient by x tends to 0 from the right")
