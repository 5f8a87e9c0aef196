"""What the benchmarks share: clocks, interleaving, and the rows of the one table."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HEADER = ("| measure | figure | goal | reached |", "| --- | --- | --- | --- |")
NO_GOAL = "-"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `goal` and `reached` are "-" where no goal is set."""

    measure: str
    figure: str
    goal: str = NO_GOAL
    reached: str = NO_GOAL


def at_most(measure: str, value: float, goal: float, figure: str, unit: str = "") -> Row:
    """Return a row whose goal is an upper bound on `value`."""
    return Row(measure, figure, f"at most {goal:,g}{unit}", "yes" if value <= goal else "no")


def at_least(measure: str, value: float, goal: float, figure: str, unit: str = "") -> Row:
    """Return a row whose goal is a lower bound on `value`."""
    return Row(measure, figure, f"at least {goal:,g}{unit}", "yes" if value >= goal else "no")


def print_table(rows: Sequence[Row]) -> None:
    """Print `rows` as a Markdown table."""
    lines = [*HEADER, *(markdown(row) for row in rows)]
    sys.stdout.write("\n".join(lines) + "\n")


def markdown(row: Row) -> str:
    """Return `row` as one line of a Markdown table."""
    return f"| {row.measure} | {row.figure} | {row.goal} | {row.reached} |"


def interleave(runs: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Return each run's figures, taken A B C A B C ...

    A machine that slows down for a while slows all of them, so the ratios of the medians stand.
    """
    figures: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            figures[name].append(run())
    return figures


def medians(figures: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the median of each list of figures."""
    return {name: statistics.median(values) for name, values in figures.items()}


def cgraph() -> list[str]:
    """Return the command that starts `cgraph`: the console script beside this Python, or `-m`."""
    here = Path(sys.executable)  # not resolved: in a virtual environment it is a link out of it
    for name in ("cgraph", "cgraph.exe"):
        if (script := here.with_name(name)).exists():
            return [str(script)]
    return [sys.executable, "-m", "cgcli"]


def installed(module: str) -> bool:
    """Return whether `module` can be imported, without importing it."""
    return importlib.util.find_spec(module) is not None


def version(distribution: str) -> str:
    """Return the installed version of `distribution`, or "not installed"."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def fresh(script: str, *arguments: str, timeout: float | None = None) -> Any:
    """Return the JSON that `script` prints when run with `arguments` in a process of its own.

    Raises `TimeoutError` when that takes longer than `timeout` seconds.
    """
    command = [sys.executable, script, *arguments]
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, check=True, text=True, timeout=timeout
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError from error
    return json.loads(done.stdout)
