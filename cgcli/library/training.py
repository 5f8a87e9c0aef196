"""Fits from the library, and programs over rows: `train`, `map` and `predict`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cgcli.errors import CgraphError, excerpt, shorten
from cgcli.learning.given import Given
from cgcli.learning.logbook import Record, Watch
from cgcli.learning.manner import Manner
from cgcli.learning.mapping import RowProgram, map_rows
from cgcli.learning.models import Model, model_of
from cgcli.learning.preparing import Prepared, Reading, prepare
from cgcli.learning.run import Trained
from cgcli.learning.sources import Report, Source
from cgcli.learning.stopping import End
from cgcli.learning.training import Training
from cgcli.library.answers import Answer, Table
from cgcli.library.choices import check_form
from cgcli.library.keywords import by_keywords
from cgcli.library.models import read_model
from cgcli.library.program import Program, parse
from cgcli.library.readings import manner_of
from cgcli.library.settings import checked, options_of, settings_of
from cgcli.library.tables import Data, Rows, opened_data
from cgcli.native.engine import engine_of
from cgcli.numbers.values import as_inputs
from cgcli.plan.compiled import Engine

if TYPE_CHECKING:
    from cgcli.learning.workers import Workers


class Picture(Answer):
    """A picture of a fit, which a notebook shows; `str` is its SVG."""

    endings = ("svg", "png")

    def __init__(self, svg: str) -> None:
        self.svg = svg

    def to_dict(self) -> dict[str, str]:
        """Return the picture's SVG."""
        return {"svg": self.svg}

    def _text(self, ending: str) -> str | bytes:
        from cgcli.views.drawing.files import converted

        return converted(self.svg, "png") if ending == "png" else self.svg

    def __str__(self) -> str:
        """Return the picture's SVG."""
        return self.svg

    def _repr_svg_(self) -> str:
        return self.svg


class Fit(Table):
    """What training came to; `str` is its report, and `save` writes the model.

    `parameters` are numbers and arrays by name, `cost` is theirs over the rows, from `start` on;
    `end` says how it ended and what that leaves in doubt; `history` has a record of each epoch,
    and `folds` the costs and metrics of rows held out by turns.

    >>> import cgcli
    >>> fit = cgcli.train("(w*x - y)^2", {"x": [1, 2, 3], "y": [2, 4, 6]}, {"w": 0}, rate=0.1)
    >>> round(fit.parameters["w"], 6), fit.end.reliable
    (2.0, True)
    """

    def __init__(self, training: Training, trained: Trained, model: Model) -> None:
        self.training, self.trained, self.model = training, trained, model
        self.parameters: dict[str, Any] = training.task.parameters.values()
        self.start = trained.start
        self.cost = trained.cost
        self.holdout = trained.holdout
        self.metrics = trained.metrics
        self.folds = trained.folds
        self.end: End = trained.end
        self.history: list[Record] = trained.history
        self.statistics = None if trained.fit is None else trained.fit.statistics

    def predict(self, data: Data, **options: Any) -> Rows:
        """Return what the model gives for every row, as `cgcli.predict` does."""
        return predict(self.model, data, **options)

    def plot(self) -> Picture:
        """Return a fit with its bands and residuals, or the curve of the cost by epochs.

        The bands are of 95 %, for the fit's curve and for another row. Raises `CgraphError` where
        there is neither: a run of one epoch, a residual that is no prediction less a column.

        >>> import cgcli
        >>> columns = {"x": [1, 2, 3, 4], "y": [2.1, 3.9, 6.2, 7.9]}
        >>> fit = cgcli.train("a + b*x - y", columns, dict(a=0, b=1), residual=True)
        >>> fit.plot()
        <Picture, saved as svg, png>
        """
        from cgcli.learning.bands import bands
        from cgcli.views.learning.fit import picture

        task, table = self.training.task, self.training.prepared.train
        return Picture(picture(self.trained, bands(task, table, self.trained.fit)))

    def to_dict(self) -> dict[str, Any]:
        """Return the fit as the document `cgraph.train/1`."""
        from cgcli.views.learning.document import as_document

        return {**as_document(self.training, self.trained, self.model)}

    def _text(self, ending: str) -> str:
        return self.model.text()

    def __repr__(self) -> str:
        """Return the parameters and the cost on one line."""
        from cgcli.views.table import shown

        texts = {name: " ".join(shown(v, 6).split()) for name, v in self.parameters.items()}
        values = ", ".join(f"{name}={shorten(text)}" for name, text in texts.items())
        return f"<Fit {values}; cost {self.cost:.6g}>"

    def print_on(self, out: Any) -> None:
        """Print the cost's curve, the parameters, why it ended, and what is in doubt."""
        from cgcli.views.learning.report import doubt_lines, print_trained
        from cgcli.views.terminal import say

        print_trained(self.training, self.trained, 6, out)
        say(out, *doubt_lines(self.trained))


