"""What a run leaves in doubt is said: against NumPy's own least squares, and by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import Ran

Command = Callable[..., Ran]


def fit(cgraph: Command, folder: Path, text: str, rows: str, *more: str) -> tuple[Any, str]:
    data = folder / "rows.csv"
    data.write_text(rows, encoding="utf-8")
    plain = cgraph("train", text, "-d", str(data), *more)
    return json.loads(cgraph("train", text, "-d", str(data), *more, "--json").out), plain.err


def test_parameters_that_are_told_together_have_no_errors(cgraph: Command, tmp_path: Path) -> None:
    rows = "x1,x2,y\n1,2,2.1\n2,4,3.9\n3,6,6.2\n4,8,7.7\n"
    document, err = fit(cgraph, tmp_path, "a*x1 + b*x2 - y", rows, "a=1", "b=1", "--residual")
    assert "warning: a and b: not determined apart" in err
    assert document["doubts"] == [err.removeprefix("warning: ").strip()]
    assert document["standard_errors"] == {"a": "Infinity", "b": "Infinity"}


def test_what_does_not_matter_leaves_the_others_their_errors(
    cgraph: Command, tmp_path: Path
) -> None:
    x, y = np.arange(1.0, 7.0), np.array([2.1, 3.9, 6.2, 7.7, 10.4, 11.8])
    rows = "x,y\n" + "".join(f"{a},{b}\n" for a, b in zip(x, y, strict=True))
    more = ("w=1", "b=0", "c=3", "--residual")
    document, err = fit(cgraph, tmp_path, "w*x + b + 0*c - y", rows, *more)
    assert "warning: c does not matter" in err
    design = np.stack([x, np.ones_like(x)], axis=1)
    beta, (total,), *_ = np.linalg.lstsq(design, y, rcond=None)
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * total / (len(x) - 2))
    assert [document["parameters"][n] for n in "wb"] == pytest.approx(beta, rel=1e-12)
    assert [document["standard_errors"][n] for n in "wb"] == pytest.approx(errors, rel=1e-9)
    assert document["standard_errors"]["c"] == "Infinity"


def test_parameters_that_stay_where_they_start_are_told(cgraph: Command, tmp_path: Path) -> None:
    rows = "x,y\n1,1\n2,3\n"
    _, err = fit(cgraph, tmp_path, "(v*tanh(w*x) + b - y)^2", rows, "w=0", "v=0", "b=0")
    assert "warning: v and w: the gradient by it is 0" in err


@pytest.mark.parametrize(("rate", "told"), [("0.0005", True), ("0.1", False)])
def test_a_cost_that_is_falling_still_is_told(
    rate: str, told: bool, cgraph: Command, tmp_path: Path
) -> None:
    _, err = fit(cgraph, tmp_path, "(w*x - y)^2", "x,y\n1,2\n2,4.1\n", "w=0", "--lr", rate)
    assert ("warning: the cost is still falling" in err) is told
