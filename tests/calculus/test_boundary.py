"""Choices at their boundary: the gradient, and the note, in every way of asking.

Each trap stands beside the same function in Python, which mpmath evaluates beside the point with
60 digits: what is noted, and that nothing is, follows from its one-sided limits alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cgcli
from cgcli.calculus.certify import verify
from cgcli.calculus.explain import Explanation
from cgcli.calculus.result import Result
from tests.amounts import portion, sampled

NAN = math.nan
STEP = mpmath.mpf(10) ** -20


class Trap(NamedTuple):
    """A program, the point, the same in Python, and the gradient that the contract says."""

    text: str
    at: dict[str, float]
    function: Callable[..., Any]
    gradient: dict[str, float]


def _lines(x: Any, first: Any) -> Any:
    for k in range(3):
        first = first + k if x == k else first * x
    return first


TRAPS = [
    # An equality holds at the point alone.
    Trap("where(x == 1, 1, x^2)", {"x": 1}, lambda x: 1 if x == 1 else x**2, {"x": 2}),
    Trap("where(x != 1, x^2, 1)", {"x": 1}, lambda x: 1 if x == 1 else x**2, {"x": 2}),
    Trap("where(1 == x, 1, x^2)", {"x": 1}, lambda x: 1 if x == 1 else x**2, {"x": 2}),
    Trap("where(x == 0, 0, x)", {"x": 0}, lambda x: x, {"x": 1}),
    Trap("where(x == 2, 5, x^2)", {"x": 2}, lambda x: 5 if x == 2 else x**2, {"x": 0}),
    Trap("where(x == 2, x + 3, x^2)", {"x": 2}, lambda x: 5 if x == 2 else x**2, {"x": 1}),
    Trap("where(x^2 == 4, 8, x^3)", {"x": 2}, lambda x: x**3, {"x": 12}),
    Trap("where(x == y, x*y, x^2)", {"x": 3, "y": 3}, lambda x, y: x * y if x == y else x**2,
         {"x": 6, "y": 0}),
    Trap("where(x == 1, 2*y, y + 1)", {"x": 1, "y": 1},
         lambda x, y: 2 * y if x == 1 else y + 1, {"x": 0, "y": 1}),
    # A flag, and another name for it, are the equality itself; what is computed of it is not.
    Trap("c = x == 1; where(c, 1, x^2)", {"x": 1}, lambda x: x**2, {"x": 2}),
    Trap("c = x == 1; d = c; where(d, 1, x^2)", {"x": 1}, lambda x: x**2, {"x": 2}),
    Trap("c = x == 1; where(1 - c, x^2, 1)", {"x": 1}, lambda x: x**2, {"x": 0}),
    Trap("where((x == 1)*(y > 0), 1, x^2)", {"x": 1, "y": 2}, lambda x, y: x**2,
         {"x": 0, "y": 0}),
    # Choices in choices.
    Trap("where(x == 1, where(x == 1, 1, x^2), x^3)", {"x": 1}, lambda x: x**3, {"x": 3}),
    Trap("where(x == 1, 1, where(x == 1, 5, x^2))", {"x": 1}, lambda x: x**2, {"x": 0}),
    Trap("where(x == 1, 1, where(x < 1, x, x^2))", {"x": 1}, lambda x: x if x < 1 else x**2,
         {"x": 2}),
    Trap("where(x >= 1, where(x == 1, 7, x), 1)", {"x": 1},
         lambda x: 7 if x == 1 else max(1, x), {"x": 0}),
    # Inequalities send the gradient to the branch that is taken.
    Trap("where(x < 0, 0, x)", {"x": 0}, lambda x: max(x, 0), {"x": 1}),
    Trap("where(x <= 0, 0, x)", {"x": 0}, lambda x: max(x, 0), {"x": 0}),
    Trap("where(x < 0, 0, x^2)", {"x": 0}, lambda x: 0 if x < 0 else x**2, {"x": 0}),
    Trap("where(x > y, x, y)", {"x": 1, "y": 1}, max, {"x": 0, "y": 1}),
    Trap("where(x > y, 1, 2)*y", {"x": 1, "y": 1}, lambda x, y: (1 if x > y else 2) * y,
         {"x": 0, "y": 2}),
    Trap("where(abs(x) <= 1, x^2/2, abs(x) - 1/2)", {"x": -1},
         lambda x: x**2 / 2 if abs(x) <= 1 else abs(x) - mpmath.mpf(1) / 2, {"x": -1}),
    Trap("where(x <= 0, 0, exp(-1/x))", {"x": 0}, lambda x: 0 if x <= 0 else mpmath.exp(-1 / x),
         {"x": 0}),
    # What decides is only seen in a later term.
    Trap("where(x^2 > 0, x, 5*x)", {"x": 0}, lambda x: x if x != 0 else 0, {"x": 5}),
    Trap("where(x^3 > 0, x, 5*x)", {"x": 0}, lambda x: x if x > 0 else 5 * x, {"x": 5}),
    Trap("where(1 - cos(x) <= 0, 1, x + 1)", {"x": 0}, lambda x: x + 1, {"x": 0}),
    Trap("where(x - sin(x) < 0, x, x + x^2)", {"x": 0},
         lambda x: x if x < 0 else x + x**2, {"x": 1}),
    # As a factor a comparison is a step.
    Trap("(x < 0)*x", {"x": 0}, lambda x: min(x, 0), {"x": 0}),
    Trap("(x < 0)*x^2", {"x": 0}, lambda x: x * min(x, 0), {"x": 0}),
    Trap("(x >= 1)*(x - 2)", {"x": 1}, lambda x: x - 2 if x >= 1 else 0, {"x": 1}),
    Trap("(x == 1)*3 + x", {"x": 1}, lambda x: x + (3 if x == 1 else 0), {"x": 1}),
    # What jumps in a condition alone.
    Trap("where(mod(x, 1) < 0.5, x, 2*x)", {"x": 2}, lambda x: x if x >= 2 else 2 * x, {"x": 1}),
    Trap("where(mod(x, 1) < 0.5, x, x)", {"x": 2}, lambda x: x, {"x": 1}),
    Trap("where(atan2(y, x - 3) > 0, y, x)", {"x": 1, "y": 0},
         lambda x, y: y if y >= 0 else x, {"x": 0, "y": 1}),
    # An equality that holds everywhere.
    Trap("where(x == x, y, x)", {"x": 0, "y": 0}, lambda x, y: y, {"x": 1, "y": 0}),
    Trap("where(x == x, ceil(y), x)", {"x": 0, "y": 0}, lambda x, y: mpmath.ceil(y),
         {"x": 1, "y": 0}),
    # Steps.
    Trap("floor(x)", {"x": 2}, mpmath.floor, {"x": 0}),
    Trap("x*floor(x)", {"x": 0}, lambda x: x * mpmath.floor(x), {"x": 0}),
    Trap("(x - 1)^2*floor(x)", {"x": 1}, lambda x: (x - 1) ** 2 * mpmath.floor(x), {"x": 0}),
    Trap("round(x)*(x - 1/2)", {"x": 0.5}, lambda x: (x - 0.5) * (x > 0.5), {"x": 0}),
    Trap("sign(x)*x^3", {"x": 0}, lambda x: abs(x) ** 3, {"x": 0}),
    Trap("where(floor(x) == 0, x, 2*x)", {"x": 0}, lambda x: x if 0 <= x < 1 else 2 * x, {"x": 1}),
    Trap("where(floor(x) == 0, x, x)", {"x": 0}, lambda x: x, {"x": 1}),
    Trap("floor(floor(x)) + x", {"x": 1.5}, lambda x: 1 + x, {"x": 1}),
    Trap("ceil(x)*y", {"x": 1, "y": 0}, lambda x, y: mpmath.ceil(x) * y, {"x": 0, "y": 1}),
    # Several ties that undo each other.
    Trap("where(x < 0, -1, 1) + where(x < 0, 1, -1)", {"x": 0}, lambda x: 0, {"x": 0}),
    Trap("where(x < 0, -x, x)*where(x < 0, -1, 1)", {"x": 0}, lambda x: x, {"x": 1}),
    Trap("where(x < y, x, y) + where(x < y, y, x)", {"x": 1, "y": 1}, lambda x, y: x + y,
         {"x": 1, "y": 1}),
    # Loops, functions, lists.
    Trap("s[0] = x; for k in 0..2 { s[k+1] = where(s[k] == k, s[k], s[k]^2) }; s[3]", {"x": 0},
         lambda x: x**8 if x != 0 else 0, {"x": 0}),
    Trap("g(a) = where(a == 0, 1, cos(a)); g(x)*g(x - 1)", {"x": 1},
         lambda x: mpmath.cos(x) * mpmath.cos(x - 1), {"x": -math.sin(1)}),
    Trap("floor([x, 2])[0]", {"x": 1.5}, lambda x: 1, {"x": 0}),
    Trap("sum(where([x, 0] > 0, [x, 0], 0))", {"x": 1}, lambda x: x, {"x": 1}),
    Trap("dot(where([x, x] == [1, 2], 1, [x, x]^2), [1, 3])", {"x": 1}, lambda x: 4 * x**2,
         {"x": 8}),
    # The branch beside the point has no value at it.
    Trap("where(x == 0, 1, sin(x)/x)", {"x": 0}, mpmath.sinc, {"x": NAN}),
    Trap("where(x == 0, 1, (exp(x) - 1)/x)", {"x": 0},
         lambda x: mpmath.expm1(x) / x if x else 1, {"x": NAN}),
    Trap("where(x == 1, 2, (x^2 - 1)/(x - 1))", {"x": 1}, lambda x: x + 1, {"x": NAN}),
]  # fmt: skip

SCALARS = [trap for trap in TRAPS if "[" not in trap.text and "g(" not in trap.text]
RATIONAL = [
    trap
    for trap in SCALARS
    if not any(word in trap.text for word in ("sin", "cos", "exp", "atan2"))
    and NAN not in trap.gradient
]


def name(trap: Trap) -> str:
    return f"{trap.text} at {trap.at}"


def beside(trap: Trap, by: str, sign: int) -> tuple[Any, Any]:
    """The value and the slope on one side, from two points very near to the trap's own."""
    with mpmath.workdps(90):
        near, nearer = (
            mpmath.mpf(
                trap.function(
                    *(
                        mpmath.mpf(value) + (sign * step if each == by else 0)
                        for each, value in trap.at.items()
                    )
                )
            )
            for step in (STEP, STEP / 2)
        )
        return 2 * nearer - near, sign * (near - nearer) / (STEP / 2)


