"""`cgraph diff --format python` and `numpy`: what is written runs, whatever it is of."""

from __future__ import annotations

import builtins
import json
import math
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import cgcli
from cgcli.algebra.formulas import Formulas
from cgcli.algebra.wanted import Wanted
from cgcli.export.routine import routine
from cgcli.export.target import Target
from cgcli.export.targets import source, target
from cgcli.views.formulas import as_code
from tests.amounts import portion, sampled
from tests.properties.programs import Program, programs

Run = Callable[..., Any]
FORMS = {"python": target("python"), "numpy": target("numpy")}


def last(code: str) -> Callable[..., Any]:
    """The function that the code ends with."""
    names: dict[str, Any] = {}
    exec(code, names)
    found: Callable[..., Any] = names[re.findall(r"^def (\w+)", code, re.MULTILINE)[-1]]
    return found


@pytest.fixture
def written(cgraph: Run) -> Callable[..., Callable[..., Any]]:
    def write(*words: str) -> Callable[..., Any]:
        ran = cgraph("diff", *words)
        assert (ran.status, ran.err) == (0, "")
        function = last(ran.out)
        return lambda *at: function(*at)[1:]

    return write


# What binds otherwise in the code than in the formula, and what raised or was lost.
VALUES = [
    (("silu(x)^3",), (2.0,), 10.154810758229267),
    (("z*mod(x+1,y)", "--wrt", "z"), (7.0, 6.0, 4.0), 3.0),
    (("z*leaky_relu(x+y)", "--wrt", "z"), (1.0, -3.0, 1.0), -0.02),
    (("sigmoid(x)",), (-800.0,), 0.0),
    (("sigmoid(x)",), (800.0,), 0.0),
    (("sigmoid(x)",), (40.0,), 4.248354255291589e-18),
    (("tanh(x)",), (20.0,), 1.6993417021166355e-17),
    (("tanh(x)",), (800.0,), 0.0),
    (("x^2.5",), (-1.0,), math.nan),
    (("x^(1/3)",), (-8.0,), math.nan),
    (("sqrt(x)",), (-1.0,), math.nan),
    (("sqrt(x)",), (0.0,), math.inf),
    (("log(x)^2",), (-1.0,), math.nan),
    (("log(x)^2",), (0.0,), -math.inf),
    (("1/x",), (0.0,), -math.inf),
    (("exp(x)",), (1000.0,), math.inf),
    # The formula has a value there, and the program has none.
    (("log(x)",), (-1.0,), math.nan),
    (("log(x)",), (0.0,), math.inf),
    (("x^2/x",), (0.0,), math.nan),
    (("0*log(x)",), (-1.0,), math.nan),
    (("log(x) + y", "--wrt", "y"), (-1.0, 2.0), 1.0),
    (("where(x > 0, log(x), x)",), (-1.0,), 1.0),
    (("where(x > -2, log(x), x)",), (-1.0,), math.nan),
    (("atanh(x)",), (2.0,), math.nan),
    (("x*exp(-x)",), (-1000.0,), math.inf),
    (("x^3",), (1e200,), math.inf),
    (("x^4",), (-1e200,), -math.inf),
    (("sin(exp(x))",), (1000.0,), math.nan),
    (("asin(x)",), (2.0,), math.nan),
    (("atanh(x)^2",), (1.0,), math.inf),
    (("x*floor(1/x)",), (0.0,), math.nan),
    (("x*(1/0)",), (1.0,), math.inf),
    (("x*9^9^9^9",), (1.0,), math.inf),
    (("x*(-8)^(1/3)",), (1.0,), math.nan),
    (("x*1" + "0" * 5000,), (1.0,), math.inf),
    (("z*2^-x", "--wrt", "z"), (1.0, 1.0), 0.5),
    (("z*(-x)^2", "--wrt", "z"), (1.0, 3.0), 9.0),
    (("z*(a-(b-c))/(a/(b/c))", "--wrt", "z"), (1.0, 5.0, 4.0, 2.0), 1.2),
    (("z*((x < y) == (y < x))", "--wrt", "z"), (1.0, 2.0, 3.0), 0.0),
    (("z*(x < y)^2", "--wrt", "z"), (1.0, 2.0, 3.0), 1.0),
    (("z*-(x < y)", "--wrt", "z"), (1.0, 2.0, 3.0), -1.0),
    (("z*where(x < y, 1, 2)*where(x, y, 3)^x", "--wrt", "z"), (1.0, 2.0, 3.0), 9.0),
    (("z*(where(x < y, 9999999999, 1)*9999999999)", "--wrt", "z"), (1, 2, 3), 9999999999.0**2),
    (("z*max(x, 0)", "--wrt", "z"), (1.0, math.nan), math.nan),
    (("z*hypot(x, y)", "--wrt", "z"), (1.0, 1e200, 1e200), math.sqrt(2) * 1e200),
    # At their poles gamma is as 1/x is, lgamma' as -1/x, digamma' as 1/x^2 and so on.
    (("gamma(x)",), (0.0,), -math.inf),
    (("gamma(x)",), (-1.0,), math.nan),
    (("lgamma(x)",), (0.0,), -math.inf),
    (("lgamma(x)",), (-0.0,), math.inf),
    (("digamma(x)",), (-3.0,), math.inf),
    (("polygamma(1, x)",), (0.0,), -math.inf),
    (("polygamma(1, x)",), (-0.0,), math.inf),
    (("polygamma(2, x)",), (-1.0,), math.inf),
    (("polygamma(0.5, x)",), (-1.0,), math.nan),
    (("e^x", "e=2", "x=1"), (2.0, 1.0), (1.0, 2 * math.log(2))),
    (
        ("erf(pi*x)", "pi=2", "x=1"),
        (2.0, 1.0),
        tuple(k / math.sqrt(math.pi) * math.exp(-4) for k in (2, 4)),
    ),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("words", "at", "value"), VALUES, ids=[row[0][0][:30] for row in VALUES])
