"""A run → JSON, `cgraph.train/1`."""

from __future__ import annotations

from typing import Any

import numpy as np

from cgcli.learning.descent import Record
from cgcli.learning.models import Model
from cgcli.learning.training import Trained, Training
from cgcli.views.document import number
from cgcli.views.learning.rows import row_notes

__all__ = ["as_document"]


def as_document(training: Training, trained: Trained, model: Model) -> dict[str, Any]:
    """Return what a run came to as the document `cgraph.train/1`."""
    task, data = training.task, model.data
    state, fit = trained.state, trained.fit
    errors = None
    if fit is not None and fit.errors is not None:
        views = task.parameters.look(np.asarray(fit.errors))
        errors = {name: number(view) for name, view in views.items()}
    failure = trained.failure
    return {
        "schema": "cgraph.train/1",
        "expression": model.program,
        "parameters": {name: number(value) for name, value in task.parameters.values().items()},
        "cost": number(trained.cost),
        "start_cost": number(trained.start),
        "holdout_cost": number(trained.holdout),
        "metrics": {
            name: {part: number(value) for part, value in parts.items()}
            for name, parts in trained.metrics.items()
        },
        "rows": {"train": data["rows"], "holdout": data["held"], "skipped": data["skipped"]},
        "optimizer": training.options.optimizer,
        "seed": training.options.seed,
        "steps": state.step if state else (fit.evaluations if fit else 0),
        "epochs": state.epoch if state else 0,
        "stopped": trained.stopped,
        "diverged": None
        if failure is None
        else {"row": failure.row, "node": failure.node, "message": failure.message},
        "standard_errors": errors,
        "sum_of_squares": None if fit is None else number(fit.sum),
        "residual_deviation": None if fit is None else number(fit.deviation),
        "notes": row_notes(training.prepared.report.notes),
        "history": [_record(record) for record in trained.history],
    }


def _record(record: Record) -> Record:
    return {name: _shown(value) for name, value in record.items()}


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shown(each) for name, each in value.items()}
    return number(value) if isinstance(value, float) else value
