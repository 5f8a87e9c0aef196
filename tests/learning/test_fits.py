"""Known errors, robust losses, restarts and likelihoods: SciPy, closed formulas, simulation."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cgcli
from cgcli.errors import CgraphError
from tests.conftest import Ran

Command = Callable[..., Ran]

optimize = pytest.importorskip("scipy.optimize")
from scipy import stats  # noqa: E402  # it is there

X = np.arange(1.0, 11.0)
Y = np.array([3.2, 4.9, 7.4, 8.7, 11.3, 12.6, 15.2, 17.1, 18.5, 28.6])
SIGMA = np.array([0.1, 0.2, 0.1, 0.3, 0.2, 0.2, 0.1, 0.4, 0.2, 0.3])
LINE = "w*x + b - y"
START = {"w": 0, "b": 0}
DATA: dict[str, Any] = {"x": X, "y": Y, "s": SIGMA}
LOSSES = ("soft_l1", "huber", "cauchy", "arctan")


def line(x: Any, w: float, b: float) -> Any:
    return w * x + b


@pytest.mark.parametrize(
    ("sigma", "errors"),
    [("s", SIGMA), (0.3, np.full(10, 0.3)), ("0.1 + 0.02*x", 0.1 + 0.02 * X)],
)
def test_known_errors_as_curve_fit_has_them(sigma: Any, errors: Any) -> None:
    fit = cgcli.train(LINE, DATA, START, residual=True, sigma=sigma)
    best, covariance = optimize.curve_fit(line, X, Y, sigma=errors, absolute_sigma=True)
    known = fit.statistics
    assert known is not None
    assert list(fit.parameters.values()) == pytest.approx(list(best), rel=1e-6)
    np.testing.assert_allclose(known.covariance, covariance, rtol=1e-5)
    total = (((line(X, *best) - Y) / errors) ** 2).sum()
    assert known.sum == pytest.approx(total)
    assert known.chi_square_p == pytest.approx(stats.chi2.sf(total, 8), rel=1e-6)
    farther = [doubt.message for doubt in fit.end.doubts if "--sigma says" in doubt.message]
    assert bool(farther) == (stats.chi2.sf(total, 8) < 0.001)
    wide = cgcli.train(LINE, DATA, START, residual=True, sigma=5)
    assert not wide.end.doubts
    z = best / np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(known.p, 2 * stats.norm.sf(np.abs(z)), rtol=1e-3)
    np.testing.assert_allclose(known.high - known.low, 2 * 1.959963985 * known.errors, rtol=1e-8)
    assert (known.aic, known.bic) == pytest.approx((total + 4, total + 2 * np.log(10)))


def test_known_errors_need_no_rows_to_spare(cgraph: Command, tmp_path: Path) -> None:
    (w, b), covariance = optimize.curve_fit(
        line, X[:2], Y[:2], sigma=SIGMA[:2], absolute_sigma=True
    )
    data = tmp_path / "rows.csv"
    data.write_text("x,y,s\n1,3.2,0.1\n2,4.9,0.2\n", "utf-8")
    words = ("train", LINE, "-d", str(data), "w=0", "b=0", "--residual", "--sigma", "s")
    document = json.loads(cgraph(*words, "--json").out)
    assert document["parameters"] == pytest.approx({"w": w, "b": b})
    np.testing.assert_allclose(document["statistics"]["covariance"], covariance, rtol=1e-6)
    assert "chi_square_p" not in document["statistics"]
    assert cgraph(*words).status == 0


def test_weights_count_squares() -> None:
    fit = cgcli.train(LINE, DATA, START, residual=True, weights="1/s^2")
    best, covariance = optimize.curve_fit(line, X, Y, sigma=SIGMA)
    assert fit.statistics is not None
    assert list(fit.parameters.values()) == pytest.approx(list(best), rel=1e-6)
    np.testing.assert_allclose(fit.statistics.covariance, covariance, rtol=1e-5)
    other = cgcli.train(f"({LINE})/s", DATA, START, residual=True)
    assert other.statistics is not None
    assert fit.statistics.aic == pytest.approx(other.statistics.aic)
    assert fit.statistics.r_squared == pytest.approx(other.statistics.r_squared)


def test_known_errors_and_scaled_columns_say_the_same() -> None:
    plain = cgcli.train(LINE, DATA, START, residual=True, sigma="s")
    scaled = cgcli.train(LINE, DATA, START, residual=True, sigma="s", scale=["x", "y"])
    assert plain.statistics is not None
    assert scaled.statistics is not None
    assert scaled.parameters == pytest.approx(plain.parameters)
    np.testing.assert_allclose(scaled.statistics.covariance, plain.statistics.covariance)


@pytest.mark.parametrize("kind", LOSSES)
def test_a_robust_loss_as_scipy_has_it(kind: str) -> None:
    start = {"w": 2, "b": 1}
    fit = cgcli.train(LINE, DATA, start, residual=True, loss=kind, loss_scale=0.3)

    def residuals(theta: Any) -> Any:
        return line(X, *theta) - Y

    tests = dict.fromkeys(("ftol", "xtol", "gtol"), 1e-15)
    more: dict[str, Any] = {"loss": kind, "f_scale": 0.3, **tests}
    other = optimize.least_squares(residuals, [2.0, 1.0], **more)
    assert list(fit.parameters.values()) == pytest.approx(list(other.x), rel=1e-5)
    assert fit.cost == pytest.approx(2 * other.cost / 10)
    known = fit.statistics
    assert known is not None
    assert (known.aic, known.bic, known.r_squared) == (None, None, None)

    # By differences of what SciPy says a row costs: the sandwich of M-estimators.
    def cost(theta: Any, row: int) -> float:
        def one(theta: Any) -> Any:
            return residuals(theta)[[row, row]]

        more = {"loss": kind, "f_scale": 0.3, "max_nfev": 1, "method": "dogbox"}
        return float(optimize.least_squares(one, theta, **more).cost)

    def slope(theta: Any, row: int) -> Any:
        steps = 1e-5 * np.eye(2)
        return np.array([cost(theta + h, row) - cost(theta - h, row) for h in steps]) / 2e-5

    theta, steps = np.array(list(fit.parameters.values())), 1e-3 * np.eye(2)
    slopes = np.array([slope(theta, row) for row in range(10)])
    curve = sum(
        np.array([slope(theta + h, row) - slope(theta - h, row) for h in steps]) / 2e-3
        for row in range(10)
    )
    bread = np.linalg.inv(curve)
    expected = bread @ slopes.T @ slopes @ bread * 10 / 8
    np.testing.assert_allclose(known.covariance, expected, rtol=2e-2)


def test_an_outlier_moves_a_robust_fit_little(cgraph: Command, tmp_path: Path) -> None:
    data = tmp_path / "rows.csv"
    data.write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in zip(X, Y, strict=True)), "utf-8")
    words = ("train", LINE, "-d", str(data), "w=0", "b=0", "--residual")
    robust = cgraph(*words, "--loss", "cauchy", "--loss-scale", "0.3")
    assert robust.status == 0
    assert "by their quartiles; loss cauchy, scale 0.3\n" in robust.out
    document = json.loads(cgraph(*words, "--loss", "cauchy", "--loss-scale", "0.3", "--json").out)
    w, _ = np.polyfit(X[:-1], Y[:-1], 1)
    assert document["parameters"]["w"] == pytest.approx(w, abs=0.05)
    assert json.loads(cgraph(*words, "--json").out)["parameters"]["w"] > w + 0.3


WAVE = "sin(w*x) - y"
WAVES = {"x": np.linspace(0, 10, 40), "y": np.sin(2.5 * np.linspace(0, 10, 40))}


@pytest.mark.parametrize(
    ("text", "options"), [(WAVE, {"residual": True}), (f"({WAVE})^2", {"optimizer": "lbfgs"})]
)
def test_restarts_find_the_lowest_of_many_minima(text: str, options: Any) -> None:
    alone = cgcli.train(text, WAVES, {"w": 1.2}, **options)
    assert alone.cost > 0.1
    fit = cgcli.train(text, WAVES, {"w": 1.2}, restarts=40, **options)
    assert abs(fit.parameters["w"]) == pytest.approx(2.5, rel=1e-6)
    tried, ended = fit.to_dict()["starts"].values()
    assert tried == 41
    assert 1 <= ended < 41
    assert fit.end.message.endswith(f"{ended} of 41 starts ended there")
    again = cgcli.train(text, WAVES, {"w": 1.2}, restarts=40, **options)
    assert again.parameters == fit.parameters
    bounded = cgcli.train(text, WAVES, {"w": 1.2}, restarts=20, bounds={"w": (1, 4)}, **options)
    assert bounded.parameters["w"] == pytest.approx(2.5, rel=1e-6)


def test_starts_that_diverge_are_passed_over() -> None:
    data = {"x": np.arange(1.0, 6.0), "y": np.exp(np.arange(1.0, 6.0) / 5)}
    fit = cgcli.train("exp(k*x*100) - y", data, {"k": 0.001}, residual=True, restarts=20)
    assert fit.parameters["k"] == pytest.approx(0.002)
    data["x"][1] = 0
    fit = cgcli.train("log(k*x) - y", data, {"k": 3}, residual=True, restarts=3)
    assert fit.end.kind == "diverged" and fit.parameters == {"k": 3}
    with pytest.raises(CgraphError, match="loss= is soft_l1, huber, "):
        cgcli.train("k*x - y", data, {"k": 1}, residual=True, loss="hubr")
    with pytest.raises(CgraphError, match="there is no option 'restart'"):
        cgcli.train("k*x - y", data, {"k": 1}, residual=True, restart=2)


def table(cells: tuple[int, int, int, int]) -> dict[str, Any]:
    """Rows of a table of two by two, and in its order the counts."""
    pairs = [(0, 0), (0, 1), (1, 0), (1, 1)]
    rows = [pair for pair, count in zip(pairs, cells, strict=True) for _ in range(count)]
    x, y = np.transpose(rows).astype(float)
    return {"x": x, "y": y}


LOGISTIC = "z = a + b*x; softplus(z) - y*z"


@pytest.mark.parametrize("options", [{"optimizer": "lbfgs"}, {}])
def test_the_error_of_an_odds_ratio_is_woolfs(options: Any) -> None:
    cells = (12, 30, 25, 11)
    n00, n01, n10, n11 = cells
    fit = cgcli.train(LOGISTIC, table(cells), {"a": 0, "b": 0}, likelihood=True, **options)
    known = fit.statistics
    assert known is not None
    assert fit.parameters["b"] == pytest.approx(np.log(n11 * n00 / (n10 * n01)), rel=1e-6)
    errors = np.sqrt([1 / n00 + 1 / n01, 1 / n00 + 1 / n01 + 1 / n10 + 1 / n11])
    np.testing.assert_allclose(known.errors, errors, rtol=1e-6)
    value = sum(n * np.log(n / total) for n, total in zip(cells, (42, 42, 36, 36), strict=True))
    assert known.log_likelihood == pytest.approx(value)
    assert (known.aic, known.bic) == pytest.approx((4 - 2 * value, 2 * np.log(78) - 2 * value))
    z = np.array(list(fit.parameters.values())) / errors
    np.testing.assert_allclose(known.p, 2 * stats.norm.sf(np.abs(z)), rtol=1e-4)


def test_a_parameter_that_is_0_but_for_rounding_has_an_error(
    cgraph: Command, tmp_path: Path
) -> None:
    """By hand: at p = 1/2 the information is Σ 1/4 = 1.5 of a, and Σ x²/4 = 1 of b."""
    data = tmp_path / "rows.csv"
    data.write_text("x,y\n-1,0\n-1,1\n0,0\n0,1\n1,0\n1,1\n", encoding="utf-8")
    words = ("train", "z = a + b*x; softplus(z) - y*z", "-d", str(data), "a=1e-17", "b=0.5")
    ran = cgraph(*words, "--optimizer", "lbfgs", "--likelihood", "--json")
    document = json.loads(ran.out)
    assert document["standard_errors"] == pytest.approx({"a": 1.5**-0.5, "b": 1.0}, rel=1e-6)
    assert ran.status == 0


def test_the_error_of_a_rate() -> None:
    times = np.random.default_rng(3).exponential(2.0, 50)
    fit = cgcli.train("k*t - log(k)", {"t": times}, {"k": 1}, likelihood=True, optimizer="lbfgs")
    assert fit.statistics is not None
    assert fit.parameters["k"] == pytest.approx(1 / times.mean(), rel=1e-6)
    assert fit.statistics.errors[0] == pytest.approx(fit.parameters["k"] / np.sqrt(50), rel=1e-6)


def test_what_is_no_maximum_is_said(cgraph: Command, tmp_path: Path) -> None:
    data = tmp_path / "rows.csv"
    rows = table((12, 30, 25, 11))
    lines = "".join(f"{x},{y}\n" for x, y in zip(rows["x"], rows["y"], strict=True))
    data.write_text("x,y\n" + lines, "utf-8")
    words = ("train", LOGISTIC, "-d", str(data), "a=0", "b=0", "--likelihood")
    ran = cgraph(*words, "--lr", "0.01", "--epochs", "3")
    assert ran.status == 1
    assert "warning: the maximum of the likelihood is" in ran.err
    ran = cgraph(*words, "--optimizer", "lbfgs")
    assert ran.status == 0
    assert ran.out.splitlines()[0].startswith("cost, epoch 1 to ")
    assert "log-likelihood -" in ran.out
    assert "   z   " in ran.out
    saddle = cgcli.train(
        "a*a - b*b + 0*x", {"x": [1, 2]}, {"a": 0, "b": 0}, likelihood=True, rate=0.1, epochs=1
    )
    assert [d.kind for d in saddle.end.doubts if "curves upwards" in d.message] == ["unconverged"]
    idle = cgcli.train(
        "(a - x)^2 + 0*b", {"x": [1, 2, 4]}, {"a": 0, "b": 0}, likelihood=True, optimizer="lbfgs"
    )
    assert "b does not matter" in str(idle.end.doubts)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--residual --sigma w", "--sigma depends on what is to be learned"),
        ("--residual --sigma s-0.1", "--sigma is a number above 0 in every row, and in row 1"),
        ("--residual --weights s-0.2", "--weights is a number above 0 in every row, and in row 1"),
        ("--residual --sigma q", "'q' is neither given a value nor a column"),
        ("--residual --sigma a=1", "--sigma is not one expression"),
        ("--residual --sigma [1,2]", "the program's value is a vector of 2, and a cost is one"),
        ("--residual --sigma s --weights s", "--sigma and --weights do not go together"),
        ("--residual --likelihood", "--likelihood and --residual do not go together"),
        ("--sigma s", "--sigma belongs to --residual"),
        ("--weights s", "--weights belongs to --residual"),
        ("--loss huber", "--loss belongs to --residual"),
        ("--residual --loss-scale 2", "--loss-scale belongs to --loss huber"),
        ("--residual --loss huber --loss-scale 0", "--loss-scale is a residual above 0"),
        ("--restarts 5", "--restarts belongs to --optimizer lbfgs"),
        ("--residual --restarts 0", "--restarts is a whole number of at least 1"),
    ],
)
def test_what_does_not_go_together(words: str, said: str, cgraph: Command, tmp_path: Path) -> None:
    data = tmp_path / "rows.csv"
    rows = zip(X, Y, SIGMA, strict=True)
    data.write_text("x,y,s\n" + "".join(f"{x},{y},{s}\n" for x, y, s in rows), "utf-8")
    ran = cgraph("train", LINE, "-d", str(data), "w=0", "b=0", *words.split())
    assert ran.status == 2
    assert ran.err.startswith(f"error: {said}"), ran.err


def covered(count: int, options: dict[str, Any], draw: Callable[[Any], dict[str, Any]]) -> float:
    """How often an interval has the truth, which is 2 and 1, in it."""
    chance, inside = np.random.default_rng(7), 0.0
    program = cgcli.parse(options.pop("program", LINE))
    for _ in range(count):
        known = cgcli.train(program, draw(chance), {"w": 1.9, "b": 1}, **options).statistics
        assert known is not None
        inside += np.mean((known.low <= [2, 1]) & (known.high >= [2, 1]))
    return inside / count


def sloped(chance: Any) -> dict[str, Any]:
    x = np.linspace(0, 4, 60)
    return {"x": x, "y": 2 * x + 1 + 0.3 * chance.normal(size=60), "s": np.full(60, 0.3)}


def heavy(chance: Any) -> dict[str, Any]:
    x = np.linspace(0, 4, 100)
    return {"x": x, "y": 2 * x + 1 + 0.3 * chance.standard_t(2, size=100)}


def classes(chance: Any) -> dict[str, Any]:
    x = np.linspace(-2, 1, 400)
    return {"x": x, "y": (chance.random(400) < 1 / (1 + np.exp(-2 * x - 1))) * 1.0}


CASES: list[tuple[dict[str, Any], Any]] = [
    ({"residual": True, "sigma": "s"}, sloped),
    ({"residual": True, "loss": "soft_l1", "loss_scale": 0.3}, heavy),
    ({"residual": True, "loss": "huber", "loss_scale": 0.4}, heavy),
    (
        {"program": "z = w*x + b; softplus(z) - y*z", "likelihood": True, "optimizer": "lbfgs"},
        classes,
    ),
]


@pytest.mark.parametrize(("options", "draw"), CASES)
def test_the_intervals_cover_what_they_say_roughly(options: Any, draw: Any) -> None:
    assert 0.9 <= covered(60, dict(options), draw) <= 0.99


@pytest.mark.long
@pytest.mark.parametrize(("options", "draw"), CASES)
def test_the_intervals_cover_what_they_say(options: Any, draw: Any) -> None:
    assert 0.94 <= covered(2500, dict(options), draw) <= 0.96


@pytest.mark.stats
@pytest.mark.skipif(find_spec("statsmodels") is None, reason="statsmodels is not installed")
def test_a_logistic_regression_as_statsmodels_has_it() -> None:
    import statsmodels.api as sm

    data = classes(np.random.default_rng(2))
    model = sm.Logit(data["y"], sm.add_constant(data["x"])).fit(disp=0, tol=1e-14)
    program = "z = b + w*x; softplus(z) - y*z"
    fit = cgcli.train(program, data, {"b": 0, "w": 0}, likelihood=True, optimizer="lbfgs")
    known = fit.statistics
    assert known is not None
    np.testing.assert_allclose(list(fit.parameters.values()), model.params, rtol=1e-6)
    np.testing.assert_allclose(known.errors, model.bse, rtol=1e-6)
    np.testing.assert_allclose(known.p, model.pvalues, rtol=1e-4)
    ends = np.transpose([known.low, known.high])
    np.testing.assert_allclose(ends, model.conf_int(), rtol=1e-6)
    assert (known.log_likelihood, known.aic) == pytest.approx((model.llf, model.aic))


@pytest.mark.stats
@pytest.mark.skipif(find_spec("lmfit") is None, reason="lmfit is not installed")
@pytest.mark.filterwarnings("default")
def test_known_errors_as_lmfit_has_them() -> None:
    from lmfit import Model

    other = Model(line).fit(Y, x=X, w=1.0, b=0.0, weights=1 / SIGMA, scale_covar=False)
    fit = cgcli.train(LINE, DATA, START, residual=True, sigma="s")
    known = fit.statistics
    assert known is not None
    np.testing.assert_allclose(known.covariance, other.covar, rtol=1e-5)
    assert known.sum == pytest.approx(other.chisqr)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"bounds": {"w": (0,)}}, "bounds of 'w' are two numbers"),
        ({"bounds": {"w": ("0", 1)}}, "bounds of 'w' are two numbers"),
        ({"bounds": {"w": 1}}, "bounds of 'w' cannot be of the type int"),
        ({"sigma": 0}, "sigma= is a number above 0 in every row, and in row 1"),
        ({"sigma": [0.1, 0.2]}, "the program's value is a vector of 2"),
        ({"loss": "huber", "loss_scale": np.nan}, "loss_scale= is a number, not nan"),
        ({"loss": "huber", "loss_scale": None}, "loss_scale= is a residual above 0, not None"),
        ({"restarts": 2.5}, "restarts= is a whole number of at least 1, not 2.5"),
        ({"restarts": -1}, "restarts= is a whole number of at least 1, not -1"),
    ],
)
def test_what_the_library_does_not_take(options: Any, said: str) -> None:
    with pytest.raises(CgraphError, match=said):
        cgcli.train(LINE, DATA, START, residual=True, **options)


@pytest.mark.parametrize("level", ["0.9", 0, 1, np.nan, True])
def test_a_level_is_a_number_between_0_and_1(level: Any) -> None:
    fit = cgcli.train(LINE, DATA, START, residual=True)
    with pytest.raises(CgraphError, match="a level between 0 and 1"):
        cgcli.predict(fit, DATA, of="w*x", bands=level)


def test_a_fit_that_goes_on_is_drawn_as_one(cgraph: Any, tmp_path: Path) -> None:
    model, data = tmp_path / "m.json", tmp_path / "d.csv"
    data.write_text("x,y\n1,2\n2,4.1\n3,6.2\n4,7.9\n", encoding="utf-8")
    words = ("train", "w*x + b - y", "w=1", "b=0", "-d", str(data), "--residual", "-o", str(model))
    cgraph(*words, "--epochs", "2")
    ran = cgraph("train", "--resume", str(model), "--plot", str(tmp_path / "c.svg"))
    assert "residual" in (tmp_path / "c.svg").read_text(encoding="utf-8"), ran.err


def test_no_curve_is_a_note_and_no_error(cgraph: Any, tmp_path: Path) -> None:
    data = tmp_path / "d.csv"
    data.write_text("x,y\n1,2\n2,4\n", encoding="utf-8")
    words = ("train", "(w*x - y)^2", "w=1", "-d", str(data), "--lr", "0.1", "--epochs", "1")
    ran = cgraph(*words, "--plot", str(tmp_path / "c.svg"))
    assert "note: there is no curve to draw of fewer than two epochs" in ran.err
    assert ran.status != 2


WIDE = {"x": 100 + 40 * X, "y": 7 * Y}


@pytest.mark.parametrize("scale", [["x"], ["x", "y"]])
@pytest.mark.parametrize(
    "more",
    [
        {"loss": "huber", "loss_scale": 0.9},
        {"loss": "soft_l1", "loss_scale": 0.9},
        {"sigma": "2"},
    ],
)
def test_what_is_in_the_datas_units_is_so_whatever_is_scaled(
    scale: list[str], more: dict[str, Any]
) -> None:
    start = {"w": 0.0, "b": 0.0}
    text = "w*x + b - y"
    plain = cgcli.train(text, WIDE, start, residual=True, **more)
    scaled = cgcli.train(text, WIDE, start, residual=True, scale=scale, **more)
    assert scaled.end.reliable and scaled.parameters == pytest.approx(plain.parameters, rel=1e-6)
    assert [d.message for d in scaled.end.doubts] == [d.message for d in plain.end.doubts]
    assert scaled.cost == pytest.approx(plain.cost)
    one, two = plain.statistics, scaled.statistics
    assert one is not None and two is not None
    np.testing.assert_allclose(two.errors, one.errors, rtol=1e-5)
    assert two.chi_square_p == (one.chi_square_p and pytest.approx(one.chi_square_p))


def test_a_limit_of_a_cost_is_in_the_datas_units() -> None:
    options: dict[str, Any] = {"rate": 0.1, "scale": ["x", "y"], "until_cost": 300.0}
    fit = cgcli.train("(w*x + b - y)^2", WIDE, {"w": 0.0, "b": 0.0}, **options)
    assert fit.end.message == f"the cost {fit.cost:.6g} is at most 300 (--until-cost)"
    assert fit.history[-2]["cost"] > 300 >= fit.cost


@pytest.mark.parametrize("more", [{"sigma": "0.5 + 0.01*x"}, {"weights": "x^2"}])
def test_a_deviation_or_a_weight_of_a_scaled_column_is_refused(more: dict[str, str]) -> None:
    (name,) = more
    with pytest.raises(CgraphError, match=f"{name}= is in the data's units, and x in it is"):
        cgcli.train(LINE, WIDE, {"w": 0.0, "b": 0.0}, residual=True, scale=["x", "y"], **more)
