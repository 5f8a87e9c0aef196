"""The settings of a run: their rows, and those stated merged with a model's, then the defaults."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from cgcli.errors import CgraphError, excerpt, nearest, shorten
from cgcli.learning.losses import LOSS_NAMES
from cgcli.learning.models import Model
from cgcli.learning.optimisers import OPTIMISER_NAMES, OPTIMISERS, SCHEDULES
from cgcli.learning.run import BATCHLESS, Options
from cgcli.learning.stopping import Criteria
from cgcli.library.choices import choice, count, flag, option, pairs, read_number, real
from cgcli.library.readings import READ_AS, READINGS

OPTIMISER_SETTINGS: Final = {name for row in OPTIMISERS.values() for name in row.settings}
"""The settings that are an optimiser's own."""
_OTHERS: Final = {"batch": "all", "holdout": 0.0, "metrics": {}, "bounds": {}}
_DEFAULTS: Final = {**Options()._asdict(), **_OTHERS}
_READ: Final = (*READINGS, *READ_AS)
"""How data is read is no setting of a run."""
_KEPT = ("optimizer", "batch", "reduce", "seed", "holdout", "engine")
"""What a run that goes on cannot change: it would not be the same run."""
_UNHEEDED: Final = ("rate", "schedule", "warmup", "clip", "every", "factor")
"""What SciPy's methods, which choose their own steps, have no use for."""
_STEPPED: Final = ("every", "factor")
_UNTESTED: Final = ("until_cost", "until_change", "until_gradient", "seconds", "steps")
"""What least squares, which ends by its own tests, has no use for either."""


def _batch(name: str, given: int | str | None) -> int | str | None:
    """Return the rows of a step: a number, or all."""
    if given is None or given == "all":
        return given
    number = int(given) if str(given).isdecimal() and len(str(given)) < 19 else 0
    if not number or isinstance(given, bool):
        message = f"{name} is a number of rows or all, not '{excerpt(str(given))}'"
        raise CgraphError("usage", message, "write --batch 64")
    return number


def _holdout(name: str, given: float | str | None) -> Any:
    """Return the part of the rows to hold out, or the file that has them."""
    try:
        float(given or 0)
    except ValueError:
        return given
    return read_number(name, given, float, 0.0, 0.9)


def _betas(option: str, text: str | None) -> tuple[float | None, float | None]:
    """Return the two numbers that adam keeps of its means by."""
    if text is None:
        return None, None
    try:
        first, second = map(float, text.split(","))
        if not (0 <= first < 1 and 0 <= second < 1):
            raise ValueError  # noqa: TRY301  # said below, as what float() raises is
    except ValueError:
        message = f"{option} are two numbers from 0 to below 1, not '{excerpt(text)}'"
        raise CgraphError("usage", message, "write --betas 0.9,0.999") from None
    return first, second


def _bounds(option: str, given: list[str] | None) -> dict[str, tuple[float | None, ...]]:
    """Return by parameter the ends of the range that a text has; None where it has none."""
    bounds = {}
    for name, text in pairs(option, given, "a=0..1").items():
        ends = text.split("..")
        try:
            bounds[name] = tuple(float(end) if end.strip() else None for end in ends)
            if len(ends) != 2 or not any(ends):
                raise ValueError  # noqa: TRY301  # said below, as what float() raises is
        except ValueError:
            message = f"{option} {excerpt(name)} is a range, not '{shorten(text)}'"
            hint = f'write {option} "{excerpt(name)}=0..1", or 0.. where there is no other end'
            raise CgraphError("usage", message, hint) from None
    return bounds


