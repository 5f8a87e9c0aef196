"""What is said of an answer: why it is wrong, or how it is known to be right."""

from __future__ import annotations

import copy
from typing import Any, Final

from cgcli.calculus.result import Result
from cgcli.homework.exercise import Exercise
from cgcli.homework.judging import FOLLOWS, NOT_TOLD, RIGHT, WRONG, Judged
from cgcli.views.gate import printable
from cgcli.views.table import shown
from cgcli.words import Math, Message

VERDICT: Final = "verdict"
HINT: Final = "hint"
ANSWER: Final = "answer"


_DISCREET: Final = {
    "kink": Message("there is a corner here, where a derivative is agreed upon"),
    "overflow": Message("a number is too large here"),
    "underflow": Message("a number is too small here"),
    "domain": Message("this is not defined here"),
}


def discreet(result: Result) -> Result:
    """Return a result whose notes tell no number that may be asked for.

    >>> import cgcli
    >>> note = discreet(cgcli.parse("r = relu(x); 5*r").evaluate(x=0)).notes[0]
    >>> str(note.message), note.sides
    ('there is a corner here, where a derivative is agreed upon', None)
    """
    quiet = copy.copy(result)
    quiet.notes = [
        note._replace(message=_DISCREET.get(note.kind, note.message), sides=None)
        for note in result.notes
    ]
    return quiet


VERDICT_WORDS: Final = {
    RIGHT: Message("right"),
    FOLLOWS: Message("follows"),
    WRONG: Message("wrong"),
    NOT_TOLD: Message("not told"),
    "unreadable": Message("unreadable"),
}


def step_text(exercise: Exercise, judged: Judged) -> str:
    """Return what was asked, as the sheet of the exercise writes it."""
    return exercise.steps.text(judged.answer.quantity, judged.answer.element)


def remarks(exercise: Exercise, judged: Judged, reveal: str) -> list[Message]:
    """Return what is said of an answer; the right number is among it only when it is revealed."""
    messages = list(_of_formula(exercise, judged, reveal))
    if judged.verdict == FOLLOWS:
        messages.append(Message("right from the numbers before it"))
    if judged.verdict == NOT_TOLD:
        messages.append(Message("right from the numbers before it, and from none as well"))
    if judged.verdict == WRONG and reveal != VERDICT:
        written = judged.answer.written
        if written is not None and written.shape != getattr(judged.truth, "shape", ()):
            messages.append(Message("this has another shape"))
        if judged.part:
            messages.append(Message("it goes wrong at {part}", part=Math(printable(judged.part))))
        messages += _diagnoses(exercise, judged)
    if judged.verdict != RIGHT and reveal == ANSWER and not exercise.symbolic:
        messages.append(Message("right is {number}", number=_number(judged.truth)))
        expected = _number(judged.expected)
        if judged.verdict == WRONG and expected != _number(judged.truth):
            more = Message("from the numbers before it follows {number}", number=expected)
            messages.append(more)
    return messages


def _number(value: Any, digits: int = 6) -> Math:
    return Math(" ".join(shown(value, digits).split("\n")))


def _of_formula(exercise: Exercise, judged: Judged, reveal: str) -> list[Message]:
    equality = judged.equality
    if equality is None or (judged.verdict != RIGHT and reveal == VERDICT):
        return []
    if equality.proof == "proved":
        return [Message("proved to be the same function")]
    if equality.proof == "undistinguished":
        return [Message("not distinguished at {count} points", count=equality.points)]
    if equality.inputs is None:
        return [Message("this has another shape")]
    place = ", ".join(f"{name} = {shown(value, 4)}" for name, value in equality.inputs.items())
    return [
        Message(
            "another function: at {place} it is {number}, and {step} is not",
            place=Math(place),
            number=_number(equality.value, equality.digits),
            step=Math(step_text(exercise, judged)),
        )
    ]


def _diagnoses(exercise: Exercise, judged: Judged) -> list[Message]:
    """Return the mistakes that give a wrong number, each with the step it was made at."""
    messages = []
    for diagnosis in judged.diagnoses:
        words = diagnosis.words
        if diagnosis.quantity != judged.answer.quantity:
            step = Math(exercise.steps.text(diagnosis.quantity))
            words = Message("at {step}: {words}", step=step, words=words)
        messages.append(words)
    if len(messages) < 2:
        return messages
    first, *others = messages
    alternatives = [Message("or {words}", words=words) for words in others]
    return [Message("perhaps {words}", words=first), *alternatives]
