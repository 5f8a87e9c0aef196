"""A parsed program: what `parse` returns, and what evaluates."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from cgcli.errors import CgraphError, Place, excerpt, few, nearest, shorten
from cgcli.graph.build import build
from cgcli.language.free import free_names
from cgcli.limits import Limits
from cgcli.numbers.values import as_inputs
from cgcli.operations.table import CONSTANTS, WORDS

if TYPE_CHECKING:
    from cgcli.calculus.kind import Kind
    from cgcli.calculus.result import Result
    from cgcli.graph.graph import Graph
    from cgcli.language.syntax import Syntax
    from cgcli.plan.function import Function


NAMED: Final = 100
"""So many names a message holds; a program of more inputs than that is bound from a file."""


class UnboundError(CgraphError):
    """Inputs that have no value; `names` are all of them, in order of appearance."""

    def __init__(self, names: list[str], places: tuple[Place, ...], hint: str) -> None:
        shown = ", ".join(f"'{excerpt(name)}'" for name in names[:NAMED])
        more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
        verb = "has" if len(names) == 1 else "have"
        super().__init__("binding", f"{shown}{more} {verb} no value", hint, places)
        self.names = names


def parse(text: str, limits: Limits = Limits()) -> Program:
    """Return the program that a text writes; raises `CgraphError` that says what is wrong.

    >>> list(parse("p = x + y; g = p * z").graph().inputs)
    ['x', 'y', 'z']
    """
    from cgcli.language.parse import parse as parse_syntax

    if not isinstance(text, str):
        raise CgraphError("usage", f"a program is text, not {type(text).__name__}")
    return Program(parse_syntax(text, limits), limits)


@functools.lru_cache(8)
def _parsed(kind: type[Program], text: str, limits: Limits) -> Program:
    """Return the same in a worker process, which is sent a program with each of its tasks."""
    return kind(parse(text, limits).syntax, limits)


class Program:
    """A program, of which a graph is made for the shapes of each evaluation's bindings."""

    def __init__(self, syntax: Syntax, limits: Limits = Limits()) -> None:
        self.syntax = syntax
        self.limits = limits

    def __repr__(self) -> str:
        """Return the text, shortened, and the names that have no value in it."""
        names = [name for name in free_names(self.syntax) if name not in CONSTANTS]
        inputs = f", of {few(names)}" if names else ""
        return f"<Program {shorten(' '.join(self.text.split()), 60)}{inputs}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what it is made of again, for the way into a worker process."""
        return _parsed, (type(self), self.text, self.limits)

    @property
    def text(self) -> str:
        """The program's text, as it was given."""
        return self.syntax.text

    def graph(self, bindings: Mapping[str, Any] | None = None) -> Graph:
        """Return the graph for the shapes of the bindings; without any, free names are scalars."""
        return self.built(as_inputs(bindings or {}))

    def built(self, inputs: Mapping[str, Any]) -> Graph:
        """Return the same for what are inputs already: floats and arrays."""
        return build(self.syntax, inputs, self.limits)

    def inputs(self, bindings: Mapping[str, Any] | None, names: dict[str, Any]) -> dict[str, Any]:
        """Return the values of the names that the program uses, as numbers and arrays."""
        inputs = as_inputs({**(bindings or {}), **names})
        graph = self.graph(inputs)
        require_used(graph, list(names))
        return {name: value for name, value in inputs.items() if name in graph.inputs}

    def outline(self, inputs: dict[str, Any], of: str | None) -> Graph:
        """Return the graph for inputs of which some may have no value, with another output."""
        from cgcli.calculus.result import find

        graph = self.graph(inputs)
        if of is not None:
            graph.output = find(graph, of)
        return graph

    def function(
        self,
        *,
        of: str | None = None,
        wrt: Sequence[str] | None = None,
        rows: Sequence[str] = (),
        total: bool = False,
        jacobian: bool = False,
        engine: str = "numpy",
    ) -> Function:
        """Return the value and the gradients as a function that is compiled when it is called.

        `of` is the node to differentiate, the output unless it is named, and `wrt` what by, every
        input unless they are named. Inputs of `rows` have a row along their first axis, and so
        have the results; with `total` they are summed over the rows. With `jacobian` the output
        may have any shape. The `engine` is numpy; native, for which a C compiler makes code of
        what is computed of the rows; or auto, native where that pays. Raises `CgraphError`, as
        the calls do.

        >>> function = parse("sum((W @ x)^2)").function(wrt=["x"])
        >>> function(W=[[1, 2], [3, 4]], x=[1, 0]).gradient["x"]
        array([20., 28.])
        """
        from cgcli.plan.function import Function

        wanted = None
        if engine != "numpy":
            from cgcli.native.engine import engine_of

            wanted = engine_of(engine)
        return Function(
            self.syntax,
            self.limits,
            of=of,
            wrt=wrt,
            rows=rows,
            total=total,
            jacobian=jacobian,
            engine=wanted,
        )


