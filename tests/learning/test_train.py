"""`cgraph train` as it is called: what it learns, what it prints, and what it refuses."""

from __future__ import annotations

import json
import math
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import cgcli
from cgcli.extras import how_to_install
from cgcli.learning import tables
from tests.documents import validate

Run = Callable[..., Any]
LINE = "(w*x + b - y)^2"


@pytest.fixture
def points(tmp_path: Path) -> str:
    """Points near the line 2x - 1."""
    chance = np.random.default_rng(1)
    x = chance.uniform(-2, 2, 40).round(4)
    y = (2 * x - 1 + 0.1 * chance.normal(size=40)).round(4)
    path = tmp_path / "points.csv"
    path.write_text("x,y\n" + "".join(f"{a},{b}\n" for a, b in zip(x, y, strict=True)))
    return str(path)


def columns(path: str) -> tuple[Any, Any]:
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    return table[:, 0], table[:, 1]


def trained(ran: Any) -> dict[str, Any]:
    assert ran.status in (0, 1), ran.err
    found: dict[str, Any] = json.loads(ran.out)
    validate(found, "train")
    return found


def test_a_line_is_that_of_least_squares(points: str, cgraph: Run, tmp_path: Path) -> None:
    model = tmp_path / "m.json"
    ran = cgraph(
        "train", LINE, "-d", points, "w=0", "b=0", "--lr", "0.1", "--epochs", "500", "--json",
        "-o", str(model),
    )  # fmt: skip
    found = trained(ran)
    x, y = columns(points)
    slope, constant = np.polyfit(x, y, 1)
    assert found["parameters"]["w"] == pytest.approx(slope, rel=1e-10)
    assert found["parameters"]["b"] == pytest.approx(constant, rel=1e-10)
    assert found["cost"] == pytest.approx(np.mean((slope * x + constant - y) ** 2), rel=1e-12)
    assert found["rows"] == {"train": 40, "holdout": 0, "skipped": 0}
    assert found["stopped"] == "500 epochs are done (--epochs)"
    validate(json.loads(model.read_text()), "model")


def test_each_step_is_the_rule(points: str, cgraph: Run) -> None:
    """W = W - rate * gradient, the gradient that of eval summed over the rows."""
    x, y = columns(points)
    w = b = 0.0
    program = cgcli.parse(LINE)
    for steps in range(1, 4):
        results = [program.evaluate(w=w, b=b, x=p, y=q) for p, q in zip(x, y, strict=True)]
        w -= 0.05 * np.mean([r.gradient["w"] for r in results])  # type: ignore[index]
        b -= 0.05 * np.mean([r.gradient["b"] for r in results])  # type: ignore[index]
        words = ["--lr", "0.05", "--steps", str(steps), "--json"]
        found = trained(cgraph("train", LINE, "-d", points, "w=0", "b=0", *words))
        assert found["parameters"]["w"] == pytest.approx(w, rel=1e-12)
        assert found["parameters"]["b"] == pytest.approx(b, rel=1e-12)


def test_lbfgs(points: str, cgraph: Run) -> None:
    pytest.importorskip("scipy")
    words = ["--optimizer", "lbfgs", "--json"]
    found = trained(cgraph("train", LINE, "-d", points, "w=0", "b=0", *words))
    x, y = columns(points)
    slope, constant = np.polyfit(x, y, 1)
    assert found["parameters"]["w"] == pytest.approx(slope, rel=1e-6)
    assert found["parameters"]["b"] == pytest.approx(constant, rel=1e-6)


def test_standard_errors_of_a_line(points: str, cgraph: Run) -> None:
    pytest.importorskip("scipy")
    words = ["--residual", "--json"]
    found = trained(cgraph("train", "w*x + b - y", "-d", points, "w=0", "b=0", *words))
    x, y = columns(points)
    design = np.stack([x, np.ones_like(x)], axis=1)
    best, total, _, _ = np.linalg.lstsq(design, y, rcond=None)
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * total[0] / 38)
    assert found["parameters"] == pytest.approx(dict(zip("wb", best, strict=True)), rel=1e-12)
    assert found["standard_errors"] == pytest.approx(dict(zip("wb", errors, strict=True)), rel=1e-9)
    assert found["sum_of_squares"] == pytest.approx(total[0], rel=1e-12)


