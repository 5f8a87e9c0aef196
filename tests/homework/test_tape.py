"""The oracle against central differences, which know no rule of differentiation."""

from __future__ import annotations

import numpy as np
import pytest

from tests.homework.problems import PROBLEMS
from tests.homework.tape import Problem, Work

H = 1e-5


def difference(problem: Problem, node: str, place: tuple[int, ...]) -> float:
    """How the output moves when one entry of one node is moved by hand."""
    ends = []
    for sign in (1, -1):
        moved = np.array(Work(problem).values[node])
        moved[place] += sign * H
        if problem.step(node) is None:
            work = Work(problem, {**problem.at, node: moved})
        else:
            work = Work(problem, slips={node: moved[()]})
        ends.append(float(work.values[problem.output]))
    return (ends[0] - ends[1]) / (2 * H)


@pytest.mark.parametrize("key", PROBLEMS)
@pytest.mark.parametrize("in_output", [False, True])
def test_gradients_against_central_differences(key: str, in_output: bool) -> None:
    problem = PROBLEMS[key]
    work = Work(problem, in_output=in_output)
    assert len(work.gradients) >= len(problem.steps)
    for node, gradient in work.gradients.items():
        assert np.shape(gradient) == np.shape(work.values[node])
        for place in np.ndindex(np.shape(gradient)):
            wanted = difference(problem, node, place)
            assert np.asarray(gradient)[place] == pytest.approx(wanted, rel=1e-6, abs=1e-8)


def test_points_are_generic() -> None:
    for problem in PROBLEMS.values():
        numbers = [abs(float(n)) for v in problem.at.values() for n in np.ravel(v)]
        assert len(set(numbers)) == len(numbers), problem.text
