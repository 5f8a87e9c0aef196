"""The examples of learning: each command of their comments, against independent answers."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples" / "learning"
PROGRAMS = sorted(EXAMPLES.glob("*.cg"))
SLOW = ("recurrent.cg",)


def comment(path: Path) -> str:
    """The comment at the head of a program, without its number signs."""
    lines = path.read_text(encoding="utf-8").splitlines()
    head = lines[: next(k for k, line in enumerate(lines) if not line.startswith("#"))]
    return "\n".join(line[2:] for line in head)


def commands(path: Path) -> list[list[str]]:
    """The commands of a program's comment, which stand in from its text."""
    whole = re.sub(r"\\\n\s*", "", comment(path))
    return [shlex.split(line) for line in whole.splitlines() if line.startswith("    ")]


def comment_of(name: str) -> str:
    return comment(EXAMPLES / name)


class Folder:
    """The current folder, a copy of the examples, in which their commands are run."""

    def __init__(self, cgraph: Callable[..., Any], trained: dict[Any, Any]) -> None:
        self._cgraph, self._trained = cgraph, trained

    def run(self, command: list[str], *more: str) -> str:
        """Run a command; return what it printed."""
        if command[:2] == ["python", "data.py"]:
            if not Path(command[3]).exists():
                runpy.run_path("data.py")["main"](command[2:])
            return ""
        assert command[0] == "cgraph"
        # A training is run once, as long as its model is the one that lies there.
        key, model = (*command, *more), command[-1] if command[-2] == "-o" else ""
        if key in self._trained and (not model or self._trained[model] == command):
            return str(self._trained[key])
        ran = self._cgraph(*command[1:], *more)
        assert ran.status == 0, ran.err
        # The weights that a penalty holds down are those for scaled columns.
        assert all("parameters are for x scaled" in line for line in ran.err.splitlines())
        if command[1] == "train":
            self._trained |= {key: ran.out, model: command}
        return str(ran.out)

    def train(self, name: str, *, change: dict[str, str] | None = None) -> Any:
        """Run the first two commands of a program, the training's options changed."""
        data, train = commands(EXAMPLES / name)[:2]
        self.run(data)
        for option, value in (change or {}).items():
            train[train.index(option) + 1] = value
        return json.loads(self.run(train, "--json"))

    def predict(self, name: str) -> Any:
        """Run the third command of a program; return the rows that it wrote or printed."""
        command = commands(EXAMPLES / name)[2]
        text = self.run(command)
        if "-o" in command:
            text = Path(command[command.index("-o") + 1]).read_text(encoding="utf-8")
        return np.loadtxt(text.splitlines()[1:], delimiter=",")[:, 1:]

    def columns(self, name: str) -> dict[str, Any]:
        """The columns of a program's data."""
        path = Path(commands(EXAMPLES / name)[0][3])
        if path.suffix == ".jsonl":
            rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            return {key: np.array([row[key] for row in rows]) for key in rows[0]}
        head, *lines = path.read_text(encoding="utf-8").splitlines()
        return dict(zip(head.split(","), np.loadtxt(lines, delimiter=",", ndmin=2).T, strict=True))


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("examples")
    for each in (*PROGRAMS, EXAMPLES / "data.py"):
        shutil.copy(each, path)
    return path


@pytest.fixture(scope="module")
def trained() -> dict[Any, Any]:
    """What each training printed, and by the name of a model which made it."""
    return {}


@pytest.fixture
def folder(
    copied: Path, trained: dict[Any, Any], cgraph: Any, monkeypatch: pytest.MonkeyPatch
) -> Folder:
    monkeypatch.chdir(copied)
    return Folder(cgraph, trained)


def standardised(columns: dict[str, Any], names: list[str]) -> Any:
    raw = np.stack([columns[name] for name in names], axis=1)
    return (raw - raw.mean(axis=0)) / raw.std(axis=0)


# What the comments say


