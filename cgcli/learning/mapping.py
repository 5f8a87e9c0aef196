"""Rows → values: a program, and its gradients where they are asked for, for every row of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np

from cgcli.calculus.doubles import DOUBLES
from cgcli.calculus.result import NO_NAMES, by_constant, find
from cgcli.errors import CgraphError, Place, excerpt, few
from cgcli.graph.build import Draft, build
from cgcli.graph.graph import Graph
from cgcli.language.free import free_names
from cgcli.language.syntax import NAME, Expression, Value
from cgcli.learning.bands import Spreading
from cgcli.learning.cells import kept_as
from cgcli.learning.given import expression_of
from cgcli.learning.noted import NotedRows
from cgcli.learning.preparing import check_scaling, read_columns, told_apart
from cgcli.learning.sources import Report, Source, Stack, column_hint, listed, stacked
from cgcli.learning.tables import ROW, row_values
from cgcli.operations.row import Shape
from cgcli.operations.shapes import describe
from cgcli.plan.compiled import Engine
from cgcli.plan.function import Shaped
from cgcli.plan.lower import Lowered
from cgcli.program import Program, parse, require_used

if TYPE_CHECKING:
    from cgcli.learning.models import Model
    from cgcli.learning.workers import Workers

_COMPARED: Final = 8
"""So many rows are looked at for whether a node is the prediction of a fit."""

Finish: TypeAlias = Callable[..., Any]
"""What makes of rows what they end as; it is told whether they are the first."""


class RowProgram(NamedTuple):
    """A program with values for those names that no column has, and what is asked of each row.

    That are nodes or expressions over them, else the output, and gradients of one of these, by
    some inputs or by all. `keep` are columns that come back as the file has them. `required` are
    the bound names that the program must use, and that are no columns. Without an `engine` NumPy
    runs the rows. With `spreading` gradients
    give way to bands of a `level` about what is asked for.
    """

    program: Program
    bound: Mapping[str, Any]
    stacks: Mapping[str, Stack] = {}
    scaling: Mapping[str, tuple[Any, Any]] = {}
    of: Sequence[str] = ()
    gradients: bool = False
    wrt: Sequence[str] | None = None
    keep: Sequence[str] = ()
    required: Sequence[str] = ()
    engine: Engine | None = None
    spreading: Spreading | None = None
    level: float = 0.0

    @classmethod
    def of_model(
        cls, model: Model, of: Sequence[str], keep: Sequence[str], level: float | None = None
    ) -> RowProgram:
        """Return the program of a model, with its values, and with bands where these have a level.

        Raises `CgraphError` where there is nothing to make them of.
        """
        scaling = {} if model.in_units else model.scaling()
        bound = {**model.fixed, **model.parameters.values()}
        stacks = model.data["stack"]
        mapping = cls(parse(model.program), bound, stacks, scaling, of=of, keep=keep)
        if level is None:
            return mapping
        if not (isinstance(level, int | float) and 0 < level < 1):
            hint = "write --bands 0.95"
            raise CgraphError("usage", f"--bands is a level between 0 and 1, not {level}", hint)
        if len(of) != 1:
            hint = "name it: --of p, or --of w*x"
            raise CgraphError("usage", "--bands stand about one prediction", hint)
        if model.spreading is None:
            message = "--bands: this model knows of no errors of its parameters"
            raise CgraphError("usage", message, "train it with --residual, or with --likelihood")
        names = list(model.parameters.views)
        return mapping._replace(gradients=True, wrt=names, spreading=model.spreading, level=level)

    @property
    def expressions(self) -> dict[str, Expression]:
        """What is asked for that is more than a name, by its text; raises `CgraphError`."""
        expressions = {}
        for text in self.of:
            _, equals, rest = text.partition("=")
            hint = f'leave the name out: --of "{rest.strip()}"' if equals else ""
            expression = expression_of(text, f"--of {excerpt(text)}", hint)
            if [entry[0] for entry in expression] != [NAME]:
                expressions[text] = expression
        return expressions


def map_rows(
    mapping: RowProgram,
    source: Source,
    report: Report,
    finish: Finish | None = None,
    workers: Workers | None = None,
) -> Iterator[Any]:
    """Yield for some rows at a time their numbers in the file and what is asked of each, by name.

    The third are the kinds of notes that each row has, as text, and the last the columns that
    are kept. The first result has the shapes of all. Where these four are to be finished, as by
    writing them, that is done beside the computing: by the workers, where there are any. Raises
    `CgraphError`.
    """
    if source.manner.fills and not source.manner.means:
        message = "a mean is known when all rows are read, and map reads them once"
        hint = "train with --missing mean and predict, or write --missing skip"
        raise CgraphError("usage", message, hint)
    for name in mapping.keep:
        if name not in source.names:
            message = f"--keep: there is no column '{excerpt(name)}'"
            raise CgraphError("usage", message, listed(source.names))
    source, columns, missing = _columns(mapping, source)
    needed = _needed(mapping, columns, source.stacks)
    missing += [name for name in columns if name not in needed]
    chunks = read_columns(source, needed, report, mapping.keep)
    first = next(chunks, None)
    shapes = {name: () if first is None else first[name].shape[1:] for name in needed}
    if first is not None and mapping.spreading is not None:
        deviation = _deviation(mapping, shapes, missing, first)
        mapping = mapping._replace(spreading=mapping.spreading._replace(deviation=deviation))
    recipe = (mapping, source._replace(rows=None), needed, missing, shapes, finish)
    try:
        block = _Block(*recipe)
    except CgraphError as error:
        # Without rows nothing is known of lists; what has no value is told all the same.
        if first is not None or error.kind not in ("shape", "index"):
            raise
        return
    if first is None:
        # What is written of no rows has the columns of any.
        first = {name: np.empty(0) for name in [ROW, *needed]}
        first |= {kept_as(name): np.empty(0, object) for name in mapping.keep}
    tasks = enumerate((k, rows) for k, rows in enumerate(chain([first], chunks)))
    results: Iterable[Any] = (block(*task) for _, task in tasks)
    if workers is not None:
        # What is compiled here every worker finds, and what cannot be is told here.
        block.rows.compile(len(first[ROW]))
        results = workers.map(workers.job(_Block, *recipe), tasks)
    for parts, notes in results:
        for kind, (count, row, note) in notes.items():
            report.note({kind: note}, row, count)
        yield from parts


def _columns(mapping: RowProgram, source: Source) -> tuple[Source, list[str], list[str]]:
    """Return the source with stacks, the columns mentioned, and the names without any value."""
    syntax = mapping.program.syntax
    asked = map(Value, mapping.expressions.values())
    names = free_names(syntax._replace(block=[*syntax.block, *asked]))
    stacks = stacked(source.names, {n: p for n, p in mapping.stacks.items() if n in names})
    source = source._replace(stacks=stacks)
    for name in mapping.required:
        if name in source.names:
            message = f"'{excerpt(name)}' is given a value, and is a column as well"
            raise CgraphError("binding", message, f"leave out {excerpt(name)}=…")
    return source, *told_apart(names, set(source.known), mapping.bound)


def _needed(mapping: RowProgram, columns: list[str], stacks: Mapping[str, Stack]) -> list[str]:
    """Return the columns that what is asked for depends on: a target is none of a prediction.

    What lists hold is not known before they are read: where a program needs to know it, all are.
    """
    widths = {name: len(stack) for name, stack in stacks.items() if not isinstance(stack, str)}
    shapes = {name: (widths[name],) if name in widths else () for name in columns}
    try:
        graph, nodes = _graph(mapping, shapes)
    except CgraphError as error:
        if error.kind not in ("shape", "index"):
            raise
        return columns
    needed = graph.ancestors(nodes)
    wrt = mapping.wrt or ()
    return [n for n in columns if n in graph.inputs and (needed[graph.inputs[n]] or n in wrt)]


def _graph(mapping: RowProgram, shapes: Mapping[str, Shape]) -> tuple[Graph, list[int]]:
    """Return the graph for columns of some shapes, and the nodes that are asked for."""
    program, expressions = mapping.program, mapping.expressions
    bound = {**mapping.bound, **{name: Shaped(shape) for name, shape in shapes.items()}}
    graph = build(program.syntax, bound, program.limits)
    places = {text: graph.node(text) for text in expressions}
    if None in places.values():
        draft = Draft(program.syntax, bound, program.limits)
        for text in [text for text, place in places.items() if place is None]:
            places[text] = draft.add(expressions[text], text)
        graph = draft.graph
        graph.output = draft.output
    nodes = [places.get(text) or find(graph, text) for text in mapping.of]
    return graph, nodes or [graph.output]


def _deviation(
    mapping: RowProgram, shapes: Mapping[str, Shape], missing: Sequence[str], rows: Any
) -> float | None:
    """Return how far a row lies from what is asked for, by that of a residual and their gradients.

    None where the one is no line of the other, the same in all rows.
    """
    graph, nodes = _graph(mapping, {**dict.fromkeys(missing, ()), **shapes})
    scaling, known = {name: mapping.scaling.get(name) for name in shapes}, mapping.spreading
    pair, ratios = (graph.output, nodes[0]), []
    for place in range(_COMPARED):
        # A target that is not there may be any number, unless its slope hangs on it.
        given = {**dict.fromkeys(missing, 1.0 + place), **mapping.bound}
        inputs, ways = {**given, **row_values(rows, place % len(rows[ROW]), scaling)}, []
        for graph.output in pair:
            gradient = DOUBLES.evaluate(graph, inputs, wrt=mapping.wrt).gradient or {}
            ways.append(np.concatenate([np.ravel(part) for part in gradient.values()]))
        with np.errstate(all="ignore"):
            ratio = np.abs(ways[1] / ways[0])
        ratios.append(ratio[~np.isnan(ratio)])
    every = np.concatenate(ratios)
    if known is None or known.deviation is None or not np.isclose(every, every[:1]).all():
        return None
    return float(known.deviation * every[0]) if every.size else None


class _Block:
    """A plan for rows of some shapes, run over a block of them; it knows of no other block."""

    def __init__(
        self,
        mapping: RowProgram,
        source: Source,
        columns: list[str],
        missing: list[str],
        shapes: Mapping[str, Shape],
        finish: Finish | None,
    ) -> None:
        self._keep, self._finish, self._path = mapping.keep, finish, source.path
        check_scaling(mapping.scaling, shapes)
        graph, nodes = _graph(mapping, {**dict.fromkeys(missing, ()), **shapes})
        require_used(graph, list(mapping.required))
        names = graph.names
        self.names = list(mapping.of) or [names[graph.output]]
        for name, node in zip(self.names, nodes, strict=True):
            _check_known(graph, node, name, missing, source)
        graph.output = nodes[0]
        scaling = {name: mapping.scaling.get(name) for name in columns if name in graph.inputs}
        given = {name: value for name, value in mapping.bound.items() if name in graph.inputs}
        lowered = Lowered(graph, scaling, given, frozenset(missing))
        self._graph, self._scaling, self._limits = graph, scaling, mapping.program.limits
        # What nothing that is asked for needs may be any number.
        self._given = {**dict.fromkeys(missing, 0.0), **given}
        places = [lowered.row(node) for node in nodes]
        self._of: Sequence[str | None] = [names[node] for node in nodes] if mapping.of else [None]
        self._by: list[str] = []
        if mapping.gradients:
            self._by = _sources(graph, mapping.wrt, missing)
            places += lowered.gradient_rows([graph.inputs[name] for name in self._by])
            self.names += [f"d{self.names[0]}/d{name}" for name in self._by]
        self._spreading, self._level = mapping.spreading, mapping.level
        sources = [graph.inputs[name] for name in self._by]
        self.rows = NotedRows(lowered, sources, places, self._evaluate, engine=mapping.engine)

    def __call__(self, number: int, chunk: Mapping[str, Any]) -> tuple[list[Any], Any]:
        """Return what is asked of the rows of a block, a part at a time, and of their notes."""
        report = Report(self._path, skip=False)
        self.rows.begin(number)
        results = []
        for k, (part, values, kinds) in enumerate(self.rows.parts(chunk, report)):
            kept = {name: part[kept_as(name)] for name in self._keep}
            named = dict(zip(self.names, values, strict=True))
            if self._spreading is not None:
                ends, name = self._spreading.ends(self._level, values[0], values[1:]), self.names[0]
                named = {name: values[0], **{f"{name}_{of}": end for of, end in ends.items()}}
            result = (part[ROW], named, kinds, kept)
            done = result if self._finish is None else self._finish(number + k == 0, *result)
            results.append(done)
        return results, report.notes

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


def _check_known(
    graph: Graph, target: int, name: str, missing: Sequence[str], source: Source
) -> None:
    """Raise `CgraphError` where what is asked for by a name needs others that have no value."""
    inputs = {n: graph.inputs[n] for n in missing if n in graph.inputs}
    needed = graph.ancestors([target])
    lacking = [n for n, node in inputs.items() if needed[node]]
    if not lacking:
        return
    flags = graph.dependents(list(inputs.values()))
    known = [
        graph.names[node]
        for node in range(len(graph))
        if node in graph.given and graph.arguments[node] and not flags[node]
    ]
    shown = ", ".join(f"'{excerpt(n)}'" for n in lacking[:8])
    has = "has no value and is" if len(lacking) == 1 else "have no value and are"
    message = f"'{excerpt(name)}' needs {shown}, which {has} no column"
    hint = column_hint(lacking[0], source.names, listed(source.names))
    if known:
        hint = f"ask for a node that does not: --of {excerpt(known[-1])}; {hint}"
    start, end = graph.starts[inputs[lacking[0]]], graph.ends[inputs[lacking[0]]]
    # What an expression of --of adds has its place in that.
    places = (Place(graph.text, start, end),) if graph.text[start:end] == lacking[0] else ()
    raise CgraphError("binding", message, hint, places)