NIST = [
    json.loads(line)
    for line in (Path(__file__).parent / "nist" / "nist.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("case", NIST, ids=lambda case: case["name"])
@pytest.mark.parametrize("start", ["start1", "start2"])
def test_certified_regressions(case: dict[str, Any], start: str, cgraph: Run) -> None:
    """NIST's Statistical Reference Datasets: 8 digits of parameters, 6 of standard errors."""
    pytest.importorskip("scipy")
    data = str(Path(__file__).parent / "nist" / f"{case['name']}.csv")
    initials = [f"{name}={value!r}" for name, value in case[start].items()]
    program = f"{case['model']} - {case['response']}"
    found = trained(cgraph("train", program, "-d", data, *initials, "--residual", "--json"))
    for name, value in case["certified"].items():
        assert found["parameters"][name] == pytest.approx(value, rel=1e-8)
    for name, value in case["certified_stderr"].items():
        assert found["standard_errors"][name] == pytest.approx(value, rel=1e-6)
    assert found["sum_of_squares"] == pytest.approx(case["rss"], rel=1e-8)


# Initial values


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("zeros(2,3)", lambda v: v.shape == (2, 3) and not v.any()),
        ("ones(4)", lambda v: v.shape == (4,) and (v == 1).all()),
        ("full(3, 0.5)", lambda v: v.shape == (3,) and (v == 0.5).all()),
        ("full(0.5, 3, 2)", lambda v: v.shape == (3, 2) and (v == 0.5).all()),
        ("full(2, 3, 7)", lambda v: v.shape == (2, 3) and (v == 7).all()),
        (
            "uniform(50,60)",
            lambda v: v.shape == (50, 60) and v.min() < 0.01 and v.max() > 0.99,
        ),
        ("uniform(-2,-1,1000)", lambda v: v.min() >= -2 and v.max() < -1),
        ("normal(90,90)", lambda v: abs(v.mean()) < 0.05 and abs(v.std() - 1) < 0.05),
        ("normal(0, 0.1, 5000)", lambda v: abs(v.std() - 0.1) < 0.01),
        ("glorot(40,60)", lambda v: 0.24 < v.max() <= math.sqrt(6 / 100)),
        ("he(40,200)", lambda v: abs(v.std() - 0.1) < 0.01),
        ("0.5*ones(3) - [1,2,3]", lambda v: v.tolist() == [-0.5, -1.5, -2.5]),
        ("[1/2, pi]", lambda v: v.tolist() == [0.5, math.pi]),
        ("2*uniform()", lambda v: v.shape == () and 0 <= v < 2),
    ],
)
def test_initial_values(text: str, check: Any, points: str, cgraph: Run) -> None:
    program = "sum(W)*x*0 + sum(W)^2*0"
    words = ["-d", points, f"W={text}", "--steps", "0", "--json"]
    found = trained(cgraph("train", program, *words))["parameters"]["W"]
    assert check(np.array(found))
    if any(word in text for word in ("uniform", "normal", "glorot", "he(")):
        again, other = (
            json.loads(cgraph("train", program, *words, *more).out)["parameters"]["W"]
            for more in ((), ("--seed", "1"))
        )
        assert found == again != other


@pytest.mark.parametrize(
    "text",
    ["zeros(0)", "zeros(2,3,4)", "zeros(1.5)", "full()", "uniform(3,-1,2)", "normal(0,-1,3)",
     "zeros(inf)", "zeros([3])", "zeros(1,)", "full(2, [3])", "uniform(-1e308, 1e308, 3)",
     "uniform(0, inf)", "uniform(inf, inf, 2)", "normal(0, inf, 3)", "normal(0, 1, inf)",
     "glorot(x)", "zeros(", "@nothing.npy", "", "ones(2)+ones(3)", "zeros(zeros(2))"],
)  # fmt: skip
def test_initial_values_that_cannot_be_used(text: str, points: str, cgraph: Run) -> None:
    ran = cgraph("train", "sum(W)*x", "-d", points, f"W={text}")
    assert ran.status == 2
    assert ran.err.startswith("error: ")
    assert "fault" not in ran.err


@pytest.mark.parametrize(
    "text",
    ["zeros(10^9)", "ones(100000, 100000)", "full(10^9, 2)", "uniform(10^8)", "normal(0, 1, 10^9)",
     "glorot(10^5, 10^5)", "he(10^200, 10^200)", "zeros(4*10^7) + zeros(4*10^7)"],
)  # fmt: skip
def test_too_many_numbers_are_refused_before_they_are_made(
    text: str, points: str, cgraph: Run
) -> None:
    tracemalloc.start()
    try:
        ran = cgraph("train", "sum(W)*x", "-d", points, f"W={text}")
        assert tracemalloc.get_traced_memory()[1] < 500 << 20
    finally:
        tracemalloc.stop()
    assert ran.status == 2
    assert "would make more numbers than there may be" in ran.err
    assert f"W={text}"[2:7] in ran.err
    ran = cgraph("train", "sum(W)*x + sum(V)", "-d", points, "V=zeros(3*10^7)", f"W={text}")
    assert "would make more numbers than there may be" in ran.err


def test_a_message_about_initial_values_shows_them_as_they_are_written(
    points: str, cgraph: Run
) -> None:
    ran = cgraph("train", "sum(W)*x", "-d", points, "W=zeros(3)ones(3)")
    assert ran.err.startswith("error: no operator between 'zeros(3)' and 'ones(3)'\n")
    assert ran.err.endswith("write zeros(3)*ones(3)\n")
    ran = cgraph("train", "sum(W)*x", "-d", points, "W=normal(0, nan, 2)")
    lines = ran.err.splitlines()
    assert lines[1].index("nan") == lines[2].index("^")


