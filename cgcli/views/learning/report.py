"""What a run came to, for people: its parameters, its cost, and the curve of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from cgcli.errors import shorten
from cgcli.learning.bands import Bands
from cgcli.learning.logbook import Folds
from cgcli.learning.losses import Loss
from cgcli.learning.run import Trained
from cgcli.learning.statistics import Statistics
from cgcli.learning.training import Training
from cgcli.views.gate import printable
from cgcli.views.learning.curve import curve, is_logarithmic
from cgcli.views.learning.fit import fit_dots, residuals
from cgcli.views.table import VALUE, shown
from cgcli.views.terminal import NUMBERS, WORDS, Column, can_show, console, print_table, say
from cgcli.words import Message, counted

_WIDTH: Final = 72
_HEIGHT: Final = 6
_FEW: Final = 16
_HEADS: Final = tuple(map(Message, ("standard error", "95% from", "to", "t", "p")))
"""Where the deviation is known t is z."""
_FULL: Final = VALUE, _HEADS[0]
"""What is shown with all digits that are asked for; a test needs few."""


def print_trained(
    training: Training,
    trained: Trained,
    digits: int,
    out: Any = None,
    drawn: Bands | None = None,
) -> None:
    """Print the curve, the parameters, the cost on both parts, and why the run stopped."""
    out = out or console()
    costs = [record["cost"] for record in trained.history]
    unicode = can_show("┤█▁")
    lines = curve(costs, min(out.width, _WIDTH), _HEIGHT, unicode=unicode)
    if lines:
        scale = ", logarithmic" if is_logarithmic([c for c in costs if c - c == 0]) else ""
        first, last = trained.history[0]["epoch"], trained.history[-1]["epoch"]
        say(out, f"cost, epoch {first} to {last}{scale}")
        say(out, *lines, style="cyan", said=True)
        out.print()
    if drawn is not None:
        say(out, residuals(drawn, f" along {printable(shorten(drawn.name))}"))
        say(out, *fit_dots(drawn, unicode=can_show("┤─•")), style="cyan", said=True)
        out.print()
    _print_parameters(training, trained, digits, out)
    say(out, *_summary(training, trained, digits))


def doubt_lines(trained: Trained) -> list[str]:
    """Return what the end of a run leaves in doubt, a line each."""
    doubts = trained.end.doubts
    return [f"{'warning' if doubt.grave else 'note'}: {doubt}" for doubt in doubts]


def _print_parameters(training: Training, trained: Trained, digits: int, out: Any) -> None:
    parameters, known = training.task.parameters, trained.fit and trained.fit.statistics
    columns: dict[str, Any] = {VALUE: parameters.values()}
    if known is not None and known.errors is not None:
        heads = (*_HEADS[:3], Message("z") if known.degrees is None else _HEADS[3], _HEADS[4])
        more = zip(heads, (known.errors, known.low, known.high, known.t, known.p), strict=True)
        columns |= {head: parameters.look(flat) for head, flat in more}
        columns = {head: _by_element(part) for head, part in columns.items()}
    names = [printable(shorten(name)) for name in columns[VALUE]]
    few = min(digits, 4)
    cells = {
        head: [_short(v, digits if head in _FULL else few) for v in part.values()]
        for head, part in columns.items()
    }
    if len(cells) > 1:
        errors = columns[_HEADS[0]].values()
        for head in _HEADS[1:3]:
            pairs = zip(columns[head].values(), errors, strict=True)
            cells[head] = [_short(v, max(few, _digits(v, error))) for v, error in pairs]
        cells["p"] = ["<1e-300" if cell == "0" else cell for cell in cells["p"]]
        # What is at a bound has none.
        none = "–" if can_show("–") else "-"
        cells = {head: [cell.replace("nan", none) for cell in part] for head, part in cells.items()}
    # As many columns as stand beside each other; the others are in the JSON.
    width, kept = max(9, *map(len, names)), list[str]()
    every = list(cells)
    for pair in (every[place : place + 2] for place in range(0, len(every), 2)):
        texts = [[head, *"\n".join(cells[head]).split("\n")] for head in pair]
        width += sum(3 + max(map(len, column)) for column in texts)
        if width <= out.width:
            kept += pair
    kept = kept or every[:1]
    first = Column(Message("parameter"), {**WORDS, "style": "cyan", "min_width": 9})
    rows = zip(names, *(cells[head] for head in kept), strict=True)
    print_table(out, [first, *(Column(head, NUMBERS) for head in kept)], rows)
    out.print()


def _by_element(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return numbers by name, an array that is not large as its elements: so they have errors."""
    rows: dict[str, Any] = {}
    for name, value in values.items():
        parts = np.ndenumerate(value) if np.ndim(value) > 0 and np.size(value) <= _FEW else ()
        rows |= {f"{name}[{', '.join(map(str, place))}]": part for place, part in parts}
        if not parts:
            rows[name] = value
    return rows


