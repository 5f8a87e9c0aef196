"""How right `cgraph check` is: right sheets in random notation, mistakes, and numbers from nowhere.

`python benchmarks/marking.py` from the top of the repository; the oracles are those of the tests.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

import cgcli
from cgcli.homework.exercise import Exercise
from cgcli.homework.judging import Judged, Tolerance
from cgcli.homework.marking import Marked, mark
from cgcli.homework.sheets import read_sheets
from tests.homework.injection import MISTAKES, injections, sheet
from tests.homework.problems import PROBLEMS
from tests.homework.tape import Work
from tests.homework.test_fair import STOCK
from tests.homework.test_right_sheets import decimals, point, significant

POINTS: Final = 4
"""Points of each problem."""
SHEETS: Final = 12
"""Sheets with one mistake in one problem, at the most."""

DERIVATIVES: Final = (
    "d{of}/d{by}", "∂{of}/∂{by}", "d {of} / d {by}", "{by}.grad",
    r"\frac{{\partial {of}}}{{\partial {by}}}", r"\dfrac{{d{of}}}{{d{by}}}", "$∂{of}/∂{by}$",
    "∂_{by} {of}", "the gradient of {by}", "𝜕{of}/𝜕{by}",
    "die Ableitung von {of} nach {by}", "la dérivée de {of} par rapport à {by}",
    "la derivada de {of} respecto a {by}", "la derivata di {of} rispetto a {by}",
    "a derivada de {of} em relação a {by}", "{of} 对 {by} 的偏导数", "{of} を {by} で偏微分すると",
    "{by} 에 대한 {of} 의 편미분",
)  # fmt: skip
"""How people write a derivative, in signs and in languages."""
SIGNS: Final = (" = ", "=", ": ", " -> ", " ≈ ", " := ", "＝", " → ")
BEFORE: Final = ("", "", "- ", "* ", "• ", "{k}. ", "({k}) ", "{k}) ", "第{k}步：")
BEHIND: Final = ("", "", "", ".", ";", ",", "。", " 👍", " (chain rule)")
HEADS: Final = ("", "# Homework\n\n", "Forward and backward:\n", "解：\n", "Lösung\n\n", "```\n")


class Writer:
    """How one student writes all of a sheet."""

    def __init__(self, rng: random.Random, digits: int, places: int) -> None:
        self.rng, self.digits, self.places = rng, digits, places
        self.derivative = rng.choice(DERIVATIVES)
        self.sign, self.before, self.behind = map(rng.choice, (SIGNS, BEFORE, BEHIND))
        self.mode = rng.choice([ROUND_HALF_UP, ROUND_HALF_EVEN])
        self.minus = rng.choice("--−–")
        self.has_commas = rng.random() < 0.15

    def number(self, answer: Any) -> str:
        """A number to so many digits, or to so many decimals."""
        value = float(answer) + 0.0
        if self.places:
            text = decimals(value, self.places, self.mode)
        else:
            text = significant(value, self.digits, self.mode)
        return text.replace(".", ",") if self.has_commas else text.replace("-", self.minus)

    def answer(self, answer: Any) -> str:
        """A number, or a list of them."""
        if np.ndim(answer):
            return f"[{', '.join(map(self.answer, answer))}]"
        return self.number(answer)

    def line(self, left: str, answer: Any, k: int) -> str:
        """A line with one answer."""
        of, _, by = left.partition("/")
        if by:
            left = self.derivative.format(of=of[1:], by=by[1:])
        text = f"{left}{self.sign}{self.answer(answer)}{self.behind}"
        return self.before.format(k=k) + text


def problems() -> list[tuple[Exercise, Work]]:
    """Return every problem at some points, with what an oracle works out."""
    rng = random.Random(1)
    made = []
    for problem in PROBLEMS.values():
        for _ in range(POINTS):
            at, work = point(problem, rng)
            program = cgcli.parse(problem.text)
            made.append((Exercise(program, program.evaluate(at)), work))
    return made


def marked(exercise: Exercise, text: str, tolerance: Tolerance | None = None) -> Marked:
    """Return a sheet as it is marked."""
    return mark(exercise, read_sheets(text, "a sheet")[0], tolerance)


def right_sheets(count: int) -> None:
    """Print how many answers of right sheets are not read, and how many are called wrong."""
    rng, seen = random.Random(2), Counter[str]()
    made = problems()
    for _ in range(count):
        exercise, work = rng.choice(made)
        places = rng.choice([0, 0, 2, 3])
        writer = Writer(rng, rng.choice([2, 3, 4]), places)
        lefts = rng.sample(list(work.answers), rng.randint(1, len(work.answers)))
        if writer.has_commas:
            lefts = [left for left in lefts if not np.ndim(work.answers[left])]
        lines = [writer.line(left, work.answers[left], k) for k, left in enumerate(lefts, 1)]
        tolerance = Tolerance(float(Fraction(5, 10 ** (places + 1)))) if places else None
        text = rng.choice(HEADS) + "\n".join(lines)
        found = marked(exercise, text, tolerance)
        seen["answers"] += len(lefts)
        seen["read"] += len(found.judged)
        for judged in found.judged:
            seen[judged.verdict] += 1
            if judged.verdict == "wrong" and seen["wrong"] <= 10:
                print(exercise.graph.text, exercise.inputs, judged.answer, judged.truth)
        seen["not read"] += len(lefts) - len(found.judged)
    print(f"right sheets: {count}", dict(seen.most_common(12)))


def named_mistakes() -> None:
    """Print in how many sheets with one mistake the step is found, and the mistake named."""
    seen = Counter[str]()
    for mistake in MISTAKES:
        for key, problem in PROBLEMS.items():
            rng = random.Random(f"{mistake} {key}")
            exercise = None
            found = injections(problem, mistake)
            for slip in rng.sample(found, min(SHEETS, len(found))):
                made = sheet(problem, slip, in_output=rng.random() < 0.5)
                if made is None:
                    continue
                if exercise is None:
                    program = cgcli.parse(problem.text)
                    exercise = Exercise(program, program.evaluate(dict(problem.at)))
                text = "\n".join(f"{left} = {answer}" for left, answer in made.lines.items())
                first = marked(exercise, text).first_wrong
                seen["sheets"] += 1
                if first and exercise.steps.text(first.answer.quantity) == made.wrong:
                    seen["step"] += 1
                    seen["named"] += mistake in first.mistakes
    print(f"mistakes: {dict(seen)}, {seen['named'] / seen['sheets']:.2%} named")


def chance(count: int) -> None:
    """Print how many wrong numbers of so many digits, drawn by chance, get a diagnosis."""
    made = [(exercise, work) for exercise, work in problems() if not exercise.graph.tensors]
    for digits in (2, 3, 4):
        rng, seen = random.Random(3), Counter[str]()
        while seen["wrong"] < count:
            exercise, work = rng.choice(made)
            left = rng.choice(list(work.answers))
            size = 2 * abs(float(work.answers[left])) or 1.0
            lines = {name: significant(float(value), 6, ROUND_HALF_EVEN)
                     for name, value in work.answers.items()}  # fmt: skip
            lines[left] = significant(rng.uniform(-size, size), digits, ROUND_HALF_EVEN)
            text = "\n".join(f"{name} = {value}" for name, value in lines.items())
            for judged in marked(exercise, text).judged:
                if exercise.steps.text(judged.answer.quantity) == left and not judged.good:
                    seen["wrong"] += 1
                    seen["diagnosed"] += bool(judged.diagnoses)
        share = seen["diagnosed"] / seen["wrong"]
        print(f"numbers by chance of {digits} digits: {dict(seen)}, {share:.2%} diagnosed")


def stock() -> None:
    """Print what stock answers earn of the steps at which they are not the true number."""
    for name, answers in STOCK.items():
        print(f"stock answers, {name}: {_earned(answers):.2%} of what is not true")


def _earned(answers: Callable[[Any, Mapping[str, Any]], list[str]]) -> float:
    earned: list[bool] = []
    for exercise, work in problems():
        asked = exercise.steps.asked
        right = {exercise.steps.text(step): exercise.truth(step) for step in asked}
        written = answers(right, work.problem.at)
        lines = [f"{left} = {answer}" for left, answer in zip(right, written, strict=True)]
        earned += [each.good for each in marked(exercise, "\n".join(lines)).judged if _is_off(each)]
    return sum(earned) / len(earned)


def _is_off(judged: Judged) -> bool:
    number = np.asarray(judged.number, float)
    alike = np.shape(number) == np.shape(judged.truth)
    return not (alike and np.allclose(number, judged.truth, rtol=5e-3))


def main() -> None:
    """Read the command line and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheets", type=int, default=20_000)
    parser.add_argument("--numbers", type=int, default=5_000)
    options = parser.parse_args()
    right_sheets(options.sheets)
    named_mistakes()
    chance(options.numbers)
    stock()


if __name__ == "__main__":
    main()
