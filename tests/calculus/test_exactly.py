"""Exact gradients against rational dual numbers, equal to the last digit."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from cgcli import CgraphError, parse
from cgcli.calculus.explain import Explanation
from tests.amounts import portion, sampled
from tests.oracles.duals import (
    Drawn,
    UnclearError,
    UndefinedHereError,
    draw,
    elements,
    evaluate,
    size,
)


def found(program: Drawn) -> tuple[list[Fraction], list[list[Fraction]]]:
    """The output's elements, and for each its derivatives by all elements of the inputs."""
    result = parse(program.text).evaluate_exactly(program.inputs)
    values = list(np.asarray(result.value, dtype=object).flat)
    if result.gradient is not None:
        rows = [result.gradient[name] for name in program.inputs]
        return values, [[each for row in rows for each in np.asarray(row, dtype=object).flat]]
    assert result.jacobian is not None
    slopes = []
    for k in range(len(values)):
        row: list[Fraction] = []
        for name in program.inputs:
            block = result.jacobian[name].reshape(len(values), -1)
            row += list(block[k])
        slopes.append(row)
    return values, slopes


def compare(program: Drawn) -> bool:
    """Compare a program with the oracle; return whether it has a value and derivatives there."""
    count = sum(map(size, program.inputs.values()))
    try:
        truth = elements(evaluate(program, count))
    except UnclearError:
        return False
    except UndefinedHereError:
        with pytest.raises(CgraphError) as caught:
            found(program)
        assert caught.value.kind == "exact", program.text
        return False
    values, slopes = found(program)
    assert all(type(each) is Fraction for each in values), program.text
    assert values == [each.value for each in truth], (program.text, program.inputs)
    wanted = [list(each.slope) or [Fraction(0)] * count for each in truth]
    assert slopes == wanted, (program.text, program.inputs)
    assert all(type(each) is Fraction for row in slopes for each in row), program.text
    return True


@sampled
def test_thousands_of_scalar_programs() -> None:
    usable = sum(compare(draw(seed)) for seed in range(portion(4_000)))
    assert usable > portion(2_500)


@sampled
def test_programs_of_vectors_and_matrices() -> None:
    usable = sum(compare(draw(seed, tensors=True)) for seed in range(portion(800)))
    assert usable > portion(400)


@pytest.mark.parametrize("shape", [(3,), (2, 3)])
def test_jacobians(shape: tuple[int, ...]) -> None:
    usable = sum(compare(draw(seed, True, shape)) for seed in range(150))
    assert usable > 60


@pytest.mark.parametrize("tensors", [False, True])
def test_the_steps_add_up_exactly(tensors: bool) -> None:
    """Every contribution of a trace is the pass's own: they sum to the gradient."""
    summed = 0
    for seed in range(260):
        program = draw(seed, tensors)
        try:
            result = parse(program.text).evaluate_exactly(program.inputs)
        except CgraphError:
            continue
        for gradient in Explanation(result).gradients():
            if len(gradient.received) > 1:
                first, *rest = (each.sent for each in gradient.received)
                total = sum(rest, first)
                assert np.array_equal(np.asarray(total), np.asarray(gradient.value)), program.text
                summed += 1
    assert summed > 50


def test_whatever_a_float_holds_is_taken_exactly() -> None:
    result = parse("3*x").evaluate_exactly(x=0.1)
    assert result.value == 3 * Fraction(0.1)
    assert result.gradient == {"x": Fraction(3)}
    whole: Any = parse("sum(x)").evaluate_exactly(x=np.array([1, 2], dtype=np.int64)).value
    assert whole == 3
    assert type(whole) is Fraction
