"""The options that say how data is read, which `map`, `predict` and `train` share."""

from __future__ import annotations

from functools import partial
from typing import Final

from cgcli.commands.options import Options, conflict
from cgcli.errors import CgraphError, excerpt, shorten
from cgcli.learning.manner import MISSING, Manner
from cgcli.library.choices import choice, codec, count, flag, option, pairs
from cgcli.library.sources import KINDS, READINGS, manner_of
from cgcli.native import ENGINES

READING: Final = (
    "data (kind) (delimiter) (decimal) (thousands) (percent) (comment) (encoding) (sheet) "
    "(levels) (unseen) (dates) (missing) (pads)"
)
"""These options, as the help lists them."""

_SIGNS: Final = {
    "comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "bar": "|", "space": " ",
    "blank": " ", "point": ".", "apostrophe": "'", "underscore": "_",
}  # fmt: skip
"""Signs by name: shells, and people, take some of them for something else."""


def _sign(name: str, text: str | None, of: str, example: str) -> str | None:
    """Return the one sign that an option's text is or names; raises `CgraphError`."""
    sign = None if text is None else _SIGNS.get(text, text)
    if sign is None or (len(sign) == 1 and (sign in of if of else not sign.isalnum())):
        return sign
    message = f"{name} is one sign, not '{shorten(text or '')}'"
    raise CgraphError("usage", message, f"write {name} {example}")


def _named(name: str, given: list[str] | None, example: str) -> dict[str, str]:
    return pairs(name, given, example, columns=True)


def _levels(name: str, given: list[str] | None) -> dict[str, list[str]]:
    """Return columns of categories, each with the levels that are stated."""
    texts = pairs(name, given, "size=S,M,L", alone=True, columns=True)
    levels = {}
    for column, text in texts.items():
        stated = [] if text == column else [level.strip() for level in text.split(",")]
        if len(set(stated)) < len(stated) or not all(stated or ["…"]):
            message = f"{name} {excerpt(column)}: a category stands twice, or has no name"
            raise CgraphError("usage", message, f"write {name} size=S,M,L")
        levels[column] = stated
    return levels


def _lengths(name: str, given: list[str] | None) -> dict[str, int]:
    lengths = {}
    for column, text in _named(name, given, "x=20").items():
        if not text.isdecimal() or not 1 <= int(text[:9]) <= 1_000_000:
            message = f"{name} {excerpt(column)} is a length, not '{shorten(text)}'"
            raise CgraphError("usage", message, f"write {name} x=20")
        lengths[column] = int(text)
    return lengths


class DataOptions(Options):
    """The options of a command that reads data."""

    data: list[str] = option(
        "Rows: .csv, .tsv, .jsonl, .json, .parquet, .xlsx; part-*.csv; repeatable; - for "
        "standard input.",
        "FILE",
        list[str],
        names=("-d", "--data"),
        reads="the data",
    )
    kind: str | None = choice(
        KINDS, "What the data is: {words}.", "FORMAT", names=("--data-format",)
    )
    delimiter: str | None = option(
        "What parts the cells of CSV: ';', tab, space.",
        read=partial(_sign, of="", example="semicolon"),
    )
    decimal: str | None = option(
        "Numbers have a comma: 1,5.", "SIGN", read=partial(_sign, of=".,", example="comma")
    )
    thousands: str | None = option(
        "What groups digits by three: 1.234.567.",
        "SIGN",
        read=partial(_sign, of=".,' _", example="point"),
    )
    percent: bool = flag("12% is 0.12.")
    comment: str | None = option(
        "Lines that begin so are comments: '#'.", "SIGN", read=partial(_sign, of="", example="'#'")
    )
    encoding: str = codec("Of a text file: latin-1, utf-16, …; UTF-8 without it.")
    sheet: str | None = option("The sheet of a workbook.", "NAME")
    levels: dict[str, list[str]] = option(
        "A column of words as numbers from 0: color, or size=S,M,L; repeatable.",
        "COLUMN",
        list[str],
        _levels,
        names=("--category",),
    )
    unseen: str | None = choice(
        ("error", "other"), "A category that is none of those known: {words}.", "HOW"
    )
    dates: dict[str, str] = option(
        "A column of dates as a number: 't=days since 2020-01-01'; repeatable.",
        "COLUMN=UNIT",
        list[str],
        partial(_named, example="t=days since 2020-01-01"),
        names=("--date",),
    )
    missing: str | None = choice(MISSING, "A cell that is missing: {words}.", "HOW")
    pads: dict[str, int] = option(
        "Lists filled up to N numbers, and x_mask: x=20; repeatable.",
        "COLUMN=N",
        list[str],
        _lengths,
        names=("--pad",),
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
