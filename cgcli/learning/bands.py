"""The curve of a fit: the bands in which it may lie, and in which another row may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from cgcli.learning.fitting import Fit
from cgcli.learning.statistics import LEVEL, PART, Line, Statistics, line_of, quantile
from cgcli.learning.tables import Table
from cgcli.learning.task import Task

_DRAWN: Final = 2_000
"""So many rows of a fit are drawn at most."""
_CURVE: Final = 200


class Spreading(NamedTuple):
    """How a prediction varies with the parameters, by their `covariance`; what is at a bound has 0.

    Intervals are by the distribution of t, or by the normal one where no degrees are given. A
    residual has a `deviation`, if it is one for all rows.
    """

    covariance: Any
    degrees_of_freedom: int | None = None
    deviation: float | None = None

    @classmethod
    def of(cls, known: Statistics, deviation: float | None) -> Spreading:
        """Return the spreading of a fit."""
        return cls(np.nan_to_num(known.covariance, nan=0.0), known.degrees, deviation)

    def document(self) -> Any:
        """Return it as a model has it, which is `documents.Spreading`."""
        return {**self._asdict(), "covariance": self.covariance.tolist()}

    def widths(self, level: float, slopes: Sequence[Any]) -> list[Any]:
        """Return how far the bands of a level reach: of confidence, and of prediction.

        They are about numbers by row, whose gradients by the parameters are the slopes. Of
        prediction there is one where the deviation is known.
        """
        jacobian = np.concatenate([part.reshape(len(part), -1) for part in slopes], axis=1)
        variance = np.maximum(((jacobian @ self.covariance) * jacobian).sum(axis=1), 0.0)
        apart = () if self.deviation is None else (self.deviation,)
        reach = quantile(self.degrees_of_freedom, level)
        return [reach * np.hypot(np.sqrt(variance), other) for other in (0.0, *apart)]

    def ends(self, level: float, value: Any, slopes: Sequence[Any]) -> dict[str, Any]:
        """Return by name the ends of the bands of a level about numbers by row."""
        named = zip(("confidence", "prediction"), self.widths(level, slopes), strict=False)
        signs = {"low": -1, "high": 1}
        return {f"{k}_{e}": value + s * w for k, w in named for e, s in signs.items()}


class Bands(NamedTuple):
    """Rows of a fit along `x`, which is a column, or the prediction, called `name`; in its order.

    A row was `observed` and is `predicted`; with a probability of 95 % the curve is no farther
    from that than `confidence`, and another row there no farther than `prediction`. What is
    observed is called `target`, and `left` has the residuals without their weights, where they
    are `weighted`. Along a column `curve` has many x, and what is predicted there.
    """

    name: str
    x: Any
    observed: Any
    predicted: Any
    confidence: Any
    prediction: Any
    left: Any
    target: str
    weighted: bool
    curve: Bands | None = None


def bands(task: Task, table: Table, fit: Fit | None) -> Bands | None:
    """Return the bands at rows of a table, some of them where they are many.

    None where there are no least squares, where its residual is no prediction beside a target,
    and where the rows do not determine the parameters.
    """
    known = fit and fit.statistics
    if known is None or known.sum is None:
        return None
    step = -(-table.count // _DRAWN)
    parts = [{n: array[::step] for n, array in chunk.items()} for chunk in table.chunks()]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    line = line_of(task, lambda: [rows])
    if line is None or known.covariance is None or np.isinf(known.covariance).any():
        return None
    target, slope, residual = line.of(rows)
    predicted, size = (residual - target) / slope, np.abs(target / slope).max()

    def matters(name: str) -> bool:
        target, slope, residual = line.of({**rows, name: np.roll(rows[name], 1, axis=0)})
        return not np.allclose((residual - target) / slope, predicted, PART, PART * size)

    columns = [name for name in task.columns if matters(name)]
    if len(columns) != 1 or table.shapes[columns[0]]:
        called = "the prediction" if line.is_target else line.name
        return _along(task, line, rows, known, called, predicted)
    of = _along(task, line, rows, known, columns[0], rows[columns[0]])
    order, x = np.argsort(rows[of.name], kind="stable"), np.linspace(of.x[0], of.x[-1], _CURVE)
    many = {
        name: np.interp(x, of.x, column[order]) if column.ndim == 1 else column[[0] * len(x)]
        for name, column in rows.items()
    }
    return of._replace(curve=_along(task, line, many, known, of.name, x))


def _along(
    task: Task, line: Line, rows: Mapping[str, Any], known: Statistics, name: str, x: Any
) -> Bands:
    """Return the bands at rows, in the order of x.

    The deviation of a residual r = α p + β is that of p times α: Seber and Wild, Nonlinear
    Regression (1989), 5.1.
    """
    target, slope, residual = line.of(rows)
    _, *slopes = task.by_row().rows(rows, len(target))
    weight = np.abs(slope)
    reaches = Spreading.of(known, known.deviation or 0.0).widths(LEVEL, slopes)
    widths = [reach / weight for reach in reaches]
    order = np.argsort(x, kind="stable")
    rows_of = (x, -target / slope, (residual - target) / slope, *widths, residual / weight)
    x, observed, predicted, confidence, prediction, left = (array[order] for array in rows_of)
    called = line.name if line.is_target else "the rows"
    weighted = not np.allclose(weight, 1.0)
    return Bands(name, x, observed, predicted, confidence, prediction, left, called, weighted)