def differs(trap: Trap, by: str) -> bool:
    """Whether a side is not what is printed."""
    here = float(trap.function(*(mpmath.mpf(value) for value in trap.at.values())))
    for sign in (-1, 1):
        value, slope = beside(trap, by, sign)
        if abs(value - here) > 1e-12 or not abs(slope - trap.gradient[by]) < 1e-12:
            return True
    return False


def close(a: Any, b: float) -> bool:
    a = float(np.reshape(a, -1)[0])
    return bool(a == pytest.approx(b, rel=1e-12, abs=1e-12, nan_ok=True))


def kinked(result: Result) -> dict[str, Any]:
    """The one-sided derivatives that the notes on kinks tell."""
    return {
        name: sides
        for note in result.notes
        if note.kind == "kink"
        for name, sides in (note.sides or {}).items()
    }


def check(result: Result, trap: Trap, name: Callable[[str], str]) -> None:
    told = kinked(result)
    for by, want in trap.gradient.items():
        found = result.gradient or result.jacobian or {}
        assert close(found[by], want), (by, found)
        assert (name(by) in told) == differs(trap, by), (by, told)
    for by in trap.gradient:
        for sign, side in zip((-1, 1), told.get(name(by), ()), strict=False):
            value, slope = beside(trap, by, sign)
            jump = sign * (value - float(np.reshape(result.value, -1)[0]))
            if abs(jump) > 1e-12:
                assert side == math.copysign(math.inf, jump)
            else:
                assert close(side, float(slope))


