"""`cgraph map` and `cgraph predict`: a program's values for every row of a data file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from cgcli.commands import shared
from cgcli.commands.choices import choice, flag, one_of, option
from cgcli.commands.data import left_to_columns, opened_source, pairs, tell_notes, tell_skipped
from cgcli.commands.files import ending_of
from cgcli.commands.inputs import read_bindings, read_program, split_names
from cgcli.commands.outputs import write_pieces
from cgcli.errors import CgraphError, shorten
from cgcli.views.formats import ROWS
from cgcli.views.streams import publish

__all__ = ["map_command", "predict_command"]


Output = Annotated[
    str | None, option("Write to a file: .csv or .jsonl.", "-o", "--output", metavar="FILE")
]
Form = Annotated[str | None, choice(ROWS, "{words}.", "--format", metavar="FORMAT")]
Several = Annotated[
    str | None, option("These nodes, p,z, instead of the output.", "--of", metavar="NAMES")
]


def map_command(
    program: shared.Program = None,
    bindings: shared.Bindings = None,
    data: shared.Data = None,
    at: shared.At = None,
    of: Several = None,
    wrt: shared.Wrt = None,
    stack: shared.Stack = None,
    values: Annotated[bool, flag("The values alone, without gradients.", "--values")] = False,
    skip_bad: shared.SkipBad = False,
    output: Output = None,
    form: Form = None,
    json: shared.Json = False,
    max_depth: shared.Depth = shared.LIMITS.depth,
    max_nodes: shared.Nodes = shared.LIMITS.nodes,
    debug: shared.Debug = False,
) -> None:
    """Values and gradients of every row of a data file.

    cgraph map "(x+y)*z" -d points.csv z=-3
    """
    from cgcli.language.free import free_names
    from cgcli.learning.mapping import RowProgram, Wanted
    from cgcli.numbers.values import as_inputs
    from cgcli.program import parse

    limits = shared.LIMITS._replace(depth=max_depth, nodes=max_nodes)
    parsed = parse(read_program(program, "map"), limits)
    bound, more = read_bindings(bindings or [], at, limits)
    names = split_names(of, "--of") or []
    if len(names) > 1 and not values:
        message = "a gradient is of one node"
        raise CgraphError("usage", message, "add --values, or name one with --of")
    wanted = Wanted(names, not values, split_names(wrt))
    stacks = pairs("--stack", stack, "x=pixel_*")
    required = [*bound, *stacks]
    whole = RowProgram(parsed, as_inputs(bound), stacks, {}, wanted, required)
    free = free_names(parsed.syntax)
    optional = as_inputs({n: value for n, value in more.items() if n in free and n not in bound})
    _run(whole, data, "map", output, form, optional, skip_bad=skip_bad, json=json)


def predict_command(
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", show_default=False, help="What cgraph train -o wrote."),
    ] = None,
    data: shared.Data = None,
    of: Several = None,
    skip_bad: shared.SkipBad = False,
    output: Output = None,
    form: Form = None,
    json: shared.Json = False,
    debug: shared.Debug = False,
) -> None:
    """What a trained model gives for every row of a data file.

    cgraph predict digits.json -d new.csv --of z
    """
    from cgcli.commands.models import read_model, used
    from cgcli.learning.mapping import RowProgram, Wanted
    from cgcli.program import parse

    if model is None:
        hint = "write the file that cgraph train -o wrote: cgraph predict model.json -d rows.csv"
        raise CgraphError("usage", "there is no model", hint)
    found = read_model(model)
    parsed = parse(found.program, shared.LIMITS)
    bound = {**found.fixed, **found.parameters.values()}
    whole = RowProgram(
        parsed, bound, found.stacks(), found.scaling(), Wanted(split_names(of, "--of") or [])
    )
    with used(model):
        _run(whole, data, "predict", output, form, skip_bad=skip_bad, json=json)


def _run(
    whole: Any,
    data: str | None,
    command: str,
    output: str | None,
    form: str | None,
    optional: Mapping[str, Any] = {},
    *,
    skip_bad: bool,
    json: bool,
) -> None:
    from cgcli.learning.mapping import map_rows
    from cgcli.learning.reading import Report
    from cgcli.views.learning.rows import RowWriter

    ending = ending_of(output or "")
    if output is not None and ending not in ROWS and form is None:
        message = f"{shorten(output, 80)}: rows are written as .csv or .jsonl"
        raise CgraphError("usage", message, "or say which with --format csv")
    form = one_of("--format", form, ROWS) or ending or "csv"
    if json and (output is not None or form != "csv"):
        message = "--json prints one document, and that is neither a file nor another form"
        raise CgraphError("usage", message, "leave --json out; .jsonl has an object a line")
    form = "json" if json else form
    with opened_source(data, command) as source:
        more = left_to_columns(optional, source, whole.stacks)
        whole = whole._replace(bound={**more, **whole.bound})
        report = Report(source.path, skip=skip_bad)
        writer = RowWriter(form)
        pieces = (writer.text(rows, values) for rows, values in map_rows(whole, source, report))
        if json:
            # An error in the middle must not stand behind half a document.
            publish(["".join(pieces) + writer.end()])
        elif output is None:
            publish(pieces)
        else:
            write_pieces(output, (piece.encode() for piece in pieces))
    tell_skipped(report)
    tell_notes(report)
