"""Graph → JavaScript for a page: every node's value and gradient, and what each use of it sends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from cgcli.calculus.sums import Scattered
from cgcli.export.loops import LoopEmitter
from cgcli.export.routine import PlainSweep, Result, Routine
from cgcli.export.target import Line
from cgcli.export.targets import target
from cgcli.graph.graph import Graph
from cgcli.operations.row import Rule, Shape
from cgcli.plan.cells import Cell, Number, filled, fit, written
from cgcli.plan.functions import cells
from cgcli.plan.passes import CellSweep
from cgcli.plan.tape import Tape

_FUNCTION: Final = """function <function>(<arguments>) {
    <opening>
    <body>
    return [<results>];
}"""


class Recorder(PlainSweep):
    """Both passes; what a node sends and its local derivatives are kept by node and place."""

    def __init__(self, graph: Graph, m: Any, tape: Tape) -> None:
        super().__init__(graph, m, tape)
        self.sent: dict[tuple[int, int], Number] = {}
        self.slopes: dict[tuple[int, int], Number] = {}

    def send(self, node: int, places: Sequence[int], upstream: Number) -> Iterator[Any]:
        """Yield what a node sends."""
        for place, sent in super().send(node, places, upstream):
            value = sent.value
            self.sent[node, place] = value.dense() if type(value) is Scattered else value
            yield place, sent

    def partials(self, node: int, places: Sequence[int], parts: list[Any]) -> list[Any]:
        """Return the local derivatives of an elementwise node by some of its arguments."""
        partials = super().partials(node, places, parts)
        self.slopes.update(zip([(node, place) for place in places], partials, strict=True))
        return partials


class Numbers:
    """A function of inputs that returns numbers of a graph, in a list; `keys` names them.

    Each key has its number's shape. The inputs in `fixed` have one value for good. When `answered`
    the function takes the values and gradients of all nodes, as somebody worked them out, and
    returns what follows from these; those arguments have a # before them, which no name of a
    program has.

    >>> from cgcli.program import parse
    >>> graph = parse("x*y").graph()
    >>> numbers = Numbers(graph, {})
    >>> numbers.values()
    >>> numbers.backward(graph.output, graph.dependents([0, 1]))
    >>> list(numbers.keys)
    ['v0', 'v1', 'v2', 'g0', 'g1', 'g2', 'p2_0', 's2_0', 'p2_1', 's2_1']
    >>> print(numbers.code("f"), end="")
    function f(x, y) {
        const r2 = x*y;
        return [x, y, r2, y, x, 1.0, y, y, x, x];
    }
    """

    def __init__(self, graph: Graph, fixed: Mapping[str, Any], *, answered: bool = False) -> None:
        self.graph = graph
        self.answered = answered
        self.keys: dict[str, Shape] = {}
        self.arguments: dict[str, Shape] = {}
        self._results: list[Result] = []
        tape = self._tape = Tape()
        self.sweep = Recorder(graph, cells(tape), tape)
        leaves: dict[int, Number] = {}
        for name, node in graph.inputs.items():
            leaves[node] = fixed[name] if name in fixed else self._column(name, node)
        if answered:
            for node in self.worked():
                leaves[node] = self._column(f"#v{node}", node)
        self.sweep.forward(leaves)

    def worked(self) -> list[int]:
        """Return the operations."""
        return [node for node, arguments in enumerate(self.graph.arguments) if arguments]

    def _column(self, name: str, node: int) -> Cell:
        shape = self.graph.shape(node)
        self.arguments[name] = shape
        return written(self._tape, "column", (), shape, name, rows=True)

    def number(self, key: str, value: Number, shape: Shape) -> None:
        """Return one more number, or an array of a shape, when the function is called."""
        place = filled(self._tape, fit(value, shape), shape).place
        self.keys[key] = shape
        self._results.append(Result(f"r{len(self._results)}", [place], shape))

    def values(self) -> None:
        """Return the values of all nodes but numbers as they were typed."""
        graph = self.graph
        kept = {*graph.given, graph.output}
        for node, value in enumerate(self.sweep.values):
            if self.answered and graph.arguments[node]:
                self.number(f"v{node}", self.sweep.valued(node), graph.shape(node))
            elif not self.answered and (node not in graph.literals or node in kept):
                self.number(f"v{node}", value, graph.shape(node))

    def backward(self, of: int, active: bytearray) -> None:
        """Return the gradients by all nodes that something is sent to, and what they send."""
        graph, sweep, shape = self.graph, self.sweep, self.graph.shape
        gradients = sweep.gradients(active, by_row=True, of=of)
        reached = [node for node, gradient in enumerate(gradients) if gradient is not None]
        if self.answered:
            for node in reached:
                upstream = self._column(f"#g{node}", node)
                places = [k for k, a in enumerate(graph.arguments[node]) if active[a]]
                list(sweep.send(node, places, upstream) if places else ())
        else:
            for node in reached:
                self.number(f"g{node}", gradients[node], shape(node))
        for (node, place), sent in sorted(sweep.sent.items(), key=lambda item: item[0]):
            if (node, place) in sweep.slopes and not self.answered:
                self.number(f"p{node}_{place}", sweep.slopes[node, place], shape(node))
            self.number(f"s{node}_{place}", sent, shape(graph.arguments[node][place]))

    def asked(self, key: str, node: int, rule: Rule) -> None:
        """Return 1 where a rule is true of the arguments of a node, for any element of them."""
        graph, sweep = self.graph, self.sweep
        parts = [sweep.part(argument) for argument in graph.arguments[node]]
        fixed = () if graph.operations[node].elementwise else graph.static.get(node, ())
        self.truth(key, sweep.run(node, rule, *parts, *fixed))

    def truth(self, key: str, truth: Any) -> None:
        """Return 1 where a condition holds anywhere, else 0."""
        if not isinstance(truth, Cell):
            truth = float(np.any(truth))
        elif truth.shape:
            truth = fit(truth if self._tape[truth.place].truth else truth != 0, ())
        self.number(key, truth, ())

    def decided(self, key: str, small: Graph, names: Mapping[int, int], asked: Any) -> None:
        """Return whether conditions of a small graph hold or not, as is asked of its nodes.

        `names` has for its leaves the nodes that they stand for.
        """
        sweep = CellSweep(small, self.sweep.m, self._tape)
        values = sweep.forward({k: self.sweep.values[node] for k, node in names.items()})
        met: Any = True
        for node, holds in asked:
            value = values[node]
            if not isinstance(value, Cell):
                met = met if bool(value) == holds else False
            elif met is not False:
                truth = value != 0 if holds else value == 0
                met = truth if met is True else met & truth
        self.truth(key, met)

    def code(self, name: str) -> str:
        """Return the function after what it calls; `CgraphError` names a node that it lacks."""
        sweep, language = self.sweep, target("js")
        page = replace(language, code={**language.code, "function": _FUNCTION, "result": "<text>"})
        origins = sweep.all_origins()
        made = Routine(self.graph, self._tape, self.arguments, self._results, {}, {}, origins)
        function = LoopEmitter(page, made).emit(name)
        return page.define(function._replace(lines=[Line(line.text) for line in function.lines]))
