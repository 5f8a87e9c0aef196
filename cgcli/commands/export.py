"""`cgraph export`: a program as a function in another language."""

from __future__ import annotations

import os
import re
from typing import Any

from cgcli.commands.inputs import read_bindings, read_name, read_shapes, split_names
from cgcli.commands.options import Options, conflict, takes, to_file
from cgcli.commands.problem import Problem, outlined
from cgcli.errors import CgraphError, shorten
from cgcli.graph.graph import Graph
from cgcli.library.choices import choice, flag, option
from cgcli.library.files import ending_of, named, write_file
from cgcli.views.formats import TARGETS
from cgcli.views.streams import publish


class ExportOptions(Options):
    """The options of `cgraph export`."""

    to: str | None = choice(
        tuple(TARGETS), "The language: {words}; else by the file's ending.", "LANGUAGE"
    )
    value_only: bool = flag("The value without gradients.")
    jacobian: bool = flag("The gradients of every element of an output that is a list.")
    name: str | None = option("What the function is called; in SQL, the table it reads.", "NAME")
    output: str | None = to_file("Write a file; for C a header where it ends in .h.")


@takes(
    ExportOptions,
    arguments="program bindings",
    what_to_differentiate="at of wrt shape",
    options="to value_only jacobian name",
    output="output",
)
def export_command(given: ExportOptions) -> None:
    """A program and its gradients as a function in another language.

    cgraph export "(x+y)*z" --to c -o g.h
    cgraph export "(x+y)*z" --to python
    cgraph export model.json --to sql
    """
    from cgcli.export.routine import routine
    from cgcli.library.answers import Code

    to = _language(given)
    if given.value_only and (given.wrt is not None or given.jacobian):
        other = "--jacobian" if given.jacobian else "--wrt"
        raise conflict(f"--value-only leaves the gradients out that {other} asks for")
    if to == "onnx" and (given.wrt is not None or given.jacobian):
        raise conflict("ONNX holds the value alone", "leave --wrt and --jacobian out")
    graph, constants, scaling = _read(given)
    made = routine(
        graph,
        constants,
        split_names(given.wrt),
        scaling=scaling,
        needed=given.of is not None,
        value_only=given.value_only or to == "onnx",
        jacobian=given.jacobian,
    )
    code = Code(made, to, given.name or ("data" if to == "sql" else "f"))
    if given.output in (None, "-"):
        publish([code.source])
    else:
        ending = ending_of(given.output)
        write_file(given.output, code.written(ending if ending in TARGETS[to] else TARGETS[to][0]))


def _language(given: ExportOptions) -> str:
    """Return the language that is named, or the first whose files end as the output does."""
    ending = "" if given.output is None else ending_of(given.output)
    fitting = [language for language, endings in TARGETS.items() if ending in endings]
    if given.to is None and not fitting:
        hint = 'name one: cgraph export "(x+y)*z" --to c'
        message = f"no language has files that end in .{shorten(ending)}"
        raise CgraphError("usage", message if ending else "there is no language", hint)
    if given.to is not None and fitting and given.to not in fitting:
        message = f"the name '{shorten(given.output or '')}' is of another language than {given.to}"
        raise conflict(message, f"end it with .{TARGETS[given.to][0]}")
    return given.to or fitting[0]


def _read(given: ExportOptions) -> tuple[Graph, dict[str, Any], dict[str, Any]]:
    """Return the graph, the values that are constants in the code, and the scales of columns."""
    path = given.program or ""
    # A program in one word does not end so.
    if ending_of(path) == "json" and (os.path.exists(path) or not re.search(r"\s|^@", path)):
        if given.output is not None and os.path.realpath(given.output) == os.path.realpath(path):
            message = f"{shorten(path, 80)} is the model, and the output would be written over it"
            raise CgraphError("usage", message, "give each a file of its own")
        return _model(given, path)
    graph, constants = outlined(Problem("export", given))
    return graph, {name: constants[name] for name in constants if name in graph.inputs}, {}


def _model(given: ExportOptions, path: str) -> tuple[Graph, dict[str, Any], dict[str, Any]]:
    """Return those of a model: its parameters are constants, unless they are bound anew."""
    from cgcli.calculus.result import find
    from cgcli.graph.build import build
    from cgcli.library.models import read_model
    from cgcli.plan.function import Shaped
    from cgcli.program import parse

    model = read_model(path)
    bound, more = read_bindings(given.bindings, given.at, given.limits)
    constants = {**model.fixed, **model.parameters.values(), **more, **bound}
    scaling = {name: pair for name, pair in model.scaling().items() if name not in constants}
    shapes = {name: Shaped(getattr(pair[0], "shape", ())) for name, pair in scaling.items()}
    with named(path):
        syntax = parse(model.program, given.limits).syntax
        shaped = read_shapes(given.shape)
        graph = build(syntax, {**shapes, **shaped, **constants}, given.limits)
        if (of := read_name(given.of)) is not None:
            graph.output = find(graph, of)
    constants = {name: value for name, value in constants.items() if name in graph.inputs}
    return graph, constants, {} if model.in_units else scaling
