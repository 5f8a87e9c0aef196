"""Rows → values: a program, and its gradients where they are asked for, for every row of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from cgcli.calculus.doubles import DOUBLES
from cgcli.calculus.result import NO_NAMES, by_constant
from cgcli.errors import CgraphError, Place, excerpt, few
from cgcli.graph.build import build
from cgcli.graph.graph import Graph
from cgcli.language.free import free_names
from cgcli.learning.noted import RowNotes
from cgcli.learning.preparing import check_scaling, read_columns, told_apart
from cgcli.learning.reading import stacked
from cgcli.learning.sources import Report, Source, listed
from cgcli.learning.tables import ROW, pieces, row_values
from cgcli.operations.shapes import describe
from cgcli.plan.compiled import Compiled
from cgcli.plan.function import Shaped
from cgcli.plan.lower import Lowered
from cgcli.program import Program, input_spans, unused_binding


class Wanted(NamedTuple):
    """What is asked of each row: nodes, the output alone where none is named, and gradients.

    Gradients are of one node, by some inputs or by all.
    """

    of: Sequence[str] = ()
    gradients: bool = False
    wrt: Sequence[str] | None = None


class RowProgram(NamedTuple):
    """A program with values for those names that no column has.

    `required` are the bound names that the program must use, and that are no columns.
    """

    program: Program
    bound: Mapping[str, Any]
    stacks: Mapping[str, str] = {}
    scaling: Mapping[str, tuple[Any, Any]] = {}
    wanted: Wanted = Wanted()
    required: Sequence[str] = ()


def map_rows(
    mapping: RowProgram, source: Source, report: Report
) -> Iterator[tuple[Any, dict[str, Any], Any]]:
    """Yield for some rows at a time their numbers in the file and what is asked of each, by name.

    The third are the kinds of notes that each row has, as text. The first result has the shapes
    of all. Raises `CgraphError`.
    """
    columns, missing = _columns(mapping, source)
    runner: _Runner | None = None
    for chunk in read_columns(source, columns, mapping.stacks, report):
        if runner is None:
            runner = _Runner(mapping, source, columns, missing, chunk)
        for part in pieces(chunk, runner.rows):
            yield part[ROW], *runner.run(part, report)
    if runner is None:
        # Nothing is computed, and a name that has no value is told all the same.
        nothing = dict.fromkeys([*columns, ROW], np.empty(0))
        try:
            _Runner(mapping, source, columns, missing, nothing)
        except CgraphError as error:
            if error.kind not in ("shape", "index"):
                raise


def _columns(mapping: RowProgram, source: Source) -> tuple[list[str], list[str]]:
    """Return the columns that the program reads, and the names that have no value at all."""
    names = free_names(mapping.program.syntax)
    stacks = stacked(source.names, {n: p for n, p in mapping.stacks.items() if n in names})
    available = {*stacks, *source.names}
    for name in mapping.required:
        if name in source.names:
            message = f"'{excerpt(name)}' is given a value, and is a column as well"
            raise CgraphError("binding", message, f"leave out {excerpt(name)}=…")
    return told_apart(names, available, mapping.bound)


class _Runner:
    """A plan for the shapes of the first rows, run over at most `rows` rows at a time."""

    def __init__(
        self,
        mapping: RowProgram,
        source: Source,
        columns: list[str],
        missing: list[str],
        chunk: Mapping[str, Any],
    ) -> None:
        shapes = {name: chunk[name].shape[1:] for name in columns}
        check_scaling(mapping.scaling, shapes)
        bound = {name: Shaped(shape) for name, shape in shapes.items()}
        graph = build(mapping.program.syntax, {**mapping.bound, **bound}, mapping.program.limits)
        for name in mapping.required:
            if name not in graph.inputs:
                spans = input_spans(graph)
                raise unused_binding(graph.text, spans, name, list(mapping.required))
        wanted = mapping.wanted
        nodes = _nodes(graph, wanted.of, missing, source)
        graph.output = nodes[0]
        scaling = {name: mapping.scaling.get(name) for name in columns if name in graph.inputs}
        given = {name: value for name, value in mapping.bound.items() if name in graph.inputs}
        lowered = Lowered(graph, scaling, given, frozenset(missing))
        self._graph, self._scaling, self._limits = graph, scaling, mapping.program.limits
        # What nothing that is asked for needs may be any number.
        self._given = {**dict.fromkeys(missing, 0.0), **given}
        names = graph.names
        places = [lowered.row(node) for node in nodes]
        self.names = [names[node] for node in nodes]
        self._of: Sequence[str | None] = wanted.of or [None]
        self._by: list[str] = []
        if wanted.gradients:
            self._by = _sources(graph, wanted.wrt, missing)
            places += lowered.gradient_rows([graph.inputs[name] for name in self._by])
            self.names += [f"d{self.names[0]}/d{name}" for name in self._by]
        sources = [graph.inputs[name] for name in self._by]
        self._notes = RowNotes(lowered, sources, self._evaluate)
        self._compiled = Compiled(lowered, by_row=[*places, *self._notes.flags])
        self.rows = self._compiled.most

    def run(self, chunk: Mapping[str, Any], report: Report) -> tuple[dict[str, Any], Any]:
        """Return the values of rows by name, and the kinds of notes that each row has."""
        results = self._compiled.rows(chunk, len(chunk[ROW]))
        count, flagged = len(self.names), self._compiled.flagged()
        kinds = self._notes.look(chunk, results[count:], report, flagged=flagged)
        return dict(zip(self.names, results[:count], strict=True)), kinds

    def _evaluate(self, chunk: Mapping[str, Any], place: int) -> Iterator[Any]:
        inputs = {**self._given, **row_values(chunk, place, self._scaling)}
        for name in self._of:
            yield DOUBLES.evaluate(self._graph, inputs, name, self._by, self._limits)


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
            hint = f"the inputs are {few(list(graph.inputs))}" if graph.inputs else NO_NAMES
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
    hint = listed(source.names)
    if known:
        hint = f"ask for a node that does not: --of {excerpt(known[-1])}; {hint}"
    node = graph.inputs[lacking[0]]
    place = Place(graph.text, graph.starts[node], graph.ends[node])
    return CgraphError("binding", message, hint, (place,))
