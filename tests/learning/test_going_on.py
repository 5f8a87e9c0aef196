"""Runs that are stopped, killed or resumed: the same bits as those that never were."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Run = Callable[..., Any]
PROGRAM = "h = tanh(W @ x + b); (dot(v, h) - y)^2"
INITIALS = ["W=glorot(5,3)", "b=zeros(5)", "v=normal(0,0.5,5)"]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    chance = np.random.default_rng(4)
    x = chance.normal(size=(83, 3))
    y = np.sin(x.sum(axis=1))
    path = tmp_path / "rows.csv"
    lines = [",".join(map(repr, [*map(float, a), float(b)])) for a, b in zip(x, y, strict=True)]
    path.write_text("x1,x2,x3,y\n" + "\n".join(lines) + "\n", "utf-8")
    return path


def words(rows: Path, *more: str) -> list[str]:
    return ["train", PROGRAM, "-d", str(rows), "--stack", "x=x?", *INITIALS, "--lr", "0.02", *more]


VARIANTS = [
    ["--optimizer", "adam", "--batch", "16"],
    ["--optimizer", "gd"],
    ["--optimizer", "nesterov", "--batch", "1"],
    ["--optimizer", "rmsprop", "--batch", "20", "--schedule", "step", "--every", "2"],
    ["--optimizer", "adamw", "--batch", "32", "--holdout", "0.25", "--patience", "50"],
    ["--optimizer", "adagrad", "--batch", "16", "--scale", "x,y", "--clip", "0.1"],
    ["--optimizer", "momentum", "--batch", "16", "--until-gradient", "1e-9"],
]


@pytest.mark.parametrize("variant", VARIANTS, ids=" ".join)
@pytest.mark.parametrize(
    "stop", [0, 7, *(pytest.param(stop, marks=pytest.mark.long) for stop in (1, 13))]
)
def test_a_run_that_was_stopped_goes_on_to_the_same_bits(
    variant: list[str], stop: int, rows: Path, tmp_path: Path, cgraph: Run
) -> None:
    whole, part = tmp_path / "whole.json", tmp_path / "part.json"
    metric = ["--metric", "error=abs(dot(v, h) - y)"]
    ran = cgraph(*words(rows, *variant, *metric, "--epochs", "9", "-o", str(whole)))
    assert ran.status == 0, ran.err
    bound = ["--steps", str(stop), "--epochs", "9"]
    assert cgraph(*words(rows, *variant, *metric, *bound, "-o", str(part))).status == 0
    ran = cgraph("train", "--resume", str(part), "-d", str(rows), "--epochs", "9")
    assert ran.status == 0, ran.err
    first, second = json.loads(whole.read_text()), json.loads(part.read_text())
    assert first["parameters"] == second["parameters"]
    assert first["state"] == second["state"]


@pytest.mark.parametrize("scale", [[], ["--scale", "x1"]], ids=["plain", "scaled"])
@pytest.mark.parametrize("method", ["lbfgs", "lm"])
def test_methods_of_scipy_go_on_to_the_same_minimum(
    method: str, scale: list[str], rows: Path, tmp_path: Path, cgraph: Run
) -> None:
    cost, more = "a*tanh(b*x1 + c) + d*x2 - y", ["a=1", "b=0.1", "c=0", "d=0", *scale]
    asked = ["--residual"] if method == "lm" else ["--optimizer", "lbfgs"]
    program = cost if method == "lm" else f"({cost})^2"
    whole, part = tmp_path / "whole.json", tmp_path / "part.json"
    words = ["train", program, "-d", str(rows), *more, *asked]
    assert cgraph(*words, "-o", str(whole)).status == 0
    assert cgraph(*words, "--epochs", "3", "-o", str(part)).status == 1
    assert json.loads(part.read_text())["state"]["epoch"] == 3
    ran = cgraph("train", "--resume", str(part), "--epochs", "900")
    assert ran.status == 0, ran.err
    assert "begins its memory of earlier steps anew" in ran.err
    first, second = json.loads(whole.read_text()), json.loads(part.read_text())
    for name, value in first["parameters"].items():
        assert second["parameters"][name] == pytest.approx(value, rel=1e-4, abs=1e-6)
    assert second["state"]["epoch"] > 3


def test_lbfgs_keeps_the_best_iteration_by_the_rows_held_out(tmp_path: Path, cgraph: Run) -> None:
    chance = np.random.default_rng(2)
    x = chance.uniform(-1, 1, 24)
    path, model = tmp_path / "few.csv", tmp_path / "m.json"
    lines = [
        f"{a!r},{b!r}" for a, b in zip(x.tolist(), chance.normal(size=24).tolist(), strict=True)
    ]
    path.write_text("x,y\n" + "\n".join(lines) + "\n")
    net = "(dot(v, tanh(w*x + b)) - y)^2"
    words = ["train", net, "-d", str(path), "w=normal(0,3,12)", "b=normal(0,1,12)", "v=zeros(12)"]
    words += ["--optimizer", "lbfgs", "--holdout", "0.4", "--patience", "5", "--json"]
    ran = cgraph(*words, "-o", str(model))
    document = json.loads(ran.out)
    costs = [record["holdout"] for record in document["history"]]
    assert "(--patience); the parameters are those of epoch" in document["stopped"]
    assert document["holdout_cost"] == pytest.approx(min(costs), rel=1e-12)
    assert costs[-1] > min(costs)
    assert len(costs) == costs.index(min(costs)) + 1 + 5
    ran = cgraph("train", "x*w - y", "-d", str(path), "w=0", "--residual", "--patience", "5")
    assert ran.status == 2
    assert "least squares goes to the minimum, where alone its standard errors hold" in ran.err


def test_the_words_of_the_first_run_may_be_said_again(
    rows: Path, tmp_path: Path, cgraph: Run
) -> None:
    model = str(tmp_path / "m.json")
    again = words(rows, "--epochs", "5", "-o", model)
    assert cgraph(*again).status == 0
    assert cgraph(*again, "--resume", model).status == 0
    ran = cgraph(*again, "--resume", model, "--batch", "7")
    assert ran.status == 2
    assert "--batch 7 is not the model's" in ran.err


def test_a_constant_stays_what_it_was(rows: Path, tmp_path: Path, cgraph: Run) -> None:
    model = str(tmp_path / "m.json")
    first = ("train", "(w*x1 + c - y)^2", "-d", str(rows), "w=0", "--epochs", "2", "-o", model)
    assert cgraph(*first, "--fix", "c=0.5").status == 0
    assert cgraph(*first, "--fix", "c=0.5", "--resume", model).status == 0
    ran = cgraph(*first, "--fix", "c=2", "--resume", model)
    assert (ran.status, ran.out) == (2, "")
    assert "--fix c is not the model's value" in ran.err
    ran = cgraph(*first, "--fix", "w=2", "--resume", model)
    assert "'w' is not fixed in the model" in ran.err


def test_other_data_is_told(rows: Path, tmp_path: Path, cgraph: Run) -> None:
    model = str(tmp_path / "m.json")
    assert cgraph(*words(rows, "--epochs", "2", "-o", model)).status == 0
    text = rows.read_text()
    rows.write_text(text + "1,2,3,4\n")
    ran = cgraph("train", "--resume", model, "-d", str(rows))
    assert ran.status == 2
    assert "it has 84 rows, and had 83" in ran.err
    rows.write_text(text[:-2] + ("1\n" if text[-2] != "1" else "2\n"))
    ran = cgraph("train", "--resume", model, "-d", str(rows))
    assert ran.status == 2
    assert "is not what" in ran.err


def test_a_model_that_is_not_whole_is_told(rows: Path, tmp_path: Path, cgraph: Run) -> None:
    model = tmp_path / "m.json"
    assert cgraph(*words(rows, "--epochs", "2", "-o", str(model))).status == 0
    text = model.read_text()
    found = json.loads(text)
    record = found["state"]["history"][0]
    beyond = json.dumps({**found, "state": {**found["state"], "position": 7, "rows": 1}})
    for broken in (
        beyond,
        json.dumps({**found, "settings": {**found["settings"], "optimizer": ["gd"]}}),
        json.dumps({**found, "settings": {}}),
        json.dumps({**found, "settings": {**found["settings"], "optimizer": "magic"}}),
        text[: len(text) // 2],
        json.dumps({**found, "parameters": {"W": [1, [2]]}}),
        json.dumps({**found, "parameters": {}}),
        json.dumps({**found, "state": {**found["state"], "memory": 3}}),
        json.dumps({**found, "state": {**found["state"], "memory": {"a": []}}}),
        *(
            json.dumps({**found, "state": {**found["state"], **change}})
            for change in (
                {"position": -5},
                {"stride": 0},
                {"step": 10**30},
                {"rows": 3},
                {"epoch": 0.5},
                {"history": [{"epoch": 1}]},
                {"history": [{**record, "cost": None}]},
            )
        ),
        json.dumps({**found, "data": {**found["data"], "path": 5}}),
        json.dumps({**found, "data": {}}),
        json.dumps({**found, "program": "x +"}),
        json.dumps({"x": 1}),
        "[]",
    ):
        model.write_text(broken)
        for command in (["train", "--resume"], ["predict"]):
            ran = cgraph(*command, str(model), "-d", str(rows))
            # How many batches there are only a run knows.
            fine = command == ["predict"] and broken == beyond
            assert ran.status == (0 if fine else 2), (broken[:200], ran)
            assert fine or ran.err.startswith("error: ")


def _killed(command: list[str], after: float, environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    time.sleep(after)
    process.kill()
    process.wait()


def _kill_and_go_on(
    kills: int, rows: Path, folder: Path, environment: dict[str, str], seed: int
) -> None:
    """Kill a run at random moments and go on from its model, to the end; compare the bits."""
    chance = random.Random(seed)
    program = [sys.executable, "-m", "cgcli"]
    options = ["--optimizer", "adam", "--batch", "4", "--epochs", "120", "--save-every", "0"]
    whole, model = folder / "whole.json", folder / "killed.json"
    begun = words(rows, *options, "-o", str(model))
    subprocess.run(
        [*program, *words(rows, *options, "-o", str(whole))], check=True, capture_output=True
    )
    expected = json.loads(whole.read_text())
    done = 0
    for _ in range(kills):
        if model.exists():
            found = json.loads(model.read_text())
            assert found["schema"] == "cgraph.model/1"
            epoch = found["state"]["epoch"]
            assert epoch >= done
            done = epoch
            if done == 120:
                assert found["parameters"] == expected["parameters"]
                model.unlink()
                done = 0
                continue
            command = [*program, "train", "--resume", str(model), "-d", str(rows)]
        else:
            command = [*program, *begun]
        _killed(command, chance.uniform(0.15, 0.9), environment)
    if model.exists():
        last = [*program, "train", "--resume", str(model), "-d", str(rows)]
        subprocess.run(last, check=True, capture_output=True)
        found = json.loads(model.read_text())
        assert found["parameters"] == expected["parameters"]
        assert found["state"] == expected["state"]


def test_a_run_that_is_killed_leaves_a_whole_model(
    rows: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    _kill_and_go_on(8, rows, tmp_path, environment, 1)


@pytest.mark.long
@pytest.mark.parametrize("part", range(4))
def test_a_run_that_is_killed_two_hundred_times(
    part: int, rows: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    _kill_and_go_on(52, rows, tmp_path, environment, 100 + part)


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as Unix has them")
def test_ctrl_c_stops_after_the_step_and_says_how_to_go_on(
    rows: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    model = tmp_path / "m.json"
    options = ["--batch", "1", "--epochs", "100000", "-o", str(model), "--save-every", "1000"]
    process = subprocess.Popen(
        [sys.executable, "-m", "cgcli", *words(rows, *options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    )
    while not model.exists():
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "it was interrupted" in out
    assert f"to go on: cgraph train --resume {model}" in err
    assert json.loads(model.read_text())["state"]["step"] > 0


def test_a_model_that_is_there_is_kept_until_there_is_another(
    rows: Path, tmp_path: Path, cgraph: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "m.json"
    assert cgraph(*words(rows, "--epochs", "2", "-o", str(model))).status == 0
    before = model.read_text()
    monkeypatch.setattr("cgcli.learning.training.Training.run", _broken)
    assert cgraph(*words(rows, "--epochs", "2", "-o", str(model))).status == 70
    assert model.read_text() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.json", "rows.csv"]


def _broken(*_: Any) -> None:
    raise RuntimeError


def test_paths_that_cannot_be_written(rows: Path, tmp_path: Path, cgraph: Run) -> None:
    for option, name, why in (
        ("-o", "m.json", "there is no such folder"),
        ("--log", "run.jsonl", "there is no such folder"),
        ("--plot", "cost.svg", "there is no such folder"),
    ):
        path = str(tmp_path / "no" / "such" / name)
        ran = cgraph(*words(rows, "--epochs", "2", option, path))
        assert ran.status == 2
        assert f"{name}: {why}" in ran.err
        assert ran.out == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device")
def test_a_full_disk(rows: Path, cgraph: Run) -> None:
    for option in ("-o", "--log"):
        ran = cgraph(*words(rows, "--epochs", "2", option, "/dev/full"))
        assert ran.status == 2
        assert "no space left on device" in ran.err


def test_the_log_has_every_epoch_once(rows: Path, tmp_path: Path, cgraph: Run) -> None:
    model, log = str(tmp_path / "m.json"), tmp_path / "log.jsonl"
    more = ["--batch", "16", "-o", model, "--log", str(log)]
    assert cgraph(*words(rows, "--epochs", "4", *more)).status == 0
    with log.open("a") as file:
        file.write('{"epoch": 5, "cost": 0}\n{"epo')
    ran = cgraph("train", "--resume", model, "-d", str(rows), "--epochs", "6", "--log", str(log))
    assert ran.status == 0, ran.err
    epochs = [json.loads(line)["epoch"] for line in log.read_text().splitlines()]
    assert epochs == [1, 2, 3, 4, 5, 6]


def test_an_epoch_that_a_criterion_ended_stands_once(
    rows: Path, tmp_path: Path, cgraph: Run
) -> None:
    """It is begun, and its step is not taken; who goes on takes it, to the same bits."""
    whole, part = tmp_path / "whole.json", tmp_path / "part.json"
    log = tmp_path / "log.jsonl"
    assert cgraph(*words(rows, "--epochs", "20", "-o", str(whole))).status == 0
    more = ["--until-change", "0.05", "-o", str(part), "--log", str(log)]
    assert cgraph(*words(rows, *more)).status == 0
    stopped = json.loads(part.read_text())["state"]
    assert stopped["step"] < 15
    for epochs in (str(stopped["epoch"] + 5), "20"):
        ran = cgraph(
            "train", "--resume", str(part), "-d", str(rows), "--epochs", epochs,
            "--until-change", "0", "--log", str(log),
        )  # fmt: skip
        assert ran.status == 0, ran.err
    first, second = json.loads(whole.read_text()), json.loads(part.read_text())
    assert first["state"] == second["state"]
    epochs_told = [json.loads(line)["epoch"] for line in log.read_text().splitlines()]
    assert epochs_told == list(range(1, 21))
