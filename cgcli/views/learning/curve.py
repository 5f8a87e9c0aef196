"""The cost over the epochs, drawn in characters or as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from cgcli.errors import CgraphError

_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_ASCII: Final = " _.-=+*#@"
_ORDERS: Final = 2.0
WIDTH, LEFT, RIGHT = 640, 72, 16
_HEIGHT, _TOP, _BOTTOM = 360, 20, 44
_MOST: Final = 1_000
_COLOURS: Final = ("#1f6feb", "#bf5b04")


def _thinned(costs: Sequence[float], width: int) -> list[float]:
    """Return at most `width` numbers, equally far apart, the first and the last among them.

    >>> _thinned([1, 2, 3, 4, 5, 6, 7], 3)
    [1, 4, 7]
    """
    if len(costs) <= width:
        return list(costs)
    return [costs[k * (len(costs) - 1) // (width - 1)] for k in range(width)]


def is_logarithmic(costs: Sequence[float]) -> bool:
    """Whether costs are better shown by their logarithms: positive, over orders of magnitude."""
    least, most = min(costs), max(costs)
    return least > 0 and math.log10(most / least) > _ORDERS


def curve(costs: Sequence[float], width: int, height: int, *, unicode: bool) -> list[str]:
    """Return the lines of a chart of costs, its scale at the left; logarithmic where they fall far.

    >>> print("\\n".join(curve([4.0, 2.0, 1.0], 20, 2, unicode=True)))
    4 ┤█
    1 ┤█▆▁
    """
    finite = [cost for cost in costs if cost - cost == 0]
    if len(finite) < 2:
        return []
    blocks = _BLOCKS if unicode else _ASCII
    logarithmic = is_logarithmic(finite)
    shown = _thinned(finite, max(width - 12, 8))
    values = [math.log10(cost) for cost in shown] if logarithmic else shown
    low, high = min(values), max(values)
    # Halves, since the difference of two doubles need not be one.
    span = (high / 2 - low / 2) or 1.0
    # The least is an eighth of a character high, so that it is seen.
    eighths = [1 + round((value / 2 - low / 2) / span * (8 * height - 1)) for value in values]
    labels = [f"{max(shown):.4g}"] + [""] * (height - 2) + [f"{min(shown):.4g}"]
    wide = max(map(len, labels))
    lines = []
    for row in range(height - 1, -1, -1):
        cells = "".join(blocks[min(8, max(0, eighth - 8 * row))] for eighth in eighths)
        axis = "┤" if unicode else "|"
        lines.append(f"{labels[height - 1 - row]:>{wide}} {axis}{cells.rstrip()}")
    return lines


class Panel:
    """A part of a picture with axes of its own: from heights of numbers to those of points."""

    def __init__(self, x: Sequence[float], heights: Sequence[Any], top: int, bottom: int) -> None:
        import numpy as np

        self.low, self.high = float(np.min(heights)), float(np.max(heights))
        self._top, self._bottom = top, bottom
        self._left, self._width = float(x[0]), float(x[-1] - x[0]) or 1.0

    def points(self, x: Any, heights: Any) -> list[str]:
        """Return the points of arrays of numbers, one at every x."""
        # Halves, since the difference of two doubles need not be one.
        span = (self.high / 2 - self.low / 2) or 1.0
        across = LEFT + (x - self._left) / self._width * (WIDTH - LEFT - RIGHT)
        down = self._top + (self.high / 2 - heights / 2) / span * (self._bottom - self._top)
        return [f"{a:.1f},{d:.1f}" for a, d in zip(across, down, strict=True)]

    def axis(self, *, powers: bool = False) -> list[str]:
        """Return lines at round numbers, or at whole powers of 10."""
        import numpy as np

        parts = []
        # Below the least normal double there are no round numbers.
        for tick in ticks(self.low, self.high, 1.0 if powers else 1e-300):
            y = self.points(np.zeros(1), np.full(1, tick))[0].split(",")[1]
            parts.append(
                f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#d0d7de"/>'
                f'<text x="{LEFT - 8}" y="{y}" text-anchor="end" dy="4">'
                f"{10.0**tick if powers else tick:.4g}</text>"
            )
        return parts


def svg(height: int, parts: Sequence[str]) -> str:
    """Return a picture of some parts, so high."""
    size = f'width="{WIDTH}" height="{height}"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
    )
    paper = f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    return "\n".join([head, paper, *parts, "</svg>"]) + "\n"


def as_svg(history: Sequence[dict[str, Any]]) -> str:
    """Return a picture of the cost, and of that on the rows held out, over the epochs."""
    import numpy as np

    epochs = [record["epoch"] for record in history]
    series = [("cost", [record["cost"] for record in history])]
    if any("holdout" in record for record in history):
        series.append(("held out", [record.get("holdout", math.nan) for record in history]))
    finite = [v for _, values in series for v in values if v - v == 0]
    if len(epochs) < 2 or not finite:
        raise CgraphError("usage", "there is no curve to draw of fewer than two epochs")
    logarithmic = is_logarithmic(finite)
    panel = Panel(epochs, np.log10(finite) if logarithmic else finite, _TOP, _HEIGHT - _BOTTOM)
    parts = panel.axis(powers=logarithmic)
    places = np.array([epochs[0], epochs[0] + (epochs[-1] - epochs[0]) // 2, epochs[-1]])
    for place, point in zip(places, panel.points(places, 0 * places), strict=True):
        x = point.split(",")[0]
        parts.append(f'<text x="{x}" y="{_HEIGHT - 22}" text-anchor="middle">{place}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 6}" text-anchor="middle">epoch</text>')
    for number, (name, values) in enumerate(series):
        pairs = [(e, v) for e, v in zip(epochs, values, strict=True) if v - v == 0]
        kept = np.array([pairs[int(k)] for k in _thinned(range(len(pairs)), _MOST)]).reshape(-1, 2)
        heights = np.log10(kept[:, 1]) if logarithmic else kept[:, 1]
        points = " ".join(panel.points(kept[:, 0], heights))
        colour = _COLOURS[number]
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
            f'<text x="{WIDTH - RIGHT}" y="{_TOP - 6 + 16 * number}" text-anchor="end" '
            f'fill="{colour}">{name}</text>'
        )
    return svg(_HEIGHT, parts)


def ticks(low: float, high: float, least: float) -> list[float]:
    """Return a few round numbers between two heights, so far apart at `least`."""
    rough = max((high / 2 - low / 2) / 2.5, least) if high > low else 1.0
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * k for k in (1, 2, 5, 10) if size * k >= rough)
    return [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