# Columns, stacks, scaling, metrics


def test_stacks_scaling_and_metrics(tmp_path: Path, cgraph: Run) -> None:
    chance = np.random.default_rng(2)
    data = chance.normal(size=(200, 3)) * [1, 100, 0.01] + [0, 1000, 5]
    label = (data @ [1, 0.01, 100] + chance.normal(size=200) > 510).astype(int)
    path = tmp_path / "rows.csv"
    rows = [",".join(map(str, [*a, b, "text"])) for a, b in zip(data, label, strict=True)]
    path.write_text("f1,f2,f3,label,note\n" + "\n".join(rows) + "\n")
    model = tmp_path / "m.json"
    program = "z = dot(w, x) + b; softplus(z) - label*z"
    words = ["-d", str(path), "w=zeros(3)", "b=0", "--stack", "x=f?", "--scale", "x"]
    more = ["--lr", "1", "--epochs", "300", "--holdout", "0.2", "-o", str(model), "--json"]
    metric = ["--metric", "accuracy=(z > 0) == label", "--metric", "mean_z=z"]
    found = trained(cgraph("train", program, *words, *more, *metric))
    assert found["rows"] == {"train": 160, "holdout": 40, "skipped": 0}
    assert found["metrics"]["accuracy"]["train"] > 0.7
    assert set(found["metrics"]["mean_z"]) == {"train", "holdout"}
    assert found["history"][-1]["metrics"]["accuracy"]["train"] == pytest.approx(
        found["metrics"]["accuracy"]["train"], abs=0.02
    )
    # What is scaled on the way comes back in the data's units.
    ran = cgraph("predict", str(model), "-d", str(path), "--of", "z")
    z = np.loadtxt(ran.out.splitlines()[1:], delimiter=",")[:, 1]
    w, b = np.array(found["parameters"]["w"]), found["parameters"]["b"]
    np.testing.assert_allclose(z, data @ w + b, rtol=1e-9)
    ran = cgraph("eval", "dot(w, x) + b", "--at", str(model), "x=[0,0,0]", "--json")
    assert json.loads(ran.out)["value"] == b
    assert not ran.err


def test_sequences(tmp_path: Path, cgraph: Run) -> None:
    """A recurrent net over list columns: the gradient is that of eval, row by row."""
    chance = np.random.default_rng(3)
    path = tmp_path / "rows.jsonl"
    data = [{"x": chance.normal(size=4).tolist(), "y": float(chance.normal())} for _ in range(9)]
    path.write_text("\n".join(map(json.dumps, data)))
    program = "h[0] = 0*u; for t in 0..3 { h[t+1] = tanh(W@h[t] + u*x[t]) } (sum(h[4]) - y)^2"
    start = {"W": chance.normal(size=(2, 2)).tolist(), "u": [0.5, -0.3]}
    words = [f"{name}={json.dumps(value)}" for name, value in start.items()]
    ran = cgraph("train", program, "-d", str(path), *words, "--lr", "0.1", "--steps", "1", "--json")
    found = trained(ran)["parameters"]
    results = [cgcli.parse(program).evaluate({**start, **row}) for row in data]
    for name, value in start.items():
        mean = np.mean([r.gradient[name] for r in results], axis=0)  # type: ignore[index]
        np.testing.assert_allclose(found[name], value - 0.1 * mean, rtol=1e-12)


def test_fixed_values_and_sums(points: str, cgraph: Run) -> None:
    words = ["-d", points, "w=0", "--fix", "b=-1", "--lr", "0.002", "--reduce", "sum", "--json"]
    found = trained(cgraph("train", LINE, *words))
    x, y = columns(points)
    assert found["parameters"] == {"w": pytest.approx(np.dot(x, y + 1) / np.dot(x, x))}
    assert found["cost"] == pytest.approx(np.sum((found["parameters"]["w"] * x - 1 - y) ** 2))