@pytest.mark.parametrize("trap", TRAPS, ids=name)
def test_scalars(trap: Trap) -> None:
    check(cgcli.parse(trap.text).evaluate(trap.at), trap, str)


@pytest.mark.parametrize("trap", SCALARS, ids=name)
def test_vectors_of_one_element(trap: Trap) -> None:
    result = cgcli.parse(trap.text).evaluate({name: [value] for name, value in trap.at.items()})
    check(result, trap, lambda by: f"{by}[0]")


@pytest.mark.parametrize("trap", SCALARS, ids=name)
def test_rows_beside_rows_that_do_not_tie(trap: Trap) -> None:
    program = cgcli.parse(trap.text)
    columns = {name: [value, 0.7, value] for name, value in trap.at.items()}
    rows = program.function(rows=list(columns))(columns)
    alone = program.function()(trap.at)
    other = program.evaluate(dict.fromkeys(columns, 0.7))
    assert other.gradient is not None
    for by, want in trap.gradient.items():
        assert close(alone.gradient[by], want)
        first, second, third = np.broadcast_to(rows.gradient[by], (3,))
        assert close(first, want)
        assert close(second, other.gradient[by])
        assert close(third, want)


@pytest.mark.parametrize("trap", RATIONAL, ids=name)
def test_fractions(trap: Trap) -> None:
    program = cgcli.parse(trap.text)
    at = {name: Fraction(value) for name, value in trap.at.items()}
    if any(math.isnan(want) for want in trap.gradient.values()):
        with pytest.raises(cgcli.CgraphError):
            program.evaluate_exactly(at)
        return
    check(program.evaluate_exactly(at), trap, str)


