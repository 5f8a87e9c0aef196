"""Programs that differ in their numbers alone: for all of them one is read and lowered.

No name, node or shape of a program depends on a number that is written in it, but by an index,
a range, an axis or a length. Those have brackets, or make arrays; such a program is made alone.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from itertools import accumulate, chain
from typing import Any, NamedTuple

from cgcli.errors import CgraphError
from cgcli.graph.graph import Graph
from cgcli.language.reader import machine
from cgcli.limits import Limits
from cgcli.program import Program, parse


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
            numbers = pieces[1::2]
            pattern = made(tuple(map(len, numbers)), *pieces[::2])
            if pattern is not None:
                return _Alike(text, pattern, numbers)
        return parse(text, limits)

    return parsed


def _one(length: int) -> str:
    """Return a number of a length that nothing which may follow one makes another of.

    A .5 may follow 2e0 and 2., and after 200 would be a part of it.
    """
    return f"{'1' * (length - 2)}e0" if length > 2 else "1."[:length]


def _pattern(limits: Limits, lengths: tuple[int, ...], *pieces: str) -> _Pattern | None:
    """Return the pattern of texts with numbers of these lengths between pieces; None if none is."""
    numbers = [*map(_one, lengths), ""]
    try:
        program = parse("".join(chain.from_iterable(zip(pieces, numbers, strict=True))), limits)
        graph = program.graph()
    except CgraphError:
        # A program that is parsed by itself says what is wrong, and where.
        return None
    if graph.tensors or graph.static:
        return None
    # Names that are no inputs unless they are bound: constants, and what cannot be bound.
    given = program.syntax.names - graph.inputs.keys()
    sizes = (len(piece) + length for piece, length in zip(pieces, lengths, strict=False))
    number = {end: place for place, end in enumerate(accumulate(sizes))}
    places = ((node, number.get(graph.ends[node])) for node in graph.literals)
    literals = [(node, place) for node, place in places if place is not None]
    return _Pattern(program, {**vars(graph), "uses": graph.uses}, given, literals)


class _Pattern(NamedTuple):
    """What programs have in common that differ in their numbers."""

    program: Program
    graph: dict[str, Any]
    given: frozenset[str]
    literals: list[tuple[int, int]]
    """The nodes of numbers, each with the place of its own among them."""


class _Alike(Program):
    """A program of a pattern, with numbers of its own."""

    def __init__(self, text: str, pattern: _Pattern, numbers: list[str]) -> None:
        syntax, limits = pattern.program.syntax, pattern.program.limits
        super().__init__(syntax._replace(text=text), limits)
        self._pattern, self._numbers = pattern, numbers

    def built(self, inputs: Mapping[str, Any]) -> Graph:
        pattern = self._pattern
        if pattern.given.isdisjoint(inputs) and {*map(type, inputs.values())} <= {float}:
            graph, common = Graph.__new__(Graph), pattern.graph
            constants, literals = common["constants"].copy(), common["literals"].copy()
            for node, place in pattern.literals:
                number = literals[node] = self._numbers[place]
                constants[node] = float(number)
            more = {"text": self.text, "constants": constants, "literals": literals}
            vars(graph).update({**common, **more})
            return graph
        # Whatever depends on a number, or on its place in the text, is read of its own text.
        if self._numbers:
            self.syntax = parse(self.text, self.limits).syntax
        return super().built(inputs)
