"""`cgraph train`: gradient descent on a data file."""

from __future__ import annotations

import gc
import os
from typing import Annotated, Final

import typer

from cgcli.commands import shared
from cgcli.commands.choices import choice, count, files_after_at, flag, one_of, option
from cgcli.commands.inputs import read_program, split_names
from cgcli.errors import CgraphError, excerpt
from cgcli.learning.schedule import OPTIMISER_NAMES, SCHEDULES

__all__ = ["train_command"]

_REDUCTIONS: Final = ("mean", "sum")
_DIVERGED: Final = 1
_INTERRUPTED: Final = 130


def train_command(
    program: shared.Program = None,
    bindings: Annotated[
        list[str] | None,
        shared.words(
            "[NAME=INIT]...",
            'Parameters: w=0, "W=glorot(3,2)"; zeros, ones, full, uniform, normal, he.',
        ),
    ] = None,
    at: Annotated[
        str | None,
        option("Start from a model, or a JSON object of values.", "--at", metavar="FILE"),
    ] = None,
    data: shared.Data = None,
    fix: Annotated[
        list[str] | None,
        option(
            "A constant: c=2; repeatable.",
            "--fix",
            metavar="NAME=VALUE",
            autocompletion=files_after_at,
        ),
    ] = None,
    stack: shared.Stack = None,
    scale: Annotated[
        str | None,
        option("Columns to bring to mean 0 and deviation 1.", "--scale", metavar="NAMES"),
    ] = None,
    skip_bad: shared.SkipBad = False,
    holdout: Annotated[
        float | None,
        option("The part of the rows to hold out: 0.2.", "--holdout", min=0.0, max=0.9),
    ] = None,
    metric: Annotated[
        list[str] | None,
        option(
            "Its mean over the rows is told: error=abs(y-p); repeatable.",
            "--metric",
            metavar="NAME=EXPR",
        ),
    ] = None,
    reduce: Annotated[
        str | None,
        choice(_REDUCTIONS, "The cost of all rows: their {words}.", "--reduce", metavar="HOW"),
    ] = None,
    residual: Annotated[
        bool, flag("The program is a residual: least squares, with standard errors.", "--residual")
    ] = False,
    optimizer: Annotated[
        str | None,
        choice(
            OPTIMISER_NAMES,
            "{words}, of which the last is for --residual.",
            "--optimizer",
            "--optimiser",
            metavar="NAME",
        ),
    ] = None,
    rate: Annotated[
        float | None, option("The learning rate.", "--lr", "--learning-rate", min=0.0)
    ] = None,
    momentum: Annotated[
        float | None, option("Of momentum and nesterov.", "--momentum", min=0.0, max=1.0)
    ] = None,
    decay: Annotated[
        float | None, option("What rmsprop keeps of its mean.", "--decay", min=0.0, max=1.0)
    ] = None,
    betas: Annotated[
        str | None, option("Of adam and adamw: 0.9,0.999.", "--betas", metavar="A,B")
    ] = None,
    epsilon: Annotated[
        float | None, option("What keeps a divisor from 0.", "--epsilon", min=0.0)
    ] = None,
    weight_decay: Annotated[
        float | None, option("Pulls the parameters to 0.", "--weight-decay", min=0.0)
    ] = None,
    clip: Annotated[
        float | None, option("The longest gradient; longer ones are shortened.", "--clip")
    ] = None,
    schedule: Annotated[
        str | None, choice(SCHEDULES, "The rate over time: {words}.", "--schedule", metavar="KIND")
    ] = None,
    warmup: Annotated[int | None, count("Steps in which the rate rises.", "--warmup", 0)] = None,
    every: Annotated[int | None, count("Epochs between the falls of step.", "--every", 1)] = None,
    factor: Annotated[
        float | None, option("What step multiplies the rate by.", "--factor", min=0.0)
    ] = None,
    batch: Annotated[
        str | None, option("Rows a step: a number, or all.", "--batch", metavar="N")
    ] = None,
    epochs: Annotated[
        int | None, count("Stop after so many passes over the rows.", "--epochs", 0)
    ] = None,
    steps: Annotated[int | None, count("Stop after so many steps.", "--steps", 0)] = None,
    until_cost: Annotated[
        float | None, option("Stop when the cost is at most this.", "--until-cost")
    ] = None,
    until_change: Annotated[
        float | None, option("Stop when it changes by at most this.", "--until-change")
    ] = None,
    until_gradient: Annotated[
        float | None, option("Stop when the gradient's norm is at most this.", "--until-gradient")
    ] = None,
    patience: Annotated[
        int | None, count("Stop after so many epochs without a better --holdout.", "--patience", 1)
    ] = None,
    seconds: Annotated[
        float | None, option("Stop after so many seconds.", "--time", metavar="S", min=0.0)
    ] = None,
    seed: Annotated[int | None, count("Of all that is random.", "--seed", 0)] = None,
    output: Annotated[
        str | None, option("Write the model.", "-o", "--output", metavar="FILE")
    ] = None,
    save_every: Annotated[
        float,
        option("Write it anew as often, at an epoch's end.", "--save-every", metavar="S", min=0.0),
    ] = 10.0,
    resume: Annotated[str | None, option("Go on from a model.", "--resume", metavar="FILE")] = None,
    plot: Annotated[
        str | None, option("Draw the cost: cost.svg, cost.png.", "--plot", metavar="FILE")
    ] = None,
    log: Annotated[
        str | None, option("Write every epoch, a JSON line each.", "--log", metavar="FILE")
    ] = None,
    trace: Annotated[int | None, count("Print the first steps in full.", "--trace", 0)] = None,
    json: shared.Json = False,
    digits: shared.Digits = 6,
    max_depth: shared.Depth = shared.LIMITS.depth,
    max_nodes: shared.Nodes = shared.LIMITS.nodes,
    debug: shared.Debug = False,
) -> None:
    """Gradient descent on a data file: forward, cost, backward, W = W - rate * gradient.

    cgraph train "(w*x + b - y)^2" -d points.csv w=0 b=0 --lr 0.05
    """
    # The products of a step are too small for threads, which under load wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from cgcli.commands.runs import Run, Start
    from cgcli.commands.settings import Plans
    from cgcli.commands.watching import check_endings

    # A run makes cycles, and may last for days.
    gc.enable()
    _check_numbers(
        {
            "--lr": rate, "--momentum": momentum, "--decay": decay, "--epsilon": epsilon,
            "--weight-decay": weight_decay, "--clip": clip, "--factor": factor,
            "--until-cost": until_cost, "--until-change": until_change,
            "--until-gradient": until_gradient, "--time": seconds, "--holdout": holdout,
            "--save-every": save_every,
        }
    )  # fmt: skip
    if trace and json:
        message = "--trace prints text, and --json one document"
        raise CgraphError("usage", message, "leave one of the two out")
    if residual and optimizer not in (None, "lm"):
        other = excerpt(optimizer or "")
        message = f"--residual is solved by Levenberg and Marquardt's method, not {other}"
        raise CgraphError("usage", message, "leave --optimizer out, or square the program")
    if optimizer == "lm" and not residual:
        message = "Levenberg and Marquardt's method wants residuals"
        raise CgraphError(
            "usage", message, "add --residual; the program's value is then one, not its square"
        )
    settings = _settings(momentum, decay, betas, epsilon, weight_decay)
    plans = Plans(
        optimizer="lm" if residual else one_of("--optimizer", optimizer, OPTIMISER_NAMES),
        rate=rate,
        settings=settings,
        schedule=one_of("--schedule", schedule, SCHEDULES),
        warmup=warmup,
        every=every,
        factor=factor,
        batch=_batch(batch),
        clip=clip,
        reduce=one_of("--reduce", reduce, _REDUCTIONS),
        seed=seed,
        criteria=(epochs, steps, until_cost, until_change, until_gradient, patience, seconds),
        holdout=holdout,
        stacks=stack,
        scale=split_names(scale),
        skip_bad=skip_bad,
        metrics=metric,
    )
    limits = shared.LIMITS._replace(depth=max_depth, nodes=max_nodes)
    check_endings({"-o": output, "--log": log, "--plot": plot})
    if program is None and not resume:
        hint = 'write the cost of one row: cgraph train "(w*x - y)^2" -d points.csv w=0'
        raise CgraphError("usage", "no expression", hint)
    text = None if program is None else read_program(program, "train")
    run = Run(text, Start(bindings or [], fix or [], at), data, resume, plans, limits)
    run.files(output, log, plot, save_every)
    with run:
        if trace:
            run.trace(trace, digits)
        trained = run.train(as_json=json, digits=digits)
    if trained.failure is not None:
        raise typer.Exit(_DIVERGED)
    if run.interrupted:
        raise typer.Exit(_INTERRUPTED)


