"""How accurate the floats are: values and gradients against what balls prove, in ulps.

The sample is published: the exercises of textbooks, courses and test suites in `tests/cases`,
each with its source, and beside it every function of the language at the points of its tests.
An error is measured against the radius of the same passes over balls of 53 bits, which bounds
what rounding may do to the doubles that the program was given: within twice that radius and one
unit in the last place is as good as floats can be asked to be.

`python benchmarks/accuracy.py --write` makes docs/accuracy.md. The extra `verify` is needed.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import flint
from flint import arb

import cgcli
from cgcli.calculus.leaves import double_leaves
from cgcli.calculus.proved import BallSweep
from cgcli.numbers import balls
from cgcli.numbers.balls import VOIDED, Ball, ball

ROOT = Path(__file__).parent.parent
FILES = ("textbook", "backprop", "functions")
BITS = 2048
STEPS = (0.5, 1.0, 2.0, 8.0, 64.0)


class Measured(NamedTuple):
    """One number of one program: how far the float is from the truth, and how far it may be."""

    group: str
    program: str
    what: str
    ulps: float
    allowed: float
    """Twice the radius of the ball of 53 bits, and one ulp, in ulps; infinite where that ball
    has no radius, because a comparison could not be decided."""


def measure(group: str, program: str, text: str, at: dict[str, Any]) -> Iterator[Measured]:
    """Measure the value of a program and its gradient by every input."""
    result = cgcli.parse(text).evaluate(at)
    if result.gradients is None:
        return
    leaves = double_leaves(result.graph, result.values)

    def passes(bits: int) -> tuple[list[Any], list[Any]]:
        with flint.ctx.workprec(bits):
            values = BallSweep(result.graph).forward(leaves())
            return values, BallSweep(result.graph, values).backward(
                result.of, result.active, ball(1)
            )

    true, true_slopes = passes(BITS)
    # FLINT's arithmetic alone: of rationals those that a ball without radius is.
    with mock.patch.object(balls, "KEPT", 0):
        rough, rough_slopes = passes(53)
    triples = [("value", result.value, true[result.of], rough[result.of])]
    for name, node in result.graph.inputs.items():
        if true_slopes[node] is not None:
            triples.append(
                (f"gradient by {name}", result.grad(node), true_slopes[node], rough_slopes[node])
            )
    for what, number, truth, first in triples:
        for each, exact, ball53 in zip(*map(elements, (number, truth, first)), strict=True):
            if math.isfinite(each) and not exact.flags & VOIDED and exact.value.is_finite():
                yield compare(group, program, what, each, exact, ball53)


def elements(value: Any) -> list[Any]:
    """Return the elements of an array, or the one of a scalar."""
    return list(value.flat) if hasattr(value, "flat") else [value]


def compare(
    group: str, program: str, what: str, number: float, truth: Ball, rough: Ball
) -> Measured:
    """Measure one float; an ulp is that of the true value."""
    with flint.ctx.workprec(BITS):
        nearest = float(truth.value.mid())
        ulp = arb(math.ulp(nearest))
        error = float((abs(truth.value - arb(float(number))) / ulp).mid())
        radius = rough.value.rad() if rough.value.is_finite() else arb("inf")
        allowed = float((2 * radius / ulp).mid()) + 1.0
    return Measured(group, program, what, error, allowed)


def sample() -> Iterator[Measured]:
    """Measure the published sample."""
    for file in FILES:
        lines = (ROOT / "tests" / "cases" / f"{file}.jsonl").read_text("utf-8").splitlines()
        for case in map(json.loads, lines):
            try:
                yield from measure(file, case["id"], case["expr"], case["at"])
            except cgcli.CgraphError as error:
                sys.stderr.write(f"{case['id']}: {error}\n")


def functions() -> Iterator[Measured]:
    """Measure every function of the language at the points of its tests."""
    sys.path.insert(0, str(ROOT))
    from tests.oracles.functions import ELEMENTWISE

    for word, entry in ELEMENTWISE.items():
        for args in entry.points:
            at = entry.bindings(args)
            shown = ", ".join(f"{name} = {value!r}" for name, value in at.items())
            yield from measure(word, shown, entry.text(args), at)


def rows(found: Iterable[Measured]) -> Iterator[list[str]]:
    """Return a row of the table for each group."""
    groups: dict[str, list[Measured]] = {}
    for each in found:
        groups.setdefault(each.group, []).append(each)
    for group, numbers in groups.items():
        errors = sorted(each.ulps for each in numbers)
        counts = [sum(error <= step for error in errors) for step in STEPS]
        beyond = sum(each.ulps > each.allowed for each in numbers)
        yield [
            f"`{group}`",
            f"{len(numbers):,}",
            *(f"{count:,}" for count in counts),
            f"{errors[len(errors) // 2]:.2f}",
            f"{errors[-1]:.3g}",
            str(beyond),
        ]


HEAD = [
    "", "numbers", *(f"≤ {step:g} ulp" for step in STEPS), "median", "greatest", "beyond the bound",
]  # fmt: skip


def table(found: Iterable[Measured]) -> str:
    """Return the table as Markdown."""
    lines = [HEAD, ["---", *["---:"] * (len(HEAD) - 1)], *rows(found)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def exceptions(found: Iterable[Measured]) -> str:
    """Return what is beyond the bound, the worst first."""
    worst = sorted(
        (each for each in found if each.ulps > each.allowed),
        key=lambda each: each.allowed / each.ulps,
    )
    lines = [
        f"| `{each.group}` | {each.program} | {each.what} | {each.ulps:.1f} | {each.allowed:.1f} |"
        for each in worst
    ]
    head = [
        "| | at | of | error in ulps | the bound in ulps |",
        "| --- | --- | --- | ---: | ---: |",
    ]
    return "\n".join([*head, *lines]) if lines else "None."


PAGE = """# How accurate the floats are

