"""How many nodes and turns there will be at least, before the first of them is made.

Loops in loops, and functions that call functions twice, multiply. What they come to is worked
out from the syntax: a body is counted once and multiplied by its turns, unless the range of a
loop inside it depends on the turn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from cgcli.errors import CgraphError
from cgcli.graph.static import turns
from cgcli.language import syntax
from cgcli.operations.table import WORDS

Values = dict[str, float | None]
"""Loop variables and parameters, with None for what is not known."""


class Work(NamedTuple):
    """A number of nodes, and a number of turns of loops and calls."""

    nodes: int
    turns: int

    def plus(self, other: Work, times: int = 1) -> Work:
        """Return both together, the other one done so many times."""
        return Work(self.nodes + other.nodes * times, self.turns + other.turns * times)


class Count:
    """Counts for a program: `functions` are its own, `known` tells a name's value or None.

    What comes to more than `most` is counted no further.

    >>> from cgcli.language.parse import parse
    >>> loop = parse("for t in 0..9 { h[t] = [x*u for u in 0..t] }").block[0]
    >>> Count("", {}, lambda name: None, 1_000_000).loop(loop, {})
    Work(nodes=65, turns=65)
    """

    def __init__(
        self,
        text: str,
        functions: Mapping[str, syntax.Function],
        known: Callable[[str], float | None],
        most: int,
    ) -> None:
        self.text = text
        self.functions = functions
        self.known = known
        self.most = most
        self._calls: dict[str, Work] = {}
        self._mentioned: dict[int, frozenset[str]] = {}

    def loop(self, loop: syntax.Loop | syntax.Comprehension, values: Values) -> Work:
        """Return what a loop comes to at least, the values of outer loops' variables given."""
        work, calls = self._walk([(loop, values, 1)])
        for name, times in calls.items():
            work = work.plus(self.call(name), times)
        return work

    def call(self, name: str) -> Work:
        """Return what a call of a function comes to at least, and 0 of one that calls itself."""
        pending = [name]
        entered: dict[str, tuple[Work, Counter[str]]] = {}
        while pending:
            last = pending[-1]
            if last not in entered:
                function = self.functions[last]
                values: Values = dict.fromkeys(function.parameters)
                entered[last] = self._walk([(function.expression, values, 1)])
                pending += [callee for callee in entered[last][1] if callee not in self._calls]
                continue
            pending.pop()
            work, calls = entered[last]
            for callee, times in calls.items():
                work = work.plus(self._calls.get(callee, Work(0, 0)), times)
            self._calls[last] = work.plus(Work(0, 1))
        return self._calls[name]

    def _walk(self, items: list[tuple[Any, Values, int]]) -> tuple[Work, Counter[str]]:
        """Return the work that is written out in loops and expressions, and their calls."""
        nodes = taken = 0
        calls: Counter[str] = Counter()
        running: list[Iterator[tuple[Any, Values, int]]] = [iter(items)]
        while running and nodes <= self.most and taken <= self.most:
            item = next(running[-1], None)
            if item is None:
                running.pop()
                continue
            part, values, times = item
            if isinstance(part, (syntax.Loop, syntax.Comprehension)):
                span = self._range(part.range, values)
                taken += times * len(span)
                nodes += times * isinstance(part, syntax.Comprehension)
                running.append(self._turns(part, span, values, times))
                continue
            nodes += times * _written(part)
            for kind, payload, _, _, _ in part:
                if kind == syntax.CALL and payload in self.functions:
                    calls[payload] += times
            inner = [entry[1] for entry in part if entry[0] == syntax.COMPREHENSION]
            if inner:
                running.append((loop, values, times) for loop in inner)
        return Work(nodes, taken), calls

    def _turns(
        self, loop: syntax.Loop | syntax.Comprehension, span: range, values: Values, times: int
    ) -> Iterator[tuple[Any, Values, int]]:
        """Yield a loop's parts: once for all turns, or turn by turn where an inner range asks."""
        parts = _inside(loop)
        variable = loop.variable
        if not span:
            return
        if variable not in self._inner_names(loop):
            for part in parts:
                yield part, {**values, variable: None}, times * len(span)
            return
        for value in span:
            for part in parts:
                yield part, {**values, variable: float(value)}, times

    def _range(self, limits: syntax.Range, values: Values) -> range:
        """Return a loop's turns, or none where they are not known, or wrong."""

        def lookup(name: str, key: tuple[int, ...] | None, start: int, end: int) -> float:
            value = values[name] if name in values else self.known(name)
            if value is None or key is not None:
                raise _UnknownError
            return value

        try:
            return turns(self.text, limits, lookup)
        except (CgraphError, _UnknownError):
            return range(0)

    def _inner_names(self, loop: syntax.Loop | syntax.Comprehension) -> frozenset[str]:
        """Return the names in the ranges of the loops inside a loop."""
        mentioned = self._mentioned.get(id(loop))
        if mentioned is None:
            names: set[str] = set()
            pending: list[Any] = [loop]
            while pending:
                part = pending.pop()
                if isinstance(part, (syntax.Loop, syntax.Comprehension)):
                    if part is not loop:
                        names.update(_names(part.range))
                    pending += _inside(part)
                else:
                    pending += [entry[1] for entry in part if entry[0] == syntax.COMPREHENSION]
            mentioned = self._mentioned[id(loop)] = frozenset(names)
        return mentioned


class _UnknownError(Exception):
    """A range hangs on what is not known yet."""


def _inside(loop: syntax.Loop | syntax.Comprehension) -> list[Any]:
    """Return the loops and expressions that a loop has one by one."""
    if isinstance(loop, syntax.Comprehension):
        return [loop.body]
    return [
        one if isinstance(one, syntax.Loop) else one.expression
        for one in loop.block
        if isinstance(one, (syntax.Loop, syntax.Value, syntax.Assignment))
    ]


def _written(body: syntax.Expression) -> int:
    """Return how many nodes an expression has at least, loops inside and functions aside.

    An axis or a length is no node in the end, so beside one only calls are counted.
    """
    kinds: Counter[int] = Counter()
    fixed = False
    for kind, payload, count, _, _ in body:
        rows = WORDS.get(payload, ()) if kind == syntax.CALL else ()
        if kind != syntax.CALL or rows:
            kinds[kind] += 1
        fixed = fixed or any(row.static and count > len(row.parameters) for row in rows)
    return kinds[syntax.CALL] + kinds[syntax.LIST] + (0 if fixed else kinds[syntax.OPERATION])


def _names(limits: syntax.Range) -> Iterator[str]:
    pending = limits.parts
    while pending:
        for kind, payload, _, _, _ in pending.pop():
            if kind == syntax.NAME:
                yield payload
            elif kind == syntax.INDEX:
                pending += payload.parts
