"""What docs/conventions.md says and no other test holds."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cgcli
from tests.concordance.points import points
from tests.concordance.syntax import Program
from tests.concordance.ways import WAYS


def evaluate(text: str, **at: Any) -> Any:
    return cgcli.parse(text).evaluate(at)


def kinds(text: str, **at: Any) -> list[str]:
    return [note.kind for note in evaluate(text, **at).notes]


@pytest.mark.parametrize("low", [-1.0, 0.0, 2.0])
@pytest.mark.parametrize("high", [-1.0, 0.0, 2.0])
@pytest.mark.parametrize("x", [-1.0, 0.0, 1.0, 2.0])
def test_clip_is_the_least_of_the_greatest(x: float, low: float, high: float) -> None:
    at = {"x": x, "a": low, "b": high}
    clipped, chosen = evaluate("clip(x, a, b)", **at), evaluate("min(max(x, a), b)", **at)
    assert (clipped.value, clipped.gradient) == (chosen.value, chosen.gradient)


@pytest.mark.parametrize("x", [-1.0, -0.5, 0.0, 0.3, 0.5, 2.0])
@pytest.mark.parametrize(
    "step", ["floor(x)", "ceil(x)", "round(x)", "sign(x)", "x < 0.5", "x >= 0", "x == 2", "x != 2"]
)
def test_a_step_has_the_derivative_0(step: str, x: float) -> None:
    assert evaluate(step, x=x).gradient == {"x": 0.0}
    assert evaluate(f"({step})*y + x", x=x, y=3.0).gradient["x"] == 1.0


def test_sides_are_the_same_to_a_billionth() -> None:
    assert kinds("where(x < 0, x*(1 + 1e-10), x)", x=0) == []
    assert kinds("where(x < 0, x*(1 + 1e-8), x)", x=0) == ["kink"]
    assert kinds("where(x < 1, x - 1e-10, x)", x=1) == []
    assert kinds("where(x < 1, x - 1e-8, x)", x=1) == ["kink"]


def test_a_side_without_a_value_is_told() -> None:
    (note,) = evaluate("where(x == 0, 1, log(x))", x=0).notes
    said = "along x, f is without a value on the left, 1 here, -inf on the right"
    assert note.message.endswith(said)
    (note,) = evaluate("where(x == 0, 1, log(-x))", x=0).notes
    said = "along x, f is -inf on the left, 1 here, without a value on the right"
    assert note.message.endswith(said)


def test_what_takes_too_long_is_not_looked_at() -> None:
    text = "sum(where(x > 0, x, 2*x) + z*x)"
    (note,) = evaluate(text, x=0, z=np.zeros(1_000_000)).notes
    said = "whether f jumps or bends there was not looked at: too much depends on it"
    assert note.message.endswith(said)
    (note,) = evaluate(text, x=0, z=np.zeros(10)).notes
    assert note.sides == {"x": (20.0, 10.0)}


def test_a_comparison_with_nan_is_false() -> None:
    for operator in ("<", "<=", ">", ">=", "=="):
        assert evaluate(f"log(x) {operator} 1", x=-1).value == 0
    assert evaluate("log(x) != 1", x=-1).value == 1
    program, at = cgcli.parse("where(log(x) < 1, x, 2*x)"), {"x": -1.0}
    result = program.evaluate(at)
    assert (result.value, result.gradient) == (-2, {"x": 2})
    assert [(note.kind, note.node) for note in result.notes] == [("domain", "v1")]
    called = program.function()(at)
    assert (called.value, called.gradient) == (-2, {"x": 2})


def test_nothing_is_told_of_an_array_that_nothing_uses() -> None:
    assert kinds("u = log(x); y^2", x=[-1.0, 2.0], y=3.0) == []
    assert kinds("log(x)[1]", x=[-1.0, 2.0]) == []
    # Nor does it take away what is to be told.
    assert kinds("u = log(x); abs(y)", x=[-1.0, 2.0], y=0.0) == ["kink"]


def test_every_way_to_ask_is_compared() -> None:
    compared = {way.name for way in WAYS}
    assert {"eval", "vectors", "rows", "function", "exact", "verify", "precision"} <= compared
    assert {"formulas", "python", "numpy", "c", "js", "map csv", "predict", "train"} <= compared


def test_a_third_of_the_points_is_where_something_happens() -> None:
    """The first of every three is of a few spots and the ends, the others are scattered."""
    found = points(Program((), {"x": ()}), 1, 300)
    spots = {x for point in found[::3] for x in point["x"]}
    scattered = {x for k, point in enumerate(found) if k % 3 for x in point["x"]}
    assert len(spots) < 60
    assert len(scattered) > 150
    assert math.inf in spots and 0.0 in spots


def test_only_rows_and_points_have_notes(cgraph: Any, tmp_path: Path) -> None:
    """A compiled function and code give the number of the convention, and say nothing."""
    assert cgcli.parse("abs(x)").function()(x=0.0)._fields == ("value", "gradient")
    assert cgcli.parse("abs(x)").function()(x=0.0).gradient == {"x": 0.0}
    code = cgraph("diff", "abs(x)", "--format", "python").out
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["f"](0.0) == (0, 0)
    path = tmp_path / "rows.csv"
    path.write_text("x\n0\n")
    ran = cgraph("map", "abs(x)", "-d", str(path))
    assert ran.out.splitlines()[1] == "1,0.0,0.0"
    assert ran.err.startswith("kink: row 1: ")


def test_models_tell_the_notes_of_their_rows(cgraph: Any, tmp_path: Path) -> None:
    data, model = tmp_path / "rows.csv", tmp_path / "model.json"
    data.write_text("x,y\n0,1\n1,2\n")
    program = "p = abs(w*x); q = sqrt(x - 1); (p - y)^2"
    ran = cgraph("train", program, "-d", str(data), "w=1", "--steps", "3", "-o", str(model))
    assert "kink: row 1: p (column 5)" in ran.err
    ran = cgraph("predict", str(model), "-d", str(data), "--of", "q", "--json")
    assert ran.err.startswith("domain: row 1: q ")
    assert json.loads(ran.out)["notes"]["domain"]["rows"] == 1


def test_a_constant_has_no_gradient(cgraph: Any) -> None:
    found = json.loads(cgraph("eval", "a = 2*pi; a*x + 3", "x=5", "--json").out)
    constants = [node["formula"] for node in found["nodes"] if node["grad"] is None]
    assert constants == ["2", "pi", "2 * pi", "3"]
    table = cgraph("eval", "a = 2*pi; a*x + 3", "x=5").out.splitlines()
    (row,) = (line for line in table if line.startswith("a "))
    assert row.split() == ["a", "2", "*", "pi", "6.28319"]
    found = json.loads(cgraph("eval", "a = 2; a*x", "x=5", "--wrt", "a", "--json").out)
    assert found["gradient"] == {"a": 5.0}


def test_the_small_print() -> None:
    assert evaluate("0^y", y=2.0).gradient == {"y": 0.0}
    result = evaluate("xlogy(x, y)", x=0.0, y=3.0)
    assert (result.value, result.gradient["y"]) == (0.0, 0.0)
    assert evaluate("xlogy(x, y)", x=0.0, y=0.0).value == 0.0
    slope = evaluate("digamma(x)", x=2.5).gradient["x"]
    assert slope == pytest.approx(evaluate("polygamma(1, x)", x=2.5).value, rel=1e-15)
    naive = [1 - math.tanh(x) ** 2 == 0 for x in (19.06, 19.07, 30.0)]
    assert naive == [False, True, True]
    assert evaluate("tanh(x)", x=30.0).gradient["x"] == pytest.approx(4 * math.exp(-60), rel=1e-15)
