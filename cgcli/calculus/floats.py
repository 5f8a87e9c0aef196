"""Rules over floats, and the backward pass: the general sweep, and the quick loop beside it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from typing import Any, Final

from cgcli.calculus.choices import Choices
from cgcli.calculus.ends import LEAST, mended
from cgcli.calculus.sweep import Sweep, Trail
from cgcli.graph.graph import Graph
from cgcli.numbers import real
from cgcli.operations.row import Operation, Rule

_NOTHING: Final = contextlib.nullcontext()


def silent(graph: Graph) -> Any:
    """Return a context in which NumPy does not warn, where there are arrays."""
    if not graph.tensors:
        return _NOTHING
    from cgcli.numbers.arrays import quiet

    return quiet()


def spread(rule: Rule, parts: Sequence[Any]) -> Any:
    """Return a rule's result over floats and arrays of them, element by element."""
    if all(isinstance(part, float) for part in parts):
        return real.run(rule, *parts)
    from cgcli.numbers.arrays import ARRAYS, quiet

    with quiet():
        return rule(ARRAYS, *parts)


def is_outside(operation: Operation, y: Any, parts: Sequence[Any]) -> Any:
    """Return where a value of floats, or of arrays of them, is outside an operation's domain.

    What has a finite value is inside, and what is NaN itself is nowhere.
    """
    assert operation.domain is not None
    outside = (y - y != 0) & (spread(operation.domain.inside, parts) == 0)
    for part in parts:
        outside = outside & (part == part)
    return outside


class FloatSweep(Sweep):
    """The sweep over floats; the loop below does the same, spelt out, in two thirds of the time."""

    def __init__(self, graph: Graph, values: Any, trail: Trail | None = None) -> None:
        super().__init__(graph, real.FAST, values)
        self._faults = trail.faults if trail else {}

    def run(self, node: int, rule: Rule, *numbers: Any) -> Any:
        """Return a rule's result: inf and NaN where plain floats raise."""
        return real.run(rule, *numbers)

    def locals(self, node: int, places: Sequence[int]) -> list[Any]:
        """Return the local derivatives of a node by some arguments."""
        values, arguments = self.values, self.graph.arguments[node]
        parts = [values[argument] for argument in arguments]
        row = self.graph.operations[node]
        return row.partials_by(places, real.run, values[node], parts)

    def times(
        self, node: int, place: int, upstream: Any, partial: Any, parts: Sequence[Any]
    ) -> Any:
        """Return a contribution, which may be a double though the partial is none."""
        operation = self.graph.operations[node]
        y: Any = self.values[node]
        return mended(operation, place, upstream, partial, y, parts)

    def reduce(self, sent: Any, node: int, argument: int) -> Any:
        """Return a contribution: through a node outside its domain nothing is finite."""
        return _never_finite(sent) if node in self._faults else sent


def send_floats(
    graph: Graph,
    values: list[Any],
    first: int,
    last: int,
    active: bytearray,
    faults: dict[int, Any],
    gradients: list[Any],
    kept: dict[int, list[Any]],
) -> None:
    """Add what scalar nodes send, from the first down to the last, which is left out.

    Of those with two arguments the partials are kept, None where an argument is not active.
    """
    operations, all_arguments = graph.operations, graph.arguments
    m, choices = real.FAST, None
    least, endless = LEAST, math.inf
    for node in range(first, last, -1):
        upstream = gradients[node]
        if upstream is None:
            continue
        arguments = all_arguments[node]
        count = len(arguments)
        if not count:
            continue
        operation = operations[node]
        if operation.step:
            continue
        y = values[node]
        # Two arguments are the usual case. Spelt out, without a list of arguments to unpack at
        # each call, it takes half the time of the loop below, which would do for it too.
        if count == 2 and operation.reaches is None and type(operation.partials) is tuple:
            first, second = arguments
            a, b = values[first], values[second]
            by_first, by_second = operation.partials
            wide = operation.wide
            partials = kept[node] = []
            for argument, rule in ((first, by_first), (second, by_second)):
                if active[argument]:
                    try:
                        partial = rule(m, y, a, b)
                    except real.EDGES:
                        partial = real.careful(rule, y, a, b)
                    partials.append(partial)
                    if not wide or least < abs(partial) < endless:
                        sent = upstream * partial
                    else:
                        place = int(rule is by_second)
                        sent = mended(operation, place, upstream, partial, y, (a, b))
                    if faults and node in faults:
                        sent = _never_finite(sent)
                    before = gradients[argument]
                    gradients[argument] = sent if before is None else before + sent
                else:
                    partials.append(None)
            continue
        parts = [values[a] for a in arguments]
        # An inequality never turns; to ask for it takes as long as all the rest.
        if operation.reaches is not None and operations[arguments[0]].may_turn:
            choices = choices or Choices(graph, active)
            parts = choices.asked(node, parts, values.__getitem__, real.run)
        places = [
            place
            for place, argument in enumerate(arguments)
            if active[argument]
            and (operation.reaches is None or operation.reaches(m, place, *parts))
        ]
        partials = operation.partials_by(places, real.run, y, parts)
        for place, partial in zip(places, partials, strict=True):
            if not operation.wide or least < abs(partial) < endless:
                sent = upstream * partial
            else:
                sent = mended(operation, place, upstream, partial, y, parts)
            if faults and node in faults:
                sent = _never_finite(sent)
            argument = arguments[place]
            before = gradients[argument]
            gradients[argument] = sent if before is None else before + sent


def _never_finite(sent: float) -> float:
    """A gradient through a node that is outside its domain: infinite where it is, else NaN."""
    return sent if sent - sent != 0 else float("nan")
