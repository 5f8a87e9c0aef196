"""A run → JSON, `cgraph.train/1`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cgcli.learning.logbook import Folds
from cgcli.learning.models import Model
from cgcli.learning.run import Trained
from cgcli.learning.statistics import Statistics
from cgcli.learning.task import Parameters
from cgcli.learning.training import Training
from cgcli.views.document import ABSENT, fields, number, present
from cgcli.views.learning.rows import row_notes

if TYPE_CHECKING:
    from cgcli.learning import documents


def as_document(
    training: Training, trained: Trained, model: Model, read: str = ""
) -> documents.Run:
    """Return what a run came to as the document `cgraph.train/1`, and how its data was read."""
    task, data = training.task, model.data
    state, fit, end = trained.state, trained.fit, trained.end
    known = fit and fit.statistics
    tried, ended = (fit and fit.starts) or (0, 0)
    # What counts stays a whole number.
    history: Any = [
        {name: part if isinstance(part, int) else number(part) for name, part in record.items()}
        for record in trained.history
    ]
    document: documents.Run = {
        "schema": "cgraph.train/1",
        "expression": model.program,
        "parameters": number(task.parameters.values()),
        "cost": number(trained.cost),
        "start_cost": number(trained.start),
        "holdout_cost": number(trained.holdout),
        "metrics": number(trained.metrics),
        "folds": _folds(trained.folds) if trained.folds else ABSENT,
        "rows": {"train": data["rows"], "holdout": data["held"], "skipped": data["skipped"]},
        "optimizer": training.options.optimizer,
        "seed": training.options.seed,
        "steps": state.step if state else (fit.evaluations if fit else 0),
        "epochs": state.epoch if state else 0,
        "stopped": end.message,
        "end": {
            "kind": end.kind,
            "reliable": end.reliable,
            "doubts": [fields(doubt, *doubt._fields) for doubt in end.doubts],
        },
        "doubts": list(map(str, end.doubts)),
        "diverged": end.failure and fields(end.failure, *end.failure._fields),
        "standard_errors": known and _by_name(known.errors, task.parameters),
        "sum_of_squares": number(known and known.sum),
        "residual_deviation": number(known and known.deviation),
        "statistics": known and _statistics(known, task.parameters),
        "starts": {"tried": tried, "ended_there": ended} if tried else ABSENT,
        "notes": row_notes(training.prepared.report.notes),
        "read": read or ABSENT,
        "history": history,
    }
    return present(document)


def _folds(folds: Folds) -> documents.Folds:
    """Return the cost and the metrics of rows held out by turns, each with mean and spread."""

    def spread(values: list[float]) -> documents.Spread:
        mean, deviation = folds.spread(values)
        return {"mean": number(mean), "deviation": number(deviation), "values": number(values)}

    metrics = {name: spread(values) for name, values in folds.metrics.items()}
    return {"cost": spread(folds.costs), "metrics": metrics}


def _statistics(known: Statistics, parameters: Parameters) -> documents.Statistics:
    """Return the statistics of a fit; the matrices are in the order of the parameters."""
    low, high = (_by_name(flat, parameters) for flat in (known.low, known.high))
    document: documents.Statistics = {
        "degrees_of_freedom": known.free,
        "t": _by_name(known.t, parameters),
        "p_value": _by_name(known.p, parameters),
        "confidence_95": low and {name: [end, high[name]] for name, end in low.items()},
        "covariance": number(known.covariance),
        "correlation": number(known.correlation),
        "r_squared": number(known.r_squared),
        "adjusted_r_squared": number(known.adjusted_r_squared),
        "aic": number(known.aic),
        "bic": number(known.bic),
        "residual_quartiles": number(known.quartiles),
        "chi_square_p": ABSENT if known.chi_square_p is None else number(known.chi_square_p),
        "log_likelihood": ABSENT if known.log_likelihood is None else number(known.log_likelihood),
    }
    return present(document)


def _by_name(flat: Any, parameters: Parameters) -> Any:
    """Return a figure of every parameter by their names; None where there is none."""
    return None if flat is None else number(parameters.look(flat))
