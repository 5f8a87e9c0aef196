"""Loops that are found again on the tape: their turns run at once, to the same bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cgcli
from cgcli.plan import plan as plans

RNG = np.random.default_rng(0)
LOOPS: dict[str, tuple[str, dict[str, Any]]] = {
    "recurrence": (
        """
        h[0] = s; e[0] = 0
        for t in 0..39 {
            h[t+1] = tanh(W @ h[t] + U @ X[t] + b*t/7); e[t+1] = e[t] + sum((h[t+1] - Y[t])^2)
        }
        e[40] + logsumexp(h[40])""",
        {"s": 5, "W": (5, 5), "U": (5, 3), "X": (40, 3), "b": 5, "Y": (40, 5)},
    ),
    "two loops, one backwards": (
        """
        x[0] = p; y[0] = q
        for t in 0..29 { x[t+1] = sin(x[t]) + y[t]; y[t+1] = cos(y[t])*x[t] - v[29-t] }
        for i in 0..29 { z[i] = x[i]*y[i+1]*w[2*i] }
        sum([z[i]^2 for i in 0..29]) + x[30]""",
        {"p": (), "q": (), "v": 30, "w": 60},
    ),
    "loop in a loop": (
        """
        c[0] = p
        for i in 0..11 {
            h[i,0] = c[i]
            for j in 0..11 { h[i,j+1] = tanh(h[i,j]*w[i] + M[i,j]) }
            c[i+1] = h[i,12] + c[i]/2
        }
        c[12]""",
        {"p": (), "w": 12, "M": (12, 12)},
    ),
    "three turns back": (
        """
        x[0] = p; x[1] = q; x[2] = p*q
        for t in 3..60 {
            x[t] = x[t-1]*0.5 + x[t-3]*r - where(x[t-2] > 0, x[t-2], q) + max(r, x[t-1])*t
        }
        x[60]*x[59]""",
        {"p": (), "q": (), "r": ()},
    ),
    "a sum of two turns before": (
        """
        x[0] = p; x[1] = q
        for t in 2..40 { x[t] = x[t-1] + x[t-2] }
        x[40]/1e6 + sum([x[t]^2 for t in 0..40])/1e12""",
        {"p": (), "q": ()},
    ),
    "a list": ("sum([100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2 for i in 0..98])", {"x": 100}),
    "numbers that leave the doubles": (
        """
        z[0] = p
        for t in 0..29 { z[t+1] = z[t]*q*1e-5 + exp(800*v[t]) }
        z[30] + sqrt(q*0 + v[0])""",
        {"p": (), "q": (), "v": 30},
    ),
}


def results(text: str, values: dict[str, Any]) -> list[bytes]:
    """Return the value and the gradients of a function that is compiled anew, at two points."""
    function = cgcli.parse(text).function()
    called = [function(values), function({name: 1.01 * part for name, part in values.items()})]
    return [np.asarray(part).tobytes() for c in called for part in (c.value, *c.gradient.values())]


@pytest.mark.parametrize("name", LOOPS)
def test_turns_run_at_once_to_the_same_bits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text, shapes = LOOPS[name]
    values = {part: RNG.normal(size=shape) for part, shape in shapes.items()}
    at_once = results(text, values)
    monkeypatch.setattr(plans, "stretches", lambda *given: [])
    assert at_once == results(text, values)


@pytest.mark.parametrize(("name", "most"), [("recurrence", 700), ("a list", 200)])
def test_turns_are_few_calls(name: str, most: int) -> None:
    text, shapes = LOOPS[name]
    function = cgcli.parse(text).function()
    function({part: RNG.normal(size=shape) for part, shape in shapes.items()})
    ((compiled,),) = function._compiled.values()
    assert len(compiled._plan.plan._step) < most


def test_what_no_turn_takes_from_another_has_its_derivative() -> None:
    x = RNG.normal(size=1000)
    called = cgcli.parse("sum([sin(x[i])*exp(x[i]) for i in 0..999])").function()(x=x)
    np.testing.assert_allclose(called.gradient["x"], (np.sin(x) + np.cos(x)) * np.exp(x), 1e-12)
