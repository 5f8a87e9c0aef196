"""What is put together from primitives: defined once, for every kind of number.

A kind overrides one of these only where that was measured to be more accurate or quicker.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

__all__ = ["COMPOSITES"]


def _norm(m: Any, x: Any, *axis: int) -> Any:
    """The 2-norm, scaled by the greatest element so that no square overflows or vanishes."""
    greatest = m.amax(m.abs(x), *axis)
    scale = m.where(greatest == 0, 1, m.where(greatest == m.inf, 1, greatest))
    scaled = x / m.spread(scale, x, *axis)
    return scale * m.sqrt(m.sum(scaled * scaled, *axis))


def _logsumexp(m: Any, x: Any, *axis: int) -> Any:
    """S + log(Σ exp(x - s)) for a number s near the greatest element, so that nothing overflows."""
    near = m.anchor(x, *axis)
    shift = m.where(m.abs(near) < m.inf, near, 0)
    return m.log(m.sum(m.exp(x - m.spread(shift, x, *axis)), *axis)) + shift


def _softmax(m: Any, x: Any) -> Any:
    grown = m.exp(x - m.spread(m.anchor(x, -1), x, -1))
    return grown / m.spread(m.sum(grown, -1), x, -1)


def _log_softmax(m: Any, x: Any) -> Any:
    shifted = x - m.spread(m.anchor(x, -1), x, -1)
    return shifted - m.spread(m.log(m.sum(m.exp(shifted), -1)), x, -1)


COMPOSITES: Final[dict[str, Callable[..., Any]]] = {
    "norm": _norm,
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    # A number to shift exponents by: where the greatest element cannot be told, one near it.
    "anchor": lambda m, x, *axis: m.amax(x, *axis),
}
"""By name the definition, which takes the namespace first."""
