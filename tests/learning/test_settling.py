"""Descents without options reach the least-squares answer; a rate that is given stays as it is."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cgcli.learning.optimisers import OPTIMISERS
from tests.conftest import Ran

Command = Callable[..., Ran]

LINES = {
    "ten": ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [3, 5.1, 6.9, 9, 11.1, 12.9, 15, 17.1, 18.9, 21]),
    "four": ([1, 2, 3, 4], [2.1, 3.9, 6.2, 7.8]),
    "outlier": ([1, 2, 3, 4, 5], [1, 2.2, 2.9, 4.1, 30]),
    # At the usual rates of most optimisers this diverges.
    "large": ([10, 20, 30, 40], [21, 39, 62, 78]),
}


def written(folder: Path, name: str) -> str:
    path = folder / "rows.csv"
    rows = zip(*LINES[name], strict=True)
    path.write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in rows), "utf-8")
    return str(path)


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("optimizer", OPTIMISERS)
def test_each_reaches_the_answer(
    optimizer: str, name: str, cgraph: Command, tmp_path: Path
) -> None:
    data = written(tmp_path, name)
    words = ("-d", data, "w=0", "b=0", "--optimizer", optimizer, "--json")
    ran = cgraph("train", "(w*x + b - y)^2", *words)
    assert ran.status == 0, ran.err
    document = json.loads(ran.out)
    slope, constant = np.polyfit(*LINES[name], 1)
    assert document["parameters"] == pytest.approx({"w": slope, "b": constant}, rel=1e-6)
    assert document["end"]["kind"] == "converged"
    assert document["end"]["reliable"]


def test_a_rate_that_is_given_is_kept(cgraph: Command, tmp_path: Path) -> None:
    data = written(tmp_path, "four")
    ran = cgraph("train", "(w*x + b - y)^2", "-d", data, "w=0", "b=0", "--lr", "0.01", "--json")
    document = json.loads(ran.out)
    assert document["stopped"] == "100 epochs are done (--epochs)"
    w = b = 0.0
    x, y = (np.array(part, dtype=float) for part in LINES["four"])
    for _ in range(100):
        left = w * x + b - y
        w, b = w - 0.01 * (2 * left * x).mean(), b - 0.01 * (2 * left).mean()
    assert document["parameters"] == pytest.approx({"w": w, "b": b}, rel=1e-12)


def test_what_the_usual_rate_came_to_is_told(cgraph: Command, tmp_path: Path) -> None:
    words = ("w=0", "b=0", "--optimizer", "adam")
    ran = cgraph("train", "(w*x + b - y)^2", "-d", written(tmp_path, "ten"), *words)
    assert "note: in 100 epochs at the usual rate, 0.001, the cost is still falling" in ran.err
    assert "L-BFGS took it on; --lr 0.001 keeps to that rate" in ran.err
    ran = cgraph("train", "(w*x + b - y)^2", "-d", written(tmp_path, "large"), "w=0", "b=0")
    assert "at the usual rate, 0.01, the cost grew" in ran.err


def test_the_end_at_a_kink_is_told(cgraph: Command, tmp_path: Path) -> None:
    ran = cgraph(
        "train", "abs(w*x + b - y)", "-d", written(tmp_path, "four"), "w=0", "b=0", "--json"
    )
    end = json.loads(ran.out)["end"]
    assert ran.status == 1
    assert "kink" in [doubt["kind"] for doubt in end["doubts"]]


def test_least_absolute_deviations_go_through_two_points(cgraph: Command, tmp_path: Path) -> None:
    """A least sum of absolute deviations is met by a line through two of the points."""
    ran = cgraph(
        "train", "abs(w*x + b - y)", "-d", written(tmp_path, "outlier"), "w=0", "b=0", "--json"
    )
    x, y = (np.array(part, dtype=float) for part in LINES["outlier"])
    pairs = [(i, j) for i in range(len(x)) for j in range(i)]
    lines = [np.polyfit(x[[i, j]], y[[i, j]], 1) for i, j in pairs]
    least = min(np.abs(np.polyval(line, x) - y).mean() for line in lines)
    assert json.loads(ran.out)["cost"] == pytest.approx(least, rel=1e-6)


def test_a_logistic_by_its_logarithms_is_that_by_softplus(cgraph: Command, tmp_path: Path) -> None:
    """Steps that are too long make log(0) of it, and lead back."""
    chance = np.random.default_rng(1)
    age = chance.integers(20, 90, 200)
    sick = (chance.random(200) < 1 / (1 + np.exp(5 - age / 12))).astype(int)
    path = tmp_path / "ages.csv"
    path.write_text("age,sick\n" + "".join(f"{a},{s}\n" for a, s in zip(age, sick, strict=True)))
    words = ("-d", str(path), "a=0", "b=0", "--json")
    text = "p = sigmoid(a + b*age); -sick*log(p) - (1-sick)*log(1-p)"
    ran = cgraph("train", text, *words)
    stable = cgraph("train", "z = a + b*age; softplus(z) - sick*z", *words)
    assert (ran.status, stable.status) == (0, 0), ran.err
    got, wanted = (json.loads(one.out)["parameters"] for one in (ran, stable))
    assert got == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("optimizer", OPTIMISERS)
def test_columns_that_no_one_rate_suits(optimizer: str, cgraph: Command, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    x, y = [100, 200, 300, 400], [3, 5.1, 6.9, 9]
    path.write_text("x,y\n" + "".join(f"{a},{b}\n" for a, b in zip(x, y, strict=True)), "utf-8")
    words = ("-d", str(path), "w=0", "b=0", "--optimizer", optimizer, "--json")
    document = json.loads(cgraph("train", "(w*x + b - y)^2", *words).out)
    slope, constant = np.polyfit(x, y, 1)
    assert document["end"]["kind"] == "converged"
    assert document["parameters"] == pytest.approx({"w": slope, "b": constant}, rel=1e-6)


@pytest.mark.parametrize("unit", [1e-8, 1e-20])
@pytest.mark.parametrize("optimizer", ["gd", "lbfgs"])
def test_a_small_unit_of_the_target(
    optimizer: str, unit: float, cgraph: Command, tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    x, y = LINES["ten"]
    path.write_text("x,y\n" + "".join(f"{a},{b * unit}\n" for a, b in zip(x, y, strict=True)))
    words = ("-d", str(path), "w=0", "b=0", "--optimizer", optimizer, "--json")
    ran = cgraph("train", "(w*x + b - y)^2", *words)
    assert ran.status == 0, ran.err
    slope, constant = np.polyfit(x, y, 1) * unit
    got = json.loads(ran.out)["parameters"]
    assert got == pytest.approx({"w": slope, "b": constant}, rel=1e-6, abs=0)


@pytest.mark.parametrize("words", [[], ["--weight-decay", "0.1"]])
def test_plain_steps_alone_say_that_they_fall(
    words: list[str], cgraph: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without SciPy, or with a decay, which no minimum of the cost is the answer to."""
    if not words:
        monkeypatch.setattr("cgcli.learning.training.find_spec", lambda name: None)
    data = written(tmp_path, "ten")
    start = ("w=0", "b=0", "--optimizer", "adam", "--json")
    ran = cgraph("train", "(w*x + b - y)^2", "-d", data, *start, *words)
    document = json.loads(ran.out)
    assert ran.status == 1
    assert document["epochs"] == 100
    assert [doubt["kind"] for doubt in document["end"]["doubts"]] == ["falling"]


