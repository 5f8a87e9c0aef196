"""Values and gradients of expressions, through their computational graphs.

>>> import cgcli
>>> program = cgcli.parse("p = x + y; g = p * z")
>>> result = program.evaluate(x=1, y=3, z=-3)
>>> result.value, result.gradient
(-12.0, {'x': -3.0, 'y': -3.0, 'z': 4.0})
>>> result["p"].grad
-3.0
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cgcli.errors import CgraphError, Place
from cgcli.limits import Limits

if TYPE_CHECKING:
    from cgcli.calculus.notes import Note
    from cgcli.calculus.result import Node, Result
    from cgcli.graph.graph import Graph
    from cgcli.library.program import Program, parse
    from cgcli.library.training import map, predict, train  # noqa: A004  # as commands are called
    from cgcli.operations.row import Operation
    from cgcli.program import UnboundError

__all__ = [
    "CgraphError",
    "Graph",
    "Limits",
    "Node",
    "Note",
    "Operation",
    "Place",
    "Program",
    "Result",
    "UnboundError",
    "map",
    "operation_table",
    "parse",
    "predict",
    "train",
]

__version__ = "0.1.0"


def operation_table() -> list[Operation]:
    """Return every row of the table of operations.

    >>> [row.name for row in operation_table() if row.symbol == "+"]
    ['add', 'pos']
    """
    from cgcli.operations.table import TABLE

    return list(TABLE)


def __dir__() -> list[str]:
    """Return the public names, whether they are imported yet or not."""
    return [*__all__, "__version__"]


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is: the command line needs little of it to start."""
    from importlib import import_module

    homes = {
        "Graph": "cgcli.graph.graph",
        "Node": "cgcli.calculus.result",
        "Note": "cgcli.calculus.notes",
        "Operation": "cgcli.operations.row",
        "Program": "cgcli.library.program",
        "Result": "cgcli.calculus.result",
        "UnboundError": "cgcli.program",
        "map": "cgcli.library.training",
        "parse": "cgcli.library.program",
        "predict": "cgcli.library.training",
        "train": "cgcli.library.training",
    }
    if name not in homes:
        message = f"module 'cgcli' has no attribute '{name}'"
        raise AttributeError(message)
    return getattr(import_module(homes[name]), name)
