"""Rows shared by processes: any number of them gives the same bits, and ends as one run does."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from cgcli.errors import CgraphError
from cgcli.learning.given import Given
from cgcli.learning.objective import Measure, Objective
from cgcli.learning.preparing import Prepared, Reading, prepare
from cgcli.learning.residuals import residuals_of
from cgcli.learning.sources import Source
from cgcli.learning.tables import CHUNK, ROW
from cgcli.learning.workers import Workers, share
from cgcli.native import library
from cgcli.plan.sweep import SHARD
from cgcli.program import parse

COMMAND = [sys.executable, "-m", "cgcli"]


@pytest.fixture(scope="module")
def crews() -> Iterator[list[Workers]]:
    # The last are more than there are shards.
    with Workers(1) as one, Workers(2) as two, Workers(8) as eight:
        yield [one, two, eight]


def source(columns: dict[str, Any]) -> Source:
    count = len(next(iter(columns.values())))

    def rows(wanted: Any, report: Any) -> Iterator[dict[str, Any]]:
        for start in range(0, count, CHUNK):
            end = min(start + CHUNK, count)
            report.rows += end - start
            part = {name: columns[name][start:end] for name in wanted.names}
            yield {**part, ROW: np.arange(start + 1.0, end + 1.0)}

    return Source("rows", list(columns), rows)


def prepared(text: str, initial: dict[str, Any], columns: dict[str, Any], **how: Any) -> Prepared:
    given = Given(parse(text), initial, {}, how.pop("metrics", {}))
    return prepare(given, source(columns), Reading(**how))


def bits(*values: Any) -> list[bytes]:
    # No number is no number, whatever its sign.
    arrays = [np.asarray(value, dtype=float) for value in values]
    return [np.where(np.isnan(array), np.nan, array).tobytes() for array in arrays]


PROGRAMS = [
    ("(a*exp(-k*x) + b - y)^2", {"a": 1.0, "k": 0.5, "b": 0.0}),
    ("p = dot(v, tanh(W @ [x, y] + b)); (p - x*y)^2 + relu(x - 0.5)", {
        "W": [[0.1, 0.2], [0.3, -0.4], [0.5, 0.6]], "b": [0.0, 0.1, 0.2], "v": [1.0, -1.0, 0.5],
    }),
    ("log(abs(a*x) + 0.1) + sqrt(x^2 + 3)*abs(a*x - y)/(a + y^2)", {"a": 2.0}),
]  # fmt: skip


@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@example(program=PROGRAMS[2], count=SHARD + 1, seed=0, scale=False)
@given(
    program=st.sampled_from(PROGRAMS),
    count=st.integers(SHARD + 1, 4 * SHARD),
    seed=st.integers(0, 2**32),
    scale=st.booleans(),
)
def test_the_same_bits_come_out_of_any_number_of_workers(
    crews: list[Workers], program: Any, count: int, seed: int, scale: bool
) -> None:
    chance = np.random.default_rng(seed)
    columns = {"x": chance.normal(size=count), "y": chance.normal(size=count)}
    columns["x"][chance.integers(count)] = 0.0
    text, initial = program
    how = {"scale": ["x"] if scale else [], "metrics": {"m": "abs(x)"}}
    results = []
    for crew in [None, *crews]:
        at_hand = prepared(text, initial, columns, **how)
        task, table = at_hand.task, at_hand.train
        if crew is not None:
            share(crew, at_hand)
        objective, measure = Objective(task, table), Measure(task, table)
        residuals = residuals_of(task, table)
        said = []
        for _ in range(2):
            ((_, cost),) = objective.epoch(0)
            both = measure.run()
            with np.errstate(all="ignore"):
                slopes = residuals.jacobian(task.parameters.flat.copy())
            left = residuals.at(task.parameters.flat.copy())
            said += bits(cost, objective.gradient, both[0], both[1]["m"], slopes, left)
            task.parameters.flat *= 1.1
        results.append(said)
    assert results[1:] == results[:1] * 3


def test_rows_on_disk_have_the_bits_of_rows_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(4)
    columns = {"x": chance.normal(size=3 * SHARD + 5), "y": chance.normal(size=3 * SHARD + 5)}
    for text, initial in PROGRAMS:
        results = []
        for memory in (2**40, 1000):
            monkeypatch.setattr("cgcli.learning.preparing.split", _split(memory))
            at_hand = prepared(text, initial, columns)
            assert (at_hand.train.arrays is None) == (memory == 1000)
            objective = Objective(at_hand.task, at_hand.train)
            ((_, cost),) = objective.epoch(0)
            residuals = residuals_of(at_hand.task, at_hand.train)
            with np.errstate(all="ignore"):
                slopes = residuals.jacobian(at_hand.task.parameters.flat.copy())
            results.append(bits(cost, objective.gradient, slopes))
        assert results[0] == results[1]


def _split(memory: int) -> Any:
    from cgcli.learning.tables import split

    return lambda chunks, fraction, seed: split(chunks, fraction, seed, memory)


def test_the_sums_are_those_of_all_rows(crews: list[Workers]) -> None:
    chance = np.random.default_rng(5)
    x, y = chance.normal(size=(2, 3 * SHARD + 7))
    at_hand = prepared("(w*x - y)^2", {"w": 0.3}, {"x": x, "y": y})
    share(crews[1], at_hand)
    objective = Objective(at_hand.task, at_hand.train)
    ((_, cost),) = objective.epoch(0)
    np.testing.assert_allclose(cost, np.mean((0.3 * x - y) ** 2), rtol=1e-13)
    np.testing.assert_allclose(objective.gradient[0], np.mean(2 * (0.3 * x - y) * x), rtol=1e-12)


def test_squares_by_blocks_are_those_of_the_jacobian() -> None:
    chance = np.random.default_rng(6)
    x, y = chance.normal(size=(2, 2 * SHARD + 7))
    at_hand = prepared("a*exp(b*x) - y", {"a": 1.5, "b": 0.3}, {"x": x, "y": y})
    residuals = residuals_of(at_hand.task, at_hand.train)
    theta = np.array([1.5, 0.3])
    slopes, left = residuals.jacobian(theta), residuals.at(theta)
    jacobian = np.stack([np.exp(0.3 * x), 1.5 * x * np.exp(0.3 * x)], axis=1)
    plain = 1.5 * np.exp(0.3 * x) - y
    assert slopes.shape == (3, 2)
    np.testing.assert_allclose(slopes.T @ slopes, jacobian.T @ jacobian, rtol=1e-12)
    np.testing.assert_allclose(slopes.T @ left, jacobian.T @ plain, rtol=1e-11)
    np.testing.assert_allclose(left @ left, plain @ plain, rtol=1e-12)


def write(path: Path, count: int) -> None:
    chance = np.random.default_rng(7)
    rows = chance.normal(size=(count, 2)).round(4)
    path.write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in rows.tolist()))


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    write(path, CHUNK + 77)
    return path


@pytest.mark.parametrize("form", ["csv", "--json"])
def test_rows_are_written_in_order_with_their_notes(rows: Path, form: str, cgraph: Any) -> None:
    how = ["--json"] if form == "--json" else ["--format", form]
    words = ["map", "relu(x)*w + log(y + 3)", "-d", str(rows), "w=2", "--keep", "x", *how]
    one = cgraph(*words)
    two = cgraph(*words, "--jobs", "2")
    assert one == two
    assert one.status == 0
    assert re.search(r"domain: \d+ rows, the first is row [\d,]+:", one.err)
    assert one.out.count("\n") > CHUNK


def test_a_fit_is_the_same_line_by_line(tmp_path: Path, cgraph: Any) -> None:
    path = tmp_path / "many.csv"
    write(path, SHARD + 1000)
    for how in (["--optimizer", "lbfgs"], ["--residual"], ["--epochs", "3", "--holdout", "0.01"]):
        words = ["train", "w*x + b*x^2 - y", "-d", str(path), "w=0", "b=0", "--digits", "17"]
        if how != ["--residual"]:
            words[1] = f"({words[1]})^2"
        one, two = cgraph(*words, *how), cgraph(*words, *how, "--jobs", "2")
        assert one == two
        assert "numbers learned" in one.out


compiled = pytest.mark.skipif(not library.compiler(), reason="there is no C compiler")


@compiled
@pytest.mark.parametrize(
    "bad", [0.0, pytest.param(0.8, marks=pytest.mark.long)], ids=["plain", "most-leave-the-doubles"]
)
def test_compiled_rows_have_the_same_bits_too(bad: float, tmp_path: Path, cgraph: Any) -> None:
    path, chance = tmp_path / "many.csv", np.random.default_rng(3)
    x, y = chance.normal(size=(2, 2 * SHARD + 1000))
    # Most rows of some blocks, and of the middle shard, are for NumPy to do again.
    x[SHARD : SHARD + int(bad * SHARD)] = 1e3
    np.savetxt(path, np.stack([x, y], axis=1), "%.17g", ",", header="x,y", comments="")
    program = "exp(tanh(a*x) + 0.001*b*y)*exp(x) + y^2"
    written, fits = [], []
    for jobs in ("1", "3"):
        more = ["-d", str(path), "--engine", "native", "--jobs", jobs]
        ran = cgraph("map", program, "a=0.3", "b=0.1", "-v", *more)
        assert "the engine is native" in ran.err
        written.append(ran.out)
        cost = "(tanh(a*x) + b*y - exp(-min(x, 700)^2/1e3))^2"
        words = ["train", cost, "a=0.1", "b=0", "--epochs", "4", "--digits", "17", *more, "--json"]
        fits.append(cgraph(*words).out)
    assert written[0] == written[1]
    assert fits[0] == fits[1]
    plain = cgraph("map", program, "a=0.3", "b=0.1", "-d", str(path))
    table = [np.loadtxt(io.StringIO(t), delimiter=",", skiprows=1) for t in (plain.out, written[0])]
    np.testing.assert_allclose(table[1], table[0], rtol=1e-12)


def test_an_error_in_a_worker_is_the_error_of_the_run(rows: Path, cgraph: Any) -> None:
    words = ["map", "x + [1, 2, 3][k]", "-d", str(rows), "k=7", "--values"]
    one, two = cgraph(*words), cgraph(*words, "--jobs", "2")
    assert one == two
    assert one.status == 2
    assert one.err.startswith("error:")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "(w*x-y)^2", "w=0", "--jobs", "2", "--batch", "8"], "--batch"),
        (["map", "x", "--jobs", "0"], "--jobs is a whole number from 1 to 256, not 0"),
        (["map", "x", "--jobs", "2", "--engine", "auto"], "--engine auto is for one process"),
        (["map", "x", "--on", "mars"], "--on is ray or ray://HOST:PORT, not 'mars'"),
        (["map", "x", "--on", "ray://h:1", "--jobs", "2"], "leave --jobs out"),
    ],
)
def test_what_does_not_go_together_is_refused(
    words: list[str], message: str, rows: Path, cgraph: Any
) -> None:
    done = cgraph(*words, "-d", str(rows))
    assert done.status == 2
    assert message in done.err


def processes(parent: int) -> list[int]:
    """The workers of a run: what it started, but for what keeps account of them."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == parent and b"spawn_main" in words:
            found.append(int(folder.name))
    return found