def test_there_are_examples() -> None:
    assert {path.stem for path in PROGRAMS} >= {
        "linear", "logistic", "softmax_iris", "digits", "mazur", "recurrent", "autoencoder",
    }  # fmt: skip


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)
def test_the_comment_says_how_to_run_it(path: Path) -> None:
    data, train, *others = commands(path)
    assert data[:2] == ["python", "data.py"]
    assert data[2] in runpy.run_path(str(EXAMPLES / "data.py"))["DATA"]
    assert train[:3] == ["cgraph", "train", f"@{path.name}"]
    assert train[train.index("-d") + 1] == data[3]
    written = train[train.index("-o") + 1] if "-o" in train else None
    for command in others:
        assert command[0] == "cgraph"
        assert command[command.index("-d") + 1] == data[3]
        if command[1] == "predict":
            assert command[2] == written
    for word in ("Expect", "Look at"):
        assert f"\n{word}" in comment(path)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=pytest.mark.long if path.name in SLOW else (), id=path.name)
        for path in PROGRAMS
    ],
)
def test_every_command_runs_as_it_stands(path: Path, folder: Folder) -> None:
    for command in commands(path):
        folder.run(command)


@pytest.mark.parametrize("name", ["linear.cg", "logistic.cg", "softmax_iris.cg", "autoencoder.cg"])
def test_the_cost_is_what_the_comment_expects(name: str, folder: Folder) -> None:
    (text,) = re.findall(r"Expect a cost of (?:about )?([\d.]*\d)", comment(EXAMPLES / name))
    digits = len(text.replace(".", "").lstrip("0"))
    assert f"{folder.train(name)['cost']:.{digits}g}" == text


# What they learn


def test_linear_regression_solves_the_normal_equations(folder: Folder) -> None:
    trained = folder.train("linear.cg")
    columns = folder.columns("linear.cg")
    x = np.c_[columns["bmi"], columns["bp"], columns["s5"], np.ones(442)]
    goal = columns["progression"]
    best, squares = np.linalg.lstsq(x, goal, rcond=None)[:2]
    weights = [trained["parameters"][name] for name in ("w_bmi", "w_bp", "w_s5", "b")]
    np.testing.assert_allclose(weights, best, rtol=1e-4)
    np.testing.assert_allclose(trained["cost"], squares[0] / 442, rtol=1e-9)
    np.testing.assert_allclose(folder.predict("linear.cg")[:, 0], x @ best, rtol=1e-4)
    told = re.search(r"then ([\d.]+), ([\d.]+), ([\d.]+)\s+and ([-\d.]+),", comment_of("linear.cg"))
    assert told is not None
    np.testing.assert_allclose([float(text) for text in told.groups()], best, atol=0.006)


def test_least_squares_has_the_standard_errors(folder: Folder) -> None:
    folder.run(commands(EXAMPLES / "linear.cg")[0])
    fit = json.loads(folder.run(commands(EXAMPLES / "linear.cg")[3], "--json"))
    columns = folder.columns("linear.cg")
    x = np.c_[columns["bmi"], columns["bp"], columns["s5"], np.ones(442)]
    best, squares = np.linalg.lstsq(x, columns["progression"], rcond=None)[:2]
    errors = np.sqrt(np.diag(np.linalg.inv(x.T @ x)) * squares[0] / (442 - 4))
    names = ("w_bmi", "w_bp", "w_s5", "b")
    np.testing.assert_allclose([fit["parameters"][name] for name in names], best, rtol=1e-10)
    np.testing.assert_allclose([fit["standard_errors"][n] for n in names], errors, rtol=1e-8)


def test_logistic_regression_agrees_with_scikit_learn(folder: Folder) -> None:
    from sklearn.linear_model import LogisticRegression

    trained = folder.train("logistic.cg")
    columns = folder.columns("logistic.cg")
    goal = columns.pop("benign")
    x = standardised(columns, list(columns))
    # The mean of the losses and 0.001 |w|² is, up to a factor, |w|²/2 and C times their sum.
    model = LogisticRegression(C=1 / (2 * 0.001 * len(goal)), tol=1e-10, max_iter=10_000)
    model.fit(x, goal)
    np.testing.assert_allclose(trained["parameters"]["w"], model.coef_[0], atol=5e-3)
    np.testing.assert_allclose(trained["parameters"]["b"], model.intercept_[0], atol=5e-3)
    assert trained["metrics"]["right"]["train"] == model.score(x, goal)