@pytest.mark.parametrize("trap", TRAPS, ids=name)
def test_no_proof_of_what_is_no_derivative(trap: Trap) -> None:
    result = cgcli.parse(trap.text).evaluate(trap.at)
    certificate = verify(result)
    for by, node in result.sources.items():
        found = certificate.gradients[node]
        assert found is not None
        assert found.verdict != "unsettled"
        if differs(trap, by):
            assert found.verdict in ("kink", "undefined"), (by, found)


@pytest.mark.parametrize("trap", TRAPS, ids=name)
def test_the_steps_add_up(trap: Trap) -> None:
    result = cgcli.parse(trap.text).evaluate(trap.at)
    for step in Explanation(result).gradients():
        total = sum(float(each.sent) for each in step.received)
        assert close(total, float(step.value))
        for each in step.received:
            if each.partial is not None and each.argument == step.node:
                upstream = result.grad(each.node)
                assert close(upstream * each.partial, float(each.sent))


def test_a_branch_that_is_infinite_is_another_value() -> None:
    result = cgcli.parse("where(x == 0, 1, 1/x)").evaluate(x=0)
    assert result.gradient == {"x": 0.0}
    assert [note.kind for note in result.notes] == ["kink"]
    assert cgcli.parse("where(x == 0, 1, 1/x)").evaluate_exactly(x=0).gradient == {"x": 0}


