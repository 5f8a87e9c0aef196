"""Bands about a fit: by the formulas of a line, by simulation, and by what others compute."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import curve_fit

import cgcli
from cgcli.learning.bands import Bands, bands
from cgcli.learning.fitting import fit_residuals
from cgcli.learning.given import Given
from cgcli.learning.preparing import Reading, prepare
from cgcli.learning.sources import Source
from cgcli.learning.tables import ROW
from cgcli.program import Program, parse
from tests import amounts

X = np.array([0.5, 1.0, 2.0, 3.5, 4.0, 6.0, 7.5])
Y = np.array([1.1, 2.3, 3.7, 7.4, 8.1, 11.6, 15.4])
CURVE = "a*exp(-k*x) + c - y"


def fitted(program: Program, initial: dict[str, Any], columns: dict[str, Any]) -> Bands | None:
    def rows(wanted: Any, report: Any) -> Iterator[dict[str, Any]]:
        count = len(columns["x"])
        report.rows += count
        yield {**{name: columns[name] for name in wanted.names}, ROW: np.arange(1.0, count + 1)}

    at_hand = prepare(Given(program, initial, {}), Source("rows", list(columns), rows), Reading())
    fit = fit_residuals(at_hand.task, at_hand.train, 1000)
    return bands(at_hand.task, at_hand.train, fit)


def test_the_bands_of_a_line() -> None:
    shuffled = np.array([3, 0, 6, 2, 5, 1, 4])
    columns = {"x": X[shuffled], "y": Y[shuffled]}
    of = fitted(parse("w*x + b - y"), {"w": 0.0, "b": 0.0}, columns)
    assert of is not None
    w, b = np.polyfit(X, Y, 1)
    count, left = len(X), Y - (w * X + b)
    s = np.sqrt(left @ left / (count - 2))
    lever = 1 / count + (X - X.mean()) ** 2 / ((X - X.mean()) ** 2).sum()
    reach = stats.t.ppf(0.975, count - 2) * s
    assert of.name == "x"
    for got, wanted in zip(
        of[1:6], (X, Y, w * X + b, reach * np.sqrt(lever), reach * np.sqrt(1 + lever)), strict=True
    ):
        np.testing.assert_allclose(got, wanted, rtol=1e-10)


def test_known_errors_widen_the_band_of_another_row() -> None:
    errors = np.linspace(0.1, 0.4, len(X))
    columns = {"x": X, "y": Y, "s": errors}
    program = parse("p = w*x + b; (p - y)/s")
    of = fitted(program, {"w": 0.0, "b": 0.0}, columns)
    assert of is not None
    design = np.stack([X, np.ones_like(X)], axis=1) / errors[:, None]
    inverse = np.linalg.inv(design.T @ design)
    best = inverse @ design.T @ (Y / errors)
    left = Y / errors - design @ best
    variance = left @ left / (len(X) - 2)
    plain = design * errors[:, None]
    spread = np.einsum("ij,jk,ik->i", plain, inverse, plain) * variance
    reach = stats.t.ppf(0.975, len(X) - 2)
    np.testing.assert_allclose(of.observed, Y, rtol=1e-12)
    np.testing.assert_allclose(of.confidence, reach * np.sqrt(spread), rtol=1e-9)
    np.testing.assert_allclose(
        of.prediction, reach * np.sqrt(spread + variance * errors**2), rtol=1e-9
    )


WAYS = ["w*x + b - y", "y - w*x - b", "-y + b + w*x", "b - y + w*x", "w*x - y + b", "b - (y - w*x)"]


@pytest.mark.parametrize("text", WAYS)
def test_a_target_is_told_however_it_is_subtracted(text: str) -> None:
    of = fitted(parse(text), {"w": 0.0, "b": 0.0}, {"x": X, "y": Y})
    w, b = np.polyfit(X, Y, 1)
    assert of is not None
    assert (of.name, of.target, of.weighted) == ("x", "y", False)
    np.testing.assert_allclose(of.observed, Y, rtol=1e-10)
    np.testing.assert_allclose(of.predicted, w * X + b, rtol=1e-9)
    sign = -1 if text == "y - w*x - b" else 1
    np.testing.assert_allclose(of.left, sign * (w * X + b - Y), atol=1e-9)


@pytest.mark.parametrize("text", ["(y - w*x - b)/s", "y/s - (w*x + b)/s", "(w*x + b - y)/s"])
def test_the_weights_are_no_target(text: str) -> None:
    errors = np.linspace(0.1, 0.4, len(X))
    of = fitted(parse(text), {"w": 0.0, "b": 0.0}, {"x": X, "y": Y, "s": errors})
    w, b = np.polyfit(X, Y, 1, w=1 / errors)
    assert of is not None
    assert (of.name, of.target, of.weighted) == ("x", "y", True)
    np.testing.assert_allclose(of.predicted, w * X + b, rtol=1e-9)


def test_a_curve_is_drawn_between_the_rows() -> None:
    chance = np.random.default_rng(5)
    y = 2.5 * np.exp(-0.7 * X) + 0.3 + 0.05 * chance.normal(size=len(X))
    of = fitted(parse(CURVE), {"a": 2.0, "k": 1.0, "c": 0.0}, {"x": X, "y": y})
    assert of is not None
    assert of.curve is not None
    assert len(of.curve.x) == 200
    (a, k, c), _ = curve_fit(lambda x, a, k, c: a * np.exp(-k * x) + c, X, y, [2, 1, 0])
    np.testing.assert_allclose(of.curve.predicted, a * np.exp(-k * of.curve.x) + c, rtol=1e-5)


def test_a_target_of_a_function_is_that_of_its_name() -> None:
    of = fitted(parse("log(y) - b - w*x"), {"w": 0.0, "b": 0.0}, {"x": X, "y": Y})
    assert of is not None
    assert of.target == "log(y)"
    np.testing.assert_allclose(of.observed, np.log(Y), rtol=1e-10)


def test_an_offset_is_no_target() -> None:
    offset = np.linspace(0.5, 0.1, len(X))
    columns = {"x": X, "y": Y, "o": offset}
    of = fitted(parse("w*x + b + o - log(y)"), {"w": 0.0, "b": 0.0}, columns)
    assert of is not None
    np.testing.assert_allclose(of.observed, np.log(Y), rtol=1e-9)


@pytest.mark.parametrize("text", ["a*x*b*y", "w*x + v*x - y"])
def test_there_are_no_bands_without_target_or_parameters(text: str) -> None:
    names = [name for name in "abwv" if name in text]
    assert fitted(parse(text), dict.fromkeys(names, 1.0), {"x": X, "y": Y}) is None


def simulated(count: int) -> tuple[float, float, float]:
    """How often the bands, and the parameters' intervals, have the truth, or another row."""
    chance = np.random.default_rng(2026)
    x = np.linspace(0.0, 4.0, 25)
    truth = 2.5 * np.exp(-0.7 * x) + 0.3
    program = parse(CURVE)
    inside = np.zeros(2)
    for _ in range(count):
        y = truth + 0.1 * chance.normal(size=len(x))
        of = fitted(program, {"a": 2.0, "k": 1.0, "c": 0.0}, {"x": x, "y": y})
        assert of is not None
        another = truth + 0.1 * chance.normal(size=len(x))
        inside[0] += np.mean(np.abs(of.predicted - truth) <= of.confidence)
        inside[1] += np.mean(np.abs(of.predicted - another) <= of.prediction)
    return (*(inside / count), count)


