"""Rows held out: those of a file, and every part by turns, beside formulas for leaving one out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cgcli

Run = Callable[..., Any]
X = [1.0, 2.0, 3.0, 4.0, 5.5, 6.0, 8.0, 9.0]
Y = [2.1, 3.9, 6.2, 7.8, 10.1, 12.2, 13.8, 16.1]
LINE = ["train", "p = w*x + b; p - y", "w=0", "b=0", "--residual", "--metric", "mae=abs(p - y)"]


def written(path: Path, rows: list[tuple[Any, Any]]) -> str:
    path.write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in rows))
    return str(path)


def left_out(x: Any, y: Any) -> Any:
    """The residual of every row by the line through the others: e/(1 - h), Allen (1974)."""
    columns = np.stack([x, np.ones_like(x)], axis=1)
    hat = columns @ np.linalg.inv(columns.T @ columns) @ columns.T
    return (y - hat @ y) / (1 - np.diag(hat))


@pytest.mark.parametrize("scale", [(), ("--scale", "x,y")], ids=["plain", "scaled"])
def test_leaving_each_row_out_is_the_formula(
    scale: tuple[str, ...], tmp_path: Path, cgraph: Run
) -> None:
    path = written(tmp_path / "a.csv", [*zip(X, Y, strict=True)])
    document = json.loads(cgraph(*LINE, "-d", path, "--folds", "8", "--json", *scale).out)
    errors = left_out(np.array(X), np.array(Y))
    found = document["folds"]
    assert sorted(found["cost"]["values"]) == pytest.approx(sorted(errors**2), rel=1e-8)
    metric = found["metrics"]["mae"]
    assert sorted(metric["values"]) == pytest.approx(sorted(abs(errors)), rel=1e-8)
    assert metric["mean"] == pytest.approx(np.mean(abs(errors)), rel=1e-8)
    assert metric["deviation"] == pytest.approx(np.std(abs(errors), ddof=1), rel=1e-8)
    # The answer is that of all rows.
    w, b = np.polyfit(X, Y, 1)
    assert document["parameters"] == pytest.approx({"w": w, "b": b}, rel=1e-9)
    assert document["rows"] == {"train": 8, "holdout": 0, "skipped": 0}


def test_what_fills_a_gap_is_the_mean_of_the_rows_learned_from(tmp_path: Path, cgraph: Run) -> None:
    rows = [*zip(["", *X[1:]], Y, strict=True)]
    path, model = written(tmp_path / "a.csv", rows), tmp_path / "m.json"
    more = ["--missing", "mean", "--folds", "8", "--json", "-o", str(model)]
    document = json.loads(cgraph(*LINE, "-d", path, *more).out)
    errors = []
    for out in range(8):
        known = np.array([np.nan, *X[1:]])
        known[0] = np.mean([x for k, x in enumerate(X) if k not in (0, out)])
        rest = [k for k in range(8) if k != out]
        w, b = np.polyfit(known[rest], np.array(Y)[rest], 1)
        errors.append(abs(w * known[out] + b - Y[out]))
    assert sorted(document["folds"]["metrics"]["mae"]["values"]) == pytest.approx(sorted(errors))
    kept = json.loads(model.read_text())["data"]["read"]["means"]
    assert kept["x"] == pytest.approx(np.mean(X[1:]))


def test_every_row_is_held_out_once_by_the_seed(tmp_path: Path, cgraph: Run) -> None:
    path = written(tmp_path / "a.csv", [(k * k, 3) for k in range(98)])
    program = ["train", "m + 0*y - x", "m=0", "-d", path, "--residual", "--metric", "x", "--json"]
    found = [
        json.loads(cgraph(*program, "--folds", "7", "--seed", seed).out)["folds"]["metrics"]["x"]
        for seed in ("4", "4", "5")
    ]
    assert found[0] == found[1] != found[2]
    for spread in found:
        assert len({*spread["values"]}) == 7
        # Parts of one size: the mean of their means is that of all rows.
        assert spread["mean"] == pytest.approx(np.mean(np.arange(98.0) ** 2))


def test_a_part_that_ends_badly_is_told(tmp_path: Path, cgraph: Run) -> None:
    path = written(tmp_path / "a.csv", [(1, 2), (1, 3), (1, 2), (2, 5)])
    ran = cgraph("train", "w*x + b - y", "w=0", "b=0", "-d", path, "--residual", "--folds", "4")
    assert ran.status == 1
    assert "warning: without part" in ran.err
    assert "of the rows, w and b: not determined apart" in ran.err


@pytest.mark.parametrize("optimizer", ["lm", "lbfgs", "adam"])
def test_rows_of_a_file_are_held_out(optimizer: str, tmp_path: Path, cgraph: Run) -> None:
    path = written(tmp_path / "a.csv", [*zip(X, Y, strict=True)])
    outside = written(tmp_path / "v.csv", [(10, 19), (11, 23.5)])
    model, program = str(tmp_path / "m.json"), LINE
    if optimizer != "lm":
        program = ["train", "p = w*x + b; (p - y)^2", "w=0", "b=0", "--optimizer", optimizer]
        program += ["--metric", "mae=abs(p - y)", "--epochs", "300"]
    ran = cgraph(*program, "-d", path, "--holdout", outside, "--json", "-o", model)
    document = json.loads(ran.out)
    w, b = (document["parameters"][name] for name in "wb")
    errors = [w * 10 + b - 19, w * 11 + b - 23.5]
    assert document["holdout_cost"] == pytest.approx(np.mean(np.square(errors)))
    assert document["metrics"]["mae"]["holdout"] == pytest.approx(np.mean(np.abs(errors)))
    assert document["rows"] == {"train": 8, "holdout": 2, "skipped": 0}
    ran = cgraph("train", "--resume", model, "--epochs", "400")
    assert "2 held out" in ran.out, ran.err
    written(tmp_path / "v.csv", [(10, 19), (11, 24)])
    ran = cgraph("train", "--resume", model, "--epochs", "400")
    assert (ran.status, "is not what" in ran.err) == (2, True)


def test_a_file_held_out_is_read_as_the_other(tmp_path: Path, cgraph: Run) -> None:
    (tmp_path / "a.csv").write_text(
        "k,x,t,y\nb,1,2024-01-02,3\na,,2024-01-03,5\nb,3,2024-01-05,7\n"
    )
    (tmp_path / "v.csv").write_text("y,t,x,k\n4,2024-01-04,,a\n")
    words = [
        "train", "p = U[k] + x + t; p - y", "-d", str(tmp_path / "a.csv"), "U=zeros(2)",
        "--category", "k", "--date", "t=days since 2024-01-01", "--missing", "mean", "--residual",
        "--holdout", str(tmp_path / "v.csv"), "--metric", "p", "--json",
    ]  # fmt: skip
    document = json.loads(cgraph(*words).out)
    b, a = document["parameters"]["U"]
    assert (b, a) == pytest.approx((0.5, 1.0))
    # The mean of 1 and 3 stands for what is missing there too.
    assert document["metrics"]["p"]["holdout"] == pytest.approx(a + 2 + 3)
    (tmp_path / "v.csv").write_text("y,t,x,k\n4,2024-01-04,1,c\n")
    ran = cgraph(*words)
    assert ran.status == 2
    assert "v.csv, row 1 (line 2), column 'k': 'c' is none of its categories" in ran.out
    (tmp_path / "v.csv").write_text("y,t,x\n4,2024-01-04,1\n")
    assert "v.csv: there is no column 'k'" in cgraph(*words).out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--folds", "2", "--holdout", "0.5"], "--folds holds every row out by turns"),
        (["--folds", "9"], "--folds: 8 rows cannot be held out in 9 parts"),
        (["--folds", "1"], "--folds is a whole number from 2 to 1,000"),
        (["--folds", "2", "--patience", "3"], "least squares goes to the minimum"),
        (["--holdout", "1.5"], "--holdout is a number from 0 to 0.9"),
        (["--holdout", "gone.csv"], "gone.csv: there is no such file"),
    ],
    ids=" ".join,
)
def test_what_does_not_go_together(
    more: list[str], message: str, tmp_path: Path, cgraph: Run
) -> None:
    path = written(tmp_path / "a.csv", [*zip(X, Y, strict=True)])
    ran = cgraph(*LINE, "-d", path, *more)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err


def test_the_library_holds_out_as_the_command_does() -> None:
    data = {"x": X, "y": Y}
    start, more = {"w": 0.0, "b": 0.0}, {"residual": True, "metrics": {"mae": "abs(w*x + b - y)"}}
    fit = cgcli.train("w*x + b - y", data, start, folds=8, **more)  # type: ignore[arg-type]
    errors = left_out(np.array(X), np.array(Y))
    assert fit.folds is not None
    assert sorted(fit.folds.costs) == pytest.approx(sorted(errors**2), rel=1e-8)
    outside = {"x": [10.0], "y": [19.0]}
    fit = cgcli.train("w*x + b - y", data, start, holdout=outside, **more)  # type: ignore[arg-type]
    expected = (fit.parameters["w"] * 10 + fit.parameters["b"] - 19) ** 2
    assert fit.holdout == pytest.approx(expected)


@pytest.mark.parametrize(
    "words",
    [
        ["--residual", "--holdout", "held.csv"],
        ["--optimizer", "lbfgs", "--holdout", "held.csv", "--patience", "2"],
        ["--lr", "0.1", "--holdout", "held.csv", "--patience", "2"],
    ],
)
def test_rows_held_out_without_a_cost_are_told(
    words: list[str], cgraph: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("x,y\n1,1\n2,1.9\n3,2.8\n")
    (tmp_path / "held.csv").write_text("x,y\n2,5\n-1,1\n")
    text = "w*log(x) + b - y" if "--residual" in words else "(w*log(x) + b - y)^2"
    ran = cgraph("train", text, "-d", "rows.csv", "w=0", "b=0", *words)
    assert ran.status == 1
    assert "on the rows held out the cost is not finite: row 5, node" in ran.err
    assert "log(x) is not defined at x = -1" in ran.err
