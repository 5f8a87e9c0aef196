"""Shown working: every part of a chain is judged, and the first that is wrong is named."""

from __future__ import annotations

import random
import time

import pytest

import cgcli
from cgcli.homework.exercise import Exercise
from cgcli.homework.judging import Judged
from cgcli.homework.marking import mark
from cgcli.homework.sheets import read_sheets
from tests import amounts
from tests.homework.chains import SCALAR, chains
from tests.homework.tape import Work
from tests.homework.test_right_sheets import point

SHEETS = 3
POINTS = 4 if amounts.whole else 1
NOTICED = 0.98
"""Of wrong numbers that are put in so many are noticed: others are within what is rounded."""
SEED = ("p = x + y; g = p*z", {"x": 1, "y": 3, "z": -3})
NET = ("s = w*x + b; y = sigmoid(s); r = y - t; L = r^2", {"w": 0.5, "x": 2, "b": -0.4, "t": 1})
LAYER = ("z = W @ x; L = sum(z^2)/2", {"W": [[1, 2], [0, -1]], "x": [3, 1]})
SLOPES = ("y = tanh(s); e = y - t; L = sum(e^2)", {"s": [0.33, -0.4], "t": [0, 1]})
LOOP = ("h[0] = h0; for t in 0..1 { h[t+1] = w*h[t] + x[t] }; L = h[2]^2",
        {"h0": 1, "w": 0.5, "x": [1, 2]})  # fmt: skip


def judged(problem: tuple[str, dict[str, object]], sheet: str) -> dict[str, Judged]:
    program = cgcli.parse(problem[0])
    exercise = Exercise(program, program.evaluate(problem[1]))
    answers = mark(exercise, read_sheets(sheet, "a sheet")[0]).judged
    return {exercise.steps.text(each.answer.quantity): each for each in answers}


@pytest.mark.parametrize(
    ("line", "part", "mistakes"),
    [
        ("dg/dx = dg/dp * dp/dx = -3 * 1 = -3", "", []),
        ("p = x + y = 1 + 3 = 4", "", []),
        ("dg/dz = p = 4", "", []),
        ("dg/dz = x + y = 4", "", []),
        ("dg/dx = dg/dp * dp/dx = -3 * 1 = 3", "3", ["arithmetic", "sign-slip"]),
        ("p = x + y = 1 + 3 = 5", "5", ["arithmetic"]),
        ("p = 1 + 3 = 2 + 3 = 5", "2 + 3", ["arithmetic"]),
        ("p = x + y = 1 + 2 = 4", "1 + 2", []),
        ("p = x + y = 1 - 3 = -2", "1 - 3", ["sign-lost", "wrong-variable"]),
        ("p = x + z = 1 - 3 = 4", "x + z", ["sign-lost", "wrong-variable"]),
        ("dg/dx = dg/dp * dp/dz = -3 * 1 = -3", "dg/dp * dp/dz", []),
        ("dg/dx = dg/dp * dp/dx = -3 * 2 = -6 = -3", "-3 * 2", ["gradient-not-reset"]),
        ("p = 1 + 3 = 4 = 5", "5", ["arithmetic"]),
        ("dg/dz = 4 + 0 = 3 + 2 = 4", "3 + 2", ["arithmetic"]),
        ("dg/dz = x = 4", "x", ["sum-rule-on-product", "local-left-out", "other-variable"]),
        (r"$\frac{\partial g}{\partial y} = \frac{\partial g}{\partial p} z = -3$",
         "((∂ g)/(∂ p)) z", []),
    ],
)  # fmt: skip
def test_the_first_part_that_is_wrong_is_named(line: str, part: str, mistakes: list[str]) -> None:
    ((_, answer),) = judged(SEED, line).items()
    assert (answer.part, answer.mistakes) == (part, mistakes)
    assert answer.verdict == ("wrong" if part else "right")


