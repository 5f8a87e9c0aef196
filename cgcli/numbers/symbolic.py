"""Nodes of a graph as numbers: a rule run over them builds a formula instead of a value.

What is written is folded as little as a reader wants: 0 and 1 vanish from sums and products.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from cgcli.graph.graph import INPUT, Graph
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.operators import Operators
from cgcli.operations.row import Operation
from cgcli.operations.table import CONSTANTS, OPERATIONS, TABLE

Reasons: TypeAlias = tuple[tuple[int, bool], ...]
"""The conditions that a formula was chosen by: a comparison's node, and whether it holds."""


class Symbol(Operators):
    """A node of a graph under construction, with the operators of a number.

    >>> from cgcli.graph.text import formula
    >>> graph = Graph()
    >>> m, x = symbolic(graph), Symbol.input(graph, "x")
    >>> y = 2 * m.sin(x) + 0
    >>> formula(graph, y.node)
    '2 * v1'
    """

    __slots__ = ("graph", "node", "reasons")

    def __init__(self, graph: Graph, node: int, reasons: Reasons = ()) -> None:
        self.graph = graph
        self.node = node
        self.reasons = reasons

    @classmethod
    def input(cls, graph: Graph, name: str) -> Symbol:
        """Add a free name to a graph."""
        node = graph.append(INPUT, (), 0, 0)
        graph.inputs[name] = node
        graph.given[node] = name
        return cls(graph, node)

    @property
    def constant(self) -> float | None:
        """The value of a constant's node, or of its negative, else None."""
        graph, node = self.graph, self.node
        negative = graph.operations[node] is _NEGATIVE
        value = graph.constants.get(graph.arguments[node][0] if negative else node)
        if not isinstance(value, float):
            return None
        return -value if negative else value

    def write(self, name: str, *operands: Any) -> Any:
        """Append an operation's node; 0 times a number is 0, and from 0 it is the negative."""
        if name == "mul" and any(_is(operand, 0) for operand in operands):
            return 0
        if name == "sub" and _is(operands[0], 0) and not _is(operands[1], 0):
            return -operands[1]
        return apply(self.graph, OPERATIONS[name], *operands)


def _is(value: Any, number: int) -> bool:
    if isinstance(value, Symbol):
        return value.constant == number
    return bool(value == number)


def apply(graph: Graph, operation: Operation, *arguments: Any) -> Symbol:
    """Append an operation's node; plain numbers among the arguments become constants.

    Arithmetic of short numbers is done at once, so that x^2 has 2*x and not 2*x^(2 - 1).
    """
    reasons: Reasons = ()
    for argument in arguments:
        if isinstance(argument, Symbol):
            reasons += tuple(reason for reason in argument.reasons if reason not in reasons)
    if operation.name in _FOLDED:
        folded = _folded(graph, operation.name, arguments)
        if folded is not None:
            return Symbol(graph, folded, reasons)
    nodes = tuple(_node(graph, argument) for argument in arguments)
    return Symbol(graph, graph.append(operation, nodes, 0, 0), reasons)


def _node(graph: Graph, value: Any) -> int:
    return value.node if isinstance(value, Symbol) else _constant(graph, value)


def _folded(graph: Graph, name: str, arguments: tuple[Any, ...]) -> int | None:
    """Return the node of an operation that need not be written out, or None."""
    numbers = [a.constant if isinstance(a, Symbol) else float(a) for a in arguments]
    first = arguments[0]
    unit = {"add": 0, "sub": 0}.get(name, 1)
    if numbers[1] == unit:
        return _node(graph, first)
    if name in ("add", "mul") and numbers[0] == unit:
        return _node(graph, arguments[1])
    if name == "pow" and numbers[1] == 0:
        return _constant(graph, 1)
    if name == "div" or any(number is None for number in numbers):
        return None
    result = _FOLDED[name](*numbers)
    short = result - result == 0 and len(f"{result:.17g}") <= _SHORT
    return _constant(graph, result) if short else None


_NEGATIVE: Final = OPERATIONS["neg"]
_SHORT: Final = 6
_FOLDED: Final[dict[str, Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "pow": lambda a, b: a**b if b in (0, 2, 3) else float("nan"),
    "div": None,
}


def _constant(graph: Graph, value: float) -> int:
    """Append a number; a negative one as the negative of a constant, as it would be written."""
    if value < 0:
        return graph.append(OPERATIONS["neg"], (_constant(graph, -value),), 0, 0)
    literal = str(int(value)) if value == value and value in (0, 1) else f"{value:.17g}"
    return graph.constant(float(value), literal)


Decide: TypeAlias = Callable[[Symbol], bool | None]


def symbolic(graph: Graph, decide: Decide | None = None) -> Namespace:
    """Return the namespace whose functions append nodes to a graph.

    With `decide`, a choice whose condition it answers is made: the branch that is taken alone
    is written, and the symbol keeps the reason.
    """

    def function(operation: Operation) -> Any:
        return lambda *arguments: apply(graph, operation, *arguments)

    functions = {row.name: function(row) for row in TABLE if row.words}
    if decide is not None:
        functions["where"] = _choosing(graph, functions["where"], decide)
    return Namespace(
        **functions,
        pow=function(OPERATIONS["pow"]),
        pi=Symbol(graph, graph.constant(CONSTANTS["pi"], "pi")),
        inf=Symbol(graph, graph.constant(CONSTANTS["inf"], "inf")),
        nan=Symbol(graph, graph.constant(float("nan"), "nan")),
        number=lambda value: Symbol(graph, _constant(graph, value)),
        truth=lambda condition: condition,
    )


def _choosing(graph: Graph, where: Any, decide: Decide) -> Any:
    def choose(condition: Any, a: Any, b: Any) -> Any:
        taken = decide(condition) if isinstance(condition, Symbol) else bool(condition)
        if taken is None:
            return where(condition, a, b)
        chosen = a if taken else b
        if not isinstance(condition, Symbol) or not _is_told(condition, taken, chosen):
            return chosen
        if not isinstance(chosen, Symbol):
            chosen = Symbol(graph, _constant(graph, chosen))
        return Symbol(graph, chosen.node, (*chosen.reasons, (condition.node, taken)))

    return choose


def _is_told(condition: Symbol, taken: bool, chosen: Any) -> bool:
    """Whether a reader wants to know the condition: not one of constants, nor a missed edge."""
    graph = condition.graph
    a, b = graph.arguments[condition.node]
    if a == b or (a in graph.constants and b in graph.constants):
        return False
    if graph.operations[condition.node].name == "eq" and not taken:
        if not isinstance(chosen, Symbol):
            return True
        return chosen.constant is not None and not chosen.reasons
    return True
