"""The Jacobian by columns, by rows, and element by element, for random programs."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

import cgcli
from cgcli.calculus import evaluate as module
from cgcli.calculus.tangents import Tangents
from tests.amounts import portion, sampled

NUMBERS = st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 40.0])


def vectors(inner: Any) -> Any:
    """Vectors of 3 from vectors of 3."""
    one = st.sampled_from
    unary = one(
        [
            "log({})",
            "sqrt({})",
            "abs({})",
            "-{}",
            "exp({})",
            "1/{}",
            "relu({})",
            "{}^2",
            "softmax({})",
            "log_softmax({})",
            "x[1]*{}",
            "sum({})*v",
            "W@{}",
            "{}@W",
            "[{}[2],x[0],v[1]]",
            "concat({}[0],[x[1],v[2]])",
            "W[1]+{}",
            "norm({})*x",
            "prod({})*x",
            "logsumexp({})*x",
            "max({})*x",
            "min({})+v",
            "mean({})-x",
            "floor({})",
            "{}",
            "sum(outer({},x),0)",
            "norm(outer(x,{}),1)",
            "prod(W*{},0)",
            "sum(transpose(outer({},v)),-1)",
            "dot({},x)*v",
            "len({})*x",
            "onehot(1,3)*{}",
            "logsumexp(W*{},-1)",
            "mean(outer({},v),0)",
        ]
    )
    binary = one(
        [
            "{}+{}",
            "{}*{}",
            "{}/{}",
            "where({}>0,{},x)",
            "max({},{},x)",
            "where(x>{},log(x),{})",
            "min({},{})",
            "{}^{}",
            "where(v=={},1/x,{})",
            "outer({},{})[1]",
        ]
    )
    wrap = lambda text: f"({text})"
    return st.builds(lambda f, a: f.format(wrap(a)), unary, inner) | st.builds(
        lambda f, a, b: f.format(wrap(a), wrap(b)), binary, inner, inner
    )


PROGRAMS = st.recursive(st.sampled_from(["x", "v", "x + s", "W[0]"]), vectors, max_leaves=5)
OUTPUTS = st.sampled_from(["{}", "outer({}, v)", "W * {}", "[sum({}), x[0]]", "[{}, x]"])


def jacobians(text: str, bindings: dict[str, Any], narrow: bool) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_is_narrow", lambda *_: narrow)
        return cgcli.parse(text).evaluate(bindings)


@sampled
@settings(max_examples=portion(200), deadline=None)
@given(PROGRAMS, OUTPUTS, st.lists(NUMBERS, min_size=16, max_size=16))
def test_columns_are_rows(text: str, output: str, numbers: list[float]) -> None:
    text = output.format(text)
    bindings = {
        "x": numbers[:3],
        "v": numbers[3:6],
        "s": numbers[6],
        "W": [numbers[7:10], numbers[10:13], numbers[13:16]],
    }
    used = {name: bindings[name] for name in re.findall(r"\b[xvsW]\b", text)}
    forward, backward = (jacobians(text, used, narrow) for narrow in (True, False))
    assert [note.message for note in forward.notes] == [note.message for note in backward.notes]
    for name, found in forward.jacobian.items():
        other = backward.jacobian[name]
        both = np.isfinite(found) & np.isfinite(other)
        # Sums in another order cancel to another last digit.
        near = 1e-12 * max(1.0, np.max(np.abs(other[both]), initial=0.0))
        np.testing.assert_allclose(found[both], other[both], rtol=1e-9, atol=near)
        # A pass back spoils all that an operation on whole arrays is sent through; a sweep forward
        # only what moves the elements at fault.
        assert np.isfinite(found[np.isfinite(other)]).all(), (name, found, other)


SCALARS = st.recursive(
    st.sampled_from(["a", "b", "c", "2"]),
    lambda inner: st.builds(
        lambda f, p, q: f.format(f"({p})", f"({q})"),
        st.sampled_from(
            [
                "{}+{}",
                "{}*{}",
                "{}/{}",
                "log({})+{}",
                "where({}>0,{},log(b))",
                "max({},{})",
                "sqrt({})*{}",
                "abs({})-{}",
                "where(a>b,1/{},{})",
            ]
        ),
        inner,
        inner,
    ),
    max_leaves=6,
)


@sampled
@settings(max_examples=portion(200), deadline=None)
@given(
    st.lists(SCALARS, min_size=2, max_size=5),
    st.lists(st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0]), min_size=3, max_size=3),
    st.booleans(),
)
def test_every_entry_is_the_gradient_of_its_own_element(
    texts: list[str], point: list[float], narrow: bool
) -> None:
    bindings = dict(zip("abc", point, strict=True))
    whole = "0*a + 0*b + 0*c"
    found = jacobians(f"[{', '.join(texts)}, {whole}]", bindings, narrow)
    for row, text in enumerate(texts):
        used = {name: bindings[name] for name in re.findall(r"\b[abc]\b", text)}
        expected = cgcli.parse(text).evaluate(used).gradient
        for name in "abc":
            entry, other = found.jacobian[name][row], expected.get(name, 0.0)
            # Infinities that meet in another order may be NaN in one of them, never a number.
            assert np.isfinite(entry) == np.isfinite(other)
            if np.isfinite(other):
                # What cancels is left with the rounding of its terms, in either order.
                np.testing.assert_allclose(entry, other, rtol=1e-12, atol=1e-13)


def test_one_input_is_one_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    sweeps: list[int] = []
    of = Tangents.of
    monkeypatch.setattr(
        Tangents, "of", lambda self, node, seeds: sweeps.append(node) or of(self, node, seeds)
    )
    passes: list[int] = []
    backward = module.backward
    monkeypatch.setattr(module, "backward", lambda *a: passes.append(a[2]) or backward(*a))
    text = "outer(onehot(1,300)*x, onehot(1,300))"
    found = cgcli.parse(text).evaluate(x=1.0)
    expected = np.zeros((300, 300))
    expected[1, 1] = 1.0
    assert np.array_equal(found.jacobian["x"], expected)
    assert (len(sweeps), len(passes)) == (1, 1)


def test_a_fault_stays_in_its_own_entry() -> None:
    found = cgcli.parse("[log(x[0]), x[1], x[0]*x[1]]").evaluate(x=[-1.0, 2.0])
    np.testing.assert_array_equal(found.jacobian["x"], [[np.nan, 0], [0, 1], [2, -1]])


@pytest.mark.parametrize(
    ("text", "v"),
    [
        ("softmax(v)", [3.46875, -0.8969079452997158]),
        ("softmax(v)", [25.4767409326, 3.19, 0.0111]),
        ("log_softmax(v)", [25.4767409326, 3.19, 0.0111]),
        ("prod(log_softmax(v))", [-4.04379889999118, 1.346731376746437]),
    ],
)
def test_digits_are_kept_where_one_element_outweighs_the_others(text: str, v: list[float]) -> None:
    """Both ways, and compiled: by the shares of mpmath."""
    with mp.workdps(40):
        shares = [mp.exp(x) / mp.fsum(map(mp.exp, v)) for x in v]
        rows = [[(j == k) - p for j, p in enumerate(shares)] for k in range(len(v))]
        if text == "softmax(v)":
            rows = [[p * x for x in row] for p, row in zip(shares, rows, strict=True)]
        elif text != "log_softmax(v)":
            logs = [mp.log(p) for p in shares]
            others = [mp.fprod(logs[:k] + logs[k + 1 :]) for k in range(len(v))]
            rows = [mp.fdot(others, column) for column in zip(*rows, strict=True)]
        right = np.array(rows, dtype=float)
    program = cgcli.parse(text)
    result = program.evaluate(v=v)
    found = (result.jacobian or result.gradient or {})["v"]
    np.testing.assert_allclose(found, right, rtol=2e-15)
    np.testing.assert_allclose(
        program.function(jacobian=True)(v=v).gradient["v"], right, rtol=2e-15
    )


@pytest.mark.parametrize("text", ["prod([0, z, 2*z])", "[prod([0, z, 2*z]), z]"])
def test_a_product_with_0_and_infinity_has_no_derivative(text: str) -> None:
    """Whichever way the gradient goes, and compiled: an element's others are infinity and 0."""
    program = cgcli.parse(text)
    result, called = program.evaluate(z=1.5e308), program.function(jacobian=True)(z=1.5e308)
    for gradient in (result.gradient or result.jacobian or {}, called.gradient):
        assert np.isnan(np.ravel(gradient["z"])[0])
        assert np.ravel(gradient["z"])[1:].tolist() == [1.0] * (text[0] == "[")


