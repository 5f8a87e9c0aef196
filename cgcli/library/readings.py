"""How data is read: rows of options, which keywords of `read` are checked by as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from typing import Any, Final

from cgcli.errors import CgraphError, excerpt, shorten, suggest
from cgcli.learning.manner import MISSING, PLAIN, Manner
from cgcli.library.choices import check_form, choice, codec, flag, option, pairs

KINDS: Final = ("csv", "tsv", "jsonl", "json", "parquet", "xlsx")
READINGS: Final = tuple(
    part.name for part in fields(Manner) if part.name not in ("means", "open", "kept")
)
"""How data may be read, by the names that a program has for it."""
READ_AS: Final = {"category": "levels", "date": "dates", "pad": "pads"}
"""What the command line calls some of these."""
_FORMS: Final = {"levels": (Mapping, list, tuple), "dates": Mapping, "pads": Mapping}
_EXAMPLES: Final = {"levels": '["sex"]', "dates": 'dict(t="days")', "pads": "dict(x=20)"}
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


class Readings:
    """How data is read, as rows; None for what is not stated."""

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


def manner_of(read: Mapping[str, Any]) -> Manner:
    """Return how data is read; raises `CgraphError` for what nothing is called."""
    check_form("read", read, Mapping, 'dict(decimal=",")')
    parts = dict(read)
    for name, part in read.items():
        if name not in READINGS:
            hint = suggest(READ_AS.get(name, name), READINGS, f"there are {', '.join(READINGS)}")
            raise CgraphError("usage", f"read: there is no '{excerpt(name)}'", hint)
        check_form(name, part, _FORMS.get(name, (str, bool)), _EXAMPLES.get(name, '","'))
        row = getattr(Readings, name)
        if isinstance(part, str) and part != getattr(PLAIN, name) and row.read:
            parts[name] = row.read(row.called(name)[0], part)
    stated = read.get("levels", {})
    levels: dict[str, dict[str, int]] = {}
    for name in stated:
        words = stated[name] if isinstance(stated, Mapping) else []
        check_form(f"levels of '{excerpt(name)}'", words, (list, tuple), '["S", "M", "L"]')
        levels[name] = {str(word): k for k, word in enumerate(words)}
    opened = {name for name, words in levels.items() if not words}
    manner = Manner(**{**parts, "levels": levels, "open": opened})
    if manner.decimal == manner.thousands:
        message = f"a '{manner.decimal}' cannot both group digits and begin the decimals"
        hint = "add --decimal comma, for numbers such as 1.234,5"
        raise CgraphError("usage", message, hint)
    return manner
