"""The kinds of number an evaluation may be in, as all that uses its numbers sees them.

A kind reads a number from its text, runs both passes, and runs one rule again where a step is to
be explained. What reads bindings, explains, marks or prints takes a kind and asks it. A kind does
as IEEE doubles do, floats and NumPy's arrays of them, unless it says otherwise.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from typing import Any

from cgcli.calculus.floats import silent, spread
from cgcli.calculus.sweep import Sweep, Trail
from cgcli.errors import CgraphError, Place
from cgcli.graph.graph import Graph
from cgcli.limits import Limits
from cgcli.operations.row import Rule, Shape


class Kind:
    """A kind of number. What cannot be done in it raises `CgraphError`."""

    exact = False
    """Whether its numbers are fractions, which have no rounding."""
    as_written = False
    """Whether the numbers of a JSON text are to be read from their digits."""
    tolerated: tuple[str, ...] = ()
    """The notes that a constant may have: what is said of others is an error."""

    # Numbers

    def numeral(self, text: str) -> Any:
        """Return the number that a decimal numeral writes, or the float nearest to it."""
        return float(text)

    def constant(self, graph: Graph, inputs: Mapping[str, Any]) -> Any:
        """Return the value of a graph's output, of inputs that have values already.

        Raises where it leaves its domain or the doubles.
        """
        from cgcli.calculus.notes import examine

        values = self.forward(graph, inputs)
        for node, (note, *_) in examine(graph, values).notes.items():
            if note.kind not in self.tolerated:
                place = Place(graph.text, graph.starts[node], graph.ends[node])
                raise CgraphError("binding", note.message, "", (place,))
        return values[graph.output]

    def inputs(self, bindings: Mapping[str, Any]) -> dict[str, Any]:
        """Return values from outside as the passes take them."""
        from cgcli.numbers.values import as_inputs

        return as_inputs(bindings)

    def outline(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the inputs as a graph is built for them: floats, or arrays of their shapes."""
        return inputs

    def leaf(self, graph: Graph, node: int) -> Any:
        """Return the value of a constant."""
        return graph.constants[node]

    def zero(self, shape: Shape) -> Any:
        """Return 0 in a shape."""
        if not shape:
            return 0.0
        import numpy as np

        return np.zeros(shape)

    def plain(self, value: Any) -> Any:
        """Return a number, an array or None as it is handed out.

        A scalar is a float: rules may return whole numbers, and NumPy's scalars.
        """
        if value is None or type(value) is float:
            return value
        return value if getattr(value, "shape", ()) else float(value)

    def doubles(self, value: Any) -> Any:
        """Return the double nearest to a number, or the array of those nearest to an array's."""
        return value

    # Both passes

    def evaluate(
        self,
        graph: Graph,
        inputs: Mapping[str, Any],
        of: str | None = None,
        wrt: Sequence[str] | None = None,
        limits: Limits = Limits(),
    ) -> Any:
        """Return the `Result` of a graph: its values, and the gradients of one node."""
        raise NotImplementedError

    def forward(self, graph: Graph, inputs: Mapping[str, Any]) -> list[Any]:
        """Return the value of every node."""
        from cgcli.calculus.passes import forward

        return forward(graph, inputs)

    def require(self, graph: Graph, value: Any, values: list[Any]) -> None:
        """Raise where a number that is needed is none of this kind; `values` are the nodes'."""

    def backward(
        self, graph: Graph, values: list[Any], of: int, active: bytearray, trail: Trail
    ) -> list[Any]:
        """Return the gradient of a scalar node by every node; None where none was sent."""
        from cgcli.calculus.passes import backward

        return backward(graph, values, of, active, trail)

    def sweep(self, graph: Graph, values: Any, trail: Trail | None = None) -> Sweep:
        """Return both passes over nodes of known values, for single steps of them."""
        from cgcli.calculus.passes import steps_of

        return steps_of(graph, values, trail)

    # Single steps

    def holds(self, graph: Graph, node: int, rule: Rule, parts: Sequence[Any]) -> Any:
        """Return where a rule of a node's arguments is true: a flag, or an array of them.

        It is true of no NaN, and not of infinities alone: a corner may lie beside an infinity, as
        in clip(x, -inf, 3), but not at infinities.
        """
        with silent(graph):
            if not graph.operations[node].elementwise:
                from cgcli.numbers.arrays import ARRAYS

                return rule(ARRAYS, *parts, *graph.static.get(node, ()))
            known = functools.reduce(operator.or_, (part - part == 0 for part in parts))
            for part in parts:
                known = known & (part == part)
            return known & (self.spread(rule, parts) != 0)

    def spread(self, rule: Rule, parts: Sequence[Any]) -> Any:
        """Return a rule's result over numbers and arrays of them, element by element."""
        return spread(rule, parts)

    def value(self, graph: Graph, values: Any, node: int) -> Any:
        """Return what an operation's node is for the values of its arguments."""
        with silent(graph):
            return self.plain(self.sweep(graph, values).valued(node))

    def local(self, graph: Graph, values: Any, node: int, place: int) -> Any:
        """Return a local derivative in the node's shape; None where that is not elementwise."""
        with silent(graph):
            return self.plain(self.sweep(graph, values).local(node, place))

    def contribution(
        self, graph: Graph, values: Any, node: int, place: int, upstream: Any, trail: Trail
    ) -> Any:
        """Return what a node sends to one of its arguments, to the bit; None for nothing.

        `upstream` is the node's own gradient, and `trail` the one that the pass left behind. A
        step sends on what came through a fault, and nothing else.
        """
        sweep = self.sweep(graph, values, trail)
        if trail.faults and graph.operations[node].step:
            if node not in trail.steps:
                return None
            from cgcli.calculus.pullback import TaintSweep

            sweep = TaintSweep(graph, values, Trail(trail.faults, dict(trail.masks)), {})
            upstream = trail.steps[node].value
        with silent(graph):
            return self.plain(sweep.contribution(node, place, upstream))
