"""A compiled function: a program lowered once, and called as often as one likes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, NamedTuple

import numpy as np

from cgcli.calculus.result import find
from cgcli.errors import CgraphError, excerpt, few, shorten
from cgcli.graph.build import build
from cgcli.graph.graph import Graph
from cgcli.language.syntax import Syntax
from cgcli.limits import Limits
from cgcli.memory import uncollected
from cgcli.numbers.arrays import quiet
from cgcli.numbers.values import as_input
from cgcli.operations.row import Shape
from cgcli.operations.shapes import describe, size
from cgcli.plan.compiled import Compiled, Engine
from cgcli.plan.lower import SEED, Lowered


class Called(NamedTuple):
    """What a call returns: the value, and by name the gradients, or Jacobians."""

    value: Any
    gradient: dict[str, Any]


@dataclass(eq=False, repr=False)
class Function:
    """The value of a node of a program and its gradients, compiled for the shapes of its calls.

    It takes a number or an array for every input, by keyword or in a mapping. The value and the
    gradients, by each name of `wrt`, have the shapes that `Program.evaluate` gives them; beside
    what `rows` names, inputs with a row along the first axis, the results have such an axis too.
    With `total` both are summed over the rows. With `jacobian` the output may have any shape,
    and for each name stands the array of shape output × input. Without an `engine` NumPy runs it.

    >>> from cgcli.program import parse
    >>> function = parse("(w*x - y)^2").function(wrt=["w"])
    >>> function(w=2.0, x=3.0, y=5.0)
    Called(value=1.0, gradient={'w': 6.0})
    >>> rows = parse("(w*x - y)^2").function(wrt=["w"], rows=["x", "y"])
    >>> rows(w=2.0, x=[1.0, 3.0], y=[1.0, 5.0]).gradient["w"]
    array([2., 6.])
    """

    syntax: Syntax
    limits: Limits = field(default_factory=Limits)
    _: KW_ONLY
    of: str | None = None
    wrt: Sequence[str] | None = None
    rows: Sequence[str] = ()
    total: bool = False
    jacobian: bool = False
    engine: Engine | None = None

    def __post_init__(self) -> None:
        if self.jacobian and self.rows:
            message = "a Jacobian is of one point, and rows are many"
            raise CgraphError("usage", message, "leave out rows=…, or jacobian=True")
        self.wrt = None if self.wrt is None else tuple(self.wrt)
        self.rows = tuple(self.rows)
        self._compiled: dict[tuple[Any, ...], list[_Call]] = {}

    def __repr__(self) -> str:
        """Return the start of the program, and what there are gradients by."""
        wrt = "" if self.wrt is None else f", by {', '.join(self.wrt)}"
        return f"<Function {shorten(' '.join(self.syntax.text.split()))}{wrt}>"

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy in another process is made of: it compiles for itself."""
        return {**self.__dict__, "_compiled": {}}

    def __call__(self, bindings: Mapping[str, Any] | None = None, /, **names: Any) -> Called:
        """Return the value and the gradients; raises `CgraphError` for what cannot be used."""
        given = {name: _taken(value, name) for name, value in {**(bindings or {}), **names}.items()}
        key = tuple((name, value.shape) for name, value in given.items())
        for compiled in self._compiled.get(key, ()):
            if compiled.holds(given):
                return compiled.run(given)
        with uncollected():
            compiled = self._compile(given)
        self._compiled.setdefault(key, []).append(compiled)
        return compiled.run(given)

    def _compile(self, given: Mapping[str, Any]) -> _Call:
        bound: dict[str, Any] = {}
        count: int | None = None
        for name, value in given.items():
            if name not in self.rows:
                bound[name] = value if value.ndim else float(value)
                continue
            if not value.ndim:
                message = f"'{excerpt(name)}' is a number, and has no row along its first axis"
                raise CgraphError("shape", message, "give an array, or leave it out of rows=…")
            if len(value) != (count or len(value)):
                message = f"'{excerpt(name)}' has {len(value)} rows, and another input {count}"
                raise CgraphError("shape", message, "give all that rows=… names as many rows")
            count = len(value)
            bound[name] = Shaped(value.shape[1:])
        graph = build(self.syntax, bound, self.limits)
        unknown = next((name for name in self.rows if name not in graph.inputs), None)
        if unknown is not None:
            hint = f"the inputs are {few(list(graph.inputs))}"
            raise CgraphError("name", f"'{excerpt(unknown)}' of rows=… is no input", hint)
        missing = [name for name in graph.inputs if name not in given]
        if missing:
            shown = ", ".join(f"'{excerpt(name)}'" for name in missing[:8])
            raise CgraphError(
                "binding",
                f"{shown} {'have' if missing[1:] else 'has'} no value",
                f"call it with {missing[0]}=…",
            )
        target = graph.output if self.of is None else find(graph, self.of)
        graph.output = target
        if graph.shape(target) and not self.jacobian:
            message = f"the output is {describe(graph.shape(target))}: a gradient is of a number"
            raise CgraphError("shape", message, "take sum(…), or ask for jacobian=True")
        sources = graph.inputs if self.wrt is None else {n: find(graph, n) for n in self.wrt}
        return _Call(self, graph, sources)


