"""Rows at Ray's workers: the bits of one process, whichever of them are killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from cgcli.plan.sweep import SHARD

pytestmark = [
    pytest.mark.ray,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed"),
    pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="it looks into /proc"),
]
COMMAND = [sys.executable, "-m", "cgcli"]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    values = np.random.default_rng(1).normal(size=(3 * SHARD + 9, 2)).round(3)
    path.write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in values.tolist()))
    return path


def plain(words: list[str]) -> tuple[int, str, str]:
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def killed(words: list[str], times: int) -> tuple[tuple[int, str, str], int]:
    """What a run comes to whose workers are killed so many times while they compute."""
    run = subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    count = 0
    while run.poll() is None and count < times:
        for number in working(run.pid)[:1]:
            with contextlib.suppress(OSError):
                os.kill(number, signal.SIGKILL)
                count += 1
        time.sleep(0.02)
    out, err = run.communicate(timeout=300)
    return (run.returncode, out, err), count


def working(driver: int) -> list[int]:
    """The processes below a driver that are at a task of ours."""
    parents, names = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[int(folder.name)] = int(fields[1])
            names[int(folder.name)] = (folder / "cmdline").read_bytes()
    found = []
    for number, name in names.items():
        above = number
        while above in parents and above != driver:
            above = parents[above]
        if above == driver and name.startswith(b"ray::run"):
            found.append(number)
    return sorted(found)


@pytest.mark.parametrize("times", [0, 3])
def test_rows_are_mapped_to_the_same_bytes(times: int, rows: Path, tmp_path: Path) -> None:
    words = ["map", "relu(x)*w + log(y + 3)", "w=2", "-d", str(rows), "-o"]
    assert plain([*words, str(tmp_path / "one.csv")])[0] == 0
    more = ["--on", "ray", "--jobs", "2"]
    (status, out, err), count = killed([*words, str(tmp_path / "two.csv"), *more], times)
    assert (status, out, count) == (0, "", times), err
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["one.csv", "two.csv"]


@pytest.mark.long
def test_twenty_workers_that_are_killed_change_no_byte(rows: Path, tmp_path: Path) -> None:
    words = ["map", "relu(x)*w + log(y + 3)", "w=2", "-d", str(rows), "-o"]
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    plain([*words, str(one)])
    count = 0
    while count < 20:
        two.unlink(missing_ok=True)
        (status, *_), more = killed([*words, str(two), "--on", "ray", "--jobs", "2"], 20 - count)
        count += more
        assert status == 0
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("how", [["--epochs", "40", "--lr", "0.1"], ["--residual"]])
def test_a_fit_has_the_same_bits(how: list[str], rows: Path) -> None:
    text = "a*exp(-x/5) + b*x - y"
    words = ["train", text if how == ["--residual"] else f"({text})^2", "a=1", "b=0"]
    words += ["-d", str(rows), "--digits", "17", *how]
    one = plain(words)
    for _ in range(5):
        two, count = killed([*words, "--on", "ray", "--jobs", "2"], 2)
        assert one == two
        # On a fast machine a task may end before it is seen.
        if count:
            break
    assert count > 0
    assert "2 numbers learned" in one[1]


def test_a_cluster_that_is_not_there_is_one_clear_error(rows: Path) -> None:
    status, _, err = plain(["map", "x", "-d", str(rows), "--on", "ray://127.0.0.1:1"])
    assert status == 2
    assert err.startswith("error: Ray cannot be reached at ray://127.0.0.1:1")