class Settings:
    """The settings of a run, as rows; None for what is not stated."""

    bounds: dict[str, tuple[float | None, ...]] = option(
        "Keep a parameter within: a=0..1, k=0..; repeatable.",
        "NAME=LOW..HIGH",
        list[str],
        _bounds,
        names=("--bound",),
    )
    holdout: float | str | None = option(
        "Rows to hold out: a part of them, 0.2, or a file's.",
        "PART|FILE",
        read=_holdout,
        reads="the rows held out",
    )
    folds: int | None = count("Hold out each of so many parts by turns.", 2, 1000)
    metrics: dict[str, str] = option(
        "Its mean over the rows is told: error=abs(y-p); repeatable.",
        "NAME=EXPR",
        list[str],
        partial(pairs, example="error=abs(y - p)", alone=True),
        names=("--metric",),
    )
    reduce: str | None = choice(("mean", "sum"), "The cost of all rows: their {words}.", "HOW")
    residual: bool = flag("Least squares: the program is a residual.")
    sigma: str | None = option("Known errors of the residuals: a column, 0.1, 0.02*y.", "EXPR")
    weights: str | None = option("How much each squared residual counts: a column.", "EXPR")
    loss: str | None = choice(LOSS_NAMES, "In place of squares, for outliers: {words}.", "NAME")
    loss_scale: float | None = real("What --loss takes for large, in the residual's units.", 0.0)
    likelihood: bool = flag("The program is -log of a likelihood: its errors are told.")
    restarts: int | None = count("Fit from so many other starts too; the best is kept.", 1)
    optimizer: str | None = choice(
        OPTIMISER_NAMES,
        "{words}, of which the last is for --residual.",
        "NAME",
        names=("--optimizer", "--optimiser"),
    )
    rate: float | None = real("The learning rate.", 0.0, names=("--lr", "--learning-rate"))
    momentum: float | None = real("Of momentum and nesterov.", 0.0, 1.0)
    decay: float | None = real("What rmsprop keeps of its mean.", 0.0, 1.0)
    betas: tuple[float | None, float | None] = option(
        "Of adam and adamw: 0.9,0.999.", "A,B", read=_betas
    )
    epsilon: float | None = real("What keeps a divisor from 0.", 0.0)
    weight_decay: float | None = real("Pulls the parameters to 0.", 0.0)
    clip: float | None = real("The longest gradient; longer ones are shortened.")
    schedule: str | None = choice(SCHEDULES, "The rate over time: {words}.", "KIND")
    warmup: int | None = count("Steps in which the rate rises.")
    every: int | None = count("Epochs between the falls of step.", 1)
    factor: float | None = real("What step multiplies the rate by.", 0.0)
    batch: int | str | None = option("Rows a step: a number, or all.", "N", read=_batch)
    epochs: int | None = count("Stop after so many passes over the rows.")
    steps: int | None = count("Stop after so many steps.")
    until_cost: float | None = real("Stop when the cost is at most this.")
    until_change: float | None = real("Stop when it changes by at most this.")
    until_gradient: float | None = real("Stop when the gradient's norm is at most this.")
    patience: int | None = count("Stop after so many epochs without a better --holdout.", 1)
    seconds: float | None = real("Stop after so many seconds.", 0.0, metavar="S", names=("--time",))
    seed: int | None = count("Of all that is random.")


def called(name: str) -> str:
    """Return the option that gives a setting.

    >>> called("rate"), called("beta1"), called("loss_scale")
    ('--lr', '--betas', '--loss-scale')
    """
    row = getattr(Settings, name, None)
    return row.called(name)[0] if row else "--betas" if name.startswith("beta") else f"--{name}"


