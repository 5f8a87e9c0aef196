"""Text to value and every gradient of a 20,000-term sum: cgcli, CasADi SX and HIPS autograd.

Every run is a process of its own that builds the text, warms up on a short one, and then times the
way from the text to plain floats once. The peers read the text with Python's own parser (`^`
written `**` before the clock starts), which is the fastest road into either.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import sys
import threading
import time
import tracemalloc
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sums
from measure import Row, at_least, at_most, fresh, installed, interleave, medians, print_table

if TYPE_CHECKING:
    from collections.abc import Callable

TERMS = 20_000
WARM_UP_TERMS = 10
TOLERANCE = 1e-9
BYTES_GOAL = 400.0
# How many times as long as cgcli each peer should take at least.
RATIO_GOALS = {"casadi": 1.0, "autograd": 3.0}
# Python's compiler descends once a term; its frames need room, not only permission.
STACK_BYTES = 512 * 2**20
RECURSION_LIMIT = 10**6

Answer = tuple[float, dict[str, float]]


def by_cgcli(text: str, at: dict[str, float]) -> Answer:
    """Return the value and the gradient by this package."""
    import cgcli

    result = cgcli.parse(text).evaluate(at)
    return result.value, result.gradient or {}


def by_casadi(text: str, at: dict[str, float]) -> Answer:
    """Return the value and the gradient by CasADi's SX graphs."""
    casadi = importlib.import_module("casadi")
    inputs = {name: casadi.SX.sym(name) for name in at}
    value = eval(text, {**inputs, "sin": casadi.sin})
    vector = casadi.vertcat(*inputs.values())
    both = casadi.Function("both", [vector], [value, casadi.gradient(value, vector)])
    found, gradient = both(list(at.values()))
    return float(found), dict(zip(at, gradient.full().ravel().tolist(), strict=True))


def by_autograd(text: str, at: dict[str, float]) -> Answer:
    """Return the value and the gradient by HIPS autograd's tape."""
    value_and_grad = importlib.import_module("autograd").value_and_grad
    sin = importlib.import_module("autograd.numpy").sin
    code = compile(text, "sum", "eval")

    def value_of(point: Any) -> Any:
        return eval(code, {"sin": sin, **{name: point[i] for i, name in enumerate(at)}})

    value, gradient = value_and_grad(value_of)(list(at.values()))
    return float(value), {name: float(g) for name, g in zip(at, gradient, strict=True)}


WAYS = {
    "cgcli": ("cgcli", by_cgcli),
    "CasADi SX": ("casadi", by_casadi),
    "HIPS autograd": ("autograd", by_autograd),
}


def time_once(name: str, terms: int) -> dict[str, Any]:
    """Return the seconds and the answer of one run of `name` in this process."""
    way = WAYS[name][1]
    text = _text(name, terms)
    way(_text(name, WARM_UP_TERMS), sums.bindings(WARM_UP_TERMS))  # imports, grammar, first calls
    at = sums.bindings(terms)
    start = time.perf_counter()
    value, gradient = way(text, at)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "value": value, "gradient": gradient}


def _text(name: str, terms: int) -> str:
    text = sums.text(terms)
    return text if name == "cgcli" else text.replace("^", "**")


def traced_once(terms: int) -> dict[str, float]:
    """Return cgcli's peak of memory asked for from Python, by tracemalloc, and its node count."""
    import cgcli

    text, at = _ready(terms)
    tracemalloc.start()
    result = cgcli.parse(text).evaluate(at)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {"bytes": peak, "nodes": len(result.nodes)}


def resident_once(terms: int) -> dict[str, float]:
    """Return the growth of this process's peak resident set over cgcli's run, and its node count.

    Linux only: the peak that `getrusage` reports elsewhere is shared with the parent's on some
    systems and never falls, so what came before the run could not be told from the run.
    """
    import cgcli

    text, at = _ready(terms)
    before = _status("VmRSS")
    result = cgcli.parse(text).evaluate(at)
    growth = _status("VmHWM") - before
    return {"bytes": growth, "nodes": len(result.nodes)}


