"""The cost over the epochs, drawn in characters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

__all__ = ["curve", "thinned"]

_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_ASCII: Final = " _.-=+*#@"
_ORDERS: Final = 2.0


def thinned(costs: Sequence[float], width: int) -> list[float]:
    """Return at most `width` numbers, equally far apart, the first and the last among them.

    >>> thinned([1, 2, 3, 4, 5, 6, 7], 3)
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
    shown = thinned(finite, max(width - 12, 8))
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
        cells = "".join(blocks[min(8, max(0, each - 8 * row))] for each in eighths)
        axis = "┤" if unicode else "|"
        lines.append(f"{labels[height - 1 - row]:>{wide}} {axis}{cells.rstrip()}")
    return lines