def _digits(value: Any, error: Any) -> int:
    """Return how many digits of a value tell 2 of its error."""
    with np.errstate(all="ignore"):
        sizes = np.log10(np.abs(value)) - np.floor(np.log10(error)) + 2
    return int(np.clip(np.max(sizes, initial=0, where=np.isfinite(sizes)), 1, 17))


def _short(value: Any, digits: int) -> str:
    """Return a value; of a large matrix its shape, for the model file has it."""
    if np.ndim(value) == 2 and np.size(value) > _FEW:
        return Message("{rows} × {columns} numbers", rows=len(value), columns=len(value[0]))
    return shown(value, digits)


def _folds(folds: Folds, digits: int) -> str:
    """Return the mean and the spread of what was measured of rows held out by turns."""
    texts = []
    for name, values in {"cost": folds.costs, **folds.metrics}.items():
        mean, deviation = (shown(figure, digits) for figure in folds.spread(values))
        texts.append(f"{printable(name)} {mean}, deviation {deviation}")
    return f"on {counted(len(folds.costs), 'part')} held out by turns: {'; '.join(texts)}"


def _misfit(known: Statistics, loss: Loss | None, digits: int) -> str:
    """Return how far the fit is from the rows."""
    free = counted(known.free, "degree")
    if known.sum is None:
        return f"log-likelihood {shown(known.log_likelihood, digits)} with {free} of freedom"
    total = shown(known.sum, digits)
    if known.chi_square_p is not None:
        p = shown(known.chi_square_p, min(digits, 4))
        return f"chi-square {total} with {free} of freedom, as large by chance with p {p}"
    if known.deviation is not None:
        squares = f"sum of squares {total}, residual standard deviation"
        deviation = shown(known.deviation, digits)
        if loss is not None:
            return f"{squares} {deviation} by their quartiles; loss {loss}"
        return f"{squares} {deviation} with {free} of freedom"
    if known.free:
        return f"sum of squares {total}"
    no_errors = "0 degrees of freedom: it passes through every row, and tells no errors"
    return f"sum of squares {total}; {no_errors}"


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
    for measure, outside in measured:
        more = "" if outside is None else f"; {shown(outside, digits)} on the rows held out"
        lines.append(measure + more)
    if trained.folds is not None:
        lines.append(_folds(trained.folds, digits))
    known = trained.fit and trained.fit.statistics
    if known is not None:
        lines.append(_misfit(known, training.task.loss, digits))
        quality = {
            "R²" if can_show("²") else "R^2": known.r_squared,
            "adjusted": known.adjusted_r_squared,
        }
        quality |= {"AIC": known.aic, "BIC": known.bic}
        texts = [f"{name} {shown(q, digits)}" for name, q in quality.items() if q is not None]
        if texts:
            lines.append(", ".join(texts))
        if known.quartiles is not None:
            least, *middle, most = (shown(q, min(digits, 4)) for q in known.quartiles)
            lines.append(f"residuals from {least} to {most}, quartiles {', '.join(middle)}")
    steps = trained.state.step if trained.state else 0
    took = f" after {counted(steps, 'step')}" if steps else ""
    return [*lines, f"stopped{took}: {trained.end.message}"]
