"""What is left of contributions that cancel, where doubles leave 0: by numbers of many digits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from cgcli.calculus.result import Result
from cgcli.calculus.sweep import Sweep
from cgcli.numbers.elements import anywhere, by_element, elements

_DIGITS: Final = 100
_GUARD: Final = 52
"""Of what a gradient is added up from, the last so many digits may be rounding's."""
_SMALL: Final = 30
"""In graphs of more nodes the largest contributions may hide what is less by all 100 digits."""


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
    from cgcli.numbers.wide import WIDE, room

    graph, sweep = result.graph, Sweep(result.graph, WIDE)
    digits = _DIGITS + _magnitudes(sizes)
    clear = Decimal((0, (1,), _GUARD - digits))
    known = {node: result.values[node] for node in range(len(graph)) if not graph.arguments[node]}
    with room(digits):
        try:
            sweep.forward({node: by_element(Decimal, value) for node, value in known.items()})
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


def _magnitudes(sizes: list[Any]) -> int:
    """Return how many magnitudes apart the largest and the smallest of sizes are, of few nodes."""
    every = [x for size in sizes if size is not None for x in elements(size) if 0 < x < math.inf]
    if not every or len(sizes) > _SMALL:
        return 0
    return math.ceil(math.log10(max(every)) - math.log10(min(every)))
