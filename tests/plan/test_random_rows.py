"""Random programs: rows run together have the values and gradients of one row after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import cgcli
from tests.amounts import portion, sampled
from tests.plan.test_rows import gradients
from tests.properties.programs import Program, programs

ROWS = 5


@sampled
@given(programs(), st.randoms(use_true_random=False))
@settings(
    max_examples=portion(250),
    deadline=None,
    database=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)
def test_rows_are_those_of_eval(drawn: Program, chance: Any) -> None:
    bindings = dict(drawn.bindings)
    assume(len(bindings) > 1)
    program = cgcli.parse(drawn.text)
    names = list(program.graph(bindings).inputs)
    columns = [name for name in names if chance.random() < 0.5]
    assume(columns and len(columns) < len(names))
    data = {
        name: np.stack(
            [
                np.asarray(bindings[name], dtype=float) * (1 + 0.01 * chance.random())
                for _ in range(ROWS)
            ]
        )
        for name in columns
    }
    fixed = {name: bindings[name] for name in names if name not in data}
    results = []
    for k in range(ROWS):
        result = program.evaluate({**fixed, **{name: each[k] for name, each in data.items()}})
        # At a corner the rows may lie on both sides; each alone is tested elsewhere.
        assume(not result.notes)
        results.append(result)
    value, total, each = gradients(drawn.text, fixed, data, known=True)
    # A sum of large numbers that cancel is as right as the largest of them.
    scale = max(1.0, *(float(np.max(np.abs(v))) for r in results for v in r.values))
    assert np.isclose(value, sum(r.value for r in results), rtol=1e-10, atol=1e-12 * scale)
    for name in fixed:
        alone = np.array([r.gradient[name] for r in results])  # type: ignore[index]
        most = max(scale, float(np.max(np.abs(alone), initial=0.0)))
        largest = max(most, *(_largest(r) for r in results))
        np.testing.assert_allclose(each[name], alone, rtol=1e-9, atol=1e-11 * largest)
        np.testing.assert_allclose(total[name], alone.sum(axis=0), rtol=1e-9, atol=1e-11 * largest)


def _largest(result: Any) -> float:
    """The largest gradient of any node."""
    found = [g for g in (result.grad(node) for node in range(len(result.graph))) if g is not None]
    return max((float(np.max(np.abs(g))) for g in found), default=0.0)
