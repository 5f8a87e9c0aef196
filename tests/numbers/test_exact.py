"""The rules' form holds for numbers they were not written for: exact rationals."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgcli.numbers import real
from cgcli.numbers.namespace import Namespace
from cgcli.operations.table import OPERATIONS
from tests.amounts import portion, sampled

RATIONAL = Namespace(
    where=lambda c, a, b: a if c else b,
    abs=abs,
    sign=lambda x: Fraction((x > 0) - (x < 0)),
    max=max,
    min=min,
    floor=lambda x: Fraction(math.floor(x)),
    ceil=lambda x: Fraction(math.ceil(x)),
    round=lambda x: Fraction(round(x)),
    mod=lambda a, b: a % b,
    # 0^-1 is asked for in a branch that is then not taken.
    pow=lambda a, b: a ** int(b) if a or b >= 0 else Fraction(0),
    number=Fraction,
    truth=lambda c: Fraction(bool(c)),
)
ROWS = [
    "add", "sub", "mul", "div", "neg", "pos", "same", "lt", "le", "gt", "ge", "eq", "ne", "abs",
    "sign", "floor", "ceil", "round", "max", "min", "clip", "where", "mod", "relu", "leaky_relu",
]  # fmt: skip
numbers = st.fractions(-9, 9, max_denominator=12)


@sampled
@pytest.mark.parametrize("name", ROWS)
@given(st.lists(numbers, min_size=3, max_size=3))
@settings(max_examples=max(20, portion(60)), deadline=None)
def test_rational_rules_stay_rational(name: str, point: list[Fraction]) -> None:
    """Value and partials are exact: no rule brings in a float, and all agree with the floats."""
    row = OPERATIONS[name]
    arguments: list[Any] = point[: len(row.parameters)]
    if name in ("div", "mod") and not arguments[1]:
        return
    y = row.value(RATIONAL, *arguments)
    results = [y, *(row.partial(k)(RATIONAL, y, *arguments) for k in range(len(arguments)))]
    assert all(isinstance(each, (int, Fraction)) for each in results)
    jump = name in ("floor", "ceil", "round", "mod", "max", "min", "clip") or row.level == 0
    if jump and any(float(a) != a for a in arguments):
        return  # a rounded argument may stand on the other side of a jump
    floats = [float(a) for a in arguments]
    z = real.run(row.value, *floats)
    assert float(y) == pytest.approx(z, rel=1e-12, abs=1e-12)
    for k, exact in enumerate(results[1:]):
        found = real.run(row.partial(k), z, *floats)
        assert float(exact) == pytest.approx(found, rel=1e-12, abs=1e-12)


@given(numbers, st.integers(0, 6))
@settings(max_examples=60, deadline=None)
def test_whole_powers(a: Fraction, n: int) -> None:
    row = OPERATIONS["pow"]
    y = row.value(RATIONAL, a, Fraction(n))
    assert y == a**n
    assert row.partial(0)(RATIONAL, y, a, Fraction(n)) == (n * a ** (n - 1) if n else 0)