def started(arguments: list[str], folder: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """A run, and its workers as soon as all are there."""
    run = subprocess.Popen(
        [*COMMAND, *arguments], cwd=folder, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    end = time.monotonic() + 60
    while time.monotonic() < end and run.poll() is None:
        workers = processes(run.pid)
        if len(workers) == 2:
            return run, workers
        time.sleep(0.01)
    raise AssertionError(run.communicate())


posix = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="it looks into /proc")
# It takes so long that a signal finds it at work.
MAP = [
    "map",
    "sum([sin(k*x)*w for k in 0..60]) + exp(y)",
    "w=2",
    "--jobs",
    "2",
    "-o",
    "out.csv",
    "-d",
]


@posix
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_is_killed_is_one_clear_error(
    number: int, rows: Path, tmp_path: Path
) -> None:
    run, workers = started([*MAP, str(rows)], tmp_path)
    os.kill(workers[0], number)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 2
    assert err.splitlines()[0] == "error: a worker process ended before its work was done"
    assert "Traceback" not in err
    assert os.listdir(tmp_path) == []


@posix
def test_ctrl_c_reaches_the_driver_alone_and_no_worker_stays(rows: Path, tmp_path: Path) -> None:
    run, workers = started([*MAP, str(rows)], tmp_path)
    for process in (run.pid, *workers):
        os.kill(process, signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert (run.returncode, err) == (130, "")
    assert os.listdir(tmp_path) == []
    assert not _alive(workers)


@posix
def test_no_worker_outlives_a_driver_that_is_killed(rows: Path, tmp_path: Path) -> None:
    run, workers = started([*MAP, str(rows)], tmp_path)
    run.kill()
    run.communicate(timeout=60)
    assert not _alive(workers)
    assert all(name.endswith(".part") for name in os.listdir(tmp_path))


@posix
@pytest.mark.long
def test_a_driver_that_is_killed_leaves_its_output_absent_or_whole(tmp_path: Path) -> None:
    """Two hundred times, at any moment of its life, with and without workers."""
    write(tmp_path / "rows.csv", 3000)
    rows = ["-d", "rows.csv", "-o"]
    runs = {
        "out.csv": ["map", "sin(x)*w", "w=2", *rows, "out.csv"],
        "out.json": ["train", "w*x - y", "w=0", "--residual", *rows, "out.json"],
    }
    lengths, wanted = {}, {}
    for name, command in runs.items():
        began = time.monotonic()
        subprocess.run([*COMMAND, *command], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
        lengths[name] = time.monotonic() - began
        wanted[name] = (tmp_path / name).read_bytes()
    chance = np.random.default_rng(11)
    absent = 0
    for turn in range(200):
        name, jobs = list(runs)[turn % 2], (turn % 4 > 1) + 1
        path = tmp_path / name
        path.unlink(missing_ok=True)
        command = [*COMMAND, *runs[name], "--jobs", str(jobs)]
        run = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
        workers: set[int] = set()
        end = time.monotonic() + chance.uniform(0, 1.1) * jobs * lengths[name]
        while time.monotonic() < end and run.poll() is None:
            workers.update(processes(run.pid))
            time.sleep(0.005)
        workers.update(processes(run.pid))
        run.kill()
        run.wait()
        assert not _alive(sorted(workers))
        absent += not path.exists()
        if path.exists() and path.read_bytes() != wanted[name]:
            # A model is begun with its start: it is whole, and not yet fitted.
            assert name == "out.json"
            assert json.loads(path.read_text())["parameters"] == {"w": 0.0}
    assert 0 < absent < 200
    for command in runs.values():
        subprocess.run([*COMMAND, *command], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    assert sorted(os.listdir(tmp_path)) == ["out.csv", "out.json", "rows.csv"]


def _alive(workers: list[int]) -> list[int]:
    """Those of some processes that are still there after a while."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        left = [number for number in workers if os.path.exists(f"/proc/{number}")]
        if not left:
            return []
        time.sleep(0.02)
    return left


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk_is_one_clear_error(rows: Path, cgraph: Any) -> None:
    done = cgraph(
        "map", "x*y", "-d", str(rows), "--jobs", "2", "-o", "/dev/full", "--format", "csv"
    )
    assert done.status == 2
    assert done.err == "error: /dev/full: no space left on device\n"


def test_a_worker_that_is_gone_takes_nothing_more() -> None:
    with Workers(1) as crew:
        job = crew.job(_leave, 3)
        with pytest.raises(CgraphError, match="a worker process ended"):
            list(crew.map(job, [(0, ())]))
        with pytest.raises(CgraphError, match="a worker process ended"):
            list(crew.map(job, [(0, ())]))


_leave = os._exit
