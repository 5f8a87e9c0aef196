"""What left the doubles is noted, with the true reason, at the first node that did."""

from __future__ import annotations

import math
import random
import sys
from typing import Any

import numpy as np
import pytest
from mpmath import mp

import cgcli
from cgcli.calculus.result import Result
from tests.oracles.slopes import contribution


def evaluate(text: str, **bindings: Any) -> Result:
    return cgcli.parse(text).evaluate(bindings)


def told(result: Result) -> list[tuple[str, str]]:
    return [(note.kind, note.node) for note in result.notes]


@pytest.mark.parametrize(
    ("text", "at", "notes"),
    [
        ("x^2", {"x": 1e-170}, [("underflow", "f")]),
        ("exp(x)", {"x": -800}, [("underflow", "f")]),
        ("exp(x)", {"x": -1e8}, [("underflow", "f")]),
        ("exp(x)", {"x": -1e300}, [("underflow", "f")]),
        ("tanh(x)", {"x": 1e200}, [("underflow", "x")]),
        ("softmax(x)", {"x": [-1e200, 1]}, [("underflow", "f")]),
        ("x*y", {"x": 1e-200, "y": -1e-200}, [("underflow", "f")]),
        ("sqrt(x^2 + y^2)", {"x": 1e-170, "y": 1e-170}, [("underflow", "v1")]),
        ("1/(1 + exp(-x))", {"x": 800}, [("underflow", "v2")]),
        ("erfc(x) - x^0.5 + u", {"x": -40, "u": [1, 2]}, [("domain", "v2")]),
        ("sum(x*y)", {"x": [1, 1e-200], "y": [1, 1e-200]}, [("underflow", "v1")]),
        ("prod(x)", {"x": [1e-200, 1e-200]}, [("underflow", "f")]),
        ("softmax(x)[1]", {"x": [800, 0]}, [("underflow", "v1")]),
        ("1/(1/x)", {"x": 1e-200}, [("underflow", "v1")]),
        ("1/cosh(x)", {"x": 500}, [("underflow", "v1")]),
        ("1/x^2", {"x": 1e90}, [("underflow", "v1")]),
        ("1/(1/x)", {"x": 1e200}, [("overflow", "v1")]),
        ("logsumexp(x)", {"x": [-np.inf, -np.inf]}, [("domain", "x")]),
        ("x - y", {"x": np.inf, "y": np.inf}, [("domain", "f")]),
        # What is 0 by itself has not left the doubles.
        ("0*(1/x)", {"x": 1e-200}, []),
        ("x - y", {"x": 1e-300, "y": 1e-300}, []),
        ("relu(x)*y", {"x": -1e-300, "y": 1e-300}, []),
        ("sum([x, 1, -1])", {"x": 1e-30}, []),
        ("mean([x, y])", {"x": 1.7e308, "y": 1.7e308}, []),
        ("len(log(x))", {"x": [1, 2]}, []),
        ("len(log(x))", {"x": [-1, 2]}, []),
        # Of a Jacobian, every element of the output is looked at.
        ("[y, tanh(x)]", {"x": 800, "y": 1}, [("underflow", "x")]),
        ("tanh(x)", {"x": [2, 800]}, [("underflow", "x")]),
        ("y/x", {"x": [-2.8e-163], "y": [1.5]}, [("overflow", "x")]),
        ("gamma(x)", {"x": [6.2e-61, 1.9e-211]}, [("overflow", "x")]),
        ("tanh(x)", {"x": [2, -1]}, []),
        ("sinc(x)", {"x": 5e-324}, [("underflow", "x")]),
        ("sinc(x)", {"x": [5e-324]}, [("underflow", "x")]),
        # What follows from an overflow is no news, whichever way the Jacobian goes.
        ("gamma(0.25*sinc(z))", {"z": [3.4e156]}, [("overflow", "v2")]),
        ("sqrt(exp(x))", {"x": -1000}, [("underflow", "v1")]),
        # What vanished on one way to an element is nothing to one that nothing comes to.
        (
            "M @ log10(cbrt([max(z, y), max(z, y)]))",
            {"z": 6e-61, "y": 1e301, "M": [[1, 40], [2.2e-308, 2.5]]},
            [],
        ),
        ("logsumexp(x)", {"x": [1, -800]}, [("underflow", "x")]),
        ("sum(logsumexp(x, 1))", {"x": [[1, -800]]}, [("underflow", "x")]),
        ("logsumexp(x)", {"x": [0, -800]}, [("underflow", "f")]),
        ("sum(logsumexp(x, 1))", {"x": [[0, -800]]}, [("underflow", "v1")]),
        ("1e300*softplus(x)", {"x": -2000}, [("underflow", "v1")]),
        ("leaky_relu(x)", {"x": -5e-324}, [("underflow", "f")]),
        ("relu(x)", {"x": -5e-324}, []),
        ("atan2(y, x)", {"x": 1e200, "y": 1e-200}, [("underflow", "f")]),
        ("mod(x, x)", {"x": 1e-300}, []),
        ("norm(x)", {"x": [5e210, 2e-308]}, [("underflow", "x")]),
        ("sum(x @ prod(x, 1))", {"x": [[1, 0.25], [1.9e-211, 1.9e-211]]}, [("underflow", "v1")]),
        # Of what was not asked for, nothing is told.
        ("logsumexp([x, 0.5])", {"x": 1024}, []),
        ("M @ x", {"M": [[800, 1], [np.inf, 1]], "x": [1.5e308, 1]}, [("overflow", "f")]),
        ("[x, y]*[y, 0]", {"x": 1, "y": 2}, []),
        # An element that is not picked has no part in what is.
        ("(x*x)[0]", {"x": [2, np.inf]}, []),
        # What one element is says nothing of another.
        ("tanh(x)", {"x": [np.inf, 800]}, [("underflow", "x")]),
        ("tanh(x)", {"x": [np.nan, 800]}, [("underflow", "x")]),
        ("tanh(x)", {"x": [np.inf, 1]}, []),
        ("atan(x)", {"x": [1e301, np.inf, -0.5]}, [("underflow", "x")]),
        ("atan(x)", {"x": [np.inf, -np.inf]}, []),
        ("log2(x)", {"x": [5e-324, np.inf]}, [("overflow", "x")]),
        ("softmax(x)", {"x": [-np.inf, 1]}, []),
        ("softmax(x)", {"x": [-800, -np.inf, 1]}, [("underflow", "f")]),
        ("logsumexp(x, 1)", {"x": [[-800, 1], [-np.inf, 2]]}, [("underflow", "x")]),
        ("M @ x", {"M": [[1, -np.inf], [-800, 1]], "x": [1e308, 1]}, [("overflow", "f")]),
        (
            "mean(M @ x)",
            {"M": [[1, np.inf], [-800, 1]], "x": [1e308, 0]},
            [("domain", "v1"), ("overflow", "v1")],
        ),
        ("M @ x", {"M": [[np.nan, 1], [-800, 1]], "x": [1e308, 1]}, [("overflow", "f")]),
        ("sum(sqrt(x))*1e-211", {"x": [1e308, 1]}, [("underflow", "x")]),
        ("1e-300*sum(abs(x)*[1e-20, 1e-40])", {"x": [1, 2]}, [("underflow", "v1")]),
        ("1e-300*sum(relu(x))", {"x": [-1, 2]}, []),
        # Nor what is outside its domain of what is inside.
        ("1/v", {"v": [0, 5e-324]}, [("domain", "f"), ("overflow", "f")]),
        ("log(w)", {"w": [0, 5e-324]}, [("domain", "f"), ("overflow", "w")]),
        ("log(w)*1e-200", {"w": [0, 1e200]}, [("domain", "v1"), ("underflow", "w")]),
        ("atanh(v)", {"v": [1.5e308, -0.5]}, [("domain", "f")]),
        ("log(w) + log(u)", {"w": -1, "u": 5e-324}, [("domain", "v1"), ("overflow", "u")]),
        ("(1/x)*log(x)", {"x": 0}, [("domain", "v1")]),
        # Nor of an element that does not move.
        ("min(cbrt([z, 0]), y)", {"z": 8, "y": -1}, []),
        ("y*x*y", {"y": 1e-200, "x": np.inf}, [("underflow", "x")]),
        ("atan2(u, y)", {"u": [0, 1.5], "y": 5e-324}, [("overflow", "u"), ("underflow", "u")]),
        ("atan2(v, y)", {"v": [2, np.inf], "y": -9e307}, [("underflow", "y"), ("domain", "y")]),
        ("norm(W, 1)", {"W": [[2, np.inf], [3, 5e-324]]}, [("domain", "W"), ("underflow", "W")]),
        # Nor does a value of a gradient, or what is too large of what is too small.
        (
            "prod(v) + 1/x",
            {"v": [3e-163, 2e-211], "x": 2e-308},
            [("underflow", "v1"), ("overflow", "x")],
        ),
        ("x^2 + 1/y", {"x": 1e200, "y": 1e200}, [("overflow", "v1"), ("underflow", "y")]),
        ("log(x) + 1/y", {"x": 5e-324, "y": 1e200}, [("underflow", "y"), ("overflow", "x")]),
        ("[log(x), 1/y]", {"x": 5e-324, "y": 1e200}, [("overflow", "x"), ("underflow", "y")]),
    ],
    ids=str,
)
def test_the_first_node_is_told(
    text: str, at: dict[str, Any], notes: list[tuple[str, str]]
) -> None:
    assert told(evaluate(text, **at)) == notes