def test_rows_on_disk_are_learned_from_as_in_memory(
    points: str, cgraph: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["train", LINE, "-d", points, "w=0", "b=0", "--lr", "0.1", "--json", "--holdout", "0.2"]
    here = trained(cgraph(*words))
    batched = trained(cgraph(*words, "--batch", "8"))
    usual = tables.CHUNK

    def split_on_disk(chunks: Any, fraction: float, seed: int) -> Any:
        # The rows to hold out are chosen as in memory, and all are read in small parts.
        monkeypatch.setattr(tables, "CHUNK", usual)
        parts = tables.split(chunks, fraction, seed, memory=100)
        monkeypatch.setattr(tables, "CHUNK", 7)
        return parts

    monkeypatch.setattr("cgcli.learning.preparing.split", split_on_disk)
    there = trained(cgraph(*words))
    assert there["parameters"] == pytest.approx(here["parameters"], rel=1e-12)
    assert there["cost"] == pytest.approx(here["cost"], rel=1e-12)
    assert trained(cgraph(*words, "--batch", "8"))["cost"] == pytest.approx(
        batched["cost"], rel=1e-2
    )


# When to stop


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--until-cost", "0.5"], "is at most 0.5 (--until-cost)"),
        (["--until-change", "1e-3"], "at most 0.001 (--until-change)"),
        (["--until-gradient", "0.01"], "is at most 0.01 (--until-gradient)"),
        (["--epochs", "7"], "7 epochs are done (--epochs)"),
        (["--steps", "11", "--batch", "8"], "11 steps are done (--steps)"),
        (["--time", "0.05", "--batch", "1"], "0.05 s are over (--time)"),
        (["--until-cost", "0.5", "--batch", "8"], "is at most 0.5 (--until-cost)"),
        (["--until-gradient", "0.05", "--batch", "10"], "is at most 0.05 (--until-gradient)"),
        (["--until-change", "1e-3", "--batch", "10"], "at most 0.001 (--until-change)"),
        (["--holdout", "0.3", "--patience", "3", "--lr", "0.5"], "nothing better on the rows held"),
        ([], "100 epochs are done (--epochs)"),
    ],
    ids=" ".join,
)
def test_what_stops_a_run(words: list[str], why: str, points: str, cgraph: Run) -> None:
    ran = (
        cgraph("train", LINE, "-d", points, "w=0", "b=0", "--lr", "0.05", "--json", *words)
        if ("--lr" not in words)
        else cgraph("train", LINE, "-d", points, "w=0", "b=0", "--json", *words)
    )
    assert why in trained(ran)["stopped"]


def test_patience_keeps_the_best(points: str, cgraph: Run) -> None:
    words = ["--lr", "0.9", "--optimizer", "momentum", "--holdout", "0.3", "--patience", "4"]
    found = trained(cgraph("train", LINE, "-d", points, "w=0", "b=0", "--json", *words))
    best = min(record["holdout"] for record in found["history"])
    assert found["holdout_cost"] == best


# Divergence


def test_divergence_is_told(points: str, cgraph: Run, tmp_path: Path) -> None:
    model = tmp_path / "m.json"
    words = ["-d", points, "w=0", "b=0", "--lr", "50", "--epochs", "1000", "-o", str(model)]
    ran = cgraph("train", LINE, *words, "--json")
    assert ran.status == 1
    found = trained(ran)
    assert found["diverged"] is not None
    assert math.isfinite(found["cost"])
    assert "diverged: " in ran.err
    assert "a smaller --lr" in ran.err
    assert json.loads(model.read_text())["parameters"] == found["parameters"]
    ran = cgraph("train", "--resume", str(model), "-d", points, "--lr", "0.01", "--epochs", "1001")
    assert ran.status in (0, 1)


def test_the_first_bad_row_and_node_are_named(tmp_path: Path, cgraph: Run) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n1,1\n2,1\n-3,1\n4,1\n-5,1\n")
    ran = cgraph("train", "(log(x) * w - y)^2", "-d", str(path), "w=1", "--json")
    assert ran.status == 1
    found = json.loads(ran.out)["diverged"]
    assert (found["row"], found["node"]) == (3, "v1")
    assert "log(x) is not defined at x = -3" in found["message"]
    ran = cgraph("train", "(exp(w*x) - y)^2", "-d", str(path), "w=200", "--batch", "2")
    assert ran.status == 1
    assert "diverged: row 2, node" in ran.err
    assert "it is so at the start" in ran.err
    assert "beyond the largest double" in ran.err


# What is seen


def test_the_report(points: str, cgraph: Run) -> None:
    ran = cgraph("train", LINE, "-d", points, "w=0", "b=0", "--lr", "0.05", "--epochs", "40")
    assert ran.status == 0
    assert ran.err == ""
    lines = ran.out.splitlines()
    assert lines[0] == "cost, epoch 1 to 40, logarithmic"
    assert any(line.startswith("w ") for line in lines)
    assert "40 rows; 2 numbers learned" in ran.out
    assert lines[-1].endswith("40 epochs are done (--epochs)")


def test_plots_are_pictures(points: str, cgraph: Run, tmp_path: Path) -> None:
    path = tmp_path / "cost.svg"
    words = ["-d", points, "w=0", "b=0", "--holdout", "0.2", "--plot", str(path)]
    assert cgraph("train", LINE, *words).status == 0
    root = ET.fromstring(path.read_text())
    lines = [each for each in root.iter() if each.tag.endswith("polyline")]
    assert len(lines) == 2
    heights = [float(pair.split(",")[1]) for pair in lines[0].attrib["points"].split()]
    assert heights == sorted(heights)
    pytest.importorskip("typst")
    path = tmp_path / "cost.png"
    assert cgraph("train", LINE, *words[:-1], str(path)).status == 0
    assert path.read_bytes().startswith(b"\x89PNG")