def test_softmax_regression_tells_irises_apart(folder: Folder) -> None:
    from scipy.special import softmax

    trained = folder.train("softmax_iris.cg")
    assert trained["rows"] == {"train": 120, "holdout": 30, "skipped": 0}
    assert trained["metrics"]["right"]["holdout"] >= 0.9
    folder.run(commands(EXAMPLES / "softmax_iris.cg")[1])
    columns = folder.columns("softmax_iris.cg")
    species = columns.pop("species")
    x = np.stack(list(columns.values()), axis=1)
    w, b = (np.array(trained["parameters"][name]) for name in ("W", "b"))
    chances = folder.predict("softmax_iris.cg")
    np.testing.assert_allclose(chances, softmax(x @ w.T + b, axis=1), rtol=1e-12)
    losses = -np.log(chances[np.arange(150), species.astype(int)])
    means = (120 * trained["cost"] + 30 * trained["holdout_cost"]) / 150
    np.testing.assert_allclose(losses.mean(), means, rtol=1e-12)


def test_the_digits_are_read(folder: Folder) -> None:
    data, train = commands(EXAMPLES / "digits.cg")[:2]
    folder.run(data)
    trained = json.loads(folder.run(train, "--json"))
    assert trained["rows"] == {"train": 1438, "holdout": 359, "skipped": 0}
    assert trained["metrics"]["right"]["holdout"] >= 0.96
    columns = folder.columns("digits.cg")
    digit = columns.pop("digit")
    x = np.stack(list(columns.values()), axis=1) / 16
    w1, b1, w2, b2 = (np.array(trained["parameters"][name]) for name in ("W1", "b1", "W2", "b2"))
    scores = np.maximum(x @ w1.T + b1, 0) @ w2.T + b2
    np.testing.assert_allclose(folder.predict("digits.cg"), scores, rtol=1e-9, atol=1e-9)
    right = trained["metrics"]["right"]
    count = 1438 * right["train"] + 359 * right["holdout"]
    assert round(count) == (scores.argmax(axis=1) == digit).sum()


def test_mazurs_numbers_to_the_digit(folder: Folder) -> None:
    lines = (ROOT / "tests" / "cases" / "backprop.jsonl").read_text(encoding="utf-8").splitlines()
    cases = {case["id"]: case for case in map(json.loads, lines)}
    published = cases["mazur-step1"]["published"]
    data, train = commands(EXAMPLES / "mazur.cg")
    folder.run(data)
    printed = folder.run(train)
    new = dict(re.findall(r"^(w\d) +([\d.]+)$", printed, re.MULTILINE))
    assert set(new) == set(published["update"]) and len(new) == 8
    for name, text in published["update"].items():
        places = len(text.partition(".")[2])
        assert f"{float(new[name]):.{places}f}" == text
        # The table of the comment has them as they are printed.
        assert re.search(rf"\b{name} = {re.escape(new[name])}\b", comment_of("mazur.cg"))
    assert f"E = {published['value']}" in printed
    assert f"E = {published['value']}" in comment_of("mazur.cg")
    gradients = dict(re.findall(r"∂E/∂(\w+) = .*?([\d.]+)(?:  \(from .*)?$", printed, re.MULTILINE))
    for name, text in published["grad"].items():
        places = len(text.partition(".")[2])
        assert f"{float(gradients[name]):.{places}f}" == text
    _, told = re.findall(r"E = ([\d.]*\d)", comment_of("mazur.cg"))
    assert told == mpmath.nstr(mazur(*(published["update"][f"w{k}"] for k in range(1, 9))), 9)
    assert f"cost {told}, from {published['value']}\n" in printed


def mazur(*weights: str) -> Any:
    """The error of Mazur's net at weights, in 30 digits."""
    with mpmath.workdps(30):
        w1, w2, w3, w4, w5, w6, w7, w8 = map(mpmath.mpf, weights)
        i1, i2, b1, b2 = map(mpmath.mpf, ("0.05", "0.1", "0.35", "0.6"))

        def sigmoid(x: Any) -> Any:
            return 1 / (1 + mpmath.exp(-x))

        h1, h2 = sigmoid(w1 * i1 + w2 * i2 + b1), sigmoid(w3 * i1 + w4 * i2 + b1)
        o1, o2 = sigmoid(w5 * h1 + w6 * h2 + b2), sigmoid(w7 * h1 + w8 * h2 + b2)
        return ((mpmath.mpf("0.01") - o1) ** 2 + (mpmath.mpf("0.99") - o2) ** 2) / 2


