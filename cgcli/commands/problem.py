"""Program and bindings → a result, as every command begins that looks at a graph with values."""

from __future__ import annotations

import functools
import itertools
import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from cgcli.calculus.doubles import DOUBLES, NEAREST, Nearest
from cgcli.calculus.kind import Kind
from cgcli.calculus.result import Result, find
from cgcli.commands.inputs import (
    bindings_of,
    read_bindings,
    read_name,
    read_program,
    read_shapes,
    read_values,
    split_names,
)
from cgcli.commands.options import Options
from cgcli.decode import decode_json
from cgcli.errors import CgraphError, Place, excerpt
from cgcli.graph.graph import Graph
from cgcli.language.syntax import Assignment, Value
from cgcli.library.files import ending_of, read_text
from cgcli.limits import Limits
from cgcli.program import NAMED, Program, UnboundError, evaluate_program, parse, require_used
from cgcli.views.streams import tell

if TYPE_CHECKING:
    from cgcli.calculus.judge import Leaves
    from cgcli.homework.exercise import Exercise


class Problem:
    """What a command line asks about: a program, values for its names, and what by what.

    `command` is the command's name and `words` are what stands behind its options, to write it
    out again; `kind` is the kind of number that it is asked in.
    """

    def __init__(self, command: str, asked: Options, *words: str) -> None:
        self.command = command
        self.asked = asked
        self.words = words
        self.limits = asked.limits
        self.kind = kind_of(asked.exact, asked.limits, asked.precision)

    @functools.cached_property
    def at(self) -> str | None:
        """The text of the --at file: standard input can be read once."""
        return None if self.asked.at is None else read_text(self.asked.at)

    @functools.cached_property
    def read(self) -> tuple[Program, dict[str, Any], dict[str, Any]]:
        """The program, the values bound by name, and those of the --at file."""
        asked, limits = self.asked, self.limits
        parsed = parse(read_program(asked.program, self.command), limits)
        return parsed, *read_bindings(asked.bindings, asked.at, limits, self.kind, self.at)

    def leaves(self, graph: Graph, doubles: dict[str, Any]) -> Leaves:
        """Return what makes the leaves of a graph, of the inputs as they were written.

        `doubles` are the same bindings as they were read already, which refused what cannot be
        used: what a .csv or .npy file holds is taken from there.
        """
        from cgcli.calculus.leaves import exact_leaves

        asked, written = self.asked, _Written()
        sources = dict(doubles)
        if asked.at is not None and self.at is not None:
            values = bindings_of(decode_json(self.at, asked.at, as_written=True), asked.at)
            sources.update(read_values(values, self.limits, written))
        texts = [text for text in asked.bindings if ending_of(text) not in ("csv", "npy")]
        sources.update(read_bindings(texts, None, self.limits, written)[0])
        return exact_leaves(graph, sources)


