"""Whole-process time of one `cgraph eval`, against a Python that does nothing.

That Python is the same interpreter in an empty virtual environment. An editable install runs a hook
at the start of every Python of its environment, `python -c pass` too, which doubled the time of the
latter and so halved the ratio. Against an empty environment the hook counts against `cgraph` alone;
for the figure that a user sees, install without `-e`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
import venv
from functools import partial
from importlib.metadata import distribution
from pathlib import Path

from measure import Row, at_most, cgraph, installed, interleave, medians, print_table

EVAL = ["eval", "(x+y)*z", "x=1", "y=3", "z=-3"]
JSON_GOAL = 8.0
TABLE_GOAL = 11.0


def seconds(command: list[str]) -> float:
    """Return the time from starting `command` to its end; its output is thrown away."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def empty_python(folder: str) -> str:
    """Return this interpreter as it is in an empty virtual environment made in `folder`."""
    venv.create(folder, symlinks=os.name != "nt", with_pip=False)
    scripts = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return str(Path(folder, *scripts))


def editable() -> bool:
    """Return whether cgcli is installed with `-e`."""
    origin = distribution("cgcli").read_text("direct_url.json") or ""
    return '"editable": true' in origin


def measure(rounds: int) -> list[Row]:
    """Return the rows for JSON and for the table, as ratios to `python -c pass`."""
    names = {
        "json": ('`cgraph eval "(x+y)*z" ... --json`, whole process', JSON_GOAL),
        "table": ('`cgraph eval "(x+y)*z" ...`, a table, whole process', TABLE_GOAL),
    }
    if not installed("cgcli"):
        return [Row(label, "not installed") for label, _ in names.values()]
    with tempfile.TemporaryDirectory() as folder:
        runs = {
            "python": partial(seconds, [empty_python(folder), "-c", "pass"]),
            "json": partial(seconds, [*cgraph(), *EVAL, "--json"]),
            "table": partial(seconds, [*cgraph(), *EVAL]),
        }
        for run in runs.values():
            run()  # compiled files and disk caches are written by a first run, which nobody repeats
        median = medians(interleave(runs, rounds))
    rows = []
    for name, (label, goal) in names.items():
        ratio = median[name] / median["python"]
        figure = (
            f"{ratio:.2f} times `python -c pass`"
            f" ({1e3 * median[name]:.0f} ms against {1e3 * median['python']:.1f} ms)"
        )
        if editable():
            figure += ", with an editable install's start-up hook"
        rows.append(at_most(label, ratio, goal, figure, " times"))
    return rows


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    print_table(measure(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
