"""Where a derivative holds is where its program has a value, point by point."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

import cgcli

POINTS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)
PROGRAMS = (
    "0*x^(-1/2) + x",
    "0*x^(1/2) + x",
    "0*x^-2 + x",
    "0*x^1.5 + x",
    "where(y > 0, 0*log(x), x)",
    "where(y > 0, x, 0*log(x))",
    "where(y > 0, where(y < 1, 0/x, x), 0*sqrt(x))",
    "0*log(sqrt(x)*y) + x",
    "0*sqrt(x^3*y) + x",
    "0*sqrt(x^(1/3)) + x",
    "x*x^-1 + y",
    "x^2*x^-1 + y",
    "x^-1*x^-1*x^3 + y",
    "sqrt(x)*sqrt(x) + y",
    "x^0.5*x^-0.5 + y",
    "(x^-1)^-1 + y",
    "0*acos(x) + x*y",
    "0*log(-x) + y*x",
    "0*log(abs(x)*exp(y)) + x",
    "0*sqrt(exp(x) + y^2) + x",
    "0*atanh(y) + x",
    "0*log(x^2*y) + x",
)


def holds(condition: str, names: dict[str, Any]) -> bool:
    """A condition as Python reads it, one about a branch where that is taken."""
    for word, taken in ((" where ", True), (" unless ", False)):
        if word in condition:
            condition, _, choice = condition.partition(word)
            while any(word in choice for word in (" where ", " unless ")):
                inner = " where " if " where " in choice else " unless "
                choice, _, more = choice.rpartition(inner)
                if holds(more, names) is not (inner == " where "):
                    return True
            if holds(choice, names) is not taken:
                return True
            break
    return bool(eval(condition.replace("^", "**"), {"abs": abs, "sqrt": math.sqrt, **names}))


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_holds_where_the_program_has_a_value(program: str, cgraph: Any) -> None:
    formula, *rest = cgraph("diff", program, "--wrt", "x").out.splitlines()
    conditions = [line.removeprefix("# for ") for line in rest]
    assert all(line.startswith("# for ") for line in rest)
    parsed, derivative = cgcli.parse(program), cgcli.parse(formula)
    used = [name for name in "xy" if name in parsed.graph().inputs]
    shown = derivative.graph().inputs
    for values in itertools.product(POINTS, repeat=len(used)):
        at = dict(zip(used, values, strict=True))
        result = parsed.evaluate(at)
        found = derivative.evaluate({name: at[name] for name in shown})
        has_value = all(note.kind != "domain" for note in result.notes)
        said = all(holds(condition, at) for condition in conditions)
        seen = all(note.kind != "domain" for note in found.notes)
        assert has_value == (said and seen), (at, formula, conditions)
