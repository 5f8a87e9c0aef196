"""The table of mistakes: its examples, and that it is a table."""

from __future__ import annotations

from types import ModuleType

import pytest

from cgcli.homework.mistakes import rules, slips, table, tensors
from cgcli.homework.mistakes.row import Mistake
from cgcli.homework.mistakes.table import MISTAKES
from cgcli.resource import read_toml
from tests.homework.adapter import exercise, mark

ROWS = {row.name: row for row in MISTAKES}


@pytest.mark.parametrize("row", MISTAKES, ids=ROWS)
def test_the_example_of_a_row_is_that_mistake(row: Mistake) -> None:
    program, at, question, answer = row.example
    marked = mark(program, at, f"{question} = {answer}")
    assert marked.verdicts == {question: "wrong"}
    assert row.name in marked.mistakes[question]


@pytest.mark.parametrize("row", MISTAKES, ids=ROWS)
def test_a_row_has_numbers_and_words_for_what_it_is_made_at(row: Mistake) -> None:
    anywhere = row.slip or row.in_chain
    at_gradient = row.at_use or row.at_above or row.at_gradient
    assert at_gradient or row.at_value or anywhere
    assert bool(row.words) == bool(at_gradient or anywhere)
    assert bool(row.value_words) == bool(row.at_value or anywhere)


@pytest.mark.parametrize("module", [rules, slips, tensors])
def test_what_a_mistake_gives_is_in_the_table(module: ModuleType) -> None:
    rows = read_toml(table.__package__, "mistakes.toml")["mistakes"]
    named = {row[kind] for row in rows for kind in table._NAMED if kind in row}
    made = {
        name
        for name, value in vars(module).items()
        if name[0] != "_" and getattr(value, "__module__", "") == module.__name__
    }
    assert made <= named


def test_each_row_has_a_name_of_its_own() -> None:
    assert len(ROWS) == len(MISTAKES)


@pytest.mark.parametrize("row", MISTAKES, ids=ROWS)
def test_the_right_answer_of_an_example_is_right(row: Mistake) -> None:
    program, at, question, _ = row.example
    problem = exercise(program, at)
    for step in problem.steps.asked:
        if problem.steps.text(step) == question:
            truth = problem.truth(step)
            whole = truth.tolist() if hasattr(truth, "tolist") else float(truth)
            assert mark(program, at, f"{question} = {whole}").verdicts == {question: "right"}
            return
    pytest.fail(f"{question} is no step of {program}")


def test_mistakes_of_the_mean_of_a_number() -> None:
    marks = mark("m = mean(x); f = m^2", {"x": 3}, "m = 3\nf = 9\ndf/dm = 7\ndf/dx = 7")
    assert marks.verdicts == {"m": "right", "f": "right", "df/dm": "wrong", "df/dx": "follows"}
