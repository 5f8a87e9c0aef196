"""Where a derivative holds is where its program has a value, point by point."""

from __future__ import annotations

import itertools
import json
import math
import random
from fractions import Fraction
from typing import Any

import pytest

import cgcli
from cgcli.algebra.formulas import Formulas
from cgcli.algebra.values import is_met
from cgcli.algebra.wanted import Wanted
from cgcli.calculus.passes import forward

POINTS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)
PROGRAMS = (
    "0*x^(-1/2) + x",
    "0*x^(1/2) + x",
    "0*x^-2 + x",
    "0*x^1.5 + x",
    "where(y > 0, 0*log(x), x)",
    "where(y > 0, x, 0*log(x))",
    "where(y > 0, where(y < 1, 0/x, x), 0*sqrt(x))",
    "0*log(sqrt(x)*y) + x",
    "0*sqrt(x^3*y) + x",
    "0*sqrt(x^(1/3)) + x",
    "x*x^-1 + y",
    "x^2*x^-1 + y",
    "x^-1*x^-1*x^3 + y",
    "sqrt(x)*sqrt(x) + y",
    "x^0.5*x^-0.5 + y",
    "(x^-1)^-1 + y",
    "0*acos(x) + x*y",
    "0*log(-x) + y*x",
    "0*log(abs(x)*exp(y)) + x",
    "0*sqrt(exp(x) + y^2) + x",
    "0*atanh(y) + x",
    "0*log(x^2*y) + x",
)


def holds(condition: str, names: dict[str, Any]) -> bool:
    """A condition as Python reads it, one about a branch where that is taken."""
    for word, taken in ((" where ", True), (" unless ", False)):
        if word in condition:
            condition, _, choice = condition.partition(word)
            while any(word in choice for word in (" where ", " unless ")):
                inner = " where " if " where " in choice else " unless "
                choice, _, more = choice.rpartition(inner)
                if holds(more, names) is not (inner == " where "):
                    return True
            if holds(choice, names) is not taken:
                return True
            break
    return bool(eval(condition.replace("^", "**"), {"abs": abs, "sqrt": math.sqrt, **names}))


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_holds_where_the_program_has_a_value(program: str, cgraph: Any) -> None:
    formula, *rest = cgraph("diff", program, "--wrt", "x").out.splitlines()
    conditions = [line.removeprefix("# for ") for line in rest]
    assert all(line.startswith("# for ") for line in rest)
    parsed, derivative = cgcli.parse(program), cgcli.parse(formula)
    used = [name for name in "xy" if name in parsed.graph().inputs]
    shown = derivative.graph().inputs
    for values in itertools.product(POINTS, repeat=len(used)):
        at = dict(zip(used, values, strict=True))
        # The notes on values alone: a slope may be an indeterminate form where there is a value.
        result = parsed.evaluate(at, wrt=[])
        found = derivative.evaluate({name: at[name] for name in shown}, wrt=[])
        has_value = all(note.kind != "domain" for note in result.notes)
        said = all(holds(condition, at) for condition in conditions)
        seen = all(note.kind != "domain" for note in found.notes)
        assert has_value == (said and seen), (at, formula, conditions)


# Piecewise polynomials: whether there is a derivative is seen in exact numbers.

STEP = Fraction(1, 10**15)
TREES = {
    "abs": abs,
    "relu": lambda a: max(a, Fraction(0)),
    "sign": lambda a: Fraction((a > 0) - (a < 0)),
    "floor": lambda a: Fraction(math.floor(a)),
    "max": max,
    "min": min,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "<": lambda a, b, c, d: c if a < b else d,
    "==": lambda a, b, c, d: c if a == b else d,
}


def drawn(chance: random.Random, depth: int) -> tuple[Any, ...]:
    """A random program, as a tree."""
    if not depth or chance.random() < 0.1:
        return (chance.choice(["x", "x", "y", "2", "(-1)"]),)
    word = chance.choice(["+", "-", "*", "*", *TREES])
    count = 4 if word in ("<", "==") else 1 if word in ("abs", "relu", "sign", "floor") else 2
    if word in ("max", "min"):
        count = chance.choice([2, 3])
    return (word, *(drawn(chance, depth - 1) for _ in range(count)))