class Run:
    """A training that is ready to go: `prepared` are the rows, which have been read.

    `outside` is the source of rows held out, where they are data of their own; `settings` are as
    `settings_of` returns them. Who runs it otherwise has its own ways to prepare, and its engine.
    """

    def __init__(
        self,
        given: Given,
        data: Data,
        outside: Data | None,
        manner: Manner,
        reading: Reading,
        settings: dict[str, Any],
        workers: Workers | None = None,
    ) -> None:
        self.reading, self.settings = reading, settings
        with contextlib.ExitStack() as opened:
            source = opened.enter_context(opened_data(data, manner))
            self.path: str | list[str] = source.path
            self.outside: Source | None = None
            if outside is not None:
                held = opened_data(outside, replace(manner, kept=True))
                self.outside = opened.enter_context(held)
            self.prepared = self.prepare(given, source)
        self.training = Training(self.prepared, options_of(settings), workers, self.engine())

    def prepare(self, given: Given, source: Source) -> Prepared:
        """Return the task and the rows of a source that is open; raises `CgraphError`."""
        return prepare(given, source, self.reading, self.outside)

    def engine(self) -> Engine | None:
        """Return the engine that computes the rows, None for NumPy's."""
        return engine_of(self.settings["engine"])

    def model(self, stopped: str = "") -> Model:
        """Return the model as it stands, and why it stopped."""
        criteria = list(self.settings["criteria"])
        settings: Any = {**self.settings, "criteria": criteria, "engine": self.training.engine}
        return model_of(self.training, self.path, settings, stopped)


@by_keywords
def train(
    program: str | Program,
    data: Data,
    start: Mapping[str, Any],
    /,
    *,
    fix: Mapping[str, Any] = {},
    bounds: Mapping[str, Sequence[float | None]] = {},
    stack: Mapping[str, str | list[str]] = {},
    scale: Sequence[str] = (),
    holdout: float | Data = 0.0,
    folds: int = 0,
    metrics: Mapping[str, str] = {},
    skip_bad: bool = False,
    read: Mapping[str, Any] = {},
    residual: bool = False,
    progress: Callable[[Record], None] | None = None,
    **options: Any,
) -> Fit:
    """Return the parameters that make a program's value least, over the rows of data.

    The program is the cost of a row, or with `residual` what is squared and summed. `start` has
    the parameters' first values, `bounds` the ends that they are kept within, None for no end,
    `fix` the values of other names; columns of the data are all else. `holdout` is the part of the
    rows to hold out, or data of its own; with `folds` so many parts are held out by turns.
    `options` are as those of `cgraph train`: `optimizer`, `rate`, `batch`, `epochs`, `seed` and
    so on. `read` says how data is read: see `cgcli.map`. `progress` is called with the record of
    each epoch. Raises `CgraphError`.

    >>> train("w*x - y", {"x": [1, 2], "y": [2, 4]}, {"w": 1}, residual=True).parameters
    {'w': 2.0}
    """
    check_form("start", start, Mapping, "dict(w=0)")
    check_form("fix", fix, Mapping, "dict(c=2)")
    check_form("stack", stack, Mapping, 'dict(x="pixel_*")')
    check_form("metrics", metrics, Mapping, 'dict(error="abs(y - p)")')
    check_form("bounds", bounds, Mapping, "dict(w=(0, None))")
    for name, ends in bounds.items():
        check_form(f"bounds of '{excerpt(name)}'", ends, (list, tuple), "dict(w=(0, None))")
        if [end is None or isinstance(end, int | float) for end in ends] != [True, True]:
            message = f"bounds of '{excerpt(name)}' are two numbers, or None for no end"
            raise CgraphError("usage", message, "write bounds=dict(w=(0, None))")
    # A known error may be a number.
    texts = {n: str(options[n]) for n in ("sigma", "weights") if options.get(n) is not None}
    fraction = holdout if isinstance(holdout, int | float) else 0.0
    others = {"metrics": metrics, "bounds": bounds, "holdout": fraction}
    settings = settings_of(checked({**options, **texts, **others}), residual=residual)
    reading = Reading(dict(stack), scale, skip_bad, fraction, folds, settings["seed"])
    rules = (bounds, settings["sigma"], settings["weights"])
    given = Given(_parsed(program), as_inputs(start), as_inputs(fix), metrics, *rules)
    outside = None if fraction is holdout else holdout
    run = Run(given, data, outside, manner_of(read), reading, settings)
    if run.outside is not None:
        settings["holdout"] = run.outside.path

    class Progress(Watch):
        """Hands the record of each epoch on."""

        def epoch(self, record: Record) -> None:
            """See an epoch's end."""
            if progress is not None:
                progress(record)

    trained = run.training.run(Progress())
    return Fit(run.training, trained, run.model(trained.end.message))