@pytest.mark.parametrize(("x", "noted"), [(0.5, ["kink"]), (-0.5, [])])
def test_a_branch_that_is_not_taken_does_not_move(x: float, noted: list[str]) -> None:
    """Where the floor is taken, nothing moves the argument of the corner."""
    for at in (x, [x]):
        result = cgcli.parse("abs(where(x > 0, x - 1/2, floor(x + 1)))").evaluate(x=at)
        assert [note.kind for note in result.notes] == noted


@pytest.mark.parametrize("text", ["{}", "sum({})", "{}[1]", "[{0}[1], {0}[0]]"])
@pytest.mark.parametrize(("taken", "noted"), [("[1, 0]", False), ("[0, 1]", True)])
def test_an_element_that_is_not_taken_is_at_no_kink(text: str, taken: str, noted: bool) -> None:
    """Of a Jacobian as of a gradient, and in fractions as in doubles."""
    program = cgcli.parse(text.format(f"where({taken} > 0.5, abs([1.5, y]), 4)"))
    for result in (program.evaluate(y=0), program.evaluate_exactly(y=0)):
        assert [note.kind for note in result.notes] == ["kink"] * noted


@pytest.mark.parametrize(("text", "noted"), [("[p[0], p[1]]", True), ("[p[0], p[0]]", False)])
def test_what_any_row_of_a_jacobian_reaches_is_reached(text: str, noted: bool) -> None:
    program = cgcli.parse(f"p = abs(v); {text}")
    for result in (program.evaluate(v=[1, 0]), program.evaluate_exactly(v=[1, 0])):
        assert [note.kind for note in result.notes] == ["kink"] * noted


def test_what_is_not_differentiated_by_does_not_tie() -> None:
    program = cgcli.parse("where(x == 1, 2*y, y + 1)")
    result = program.evaluate({"x": 1, "y": 1}, wrt=["y"])
    assert (result.gradient, result.notes) == ({"y": 2.0}, [])
    assert program.function(wrt=["y"])(x=1, y=1).gradient == {"y": 2.0}


def test_one_element_of_many_is_looked_along() -> None:
    result = cgcli.parse("sum(where(x > 0, x, 0))").evaluate(x=[2.0, 3.0, 0.0, *[1.0] * 97])
    (note,) = result.notes
    assert note.sides == {"x[2]": (0.0, 1.0)}
    assert "at element [2]: the derivative of f by x[2] is 0 from the left, 1" in note.message


def test_many_elements_are_not() -> None:
    (note,) = cgcli.parse("sum(where(x > 0, x, 0))").evaluate(x=[0.0] * 33).notes
    assert "was not looked at" in note.message
    assert len(kinked(cgcli.parse("sum(where(x > 0, x, 0))").evaluate(x=[0.0] * 32))) == 32


def test_a_corner_that_is_seen_along_no_axis() -> None:
    """On the axes of the plane the function is 0, and so it is printed."""
    (note,) = cgcli.parse("where(x*y > 0, x + y, 0)").evaluate(x=0, y=0).notes
    assert list(note.sides or {}) == ["x, y"]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("where(x <= y, z, 2*z)", {"x": 1.0, "y": 1.0, "z": 0.0}),
        ("z*(x > y)", {"x": 1.0, "y": 1.0, "z": 0.0}),
        ("log(cosh(ceil(x)))", {"x": -40.0}),
        # Where there is no value, what a step or a bound makes of infinity is none.
        ("sign(z/floor(x))", {"x": 1.0, "z": 1.0}),
        ("sign(log(floor(x)))", {"x": 1.0}),
        ("sum(max(1/floor([x, y]), 2))", {"x": 1.0, "y": 3.5}),
    ],
)
def test_a_boundary_that_shows_in_one_direction_alone(text: str, at: dict[str, float]) -> None:
    """By no input alone, or only far down in what is large."""
    assert [note.kind for note in cgcli.parse(text).evaluate(at).notes] == ["kink"]


