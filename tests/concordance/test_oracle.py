"""The oracle is right by itself: against differences, against SymPy, and about what it says."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest
import sympy
from mpmath import mp, mpf

from tests.concordance import generate
from tests.concordance.answers import answer
from tests.concordance.numbers import BAD, UNKNOWN, finite
from tests.concordance.oracle import Walk
from tests.concordance.points import points
from tests.concordance.rules import RULES
from tests.concordance.smooth import SMOOTH
from tests.concordance.syntax import Program, Syntax
from tests.concordance.tape import Tape


def call(name: str, *args: Syntax) -> Program:
    inputs = {arg[1]: () for arg in args if arg[0] == "name"}
    return Program((("output", ("call", name, args)),), inputs)


X, Y = ("name", "x"), ("name", "y")
ZERO, ONE, TWO = ("number", "0"), ("number", "1"), ("number", "2")


def binary(op: str, a: Syntax, b: Syntax) -> Syntax:
    return ("binary", op, a, b)


def program(syntax: Syntax) -> Program:
    words = str(syntax)
    return Program((("output", syntax),), {n: () for n in "xy" if f"('name', '{n}')" in words})


def test_gradients_are_the_limits_of_differences() -> None:
    """At points where nothing happens, of programs of every kind."""
    compared: Counter[str] = Counter()
    step = mpf(2) ** -100
    for seed in range(150):
        drawn = generate.program(seed)
        for point in points(drawn, seed, 3)[1:]:
            right = answer(drawn, point)
            numbers = right.true.flat()
            if right.blur or right.notes["kink"] is not False or not all(map(finite, numbers)):
                continue
            if any(abs(x) > 1e50 for x in numbers):
                continue
            with mp.workprec(600):
                for name, xs in point.items():
                    for k in range(len(xs)):
                        sides = []
                        for sign in (1, -1):
                            moved = {n: [mpf(v) for v in vs] for n, vs in point.items()}
                            moved[name][k] += sign * step
                            tape = Tape(ranged=False)
                            walk = Walk(drawn, moved, tape)
                            sides.append([tape.values[place] for place in walk.output.at])
                        for row, (high, low) in enumerate(zip(*sides, strict=True)):
                            slope = (high - low) / (2 * step)
                            told = right.true.gradient[name][row][k]
                            scale = max(abs(slope), mpf(2) ** -100)
                            assert abs(told - slope) < scale * mpf(2) ** -80, drawn.text
                            compared["slopes"] += 1
                            compared[drawn.single or "program"] += 1
    assert compared["slopes"] > 500
    assert compared["program"] > 200


SYMPY = {
    "log2": lambda x: sympy.log(x, 2), "log10": lambda x: sympy.log(x, 10),
    "log1p": lambda x: sympy.log(1 + x), "expm1": lambda x: sympy.exp(x) - 1,
    "cbrt": sympy.cbrt, "lgamma": sympy.loggamma, "neg": lambda x: -x,
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)), "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    "silu": lambda x: x / (1 + sympy.exp(-x)), "relu": lambda x: x, "leaky_relu": lambda x: x,
    "elu": lambda x: x, "pos": lambda x: x,
    "gelu": lambda x: x * (1 + sympy.erf(x / sympy.sqrt(2))) / 2,
}  # fmt: skip


@pytest.mark.parametrize("name", generate.UNARY)
def test_values_and_slopes_are_those_of_sympy(name: str) -> None:
    if name in ("sign", "floor", "ceil", "round", "abs"):
        pytest.skip("a step, or nothing to differentiate")
    x = sympy.Symbol("x", positive=True)
    symbolic = SYMPY.get(name) or getattr(sympy, name)
    number = Fraction(5, 4) if name == "acosh" else Fraction(5, 8)
    formula = symbolic(x)
    right = answer(call(name, X), {"x": [float(number)]}).numbers
    at = {x: sympy.Rational(number.numerator, number.denominator)}
    with mp.workdps(60):
        for told, form in ((right.value[0], formula), (right.gradient["x"][0][0], formula.diff(x))):
            assert abs(told - mpf(str(sympy.N(form.subs(at), 60)))) < mpf(10) ** -50


def test_every_operation_of_the_generator_has_a_rule() -> None:
    assert set(generate.UNARY) <= set(RULES) | set(SMOOTH)
    assert set(generate.PAIRS) <= set(RULES)


CONVENTIONS = [
    ("abs", 0.0, 0), ("relu", 0.0, 0), ("leaky_relu", 0.0, mpf(1) / 100), ("elu", 0.0, 1),
    ("sqrt", 0.0, mp.inf), ("cbrt", 0.0, mp.inf), ("asin", -1.0, mp.inf), ("acos", 1.0, -mp.inf),
    ("acosh", 1.0, mp.inf), ("floor", 2.0, 0), ("log", -1.0, BAD), ("gamma", -2.0, BAD),
    ("digamma", 0.0, BAD), ("log", 0.0, BAD), ("atanh", 1.0, BAD),
]  # fmt: skip


@pytest.mark.parametrize(("name", "x", "slope"), CONVENTIONS)
def test_conventions_are_those_of_the_contract(name: str, x: float, slope: object) -> None:
    told = answer(call(name, X), {"x": [x]}).numbers.gradient["x"][0][0]
    assert told is BAD if slope is BAD else told == slope or abs(told - slope) < 1e-17


CHOICES = [
    # where(x == 1, 1, x^2): the other branch, whose value is the same, and no note.
    (binary("==", X, ONE), ONE, binary("^", X, TWO), 1.0, 2, False),
    (binary("==", X, ZERO), ZERO, X, 0.0, 1, False),
    # The branch taken, a corner and a jump.
    (binary("<", X, ZERO), ZERO, X, 0.0, 1, True),
    (binary("==", X, TWO), ("number", "5"), binary("^", X, TWO), 2.0, 0, True),
    # The other branch has no value: NaN.
    (binary("==", X, ZERO), ONE, binary("/", X, X), 0.0, BAD, None),
    # What the condition reads jumps.
    (binary("==", ("call", "floor", (X,)), ZERO), X, binary("*", TWO, X), 0.0, 1, True),
    # A jump of less than 1e-9 is none: erfc(-9) and erfc(-8) are 2.
    (binary("<", X, ZERO), ("call", "erfc", (("sign", "-", ("number", "9")),)),
     ("call", "erfc", (("sign", "-", ("number", "8")),)), 0.0, 0, False),
    # Both branches meet with one slope.
    (binary("<", X, ZERO), binary("^", X, TWO), binary("*", X, X), 0.0, 0, False),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "a", "b", "x", "slope", "kink"), CHOICES)
def test_choices_at_their_boundary_are_those_of_the_contract(
    condition: Syntax, a: Syntax, b: Syntax, x: float, slope: object, kink: bool | None
) -> None:
    right = answer(program(("call", "where", (condition, a, b))), {"x": [x]})
    told = right.numbers.gradient["x"][0][0]
    assert told is BAD if slope is BAD else told == slope
    assert kink is None or right.notes["kink"] is kink


def test_a_corner_of_what_moves_by_steps_alone_is_none() -> None:
    """Though the branch that is not taken moves: |where(x > 0, x, floor(x) + 1)| at -1/2."""
    branch = binary("+", ("call", "floor", (X,)), ONE)
    chosen = ("call", "where", (binary(">", X, ZERO), X, branch))
    right = answer(program(("call", "abs", (chosen,))), {"x": [-0.5]})
    assert (right.numbers.value, right.notes["kink"]) == ([0], False)


RANGE = [
    ("log", binary("/", ONE, X), 1e-200, -1e200, {"overflow": False, "underflow": False}),
    (None, binary("^", TWO, X), 1024.0, 1.2460659279417838e308, {"overflow": True}),
    (None, binary("^", X, TWO), 1e200, 2e200, {"overflow": True}),
    ("exp", X, -1000.0, 0.0, {"underflow": True}),
    # An infinity that is not taken says nothing of what is.
    (None, binary("+", ("call", "max", (ONE, ("sign", "-", ("constant", "inf")))),
     ("call", "exp", (X,))), -1000.0, 0.0, {"underflow": True}),
    # A gradient that is not known may have left the doubles.
    ("digamma", binary("/", X, ("number", "3")), 2.0**-1021, None, {"overflow": None}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "syntax", "x", "slope", "notes"), RANGE)
def test_the_ends_of_the_range_are_those_of_the_contract(
    name: str | None, syntax: Syntax, x: float, slope: float | None, notes: dict[str, bool | None]
) -> None:
    right = answer(program(("call", name, (syntax,)) if name else syntax), {"x": [x]})
    told = right.numbers.gradient["x"][0][0]
    assert told is UNKNOWN if slope is None else abs(told - slope) <= abs(slope) * 1e-15
    assert {kind: right.notes[kind] for kind in notes} == notes


def test_what_cancels_is_lost_to_rounding_and_not_to_the_ends_of_the_range() -> None:
    """log(1 - x^2) is -x^2, and 0 in doubles, which have x - x there."""
    logs = (("call", "log1p", (X,)), ("call", "log1p", (("sign", "-", X),)))
    right = answer(program(binary("*", binary("+", *logs), Y)), {"x": [1e-170], "y": [1e170]})
    assert right.true.gradient["x"][0][0] != 0
    assert right.notes["underflow"] is None


@pytest.mark.parametrize(
    ("syntax", "x", "slope"),
    [
        (binary("/", ONE, binary("^", X, TWO)), 1e90, -2e-270),
        (binary("/", ONE, ("call", "cosh", (X,))), 500.0, -1.42491528134825711e-217),
    ],
)
def test_what_passes_the_ends_of_the_range_is_open_in_doubles(
    syntax: Syntax, x: float, slope: float
) -> None:
    """A node's own gradient underflows: what is right is known, and what comes may be IEEE's."""
    right = answer(program(syntax), {"x": [x]})
    assert right.numbers.gradient["x"][0][0] is UNKNOWN
    assert abs(right.true.gradient["x"][0][0] - slope) <= abs(slope) * 1e-15


def test_a_decision_that_rounding_makes_is_in_doubt() -> None:
    third = binary("/", X, ("number", "3"))
    close = binary("-", binary("*", third, ("number", "3")), X)
    assert answer(program(binary(">", close, ZERO)), {"x": [1.0]}).doubt
    assert not answer(program(binary(">", X, ZERO)), {"x": [0.0]}).doubt
    assert not answer(
        program(("call", "max", (binary("*", X, X), Y))), {"x": [1.5], "y": [2.25]}
    ).doubt
    # What stands twice ties with itself, and with nothing else for that.
    twice = program(("call", "max", (close, Y, close)))
    assert answer(twice, {"x": [1.0], "y": [0.0]}).doubt
    assert not answer(twice, {"x": [1.0], "y": [-1.0]}).doubt


@pytest.mark.parametrize(("x", "by"), [(1.75 * 2.0**1023, "0.001"), (-(2.0**500), "3")])
def test_a_remainder_is_exact_however_large_the_quotient(x: float, by: str) -> None:
    right = answer(program(("call", "mod", (X, ("number", by)))), {"x": [x]})
    assert right.numbers.value == [mpf(x % float(by))]


def test_a_branch_that_is_not_taken_is_not_in_the_spread() -> None:
    """A comparison that does not hold is 0, and no error makes a truth of it."""
    third = binary("/", X, ("number", "3"))
    choice = ("call", "where", (binary("==", third, Y), ("number", "1000"), third))
    right = answer(program(choice), {"x": [1.0], "y": [2.0]})
    assert all(moved < 1e-15 for moved in right.spread)


def test_terms_of_polygamma_cancel_between_its_poles() -> None:
    syntax = ("call", "polygamma", (TWO, binary("+", X, Y)))
    right = answer(program(syntax), {"x": [-0.4945494633341522], "y": [0.0]})
    assert 1e-16 < right.spread[0] < 1e-13


def test_eight_angles_do_not_show_how_far_one_of_1e70_turns() -> None:
    tangent = ("call", "tan", (("call", "cbrt", (X,)),))
    assert answer(program(tangent), {"x": [5.260135901548374e210]}).spread == [mp.inf, mp.inf]
    assert answer(program(tangent), {"x": [64.5]}).spread[0] < 1e-12


def test_slopes_of_a_jacobian_may_be_multiplied_before_they_are_added() -> None:
    """Of x by 3.25 and -3: 3.25·t - 3·t rounds where 0.25·t hardly does."""
    third = binary("/", X, ("number", "3"))
    terms = [binary("*", third, ("number", text)) for text in ("3.25", "-3")]
    total = binary("+", *terms)
    alone, beside = (
        answer(program(total), {"x": [1.0]}),
        answer(program(("list", (total, total))), {"x": [1.0]}),
    )
    assert alone.spread[1] < beside.spread[2] < 1e-14


def test_what_is_not_finite_may_equal_itself() -> None:
    pole = binary("/", ONE, X)
    right = answer(program(binary("==", pole, pole)), {"x": [0.0]})
    assert right.numbers.value == [UNKNOWN]


FLOOR_OF_X = ("call", "floor", (X,))
NO_NUMBER = [
    # What a step is multiplied with is no number: it sends nothing.
    (binary("*", ("call", "digamma", (ZERO,)), FLOOR_OF_X), 0),
    (binary("*", FLOOR_OF_X, binary("/", ONE, ZERO)), 0),
    (binary("*", X, binary("/", ONE, ZERO)), BAD),
    # It is out of its domain itself, or what it leads to is.
    (binary("/", FLOOR_OF_X, ZERO), BAD),
]


@pytest.mark.parametrize(("syntax", "slope"), NO_NUMBER)
def test_a_step_sends_nothing_whatever_it_is_multiplied_with(syntax: Syntax, slope: object) -> None:
    assert answer(program(syntax), {"x": [1.5]}).numbers.gradient["x"] == [[slope]]


def test_where_it_is_open_which_branch_is_sent_a_gradient_indeterminate_forms_are() -> None:
    """min(y*inf, y) may be sent 0 by a choice that ties with itself, and 0 times infinity."""
    branch = ("call", "min", (binary("*", Y, ("constant", "inf")), Y))
    choice = ("call", "where", (binary("!=", X, X), branch, Y))
    right = answer(program(choice), {"x": [1.5], "y": [2.0]})
    assert (right.numbers.gradient["y"], right.notes["domain"]) == ([[UNKNOWN]], None)


def test_what_is_between_itself_and_itself_is_open_where_it_is_no_number() -> None:
    at_a_pole = binary("-", ("call", "gamma", (X,)), Y)
    right = answer(program(("call", "clip", (at_a_pole,) * 3)), {"x": [-3.0], "y": [1.5]})
    assert right.numbers.gradient["y"] == [[UNKNOWN]]


def test_it_is_open_what_an_equality_sends_where_one_branch_has_no_known_value() -> None:
    nowhere = ("call", "prod", (("call", "asin", (("list", (X,)),)),))
    choice = ("call", "where", (binary("!=", Y, Y), ("call", "log10", (Y,)), nowhere))
    right = answer(program(choice), {"x": [1.5], "y": [0.0]})
    assert right.numbers.gradient["y"] != [[BAD]]


def test_constants_that_tie_are_no_corner() -> None:
    """min(x, 0, 0) is 0 on both sides of 1, and lgamma has a pole there."""
    zero = ("number", "0")
    pole = ("call", "lgamma", (("call", "min", (X, zero, zero)),))
    right = answer(program(("call", "min", (pole, zero))), {"x": [1.0]})
    assert right.notes["kink"] is not True


@pytest.mark.parametrize("y", [40.0, 3.0])
def test_beside_a_pole_the_oracle_says_nothing_that_it_does_not_know(y: float) -> None:
    """The gradient by x of atan(digamma(x - y)) tends to 1 there."""
    right = answer(
        program(("call", "atan", (("call", "digamma", (binary("-", X, Y),)),))),
        {"x": [2.409919865102884e-181], "y": [y]},
    )
    (slope,) = right.true.gradient["x"][0]
    assert slope is UNKNOWN or abs(slope - 1) < 1e-30
