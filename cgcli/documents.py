"""What several documents have: numbers, values, notes, errors."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypeAlias, TypedDict

from cgcli.errors import KINDS


class Rule:
    """Keywords of JSON Schema that Python's types lack, in an `Annotated`."""

    def __init__(self, **keywords: Any) -> None:
        self.keywords = keywords


Count: TypeAlias = Annotated[int, Rule(minimum=0)]
Positive: TypeAlias = Annotated[int, Rule(minimum=1)]

Lacking: TypeAlias = Literal["NaN", "Infinity", "-Infinity"]
"""The three doubles that JSON has no numbers for."""

Double: TypeAlias = float | Lacking
"""A double; three of them are strings."""

Doubles: TypeAlias = "Double | list[Doubles]"
"""A double, or nested lists of them for vectors and matrices."""

Fraction: TypeAlias = Annotated[str, Rule(pattern="^-?[0-9]+(/[1-9][0-9]*)?$")]
"""With --exact: a fraction in lowest terms, or a whole number."""

Decimal: TypeAlias = Annotated[str, Rule(pattern=r"^-?[0-9]+(\.[0-9]+)?(e[+-][0-9]{2,})?$")]
"""With --verify and --precision: a number of which every digit is proved."""

Number: TypeAlias = Double | Fraction
"""A double, or, with --exact, a fraction."""

Value: TypeAlias = "Number | Annotated[list[Value | None], Rule(minItems=1)]"
"""A scalar, a vector or a matrix; null for an element that has no exact number and needs none.

A Jacobian nests up to four deep.
"""

Numbers: TypeAlias = "Number | list[Numbers]"
"""A number, or nested lists of them for vectors and matrices."""


class Kind(TypedDict):
    """The kind of numbers: nothing of doubles."""

    exact: NotRequired[Literal[True]]
    """With --exact: the numbers are fractions, written as strings."""


NoteKind: TypeAlias = Literal["kink", "domain", "overflow", "underflow", "inexact"]


class Note(TypedDict):
    """What cannot be trusted at a place, or what a convention decides there."""

    kind: NoteKind
    node: str
    line: Positive
    column: Positive
    message: str
    sides: NotRequired[dict[str, tuple[Number | None, Number | None]]]
    """Of a kink: by argument, the derivatives from the left and from the right."""


class RowNote(TypedDict):
    """Notes of one kind on the rows of a data file: how many rows, and what the first has."""

    rows: Positive
    first: Positive
    """The row's number in the file, from 1."""
    node: str
    message: str


ErrorKind: TypeAlias = Annotated[str, Rule(enum=KINDS)]


class Error(TypedDict):
    """What was wrong with an input, where, and what to write instead."""

    kind: ErrorKind
    message: str
    hint: str
    line: Positive | None
    column: Positive | None
    end_column: Positive | None


class Refusal(TypedDict):
    """What a command prints with --json when its input cannot be used."""

    error: Error