@pytest.mark.parametrize(("other", "noted"), [("x^2/10 + 2.5", []), ("2*x - 5", ["kink"])])
def test_what_cancels_in_a_slope_is_no_corner(other: str, noted: list[str]) -> None:
    """erfc'(5) is -1.6e-11, and 1 - 1 leaves the rounding of 1 in the sum."""
    for text, at in (
        (f"s = where(x <= 5, x, {other}); (s - s) + erfc(s)", 5.0),
        (f"s = where(x <= 5, x, {other}); sum([2, -2] @ [s, s] + erfc(s))", [5.0]),
    ):
        result = cgcli.parse(text).evaluate(x=at)
        assert [note.kind for note in result.notes] == noted


def test_a_gradient_that_is_0_but_for_rounding_is_0() -> None:
    result = cgcli.parse("lgamma(y*z/where(y == z, z, y))").evaluate(y=3.0, z=3.0)
    assert [note.kind for note in result.notes] == ["inexact"]


def test_the_note_names_the_arguments() -> None:
    (note,) = cgcli.parse("atan2(v, u)").evaluate(v=0, u=-2).notes
    assert "where v passes 0 and u is negative" in note.message
    (note,) = cgcli.parse("mod(s, t)").evaluate(s=1, t=1).notes
    assert note.sides == {"s": (-math.inf, 1.0), "t": (-1.0, math.inf)}


@pytest.mark.parametrize(
    ("text", "ties"),
    [("where(u < x, [x, y], 4)[0]", False), ("where(u < x, [x, y], 4)[-1]", True),
     ("sum([2, y*(u <= x)[1]])", True), ("sum([2, y*(u <= x)[0]])", False)],
)  # fmt: skip
def test_a_tie_of_the_element_that_is_picked(text: str, ties: bool) -> None:
    at = {"u": [-1.0, 1.5], "x": 1.5, "y": 0.25}
    noted = [note.kind for note in cgcli.parse(text).evaluate(at).notes]
    assert noted == ["kink"] * ties
    exact = [note.kind for note in cgcli.parse(text).evaluate_exactly(at).notes]
    assert exact == noted


@pytest.mark.parametrize(
    ("text", "at", "noted"),
    [
        ("max([3/2, 3/2, x])", 1.0, False), ("max([3/2, 3/2, x])", 1.5, True),
        ("norm([0, 0])*x", 1.0, False), ("norm([0, x])", 0.0, True),
        ("sum(norm([[0, 0], [x, 1]], 1))", 2.0, False),
        ("norm(softmax([x, x])) + erf(x == x)", 0.0, False),
        # A jump by a thousandth of what is small beside the order, or the factor, that it meets.
        ("polygamma(2, lgamma(floor(x)))", 1024.0, True),
        ("1e9*(floor(x)*1e-14)", 2.0, True),
        ("softmax([floor(x), 40])[0]", -2.0, True),
    ],
)  # fmt: skip
def test_constants_have_no_corner(text: str, at: float, noted: bool) -> None:
    assert [note.kind for note in cgcli.parse(text).evaluate(x=at).notes] == ["kink"] * noted


def test_an_element_that_stands_still_is_at_no_tie() -> None:
    """The 1 of [1, x] equals 1 all about the point: no other branch is the function there."""
    program = cgcli.parse("where([1, x] != 1, v, x)")
    at = {"x": 0.0, "v": [0.0, 0.25]}
    want = {"x": [1.0, 0.0], "v": [[0.0, 0.0], [0.0, 1.0]]}
    compiled = program.function(wrt=["x", "v"], jacobian=True)
    for jacobian in (program.evaluate(at).jacobian, compiled(**at).gradient):
        assert {name: block.tolist() for name, block in jacobian.items()} == want
    exact = program.evaluate_exactly({"x": 0, "v": [0, Fraction(1, 4)]}).jacobian
    assert {name: block.astype(float).tolist() for name, block in exact.items()} == want


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("p = cosh(z) - x; max(floor([z, p])[1], expm1(p))", ["overflow"]),
        ("where(z == 20, inf, x)", ["kink"]),
    ],
)
def test_what_is_infinite_all_about_has_no_jump(text: str, kinds: list[str]) -> None:
    result = cgcli.parse(text).evaluate(z=20.0, x=20.0)
    assert [note.kind for note in result.notes] == kinds


