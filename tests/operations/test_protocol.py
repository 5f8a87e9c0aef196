"""The rule book: rules use nothing else, and every kind of number brings what they use."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

import cgcli.operations
from cgcli.algebra.forms import Forms
from cgcli.algebra.tensors import Algebra
from cgcli.numbers.arrays import ARRAYS
from cgcli.numbers.certified import BALLS
from cgcli.numbers.exact import EXACT
from cgcli.numbers.jets import constant
from cgcli.numbers.objects import arrays_of
from cgcli.numbers.real import CAREFUL, FAST
from cgcli.numbers.series import JETS
from cgcli.operations.protocol import NAMES, PRIMITIVES
from cgcli.operations.table import TABLE
from cgcli.plan.functions import cells
from cgcli.plan.tape import Tape

OF_ARRAYS = PRIMITIVES[PRIMITIVES.index("stack") :]
SCALARS = {"floats": FAST, "careful floats": CAREFUL, "fractions": EXACT, "balls": BALLS}
ARRAYS_OF = {
    "arrays": lambda: ARRAYS,
    "arrays of fractions": lambda: arrays_of(EXACT),
    "arrays of balls": lambda: arrays_of(BALLS),
    "arrays of jets": lambda: arrays_of(JETS),
    "cells": lambda: cells(Tape()),
    "forms": lambda: Algebra(Forms()),
}


def lacking(m: Any, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if not hasattr(m, name)]


@pytest.mark.parametrize("kind", [*SCALARS, "jets"])
def test_a_kind_brings_the_primitives_of_numbers(kind: str) -> None:
    names = tuple(name for name in PRIMITIVES if name not in OF_ARRAYS)
    assert lacking(JETS if kind == "jets" else SCALARS[kind], names) == []


@pytest.mark.parametrize("kind", ARRAYS_OF)
def test_a_kind_of_arrays_brings_all_primitives(kind: str) -> None:
    assert lacking(ARRAYS_OF[kind](), PRIMITIVES) == []


CALLS = [
    ("pow", 2, 3), ("hypot", 1, 2), ("atan2", 2, 1), ("mod", 2, 3), ("max", 2, 0), ("min", 0, 2),
    ("polygamma", 1, 2), ("sqrt", 4), ("exp", 0), ("log", 1), ("sin", 0), ("tanh", 0), ("cbrt", 8),
    ("abs", -1), ("sign", 1), ("floor", 1), ("erf", 0), ("gamma", 3), ("sigmoid", 0),
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[0])
@pytest.mark.parametrize("kind", [*SCALARS, "jets"])
def test_a_function_takes_numbers_of_python_beside_those_of_its_kind(
    kind: str, call: tuple[Any, ...]
) -> None:
    m, (name, *numbers) = JETS if kind == "jets" else SCALARS[kind], call
    given, wanted = (getattr(m, name)(*values) for values in (numbers, map(m.number, numbers)))
    shown = (lambda jet: str(constant(jet).series)) if kind == "jets" else repr
    assert shown(given) == shown(wanted) or (isinstance(given, int) and given == wanted)


def test_rules_use_nothing_but_the_book() -> None:
    used: set[str] = set()
    folder = Path(cgcli.operations.__file__).parent
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "m":
                used.add(node.attr)
    assert len(used) > 50
    # A row that states no value takes the book's function of its name.
    used |= {row.name for row in TABLE if "__post_init__" in row.value.__qualname__}
    assert used - NAMES == set()
