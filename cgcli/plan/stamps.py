"""Stamps: what a rule wrote on the tape, written again for every node that is alike."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeAlias

from cgcli.calculus.sums import Scattered
from cgcli.graph.graph import Graph
from cgcli.numbers.namespace import Namespace
from cgcli.plan.cells import Cell, Number
from cgcli.plan.passes import CellSweep
from cgcli.plan.tape import Form, Operand, Tape, Written

Left: TypeAlias = tuple[int, Number]
"""What goes to the argument at a place, all of it; at 0 the value of a node."""

_SINGLE: Final = 2
"""So many nodes that are alike have no stamp."""


class Stamp(NamedTuple):
    """What a rule wrote, over a list of operands: `constants`, what it is given, what it leaves.

    Of each of the `steps` that is a form, and what takes its arguments off the list; of each of
    the `results` the argument it goes to, its place in the list, and what was sent at first.
    """

    constants: list[Number]
    steps: list[tuple[Form, Callable[[list[Number]], tuple[Operand, ...]]]]
    results: list[tuple[int, int, Number]]


class StampedSweep(CellSweep):
    """Both passes, in which the rules run twice for nodes that are alike, and no more.

    A rule sees the sorts of cells, and numbers, and never which places the cells have.

    >>> from cgcli.plan.lower import Lowered
    >>> from cgcli.program import parse
    >>> graph = parse("h[0] = x; for t in 0..9 { h[t+1] = sin(h[t]*w) } h[10]").graph()
    >>> lowered = Lowered(graph, {}, {})
    >>> [lowered.tape[p].operation for p in range(len(lowered.tape))][-4:]
    ['multiply', 'sin', 'multiply', 'sin']
    """

    def __init__(self, graph: Graph, m: Namespace, tape: Tape) -> None:
        super().__init__(graph, m, tape)
        self._stamps: dict[tuple[Any, ...], Stamp | int] = {}

    def value(self, node: int, parts: list[Number]) -> Number:
        """Return the value of a node."""
        ((_, value),) = self._alike(node, None, parts)
        return value

    def sends(
        self, node: int, places: Sequence[int], upstream: Number
    ) -> Iterable[tuple[int, Any]]:
        """Return what a node sends to some of its arguments."""
        # A choice asks for more than its arguments, and a mask is none of them.
        if self.graph.operations[node].chooses or node in self.masks:
            return super().sends(node, places, upstream)
        values, arguments = self.values, self.graph.arguments[node]
        return self._alike(node, places, [upstream, values[node], *[values[a] for a in arguments]])

    def _by_rule(
        self, node: int, places: Sequence[int] | None, given: list[Number]
    ) -> Iterable[Left]:
        if places is None:
            return [(0, super().value(node, given))]
        return [(place, sent) for place, (sent, _) in super().sends(node, places, given[0])]

    def _alike(
        self, node: int, places: Sequence[int] | None, given: list[Number]
    ) -> Iterable[Left]:
        """Return what a node sends, or is, by the stamp of one that was given what is alike.

        There is none at first: most that is met may be alone of its kind.
        """
        graph, operands = self.graph, []
        sorts: list[int | str] = []
        for number in given:
            if type(number) is Cell:
                operands.append(number.place)
                sorts.append(number.sort)
            else:
                sorts.append(repr(number))
        to = None if places is None else tuple(places)
        key = (graph.operations[node], graph.static.get(node), to, *sorts)
        stamp = self._stamps.get(key, 0)
        if isinstance(stamp, Stamp):
            return self._stamped(stamp, operands)
        if stamp < _SINGLE:
            self._stamps[key] = stamp + 1
            return self._by_rule(node, places, given)
        log: list[Written] = []
        self.tape.log = log
        results = list(self._by_rule(node, places, given))
        self.tape.log = None
        self._stamps[key] = _stamp(given, log, results) or 0
        return results

    def _stamped(self, stamp: Stamp, given: list[int]) -> list[Left]:
        tape, forms, count = self.tape, self.tape.forms, len(stamp.constants)
        operands = [*stamp.constants, *given]
        for form, taken in stamp.steps:
            arguments = taken(operands)
            # As the tape puts down an instruction, spelt out: that takes two thirds of the time.
            place = form.known.setdefault(arguments, len(forms))
            if place == len(forms):
                forms.append(form)
                tape.arguments.append(arguments)
            operands.append(place)
        results = []
        for to, at, first in stamp.results:
            value = Cell(tape, operands[at]) if at >= count else operands[at]
            results.append((to, first.like_this(value) if first else value))
        return results


def _stamp(given: list[Number], log: list[Written], results: list[Left]) -> Stamp | None:
    """Return the stamp of what a rule did; None where it hangs on more than it was given."""
    log = list({entry[2]: entry for entry in log}.values())
    sent = [s.value if type(s) is Scattered else s for _, s in results]
    constants = [a for _, arguments, _ in log for a in arguments if type(a) is not int]
    constants += [value for value in sent if type(value) is not Cell]
    inputs = [number.place for number in given if type(number) is Cell]
    places = [*inputs, *(place for _, _, place in log)]
    at = {place: k for k, place in enumerate(places, len(constants))}
    if len(at) < len(places):
        # Two are one here, and need not be so elsewhere.
        return None
    numbers = itertools.count()
    taken = [
        [at.get(a, -1) if type(a) is int else next(numbers) for a in arguments]
        for _, arguments, _ in log
    ]
    ends = [at.get(v.place, -1) if type(v) is Cell else next(numbers) for v in sent]
    if -1 in itertools.chain(ends, *taken):
        return None
    steps = [(form, _taking(of)) for (form, _, _), of in zip(log, taken, strict=True)]
    scattered = [s if type(s) is Scattered else None for _, s in results]
    return Stamp(constants, steps, [*zip([k for k, _ in results], ends, scattered, strict=True)])


def _taking(places: list[int]) -> Callable[[list[Number]], tuple[Operand, ...]]:
    """Return what takes the operands at some places off a list."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda operands: tuple([operands[place] for place in places])
