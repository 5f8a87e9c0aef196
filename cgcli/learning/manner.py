"""How data is read: how a file's text is written, and what a cell that is no number stands for."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import combinations
from typing import Any, Final, NamedTuple

from cgcli.errors import CgraphError, excerpt, few, shorten

UNITS: Final = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}
"""The units that dates are counted in, in seconds."""

MISSING: Final = ("error", "skip", "mean", "indicator")
FILLED: Final = ("mean", "indicator")
"""Of these those that keep the row, with the column's mean in the cell."""

_GROUPS: Final = {",": "comma", ".": "point", " ": "space", "'": "apostrophe", "_": "underscore"}
_MARKS: Final = (
    ("percent", True, "--percent"), ("decimal", ",", "--decimal comma"),
    *(("thousands", sign, f"--thousands {name}") for sign, name in _GROUPS.items()),
)  # fmt: skip
"""What numbers may have in them that programs do not write, and the option that reads it."""
_SPACES: Final = "[ \u00a0\u2009\u202f]"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MIDNIGHT: Final = datetime(1900, 1, 1, tzinfo=UTC)
"""What a time of day is counted from: Python puts one without a date on this day."""
_MOMENT: Final = datetime(2001, 11, 22, 17, 33, 44, tzinfo=UTC)
_FINER: Final = re.compile(r"(?<=[.,][0-9]{6})[0-9]+")
"""The digits of a second beyond those that Python's dates have."""
_DATES: Final = re.compile(
    r"(?P<unit>\w+)(?:\s+since\s+(?P<since>\S+))?(?:\s+as\s+(?P<form>.+))?", re.ASCII
)


class Calendar(NamedTuple):
    """Dates as a number: of which unit, since when, and how their text is written."""

    seconds: int
    since: datetime
    form: str | None

    @classmethod
    def read(cls, name: str, text: str) -> Calendar:
        """Return what a text such as ``days since 2020-01-01 as %d/%m/%Y`` asks for.

        >>> Calendar.read("t", "hours since 2020-01-01").number(datetime(2020, 1, 2))
        24.0
        """
        match = _DATES.fullmatch(text)
        if match is None or match["unit"] not in UNITS:
            message = f"--date {excerpt(name)} is in {', '.join(UNITS)}, not '{shorten(text)}'"
            hint = f'write --date "{excerpt(name)}=days since 2020-01-01"'
            raise CgraphError("usage", message, hint)
        try:
            since = _EPOCH if match["since"] is None else _aware(_iso(match["since"]))
        except ValueError:
            message = f"--date {excerpt(name)}: '{shorten(match['since'])}' is no date"
            raise CgraphError("usage", message, "write it as 2020-01-31") from None
        form = match["form"]
        if form is not None and _moment(name, form).year < _MOMENT.year:
            since = _MIDNIGHT
        return cls(UNITS[match["unit"]], since, form)

    def number(self, cell: Any) -> float:
        """Return a date's number; one without a time zone is in UTC. Raises `ValueError`."""
        finer = ""
        if isinstance(cell, str):
            text = cell.strip()
            if (match := _FINER.search(text)) and (self.form is None or ".%f" in self.form):
                text, finer = text[: match.start()] + text[match.end() :], match[0]
            cell = _iso(text) if self.form is None else datetime.strptime(text, self.form)  # noqa: DTZ007
        if isinstance(cell, datetime):
            cell = _aware(cell) - self.since
        elif isinstance(cell, date):
            cell = datetime(cell.year, cell.month, cell.day, tzinfo=UTC) - self.since
        elif isinstance(cell, (time, timedelta)) and self.since not in (_EPOCH, _MIDNIGHT):
            # So much time is no moment: from where a calendar begins it is nothing.
            raise ValueError
        elif isinstance(cell, time):
            cell = datetime.combine(date.min, cell, UTC) - _aware(datetime.min)  # noqa: DTZ901
        if not isinstance(cell, timedelta):
            raise ValueError  # noqa: TRY004  # as what is no date raises
        count = int(f"{cell // timedelta(microseconds=1)}{'0' * len(finer)}") + int(finer or 0)
        return count / int(f"{self.seconds}{'0' * (6 + len(finer))}")


