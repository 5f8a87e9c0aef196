"""The settings of a run: the command line's, then those of the model, then the defaults."""

from __future__ import annotations

from typing import Any, Final

from cgcli.commands.choices import conflict
from cgcli.commands.train_options import TrainOptions
from cgcli.learning.models import Model
from cgcli.learning.optimisers import OPTIMISERS
from cgcli.learning.stopping import Criteria
from cgcli.learning.training import BATCHLESS, Options

_DEFAULTS: Final = {**Options()._asdict(), "batch": "all", "holdout": 0.0, "metrics": {}}
_KEPT = ("optimizer", "batch", "reduce", "seed", "holdout", "engine")
"""What a run that goes on cannot change: it would not be the same run."""


def settings_of(given: TrainOptions, model: Model | None) -> dict[str, Any]:
    """Return the settings of a run: the command line's, then the model's, then the defaults."""
    before = {**_DEFAULTS, **(model.settings if model is not None else {})}
    settings = {name: getattr(given, name) for name in _DEFAULTS}
    if given.residual:
        settings["optimizer"] = "lm"
    if model is not None:
        settings["criteria"] = _merged(given.criteria, Criteria(*before["criteria"]))
        for name in _KEPT:
            if settings[name] not in (None, before[name]):
                option = f"--{name}"
                message = f"{option} {settings[name]} is not the model's, {before[name]}"
                raise conflict(message, f"leave {option} out: --resume has it")
    for name, value in settings.items():
        if value is None or value == {}:
            settings[name] = before[name]
    if settings["optimizer"] in BATCHLESS:
        if settings["batch"] != "all":
            message = f"{settings['optimizer']} looks at all rows at once"
            raise conflict(message, "leave --batch out")
        _check_heeded(settings["optimizer"], given)
    _check_settings(settings)
    _check_schedule(settings, given)
    return settings


def _merged(given: Criteria, kept: Criteria) -> Criteria:
    """Return the criteria of a run that goes on: those given, and those of before.

    The bounds of before, epochs, steps and seconds, hold only where no other is given: they are
    what the run has come to.
    """
    if any(bound is not None for bound in (given.epochs, given.steps, given.seconds)):
        kept = kept._replace(epochs=None, steps=None, seconds=None)
    both = zip(given, kept, strict=True)
    return Criteria._make(old if new is None else new for new, old in both)


def _check_heeded(optimizer: str, given: TrainOptions) -> None:
    """Refuse the options that an optimiser of SciPy's does not heed."""
    if optimizer == "lm" and given.epochs == 0:
        message = "least squares takes one epoch at least"
        raise conflict(message, "write --epochs 1, or leave it out")
    names = ["rate", "schedule", "warmup", "clip", "every", "factor", "patience"]
    if optimizer == "lm":
        names += ["until_cost", "until_change", "until_gradient", "seconds", "steps"]
    for name in names:
        if getattr(given, name) is not None:
            option = getattr(TrainOptions, name).called(name)[0]
            method = "least squares" if optimizer == "lm" else optimizer
            message = f"{method} has no use for {option}: it chooses its own steps"
            raise conflict(message, f"leave {option} out")


def _check_schedule(settings: dict[str, Any], given: TrainOptions) -> None:
    """Refuse a warm-up of no length, and options of another schedule."""
    if settings["schedule"] == "warmup" and not settings["warmup"]:
        raise conflict("--schedule warmup needs its length", "write --warmup 100, in steps")
    for option, value in (("--every", given.every), ("--factor", given.factor)):
        if value is not None and settings["schedule"] != "step":
            message = f"{option} belongs to --schedule step"
            raise conflict(message, f"add --schedule step, or leave {option} out")


def _check_settings(settings: dict[str, Any]) -> None:
    """Refuse a setting that the optimiser does not have."""
    optimiser = OPTIMISERS.get(settings["optimizer"])
    names = [_option(name) for name in (optimiser.settings if optimiser is not None else ())]
    for name in settings["settings"]:
        if _option(name) not in names:
            message = f"{settings['optimizer']} has no {_option(name)}"
            has = ", ".join(sorted(set(names)))
            raise conflict(message, f"it has {has}" if has else "leave it out")


def _option(setting: str) -> str:
    """Return the option that gives an optimiser's setting."""
    return "--betas" if setting.startswith("beta") else f"--{setting.replace('_', '-')}"
