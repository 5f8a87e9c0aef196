"""Forward and backward time on graphs of 10,000 to 1,000,000 nodes: linear, and in what ratio.

Every size has a process of its own, so that the collector never walks another size's nodes.
Forward and backward take turns on one graph, which is built before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

import sums
from measure import Row, at_most, fresh, installed, interleave, medians, print_table

SIZES = [10_000, 100_000, 1_000_000]
RATIO_GOAL = 4.0


def time_once(size: int, rounds: int) -> dict[str, float]:
    """Return the node count and the median seconds of each pass, measured in this process."""
    import cgcli
    from cgcli.calculus.passes import backward, forward

    terms = sums.terms_for(size)
    at = sums.bindings(terms)
    graph = cgcli.parse(sums.text(terms)).graph(at)
    active = graph.dependents(iter(graph.inputs.values()))
    values: list[Any] = []

    def ahead() -> float:
        nonlocal values
        values = []  # freed before the clock starts, not inside it
        start = time.perf_counter()
        values = forward(graph, at)
        return time.perf_counter() - start

    def back() -> float:
        start = time.perf_counter()
        gradients = backward(graph, values, graph.output, active)
        elapsed = time.perf_counter() - start
        del gradients
        return elapsed

    median = medians(interleave({"forward": ahead, "backward": back}, rounds))
    return {"nodes": len(graph), **median}


def measure(sizes: list[int], rounds: int) -> list[Row]:
    """Return the rows of both passes for each size, and how the time a node grows."""
    if not installed("cgcli"):
        return [Row("forward and backward by graph size", "not installed")]
    found = [
        fresh(__file__, "--once", "--sizes", str(size), "--rounds", str(rounds)) for size in sizes
    ]
    rows = []
    for one in found:
        nodes, ahead, back = one["nodes"], one["forward"], one["backward"]
        label = f"{nodes:,} nodes"
        rows.append(Row(f"{label}, forward", _each(ahead, nodes)))
        rows.append(Row(f"{label}, backward", _each(back, nodes)))
        ratio = back / ahead
        rows.append(
            at_most(
                f"{label}, backward / forward", ratio, RATIO_GOAL, f"{ratio:.2f} times", " times"
            )
        )
    small, large = found[0], found[-1]
    for name in ("forward", "backward"):
        growth = (large[name] / large["nodes"]) / (small[name] / small["nodes"])
        label = f"{name}, time a node at {large['nodes']:,} nodes / at {small['nodes']:,}"
        rows.append(Row(label, f"{growth:.2f} times (1 is linear)"))
    return rows


def _each(seconds: float, nodes: int) -> str:
    return f"{1e3 * seconds:,.1f} ms, {1e9 * seconds / nodes:,.0f} ns a node"


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--once", action="store_true", help="the first size in this process, as JSON"
    )
    options = parser.parse_args()
    if options.once:
        sys.stdout.write(json.dumps(time_once(options.sizes[0], options.rounds)) + "\n")
    else:
        print_table(measure(options.sizes, options.rounds))


if __name__ == "__main__":
    main()