def test_values(words: tuple[str, ...], at: Any, value: Any, form: str, written: Run) -> None:
    function = written(*words, "--format", form)
    found = np.atleast_1d(function(*at)).ravel()[: np.size(value)]
    if value != value or np.isinf(value).any():
        assert np.array_equal(found, np.atleast_1d(value), equal_nan=True)
    assert found == pytest.approx(np.atleast_1d(value), rel=1e-12, abs=0, nan_ok=True)


@pytest.mark.parametrize("program", ["x^2*exp(y)", "where(x > y, log(x), 1/y)", "sigmoid(x)*y"])
def test_arrays_of_points(program: str, written: Run) -> None:
    """NumPy's code takes lists, whole numbers and arrays, element by element, without warnings."""
    function = written(program, "--format", "numpy")
    points = [(-2.0, 1.0), (0.0, 0.0), (3.0, -2.0), (40.0, 2.0)]
    found = np.broadcast_arrays(*function([-2, 0, 3, 40], np.array([1, 0, -2, 2])))
    one_by_one = [function(*point) for point in points]
    assert np.allclose(np.transpose(found), one_by_one, equal_nan=True)


# Names and outputs

NAMES = [
    "p = x; 2.5", "p = x*y; 2.5", "p = x; pi", "p = x; -2", "p = x; -inf", "x", "p = x; p",
    "x; 1 < 2", "x; y; 1 + 1",
    "lambda*def + None", "math*np*scipy*abs*float*map*len", "_pow*_pow_^2.5*_div/x", "φ*ϕ^2 + ſ*s",
    "derivatives*derivative*f_x*x", "v1*exp(v1)*x*exp(v1)", "__debug__^2*__name__", "ŉ*x + ĳ*ij",
    "h[0] = x; for t in 0..2 { h[t+1] = sin(h[t])*w }; h[3]", "a[-1] = x; a[-1]^2",
    "f_x = x*y; f_xx = f_x^2; f_xx*f_x", "print*value*each", "x_*x + x__", "_*__",
]  # fmt: skip
OPTIONS = [(), ("--order", "2"), ("--hessian",), ("--jacobian",), ("--share",)]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
@pytest.mark.parametrize("program", NAMES)
def test_names_in_every_format(program: str, options: tuple[str, ...], cgraph: Run) -> None:
    graph = cgcli.parse(program).graph()
    at = {name: 0.5 + 0.25 * k for k, name in enumerate(graph.inputs)}
    wanted = Wanted(None, 2 if "--order" in options else None, "--hessian" in options)
    formulas = Formulas(graph, wanted)
    for form in ("text", "latex", "json"):
        ran = cgraph("diff", program, *options, "--format", form)
        assert (ran.status, ran.err) == (0, "")
        if form == "json":
            document = json.loads(ran.out)
            assert all(cgcli.parse(f"{row['name']} = 1").graph() for row in document["derivatives"])
        if form == "text":
            text = cgcli.parse(ran.out)
            values = text.evaluate({name: at[name] for name in text.graph().inputs})
    numbers = [
        values.value if len(formulas.rows) == 1 and not formulas.matrix else values[row.name].value
        for row in formulas.rows
    ]
    for form in FORMS:
        ran = cgraph("diff", program, *options, "--format", form)
        assert (ran.status, ran.err) == (0, "")
        found = last(ran.out)(*at.values())
        if options in ((), ("--share",), ("--jacobian",)):
            found = found[1:]
        if formulas.matrix:
            expected = np.array([[values[name].value for name in row] for row in formulas.matrix])
            assert np.allclose(np.array(found, dtype=float), expected)
        else:
            assert np.allclose(np.ravel(np.array(found, dtype=float)), numbers)


@pytest.mark.parametrize("language", FORMS.values(), ids=FORMS)
def test_no_name_of_a_user_hides_what_the_code_calls(language: Target) -> None:
    texts = [row if isinstance(row, str) else row[1] for row in language.templates.values()]
    texts += [*language.constants.values(), *language.prelude.values()]
    shown = re.sub(r'""".*?"""|#.*', "", " ".join(texts), flags=re.DOTALL)
    called = set(re.findall(r"(?<![\w.<:])([A-Za-z_]\w*)(?=\()", shown))
    assert {name for name in called if hasattr(builtins, name)} <= BUILTINS
    assert called & BUILTINS <= {*language.reserved, *language.taken}
    own = {*language.reserved, *language.prelude, "and", "in", "or", "careful", "function"}
    assert called - BUILTINS <= own
    assert {"abs", "float", "range", "math"} <= language.reserved


