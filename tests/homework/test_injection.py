"""One mistake at one step of right working: where it is found, and under which names."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.amounts import portion, sampled, whole
from tests.homework.adapter import mark, mark_many
from tests.homework.injection import MISTAKES, Injection, Sheet, injections, number, sheet
from tests.homework.problems import PROBLEMS
from tests.homework.tape import Problem, Work

SHEETS = max(4, portion(12))
"""The most that are tried of one mistake in one program."""


def sheets_with(mistake: str) -> Iterator[tuple[Problem, list[Sheet]]]:
    for key, problem in list(PROBLEMS.items())[:: 1 if whole else 2]:
        rng = random.Random(f"{mistake} in {key}")
        found = injections(problem, mistake)
        found = rng.sample(found, min(SHEETS, len(found)))
        made = [sheet(problem, each, in_output=rng.random() < 0.5) for each in found]
        yield problem, [each for each in made if each is not None]


EVERYWHERE = ("sign-slip", "rounding", "value-for-gradient", "reciprocal-derivative")


def lines(made: Sheet) -> list[str]:
    return [f"{left} = {answer}" for left, answer in made.lines.items()]


@sampled
@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_first_wrong_step_is_found_and_its_mistake_named(mistake: str) -> None:
    named: list[bool] = []
    faults = []
    unnamed = []
    for problem, made in sheets_with(mistake):
        texts = ["\n".join(lines(each)) for each in made]
        for each, text, marked in zip(
            made, texts, mark_many(problem.text, problem.at, texts), strict=True
        ):
            told = f"{problem.text}\n{dict(problem.at)}\n{text}\nat {each.wrong}: "
            if marked.first_wrong != each.wrong:
                faults.append(f"{told}first wrong {marked.first_wrong}")
            elif marked.verdicts != each.verdicts:
                wanted = {k: v for k, v in each.verdicts.items() if marked.verdicts.get(k) != v}
                found = {k: marked.verdicts.get(k) for k in wanted}
                faults.append(f"{told}wanted {wanted}, found {found}")
            else:
                found = marked.mistakes[each.wrong]
                named.append(mistake in found)
                if not named[-1]:
                    unnamed.append(f"{told}named {found}")
    assert not faults, f"{len(faults)} sheets:\n" + "\n\n".join(faults[:3])
    assert len(named) >= 3
    assert sum(named) >= 0.95 * len(named), f"{len(unnamed)} of {len(named)}:\n" + "\n\n".join(
        unnamed[:3]
    )


@sampled
@pytest.mark.parametrize("key", PROBLEMS)
def test_what_is_left_out_is_filled_from_the_wrong_number(key: str) -> None:
    problem = PROBLEMS[key]
    rng = random.Random(key)
    found = [each for mistake in MISTAKES for each in injections(problem, mistake)]
    kept = []
    for each in rng.sample(found, min(max(8, portion(40)), len(found))):
        made = sheet(problem, each, in_output=rng.random() < 0.5)
        if made is not None:
            left_out = rng.sample(list(made.lines), rng.randint(0, len(made.lines) - 1))
            kept.append((made, [left for left in left_out if left != made.wrong]))
    texts = [
        "\n".join(f"{k} = {v}" for k, v in made.lines.items() if k not in left_out)
        for made, left_out in kept
    ]
    for (made, left_out), text, marked in zip(
        kept, texts, mark_many(problem.text, problem.at, texts), strict=True
    ):
        wanted = {k: v for k, v in made.verdicts.items() if k not in left_out}
        assert marked.verdicts == wanted, (problem.text, problem.at, text, made.wrong)
        assert set(left_out) <= set(marked.missing)


def disturbed(made: Sheet, rng: random.Random) -> str:
    """The same answers in another order, with blanks, comments and empty lines between them."""
    blank = lambda: rng.choice(["", "", " ", "  ", "\t", " \t "])
    shuffled = list(made.lines.items())
    rng.shuffle(shuffled)
    text = rng.choice(["", "\n", "# of a student\n", " \t\n"])
    for left, answer in shuffled:
        line = f"{blank()}{left}{blank()}={blank()}{answer.replace(', ', f',{blank()}')}{blank()}"
        text += line + rng.choice(["\n", "\n\n", f"# so {left} = 1\n", " # ?\n", "\r\n"])
    return text


@sampled
@pytest.mark.parametrize("key", PROBLEMS)
def test_order_blanks_and_comments_carry_no_meaning(key: str) -> None:
    problem = PROBLEMS[key]
    rng = random.Random(key)
    found = [each for mistake in MISTAKES for each in injections(problem, mistake)]
    chosen = rng.sample(found, min(max(4, portion(20)), len(found)))
    made = [sheet(problem, each) for each in chosen]
    plain = [each for each in made if each is not None]
    texts = ["\n".join(lines(each)) for each in plain]
    others = [disturbed(each, rng) for each in plain]
    for wanted, marked in zip(
        mark_many(problem.text, problem.at, texts),
        mark_many(problem.text, problem.at, others),
        strict=True,
    ):
        assert marked.verdicts == wanted.verdicts
        assert marked.first_wrong == wanted.first_wrong
        assert marked.mistakes == wanted.mistakes
        assert sorted(marked.missing) == sorted(wanted.missing)


def test_a_sheet_is_marked_alike_alone_and_among_others() -> None:
    for key in ("seed", "network", "recurrence"):
        problem = PROBLEMS[key]
        made = [sheet(problem, injections(problem, mistake)[0]) for mistake in EVERYWHERE]
        texts = ["\n".join(lines(each)) for each in made if each is not None]
        alone = [mark(problem.text, problem.at, text) for text in texts]
        assert mark_many(problem.text, problem.at, texts) == alone
        assert mark_many(problem.text, problem.at, texts[::-1]) == alone[::-1]


# These two look at answers that come after the step, and those change with it.
LOOKING_AHEAD = ("gradient-for-value", "wrong-variable")


def below(problem: Problem, first: Injection, second: Injection) -> bool:
    """Whether the second answer is worked from the first, and both stand on one sheet."""
    one, other = (each.left.rpartition("/d")[2] for each in (first, second))
    if "/d" in second.left:
        return "/d" not in first.left or (one != other and other in problem.below(one))
    return "/d" not in first.left and one != other and one in problem.below(other)


def two_mistakes(problem: Problem, rng: random.Random) -> Iterator[tuple[str, str, Sheet]]:
    """The name and the left side of the second mistake, and the sheet with both."""
    found = [each for mistake in MISTAKES for each in injections(problem, mistake)]
    full = len(Work(problem).answers)
    for first in rng.sample(found, min(3 * SHEETS, len(found))):
        work = Work(problem, slips={first.left: number(first.slip)})
        if len(work.answers) < full:
            continue
        mistake = rng.choice([name for name in MISTAKES if name not in LOOKING_AHEAD])
        second = [
            each for each in injections(problem, mistake, work) if below(problem, first, each)
        ]
        if not second:
            continue
        chosen = rng.choice(second)
        made = sheet(problem, first, chosen)
        if made is not None and list(made.verdicts.values()).count("wrong") == 2:
            yield mistake, chosen.left, made


@sampled
def test_a_second_mistake_is_found_from_the_first_wrong_number() -> None:
    named = []
    for key, problem in PROBLEMS.items():
        made = list(two_mistakes(problem, random.Random(key)))
        texts = ["\n".join(lines(each)) for _, _, each in made]
        for (mistake, left, each), marked in zip(
            made, mark_many(problem.text, problem.at, texts), strict=True
        ):
            assert marked.first_wrong == each.wrong
            assert marked.verdicts == each.verdicts, (problem.text, each.lines, each.wrong, left)
            named.append(mistake in marked.mistakes[left])
    assert len(named) >= portion(200)
    assert sum(named) >= 0.95 * len(named), (sum(named), len(named))
