"""Which mistakes give a wrong number: each of the table, tried at the step and just before it."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence
from functools import partial, reduce
from itertools import islice
from typing import Any, Final, NamedTuple

from cgcli.homework.carrying import before, carried
from cgcli.homework.mistakes.row import GradientStep, Mistake, ValueStep, step_at
from cgcli.homework.mistakes.table import MISTAKES
from cgcli.homework.quantities import Quantity
from cgcli.homework.working import AGAIN, AS_IS, TAUGHT, Worked, Working, is_same
from cgcli.homework.written import Written, exact, part_of, shape_of
from cgcli.words import Math, Message

_LARGEST: Final = 400
_TRIALS: Final = 4_000
_SEVERAL: Final = 3
_FORMS: Final = (AS_IS, AGAIN, TAUGHT)


class Diagnosis(NamedTuple):
    """A mistake that gives the number: at which step it was made, and what it comes to."""

    mistake: Mistake
    quantity: Quantity
    words: Message
    number: Any


class Wrong(NamedTuple):
    """A wrong answer, and to what."""

    quantity: Quantity
    element: tuple[int, ...]
    written: Written


class Alternative(NamedTuple):
    """What a mistake gives at a step; `use` is the operation at which it is made, if at one."""

    mistake: Mistake
    use: Worked | None
    number: Any


def diagnose(workings: Sequence[Working], wrong: Wrong) -> list[Diagnosis]:
    """Return every mistake that gives a wrong answer from the student's own numbers.

    `workings` are those numbers as they were written and, where they differ, before rounding. First
    come the mistakes made at the step itself, the likeliest first, then those made at steps
    before it that the sheet leaves out. None is returned that the number does not bear out.
    """
    diagnoses = [
        diagnosis
        for working in workings
        for step in _steps(working, wrong)
        for diagnosis in _at_the_step(working, wrong, step)
    ]
    tried = _tried(workings[0])
    # That a number is 1 tells little of where it comes from.
    names = {made.mistake.name for made in diagnoses if not is_same(made.number, 1.0)}
    diagnoses.sort(
        key=lambda made: (
            made.mistake in MISTAKES and not {made.mistake.name, made.mistake.ahead_of} <= names,
            tried.index(made.mistake),
        )
    )
    long = not wrong.written.shape and wrong.written.digits > _SEVERAL
    if (not diagnoses or long) and len(workings[0].graph) <= _LARGEST:
        for working in workings:
            before = list(_before_the_step(working, wrong))
            # A short number is met by chance when so much is tried: then nothing is said.
            if long or len({diagnosis.mistake.name for diagnosis in before}) <= _SEVERAL:
                diagnoses += before
            if diagnoses:
                break
    unique: dict[Any, Diagnosis] = {}
    for diagnosis in diagnoses:
        unique.setdefault((diagnosis.mistake.name, diagnosis.quantity), diagnosis)
    return list(unique.values())


def _tried(working: Working) -> tuple[Mistake, ...]:
    """Return the mistakes that are tried: a teacher's first."""
    return (*working.exercise.mistakes, *MISTAKES)


def _steps(working: Working, wrong: Wrong) -> list[ValueStep | GradientStep]:
    """Return the step that was answered, once for each form of its local derivatives."""
    node, of = wrong.quantity
    forms = {form for use in working.uses(of, node) for form in use.forms()} | {AS_IS}
    return [step_at(working, wrong.quantity, form) for form in sorted(forms, key=_FORMS.index)]


def _at_the_step(
    working: Working, wrong: Wrong, step: ValueStep | GradientStep
) -> Iterator[Diagnosis]:
    expected = part_of(step.expected, wrong.element)
    for made in alternatives(step):
        number = part_of(made.number, wrong.element)
        if _gives(wrong.written, number, expected, made.mistake.seldom):
            words = words_of(working, step, made)
            yield Diagnosis(made.mistake, wrong.quantity, words, made.number)
    if expected is None:
        return
    for mistake in MISTAKES:
        if mistake.slip is not None and _slipped(mistake, wrong.written, expected):
            words = words_of(working, step, Alternative(mistake, None, expected))
            yield Diagnosis(mistake, wrong.quantity, words, step.expected)


def _gives(written: Written, number: Any, expected: Any, seldom: bool) -> bool:
    """Whether a number is the one that was written, and is not the right one."""
    if number is None or is_same(number, expected):
        return False
    if seldom and written.most_digits < _SEVERAL:
        written = exact(written.value)
    # What cancels to 0 is as far off as the numbers that cancelled.
    slack = abs(number) * 1e-9
    if shape_of(expected) in ((), shape_of(number)):
        slack = slack + abs(expected) * 1e-12
    return written.is_rounding(number, slack)


