"""Every optimiser's first 50 steps are PyTorch's: against a stored table, and PyTorch itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cgcli.learning.optimisers import OPTIMISERS
from tests.learning.optimiser_runs import PROGRAM, RUNS, STEPS, TABLE, data, run_of_torch

Run = Callable[..., Any]


def own_run(cgraph: Run, folder: Path, words: list[str], steps: int) -> list[float]:
    """The flat parameters after some steps, by the command line."""
    start, columns = data()
    path = folder / "rows.jsonl"
    lines = [
        json.dumps({"x": x.tolist(), "y": y})
        for x, y in zip(columns["x"], columns["y"].tolist(), strict=True)
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    initials = [f"{name}={json.dumps(np.asarray(value).tolist())}" for name, value in start.items()]
    bound = ["--epochs", str(STEPS), "--steps", str(steps)]
    if "cosine" in words:
        bound = ["--epochs", str(STEPS)]
    ran = cgraph("train", PROGRAM, "-d", str(path), *initials, *words, *bound, "--json")
    assert ran.status == 0, ran.err
    found = json.loads(ran.out)["parameters"]
    return [each for name in start for each in np.asarray(found[name]).reshape(-1)]


@pytest.mark.parametrize("name", RUNS)
def test_against_the_table(name: str, cgraph: Run, tmp_path: Path) -> None:
    table = json.loads(TABLE.read_text("utf-8"))
    words = RUNS[name]["words"]
    for steps in (STEPS,) if "cosine" in words else (1, 2, 10, STEPS):
        found = own_run(cgraph, tmp_path, words, steps)
        np.testing.assert_allclose(found, table[name][steps - 1], rtol=1e-10, atol=1e-12)


def test_every_optimiser_is_in_the_table() -> None:
    used = {
        run["words"][run["words"].index("--optimizer") + 1]
        for run in RUNS.values()
        if "--optimizer" in run["words"]
    }
    assert used | {"gd"} == set(OPTIMISERS)


@pytest.mark.torch
@pytest.mark.parametrize("name", RUNS)
def test_the_table_is_that_of_pytorch(name: str) -> None:
    pytest.importorskip("torch")
    table = json.loads(TABLE.read_text("utf-8"))
    np.testing.assert_allclose(run_of_torch(RUNS[name]["words"]), table[name], rtol=1e-10)
