"""Every option that buys work has an upper bound."""

from __future__ import annotations

from typing import Any

import pytest

EVAL = ("eval", "x + 1", "x=1")
TRAIN = ("train", "(w*x - y)^2", "-d", "missing.csv", "w=0")
BOUNDED = [
    (EVAL, "--max-precision", 1_000_001),
    (EVAL, "--precision", 10_001),
    (EVAL, "--max-bits", 10_000_001),
    (EVAL, "--max-nodes", 1_000_000_001),
    (EVAL, "--max-depth", 1_000_000_001),
    (EVAL, "--rows", 2**63),
    (EVAL, "--digits", 18),
    (("diff", "sin(x)", "x=1"), "--order", 21),
    (("draw", "x + 1", "x=1"), "--frame", 2**63),
    (("sheet", "x + 1"), "--seed", 2**63),
    *((TRAIN, option, 2**63) for option in ("--epochs", "--steps", "--seed", "--trace")),
    *((TRAIN, option, 2**63) for option in ("--every", "--warmup", "--patience", "--batch")),
]


@pytest.mark.parametrize(
    ("arguments", "option", "value"), BOUNDED, ids=[f"{a[0]} {o}" for a, o, _ in BOUNDED]
)
def test_more_than_there_may_be_is_refused(
    cgraph: Any, arguments: tuple[str, ...], option: str, value: int
) -> None:
    ran = cgraph(*arguments, option, str(value))
    assert ran.status == 2
    assert option in ran.err
    assert "missing.csv" not in ran.err
    assert str(value) in ran.err


@pytest.mark.parametrize("value", ["1e999", "-1", "nan", "inf", "1.5", ""])
@pytest.mark.parametrize("option", ["--max-precision", "--precision", "--max-nodes", "--rows"])
def test_what_is_no_count_is_refused(cgraph: Any, option: str, value: str) -> None:
    ran = cgraph(*EVAL, option, value)
    assert ran.status == 2
    assert option in ran.err


def test_a_proof_that_cannot_end_is_refused(cgraph: Any) -> None:
    text = "sin(1)^2+cos(1)^2-1"
    ran = cgraph("eval", text, "--precision", "5", "--max-precision", "1000000000000")
    assert ran.status == 2
    assert "--max-precision" in ran.err


def test_a_picture_that_would_take_minutes_is_refused_at_once(cgraph: Any) -> None:
    """Laying out takes the cube of the arrows that meet at one shape."""
    for more in ((), ("-o", "wide.svg"), ("--json",)):
        ran = cgraph("draw", "sum([x*t for t in 1..1000])", "x=1", *more)
        assert ran.status == 2
        assert "1,000 arrows that meet at one of them" in ran.err + ran.out


def test_what_no_terminal_holds_is_a_tree_at_once(
    cgraph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One layer has 450 boxes, which is told before they are laid out."""
    laid_out: list[Any] = []
    monkeypatch.setattr("cgcli.views.drawing.draw.place", laid_out.append)
    monkeypatch.setenv("COLUMNS", "80")
    ran = cgraph("draw", "sum([x*t for t in 1..450])", "x=1")
    assert (ran.status, laid_out) == (0, [])
    assert "rows at least: this is its tree" in ran.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((*EVAL, "--digits", "0"), "--digits is a whole number from 1 to 17, not 0"),
        ((*EVAL, "--rows", "-1"), "--rows is a whole number of at least 0, not -1"),
        ((*TRAIN, "--lr", "-1"), "--lr is a number of at least 0, not -1"),
        ((*TRAIN, "--holdout", "1"), "--holdout is a number from 0 to 0.9, not 1"),
        (("diff", "x", "--order", "21"), "--order is a whole number from 1 to 20, not 21"),
    ],
)
def test_bounds_are_told_in_words(cgraph: Any, words: tuple[str, ...], message: str) -> None:
    assert cgraph(*words).err.startswith(f"error: {message}\n")


def test_the_most_that_an_option_takes_is_taken(cgraph: Any) -> None:
    assert cgraph("eval", "x", "x=1", "--digits", "17").status == 0
    assert cgraph("eval", "x", "x=1", "--digits", "18").status == 2
