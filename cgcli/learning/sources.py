"""What every reader of data files gives: a source of rows, and a report of what was met."""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from cgcli.calculus.notes import Note
from cgcli.errors import CgraphError, excerpt, few, file_error, nearest, shorten
from cgcli.learning.cells import CellError, Columns, kept_arrays
from cgcli.learning.manner import PLAIN, Manner, dates_of
from cgcli.learning.tables import CHUNK, ROW

_FEW: Final = 20
_WAYS: Final = {
    "it is missing$": "--missing mean fills such cells when training",
    "is none of its categories$": "--unseen other gives all such a number of their own",
    r"^it has \d+ numbers, and the rows before \d+": "--pad COLUMN=N fills up lists shorter than N",
    "^'[\u2010-\u2015\u2212]": "the sign of a number is -, the hyphen on the keyboard",
    "^'[<>\u2264\u2265]": "a limit is no number: write one, as half the limit, or leave it empty",
    r"^'-?[$€£¥₹]|^'-?[\d.,]+\s*([^\W\d]+|[$€£¥₹°].*)' is": "a number stands without its unit, "
    "as in a column x_mg",
    "^'\"": "a cell in quotes has no blank before them",
    "2 cells, and the file 1 column$": "--delimiter semicolon --decimal comma reads 3,5",
}  # fmt: skip
"""What else can be done, by a pattern of what is said of a cell."""


class Report:
    """What was met while rows were read: how many, and those that could not be used.

    `notes` has by kind how many rows have such a note, the number of the first, and its note;
    `good` has the cells of a row that could be used, where they are at hand.
    """

    def __init__(self, path: str, *, skip: bool, manner: Manner = PLAIN) -> None:
        self.path = path
        self.skip = skip
        self.manner = manner
        self.rows = 0
        self.bad = 0
        self.first: list[CellError] = []
        self.causes: dict[tuple[str, str], tuple[CellError, int]] = {}
        self.filled: Counter[str] = Counter()
        self._missing = skip or manner.missing == "skip"
        self.good: Any = {}
        self._refused: CellError | None = None
        self._before = 0
        self.notes: dict[str, tuple[int, int, Note]] = {}

    def begin(self, path: str) -> None:
        """Go on with another file, whose rows are counted anew in what is said of them."""
        self.path, self._before = path, self.rows

    @property
    def of_file(self) -> int:
        """How many rows of the file were read."""
        return self.rows - self._before

    def note(self, kinds: Mapping[str, Note], row: int, count: int) -> None:
        """Count rows that have notes of some kinds; `row` is the number of the first of them."""
        for kind, note in kinds.items():
            before, first, said = self.notes.get(kind, (0, row, note))
            self.notes[kind] = before + count, min(first, row), note if row < first else said

    def meet(self, line: int, problem: CellError) -> None:
        """Count a bad row; raises `CgraphError` unless bad rows are to be left out.

        Where no row before was good, whether any is decides what can be done: see `check`.
        """
        self.bad += 1
        bad = problem.with_traceback(None)
        bad.row, bad.line, bad.path = self.of_file, line, self.path
        if len(self.first) < _FEW:
            self.first.append(bad)
        cause = bad.column, re.sub("'.*'", "", bad.why)
        first, count = self.causes.get(cause, (bad, 0))
        self.causes[cause] = first, count + 1
        if not (self._missing if bad.missing else self.skip) and self._refused is None:
            self._refused = bad
        self.check()

    def check(self, *, at_end: bool = False) -> None:
        """Raise `CgraphError` for bad rows that may not be left out, or when no row is good."""
        if self._refused is not None and self.bad < self.rows:
            message = f"{shorten(self._refused.path, 80)}, {self._refused}"
            ways = "--skip-bad leaves such rows out and counts them", self._way(self._refused)
            good = self.good.get(self._refused.column)
            texts = [_cell(self._refused), *([good] if isinstance(good, str) else [])]
            read = self.manner.reads(*texts)
            raise CgraphError("file", message, read or "; ".join(filter(None, ways)))
        if at_end and self.bad and self.bad == self.rows:
            first = self.first[0]
            why = f"all {self.rows:,} rows are bad" if self.rows > 1 else "its one row is bad"
            message = f"{shorten(self.path, 80)}: {why}; {first}"
            raise CgraphError("file", message, self._advice(first))

    def _way(self, bad: CellError) -> str:
        """Return what else can be done about a cell."""
        # What is no number before it is read has no mean.
        if bad.missing and (bad.column in self.manner.levels or bad.column in self.manner.pads):
            return ""
        way = next((text for part, text in _WAYS.items() if re.search(part, bad.why)), "")
        return way.replace("COLUMN", excerpt(bad.column))

    def _advice(self, first: CellError) -> str:
        """Return what can be done about rows none of which has numbers."""
        column = excerpt(first.column)
        cells = list(dict.fromkeys(_cell(bad) for bad in self.first if bad.column == first.column))
        if all(cells) and (dates := dates_of(cells)):
            return f'--date "{column}={dates[0]}" reads {dates[1]}'
        if way := self.manner.reads(cells[0]) or ("" if first.missing else self._way(first)):
            return way
        if "columns" in first.why:
            return "the first line names the columns, and each line after it has a cell for each"
        if not first.why.endswith("not a number"):
            return f"the column '{column}' has no number that can be used"
        held = ", ".join(f"'{cell}'" for cell in cells[:3]) + (", …" if len(cells) > 3 else "")
        advice = "a number is written as 1.5, -2 or 3e5"
        if all(cell[:1].isalpha() for cell in cells) and first.why.endswith("is not a number"):
            advice = f"--category {column} gives each of its words a number"
        return f"the column '{column}' holds {held}: {advice}"


