"""A trace streams: when its first line comes, what memory it takes, and how its time grows.

The program is a recurrence of about 100,000 nodes, and one of half that; `cgraph eval` of the same
program, in the same run, is what it is measured against. Linux and macOS only, for `resource`.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

from measure import Row, at_most, cgraph, fresh, interleave, medians, print_table

TURNS = 33_333
FIRST_GOAL = 1.5
MEMORY_GOAL = 2.0


def program(turns: int) -> list[str]:
    """Return the arguments of a recurrence of three nodes a turn."""
    text = f"h[0] = x; for t in 0..{turns - 1} {{ h[t+1] = h[t]*w + sin(h[t]) }} h[{turns}]"
    return [text, "x=1", "w=0.5"]


def once(command: str, turns: int) -> dict[str, float]:
    """Return the seconds to the first line and to the last, and the peak of memory in bytes."""
    rest = ["--rows", "10"] if command == "eval" else []
    start = time.perf_counter()
    process = subprocess.Popen([*cgraph(), command, *program(turns), *rest], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    first = time.perf_counter() - start
    for _ in process.stdout:
        pass
    process.wait()
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    return {"first": first, "all": time.perf_counter() - start, "peak": peak}


def measure(turns: int, rounds: int) -> list[Row]:
    """Return the rows; each run is a process of its own, and they take turns."""
    found: dict[tuple[str, int], list[dict[str, float]]] = {}

    def run(command: str, count: int) -> float:
        one = fresh(__file__, "--once", command, "--turns", str(count))
        found.setdefault((command, count), []).append(one)
        return float(one["first"])

    half = turns // 2
    first = medians(
        interleave(
            {
                "eval": lambda: run("eval", turns),
                "trace": lambda: run("trace", turns),
                "half": lambda: run("trace", half),
            },
            rounds,
        )
    )
    peak = {key: max(one["peak"] for one in runs) for key, runs in found.items()}
    whole = {key: min(one["all"] for one in runs) for key, runs in found.items()}
    ratio = first["trace"] / first["eval"]
    memory = peak["trace", turns] / peak["eval", turns]
    growth = whole["trace", turns] / whole["trace", half]
    nodes = f"{3 * turns:,} nodes"
    return [
        at_most(
            f"`cgraph trace` of {nodes}, to its first line",
            ratio,
            FIRST_GOAL,
            f"{first['trace']:.2f} s, {ratio:.2f} times `cgraph eval` of the same",
            " times",
        ),
        at_most(
            f"`cgraph trace` of {nodes}, peak of memory",
            memory,
            MEMORY_GOAL,
            f"{peak['trace', turns] / 1e6:.0f} MB, {memory:.2f} times `cgraph eval`'s",
            " times",
        ),
        Row(
            f"`cgraph trace` of {nodes}, all of it",
            f"{whole['trace', turns]:.1f} s, {growth:.2f} times half the nodes (2 is linear)",
        ),
    ]


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--once", help="one run of a command, as JSON")
    options = parser.parse_args()
    if options.once:
        sys.stdout.write(json.dumps(once(options.once, options.turns)) + "\n")
    else:
        print_table(measure(options.turns, options.rounds))


if __name__ == "__main__":
    main()
