"""What has no value in arithmetic: what it makes of its neighbours, and what it hides."""

from __future__ import annotations

from typing import Any

import pytest

from cgcli.numbers.missing import IRRATIONAL, NOTHING, UNDEFINED, NoValue, NoValueError

ROOT = NoValue(IRRATIONAL, sure=True)
SUM = ROOT + ROOT
"""Two irrational numbers may have a rational sum."""


def reason(value: Any) -> Any:
    return value.reason if isinstance(value, NoValue) else value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ROOT * 0, 0),
        (0 * ROOT, 0),
        (0 / ROOT, 0),
        (ROOT / 0, UNDEFINED),
        (ROOT * 2, IRRATIONAL),
        (ROOT / 2, IRRATIONAL),
        (2 / ROOT, IRRATIONAL),
        (-ROOT, IRRATIONAL),
        (SUM * 0, IRRATIONAL),
        (SUM / 0, IRRATIONAL),
        (0 / SUM, IRRATIONAL),
        (ROOT * ROOT * 0, IRRATIONAL),
        (ROOT * NOTHING, NOTHING),
        (NOTHING * ROOT, NOTHING),
        (ROOT + NOTHING, IRRATIONAL),
        (NOTHING + 3, 3),
        (NOTHING - 3, -3),
        (NoValue(UNDEFINED) + ROOT, UNDEFINED),
    ],
)
def test_arithmetic(value: Any, expected: Any) -> None:
    assert reason(value) == expected


def test_nothing_is_decided_by_what_has_no_value() -> None:
    for undecided in (ROOT > 0, ROOT == ROOT, SUM != 1):
        with pytest.raises(NoValueError) as error:
            bool(undecided)
        assert error.value.cause.reason == IRRATIONAL


def test_the_first_place_is_kept() -> None:
    first = ROOT.at(3)
    assert (first.node, first.backward, first.at(7, backward=True).node) == (3, False, 3)
    assert ROOT.at(5, backward=True).backward
    # What it was sure of is sure within one rule alone.
    assert reason(first * 0) == IRRATIONAL
