"""Graph → what a function computes: instructions of the tape, and the places of its results."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

import numpy as np

from cgcli.calculus.result import find
from cgcli.calculus.sweep import seeds
from cgcli.errors import CgraphError
from cgcli.graph.graph import Graph
from cgcli.numbers.arrays import ARRAYS, quiet
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.rounded import Rounded
from cgcli.operations.row import LEVELS, Rule, Shape
from cgcli.operations.shapes import describe, size
from cgcli.plan.cells import Cell, Number, elementwise, filled
from cgcli.plan.lower import Lowered
from cgcli.plan.passes import CellSweep
from cgcli.plan.tape import Tape


class Result(NamedTuple):
    """A number or an array that a function returns: its name, its places and its shape.

    More than one place has the parts of an array, one after the other. `of` is what a gradient
    is by, and empty for the value.
    """

    name: str
    places: list[int]
    shape: Shape
    of: str = ""


class Routine(NamedTuple):
    """What a function computes.

    `arguments` are shapes by name. By place on the tape `values` has the node whose value it is,
    and `slopes` the node by which it is the gradient; `origins` has for every place the node
    whose rule it comes from.
    """

    graph: Graph
    tape: Tape
    arguments: dict[str, Shape]
    results: list[Result]
    values: dict[int, int]
    slopes: dict[int, int]
    origins: list[int]

    def needed(self) -> list[int]:
        """Return the places that the results are computed from, in order."""
        return self.tape.ancestors(place for result in self.results for place in result.places)


class PlainSweep(CellSweep):
    """Both passes in instructions that any language has: what guards a plan is written out."""

    gathers = False

    def __init__(self, graph: Graph, m: Namespace, tape: Tape) -> None:
        functions = {name: made for name, made in m.functions.items() if name != "level"}
        super().__init__(graph, Rounded(**functions), tape)
        self._truths = self.m.copy(where=_chosen)
        self.origins: list[int] = []

    def run(self, node: int, rule: Rule, *numbers: Any) -> Any:
        """Return a rule's result at a node, and note whose instructions it wrote."""
        result = super().run(node, rule, *numbers)
        self.origins += [node] * (len(self.tape) - len(self.origins))
        return result

    def all_origins(self) -> list[int]:
        """Return for every place the node whose rule it comes from, or the output."""
        return self.origins + [self.graph.output] * (len(self.tape) - len(self.origins))

    def times(
        self, node: int, place: int, upstream: Number, partial: Number, parts: Sequence[Number]
    ) -> Number:
        """Return upstream times a partial, and NaN outside a domain."""
        operation = self.graph.operations[node]
        if not any(isinstance(n, Cell) for n in (upstream, partial, self.values[node], *parts)):
            return super().times(node, place, upstream, partial, parts)
        sent = self._product(upstream, partial)
        # By 0 a quotient sends no finite number anyway.
        divides = operation.level == LEVELS["product"] and isinstance(partial, Cell)
        if operation.domain is None or divides:
            return sent
        y: Any = self.values[node]
        inside = operation.domain.inside(self._truths, *parts)
        if operation.level == LEVELS["power"] and isinstance(inside, Cell):
            # Of -inf a negative power may be 0.
            inside = inside | (y - y == 0)
        if isinstance(inside, Cell) and not isinstance(partial, Cell):
            # What is NaN itself is outside of nothing; times another partial it is NaN anyway.
            for part in parts:
                inside = inside | (part != part)
        outside = self._outside(sent)
        if operation.pole is not None and place == len(parts) - 1:
            # A helper has NaN there for the partial, as for a value.
            pole = self._product(upstream, operation.pole(self.m, y, *parts))
            outside = self.m.where(sent == sent, outside, self._outside(pole))
        if not isinstance(inside, Cell):
            return sent if inside else outside
        return self.m.where(inside, sent, outside)

    def _product(self, upstream: Number, partial: Number) -> Number:
        """Return upstream times a partial; a quotient by what the partial is 1 over."""
        if isinstance(partial, Cell):
            operation, operands, *_ = self.tape[partial.place]
            if operation == "divide" and operands[0] == 1.0 and isinstance(operands[0], float):
                below = operands[1]
                return upstream / (Cell(self.tape, below) if type(below) is int else below)
        return upstream * partial

    def _outside(self, sent: Number) -> Number:
        """Return what is sent from outside a domain: nan, or the infinity that it is."""
        if isinstance(sent, Cell):
            return elementwise(self.tape, "outside", sent)
        return sent if sent - sent != 0 else self.m.nan

    def mend(self, node: int, place: int, upstream: Number, sent: Cell) -> Cell:
        """Return what a pullback sends."""
        return sent


def _chosen(condition: Any, a: Any, b: Any) -> Any:
    """Return a choice between truths, as a truth."""
    if not isinstance(condition, Cell):
        return a if condition else b
    if not (isinstance(a, Cell) or isinstance(b, Cell)) and bool(a) == bool(b):
        return bool(a)
    opposite = elementwise(condition.tape, "logical_not", condition)
    if not isinstance(a, Cell):
        return condition | b if a else opposite & b
    if not isinstance(b, Cell):
        return opposite | a if b else condition & a
    return (condition & a) | (opposite & b)


