"""A line of a sheet → an answer: which quantity is meant, and what was written for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from cgcli.errors import CgraphError, Place, excerpt, few, shorten
from cgcli.homework.exercise import Exercise
from cgcli.homework.notation import PATTERNS, TABLES, otherwise, plain
from cgcli.homework.quantities import VALUE, Quantity
from cgcli.homework.questions import LIMITS, Question, asked, place_of
from cgcli.homework.rights import Formula, on_a_sheet, own_text, read_right, twofold, with_euler
from cgcli.homework.sheets import Line, Part, Sheet
from cgcli.homework.written import Written, exact, part_of, read_number, shape_of
from cgcli.language.answer import parse_answer
from cgcli.language.syntax import NUMBER
from cgcli.words import Math, Message


class Answer(NamedTuple):
    """An answer that was understood: to a quantity, or to one element of it.

    `read` is the answer as it was understood; `parts` are what stands before it in a chain of
    equalities. `measure` is the number of a formula that may be a number with its unit as well.
    """

    line: int
    text: str
    quantity: Quantity
    element: tuple[int, ...]
    written: Written | None
    formula: Formula | None
    read: str
    parts: tuple[Part, ...] = ()
    measure: Written | None = None

    def measured(self) -> Answer:
        """Return the answer as its number, without the names that may be a unit."""
        left, _, right = self.read.rpartition("=")
        read = f"{left}={right.partition('*')[0]}"
        return self._replace(written=self.measure, formula=None, read=read)


class Unreadable(NamedTuple):
    """A line that was not understood, why, and which steps it may state."""

    line: int
    text: str
    error: CgraphError
    steps: frozenset[Quantity] = frozenset()


def read_answers(exercise: Exercise, sheet: Sheet) -> tuple[list[Answer], list[Unreadable]]:
    """Return a sheet's answers in the order of working, and what could not be read.

    A line that is not understood spoils no other.
    """
    by_question: dict[Any, list[Answer]] = {}
    unreadable: list[Unreadable] = []
    grouped = any(PATTERNS["grouped"].search(line.text) for line in sheet.lines)
    for answer in _read(exercise, sheet, unreadable):
        try:
            answer = _settled(exercise, _of_two(exercise, answer), grouped)  # noqa: PLW2901
        except CgraphError as doubt:
            steps = frozenset([answer.quantity])
            unreadable.append(Unreadable(answer.line, answer.text, doubt, steps))
            continue
        key = (answer.quantity, answer.element, answer.formula is None)
        by_question.setdefault(key, []).append(answer)
    answers: list[Answer] = []
    for several in by_question.values():
        # Of the same number written twice the one with more digits is taken.
        best, *others = sorted(several, key=_digits, reverse=True)
        if all(_agree(best, other) for other in others):
            answers.append(best)
        else:
            name = exercise.steps.text(several[0].quantity, several[0].element)
            repeated = CgraphError(
                "usage",
                Message(
                    "{step} is answered {count} times, and not alike",
                    step=Math(shorten(name)),
                    count=len(several),
                ),
                Message("leave one answer and cross the others out with #"),
            )
            steps = frozenset([several[0].quantity])
            unreadable += [Unreadable(one.line, one.text, repeated, steps) for one in several]
    place = exercise.steps.place
    answers.sort(key=lambda answer: (place(answer.quantity), answer.element, not answer.formula))
    unreadable.sort(key=lambda answer: (answer.line, answer.text))
    return answers, unreadable


def _read(exercise: Exercise, sheet: Sheet, unreadable: list[Unreadable]) -> Iterator[Answer]:
    """Yield the answers of lines; what is not understood as it stands is read in other ways."""
    odd: dict[tuple[int, str], CgraphError] = {}
    lines = sheet.lines
    for line in lines:
        try:
            answer = _below_heading(exercise, line)
        except CgraphError as error:
            odd[line.number, line.text] = error
            continue
        if answer is not None:
            yield answer
    if not odd:
        return
    from cgcli.homework.lefts import Lefts
    from cgcli.homework.readings import readings
    from cgcli.homework.statements import mentioned

    lefts = Lefts(exercise)
    heard: set[tuple[int, str]] = set()
    for line in readings(lefts, lines):
        why = odd.get((line.number, line.text))
        if why is None:
            continue
        try:
            answer = _below_heading(exercise, line)
        except CgraphError as error:
            stated = mentioned(lefts, line.read or line.text)
            questions = [asked(exercise, left)[0] for left in stated]
            _, amiss = asked(exercise, line.text.partition("=")[0].strip())
            why = amiss or line.lacks or (error if error.kind == "usage" else why)
            steps = frozenset(step[0] for step in questions if step)
            if steps.isdisjoint(exercise.steps.asked) and steps:
                # Inputs alone are named, in an expression perhaps: it may be any step.
                steps = frozenset(exercise.steps.asked)
            unreadable.append(Unreadable(line.number, line.text, why, steps))
            heard.add((line.number, line.text))
            continue
        if answer is not None:
            heard.add((line.number, line.text))
            yield answer
    if not sheet.prose:
        blank = PATTERNS["blanks"].fullmatch
        unreadable += [
            Unreadable(*key, why)
            for key, why in odd.items()
            if key not in heard and not blank(key[1].rpartition("=")[2].strip())
        ]


def _below_heading(exercise: Exercise, line: Line) -> Answer | None:
    """Return the answer of a line, that to a gradient where a name stands below its heading.

    A value that is right stays one, unless the gradient is just as much; so does that of a step
    which is worked out. Without a heading another number than the given one of an input, which is
    its gradient, is in doubt: raises `CgraphError` that names both.
    """
    answer = read_answer(exercise, line)
    if answer is None or answer.quantity.kind != VALUE:
        return answer
    node, graph, written = answer.quantity.node, exercise.graph, answer.written
    slopes = PATTERNS["of_slopes"].fullmatch(line.heading)
    is_input = node in graph.inputs.values()
    if is_input and PATTERNS["of_updates"].match(line.heading):
        # Behind a step of training an input has another value.
        return None
    if not is_input and (not slopes or written is None or answer.parts):
        return answer
    value = part_of(exercise.truth(answer.quantity), answer.element)
    is_value = written is not None and written.is_rounding(value)
    if not slopes and (written is None or is_value):
        return answer
    match = PATTERNS["of"].search(line.heading)
    of = graph.node(match["of"]) if match else None
    if of is None or of == node or not graph.dependents([node])[of]:
        of = exercise.of
    slope = Quantity(node, of)
    right = part_of(exercise.truth(slope), answer.element)
    is_slope = written is not None and written.is_rounding(right)
    if not is_slope and (is_value or not slopes):
        return answer
    step = exercise.steps.text(slope, answer.element)
    if not slopes:
        raise twofold(line.text, exercise.steps.text(answer.quantity, answer.element), step)
    return read_answer(exercise, line._replace(read=f"{step} ={answer.read.partition('=')[2]}"))


def _settled(exercise: Exercise, answer: Answer, grouped: bool) -> Answer:
    """Return an answer with that of two readings of its numbers which is right.

    1·273 may be a product, 0.1(6) too, and 1.500 is 1500 where thousands are `grouped`, as in
    1.522.756; 0.02 kW may be 20. Of [0,73, 0,27] the shape decides. Raises `CgraphError` that
    names both, where neither is right and both are numbers as they stand.
    """
    left, _, said = answer.read.rpartition("=")
    typed = answer.text.rpartition("=")[2].strip()
    match = PATTERNS["one_group"].search(said) if grouped else None
    other = said.replace(".", "") if match else said
    if match is None and PATTERNS["doubtful"].search(typed):
        other = otherwise(said)
    prefixed = PATTERNS["prefixed"].search(typed)
    number = PATTERNS["plain"].fullmatch(said)
    if prefixed and number:
        power = int(number["power"] or 0) + TABLES["prefixes"][prefixed["prefix"]]
        other = f" {number['digits']}e{power}"
    apart = PATTERNS["apart"].fullmatch(typed)
    if apart:
        other = PATTERNS["decimals"].sub(r"\1.\2", f" [{apart['numbers']}]")
    if answer.written is None or other == said:
        return answer
    right = part_of(exercise.truth(answer.quantity), answer.element)
    if apart and answer.written.shape == shape_of(right):
        return answer
    line = Line(answer.line, answer.text, read=f"{left}={other}", parts=answer.parts)
    if apart:
        return read_answer(exercise, line) or answer
    for reading in (answer, read_answer(exercise, line)):
        written = reading and reading.written
        if reading and written and written.is_rounding(right, exercise.slack(answer.quantity)):
            return reading
    if prefixed:
        return answer
    raise twofold(typed, other.strip(), plain(said))


def _of_two(exercise: Exercise, answer: Answer) -> Answer:
    """Return the better reading of an answer; raises `CgraphError` where neither is.

    4 (x + y) is a product, or the number where that alone is right; and courses call δ_o, the error
    of a neuron, what is right behind its activation, or before it.
    """
    (node, of), written = answer.quantity, answer.written
    right = part_of(exercise.truth(answer.quantity), answer.element)
    slack, explained = exercise.slack(answer.quantity), PATTERNS["explained"].search(answer.text)
    if explained and answer.measure and not exercise.symbolic:
        product = written
        if answer.formula:
            with exercise.added(*answer.formula) as made:
                product = exact(exercise.value_of(made, exercise.here))
        if answer.measure.is_rounding(right, slack):
            return answer.measured()
        if not (product and product.is_rounding(right, slack)):
            said = answer.read.rpartition("=")[2].strip()
            raise twofold(explained[0].strip(), explained["number"].strip(), said)
    named, inner = answer.text.partition("=")[0].strip(), exercise.graph.arguments[node]
    if of < 0 or "/" in named or len(inner) != 1 or not PATTERNS["error"].match(named):
        return answer
    steps = answer.quantity, answer.quantity._replace(node=inner[0])
    rights = (part_of(exercise.truth(step), answer.element) for step in steps)
    if written and [written.is_rounding(number) for number in rights] == [False, True]:
        raise twofold(named, exercise.steps.text(steps[0]), exercise.steps.text(steps[1]))
    return answer


def _digits(answer: Answer) -> tuple[float, str]:
    return answer.written.most_digits if answer.written else 0.0, answer.text


def _agree(best: Answer, other: Answer) -> bool:
    """Whether answers to one question are the same number, or the same formula."""
    if best.written is None or other.written is None:
        first, second = (answer.text.partition("=")[2].strip() for answer in (best, other))
        return first == second
    return other.written.is_rounding(best.written.value)


def read_answer(exercise: Exercise, line: Line) -> Answer | None:
    """Return the answer of a line, None for a question left blank; raises `CgraphError`.

    >>> import cgcli
    >>> program = cgcli.parse("p = x + y; g = p*z")
    >>> exercise = Exercise(program, program.evaluate(x=1, y=3, z=-3))
    >>> read_answer(exercise, Line(1, "dg/d(x+y) = -3.0")).quantity
    Quantity(node=2, of=4)
    """
    if line.trouble:
        raise CgraphError("limit", line.trouble, "write shorter answers, one a line")
    text = with_euler(exercise.graph, line.read or PATTERNS["dash"].sub("", line.text))
    if PATTERNS["blanked"].search(text):
        # As NumPy prints it: [42 -14] is no difference.
        raise CgraphError("syntax", "the numbers of a list have commas between them")
    for doubt, meant in (("erring", r" ± \g<error>"), ("lowered", r"\g<number>^(\g<power>)")):
        if (other := PATTERNS[doubt].sub(meant, line.text)) != line.text:
            raise twofold(line.text, other, line.text)
    try:
        syntax = parse_answer(text, LIMITS)
    except CgraphError as error:
        raise on_a_sheet(error, text) from None
    if syntax is None:
        return None
    if not syntax.equals:
        hint = Message("write {step} = and the answer", step=Math(shorten(text.strip())))
        if syntax.left[-1][1] == "eq":
            hint = Message("write one =")
        elif syntax.left[-1][0] == NUMBER:
            hint = Message("the question stands first: p = 4")
        place = Place(text, len(text.rstrip()), len(text.rstrip()))
        raise CgraphError("syntax", Message("there is no answer here: no '='"), hint, (place,))
    try:
        if syntax.right is None:
            return None
        quantity, element = Question(exercise, text).asked(syntax.left)
        written, formula = read_right(exercise, syntax.right, text)
        if written is not None:
            # Digits that go on were cut off, and not rounded.
            written = written._replace(half=written.half * (1 + line.goes_on))
            written = written.shaped(() if element else shape_of(exercise.truth(quantity)))
        if formula is None and exercise.symbolic:
            formula = Formula(syntax.right, text)
        elif formula is not None and quantity.of < 0 and not exercise.symbolic:
            _refuse_own_text(exercise, quantity.node, formula)
    finally:
        exercise.draft.undo()
    measure = read_number(line.measure, exercise.kind)
    typed = line.number, line.text
    return Answer(*typed, quantity, element, written, formula, text, line.parts, measure)


def step_of(exercise: Exercise, name: str) -> Quantity:
    """Return the step of a sheet that a name is; raises `CgraphError` where it is none."""
    answer = read_answer(exercise, Line(1, f"{name} = 0"))
    if answer is None or answer.element or answer.quantity not in exercise.steps.asked:
        steps = few([exercise.steps.text(step) for step in exercise.steps.asked])
        message = f"'{excerpt(name.strip())}' is no step of the sheet"
        raise CgraphError("usage", message, f"the steps are {steps}")
    return answer.quantity


def _refuse_own_text(exercise: Exercise, node: int, formula: Formula) -> None:
    """Raise `CgraphError` where a value is answered by its own text, or by a later step."""
    exercise.draft.undo()
    with exercise.added(*formula) as made:
        graph = exercise.draft.graph
        same = node in exercise.steps.classes.find(graph, made)
        needed = graph.ancestors([made])
        after = exercise.graph.dependents([node])
        is_later = any(needed[place] and after[place] for place in range(len(exercise.graph)))
    if same or is_later:
        place = place_of(formula.expression, formula.text)
        raise own_text(exercise.graph.names[node], place, alike=same and not is_later)
