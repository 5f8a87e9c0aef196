"""What is asked for: every mixed derivative once, under a name that is free, and not too many."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from cgcli.algebra.wanted import Wanted, check_count, named, orders_of
from cgcli.errors import CgraphError


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_every_mixed_derivative_once(count: int, order: int) -> None:
    names = list("abcde"[:count])
    found = orders_of(names, Wanted(order=order))
    everything = {tuple(sorted(each)) for each in itertools.product(names, repeat=order)}
    assert sorted(found) == sorted(everything)


def test_two_thousand_are_not_too_many() -> None:
    check_count(2_000)
    with pytest.raises(CgraphError, match="these are 2,001 derivatives"):
        check_count(2_001)
    # 2,016 of the second order of 63 names, 1,953 of 62.
    assert len(orders_of([f"x{k}" for k in range(62)], Wanted(order=2))) == 1_953
    with pytest.raises(CgraphError, match="2,016"):
        orders_of([f"x{k}" for k in range(63)], Wanted(order=2))


def test_names_are_free() -> None:
    reserved = {"f", "f_x", "f_x_"}
    assert named("f", ("x",), reserved) == "f_x__"
    assert named("f", ("x",), reserved) == "f_x___"
    assert named("f", ("x", "y"), reserved) == "f_xy"
    assert named("h[2]", ("rate", "y"), reserved) == "h_2_rate_y"


def test_a_formula_hides_no_node(cgraph: Any) -> None:
    out = cgraph("diff", "f_x = x^2; f = f_x*y; f").out
    assert [line.split(" = ")[0] for line in out.splitlines()] == ["f_x_", "f_y"]
