"""The statistics of least squares: SciPy's regression, textbook formulas, and NIST's figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import Ran

Command = Callable[..., Ran]

stats = pytest.importorskip("scipy.stats")

X = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10])
Y = np.array([3.2, 4.9, 7.4, 8.7, 11.3, 12.6, 15.2, 17.1, 18.5, 21.6])
SIGMA = np.array([0.1, 0.2, 0.1, 0.3, 0.2, 0.2, 0.1, 0.4, 0.2, 0.3])


def fitted(cgraph: Command, folder: Path, text: str, *words: str) -> Any:
    data = folder / "rows.csv"
    rows = zip(X.tolist(), Y.tolist(), SIGMA.tolist(), strict=True)
    data.write_text("x,y,s\n" + "".join(f"{x},{y},{s}\n" for x, y, s in rows), "utf-8")
    ran = cgraph("train", text, "-d", str(data), *words, "--residual", "--json")
    assert ran.status == 0, ran.err
    return json.loads(ran.out)


def test_a_line_against_scipy(cgraph: Command, tmp_path: Path) -> None:
    document = fitted(cgraph, tmp_path, "w*x + b - y", "w=0", "b=0")
    line = stats.linregress(X, Y)
    known = document["statistics"]
    assert document["standard_errors"] == pytest.approx(
        {"w": line.stderr, "b": line.intercept_stderr}
    )
    assert known["p_value"]["w"] == pytest.approx(line.pvalue, rel=1e-8)
    assert known["t"]["w"] == pytest.approx(line.slope / line.stderr)
    assert known["r_squared"] == pytest.approx(line.rvalue**2)
    reach = stats.t.ppf(0.975, 8)
    for name, value, error in (
        ("w", line.slope, line.stderr),
        ("b", line.intercept, line.intercept_stderr),
    ):
        ends = [value - reach * error, value + reach * error]
        assert known["confidence_95"][name] == pytest.approx(ends)


@pytest.mark.parametrize("sign", ["w*x + b - y", "y - (w*x + b)", "(w*x + b - y)/s"])
def test_matrices_and_figures_by_the_formulas_of_textbooks(
    sign: str, cgraph: Command, tmp_path: Path
) -> None:
    weight = 1 / SIGMA if "s" in sign else np.ones_like(X)
    design = np.stack([X, np.ones_like(X)], axis=1) * weight[:, None]
    beta, (total,), *_ = np.linalg.lstsq(design, Y * weight, rcond=None)
    covariance = np.linalg.inv(design.T @ design) * total / 8
    roots = np.sqrt(np.diag(covariance))
    document = fitted(cgraph, tmp_path, sign, "w=1", "b=1")
    known = document["statistics"]
    assert known["degrees_of_freedom"] == 8
    assert np.array(known["covariance"]) == pytest.approx(covariance, rel=1e-8)
    assert np.array(known["correlation"]) == pytest.approx(covariance / np.outer(roots, roots))
    mean = (weight**2 @ Y) / (weight**2).sum()
    r_squared = 1 - total / (weight**2 @ (Y - mean) ** 2)
    assert known["r_squared"] == pytest.approx(r_squared, rel=1e-10)
    assert known["adjusted_r_squared"] == pytest.approx(1 - (1 - r_squared) * 9 / 8, rel=1e-10)
    # The logarithm of the likelihood of normal residuals, at its greatest.
    likelihood = stats.norm.logpdf(design @ beta - Y * weight, scale=np.sqrt(total / 10)).sum()
    assert known["aic"] == pytest.approx(2 * 3 - 2 * likelihood)
    assert known["bic"] == pytest.approx(np.log(10) * 3 - 2 * likelihood)
    left = (design @ beta - Y * weight) * (-1 if sign[0] == "y" else 1)
    assert known["residual_quartiles"] == pytest.approx(np.percentile(left, [0, 25, 50, 75, 100]))


def test_a_curve_by_what_nist_certifies(cgraph: Command, tmp_path: Path) -> None:
    """Misra1a: its standard errors, with t and its intervals from them."""
    path = Path(__file__).parent / "nist"
    lines = map(json.loads, (path / "nist.jsonl").read_text("utf-8").splitlines())
    case = next(case for case in lines if case["name"] == "Misra1a")
    initials = [f"{name}={value!r}" for name, value in case["start2"].items()]
    words = ("-d", str(path / "Misra1a.csv"), *initials, "--residual", "--json")
    known = json.loads(cgraph("train", f"{case['model']} - y", *words).out)["statistics"]
    reach = stats.t.ppf(0.975, case["dof"])
    for name, value in case["certified"].items():
        error = case["certified_stderr"][name]
        assert known["t"][name] == pytest.approx(value / error, rel=1e-6)
        ends = [value - reach * error, value + reach * error]
        assert known["confidence_95"][name] == pytest.approx(ends, rel=1e-6)


def test_what_is_not_determined_has_no_figures_and_spoils_none(
    cgraph: Command, tmp_path: Path
) -> None:
    data = tmp_path / "rows.csv"
    data.write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in zip(X, Y, strict=True)), "utf-8")
    words = ("-d", str(data), "w=1", "b=0", "c=5", "--residual", "--json")
    plain = fitted(cgraph, tmp_path, "w*x + b - y", "w=1", "b=0")["statistics"]
    ran = cgraph("train", "w*x + b + 0*c - y", *words)
    assert ran.status == 1
    known = json.loads(ran.out)["statistics"]
    assert known["degrees_of_freedom"] == 8
    for field in ("t", "p_value", "confidence_95"):
        for name in ("w", "b"):
            assert known[field][name] == pytest.approx(plain[field][name], rel=1e-9)
    assert known["covariance"][2][2] == "Infinity"
    assert known["r_squared"] == pytest.approx(plain["r_squared"])


@pytest.mark.parametrize(("wide", "high"), [(1e-15, 1e-20), (1e12, 1.0), (1e9, 1e15)])
def test_units_change_no_verdict(wide: float, high: float, cgraph: Command, tmp_path: Path) -> None:
    """Femtoseconds in seconds, and a column that is in turn small beside that."""
    data = tmp_path / "rows.csv"
    beside = (np.cos(3 * X) * 1e-9).tolist()
    rows = zip((X * wide).tolist(), beside, (Y * high).tolist(), strict=True)
    data.write_text("x,z,y\n" + "".join(f"{x},{z},{y}\n" for x, z, y in rows), "utf-8")
    words = ("-d", str(data), "w=0", "c=0", "b=0", "--residual", "--json")
    ran = cgraph("train", "w*x + c*z + b - y", *words)
    assert ran.status == 0, ran.err
    columns = np.stack([X, np.cos(3 * X), np.ones(10)], axis=1)
    values, left = np.linalg.lstsq(columns, Y, rcond=None)[:2]
    errors = np.sqrt(left[0] / 7 * np.linalg.inv(columns.T @ columns).diagonal())
    units = dict(zip("wcb", [high / wide, high * 1e9, high], strict=True))
    document = json.loads(ran.out)
    for known, wanted in (("parameters", values), ("standard_errors", errors)):
        got = [document[known][name] / unit for name, unit in units.items()]
        assert got == pytest.approx(wanted.tolist(), rel=1e-6)


@pytest.mark.parametrize(("width", "heads"), [("60", "to"), ("100", "p"), ("40", "error")])
def test_a_table_has_what_fits(
    width: str, heads: str, cgraph: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "rows.csv"
    data.write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in zip(X, Y, strict=True)), "utf-8")
    monkeypatch.setenv("COLUMNS", width)
    ran = cgraph("train", "w*x + b - y", "-d", str(data), "w=1", "b=0", "--residual")
    first = ran.out.splitlines()[0]
    assert max(map(len, ran.out.splitlines())) <= int(width)
    assert first.split()[-1] == heads
