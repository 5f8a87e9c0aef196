"""Results worked out from those of parts, however deep these go."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

Key = TypeVar("Key")
Result = TypeVar("Result")


def resolved(
    root: Key, steps: Callable[[Key], Generator[Key, Result, Result]], known: dict[Key, Result]
) -> Result:
    """Return the result of the root; `steps` yields what it needs the results of, and returns one.

    >>> def steps(n):
    ...     return n * (yield n - 1) if n else 1
    >>> resolved(5, steps, {})
    120
    """
    pending = [(root, steps(root))]
    answer: Result | None = None
    while pending:
        key, running = pending[-1]
        try:
            # A generator that has just begun takes None.
            wanted = running.send(answer)  # type: ignore[arg-type]
        except StopIteration as done:
            answer = known[key] = done.value
            pending.pop()
            continue
        answer = known.get(wanted)
        if wanted not in known:
            pending.append((wanted, steps(wanted)))
    return known[root]


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

    def steps(key: Key) -> Generator[Key, Result, Result]:
        for part in parts(key):  # noqa: UP028  # a list takes nothing that is sent
            yield part
        return make(key)

    return known[root] if root in known else resolved(root, steps, known)
