"""The settings of a run: the command line's, then those of the model, then the defaults."""

from __future__ import annotations

from typing import Any, NamedTuple

from cgcli.commands.data import pairs
from cgcli.errors import CgraphError
from cgcli.learning.models import Model
from cgcli.learning.optimisers import OPTIMISERS
from cgcli.learning.stopping import Criteria
from cgcli.learning.training import BATCHLESS

__all__ = ["Plans", "settings_of"]


class Plans(NamedTuple):
    """The options of a command line; None for what it leaves open."""

    optimizer: str | None
    rate: float | None
    settings: dict[str, float]
    schedule: str | None
    warmup: int | None
    every: int | None
    factor: float | None
    batch: int | str | None
    clip: float | None
    reduce: str | None
    seed: int | None
    criteria: tuple[Any, ...]
    holdout: float | None
    stacks: list[str] | None
    scale: list[str] | None
    skip_bad: bool
    metrics: list[str] | None


_DEFAULTS: dict[str, Any] = {
    "optimizer": "gd",
    "schedule": "constant",
    "warmup": 0,
    "every": 30,
    "factor": 0.1,
    "batch": "all",
    "reduce": "mean",
    "seed": 0,
    "holdout": 0.0,
}
_KEPT = ("optimizer", "batch", "reduce", "seed", "holdout")
"""What a run that goes on cannot change: it would not be the same run."""


def settings_of(plans: Plans, model: Model | None) -> dict[str, Any]:
    """Return the settings of a run: the command line's, then the model's, then the defaults."""
    metrics = pairs("--metric", plans.metrics, "error=abs(y - p)", alone=True)
    found = plans._asdict()
    for name in ("stacks", "scale", "skip_bad"):
        del found[name]
    found["metrics"] = metrics or None
    found["settings"] = plans.settings or None
    before = dict(model.settings) if model is not None else {}
    if model is not None:
        found["criteria"] = _merged(plans.criteria, before["criteria"])
        for name in _KEPT:
            if found[name] is not None and found[name] != before.get(name):
                option = f"--{name}"
                message = f"{option} {found[name]} is not the model's, {before.get(name)}"
                raise CgraphError("usage", message, f"leave {option} out: --resume has it")
    for name, value in found.items():
        if value is None:
            found[name] = before.get(name, _DEFAULTS.get(name))
    found["metrics"] = found["metrics"] or {}
    found["settings"] = found["settings"] or {}
    if found["optimizer"] in BATCHLESS and found["batch"] != "all":
        message = f"{found['optimizer']} looks at all rows at once"
        raise CgraphError("usage", message, "leave --batch out")
    if found["optimizer"] in BATCHLESS:
        _check_heeded(found["optimizer"], plans)
    _check_settings(found)
    _check_schedule(found, plans)
    return found


def _merged(given: tuple[Any, ...], kept: list[Any]) -> tuple[Any, ...]:
    """Return the criteria of a run that goes on: those given, and those of before.

    The bounds of before, epochs, steps and seconds, hold only where no other is given: they are
    what the run has come to.
    """
    new, old = Criteria(*given)._asdict(), Criteria(*kept)._asdict()
    bounds = ("epochs", "steps", "seconds")
    if any(new[name] is not None for name in bounds):
        old.update(dict.fromkeys(bounds))
    return tuple(old[name] if value is None else value for name, value in new.items())


def _check_heeded(optimizer: str, plans: Plans) -> None:
    """Refuse the options that an optimiser of SciPy's does not heed."""
    criteria = Criteria(*plans.criteria)._asdict()
    if optimizer == "lm" and criteria["epochs"] == 0:
        message = "least squares takes one epoch at least"
        raise CgraphError("usage", message, "write --epochs 1, or leave it out")
    given = {name: getattr(plans, name) for name in ("rate", "schedule", "warmup", "clip")}
    given |= {"every": plans.every, "factor": plans.factor, "patience": criteria["patience"]}
    if optimizer == "lm":
        names = ("cost", "change", "gradient", "seconds", "steps")
        given |= {name: criteria[name] for name in names}
    options = {
        "rate": "lr", "seconds": "time", "cost": "until-cost", "change": "until-change",
        "gradient": "until-gradient",
    }  # fmt: skip
    for name, value in given.items():
        if value is not None:
            option = f"--{options.get(name, name)}"
            method = "least squares" if optimizer == "lm" else optimizer
            message = f"{method} has no use for {option}: it chooses its own steps"
            raise CgraphError("usage", message, f"leave {option} out")


def _check_schedule(found: dict[str, Any], plans: Plans) -> None:
    """Refuse a warm-up of no length, and options of another schedule."""
    if found["schedule"] == "warmup" and not found["warmup"]:
        message = "--schedule warmup wants its length"
        raise CgraphError("usage", message, "write --warmup 100, in steps")
    for option, value in (("--every", plans.every), ("--factor", plans.factor)):
        if value is not None and found["schedule"] != "step":
            message = f"{option} belongs to --schedule step"
            raise CgraphError("usage", message, f"add --schedule step, or leave {option} out")


def _check_settings(found: dict[str, Any]) -> None:
    optimiser = OPTIMISERS.get(found["optimizer"])
    names = optimiser.settings if optimiser is not None else {}
    options = {"beta1": "betas", "beta2": "betas"}
    for name in found["settings"]:
        if name not in names:
            option = options.get(name, name).replace("_", "-")
            message = f"{found['optimizer']} has no --{option}"
            own = sorted({options.get(each, each).replace("_", "-") for each in names})
            has = ", ".join(f"--{each}" for each in own)
            raise CgraphError("usage", message, f"it has {has}" if has else "leave it out")
