"""The kinds of number an evaluation may be in, as all that goes on with its numbers sees them.

A kind reads a number from its text, runs both passes, and runs one rule again where a step is to
be explained. What reads bindings, explains, marks or prints takes a kind and asks it.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from cgcli.graph.graph import Graph
from cgcli.limits import Limits
from cgcli.operations.row import Rule, Shape


class Kind(Protocol):
    """A kind of number. What cannot be done in it raises `CgraphError`."""

    exact: bool
    """Whether its numbers are fractions, which have no rounding."""

    as_written: bool
    """Whether the numbers of a JSON text are to be read from their digits."""

    def numeral(self, text: str) -> Any:
        """Return the number that a decimal numeral writes."""

    def constant(self, graph: Graph, limits: Limits, inputs: Mapping[str, Any]) -> Any:
        """Return the value of a graph's output, of inputs that have values already."""

    def inputs(self, bindings: Mapping[str, Any]) -> dict[str, Any]:
        """Return values from outside as the passes take them."""

    def outline(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the inputs as a graph is built for them: floats, or arrays of their shapes."""

    def evaluate(
        self,
        graph: Graph,
        inputs: Mapping[str, Any],
        of: str | None,
        wrt: Sequence[str] | None,
        limits: Limits,
    ) -> Any:
        """Return the `Result` of a graph: its values, and the gradients of one node."""

    def forward(self, graph: Graph, inputs: Mapping[str, Any]) -> list[Any]:
        """Return the value of every node."""

    def require(self, graph: Graph, value: Any, values: list[Any]) -> None:
        """Raise where a number that is needed is none of this kind; `values` are the nodes'."""

    def backward(
        self, graph: Graph, values: list[Any], of: int, active: bytearray, faults: dict[int, Any]
    ) -> list[Any]:
        """Return the gradient of a scalar node by every node; None where none was sent."""

    def run(self, rule: Rule, *parts: Any) -> Any:
        """Return a rule's result over single numbers."""

    def holds(self, graph: Graph, node: int, rule: Rule, parts: list[Any]) -> Any:
        """Return where a rule of a node's arguments is true: a flag, or an array of them.

        It is true of no NaN, and not of infinities alone.
        """

    def float(self, value: Any) -> builtins.float:
        """Return the double nearest to a single number."""

    def doubles(self, value: Any) -> Any:
        """Return the doubles nearest to a number or an array."""

    def spread(self, rule: Rule, parts: list[Any]) -> Any:
        """Return a rule's result over single numbers and arrays, element by element."""

    def leaf(self, graph: Graph, node: int) -> Any:
        """Return the value of a constant."""

    def value(self, graph: Graph, values: list[Any], node: int) -> Any:
        """Return what an operation's node is for the values of its arguments."""

    def local(self, graph: Graph, values: list[Any], node: int, place: int) -> Any:
        """Return a local derivative; None where the operation is not elementwise."""

    def contribution(
        self,
        graph: Graph,
        values: list[Any],
        node: int,
        place: int,
        upstream: Any,
        faults: dict[int, Any],
        masks: dict[int, Any],
    ) -> Any:
        """Return what a node sends to one of its arguments; None for nothing."""

    def zero(self, shape: Shape) -> Any:
        """Return 0 in a shape."""

    def plain(self, value: Any) -> Any:
        """Return a number as it is handed out."""
