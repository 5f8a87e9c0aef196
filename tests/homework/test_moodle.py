"""Questions for Moodle, read back as its importer reads them, and by a library.

What the importer does is written anew here from `question/format/xml/format.php`, whose
`import_category` and `import_multianswer` take the elements, and from
`question/type/multianswer/questiontype.php`, whose `qtype_multianswer_extract_question` takes
gaps apart: a mark, a type, and answers with fractions, tolerances and feedback.
"""

from __future__ import annotations

import html
import re
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import pytest

import cgcli
from tests.homework.adapter import exercise, mark

NEURON = "p = w*x; s = p + b; y = tanh(s); e = y - t; L = e^2"
AT = {"w": 0.5, "x": 1.2, "b": -0.2, "t": 1}
WORDS = [f"{name}={value}" for name, value in AT.items()]
NUMBER = r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"


class Answer(NamedTuple):
    number: float
    tolerance: float
    fraction: float
    feedback: str


class Gap(NamedTuple):
    mark: int
    kind: str
    answers: list[Answer]

    def graded(self, number: float) -> Answer | None:
        """What Moodle's numerical questions do: the first answer within its tolerance."""
        near = (each for each in self.answers if abs(number - each.number) <= each.tolerance)
        return next(near, None)


class Question(NamedTuple):
    name: str
    text: str
    gaps: list[Gap]


def gap(text: str) -> Gap:
    head = re.match(r"\{([0-9]*):([A-Z_]+):", text)
    assert head is not None
    answers = []
    for part in re.split(r"(?<!\\)~", text[head.end() : -1]):
        answer, _, feedback = part.partition("#")
        fraction = 1.0 if answer.startswith("=") else 0.0
        match = re.fullmatch(rf"=?({NUMBER})(?::({NUMBER}))?", answer)
        assert match is not None, answer
        said = html.unescape(html.unescape(feedback)).replace("\\}", "}").replace("\\#", "#")
        answers.append(Answer(float(match[1]), float(match[2] or 0), fraction, said))
    return Gap(int(head[1] or 1), head[2], answers)


def imported(text: str) -> tuple[str, list[Question]]:
    root = ET.fromstring(text)
    assert root.tag == "quiz"
    category, questions = "", []
    for node in root:
        assert node.tag == "question"
        if node.get("type") == "category":
            category = node.findtext("category/text") or ""
            continue
        assert node.get("type") == "cloze"
        assert {child.tag for child in node} <= {"name", "questiontext", "penalty"}
        assert node.find("questiontext").get("format") == "html"  # type: ignore[union-attr]
        assert 0 <= float(node.findtext("penalty") or "x") <= 1
        name, said = node.findtext("name/text"), node.findtext("questiontext/text")
        assert name
        assert said
        gaps = re.findall(r"\{[0-9]*:(?:NUMERICAL|NM):.*?(?<!\\)\}", said, re.DOTALL)
        questions.append(Question(name, said, list(map(gap, gaps))))
    return category, questions


def made(cgraph: Any, *words: str) -> tuple[str, list[Question]]:
    ran = cgraph("sheet", *words)
    assert ran.status == 0, ran.err
    return imported(ran.out)


def test_a_question_has_a_gap_a_step_and_what_mistakes_give(cgraph: Any) -> None:
    category, (question,) = made(cgraph, NEURON, *WORDS, "--moodle", "A neuron")
    assert category == "$course$/top/A neuron"
    assert question.name == "A neuron"
    assert "w = 0.5, x = 1.2, b = -0.2, t = 1" in question.text
    problem = exercise(NEURON, AT)
    steps = problem.steps.asked
    assert len(question.gaps) == len(steps)
    for step, found in zip(steps, question.gaps, strict=True):
        truth = float(problem.truth(step))
        right = found.graded(truth)
        assert right is not None
        assert (right.fraction, right.number, found.kind) == (1.0, truth, "NUMERICAL")
        assert found.graded(float(f"{truth:.3g}")) is right
        asked = problem.steps.text(step)
        for wrong in found.answers[1:]:
            assert wrong.fraction == 0
            assert wrong.feedback
            assert abs(wrong.number - truth) > wrong.tolerance
            graded = found.graded(wrong.number)
            assert graded is wrong
            # The judge of sheets names a mistake for that number, too.
            verdicts = mark(NEURON, AT, f"{asked} = {wrong.number!r}")
            assert verdicts.verdicts == {asked: "wrong"}
            assert verdicts.mistakes[asked]


