"""The options of `cgraph train`: its settings, its data, and what it writes."""

from __future__ import annotations

from typing import Any

from cgcli.commands.data_options import DataOptions
from cgcli.commands.inputs import split_names
from cgcli.commands.options import after_at, argument, to_file
from cgcli.library.choices import count, option, real
from cgcli.library.settings import Settings


def _names(option: str, text: str | None) -> list[str] | None:
    return split_names(text, option)


class TrainOptions(DataOptions, Settings):
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
    output: str | None = to_file("Write the model.")
    save_every: float = real(
        "Write it anew as often, at an epoch's end.", 0.0, metavar="S", default=10.0
    )
    resume: str | None = option("Go on from a model.", "FILE", reads="the model that goes on")
    plot: str | None = option("Draw the cost: cost.svg, cost.png.", "FILE", writes="the curve")
    log: str | None = option("Write every epoch, a JSON line each.", "FILE", writes="the log")
    scale: list[str] | None = option(
        "Columns to bring to mean 0 and deviation 1.", "NAMES", read=_names
    )
    trace: int | None = count("Print the first steps in full.")

    @property
    def stated(self) -> dict[str, Any]:
        """The settings that are given, by keyword, and what is no setting beside them."""
        first, second = self.betas
        settings = {**vars(self), "beta1": first, "beta2": second}
        return {name: value for name, value in settings.items() if value is not None}
