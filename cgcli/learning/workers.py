"""Workers: processes that compute blocks of rows; what they return comes in the blocks' order.

What is sent to a worker is plain data, numbers and texts: a program is parsed again there. Which
blocks there are, and in which order they are put together, does not depend on the workers, so
that any number of them gives the same bits. A worker ends when its driver does.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Final, NamedTuple, Self, TypeAlias

from cgcli.errors import CgraphError
from cgcli.limits import one_thread

Rows: TypeAlias = dict[str, Any]
"""Columns by name."""

_WAITING: Final = 2
"""So many blocks wait for a worker, or are done and not yet asked for."""
_jobs: dict[str, Any] = {}


class Job(NamedTuple):
    """What workers do: `make` returns from a `recipe` a function of tasks, in each of them.

    `number` tells the jobs of a driver apart.
    """

    number: str
    make: Callable[..., Callable[..., Any]]
    recipe: tuple[Any, ...]


def run(job: Job, *task: Any) -> Any:
    """Do a task of a job, in a worker."""
    if job.number not in _jobs:
        _jobs[job.number] = job.make(*job.recipe)
    return _jobs[job.number](*task)


def _begin() -> None:
    """Make a process a worker: Ctrl-C is its driver's, and so is its life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    driver = multiprocessing.parent_process()
    assert driver is not None

    def outlive() -> None:
        driver.join()
        os._exit(1)

    threading.Thread(target=outlive, daemon=True).start()


class Workers:
    """Processes of this machine, `count` of them; a context, which ends them.

    A task with the number `k` is done by the worker `k % count`, one after the other, and rows
    that are spread stay where they are.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        one_thread()
        context = multiprocessing.get_context("spawn")
        self._pools = [ProcessPoolExecutor(1, context, _begin) for _ in range(count)]

    def __enter__(self) -> Self:
        """Start the processes: they load while the driver reads."""
        with _deaf():
            for pool in self._pools:
                pool.submit(os.getpid)
        return self

    def __exit__(self, *error: object) -> None:
        """End the processes, each after the block that it is at."""
        for pool in self._pools:
            pool.shutdown(wait=True, cancel_futures=True)

    def job(self, make: Callable[..., Callable[..., Any]], *recipe: Any) -> Any:
        """Return a job for these workers, with a number that no other has."""
        return Job(uuid.uuid4().hex, make, recipe)

    def map(self, job: Any, tasks: Iterable[tuple[int, tuple[Any, ...]]]) -> Iterator[Any]:
        """Yield the results of numbered tasks in order, some of which are waited for at a time.

        Raises `CgraphError`, where a worker ended as well.
        """
        pending: deque[Any] = deque()
        for number, task in tasks:
            pending.append(self._begun(number, job, task))
            if len(pending) > _WAITING * self.count:
                yield self._result(pending.popleft())
        while pending:
            yield self._result(pending.popleft())

    def spread(self, job: Any, shards: Iterable[Iterable[Rows]]) -> list[Any]:
        """Give rows to the workers; return what a task takes for those of each, which is None.

        The shard `k` goes, part by part, as a task to the worker that has that number.
        """
        places: dict[int, None] = {}

        def parts() -> Iterator[tuple[int, tuple[Rows]]]:
            for number, shard in enumerate(shards):
                places[number % self.count] = None
                for part in shard:
                    yield number, (part,)

        deque(self.map(job, parts()), maxlen=0)
        return list(places.values())

    def _begun(self, number: int, job: Any, task: tuple[Any, ...]) -> Any:
        try:
            return self._pools[number % self.count].submit(run, job, *task)
        except BrokenProcessPool:
            raise ended() from None

    def _result(self, pending: Any) -> Any:
        try:
            return pending.result()
        except BrokenProcessPool:
            raise ended() from None


def ended() -> CgraphError:
    """Return the error for a worker that is no more."""
    message = "a worker process ended before its work was done"
    return CgraphError("limit", message, "it was killed, or memory ran out: try fewer --jobs")


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Pass Ctrl-C over, which processes that are started here inherit from their beginning."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:
        # In another thread than the main one signals are someone else's.
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)
