"""Who watches a run: its progress on a terminal, its files, and Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from typing import IO, TYPE_CHECKING, Any

from cgcli.commands.files import write_file
from cgcli.errors import CgraphError, shorten
from cgcli.learning.descent import Record, State

if TYPE_CHECKING:
    from cgcli.commands.runs import Run
    from cgcli.learning.models import Model
    from cgcli.learning.training import Trained

__all__ = ["Watching"]

_PATIENCE = 20
"""Saving takes one part of so many of the time at most."""


class Watching:
    """Sees every step of a run: shows its progress, writes its model and its log."""

    def __init__(
        self, run: Run, output: str | None, log: str | None, plot: str | None, every: float
    ) -> None:
        self._run = run
        self._output = output
        self._log_path = log
        self._plot = plot
        self._every = every
        self._log: IO[str] | None = None
        self._saved = 0.0
        self._cost = 0.0
        self._stop = False
        self._handler: Any = None
        self._progress: Any = None

    def begin(self) -> None:
        """Write the model as it is, so that a path that cannot be written is known at once."""
        if self._output is not None:
            self._write()
        if self._log_path is not None:
            self._log = _opened_log(self._log_path, self._run)
        with contextlib.suppress(ValueError):
            # In another thread than the main one signals are someone else's.
            self._handler = signal.signal(signal.SIGINT, self._interrupt)
        descent = self._run.training.descent
        if sys.stderr.isatty() and descent is not None:
            from cgcli.views.learning.progress import Progress

            self._progress = Progress(descent.criteria, descent.objective.steps)

    def end(self) -> None:
        """Give Ctrl-C back, and take the progress away."""
        if self._progress is not None:
            self._progress.close()
            self._progress = None
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)
            self._handler = None
        if self._log is not None:
            self._log.close()
            self._log = None

    def _interrupt(self, number: int, frame: Any) -> None:
        if self._stop:
            raise KeyboardInterrupt
        self._stop = True

    def step(self, state: State, cost: float, norm: float, rate: float) -> None:
        """See a step."""
        if self._progress is not None:
            self._progress.show(state, cost, norm, rate)

    def epoch(self, record: Record) -> None:
        """See an epoch's end."""
        if self._log is not None:
            self._log.write(json.dumps(record) + "\n")
            self._log.flush()

    def save(self, state: State, *, last: bool) -> None:
        """Write the model when it is time for it."""
        if self._output is None:
            return
        now = time.monotonic()
        if last or now - self._saved >= max(self._every, _PATIENCE * self._cost):
            self._write()

    def asked_to_stop(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._stop

    def _write(self, model: Model | None = None) -> None:
        assert self._output is not None
        began = time.monotonic()
        text = (model or self._run.model()).text()
        write_file(self._output, text.encode())
        self._saved = time.monotonic()
        self._cost = self._saved - began if self._every else 0.0

    def finish(self, model: Model, trained: Trained) -> None:
        """Write the model and the curve of a run that has ended."""
        if self._output is not None:
            self._write(model)
        if self._plot is not None:
            from cgcli.views.learning.plot import as_svg

            svg = as_svg(trained.history)
            if self._plot.lower().endswith(".png"):
                from cgcli.views.drawing.convert import as_png

                write_file(self._plot, as_png(svg))
            else:
                write_file(self._plot, svg.encode())

    def tell_end(self, trained: Trained) -> None:
        """Say on standard error how to go on after Ctrl-C, and what to try where it diverged."""
        lines = []
        if trained.failure is not None:
            failure = trained.failure
            where = f"row {failure.row}" if failure.row is not None else "all rows"
            lines.append(f"diverged: {where}, node {shorten(failure.node)}: {failure.message}")
            if trained.start - trained.start != 0:
                lines.append("it is so at the start: mend that row, or start elsewhere")
            else:
                lines.append(
                    "the parameters are the last good ones; try a smaller --lr, --clip 1, "
                    "or --scale for columns of large numbers"
                )
        if self._stop:
            if self._output is not None:
                lines.append(f"to go on: cgraph train --resume {self._output} -d {self._run.path}")
            else:
                lines.append("nothing was saved; -o model.json writes what --resume goes on from")
        if lines:
            sys.stderr.write("\n".join(lines) + "\n")


def _opened_log(path: str, run: Run) -> IO[str]:
    """Open the log, where a run goes on after the epochs that its model has."""
    try:
        if run.resumed is not None and run.resumed.state is not None and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                kept = [line for line in file if _epoch(line) <= run.resumed.state.epoch]
            write_file(path, "".join(kept).encode())
            return open(path, "a", encoding="utf-8")
        return open(path, "w", encoding="utf-8")
    except (OSError, UnicodeError) as error:
        why = (getattr(error, "strerror", None) or "it is not text").lower()
        raise CgraphError("file", f"{shorten(path, 80)}: {why}") from None


def _epoch(line: str) -> int:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return int(json.loads(line)["epoch"])
    return 2**62
