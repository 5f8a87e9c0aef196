"""Careful floats, and those of a program, answer as IEEE 754 does where Python raises."""

from __future__ import annotations

import itertools
import math

import pytest

import cgcli
from cgcli.numbers.real import CAREFUL, Careful
from tests.oracles.ieee import ONE, SPECIAL, TWO, of, same


@pytest.mark.parametrize("name", ONE)
def test_of_one_number(name: str) -> None:
    program = cgcli.parse(f"{name}(x)")
    for x in SPECIAL:
        if name not in ("sin", "cos", "tan") or not 1e300 < abs(x) < math.inf:
            expected = of(ONE[name], x)
            assert same(getattr(CAREFUL, name)(Careful(x)), expected), (x, expected)
            assert same(program.evaluate(x=x).value, expected), (x, expected)


@pytest.mark.parametrize("name", TWO)
def test_of_two_numbers(name: str) -> None:
    program = cgcli.parse({"div": "x/y", "pow": "x^y"}.get(name, f"{name}(x, y)"))
    for a, b in itertools.product(SPECIAL, SPECIAL):
        expected = of(TWO[name], a, b)
        assert same(program.evaluate(x=a, y=b).value, expected), (a, b, expected)
        if name == "div":
            assert same(Careful(a) / Careful(b), expected), (a, b, expected)
            assert same(a / Careful(b), expected), (a, b, expected)
        else:
            found = getattr(CAREFUL, name)(Careful(a), Careful(b))
            assert same(found, expected), (a, b, expected)


@pytest.mark.parametrize(("order", "sign"), [(1, 1), (2, -1), (3, 1), (4, -1)])
def test_polygamma_overflows_with_the_sign_of_its_order(order: int, sign: int) -> None:
    assert CAREFUL.polygamma(Careful(order), Careful(1e-200)) == sign * math.inf


@pytest.mark.parametrize(
    "text", ["floor(-0.0*x)", "ceil(-0.5*x)", "round(-0.3*x)", "-round(0.3*x)", "mod(0*x, -2)"]
)
def test_what_is_rounded_keeps_the_sign_of_a_zero(text: str) -> None:
    """C's floor, ceil and rint do, and so do arrays: atan2 is pi or -pi by it."""
    program = cgcli.parse(f"atan2({text}, -1)")
    assert program.evaluate(x=1.0).value == -math.pi
    assert program.evaluate(x=[1.0]).value.tolist() == [-math.pi]


@pytest.mark.parametrize("text", ["max(x, y)", "min(x, y)", "clip(x, y, 1)", "sign(x)", "relu(x)"])
def test_numbers_and_arrays_choose_the_same_of_two_zeros(text: str) -> None:
    program = cgcli.parse(text)
    for x, y in itertools.product((0.0, -0.0), repeat=2):
        at = {name: value for name, value in (("x", x), ("y", y)) if name in text.split("(")[1]}
        (of_array,) = program.evaluate({name: [value] for name, value in at.items()}).value
        assert math.copysign(1, program.evaluate(at).value) == math.copysign(1, of_array), at