def test_the_bands_cover_what_they_say_roughly() -> None:
    confidence, prediction, _ = simulated(60)
    assert 0.90 <= confidence <= 0.99
    assert 0.92 <= prediction <= 0.98


@pytest.mark.long
def test_the_bands_cover_what_they_say() -> None:
    confidence, prediction, _ = simulated(2500)
    assert 0.94 <= confidence <= 0.96
    assert 0.94 <= prediction <= 0.96


def test_a_fit_is_drawn_with_its_bands_and_residuals(tmp_path: Path, cgraph: Any) -> None:
    data, picture = tmp_path / "rows.csv", tmp_path / "fit.svg"
    data.write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in zip(X, Y, strict=True)))
    words = ["train", "w*x + b - y", "-d", str(data), "w=0", "b=0", "--residual", "--plot"]
    done = cgraph(*words, str(picture))
    assert done.status == 0
    assert done.out.startswith("residuals along x\n")
    dots = done.out.partition("\n\n")[0].splitlines()[1:]
    assert len(dots) == 9
    assert sum(line.count("•") for line in dots) == len(X)
    tree = ET.fromstring(picture.read_text(encoding="utf-8"))
    kinds = [element.tag.rpartition("}")[2] for element in tree]
    assert (kinds.count("circle"), kinds.count("polygon"), kinds.count("polyline")) == (14, 2, 1)
    numbers = re.findall(r"[\d.]+", " ".join(element.get("points", "") for element in tree))
    assert all(0 <= float(number) <= 640 for number in numbers)
    words[1] = "w*x*y + b"
    assert "note: there is no fit to draw" in cgraph(*words, str(tmp_path / "no.svg")).err
    assert not (tmp_path / "no.svg").exists()


