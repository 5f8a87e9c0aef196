"""A run → JSON, `cgraph.train/1`."""

from __future__ import annotations

from typing import Any

from cgcli.learning.logbook import Folds
from cgcli.learning.models import Model
from cgcli.learning.run import Trained
from cgcli.learning.statistics import Statistics
from cgcli.learning.task import Parameters
from cgcli.learning.training import Training
from cgcli.views.document import fields, number
from cgcli.views.learning.rows import row_notes


def as_document(
    training: Training, trained: Trained, model: Model, read: str = ""
) -> dict[str, Any]:
    """Return what a run came to as the document `cgraph.train/1`, and how its data was read."""
    task, data = training.task, model.data
    state, fit, end = trained.state, trained.fit, trained.end
    known = fit and fit.statistics
    flat = known and known.errors
    errors = None if flat is None else task.parameters.look(flat)
    return {
        "schema": "cgraph.train/1",
        "expression": model.program,
        "parameters": number(task.parameters.values()),
        "cost": number(trained.cost),
        "start_cost": number(trained.start),
        "holdout_cost": number(trained.holdout),
        "metrics": number(trained.metrics),
        **({"folds": _folds(trained.folds)} if trained.folds else {}),
        "rows": {"train": data["rows"], "holdout": data["held"], "skipped": data["skipped"]},
        **fields(training.options, "optimizer", "seed"),
        "steps": state.step if state else (fit.evaluations if fit else 0),
        "epochs": state.epoch if state else 0,
        "stopped": end.message,
        "end": {
            "kind": end.kind,
            "reliable": end.reliable,
            "doubts": [doubt._asdict() for doubt in end.doubts],
        },
        "doubts": list(map(str, end.doubts)),
        "diverged": None if end.failure is None else end.failure._asdict(),
        "standard_errors": number(errors),
        "sum_of_squares": number(known and known.sum),
        "residual_deviation": number(known and known.deviation),
        "statistics": known and _statistics(known, task.parameters),
        **({"starts": fit.starts} if fit and fit.starts else {}),
        "notes": row_notes(training.prepared.report.notes),
        **({"read": read} if read else {}),
        # What counts stays a whole number.
        "history": [
            {name: part if isinstance(part, int) else number(part) for name, part in record.items()}
            for record in trained.history
        ],
    }


def _folds(folds: Folds) -> dict[str, Any]:
    """Return the cost and the metrics of rows held out by turns, each with mean and spread."""

    def spread(values: list[float]) -> Any:
        mean, deviation = folds.spread(values)
        return number({"mean": mean, "deviation": deviation, "values": values})

    metrics = {name: spread(values) for name, values in folds.metrics.items()}
    return {"cost": spread(folds.costs), "metrics": metrics}


def _statistics(known: Statistics, parameters: Parameters) -> dict[str, Any]:
    """Return the statistics of a fit; the matrices are in the order of the parameters."""
    t, p, interval = None, None, None
    if known.errors is not None:
        t, p = parameters.look(known.t), parameters.look(known.p)
        low, high = parameters.look(known.low), parameters.look(known.high)
        interval = {name: [low[name], high[name]] for name in low}
    names = ("covariance", "correlation", "r_squared", "adjusted_r_squared", "aic", "bic")
    rare = fields(known, "chi_square_p", "log_likelihood")
    return {
        "degrees_of_freedom": known.free,
        **number({"t": t, "p_value": p, "confidence_95": interval, **fields(known, *names)}),
        "residual_quartiles": number(known.quartiles),
        **{name: number(figure) for name, figure in rare.items() if figure is not None},
    }
