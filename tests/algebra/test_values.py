"""The values beside formulas and those of their code: in tails and at removable points."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from mpmath import mp, mpf

import cgcli
from cgcli.algebra.formulas import Formulas
from cgcli.algebra.values import evaluated
from cgcli.algebra.wanted import Wanted
from cgcli.export.routine import routine
from cgcli.export.targets import source
from cgcli.views.formulas import as_code

Run = Callable[..., Any]

# By program: the function, and points; derivatives of the first two orders are compared.
TAILS: dict[str, tuple[Callable[[Any], Any], list[float]]] = {
    "tanh(x)": (mp.tanh, [20, -20, 300, 0.1]),
    "tanh(x)^2": (lambda x: mp.tanh(x) ** 2, [20, -18]),
    "1 - tanh(x)": (lambda x: 1 - mp.tanh(x), [20]),
    "sigmoid(x)": (lambda x: 1 / (1 + mp.exp(-x)), [40, -40, 700, 3]),
    "log(sigmoid(x))": (lambda x: -mp.log(1 + mp.exp(-x)), [40, -40, 700]),
    "softplus(x)": (lambda x: mp.log(1 + mp.exp(x)), [40, -40, -700]),
    "silu(x)": (lambda x: x / (1 + mp.exp(-x)), [-40, 40, -600]),
    "gelu(x)": (lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2, [-20, 3, 8]),
    "elu(x)": (lambda x: x if x > 0 else mp.expm1(x), [-40, 2]),
    "1/(1 + exp(-x))": (lambda x: 1 / (1 + mp.exp(-x)), [40, -40, -300]),
    "1/cosh(x)": (mp.sech, [20, 300]),
    "sinc(x)": (mp.sinc, [1e-5, -0.01, 1.2, 2, 9.5]),
    "asinh(x)": (mp.asinh, [1e200, -1e100, 0.3]),
    "acosh(x)": (mp.acosh, [1e200, 1 + 1e-9]),
    "atanh(x)": (mp.atanh, [1 - 1e-12]),
    "atan(x)": (mp.atan, [1e100, -1e8]),
    "hypot(x, 1)": (lambda x: mp.sqrt(1 + x * x), [1e200]),
    "asin(x)": (mp.asin, [1 - 1e-12, -0.5]),
    "log1p(x)": (mp.log1p, [1e-20, 1e15]),
    "erf(x)": (mp.erf, [5, 20.0]),
    "lgamma(x)": (mp.loggamma, [7.5, 1e-8]),
    "gamma(x)": (mp.gamma, [15, -3.5, 1e-8]),
    "cbrt(x)": (mp.cbrt, [1e-150, 1e150]),
}


def functions(formulas: Formulas) -> dict[str, Callable[..., Any]]:
    """The code of both languages, run, by language: the first of its derivatives."""
    made: dict[str, Callable[..., Any]] = {}
    for form in ("python", "numpy"):
        names: dict[str, Any] = {}
        if formulas.order == 1:
            exec(source(routine(formulas.source, {}, formulas.names), form), names)
            made[form] = lambda *at, f=names["f"]: f(*at)[1]
        else:
            exec(as_code(Formulas(formulas.source, formulas.wanted, accurate=True), form), names)
            made[form] = names["f"]
    return made


@pytest.mark.parametrize("program", TAILS)
@pytest.mark.parametrize("order", [1, 2])
def test_tails(program: str, order: int) -> None:
    function, points = TAILS[program]
    formulas = Formulas(cgcli.parse(program).graph(), Wanted(None, order))
    codes = functions(formulas)
    for x in points:
        with mp.workdps(400 if abs(x) >= 20 else 80):
            step = mpf(abs(x)) * mpf(10) ** -25
            expected = float(mp.re(mp.diff(function, mpf(x), order, h=step)))
        values = {"text": evaluated(formulas, {"x": float(x)}).values[0]}
        values |= {name: float(code(float(x))) for name, code in codes.items()}
        for name, value in values.items():
            # A second derivative near 0 may be the difference of two large terms.
            assert math.isclose(value, expected, rel_tol=1e-11, abs_tol=1e-290), (name, x, expected)


# By program: the derivative in a form that keeps its digits, its order, and a point.
CANCELLED: list[tuple[str, int, float, Callable[[Any], Any]]] = [
    ("log(cosh(x))", 2, 20.0, lambda x: mp.sech(x) ** 2),
    ("log(cosh(x))", 2, -12.0, lambda x: mp.sech(x) ** 2),
    ("log(sinh(x))", 2, 20.0, lambda x: -(mp.csch(x) ** 2)),
    ("log(1 + exp(x))", 2, 40.0, lambda x: mp.exp(x) / (1 + mp.exp(x)) ** 2),
    ("sinh(x)/cosh(x)", 1, 20.0, lambda x: mp.sech(x) ** 2),
    ("log1p(sinh(x)) - (1 - x)", 2, 1e-7, lambda x: (mp.sinh(x) - 1) / (1 + mp.sinh(x)) ** 2),
    ("tanh(x)", 1, 20.0, lambda x: mp.sech(x) ** 2),
    ("(1 + x^2) - x^2", 1, 1e9, lambda x: 0 * x),
]


@pytest.mark.parametrize(("program", "order", "x", "function"), CANCELLED)
def test_a_text_that_keeps_digits_is_believed(
    program: str, order: int, x: float, function: Callable[[Any], Any]
) -> None:
    formulas = Formulas(cgcli.parse(program).graph(), Wanted(None, order))
    with mp.workdps(60):
        expected = float(function(mpf(x)))
    assert math.isclose(evaluated(formulas, {"x": x}).values[0], expected, rel_tol=1e-13)


def _logsumexp(x: Any, y: Any) -> Any:
    return mp.log(mp.exp(x) + mp.exp(y))


@pytest.mark.parametrize(
    ("program", "x", "function"),
    [
        ("logsumexp([x, 0])", 40.0, lambda x: _logsumexp(x, 0)),
        ("logsumexp([x, 0])", 700.0, lambda x: _logsumexp(x, 0)),
        ("logsumexp([x, -x])", 20.0, lambda x: _logsumexp(x, -x)),
        ("log_softmax([x, 0])[0]", 40.0, lambda x: x - _logsumexp(x, 0)),
        ("softmax([x, 0])[0]", 40.0, lambda x: 1 / (1 + mp.exp(-x))),
        ("hypot(x, 1)", 1e9, lambda x: mp.sqrt(x * x + 1)),
        ("norm([x, 1])", 1e5, lambda x: mp.sqrt(x * x + 1)),
        ("x/sqrt(1 + x^2)", 1e7, lambda x: x / mp.sqrt(x * x + 1)),
        ("sin(x)/x", 1e-9, lambda x: mp.sin(x) / x),
        ("(1 - cos(x))/x^2", -1e-7, lambda x: (1 - mp.cos(x)) / x**2),
        ("tan(x)/x - 1", 1e-6, lambda x: mp.tan(x) / x),
        ("tanh(x)/x", 1e-8, lambda x: mp.tanh(x) / x),
        ("sin(x)*exp(-x)", 1e2, lambda x: mp.sin(x) * mp.exp(-x)),
    ],
)
def test_second_derivatives_keep_what_their_text_cancels(
    program: str, x: float, function: Callable[[Any], Any]
) -> None:
    formulas = Formulas(cgcli.parse(program).graph(), Wanted(None, 2))
    with mp.workdps(1000):
        step = mpf(x) * mpf(10) ** -200
        expected = float(mp.diff(function, mpf(x), 2, h=step))
    assert evaluated(formulas, {"x": x}).values[0] == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("program", ["sin(exp(exp(x)))", "tan(exp(exp(x))) + cos(x^x^x)"])
def test_angles_far_beyond_the_doubles_have_no_value_and_take_no_time(program: str) -> None:
    formulas = Formulas(cgcli.parse(program).graph(), Wanted(None, 2))
    assert math.isnan(evaluated(formulas, {"x": 20.0}).values[0])


def test_with_many_digits_nothing_is_chosen_otherwise() -> None:
    """In doubles x + 1 is x, and the branch is the other one."""
    formulas = Formulas(cgcli.parse("where(x + 1 > x, x^2, x^3)").graph(), Wanted(None, 2))
    assert evaluated(formulas, {"x": 1e17}).values[0] == 6e17


@pytest.mark.parametrize("order", range(1, 7))
def test_the_derivatives_of_sinc_at_0_are_those_of_its_series(order: int) -> None:
    """The one of order 2k is (-1)^k/(2k + 1); those of odd orders are 0."""
    formulas = Formulas(cgcli.parse("sinc(x)").graph(), Wanted(None, order))
    expected = 0 if order % 2 else (-1) ** (order // 2) / (order + 1)
    assert evaluated(formulas, {"x": 0.0}).values[0] == pytest.approx(expected, rel=1e-14)


# By program and point: the derivative by x, and how many conditions there are.
REMOVABLE = [
    ("x*abs(x)", {"x": 0}, 0.0, 0),
    ("sinc(x)", {"x": 0}, 0.0, 0),
    ("abs(x)*sin(x)", {"x": 0}, 0.0, 0),
    ("norm([x, y])^2", {"x": 0, "y": 0}, 0.0, 0),
    ("hypot(x, y)^2", {"x": 0, "y": 0}, 0.0, 0),
    ("relu(x)^2", {"x": 0}, 0.0, 0),
    ("where(x > 0, x^2, 0)", {"x": 0}, 0.0, 0),
    ("abs(x)^3", {"x": 0}, 0.0, 0),
    ("b^x", {"b": 0, "x": 2}, 0.0, 0),
    ("e^x", {"x": 1}, math.e, 0),
    ("x^y", {"x": -2, "y": 2}, -4.0, 0),
    ("x^y", {"x": -2, "y": 0.5}, math.nan, 0),
    ("abs(x)", {"x": 0}, 0.0, 1),
    ("max(x, y)", {"x": 1, "y": 1}, 0.5, 1),
    ("max(x, y, z)", {"x": 1, "y": 1, "z": 1}, 1 / 3, 1),
    ("max(x, y, z)", {"x": 1, "y": 2, "z": 0}, 0.0, 1),
    ("min(x, 1, 2*x - 1)", {"x": 1}, 1.0, 2),
    ("clip(x, y, 2)", {"x": 1, "y": 1}, 0.5, 2),
    ("log(x)", {"x": -1}, math.nan, 1),
    ("0^x", {"x": 0}, -math.inf, 1),
    ("0^x", {"x": 1}, 0.0, 1),
    ("x^2 + gamma(3)", {"x": 2}, 4.0, 0),
    ("x + polygamma(2, 3)", {"x": 1}, 1.0, 0),
]


@pytest.mark.parametrize(("program", "at", "expected", "count"), REMOVABLE)
def test_where_formulas_have_a_value_and_no_value(
    program: str, at: dict[str, float], expected: float, count: int
) -> None:
    """In text and in code; where a condition does not hold it is what eval says."""
    point = {name: float(value) for name, value in at.items()}
    graph = cgcli.parse(program).graph(point)
    formulas = Formulas(graph, Wanted(("x",)))
    assert len(formulas.conditions) == count
    found = {"text": evaluated(formulas, point).values[0]}
    for name, code in functions(formulas).items() if not graph.tensors else ():
        found[name] = float(code(*(point[each] for each in graph.inputs)))
    for name, value in found.items():
        assert math.isclose(value, expected) or (value != value and expected != expected), name


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["digamma(x) + y", "--wrt", "y"], ["floor(x) != x unless x > 0"]),
        (["x*y + 0*gamma(x)", "--wrt", "y"], ["floor(x) != x unless x > 0"]),
        (["log(x)*y + lgamma(x)", "--wrt", "y"], []),
        (["log(x) + y*gamma(x)", "--wrt", "y"], ["x > 0"]),
        (["x + 0^y", "--wrt", "x"], ["y >= 0"]),
        (["x + 0*xlogy(y, x)", "--wrt", "x"], ["x > 0 unless y == 0"]),
        (["where(x == x, x, 2*x)"], []),
        (["max(x, x)"], []),
        (["floor(x)*x"], ["x != floor(x)"]),
    ],
)
def test_conditions_of_domains_with_cases(
    words: list[str], expected: list[str], cgraph: Run
) -> None:
    document = json.loads(cgraph("diff", *words, "--json").out)
    assert document["conditions"] == expected


def test_second_derivatives_at_removable_points(cgraph: Run) -> None:
    for words in (["norm([x, y])^2", "--hessian"], ["hypot(x, y)^2", "--order", "2"]):
        ran = cgraph("diff", *words, "x=0", "y=0")
        assert [line.partition("  # ")[2] for line in ran.out.splitlines()[:3]] == ["2", "0", "2"]
    ran = cgraph("diff", "norm(v)^2", "v=[0,0]", "--wrt", "v,v")
    assert ran.out.splitlines()[0] == "[[2, 0], [0, 2]]  # [[2, 0], [0, 2]]"
    assert cgraph("diff", "y^x", "--wrt", "x,x", "y=0", "x=2").out.endswith("  # 0\n")
    assert cgraph("diff", "log(x)", "--order", "2", "x=-1").out.splitlines()[0].endswith("# nan")


def test_exact_values_where_a_condition_does_not_hold(cgraph: Run) -> None:
    assert (
        cgraph("diff", "abs(x)*x + max(x, 0)", "x=0", "--exact")
        .out.splitlines()[0]
        .endswith("  # 1/2 = 0.5")
    )