@pytest.mark.stats
@pytest.mark.skipif(find_spec("statsmodels") is None, reason="statsmodels is not installed")
def test_a_line_as_statsmodels_has_it(tmp_path: Path, cgraph: Any) -> None:
    import json

    import statsmodels.api as sm

    model = sm.OLS(Y, sm.add_constant(X)).fit()
    data = tmp_path / "rows.csv"
    data.write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in zip(X, Y, strict=True)))
    words = ["train", "w*x + b - y", "-d", str(data), "w=0", "b=0", "--residual", "--json"]
    document = json.loads(cgraph(*words).out)
    known = document["statistics"]
    close = {"rel": 1e-9}
    assert [document["parameters"][n] for n in "bw"] == pytest.approx(list(model.params), **close)
    assert [document["standard_errors"][n] for n in "bw"] == pytest.approx(list(model.bse), **close)
    assert [known["t"][n] for n in "bw"] == pytest.approx(list(model.tvalues), **close)
    assert [known["p_value"][n] for n in "bw"] == pytest.approx(list(model.pvalues), rel=1e-7)
    for name, ends in zip("bw", model.conf_int(), strict=True):
        assert known["confidence_95"][name] == pytest.approx(list(ends), **close)
    assert known["r_squared"] == pytest.approx(model.rsquared, **close)
    assert known["adjusted_r_squared"] == pytest.approx(model.rsquared_adj, **close)
    # Here the spread of the residuals counts as a parameter.
    assert known["aic"] == pytest.approx(model.aic + 2, **close)
    assert known["bic"] == pytest.approx(model.bic + np.log(len(X)), **close)
    of = fitted(parse("w*x + b - y"), {"w": 0.0, "b": 0.0}, {"x": X, "y": Y})
    frame = model.get_prediction().summary_frame()
    assert of is not None
    np.testing.assert_allclose(of.predicted + of.confidence, frame["mean_ci_upper"], rtol=1e-9)
    np.testing.assert_allclose(of.predicted - of.prediction, frame["obs_ci_lower"], rtol=1e-9)


@pytest.mark.stats
@pytest.mark.skipif(find_spec("lmfit") is None, reason="lmfit is not installed")
@pytest.mark.filterwarnings("default")
def test_a_curve_as_lmfit_has_it() -> None:
    from lmfit import Model

    chance = np.random.default_rng(3)
    x = np.linspace(0.0, 4.0, 25)
    y = 2.5 * np.exp(-0.7 * x) + 0.3 + 0.1 * chance.normal(size=25)
    of = fitted(parse(CURVE), {"a": 2.0, "k": 1.0, "c": 0.0}, {"x": x, "y": y})
    model = Model(lambda x, a, k, c: a * np.exp(-k * x) + c)
    other = model.fit(y, x=x, a=2.0, k=1.0, c=0.0, fit_kws={"ftol": 1e-14, "xtol": 1e-14})
    assert of is not None
    np.testing.assert_allclose(of.predicted, other.best_fit, rtol=1e-6)
    wide = other.eval_uncertainty(sigma=0.95)
    np.testing.assert_allclose(of.confidence, wide, rtol=1e-3)


def predicted(
    of: str, text: str = "p = w*x + b; p - y", level: float = 0.95, **options: Any
) -> Any:
    fit = cgcli.train(text, {"x": X, "y": Y}, {"w": 0, "b": 0}, residual=True, **options)
    return fit, cgcli.predict(fit, {"x": X}, of=of, bands=level)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_predictions_have_the_bands_of_a_line(level: float) -> None:
    _, rows = predicted("p", level=level)
    w, b = np.polyfit(X, Y, 1)
    count, left = len(X), Y - (w * X + b)
    s = np.sqrt(left @ left / (count - 2))
    lever = 1 / count + (X - X.mean()) ** 2 / ((X - X.mean()) ** 2).sum()
    reach = stats.t.ppf((1 + level) / 2, count - 2) * s
    for kind, wide in (("confidence", lever), ("prediction", 1 + lever)):
        for end, sign in (("low", -1), ("high", 1)):
            exact = w * X + b + sign * reach * np.sqrt(wide)
            np.testing.assert_allclose(rows[f"p_{kind}_{end}"], exact, rtol=1e-9)