@pytest.mark.parametrize(
    ("problem", "line", "part"),
    [
        (LAYER, "z = W x = [[1, 2], [0, -1]] [3, 1] = [5, -1]", ""),
        (LAYER, "z = W @ x = [1*3 + 2*1, 0*3 - 1*1] = [5, -1]", ""),
        (LAYER, "z = W @ x = [1*3 + 2*1, 0*3 + 1*1] = [5, -1]", "[1*3 + 2*1, 0*3 + 1*1]"),
        (LAYER, "z = W x = [3 + 2, -1] = [5, 1]", "[5, 1]"),
        (LAYER, "dL/dz = 2z = [5, -1]", "2z"),
        (LAYER, "dL/dx = W^T dL/dz = [[1, 0], [2, -1]] [5, -1] = [5, 11]", ""),
        (LAYER, "dL/dx = W.T @ z = [5, 11]", ""),
        (LAYER, "dL/dx = W' z = [5, 11]", ""),
        (LAYER, "dL/dx = W^T z", ""),
        (LAYER, "dL/dx = W z = [3, 1]", "W @ z"),
        (LAYER, "dL/dW = z x^T = [[15, 5], [-3, -1]]", ""),
        (LAYER, "dL/dW = np.outer(z, x) = [[15, 5], [-3, -1]]", ""),
        (LAYER, "dL/dW = x z^T = [[15, 5], [-3, -1]]", "outer(x, z)"),
        (LAYER, "dL/dW = [[5*3, 5*2], [-1*3, -1*1]] = [[15, 5], [-3, -1]]",
         "[[5*3, 5*2], [-1*3, -1*1]]"),
        (LAYER, "L = z^T z / 2 = (5^2 + (-1)^2)/2 = 13", ""),
        # A row times a column in one product, and a product that has another shape.
        (LAYER, "dL/dW = [5, -1] [3, 1]^T = [[15, 5], [-3, -1]]", ""),
        (LAYER, "dL/dx = dL/dz * W = [5, 11]", ""),
        (SLOPES, "y = tanh(s) = [tanh(0.33), tanh(-0.4)] = [0.3185, -0.3799]", ""),
        (SLOPES, "e = y - t = [0.3185, -0.3799] - [0, 1] = [0.3185, -0.6201]",
         "[0.3185, -0.6201]"),
        (SLOPES, "dL/ds = dL/dy * (1 - y^2) = [0.637, -2.76] * [0.8986, 0.8557] = [0.572, -2.36]",
         ""),
        (SLOPES, "dL/ds = dL/dy * (1 - y^2) = [0.637, -2.76] * [0.8986, 0.7557] = [0.572, -2.36]",
         "[0.637, -2.76] * [0.8986, 0.7557]"),
        (SLOPES, "dL/ds = dL/dy * y^2 = [0.572, -2.36]", "dL/dy * y^2"),
    ],
)  # fmt: skip
def test_vectors_and_matrices_are_judged_as_numbers_are(
    problem: tuple[str, dict[str, object]], line: str, part: str
) -> None:
    ((_, answer),) = judged(problem, line).items()
    assert (answer.verdict, answer.part) == ("wrong" if part else "right", part)


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        # With rounded numbers, more of them than are written, or fewer.
        (NET, "y = sigmoid(s) = sigmoid(0.6) = 0.646"),
        (NET, "y = 1/(1 + e^-0.6) = 0.646"),
        (NET, "dL/ds = dL/dy * y*(1 - y) = -0.71 * 0.65 * 0.35 = -0.162"),
        (NET, "dL/ds = -0.709 * 0.646 * 0.354 = -0.1621"),
        # Between h[2] and w stands h[1]: it moves along, or it is a factor of its own.
        (LOOP, "dL/dw = dL/dh2 * dh2/dw + dL/dh1 * dh1/dw = 5.5*1.5 + 2.75*1 = 11"),
        (LOOP, "dL/dw = dL/dh2 * (h1 + w*h0) = 11"),
        # In two ways, and not understood.
        (SEED, "dg/dz = 1/2p * 8 = 4"),
        (("f = u^2", {"u": -2}), "f = -2^2 = 4"),
        (("e = x - 1; f = exp(e)", {"x": 1.5}), "f = e^0.5 = 1.6487"),
        (("e = x - 1; f = e^2 + exp(x)", {"x": 3}), "f = e^2 + e^3.0 = 4 + 20.09 = 24.09"),
        (
            ("y = tanh(s); e = y - t", {"s": 0.74, "t": 1}),
            "y = (e^(2*0.74) - 1)/(e^(2*0.74) + 1) = (4.393 - 1)/(4.393 + 1) = 0.629",
        ),
        (("y = tanh(s); e = y - t", {"s": 0.74, "t": 1}), "dy/ds = sech²(s) = 0.604"),
        (("y = sin(s)", {"s": 0.74}), "dy/ds = cos s = cos 0.74 = 0.738"),
        (("y = sin(s); f = y^2", {"s": 0.74}), "df/ds = 2 sin s cos s = sin(2s) = 0.996"),
        (NET, "dL/ds = 2(y-t)·dy/ds = -0.162"),
        (SEED, "g = z(x+y) = -3(1 + 3) = -12"),
        (SEED, "g = pz = 4(-3) = -12"),
        (SEED, "g = p times z = -12"),
    ],
)
def test_a_part_that_may_be_right_is_not_wrong(
    problem: tuple[str, dict[str, object]], line: str
) -> None:
    assert [answer.verdict for answer in judged(problem, line).values()] == ["right"]