def evaluate_program(
    program: Program,
    required: Mapping[str, Any],
    optional: Mapping[str, Any],
    of: str | None = None,
    wrt: Sequence[str] | None = None,
    kind: Kind | None = None,
) -> Result:
    """Return values and gradients where every `required` binding must be used.

    The `optional` bindings may be more than the program needs. `of` is the name of the node to
    differentiate and `wrt` are those to differentiate by. Values are in a `kind` of number,
    doubles unless it is given. Raises `CgraphError`.

    >>> evaluate_program(parse("p = x + y; p*z"), {"x": 1, "y": 3}, {"z": -3}).gradient
    {'x': -3.0, 'y': -3.0, 'z': 4.0}
    """
    from cgcli.calculus.doubles import DOUBLES
    from cgcli.calculus.rounding import note_rounding

    kind = kind or DOUBLES
    inputs = kind.inputs({**optional, **required})
    try:
        graph = program.built(kind.outline(inputs))
    except CgraphError as error:
        # A name without a value has no shape either: that is the first thing to mend.
        if error.kind in ("shape", "index"):
            names = free_names(program.syntax)
            require_bound(program.text, {n: names[n] for n in names if n not in CONSTANTS}, inputs)
        raise
    require_used(graph, list(required))
    if not graph.inputs.keys() <= inputs.keys():
        require_bound(graph.text, input_spans(graph), inputs)
    result: Result = kind.evaluate(graph, inputs, of, wrt, program.limits)
    note_rounding(result, inputs)
    return result


def input_spans(graph: Graph) -> dict[str, tuple[int, int]]:
    """Return where in the text the inputs stand first, by name."""
    return {name: (graph.starts[node], graph.ends[node]) for name, node in graph.inputs.items()}


def require_used(graph: Graph, names: list[str]) -> None:
    """Raise `CgraphError` for the first of the names that are bound and no input of a graph."""
    for name in names:
        if name not in graph.inputs:
            raise unused_binding(graph.text, input_spans(graph), name, names)


def require_bound(
    text: str, spans: Mapping[str, tuple[int, int]], inputs: Mapping[str, Any]
) -> None:
    """Raise `UnboundError` for every name that has no value, all at once.

    `spans` tell where the names stand in the program's text.
    """
    missing = [name for name in spans if name not in inputs]
    if not missing:
        return
    places = (Place(text, *spans[missing[0]]),)
    hint = "bind " + " ".join(f"{excerpt(name)}=…" for name in missing)
    if len(missing) > NAMED:
        hint = f'put them in a JSON file, {{"{excerpt(missing[0])}": 1, …}}, and add --at FILE'
    from cgcli.language.derivatives import derivative_at

    commands = (derivative_at(text, spans[name][0]) for name in missing[:NAMED])
    command = next((candidate for candidate in commands if candidate), None)
    aside = f"; for a derivative {command}" if command else _aside(missing, list(inputs))
    raise UnboundError(missing, places, hint + aside)


def _aside(missing: list[str], bound: list[str]) -> str:
    """Say what an unbound name may have been meant for: a function, a constant, or a binding."""
    from cgcli.operations.spellings import OTHER_SPELLINGS

    for name in missing[:NAMED]:
        if name in WORDS:
            return f"; {name} is also a function: {name}(x)"
        if name in OTHER_SPELLINGS:
            return f"; for the function write {OTHER_SPELLINGS[name]}"
        for constant in (*CONSTANTS, *WORDS):
            if name.lower() == constant and name != constant:
                return f"; did you mean '{constant}'?"
        if close := nearest(name, bound, 0.7):
            return f"; did you mean '{excerpt(close)}'?"
    return ""


def unused_binding(
    text: str, spans: Mapping[str, tuple[int, int]], name: str, bound: list[str]
) -> CgraphError:
    """Return the error for a binding that the program has no use for.

    `spans` tell where its inputs stand in its text.
    """
    from cgcli.language.derivatives import derivative_at

    names = list(spans)
    message = f"'{excerpt(name)}' is bound, but the program does not use it"
    for start, _ in list(spans.values())[:NAMED]:
        command = derivative_at(text, start)
        if command:
            return CgraphError("binding", message, f"for a derivative {command}")
    for label in names:
        for word in (*bound, *WORDS):
            rest = label.removeprefix(word)
            if label != rest and rest in bound and name in (word, rest) and label not in bound:
                written = f"{word}({rest})" if word in WORDS else f"{word}*{rest}"
                hint = f"'{excerpt(label)}' is one name; write {excerpt(written)}"
                return CgraphError("binding", message, hint)
    if close := nearest(name, names):
        hint = f"did you mean '{excerpt(close)}'?"
    elif names:
        hint = f"its inputs are {few(names)}" if names[1:] else f"its input is {few(names)}"
    else:
        hint = "it has no inputs; leave the binding out"
    return CgraphError("binding", message, hint)
