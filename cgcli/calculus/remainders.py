"""What is left where doubles cancel, by numbers of many digits: of contributions, and of values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from cgcli.calculus.result import Result
from cgcli.calculus.sweep import Sweep
from cgcli.graph.graph import Graph
from cgcli.numbers.elements import anywhere, by_double, by_element, elements

_DIGITS: Final = 100
_GUARD: Final = 52
"""Of what a gradient is added up from, the last so many digits may be rounding's."""
_SMALL: Final = 30
"""In graphs of more nodes the largest contributions may hide what is less by all 100 digits."""
_FAR: Final = 400
"""So many digits tell 1 from what differs from it by the least double."""
_NUMBERS: Final = 2000
"""Values of larger graphs are left as they are: every number takes some tenths of a millisecond."""


def sizes_of(result: Result, gradients: list[Any]) -> list[Any] | None:
    """Return what gradients were added up from, where one that was asked for has a 0."""
    asked = [gradients[node] for node in result.sources.values()]
    if not any(gradient is not None and anywhere(gradient == 0) for gradient in asked):
        return None
    from cgcli.calculus.beside import sizes_sent

    return sizes_sent(result.graph, result.values, result.of, result.choices)


def remainders(
    result: Result, gradients: list[Any], sizes: list[Any]
) -> Iterator[tuple[str, float]]:
    """Yield the sources by which a gradient of 0 is not 0 in 100 digits and more, and what it is.

    >>> import cgcli
    >>> result = cgcli.parse("1e17*x - 1e17*x + x").evaluate(x=3)
    >>> str(result.notes[0].message)
    'contributions nearly cancel: ∂f/∂x may be off by 1; --precision 30 has more'
    """
    from cgcli.numbers.wide import room

    digits = _DIGITS + _magnitudes(sizes)
    clear = Decimal((0, (1,), _GUARD - digits))
    with room(digits):
        try:
            sweep = _forward(result.graph, result.values)
            truths = sweep.backward(result.of, result.active, Decimal(1))
        except InvalidOperation:
            return
        for name, node in result.sources.items():
            numbers = map(elements, (gradients[node], truths[node], sizes[node]))
            left = [
                float(abs(truth))
                for number, truth, size in zip(*numbers, strict=False)
                if number == 0 and truth == truth and None not in (truth, size)
                if clear * Decimal(size) < abs(truth) < math.inf
            ]
            if left:
                yield name, max(left)


def sharpened(
    graph: Graph, values: list[Any], nodes: Sequence[int], rounded: list[Any]
) -> list[Any]:
    """Return the values of some nodes, rounded once where numbers of many digits tell them.

    Where they do not, it is the `rounded` one; so are all where doubles, in which the graph has
    `values`, choose otherwise somewhere.

    >>> from cgcli.calculus.doubles import DOUBLES
    >>> from cgcli.program import parse
    >>> graph = parse("p = 1/(1 + exp(-x)); p*(1 - p)").graph()
    >>> sharpened(graph, DOUBLES.forward(graph, {"x": 40.0}), [graph.output], [0.0])
    [4.248354255291589e-18]
    """
    from cgcli.numbers.wide import room

    needed = graph.ancestors(nodes)
    steps = [node for node, row in enumerate(graph.operations) if row.step and needed[node]]
    if sum(map(len, map(elements, values))) > _NUMBERS:
        return rounded
    with room(_FAR):
        try:
            truths = _forward(graph, values, needed).values
        except InvalidOperation:
            return rounded
        if any(anywhere(by_double(float, truths[node]) != values[node]) for node in steps):
            return rounded
        return [
            by_double(lambda x, y: float(x) if x.is_finite() else y, truths[node], value)
            for node, value in zip(nodes, rounded, strict=True)
        ]


def _forward(graph: Graph, values: list[Any], needed: bytearray | None = None) -> Sweep:
    """Return a sweep over wide numbers whose leaves are doubles, the values known."""
    from cgcli.numbers.wide import WIDE

    sweep = Sweep(graph, WIDE)
    leaves = [node for node, arguments in enumerate(graph.arguments) if not arguments]
    sweep.forward({node: by_element(Decimal, values[node]) for node in leaves}, needed)
    return sweep


def _magnitudes(sizes: list[Any]) -> int:
    """Return how many magnitudes apart the largest and the smallest of sizes are, of few nodes."""
    every = [x for size in sizes if size is not None for x in elements(size) if 0 < x < math.inf]
    if not every or len(sizes) > _SMALL:
        return 0
    return math.ceil(math.log10(max(every)) - math.log10(min(every)))
