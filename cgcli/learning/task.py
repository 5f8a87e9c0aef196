"""What is to be learned: the program of one data point, its parameters, and what is fixed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from cgcli.errors import CgraphError, excerpt, few
from cgcli.graph.graph import Graph
from cgcli.learning.losses import Loss
from cgcli.learning.tables import ROW, Table, row_values
from cgcli.operations.row import Shape
from cgcli.operations.shapes import size
from cgcli.plan.compiled import Compiled, Engine
from cgcli.plan.lower import Lowered


def joined(names: Sequence[str]) -> str:
    """Return names as a sentence has them.

    >>> joined(["w", "b"])
    'w and b'
    """
    return " and ".join(names) if len(names) < 3 else few(names)


class Parameters:
    """Numbers, vectors and matrices side by side in the vector `flat`; `views` look into it.

    They lie from `low` to `high`, where they are `bounded`: `bounds` has by name the two ends for
    all elements, None for no end.

    >>> parameters = Parameters({"W": [[1, 2], [3, 4]], "b": 5})
    >>> parameters.flat, parameters.views["W"].shape
    (array([1., 2., 3., 4., 5.]), (2, 2))
    """

    def __init__(self, values: Mapping[str, Any], bounds: Mapping[str, Any] = {}) -> None:
        arrays = {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}
        self.shapes: dict[str, Shape] = {name: array.shape for name, array in arrays.items()}
        self.flat = np.concatenate([np.zeros(0), *(array.ravel() for array in arrays.values())])
        self.views = self.look(self.flat)
        self.bounded = bool(bounds)
        self.low, self.high = np.full_like(self.flat, -np.inf), np.full_like(self.flat, np.inf)
        for place, flat in enumerate((self.low, self.high)):
            for name, view in self.look(flat).items():
                if (end := bounds.get(name, (None, None))[place]) is not None:
                    view[...] = end

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what they are made of again, for the way into a worker process."""
        return Parameters, (self.values(),)

    def look(self, flat: Any) -> dict[str, Any]:
        """Return the views of another vector of the same layout, or of many as rows, by name."""
        ends, rows = list(accumulate(map(size, self.shapes.values()))), flat.shape[:-1]
        parts = zip(self.shapes.items(), np.split(flat, ends, axis=-1)[: len(ends)], strict=True)
        return {name: part.reshape((*rows, *shape)) for (name, shape), part in parts}

    def enter(self) -> None:
        """Bring what is beyond a bound to it."""
        if self.bounded:
            np.clip(self.flat, self.low, self.high, self.flat)

    @property
    def at_bound(self) -> Any:
        """Which elements are at a bound."""
        return (self.flat <= self.low) | (self.flat >= self.high)

    def held(self, gradient: Any) -> Any:
        """Return which elements a bound holds: the descent by a gradient would take them on."""
        at_low, at_high = self.flat <= self.low, self.flat >= self.high
        return (at_low & (gradient > 0)) | (at_high & (gradient < 0))

    def elsewhere(self, count: int, seed: int) -> Iterator[Any]:
        """Yield other starting points: anywhere between two bounds, else about as large as now."""
        chance, start = np.random.default_rng([seed, 3]), self.flat.copy()
        low, high, size = self.low, self.high, np.where(start == 0, 1.0, np.abs(start))
        between = np.isfinite(high - low)
        for _ in range(count):
            (part, power), step = chance.random((2, start.size)), chance.normal(size=start.size)
            moved = start + size * step * 10 ** (2 * power - 1)
            within = np.clip(moved, 2 * low - moved, 2 * high - moved)
            yield np.where(between, low + part * np.where(between, high - low, 0.0), within)

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
    several rows is the mean of theirs, or the sum. Without an `engine` NumPy runs the rows. Costs
    that are residuals may have a `loss` in place of squares, and be in units of a deviation that
    is `known`.
    """

    graph: Graph
    parameters: Parameters
    columns: tuple[str, ...]
    constants: Mapping[str, Any]
    scaling: Scaling
    metrics: Mapping[str, int]
    mean: bool = True
    engine: Engine | None = None
    loss: Loss | None = None
    known: bool = False

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

    def rows(
        self, nodes: Sequence[int], by: Sequence[int] = (), engine: Engine | None = None
    ) -> Compiled:
        """Return what gives of rows the values of nodes, and the cost's gradients by others."""
        lowered = self.lowered()
        places = [*map(lowered.row, nodes), *lowered.gradient_rows(by)]
        return Compiled(lowered, self.parameters.views, by_row=places, engine=engine)

    def through(self, node: int) -> Compiled:
        """Return what gives of rows the cost, a node's value, and the cost's gradient by it."""
        return self.rows([self.graph.output, node], [node])

    def by_row(self) -> Compiled:
        """Return what gives the cost of each row, and its gradients by the parameters."""
        return self.rows([self.graph.output], self.inputs, self.engine)

    def costs(self, table: Table) -> Iterator[Any]:
        """Yield the costs of a table's rows, some at a time."""
        compiled = self.rows([self.graph.output])
        for chunk in table.chunks():
            yield compiled.rows(chunk, len(chunk[ROW]))[0]

    def values(self, chunk: Mapping[str, Any], place: int) -> dict[str, Any]:
        """Return the values of all inputs in one row."""
        row = row_values(chunk, place, self.scaled)
        return {**self.constants, **self.parameters.values(), **row}


