"""The kinds of number an evaluation may be in, as all that goes on with its numbers sees them.

A kind reads a number from its text, runs both passes, and runs one rule again where a step is to
be explained. What reads bindings, explains, marks or prints takes a kind and asks it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cgcli.calculus.sweep import Sweep
from cgcli.calculus.trail import Trail
from cgcli.graph.graph import Graph
from cgcli.limits import Limits
from cgcli.numbers.elements import filled
from cgcli.operations.row import Rule, Shape


class Kind:
    """A kind of number. What cannot be done in it raises `CgraphError`."""

    exact: bool
    """Whether its numbers are fractions, which have no rounding."""

    as_written: bool
    """Whether the numbers of a JSON text are to be read from their digits."""

    # What a kind says

    def numeral(self, text: str) -> Any:
        """Return the number that a decimal numeral writes."""
        raise NotImplementedError

    def constant(self, graph: Graph, limits: Limits, inputs: Mapping[str, Any]) -> Any:
        """Return the value of a graph's output, of inputs that have values already."""
        raise NotImplementedError

    def inputs(self, bindings: Mapping[str, Any]) -> dict[str, Any]:
        """Return values from outside as the passes take them."""
        raise NotImplementedError

    def outline(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the inputs as a graph is built for them: floats, or arrays of their shapes."""
        return inputs

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
        raise NotImplementedError

    def require(self, graph: Graph, value: Any, values: list[Any]) -> None:
        """Raise where a number that is needed is none of this kind; `values` are the nodes'."""

    def backward(
        self, graph: Graph, values: list[Any], of: int, active: bytearray, trail: Trail
    ) -> list[Any]:
        """Return the gradient of a scalar node by every node; None where none was sent."""
        raise NotImplementedError

    def sweep(self, graph: Graph, values: Any, trail: Trail | None = None) -> Sweep:
        """Return both passes over nodes of known values, for single steps of them."""
        raise NotImplementedError

    def holds(self, graph: Graph, node: int, rule: Rule, parts: list[Any]) -> Any:
        """Return where a rule of a node's arguments is true: a flag, or an array of them.

        It is true of no NaN, and not of infinities alone.
        """
        raise NotImplementedError

    def doubles(self, value: Any) -> Any:
        """Return the double nearest to a number, or the array of those nearest to an array's."""
        return value

    def spread(self, rule: Rule, parts: Sequence[Any]) -> Any:
        """Return a rule's result over numbers and arrays of them, element by element."""
        raise NotImplementedError

    def leaf(self, graph: Graph, node: int) -> Any:
        """Return the value of a constant."""
        raise NotImplementedError

    def plain(self, value: Any) -> Any:
        """Return a number, an array or None as it is handed out."""
        raise NotImplementedError

    # Single steps

    def value(self, graph: Graph, values: Any, node: int) -> Any:
        """Return what an operation's node is for the values of its arguments."""
        return self.plain(self.sweep(graph, values).valued(node))

    def local(self, graph: Graph, values: Any, node: int, place: int) -> Any:
        """Return a local derivative in the node's shape; None where that is not elementwise."""
        return self.plain(self.sweep(graph, values).local(node, place))

    def contribution(
        self, graph: Graph, values: Any, node: int, place: int, upstream: Any, trail: Trail
    ) -> Any:
        """Return what a node sends to one of its arguments, to the bit; None for nothing.

        `upstream` is the node's own gradient, and `trail` the one that the pass left behind.
        """
        return self.plain(self.sweep(graph, values, trail).contribution(node, place, upstream))

    def zero(self, shape: Shape) -> Any:
        """Return 0 in a shape."""
        return filled(self.numeral("0"), shape)