def test_a_product_under_a_mask_meets_the_infinity_that_is_in_it() -> None:
    program = cgcli.parse("sum(where([1, 0] > [0, z], prod([[0, z, 2*z], [1, z, 1]], 1), 0))")
    for gradient in (
        program.evaluate(z=1.5e308).gradient,
        program.function()(z=1.5e308).gradient,
    ):
        assert gradient is not None
        assert np.isnan(gradient["z"])


@pytest.mark.parametrize(
    ("text", "at", "right"),
    [
        # The factors of asinh(y) and of the equal terms are 0, and -1/64, exactly.
        ("M @ [j*asinh(y) for j in 0..2]", {"M": [[1.5, 1.5625, -0.78125]], "y": 0.95}, 0.0),
        ("M @ [asinh(y), asinh(y), asinh(y)]", {"M": [[1.328125, 2.265625, -3.609375]], "y": 0.3},
         -0.015625 / math.sqrt(1.09)),
    ],
)  # fmt: skip
def test_terms_that_cancel_on_the_way_back_cancel_on_the_way_forward(
    text: str, at: dict[str, Any], right: float
) -> None:
    result = cgcli.parse(f"concat({text}, [y, y])").evaluate(at)
    assert result.jacobian is not None
    assert abs(result.jacobian["y"][0] - right) <= 2 * math.ulp(right)


def test_what_vanishes_on_the_way_forward_is_a_double_on_the_way_back() -> None:
    (slope,) = cgcli.parse("1e200*sinc(x)").evaluate(x=[1e-320]).jacobian["x"].ravel()
    right = float(-mp.mpf(1e-320) * mp.mpf(1e200) / 3)
    assert slope == pytest.approx(right, rel=1e-15, abs=0)