def checked(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings that were given by keyword, each read as its option is; raises."""
    known, read = (
        {*_DEFAULTS, *Criteria._fields, *OPTIMISER_SETTINGS} - {"settings", "criteria"},
        {},
    )
    for name, value in options.items():
        if name not in known:
            close = "rate" if name in ("lr", "learning_rate") else nearest(name, known)
            hint = f"did you mean {close}?" if close else f"there are {', '.join(sorted(known))}"
            hint = f'write read={{"{READ_AS.get(name, name)}": …}}' if name in _READ else hint
            raise CgraphError("usage", f"there is no option '{excerpt(name)}'", hint)
        row = None if name in ("bounds", "metrics") else getattr(Settings, name, None)
        reader = row and value != _DEFAULTS.get(name) and row.read
        if isinstance(value, str) and getattr(reader, "func", None) is read_number:
            raise CgraphError("usage", f"{called(name)} is a number, not '{shorten(value)}'")
        read[name] = reader(called(name), value) if reader else value
    return read


def settings_of(
    given: Mapping[str, Any], *, residual: bool, model: Model | None = None
) -> dict[str, Any]:
    """Return the settings of a run: those given, then those of a model, then the defaults.

    What is False or empty is not stated, and what is no setting is passed over. Raises
    `CgraphError` for those that do not go together, and for what a run that goes on cannot change.
    """
    before: dict[str, Any] = {**_DEFAULTS, **(_DEFAULTS if model is None else model.settings)}
    settings: dict[str, Any] = {name: given.get(name) for name in _DEFAULTS}
    settings["settings"] = {
        name: value for name, value in given.items() if name in OPTIMISER_SETTINGS
    }
    if residual:
        settings["optimizer"] = settings["optimizer"] or "lm"
    settings["criteria"] = Criteria(*map(given.get, Criteria._fields))
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
    _check(given, settings, residual=residual)
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


def _check(given: Mapping[str, Any], merged: Mapping[str, Any], *, residual: bool) -> None:
    """Raise `CgraphError` where settings do not go together, or would change nothing.

    `given` are those that are stated, by name, and `merged` are all of them: `optimizer`, `batch`,
    `schedule` and `warmup`, of which the defaults and a model may be a part.
    """
    optimizer = merged["optimizer"]
    if residual and optimizer != "lm":
        message = "--residual is solved by Levenberg and Marquardt's method"
        hint = "leave --optimizer out, or square the program"
        raise CgraphError("usage", f"{message}, not {optimizer}", hint)
    if optimizer == "lm" and not residual:
        message = "Levenberg and Marquardt's method wants residuals"
        hint = "add --residual; the program's value is then one, not its square"
        raise CgraphError("usage", message, hint)
    if given.get("clip") is not None and given["clip"] <= 0:
        message = f"--clip is the longest gradient, not {given['clip']:g}"
        raise CgraphError("usage", message, "write --clip 1")
    scale = merged["loss_scale"]
    if scale is None or not 0 < scale < math.inf:
        message = f"--loss-scale is a residual above 0, not {scale}"
        raise CgraphError("usage", message, "write --loss-scale 1")
    if optimizer in BATCHLESS:
        _check_heeded(given, merged)
    _check_rows(given, optimizer)
    if merged["schedule"] == "warmup" and not merged["warmup"]:
        message = "--schedule warmup needs its length"
        raise CgraphError("usage", message, "write --warmup 100, in steps")
    owners = dict.fromkeys(_STEPPED, ("--schedule step", merged["schedule"] == "step"))
    owners |= dict.fromkeys(("sigma", "weights", "loss"), ("--residual", residual))
    owners["loss_scale"] = "--loss huber", bool(merged["loss"])
    owners["restarts"] = "--optimizer lbfgs", optimizer in BATCHLESS
    for name, (owner, is_there) in owners.items():
        if given.get(name) is not None and not is_there:
            message = f"{called(name)} belongs to {owner}"
            raise CgraphError("usage", message, f"add {owner}, or leave {called(name)} out")
    for pair in (("sigma", "weights"), ("likelihood", "residual")):
        if all(given.get(name) or (name == "residual" and residual) for name in pair):
            message = f"{called(pair[0])} and {called(pair[1])} do not go together"
            raise CgraphError("usage", message, "leave one of the two out")


def _check_heeded(given: Mapping[str, Any], merged: Mapping[str, Any]) -> None:
    """Refuse what a method of SciPy's does not heed."""
    optimizer = merged["optimizer"]
    if merged["batch"] not in (None, "all"):
        message = f"{optimizer} looks at all rows at once"
        raise CgraphError("usage", message, "leave --batch out")
    is_lm = optimizer == "lm"
    if is_lm and given.get("epochs") == 0:
        hint = "write --epochs 1, or leave it out"
        raise CgraphError("usage", "least squares takes one epoch at least", hint)
    if is_lm and given.get("patience") is not None:
        message = "least squares goes to the minimum, where alone its standard errors hold"
        hint = "leave --patience out, or square the program and take lbfgs"
        raise CgraphError("usage", message, hint)
    for name in (*_UNHEEDED, *(_UNTESTED if is_lm else ())):
        if given.get(name) is not None:
            method = "least squares" if is_lm else optimizer
            message = f"{method} has no use for {called(name)}: it chooses its own steps"
            raise CgraphError("usage", message, f"leave {called(name)} out")


def _check_rows(given: Mapping[str, Any], optimizer: str) -> None:
    """Refuse a setting of another optimiser's."""
    row = OPTIMISERS.get(optimizer)
    has = sorted({called(name) for name in (row.settings if row is not None else ())})
    every = {name for other in OPTIMISERS.values() for name in other.settings}
    for name in given:
        if name in every and given[name] is not None and called(name) not in has:
            message = f"{optimizer} has no {called(name)}"
            hint = f"it has {', '.join(has)}" if has else "leave it out"
            raise CgraphError("usage", message, hint)
