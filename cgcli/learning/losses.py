"""What residuals cost that are not squared: outliers count for less, each loss a row of one table.

The losses are SciPy's, of z, the square of a residual in units of the loss's scale.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

Terms = tuple[Any, Any, Any]
"""A loss of z, its derivative by z, and the second."""


def _soft_l1(z: Any) -> Terms:
    root = np.sqrt(1 + z)
    return 2 * z / (1 + root), 1 / root, -0.5 / root**3


def _huber(z: Any) -> Terms:
    root = np.sqrt(np.maximum(z, 1.0))
    return np.where(z <= 1, z, 2 * root - 1), 1 / root, np.where(z <= 1, 0.0, -0.5 / root**3)


def _cauchy(z: Any) -> Terms:
    return np.log1p(z), 1 / (1 + z), -1 / (1 + z) ** 2


def _arctan(z: Any) -> Terms:
    return np.arctan(z), 1 / (1 + z * z), -2 * z / (1 + z * z) ** 2


_LOSSES: Final[dict[str, Callable[[Any], Terms]]] = {
    "soft_l1": _soft_l1,
    "huber": _huber,
    "cauchy": _cauchy,
    "arctan": _arctan,
}
LOSS_NAMES: Final = (*_LOSSES,)


class Loss(NamedTuple):
    """A loss of residuals, which are plain where they are small beside its scale.

    >>> rho, first, second = Loss("huber", 2.0)(np.array([1.0, 4.0]))
    >>> rho.tolist(), first.tolist()
    ([1.0, 12.0], [1.0, 0.5])
    """

    kind: str
    scale: float = 1.0

    def __str__(self) -> str:
        """Return how it is called."""
        return f"{self.kind}, scale {self.scale:g}"

    def terms(self, z: Any) -> Any:
        """Return the loss of z and its two derivatives, as SciPy takes them."""
        return np.stack(_LOSSES[self.kind](z))

    def __call__(self, residuals: Any) -> Terms:
        """Return what residuals cost, and by the squares of these the two derivatives."""
        rho, first, second = self.terms((residuals / self.scale) ** 2)
        return rho * self.scale**2, first, second / self.scale**2