def _cell(bad: CellError) -> str:
    """Return the text of a cell that is not what it has to be."""
    match = re.match(r"'(.*)' is ", bad.why, re.DOTALL)
    return match[1] if match else ""


def column_hint(name: str, columns: Sequence[str], otherwise: str) -> str:
    """Return the hint at the column that a name that is none is for, and else what is said then.

    >>> print(column_hint("my_col", ["my col", "y"], ""))
    give the column 'my col' a name: --stack "my_col=my col"
    """
    unlike = [column for column in columns if column and not column.isidentifier()]
    letter = name[:1].casefold()
    # One column alone is a line that is not parted.
    begins = (column for column in unlike if column[:1].casefold() == letter and columns[1:])
    close = nearest(name, columns, 0.6) or next(begins, "")
    column = excerpt(close)
    if close in unlike:
        return f"give the column '{column}' a name: --stack \"{excerpt(name)}={column}\""
    return f"did you mean the column '{column}'? else {otherwise}" if close else otherwise


def listed(names: Sequence[str]) -> str:
    """Return a hint that names the columns, and what may be wrong with the line they come from.

    >>> listed(["# x", "y"])
    'the columns are # x, y; the first line begins with # as a comment does: take that away'
    """
    hint = f"the columns are {few(names)}"
    if names[0].startswith("#"):
        hint += "; the first line begins with # as a comment does: take that away"
    elif len(names) == 1 and len(names[0].split()) > 1:
        hint += "; it is one column: commas, or tabs in a .tsv file, part columns"
    return hint


Stack: TypeAlias = str | list[str]
"""The columns that make a vector: their names, or a pattern; a column's name is that column."""


class Source(NamedTuple):
    """An open data file: the names of its columns, and its rows.

    `rows` yields the good rows of `Columns`, some at a time, and tells a `Report` of the others;
    `how` has a few words on how it was read, beside what its manner says, and `kinds` the types of
    columns as DuckDB calls them, where they have one. `stacks` are vectors made of columns.
    """

    path: str
    names: list[str]
    rows: Any
    manner: Manner = PLAIN
    how: Sequence[str] = ()
    kinds: Mapping[str, str] = {}
    stacks: Mapping[str, Stack] = {}

    @property
    def derived(self) -> dict[str, str]:
        """The columns that are made of others: what tells missing cells, and padded ones."""
        derived = {f"{name}_mask": name for name in self.manner.pads}
        if self.manner.missing == "indicator":
            derived.update((f"{name}_missing", name) for name in self.names)
        return {name: column for name, column in derived.items() if name not in self.names}

    @property
    def known(self) -> list[str]:
        """The names that a program may use: of columns, and of what is made of them."""
        return [*self.names, *self.derived, *self.stacks]

    def chunks(
        self, wanted: Sequence[str], report: Report, kept: Sequence[str] = ()
    ) -> Iterator[dict[str, Any]]:
        """Yield the wanted columns of all rows, some rows at a time; raises `CgraphError`.

        Those `kept` are as they are in the file, whatever they hold. A missing cell that is to be
        filled is NaN.
        """
        derived = self.derived
        columns = list(dict.fromkeys(derived.get(name, name) for name in wanted))
        for chunk in self.rows(Columns(columns, kept, self.manner), report):
            for name in derived.keys() & wanted:
                missing = np.isnan(chunk[derived[name]])
                chunk[name] = (~missing if name.endswith("_mask") else missing).astype(float)
            for name in self.manner.pads.keys() & columns:
                chunk[name] = np.nan_to_num(chunk[name])
            yield chunk
        report.check(at_end=True)


def check_names(path: str, names: list[str]) -> list[str]:
    """Return the names of a file's columns; raises `CgraphError` where two are the same."""
    if not names:
        raise file_error(path, "it has no columns", "the first line of a CSV file names them")
    # As a program has them, an accent in its letter.
    names = [unicodedata.normalize("NFC", name) for name in names]
    # A delimiter at the end of every line makes a column that has no name, and that nobody reads.
    counts = Counter(filter(None, names))
    twice = next((name for name, count in counts.items() if count > 1), None)
    if twice is not None:
        raise file_error(path, f"two columns are called '{excerpt(twice)}'", "rename one of them")
    return names


