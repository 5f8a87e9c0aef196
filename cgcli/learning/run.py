"""A run: its options, whether they go together however they are given, and how it ended."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from cgcli.errors import CgraphError, excerpt
from cgcli.learning.fitting import Fit
from cgcli.learning.logbook import Folds, Record, State
from cgcli.learning.losses import LOSS_NAMES
from cgcli.learning.optimisers import OPTIMISERS
from cgcli.learning.stopping import Criteria, End

BATCHLESS: Final = ("lbfgs", "lm")
"""Optimisers of SciPy's, which look at all rows at once."""

EPOCHS: Final = 100
"""How long a run is where nothing is asked for."""
_MOST: Final = 100_000


class Options(NamedTuple):
    """The options of a run, as they are kept in a model.

    `settings` are the optimiser's own; `batch` is None for all rows at once. With `likelihood` the
    cost of a row is the negative logarithm of one. A fit has so many `restarts` from elsewhere.
    """

    optimizer: str = "gd"
    rate: float | None = None
    settings: Mapping[str, float] = {}
    schedule: str = "constant"
    warmup: int = 0
    every: int = 30
    factor: float = 0.1
    batch: int | None = None
    clip: float | None = None
    reduce: str = "mean"
    seed: int = 0
    criteria: Criteria = Criteria()
    engine: str = "numpy"
    sigma: str | None = None
    weights: str | None = None
    loss: str | None = None
    loss_scale: float = 1.0
    likelihood: bool = False
    restarts: int = 0


class Trained(NamedTuple):
    """How a run ended, the cost before and after, and what else was measured.

    `fit` is what an optimiser of SciPy's came to, `folds` what was measured of the rows that were
    held out by turns.
    """

    end: End
    start: float
    cost: float
    holdout: float | None
    metrics: dict[str, dict[str, float]]
    history: list[Record]
    state: State | None
    fit: Fit | None = None
    folds: Folds | None = None


def bounded(criteria: Criteria) -> Criteria:
    """Return criteria that end every run: 100 epochs where nothing else is asked for."""
    if criteria.epochs is not None:
        return criteria
    asked = any(bound is not None for bound in criteria)
    return criteria._replace(epochs=_MOST if asked else EPOCHS)


Called = Callable[..., str]
"""From a setting's name, and its value where it has one, to how whoever gives it writes it."""

_UNHEEDED: Final = ("rate", "schedule", "warmup", "clip", "every", "factor")
"""What SciPy's methods, which choose their own steps, have no use for."""
_STEPPED: Final = ("every", "factor")
_UNTESTED: Final = ("until_cost", "until_change", "until_gradient", "seconds", "steps")
"""What least squares, which ends by its own tests, has no use for either."""


def check_settings(
    given: Mapping[str, Any], merged: Mapping[str, Any], called: Called, *, residual: bool
) -> None:
    """Raise `CgraphError` where settings do not go together, or would change nothing.

    `given` are those that are stated, by name, and `merged` are all of them: `optimizer`, `batch`,
    `schedule` and `warmup`, of which the defaults and a model may be a part.
    """
    optimizer = merged["optimizer"]
    if residual and optimizer != "lm":
        message = f"{called('residual')} is solved by Levenberg and Marquardt's method"
        hint = f"leave {called('optimizer')} out, or square the program"
        raise CgraphError("usage", f"{message}, not {optimizer}", hint)
    if optimizer == "lm" and not residual:
        message = "Levenberg and Marquardt's method wants residuals"
        hint = f"add {called('residual')}; the program's value is then one, not its square"
        raise CgraphError("usage", message, hint)
    if given.get("clip") is not None and given["clip"] <= 0:
        message = f"{called('clip')} is the longest gradient, not {given['clip']:g}"
        raise CgraphError("usage", message, f"write {called('clip', 1)}")
    loss, scale = merged["loss"], merged["loss_scale"]
    if loss not in (None, *LOSS_NAMES):
        message = f"there is no {called('loss')} '{excerpt(str(loss))}'"
        raise CgraphError("usage", message, f"there are {', '.join(LOSS_NAMES)}")
    if scale is None or not 0 < scale < math.inf:
        message = f"{called('loss_scale')} is a residual above 0, not {scale}"
        raise CgraphError("usage", message, f"write {called('loss_scale', 1)}")
    if not (isinstance(merged["restarts"], int) and merged["restarts"] >= 0):
        message = f"{called('restarts')} is a whole number, not {merged['restarts']}"
        raise CgraphError("usage", message, f"write {called('restarts', 20)}")
    if optimizer in BATCHLESS:
        _check_heeded(given, merged, called)
    _check_rows(given, optimizer, called)
    if merged["schedule"] == "warmup" and not merged["warmup"]:
        message = f"{called('schedule', 'warmup')} needs its length"
        raise CgraphError("usage", message, f"write {called('warmup', 100)}, in steps")
    owners = {name: (called("schedule", "step"), merged["schedule"] == "step") for name in _STEPPED}
    owners |= {name: (called("residual"), residual) for name in ("sigma", "weights", "loss")}
    owners["loss_scale"] = called("loss", "huber"), bool(merged["loss"])
    owners["restarts"] = called("optimizer", "lbfgs"), optimizer in BATCHLESS
    for name, (owner, is_there) in owners.items():
        if given.get(name) is not None and not is_there:
            message = f"{called(name)} belongs to {owner}"
            raise CgraphError("usage", message, f"add {owner}, or leave {called(name)} out")
    for pair in (("sigma", "weights"), ("likelihood", "residual")):
        if all(given.get(name) or (name == "residual" and residual) for name in pair):
            message = f"{called(pair[0])} and {called(pair[1])} do not go together"
            raise CgraphError("usage", message, "leave one of the two out")


def _check_heeded(given: Mapping[str, Any], merged: Mapping[str, Any], called: Called) -> None:
    """Refuse what a method of SciPy's does not heed."""
    optimizer = merged["optimizer"]
    if merged["batch"] not in (None, "all"):
        message = f"{optimizer} looks at all rows at once"
        raise CgraphError("usage", message, f"leave {called('batch')} out")
    is_lm = optimizer == "lm"
    if is_lm and given.get("epochs") == 0:
        hint = f"write {called('epochs', 1)}, or leave it out"
        raise CgraphError("usage", "least squares takes one epoch at least", hint)
    if is_lm and given.get("patience") is not None:
        message = "least squares goes to the minimum, where alone its standard errors hold"
        hint = f"leave {called('patience')} out, or square the program and take lbfgs"
        raise CgraphError("usage", message, hint)
    for name in (*_UNHEEDED, *(_UNTESTED if is_lm else ())):
        if given.get(name) is not None:
            method = "least squares" if is_lm else optimizer
            message = f"{method} has no use for {called(name)}: it chooses its own steps"
            raise CgraphError("usage", message, f"leave {called(name)} out")


def _check_rows(given: Mapping[str, Any], optimizer: str, called: Called) -> None:
    """Refuse a setting of another optimiser's."""
    row = OPTIMISERS.get(optimizer)
    has = sorted({called(name) for name in (row.settings if row is not None else ())})
    every = {name for other in OPTIMISERS.values() for name in other.settings}
    for name in given:
        if name in every and given[name] is not None and called(name) not in has:
            message = f"{optimizer} has no {called(name)}"
            hint = f"it has {', '.join(has)}" if has else "leave it out"
            raise CgraphError("usage", message, hint)