class _Written(Nearest):
    """Numbers as they are written, for any precision: texts, and graphs of expressions."""

    def numeral(self, text: str) -> Any:
        """Return the numeral."""
        return str(text)

    def constant(self, graph: Graph, inputs: Mapping[str, Any]) -> Any:
        """Return the graph, which is evaluated at each precision."""
        return graph

    def inputs(self, bindings: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was written as it is."""
        return dict(bindings)


class Solved(NamedTuple):
    """The program, the values and gradients that are asked for, and what was bound."""

    program: Program
    result: Result
    inputs: dict[str, Any]


def kind_of(exact: bool, limits: Limits, precision: int | None = None) -> Kind:
    """Return the kind of number that is asked for; of a `precision`, what stands beside it."""
    if precision is not None:
        return NEAREST
    if not exact:
        return DOUBLES
    from cgcli.calculus.exactly import Exactly

    return Exactly(limits)


def solve(problem: Problem) -> Solved:
    """Return the values and gradients that are asked for; raises `CgraphError`.

    What looks like a slip and is none is said on standard error.
    """
    parsed, bound, more = problem.read
    of, wrt = read_name(problem.asked.of), split_names(problem.asked.wrt)
    try:
        result = evaluate_program(parsed, bound, more, of, wrt, problem.kind)
    except UnboundError as error:
        error.hint = _completed(problem, error)
        raise
    except CgraphError as error:
        _add_binding(error, problem.asked.bindings)
        raise
    tell(*_stray_signs(parsed, result))
    return Solved(parsed, result, {**more, **bound})


def posed(problem: Problem) -> Exercise:
    """Return a problem as it is set: with values, or of formulas where nothing is bound at all."""
    from cgcli.homework.choosing import symbolic
    from cgcli.homework.exercise import Exercise

    try:
        solved = solve(problem)
    except UnboundError:
        parsed, bound, more = problem.read
        if bound or more:
            raise
        return symbolic(parsed, read_name(problem.asked.of), split_names(problem.asked.wrt))
    return Exercise(solved.program, solved.result)


def outlined(problem: Problem) -> tuple[Graph, dict[str, Any]]:
    """Return the graph, for which nothing need be bound, and the inputs that are.

    Shapes come from what is bound, and from --shape.
    """
    from cgcli.graph.build import build

    parsed, bound, more = problem.read
    kind = problem.kind
    shapes = read_shapes(problem.asked.shape)
    for name in shapes:
        if name in bound or name in more:
            message = f"'{excerpt(name)}' has a value, and that has a shape"
            raise CgraphError("binding", message, "leave it out of --shape")
    inputs = kind.inputs({**more, **bound})
    try:
        # The zeros of a shape take no room, as long as nobody copies them.
        graph = build(parsed.syntax, {**kind.outline(inputs), **shapes}, problem.limits)
    except CgraphError as error:
        if error.kind in ("shape", "index"):
            _ask_for_shapes(error, parsed, {*inputs, *shapes})
        raise
    require_used(graph, [*bound, *shapes])
    of = read_name(problem.asked.of)
    if of is not None:
        graph.output = find(graph, of)
    return graph, inputs


def _ask_for_shapes(error: CgraphError, program: Program, known: set[str]) -> None:
    """Say that names without a value were taken for numbers, where shapes do not fit."""
    from cgcli.language.free import free_names
    from cgcli.operations.table import CONSTANTS

    names = [name for name in free_names(program.syntax) if name not in known | {*CONSTANTS}]
    if names:
        which = ",".join(f"{excerpt(name)}=…" for name in names[:NAMED])
        error.hint = (
            "a name without a value is a number here; for vectors and matrices add "
            f"--shape {which}, as in W=3x2,x=2"
        )


def _stray_signs(program: Program, result: Result) -> Iterator[str]:
    """Warn of a line that begins with a sign below a value that nobody uses.

    It is a statement of its own, and was perhaps meant to go on with the one above.
    """
    uses, text = result.graph.uses, program.text
    for above, below in itertools.pairwise(program.syntax.block):
        if not isinstance(above, Value | Assignment) or not isinstance(below, Value):
            continue
        start = below.expression[-1][3]
        if text[start] not in "+-−" or "\n" not in text[above.expression[-1][4] : start]:
            continue
        node = result.graph.node(above.name) if isinstance(above, Assignment) else None
        if node is None or (not uses[node] and node != result.of):
            row = Place(text, start, start + 1).position().line
            yield (
                f"warning: line {row} begins with '{text[start]}' and is a statement of its own, "
                "and nothing uses the one above; for one expression, put both lines in parentheses"
            )


def _add_binding(error: CgraphError, bindings: list[str]) -> None:
    """Point at the argument too, where an error is about a name that it binds."""
    for argument in bindings:
        name = argument.partition("=")[0]
        if error.bound and name.strip() == error.bound:
            error.places += (Place(argument, 0, len(name), "bound here"),)


def _completed(problem: Problem, error: UnboundError) -> str:
    """Return the command line with a place for every missing value."""
    if len(error.names) > NAMED:
        return error.hint
    asked = problem.asked
    program = asked.program or ""
    shown = "EXPR" if len(program) > 400 or "\n" in program else _quoted(program)
    exact = ("--exact",) if problem.kind.exact else ()
    words = [f"cgraph {problem.command}", shown, *map(_quoted, asked.bindings)]
    given = (("--at", asked.at), ("--of", asked.of), ("--wrt", asked.wrt))
    options = [word for name, value in given if value is not None for word in (name, value)]
    aside = error.hint.partition("; ")[2]
    missing = [f"{excerpt(name)}=…" for name in error.names]
    line = " ".join([*words, *missing, *map(_quoted, (*options, *exact, *problem.words))])
    return f"write {line}" + (f"; {aside}" if aside else "")


def _quoted(word: str) -> str:
    """Quote a word for a Unix shell, in double quotes where they do."""
    if shlex.quote(word) == word:
        return word
    return shlex.quote(word) if any(char in word for char in '$`\\!"') else f'"{word}"'