_DAYS: Final = (
    "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%d%b%Y", "%d-%b-%Y",
    "%d %b %Y", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%b-%y", "%b %d, %Y", "%Y年%m月%d日",
)  # fmt: skip
_CLOCKS: Final = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ":%H:%M:%S")


def dates_of(texts: Sequence[str]) -> tuple[str, str] | None:
    """Return what is to be said of texts that are dates, and a date so written; None for others.

    Of forms that read all of them it is the first; which is meant only who wrote them knows.

    >>> dates_of(["01/02/2026", "02/13/2026"]), dates_of(["9:30"]), dates_of(["1.2"])
    (('days as %m/%d/%Y', '12/31/2026'), ('seconds as %H:%M', '17:30'), None)
    """
    forms = [day + clock for day in _DAYS for clock in _CLOCKS]
    for form in (*forms, *(clock[1:] for clock in _CLOCKS[1:-1]), ""):
        unit = "days" if not form or form.startswith(_DAYS) else "seconds"
        said = " as ".join(filter(None, (unit, form)))
        with contextlib.suppress(ValueError, OverflowError):
            calendar = Calendar.read("", said)
            list(map(calendar.number, texts))
            return said, datetime(2026, 12, 31, 17, 30, tzinfo=UTC).strftime(form or "%Y-%m-%d")
    return None


def _moment(name: str, form: str) -> datetime:
    """Return what comes back of a moment that is written in a form; raises `CgraphError`.

    Of a time of day alone that is on a day of its own. A day has a year, and 5 o'clock is am or pm,
    which Python passes over beside hours up to 24.
    """
    # Python 3.13 warns of a day without a year, which some make an error of.
    with contextlib.suppress(ValueError, DeprecationWarning):
        back = datetime.strptime(_MOMENT.strftime(form), form).replace(tzinfo=UTC)
        is_time = back.date() == _MIDNIGHT.date() and back != _MIDNIGHT
        if ("%p" in form) == ("%I" in form) and (is_time or back.year == _MOMENT.year):
            return back
    message = f"--date {excerpt(name)}: '{shorten(form)}' is no form of dates"
    hint = "write %d.%m.%Y or %Y-%m-%d %H:%M:%S; a day has a year, %p goes with %I"
    raise CgraphError("usage", message, hint)


def _iso(text: str) -> datetime:
    """Return the date that a text is by ISO 8601; a whole number is none."""
    if text.isdecimal() or _FINER.search(text):
        raise ValueError
    return datetime.fromisoformat(text)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass
class Manner:
    """How data is read; the fields are the options of the command line, and empty by default.

    `kind` is csv, tsv, jsonl, json, parquet or xlsx. `levels` has of each column of categories
    the number of every level; those of `open` may get more, in the order in which they are met.
    `means` has what fills missing cells, where a model has it. What is `kept` is a model's, and
    may tell of columns that other data lacks.
    """

    kind: str | None = None
    delimiter: str | None = None
    decimal: str = "."
    thousands: str = ""
    percent: bool = False
    comment: str = ""
    encoding: str = "utf-8"
    sheet: str | None = None
    missing: str = "error"
    levels: dict[str, dict[str, int]] = field(default_factory=dict)
    unseen: str = "error"
    dates: dict[str, str] = field(default_factory=dict)
    pads: dict[str, int] = field(default_factory=dict)
    means: dict[str, Any] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    kept: bool = False

    @cached_property
    def calendars(self) -> dict[str, Calendar]:
        """The columns of dates, each with how it is counted; raises `CgraphError`."""
        return {name: Calendar.read(name, text) for name, text in self.dates.items()}

    @property
    def fills(self) -> bool:
        """Whether a row with a missing cell is kept."""
        return self.missing in FILLED

    def of_columns(self, names: Sequence[str]) -> Manner:
        """Return what it says of some columns alone."""

        def few(of: dict[str, Any]) -> dict[str, Any]:
            return {name: of[name] for name in of if name in names}

        return replace(self, levels=few(self.levels), dates=few(self.dates), pads=few(self.pads))

    @cached_property
    def is_plain(self) -> bool:
        """Whether numbers are written as Python writes them, and nothing is passed over."""
        return (self.decimal, self.thousands, self.percent, self.comment) == (".", "", False, "")

    @property
    def _group(self) -> str:
        return _SPACES if self.thousands == " " else re.escape(self.thousands)

    @cached_property
    def _number(self) -> re.Pattern[str]:
        point, group = re.escape(self.decimal), self._group
        grouped = rf"[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+(?![0-9])|" if self.thousands else ""
        digits = rf"(?:{grouped}[0-9]+)"
        exponent = r"(?:[eE][+-]?[0-9]+)?"
        percent = r"(?P<percent>\s*%)?" if self.percent else r"(?P<percent>(?!))?"
        number = rf"[+-]?(?:{digits}(?:{point}[0-9]*)?|{point}[0-9]+){exponent}"
        return re.compile(rf"\s*(?P<number>{number}){percent}\s*")

    def number(self, text: str) -> float | None:
        """Return the number that a cell's text is, None where it is none; infinity is too large.

        >>> Manner(decimal=",", thousands=".", percent=True).number("1.234,5%")
        12.345
        """
        match = self._number.fullmatch(text)
        if match is None:
            return None
        if self.is_plain:
            return float(match["number"])
        digits = re.sub(self._group, "", match["number"]).replace(self.decimal, ".")
        if not match["percent"]:
            return float(digits)
        # One rounding, not that of a division after that of the number.
        mantissa, _, exponent = digits.lower().partition("e")
        return float(f"{mantissa}e{int(exponent or 0) - 2}")

    def reads(self, text: str, *beside: str) -> str:
        """Return which options, as few as will do, would read a text as which number.

        They would read the texts `beside` it as well.

        >>> PLAIN.reads("1,234"), PLAIN.reads("B7")
        ('--decimal comma reads 1,234 as 1.234; --thousands comma reads 1,234 as 1234', '')
        """
        for count in range(1, 4) if self.number(text) is None else ():
            said: dict[float | None, str] = {}
            for marks in combinations(_MARKS, count):
                parts: Any = {name: sign for name, sign, _ in marks}
                manner = replace(self, **parts)
                numbers = [manner.number(cell) for cell in (text, *beside)]
                if None not in numbers and manner.decimal != manner.thousands:
                    options = " ".join(option for _, _, option in marks)
                    way = f"{options} reads {text.strip()} as {numbers[0]:.15g}"
                    said.setdefault(numbers[0], way)
            if said:
                return "; ".join(said.values())
        return ""

    def document(self) -> Any:
        """Return what differs from the defaults, as a model keeps it: it is `documents.Manner`.

        No column of what is made of it again has more levels than it has there.
        """
        usual = Manner()
        parts = {
            name: value for name, value in asdict(self).items() if name not in ("open", "kept")
        }
        return {name: part for name, part in parts.items() if part != getattr(usual, name)}

    def said(self) -> list[str]:
        """Return how the data was read, a few words for whatever was asked for."""
        texts = ("delimiter", "decimal", "thousands", "percent", "comment", "encoding", "sheet")
        document = self.document()
        said = [f"{name} {_sign(document[name])}" for name in texts if name in document]
        for name, levels in self.levels.items():
            said.append(f"{name} is {few([f'{k} {level}' for level, k in levels.items()])}")
            said[-1] += f", {len(levels)} other" if self.unseen == "other" else ""
            plain = {"".join(level.casefold().split()) for level in levels}
            if len(plain) < len(levels):
                said[-1] += ", of which some differ in case or blanks alone"
        said += [f"{name} in {text}" for name, text in self.dates.items()]
        said += [f"{name} padded to {length}" for name, length in self.pads.items()]
        return said


def _sign(value: Any) -> str:
    return "yes" if value is True else repr(value) if len(value) == 1 else str(value)


PLAIN: Final = Manner()
"""Data of numbers as programs write them."""