@pytest.mark.parametrize(
    ("text", "x", "form"),
    [
        ("x*sqrt(x)", 0.0, "0 times infinity"),
        ("sqrt(x^4)", 0.0, "0 times infinity"),
        ("cbrt(x)^3", 0.0, "0 times infinity"),
        ("sqrt(x) - cbrt(x)", 0.0, "infinity minus infinity"),
    ],
)
def test_indeterminate_forms_are_called_that(text: str, x: float, form: str) -> None:
    result = evaluate(text, x=x)
    assert result.gradient is not None
    assert np.isnan(result.gradient["x"])
    note = result.notes[-1]
    assert note.kind == "domain"
    assert "indeterminate form" in note.message
    assert form in note.message


@pytest.mark.parametrize("of", ["sqrt(x)", "x^0.5", "x^(1/4)", "cbrt(x)", "xlogy(x, 0)"])
@pytest.mark.parametrize("factor", ["0", "k", "(k - k)"])
def test_nothing_times_an_infinite_slope_is_nan_in_every_way(factor: str, of: str) -> None:
    program = cgcli.parse(f"{factor}*{of}")
    at = {"x": 0.0, "k": 0.0} if "k" in factor else {"x": 0.0}
    alone = program.evaluate(at)
    note = alone.notes[-1]
    assert (note.kind, note.node) == ("domain", "x")
    assert "0 times infinity" in note.message
    lists = evaluate(f"sum({factor}*{of})", **{name: [value] for name, value in at.items()})
    _, gradient = program.function()(**at)
    assert alone.gradient is not None
    assert lists.gradient is not None
    slopes = [alone.gradient["x"], lists.gradient["x"], gradient["x"]]
    assert all(np.isnan(slope).all() for slope in slopes)


