"""`cgraph map` on a file, values and gradients, beside DuckDB's SQL with derivatives by hand.

Each is a whole process on one core, its start counted, and its figures are the processor's seconds
and the peak of its memory. What both write is compared. A first run of each is not counted: it
leaves Python's compiled files, as an installation does.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from measure import Row, at_most, cgraph, installed, interleave, medians, print_table

PROGRAM = "(x + y)*exp(z)"
SQL = """row_number() OVER () AS row, (x + y)*exp(z) AS f,
    exp(z) AS gx, exp(z) AS gy, (x + y)*exp(z) AS gz"""
GOALS = {"csv": 2.0, "parquet": 1.5}
MEMORY = 500.0
COMPILED = {n: text for n, text in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}


def sql(text: str) -> list[str]:
    """Return the command that runs a statement in a DuckDB of its own, on one thread."""
    start = "import duckdb; c = duckdb.connect(config={'threads': '1'}); "
    start += "c.execute('SET enable_progress_bar = false'); "
    return [sys.executable, "-c", f"{start}c.execute({text!r})"]


def run(command: list[str], memory: dict[str, float], name: str) -> float:
    """Return the processor's seconds of a process, and keep its peak of memory in MB."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    process = subprocess.Popen(command, env=COMPILED)
    os.sched_setaffinity(0, cores)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{name} ended with status {process.returncode}")
    memory[name] = max(memory.get(name, 0.0), usage.ru_maxrss / 1024)
    return usage.ru_utime + usage.ru_stime


def check(folder: Path, ending: str) -> None:
    """Exit with a message unless both files have the same rows, to rounding."""
    import duckdb

    names = '"df/dx" AS gx, "df/dy" AS gy, "df/dz" AS gz'
    both = f"(SELECT row, f, {names} FROM '{folder}/cgraph.{ending}') a"
    both += f" JOIN '{folder}/duckdb.{ending}' b USING (row)"
    columns = ("f", "gx", "gy", "gz")
    worst = ", ".join(f"max(abs(a.{n} - b.{n})/(1e-300 + abs(b.{n})))" for n in columns)
    database = duckdb.connect()
    database.execute("SET enable_progress_bar = false")
    found: Any = database.execute(f"SELECT count(*), {worst} FROM {both}").fetchone()
    if max(found[1:]) > 1e-14:
        sys.exit(f"the values differ by {max(found[1:]):.2g}")


def measured(rows: int, rounds: int) -> list[Row]:
    """Return the rows of the table for files of so many rows."""
    import duckdb

    table: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for ending, goal in GOALS.items():
            source = folder / f"rows.{ending}"
            data = f"SELECT random() x, 10*random() y, random() - 0.5 z FROM range({rows})"
            duckdb.connect().execute(f"COPY ({data}) TO '{source}'")
            target = f"{folder}/duckdb.{ending}"
            commands = {
                "cgraph": [
                    *cgraph(),
                    "map",
                    PROGRAM,
                    "-d",
                    str(source),
                    "-o",
                    f"{folder}/cgraph.{ending}",
                ],
                "duckdb": sql(f"COPY (SELECT {SQL} FROM '{source}') TO '{target}'"),
            }
            memory: dict[str, float] = {}
            runs = {k: partial(run, command, memory, k) for k, command in commands.items()}
            interleave(runs, 1)
            seconds = medians(interleave(runs, rounds))
            check(folder, ending)
            ratio = seconds["cgraph"] / seconds["duckdb"]
            figure = f"{ratio:.2f}, {seconds['cgraph']:.2f} s over {seconds['duckdb']:.2f} s"
            what = f"{rows:,} rows, {ending} to {ending}"
            table.append(at_most(f"{what}, over DuckDB's SQL", ratio, goal, figure))
            peak = memory["cgraph"]
            table.append(at_most(f"{what}, peak of memory", peak, MEMORY, f"{peak:.0f} MB", " MB"))
    return table


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if not installed("duckdb"):
        sys.exit("duckdb is not installed")
    print_table([row for rows in given.rows for row in measured(rows, given.rounds)])


if __name__ == "__main__":
    main()
