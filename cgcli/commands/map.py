"""`cgraph map` and `cgraph predict`: a program's values for every row of a data file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from cgcli.commands.data import (
    engine_of,
    how_read,
    left_to_columns,
    opened_workers,
    paths_of,
    tell_notes,
    tell_read,
)
from cgcli.commands.data_options import READING, DataOptions, merged
from cgcli.commands.inputs import read_bindings, read_program, split_names
from cgcli.commands.options import argument, conflict, takes, to_file
from cgcli.errors import CgraphError, few, shorten
from cgcli.learning.manner import Manner
from cgcli.library.choices import choice, flag, option, real
from cgcli.library.files import Output, ending_of, named
from cgcli.library.sources import data_kind
from cgcli.library.tables import opened_data
from cgcli.limits import one_thread
from cgcli.program import parse
from cgcli.views.formats import ROWS
from cgcli.views.streams import publish, tell

if TYPE_CHECKING:
    from cgcli.learning.mapping import RowProgram


class MapOptions(DataOptions):
    """The options of `cgraph map`, and of `cgraph predict`."""

    model: str | None = argument("What cgraph train -o wrote.", "MODEL", reads="the model")
    of: str | None = option("These nodes or expressions, p,softmax(z), not the output.", "NAMES")
    bands: float | None = real("Bands of confidence and prediction, of a level: 0.95.")
    values: bool = flag("The values alone, without gradients.")
    keep: str | None = option("Columns of the data to write as well, id,date.", "NAMES")
    notes: bool = flag("Add a column of the kinds of notes that each row has.")
    output: str | None = to_file("Write to a file: .csv, .jsonl or .parquet.")
    form: str | None = choice(ROWS, "{words}.", "FORMAT", names=("--format",))


_RUNNING: Final = "(engine) (skip_bad) (jobs) (on) (verbose)"
_WRITING: Final = "keep notes output form json (strict)"


@takes(
    MapOptions,
    arguments="program bindings",
    data=f"{READING} stack {_RUNNING}",
    what_to_differentiate="at of wrt values",
    output=_WRITING,
)
def map_command(given: MapOptions) -> None:
    """Values and gradients of every row of a data file.

    cgraph map "(x+y)*z" -d points.csv z=-3
    cgraph map "p = x*y; p^2" -d points.csv --of p --values --keep x
    """
    one_thread()
    from cgcli.language.free import free_names
    from cgcli.learning.mapping import RowProgram
    from cgcli.numbers.values import as_inputs

    limits = given.limits
    parsed = parse(read_program(given.program, "map"), limits)
    bound, more = read_bindings(given.bindings, given.at, limits)
    names = split_names(given.of, "--of", "p,z") or []
    if len(names) > 1 and not given.values:
        raise conflict("a gradient is of one node", "add --values, or name one with --of")
    mapping = RowProgram(
        parsed,
        as_inputs(bound),
        given.stack,
        of=names,
        gradients=not given.values,
        wrt=split_names(given.wrt),
        keep=split_names(given.keep, "--keep") or (),
        required=[*bound, *given.stack],
    )
    free = free_names(parsed.syntax)
    optional = as_inputs({n: value for n, value in more.items() if n in free and n not in bound})
    _run(mapping, "map", given, given.manner, optional)


@takes(
    MapOptions,
    arguments="model",
    data=f"{READING} {_RUNNING}",
    what_to_differentiate="of bands",
    output=_WRITING,
)
def predict_command(given: MapOptions) -> None:
    """What a trained model gives for every row of a data file.

    cgraph predict model.json -d points.csv
    cgraph predict model.json -d points.csv --of w*x --keep x -o predicted.csv
    """
    one_thread()
    from cgcli.learning.mapping import RowProgram
    from cgcli.library.models import read_model

    if given.model is None:
        hint = "write the file that cgraph train -o wrote: cgraph predict model.json -d rows.csv"
        raise CgraphError("usage", "there is no model", hint)
    if data_kind(given.model) not in (None, "json", "jsonl"):
        hint = "the model stands first: cgraph predict model.json -d rows.csv"
        raise CgraphError("usage", f"{shorten(given.model, 80)} is data, and no model", hint)
    model = read_model(given.model)
    names = split_names(given.of, "--of", "p,z") or []
    keep = split_names(given.keep, "--keep") or ()
    mapping = RowProgram.of_model(model, names, keep, given.bands)
    manner = merged(given.manner, Manner(**model.data.get("read", {}), kept=True))
    with named(given.model):
        _run(mapping, "predict", given, manner)
    if mapping.scaling:
        tell(f"note: the model has {few(list(mapping.scaling))} scaled, to mean 0 and deviation 1")


def _run(
    mapping: RowProgram,
    command: str,
    given: MapOptions,
    manner: Manner,
    optional: Mapping[str, Any] = {},
) -> None:
    from cgcli.learning.mapping import map_rows
    from cgcli.learning.sources import Report
    from cgcli.views.learning.parquet import as_parquet
    from cgcli.views.learning.rows import rows_end, rows_text

    output = None if given.output == "-" else given.output
    ending = ending_of(output or "")
    if output is not None and ending not in ROWS and given.form is None:
        message = f"{shorten(output, 80)}: rows are written as .csv, .jsonl or .parquet"
        raise CgraphError("usage", message, "or say which with --format csv")
    form = given.form or ending or "csv"
    if given.json and (output is not None or form != "csv"):
        message = "--json prints one document, and that is neither a file nor another form"
        raise conflict(message, "leave --json out; .jsonl has an object a line")
    with (
        opened_workers(given) as workers,
        opened_data(paths_of(given.data, command), manner) as source,
    ):
        more = left_to_columns(optional, source, mapping.stacks)
        bound = {**more, **mapping.bound}
        mapping = mapping._replace(bound=bound, engine=engine_of(given, given.engine))
        report = Report(source.path, skip=given.skip_bad, manner=manner)
        form = "json" if given.json else form
        finish = None if form == "parquet" else partial(rows_text, form, given.notes)
        pieces = map_rows(mapping, source, report, finish, workers)
        if given.json:
            # An error in the middle must not stand behind half a document.
            text = "".join(pieces)
            end = rows_end(report.notes, how_read(source, report), empty=not text)
            publish([text + end])
        elif output is not None:
            with Output(output) as file:
                content: Iterable[bytes] = map(str.encode, pieces)
                if form == "parquet":
                    content = as_parquet(pieces, source.kinds, file.growing, noting=given.notes)
                file.write(content)
        elif form == "parquet":
            raise conflict("Parquet is written to a file", "name one: -o rows.parquet")
        else:
            publish(pieces)
        tell_read(how_read(source, report), report)
    tell_notes(report)
    given.heed(report.notes)
