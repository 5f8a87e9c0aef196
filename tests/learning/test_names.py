"""Names inside functions, loops and lists that are those of columns, parameters and outputs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cgcli
from cgcli.language.free import free_names
from cgcli.language.parse import parse

Run = Callable[..., Any]
ROWS = [{"x": 1.0, "y": 2.0}, {"x": 2.0, "y": 4.0}, {"x": 3.0, "y": 6.0}]


@pytest.fixture
def data(tmp_path: Path) -> str:
    path = tmp_path / "d.csv"
    path.write_text("x,y\n" + "".join(f"{row['x']},{row['y']}\n" for row in ROWS))
    return str(path)


# Each with what it is at one point, worked out by hand: x = 2, y = 4, w = 5, c = 7.
PROGRAMS = [
    ("f(x) = w*x + c; (f(x) - y)^2", 169.0, "wcxy"),
    ("sum([x for x in 1..2]) + x", 5.0, "x"),
    ("sq(w) = w^2; sq(w*x - y)", 36.0, "wxy"),
    ("sum([x*w for x in 1..2]) + x", 17.0, "wx"),
    ("for x in 0..1 { h[x] = x*w }; h[1]*x", 10.0, "wx"),
    ("g(y) = [y*x for x in 1..2]; sum(g(x))*y", 24.0, "xy"),
    ("f(x) = x + t; for t in 0..1 { h[t] = f(t) }; h[1]*x", 6.0, "tx"),
    ("f(x) = g(x)*w; g(w) = w + c; f(y)", 55.0, "wcy"),
    ("f(x) = w*x; x + y", 6.0, "xy"),
    ("f(x) = x[0] + x[1]; f([x, y])", 6.0, "xy"),
    ("sum([sum([x + t for x in 0..t]) for t in 0..1]) + x", 5.0, "x"),
]
AT = {"x": 2.0, "y": 4.0, "w": 5.0, "c": 7.0, "t": 2.0}


@pytest.mark.parametrize(("text", "value", "names"), PROGRAMS, ids=str)
def test_free_names_are_the_inputs_of_the_graph(text: str, value: float, names: str) -> None:
    assert set(free_names(parse(text))) == set(names)
    assert set(cgcli.parse(text).graph().inputs) == set(names)
    assert cgcli.parse(text).evaluate({name: AT[name] for name in names}).value == value


@pytest.mark.parametrize(("text", "value", "names"), PROGRAMS, ids=str)
def test_map_is_eval(text: str, value: float, names: str, data: str, cgraph: Run) -> None:
    bound = {name: AT[name] for name in names if name not in "xy"}
    ran = cgraph("map", text, "-d", data, *(f"{name}={at}" for name, at in bound.items()))
    assert ran.status == 0, ran.err
    for row, read in zip(ROWS, csv.DictReader(io.StringIO(ran.out)), strict=True):
        result = cgcli.parse(text).evaluate({**bound, **row})
        assert [float(cell) for cell in read.values()][1:] == pytest.approx(
            [result.value, *(result.gradient or {}).values()], rel=1e-14
        )


@pytest.mark.parametrize(
    ("text", "parameters", "slope"),
    [
        ("f(x) = w*x + c; (f(x) - y)^2", ["w=1", "c=0"], 2.0),
        ("sq(w) = w^2; sq(w*x - y)", ["w=1"], 2.0),
        ("sum([(w*x - y)^2 + w*0 for w in 0..0]) + (w*x - y)^2", ["w=1"], 2.0),
        ("for w in 0..1 { k[w] = w }; (k[1]*w*x - y)^2", ["w=1"], 2.0),
    ],
)
def test_trains_and_predicts(
    text: str, parameters: list[str], slope: float, data: str, cgraph: Run, tmp_path: Path
) -> None:
    model = str(tmp_path / "m.json")
    words = ["train", text, "-d", data, *parameters, "--lr", "0.05", "--epochs", "3000"]
    ran = cgraph(*words, "--json", "-o", model)
    assert ran.status == 0, ran.err
    assert json.loads(ran.out)["parameters"]["w"] == pytest.approx(slope, abs=1e-6)
    ran = cgraph("predict", model, "-d", data)
    assert ran.status == 0, ran.err
    found = np.loadtxt(io.StringIO(ran.out), delimiter=",", skiprows=1)
    kept = json.loads(Path(model).read_text())["parameters"]
    expected = [cgcli.parse(text).evaluate({**kept, **row}).value for row in ROWS]
    np.testing.assert_allclose(found[:, 1], expected, rtol=1e-12, atol=1e-25)


def test_names_of_metrics(data: str, cgraph: Run) -> None:
    """A metric reads the functions and families of the program, and f for its value."""
    words = ["-d", data, "w=1", "--steps", "0", "--json"]

    def metric(program: str, text: str, *more: str) -> float:
        ran = cgraph("train", program, *words, "--metric", f"m={text}", *more)
        assert ran.status == 0, ran.err
        found: float = json.loads(ran.out)["metrics"]["m"]["train"]
        return found

    cost = 14 / 3
    assert metric("(w*x - y)^2", "f") == pytest.approx(cost)
    assert metric("g(f) = f^2; g(w*x - y)", "f") == pytest.approx(cost)
    assert metric("for t in 0..1 { h[t] = t*w }; (h[1]*x - y)^2", "h[1]") == 1
    assert metric("e(x) = x*k; (w*x - y)^2", "e(y)", "--fix", "k=3") == pytest.approx(12)


def test_what_nothing_reads_is_told(data: str, cgraph: Run, tmp_path: Path) -> None:
    for words, message in (
        (["map", "x", "q=3"], "'q' is bound, but the program does not use it"),
        (["map", "alpha*x", "alhpa=3"], "did you mean 'alpha'?"),
        (["map", "f(w) = w; f(x)", "w=3"], "'w' is bound, but the program does not use it"),
        (["map", "x", "--stack", "v=x"], "'v' is bound, but the program does not use it"),
        (["map", "x", "x=3"], "'x' is given a value, and is a column as well"),
        (["train", "f(w) = w; (f(x) - q*y)^2", "q=1", "w=3"], "'w' is bound, but"),
        (["train", "(w*x - y)^2", "w=1", "--stack", "v=x"], "'v' is bound, but"),
    ):
        ran = cgraph(*words, "-d", data)
        assert ran.status == 2
        assert message in ran.err
    at = tmp_path / "at.json"
    at.write_text('{"q": 1}')
    assert cgraph("map", "x", "--at", str(at), "-d", data).status == 0


def test_pi_has_two_names_and_is_one_parameter(data: str, cgraph: Run) -> None:
    words = ["-d", data, "--epochs", "1", "--json"]
    found = [
        json.loads(cgraph("train", f"({inside}*x - 1)^2", f"{bound}=3", *words).out)["parameters"]
        for inside in ("pi", "π")
        for bound in ("pi", "π")
    ]
    assert list(found[0]) == ["pi"]
    assert all(each == found[0] for each in found)


def test_a_column_stands_before_what_at_gives(data: str, cgraph: Run, tmp_path: Path) -> None:
    at = tmp_path / "at.json"
    at.write_text('{"x": 100, "y": 200, "w": 2, "unused": 1}')
    note = "note: 'x' is a column of the data, and what --at gives is not used\n"
    ran = cgraph("map", "w*x", "--at", str(at), "-d", data, "--values")
    assert (ran.status, ran.err) == (0, note)
    assert ran.out == cgraph("map", "w*x", "w=2", "-d", data, "--values").out
    ran = cgraph("map", "w*q", "--stack", "q=x", "--at", str(at), "-d", data, "--values")
    assert (ran.status, ran.err) == (0, "")
    at.write_text('{"x": 100, "w": 2}')
    words = ["train", "(w*x - 3)^2", "-d", data, "--epochs", "1", "--json"]
    ran = cgraph(*words, "--at", str(at))
    assert ran.status == 0
    assert note in ran.err
    assert json.loads(ran.out)["cost"] == json.loads(cgraph(*words, "w=2").out)["cost"]


@pytest.mark.parametrize("more", [[], ["--json"], ["--format", "jsonl"]])
def test_a_column_that_is_called_row(more: list[str], tmp_path: Path, cgraph: Run) -> None:
    path = tmp_path / "r.csv"
    path.write_text("row\n7\n8\n")
    ran = cgraph("map", "2*row", "-d", str(path))
    assert ran.out == "row,f,df/drow\n1,14.0,2.0\n2,16.0,2.0\n"
    assert cgraph("map", "v = row", "-d", str(path), *more).status == 0
    ran = cgraph("map", "row", "-d", str(path), *more)
    assert ran.status == 2
    assert "'row' is what the number of each row is called" in ran.out + ran.err


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("notes,x", ["x*2", "--keep", "notes", "--notes"]),
        ("f[1],x", ["[x, x]", "--values", "--keep", "f[1]"]),
        ("df/dx,x", ["x*2", "--keep", "df/dx"]),
    ],
)
def test_no_two_columns_of_the_result_have_one_name(
    head: str, words: list[str], tmp_path: Path, cgraph: Run
) -> None:
    path = tmp_path / "d.csv"
    path.write_text(f"{head}\n7,2\n")
    ran = cgraph("map", *words, "-d", str(path))
    assert (ran.status, ran.out) == (2, "")
    assert f"--keep: '{head.partition(',')[0]}' is the name of a result as well" in ran.err
