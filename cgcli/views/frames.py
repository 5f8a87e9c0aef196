"""Results on one line each: what is the same of graphs alike is written once, with gaps.

The frame of a line is the document of a result whose numbers are marks.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterator, Sequence
from copy import copy
from itertools import chain, count, islice
from operator import itemgetter
from typing import Any, Final, cast

from cgcli.calculus.kind import Kind
from cgcli.calculus.result import Result
from cgcli.graph.graph import Graph, computed
from cgcli.operations.row import Rule
from cgcli.views.document import compact, evaluation

_GAP: Final = re.compile(r'[";]#([0-9]+)[";]')
"""A mark in place of a number, or of a literal within names and formulas, which lack this sign."""


class _Marks(Kind):
    """Marks as a kind of number: what would be computed is the next one."""

    values: Any = None

    def __init__(self) -> None:
        self.next = (f"#{number}" for number in count())

    def plain(self, value: Any) -> Any:
        """Return a mark as it is."""
        return value

    def sweep(self, graph: Graph, values: Any, trail: Any = None) -> Any:
        """Return what has marks for local derivatives."""
        self.values = values
        return self

    def locals(self, node: int, places: Sequence[int]) -> Iterator[str]:
        """Return marks for the local derivatives of a node."""
        return islice(self.next, len(places))

    def spread(self, rule: Rule, parts: Sequence[Any]) -> Any:
        """Return a mark for what a choice is decided by."""
        return parts[0]


def _frame(
    graph: Graph, of: int, active: bytes, varying: bytes, sources: tuple[tuple[str, int], ...]
) -> tuple[list[str], itemgetter[Any]]:
    """Return the line of results of graphs alike in pieces, every other one a gap.

    And what picks texts for the gaps: of the expression, the values, gradients, spans, literals
    and local derivatives.
    """
    kind, marked = _Marks(), copy(graph)
    marks, size = kind.next, len(graph)
    expression, values = next(marks), list(islice(marks, size))
    gradients = [next(marks) if flag else None for flag in active]
    marked.starts, marked.ends = (cast("array[int]", list(islice(marks, size))) for _ in "se")
    marked.literals = {
        # A minus decides on brackets.
        node: literal if literal[0] == "-" or not literal.isascii() else f";{mark};"
        for (node, literal), mark in zip(graph.literals.items(), marks, strict=False)
    }
    vars(marked).pop("names", None)
    result = Result(
        marked, values, of, bytearray(active), dict(sources), kind, bytearray(varying), gradients
    )
    result.gradient = {name: gradients[node] for name, node in sources}
    pieces: list[str] = _GAP.split(compact(evaluation(result, expression)))
    return pieces, itemgetter(*map(int, pieces[1::2]))


def one_line(result: Result, text: str) -> str:
    """Return the document `cgraph.eval/1` of a result on one line."""
    graph = result.graph
    if not (graph.tensors or result.notes_by_node):
        sent = zip(result.gradients or (), result.active, strict=False)
        gradients = [0.0 if gradient is None else gradient for gradient, flag in sent if flag]
        partials = chain.from_iterable(map(result.partials, graph.once(computed)))
        slopes = [partial for partial in partials if partial is not None]
        numbers = [*result.values, *gradients, *slopes]
        if {*map(type, numbers)} == {float} and math.isfinite(sum(numbers)):
            active, varying, sources = result.active, result.varying, result.sources.items()
            pieces, picked = graph.once(
                _frame, result.of, bytes(active), bytes(varying), tuple(sources)
            )
            line, first = pieces.copy(), len(graph) + len(gradients)
            texts = list(map(repr, numbers))
            spans = map(str, chain(graph.starts, graph.ends))
            line[1::2] = picked(
                [compact(text), *texts[:first], *spans, *graph.literals.values(), *texts[first:]]
            )
            return "".join(line)
    return compact(evaluation(result, text))
