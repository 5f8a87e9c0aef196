"""The cost over the epochs, drawn in characters or as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from cgcli.views.catalogue import heard

_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_ASCII: Final = " _.-=+*#@"
_ORDERS: Final = 2.0
WIDTH, HEIGHT, LEFT, RIGHT = 640, 360, 72, 16
_TOP, _BOTTOM = 20, 44
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


def as_svg(history: Sequence[dict[str, Any]]) -> str | None:
    """Return a picture of the cost, and of that on the rows held out, over the epochs.

    None of fewer than two.
    """
    read = heard().read
    epochs = [record["epoch"] for record in history]
    series = [(read("cost"), [record["cost"] for record in history])]
    if any("holdout" in record for record in history):
        series.append((read("held out"), [record.get("holdout", math.nan) for record in history]))
    finite = [v for _, values in series for v in values if v - v == 0]
    if len(epochs) < 2 or not finite:
        return None
    logarithmic = is_logarithmic(finite)
    if logarithmic:
        finite = list(map(math.log10, finite))
    panel = Panel(epochs, finite, _TOP, HEIGHT - _BOTTOM)
    # Whole powers of 10; below the least normal double there are no round numbers.
    parts = [*canvas(HEIGHT), *panel.axis(power=logarithmic)]
    for place in (epochs[0], epochs[0] + (epochs[-1] - epochs[0]) // 2, epochs[-1]):
        x = panel.points([place], [panel.low])[0].split(",")[0]
        parts.append(f'<text x="{x}" y="{HEIGHT - 22}" text-anchor="middle">{place}</text>')
    middle, below = (LEFT + WIDTH - RIGHT) / 2, read("epoch")
    parts.append(f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{below}</text>')
    for number, (name, values) in enumerate(series):
        heights = [math.log10(v) if logarithmic and v - v == 0 else v for v in values]
        pairs = [(e, h) for e, h in zip(epochs, heights, strict=True) if h - h == 0]
        kept = [pairs[int(k)] for k in _thinned(range(len(pairs)), _MOST)]
        points = " ".join(panel.points(*zip(*kept, strict=True))) if kept else ""
        colour = _COLOURS[number]
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
            f'<text x="{WIDTH - RIGHT}" y="{_TOP - 6 + 16 * number}" text-anchor="end" '
            f'fill="{colour}">{name}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


class Panel:
    """A part of a picture with axes of its own: from heights of numbers to those of points."""

    def __init__(self, x: Sequence[Any], heights: Sequence[Any], top: int, bottom: int) -> None:
        self.low, self.high = float(min(heights)), float(max(heights))
        # Halves, since the difference of two doubles need not be one.
        self._span = (self.high / 2 - self.low / 2) or 1.0
        self._top, self._bottom = top, bottom
        self._left, self._width = float(x[0]), float(x[-1] - x[0]) or 1.0

    def points(self, x: Iterable[Any], heights: Iterable[Any]) -> list[str]:
        """Return the points of numbers, one at every x."""
        wide, high = WIDTH - LEFT - RIGHT, self._bottom - self._top
        return [
            f"{LEFT + (a - self._left) / self._width * wide:.1f},"
            f"{self._top + (self.high / 2 - h / 2) / self._span * high:.1f}"
            for a, h in zip(x, heights, strict=True)
        ]

    def axis(self, *, power: bool = False) -> list[str]:
        """Return lines at round numbers, or at powers of 10 where the heights are logarithms."""
        parts = []
        for tick in ticks(self.low, self.high, 1.0 if power else 1e-300):
            y = self.points([self._left], [tick])[0].split(",")[1]
            label = f"{10.0**tick if power else tick:.4g}"
            parts.append(
                f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#d0d7de"/>'
                f'<text x="{LEFT - 8}" y="{y}" text-anchor="end" dy="4">{label}</text>'
            )
        return parts


def canvas(height: int) -> list[str]:
    """Return the start of a picture so high, and its ground."""
    size = f'width="{WIDTH}" height="{height}"'
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        f'<rect {size} fill="#ffffff"/>',
    ]


def ticks(low: float, high: float, least: float) -> list[float]:
    """Return a few round numbers between two heights, so far apart at `least`."""
    rough = max((high / 2 - low / 2) / 2.5, least) if high > low else 1.0
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * k for k in (1, 2, 5, 10) if size * k >= rough)
    return [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