def test_the_first_steps_in_full(tmp_path: Path, cgraph: Run) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n1,2\n2,4\n3,6\n4,8\n")
    words = ["-d", str(path), "w=0.5", "--lr", "0.1", "--epochs", "2"]
    ran = cgraph("train", "p = w*x; (p - y)^2", *words, "--trace", "2")
    plain = cgraph("train", "p = w*x; (p - y)^2", *words)
    assert ran.status == 0
    first, second = ran.out.split("Step 2\n")
    alone = cgraph("trace", "p = w*x; (p - y)^2", "x=1", "y=2", "w=0.5", "--wrt", "w").out
    # What differentiates by the data is left out; every other line is the trace's.
    shown = alone.split("Forward")[1].split("The gradient")[0].splitlines()
    assert all(line in first for line in shown if "/∂x" not in line and "/∂y" not in line)
    assert "and 1 more row in the same way" in first
    assert "∂f/∂x" not in first
    # The mean over the rows of 2(wx - y)x at w = 0.5 is -22.5.
    assert "mean(f) = 16.875\n  ∂mean(f)/∂w = -22.5\n" in first
    assert "Update: W = W - rate * gradient, rate 0.1\n  w = 0.5 - 0.1 * (-22.5) = 2.75\n" in first
    assert "Row 1" in second
    assert ran.out.endswith(plain.out)
    assert "w = 2.75 - 0.1 * 11.25 = 1.625" in second


