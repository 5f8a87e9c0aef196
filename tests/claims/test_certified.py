"""What docs/certified.md says and no other test holds."""

from __future__ import annotations

import dataclasses
import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cgcli
from cgcli.calculus.agreement import DisagreementError
from cgcli.calculus.certify import Certificate, verify
from cgcli.calculus.judge import MOST_BITS, VERDICTS
from cgcli.operations.row import Operation
from cgcli.operations.table import OPERATIONS
from tests.oracles.functions import ELEMENTWISE
from tests.properties import test_certified_graphs as graphs

pytest.importorskip("flint")


def verified(text: str, **at: Any) -> Certificate:
    return verify(cgcli.parse(text).evaluate(at))


def value_verdict(text: str, **at: Any) -> str:
    certificate = verified(text, **at)
    finding = certificate.values[certificate.of]
    assert finding is not None
    return finding.verdict


def digits(cgraph: Any, text: str, *words: str) -> str:
    return str(json.loads(cgraph("eval", text, *words, "--precision", "5", "--json").out)["value"])


def test_numbers_are_the_doubles_that_they_are_read_as() -> None:
    """0.1 + 0.2 - 0.3 is 0 of the digits, and 2^-54 less a part of it of the doubles."""
    certificate = verified("x + 0.2 - 0.3", x=0.1)
    true = Fraction(0.1) + Fraction(0.2) - Fraction(0.3)
    finding = certificate.values[certificate.of]
    assert finding is not None
    assert finding.verdict == "corrected"
    assert Fraction(finding.shown) == pytest.approx(true, rel=1e-16)
    certificate = verified("sin(pi)")
    finding = certificate.values[certificate.of]
    assert finding is not None
    assert finding.verdict == "certified"
    assert finding.shown == pytest.approx(1.2246467991473532e-16, rel=1e-12)


def test_the_bound_is_the_distance() -> None:
    """Of a third the double is off by a third of 2^-54, to the digits that a bound has."""
    certificate = verified("x/3", x=1.0)
    finding = certificate.values[certificate.of]
    assert finding is not None
    distance = abs(Fraction(1 / 3) - Fraction(1, 3))
    assert distance <= finding.bound <= distance * Fraction(11, 10)


def test_a_node_has_the_worse_verdict() -> None:
    for text, x in (("abs(x)", 0.0), ("log(x)", -1.0), ("(1 + x) - 1", 1e-20), ("sqrt(x)", 0.0)):
        certificate = verified(text, x=x)
        for node in range(len(certificate.graph)):
            both = (certificate.values[node], certificate.gradients[node])
            worst = max(VERDICTS.index(each.verdict) for each in both if each)
            assert certificate.verdict(node) == VERDICTS[worst]
    assert VERDICTS[-5:] == ("certified", "corrected", "kink", "undefined", "unsettled")


@pytest.mark.parametrize(
    "text",
    ["x < 1", "x > y", "max(x, y)", "min(x, y)", "clip(y, 0, x)", "where(x > 3, 1, 2)", "floor(x)",
     "-x", "x + 1", "x - y", "exp(-x)", "abs(x)"],
)  # fmt: skip
def test_infinities_that_were_given(text: str) -> None:
    given = {"x": math.inf, **({"y": 3.0} if "y" in text else {})}
    assert value_verdict(text, **given) == "certified"


@pytest.mark.parametrize("text", ["2*x", "1/x", "exp(x)", "tanh(x)", "x - x", "0*x", "sin(x)"])
def test_most_of_what_is_computed_from_infinity_is_undefined(text: str) -> None:
    assert value_verdict(text, x=math.inf) == "undefined"


@pytest.mark.parametrize("text", ["log(x) < 1", "log(x) == 1", "0*log(x)", "max(log(x), 1)"])
def test_what_follows_from_undefined_is_undefined(text: str) -> None:
    assert value_verdict(text, x=-1.0) == "undefined"


def test_negative_zero_is_zero() -> None:
    assert value_verdict("-x", x=0.0) == value_verdict("x", x=-0.0) == "certified"
    assert value_verdict("1/x", x=-0.0) == value_verdict("1/x", x=0.0) == "undefined"
    assert verified("atan2(x, -1)", x=-0.0).verdict(0) in ("kink", "undefined")


def test_a_tie_goes_to_the_even_digit(cgraph: Any) -> None:
    assert digits(cgraph, "x", "x=1.000005") == "1.0000"
    assert digits(cgraph, "x", "x=1.00015") == "1.0002"
    assert digits(cgraph, "x", "x=1.00005") == "1.0000"
    assert digits(cgraph, "x", "x=1.000051") == "1.0001"


