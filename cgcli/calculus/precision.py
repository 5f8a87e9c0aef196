"""Precision that is raised until numbers are known: values to so many digits, and truths."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import flint

from cgcli.calculus.judge import Finding, judge_digits, judge_each
from cgcli.calculus.proved import BallSweep
from cgcli.graph.graph import Graph
from cgcli.numbers.balls import VOID, UndecidedError
from cgcli.operations.shapes import size

MOST_BITS: Final = 8192
FIRST_BITS: Final = 128
# A graph of many numbers is given fewer bits: their product bounds the time that is taken.
_MOST_WORK: Final = 2**28


Leaves = Callable[[], dict[int, Any]]
"""Returns inputs and constants as balls, at the precision of the moment."""


def precise_values(graph: Graph, nodes: list[int], leaves: Leaves, digits: int) -> list[Finding]:
    """Return the values of some nodes alone, as decimals of so many digits.

    >>> import cgcli
    >>> from cgcli.calculus.leaves import exact_leaves
    >>> graph = cgcli.parse("sqrt(2)").graph()
    >>> precise_values(graph, [graph.output], exact_leaves(graph, {}), 10)[0].shown
    '1.414213562'
    """
    findings: list[Finding] = []
    for values in _raised(graph, leaves, bits_for(digits, MOST_BITS)):
        judge = lambda _, truth: judge_digits(truth, digits)
        findings = [judge_each(judge, None, values[node]) for node in nodes]
        if all(finding.verdict != "unsettled" for finding in findings):
            break
    return findings


def precise_truths(
    graph: Graph, tests: Sequence[Callable[[list[Any]], Any]], leaves: Leaves, digits: int
) -> list[bool | None]:
    """Return what tests of the values of the nodes find, as far as `precise_values` would go.

    None is where that does not tell. What is asked of no number is not so.

    >>> import cgcli
    >>> from cgcli.calculus.leaves import exact_leaves
    >>> graph = cgcli.parse("0.1 + 0.2 - 0.3").graph()
    >>> tests = [lambda values: values[-1] != 0, lambda values: values[0] > 0]
    >>> precise_truths(graph, tests, exact_leaves(graph, {}), 10)
    [False, True]
    """
    truths: list[bool | None] = [None] * len(tests)
    for values in _raised(graph, leaves, bits_for(digits, MOST_BITS)) if tests else ():
        for k, test in enumerate(tests):
            if truths[k] is None:
                with contextlib.suppress(UndecidedError):
                    truth = test(values)
                    truths[k] = truth is not VOID and bool(truth)
        if None not in truths:
            break
    return truths


def _raised(graph: Graph, leaves: Leaves, bounds: tuple[int, int]) -> Iterator[list[Any]]:
    """Yield the values of the nodes, at one precision after the other."""
    for bits in precisions(graph, *bounds):
        with flint.ctx.workprec(bits):
            yield BallSweep(graph).forward(leaves())


def bits_for(digits: int, most_bits: int) -> tuple[int, int]:
    """Return the bits to begin with for so many digits, and the most."""
    first = max(FIRST_BITS, math.ceil(digits * math.log2(10)) + 64)
    most = max(most_bits, 2 * first) if most_bits == MOST_BITS else most_bits
    return min(first, most), most


def precisions(graph: Graph, bits: int, most: int, passes: int = 1) -> Iterator[int]:
    """Return the precisions to try, each twice the one before; fewer where there are many numbers.

    `passes` is how many backward passes are made at each.
    """
    numbers = sum(size(shape) for shape in graph.shapes.values()) + len(graph)
    most = min(most, max(bits, _MOST_WORK // (numbers * passes)))
    while bits < most:
        yield bits
        bits *= 2
    yield most
