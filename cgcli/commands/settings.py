"""The settings of a run: the command line's, then those of the model, then the defaults."""

from __future__ import annotations

from typing import Any, Final

from cgcli.commands.choices import conflict
from cgcli.commands.train_options import TrainOptions
from cgcli.learning.models import Model
from cgcli.learning.run import Options, check_settings
from cgcli.learning.stopping import Criteria

_OTHERS: Final = {"batch": "all", "holdout": 0.0, "metrics": {}, "bounds": {}}
_DEFAULTS: Final = {**Options()._asdict(), **_OTHERS}
_KEPT = ("optimizer", "batch", "reduce", "seed", "holdout", "engine")
"""What a run that goes on cannot change: it would not be the same run."""


def settings_of(given: TrainOptions, model: Model | None) -> dict[str, Any]:
    """Return the settings of a run: the command line's, then the model's, then the defaults."""
    before = {**_DEFAULTS, **(model.settings if model is not None else {})}
    settings = {name: getattr(given, name) for name in _DEFAULTS}
    if given.residual:
        settings["optimizer"] = given.optimizer or "lm"
    if model is not None:
        settings["criteria"] = _merged(given.criteria, Criteria(*before["criteria"]))
        for name in _KEPT:
            if settings[name] not in (None, before[name]):
                option = f"--{name}"
                message = f"{option} {settings[name]} is not the model's, {before[name]}"
                raise conflict(message, f"leave {option} out: --resume has it")
    for name, value in settings.items():
        if value is None or value is False or value == {}:
            settings[name] = before[name]
    stated = {**vars(given), **given.settings}
    # That a model's program is a residual its optimiser says.
    residual = given.residual or (model is not None and settings["optimizer"] == "lm")
    check_settings(stated, settings, _called, residual=residual)
    return settings


def _called(name: str, value: object = None) -> str:
    """Return the option that gives a setting, with a value where there is one."""
    option = "--betas" if name.startswith("beta") else getattr(TrainOptions, name).called(name)[0]
    return option if value is None else f"{option} {value}"


def _merged(given: Criteria, kept: Criteria) -> Criteria:
    """Return the criteria of a run that goes on: those given, and those of before.

    The bounds of before, epochs, steps and seconds, hold only where no other is given: they are
    what the run has come to.
    """
    if any(bound is not None for bound in (given.epochs, given.steps, given.seconds)):
        kept = kept._replace(epochs=None, steps=None, seconds=None)
    both = zip(given, kept, strict=True)
    return Criteria._make(old if new is None else new for new, old in both)