class Shaped(NamedTuple):
    """What a graph is built for where a value has rows: the shape of one."""

    shape: Shape


def _taken(value: Any, name: str) -> Any:
    """Return a value as an array of doubles, of no axes for a number."""
    if type(value) is float:
        return np.float64(value)
    if isinstance(value, np.ndarray) and value.dtype == np.float64:
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        return value.astype(np.float64)
    return np.asarray(as_input(value, name), dtype=np.float64)


class _Call:
    """A plan for inputs of certain shapes, and the arrays that it reads them from."""

    def __init__(self, function: Function, graph: Graph, sources: Mapping[str, int]) -> None:
        self._graph = graph
        self._limits = function.limits
        self._read = dict(graph.read)
        self._names = list(sources)
        self._rowed = [name for name in graph.inputs if name in function.rows]
        self._inputs = {
            name: np.zeros(graph.shape(node))
            for name, node in graph.inputs.items()
            if name not in function.rows
        }
        self._leads = function.jacobian or (bool(self._rowed) and not function.total)
        lowered = Lowered(graph, dict.fromkeys(self._rowed), {})
        target, nodes = graph.output, list(sources.values())
        self._shape = graph.shape(target)
        self._shapes = [graph.shape(node) for node in nodes]
        self._seeds: Any = None
        if function.jacobian:
            value = lowered.row(target)
            places = lowered.jacobian_rows(nodes)
            self._seeds = np.eye(size(self._shape)).reshape((-1, *self._shape))
        elif self._rowed and function.total:
            value, places = lowered.total(target), lowered.gradient_totals(nodes)
        else:
            value, places = lowered.row(target), lowered.gradient_rows(nodes)
        self._places = [value, *places]
        self._by_row = [lowered.tape[place].rows for place in self._places]
        kinds = [*zip(self._places, self._by_row, strict=True)]
        totals, by_row = ([p for p, rows in kinds if rows is kind] for kind in (False, True))
        self._plan = Compiled(lowered, self._inputs, totals, by_row, engine=function.engine)

    def holds(self, given: Mapping[str, Any]) -> bool:
        """Whether the graph is that of these values: it was built with some, such as indices."""
        return all(float(given[name]) == value for name, value in self._read.items())

    def run(self, given: Mapping[str, Any]) -> Called:
        """Return the value and the gradients."""
        guard = self._plan.plan.guard
        # Of an infinity that goes through an operation the processor flags nothing.
        guard.careful = guard.careful or any(map(_is_infinite, given.values()))
        for name, array in self._inputs.items():
            array[...] = given[name]
        names = self._plan.column_shapes
        columns = {name: self._seeds if name == SEED else given[name] for name in names}
        count = size(self._shape) if self._seeds is not None else 1
        for name in self._rowed:
            count = len(given[name])
        with quiet():
            taken = iter(self._plan.rows(columns, count))
        arrays = self._plan.plan.arrays
        results = [
            next(taken) if by_row else _plain(arrays[place])
            for place, by_row in zip(self._places, self._by_row, strict=True)
        ]
        if self._seeds is not None and not all(np.isfinite(part).all() for part in results):
            return self._apart(given)
        value, *gradients = results
        if self._leads:
            # What does not depend on the rows, or on the output's element, is there for each.
            lead = (count,) if self._seeds is None else self._shape
            gradients = [
                _repeated(part, (count, *shape)).reshape(lead + shape)
                for part, shape in zip(gradients, self._shapes, strict=True)
            ]
            if self._seeds is None:
                value = _repeated(value, (count, *self._shape))
        return Called(value, dict(zip(self._names, gradients, strict=True)))

    def _apart(self, given: Mapping[str, Any]) -> Called:
        """Return a Jacobian that is not finite throughout as `evaluate` has it.

        There no element of the output is multiplied by the 0 of another one's row.
        """
        from cgcli.calculus.doubles import DOUBLES

        graph, names = self._graph, self._names
        inputs = {n: given[n] if np.ndim(given[n]) else float(given[n]) for n in graph.inputs}
        result = DOUBLES.evaluate(graph, inputs, None, names, self._limits)
        slopes = result.gradient if result.jacobian is None else result.jacobian
        return Called(result.value, {n: np.asarray((slopes or {})[n]) for n in names})


def _is_infinite(value: Any) -> bool:
    return not np.isfinite(value).all() if value.ndim else abs(value) == math.inf


def _repeated(part: Any, shape: Shape) -> Any:
    return part if np.shape(part) == shape else np.array(np.broadcast_to(part, shape))


def _plain(array: Any) -> Any:
    return array.copy() if array.ndim else float(array)