def test_a_band_of_prediction_is_of_what_the_residual_is_of() -> None:
    _, once = predicted("p")
    half = once["p_prediction_high"] - once["p"]
    for of, part in (("w*x + b", 1), ("2*p", 2), ("3 - p/4", 1 / 4)):
        _, rows = predicted(of)
        np.testing.assert_allclose(rows[f"{of}_prediction_high"] - rows[of], part * half)
        _, rows = predicted(of, "(w*x + b - y)/5" if "p" not in of else "p = w*x + b; (p - y)/5")
        np.testing.assert_allclose(rows[f"{of}_prediction_high"] - rows[of], part * half)
    for of in ("exp(p)", "w", "p^2"):
        names = predicted(of)[1].names
        assert [name.removeprefix(of) for name in names] == [
            "", "_confidence_low", "_confidence_high",
        ]  # fmt: skip
    _, rows = predicted("exp(p)")
    np.testing.assert_allclose(
        rows["exp(p)_confidence_high"] - rows["exp(p)"],
        np.exp(once["p"]) * (once["p_confidence_high"] - once["p"]),
    )


def test_the_errors_of_rows_decide_on_the_band_of_prediction() -> None:
    fit, rows = predicted("p", sigma=0.3)
    assert fit.statistics is not None
    z = stats.norm.ppf(0.975)
    wide = (rows["p_prediction_high"] - rows["p"]) / z
    narrow = (rows["p_confidence_high"] - rows["p"]) / z
    np.testing.assert_allclose(wide**2, narrow**2 + 0.09)
    data = {"x": X, "y": Y, "s": np.linspace(0.1, 0.4, len(X))}
    for text, options in (("w*x + b - y", {"sigma": "s"}), ("(w*x + b - y)/s", {})):
        fit = cgcli.train(text, data, {"w": 0, "b": 0}, residual=True, **options)
        for given in (data, {"x": X}):
            assert len(cgcli.predict(fit, given, of="w*x + b", bands=0.9).names) == 3


def test_bands_are_written_from_a_model(tmp_path: Path, cgraph: Any) -> None:
    data, model = tmp_path / "rows.csv", str(tmp_path / "model.json")
    data.write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in zip(X, Y, strict=True)))
    words = ["train", "p = w*x + b; p - y", "-d", str(data), "w=0", "b=0"]
    cgraph(*words, "--residual", "--bound", "w=0..1.5", "-o", model)
    asked = ["predict", model, "-d", str(data)]
    ran = cgraph(*asked, "--of", "p", "--bands", "0.9", "--keep", "y")
    assert ran.out.startswith(
        "row,y,p,p_confidence_low,p_confidence_high,p_prediction_low,p_prediction_high\n1,1.1,"
    )
    low, high = (float(cell) for cell in ran.out.splitlines()[1].split(",")[3:5])
    assert low < high
    for more, said in (
        (["--of", "p", "--bands", "1.5"], "--bands is a level between 0 and 1, not 1.5"),
        (["--bands", "0.9"], "--bands stand about one prediction"),
        (["--of", "p,w", "--bands", "0.9"], "--bands stand about one prediction"),
    ):
        assert cgraph(*asked, *more).err.startswith(f"error: {said}")
    cgraph(*words[:1], "(w*x + b - y)^2", *words[2:], "-o", model)
    assert "this model knows of no errors" in cgraph(*asked, "--of", "w", "--bands", "0.9").err


@amounts.sampled
def test_the_bands_of_predictions_cover_what_they_say() -> None:
    count = 150 if amounts.whole else 60
    chance, x = np.random.default_rng(11), np.linspace(0, 4, 25)
    inside = np.zeros(2)
    program = cgcli.parse("p = a*exp(-k*x) + c; p - y")
    for _ in range(count):
        y, other = 2.5 * np.exp(-0.7 * x) + 0.3 + 0.1 * chance.normal(size=(2, 25))
        fit = cgcli.train(program, {"x": x, "y": y}, {"a": 2, "k": 1, "c": 0}, residual=True)
        rows = cgcli.predict(fit, {"x": x}, of="p", bands=0.95)
        truth = 2.5 * np.exp(-0.7 * x) + 0.3
        for k, (kind, hit) in enumerate((("confidence", truth), ("prediction", other))):
            inside[k] += np.mean((rows[f"p_{kind}_low"] <= hit) & (hit <= rows[f"p_{kind}_high"]))
    assert ((inside / count > 0.92) & (inside / count < 0.98)).all()
