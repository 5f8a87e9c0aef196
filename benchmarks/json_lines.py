"""Lines a second of `cgraph eval --jsonl` on the worked example, through a pipe, on one core."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from functools import partial

from measure import Row, at_least, cgraph, installed, interleave, medians, print_table

NAMES = {
    "same": ("`cgraph eval --jsonl`, one expression, values that vary", 5_000.0),
    "different": ("`cgraph eval --jsonl`, other names on every line", 5_000.0),
    "numbers": ("`cgraph eval --jsonl`, another number on every line", 6_000.0),
    "short": ("the same with `--fields value,gradient`", 10_000.0),
}
SHORT = ("--fields", "value,gradient")


def point(line: int) -> tuple[int, int, int]:
    """Return x, y and z of a line; integers, so that results can be compared exactly."""
    return 1 + line % 7, 3 + line % 11, -3 - line % 5


def stream(kind: str, lines: int) -> bytes:
    """Return `lines` lines of input; the "different" kind has names of its own on every line."""
    rows = []
    if kind in ("numbers", "short"):
        at = {"x": 1, "y": 3, "z": -3}
        rows = [{"id": i, "expr": f"(x+{i}*y)*z+1", "at": at} for i in range(lines)]
        return ("\n".join(map(json.dumps, rows)) + "\n").encode()
    for line in range(lines):
        x, y, z = ("x", "y", "z") if kind == "same" else (f"x{line}", f"y{line}", f"z{line}")
        at = dict(zip((x, y, z), point(line), strict=True))
        rows.append(json.dumps({"id": line, "expr": f"({x}+{y})*{z}", "at": at}))
    return ("\n".join(rows) + "\n").encode()


def library(lines: int) -> float:
    """Return how many lines a second the library does, which reads and writes no JSON."""
    import cgcli

    start = time.perf_counter()
    for i in range(lines):
        cgcli.parse(f"(x+{i}*y)*z+1").evaluate(x=1, y=3, z=-3)
    return lines / (time.perf_counter() - start)


def check(kind: str, output: bytes, lines: int) -> None:
    """Exit with a message unless every line of `output` is right."""
    results = [json.loads(line) for line in output.splitlines()]
    if len(results) != lines:
        sys.exit(f"{lines} lines in, {len(results)} lines out")
    for line, result in enumerate(results):
        x, y, z = point(line)
        right = (line, (x + y) * z, [z, z, x + y])
        if kind in ("numbers", "short"):
            right = (line, -3 * (1 + 3 * line) + 1, [-3, -3 * line, 1 + 3 * line])
        gradient = [g for _, g in sorted(result.get("gradient", {}).items())]
        if (result.get("id"), result.get("value"), gradient) != right:
            sys.exit(f"line {line} is wrong: {result}")


def run(kind: str, data: bytes) -> tuple[float, bytes]:
    """Return the seconds of one whole process fed with `data`, and what it wrote."""
    command = [*cgraph(), "eval", "--jsonl", *(SHORT if kind == "short" else ())]
    start = time.perf_counter()
    with on_one_core(command) as process:
        output, _ = process.communicate(data)
    elapsed = time.perf_counter() - start
    if process.returncode:
        sys.exit(f"cgraph eval --jsonl ended with status {process.returncode}")
    return elapsed, output


def on_one_core(command: list[str]) -> subprocess.Popen[bytes]:
    """Start `command` with pipes, pinned to one core from its first instruction where that exists.

    A child inherits its parent's cores, so the parent is narrowed for the length of the start.
    """
    if sys.platform != "linux":
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    finally:
        os.sched_setaffinity(0, cores)


def rate(kind: str, data: bytes, lines: int) -> float:
    """Return the lines a second of one process."""
    return lines / run(kind, data)[0]


def measure(lines: int, rounds: int) -> list[Row]:
    """Return a row for each kind of stream, after checking every line of each once."""
    if not installed("cgcli"):
        return [Row(label, "not installed") for label, _ in NAMES.values()]
    streams = {kind: stream(kind, lines) for kind in NAMES}
    for kind, data in streams.items():
        check(kind, run(kind, data)[1], lines)
    runs = {kind: partial(rate, kind, data, lines) for kind, data in streams.items()}
    median = medians(interleave({**runs, "library": partial(library, lines)}, rounds))
    rows = []
    for kind, (label, goal) in NAMES.items():
        figure = (
            f"{median[kind]:,.0f} lines/s, {median[kind] / median['library']:.2f} of the library"
        )
        rows.append(at_least(label, median[kind], goal, figure, " lines/s"))
    return rows


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print_table(measure(options.lines, options.rounds))


if __name__ == "__main__":
    main()