@pytest.mark.parametrize(
    ("text", "at", "slope"),
    [
        ("cbrt(x)", {"x": np.inf}, 0),
        ("cbrt(x)", {"x": -np.inf}, 0),
        ("x^(1/3)", {"x": np.inf}, 0),
        ("x^y", {"x": np.inf, "y": 0.3}, 0),
        ("x^y", {"x": 2, "y": np.inf}, np.inf),
    ],
)
def test_at_infinity_a_slope_is_its_limit(text: str, at: dict[str, Any], slope: float) -> None:
    lists = {name: [value, 1.0] for name, value in at.items()}
    for result in (evaluate(text, **at), evaluate(f"sum({text})", **lists)):
        assert result.gradient is not None
        assert np.ravel(result.gradient["x"])[0] == slope
        assert not result.notes


LARGE = [1.7e308, 1.7e308, -1.7e308]


@pytest.mark.parametrize(
    ("text", "at", "value"),
    [
        ("sum(v)", {"v": LARGE}, 1.7e308),
        ("sum(W, 1)[0]", {"W": [LARGE, LARGE]}, 1.7e308),
        ("trace(W)", {"W": np.diag(LARGE)}, 1.7e308),
        ("cumsum(v)[2]", {"v": LARGE}, 1.7e308),
        ("sum(v)", {"v": [*LARGE, -1.7e308, 3.5]}, 3.5),
        ("sum(v)", {"v": [*LARGE, np.inf]}, np.inf),
        ("sum(v)", {"v": LARGE[:2]}, np.inf),
    ],
)
def test_a_sum_that_comes_back_into_the_doubles_is_one(
    text: str, at: dict[str, Any], value: float
) -> None:
    program = cgcli.parse(text)
    result = program.evaluate(at)
    assert result.value == value
    assert [note for note in told(result) if note[1] == "f"] == (
        [("overflow", "f")] if value == np.inf and np.inf not in np.ravel(list(at.values())) else []
    )
    assert program.function()(**at)[0] == value