def _ready(terms: int) -> tuple[str, dict[str, float]]:
    by_cgcli(sums.text(WARM_UP_TERMS), sums.bindings(WARM_UP_TERMS))
    return sums.text(terms), sums.bindings(terms)


def _status(field: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise ValueError(field)


ONCE: dict[str, Callable[[int], dict[str, Any]]] = {
    **{name: partial(time_once, name) for name in WAYS},
    "traced": traced_once,
    "resident": resident_once,
}


def run_once(name: str, terms: int) -> None:
    """Print one measurement made in this process as JSON, or why it could not be made."""
    found: dict[str, Any] = {"failed": "the process died"}

    def run() -> None:
        nonlocal found
        if name in WAYS and name != "cgcli":
            sys.setrecursionlimit(RECURSION_LIMIT)
        try:
            found = ONCE[name](terms)
        except (RecursionError, MemoryError) as error:  # some Pythons cannot compile so long a sum
            found = {"failed": f"failed: {type(error).__name__}"}

    threading.stack_size(STACK_BYTES)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    sys.stdout.write(json.dumps(found) + "\n")


def agree(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether two answers have the same names and agree to `TOLERANCE`, value and all."""
    pairs = [(one["value"], other["value"])]
    pairs += [(one["gradient"][name], g) for name, g in other["gradient"].items()]
    return one["gradient"].keys() == other["gradient"].keys() and all(
        math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE) for a, b in pairs
    )


def speed(terms: int, rounds: int) -> list[Row]:
    """Return a row a way: this package in seconds, the peers in seconds and as ratios to it."""
    rows = []
    answers: dict[str, dict[str, Any]] = {}

    def seconds(name: str) -> float:
        answers[name] = fresh(__file__, "--once", name, "--terms", str(terms))
        return float(answers[name].get("seconds", math.nan))

    runs = {name: partial(seconds, name) for name, (module, _) in WAYS.items() if installed(module)}
    median = medians(interleave(runs, rounds))
    own = "cgcli"
    for name in WAYS:
        label = f"{terms:,}-term sum, text to value and all gradients: {name}"
        if name not in median:
            rows.append(Row(label, "not installed"))
        elif "failed" in answers[name]:
            rows.append(Row(label, answers[name]["failed"]))
        elif name == own or own not in median or "failed" in answers[own]:
            rows.append(Row(label, f"{median[name]:.2f} s"))
        else:
            ratio = median[name] / median[own]
            same = "agree" if agree(answers[name], answers[own]) else "DIFFER"
            figure = f"{median[name]:.2f} s, {ratio:.2f} times cgcli's; gradients {same} to 1e-9"
            goal = RATIO_GOALS[WAYS[name][0]]
            rows.append(at_least(label, ratio, goal, figure, " times"))
    return rows


def memory(terms: int) -> list[Row]:
    """Return cgcli's peak of memory a node beyond the text, counted in two ways."""
    ways = {"traced": "tracemalloc", "resident": "growth of the resident set"}
    labels = {way: f"the same, cgcli's peak memory a node, by {how}" for way, how in ways.items()}
    if not installed("cgcli"):
        return [Row(label, "not installed") for label in labels.values()]
    rows = []
    for way, label in labels.items():
        if way == "resident" and sys.platform != "linux":
            rows.append(Row(label, "not measured on this system"))
            continue
        found = fresh(__file__, "--once", way, "--terms", str(terms))
        if "failed" in found:
            rows.append(Row(label, found["failed"]))
            continue
        each = found["bytes"] / found["nodes"]
        figure = f"{each:.0f} bytes ({found['nodes']:,} nodes)"
        rows.append(at_most(label, each, BYTES_GOAL, figure, " bytes"))
    return rows


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--terms", type=int, default=TERMS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--once", choices=ONCE, help="one measurement in this process, as JSON")
    options = parser.parse_args()
    if options.once:
        run_once(options.once, options.terms)
    else:
        print_table(speed(options.terms, options.rounds) + memory(options.terms))


if __name__ == "__main__":
    main()
