"""What several processes bring: `map` and full-batch fits with `--jobs`, beside one process.

Each run is a process of its own over the same Parquet file. Two figures are told: how much sooner
it ends, which counts where nothing else runs, and the processor time of all its processes beside
that of one, which tells what sharing costs whatever else runs. The results must be the same
bytes. The last rows are the peak of memory of least squares on more rows than are kept in memory.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from measure import Row, at_least, at_most, cgraph, installed, interleave, print_table

GOAL = 1.7
MEMORY = 500
MAP = ["map", "w*sin(x)*exp(-x/3) + log(1 + y^2)", "w=2"]
FIT = ["train", "(a*exp(-k*x)*cos(c*x) + d - y)^2", "a=1", "k=0.5", "c=0.1", "d=0"]
SQUARES = ["train", "a*exp(-k*x) + c - y", "a=1", "k=1", "c=0", "--residual"]


class Ran(NamedTuple):
    """A run: its seconds, the processor's seconds, its peak of memory in MB, and what it wrote."""

    seconds: float
    processor: float
    peak: float
    digest: str


def run(words: list[str], output: str) -> Ran:
    """Return what a run of the command line came to; its workers are counted in."""
    began = time.perf_counter()
    command = [*cgraph(), *words]
    actions = [(os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)]
    number = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    _, status, usage = os.wait4(number, 0)
    if status:
        sys.exit(f"cgraph {' '.join(words)}: status {status}")
    seconds = time.perf_counter() - began
    digest = hashlib.sha256(Path(output).read_bytes()).hexdigest()
    return Ran(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, digest)


def write(path: str, count: int) -> None:
    """Write rows of x and y, y near a curve of x."""
    import duckdb

    duckdb.sql("SET threads = 1")
    duckdb.sql("SELECT setseed(0.5)")
    rows = f"(SELECT 4*random() AS x, random() AS e FROM range({count}))"
    curve = "SELECT x, 2.5*exp(-0.7*x) + 0.3 + 0.1*(e - 0.5) AS y"
    duckdb.sql(f"COPY ({curve} FROM {rows}) TO '{path}' (FORMAT parquet)")


def shared(label: str, words: list[str], output: str, jobs: list[int], rounds: int) -> list[Row]:
    """Return the rows of what several processes bring to a command."""
    kept: dict[int, list[Ran]] = {}

    def timed(count: int) -> float:
        kept.setdefault(count, []).append(run([*words, "--jobs", str(count)], output))
        return kept[count][-1].seconds

    interleave({str(count): partial(timed, count) for count in jobs}, rounds)
    best = {count: min(ran.seconds for ran in runs) for count, runs in kept.items()}
    work = {count: min(ran.processor for ran in runs) for count, runs in kept.items()}
    if len({ran.digest for runs in kept.values() for ran in runs}) != 1:
        sys.exit(f"{label}: the results differ")
    rows = [Row(f"{label}, 1 process", f"{best[1]:.1f} s, {work[1]:.1f} s of the processor")]
    for count in jobs[1:]:
        ratio, cost = best[1] / best[count], work[count] / work[1]
        figure = f"{ratio:.2f} times as fast; {cost:.2f} times the processor's time"
        goal = GOAL / 2 * count
        rows.append(at_least(f"{label}, {count} processes", ratio, goal, figure, " times"))
    return rows


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=10_000_000, help="of map and least squares")
    parser.add_argument("--fit-rows", type=int, default=1_000_000)
    parser.add_argument("--jobs", default="1,2", help="how many processes, 1 first")
    options = parser.parse_args()
    if not installed("duckdb"):
        print_table([Row("what several processes bring", "DuckDB is not installed")])
        return
    jobs = [int(count) for count in options.jobs.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        many, some, output = (
            str(Path(folder) / name) for name in ("many.parquet", "some.parquet", "o")
        )
        write(many, options.rows)
        write(some, options.fit_rows)
        fit: list[Any] = [*FIT, "-d", some, "--epochs", "500", "--lr", "0.1"]
        rows = shared(
            f"`map`, {options.rows:,} rows", [*MAP, "-d", many], output, jobs, options.rounds
        )
        rows += shared(
            f"a fit of {options.fit_rows:,} rows, 500 steps", fit, output, jobs, options.rounds
        )
        peak = run([*SQUARES, "-d", many], output).peak
        measure = f"peak of memory of `--residual`, {options.rows:,} rows"
        rows.append(at_most(measure, peak, MEMORY, f"{peak:,.0f} MB", " MB"))
    print_table(rows)


if __name__ == "__main__":
    main()
