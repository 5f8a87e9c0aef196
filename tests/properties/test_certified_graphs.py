"""Both proofs of every gradient, on random programs: the rules over balls, and power series.

20,000 programs are proved in every run, in blocks that the processes share. `--long` proves
1,000,000 others, or as many as `--long-graphs N` says: CI takes a sample.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import flint
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from mpmath import mp

import cgcli
from cgcli.calculus.agreement import Agreement
from cgcli.calculus.certify import precise, verify
from cgcli.calculus.judge import VERDICTS
from cgcli.calculus.leaves import double_leaves, exact_leaves
from cgcli.calculus.proved import BallSweep
from cgcli.numbers.balls import ball
from tests.amounts import portion, sampled
from tests.properties.graphs import random_program
from tests.properties.programs import (
    DIGITS,
    MpBackend,
    NearEdgeError,
    Program,
    check_point,
    programs,
)

BLOCKS, BLOCK = 20, 1000


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Deal the programs of the long group out in blocks."""
    if "long_block" in metafunc.fixturenames:
        graphs = metafunc.config.getoption("--long-graphs")
        metafunc.parametrize("long_block", range(-(-graphs // BLOCK)))


def prove(seed: int) -> str:
    """Prove one random program both ways; return what came of it. A fault raises."""
    text, bindings = random_program(random.Random(seed))
    graph = cgcli.parse(text).graph(bindings)
    with flint.ctx.workprec(128):
        leaves = exact_leaves(graph, bindings)()
        values = BallSweep(graph).forward(leaves)
        active = graph.dependents(graph.inputs.values())
        gradients = BallSweep(graph, values).backward(graph.output, active, ball(1))
        agreed = Agreement(graph, graph.output, active, []).check(leaves, values, gradients)
    output = values[graph.output]
    if output.flags or not output.value.is_finite():
        return "no number"
    return "agreed" if agreed else "not decided"


def prove_block(first: int) -> None:
    met = Counter(prove(seed) for seed in range(first, first + BLOCK))
    # What 128 bits cannot decide is rare, and outputs that are no numbers are not too many.
    assert met["agreed"] > 0.8 * BLOCK, met


@sampled
@pytest.mark.parametrize("block", range(portion(BLOCKS)))
def test_both_proofs_meet(block: int) -> None:
    prove_block(block * BLOCK)


@pytest.mark.long
def test_both_proofs_meet_on_many_more(long_block: int) -> None:
    prove_block((1_000_000 + long_block) * BLOCK)


@sampled
@pytest.mark.parametrize("block", range(portion(10)))
def test_verdicts_hold_at_more_bits(block: int) -> None:
    """What is certified lies within its bound, as balls of four times the bits see it."""
    for seed in range(block * 40, block * 40 + 40):
        text, bindings = random_program(random.Random(-1 - seed))
        result = cgcli.parse(text).evaluate(bindings)
        certificate = verify(result, 1024)
        assert {certificate.verdict(n) for n in range(len(result.graph))} <= set(VERDICTS)
        with flint.ctx.workprec(4096):
            leaves = double_leaves(result.graph, result.values)()
            values = BallSweep(result.graph).forward(leaves)
            gradients = BallSweep(result.graph, values).backward(result.of, result.active, ball(1))
            for node in range(len(result.graph)):
                _hold(certificate.values[node], result.values[node], values[node])
                if gradients[node] is not None and result.active[node]:
                    _hold(certificate.gradients[node], result.grad(node), gradients[node])


def _hold(finding: Any, number: Any, truth: Any) -> None:
    """A certified float is within its bound, and a decimal in its place is the nearest."""
    truths = list(truth.flat) if hasattr(truth, "flat") else [truth]
    floats = np.asarray(number, dtype=float).reshape(-1).tolist()
    shown = list(np.asarray(finding.shown, dtype=object).reshape(-1))
    bounds = list(np.asarray(finding.bound, dtype=object).reshape(-1))
    for real, was, text, bound in zip(truths, floats, shown, bounds, strict=True):
        if bound is not None and abs(was) != float("inf"):
            assert not abs(real.value - flint.arb(was)) > flint.arb(bound), (was, real, bound)
        if isinstance(text, str) and text.lstrip("-") != "Infinity":
            digit = flint.arb(text) - real.value
            assert abs(digit) <= abs(real.value) * flint.arb("1e-16"), (text, real)


@sampled
@settings(
    max_examples=portion(150), deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
@given(program=programs())
def test_thirty_digits_are_those_of_mpmath(program: Program) -> None:
    """Of whole programs, with functions, loops and arrays: every digit but the last is the same."""
    assume(program.bindings)
    try:
        check_point(program)
    except NearEdgeError:
        assume(False)
    with mp.workdps(DIGITS):
        values = {
            name: np.vectorize(mp.mpf, otypes=[object])(v) for name, v in program.bindings.items()
        }
        want = np.asarray(program.evaluate(values, MpBackend(guarded=True))).item()
    result = cgcli.parse(program.text).evaluate(program.bindings)
    graph = result.graph
    # The oracle reads literals as doubles, and so they are taken here.
    leaves = double_leaves(graph, result.values)
    found = precise(result, leaves, 30)
    assert found.agreed
    value = found.values[graph.output]
    assert value is not None
    if value.verdict == "unsettled":
        # What is 0 only in truth has no first digit.
        assert abs(want) < 1e-40
        return
    assert value.verdict == "proved"
    with mp.workdps(DIGITS):
        # mpmath rounds at 60 digits in every operation, and differences cancel.
        assert abs(mp.mpf(value.shown) - want) <= abs(want) * mp.mpf("5.1e-30") + mp.mpf("1e-45")
