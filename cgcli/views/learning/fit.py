"""A fit drawn: its rows, its curve and the bands about it, and below them what is left."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape

import numpy as np

from cgcli.errors import CgraphError
from cgcli.learning.bands import Bands
from cgcli.learning.run import Trained
from cgcli.views.catalogue import heard
from cgcli.views.learning.curve import LEFT, RIGHT, WIDTH, Panel, as_svg, canvas
from cgcli.words import Message

_HEIGHT, _SPLIT, _TOP, _BOTTOM, _GAP = 480, 320, 36, 44, 24
_ROWS, _FIT = "#57606a", "#1f6feb"
_DOTS: Final = 40, 8


def residuals(of: Bands, along: str = "") -> str:
    """Return what stands above residuals; they are drawn otherwise than they are squared."""
    return f"residuals{along}{', without their weights' if of.weighted else ''}"


def picture(trained: Trained, drawn: Bands | None) -> str:
    """Return the picture of a run that has ended as SVG: its fit with bands, or its curve.

    Raises `CgraphError` where a fit has no bands, and where a run has fewer than two epochs.
    """
    if drawn is not None:
        return fit_svg(drawn)
    known = trained.fit and trained.fit.statistics
    if known is not None and known.sum is not None:
        message = "there is no fit to draw: rows and parameters make no bands about a target"
        hint = "write the prediction and then the column, as in a + b*x - y"
        raise CgraphError("usage", message, hint)
    svg = as_svg(trained.history)
    if svg is None:
        raise CgraphError("usage", "there is no curve to draw of fewer than two epochs")
    return svg


def fit_svg(of: Bands) -> str:
    """Return a picture of a fit, and of its residuals below."""
    left, curve = of.left, of.curve or of
    ends = [curve.predicted + sign * curve.prediction for sign in (-1, 1)]
    inner = [curve.predicted + sign * curve.confidence for sign in (-1, 1)]
    upper = Panel(of.x, [*of.observed, *ends[0], *ends[1]], _TOP, _SPLIT)
    lower = Panel(of.x, [*left, 0.0], _SPLIT + _GAP, _HEIGHT - _BOTTOM)
    parts = [*canvas(_HEIGHT), *upper.axis(), *lower.axis()]
    for (low, high), opacity in ((ends, 0.12), (inner, 0.3)):
        area = " ".join([*upper.points(curve.x, low), *reversed(upper.points(curve.x, high))])
        parts.append(f'<polygon points="{area}" fill="{_FIT}" fill-opacity="{opacity}"/>')
    line = " ".join(upper.points(curve.x, curve.predicted))
    parts.append(f'<polyline points="{line}" fill="none" stroke="{_FIT}" stroke-width="2"/>')
    for point in (*upper.points(of.x, of.observed), *lower.points(of.x, left)):
        across, down = point.split(",")
        parts.append(f'<circle cx="{across}" cy="{down}" r="2.5" fill="{_ROWS}"/>')
    words = "{name} and the fit, with bands of 95 % for its curve and for another row"
    said = heard()
    middle = (LEFT + WIDTH - RIGHT) / 2
    for text, x, y, anchor in (
        (said.say(Message(words, name=of.target)), LEFT, 20, "start"),
        (said.read(residuals(of)), LEFT, _SPLIT + 16, "start"),
        (of.name, middle, _HEIGHT - 8, "middle"),
        (f"{of.x[0]:.4g}", LEFT, _HEIGHT - 24, "middle"),
        (f"{of.x[-1]:.4g}", WIDTH - RIGHT, _HEIGHT - 24, "end"),
    ):
        parts.append(f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def fit_dots(of: Bands, *, unicode: bool) -> list[str]:
    """Return the residuals along x as dots, a line through 0."""
    wide, high = _DOTS
    left = of.left
    most = float(np.abs(left).max()) or 1.0
    across = (of.x - of.x[0]) / ((of.x[-1] - of.x[0]) or 1.0) * (wide - 1)
    down = np.rint((1 - left / most) / 2 * high).astype(int)
    cells = np.full((high + 1, wide), " ")
    cells[high // 2] = "─" if unicode else "-"
    cells[down, np.rint(across).astype(int)] = "•" if unicode else "*"
    labels = [f"{most:.3g}", *[""] * (high // 2 - 1), "0", *[""] * (high // 2 - 1), f"{-most:.3g}"]
    width, axis = max(map(len, labels)), "┤" if unicode else "|"
    rows = zip(labels, cells, strict=True)
    return [f"{label:>{width}} {axis}{''.join(row).rstrip()}" for label, row in rows]
