"""What a run came to, for people: its parameters, its cost, and the curve of it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from cgcli.errors import shorten
from cgcli.learning.training import Trained, Training
from cgcli.views.gate import printable
from cgcli.views.learning.curve import curve, is_logarithmic
from cgcli.views.streams import tell
from cgcli.views.table import shown
from cgcli.views.terminal import NUMBERS, WORDS, Column, can_show, console, print_table, say
from cgcli.words import counted

_WIDTH: Final = 72
_HEIGHT: Final = 6
_FEW: Final = 16


def print_trained(training: Training, trained: Trained, digits: int) -> None:
    """Print the curve, the parameters, the cost on both parts, and why the run stopped."""
    out = console()
    costs = [record["cost"] for record in trained.history]
    unicode = can_show("┤█▁")
    lines = curve(costs, min(out.width, _WIDTH), _HEIGHT, unicode=unicode)
    if lines:
        scale = ", logarithmic" if is_logarithmic([c for c in costs if c - c == 0]) else ""
        first, last = trained.history[0]["epoch"], trained.history[-1]["epoch"]
        say(out, f"cost, epoch {first} to {last}{scale}")
        say(out, *lines, style="cyan")
        out.print()
    _print_parameters(training, trained, digits, out)
    say(out, *_summary(training, trained, digits), soft_wrap=True)
    tell(*(f"warning: {doubt}" for doubt in trained.doubts))


def _print_parameters(training: Training, trained: Trained, digits: int, out: Any) -> None:
    values, errors, fit = training.task.parameters.values(), None, trained.fit
    if fit is not None and fit.errors is not None:
        errors = training.task.parameters.look(np.asarray(fit.errors))
    numbers = [values] if errors is None else [values, errors]
    rows = [
        [printable(shorten(name)), *(_short(part[name], digits) for part in numbers)]
        for name in values
    ]
    first = Column("parameter", {**WORDS, "style": "cyan", "min_width": 9})
    heads = ["value", "standard error"][: len(numbers)]
    print_table(out, [first, *(Column(head, NUMBERS) for head in heads)], rows)
    out.print()


def _short(value: Any, digits: int) -> str:
    """Return a value; of a large matrix its shape, for the model file has it."""
    if np.ndim(value) == 2 and np.size(value) > _FEW:
        return f"{value.shape[0]} × {value.shape[1]} numbers"
    return shown(value, digits)


def _summary(training: Training, trained: Trained, digits: int) -> list[str]:
    prepared = training.prepared
    held = prepared.held
    rows = counted(prepared.train.count, "row")
    if held is not None:
        rows += f", and {held.count:,} held out"
    lines = [f"{rows}; {counted(training.task.parameters.flat.size, 'number')} learned"]
    cost = f"cost {shown(trained.cost, digits)}, from {shown(trained.start, digits)}"
    measured = [(cost, trained.holdout)]
    for name, parts in trained.metrics.items():
        metric = f"{printable(name)} {shown(parts['train'], digits)}"
        measured.append((metric, parts.get("holdout")))
    for line, outside in measured:
        more = "" if outside is None else f"; {shown(outside, digits)} on the rows held out"
        lines.append(line + more)
    fit = trained.fit
    if fit is not None and fit.sum is not None:
        line = f"sum of squares {shown(fit.sum, digits)}"
        if fit.deviation is not None:
            line += f", residual standard deviation {shown(fit.deviation, digits)}"
        lines.append(line)
    steps = trained.state.step if trained.state else 0
    took = f" after {counted(steps, 'step')}" if steps else ""
    lines.append(f"stopped{took}: {trained.stopped}")
    return lines