# What cannot be used


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["w=0"], "'b' is neither given a value nor a column"),
        (["w=0", "b=0", "c=1"], "'c' is bound, but the program does not use it"),
        (["w=0", "b=0", "x=1"], "is a column of the data as well"),
        (["w=0", "b=0", "w=1"], "given twice"),
        (["w=0", "b=0", "--fix", "b=1"], "given twice"),
        (["w=0", "b=0", "--optimizer", "adm"], "did you mean adam?"),
        (["w=0", "b=0", "--schedule", "x"], "--schedule is constant"),
        (["w=0", "b=0", "--momentum", "0.5"], "gd has no --momentum"),
        (["w=0", "b=0", "--schedule", "warmup"], "--schedule warmup needs its length"),
        (["w=0", "b=0", "--every", "5"], "--every belongs to --schedule step"),
        (["w=0", "b=0", "--betas", "0.9"], "--betas are two numbers"),
        (["w=0", "b=0", "--batch", "0"], "--batch is a number of rows"),
        (["w=0", "b=0", "--patience", "3"], "--patience looks at rows that are held out"),
        (["w=0", "b=0", "--holdout", "0.001"], "--holdout leaves none"),
        (["w=0", "b=0", "--scale", "z"], "'z' is no column"),
        (["w=0", "b=0", "--stack", "v=q*"], "no column is like 'q*'"),
        (["w=0", "b=0", "--stack", "v"], "--stack needs a name"),
        (["w=0", "b=0", "--metric", "e=y +"], "expected a value"),
        (["w=0", "b=0", "--metric", "e=q"], "'q' is neither"),
        (["w=0", "b=0", "--metric", "e=[x, y]"], "is a vector of 2"),
        (["w=0", "b=0", "--plot", "cost.gif"], "a cost curve is drawn as .svg or .png"),
        (["w=0", "b=0", "--residual", "--optimizer", "adam"], "--residual is solved by"),
        (["w=0", "b=0", "--optimizer", "lm"], "add --residual"),
        (["w=0", "b=0", "--optimizer", "lbfgs", "--batch", "3"], "looks at all rows at once"),
        (["w=zeros(3)", "b=0"], "a cost is one number"),
        (["w=0", "b=0", "--resume", "nothing.json"], "there is no such file"),
        (["w=0", "b=0", "--lr", "x"], "--lr is a number, not 'x'"),
        (["w=0", "b=0", "--lern", "1"], "there is no option --lern"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_cannot_be_used(words: list[str], message: str, points: str, cgraph: Run) -> None:
    for form in ([], ["--json"]):
        ran = cgraph("train", LINE, "-d", points, *words, *form)
        assert ran.status == 2, ran
        told = ran.err if not form else json.dumps(json.loads(ran.out)["error"], ensure_ascii=False)
        assert message.replace('"', '\\"') in told


def test_what_was_meant(points: str, tmp_path: Path, cgraph: Run) -> None:
    ran = cgraph("train", "L = -log_softmax(w*[x, 2*x])[y + 1]", "-d", points, "w=1")
    assert "dot(z, onehot(y, 10)) for z[y]" in ran.err
    ran = cgraph("train", "L = -log_softmax(w*[x, 2*x])[y]", "-d", points, "w=1")
    assert "onehot(y, 2) is not defined: y must be a whole number from 0 to n - 1" in ran.err
    assert "did you mean glorot(…)?" in cgraph("train", "w*x", "-d", points, "w=glort(2)").err
    ran = cgraph("train", "W @ x", "-d", points, "W=ones(2)")
    assert "in a row x is a scalar" in ran.err
    assert "--stack" in ran.err
    assert "-d rows.csv" in cgraph("train", LINE, "rows.csv", "w=0", "b=0").err
    path = tmp_path / "rows.csv"
    path.write_text("a;b\n1;2\n")
    assert "separated by semicolons" in cgraph("train", "w*a", "-d", str(path), "w=0").err
    path.write_text("mean radius,y\n1,2\n2,4\n")
    ran = cgraph("train", "(w*mean_radius - y)^2", "-d", str(path), "w=0")
    assert '--stack "mean_radius=mean radius"' in ran.err
    words = ["--stack", "mean_radius=mean radius", "--lr", "0.2", "--json"]
    found = trained(cgraph("train", "(w*mean_radius - y)^2", "-d", str(path), "w=0", *words))
    assert found["parameters"]["w"] == pytest.approx(2)
    for word in (
        ["--clip", "0"],
        ["--lr", "nan"],
        ["--until-cost", "inf"],
        ["--trace", "1", "--json"],
    ):
        assert cgraph("train", LINE, "-d", points, "w=0", "b=0", *word).status == 2


@pytest.mark.parametrize(
    "words",
    [
        ["--optimizer", "lbfgs", "--lr", "1"],
        ["--optimizer", "lbfgs", "--clip", "1"],
        ["--residual", "--holdout", "0.2", "--patience", "2"],
        ["--residual", "--until-cost", "1"],
        ["--residual", "--schedule", "cosine"],
        ["--residual", "--time", "1"],
    ],
    ids=" ".join,
)
def test_what_a_fit_does_not_heed_is_refused(words: list[str], points: str, cgraph: Run) -> None:
    ran = cgraph("train", LINE, "-d", points, "w=0", "b=0", *words)
    assert ran.status == 2
    assert ran.out == ""


def test_lbfgs_heeds_the_criteria(points: str, cgraph: Run) -> None:
    pytest.importorskip("scipy")
    for words, why in (
        (["--until-cost", "1"], "(--until-cost)"),
        (["--until-gradient", "1"], "(--until-gradient)"),
        (["--time", "0"], "(--time)"),
    ):
        ran = cgraph(
            "train", LINE, "-d", points, "w=0", "b=0", "--optimizer", "lbfgs", "--json", *words
        )
        assert why in trained(ran)["stopped"]


def test_other_data_from_the_values_of_a_model(points: str, tmp_path: Path, cgraph: Run) -> None:
    model = str(tmp_path / "m.json")
    words = ["train", LINE, "-d", points]
    assert cgraph(*words, "w=0", "b=0", "--residual", "-o", model).status == 1
    assert cgraph(*words, "w=1.25", "b=0", "--epochs", "0", "-o", model).status == 0
    found = trained(cgraph(*words, "--at", model, "b=3", "--epochs", "0", "--json"))
    assert found["parameters"] == {"w": 1.25, "b": 3.0}


def test_a_cost_that_rises(points: str, cgraph: Run) -> None:
    ran = cgraph("train", LINE, "-d", points, "w=0", "b=0", "--lr", "0.9", "--epochs", "6")
    assert ran.status == 0
    assert "note: the cost rose" in ran.err
    ran = cgraph("train", "exp(w*(x + 3)) - w", "-d", points, "w=1.2", "--lr", "10")
    assert ran.status == 1
    assert "warning: the cost rose" in ran.err
    ran = cgraph("train", "w*x + b", "-d", points, "w=0", "b=0", "--lr", "2", "--epochs", "9")
    assert ran.status == 0
    assert "note: the cost falls without bound" in ran.err
    ran = cgraph(
        "train", LINE, "-d", points, "w=0", "b=0", "--lr", "0.9", "--epochs", "600", "--json"
    )
    assert ran.status == 1
    found = trained(ran)
    assert found["cost"] == pytest.approx(found["start_cost"])
    assert "the cost grew to" in found["stopped"]


def test_several_nodes_of_each_row(points: str, cgraph: Run) -> None:
    ran = cgraph("map", "p = 2*x; q = [p, y]; sum(q)", "-d", points, "--of", "p,q", "--values")
    assert ran.out.splitlines()[0] == "row,p,q[0],q[1]"
    assert cgraph("map", "p = 2*x; p*y", "-d", points, "--of", "p,f").status == 2


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("scipy.optimize", ["--residual"]),
        ("scipy.optimize", ["--optimizer", "lbfgs"]),
        ("duckdb", ["-d", "rows.parquet"]),
    ],
)
def test_without_a_library_the_extra_is_named(
    module: str,
    words: list[str],
    points: str,
    tmp_path: Path,
    cgraph: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.parquet").write_bytes(b"PAR1")
    data = [] if "-d" in words else ["-d", points]
    ran = cgraph("train", LINE, *data, "w=0", "b=0", *words)
    assert (ran.status, ran.out) == (2, "")
    extra = "data" if module == "duckdb" else "train"
    assert f"the extra '{extra}' is needed" in ran.err
    assert f"install it: {how_to_install(extra)}\n" in ran.err


def test_a_picture_that_cannot_be_written_is_told_before_the_run(
    points: str, tmp_path: Path, cgraph: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    path = tmp_path / "cost.png"
    ran = cgraph("train", LINE, "-d", points, "w=0", "b=0", "--plot", str(path))
    assert (ran.status, ran.out) == (2, "")
    assert f"install it: {how_to_install('image')}\n" in ran.err
    assert "write the cost of one row" in cgraph("train").err


def test_no_data_and_no_parameter(points: str, cgraph: Run) -> None:
    assert "there is no data" in cgraph("train", LINE, "w=0").err
    assert "data is read from .csv" in cgraph("train", LINE, "w=0", "-d", "x.doc").err
    assert "there is nothing to learn" in cgraph("train", "x + y", "-d", points).err
    ran = cgraph("train", "c = w*x; y^2", "-d", points, "w=1")
    assert "the cost does not depend on 'w'" in ran.err
    ran = cgraph("train", "(w*x - Y)^2", "-d", points, "w=1")
    assert "did you mean the column 'y'?" in ran.err


def test_rows_from_standard_input(points: str, cgraph: Run) -> None:
    words = ["train", LINE, "w=0", "b=0", "--epochs", "3", "--json"]
    expected = trained(cgraph(*words, "-d", points))
    piped = trained(cgraph(*words, "-d", "-", stdin=Path(points).read_bytes()))
    assert piped["parameters"] == expected["parameters"]
    x, y = columns(points)
    lines = "".join(json.dumps({"x": a, "y": b}) + "\n" for a, b in zip(x, y, strict=True))
    piped = trained(cgraph(*words, "-d", "-", stdin=lines.encode()))
    assert piped["parameters"] == expected["parameters"]


# Every row of a file


def test_map_is_eval_of_each_row(points: str, cgraph: Run, tmp_path: Path) -> None:
    program = "p = sin(x*k)/y; p*exp(x)"
    ran = cgraph("map", program, "-d", points, "k=2")
    assert ran.status == 0
    head, *rows = ran.out.splitlines()
    assert head == "row,f,df/dx,df/dk,df/dy"
    x, y = columns(points)
    parsed = cgcli.parse(program)
    for k, row in enumerate(rows):
        number, value, *gradients = map(float, row.split(","))
        result = parsed.evaluate(x=x[k], y=y[k], k=2)
        assert number == k + 1
        assert value == pytest.approx(result.value, rel=1e-12)
        assert gradients == pytest.approx(list(result.gradient.values()), rel=1e-12)  # type: ignore[union-attr]
    out = tmp_path / "out.jsonl"
    ran = cgraph("map", program, "-d", points, "k=2", "--wrt", "k", "--of", "p", "-o", str(out))
    assert (ran.status, ran.out) == (0, "")
    for line in out.read_text().splitlines():
        found = json.loads(line)
        validate({"schema": "cgraph.map/1", "rows": [found]}, "map")
        assert list(found) == ["row", "p", "dp/dk"]


def test_rows_as_one_document(points: str, tmp_path: Path, cgraph: Run) -> None:
    ran = cgraph("map", "x/y", "-d", points, "--json")
    found = json.loads(ran.out)
    validate(found, "map")
    assert [row["row"] for row in found["rows"]] == list(range(1, 41))
    path = tmp_path / "bad.csv"
    path.write_text("x,y\n1,2\n" + "3,4\n" * 20_000 + "5,bad\n")
    ran = cgraph("map", "x/y", "-d", str(path), "--json")
    assert ran.status == 2
    assert "row 20002" in json.loads(ran.out)["error"]["message"]
    path.write_text("x,y\n")
    assert json.loads(cgraph("map", "x/y", "-d", str(path), "--json").out)["rows"] == []
    assert cgraph("map", "x/y", "-d", points, "--json", "-o", str(tmp_path / "o.csv")).status == 2


def test_map_of_vectors(tmp_path: Path, cgraph: Run) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"x": [1, 2]}\n{"x": [3, -4]}\n')
    ran = cgraph("map", "W @ x", "-d", str(path), "W=[[1,1],[0,2]]", "--values")
    assert ran.out == "row,f[0],f[1]\n1,3.0,4.0\n2,-1.0,-8.0\n"
    ran = cgraph("map", "W @ x", "-d", str(path), "W=[[1,1],[0,2]]")
    assert ran.status == 2
    assert "a gradient is of one number" in ran.err
    ran = cgraph("map", "sum(log(x))", "-d", str(path))
    assert ran.out.splitlines()[2] == "2,nan,0.3333333333333333,nan"


def test_map_and_predict_refuse(points: str, cgraph: Run, tmp_path: Path) -> None:
    assert "have no value and are no column" in cgraph("map", "x*q*r", "-d", points).err
    assert "is a column as well" in cgraph("map", "x*y", "-d", points, "x=1").err
    assert "there is no model" in cgraph("predict", "-d", points).err
    model = tmp_path / "m.json"
    assert cgraph("train", "p = w*x; (p - y)^2", "-d", points, "w=0", "-o", str(model)).status == 0
    few = tmp_path / "few.csv"
    few.write_text("x\n1\n2\n")
    ran = cgraph("predict", str(model), "-d", str(few))
    assert ran.status == 2
    assert "'f' needs 'y'" in ran.err
    assert "--of p" in ran.err
    few.write_text("x\n1\n2\nbad\n")
    out = tmp_path / "out.csv"
    ran = cgraph("predict", str(model), "-d", str(few), "--of", "p", "-o", str(out))
    assert ran.status == 2
    assert "row 3 (line 4), column 'x': 'bad' is not a number" in ran.err
    assert not out.exists()
    ran = cgraph("predict", str(model), "-d", str(few), "--of", "p", "--skip-bad", "-o", str(out))
    assert ran.status == 0
    assert len(out.read_text().splitlines()) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "few.csv", "m.json", "out.csv", "points.csv",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [["-o", "DATA"], ["--log", "DATA"], ["-o", "m.json", "--log", "m.json"]],
    ids=" ".join,
)
def test_no_file_is_written_over_another(
    words: list[str], points: str, cgraph: Run, tmp_path: Path
) -> None:
    """The data of a run is not what it writes its model to."""
    before = Path(points).read_text()
    paths = {"DATA": points, "m.json": str(tmp_path / "m.json")}
    named = [paths.get(word, word) for word in words]
    ran = cgraph("train", LINE, "-d", points, "w=0", "b=0", "--epochs", "1", *named)
    assert ran.status == 2
    assert "would be written over it" in ran.err
    ran = cgraph("map", "x", "-d", points, "-o", points)
    assert ran.status == 2
    assert Path(points).read_text() == before


