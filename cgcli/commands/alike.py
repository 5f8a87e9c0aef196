"""Programs that differ in their numbers and names alone: for all of them one is read and lowered.

No node or shape of a program depends on a number that is written in it, but by an index, a range,
an axis or a length. Those have brackets, or make arrays; such a program is made alone. Of a name
nothing hangs on how it is written, unless the language has it, or nodes are given it.
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
from cgcli.operations.table import CONSTANTS, WORDS
from cgcli.program import Program, parse

_ONE: Final = "1e0"
"""A number that nothing which may follow one makes another of: after 1 a .5 would."""
_GIVEN: Final = r"(?!(?:v\d+|f|out\d*)\b)"
"""Not one of the names that the program gives to nodes without a name."""


def parser(limits: Limits, kept: int = 256) -> Callable[[str], Program]:
    """Return what parses the lines of a stream, as `parse` does."""
    # What has a name or another number before it may be a part of that.
    number = machine().terminals["NUMBER"]
    token = re.compile(rf"(?<![\w.])({number}|{_GIVEN}[A-Za-z_]\w*)", re.ASCII)
    made = functools.lru_cache(kept)(functools.partial(_pattern, limits, token))
    fixed = {*WORDS, *CONSTANTS, *machine().tables.keywords}

    @functools.lru_cache(kept)
    def parsed(text: str) -> Program:
        pieces = token.split(text)
        # What is not ASCII may be pasted digits.
        if text.isascii() and "[" not in text and "{" not in text:
            tokens, names = pieces[1::2], dict[str, str]()
            for place, word in enumerate(tokens):
                if word[0] in "0123456789.":
                    pieces[2 * place + 1] = _ONE
                elif word not in fixed:
                    pieces[2 * place + 1] = names.setdefault(word, f"x{len(names)}")
            pattern = made("".join(pieces))
            if pattern is not None:
                return _Alike(text, pattern, tokens)
        return parse(text, limits)

    return parsed


def _pattern(limits: Limits, token: re.Pattern[str], text: str) -> _Pattern | None:
    """Return the pattern of texts that differ from this one in tokens alone; None for none."""
    try:
        program = parse(text, limits)
        graph = program.graph()
    except CgraphError:
        # A program that is parsed by itself says what is wrong, and where.
        return None
    return None if graph.tensors else _Pattern(program, graph, [*token.finditer(text)])


class _Pattern:
    """A program for all texts that differ in numbers and names: 1 and x0, x1 stand for them."""

    def __init__(self, program: Program, graph: Graph, tokens: list[re.Match[str]]) -> None:
        self.program = program
        self._tokens = [match.group() for match in tokens]
        ends = [match.end() for match in tokens]
        before = [0, *accumulate(map(len, self._tokens))]
        at, number = graph.ends, {end: place for place, end in enumerate(ends)}
        self._numbers = [(node, number[at[node]]) for node in graph.literals if at[node] in number]
        self._numbers = [pair for pair in self._numbers if self._tokens[pair[1]] == _ONE]
        # The positions of nodes without the lengths of tokens, and how many tokens end before.
        counts = [[bisect_right(ends, at) for at in spans] for spans in (graph.starts, graph.ends)]
        self._places = [
            [(at - before[count], count) for at, count in zip(*pair, strict=True)]
            for pair in ((graph.starts, counts[0]), (graph.ends, counts[1]))
        ]
        names = {name: place for place, name in reversed([*enumerate(self._tokens)])}
        self._given = [(node, names[name]) for node, name in graph.given.items() if name in names]
        self._inputs = [(name, names.get(name), node) for name, node in graph.inputs.items()]
        # Names that are no inputs unless they are bound: constants, and what cannot be bound.
        others = program.syntax.names - graph.inputs.keys()
        self._others = [names[name] for name in others if name in names]
        self._known = others - names.keys()
        self._spans = functools.lru_cache(64)(self._moved)
        self._common = {**vars(graph), "names": graph.names, "uses": graph.uses}

    def _moved(self, lengths: tuple[int, ...]) -> list[array[int]]:
        """Return where the nodes' texts start and end for tokens of these lengths."""
        moved = [0, *accumulate(lengths)]
        return [array("i", [at + moved[count] for at, count in ps]) for ps in self._places]

    def is_for(self, inputs: Mapping[str, Any], tokens: list[str]) -> bool:
        """Whether a graph for these inputs is one of the pattern's."""
        return (
            {*map(type, inputs.values())} <= {float}
            and self._known.isdisjoint(inputs)
            and not any(tokens[place] in inputs for place in self._others)
        )

    def graph(self, text: str, tokens: list[str]) -> Graph:
        """Return the graph of one of the texts, for floats as inputs."""
        graph = Graph.__new__(Graph)
        vars(graph).update(self._common, text=text)
        graph.starts, graph.ends = self._spans(tuple(map(len, tokens)))
        graph.names, graph.given = graph.names.copy(), graph.given.copy()
        for node, place in self._given:
            graph.names[node] = graph.given[node] = tokens[place]
        graph.inputs = {
            name if place is None else tokens[place]: node for name, place, node in self._inputs
        }
        if self._numbers:
            graph.constants, graph.literals = graph.constants.copy(), graph.literals.copy()
        for node, place in self._numbers:
            number = graph.literals[node] = tokens[place]
            graph.constants[node] = float(number)
            if node not in graph.given:
                graph.names[node] = number
        return graph


class _Alike(Program):
    """A program that is made of a pattern and the tokens of its text."""

    def __init__(self, text: str, pattern: _Pattern, tokens: list[str]) -> None:
        super().__init__(pattern.program.syntax, pattern.program.limits)
        self._text, self._pattern, self._tokens = text, pattern, tokens

    @property
    def text(self) -> str:
        return self._text

    @functools.cached_property
    def _graph(self) -> Graph:
        return self._pattern.graph(self._text, self._tokens)

    def built(self, inputs: Mapping[str, Any]) -> Graph:
        if self._pattern.is_for(inputs, self._tokens):
            return self._graph
        # Whatever depends on a number, or on its place in the text, is read of its own text.
        self.syntax = parse(self._text, self.limits).syntax
        return super().built(inputs)