def _check_numbers(numbers: dict[str, float | None]) -> None:
    """Refuse what is no finite number, and a gradient of no length."""
    for name, value in numbers.items():
        if value is not None and value - value != 0:
            raise CgraphError("usage", f"{name} is a number, not {value}")
    if (clip := numbers["--clip"]) is not None and clip <= 0:
        message = f"--clip is the longest gradient, not {clip:g}"
        raise CgraphError("usage", message, "write --clip 1")


def _batch(text: str | None) -> int | str | None:
    """Return the rows of a step: a number, or all."""
    if text is None or text == "all":
        return text
    if not text.isdecimal() or len(text) > 18 or not int(text):
        message = f"--batch is a number of rows or all, not '{excerpt(text)}'"
        raise CgraphError("usage", message, "write --batch 64")
    return int(text)


def _settings(
    momentum: float | None,
    decay: float | None,
    betas: str | None,
    epsilon: float | None,
    weight_decay: float | None,
) -> dict[str, float]:
    """Return the optimiser's own settings that are given."""
    found = {
        "momentum": momentum, "decay": decay, "epsilon": epsilon, "weight_decay": weight_decay,
    }  # fmt: skip
    if betas is not None:
        try:
            first, second = map(float, betas.split(","))
            if not (0 <= first < 1 and 0 <= second < 1):
                raise ValueError  # noqa: TRY301  # said below, as what float() raises is
        except ValueError:
            message = f"--betas are two numbers from 0 to below 1, not '{excerpt(betas)}'"
            raise CgraphError("usage", message, "write --betas 0.9,0.999") from None
        found |= {"beta1": first, "beta2": second}
    return {name: value for name, value in found.items() if value is not None}
