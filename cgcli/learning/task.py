"""What is to be learned: the program of one data point, its parameters, and what is fixed.

It is made of what is given: a program, values by name, and expressions to measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from cgcli.errors import CgraphError, Place, excerpt, few
from cgcli.graph.build import Draft
from cgcli.graph.graph import Graph
from cgcli.language.free import given_names
from cgcli.language.parse import parse as parse_syntax
from cgcli.language.syntax import Expression, Value
from cgcli.learning.tables import row_values
from cgcli.operations.row import Shape
from cgcli.operations.shapes import describe, size
from cgcli.plan.compiled import Compiled, Engine
from cgcli.plan.function import Shaped
from cgcli.plan.lower import Lowered
from cgcli.program import Program


def joined(names: Sequence[str]) -> str:
    """Return names as a sentence has them.

    >>> joined(["w", "b"])
    'w and b'
    """
    return " and ".join(names) if len(names) < 3 else few(names)


class Parameters:
    """Numbers, vectors and matrices side by side in the vector `flat`; `views` look into it.

    >>> parameters = Parameters({"W": [[1, 2], [3, 4]], "b": 5})
    >>> parameters.flat, parameters.views["W"].shape
    (array([1., 2., 3., 4., 5.]), (2, 2))
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        arrays = {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}
        self.shapes: dict[str, Shape] = {name: array.shape for name, array in arrays.items()}
        self.flat = np.concatenate([np.zeros(0), *(array.ravel() for array in arrays.values())])
        self.views = self.look(self.flat)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what they are made of again, for the way into a worker process."""
        return Parameters, (self.values(),)

    def look(self, flat: Any) -> dict[str, Any]:
        """Return the views of another vector of the same layout, or of many as rows, by name."""
        ends, rows = list(accumulate(map(size, self.shapes.values()))), flat.shape[:-1]
        parts = zip(self.shapes.items(), np.split(flat, ends, axis=-1)[: len(ends)], strict=True)
        return {name: part.reshape((*rows, *shape)) for (name, shape), part in parts}

    def named(self, flags: Any, *, entire: bool = False) -> str:
        """Return the names of what is flagged, element by element; with `entire`, of no parts.

        >>> Parameters({"w": [1, 2], "b": 5}).named(np.array([False, True, True]))
        'w[1] and b'
        """
        names: list[str] = []
        for name, part in self.look(flags).items():
            if part.all():
                names.append(name)
            elif not entire:
                places = (", ".join(map(str, place)) for place in np.argwhere(part))
                names += [f"{name}[{place}]" for place in places]
        return joined(names)

    def values(self, flat: Any = None) -> dict[str, Any]:
        """Return a copy of the values by name: floats, and arrays."""
        views = self.views if flat is None else self.look(flat)
        return {n: view.copy() if view.shape else float(view) for n, view in views.items()}


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
    def inputs(self) -> list[int]:
        """The nodes of the parameters, in their order."""
        return [self.graph.inputs[name] for name in self.parameters.views]

    @property
    def bottlenecks(self) -> list[int]:
        """The nodes that all parameters reach the cost through, the cost itself first.

        >>> from cgcli.program import parse
        >>> graph = parse("p = w*x + b; (p - y)^2").graph()
        >>> task = Task(graph, Parameters({"w": 1, "b": 0}), ("x", "y"), {}, {}, {})
        >>> [graph.names[node] for node in task.bottlenecks]
        ['f', 'v2', 'p']
        """
        graph, parameters = self.graph, self.inputs
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

    def by_row(self) -> Compiled:
        """Return what gives the cost of each row, and its gradients by the parameters."""
        lowered = self.lowered()
        places = [lowered.row(self.graph.output), *lowered.gradient_rows(self.inputs)]
        return Compiled(lowered, self.parameters.views, by_row=places, engine=self.engine)

    def values(self, chunk: Mapping[str, Any], place: int) -> dict[str, Any]:
        """Return the values of all inputs in one row."""
        row = row_values(chunk, place, self.scaled)
        return {**self.constants, **self.parameters.values(), **row}


class Given(NamedTuple):
    """What a command line gives: the program, values by name, and expressions to measure."""

    program: Program
    initial: Mapping[str, Any]
    fixed: Mapping[str, Any]
    metrics: Mapping[str, str] = {}

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
    graph.output = output
    if graph.shape(output):
        form = describe(graph.shape(output))
        message = f"the program's value is {form}, and a cost is one number"
        place = Place(graph.text, graph.starts[output], graph.ends[output])
        raise CgraphError("shape", message, "take its sum(…), or the sum of its squares", (place,))
    return graph, nodes
