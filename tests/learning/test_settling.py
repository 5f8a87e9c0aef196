"""Descents without options reach the least-squares answer; a rate that is given stays as it is."""

from __future__ import annotations

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
    assert "rates chosen from the data took it on; --lr 0.001 keeps to that rate" in ran.err
    ran = cgraph("train", "(w*x + b - y)^2", "-d", written(tmp_path, "large"), "w=0", "b=0")
    assert "at the usual rate, 0.01, the cost grew" in ran.err


def test_the_end_at_a_kink_is_told(cgraph: Command, tmp_path: Path) -> None:
    ran = cgraph(
        "train", "abs(w*x + b - y)", "-d", written(tmp_path, "outlier"), "w=0", "b=0", "--json"
    )
    end = json.loads(ran.out)["end"]
    assert ran.status == 1
    assert "kink" in [doubt["kind"] for doubt in end["doubts"]]


def test_the_limit_of_the_work_is_told(cgraph: Command, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n100,3\n200,5.1\n300,6.9\n400,9\n", "utf-8")
    words = ("-d", str(path), "w=0", "b=0", "--optimizer", "momentum", "--json")
    ran = cgraph("train", "(w*x + b - y)^2", *words)
    end = json.loads(ran.out)["end"]
    assert ran.status == 1
    assert end["kind"] == "stopped"
    assert end["doubts"][0]["kind"] == "unconverged"
    assert "--scale" in end["doubts"][0]["hint"]
