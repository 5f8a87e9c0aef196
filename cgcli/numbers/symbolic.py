"""Nodes of a graph as numbers: a rule run over them builds a formula instead of a value.

What is written is folded as little as a reader wants: 0 and 1 vanish from sums and products.
"""

from __future__ import annotations

from typing import Any

from cgcli.graph.graph import INPUT, Graph
from cgcli.numbers.namespace import Namespace
from cgcli.operations.row import Operation
from cgcli.operations.table import CONSTANTS, OPERATIONS, TABLE

__all__ = ["Symbol", "symbolic"]


class Symbol:
    """A node of a graph under construction, with the operators of a number.

    >>> from cgcli.graph.text import formula
    >>> graph = Graph()
    >>> m, x = symbolic(graph), Symbol.input(graph, "x")
    >>> y = 2 * m.sin(x) + 0
    >>> formula(graph, y.node)
    '2 * v1'
    """

    __slots__ = ("graph", "node")
    __hash__ = None  # type: ignore[assignment]  # == builds a node, so a symbol cannot be a key

    def __init__(self, graph: Graph, node: int) -> None:
        self.graph = graph
        self.node = node

    @classmethod
    def input(cls, graph: Graph, name: str) -> Symbol:
        """Add a free name to a graph."""
        node = graph.append(INPUT, (), 0, 0)
        graph.inputs[name] = node
        graph.given[node] = name
        return cls(graph, node)

    @property
    def constant(self) -> float | None:
        """The value of a constant's node, else None."""
        value = self.graph.constants.get(self.node)
        return value if isinstance(value, float) else None

    def _apply(self, name: str, *arguments: Any) -> Symbol:
        return apply(self.graph, OPERATIONS[name], *arguments)

    def __add__(self, other: Any) -> Any:
        """Return the sum; with 0, the symbol itself."""
        return self if _is(other, 0) else self._apply("add", self, other)

    def __radd__(self, other: Any) -> Any:
        """Return the sum; with 0, the symbol itself."""
        return self if _is(other, 0) else self._apply("add", other, self)

    def __sub__(self, other: Any) -> Any:
        """Return the difference; with 0, the symbol itself."""
        return self if _is(other, 0) else self._apply("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        """Return the difference; from 0, the negative."""
        return -self if _is(other, 0) else self._apply("sub", other, self)

    def __mul__(self, other: Any) -> Any:
        """Return the product; with 1, the symbol itself, and with 0, 0."""
        if _is(other, 0):
            return 0
        return self if _is(other, 1) else self._apply("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        """Return the product; with 1, the symbol itself, and with 0, 0."""
        if _is(other, 0):
            return 0
        return self if _is(other, 1) else self._apply("mul", other, self)

    def __truediv__(self, other: Any) -> Any:
        """Return the quotient; by 1, the symbol itself."""
        return self if _is(other, 1) else self._apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        """Return the quotient."""
        return self._apply("div", other, self)

    def __neg__(self) -> Any:
        """Return the negative."""
        return self._apply("neg", self)

    def __lt__(self, other: Any) -> Any:
        """Return the comparison's node, 1 or 0."""
        return self._apply("lt", self, other)

    def __le__(self, other: Any) -> Any:
        """Return the comparison's node, 1 or 0."""
        return self._apply("le", self, other)

    def __gt__(self, other: Any) -> Any:
        """Return the comparison's node, 1 or 0."""
        return self._apply("gt", self, other)

    def __ge__(self, other: Any) -> Any:
        """Return the comparison's node, 1 or 0."""
        return self._apply("ge", self, other)

    def __eq__(self, other: object) -> Any:
        """Return the comparison's node, 1 or 0."""
        return self._apply("eq", self, other)

    def __ne__(self, other: object) -> Any:
        """Return the comparison's node, 1 or 0."""
        return self._apply("ne", self, other)


def _is(value: Any, number: int) -> bool:
    if isinstance(value, Symbol):
        return value.constant == number
    return bool(value == number)


def apply(graph: Graph, operation: Operation, *arguments: Any) -> Symbol:
    """Append an operation's node; plain numbers among the arguments become constants."""
    nodes = tuple(
        argument.node if isinstance(argument, Symbol) else _constant(graph, argument)
        for argument in arguments
    )
    return Symbol(graph, graph.append(operation, nodes, 0, 0))


def _constant(graph: Graph, value: float) -> int:
    """Append a number; a negative one as the negative of a constant, as it would be written."""
    if value < 0:
        return graph.append(OPERATIONS["neg"], (_constant(graph, -value),), 0, 0)
    literal = str(int(value)) if value == value and value in (0, 1) else f"{value:.17g}"
    return graph.constant(float(value), literal)


def symbolic(graph: Graph) -> Namespace:
    """Return the namespace whose functions append nodes to a graph."""

    def function(operation: Operation) -> Any:
        return lambda *arguments: apply(graph, operation, *arguments)

    functions = {row.name: function(row) for row in TABLE if row.words}
    return Namespace(
        **functions,
        pow=function(OPERATIONS["pow"]),
        pi=Symbol(graph, graph.constant(CONSTANTS["pi"], "pi")),
        inf=Symbol(graph, graph.constant(CONSTANTS["inf"], "inf")),
        nan=Symbol(graph, graph.constant(float("nan"), "nan")),
        number=lambda value: Symbol(graph, _constant(graph, value)),
        truth=lambda condition: condition,
    )