def test_an_indeterminate_value_is_called_that() -> None:
    (note,) = evaluate("0*x", x=np.inf).notes
    assert note.message == "0 * x is an indeterminate form at x = inf"
    (note,) = evaluate("xlogy(x, 1)", x=np.inf).notes
    assert note.message == "xlogy(x, 1) is an indeterminate form at x = inf"
    (note,) = evaluate("sin(x)", x=np.inf).notes
    assert note.message == "sin(x) has no value at x = inf"


SIZES = [-308.0, -250.0, -160.0, -20.0, 0.0, 20.0, 160.0, 250.0, 308.0]


def _kind(exact: Any) -> str:
    """What a number of endless exponents is in doubles."""
    if abs(exact) >= mp.mpf(2) ** 1024:
        return "overflow"
    return "underflow" if 0 < abs(exact) < mp.mpf(2) ** -1075 else ""


@pytest.mark.parametrize("name", ["mul", "div"])
def test_values_and_gradients_are_classed_as_mpmath_classes_them(name: str) -> None:
    """Of a product or quotient and what it is multiplied by, over all sizes."""
    chance = random.Random(name)
    program = cgcli.parse("u*(x*y)" if name == "mul" else "u*(x/y)")
    seen = set()
    for _ in range(400):
        u, x, y = (10 ** (chance.choice(SIZES) + chance.uniform(-0.4, 0.2)) for _ in "uxy")
        with mp.workdps(40):
            inner = mp.mpf(x) * y if name == "mul" else mp.mpf(x) / y
            steps = {"v1": inner, "f": u * inner}
            if not _kind(inner):
                steps["f"] = u * mp.mpf(float(inner))
            sent = {
                "v1": mp.mpf(u),
                "u": mp.mpf(float(inner)) if not _kind(inner) else inner,
                "x": contribution(name, 0, u, (x, y)),
                "y": contribution(name, 1, u, (x, y)),
            }
            values = [_kind(each) for each in steps.values() if _kind(each)]
            gradients = {_kind(each) for each in sent.values()} - {""}
        got = [kind for kind, _ in told(program.evaluate(u=u, x=x, y=y))]
        if values:
            assert got[0] == values[0], (u, x, y)
        elif gradients:
            assert len(got) == 1, (u, x, y)
            assert got[0] in gradients, (u, x, y)
        else:
            assert got == [], (u, x, y)
        seen.update(got)
    assert seen == {"overflow", "underflow"}