def gather(
    rows: Iterable[tuple[int, Mapping[str, Any] | CellError]], columns: Columns, report: Report
) -> Iterator[dict[str, Any]]:
    """Yield the good rows among mappings of cells, some at a time."""
    kept: list[list[Any]] = []
    numbers: list[int] = []
    for line, cells in rows:
        report.rows += 1
        try:
            kept.append(columns.row(cells))
            numbers.append(report.rows)
        except CellError as problem:
            report.meet(line, problem)
        else:
            report.good = cells
            report.check()
        if len(kept) == CHUNK:
            yield {**columns.arrays(kept), ROW: np.array(numbers, dtype=np.float64)}
            kept, numbers = [], []
    if kept:
        yield {**columns.arrays(kept), ROW: np.array(numbers, dtype=np.float64)}


class Block(NamedTuple):
    """Rows that are read as columns: how many, those of numbers, and others beside these."""

    size: int
    numbers: Mapping[str, Any]
    beside: Mapping[str, Any] = {}


def gather_blocks(
    blocks: Iterable[Block], columns: Columns, report: Report
) -> Iterator[dict[str, Any]]:
    """Yield the good rows of blocks: at once where all of them are, else as cells."""
    for size, numbers, beside in blocks:
        arrays = columns.at_once(numbers)
        if arrays is None:
            names = [*numbers, *beside]
            cells = zip(*numbers.values(), *beside.values(), strict=True)
            rows = ((0, dict(zip(names, row, strict=True))) for row in cells)
            yield from gather(rows, columns, report)
        else:
            report.rows += size
            report.check()
            places = np.arange(report.rows - size + 1, report.rows + 1, dtype=np.float64)
            yield {**arrays, **kept_arrays(beside), ROW: places}


def stacked(names: Sequence[str], stacks: Mapping[str, Stack]) -> dict[str, Stack]:
    """Return for every stack its columns: those that its text selects, or a list.

    A text that is a column's name is that column, which is given another name. Else it is a list
    with commas: of names, of patterns such as ``p_*`` and of ranges such as ``p_1..p_9``, both in
    the file's order; ``!`` before one leaves its columns out. What comes back, read of another
    file, is the same columns, wherever they stand there.

    >>> stacked(["y", "p_0", "p_1"], {"x": "p_*", "z": "y", "v": ["p_1", "p_0"]})
    {'x': ['p_0', 'p_1'], 'z': 'y', 'v': ['p_1', 'p_0']}
    >>> stacked(["a", "b", "c", "d", "y"], {"x": "d, a..c, !b", "z": "*, !y"})
    {'x': ['d', 'a', 'c'], 'z': ['a', 'b', 'c', 'd']}
    """
    columns: dict[str, Stack] = {}
    for name, stack in stacks.items():
        if isinstance(stack, list):
            missing = [column for column in stack if column not in names]
            if missing:
                raise _none("there is no column", missing[0], name, names)
            columns[name] = stack
        else:
            columns[name] = stack if stack in names else _selected(name, stack, names)
    return columns


def _selected(name: str, text: str, names: Sequence[str]) -> list[str]:
    """Return the columns that a list of names, patterns and ranges selects, each once."""
    chosen: dict[str, None] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        excluded = part.startswith("!") and part not in names
        columns = _matches(name, part[1:].strip() if excluded else part, names)
        if excluded:
            for column in columns:
                chosen.pop(column, None)
        else:
            chosen.update(dict.fromkeys(columns))
    if not chosen:
        raise _none("no column is like", text, name, names)
    return list(chosen)


def _matches(name: str, part: str, names: Sequence[str]) -> list[str]:
    """Return the columns of one part of a list; raises `CgraphError` where there is none."""
    if part in names:
        return [part]
    first, dots, last = (end.strip() for end in part.partition(".."))
    if dots and first in names and last in names:
        start, end = names.index(first), names.index(last)
        if start > end:
            message = f"'{excerpt(first)}' stands behind '{excerpt(last)}' in the file"
            hint = f"write {excerpt(last)}..{excerpt(first)}"
            raise CgraphError("usage", f"the stack '{excerpt(name)}': {message}", hint)
        return [column for column in names[start : end + 1] if column]
    matches = [column for column in names if column and fnmatch.fnmatchcase(column, part)]
    if not matches:
        raise _none("no column is like", part, name, names)
    return matches


def _none(no: str, text: str, name: str, names: Sequence[str]) -> CgraphError:
    message = f"{no} '{excerpt(text)}', for the stack '{excerpt(name)}'"
    return CgraphError("file", message, listed(names))
