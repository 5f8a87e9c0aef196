"""Proofs from the library: what mpmath says, and what the command prints."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

import cgcli
from tests.documents import validate

pytest.importorskip("flint")


@pytest.mark.parametrize("precision", [5, 40])
def test_digits_are_those_of_mpmath(precision: int) -> None:
    proof = cgcli.parse("exp(x*y)/3 + sin(y)").verify(x=Fraction(1, 7), y=2, precision=precision)
    with mpmath.workdps(precision + 20):
        x, y = mpmath.mpf(1) / 7, mpmath.mpf(2)
        by_x, by_y = y * mpmath.exp(x * y) / 3, x * mpmath.exp(x * y) / 3 + mpmath.cos(y)
        truths = {"x": by_x, "y": by_y}
        assert proof.gradient is not None
        for name, truth in truths.items():
            distance = abs(mpmath.mpf(proof.gradient[name]) - truth)
            assert distance <= abs(truth) * mpmath.mpf(10) ** (1 - precision)
        assert abs(mpmath.mpf(proof.value) - mpmath.exp(x * y) / 3 - mpmath.sin(y)) < 10 ** (
            1 - mpmath.mpf(precision)
        )
    assert proof.complete
    assert set(proof.verdicts.values()) == {"proved"}


def test_it_is_what_the_command_prints(cgraph: Any) -> None:
    for text, at, options in (
        ("(1 + x) - 1", {"x": 0.5}, {}),
        ("abs(x) + y", {"x": 0, "y": 1}, {"precision": 12}),
        ("sin(x)*y", {"x": 1, "y": 2}, {"wrt": ["y"], "precision": 30}),
        ("p = x*x; log(p)", {"x": 0}, {"of": "p", "max_precision": 64}),
    ):
        proof = cgcli.parse(text).verify(at, **options)
        words = [f"{name}={value}" for name, value in at.items()]
        for name, value in options.items():
            shown = ",".join(value) if isinstance(value, list) else value
            words += [f"--{name.replace('_', '-')}", str(shown)]
        words += [] if "precision" in options else ["--verify"]
        document = json.loads(json.dumps(proof.to_dict()))
        assert document == json.loads(cgraph("eval", text, *words, "--json").out)
        assert str(proof) == cgraph("eval", text, *words).out
        assert proof._repr_html_().startswith("<pre")
        validate(document, "eval")


def test_a_jacobian_and_what_is_not_known() -> None:
    proof = cgcli.parse("tanh(W @ x)").verify(W=np.eye(2), x=(0, 1), precision=4)
    assert (proof.gradient, proof.value.tolist()) == (None, ["0", "0.7616"])
    assert proof.jacobian is not None
    assert proof.jacobian["x"].tolist() == [["1", "0"], ["0", "0.4200"]]
    nothing = cgcli.parse("log(x)").verify(x=-1)
    assert not nothing.complete
    assert nothing.verdicts == {"x": "undefined", "f": "undefined"}
    assert [note.kind for note in nothing.result.notes] == ["domain"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": 0}, "precision is a whole number from 1 to 10,000, not 0"),
        ({"precision": "30"}, "precision is a whole number from 1 to 10,000, not '30'"),
        ({"max_precision": 8}, "max_precision is a whole number from 64 to 1,000,000, not 8"),
        ({"x": 1, "q": 3}, "'q' is bound, but the program does not use it"),
        ({"x": "1"}, "the value of 'x' cannot be used: str is not a number"),
    ],
)
def test_what_cannot_be_used(options: dict[str, Any], message: str) -> None:
    with pytest.raises(cgcli.CgraphError) as raised:
        cgcli.parse("2*x").verify(**({"x": 1} | options))
    assert raised.value.message == message
