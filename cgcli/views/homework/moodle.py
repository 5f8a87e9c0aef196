"""An exercise → questions as Moodle XML: a gap a step, with the numbers that mistakes give.

The elements are those that Moodle's importer reads, `question/format/xml/format.php`:
`import_category` a category, and `import_multianswer` a question of type cloze with its `name`,
`questiontext` and `penalty`. A gap, `{1:NUMERICAL:=0.6:0.0005~0.7:0.0005#why}`, is read by
`qtype_multianswer_extract_question` in `question/type/multianswer/questiontype.php`: its mark,
its type, and between tildes each answer, `=` before the right one, a tolerance behind a colon and
feedback behind a hash. The first answer that fits is taken.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from html import escape
from string import Template
from typing import Any, Final

from cgcli.calculus.floats import silent
from cgcli.errors import CgraphError
from cgcli.homework.choosing import true_working
from cgcli.homework.diagnosis import Alternative, alternatives, words_of
from cgcli.homework.exercise import Exercise
from cgcli.homework.judging import Tolerance
from cgcli.homework.mistakes.row import step_at
from cgcli.homework.mistakes.table import MISTAKES
from cgcli.homework.quantities import Quantity
from cgcli.homework.written import shape_of
from cgcli.numbers.values import is_finite
from cgcli.resource import read_text
from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable, printable_lines
from cgcli.views.homework.sheets import values_line

_DIGITS: Final = 3
_MOST: Final = 12


def as_xml(
    name: str,
    variants: list[tuple[Exercise, dict[str, str]]],
    reach: Tolerance,
    words: Catalogue,
) -> str:
    """Return a category of questions, one for each exercise with values as they are written."""
    question = Template(read_text(__package__, "question.xml"))
    questions = [
        question.substitute(
            name=_xml(f"{name} {turn}" if len(variants) > 1 else name),
            text=_xml(_text(exercise, given, reach, words)),
        )
        for turn, (exercise, given) in enumerate(variants, 1)
    ]
    quiz = Template(read_text(__package__, "quiz.xml"))
    # Between the names of categories stands a slash, and two are one in a name.
    return quiz.substitute(name=_xml(name).replace("/", "//"), questions="".join(questions))


def _xml(text: str) -> str:
    return escape(printable_lines(text), quote=False)


def _text(exercise: Exercise, given: dict[str, str], reach: Tolerance, words: Catalogue) -> str:
    """Return the question as HTML with its gaps."""
    program = f"{exercise.graph.text.strip()}\n{values_line(exercise, given)}"
    lines = [f"<pre>{_html(program)}</pre>"]
    with silent(exercise.graph):
        lines += _gaps(exercise, reach, words)
    return "\n".join(lines)


def _gaps(exercise: Exercise, reach: Tolerance, words: Catalogue) -> Iterator[str]:
    """Yield a line with a gap for each number that is asked for: of a list for each element."""
    working = true_working(exercise)
    for quantity in exercise.steps.asked:
        truth = exercise.kind.doubles(exercise.truth(quantity))
        wrong: list[tuple[Any, str]] = []
        if quantity.of < 0 or not exercise.graph.shape(quantity.of):
            step = step_at(working, quantity)
            wrong = [
                (made.number, words.say(words_of(working, step, made)))
                for made in alternatives(step)
                if made.number is not None and shape_of(made.number) == shape_of(truth)
            ]
            slip = next(mistake for mistake in MISTAKES if mistake.name == "sign-slip")
            negated = words_of(working, step, Alternative(slip, None, -truth))
            wrong.append((-truth, words.say(negated)))
        for element in itertools.product(*map(range, shape_of(truth))):
            right = float(truth[element] if element else truth)
            if not is_finite(right):
                asked = exercise.steps.text(quantity, element)
                message = f"{asked} is {right}, and a gap takes a number"
                raise CgraphError("binding", message, "choose other values to set as homework")
            near = [(float(number[element] if element else number), why) for number, why in wrong]
            gap = _gap(right, near, _tolerance(right, quantity, reach))
            yield f"<p>{_html(exercise.steps.text(quantity, element))} = {gap}</p>"


def _tolerance(right: float, quantity: Quantity, reach: Tolerance) -> float:
    """Return how far off an answer may be: by default as far as three digits round."""
    special = reach.of(quantity)
    if special.size is not None:
        return float(special.reach(right))
    power = math.floor(math.log10(abs(right))) if right else 0
    return 0.5 * 10.0 ** (power - _DIGITS + 1)


def _gap(right: float, wrong: list[tuple[float, str]], tolerance: float) -> str:
    parts = [f"={right!r}:{tolerance:.6g}"]
    known = [right]
    for number, why in wrong:
        apart = all(abs(number - other) > 2 * tolerance for other in known)
        if is_finite(number) and apart and len(known) <= _MOST:
            known.append(number)
            parts.append(f"{number!r}:{tolerance:.6g}#{_feedback(why)}")
    return "{1:NUMERICAL:" + "~".join(parts) + "}"


def _feedback(why: str) -> str:
    """Return feedback in a gap: it is decoded once, and is HTML then."""
    text = escape(_html(why), quote=False)
    return "".join(f"&#{ord(char)};" if char in "}{~\\" else char for char in text)


def _html(text: str) -> str:
    return escape("\n".join(map(printable, text.split("\n")))).replace("{", "&#123;")