@pytest.mark.parametrize(
    "text", ["floor(sqrt(x))", "(sqrt(x) > 1)*3", "sign(cbrt(x))", "round(x^0.5)"]
)
def test_a_step_of_what_is_infinitely_steep_has_gradient_0(text: str) -> None:
    for program, at in ((text, 0.0), (f"sum({text})", [0.0, 0.0])):
        result = evaluate(program, x=at)
        assert result.gradient is not None
        assert not np.any(result.gradient["x"])
        called = cgcli.parse(program).function()(x=at).gradient["x"]
        assert not np.any(called)


@pytest.mark.parametrize(
    ("text", "at", "right"),
    [
        # A fault before the step, after it, and beside it.
        ("sign(log(x))", [-1.0, 2.0], [np.nan, 0.0]),
        ("log(x) > y", [-1.0, 2.0], [np.nan, 0.0]),
        ("x + sign(1/x)", [0.0, 2.0], [np.nan, 1.0]),
        ("log(ceil(x))", [-3.3, 1.5], [np.nan, 0.0]),
        # What is infinite for a fault in another input has no part in it.
        ("sign(atan2(1/(y - 0.5), x))", [-1.0, 2.0], [0.0, 0.0]),
        ("log(ceil(x))", [-0.3, 1.5], [np.nan, 0.0]),
        ("sqrt(sin(floor(x)))", [-1.5, 1.5], [np.nan, 0.0]),
        ("sign(x)*log(y - 2)", [-1.0, 2.0], [0.0, 0.0]),
        ("sqrt(ceil(x)) + x", [-0.3, 1.5], [1.0, 1.0]),
        ("where(log(x) > 0, x, 2*x)", [-1.0, 2.0], [2.0, 1.0]),
        ("(log(-1)*x > y) + x", [1.0, 2.0], [1.0, 1.0]),
    ],
    ids=str,
)
def test_a_step_lets_pass_what_came_through_a_fault(
    text: str, at: list[float], right: list[float]
) -> None:
    for x, want in zip(at, right, strict=True):
        given = {"x": x, "y": 0.5} if "y" in text else {"x": x}
        result = evaluate(text, **given)
        assert result.gradient is not None
        np.testing.assert_array_equal(result.gradient["x"], want)
        called = cgcli.parse(text).function()(given).gradient["x"]
        np.testing.assert_array_equal(called, want)
    program, constants = cgcli.parse(text), {"y": 0.5} if "y" in text else {}
    rows = program.function(rows=["x"])(x=at, **constants).gradient["x"]
    np.testing.assert_array_equal(rows, right)
    vectors = cgcli.parse(f"sum({text})")
    result = vectors.evaluate(x=at, **constants)
    assert result.gradient is not None
    np.testing.assert_array_equal(result.gradient["x"], right)
    np.testing.assert_array_equal(vectors.function()(x=at, **constants).gradient["x"], right)


def test_nothing_is_made_of_what_overflowed() -> None:
    """0 would be a wrong answer that looks right: the gradient in truth is 1."""
    program = cgcli.parse("log(1 + exp(x))")
    point, rows = program.evaluate(x=1000.0), program.function(rows=["x"])(x=[1000.0, 0.0])
    assert point.gradient is not None
    assert np.isnan(point.gradient["x"])
    assert np.allclose(rows.gradient["x"], [np.nan, 0.5], equal_nan=True)


def test_the_sign_of_an_infinite_slope_is_that_of_its_limit() -> None:
    for text in ("sqrt(-x)", "sqrt(0 - x)", "sqrt(-1*x)"):
        assert evaluate(text, x=0.0).gradient == {"x": -np.inf}, text
        assert cgcli.parse(text).function()(x=0.0).gradient == {"x": -np.inf}, text