CURVES = {
    # Danby and Wood's radiation of hot wires, and the growth of an orange tree, from R's data.
    "b1*x^b2": ("1.309,2.138 1.471,3.421 1.49,3.597 1.565,4.34 1.611,4.882 1.68,5.66", "b1=1 b2=5"),
    "b1/(1 + exp((b2 - x)/b3))": (
        "118,30 484,58 664,87 1004,115 1231,120 1372,142 1582,145",
        "b1=150 b2=700 b3=350",
    ),
}


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("optimizer", ["gd", "nesterov", "adam", "adamw", "lbfgs"])
def test_curves_are_those_of_least_squares(
    optimizer: str, curve: str, cgraph: Command, tmp_path: Path
) -> None:
    rows, start = CURVES[curve]
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n" + rows.replace(" ", "\n") + "\n", "utf-8")
    words = ("-d", str(path), *start.split(), "--json")
    exact = json.loads(cgraph("train", f"{curve} - y", *words, "--residual").out)
    ran = cgraph("train", f"({curve} - y)^2", *words, "--optimizer", optimizer)
    assert ran.status == 0
    document = json.loads(ran.out)
    assert document["parameters"] == pytest.approx(exact["parameters"], rel=1e-6)


@pytest.mark.parametrize("start", [*itertools.product((100, 150, 200), (0.5, 0.75, 1.5, 2))])
def test_lbfgs_reaches_the_minimum_or_says_that_it_does_not(
    start: tuple[float, float], cgraph: Command, tmp_path: Path
) -> None:
    """BoxBOD's cost is flat beyond its valley: where a search leaps, its last bits decide."""
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n1,109\n2,149\n3,149\n5,191\n7,213\n10,224\n", "utf-8")
    first, second = start
    words = ("-d", str(path), f"b1={first}", f"b2={second}", "--optimizer", "lbfgs", "--json")
    ran = cgraph("train", "(b1*(1 - exp(-b2*x)) - y)^2", *words)
    document = json.loads(ran.out)
    if first > 100 or document["end"]["reliable"]:
        assert ran.status == 0
        right = {"b1": 213.80940889, "b2": 0.54723748542}
        assert document["parameters"] == pytest.approx(right, rel=1e-6)
        return
    # Every exp(-b2*x) is as good as 0, and b1 the mean of y.
    assert document["parameters"]["b1"] == pytest.approx(172.5, rel=1e-6)
    assert ran.status == 1
    assert [doubt["kind"] for doubt in document["end"]["doubts"]] == ["dead"]
    assert document["doubts"][0].startswith("b2: ")
