"""The first steps of a run in full: each row's trace, the gradient of all rows, the update."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import numpy as np

from cgcli.calculus.doubles import DOUBLES
from cgcli.calculus.explain import Explanation
from cgcli.learning.descent import Descent
from cgcli.learning.tables import ROW
from cgcli.learning.training import Training
from cgcli.views.catalogue import catalogue, spoken
from cgcli.views.table import shown
from cgcli.views.trace.show import print_trace
from cgcli.views.trace.writing import Shown, Wanted
from cgcli.words import Message, counted

_ROWS: Final = 3


def print_steps(training: Training, steps: int, digits: int) -> None:
    """Print so many steps from where the run stands, which stays there, and none after its end."""
    descent = training.descent
    assert descent is not None
    kept = descent.flat.copy()
    memory = {name: value.copy() for name, value in descent.state.memory.items()}
    try:
        with np.errstate(all="ignore"):
            for done, (epoch, count, cost) in enumerate(islice(_batches(descent), steps)):
                if descent.criteria.exhausted(descent.state.step + done, epoch, 0.0):
                    break
                _print_step(training, descent.state.step + done, epoch, count, cost, digits)
    finally:
        np.copyto(descent.flat, kept)
        for name, value in memory.items():
            np.copyto(descent.state.memory[name], value)


def _batches(descent: Descent) -> Iterator[tuple[int, int, float]]:
    """Yield the epoch of every batch that comes, its rows, and their cost."""
    epoch, start = descent.state.epoch, descent.state.position
    while True:
        for count, cost in descent.objective.epoch(epoch, start):
            yield epoch, count, cost
        epoch, start = epoch + 1, 0


def _print_step(
    training: Training, step: int, epoch: int, count: int, cost: float, digits: int
) -> None:
    language = spoken(for_script=False)
    read = catalogue(language).read

    def say(*lines: str) -> None:
        sys.stdout.write("".join(f"{read(line)}\n" for line in lines))

    task, descent = training.task, training.descent
    assert descent is not None
    gradient = descent.objective.gradient
    few = min(count, _ROWS)
    batches = descent.objective.batches
    part = batches.rows(few) if batches else descent.objective.table.read(0, few)
    say(f"Step {step + 1}", "")
    for k, number in enumerate(part[ROW]):
        names = list(task.parameters.views)
        result = DOUBLES.evaluate(task.graph, task.values(part, k), wrt=names)
        say(Message("Row {row}", row=int(number)), "")
        print_trace(Explanation(result), Wanted(language=language, shown=Shown(digits=digits)))
        say("")
    if count > _ROWS:
        say(f"and {counted(count - _ROWS, 'more row')} in the same way", "")
    name, of = task.graph.names[task.graph.output], "this row"
    if count > 1:
        # The f of the steps above is one row's.
        kind = "mean" if task.mean else "sum"
        name, of = f"{kind}({name})", f"the {kind} over {count:,} rows"
    say(f"The cost and its gradient, {of}", f"  {name} = {shown(cost, digits)}")
    views = task.parameters.look(gradient.copy())
    for parameter, view in views.items():
        say(f"  ∂{name}/∂{parameter} = {_inline(view, digits)}")
    before = task.parameters.look(descent.flat.copy())
    rate = descent.schedule.at(step, epoch)
    clipped = descent.shorten()
    descent.optimiser.move(
        descent.flat, gradient, rate, step + 1, descent.setting, descent.state.memory
    )
    plain = descent.optimiser.name == "gd" and not descent.setting["weight_decay"] and not clipped
    rule = "W = W - rate * gradient" if plain else descent.optimiser.summary
    say("", f"Update: {rule}, rate {shown(rate, digits)}")
    for parameter, view in task.parameters.look(descent.flat).items():
        old, new = _inline(before[parameter], digits), _inline(view, digits)
        if plain:
            slope = _inline(views[parameter], digits)
            slope = f"({slope})" if slope.startswith("-") else slope
            say(f"  {parameter} = {old} - {shown(rate, digits)} * {slope} = {new}")
        else:
            say(f"  {parameter}: {old} → {new}")
    say("")


def _inline(value: Any, digits: int) -> str:
    """Return a value on one line, a matrix's rows in brackets."""
    text = shown(value, digits)
    return f"[{text.replace(chr(10), ', ')}]" if "\n" in text else text