def test_numbers_that_are_not_finite_are_kept(points: str, cgraph: Run, tmp_path: Path) -> None:
    """A metric that has no value yet ends no run; model, log and document say so."""
    model, log = tmp_path / "m.json", tmp_path / "log.jsonl"
    words = ["-d", points, "w=0", "b=0", "--lr", "0.05", "--metric", "m=log(w - 0.5)"]
    words += ["--log", str(log), "-o", str(model)]
    found = trained(cgraph("train", LINE, *words, "--epochs", "1", "--json"))
    assert found["history"][0]["metrics"] == {"m": {"train": "NaN"}}
    assert json.loads(log.read_text())["metrics"] == {"m": {"train": "NaN"}}
    validate(json.loads(model.read_text()), "model")
    found = trained(cgraph("train", "--resume", str(model), "--epochs", "30", "--json"))
    assert found["history"][0]["metrics"] == {"m": {"train": "NaN"}}
    assert math.isfinite(found["metrics"]["m"]["train"])


def test_patience_waits_for_a_cost_that_is_one(tmp_path: Path, cgraph: Run) -> None:
    """A cost on the rows held out that is NaN at first is not the best of all."""
    _, held = tables.split([{"k": np.arange(10.0)}], 0.2, 0)
    assert held is not None
    # On the rows held out the logarithm has no value until w is more than 0.5.
    lines = [f"1,{0 if k in held.read(0, 2)['k'] else 1}" for k in range(10)]
    data = tmp_path / "rows.csv"
    data.write_text("x,u\n" + "\n".join(lines) + "\n")
    words = ["-d", str(data), "w=0", "--lr", "0.1", "--holdout", "0.2", "--patience", "9"]
    found = trained(
        cgraph("train", "(w - x)^2 + 0*log(w - 0.5 + u)", *words, "--epochs", "30", "--json")
    )
    assert found["history"][0]["holdout"] == "NaN"
    assert found["parameters"]["w"] > 0.9


def test_a_step_beyond_all_doubles_is_a_divergence(
    points: str, cgraph: Run, tmp_path: Path
) -> None:
    model = tmp_path / "m.json"
    words = ["-d", points, "w=0", "b=0", "--epochs", "1", "-o", str(model)]
    ran = cgraph("train", LINE, *words, "--lr", "1e308")
    assert ran.status == 1
    assert "a step went beyond all doubles" in ran.out
    assert json.loads(model.read_text())["parameters"] == {"w": 0.0, "b": 0.0}
    ran = cgraph("train", "w*x - 1e308*abs(y)", "-d", points, "w=0", "--epochs", "3")
    assert ran.status == 1
    assert "the cost is not finite" in ran.out


def test_numbers_too_large_to_scale(tmp_path: Path, cgraph: Run) -> None:
    data = tmp_path / "rows.csv"
    data.write_text("x,y\n1,1e308\n2,1e308\n3,-1e308\n")
    ran = cgraph("train", "(w*x - y)^2", "-d", str(data), "w=0", "--scale", "y")
    assert ran.status == 2
    assert "the numbers of 'y' are too large" in ran.err
