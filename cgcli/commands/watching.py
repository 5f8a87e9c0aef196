"""Who watches a run: its progress on a terminal, its files, and Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, Self

from cgcli.commands.options import conflict
from cgcli.commands.train_options import TrainOptions
from cgcli.errors import CgraphError, file_error, required, shorten
from cgcli.learning.bands import Bands
from cgcli.learning.logbook import Record, State, Watch
from cgcli.learning.models import Model, as_json
from cgcli.learning.run import Trained
from cgcli.learning.stopping import interrupts
from cgcli.learning.training import Training
from cgcli.library.files import Output, ending_of, named_errors, take_lock, write_file
from cgcli.views.streams import tell

_PATIENCE = 20
"""Saving takes one part of so many of the time at most."""


@dataclass(eq=False)
class Watching(Watch):
    """Sees every step of a run: shows its progress, writes its model and its log.

    A context: the files are begun where it is entered, so that a path that cannot be written is
    known at once, and another run may write the model where it is left. A model that is there
    already is replaced when there is something to put in its place. `data` names what the run
    learns from, and `epoch_before` is the one that it goes on from, if it does.
    """

    options: TrainOptions
    training: Training
    model: Callable[[], Model]
    data: list[str]
    epoch_before: int | None

    def __post_init__(self) -> None:
        output = self.options.output or self.options.resume
        self._output = None if output is None else Output(output)
        self._log: IO[str] | None = None
        self._saved = 0.0
        self._cost = 0.0
        self._stop = False
        self._progress: Any = None
        self._open = contextlib.ExitStack()
        """What lasts as long as the run: its log, Ctrl-C, its progress."""

    def __enter__(self) -> Self:
        """Begin: write what is there, and listen for Ctrl-C."""
        try:
            self._begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _begin(self) -> None:
        self._check_files()
        if self._output is not None:
            self._output.__enter__()
            self._saved = time.monotonic()
            if not self._output.exists:
                self._write()
        if self.options.log is not None:
            self._open.enter_context(named_errors(self.options.log))
            self._log = self._open.enter_context(_opened_log(self.options.log, self.epoch_before))
        self._open.enter_context(interrupts(self._interrupt))
        descent = self.training.descent
        if sys.stderr.isatty() and descent is not None:
            from cgcli.views.learning.progress import Progress

            self._progress = Progress(descent.schedule.total)
            self._open.callback(self._progress.close)

    def _check_files(self) -> None:
        """Refuse a curve that cannot be drawn, or not where it is to be, before the run."""
        plot = self.options.plot
        if plot is not None:
            with Output(plot):
                pass
            if ending_of(plot) == "png":
                required("typst", "image", "to write a .png")
        if self.options.log and self.training.options.optimizer == "lm":
            message = "least squares has no epochs for --log to show"
            raise conflict(message, "leave --log out")

    def end(self) -> None:
        """Give Ctrl-C back, take the progress away, and close the log."""
        self._open.close()

    def __exit__(self, *error: object) -> None:
        """End, and let go of the model: another run may write it."""
        try:
            self.end()
        finally:
            if self._output is not None:
                self._output.__exit__()

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
            with named_errors(str(self.options.log)):
                self._log.write(as_json(record) + "\n")
                self._log.flush()

    def save(self, state: State) -> None:
        """Write the model when it is time for it."""
        if self._output is None or self._output.is_device:
            # What a device has been given it keeps: it gets the model of the end.
            return
        now = time.monotonic()
        if now - self._saved >= max(self.options.save_every, _PATIENCE * self._cost):
            self._write()

    def asked_to_stop(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._stop

    def _write(self, model: Model | None = None) -> None:
        assert self._output is not None
        began = time.monotonic()
        self._output.write([(model or self.model()).text().encode()])
        self._saved = time.monotonic()
        self._cost = self._saved - began if self.options.save_every else 0.0

    def finish(self, model: Model, trained: Trained, drawn: Bands | None) -> None:
        """Write the model and the picture of a run that has ended: its curve, or its fit."""
        if self._output is not None:
            self._write(model)
        plot = self.options.plot
        if plot is None:
            return
        from cgcli.views.drawing.files import converted
        from cgcli.views.learning.fit import picture

        try:
            svg = picture(trained, drawn)
        except CgraphError as error:
            tell(f"note: {error.message}" + (f"; {error.hint}" if error.hint else ""))
        else:
            is_png = ending_of(plot) == "png"
            write_file(plot, converted(svg, "png") if is_png else svg.encode())

    def tell_end(self, trained: Trained) -> None:
        """Say on standard error how to go on after Ctrl-C, and what to try where it diverged."""
        lines = []
        if trained.end.failure is not None:
            row, node, why = trained.end.failure
            where = "" if row is None else f"row {row}, node {shorten(node)}: "
            lines.append(f"diverged: {where}{why}")
            # Of fits a gradient that is not finite leads back, but for the first.
            if trained.start - trained.start != 0 or not (trained.state and trained.state.step):
                lines.append("it is so at the start: mend that row, or start elsewhere")
                known = self.training.prepared.report.manner.levels
                lines += [
                    f"{shorten(name)} has {len(levels)} categories: an index needs as many numbers"
                    for name, levels in known.items()
                    if f"({name}, " in why
                ]
            else:
                lines.append(
                    "the parameters are those of the lowest cost before; try a smaller --lr, "
                    "--clip 1, or --scale for columns of large numbers"
                )
        if self._stop:
            if self._output is not None:
                data = [word for path in self.data for word in ("-d", path)]
                words = ["--resume", self._output.path, *data]
                lines.append(f"to go on: cgraph train {shlex.join(words)}")
            else:
                lines.append("nothing was saved; -o model.json writes what --resume goes on from")
        tell(*lines)


def _opened_log(path: str, epoch: int | None) -> IO[str]:
    """Open the log, of a run that goes on behind the epochs that its model has."""
    with named_errors(path):
        log = _appending(path)
        if os.path.isfile(path) and epoch is None:
            log.truncate(0)
        elif epoch is not None and os.path.isfile(path):
            with open(path, "rb") as before:
                kept = [line for line in before if _epoch(line) <= epoch]
            write_file(path, b"".join(kept))
            log.close()
            log = _appending(path)
    return log


def _appending(path: str) -> IO[str]:
    log = open(path, "a", encoding="utf-8")  # noqa: SIM115  # kept open
    if take_lock(log) is False:
        log.close()
        raise file_error(path, "another run is writing it", "give each run a log of its own")
    return log


def _epoch(line: bytes) -> int:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return int(json.loads(line)["epoch"])
    return 2**62
