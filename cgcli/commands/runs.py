"""A run of `cgraph train`: from what the command line says, and a model, to a training."""

from __future__ import annotations

from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np

from cgcli.commands.data import is_data, left_to_columns, opened_source, pairs, tell_skipped
from cgcli.commands.inputs import canonical, constant, read_bindings, split_binding
from cgcli.commands.models import read_model, used
from cgcli.commands.paths import check_paths
from cgcli.commands.settings import Plans, settings_of
from cgcli.commands.watching import Files, Watching
from cgcli.errors import CgraphError, excerpt, shorten
from cgcli.language.free import free_names
from cgcli.learning.initial import initial, meant
from cgcli.learning.models import Model
from cgcli.learning.preparing import Given, Prepared, Reading, prepare
from cgcli.learning.stopping import Criteria
from cgcli.learning.training import BATCHLESS, Options, Trained, Training
from cgcli.limits import Limits
from cgcli.numbers.values import as_inputs
from cgcli.program import parse
from cgcli.views.streams import publish_document

__all__ = ["Run", "Start"]


class Start(NamedTuple):
    """Where the parameters start, as it is written, and what is fixed; `at` names a file of it."""

    bindings: list[str]
    fix: list[str]
    at: str | None = None


class Run:
    """A training that is ready to go, with its files; a context that tells its progress."""

    def __init__(
        self,
        text: str | None,
        start: Start,
        data: str | None,
        resume: str | None,
        plans: Plans,
        limits: Limits,
    ) -> None:
        self._limits = limits
        self.resumed = None if resume is None else read_model(resume)
        self._resume = resume
        self._optional: dict[str, Any] = {}
        model = self.resumed
        if model is not None and (model.state is None or model.settings["optimizer"] in BATCHLESS):
            called = shorten(resume or "", 80)
            message = f"{called}: there is nothing to go on from in this model"
            raise CgraphError("file", message, f"start from its values: --at {called}")
        if text is None:
            assert model is not None
            text = model.program
        elif model is not None and model.program != text:
            message = "the program is another than the model's"
            raise CgraphError("usage", message, "leave the expression out: --resume has it")
        self.settings = settings_of(plans, model)
        self.given = self._given(text, start)
        self.path = data or (model.data.get("path") if model else None)
        self.reading = self._reading(plans)
        self.prepared = self._prepare()
        self.training = Training(self.prepared, self._options())
        if model is not None:
            self._go_on(model)
        self._watching = Watching(self.training, self.model, Files())

    # From the command line

    def _given(self, text: str, start: Start) -> Given:
        program = parse(text, self._limits)
        model, bindings = self.resumed, start.bindings
        fixed, more = read_bindings(start.fix, start.at, self._limits)
        if model is not None and more:
            message = "--at says where to start, and --resume goes on"
            raise CgraphError("usage", message, "leave one of the two out")
        if model is not None:
            for argument in bindings:
                name = canonical(split_binding(argument)[0])
                if name not in model.parameters.views:
                    message = f"'{excerpt(name)}' is no parameter of the model"
                    raise CgraphError("binding", message, "--resume has the parameters' values")
            for name, value in fixed.items():
                if name not in model.fixed:
                    message = f"'{excerpt(name)}' is not fixed in the model"
                    raise CgraphError("binding", message, "leave --fix out: --resume has it")
                if _plain(value) != _plain(model.fixed[name]):
                    message = f"--fix {excerpt(name)} is not the model's value"
                    raise CgraphError("usage", message, "leave --fix out: --resume has it")
            return Given(program, model.parameters.values(), model.fixed, self.settings["metrics"])
        # Of a file what the program has no use for is left, as everywhere.
        free = free_names(program.syntax)
        self._optional = as_inputs({n: v for n, v in more.items() if n in free and n not in fixed})
        initials: dict[str, Any] = {}
        for argument in bindings:
            room = self._limits.numbers - sum(np.size(value) for value in initials.values())
            name, value = self._initial(argument, room)
            if name in initials or name in fixed:
                raise CgraphError("binding", f"'{excerpt(name)}' is given twice", "give it once")
            initials[name] = value
            self._optional.pop(name, None)
        return Given(program, initials, fixed, self.settings["metrics"])

    def _initial(self, argument: str, room: int) -> tuple[str, Any]:
        if "=" not in argument and is_data(argument):
            message = f"'{shorten(argument)}' is not a binding"
            raise CgraphError("binding", message, f"name the data with -d {shorten(argument)}")
        name, text, start = split_binding(argument)
        if text.startswith("@"):
            return next(iter(read_bindings([argument], None, self._limits)[0].items()))

        def evaluate(part: str, known: dict[str, Any]) -> Any:
            return constant(part, name, self._limits, argument, start, known=known)

        try:
            return canonical(name), initial(
                argument[start:], name, self.settings["seed"], evaluate, room
            )
        except CgraphError as error:
            word = meant(text)
            if error.kind == "name" and word:
                error.hint = f"did you mean {word}(…)?"
            raise

    def _reading(self, plans: Plans) -> Reading:
        model, settings = self.resumed, self.settings
        if model is not None:
            scaling = model.scaling()
            return Reading(
                model.stacks(),
                tuple(scaling),
                bool(model.data["skip_bad"]),
                settings["holdout"],
                settings["seed"],
                scaling,
            )
        stacks = pairs("--stack", plans.stacks, "x=pixel_*")
        scale = tuple(plans.scale or ())
        return Reading(stacks, scale, plans.skip_bad, settings["holdout"], settings["seed"])

    def _prepare(self) -> Prepared:
        with opened_source(self.path, "train") as source, used(self._resume):
            more = left_to_columns(self._optional, source, self.reading.stacks)
            given = self.given._replace(initial={**more, **self.given.initial})
            prepared = prepare(given, source, self.reading)
        tell_skipped(prepared.report)
        return prepared

    def _options(self) -> Options:
        settings = self.settings
        batch = settings["batch"]
        return Options(
            settings["optimizer"],
            settings["rate"],
            settings["settings"],
            settings["schedule"],
            settings["warmup"],
            settings["every"],
            settings["factor"],
            None if batch == "all" else batch,
            settings["clip"],
            settings["reduce"],
            settings["seed"],
            Criteria(*settings["criteria"]),
        )

    # From a model

    def _go_on(self, model: Model) -> None:
        called = shorten(self._resume or "", 80)
        assert model.state is not None
        assert self.training.descent is not None
        known = (model.data["rows"], model.data["held"], model.data["fingerprint"])
        if self._fingerprint() != known:
            rows = self.prepared.train.count + (
                self.prepared.held.count if self.prepared.held else 0
            )
            had = model.data["rows"] + model.data["held"]
            message = f"{shorten(str(self.path), 80)} is not what {called} was trained on"
            if rows != had:
                message += f": it has {rows:,} rows, and had {had:,}"
            hint = f"to train on other data begin anew from its values: --at {called}"
            raise CgraphError("file", message, hint)
        memory = self.training.descent.optimiser.remembers
        steps = self.training.descent.objective.steps
        if set(model.state.memory) != set(memory) or model.state.position >= max(steps, 1):
            message = f"{called}: the optimiser's state in this model is not whole"
            raise CgraphError("file", message, "train it again")
        self.training.descent.state = model.state

    def _fingerprint(self) -> tuple[int, int, str]:
        train, held = self.prepared.train, self.prepared.held
        whole = train.fingerprint + (held.fingerprint if held else "")
        return train.count, held.count if held else 0, whole

    def model(self, stopped: str = "") -> Model:
        """Return the model as it stands."""
        prepared, descent = self.prepared, self.training.descent
        rows, held, fingerprint = self._fingerprint()
        scale = {
            name: [_plain(part) for part in pair] for name, pair in prepared.task.scaling.items()
        }
        data = {
            "path": self.path,
            "rows": rows,
            "held": held,
            "skipped": prepared.report.bad,
            "fingerprint": fingerprint,
            "columns": list(prepared.task.columns),
            "stack": dict(self.reading.stacks),
            "scale": scale,
            "skip_bad": self.reading.skip_bad,
        }
        settings = {**self.settings, "criteria": list(self.settings["criteria"])}
        state = None if descent is None else descent.state
        task = prepared.task
        return Model(
            self.given.program.text, task.parameters, task.constants, data, settings, state,
            {"stopped": stopped},
        )  # fmt: skip

    # Running

    def files(self, output: str | None, log: str | None, plot: str | None, every: float) -> None:
        """Name the files that are written."""
        output = output or self._resume
        # A model that goes on may name its data itself.
        check_paths({"data": self.path, "output": output, "log": log, "plot": plot})
        state = None if self.resumed is None else self.resumed.state
        files = Files(output, log, plot, every, self.path, state.epoch if state else None)
        self._watching = Watching(self.training, self.model, files)

    @property
    def interrupted(self) -> bool:
        """Whether someone pressed Ctrl-C."""
        return self._watching.asked_to_stop()

    def __enter__(self) -> Self:
        """Begin: write what is there, and listen for Ctrl-C."""
        self._watching.begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End."""
        self._watching.close()

    def trace(self, steps: int, digits: int) -> None:
        """Print the first steps in full."""
        from cgcli.views.learning.steps import print_steps

        if self.training.descent is None:
            message = f"--trace shows steps of descent, and {self.settings['optimizer']} has none"
            raise CgraphError("usage", message, "leave --trace out")
        print_steps(self.training, steps, digits)

    def train(self, *, as_json: bool, digits: int) -> Trained:
        """Train, and print what came of it."""
        trained = self.training.run(self._watching)
        self._watching.end()
        model = self.model(trained.stopped)
        self._watching.finish(model, trained)
        if as_json:
            from cgcli.views.learning.document import as_document

            publish_document(as_document(self.training, trained, model))
        else:
            from cgcli.views.learning.report import print_trained

            print_trained(self.training, trained, digits)
        self._watching.tell_end(trained)
        return trained


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else float(value)