def test_half_and_near_a_half(cgraph: Any) -> None:
    assert digits(cgraph, "x/2", "x=1") == "0.5"
    assert digits(cgraph, "x/2 + 1e-30", "x=1") == "0.50000"


def test_arrays_of_files_are_doubles(cgraph: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("0.1\n")
    np.save(tmp_path / "x.npy", np.array([0.1]))
    for name in ("x.csv", "x.npy"):
        words = ("eval", "sum(x)", f"x=@{tmp_path / name}", "--precision", "25", "--json")
        assert json.loads(cgraph(*words).out)["value"] == "0.1000000000000000055511151"


def test_rationals_are_kept(cgraph: Any) -> None:
    assert digits(cgraph, "1/3*3 - 1 + x", "x=0") == "0"
    found = json.loads(
        cgraph("eval", "max(0.1 + 0.2, x)", "x=0.3", "--precision", "5", "--json").out
    )
    assert found["gradient"] == {"x": "0.5"}


def test_how_many_bits_there_are(cgraph: Any) -> None:
    """What no number of digits settles is tried to the end."""
    text = "sin(x)^2 + cos(x)^2 - 1"

    def bits(*words: str) -> int:
        found = json.loads(cgraph("eval", text, "x=1", "--json", *words).out)
        return int(found["proof"]["bits"])

    assert bits("--precision", "5") == MOST_BITS == 8192
    assert bits("--precision", "5", "--max-precision", "300") == 300
    needed = math.ceil(2000 * math.log2(10)) + 64
    assert bits("--precision", "2000") == 2 * needed
    long = "sum(x^2 - x*x) + sin(y)^2 + cos(y)^2 - 1"
    result = cgcli.parse(long).evaluate(x=np.full(2_000, 0.5), y=1.0)
    assert verify(result).bits < 8192


def test_how_many_digits_there_may_be(cgraph: Any) -> None:
    found = json.loads(cgraph("eval", "sin(x)", "x=0.3", "--precision", "10000", "--json").out)
    assert len(found["value"]) == 10_002
    ran = cgraph("eval", "sin(x)", "x=0.3", "--precision", "10001")
    assert ran.status == 2
    assert "--precision is a whole number from 1 to 10,000" in ran.err


@pytest.mark.parametrize("size", [1e-150, 1.0, 1e150])
def test_small_gradients_are_checked_as_closely_as_large_ones(size: float) -> None:
    """An error of one part in 1e9 in what is sent shows, however small or large that is."""
    result = cgcli.parse("tanh(x)*y + z").evaluate(x=0.5, y=size, z=1.0)
    assert verify(result).agreed
    node = next(n for n, row in enumerate(result.graph.operations) if row.name == "tanh")
    result.graph.operations[node] = slipped(OPERATIONS["tanh"])
    with pytest.raises(DisagreementError):
        verify(result)


def slipped(row: Operation) -> Operation:
    partials: Any = row.partials
    wrong = lambda m, *of: partials[0](m, *of) * m.number(1 + 1e-9)
    return dataclasses.replace(row, partials=(wrong,))


def test_the_document_tells_the_proof(cgraph: Any) -> None:
    found = json.loads(cgraph("eval", "sin(x)*y", "x=0.5", "y=2", "--verify", "--json").out)
    assert found["proof"]["bits"] == 128
    assert found["proof"]["agreed"] is True
    for node in found["nodes"]:
        assert node["verdict"] == "certified"
        assert node["value_bound"] >= 0
        assert node["grad_bound"] >= 0


def test_near_a_kink_is_no_kink() -> None:
    for x in (1e-300, -1e-300):
        certificate = verified("abs(x)", x=x)
        assert certificate.verdict(0) == "certified"
    assert verified("sqrt(x)", x=5e-324).verdict(0) != "undefined"
    assert verified("where(x > 1, x, 2)", x=1 + 2.0**-52).verdict(0) == "certified"


def test_how_many_random_programs_are_proved() -> None:
    assert graphs.BLOCKS * graphs.BLOCK == 20_000


def test_a_million_others_are_tried(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.getoption("--long-graphs") == 1_000_000


def test_every_function_is_compared_with_mpmath() -> None:
    elementwise = {word for row in OPERATIONS.values() if row.elementwise for word in row.words}
    assert elementwise <= set(ELEMENTWISE)
