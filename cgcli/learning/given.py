"""What is given to learn, a program with values and metrics → the graph of one row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from cgcli.errors import CgraphError, Place, excerpt
from cgcli.graph.build import Draft
from cgcli.graph.graph import Graph
from cgcli.language.free import given_names
from cgcli.language.parse import parse as parse_syntax
from cgcli.language.syntax import NAME, OPERATION, Expression, Value
from cgcli.learning.tables import ROW
from cgcli.operations.row import Shape
from cgcli.operations.shapes import describe
from cgcli.plan.function import Shaped
from cgcli.program import Program


class Given(NamedTuple):
    """What a command line gives: the program, values by name, what to measure, and bounds.

    The program's value may be a residual whose deviation is known, `sigma`, or that has `weights`:
    expressions over the columns.
    """

    program: Program
    initial: Mapping[str, Any]
    fixed: Mapping[str, Any]
    metrics: Mapping[str, str] = {}
    bounds: Mapping[str, Any] = {}
    sigma: str | None = None
    weights: str | None = None

    @property
    def weighted(self) -> list[Expression]:
        """The syntax of the residual with its weight, if it has one; `ROW` stands for itself."""
        if not (text := self.sigma or self.weights):
            return []
        part = expression_of(text, "--sigma" if self.sigma else "--weights")
        root = [] if self.sigma else [(OPERATION, "sqrt", 1, 0, 0)]
        joint = (OPERATION, "div" if self.sigma else "mul", 2, 0, 0)
        return [[(NAME, ROW, 0, 0, 0), *part, *root, joint]]

    @property
    def expressions(self) -> dict[str, Expression]:
        """The metrics' syntax by name; raises `CgraphError` for what is not one expression."""
        hint = '--metric "error=abs(y - p)"'
        return {
            name: expression_of(text, f"the metric '{excerpt(name)}'", hint)
            for name, text in self.metrics.items()
        }


def expression_of(text: str, called: str, hint: str = "") -> Expression:
    """Return the syntax of what is called so; raises `CgraphError` unless it is one expression."""
    statement, *others = parse_syntax(text).block
    if others or not isinstance(statement, Value):
        raise CgraphError("usage", f"{called} is not one expression", hint)
    return statement.expression


def build_graph(given: Given, shapes: Mapping[str, Shape]) -> tuple[Graph, dict[str, int]]:
    """Return the graph of one row, and the metrics' nodes in it; raises `CgraphError`."""
    bound: dict[str, Any] = {name: Shaped(shape) for name, shape in shapes.items()}
    bound.update((name, Shaped(np.shape(value))) for name, value in given.initial.items())
    for name, value in given.fixed.items():
        bound[name] = value if isinstance(value, float) else Shaped(np.shape(value))
    draft = Draft(given.program.syntax, bound, given.program.limits)
    graph = draft.graph
    nodes: dict[str, int] = {}
    output, known = draft.output, {*given_names(given.program.syntax), *bound}
    for name, expression in given.expressions.items():
        node = draft.add(expression, given.metrics[name], {} if "f" in known else {"f": output})
        if graph.shape(node):
            message = f"the metric '{excerpt(name)}' is {describe(graph.shape(node))}, not a number"
            raise CgraphError("shape", message, "take its sum(…) or mean(…)")
        nodes[name] = node
    for weighted in given.weighted:
        output = draft.add(weighted, given.sigma or given.weights or "", {ROW: output})
    graph.output = output
    if graph.shape(output):
        form = describe(graph.shape(output))
        message = f"the program's value is {form}, and a cost is one number"
        place = Place(graph.text, graph.starts[output], graph.ends[output])
        raise CgraphError("shape", message, "take its sum(…), or the sum of its squares", (place,))
    return graph, nodes
