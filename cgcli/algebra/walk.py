"""Results worked out from those of parts, however deep these go."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Key = TypeVar("Key")
Result = TypeVar("Result")


def worked_out(
    root: Key,
    parts: Callable[[Key], Iterable[Key]],
    make: Callable[[Key], Result],
    known: dict[Key, Result],
) -> Result:
    """Return what `make` returns for the root; it is called once for each part, and those first.

    >>> known = {}
    >>> worked_out(3, range, lambda n: 1 + sum(known[k] for k in range(n)), known)
    8
    """
    pending = [root]
    while pending:
        key = pending[-1]
        missing = [] if key in known else [part for part in parts(key) if part not in known]
        if missing:
            pending.extend(reversed(missing))
            continue
        pending.pop()
        if key not in known:
            known[key] = make(key)
    return known[root]
