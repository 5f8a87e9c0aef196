"""How many nodes and turns there will be at least, before the first of them is made.

Loops in loops, and functions that call functions twice, multiply. What they come to is worked
out from the syntax: a body is counted once and multiplied by its turns, unless the range of a
loop inside it depends on the turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from cgcli.depth import Steps, descend
from cgcli.errors import CgraphError
from cgcli.graph.static import turns
from cgcli.language import syntax
from cgcli.operations.table import WORDS

Values: TypeAlias = Mapping[str, float | None]
"""Loop variables and parameters, with None for what is not known."""
Part: TypeAlias = syntax.Loop | syntax.Comprehension | syntax.Expression | str
"""What is counted; a function by its name."""


@dataclass
class Work:
    """A number of nodes, and of turns of loops and calls; and the names that its ranges ask for."""

    nodes: int = 0
    turns: int = 0
    names: set[str] = field(default_factory=set)

    def add(self, other: Work, times: int = 1) -> None:
        """Add other work, done so many times."""
        self.nodes += other.nodes * times
        self.turns += other.turns * times
        self.names |= other.names


class Count:
    """Counts for a program: `functions` are its own, `known` tells a name's value or None.

    What comes to more than `most` is counted no further.

    >>> from cgcli.language.parse import parse
    >>> loop = parse("for t in 0..9 { h[t] = [x*u for u in 0..t] }").block[0]
    >>> Count("", {}, lambda name: None, 1_000_000).of(loop, {})
    Work(nodes=65, turns=65, names=set())
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

    def of(self, part: Part, values: Values) -> Work:
        """Return what a part comes to at least, where names have these values."""
        work = Work()
        descend(self._count(part, values, work))
        return work

    def _count(self, part: Part, values: Values, work: Work) -> Steps:
        if isinstance(part, str):
            return self._call(part, work)
        if isinstance(part, list):
            return self._expression(part, values, work)
        return self._loop(part, values, work)

    def _call(self, name: str, work: Work) -> Steps:
        """Count a call of a function; one that calls itself comes to nothing there."""
        if name not in self._calls:
            self._calls[name] = Work()
            function, body = self.functions[name], Work(0, 1)
            yield self._expression(function.expression, dict.fromkeys(function.parameters), body)
            self._calls[name] = Work(body.nodes, body.turns)
        work.add(self._calls[name])

    def _loop(self, loop: syntax.Loop | syntax.Comprehension, values: Values, work: Work) -> Steps:
        """Count a loop: one turn for all, or turn by turn where a range inside it asks which."""
        parts: Sequence[Any]
        if isinstance(loop, syntax.Comprehension):
            work.nodes, parts = work.nodes + 1, [loop.body]
        else:
            parts = [getattr(statement, "expression", statement) for statement in loop.block]
        span = self._range(loop.range, values, work)
        for value in span:
            turn, inner = Work(0, 1), {**values, loop.variable: float(value)}
            for part in parts:
                yield self._count(part, inner, turn)
            if loop.variable not in turn.names:
                work.add(turn, len(span))
                break
            turn.names.discard(loop.variable)
            work.add(turn)
            if work.nodes > self.most or work.turns > self.most:
                break

    def _expression(self, expression: syntax.Expression, values: Values, work: Work) -> Steps:
        """Count an expression.

        An axis or a length is no node in the end, so beside one no operation is counted.
        """
        operations, fixed = 0, False
        for kind, payload, count, _, _ in expression:
            operations += kind == syntax.OPERATION
            work.nodes += kind == syntax.LIST
            if kind == syntax.COMPREHENSION:
                yield self._loop(payload, values, work)
            elif kind == syntax.CALL and payload in self.functions:
                yield self._call(payload, work)
            elif kind == syntax.CALL and payload in WORDS:
                work.nodes += 1
                fixed |= any(row.static and count > len(row.parameters) for row in WORDS[payload])
        work.nodes += 0 if fixed else operations

    def _range(self, limits: syntax.Range, values: Values, work: Work) -> range:
        """Return a loop's turns, or none where they are not known, or wrong."""

        def lookup(name: str, key: tuple[int, ...] | None, start: int, end: int) -> float:
            work.names.add(name)
            value = values[name] if name in values else self.known(name)
            if value is None or key is not None:
                raise _UnknownError
            return value

        try:
            return turns(self.text, limits, lookup)
        except (CgraphError, _UnknownError):
            return range(0)


class _UnknownError(Exception):
    """A range hangs on what is not known yet."""
