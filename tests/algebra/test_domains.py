"""Where formulas hold: one with a value, and no condition broken, has the gradient's value."""

from __future__ import annotations

import math
import random

import pytest

import cgcli
from cgcli.algebra.formulas import Formulas, Holds
from cgcli.algebra.wanted import Wanted
from cgcli.calculus.passes import forward
from cgcli.views.formulas import as_text
from tests.amounts import portion, sampled

POINTS = (-2.0, -1.3, -1.0, -0.5, 0.0, 0.25, 0.5, 0.7, 1.0, 2.0)
EXPONENTS = ("2", "3", "4", "-1", "-2", "(1/2)", "(1/3)", "(2/3)", "(-1/2)", "0", "y")
FUNCTIONS = (
    "sin", "cos", "tan", "exp", "log", "log2", "log1p", "sqrt", "cbrt", "tanh", "atan", "asin",
    "acos", "asinh", "acosh", "atanh", "abs", "relu", "sign", "floor", "sigmoid", "softplus",
    "elu", "silu", "leaky_relu", "gelu",
)  # fmt: skip


def drawn(chance: random.Random, depth: int) -> str:
    """A random formula in x and y, with every way to leave a domain."""
    if not depth or chance.random() < 0.1:
        return chance.choice(["x", "x", "x", "y", "2*x", "x + 1", "3 - x", "x*y"])
    kind = chance.randrange(11)
    a = drawn(chance, depth - 1)
    if kind < 3:
        return f"{chance.choice(FUNCTIONS)}({a})"
    if kind == 3:
        return f"({a})^{chance.choice(EXPONENTS)}"
    b = drawn(chance, depth - 1)
    if kind == 4:
        sign = chance.choice(["<", ">", "<=", ">="])
        return (
            f"where({a} {sign} {chance.choice(['0', '1', 'y'])}, {b}, {drawn(chance, depth - 1)})"
        )
    if kind == 5:
        return f"{chance.choice(['max', 'min', 'hypot'])}({a}, {b})"
    return f"({a}) {chance.choice(['+', '-', '*', '*', '/', '/'])} ({b})"


def holds(condition: Holds, values: list[float]) -> bool:
    for choice, taken in condition.guard:
        if bool(values[choice]) is not taken:
            return True
    a, b = values[condition.left], values[condition.right]
    return {
        ">": a > b, ">=": a >= b, "<": a < b, "<=": a <= b, "!=": a < b or a > b,
    }[condition.sign]  # fmt: skip


@sampled
@pytest.mark.parametrize("block", range(portion(8)))
def test_what_is_not_said_is_not_changed(block: int) -> None:
    compared = outside = 0
    for seed in range(block * 100, block * 100 + 100):
        chance = random.Random(seed)
        text = f"{drawn(chance, 3)} + 0*x"
        program = cgcli.parse(text)
        formulas = Formulas(program.graph(), Wanted(("x",)))
        printed = as_text(formulas, share=False)
        parsed = cgcli.parse(printed)
        for _ in range(6):
            at = {"x": chance.choice(POINTS), "y": chance.choice(POINTS)}
            result = program.evaluate(at, wrt=["x"])
            vertical = any("vertical" in note.message for note in result.notes)
            if vertical or any(note.kind == "overflow" for note in result.notes):
                continue
            values = forward(formulas.graph, at)
            if not all(holds(condition, values) for condition in formulas.conditions):
                outside += 1
                continue
            own = parsed.evaluate(at)
            found = own.value
            if any(note.kind == "domain" for note in own.notes):
                # 1/(x/y) is 0 where y is, and shows itself that it divides by y.
                continue
            assert result.gradient is not None
            if math.isfinite(found):
                expected = result.gradient["x"]
                close = math.isclose(found, expected, rel_tol=1e-6, abs_tol=1e-7)
                assert close, (text, printed, at, expected)
                compared += 1
    assert compared > 100
    assert outside > 40


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("x*sum(onehot(1, 3))", True),
        ("x*dot([x, 2*x, x], onehot(0, 3))", True),
        ("x*dot(onehot(1, 3), [x, 2*x, x])", True),
        ("x*sum([[x, 1], [1, 2*x]] @ onehot(1, 2))", True),
        ("x*sum(onehot(2^2/4, 3))", True),
        ("x*sum(onehot(1, 3)) + x*sum(onehot(2, 3))", True),
        ("x*sum(onehot(3, 3))", False),
        ("x*sum(onehot(-1, 3))", False),
        ("x*sum(onehot(1.5, 3))", False),
        # The same label in two lengths.
        ("x*sum(onehot(1, 3)) + x*sum(onehot(1, 1))", False),
    ],
)
def test_a_label_has_a_place_or_nothing_has_a_value(text: str, whole: bool) -> None:
    program = cgcli.parse(text)
    formulas = Formulas(program.graph(), Wanted(("x",)))
    values = forward(formulas.graph, {"x": 2.0})
    assert all(holds(condition, values) for condition in formulas.conditions) is whole
    assert math.isfinite(program.evaluate({"x": 2.0}).gradient["x"]) is whole
    assert bool(formulas.conditions) is not whole
    if whole:
        assert values[formulas.graph.output] == program.evaluate({"x": 2.0}).gradient["x"]