@by_keywords
def map(  # noqa: A001  # it is called as the command is
    program: str | Program,
    data: Data,
    bindings: Mapping[str, Any] = {},
    /,
    *,
    of: str | Iterable[str] = (),
    wrt: Sequence[str] | None = None,
    gradients: bool = True,
    stack: Mapping[str, str | list[str]] = {},
    keep: str | Sequence[str] = (),
    skip_bad: bool = False,
    read: Mapping[str, Any] = {},
    engine: str = "numpy",
    progress: Callable[[int], None] | None = None,
) -> Rows:
    """Return the values and gradients of every row of data.

    `of` names nodes, or has expressions over them; gradients are of one of these. `bindings` are
    the values of names that are no columns; `keep` are columns that come back as they are.
    `read` says how data is read, where numbers are not as programs write them: `delimiter`,
    `decimal`, `thousands`, `percent`, `comment`, `encoding`, `sheet`, `missing`, `dates`, `pads`,
    and `levels`: columns of categories, as `["sex"]`, or with their words, `{"sex": ["f", "m"]}`.
    The `engine` is numpy, native or auto.
    `progress` is called with the number of the last row that is done. Raises `CgraphError`.

    >>> map("(x+y)*z", {"x": [1, 2], "y": [3, 4]}, {"z": -3}, wrt=["x"])["df/dx"]
    array([-3., -3.])
    """
    mapping = RowProgram(
        _parsed(program),
        as_inputs(bindings),
        dict(stack),
        of=_listed(of),
        gradients=gradients,
        wrt=wrt,
        keep=tuple(_listed(keep)),
        required=[*bindings, *stack],
        engine=engine_of(engine),
    )
    return _rows(mapping, data, manner_of(read), skip_bad=skip_bad, progress=progress)


@by_keywords
def predict(
    model: str | os.PathLike[str] | Model | Fit,
    data: Data,
    /,
    *,
    of: str | Iterable[str] = (),
    bands: float | None = None,
    keep: str | Sequence[str] = (),
    skip_bad: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Rows:
    """Return what a model gives for every row of data: `of` nodes, or expressions over them.

    With `bands` of a level, 0.95, also the ends between which one of them lies, and another row
    does. The model is a fit, or the path of one that was saved. Raises `CgraphError`.

    >>> fit = train("y = w*x; (y - t)^2", {"x": [1, 2], "t": [2, 4]}, {"w": 0}, rate=0.1)
    >>> predict(fit, {"x": [3]}, of="y")["y"].round(3)
    array([6.])
    """
    if isinstance(model, Fit):
        model = model.model
    elif not isinstance(model, Model):
        check_form("model", model, (str, os.PathLike), '"model.json"')
        model = read_model(os.fspath(model))
    mapping = RowProgram.of_model(model, _listed(of), tuple(_listed(keep)), bands)
    manner = Manner(**model.data.get("read", {}), kept=True)
    return _rows(mapping, data, manner, skip_bad=skip_bad, progress=progress)


def _rows(
    mapping: RowProgram,
    data: Data,
    manner: Manner,
    *,
    skip_bad: bool,
    progress: Callable[[int], None] | None,
) -> Rows:
    with opened_data(data, manner) as source:
        report = Report(source.path, skip=skip_bad, manner=manner)
        parts = []
        for part in map_rows(mapping, source, report):
            parts.append(part)
            if progress is not None and len(part[0]):
                progress(int(part[0][-1]))
    return Rows(parts, report)


def _listed(names: str | Iterable[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _parsed(program: str | Program) -> Program:
    return program if isinstance(program, Program) else parse(program)
