"""Random programs against mpmath and PyTorch, and against each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import cgcli
from tests.amounts import portion, sampled
from tests.properties.programs import (
    Assign,
    Expr,
    NearEdgeError,
    Program,
    check_point,
    mp_gradient,
    programs,
    programs_of_two,
    render,
    torch_gradient,
)

# Rounding in a few dozen operations, each with a derivative of moderate size.
RELATIVE = 1e-11
# The trigamma function of PyTorch, and so its gradient of digamma, is right to 5e-10 alone.
RELATIVE_TO_TORCH = 1e-8

Test = Callable[..., None]


def runs(examples: int) -> Callable[[Test], Test]:
    """The settings of every property here; nothing is kept between runs."""
    return settings(
        max_examples=portion(examples),
        deadline=None,
        derandomize=False,
        database=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.filter_too_much,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )


def clear_of_edges(program: Program) -> Any:
    """The value by mpmath, of a program that has a gradient where it is bound."""
    assume(program.bindings)
    try:
        return check_point(program)
    except NearEdgeError:
        assume(False)
        raise


def evaluated(program: Program) -> cgcli.Result:
    return cgcli.parse(program.text).evaluate(program.bindings)


def gradient(result: cgcli.Result) -> dict[str, Any]:
    """The gradient of a scalar output."""
    assert result.gradient is not None
    return result.gradient


def assert_close(got: Any, want: Any, relative: float, scale: float = 0.0) -> None:
    """Equal to `relative` of the largest entry, of `scale`, and of one."""
    got, want = np.asarray(got, dtype=float), np.asarray(want, dtype=float)
    assert got.shape == want.shape
    size = max(1.0, scale, float(np.max(np.abs(want), initial=0.0)))
    np.testing.assert_allclose(got, want, rtol=0, atol=relative * size)


def assert_same_gradient(
    got: dict[str, Any], want: dict[str, Any], relative: float, scale: float = 0.0
) -> None:
    assert set(got) == set(want)
    sizes = [float(np.max(np.abs(g), initial=0.0)) for g in want.values()]
    for name, slope in want.items():
        assert_close(got[name], slope, relative, max([scale, *sizes]))


@sampled
@runs(600)
@given(program=programs())
def test_value_and_gradient_agree_with_mpmath(program: Program) -> None:
    value = clear_of_edges(program)
    result = evaluated(program)
    assert_close(result.value, value, RELATIVE)
    assert_same_gradient(gradient(result), mp_gradient(program), RELATIVE, abs(value))
    assert not {note.kind for note in result.notes} & {"kink", "domain"}


@pytest.mark.torch
@sampled
@runs(400)
@given(program=programs())
def test_value_and_gradient_agree_with_pytorch(program: Program) -> None:
    torch = pytest.importorskip("torch")
    clear_of_edges(program)
    result = evaluated(program)
    value, slopes = torch_gradient(program, torch)
    assert_close(result.value, value, RELATIVE_TO_TORCH)
    assert_same_gradient(gradient(result), slopes, RELATIVE_TO_TORCH, abs(value))


@sampled
@runs(100)
@given(program=programs(shape=(3,), depth=2) | programs(shape=(2, 3), depth=2))
def test_rows_of_the_jacobian_are_gradients(program: Program) -> None:
    value = clear_of_edges(program)
    result = evaluated(program)
    assert_close(result.value, value, RELATIVE)
    assert result.gradient is None
    assert result.jacobian is not None
    shape = np.shape(value)
    text = replace(program, output_name="out").text
    for place in np.ndindex(*shape):
        entry = f"{text}\nout[{', '.join(map(str, place))}]"
        row = cgcli.parse(entry).evaluate(program.bindings)
        for name, slope in gradient(row).items():
            jacobian = np.asarray(result.jacobian[name])
            assert jacobian.shape == shape + np.shape(program.bindings[name])
            scale = float(np.max(np.abs(jacobian), initial=0.0))
            assert_close(jacobian[place], slope, RELATIVE, scale)


@sampled
@runs(150)
@given(both=programs_of_two())
def test_gradient_of_a_sum_is_the_sum_of_the_gradients(both: tuple[Program, Expr]) -> None:
    first, output = both
    second = replace(first, output=output)
    clear_of_edges(first)
    clear_of_edges(second)
    one, two = evaluated(first), evaluated(second)
    text = first.with_output(f"({render(first.output)}) + ({render(output)})")
    bindings = {**first.bindings, **second.bindings}
    total = cgcli.parse(text).evaluate(bindings)
    assert total.value == one.value + two.value
    for name, slope in gradient(total).items():
        parts = [np.asarray(gradient(r)[name]) for r in (one, two) if name in gradient(r)]
        scale = max(float(np.max(np.abs(part))) for part in parts)
        assert_close(slope, sum(parts), RELATIVE, scale)


@sampled
@runs(150)
@given(program=programs())
def test_a_shared_node_equals_its_expression_written_twice(program: Program) -> None:
    value = clear_of_edges(program)
    named, inline = evaluated(program), evaluated(program.inlined())
    assert inline.value == named.value
    for name in gradient(named).keys() - gradient(inline).keys():
        # Used only by a node that nothing uses: written inline, the input is gone.
        assert not np.any(gradient(named)[name])
    want = {name: gradient(named)[name] for name in gradient(inline)}
    assert_same_gradient(gradient(inline), want, RELATIVE, abs(value))


@sampled
@runs(150)
@given(program=programs(), factor=st.sampled_from([2.0, -0.25, 1024.0, -1.0]))
def test_scaling_the_output_scales_the_gradient(program: Program, factor: float) -> None:
    clear_of_edges(program)
    plain = evaluated(program)
    text = program.with_output(f"{factor!r}*({render(program.output)})")
    scaled = cgcli.parse(text).evaluate(program.bindings)
    # By a power of two: nothing is rounded, so nothing may differ.
    assert scaled.value == factor * plain.value
    for name, slope in gradient(plain).items():
        np.testing.assert_array_equal(gradient(scaled)[name], factor * np.asarray(slope))


@sampled
@runs(150)
@given(program=programs(), data=st.data())
def test_the_order_of_independent_statements_changes_nothing(
    program: Program, data: st.DataObject
) -> None:
    value = clear_of_edges(program)
    other = program.reordered(lambda ready: data.draw(st.sampled_from(ready)))
    before, after = evaluated(program), evaluated(other)
    assert after.value == before.value
    # The uses of a node are summed in another order: that rounds differently, and no more.
    assert_same_gradient(gradient(after), gradient(before), RELATIVE, abs(value))


@sampled
@runs(150)
@given(program=programs())
def test_a_node_has_the_gradient_of_an_input_with_its_value(program: Program) -> None:
    value = clear_of_edges(program)
    result = evaluated(program)
    for statement in program.statements:
        if not isinstance(statement, Assign):
            continue
        name = statement.name
        bound = np.asarray(result[name].value).tolist()
        cut = replace(
            program,
            statements=tuple(s for s in program.statements if s is not statement),
            point=(*program.point, (name, bound)),
        )
        if name not in cut.used:
            continue
        slope = gradient(evaluated(cut))[name]
        scale = max(abs(value), float(np.max(np.abs(slope))))
        # Asked for by name, for without that a node that rests on no input has none.
        asked = cgcli.parse(program.text).evaluate(program.bindings, wrt=[name])
        assert_close(gradient(asked)[name], slope, RELATIVE, scale)
        if result[name].grad is not None:
            assert_close(result[name].grad, slope, RELATIVE, scale)