BUILTINS = {
    "abs", "any", "float", "int", "len", "list", "map", "max", "min", "range", "reversed", "round",
    "sum", "zip", "ValueError",
}  # fmt: skip
"""What helpers call; code itself calls abs, float, map and range alone."""


@pytest.mark.parametrize("language", FORMS.values(), ids=FORMS)
def test_templates(language: Target) -> None:
    """An argument stands once, so that code is as long as its graph."""
    for name, pattern in language.templates.items():
        text = pattern if isinstance(pattern, str) else pattern[1]
        places = re.findall(r"<(\d)", text)
        assert len(places) == len(set(places)), name


# Size

LARGE = [
    "sin(" * 3_000 + "x" + ")" * 3_000,
    "+".join(f"x^{k}*y" for k in range(2, 700)),
    "-(" * 500 + "x*y" + ")" * 500,
    "h[0] = x; for t in 0..59 { h[t+1] = silu(h[t])*y + where(h[t] > y, h[t], y) }; h[60]",
    "^".join(["x"] * 300),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("program", LARGE, ids=range(len(LARGE)))
def test_what_is_large_can_be_compiled(program: str, form: str, cgraph: Run) -> None:
    """Python takes 200 brackets one in the other, and its compiler some thousand terms."""
    ran = cgraph("diff", program, "--wrt", "x", "--format", form)
    assert ran.status == 0, ran.err
    at = {"x": 0.875, "y": 0.5}
    graph = cgcli.parse(program).graph()
    found = last(ran.out)(*(at[name] for name in graph.inputs))
    gradient = cgcli.parse(program).evaluate({name: at[name] for name in graph.inputs}).gradient
    assert gradient is not None
    assert found[1] == pytest.approx(gradient["x"], rel=1e-9)


# Random programs


@sampled
@given(programs())
@settings(max_examples=max(15, portion(60)), deadline=None)
def test_random_programs(drawn: Program) -> None:
    """The code of both languages has the gradient of eval, or says what its language lacks."""
    result = cgcli.parse(drawn.text).evaluate(drawn.bindings)
    if result.notes or not result.gradient:
        return
    sizes = [float(np.max(np.abs(each))) for each in result.values]
    sizes += [float(np.max(np.abs(each))) for each in result.gradients or () if each is not None]
    scale = max(sizes)
    for form in FORMS:
        code = source(routine(result.graph, {}, list(result.gradient)), form)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            _, *found = last(code)(*(drawn.bindings[name] for name in result.graph.inputs))
        for value, name in zip(found, result.gradient, strict=True):
            expected = result.gradient[name]
            assert np.shape(value) == np.shape(expected), code
            assert np.allclose(value, expected, rtol=1e-9, atol=1e-10 * scale, equal_nan=True), code


# Conditions


@pytest.mark.parametrize(
    ("program", "conditions"),
    [
        ("min(u, 7 < u)", ["u != 7", "u != (7 < u)"]),
        ("max(u < 7, u)", None),
        ("max(x < y, y < x)*x", None),
        ("abs((x < y) - x)", None),
        ("abs(x)^(x == y)", None),
        ("where(x < y, log(x), 1/x)", None),
        ("where((x < y) == (x > 0), log(x), 1)", None),
        ("clip(x, y < x, x >= y)", None),
        ("relu(x^2 == y)*x", None),
        ("where(where(x, y, 1), log(x), log(y))", None),
    ],
)
def test_conditions_parse_again(program: str, conditions: list[str] | None, cgraph: Run) -> None:
    """As the language, each side, each comparison and each branch; in the code's comments too."""
    document = json.loads(cgraph("diff", program, "--json").out)
    told = document["conditions"]
    assert conditions is None or told == conditions
    text = cgraph("diff", program).out.splitlines()
    assert [line.removeprefix("# for ") for line in text if line[:1] == "#"] == told
    assert told
    for form in FORMS:
        code = cgraph("diff", program, "--order", "2", "--format", form).out
        told += re.findall(r"^ *# for (.*)$", code, re.MULTILINE)
    for condition in told:
        for part in re.split(" where | unless ", condition):
            graph = cgcli.parse(part).graph()
        comparison = re.split(" where | unless ", condition)[0]
        graph = cgcli.parse(comparison).graph()
        assert graph.operations[graph.output].symbol in ("<", "<=", ">", ">=", "==", "!=")


def test_a_matrix_of_formulas_has_its_own_shape() -> None:
    graph = cgcli.parse("[x*y, x + y, x]").graph()
    code = as_code(Formulas(graph, Wanted(jacobian=True), accurate=True), "python")
    assert last(code)(2.0, 3.0) == [[3.0, 2.0], [1.0, 1.0], [1.0, 0.0]]
