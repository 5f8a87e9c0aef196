"""What went wrong in a run that diverged: the first row, and the first node, that went bad."""

from __future__ import annotations

from typing import Any

import numpy as np

from cgcli.learning.stopping import Failure
from cgcli.learning.tables import ROW, Table, row_values
from cgcli.learning.task import Task


def locate(task: Task, table: Table, parameters: Any) -> Failure:
    """Return the first row whose cost or gradient is not finite, and its first node that is not.

    `parameters` is the flat vector at which that happened.
    """
    kept = task.parameters.flat.copy()
    np.copyto(task.parameters.flat, parameters)
    try:
        with np.errstate(all="ignore"):
            return _located(task, table)
    finally:
        np.copyto(task.parameters.flat, kept)


def _located(task: Task, table: Table) -> Failure:
    _, compiled = task.by_row()
    for chunk in table.chunks():
        count = len(chunk[ROW])
        bad = np.zeros(count, dtype=bool)
        for values in compiled.rows(chunk, count):
            bad |= ~np.isfinite(values.reshape(count, -1)).all(axis=1)
        if bad.any():
            first = int(np.argmax(bad))
            return _named(task, row_values(chunk, first, task.scaled), int(chunk[ROW][first]))
    # Every row is finite, and their sum is not.
    message = "every row is finite, and the cost grows without end"
    return Failure(None, task.graph.names[task.graph.output], message)


def _named(task: Task, row: dict[str, Any], number: int) -> Failure:
    from cgcli.calculus.doubles import DOUBLES
    from cgcli.graph.text import formula

    graph = task.graph
    result = DOUBLES.evaluate(graph, {**task.constants, **task.parameters.values(), **row})
    if result.notes:
        note = result.notes[0]
        return Failure(number, note.node, str(note.message))
    for node, value in enumerate(result.values):
        if not np.isfinite(value).all():
            return Failure(number, graph.names[node], f"{formula(graph, node)} is not finite")
    for node in range(len(graph) - 1, -1, -1):
        gradient = result.grad(node)
        if gradient is not None and not np.isfinite(gradient).all():
            message = f"the gradient by {graph.names[node]} is not finite"
            return Failure(number, graph.names[node], message)
    return Failure(number, graph.names[graph.output], "its cost is not finite")
