"""The documents of homework: blank sheets and their keys, and what marking came to."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, TypeAlias, TypedDict

from cgcli.documents import Count, Doubles, Kind, Note, Numbers, Positive, Rule
from cgcli.homework.judging import Verdict
from cgcli.homework.quantities import QuestionKind

# cgraph sheet


class Distinction(TypedDict):
    """Of how many mistakes, each at a step, how many give a number of their own."""

    distinct: Count
    of: Count


class Sheet(TypedDict):
    """What `cgraph sheet --json` prints."""

    schema: Literal["cgraph.sheet/1"]
    expression: str
    at: dict[str, Doubles]
    """The values of the inputs, those that were chosen among them."""
    output: str
    mistakes: Distinction | None
    """With --seed; else null."""
    answers: dict[str, Doubles | None]
    """By question, in the order of working; null, or with --key the right answer."""


# cgraph check

Points: TypeAlias = Annotated[float, Rule(minimum=0)]


class Question(TypedDict):
    """A step of the working."""

    step: str
    """The question as a sheet has it: p, or dg/dx."""
    kind: QuestionKind
    node: str
    points: Points


class AnswerProof(TypedDict):
    """How a formula is known to be the function, or not to be."""

    kind: Literal["proved", "undistinguished", "separated"]
    points: Count
    """At how many points it was compared."""
    at: dict[str, Numbers] | None
    """A point where it is another function; null when there is none."""
    value: Numbers | None
    """The formula's value there."""


class Diagnosis(TypedDict):
    """A mistake that gives the wrong number."""

    mistake: str
    step: str
    """Where it was made: this step, or one before it that was left out."""
    words: str


class Answer(TypedDict):
    """An answer, marked."""

    line: Positive
    text: str
    read: str
    """The answer as it was understood, in the language of a sheet."""
    part: str
    """Of a chain of equalities the first part that is wrong; else empty."""
    step: str
    kind: QuestionKind
    verdict: Verdict
    points: Points
    proof: AnswerProof | None
    """For a formula; else null."""
    diagnoses: list[Diagnosis]
    """The likeliest first."""
    ambiguous: bool
    """Whether several mistakes give the number."""
    truth: NotRequired[Numbers]
    """With --reveal answer: the right number."""
    expected: NotRequired[Numbers]
    """With --reveal answer: what follows from the numbers before it."""


class FirstWrong(TypedDict):
    """The first step of working that is wrong."""

    step: str
    line: Positive


class LineError(TypedDict):
    """Why a line was not understood."""

    kind: str
    message: str
    hint: str
    line: int | None
    column: int | None
    end_column: int | None


class UnreadableLine(TypedDict):
    """A line that was not understood."""

    line: Positive
    text: str
    error: LineError


class MarkedSheet(TypedDict):
    """A sheet, marked."""

    sheet: str
    """The student's name in a JSON file, else the file's."""
    at: NotRequired[dict[str, Numbers]]
    """The values of the inputs, where students have values of their own."""
    trouble: str | None
    """Why nothing of it can be read; else null."""
    complete: bool
    """Whether all that was asked is right."""
    right: Count
    follows: Count
    wrong: Count
    not_told: Count
    """Answers that follow from the numbers before them, and from none as well."""
    points: Points
    of: Points
    first_wrong: FirstWrong | None
    """Null when none is."""
    answers: list[Answer]
    """In the order of working."""
    unreadable: list[UnreadableLine]
    missing: list[str]
    """Steps that were not answered."""


class StepCount(TypedDict):
    """On how many sheets a step was wrong."""

    step: str
    wrong: Count


class MistakeCount(TypedDict):
    """On how many sheets a mistake was the likeliest."""

    mistake: str
    sheets: Count
    words: str


class Summary(TypedDict):
    """What the sheets have in common."""

    sheets: Count
    complete: Count
    unreadable: Count
    steps: list[StepCount]
    """The commonest first."""
    mistakes: list[MistakeCount]
    """The commonest first."""


class Marking(Kind):
    """What `cgraph check --json` prints."""

    schema: Literal["cgraph.check/1"]
    expression: str
    at: dict[str, Numbers]
    """The values of the inputs."""
    output: str
    steps: list[Question]
    """What the working consists of, in its order."""
    sheets: list[MarkedSheet]
    summary: Summary
    notes: list[Note]
    """Where gradients of the problem itself cannot be trusted."""