def test_sides_that_only_rounding_tells_apart_have_no_jump() -> None:
    assert not cgcli.parse("where(hypot(0, x) >= x, 1, y)").evaluate(x=4.359375, y=2.75).notes
    quotient = cgcli.parse("p = x*z; where(p/z >= x, x, z)")
    assert not quotient.evaluate(x=4.34375, z=0.734375).notes


def test_slopes_that_only_the_least_doubles_tell_apart_are_no_corner() -> None:
    text = "p = z*y; q = where(p != p, y, z); [q, x, p*p]"
    assert not cgcli.parse(text).evaluate(z=-2.778448436856347e-163, y=-40.0, x=2.0).notes


def test_an_element_that_does_not_move_has_no_part_in_a_corner() -> None:
    """A negative base has a whole exponent that stays, and one that moves beside it."""
    assert not cgcli.parse("W[0] ^ [1, z][0]").evaluate(W=[-4.0, 1.0], z=2.0).notes
    (note,) = cgcli.parse("sum(W ^ [1, z])").evaluate(W=[-4.0, -4.0], z=2.0).notes
    assert "at element [1]" in note.message
    assert not cgcli.parse("sum(W ^ [1, z])").evaluate(W=[-4.0, 4.0], z=2.0).notes


def test_the_jump_of_an_element_beside_one_that_does_not_jump() -> None:
    """0 is a multiple of every x, and 1 is one of 0.5 alone: where x grows, 1 is the remainder."""
    (note,) = cgcli.parse("sum(mod([0, 1, 0], x))").evaluate(x=0.5).notes
    assert note.sides == {"x": (-2.0, math.inf)}
    assert "at element [1]" in note.message
    assert not cgcli.parse("sum(mod([0, 0], x))").evaluate(x=0.5).notes


def test_both_partials_of_a_remainder_are_at_the_jump() -> None:
    result = cgcli.parse("mod(x, y)").evaluate(x=1, y=1)
    certificate = verify(result)
    assert [certificate.verdict(node) for node in result.sources.values()] == ["kink", "kink"]


# Random programs of pieces, on their boundaries


class Drawn(NamedTuple):
    """A part of a program: its text, and the same in Python."""

    text: str
    function: Callable[[Any, Any], Any]


SIDES = [
    Drawn("x", lambda x, y: x),
    Drawn("y", lambda x, y: y),
    Drawn("0", lambda x, y: 0),
    Drawn("1", lambda x, y: 1),
    Drawn("x*y", lambda x, y: x * y),
    Drawn("x^2", lambda x, y: x**2),
    Drawn("(2 - x)", lambda x, y: 2 - x),
    Drawn("(x + y)/2", lambda x, y: (x + y) / 2),
    Drawn("floor(x)", lambda x, y: mpmath.floor(x)),
    Drawn("ceil(y/2)", lambda x, y: mpmath.ceil(y / 2)),
]
SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def compared(sign: str, a: Drawn, b: Drawn) -> Drawn:
    holds = SIGNS[sign]
    return Drawn(
        f"({a.text} {sign} {b.text})",
        lambda x, y: int(bool(holds(a.function(x, y), b.function(x, y)))),
    )


def chosen(c: Drawn, a: Drawn, b: Drawn) -> Drawn:
    return Drawn(
        f"where({c.text}, {a.text}, {b.text})",
        lambda x, y: a.function(x, y) if c.function(x, y) else b.function(x, y),
    )


def product(a: Drawn, b: Drawn) -> Drawn:
    return Drawn(f"({a.text})*({b.text})", lambda x, y: a.function(x, y) * b.function(x, y))


