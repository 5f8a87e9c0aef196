"""Bounds on parameters: SciPy's bounded linear least squares, and every optimiser at one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

import cgcli
from cgcli.errors import CgraphError
from tests.amounts import portion, sampled
from tests.conftest import Ran

Command = Callable[..., Ran]

optimize = pytest.importorskip("scipy.optimize")

X = np.arange(7.0)
Y = np.array([2.1, 1.2, 0.9, 0.35, 0.41, 0.1, -0.05])
ROWS = "x,y\n" + "".join(f"{x},{y}\n" for x, y in zip(X, Y, strict=True))
CURVE = "a*exp(-k*x) + c - y"
START = ("a=1", "k=1", "c=0")


def ends() -> some.SearchStrategy[tuple[float, float]]:
    numbers = some.floats(-3, 3)
    return some.tuples(numbers, numbers).map(sorted).filter(lambda e: e[1] - e[0] > 0.1)


@sampled
@settings(deadline=None, max_examples=max(12, portion(60)))
@given(some.integers(0, 2**32), some.lists(ends(), min_size=3, max_size=3))
@example(193638917, [[0.0, 1.0], [0.0, 1.0], [-2.25, 0.0]])
@example(21422, [[-1.0, 0.0], [0.0, 1.0], [-2.0, 0.0]])
@example(3782, [[0.0, 1.0], [0.0, 0.5987258513806619], [0.0, 1.0]])
def test_linear_least_squares_within_any_bounds(seed: int, bounds: list[Any]) -> None:
    chance = np.random.default_rng(seed)
    design, y = chance.normal(size=(12, 3)), 2 * chance.normal(size=12)
    lows, highs = np.transpose(bounds)
    exact = optimize.lsq_linear(design, y, (lows, highs), method="bvls", tol=1e-14)
    data = {"p": design[:, 0], "q": design[:, 1], "r": design[:, 2], "y": y}
    within = dict(zip("abc", map(tuple, bounds), strict=True))
    start = dict(zip("abc", (lows + highs) / 2, strict=True))
    options: dict[str, Any] = {"bounds": within}
    for text, more in (
        ("a*p + b*q + c*r - y", {"residual": True}),
        ("(a*p + b*q + c*r - y)^2", {"optimizer": "lbfgs"}),
    ):
        fit = cgcli.train(text, data, start, **options, **more)
        assert fit.end.reliable
        reached = np.array(list(fit.parameters.values()))
        assert ((lows <= reached) & (reached <= highs)).all()
        np.testing.assert_allclose(reached, exact.x, atol=1e-6)
        held = {d.message[0] for d in fit.end.doubts if d.kind == "bound"}
        assert bool(held) == bool((exact.active_mask != 0).any())
        if fit.statistics is not None:
            errors = np.isnan(fit.statistics.errors)
            assert (errors == (exact.active_mask != 0)).all()
            free = design[:, ~errors]
            spread = np.sqrt(np.diag(np.linalg.inv(free.T @ free)) * fit.statistics.sum)
            spread /= np.sqrt(12 - free.shape[1])
            np.testing.assert_allclose(fit.statistics.errors[~errors], spread, rtol=1e-5)


@pytest.mark.parametrize(
    "words",
    [
        ("--residual",),
        ("--optimizer", "lbfgs"),
        ("--lr", "0.1", "--epochs", "2000"),
        ("--optimizer", "adam", "--lr", "0.02", "--epochs", "3000"),
        ("--optimizer", "momentum", "--lr", "0.02", "--epochs", "2000", "--batch", "7"),
        (),
    ],
)
def test_every_optimiser_keeps_to_them(words: Any, cgraph: Command, tmp_path: Path) -> None:
    data = tmp_path / "rows.csv"
    data.write_text(ROWS, "utf-8")
    text = CURVE if "--residual" in words else f"({CURVE})^2"
    more = ("--bound", "c=0..", "--bound", "a=..3", "--json")
    document = json.loads(cgraph("train", text, "-d", str(data), *START, *words, *more).out)
    (a, k), _ = optimize.curve_fit(lambda x, a, k: a * np.exp(-k * x), X, Y, [1, 1], xtol=1e-14)
    near = 1e-2 if "adam" in words else 1e-5
    assert document["parameters"] == pytest.approx({"a": a, "k": k, "c": 0}, rel=near, abs=1e-12)
    assert [d["message"] for d in document["end"]["doubts"] if d["kind"] == "bound"] == [
        "c is at a bound, 0"
    ]
    assert document["end"]["reliable"]
    if "--residual" in words:
        assert document["standard_errors"]["c"] == "NaN"


def test_the_errors_are_those_with_what_is_held_as_known(cgraph: Command, tmp_path: Path) -> None:
    data = tmp_path / "rows.csv"
    data.write_text(ROWS, "utf-8")
    words = ("train", CURVE, "-d", str(data), "a=1", "k=1", "--residual")
    held = json.loads(cgraph(*words, "c=0", "--bound", "c=0..5", "--json").out)
    fixed = json.loads(cgraph(*words, "--fix", "c=0", "--json").out)
    for name in ("a", "k"):
        assert held["standard_errors"][name] == pytest.approx(fixed["standard_errors"][name])
        for field in ("t", "p_value", "confidence_95"):
            known = fixed["statistics"][field][name]
            assert held["statistics"][field][name] == pytest.approx(known)
    assert held["statistics"]["degrees_of_freedom"] == fixed["statistics"]["degrees_of_freedom"]
    ran = cgraph(*words, "c=0", "--bound", "c=0..5")
    line = next(line for line in ran.out.splitlines() if line.startswith("c "))
    assert line.split() == ["c", "0", "–", "–", "–", "–", "–"]
    assert ran.status == 0
    assert "note: c is at a bound, 0; it has no standard error" in ran.err


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        ("a=0", "--bound a is a range, not '0'"),
        ("a=x..1", "--bound a is a range, not 'x..1'"),
        ("a=..", "--bound a is a range, not '..'"),
        ("a=1..2..3", "--bound a is a range"),
        ("a=2..1", "--bound a: there is nothing between 2 and 1"),
        ("a=nan..1", "--bound a: there is nothing between nan and 1"),
        ("q=0..", "--bound: 'q' is no parameter"),
        ("a=5..6", "'a' starts at 1, beyond its bounds 5 to 6"),
    ],
)
def test_bounds_that_cannot_be(bound: str, said: str, cgraph: Command, tmp_path: Path) -> None:
    data = tmp_path / "rows.csv"
    data.write_text(ROWS, "utf-8")
    ran = cgraph("train", CURVE, "-d", str(data), *START, "--residual", "--bound", bound)
    assert ran.status == 2
    assert ran.err.startswith(f"error: {said}")


def test_a_run_that_goes_on_keeps_to_them(cgraph: Command, tmp_path: Path) -> None:
    data, model = tmp_path / "rows.csv", str(tmp_path / "model.json")
    data.write_text(ROWS, "utf-8")
    words = ("train", f"({CURVE})^2", "-d", str(data), *START, "--bound", "a=..1.9", "--lr", "0.05")
    once = json.loads(cgraph(*words, "--epochs", "300", "--json").out)
    cgraph(*words, "--epochs", "100", "-o", model)
    ran = cgraph("train", "--resume", model, "-d", str(data), "--epochs", "300", "--json")
    assert json.loads(ran.out)["parameters"] == once["parameters"]
    assert once["parameters"]["a"] == 1.9


def test_the_library_says_what_bounds_are() -> None:
    data = {"x": X, "y": Y}
    with pytest.raises(CgraphError, match="bounds of 'a' cannot be of the type float"):
        cgcli.train("(a*x - y)^2", data, {"a": 0}, bounds={"a": 1.0})  # type: ignore[dict-item]
    fit = cgcli.train("a*x - y", data, {"a": 1}, bounds={"a": (0.5, None)}, residual=True)
    assert fit.parameters == {"a": 0.5}


SCALED = np.random.default_rng(5).uniform(100, 400, 40)
TARGET = 3 * SCALED - 70 + np.random.default_rng(6).normal(0, 30, 40)
LINE = {"x": SCALED, "y": TARGET}


@pytest.mark.parametrize("scale", [["x"], ["y"], ["x", "y"]])
@pytest.mark.parametrize("bounds", [{"w": (0, 2.5)}, {"b": (-10, None)}, {"w": (3.5, None)}])
@pytest.mark.parametrize(
    "options", [{"residual": True}, {"optimizer": "lbfgs"}, {}, {"rate": 0.05, "epochs": 2000}]
)
def test_bounds_are_in_the_datas_units_whatever_is_scaled(
    scale: list[str], bounds: dict[str, Any], options: dict[str, Any]
) -> None:
    text = "w*x + b - y" if "residual" in options else "(w*x + b - y)^2"
    start = {"w": 0.0, "b": 0.0}
    if "rate" in options:
        with pytest.raises(CgraphError, match="bounds= and loss= are in the data's units, and"):
            cgcli.train(text, LINE, start, scale=scale, bounds=bounds, **options)
        return
    fit = cgcli.train(text, LINE, start, scale=scale, bounds=bounds, **options)
    low, high = np.array([bounds.get(n, (None, None)) for n in "wb"], float).T
    low, high = np.nan_to_num(low, nan=-np.inf), np.nan_to_num(high, nan=np.inf)
    exact = optimize.lsq_linear(np.c_[SCALED, np.ones(40)], TARGET, (low, high), method="bvls")
    assert list(fit.parameters.values()) == pytest.approx(exact.x, rel=1e-6)
    assert fit.cost == pytest.approx(2 * exact.cost / 40, rel=1e-6)
    (doubt,) = [doubt for doubt in fit.end.doubts if doubt.kind == "bound"]
    (held,) = bounds
    end = next(end for end in bounds[held] if end is not None and fit.parameters[held] == end)
    assert doubt.message == f"{held} is at a bound, {end:g}"
    if fit.statistics is not None:
        errors = fit.statistics.errors
        assert np.isnan(errors).tolist() == [held == "w", held == "b"]


def test_bounds_without_parameters_in_the_datas_units_are_refused() -> None:
    with pytest.raises(CgraphError, match="bounds= and loss= are in the data"):
        cgcli.train("w*x - y", LINE, {"w": 1.0}, residual=True, scale=["x"], bounds={"w": (0, 1)})


def test_a_scaled_run_that_goes_on_keeps_to_its_bounds(cgraph: Command, tmp_path: Path) -> None:
    data, models = tmp_path / "rows.csv", [str(tmp_path / f"{k}.json") for k in range(3)]
    data.write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in zip(*LINE.values(), strict=True)))
    words = ("train", "(w*x + b - y)^2", "-d", str(data), "w=0", "b=0", "--scale", "x,y")
    words = (*words, "--bound", "w=0..2.5", "--optimizer", "lbfgs")
    cgraph(*words, "--epochs", "2", "-o", models[0])
    ran = cgraph("train", "--resume", models[0], "--epochs", "500", "-o", models[1])
    assert "w is at a bound, 2.5" in ran.err
    cgraph(*words, "--epochs", "500", "-o", models[2])
    went, whole = (json.loads(Path(model).read_text()) for model in models[1:])
    assert went["parameters"] == pytest.approx(whole["parameters"])
    cgraph(*words[:-4], "--lr", "0.1", "--epochs", "5", "-o", models[0])
    cost = json.loads(Path(models[0]).read_text())["state"]["history"][-1]["cost"]
    ran = cgraph("train", "--resume", models[0], "--epochs", "50", "-o", models[1])
    assert float(ran.out.split(", from ")[1].split("\n")[0]) < cost * TARGET.var()
