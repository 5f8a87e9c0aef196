"""What is to be learned: the program of one data point, its parameters, and what is fixed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cgcli.graph.graph import Graph
from cgcli.learning.parameters import Parameters
from cgcli.plan.compiled import Compiled, Engine
from cgcli.plan.lower import Lowered

Scaling = Mapping[str, tuple[Any, Any]]
"""By column the mean and the deviation that it is scaled by."""


class Task(NamedTuple):
    """A graph whose output is the cost of one row, and what each of its inputs is.

    `columns` are the inputs that the data has, `constants` those with a value for good, all
    others are `parameters`. `metrics` are nodes whose mean is told beside the cost. The cost of
    several rows is the mean of theirs, or the sum. Without an `engine` NumPy runs the rows.
    """

    graph: Graph
    parameters: Parameters
    columns: tuple[str, ...]
    constants: Mapping[str, Any]
    scaling: Scaling
    metrics: Mapping[str, int]
    mean: bool = True
    engine: Engine | None = None

    @property
    def scaled(self) -> dict[str, tuple[Any, Any] | None]:
        """The columns, each with what it is scaled by, or None."""
        return {name: self.scaling.get(name) for name in self.columns}

    @property
    def bottlenecks(self) -> list[int]:
        """The nodes that all parameters reach the cost through, the cost itself first.

        >>> from cgcli.program import parse
        >>> graph = parse("p = w*x + b; (p - y)^2").graph()
        >>> task = Task(graph, Parameters({"w": 1, "b": 0}), ("x", "y"), {}, {}, {})
        >>> [graph.names[node] for node in task.bottlenecks]
        ['f', 'v2', 'p']
        """
        graph, parameters = self.graph, [self.graph.inputs[name] for name in self.parameters.views]
        active, nodes, ways = graph.dependents(parameters), [], {self.graph.output}
        while ways:
            node = max(ways)
            if len(ways) == 1:
                nodes.append(node)
            if node in parameters:
                break
            ways.remove(node)
            ways.update(argument for argument in graph.arguments[node] if active[argument])
        return nodes

    def lowered(self) -> Lowered:
        """Return the graph on a new tape."""
        return Lowered(self.graph, self.scaled, self.constants)

    def through(self, node: int) -> Compiled:
        """Return what gives of rows the cost, a node's value, and the cost's gradient by it."""
        lowered = self.lowered()
        places = [lowered.row(self.graph.output), lowered.row(node), *lowered.gradient_rows([node])]
        return Compiled(lowered, self.parameters.views, by_row=places)

    def by_row(self) -> tuple[Lowered, Compiled]:
        """Return that, and what gives the cost of each row and its gradients."""
        lowered = self.lowered()
        places = [lowered.row(self.graph.output), *lowered.gradient_rows()]
        views, engine = self.parameters.views, self.engine
        return lowered, Compiled(lowered, views, by_row=places, engine=engine)