def check_parameters(task: Task) -> None:
    """Refuse what cannot be learned: a cost that no parameter has a part in."""
    names = list(task.parameters.views)
    if not names:
        message = "there is nothing to learn: the program has no parameter"
        hint = 'the program goes first, then where its parameters start: "(w*x - y)^2" w=0'
        raise CgraphError("usage", message, hint)
    needed = task.graph.ancestors([task.graph.output])
    for name in names:
        if not needed[task.graph.inputs[name]]:
            message = f"the cost does not depend on '{name}'"
            raise CgraphError("usage", message, "it is used in a metric or a statement alone")


def check_bounds(bounds: Iterable[str], task: Task) -> None:
    """Raise `CgraphError` for bounds of no parameter, that hold none, or that it starts beyond.

    With columns that are scaled a start is for these, and is brought within them.
    """
    parameters = task.parameters
    lows, highs = parameters.look(parameters.low), parameters.look(parameters.high)
    for name in bounds:
        shown, view = excerpt(name), parameters.views.get(name)
        if view is None:
            message = f"--bound: '{shown}' is no parameter"
            raise CgraphError("usage", message, f"the parameters are {few(list(parameters.views))}")
        low, high = lows[name].flat[0], highs[name].flat[0]
        if not low < high:
            message = f"--bound {shown}: there is nothing between {low:g} and {high:g}"
            hint = f"the smaller one stands first; --fix {shown}=… holds it"
            raise CgraphError("usage", message, hint)
        beyond = view[(view < low) | (view > high)]
        if beyond.size and not task.scaling:
            message = f"'{shown}' starts at {beyond[0]:g}, beyond its bounds {low:g} to {high:g}"
            raise CgraphError("usage", message, "start it within them")


def check_weighting(task: Task, table: Table, called: str) -> None:
    """Raise `CgraphError` where a deviation or a weight is not above 0, or hangs on parameters."""
    graph = task.graph
    residual, weighting = graph.arguments[graph.output]
    if graph.dependents(task.inputs)[weighting]:
        message = f"{called} depends on what is to be learned"
        raise CgraphError("usage", message, "write it with columns and numbers alone")
    within = graph.ancestors([weighting])
    if scaled := [name for name in task.scaling if within[graph.inputs[name]]]:
        message = f"{called} is in the data's units, and {joined(scaled)} in it is scaled"
        raise CgraphError("usage", message, "leave that out of --scale: least squares needs none")
    compiled = task.through(residual)
    for chunk in table.chunks():
        with np.errstate(all="ignore"):
            slopes = compiled.rows(chunk, len(chunk[ROW]))[2]
        if not (fine := (slopes > 0) & (slopes < np.inf)).all():
            row = int(chunk[ROW][np.argmin(fine)])
            message = f"{called} is a number above 0 in every row, and in row {row} it is not"
            raise CgraphError("usage", message, "leave that row out, or mend it")
