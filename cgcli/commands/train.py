"""`cgraph train`: gradient descent on a data file."""

from __future__ import annotations

import gc
from typing import Final

import typer

from cgcli.commands.data import opened_workers
from cgcli.commands.data_options import READING
from cgcli.commands.options import conflict, takes
from cgcli.commands.train_options import TrainOptions
from cgcli.errors import CgraphError, shorten
from cgcli.library.files import ending_of
from cgcli.limits import one_thread

_UNRELIABLE: Final = 1
_INTERRUPTED: Final = 130

_LOGS: Final = ("", "jsonl", "ndjson", "json", "log", "txt")
_ENDINGS: Final = {
    "output": (("", "json"), "a model is written as .json", "write -o model.json"),
    "log": (_LOGS, "a log has JSON lines", "write --log run.jsonl"),
    "plot": (("svg", "png"), "a cost curve is drawn as .svg or .png", "write --plot cost.svg"),
}
"""By option how its file may end, and what is said where it ends otherwise."""


@takes(
    TrainOptions,
    arguments="program bindings",
    data=f"at {READING} (fix) (bounds) stack scale (skip_bad) holdout (folds) (metrics) "
    "(engine) (jobs) (on) (verbose)",
    steps="(reduce) residual (sigma) (weights) (loss) (loss_scale) (likelihood) (restarts) "
    "optimizer rate (momentum) (decay) (betas) (epsilon) (weight_decay) (clip) (schedule) "
    "(warmup) (every) (factor) batch (seed)",
    when_to_stop="epochs (steps) (until_cost) until_change (until_gradient) (patience) (seconds)",
    output="output (save_every) resume (plot) (log) (trace) json digits (strict)",
)
def train_command(given: TrainOptions) -> None:
    """Gradient descent on a data file: W = W - rate * gradient.

    cgraph train "(w*x + b - y)^2" -d points.csv w=0 b=0 --lr 0.05
    cgraph train "(w*x - y)^2" -d points.csv w=0 --lr 0.1 -o model.json
    cgraph train "w*x + b - y" -d points.csv w=0 b=0 --residual
    """
    one_thread()
    from cgcli.commands.runs import Run

    # A run makes cycles, and may last for days.
    gc.enable()
    _check(given)
    with opened_workers(given) as workers:
        run = Run(given, workers)
        with run.watching:
            trained = run.train()
    if run.watching.asked_to_stop() and trained.end.kind != "diverged":
        raise typer.Exit(_INTERRUPTED)
    if not trained.end.reliable:
        raise typer.Exit(_UNRELIABLE)
    given.heed(trained.end.doubts, run.prepared.report.notes)


def _check(given: TrainOptions) -> None:
    """Refuse options that do not go together."""
    if given.batch not in (None, "all") and (given.jobs or given.on):
        message = "the steps of --batch follow one another, and processes share those of all rows"
        raise conflict(message, "leave --batch out, or --jobs")
    if given.folds and (given.holdout is not None or given.resume):
        message = "--folds holds every row out by turns, and learns from all of them in the end"
        raise conflict(message, "leave --holdout and --resume out, or --folds")
    if given.trace and given.json:
        raise conflict("--trace prints text, and --json one document")
    for name, (endings, message, hint) in _ENDINGS.items():
        path = getattr(given, name)
        if path is not None and (path == "-" or ending_of(path) not in endings):
            raise conflict(f"{shorten(path, 80)}: {message}", hint)
    if given.program is None and not given.resume:
        hint = 'write the cost of one row: cgraph train "(w*x - y)^2" -d points.csv w=0'
        raise CgraphError("usage", "no expression", hint)
