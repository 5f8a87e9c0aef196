"""Verdicts, judged against what is known by other means."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import flint
import pytest
from flint import arb

import cgcli
from cgcli.calculus.certify import boundary_notes, precise, verify
from cgcli.calculus.judge import Finding, judge_float
from cgcli.calculus.leaves import exact_leaves
from cgcli.numbers.balls import BENT, INFINITY, UNSURE, VOID, Ball, ball
from tests.oracles.functions import DOMAIN, DOMAIN_BEHIND, KINKS, OVERFLOWS, Edge, Outside

CASES = Path(__file__).parent.parent / "cases"
PUBLISHED = [
    pytest.param(case, id=case["id"])
    for name in ("textbook", "backprop", "functions")
    for case in map(json.loads, (CASES / f"{name}.jsonl").read_text("utf-8").splitlines())
]


def named(test: Edge | Outside) -> str:
    return f"{test.text}-{list(test.at.values())}"


def gradients(text: str, at: Any) -> dict[str, str]:
    certificate = verify(cgcli.parse(text).evaluate(at))
    found = {name: certificate.gradients[node] for name, node in certificate.sources.items()}
    return {name: finding.verdict for name, finding in found.items() if finding}


@pytest.mark.parametrize("edge", KINKS, ids=named)
def test_kinks_are_told(edge: Edge) -> None:
    found = gradients(edge.text, edge.at)
    for name, slope in edge.gradient.items():
        if abs(slope) == float("inf") or slope != slope:
            assert found[name] == "undefined"
        elif edge.noted is False:
            assert found[name] == "certified"
    if edge.noted:
        assert set(found.values()) & {"kink", "undefined"}


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        ("floor([y, 2])[1]*y", {"y": "certified"}),
        ("p = log1p(y); where(p == p, p, z)", {"y": "certified", "z": "certified"}),
        ("sum(sign([y, 0]))*y", {"y": "certified"}),
        ("sum(floor([y, 2]*1))*y", {"y": "certified"}),
        ("sum([y, 2] == 2)*y", {"y": "certified"}),
        ("sum(where([y, 1] > 1, [y, 3], [y*y, 4]))", {"y": "certified"}),
        ("max([y, 4, 4])*y", {"y": "certified"}),
        ("max([y, 2.5, 1])*y", {"y": "kink"}),
        ("floor([y, z])[1]*y", {"y": "certified", "z": "kink"}),
        ("sum(floor([[y, 2], [z, 1]]) + z)*y", {"y": "certified", "z": "kink"}),
        ("sum(floor([z, y][1:]*2))*z", {"y": "kink", "z": "certified"}),
        ("floor([y, z][1])*y", {"y": "certified", "z": "kink"}),
        ("sum(floor([[y, z] @ [2, 0], 2]))*y", {"y": "kink", "z": "kink"}),
    ],
)
def test_a_kink_is_told_of_what_moves_there(text: str, verdicts: dict[str, str]) -> None:
    result = cgcli.parse(text).evaluate({"y": 2.5, **({"z": 2} if "z" in text else {})})
    certificate = verify(result)
    assert {name: certificate.verdict(result.sources[name]) for name in verdicts} == verdicts


@pytest.mark.parametrize("point", (*DOMAIN, *DOMAIN_BEHIND), ids=named)
def test_outside_the_domain_nothing_is_certified(point: Outside) -> None:
    assert set(gradients(point.text, point.at).values()) == {"undefined"}
    assert verify(cgcli.parse(point.text).evaluate(point.at)).failed


@pytest.mark.parametrize("edge", OVERFLOWS, ids=named)
def test_what_overflows_is_corrected(edge: Edge) -> None:
    certificate = verify(cgcli.parse(edge.text).evaluate(edge.at))
    assert certificate.verdict(certificate.of) == "corrected"
    assert not certificate.failed


@pytest.mark.parametrize("case", PUBLISHED)
def test_published_answers_are_certified(case: dict[str, Any]) -> None:
    """The answers of the cases were found by other programs, to 17 digits."""
    result = cgcli.parse(case["expr"]).evaluate(case["at"])
    certificate = verify(result)
    assert certificate.agreed
    value = certificate.values[certificate.of]
    assert value is not None
    if value.verdict == "certified" and not hasattr(value.shown, "shape"):
        slack = value.bound + 1e-15 * abs(float(case["value"]))
        assert abs(float(value.shown) - float(case["value"])) <= slack
    # A gradient that cancels to exactly 0 is the one thing that may be corrected.
    for name, node in certificate.sources.items():
        finding = certificate.gradients[node]
        if finding is not None and finding.verdict == "corrected":
            assert "0" in [str(s) for s in getattr(finding.shown, "flat", [finding.shown])], name


def test_where_the_line_is_drawn() -> None:
    near, far = 1 + 2.0**-41, 1 + 2.0**-39
    assert judge_float(near, ball(1)) == Finding("certified", near, 2.0**-41)
    assert judge_float(far, ball(1)) == Finding("corrected", "1", None)
    assert judge_float(5e-324, ball(0)) == Finding("certified", 5e-324, 5e-324)
    assert judge_float(1e-323, ball(0)) == Finding("corrected", "0", None)
    assert judge_float(float("nan"), ball(2)) == Finding("corrected", "2", None)
    assert judge_float(float("inf"), INFINITY) == Finding("certified", float("inf"), 0.0)
    assert judge_float(1.0, INFINITY) == Finding("undefined", 1.0, None)
    assert judge_float(1.0, VOID) == Finding("undefined", 1.0, None)


def test_a_kink_keeps_its_verdict_and_gets_its_number() -> None:
    bent = Ball(arb(1), flint.fmpq(1), BENT)
    assert judge_float(1.0, bent) == Finding("kink", 1.0, 0.0)
    assert judge_float(0.5, bent) == Finding("kink", "1", None)


def test_what_is_not_known_waits_for_more_bits() -> None:
    with flint.ctx.workprec(53):
        third = ball(Fraction(1, 3))
        unknown = Ball(third.value, None)
        wide = Ball(arb(0, 1))
    assert judge_float(1 / 3, unknown) == Finding(
        "certified", 1 / 3, pytest.approx(3e-17, abs=5e-17)
    )
    assert judge_float(0.0, wide) is None
    assert judge_float(1.0, Ball(arb(1), flint.fmpq(1), UNSURE)) is None
    assert judge_float(1.0, Ball(arb("nan"))) is None


def test_a_number_that_only_looks_zero_is_unsettled() -> None:
    certificate = verify(cgcli.parse("abs(tan(x)*cos(x) - sin(x))").evaluate(x=1))
    assert certificate.verdict(0) == "unsettled"
    assert certificate.failed
    assert certificate.bits == 8192


def test_precision_is_raised_as_far_as_it_takes() -> None:
    assert verify(cgcli.parse("sin(x)").evaluate(x=1)).bits == 128
    assert verify(cgcli.parse("(1 + x) - 1 + exp(-300)").evaluate(x=1e-200)).bits >= 512
    assert verify(cgcli.parse("sin(x)").evaluate(x=1), 64).bits == 64


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("x + log(-1)", {"x": 1}),
        ("sum(x) + log(0)", {"x": [1, 2]}),
        ("x + 1/(y - y)", {"x": 1, "y": 1}),
    ],
)
def test_what_has_no_value_has_no_certified_gradient(text: str, at: dict[str, Any]) -> None:
    result = cgcli.parse(text).evaluate(at)
    certificate = verify(result)
    assert certificate.failed
    for node in result.sources.values():
        assert certificate.verdict(node) == "undefined"


def test_an_element_without_a_value_has_no_certified_derivatives() -> None:
    certificate = verify(cgcli.parse("[x + log(-1), x]").evaluate(x=1))
    assert certificate.jacobian is not None
    assert certificate.jacobian["x"].verdict == "undefined"


def test_a_gradient_that_is_not_known_has_no_note_on_a_corner() -> None:
    text = (
        "h[2] = y; for t in 2..1 by -1 { h[t-1] = where(h[t] > z, h[t] - 1, h[t] + x) } "
        "s = h[0]; atan2(y, x - s)"
    )
    program, point = cgcli.parse(text), {"z": "-2", "x": "0.25", "y": "-2"}
    graph = program.graph()
    result = program.evaluate({name: float(value) for name, value in point.items()})
    certificate = precise(result, exact_leaves(graph, point), 25, 256)
    assert certificate.verdict(result.sources["x"]) == "unsettled"
    assert not boundary_notes(result, certificate)
