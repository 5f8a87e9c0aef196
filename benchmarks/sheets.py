"""Sheets a second of `cgraph check` on worked examples: a class in one process, one core."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from json_lines import on_one_core
from measure import Row, at_least, cgraph, installed, interleave, medians, print_table

GOAL = 300.0
FEEDBACK = 100.0
"""A thousand sheets in ten seconds, with a file of feedback for each."""
PROBLEM = ["p = x + y; g = p*z", "x=1", "y=3", "z=-3"]
RIGHT = {"p": 4, "g": -12, "dg/dp": -3, "dg/dz": 4, "dg/dx": -3, "dg/dy": -3}
SLIPS = [
    {},
    {"p": 5, "g": -15, "dg/dz": 5},
    {"dg/dx": 3},
    {"dg/dz": -3},
    {"dg/dp": "z", "dg/dz": "x + y"},
    {"dg/dx": 17.25, "dg/dy": 0.125},
    {"dg/dy": 1, "dq/dx": 2},
]
COMPLETE = 2
NAMES = {
    "right": "`cgraph check`, right sheets of six answers",
    "mixed": "`cgraph check`, right and wrong ones with formulas, slips and unknown names",
}
EXAMPLES = Path(__file__).parent.parent / "examples" / "homework"
WRITTEN = "`cgraph check --feedback`, a neuron of 13 answers, a text file for each student"


def sheets(kind: str, count: int) -> bytes:
    """Return a class as JSON Lines; of the "mixed" kind two sheets in seven are all right."""
    rows = []
    for k in range(count):
        slip = SLIPS[k % len(SLIPS)] if kind == "mixed" else {}
        rows.append(json.dumps({"student": f"s{k}", "answers": {**RIGHT, **slip}}))
    return ("\n".join(rows) + "\n").encode()


def run(data: bytes, *words: str) -> bytes:
    """Return what one whole process writes that marks the sheets."""
    with on_one_core([*cgraph(), "check", *PROBLEM, "-a", "-", *words]) as process:
        output, _ = process.communicate(data)
    if process.returncode not in (0, 1):
        sys.exit(f"cgraph check ended with status {process.returncode}")
    return output


def check(kind: str, data: bytes, count: int) -> None:
    """Exit with a message unless as many sheets as there should be are all right."""
    found = json.loads(run(data, "--json"))["summary"]
    whole, rest = divmod(count, len(SLIPS))
    complete = count if kind == "right" else COMPLETE * whole + (rest > 0) + (rest > 4)
    if (found["sheets"], found["complete"]) != (count, complete):
        sys.exit(f"{found['complete']} of {found['sheets']} sheets all right, not {complete}")


def rate(data: bytes, count: int) -> float:
    """Return the sheets a second of one process, its start counted."""
    start = time.perf_counter()
    run(data)
    return count / (time.perf_counter() - start)


def feedback_rate(count: int) -> float:
    """Return the sheets a second of a class that gets feedback, a file for each student."""
    rows = (EXAMPLES / "class.jsonl").read_text(encoding="utf-8").splitlines()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "class.jsonl")
        with path.open("w", encoding="utf-8") as file:
            for k in range(count):
                sheet = {**json.loads(rows[k % len(rows)]), "student": f"student {k}"}
                file.write(json.dumps(sheet) + "\n")
        problem = [f"@{EXAMPLES / 'neuron.cg'}", "--at", str(EXAMPLES / "neuron.json")]
        out = Path(folder, "feedback")
        start = time.perf_counter()
        words = ["check", *problem, "-a", str(path), "--feedback", str(out)]
        with on_one_core([*cgraph(), *words]) as process:
            process.communicate()
        seconds = time.perf_counter() - start
        if len(list(out.iterdir())) != count:
            sys.exit("there is not a file of feedback for each student")
    return count / seconds


def measure(count: int, rounds: int) -> list[Row]:
    """Return a row for each kind of class, after checking the marks of each once."""
    if not installed("cgcli"):
        return [Row(label, "not installed") for label in NAMES.values()]
    classes = {kind: sheets(kind, count) for kind in NAMES}
    for kind, data in classes.items():
        check(kind, data, count)
    runs = {kind: partial(rate, data, count) for kind, data in classes.items()}
    median = medians(interleave({**runs, "written": partial(feedback_rate, count)}, rounds))
    goals = {kind: (label, GOAL) for kind, label in NAMES.items()}
    goals["written"] = WRITTEN, FEEDBACK
    return [
        at_least(label, median[kind], goal, f"{median[kind]:,.0f} sheets/s", " sheets/s")
        for kind, (label, goal) in goals.items()
    ]


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheets", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print_table(measure(options.sheets, options.rounds))


if __name__ == "__main__":
    main()