def test_variants_are_questions_of_one_category(cgraph: Any) -> None:
    words = (NEURON, "--seed", "4", "--variants", "5", "--values", "decimal")
    _, questions = made(cgraph, *words, "--moodle", "N")
    assert [question.name for question in questions] == [f"N {k}" for k in range(1, 6)]
    assert len({question.text for question in questions}) == 5
    again = made(cgraph, *words, "--moodle", "N")[1]
    assert questions == again
    for question in questions:
        line = re.search(r"^(w = .*)</pre>", question.text, re.MULTILINE)
        assert line is not None
        at = dict(part.split(" = ") for part in line[1].split(", "))
        truth = cgcli.parse(NEURON).evaluate({name: float(text) for name, text in at.items()})
        assert question.gaps[4].answers[0].number == pytest.approx(truth.value)


@pytest.mark.parametrize(
    ("words", "step", "tolerance"),
    [
        (("--tolerance", "0.01"), 0, 0.01),
        (("--tolerance", "1%, p=0.25"), 0, 0.25),
        (("--tolerance", "10%, p=0.25"), 2, 0.1 * 0.379948962255225),
        (("--decimals", "2"), 2, 0.005),
        ((), 2, 0.0005),
    ],
)
def test_tolerances_are_those_that_are_asked_for(
    words: tuple[str, ...], step: int, tolerance: float, cgraph: Any
) -> None:
    _, (question,) = made(cgraph, NEURON, *WORDS, "--moodle", "N", *words)
    assert question.gaps[step].answers[0].tolerance == pytest.approx(tolerance, rel=1e-5)


def test_a_list_has_a_gap_an_element(cgraph: Any) -> None:
    _, (question,) = made(
        cgraph, "s = W @ x; L = sum(s^2)", "W=[[1,2],[3,4]]", "x=[1,-1]", "--moodle", "M"
    )
    # s and L; dL/ds; dL/dW and dL/dx; and s^2, which has no name, with its gradient.
    assert len(question.gaps) == 2 + 1 + 2 + 4 + 2 + 2 + 2
    assert "dL/dW[0, 1] =" in question.text


def test_no_text_is_markup(cgraph: Any) -> None:
    program = "h[0] = a; for t in 0..1 { h[t+1] = h[t]*b } # {1:NUMERICAL:=1} ]]> <b>\nf = h[2]^2"
    ran = cgraph("sheet", program, "a=1", "b=2", "--moodle", "<i>&{1:NM:=3}]]>/x")
    category, (question,) = imported(ran.out)
    assert question.name == "<i>&{1:NM:=3}]]>/x"
    assert category.endswith("]]>//x")
    assert "<b>" not in question.text
    assert all(found.answers[0].fraction == 1 for found in question.gaps)
    problem = exercise(program, {"a": 1, "b": 2})
    assert len(question.gaps) == len(problem.steps.asked)


@pytest.mark.moodle
def test_a_library_reads_the_same(cgraph: Any) -> None:
    library = pytest.importorskip("moodle_xml_parser.parser")
    words = (NEURON, "--seed", "4", "--variants", "3", "--moodle", "N")
    _, questions = made(cgraph, *words)
    found = library.parse_string(cgraph("sheet", *words).out)["cloze"]
    assert [question.name for question in found] == [question.name for question in questions]
    for theirs, ours in zip(found, questions, strict=True):
        assert len(theirs.gaps) == len(ours.gaps)
        for their_gap, our_gap in zip(theirs.gaps, ours.gaps, strict=True):
            assert (their_gap.sub_type, their_gap.sub_grade) == (our_gap.kind, our_gap.mark)
            for option, answer in zip(their_gap.options, our_gap.answers, strict=True):
                assert float(option.answer.partition(":")[0]) == answer.number
                assert option.score == 100 * answer.fraction
                assert (option.feedback or "") == answer.feedback


@pytest.mark.parametrize("program", ["gamma(x)", "x^2"])
def test_a_gap_takes_finite_numbers(program: str, cgraph: Any) -> None:
    x = "x=inf" if program == "gamma(x)" else "x=1e300"
    ran = cgraph("sheet", program, x, "--moodle", "q")
    assert (ran.status, ran.out) == (2, "")
    assert "f is inf, and a gap takes a number" in ran.err
