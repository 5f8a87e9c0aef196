"""A run → JSON, `cgraph.train/1`."""

from __future__ import annotations

from typing import Any

import numpy as np

from cgcli.learning.descent import Record
from cgcli.learning.models import Model
from cgcli.learning.training import Trained, Training
from cgcli.views.document import fields, number
from cgcli.views.learning.rows import row_notes


def as_document(training: Training, trained: Trained, model: Model) -> dict[str, Any]:
    """Return what a run came to as the document `cgraph.train/1`."""
    task, data = training.task, model.data
    state, fit, failure = trained.state, trained.fit, trained.failure
    errors = None
    if fit is not None and fit.errors is not None:
        errors = task.parameters.look(np.asarray(fit.errors))
    return {
        "schema": "cgraph.train/1",
        "expression": model.program,
        "parameters": number(task.parameters.values()),
        "cost": number(trained.cost),
        "start_cost": number(trained.start),
        "holdout_cost": number(trained.holdout),
        "metrics": number(trained.metrics),
        "rows": {"train": data["rows"], "holdout": data["held"], "skipped": data["skipped"]},
        **fields(training.options, "optimizer", "seed"),
        "steps": state.step if state else (fit.evaluations if fit else 0),
        "epochs": state.epoch if state else 0,
        "stopped": trained.stopped,
        "doubts": list(trained.doubts),
        "diverged": None if failure is None else failure._asdict(),
        "standard_errors": number(errors),
        "sum_of_squares": None if fit is None else number(fit.sum),
        "residual_deviation": None if fit is None else number(fit.deviation),
        "notes": row_notes(training.prepared.report.notes),
        "history": list(map(_record, trained.history)),
    }


def _record(record: Record) -> Record:
    """Return what is told of an epoch; what counts stays a whole number."""
    return {
        name: value if isinstance(value, int) else number(value) for name, value in record.items()
    }
