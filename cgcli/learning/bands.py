"""Bands about a fit: where its curve may lie, and where another row may."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from cgcli.errors import required
from cgcli.learning.statistics import LEVEL, Statistics, line_of
from cgcli.learning.tables import Table
from cgcli.learning.task import Task

_DRAWN: Final = 2_000


class Bands(NamedTuple):
    """Rows of a fit along `x`, which is a column, or the prediction, called `name`; in its order.

    A row was `observed` and is `predicted`; with a probability of 95 % the curve is no farther
    from that than `confidence`, and another row there no farther than `prediction`.
    """

    name: str
    x: Any
    observed: Any
    predicted: Any
    confidence: Any
    prediction: Any


def bands(task: Task, table: Table, known: Statistics) -> Bands | None:
    """Return the bands at rows of a table, some of them where they are many.

    None where the residual is no prediction beside a target, and where the rows do not determine
    the parameters. The deviation of a residual r = α p + β is that of p times α: Seber and Wild,
    Nonlinear Regression (1989), 5.1.
    """
    special = required("scipy.special", "train", "for the distribution of t")
    step = -(-table.count // _DRAWN)
    parts = [{n: array[::step] for n, array in chunk.items()} for chunk in table.chunks()]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    line = line_of(task, rows)
    if line is None or known.covariance is None or not np.isfinite(known.covariance).all():
        return None
    node, target, slope = line
    lowered, compiled = task.by_row()
    count = len(target)
    residual, *slopes = compiled.rows(rows, count)
    by_name = dict(zip(lowered.parameters, slopes, strict=True))
    shapes = task.parameters.shapes
    jacobian = np.concatenate([by_name[name].reshape(count, -1) for name in shapes], axis=1)
    variance = np.einsum("ij,jk,ik->i", jacobian, known.covariance, jacobian)
    reach = special.stdtrit(known.free, (1 + LEVEL) / 2) / np.abs(slope)
    widths = [reach * np.sqrt(v) for v in (variance, variance + (known.deviation or 0.0) ** 2)]
    predicted, graph = (residual - target) / slope, task.graph
    within = graph.ancestors([node])
    columns = [name for name in task.columns if within[graph.inputs[name]]]
    alone = len(columns) == 1 and not table.shapes[columns[0]]
    x = rows[columns[0]] if alone else predicted
    order = np.argsort(x, kind="stable")
    arrays = (x, -target / slope, predicted, *widths)
    name = columns[0] if alone else graph.names[node]
    return Bands(name, *(array[order] for array in arrays))
