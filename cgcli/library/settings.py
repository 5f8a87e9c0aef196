"""The settings of a run, from keywords or options: those stated, a model's, then the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cgcli.errors import CgraphError
from cgcli.learning.models import Model
from cgcli.learning.optimisers import OPTIMISERS
from cgcli.learning.run import Called, Options, check_settings
from cgcli.learning.stopping import Criteria

OPTIMISER_SETTINGS: Final = {name for row in OPTIMISERS.values() for name in row.settings}
"""The settings that are an optimiser's own."""
_STOPS: Final = {"until_cost": "cost", "until_change": "change", "until_gradient": "gradient"}
"""By keyword the criterion that it gives; others have their own names."""
_OTHERS: Final = {"batch": "all", "holdout": 0.0, "metrics": {}, "bounds": {}}
_DEFAULTS: Final = {**Options()._asdict(), **_OTHERS}
_KEPT = ("optimizer", "batch", "reduce", "seed", "holdout", "engine")
"""What a run that goes on cannot change: it would not be the same run."""


def criterion(name: str) -> str | None:
    """Return the criterion that a keyword gives; None where it gives none.

    >>> criterion("until_cost"), criterion("epochs"), criterion("rate")
    ('cost', 'epochs', None)
    """
    name = _STOPS.get(name, name)
    return name if name in Criteria._fields else None


def settings_of(
    given: Mapping[str, Any], called: Called, *, residual: bool, model: Model | None = None
) -> dict[str, Any]:
    """Return the settings of a run: those given, then those of a model, then the defaults.

    What is False or empty is not stated, and what is no setting is passed over. `called`
    writes a setting as whoever gives it does. Raises `CgraphError` for those that do not go
    together, and for what a run that goes on cannot change.
    """
    before: dict[str, Any] = {**_DEFAULTS, **(_DEFAULTS if model is None else model.settings)}
    settings: dict[str, Any] = {name: given.get(name) for name in _DEFAULTS}
    settings["settings"] = {
        name: value for name, value in given.items() if name in OPTIMISER_SETTINGS
    }
    if residual:
        settings["optimizer"] = settings["optimizer"] or "lm"
    stops = {stop: value for name, value in given.items() if (stop := criterion(name))}
    settings["criteria"] = Criteria(**stops)
    if model is not None:
        settings["criteria"] = _merged(settings["criteria"], Criteria(*before["criteria"]))
        for name in _KEPT:
            if settings[name] not in (None, before[name]):
                message = f"{called(name)} {settings[name]} is not the model's, {before[name]}"
                raise CgraphError("usage", message, f"leave {called(name)} out: --resume has it")
    for name, value in settings.items():
        if (value is None and name not in given) or value is False or value == {}:
            settings[name] = before[name]
    # That a model's program is a residual its optimiser says.
    residual = residual or (model is not None and settings["optimizer"] == "lm")
    check_settings(given, settings, called, residual=residual)
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


def options_of(settings: Mapping[str, Any]) -> Options:
    """Return the settings as the options of a training."""
    options = {name: settings[name] for name in Options._fields}
    options["batch"] = None if options["batch"] == "all" else options["batch"]
    return Options(**options)