def known(operation: str, numbers: Sequence[float]) -> float:
    """Return an operation of numbers; truths are 1 and 0.

    >>> known("less", (1.0, 2.0)), known("power", (-1.0, 0.5))
    (1.0, nan)
    """
    if operation in ("truth", "repeat"):
        return float(numbers[0])
    if operation == "outside":
        return math.nan if math.isfinite(numbers[0]) else numbers[0]
    if operation == "where":
        return numbers[1] if numbers[0] else numbers[2]
    name = _NAMED.get(operation, operation)
    function = getattr(np, name) if hasattr(np, name) else getattr(ARRAYS, name)
    with quiet():
        return float(function(*numbers))


_NAMED: Final = {"power": "float_power"}


def routine(
    graph: Graph,
    constants: Mapping[str, Any],
    wrt: Sequence[str] | None = None,
    *,
    scaling: Mapping[str, Any] = {},
    needed: bool = False,
    value_only: bool = False,
    jacobian: bool = False,
) -> Routine:
    """Return what a function of a graph's free inputs computes: a value, and its gradients.

    They are by the free inputs, or by the nodes that `wrt` names. `scaling` has for inputs what
    is subtracted from them, and what they are divided by then. With `needed` inputs that the
    output does not depend on are no arguments. With `jacobian` the value may
    be an array, and of each of its elements there are the gradients.

    >>> from cgcli.program import parse
    >>> made = routine(parse("(w*x - y)^2").graph(), {"y": 1.0})
    >>> list(made.arguments), [result.name for result in made.results]
    (['w', 'x'], ['value', 'd_w', 'd_x'])
    """
    shape = graph.shape(graph.output)
    if shape and not (jacobian or value_only):
        message = f"the output is {describe(shape)}: a gradient is of a number"
        raise CgraphError("shape", message, "take sum(…), or ask for --jacobian")
    used = graph.ancestors([graph.output, *(find(graph, name) for name in wrt or ())])
    free = [name for name in graph.inputs if name not in constants]
    missing = frozenset(n for n in free if needed and not used[graph.inputs[n]])
    columns = {name: scaling.get(name) for name in free if name not in missing}
    lowered = Lowered(graph, columns, constants, missing, sweep=PlainSweep)
    sweep = cast("PlainSweep", lowered.sweep)
    shapes = {name: graph.shape(graph.inputs[name]) for name in columns}
    nodes = {name: find(graph, name) for name in (columns if wrt is None else wrt)}
    results = [Result("value", [lowered.row(graph.output)], shape)]
    if not value_only:
        for name, places in _slopes(lowered, nodes, rows=bool(shape)).items():
            by = graph.shape(nodes[name])
            results.append(Result(f"d_{name}", places, shape + by, name))
    values = _places(graph, lowered.values)
    slopes = {} if shape or value_only else _places(graph, sweep.sums.gradients)
    origins = sweep.all_origins()
    return Routine(graph, lowered.tape, shapes, results, values, slopes, origins)


def _places(graph: Graph, numbers: Sequence[Number]) -> dict[int, int]:
    """Return the nodes by the places of their numbers, that which has a name first."""
    places: dict[int, int] = {}
    for node, number in enumerate(numbers):
        if isinstance(number, Cell) and (number.place not in places or node in graph.given):
            places[number.place] = node
    return places


def of_formulas(
    source: Graph, graph: Graph, rows: Mapping[str, int], matrix: Sequence[Sequence[int]]
) -> Routine:
    """Return what a function computes whose results are nodes, formulas of another graph's inputs.

    They are by name, or the elements of a matrix where there is one.
    """
    lowered = Lowered(graph, dict.fromkeys(graph.inputs), {}, sweep=PlainSweep)
    results = [Result(name, [lowered.row(n)], graph.shape(n)) for name, n in rows.items()]
    if matrix:
        places = [lowered.row(node) for line in matrix for node in line]
        results = [Result("hessian", places, (len(matrix), len(matrix[0])))]
    origins = cast("PlainSweep", lowered.sweep).all_origins()
    free = {name: source.shape(node) for name, node in source.inputs.items()}
    return Routine(source, lowered.tape, free, results, dict[int, int](), dict[int, int](), origins)


def _slopes(lowered: Lowered, nodes: Mapping[str, int], *, rows: bool) -> dict[str, list[int]]:
    """Return the places of the gradients by each node; of a list's, those of all its elements."""
    if not rows:
        places = lowered.gradient_rows(list(nodes.values()))
        return {name: [place] for name, place in zip(nodes, places, strict=True)}
    graph, tape = lowered.graph, lowered.tape
    active = graph.dependents(nodes.values())
    zeros = {name: filled(tape, 0.0, graph.shape(node)).place for name, node in nodes.items()}
    rows_by = {name: [zeros[name]] * size(graph.shape(graph.output)) for name in nodes}

    for number, part, one in seeds(graph, graph.output, active, 0.0, 1.0):
        seed: Any = Cell(tape, tape.array(one)) if np.ndim(one) else lowered.m.number(one)
        # No other element of an array is multiplied by 0.
        mask = seed != 0 if np.ndim(one) else None
        gradients = lowered.sweep.gradients(active, by_row=True, seed=seed, of=part, mask=mask)
        for name, node in nodes.items():
            rows_by[name][number] = lowered.shaped(node, gradients[node])
    return rows_by