def total(a: Drawn, b: Drawn) -> Drawn:
    return Drawn(f"({a.text} + {b.text})", lambda x, y: a.function(x, y) + b.function(x, y))


CONDITIONS = st.builds(compared, st.sampled_from(sorted(SIGNS)), *[st.sampled_from(SIDES)] * 2)
PIECES = st.recursive(
    st.sampled_from(SIDES),
    lambda inner: st.one_of(
        st.builds(chosen, st.one_of(CONDITIONS, st.builds(product, CONDITIONS, CONDITIONS)),
                  inner, inner),
        st.builds(product, CONDITIONS, inner),
        st.builds(total, inner, inner),
        st.builds(product, inner, st.sampled_from(SIDES)),
    ),
    max_leaves=6,
)  # fmt: skip


@sampled
@settings(max_examples=portion(250), deadline=None)
@given(PIECES, st.sampled_from([0.0, 1.0, 2.0, -1.0]), st.sampled_from([0.0, 1.0, 2.0]))
def test_random_pieces_are_noted_where_a_side_differs(piece: Drawn, x: float, y: float) -> None:
    text = f"{piece.text} + 0*x + 0*y"
    result = cgcli.parse(text).evaluate(x=x, y=y)
    assert result.gradient is not None
    function = lambda x, y: mpmath.mpf(piece.function(x, y))
    trap = Trap(text, {"x": x, "y": y}, function, result.gradient)
    assert result.value == pytest.approx(float(function(x, y)))
    told = kinked(result)
    assert {by for by in ("x", "y") if differs(trap, by)} == set(told) - {"x, y", "y, x"}, (
        text,
        told,
    )
    check(result, trap, str)
    certificate = verify(result)
    for by in told.keys() & {"x", "y"}:
        assert certificate.verdict(result.sources[by]) == "kink", text


@pytest.mark.parametrize(
    ("text", "gradient", "sides"),
    [
        # 3.1^2 is 9.61 as it is typed, and not among doubles.
        ("where(x == 3.1, 9.61, x^2)", "6.2", None),
        ("where(x == 3.1, 9.61, 2*x^2)", "0", [-math.inf, math.inf]),
        # As they are typed, both sides are equal.
        ("where(x < 31*0.1, 0, x)", "1", [math.inf, 1.0]),
        ("floor(10*x)", "0", [math.inf, 0.0]),
    ],
)
def test_digits_have_the_notes_of_the_digits(
    cgraph: Any, text: str, gradient: str, sides: list[float] | None
) -> None:
    ran = cgraph("eval", text, "x=3.1", "--precision", "15", "--json")
    document = json.loads(ran.out)
    assert document["gradient"]["x"] == gradient
    told = [
        [float(str(side).replace("Infinity", "inf")) for side in note["sides"]["x"]]
        for note in document["notes"]
    ]
    assert told == ([] if sides is None else [sides])


def test_a_number_beside_an_array_moves_all_of_it() -> None:
    (note,) = cgcli.parse("sum(where(A > y, A, 0))").evaluate(A=[[1, 2], [3, 1]], y=1).notes
    assert set(note.sides or {}) == {"A[0, 0]", "A[1, 1]", "y"}


@pytest.mark.parametrize(
    "branch", ["sqrt(x)*sqrt(x)", "sqrt(x)^2", "sqrt(x)*sqrt(2*x)", "cos(sqrt(x)) + x - 1"]
)
def test_what_roots_make_of_each_other_is_not_said_to_be_flat(branch: str) -> None:
    """Beside 0 none of these has the slope 0: √t·√t is t, and cos(√t) is 1 - t/2."""
    notes = cgcli.parse(f"where(x >= 0, {branch}, x)").evaluate(x=0.0).notes
    assert notes
    assert not any(" 0 from the right" in str(note.message) for note in notes)