def test_the_mean_of_large_numbers_is_one() -> None:
    large = sys.float_info.max
    assert evaluate("mean(x)", x=[large, large]).value == large
    assert cgcli.parse("mean(x)").function()(x=[large, large]).value == large
    found = evaluate("mean(x, 0)", x=[[large, 1.0], [large, 3.0]]).value
    assert np.array_equal(found, [large, 2.0])


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("sqrt(x)", {"x": [0.0, 4.0]}),
        ("p*log2(x)", {"x": [-1.2, 1.26], "p": 2.8}),
        ("W @ log(x)", {"W": [[1.0, 2.0], [0.0, 3.0]], "x": [-1.0, 2.0]}),
        ("outer(x, 1/y)", {"x": [1.0, 2.0], "y": [0.0, 3.0]}),
        ("softmax([[1, 2], [3, 4]]*log(x))", {"x": [[0.0, 1.0], [2.0, 3.0]]}),
        ("log(x) - log(x)[1]", {"x": [-1.0, 2.0]}),
        ("[log(x[0]), x[1]]", {"x": [-1.0, 2.0]}),
    ],
)
def test_a_fault_stays_in_its_own_entries(text: str, at: dict[str, Any]) -> None:
    """A compiled Jacobian is the evaluated one, as it is right below."""
    program = cgcli.parse(text)
    result = program.evaluate(at)
    assert result.jacobian is not None
    called = program.function(jacobian=True)(at).gradient
    for name, block in result.jacobian.items():
        assert np.allclose(block, called[name], rtol=1e-14, equal_nan=True), name


def test_the_entries_of_a_fault() -> None:
    found = evaluate("sqrt(x)", x=[0.0, 4.0]).jacobian
    assert found is not None
    assert found["x"].tolist() == [[np.inf, 0.0], [0.0, 0.25]]
    found = evaluate("p*log2(x)", x=[-1.2, 1.26], p=2.8).jacobian
    assert found is not None
    assert np.allclose(found["p"], [np.nan, 0.33342373372519175], rtol=1e-14, equal_nan=True)
    right = [[np.nan, 0.0], [0.0, 3.205988979753253]]
    assert np.allclose(found["x"], right, rtol=1e-14, equal_nan=True)


@pytest.mark.parametrize("text", ["cbrt(x)[1]", "acos(1 - x/8)[-1]", "sqrt(x)[1] + x[1]"])
def test_an_element_that_is_not_picked_is_sent_nothing(text: str) -> None:
    result = evaluate(text, x=[0.0, 4.0])
    assert result.gradient is not None
    assert result.gradient["x"][0] == 0.0
    assert result.gradient["x"][1] != 0.0
    assert result.notes == []


def test_what_is_picked_from_an_array_knows_nothing_of_the_rest() -> None:
    program = cgcli.parse("log(x)[1]")
    result = program.evaluate(x=[-1.0, 2.0])
    assert result.gradient is not None
    assert result.gradient["x"].tolist() == [0.0, 0.5]
    assert program.function()(x=[-1.0, 2.0]).gradient["x"].tolist() == [0.0, 0.5]
    rows = program.function(rows=["x"])(x=[[-1.0, 2.0], [3.0, 4.0]]).gradient["x"]
    assert rows.tolist() == [[0.0, 0.5], [0.0, 0.25]]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        # The part of a list is found by where its arguments begin.
        ("sum(concat(v, v)[-2:])*log(x)", {"v": [1.0, 2.0], "x": -1.0}),
        ("concat(v)*w[0]", {"v": [-3.0], "w": [[1e308, math.inf], [0.5, 2.0]]}),
        # Infinities of both signs come to one number.
        ("prod([3, x, -1]*y - len([z, x]))", {"x": -math.inf, "y": 2e90, "z": -math.inf}),
    ],
)
def test_arrays_at_the_ends_of_the_range_have_notes(text: str, at: dict[str, Any]) -> None:
    assert cgcli.parse(text).evaluate(at).notes