def test_the_parts_go_on_with_the_students_own_numbers() -> None:
    found = judged(SEED, "p = x + y = 5\ng = p*z = 5 * -3 = -15\ndg/dz = p = 5")
    assert {step: answer.verdict for step, answer in found.items()} == {
        "p": "wrong", "g": "follows", "dg/dz": "follows",
    }  # fmt: skip


def test_what_rounded_numbers_come_to_follows() -> None:
    """0.7087*0.6457*0.3543 is 0.16213, and with all digits it is 0.16214."""
    line = "dL/ds = -0.7087 * 0.6457 * 0.3543 = -0.16213"
    assert judged(NET, line)["dL/ds"].verdict == "follows"
    assert judged(NET, line.replace("0.3543", "0.3643"))["dL/ds"].verdict == "wrong"


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("dg/dp = z (= 3)", "3"),
        ("dg/dz = p [= 5]", "5"),
        ("dg/dz = x + y (≈ 5)", "5"),
        ("dg/dz = p (→ 5).", "5"),
        ("dg/dz = p (= x + y = 5)", "5"),
        ("dg/dz = 4 (= y)", "y"),
        ("dg/dx = dg/dp * dp/dx (= -2(1))", "-2*(1)"),
        ("dg/dp = z (= -3)", ""),
        ("dg/dz = p [= 4]", ""),
        ("dg/dz = p (= x + y)", ""),
        # Remarks: words, and a question of its own.
        ("dg/dz = 4 (= the value of p)", ""),
        ("dg/dx = z [z = -3]", ""),
    ],
)
def test_a_bracket_that_begins_with_a_sign_of_equality_goes_on(line: str, part: str) -> None:
    ((_, answer),) = judged(SEED, line).items()
    assert (answer.verdict, answer.part) == ("wrong" if part else "right", part)


@pytest.mark.parametrize("line", ["dg/dz = 4 (= -4)", "dg/dx = z = -3 (= 3)"])
def test_a_bracket_with_another_number_is_asked_back(line: str) -> None:
    assert not judged(SEED, line)


def test_a_bracket_may_round_the_number_before_it() -> None:
    """One digit is too few for an answer, and enough for a remark: y is 0.9817."""
    problem = ("y = x*w; L = y^2", {"x": 0.9817, "w": 1})
    for line in ("y = 0.9817 (≈ 1)", "dL/dy = 2y (≈ 2)", "dL/dy = 2y (= 1.963)"):
        assert [answer.verdict for answer in judged(problem, line).values()] == ["right"]
    (answer,) = judged(problem, "dL/dy = 2y (= 1.936)").values()
    assert (answer.verdict, answer.part) == ("wrong", "1.936")


