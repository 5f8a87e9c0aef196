"""An exercise → a blank answer sheet, or its key."""

from __future__ import annotations

from typing import Any

from cgcli.homework.exercise import Exercise
from cgcli.homework.quantities import VALUE
from cgcli.views.catalogue import Catalogue
from cgcli.views.document import number
from cgcli.views.gate import printable
from cgcli.words import Math, Message

__all__ = ["sheet_document", "sheet_text", "written"]


def sheet_text(
    exercise: Exercise,
    given: dict[str, str],
    words: Catalogue,
    key: bool = False,
    told_apart: tuple[int, int] | None = None,
) -> str:
    """Return a sheet with a line for each step in the order of working, filled in when a key.

    `given` are the values of the inputs as they are to be read. What is said besides stands in
    comments, so that the sheet can be marked as it is.
    """
    lines = [f"# {printable(line)}" for line in exercise.graph.text.strip().split("\n")]
    if given:
        lines.append(f"# {printable(', '.join(f'{n} = {v}' for n, v in given.items()))}")
    if told_apart is not None:
        distinct, mistakes = told_apart
        message = Message(
            "{distinct} of {mistakes} likely mistakes give a number of their own here",
            distinct=distinct,
            mistakes=mistakes,
        )
        lines.append(f"# {words.say(message)}")
    kind = ""
    for step in exercise.steps.asked:
        if step.kind != kind:
            kind = step.kind
            head = Message("forward: the values")
            if kind != VALUE:
                output = Math(exercise.result.output)
                head = Message("backward: the gradients of {output}", output=output)
            lines += ["", f"# {printable(words.say(head))}"]
        answer = f" {written(exercise.truth(step))}" if key else ""
        lines.append(f"{printable(exercise.steps.text(step))} ={answer}")
    return "\n".join(lines) + "\n"


def written(value: Any, digits: int = 6) -> str:
    """Return a number or a list as it is written on a sheet, with so many significant digits.

    >>> written(-12.0), written(2 / 3)
    ('-12', '0.666667')
    """
    if not getattr(value, "shape", ()):
        number = float(value) + 0.0
        # The shortest that is the same number, where all digits are wanted.
        return f"{number:.{digits}g}" if digits < 17 else repr(number).removesuffix(".0")
    return f"[{', '.join(written(each, digits) for each in value)}]"


def sheet_document(
    exercise: Exercise, key: bool, told_apart: tuple[int, int] | None
) -> dict[str, Any]:
    """Return a sheet as the document `cgraph.sheet/1`; unanswered questions have null."""
    mistakes = told_apart and {"distinct": told_apart[0], "of": told_apart[1]}
    return {
        "schema": "cgraph.sheet/1",
        "expression": exercise.graph.text,
        "at": number(exercise.inputs),
        "output": exercise.result.output,
        "mistakes": mistakes,
        "answers": {
            exercise.steps.text(step): number(exercise.truth(step)) if key else None
            for step in exercise.steps.asked
        },
    }
