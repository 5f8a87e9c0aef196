"""`--scale` is undone where a person reads: what comes back is in the data's units."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import Ran

Command = Callable[..., Ran]

CHANCE = np.random.default_rng(4)
X = CHANCE.uniform(100, 400, (40, 2))
Y = 3 * X[:, 0] - 0.5 * X[:, 1] + 70 + CHANCE.normal(0, 2, 40)
KIND = (Y + CHANCE.normal(0, 200, 40) > Y.mean()).astype(float)


@pytest.fixture
def data(tmp_path: Path) -> str:
    path = tmp_path / "rows.csv"
    lines = (f"{a},{b},{y},{k}\n" for (a, b), y, k in zip(X, Y, KIND, strict=True))
    path.write_text("a,b,y,k\n" + "".join(lines), "utf-8")
    return str(path)


def trained(cgraph: Command, *words: str) -> Any:
    return json.loads(cgraph("train", *words, "--json").out)


@pytest.mark.parametrize("scale", ["a", "a,b", "a,b,y", "y"])
def test_least_squares_is_that_of_the_plain_columns(
    scale: str, data: str, cgraph: Command, tmp_path: Path
) -> None:
    model = str(tmp_path / "m.json")
    words = ("p = u*a + v*b + c; p - y", "-d", data, "u=0", "v=0", "c=0", "--residual")
    plain = trained(cgraph, *words)
    scaled = trained(cgraph, *words, "--scale", scale, "-o", model)
    assert scaled["end"] == {"kind": "converged", "reliable": True, "doubts": []}
    for field in ("parameters", "standard_errors"):
        assert scaled[field] == pytest.approx(plain[field], rel=1e-7)
    assert scaled["sum_of_squares"] == pytest.approx(plain["sum_of_squares"], rel=1e-9)
    assert scaled["statistics"]["r_squared"] == pytest.approx(plain["statistics"]["r_squared"])
    rows = json.loads(cgraph("predict", model, "-d", data, "--of", "p", "--json").out)["rows"]
    beta = np.linalg.lstsq(np.c_[X, np.ones(40)], Y, rcond=None)[0]
    assert [row["p"] for row in rows] == pytest.approx(np.c_[X, np.ones(40)] @ beta, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "words", "names"),
    [
        ("z = u*a + v*b + c; softplus(z) - k*z", "u=0 v=0 c=0 --optimizer lbfgs", "a,b"),
        ("p = q*exp(r*a/100) + c; (p - y)^2", "q=1 r=0.1 c=0 --lr 0.01 --epochs 20", "a"),
        ("p = q + r*a + s*a^2; (p - y)^2", "q=0 r=0 s=0 --lr 0.1 --epochs 20", "a,y"),
        (
            "h = tanh(W @ [a, b] + c); p = dot(v, h) + d; (p - y)^2",
            "W=glorot(3,2) c=zeros(3) v=glorot(3) d=0 --lr 0.1 --epochs 30",
            "a,b,y",
        ),
        (
            "z = W @ [a, b] + c; logsumexp(z) - dot(z, onehot(k, 2))",
            "W=glorot(2,2) c=zeros(2) --lr 0.5 --epochs 30",
            "a,b",
        ),
    ],
)
def test_the_program_says_the_same_in_the_datas_units(
    text: str, words: str, names: str, data: str, cgraph: Command, tmp_path: Path
) -> None:
    model, node = str(tmp_path / "m.json"), text.split("; ")[-2][0]
    trained(cgraph, text, "-d", data, *words.split(), "--scale", names, "-o", model)
    document = json.loads(Path(model).read_text())
    assert document["data"]["unscaled"] is True
    rows = json.loads(cgraph("predict", model, "-d", data, "--of", node, "--json").out)["rows"]
    # The same run on columns that were scaled by hand, by NumPy.
    table = np.c_[X, Y, KIND]
    by_hand = tmp_path / "scaled.csv"
    for k, name in enumerate("aby"):
        if name in names:
            table[:, k] = (table[:, k] - table[:, k].mean()) / table[:, k].std()
    lines = (",".join(map(repr, row)) + "\n" for row in table.tolist())
    by_hand.write_text("a,b,y,k\n" + "".join(lines), "utf-8")
    trained(cgraph, text, "-d", str(by_hand), *words.split(), "-o", model)
    ran = cgraph("predict", model, "-d", str(by_hand), "--of", node, "--json")
    expected = np.array([row[node] for row in json.loads(ran.out)["rows"]])
    if "y" in names:
        expected = expected * Y.std() + Y.mean()
    found = np.array([row[node] for row in rows])
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-6 * np.ptp(expected))


def test_what_cannot_be_undone_is_said(data: str, cgraph: Command, tmp_path: Path) -> None:
    model = str(tmp_path / "m.json")
    words = ("p = u*a; p - y", "-d", data, "u=0", "--scale", "a,y", "--residual", "-o", model)
    ran = cgraph("train", *words)
    assert "note: the parameters are for a and y scaled to mean 0 and deviation 1" in ran.err
    ran = cgraph("predict", model, "-d", data, "--of", "p")
    assert "note: the model has a, y scaled, to mean 0 and deviation 1" in ran.err
    scaled = (X[:, 0] - X[:, 0].mean()) / X[:, 0].std()
    target = (Y - Y.mean()) / Y.std()
    predictions = [float(line.split(",")[1]) for line in ran.out.splitlines()[1:]]
    assert predictions == pytest.approx(scaled * (scaled @ target) / (scaled @ scaled), rel=1e-7)


def test_a_run_goes_on_with_the_columns_scaled(data: str, cgraph: Command, tmp_path: Path) -> None:
    text, start = "p = u*a + v*b + c; (p - y)^2", ("u=0", "v=0", "c=0", "--lr", "0.1")
    scale = ("--scale", "a,b,y")
    once = trained(cgraph, text, "-d", data, *start, *scale, "--epochs", "20")
    model = str(tmp_path / "m.json")
    trained(cgraph, text, "-d", data, *start, *scale, "--epochs", "8", "-o", model)
    again = trained(cgraph, "--resume", model, "--epochs", "20")
    assert again["parameters"] == once["parameters"]
    assert again["cost"] == once["cost"]


def test_every_epoch_is_told_in_the_datas_units(data: str, cgraph: Command, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    text, start = "p = u*a + v*b + c; (p - y)^2", ("u=0.5", "v=0", "c=0", "--lr", "0.1")
    metrics = ("--metric", "e=abs(p - y)", "--metric", "p", "--metric", "q=v^2")
    words = (text, "-d", data, *start, "--scale", "a,b,y", "--epochs", "9", *metrics)
    document = trained(cgraph, *words, "--log", str(log))
    records = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    # The same descent on columns that were scaled by hand, by NumPy.
    columns = (X - X.mean(axis=0)) / X.std(axis=0)
    theta = np.array([0.5, 0.0, 0.0])
    for record, told in zip(records, document["history"], strict=True):
        sides = np.c_[columns, np.ones(40)]
        off = sides @ theta - (Y - Y.mean()) / Y.std()
        assert record["cost"] == pytest.approx((off**2).mean() * Y.var(), rel=1e-9)
        theta -= 0.1 * 2 * sides.T @ off / 40
        off = sides @ theta - (Y - Y.mean()) / Y.std()
        assert record["metrics"] == {
            "e": {"train": pytest.approx(np.abs(off).mean() * Y.std(), rel=1e-9)},
            "p": {"train": pytest.approx((sides @ theta).mean() * Y.std() + Y.mean(), rel=1e-9)},
        }
        assert told["cost"] == pytest.approx(record["cost"], rel=1e-12)
    assert document["start_cost"] == pytest.approx(records[0]["cost"], rel=1e-9)


def test_a_cost_that_rose_is_told_in_the_datas_units(data: str, cgraph: Command) -> None:
    text, start = "p = u*a + c; (p - y)^2", ("u=0", "c=0", "--lr", "2", "--epochs", "2")
    ran = cgraph("train", text, "-d", data, *start, "--scale", "a,y")
    assert f"note: the cost rose, from {Y.var():.6g} to " in ran.err