@pytest.mark.parametrize(
    ("problem", "line", "part"),
    [
        # Numbers that come to the wrong result, however near they are to the right one.
        (NET, "s = 0.5*2 - 0.39 = 0.61", "0.5*2 - 0.39"),
        # A whole number is no rounded one where no number of the problem is near.
        (("p = x + y", {"x": 12, "y": 30}), "p = x + y = 12 + 31 = 42", "12 + 31"),
        (("p = x + y", {"x": 12, "y": 30.6}), "p = x + y = 12 + 31 = 43", ""),
        # A division, and no second answer.
        (("q = a/b; f = log(q)", {"a": 6, "b": 3}), "df/dq = 1 / q = 0.5", ""),
        (("q = a/b; f = log(q)", {"a": 6, "b": 3}), "q = 6 / b = 2", ""),
    ],
)
def test_what_is_put_in(problem: tuple[str, dict[str, object]], line: str, part: str) -> None:
    (answer,) = judged(problem, line).values()
    assert answer.part == part


def test_a_chain_may_go_on_over_lines() -> None:
    lines = "dg/dx = dg/dp * dp/dx\n= -3 * {}\n= -3"
    assert judged(SEED, lines.format(1))["dg/dx"].verdict == "right"
    wrong = judged(SEED, lines.format(2))["dg/dx"]
    assert (wrong.verdict, wrong.part) == ("wrong", "-3 * 2")


def marked(key: str, put: bool) -> tuple[int, int, list[str]]:
    """How many random chains of a problem were judged and good, and those that were not."""
    problem, rng = SCALAR[key], random.Random(key)
    count, good, faults = 0, 0, []
    for _ in range(POINTS):
        at, work = point(problem, rng)
        program = cgcli.parse(problem.text)
        exercise = Exercise(program, program.evaluate(at))
        for _ in range(SHEETS):
            lines = drawn(work, rng, put)
            marks = mark(exercise, read_sheets("\n".join(lines.values()), "a sheet")[0])
            found = {exercise.steps.text(each.answer.quantity): each for each in marks.judged}
            assert set(found) == set(lines)
            count += len(lines)
            good += sum(each.good for each in found.values())
            faults += [f"{at}: {lines[k]}" for k, each in found.items() if not each.good]
    return count, good, faults


def drawn(work: Work, rng: random.Random, put: bool) -> dict[str, str]:
    """Chains of a working, right or with a number too many put in and a right result."""
    if not put:
        return {left: chain.text(rng) for left, chain in chains(work, rng)}
    return {
        left: f"{chain.left} = 3/2*({chain.put_in}) = {chain.result}"
        for left, chain in chains(work, rng)
        if float(chain.result)
    }


@amounts.sampled
@pytest.mark.parametrize("key", SCALAR)
def test_a_right_chain_is_never_wrong(key: str) -> None:
    count, good, faults = marked(key, put=False)
    assert count > 0
    assert good == count, f"{count - good} chains of {key}\n" + "\n".join(faults[:10])


@amounts.sampled
def test_wrong_numbers_that_are_put_in_are_noticed() -> None:
    counts = [marked(key, put=True)[:2] for key in list(SCALAR)[::3]]
    assert sum(count for count, _ in counts) >= (300 if amounts.whole else 80)
    assert sum(good for _, good in counts) <= (1 - NOTICED) * sum(count for count, _ in counts)


@pytest.mark.parametrize("part", ["1 + 3", "dg/dx*dp/dx", "x*y*z", "4.0001"])
def test_long_chains_are_judged_in_a_moment(part: str) -> None:
    line = "p" + f" = {part}" * (9_000 // (len(part) + 3)) + " = 4"
    begun = time.process_time()
    judged(SEED, line)
    assert time.process_time() - begun < 2