Made by `python benchmarks/accuracy.py --write`, on {machine}. The true values are those of the
same program over balls of {bits:,} bits, with every literal and binding the double that it is
read as; an ulp is the distance from one double to the next at the true value, so that a correctly
rounded result is at most half an ulp off.

Rounding alone moves a result, more where a formula cancels. How much is told by the radius of the
same two passes over balls of 53 bits, FLINT's arithmetic alone: *beyond the bound* counts the
numbers whose error is more than twice that radius and an ulp.

## The published sample

{programs} exercises of textbooks, of courses on backpropagation and of optimisers' test suites,
from [tests/cases](../tests/cases/README.md), where each has its source: the value and the
gradient by every input, each element of an array for itself.

{sample}

Beyond the bound: {beyond}

## Every function

Each function of the language at the points of its tests, among them the tails and the
neighbourhoods of zeros: the value and every derivative.

{functions}

Beyond the bound:

{exceptions}

{remark}
"""

REMARK = """
Many ulps within the bound are places where a function is next to a zero: there a ball of 53 bits
is as wide. `--verify` says `certified` up to 2^-40 of the true value, some 4,000 ulps, and prints
how near each number is.
"""

# From here on the page is what benchmarks/ulps.py measured, and stays.
KEPT = "## Over the whole line"


def flowing(text: str) -> str:
    """Return a text with a line for each paragraph, as the other pages have it."""
    return re.sub(r"(?<!\n)\n(?![\n|#])", " ", text.strip()) + "\n"


def main() -> None:
    """Print the tables, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/accuracy.md")
    arguments = parser.parse_args()
    published, own = list(sample()), list(functions())
    beyond = exceptions(published)
    page = flowing(PAGE).format(
        machine=f"CPython {sys.version.split()[0]}, {sys.platform}",
        bits=BITS,
        programs=len({each.program for each in published}),
        sample=table(published),
        beyond=beyond if beyond == "None." else f"\n\n{beyond}",
        functions=table(own),
        exceptions=exceptions(own),
        remark=flowing(REMARK).strip(),
    )
    if arguments.write:
        file = ROOT / "docs" / "accuracy.md"
        _, mark, kept = file.read_text(encoding="utf-8").partition(KEPT)
        file.write_text(page + (f"\n{mark}{kept}" if mark else ""), encoding="utf-8")
    else:
        print(page)


if __name__ == "__main__":
    main()