def written(tree: tuple[Any, ...]) -> str:
    word, *parts = tree
    texts = [written(part) for part in parts]
    if not texts:
        return str(word)
    if word in "+-*":
        return f"({texts[0]} {word} {texts[1]})"
    if word in ("<", "=="):
        return f"where({texts[0]} {word} {texts[1]}, {texts[2]}, {texts[3]})"
    return f"{word}({', '.join(texts)})"


def value(tree: tuple[Any, ...], at: dict[str, Fraction]) -> Fraction:
    word, *parts = tree
    if not parts:
        return at[word] if word in at else Fraction(word.strip("()"))
    found: Fraction = TREES[word](*(value(part, at) for part in parts))
    return found


@pytest.mark.parametrize("block", range(4))
def test_where_a_derivative_is_missing_is_said(block: int) -> None:
    """And where nothing is said the formula is the derivative."""
    kept = met = 0
    for seed in range(block * 40, block * 40 + 40):
        tree = ("+", drawn(random.Random(seed), 3), ("*", ("2",), ("x",)))
        formulas = Formulas(cgcli.parse(written(tree)).graph(), Wanted(("x",)))
        for x, y in itertools.product((-2, -1, -0.5, 0, 0.5, 1, 2), (-1, 0, 1, 0.75)):
            at = {"x": Fraction(x), "y": Fraction(y)}
            middle = value(tree, at)
            after = (value(tree, {**at, "x": at["x"] + STEP}) - middle) / STEP
            before = (middle - value(tree, {**at, "x": at["x"] - STEP})) / STEP
            values = forward(
                formulas.graph, {name: float(at[name]) for name in formulas.graph.inputs}
            )
            if not all(is_met(condition, values) for condition in formulas.conditions):
                kept += 1
                continue
            met += 1
            assert abs(after - before) < 1e-6, (written(tree), x, y)
            slope = values[formulas.rows[0].node]
            assert abs(slope - after) < 1e-6, (written(tree), x, y)
    assert kept > 50
    assert met > 500


@pytest.mark.parametrize(
    ("program", "remarks"),
    [
        ("log(0*x)", ["# for no values: the program has none anywhere"]),
        ("1/(x - x) + log(y)", ["# for no values: the program has none anywhere"]),
        ("where(y > 0, log(x - x), x)", ["# for no values where y > 0"]),
    ],
)
def test_a_condition_that_holds_nowhere_is_told_in_words(
    program: str, remarks: list[str], cgraph: Any
) -> None:
    lines = cgraph("diff", program, "--wrt", "x").out.splitlines()
    assert [line for line in lines if line.startswith("#")] == remarks
    assert "% " + remarks[0][2:] in cgraph("diff", program, "--wrt", "x", "--format", "latex").out


@pytest.mark.parametrize(
    ("program", "order", "conditions"),
    [
        # There is no second derivative where there is no first.
        ("abs(x)", 2, ["x != 0"]),
        ("relu(x)", 3, ["x != 0"]),
        ("x*abs(x)", 1, []),
        ("x*abs(x)", 2, ["x != 0"]),
        ("x*abs(x)", 3, ["x != 0"]),
        ("relu(x)^3", 2, []),
        ("relu(x)^3", 4, ["x != 0"]),
        ("max(x, y)", 2, ["x != y"]),
        ("sigmoid(abs(x))", 2, ["x != 0"]),
        ("sin(x)", 4, []),
        # A choice by several comparisons changes where one of them does.
        ("where((x > 0)*(y > 0), x, 2*x)", 1, ["x != 0", "y != 0"]),
        ("where((x > 0) + (y > 0), x, 2*x)", 1, ["x != 0", "y != 0"]),
        ("where(1 - (x > 0), x, 2*x)", 1, ["x != 0"]),
        ("where(floor(x), x, 2*x)", 1, ["x != floor(x)"]),
        ("where(floor(x) == 0, x, 2*x)", 1, ["x != floor(x)"]),
        ("where(x - y, x, 2*x)", 1, ["x - y != 0"]),
    ],
)
def test_conditions_are_those_of_all_orders_and_of_what_moves_a_choice(
    program: str, order: int, conditions: list[str], cgraph: Any
) -> None:
    ran = cgraph("diff", program, "--wrt", "x", "--order", str(order), "--json")
    assert sorted(json.loads(ran.out)["conditions"]) == sorted(conditions)


def test_a_largest_element_is_always_equal_to_itself(cgraph: Any) -> None:
    out = cgraph("diff", "max(x)", "x=[1, 2, 3]", "--hessian").out
    assert "does not hold here" not in out
