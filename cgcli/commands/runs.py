"""A run of `cgraph train`: from what the command line says, and a model, to a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cgcli.commands.data import (
    engine_of,
    how_read,
    left_to_columns,
    paths_of,
    tell_notes,
    tell_read,
)
from cgcli.commands.inputs import canonical, constant, read_bindings, read_program, split_binding
from cgcli.commands.options import conflict
from cgcli.commands.paths import check_paths
from cgcli.commands.train_options import TrainOptions
from cgcli.commands.watching import Watching
from cgcli.errors import CgraphError, excerpt, file_error, shorten
from cgcli.language.free import free_names
from cgcli.learning.bands import bands
from cgcli.learning.given import Given, initial, meant
from cgcli.learning.manner import Manner
from cgcli.learning.models import Model
from cgcli.learning.preparing import Prepared, Reading
from cgcli.learning.run import Trained
from cgcli.learning.sources import Source
from cgcli.learning.tables import plain
from cgcli.library import training
from cgcli.library.files import named
from cgcli.library.models import read_model
from cgcli.library.settings import settings_of
from cgcli.library.sources import data_kind
from cgcli.numbers.values import as_inputs
from cgcli.plan.compiled import Engine
from cgcli.program import Program, parse
from cgcli.views.streams import publish_document, tell

if TYPE_CHECKING:
    from cgcli.learning.workers import Workers


class Run(training.Run):
    """A training that is ready to go; `watching` is the context of it that tells its progress."""

    def __init__(self, options: TrainOptions, workers: Workers | None = None) -> None:
        self._options = options
        self._limits = options.limits
        self._optional: dict[str, Any] = {}
        program, resume = options.program, options.resume
        text = None if program is None else read_program(program, "train")
        self.resumed = model = None if resume is None else read_model(resume)
        self._called = called = shorten(resume or "", 80)
        if model is not None and model.state is None:
            why = "there is nothing to go on from in this model"
            raise file_error(called, why, f"start from its values: --at {called}")
        if text is None:
            assert model is not None
            text = model.program
        elif model is not None and model.program != text:
            message = "the program is another than the model's"
            raise conflict(message, "leave the expression out: --resume has it")
        settings = settings_of(options.stated, residual=options.residual, model=model)
        self.settings = settings
        given = self._given(text)
        paths = options.data or (_listed(model.data["path"]) if model else [])
        holdout = settings["holdout"]
        outside = [holdout] if isinstance(holdout, str) else None
        manner = options.manner if model is None else _kept(options.manner, model)
        reading = self._reading(0.0 if outside else holdout)
        self._paths = paths_of(paths, "train")
        super().__init__(given, paths, outside, manner, reading, settings, workers)
        self.path = paths[0] if len(paths) == 1 else paths
        if model is not None:
            self._go_on(model)
        epoch = model.state.epoch if model is not None and model.state is not None else None
        # A model that goes on may name its data itself.
        written = {"output": options.output or resume, "log": options.log, "plot": options.plot}
        files = {"data": paths, "holdout": outside, **written}
        check_paths({name: getattr(TrainOptions, name) for name in files}, files)
        self.watching = Watching(options, self.training, self.model, paths, epoch)

    # From the command line

    def _given(self, text: str) -> Given:
        program = parse(text, self._limits)
        at, hint = self._options.at, "give it a value: --fix {0}=1"
        fixed, more = read_bindings(self._options.fix, at, self._limits, alone=hint)
        if self.resumed is not None:
            self._check_resumed(self.resumed, fixed, more)
            initials = self.resumed.parameters.values()
            return self._made(program, initials, self.resumed.fixed)
        # Of a file what the program has no use for is left, as everywhere.
        free = free_names(program.syntax)
        self._optional = as_inputs({n: v for n, v in more.items() if n in free and n not in fixed})
        initials = {}
        for argument in self._options.bindings:
            room = self._limits.numbers - sum(np.size(value) for value in initials.values())
            name, value = self._initial(argument, room)
            if name in initials or name in fixed:
                raise CgraphError("binding", f"'{excerpt(name)}' is given twice", "give it once")
            initials[name] = value
            self._optional.pop(name, None)
        return self._made(program, initials, fixed)

    def _made(self, program: Program, initials: Any, fixed: Any) -> Given:
        names = ("metrics", "bounds", "sigma", "weights")
        return Given(program, initials, fixed, *(self.settings[name] for name in names))

    def _check_resumed(self, model: Model, fixed: dict[str, Any], more: dict[str, Any]) -> None:
        """Refuse values for a run that goes on, except where they are those of its model."""
        if more:
            raise conflict("--at says where to start, and --resume goes on")
        for argument in self._options.bindings:
            name = canonical(split_binding(argument)[0])
            if name not in model.parameters.views:
                message = f"'{excerpt(name)}' is no parameter of the model"
                raise CgraphError("binding", message, "--resume has the parameters' values")
        for name, value in fixed.items():
            if name not in model.fixed:
                message = f"'{excerpt(name)}' is not fixed in the model"
                raise CgraphError("binding", message, "leave --fix out: --resume has it")
            if plain(value) != plain(model.fixed[name]):
                message = f"--fix {excerpt(name)} is not the model's value"
                raise conflict(message, "leave --fix out: --resume has it")

    def _initial(self, argument: str, room: int) -> tuple[str, Any]:
        if "=" not in argument and data_kind(argument):
            message = f"'{shorten(argument)}' is not a binding"
            raise CgraphError("binding", message, f"name the data with -d {shorten(argument)}")
        name, text, start = split_binding(argument, "say where it starts: {0}=0")
        if text.startswith("@"):
            return next(iter(read_bindings([argument], None, self._limits)[0].items()))

        def evaluate(part: str, known: dict[str, Any]) -> Any:
            return constant(part, name, self._limits, argument, start, known=known)

        seed = self.settings["seed"]
        try:
            return canonical(name), initial(argument[start:], name, seed, evaluate, room)
        except CgraphError as error:
            word = meant(text)
            if error.kind == "name" and word:
                error.hint = f"did you mean {word}(…)?"
            raise

    def _reading(self, holdout: float) -> Reading:
        model, given, seed = self.resumed, self._options, self.settings["seed"]
        if model is None:
            scale, folds = given.scale or (), given.folds or 0
            return Reading(given.stack, scale, given.skip_bad, holdout, folds, seed)
        scaling, skip_bad = model.scaling(), bool(model.data["skip_bad"])
        return Reading(model.data["stack"], tuple(scaling), skip_bad, holdout, 0, seed, scaling)

    def prepare(self, given: Given, source: Source) -> Prepared:
        """Return the task and the rows, with the values of --at for names that are no columns."""
        with named(self._options.resume):
            more = left_to_columns(self._optional, source, self.reading.stacks)
            prepared = super().prepare(given._replace(initial={**more, **given.initial}), source)
        paths = ", ".join(part.path for part in filter(None, (source, self.outside)))
        self.read = how_read(source._replace(path=paths), prepared.report)
        tell_read(self.read, prepared.report)
        return prepared

    def engine(self) -> Engine | None:
        """Return the engine that computes the rows, which says what it does."""
        return engine_of(self._options, self.settings["engine"])

    # From a model

    def _go_on(self, model: Model) -> None:
        assert model.state is not None
        descent = self.training.descent
        data, known = self.model().data, model.data
        rows, had = (counts["rows"] + counts["held"] for counts in (data, known))
        if (rows, data["fingerprint"]) != (had, known["fingerprint"]):
            message = (
                f"{shorten(', '.join(self._paths), 80)} is not what {self._called} was trained on"
            )
            if rows != had:
                message += f": it has {rows:,} rows, and had {had:,}"
            hint = f"to train on other data begin anew from its values: --at {self._called}"
            raise CgraphError("file", message, hint)
        position, steps = model.state.position, descent.objective.steps if descent else 1
        remembers = descent.optimiser.remembers if descent else ()
        if {*model.state.memory} != {*remembers} or position >= max(steps, 1):
            why = "the optimiser's state in this model is not whole"
            raise file_error(self._called, why, "train it again")
        self.training.log.state = model.state
        if descent is None:
            method = self.settings["optimizer"]
            tell(
                f"note: {method} goes on from the parameters, and begins its memory of earlier "
                "steps anew: last digits may differ from those of an unbroken run"
            )

    # Running

    def train(self) -> Trained:
        """Train, and print what came of it, after the first steps in full where they are wanted."""
        options, ready = self._options, self.training
        if options.trace:
            from cgcli.views.learning.steps import print_steps

            if ready.descent is None:
                method = self.settings["optimizer"]
                message = f"--trace shows steps of descent, and {method} has none"
                raise conflict(message, "leave --trace out")
            print_steps(ready, options.trace, options.digits)
        trained = ready.run(self.watching)
        self.watching.end()
        model = self.model(trained.end.message)
        drawn = bands(ready.task, self.prepared.train, trained.fit) if options.plot else None
        self.watching.finish(model, trained, drawn)
        if options.json:
            from cgcli.views.learning.document import as_document

            publish_document(as_document(ready, trained, model, self.read))
        else:
            from cgcli.views.learning.report import doubt_lines, print_trained

            print_trained(ready, trained, options.digits, drawn=drawn)
            tell(*doubt_lines(trained))
        tell_notes(self.prepared.report)
        self.watching.tell_end(trained)
        return trained


def _listed(path: str | list[str] | None) -> list[str]:
    """Return the paths of the data that a model has."""
    return [path] if isinstance(path, str) else path or []


def _kept(given: Manner, model: Model) -> Manner:
    """Return how a run that goes on reads its data, which is as before."""
    kept = Manner(**model.data.get("read", {}))
    if given != Manner() and given.document() != kept.document():
        message = "the data is read otherwise than before"
        raise conflict(message, "leave out how it is read: --resume has it")
    # They are those of the same rows again.
    kept.means = {}
    return kept
