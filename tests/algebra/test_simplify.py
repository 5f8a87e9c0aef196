"""`cgraph diff --simplify`: SymPy's simplest form, equal, in the language, with its conditions."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

import cgcli
from cgcli.extras import how_to_install

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        ("(x^2 - 1)/(x - 1)", "1\n# for x != 1\n"),
        ("sin(asin(x))", "1\n# for x^2 < 1\n"),
        ("exp(2*log(x))", "2*x\n# for x > 0\n"),
        ("x*exp(x) - exp(x)", "x*exp(x)\n"),
        ("e^(2*x)*x", "(2*x + 1)*e^(2*x)\n"),
        ("(x - 1)*(x - 2)*(x - 3)", "3*x^2 - 12*x + 11\n"),
        ("where(x > 0, x^2, x^3)", "where(x > 0, 2*x, 3*x^2)\n"),
        ("gamma(x)", "gamma(x)*digamma(x)\n"),
        ("log(x)", "1/x\n# for x > 0\n"),
    ],
)
def test_simplest_forms(program: str, printed: str, cgraph: Run) -> None:
    assert cgraph("diff", program, "--simplify").out == printed


@pytest.mark.parametrize(
    "program",
    [
        "x*sin(x)*exp(x^2)/(1 + cos(x))^2",
        "sigmoid(x)*softplus(x)",
        "max(x, y)*min(x, y)",
        "atan2(y, x) + hypot(x, y)",
        "cbrt(x^3) + mod(x, 3)",
        "1/sqrt(2*pi*y^2)*exp(-(x - 1)^2/(2*y^2))",
        "x^y + y^x",
        "abs(x)*ceil(y) + erf(x)",
        "tau*x + lgamma(x) + log2(y)",
    ],
)
def test_they_have_the_gradient(program: str, cgraph: Run) -> None:
    ran = cgraph("diff", program, "--simplify")
    assert ran.status == 0, ran.err
    expected = cgcli.parse(program)
    at = {name: 0.6 + 0.3 * k for k, name in enumerate(expected.graph().inputs)}
    gradient = expected.evaluate(at).gradient
    assert gradient is not None
    found = cgcli.parse(ran.out).evaluate(at)
    for name, value in gradient.items():
        own = found.value if len(gradient) == 1 else found[f"f_{name}"].value
        assert own == pytest.approx(value, rel=1e-9)


def test_long_and_deep_formulas_are_refused(cgraph: Run) -> None:
    for program in ("sin(" * 200 + "x" + ")" * 200, "*".join(f"sin({k}*x)" for k in range(1, 30))):
        ran = cgraph("diff", program, "--simplify")
        assert (ran.status, ran.out) == (2, "")
        assert "--simplify takes" in ran.err


def test_without_sympy_the_extra_is_named(cgraph: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sympy", None)
    ran = cgraph("diff", "x^2", "--simplify")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == (
        "error: for --simplify the extra 'simplify' is needed\n"
        f"hint: install it: {how_to_install('simplify')}\n"
    )


def test_what_takes_too_long_is_stopped(cgraph: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from cgcli.algebra.simplify import Simplifier
    from cgcli.commands import differentiate

    def forever(*arguments: Any) -> int:
        while True:
            pass

    monkeypatch.setattr(Simplifier, "__call__", forever)
    monkeypatch.setattr(differentiate, "_SECONDS", 1)
    ran = cgraph("diff", "x^2", "--simplify")
    assert (ran.status, ran.out) == (2, "")
    assert "longer than 1 seconds" in ran.err
