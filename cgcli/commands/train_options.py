"""The options of `cgraph train`, and how their texts are read."""

from __future__ import annotations

from functools import partial
from typing import Any

from cgcli.commands.choices import after_at, pairs
from cgcli.commands.data_options import DataOptions
from cgcli.commands.inputs import split_names
from cgcli.commands.options import argument, choice, count, flag, option, read_number, real, to_file
from cgcli.errors import CgraphError, excerpt, shorten
from cgcli.learning.losses import LOSS_NAMES
from cgcli.learning.optimisers import OPTIMISER_NAMES, SCHEDULES


def _batch(option: str, text: str | None) -> int | str | None:
    """Return the rows of a step: a number, or all."""
    if text is None or text == "all":
        return text
    if not text.isdecimal() or len(text) > 18 or not int(text):
        message = f"{option} is a number of rows or all, not '{excerpt(text)}'"
        raise CgraphError("usage", message, "write --batch 64")
    return int(text)


def _holdout(option: str, text: str | None) -> float | str | None:
    """Return the part of the rows to hold out, or the file that has them."""
    try:
        float(text or 0)
    except ValueError:
        return text
    return read_number(option, text, float, 0.0, 0.9)


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


def _names(option: str, text: str | None) -> list[str] | None:
    return split_names(text, option)


class TrainOptions(DataOptions):
    """The options of `cgraph train`; None for what the command line leaves open."""

    bindings: list[str] = argument(
        'Parameters: w=0, "W=glorot(3,2)", "b=zeros(3)".',
        "[NAME=INIT]...",
        after_at,
        list[str],
        reads="a value's file",
    )
    at: str | None = option(
        "Start from a model, or a JSON object of values.", "FILE", reads="the file of --at"
    )
    fix: list[str] = option(
        "A constant: c=2; repeatable.",
        "NAME=VALUE",
        list[str],
        autocompletion=after_at,
        reads="a value's file",
    )
    bounds: dict[str, tuple[float | None, ...]] = option(
        "Keep a parameter within: a=0..1, k=0..; repeatable.",
        "NAME=LOW..HIGH",
        list[str],
        _bounds,
        names=("--bound",),
    )
    scale: list[str] | None = option(
        "Columns to bring to mean 0 and deviation 1.", "NAMES", read=_names
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
    output: str | None = to_file("Write the model.")
    save_every: float = real(
        "Write it anew as often, at an epoch's end.", 0.0, metavar="S", default=10.0
    )
    resume: str | None = option("Go on from a model.", "FILE", reads="the model that goes on")
    plot: str | None = option("Draw the cost: cost.svg, cost.png.", "FILE", writes="the curve")
    log: str | None = option("Write every epoch, a JSON line each.", "FILE", writes="the log")
    trace: int | None = count("Print the first steps in full.")

    @property
    def stated(self) -> dict[str, Any]:
        """The settings that are given, by keyword, and what is no setting beside them."""
        first, second = self.betas
        settings = {**vars(self), "beta1": first, "beta2": second}
        return {name: value for name, value in settings.items() if value is not None}
