"""The options of `cgraph train`, and how their texts are read."""

from __future__ import annotations

from functools import partial
from typing import Final

from cgcli.commands.choices import after_at, pairs
from cgcli.commands.data_options import DataOptions
from cgcli.commands.inputs import split_names
from cgcli.commands.options import (
    DATA,
    OUTPUT,
    argument,
    choice,
    count,
    flag,
    option,
    real,
)
from cgcli.errors import CgraphError, excerpt
from cgcli.learning.optimisers import OPTIMISER_NAMES, SCHEDULES
from cgcli.learning.stopping import Criteria


def _batch(option: str, text: str | None) -> int | str | None:
    """Return the rows of a step: a number, or all."""
    if text is None or text == "all":
        return text
    if not text.isdecimal() or len(text) > 18 or not int(text):
        message = f"{option} is a number of rows or all, not '{excerpt(text)}'"
        raise CgraphError("usage", message, "write --batch 64")
    return int(text)


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


def _names(option: str, text: str | None) -> list[str] | None:
    return split_names(text, option)


STEPS: Final = "Steps"
STOPPING: Final = "When to stop"
"""Headings of the help."""


class TrainOptions(DataOptions):
    """The options of `cgraph train`; None for what the command line leaves open."""

    bindings: list[str] = argument(
        'Parameters: w=0, "W=glorot(3,2)", "b=zeros(3)".',
        "[NAME=INIT]...",
        after_at,
        list[str],
    )
    at: str | None = option("Start from a model, or a JSON object of values.", "FILE", group=DATA)
    fix: list[str] = option(
        "A constant: c=2; repeatable.",
        "NAME=VALUE",
        list[str],
        autocompletion=after_at,
        group=DATA,
        rare=True,
    )
    scale: list[str] | None = option(
        "Columns to bring to mean 0 and deviation 1.", "NAMES", read=_names, group=DATA
    )
    holdout: float | None = real("The part of the rows to hold out: 0.2.", 0.0, 0.9, group=DATA)
    metrics: dict[str, str] = option(
        "Its mean over the rows is told: error=abs(y-p); repeatable.",
        "NAME=EXPR",
        list[str],
        partial(pairs, example="error=abs(y - p)", alone=True),
        names=("--metric",),
        group=DATA,
        rare=True,
    )
    reduce: str | None = choice(
        ("mean", "sum"), "The cost of all rows: their {words}.", "HOW", group=STEPS, rare=True
    )
    residual: bool = flag("Least squares: the program is a residual.", group=STEPS)
    optimizer: str | None = choice(
        OPTIMISER_NAMES,
        "{words}, of which the last is for --residual.",
        "NAME",
        names=("--optimizer", "--optimiser"),
        group=STEPS,
    )
    rate: float | None = real(
        "The learning rate.", 0.0, names=("--lr", "--learning-rate"), group=STEPS
    )
    momentum: float | None = real("Of momentum and nesterov.", 0.0, 1.0, group=STEPS, rare=True)
    decay: float | None = real("What rmsprop keeps of its mean.", 0.0, 1.0, group=STEPS, rare=True)
    betas: tuple[float | None, float | None] = option(
        "Of adam and adamw: 0.9,0.999.", "A,B", read=_betas, group=STEPS, rare=True
    )
    epsilon: float | None = real("What keeps a divisor from 0.", 0.0, group=STEPS, rare=True)
    weight_decay: float | None = real("Pulls the parameters to 0.", 0.0, group=STEPS, rare=True)
    clip: float | None = real(
        "The longest gradient; longer ones are shortened.", group=STEPS, rare=True
    )
    schedule: str | None = choice(
        SCHEDULES, "The rate over time: {words}.", "KIND", group=STEPS, rare=True
    )
    warmup: int | None = count("Steps in which the rate rises.", group=STEPS, rare=True)
    every: int | None = count("Epochs between the falls of step.", 1, group=STEPS, rare=True)
    factor: float | None = real("What step multiplies the rate by.", 0.0, group=STEPS, rare=True)
    batch: int | str | None = option(
        "Rows a step: a number, or all.", "N", read=_batch, group=STEPS
    )
    epochs: int | None = count("Stop after so many passes over the rows.", group=STOPPING)
    steps: int | None = count("Stop after so many steps.", group=STOPPING, rare=True)
    until_cost: float | None = real(
        "Stop when the cost is at most this.", group=STOPPING, rare=True
    )
    until_change: float | None = real("Stop when it changes by at most this.", group=STOPPING)
    until_gradient: float | None = real(
        "Stop when the gradient's norm is at most this.", group=STOPPING, rare=True
    )
    patience: int | None = count(
        "Stop after so many epochs without a better --holdout.", 1, group=STOPPING, rare=True
    )
    seconds: float | None = real(
        "Stop after so many seconds.",
        0.0,
        metavar="S",
        names=("--time",),
        group=STOPPING,
        rare=True,
    )
    seed: int | None = count("Of all that is random.", group=STEPS, rare=True)
    output: str | None = option("Write the model.", "FILE", names=("-o", "--output"), group=OUTPUT)
    save_every: float = real(
        "Write it anew as often, at an epoch's end.",
        0.0,
        metavar="S",
        default=10.0,
        group=OUTPUT,
        rare=True,
    )
    resume: str | None = option("Go on from a model.", "FILE", group=OUTPUT)
    plot: str | None = option("Draw the cost: cost.svg, cost.png.", "FILE", group=OUTPUT, rare=True)
    log: str | None = option(
        "Write every epoch, a JSON line each.", "FILE", group=OUTPUT, rare=True
    )
    trace: int | None = count("Print the first steps in full.", group=OUTPUT, rare=True)

    @property
    def criteria(self) -> Criteria:
        """What stops the run."""
        until = (self.until_cost, self.until_change, self.until_gradient)
        return Criteria(self.epochs, self.steps, *until, self.patience, self.seconds)

    @property
    def settings(self) -> dict[str, float]:
        """The optimiser's own settings that are given."""
        settings = {
            name: getattr(self, name) for name in ("momentum", "decay", "epsilon", "weight_decay")
        }
        settings["beta1"], settings["beta2"] = self.betas
        return {name: value for name, value in settings.items() if value is not None}
