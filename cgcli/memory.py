"""The garbage collector, at rest while much is made that stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_MANY: Final = 100_000
"""From so many objects on they are counted among the old ones unseen."""
_FROZEN: Final = 1_000
"""Fewer that are frozen are Python's own: 3.12 begins with some hundreds, other versions with 0."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Let the collector rest: it would look again and again at lists that grow, and free nothing.

    >>> with uncollected():
    ...     gc.isenabled()
    False
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if gc.get_count()[0] > _MANY and gc.get_freeze_count() < _FROZEN:
                # What was made is old from now on: to look through it once takes a while, too.
                gc.freeze()
                gc.unfreeze()
            gc.enable()
