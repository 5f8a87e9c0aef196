"""Rows → values: a program, and its gradients where they are asked for, for every row of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from cgcli.calculus.result import NO_NAMES, by_constant
from cgcli.errors import CgraphError, Place, excerpt
from cgcli.graph.build import build
from cgcli.graph.graph import Graph
from cgcli.language.free import free_names
from cgcli.learning.preparing import Shaped, read_columns
from cgcli.learning.reading import Report, Source, stacked
from cgcli.learning.tables import ROW
from cgcli.operations.shapes import describe
from cgcli.operations.table import CONSTANTS
from cgcli.plan.lower import Lowered
from cgcli.plan.plan import Plan
from cgcli.plan.sweep import Sweep
from cgcli.program import Program

__all__ = ["RowProgram", "map_rows"]


class Wanted(NamedTuple):
    """What is asked of each row: nodes, the output alone where none is named, and gradients.

    Gradients are of one node, by some inputs or by all.
    """

    of: Sequence[str] = ()
    gradients: bool = False
    wrt: Sequence[str] | None = None


class RowProgram(NamedTuple):
    """A program with values for those names that no column has."""

    program: Program
    bound: Mapping[str, Any]
    stacks: Mapping[str, str] = {}
    scaling: Mapping[str, tuple[Any, Any]] = {}
    wanted: Wanted = Wanted()


def map_rows(
    mapping: RowProgram, source: Source, report: Report
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield for some rows at a time their numbers in the file and what is asked of each, by name.

    The first result has the shapes of all. Raises `CgraphError`.
    """
    columns, missing = _columns(mapping, source)
    runner: _Runner | None = None
    for chunk in read_columns(source, columns, mapping.stacks, report):
        if runner is None:
            runner = _Runner(mapping, source, columns, missing, chunk)
        yield chunk[ROW], runner.run(chunk)


def _columns(mapping: RowProgram, source: Source) -> tuple[list[str], list[str]]:
    """Return the columns that the program reads, and the names that have no value at all."""
    stacks = stacked(
        source.names,
        {n: p for n, p in mapping.stacks.items() if n in free_names(mapping.program.syntax)},
    )
    available = {*stacks, *source.names}
    found, missing = [], []
    for name in free_names(mapping.program.syntax):
        if name in mapping.bound:
            continue
        if name in available:
            found.append(name)
        elif name not in CONSTANTS:
            missing.append(name)
    return found, missing


class _Runner:
    """A plan for the shapes of the first rows, run over some rows at a time."""

    def __init__(
        self,
        mapping: RowProgram,
        source: Source,
        columns: list[str],
        missing: list[str],
        chunk: Mapping[str, Any],
    ) -> None:
        bound = {name: Shaped(chunk[name].shape[1:]) for name in columns}
        graph = build(mapping.program.syntax, {**mapping.bound, **bound}, mapping.program.limits)
        wanted = mapping.wanted
        nodes = _nodes(graph, wanted.of, missing, source)
        graph.output = nodes[0]
        scaling = {name: mapping.scaling.get(name) for name in columns if name in graph.inputs}
        given = {name: value for name, value in mapping.bound.items() if name in graph.inputs}
        lowered = Lowered(graph, scaling, given, frozenset(missing))
        names = graph.names
        places = [lowered.row(node) for node in nodes]
        self.names = [names[node] for node in nodes]
        if wanted.gradients:
            by = _sources(graph, wanted.wrt, missing)
            places += lowered.gradient_rows(by)
            self.names += [f"d{self.names[0]}/d{name}" for name in by]
        self._plan = Plan(lowered.tape, {}, each=places)
        self._shapes = [lowered.tape[place].shape for place in places]
        self._columns = {
            place: lowered.tape[place].static[0]
            for place in self._plan.columns
            if lowered.tape[place].operation == "column"
        }

    def run(self, chunk: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of rows by name."""
        count = len(chunk[ROW])
        each = [np.empty((count, *shape)) for shape in self._shapes]
        arrays = {place: chunk[name] for place, name in self._columns.items()}
        with np.errstate(all="ignore"):
            Sweep(self._plan, arrays, count, each).run()
        return dict(zip(self.names, each, strict=True))


def _sources(graph: Graph, wrt: Sequence[str] | None, missing: Sequence[str]) -> list[str]:
    """Return the inputs to differentiate the output by; raises `CgraphError`."""
    output = graph.output
    if graph.shape(output):
        form = describe(graph.shape(output))
        message = f"'{excerpt(graph.names[output])}' is {form}, and a gradient is of one number"
        raise CgraphError("shape", message, "take its sum(…), or leave the gradients out: --values")
    needed = graph.ancestors([output])
    names = list(wrt or [name for name, node in graph.inputs.items() if needed[node]])
    for name in names:
        if name not in graph.inputs or name in missing:
            if name in graph.literals.values():
                raise by_constant(name)
            few = ", ".join(map(excerpt, list(graph.inputs)[:8]))
            hint = f"the inputs are {few}" if few else NO_NAMES
            raise CgraphError("name", f"'{excerpt(name)}' is no input", hint)
    return names


def _nodes(graph: Graph, of: Sequence[str], missing: Sequence[str], source: Source) -> list[int]:
    """Return the nodes that are asked for, which must need nothing that is missing."""
    from cgcli.calculus.result import find

    targets = [find(graph, name) for name in of] or [graph.output]
    for target in targets:
        needed = graph.ancestors([target])
        lacking = [n for n in missing if n in graph.inputs and needed[graph.inputs[n]]]
        if lacking:
            raise _lacking(graph, target, lacking, missing, source)
    return targets


def _lacking(
    graph: Graph, target: int, lacking: list[str], missing: Iterable[str], source: Source
) -> CgraphError:
    """Return the error for a node that needs names which have no value."""
    names = graph.names
    flags = graph.dependents([graph.inputs[n] for n in missing if n in graph.inputs])
    known = [
        names[node]
        for node in range(len(graph))
        if node in graph.given and graph.arguments[node] and not flags[node]
    ]
    shown = ", ".join(f"'{excerpt(name)}'" for name in lacking[:8])
    has = "has no value and is" if len(lacking) == 1 else "have no value and are"
    message = f"'{excerpt(names[target])}' needs {shown}, which {has} no column"
    few = ", ".join(map(excerpt, source.names[:8])) + (" …" if len(source.names) > 8 else "")
    hint = f"the columns are {few}"
    if known:
        hint = f"ask for a node that does not: --of {excerpt(known[-1])}; {hint}"
    node = graph.inputs[lacking[0]]
    place = Place(graph.text, graph.starts[node], graph.ends[node])
    return CgraphError("binding", message, hint, (place,))