def _slipped(mistake: Mistake, written: Written, expected: Any) -> bool:
    """Whether each element is right or a slip away from it."""
    assert mistake.slip is not None
    if written.shape != shape_of(expected):
        return False
    if not written.shape:
        return mistake.slip(written, expected)
    import numpy as np

    places = np.ndindex(written.shape)
    pairs = ((written.element(place), float(expected[place])) for place in places)
    return all(
        element.is_rounding(right, 1e-9 * abs(right)) or mistake.slip(element, right)
        for element, right in pairs
    )


def alternatives(step: ValueStep | GradientStep) -> Iterator[Alternative]:
    """Yield what each mistake of the table gives at a step, the likeliest mistake first."""
    for mistake in _tried(step.working):
        if isinstance(step, ValueStep):
            if step.arguments and mistake.at_value:
                for number in mistake.at_value(step):
                    yield Alternative(mistake, None, number)
            continue
        if mistake.at_gradient:
            for number in mistake.at_gradient(step):
                yield Alternative(mistake, None, number)
        if mistake.at_above:
            for above in step.above:
                for apart in mistake.at_above(above):
                    yield Alternative(mistake, above, step.expected + above.upstream * apart)
        if mistake.at_use:
            made = [list(mistake.at_use(use)) for use in step.uses]
            if any(made):
                yield from _at_uses(mistake, step, made)


def _at_uses(mistake: Mistake, step: GradientStep, made: list[list[Any]]) -> Iterator[Alternative]:
    """Yield the gradient with a mistake made at one of the uses, or at all of them alike."""
    for use, numbers in zip(step.uses, made, strict=True):
        others = [other.sent for other in step.uses if other is not use and other.sent is not None]
        for number in numbers:
            total = _sum([number, *others])
            if total is not None:
                yield Alternative(mistake, use, total)
    if sum(map(bool, made)) > 1:
        pairs = zip(step.uses, made, strict=True)
        total = _sum([numbers[0] if numbers else use.sent for use, numbers in pairs])
        if total is not None:
            yield Alternative(mistake, step.uses[0], total)


def _sum(numbers: Iterable[Any]) -> Any:
    """Return the sum of numbers of one shape; None where shapes differ or there is no number."""
    known = [number for number in numbers if number is not None]
    return reduce(operator.add, known) if len({*map(shape_of, known)}) == 1 else None


def words_of(working: Working, step: ValueStep | GradientStep, made: Alternative) -> Message:
    """Return the words of a mistake, with the names of the step and of the use."""
    steps = working.exercise.steps
    mistake = made.mistake
    if isinstance(step, ValueStep):
        return Message(mistake.value_words, use=Math(steps.formula(step.node)))
    use = made.use
    if use is None:
        return Message(mistake.words)
    return Message(
        mistake.words,
        use=Math(steps.formula(use.node)),
        local=Math(steps.text(Quantity(step.node, use.node))),
        upstream=Math(steps.text(Quantity(use.node, step.of))),
    )


# Mistakes at steps that the sheet leaves out


def _before_the_step(working: Working, wrong: Wrong) -> Iterator[Diagnosis]:
    """Yield the mistakes that lead to the number when made at a step that was left out."""
    graph, node = working.graph, wrong.quantity.node
    steps = [
        step
        for step in before(working, wrong.quantity)
        if step not in working.known
        and (
            graph.arguments[step.node] and step.node != node
            if step.of < 0
            else step.node != step.of
        )
    ]
    # Gradients first, the nearest before others; then the values, the last first.
    steps.sort(key=lambda step: -len(graph) if step.of >= 0 else -step.node)
    expected = part_of(step_at(working, wrong.quantity).expected, wrong.element)
    trials = (
        (quantity, step, made)
        for quantity, step in zip(steps, map(partial(step_at, working), steps), strict=True)
        for made in alternatives(step)
        if shape_of(made.number) == graph.shape(quantity.node)
        and not is_same(made.number, step.expected)
    )
    for quantity, step, made in islice(trials, _TRIALS):
        number = carried(working, wrong.quantity, quantity, made.number)
        number = part_of(number, wrong.element)
        if _gives(wrong.written, number, expected, made.mistake.seldom):
            yield Diagnosis(made.mistake, quantity, words_of(working, step, made), number)