def test_the_autoencoder_comes_near_the_principal_components(folder: Folder) -> None:
    trained = folder.train("autoencoder.cg")
    columns = folder.columns("autoencoder.cg")
    del columns["digit"]
    x = np.stack(list(columns.values()), axis=1) / 16
    spread = np.linalg.eigvalsh(np.cov(x.T, bias=True))
    best = spread[:-8].sum()
    assert f"{best:.4f}" in comment_of("autoencoder.cg")
    assert f"{spread.sum():.3f}" in comment_of("autoencoder.cg")
    assert best <= trained["cost"] < 1.03 * best
    folder.run(commands(EXAMPLES / "autoencoder.cg")[1])
    w, c = (np.array(trained["parameters"][name]) for name in ("W", "c"))
    codes = folder.predict("autoencoder.cg")
    np.testing.assert_allclose(codes, x @ w.T, rtol=1e-9, atol=1e-9)
    lost = ((codes @ w + c - x) ** 2).sum(axis=1).mean()
    np.testing.assert_allclose(lost, trained["cost"], rtol=1e-9)


def test_the_recurrent_net_begins_to_add(folder: Folder) -> None:
    trained = folder.train("recurrent.cg", change={"--epochs": "15"})
    assert trained["holdout_cost"] < 0.5 * 1 / 6
    assert trained["history"][0]["cost"] > 1 / 6


@pytest.mark.long
def test_the_recurrent_net_adds(folder: Folder) -> None:
    trained = folder.train("recurrent.cg")
    assert trained["holdout_cost"] < 0.01
    folder.run(commands(EXAMPLES / "recurrent.cg")[1])
    columns = folder.columns("recurrent.cg")
    at = {name: np.array(value) for name, value in trained["parameters"].items()}
    h = np.zeros((2000, 16))
    for t in range(20):
        inner = np.outer(columns["x"][:, t], at["u"]) + np.outer(columns["m"][:, t], at["v"])
        h = np.tanh(h @ at["W"].T + inner + at["b"])
    sums = h @ at["c"] + at["d"]
    np.testing.assert_allclose(folder.predict("recurrent.cg")[:, 0], sums, rtol=1e-9)
    means = (1600 * trained["cost"] + 400 * trained["holdout_cost"]) / 2000
    np.testing.assert_allclose(((sums - columns["y"]) ** 2).mean(), means, rtol=1e-9)


def test_the_points_have_their_model(
    cgraph: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(ROOT)
    new = tmp_path / "points.json"
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^\$ cgraph (train .* --residual)$", page, re.MULTILINE)
    assert cgraph(*shlex.split(line), "-o", str(new)).status == 0
    kept = json.loads((EXAMPLES / "points.json").read_text(encoding="utf-8"))
    made = json.loads(new.read_text(encoding="utf-8"))
    for name in ("w", "b"):
        assert made["parameters"].pop(name) == pytest.approx(kept["parameters"].pop(name))
    varies = (model.pop("spreading") for model in (made, kept))
    numbers = [np.append(part["covariance"], part["deviation"]) for part in varies]
    np.testing.assert_allclose(*numbers, rtol=1e-6)
    assert made == kept


def test_the_adding_problem_is_what_it_says(folder: Folder) -> None:
    folder.run(commands(EXAMPLES / "recurrent.cg")[0])
    columns = folder.columns("recurrent.cg")
    x, m, y = columns["x"], columns["m"], columns["y"]
    assert x.shape == m.shape == (2000, 20)
    assert (m[:, :10].sum(axis=1) == 1).all() and (m[:, 10:].sum(axis=1) == 1).all()
    np.testing.assert_allclose((x * m).sum(axis=1), y, atol=1e-9)
    np.testing.assert_allclose(((y - 1) ** 2).mean(), 1 / 6, rtol=0.05)
