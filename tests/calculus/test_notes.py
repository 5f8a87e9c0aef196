"""The conventions where there is no derivative, and the notes that say so."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import cgcli
from cgcli.calculus.result import Result


def evaluate(text: str, **bindings: Any) -> Result:
    return cgcli.parse(text).evaluate(bindings)


def kinds(result: Result) -> list[str]:
    return [note.kind for note in result.notes]


def test_a_kink_tells_both_sides() -> None:
    result = evaluate("2*abs(x)", x=0)
    (note,) = result.notes
    assert (note.kind, note.node, note.line, note.column) == ("kink", "v1", 1, 3)
    assert note.sides == {"x": (-1.0, 1.0)}
    assert "-1 from the left, 1 from the right, and 0 is used" in note.message
    assert result.gradient == {"x": 0.0}


@pytest.mark.parametrize(
    ("text", "at", "sides"),
    [
        ("relu(x)", {"x": 0}, {"x": (0.0, 1.0)}),
        ("leaky_relu(x)", {"x": 0}, {"x": (0.01, 1.0)}),
        ("sqrt(x)", {"x": 0}, {"x": (None, math.inf)}),
        ("cbrt(x)", {"x": 0}, {"x": (math.inf, math.inf)}),
        ("acos(x)", {"x": 1}, {"x": (-math.inf, None)}),
        ("max(x, y)", {"x": 2, "y": 2}, {"x": (0.0, 1.0), "y": (0.0, 1.0)}),
        ("max(x, y, z)", {"x": 2, "y": 2, "z": 1}, {"x": (0.0, 1.0), "y": (0.0, 1.0)}),
        ("min(x, 3)", {"x": 3}, {"x": (1.0, 0.0)}),
        ("floor(x)", {"x": 2}, {"x": (math.inf, 0.0)}),
        ("round(x)", {"x": 2.5}, {"x": (0.0, math.inf)}),
        ("round(x)", {"x": 3.5}, {"x": (math.inf, 0.0)}),
        ("sign(x)", {"x": 0}, {"x": (math.inf, math.inf)}),
        ("mod(x, 2)", {"x": 4}, {"x": (-math.inf, 1.0)}),
        ("clip(x, 0, 1)", {"x": 0}, {"x": (0.0, 1.0)}),
        ("clip(x, 0, 1)", {"x": 1}, {"x": (1.0, 0.0)}),
        ("clip(x, 1, 1)", {"x": 1}, {"x": (0.0, 0.0)}),
        ("clip(1, x, 1)", {"x": 1}, {"x": (0.0, 0.0)}),
        ("x < y", {"x": 1, "y": 1}, {"x": (-math.inf, 0.0), "y": (0.0, math.inf)}),
        ("x^0.5", {"x": 0}, {"x": (None, math.inf)}),
        ("norm(x)", {"x": [0, 0]}, {"x": (-1.0, 1.0)}),
        ("max(x)", {"x": [1, 3, 3]}, {"x": (0.0, 1.0)}),
        ("sum(abs(x))", {"x": [1, 0, 0]}, {"x": (-1.0, 1.0)}),
        ("hypot(x, y)", {"x": 0, "y": 0}, {"x": (-1.0, 1.0), "y": (-1.0, 1.0)}),
    ],
)
def test_one_sided_derivatives(text: str, at: dict[str, Any], sides: dict[str, Any]) -> None:
    """The sides are those of a difference quotient where that settles."""
    result = evaluate(text, **at)
    assert [note.sides for note in result.notes] == [sides]


KINKS: list[tuple[str, dict[str, float]]] = [
    *((f"x {sign} y", {"x": 1, "y": 1}) for sign in ("<", "<=", ">", ">=", "==", "!=")),
    *((f"{name}(x)", {"x": x}) for name in ("floor", "ceil") for x in (2, -3)),
    *(("round(x)", {"x": x}) for x in (0.5, 1.5, -0.5, -1.5)),
    *((f"{name}(x)", {"x": x}) for name in ("asin", "acos") for x in (1, -1)),
    *((f"{name}(x)", {"x": 0}) for name in ("abs", "relu", "leaky_relu", "sign", "sqrt", "cbrt")),
    ("acosh(x)", {"x": 1}),
    ("hypot(x, y)", {"x": 0, "y": 0}),
    ("mod(x, y)", {"x": 4, "y": 2}),
    ("mod(x, y)", {"x": 4, "y": -2}),
    ("mod(x, y)", {"x": -6, "y": 2}),
    ("atan2(x, y)", {"x": 0, "y": -2}),
    ("atan2(x, y)", {"x": 0, "y": -0.25}),
    ("x^0.5", {"x": 0}),
    ("x^y", {"x": 0, "y": 0}),
    ("max(x, y)", {"x": 2, "y": 2}),
    ("min(x, y, z)", {"x": -1, "y": 2, "z": -1}),
    ("clip(x, y, z)", {"x": 0, "y": 0, "z": 1}),
    ("clip(x, y, z)", {"x": 1, "y": 0, "z": 1}),
    ("clip(x, y, z)", {"x": 0, "y": 1, "z": 1}),
    ("clip(x, y, z)", {"x": 1, "y": 1, "z": 1}),
]


@pytest.mark.parametrize(("text", "at"), KINKS, ids=str)
def test_every_side_is_the_limit_of_difference_quotients(text: str, at: dict[str, float]) -> None:
    program = cgcli.parse(text)
    result = program.evaluate(at)
    assert kinds(result) == ["kink"]
    (note,) = result.notes
    assert note.sides
    for name, sides in note.sides.items():
        for sign, side in zip((-1, 1), sides, strict=True):
            steps = {h: program.evaluate({**at, name: at[name] + sign * h}) for h in (1e-6, 1e-12)}
            near, nearer = ((r.value - result.value) / (sign * h) for h, r in steps.items())
            if "domain" in kinds(steps[1e-6]):
                assert side is None, (name, sign)
            elif abs(nearer) > 50 * abs(near):
                assert side == math.copysign(math.inf, near), (name, sign)
            else:
                assert side == pytest.approx(near, rel=1e-5, abs=1e-5), (name, sign)


@pytest.mark.parametrize(
    "text",
    ["abs(x)", "elu(x)", "x^2", "x*abs(y)", "where(x >= 0, x^2, x^3)", "max(x, -1)", "max(x, x)",
     "max([x, x])", "min(x, x, 2)"],
)  # fmt: skip
def test_no_kink_without_need(text: str) -> None:
    at = {"x": 1.0 if text == "abs(x)" else 0.0, "y": 1.0}
    assert evaluate(text, **at).notes == []


def test_what_stands_twice_is_at_a_corner_where_it_meets_another() -> None:
    assert kinds(evaluate("max(x, x, y)", x=1, y=1)) == ["kink"]
    assert evaluate("max(x, x, y)", x=1, y=0).gradient == {"x": 1.0, "y": 0.0}
    for text in ("max(x, x)", "max([x, x])"):
        assert cgcli.parse(text).evaluate_exactly(x=1).notes == []
    assert cgcli.parse("max([x, y, x])").evaluate(x=1, y=1).notes


@pytest.mark.parametrize(
    "text",
    ["clip(x, x, 2)", "clip(x, 0, x)", "clip(0, x, x)", "max(x, x)", "mod(x, x)",
     "where(x <= x, 2*x, 0)"],
)  # fmt: skip
def test_what_meets_itself_is_at_no_corner(text: str) -> None:
    program, step = cgcli.parse(text), 2.0**-20
    here, left, right = (program.evaluate(x=1.5 + h) for h in (0.0, -step, step))
    slopes = [(here.value - left.value) / step, (right.value - here.value) / step]
    assert slopes == pytest.approx([here.gradient["x"]] * 2, rel=1e-6)
    assert here.notes == []
    verdicts = program.verify(x=1.5).verdicts
    assert "kink" not in verdicts.values()


def test_what_meets_itself_has_its_other_corners() -> None:
    assert kinds(evaluate("hypot(x, x)", x=0)) == ["kink"]
    assert kinds(evaluate("clip(x, x, 2)", x=2)) == ["kink"]
    assert kinds(evaluate("clip(x, 1, x + 0)", x=1.5)) == ["kink"]


def test_a_kink_that_nothing_is_differentiated_through_is_not_told() -> None:
    assert evaluate("x*abs(2 - 2)", x=1).notes == []
    assert evaluate("b = abs(x); 3*x", x=0).notes == []


def test_the_domain_names_the_first_bad_node() -> None:
    result = evaluate("a = x + 1\nsin(log(a)) + sqrt(a)*log(a)", x=-2)
    (note,) = result.notes
    assert (note.kind, note.node, note.line, note.column) == ("domain", "v1", 2, 5)
    assert note.message == "log(a) is not defined at a = -1: a must be positive"
    assert [n.name for n in result.nodes if n.notes] == ["v1", "v3", "v4"]
    assert result.gradient is not None
    assert not math.isfinite(result.gradient["x"])


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("0*log(x)", -1.0),
        ("log(x)*0 + x", -1.0),
        ("relu(log(x))", 0.0),
        ("sign(log(x))*3", -1.0),
        ("(log(x) > 0)*x", -1.0),
        ("max(0, log(x))", 0.0),
        ("1/(1/x)", 0.0),
        ("exp(-1/x^2)", 0.0),
        ("atanh(x)", 3.0),
        ("acosh(x)", -4.0),
        ("log10(x) + log2(x) + log1p(x)", -7.0),
        ("mod(x, 0)", 1.0),
        ("gamma(x)", -1.0),
        ("log(x)^0", -1.0),
    ],
)
def test_nothing_finite_goes_through_what_is_outside_its_domain(text: str, x: float) -> None:
    for program, at in ((text, x), (f"sum({text.replace('x', 'x')})", [x, x])):
        result = evaluate(program, x=at)
        assert "domain" in kinds(result), program
        assert result.gradient is not None
        assert not np.isfinite(result.gradient["x"]).any(), program


def test_an_array_keeps_what_is_inside_the_domain() -> None:
    result = evaluate("sum(log(x))", x=[1.0, -1.0, 4.0])
    assert result.gradient is not None
    assert np.array_equal(result.gradient["x"], [1.0, np.nan, 0.25], equal_nan=True)


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("where(x > 0, log(x), 2*x)", {"x": -1.0}, 2.0),
        ("where(x > 0, sqrt(x), 3)", {"x": -1.0}, 0.0),
        ("where(0, 1/x, x)", {"x": 0.0}, 1.0),
        ("sum(where(x > 0, log(x), 2*x))", {"x": [-1.0, -2.0, 4.0]}, [2.0, 2.0, 0.25]),
        ("sum(where(x > 0, sqrt(x), 0))", {"x": [-1.0, 4.0]}, [0.0, 0.25]),
        ("sum(where([1, 0], [1/x[0], x[1]]*[1, 5], 7*x))", {"x": [2.0, 0.0]}, [-0.25, 7.0]),
        ("sum(where([0, 1], transpose(1/x), x))", {"x": [0.0, 2.0]}, [1.0, -0.25]),
        ("sum(where([0, 1], [[1/x[0], 1], [0, 1]] @ [1, 1], x))", {"x": [0.0, 2.0]}, [1.0, 0.0]),
        ("sum(where([1, 0, 0], softmax(x), 0))", {"x": [1.0, 1.0, 1.0]},
         [2 / 9, -1 / 9, -1 / 9]),
    ],
)  # fmt: skip
def test_the_branch_not_taken_never_reaches_the_gradient(
    text: str, at: dict[str, Any], expected: Any
) -> None:
    result = evaluate(text, **at)
    assert result.gradient is not None
    assert np.allclose(result.gradient["x"], expected, rtol=1e-15, atol=1e-16)
    assert result.notes == []


@pytest.mark.parametrize(
    ("text", "at", "name", "expected"),
    [
        # The row that is taken meets infinity, and the gradient says so.
        ("sum(where([1, 0], A @ v, 0))", {"A": [[math.inf, 1], [2, 3]], "v": [1, 1]},
         "v", [math.inf, 1]),
        ("sum(where([1, 0], A @ v, 0))", {"A": [[1, 2], [3, 4]], "v": [math.inf, 1]},
         "A", [[math.inf, 1], [0, 0]]),
        ("sum(where([1, 0], outer(x, y)[0], 0))", {"x": [math.inf, 1], "y": [2, 3]},
         "y", [math.inf, 0]),
        ("sum(where([[1, 0], [0, 0]], softmax(x), 0))", {"x": [[math.inf, 1], [1, 2]]},
         "x", [[math.nan, math.nan], [0, 0]]),
        # The row that is not taken does, and the gradient knows nothing of it.
        ("sum(where([1, 0], A @ v, 0))", {"A": [[1, 2], [math.inf, 3]], "v": [1, 1]},
         "v", [1, 2]),
        ("sum(where([[1, 0], [0, 0]], softmax(x), 0))", {"x": [[0, 0], [math.inf, 2]]},
         "x", [[0.25, -0.25], [0, 0]]),
    ],
)  # fmt: skip
def test_infinity_goes_through_what_is_taken_and_through_nothing_else(
    text: str, at: dict[str, Any], name: str, expected: Any
) -> None:
    result = evaluate(text, **at)
    assert result.gradient is not None
    assert np.array_equal(result.gradient[name], expected, equal_nan=True)


def test_overflow_is_told_apart() -> None:
    result = evaluate("x^2", x=1e200)
    assert result.value == math.inf
    assert result.gradient == {"x": 2e200}
    assert kinds(result) == ["overflow"]


@pytest.mark.parametrize(
    ("text", "at", "advice"),
    [
        ("log(1 + exp(x))", {"x": 1000}, "write softplus(x) for log(1 + exp(x))"),
        ("1/(1 + exp(-x))", {"x": -1000}, "write sigmoid(x) for 1 / (1 + exp(-x))"),
        ("3*sqrt(x^2 + y^2)", {"x": 1e200, "y": 1}, "write hypot(x, y) for sqrt(x^2 + y^2)"),
        ("log(exp(2*x) + exp(y))", {"x": 999, "y": 1}, "write logsumexp([2 * x, y])"),
        ("log(sum(exp(x)))", {"x": [999, 1]}, "write logsumexp(x)"),
        ("sqrt(dot(x, x))", {"x": [1e200, 1]}, "write norm(x)"),
        ("log(gamma(x))", {"x": 200}, "write lgamma(x)"),
    ],
)
def test_the_usual_rewrite_is_advised(text: str, at: dict[str, Any], advice: str) -> None:
    (note, *_) = evaluate(text, **at).notes
    assert note.kind == "overflow"
    assert advice in note.message


def test_a_gradient_that_overflows_by_itself_is_told() -> None:
    result = evaluate("1e308*x - 1e308*y + 1e308*(x + x)*0.1 + 1e308*x", x=0.1, y=0.1)
    assert kinds(result) == ["overflow"]
    assert "the gradient by x" in result.notes[0].message


def test_what_infinity_leaves_undefined() -> None:
    result = evaluate("x - y", x=math.inf, y=math.inf)
    assert kinds(result) == ["domain"]
    assert math.isnan(result.value)
    assert result.gradient == {"x": 1.0, "y": -1.0}


@pytest.mark.parametrize(
    ("text", "at", "gradient"),
    [
        # An infinity of its own, one from outside a domain, and one that overflowed.
        ("v @ w", {"v": [2.0, 0.0], "w": [3.0, math.inf]}, {"v": [3, math.inf], "w": [2, 0]}),
        ("x*y + x", {"x": 0.0, "y": math.inf}, {"x": math.inf, "y": 0}),
        ("(2/v) @ v", {"v": [2.0, 0.0]}, {"v": [0, math.nan]}),
        ("[1, exp(x)] @ v", {"x": 1000.0, "v": [2.0, 0.0]}, {"v": [1, math.inf]}),
    ],
)
def test_a_form_without_a_value_spoils_no_other_gradient(
    text: str, at: dict[str, Any], gradient: dict[str, Any]
) -> None:
    result = evaluate(text, **at)
    assert math.isnan(result.value)
    assert result.notes[0].kind in ("domain", "overflow")
    assert result.gradient is not None
    for name, right in gradient.items():
        np.testing.assert_array_equal(result.gradient[name], right)


def test_a_form_that_is_not_picked_has_no_note() -> None:
    assert evaluate("(0*v)[0]", v=[1.0, math.inf]).notes == []
    assert kinds(evaluate("(0*v)[1]", v=[1.0, math.inf])) == ["domain"]


def test_after_an_overflow_it_is_still_an_overflow() -> None:
    assert set(kinds(evaluate("exp(x) - exp(2*x)", x=1000))) == {"overflow"}


def test_a_literal_too_large_is_told() -> None:
    result = evaluate("x*1e400", x=1)
    assert kinds(result) == ["overflow"]
    assert "1e400" in result.notes[0].message


def test_nothing_differentiates_by_a_constant() -> None:
    result = evaluate("x^2 + (-3)^y*0 + 2*pi", x=-3, y=2)
    assert result.gradient is not None
    assert result.gradient["x"] == -6.0
    names = {node.name: node for node in result.nodes}
    assert names["2"].grad is None
    assert names["pi"].grad is None
    assert names["v1"].partials[1] is None
    assert evaluate("x^0", x=0).gradient == {"x": 0.0}


def test_a_negative_base_has_no_derivative_by_its_exponent() -> None:
    result = evaluate("x^y", x=-2, y=3)
    assert result.gradient is not None
    assert result.gradient["x"] == 12.0
    assert math.isnan(result.gradient["y"])
    assert kinds(result) == ["kink"]
    assert "whole exponents" in result.notes[0].message


@pytest.mark.parametrize(
    ("text", "noted"),
    [
        ("p = log(v); sum(where(p >= 0, p, x))", True),
        ("p = log(v); where(p >= 0, p, x)", True),
        ("p = log(v); where(p >= 0, p, x)[0]", True),
        ("p = log(v); where(p >= 0, p, x)[1]", False),
        ("where(log(x - 1), v, x)[1]", True),
        ("where(log(x - 1) < v, v, x)[1]", True),
        ("p = log(v); sum(where(v >= 0, p, x))", False),
        ("p = log(v); sum(where(v >= 0, p, x)) + 0*(p[1] > 0)", False),
    ],
)
def test_an_element_without_a_value_that_decides_a_choice_is_told(text: str, noted: bool) -> None:
    """Though the choice is another branch, and another element has a gradient."""
    assert kinds(evaluate(text, v=[-1, 2], x=0)) == ["domain"] * noted


def test_a_line_that_is_not_picked_has_no_kink() -> None:
    assert evaluate("norm(x, 1)[1]", x=[[0, 0], [3, 4]]).notes == []
    assert kinks_of("norm(x, 1)[0]") == kinks_of("sum(norm(x, 1))") == ["kink"]


def kinks_of(text: str) -> list[str]:
    return kinds(evaluate(text, x=[[0, 0], [3, 4]]))


def test_an_element_that_is_not_picked_has_no_kink() -> None:
    assert evaluate("[abs(x), y][-1]", x=0, y=1).notes == []
    assert evaluate("abs(x)[1]", x=[0, 1]).notes == []
    assert kinds(evaluate("abs(x)[0]", x=[0, 1])) == ["kink"]


def test_what_moves_by_steps_alone_is_at_no_kink() -> None:
    assert evaluate("q = round(x); q^q", x=-2.1).notes == []
    assert evaluate("abs(floor(x))", x=0.5).notes == []
    assert evaluate("sum(abs(floor(x)))", x=[0.5, 1.5]).notes == []
    assert kinds(evaluate("abs(floor(x))", x=0)) == ["kink"]


@pytest.mark.parametrize("text", ["log(norm(x))", "1/norm(x)", "log(sum(abs(x)))"])
def test_a_corner_does_not_hide_what_is_outside_its_domain(text: str) -> None:
    result = evaluate(text, x=[0.0, 0.0])
    assert result.gradient is not None
    assert not np.isfinite(result.gradient["x"]).any()
    assert "domain" in kinds(result)


def test_an_overflow_elsewhere_changes_nothing() -> None:
    result = evaluate("a = exp(1000); b = x - inf; c = b + inf; c*1", x=math.inf)
    assert kinds(result) == ["domain"]
    assert result.gradient == {"x": 1.0}


def test_a_branch_that_is_taken_has_its_notes() -> None:
    assert kinds(evaluate("where(x > 0, log(-1), x)", x=1)) == ["domain"]
    assert kinds(evaluate("where(x > 0, log(-1), x)", x=-1)) == []
    assert kinds(evaluate("where(log(x) > 0, 1, x)", x=-1)) == ["domain"]


def test_an_element_that_is_not_taken_has_no_kink() -> None:
    assert kinds(evaluate("sum(where(x > 0, x^p, 0))", x=[-1, 2], p=0.5)) == []
    assert kinds(evaluate("sum(where(y > 0, abs(x), 0))", x=[0, 2], y=[-1, 2])) == []


def test_nan_that_was_bound_is_nobodys_fault() -> None:
    result = evaluate("log(x) + max(x, 1)", x=math.nan)
    assert math.isnan(result.value)
    assert result.notes == []


@pytest.mark.parametrize("text", ["max(log(x), 0)", "min(0, log(x), y)", "clip(log(x), 0, 1)"])
def test_nan_among_ties(text: str) -> None:
    result = evaluate(text, x=-1.0, y=2.0)
    assert math.isnan(result.value)
    assert kinds(result) == ["domain"]


@pytest.mark.parametrize(("x", "y"), [(1.0, 0.1), (7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (0.3, 0.1)])
def test_the_remainder_and_its_derivative_agree(x: float, y: float) -> None:
    """∂mod/∂y is minus the whole number of times that y was taken off."""
    result = evaluate("mod(x, y)", x=x, y=y)
    assert result.gradient is not None
    assert x + result.gradient["y"] * y == pytest.approx(result.value, abs=1e-15)


def test_a_direction_is_known_though_the_length_overflows() -> None:
    for text, at in (
        ("hypot(x, y)", {"x": 1.5e308, "y": 1.5e308}),
        ("norm([x, y])", {"x": 1.5e308, "y": 1.5e308}),
    ):
        result = evaluate(text, **at)
        assert result.gradient is not None
        assert result.gradient["x"] == pytest.approx(math.sqrt(0.5), rel=1e-15)


def test_no_kink_at_what_is_not_finite() -> None:
    assert kinds(evaluate("floor(log(x))", x=0)) == ["domain"]
    assert kinds(evaluate("sum(floor(log(x)))", x=[0, 2])) == ["domain"]
