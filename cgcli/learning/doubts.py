"""What a run leaves in doubt: parameters that nothing determines, or that do not move.

A fit may end, and a descent too, far from an answer; what can be seen of that is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from cgcli.errors import few
from cgcli.learning.parameters import Parameters

_UNDETERMINED: Final = 1e-13
"""A singular value this small beside the greatest, of columns of length 1, is one of rounding."""
_PART: Final = 1e-6
_FALLING: Final = 0.03
"""The part of a cost's fall that the last tenth of the epochs may have."""
_LAST: Final = 10


class Spread(NamedTuple):
    """The roots of the diagonal of (JᵀJ)⁻¹, infinite for what is not determined, and what is not.

    `rank` is how many combinations of parameters the rows determine.
    """

    roots: Any
    rank: int
    doubts: list[str]


def spread(jacobian: Any, parameters: Parameters) -> Spread:
    """Return how far residuals determine their parameters, from the Jacobian rows × parameters.

    By the singular values of J with its columns scaled to length 1, as in Golub and Van Loan,
    Matrix Computations, 4th ed., section 5.5.

    >>> import numpy as np
    >>> told = spread(np.array([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0]]), Parameters(dict(a=1, b=1, c=1)))
    >>> told.rank, [doubt[:28] for doubt in told.doubts]
    (1, ['c does not matter: no row de', 'a and b: not determined apar'])
    """
    if not np.isfinite(jacobian).all():
        return Spread(np.full(jacobian.shape[1], np.inf), jacobian.shape[1], [])
    scale = np.linalg.norm(jacobian, axis=0)
    idle = scale == 0
    _, sizes, directions = np.linalg.svd(jacobian / np.where(idle, 1.0, scale), full_matrices=False)
    known = sizes > _UNDETERMINED * sizes[0]
    mixed = np.abs(directions[~known]).max(axis=0, initial=0.0) > _PART
    with np.errstate(divide="ignore", invalid="ignore"):
        roots = np.linalg.norm(directions[known] / sizes[known, None], axis=0) / scale
    roots[mixed | idle] = np.inf
    doubts = []
    if idle.any():
        named = _names(parameters, idle)
        do = "do" if " " in named else "does"
        doubts.append(f"{named} {do} not matter: no row depends on that here; hold it with --fix")
    if (mixed & ~idle).any():
        doubts.append(
            f"{_names(parameters, mixed & ~idle)}: not determined apart, the rows tell a "
            "combination of them alone; hold one of them with --fix"
        )
    return Spread(roots, int(known.sum()), doubts)


def standing_still(parameters: Parameters, before: Any) -> list[str]:
    """Return what is to be said of parameters that are, to the bit, where they started."""
    names = _names(parameters, parameters.flat == before, entire=True)
    if not names:
        return []
    hint = "start from random numbers, as glorot(2, 3) or uniform(-1, 1)"
    return [f"{names}: the gradient by it is 0, and it stays where it starts; {hint}"]


def falling(costs: Sequence[float]) -> list[str]:
    """Return what is to be said of a cost that falls still where a run is told to end.

    >>> falling([8.0, 4.0, 2.0, 1.0])[0].partition(":")[0]
    'the cost is still falling, 14% of its way in the last epoch'
    """
    back = max(1, len(costs) // _LAST)
    if len(costs) < 2 or not costs[-1] < costs[-1 - back]:
        return []
    part = (costs[-1 - back] - costs[-1]) / (costs[0] - costs[-1])
    if not _FALLING < part <= 1:
        return []
    over = "epoch" if back == 1 else f"{back} epochs"
    hint = "try more --epochs, or a larger --lr"
    return [f"the cost is still falling, {part:.0%} of its way in the last {over}: {hint}"]


def _names(parameters: Parameters, flags: Any, *, entire: bool = False) -> str:
    """Return the names of parameters that have flagged elements; with `entire`, of no others."""
    names = [
        name
        for name, part in parameters.look(flags).items()
        if (part.all() if entire else part.any())
    ]
    return " and ".join(names) if len(names) < 3 else few(names)
