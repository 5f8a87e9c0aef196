"""The concordance notices a wrong rule: rows of the table are spoilt while it runs."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from cgcli.operations.row import Operation
from cgcli.operations.table import WORDS
from tests.concordance import concord, generate
from tests.concordance.agreement import Difference
from tests.concordance.ways import WAYS

LOOKED_AT = 1500
"""Seeds among which the programs with an operation are looked for."""
PROGRAMS = 30


def slope(
    rule: Callable[[Callable[..., Any], tuple[Any, ...]], Any],
) -> Callable[[Operation], Operation]:
    """A row whose first partial is made of the right one and of its arguments."""

    def plant(row: Operation) -> Operation:
        right = row.partial(0)
        return dataclasses.replace(
            row, partials=(lambda *args: rule(right, args), *row.partials[1:])
        )

    return plant


def without(**fields: Any) -> Callable[[Operation], Operation]:
    return lambda row: dataclasses.replace(row, **fields)


def swapped(row: Operation) -> Operation:
    """A row whose two partials change places."""
    return dataclasses.replace(row, partials=tuple(row.partials[::-1]))


def pulled(rule: Callable[[Any], Any]) -> Callable[[Operation], Operation]:
    """A row whose pullback is moved."""

    def plant(row: Operation) -> Operation:
        right = row.pullback
        assert right is not None
        return dataclasses.replace(row, pullback=lambda *args: rule(right(*args)))

    return plant


FAULTS: dict[str, tuple[str, Callable[[Operation], Operation]]] = {
    "the sign of a slope": ("cos", slope(lambda right, args: -right(*args))),
    "a slope wrong by a part in 1e14": (
        "exp",
        slope(lambda right, args: right(*args) * (1 + 1e-14)),
    ),
    "a slope that cancels in the tail": ("tanh", slope(lambda right, args: 1 - args[1] * args[1])),
    "an inner factor forgotten": ("log2", slope(lambda right, args: 1 / args[2])),
    "the convention at 0": ("relu", slope(lambda r, args: args[0].where(args[2] >= 0, 1, 0))),
    "the slope at a vertical tangent": (
        "sqrt",
        slope(lambda r, args: args[0].where(args[2] == 0, 0, 1 / (2 * args[1]))),
    ),
    "a note of a kink": ("abs", without(kinks=())),
    "a note of a domain": ("log", without(domain=None)),
    "the wrong argument's slope": ("atan2", swapped),
    "a sum that is not taken": ("softmax", pulled(lambda sent: sent * (1 + 1e-9))),
    "a factor of a reduction": ("mean", pulled(lambda sent: sent * 2)),
    "a value": ("log1p", without(value=lambda m, x: m.log(1 + x))),
}


@functools.cache
def words() -> list[frozenset[str]]:
    """What stands in each program that is looked at."""
    return [generate.program(seed, concord.EXTRA).words for seed in range(LOOKED_AT)]


def differences(seed: int) -> set[Difference]:
    return {*concord.compare(seed, 6, [WAYS[0]], Counter())}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    word, plant = FAULTS[fault]
    # The oracle's answers are kept: it knows nothing of the table.
    monkeypatch.setattr(concord, "asked", concord.asked.__wrapped__)
    spoilt = tuple(plant(row) for row in WORDS[word])
    for seed in [seed for seed, there in enumerate(words()) if word in there][:PROGRAMS]:
        before = differences(seed)
        with monkeypatch.context() as patch:
            patch.setitem(WORDS, word, spoilt)
            if differences(seed) - before:
                return
    pytest.fail(f"no program of {PROGRAMS} shows it")
