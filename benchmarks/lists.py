"""The sum of a list comprehension beside the same sum by a `for` loop: build and both passes.

`sum([x*t for t in 0..n])` and `for t in 1..n { s[t] = s[t-1] + x*t }` have the same products; the
list has one sum, the loop as many as products. Each turn times both, and the medians are compared.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

from measure import Row, at_most, installed, interleave, medians, print_table

SIZES = [4_000, 30_000]
GOAL = 1.5
PROGRAMS = {
    "comprehension": "sum([x*t for t in 0..{n}])",
    "loop": "s[0] = 0*x; for t in 1..{n} {{ s[t] = s[t-1] + x*t }} s[{n}]",
    "elements": "v = [x*t for t in 0..{n}]; s[0] = v[0]; "
    "for t in 1..{n} {{ s[t] = s[t-1] + v[t] }} s[{n}]",
}


def measure(sizes: list[int], rounds: int) -> list[Row]:
    """Return rows of the ratio of a list to a loop, for each part and size."""
    if not installed("cgcli"):
        return [Row("a list beside a loop", "not installed")]
    import cgcli
    from cgcli.calculus.passes import backward, forward

    rows = []
    for size in sizes:
        clocks: dict[str, Callable[[], float]] = {}
        for name, text in PROGRAMS.items():
            parsed = cgcli.parse(text.format(n=size))
            graph = parsed.graph({})
            active = graph.dependents(graph.inputs.values())

            def build(parsed: Any = parsed) -> float:
                start = time.perf_counter()
                parsed.graph({})
                return time.perf_counter() - start

            def passes(graph: Any = graph, active: bytearray = active) -> float:
                start = time.perf_counter()
                values = forward(graph, {"x": 1.0})
                backward(graph, values, graph.output, active)
                return time.perf_counter() - start

            clocks[f"{name} build"], clocks[f"{name} passes"] = build, passes
        median = medians(interleave(clocks, rounds))
        for part in ("build", "passes"):
            for name in ("comprehension", "elements"):
                seconds = median[f"{name} {part}"]
                ratio = seconds / median[f"loop {part}"]
                label = f"{name} of {size:,}, {part}, beside a loop"
                figure = f"{ratio:.2f} times ({seconds * 1e3:,.0f} ms)"
                if name == "comprehension":
                    rows.append(at_most(label, ratio, GOAL, figure, " times"))
                else:
                    # It has a list beside the loop, and a use of each element.
                    rows.append(Row(label, figure))
    return rows


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    print_table(measure(options.sizes, options.rounds))


if __name__ == "__main__":
    main()
