"""Ways through the library: evaluation, compiled functions, fractions."""

from __future__ import annotations

from typing import Any

import numpy as np

from cgcli.native.engine import Engine, engine_of
from tests.concordance.asking import (
    NOTES,
    Point,
    Question,
    Reply,
    bounded,
    by_rows,
    each,
    flat,
    quiet,
)


def _result(result: Any) -> Reply:
    value = flat(result.value)
    slopes = result.gradient if result.gradient is not None else result.jacobian
    gradient = {name: by_rows(flat(slope), len(value)) for name, slope in slopes.items()}
    return Reply(value, gradient, frozenset(note.kind for note in result.notes) & NOTES)


def evaluate(question: Question) -> list[Reply | None]:
    return each(question, lambda p: _result(question.parsed.evaluate(question.bindings(p))))


def as_vectors(question: Question) -> list[Reply | None]:
    """Scalars as vectors of one element: the other path through evaluation."""
    program = question.program
    if any(program.inputs.values()) or program.words & _NOT_ELEMENTWISE:
        return [None] * len(question.points)

    def ask(point: Point) -> Reply:
        return _result(question.parsed.evaluate({name: list(xs) for name, xs in point.items()}))

    return each(question, ask)


_NOT_ELEMENTWISE = frozenset(
    {"list", "at", "@", "comprehension", "sum", "mean", "prod", "norm", "logsumexp", "dot", "len",
     "outer", "softmax", "log_softmax", "trace", "diag", "cumsum", "concat", "polygamma"}
)  # fmt: skip


def function(question: Question, engine: Engine | None = None) -> list[Reply | None]:
    compiled = question.parsed.function(jacobian=question.elements > 1)
    compiled.engine = engine
    return each(question, lambda p: _called(question, compiled(question.bindings(p))))


def native(question: Question) -> list[Reply | None]:
    """The compiled function by the engine of C; what it leaves to NumPy is no fault."""
    return function(question, engine_of("native", fall=_fall))


def native_rows(question: Question) -> list[Reply | None]:
    """The same of rows: every point is a call, so that one takes no other to NumPy with it."""
    if question.elements > 1:
        return [None] * len(question.points)
    names = list(question.program.inputs)
    compiled = question.parsed.function(rows=names)
    compiled.engine = engine_of("native", fall=_fall)

    def ask(point: Point) -> Reply:
        bound = question.bindings(point)
        value, slopes = compiled({name: np.array([bound[name]]) for name in names})
        return Reply(flat(value[0]), {n: [flat(slope[0])] for n, slope in slopes.items()})

    return each(question, ask)


def _fall(why: str) -> None:
    """Raise where compiled code differs from NumPy's, or does not compile."""
    if "has no" not in why and "leave the doubles" not in why:
        raise AssertionError(why)


def _called(question: Question, called: Any) -> Reply:
    count, gradient, wrong = question.elements, {}, ""
    for name, slope in called.gradient.items():
        shape = (*np.shape(called.value), *question.program.inputs[name])
        if np.shape(slope) != shape:
            wrong = f"the gradient by {name} has the shape {np.shape(slope)}, not {shape}"
        gradient[name] = by_rows(flat(np.array(np.broadcast_to(slope, shape))), count)
    return Reply(flat(called.value), gradient, shape=wrong)


def function_of_rows(question: Question) -> list[Reply | None]:
    """All points at once, a row each."""
    names = list(question.program.inputs)
    count = len(question.points)
    if question.elements > 1:
        return [None] * count
    try:
        with quiet():
            compiled = question.parsed.function(rows=names)
            bound = [question.bindings(point) for point in question.points]
            called = compiled({name: np.array([each[name] for each in bound]) for name in names})
    except Exception as error:  # noqa: BLE001 - a fault of the program is what is looked for
        return [Reply(error=f"raised: {type(error).__name__}: {error}")] * count
    wrong, values = "", np.reshape(np.broadcast_to(called.value, (count,)), (count, 1))
    slopes = {}
    for name, slope in called.gradient.items():
        shape = (count, *question.program.inputs[name])
        if np.shape(slope) != shape:
            wrong = f"the gradient by {name} has the shape {np.shape(slope)}, not {shape}"
        slopes[name] = np.reshape(np.broadcast_to(slope, shape), (count, -1))
    return [
        Reply(flat(values[k]), {n: [flat(slope[k])] for n, slope in slopes.items()}, shape=wrong)
        for k in range(count)
    ]


def exactly(question: Question) -> list[Reply | None]:
    def ask(point: Point) -> Reply | None:
        if not question.program.dyadic or not bounded(point):
            return None
        return _result(question.parsed.evaluate_exactly(question.bindings(point)))

    return each(question, ask)
