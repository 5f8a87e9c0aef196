"""Programs that differ in their numbers alone: for all of them one is read and lowered.

No name, node or shape of a program depends on a number that is written in it, but by an index,
a range, an axis or a length. Those have brackets, or make arrays; such a program is made alone.
"""

from __future__ import annotations

import functools
import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any, Final

from cgcli.errors import CgraphError
from cgcli.graph.graph import Graph
from cgcli.language.reader import machine
from cgcli.limits import Limits
from cgcli.program import Program, parse

_ONE: Final = "1e0"
"""A number that nothing which may follow one makes another of: after 1 a .5 would."""


def parser(limits: Limits, kept: int = 256) -> Callable[[str], Program]:
    """Return what parses the lines of a stream, as `parse` does."""
    # What has a name or another number before it may be a part of that.
    number = re.compile(rf"(?<![\w.])({machine().terminals['NUMBER']})", re.ASCII)
    made = functools.lru_cache(kept)(functools.partial(_pattern, limits))

    @functools.lru_cache(kept)
    def parsed(text: str) -> Program:
        pieces = number.split(text)
        # What is not ASCII may be pasted digits.
        if text.isascii() and "[" not in text and "{" not in text:
            pattern = made(*pieces[::2])
            if pattern is not None:
                return _Alike(text, pattern, pieces[1::2])
        return parse(text, limits)

    return parsed


def _pattern(limits: Limits, *pieces: str) -> _Pattern | None:
    """Return the pattern of texts with these pieces between their numbers; None if it is none."""
    try:
        program = parse(_ONE.join(pieces), limits)
        graph = program.graph()
    except CgraphError:
        # A program that is parsed by itself says what is wrong, and where.
        return None
    ends = accumulate(len(piece) + len(_ONE) for piece in pieces[:-1])
    return None if graph.tensors or graph.static else _Pattern(program, graph, list(ends))


class _Pattern:
    """What programs have in common that differ in their numbers; here all numbers are 1."""

    def __init__(self, program: Program, graph: Graph, ends: list[int]) -> None:
        self.program = program
        # Names that are no inputs unless they are bound: constants, and what cannot be bound.
        self.given = program.syntax.names - graph.inputs.keys()
        at, number = graph.ends, {end: place for place, end in enumerate(ends)}
        self._numbers = [(node, number[at[node]]) for node in graph.literals if at[node] in number]
        # The places in the text, with how many numbers end before each.
        spans = (graph.starts, graph.ends)
        self._places = [[(at, bisect_right(ends, at)) for at in places] for places in spans]
        self._common = {**vars(graph), "uses": graph.uses}
        self._spans = functools.lru_cache(64)(self._moved)

    def _moved(self, lengths: tuple[int, ...]) -> tuple[array[int], ...]:
        """Return where nodes start and where they end, for numbers of these lengths."""
        moved = [0, *accumulate(length - len(_ONE) for length in lengths)]
        return tuple(
            array("i", [at + moved[count] for at, count in places]) for places in self._places
        )

    def graph(self, text: str, numbers: list[str]) -> Graph:
        """Return the graph of one of the texts, for floats as inputs."""
        graph, common = Graph.__new__(Graph), self._common
        constants, literals = common["constants"].copy(), common["literals"].copy()
        for node, place in self._numbers:
            number = literals[node] = numbers[place]
            constants[node] = float(number)
        starts, ends = self._spans(tuple(map(len, numbers)))
        more = {"text": text, "starts": starts, "ends": ends, "constants": constants}
        vars(graph).update({**common, **more, "literals": literals})
        return graph


class _Alike(Program):
    """A program of a pattern, with numbers of its own."""

    def __init__(self, text: str, pattern: _Pattern, numbers: list[str]) -> None:
        syntax, limits = pattern.program.syntax, pattern.program.limits
        super().__init__(syntax._replace(text=text), limits)
        self._pattern, self._numbers = pattern, numbers

    def built(self, inputs: Mapping[str, Any]) -> Graph:
        pattern = self._pattern
        if pattern.given.isdisjoint(inputs) and {*map(type, inputs.values())} <= {float}:
            return pattern.graph(self.text, self._numbers)
        # Whatever depends on a number, or on its place in the text, is read of its own text.
        if self._numbers:
            self.syntax = parse(self.text, self.limits).syntax
        return super().built(inputs)
