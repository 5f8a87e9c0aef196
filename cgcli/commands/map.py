"""`cgraph map` and `cgraph predict`: a program's values for every row of a data file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cgcli.commands.choices import conflict
from cgcli.commands.data import (
    engine_of,
    left_to_columns,
    opened_source,
    tell_notes,
    tell_skipped,
)
from cgcli.commands.files import ending_of, named
from cgcli.commands.inputs import read_bindings, read_name, read_program, split_names
from cgcli.commands.options import Options, argument, choice, flag, option, takes
from cgcli.commands.outputs import write_pieces
from cgcli.errors import CgraphError, few, shorten
from cgcli.program import parse
from cgcli.views.formats import ROWS
from cgcli.views.streams import publish, tell

if TYPE_CHECKING:
    from cgcli.learning.mapping import RowProgram


class MapOptions(Options):
    """The options of `cgraph map`, and of `cgraph predict`."""

    model: str | None = argument("What cgraph train -o wrote.", "MODEL")
    of: str | None = option("These nodes or expressions, p,softmax(z), not the output.", "NAMES")
    values: bool = flag("The values alone, without gradients.")
    keep: str | None = option("Columns of the data to write as well, id,date.", "NAMES")
    notes: bool = flag("Add a column of the kinds of notes that each row has.")
    output: str | None = option(
        "Write to a file: .csv or .jsonl.", "FILE", names=("-o", "--output")
    )
    form: str | None = choice(ROWS, "{words}.", "FORMAT", names=("--format",))


@takes(
    MapOptions,
    "program bindings data at of wrt stack values keep notes engine skip_bad output form "
    "verbose json",
)
def map_command(given: MapOptions) -> None:
    """Values and gradients of every row of a data file.

    cgraph map "(x+y)*z" -d points.csv z=-3
    """
    from cgcli.language.free import free_names
    from cgcli.learning.mapping import RowProgram, Wanted
    from cgcli.numbers.values import as_inputs

    limits = given.limits
    parsed = parse(read_program(given.program, "map"), limits)
    bound, more = read_bindings(given.bindings, given.at, limits)
    names = _asked(given.of)
    if len(names) > 1 and not given.values:
        raise conflict("a gradient is of one node", "add --values, or name one with --of")
    keep = split_names(given.keep, "--keep") or ()
    wanted = Wanted(names, not given.values, split_names(given.wrt), keep)
    required = [*bound, *given.stack]
    mapping = RowProgram(parsed, as_inputs(bound), given.stack, {}, wanted, required)
    free = free_names(parsed.syntax)
    optional = as_inputs({n: value for n, value in more.items() if n in free and n not in bound})
    _run(mapping, "map", given, optional)


@takes(MapOptions, "model data of keep notes engine skip_bad output form verbose json")
def predict_command(given: MapOptions) -> None:
    """What a trained model gives for every row of a data file.

    cgraph predict digits.json -d new.csv --of z
    """
    from cgcli.commands.models import read_model
    from cgcli.learning.mapping import RowProgram, Wanted

    if given.model is None:
        hint = "write the file that cgraph train -o wrote: cgraph predict model.json -d rows.csv"
        raise CgraphError("usage", "there is no model", hint)
    model = read_model(given.model)
    wanted = Wanted(_asked(given.of), keep=split_names(given.keep, "--keep") or ())
    scaling = {} if model.in_units else model.scaling()
    bound = {**model.fixed, **model.parameters.values()}
    mapping = RowProgram(parse(model.program), bound, model.data["stack"], scaling, wanted)
    with named(given.model):
        _run(mapping, "predict", given)
    if scaling:
        tell(f"note: the model has {few(list(scaling))} scaled, to mean 0 and deviation 1")


def _asked(text: str | None) -> list[str]:
    """Return what --of names, or writes as expressions: commas outside of brackets part them.

    >>> _asked("p, h[1,2], max(p,q)/2")
    ['p', 'h[1, 2]', 'max(p, q)/2']
    """
    if text is None:
        return []
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    names = [name for part in parts if part.strip() and (name := read_name(part))]
    if not names:
        raise CgraphError("usage", "--of names nothing", "write names with commas: --of p,z")
    return names


def _run(
    mapping: RowProgram, command: str, given: MapOptions, optional: Mapping[str, Any] = {}
) -> None:
    from cgcli.learning.mapping import map_rows
    from cgcli.learning.sources import Report
    from cgcli.views.learning.rows import RowWriter

    output = given.output
    ending = ending_of(output or "")
    if output is not None and ending not in ROWS and given.form is None:
        message = f"{shorten(output, 80)}: rows are written as .csv or .jsonl"
        raise CgraphError("usage", message, "or say which with --format csv")
    form = given.form or ending or "csv"
    if given.json and (output is not None or form != "csv"):
        message = "--json prints one document, and that is neither a file nor another form"
        raise conflict(message, "leave --json out; .jsonl has an object a line")
    with opened_source(given.data, command) as source:
        more = left_to_columns(optional, source, mapping.stacks)
        bound = {**more, **mapping.bound}
        mapping = mapping._replace(bound=bound, engine=engine_of(given, given.engine))
        report = Report(source.path, skip=given.skip_bad)
        writer = RowWriter("json" if given.json else form, noting=given.notes)
        pieces = (writer.text(*rows) for rows in map_rows(mapping, source, report))
        if given.json:
            # An error in the middle must not stand behind half a document.
            publish(["".join(pieces) + writer.end(report.notes)])
        elif output is None:
            publish(pieces)
        else:
            write_pieces(output, (piece.encode() for piece in pieces))
    tell_skipped(report)
    tell_notes(report)
