"""The options that say how data is read, which `map`, `predict` and `train` share."""

from __future__ import annotations

from typing import Final

from cgcli.commands.options import Options, conflict
from cgcli.errors import excerpt
from cgcli.learning.manner import Manner
from cgcli.library.choices import choice, count, flag, option
from cgcli.library.readings import READINGS, Readings, manner_of
from cgcli.native import ENGINES

READING: Final = (
    "data (kind) (delimiter) (decimal) (thousands) (percent) (comment) (encoding) (sheet) "
    "(levels) (unseen) (dates) (missing) (pads)"
)
"""These options, as the help lists them."""


class DataOptions(Options, Readings):
    """The options of a command that reads data."""

    data: list[str] = option(
        "Rows: .csv, .tsv, .jsonl, .json, .parquet, .xlsx; part-*.csv; repeatable; - for "
        "standard input.",
        "FILE",
        list[str],
        names=("-d", "--data"),
        reads="the data",
    )
    engine: str | None = choice(
        ENGINES, "What computes the rows: {words}; native compiles them by a C compiler.", "NAME"
    )
    verbose: bool = flag("Say which engine it is.", names=("-v", "--verbose"))
    skip_bad: bool = flag("Leave out rows that cannot be read, and count them.")
    jobs: int | None = count("So many processes share the rows; the results are the same.", 1, 256)
    on: str | None = option(
        "Where the rows are computed: ray, on this machine, or ray://HOST:PORT.", "WHERE"
    )

    @property
    def manner(self) -> Manner:
        """How the data is read."""
        given = {name: getattr(self, name) for name in READINGS}
        return manner_of({name: part for name, part in given.items() if part is not None})


def merged(given: Manner, kept: Manner) -> Manner:
    """Return how a model's rows are read: what their cells mean is the model's to say.

    How the file is written is the command line's, and so is what is done with missing cells and
    with categories that the model has not, where it says anything.
    """
    for called, of in (("category", given.levels), ("pad", given.pads)):
        if of:
            raise conflict(f"--{called} is the model's to say", f"leave --{called} out")
    for name, text in given.dates.items():
        unit, _, form = text.partition(" as ")
        known = kept.dates.get(name, "").partition(" as ")[0]
        if not form or unit not in (known, known.split(" since ")[0]):
            hint = f'how it is written is not: --date "{excerpt(name)}={known} as %d.%m.%Y"'
            message = f"the unit of --date {excerpt(name)} is the model's to say"
            raise conflict(message, hint if known else "leave --date out")
        kept.dates[name] = f"{known} as {form}"
    usual = Manner()
    for name in ("missing", "unseen"):
        if getattr(given, name) == getattr(usual, name):
            setattr(given, name, getattr(kept, name))
    if given.fills and not kept.means:
        message = f"--missing {given.missing}: the model knows no means"
        raise conflict(message, "train it with --missing mean, or write --missing skip")
    given.levels, given.dates, given.pads = kept.levels, kept.dates, kept.pads
    given.means, given.kept = kept.means, kept.kept
    return given
