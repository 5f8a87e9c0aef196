"""A run: its options, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from cgcli.learning.fitting import Fit
from cgcli.learning.logbook import Folds, Record, State
from cgcli.learning.stopping import Criteria, End

BATCHLESS: Final = ("lbfgs", "lm")
"""Optimisers of SciPy's, which look at all rows at once."""

EPOCHS: Final = 100
"""How long a run is where nothing is asked for."""
_MOST: Final = 100_000


class Options(NamedTuple):
    """The options of a run, as they are kept in a model.

    `settings` are the optimiser's own; `batch` is None for all rows at once. With `likelihood` the
    cost of a row is the negative logarithm of one. A fit has so many `restarts` from elsewhere.
    """

    optimizer: str = "gd"
    rate: float | None = None
    settings: Mapping[str, float] = {}
    schedule: str = "constant"
    warmup: int = 0
    every: int = 30
    factor: float = 0.1
    batch: int | None = None
    clip: float | None = None
    reduce: str = "mean"
    seed: int = 0
    criteria: Criteria = Criteria()
    engine: str = "numpy"
    sigma: str | None = None
    weights: str | None = None
    loss: str | None = None
    loss_scale: float = 1.0
    likelihood: bool = False
    restarts: int = 0


class Trained(NamedTuple):
    """How a run ended, the cost before and after, and what else was measured.

    `fit` is what an optimiser of SciPy's came to, `folds` what was measured of the rows that were
    held out by turns.
    """

    end: End
    start: float
    cost: float
    holdout: float | None
    metrics: dict[str, dict[str, float]]
    history: list[Record]
    state: State | None
    fit: Fit | None = None
    folds: Folds | None = None


def bounded(criteria: Criteria) -> Criteria:
    """Return criteria that end every run: 100 epochs where nothing else is asked for."""
    if criteria.epochs is not None:
        return criteria
    asked = any(bound is not None for bound in criteria)
    return criteria._replace(epochs=_MOST if asked else EPOCHS)
