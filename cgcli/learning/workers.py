"""Workers: processes that compute blocks of rows; what they return comes in the blocks' order.

They are of this machine, or Ray's.

What is sent to a worker is plain data, numbers and texts: a program is parsed again there. Which
blocks there are, and in which order they are put together, does not depend on the workers, so
that any number of them gives the same bits. A worker ends when its driver does.

A training has shards of its table at them: each has some of the rows, and computes their sums.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Final, NamedTuple, Self, TypeAlias

import numpy as np

from cgcli.errors import CgraphError, required, shorten
from cgcli.learning.given import Given, build_graph
from cgcli.learning.objective import Measure, Objective, Triangles, Whole
from cgcli.learning.preparing import Prepared
from cgcli.learning.stopping import interrupts
from cgcli.learning.tables import CHUNK, Table, TableWriter, pieces
from cgcli.learning.task import Task
from cgcli.limits import MOST_COUNT, THREADS, one_thread
from cgcli.plan.sweep import SHARD

Rows: TypeAlias = dict[str, Any]
"""Columns by name."""

_WAITING: Final = 2
"""So many blocks wait for a worker, or are done and not yet asked for."""
_RETRIES: Final = 20
"""So often a task whose worker is killed is begun again by Ray."""
_SILENCE: Final = ("RAY_DEDUP_LOGS_SKIP_REGEX", ".*")
"""What Ray says of workers goes to standard output, where the rows are."""
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
        # They pass Ctrl-C over from their beginning, which they inherit.
        with interrupts(signal.SIG_IGN):
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
        try:
            for number, task in tasks:
                pending.append(self._begun(number, job, task))
                if len(pending) > _WAITING * self.count:
                    yield self._result(pending.popleft())
            while pending:
                yield self._result(pending.popleft())
        except BrokenProcessPool:
            raise _ended() from None

    def spread(self, job: Any, shards: Sequence[Rows]) -> list[Any]:
        """Give rows to the workers; return what a task takes for those of each, which is None.

        The shard `k` goes, part by part, as a task to the worker that has that number.
        """
        parts = ((k, (part,)) for k, rows in enumerate(shards) for part in pieces(rows, CHUNK))
        deque(self.map(job, parts), maxlen=0)
        return [None] * min(self.count, len(shards))

    def _begun(self, number: int, job: Any, task: tuple[Any, ...]) -> Any:
        return self._pools[number % self.count].submit(run, job, *task)

    def _result(self, pending: Any) -> Any:
        return pending.result()


def _ended() -> CgraphError:
    """Return the error for a worker that is no more."""
    message = "a worker process ended before its work was done"
    return CgraphError("limit", message, "it was killed, or memory ran out: try fewer --jobs")


class RayWorkers(Workers):
    """Ray's processes: `count` of this machine, or all of the cluster that a place names."""

    def __init__(self, count: int | None, place: str) -> None:
        if place != "ray" and not place.startswith("ray://"):
            message = f"--on is ray or ray://HOST:PORT, not '{shorten(place)}'"
            raise CgraphError("usage", message, "--on ray computes on this machine")
        if place != "ray" and count is not None:
            message = "--jobs is how many processes this machine has, and the cluster has its own"
            raise CgraphError("usage", message, "leave --jobs out")
        os.environ.setdefault(*_SILENCE)
        self._ray = required("ray", "ray", "to compute on a cluster")
        self._given, self._place = count, place

    def __enter__(self) -> Self:
        """Start Ray, or join the cluster; raises `CgraphError` where it cannot be reached."""
        where: dict[str, Any] = {"address": self._place}
        if self._place == "ray":
            where = {"address": "local", "num_cpus": self._given, "include_dashboard": False}
        variables = dict.fromkeys(THREADS, "1")
        try:
            self._ray.init(
                **where, runtime_env={"env_vars": variables}, logging_level=logging.ERROR,
                log_to_driver=False,
            )  # fmt: skip
        except (ConnectionError, RuntimeError, TimeoutError, ValueError) as error:
            message = f"Ray cannot be reached at {self._place}: {shorten(str(error), 100)}"
            raise CgraphError("usage", message, "--on ray computes on this machine") from None
        self.count = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        self._run = self._ray.remote(run).options(max_retries=_RETRIES)
        return self

    def __exit__(self, *error: object) -> None:
        """Leave the cluster, or end the processes of this machine."""
        self._ray.shutdown()

    def job(self, make: Callable[..., Callable[..., Any]], *recipe: Any) -> Any:
        """Return a job, which is sent to where it runs but once."""
        return self._ray.put(super().job(make, *recipe))

    def spread(self, job: Any, shards: Sequence[Rows]) -> list[Any]:
        """Return references to the rows of each shard, which a task takes as they are."""
        return [self._ray.put(rows) for rows in shards]

    def _begun(self, number: int, job: Any, task: tuple[Any, ...]) -> Any:
        return self._run.remote(job, *task)

    def _result(self, pending: Any) -> Any:
        try:
            return self._ray.get(pending)
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause from None
        except self._ray.exceptions.RayError:
            raise _ended() from None


def summing(kind: str, task: Task, table: Table) -> Whole:
    """Return what sums over the rows of a table: objective, measure, squares or residuals."""
    if kind == "objective":
        return Objective(task, table).all_rows
    if kind == "residuals":
        return Triangles(task, table)
    return Measure(task, table, squared=kind == "squares").all_rows


class Worker:
    """A worker's part: rows that it is given and keeps, and their sums, asked for by kind.

    Its task, whose graph is the same node by node, is made of all `parts` but that, and of the
    columns' shapes. `total` is how many rows there are in all; they are `in_memory`, or on disk.
    """

    def __init__(
        self, given: Given, shapes: Any, parts: Sequence[Any], total: int, in_memory: bool
    ) -> None:
        parameters, _, constants, *_ = parts
        given = given._replace(initial=parameters.values(), fixed=constants)
        self._task = Task(build_graph(given, shapes)[0], *parts)
        self._count, self._in_memory = total, in_memory
        self._writer = TableWriter(2**62 if in_memory else 0)
        self._table: Table | None = None
        self._sums: dict[str, Whole] = {}

    def __call__(self, rows: Any, kind: str = "", flat: Any = None, careful: bytes = b"") -> Any:
        """Keep rows; or return for a kind the sums of each shard at some parameters, and of care.

        The shards are of the rows that are kept, or where rows come with the task of these alone.
        """
        if not kind:
            self._writer.add(rows)
            return None
        sums = self._sums
        if rows is not None:
            sums, table = {}, Table(rows)
        else:
            self._table = table = self._table or self._writer.finish()
        np.copyto(self._task.parameters.flat, flat)
        # Of rows on disk nothing is computed beforehand, wherever they come from.
        table.total = self._count if self._in_memory else MOST_COUNT
        if kind not in sums:
            sums[kind] = summing(kind, self._task, table)
        part = sums[kind]
        part.careful[:] = careful or part.careful
        with np.errstate(all="ignore"):
            part.begin(self._count)
            return list(part.sums()), bytes(part.careful)


def share(workers: Workers, prepared: Prepared) -> None:
    """Give the rows to learn from to workers; their table returns the sums of every shard then."""
    task, table, given = prepared.task, prepared.train, prepared.given
    assert given is not None
    given = given._replace(initial={}, fixed={})
    recipe = (given, table.shapes, task[1:], table.count, not table.on_disk)
    job, starts = workers.job(Worker, *recipe), range(0, table.count, SHARD)
    places = workers.spread(job, [table.read(start, start + SHARD) for start in starts])
    careful: dict[str, list[bytes]] = {}

    def sums(kind: str) -> Iterator[Any]:
        flat, cares = task.parameters.flat, careful.get(kind, [b""] * len(places))
        tasks = ((rows, kind, flat, care) for rows, care in zip(places, cares, strict=True))
        results = list(workers.map(job, enumerate(tasks)))
        careful[kind] = [care for _, care in results]
        for number in range(len(starts)):
            parts, _ = results[number % len(results)]
            yield parts[number // len(results)]

    table.sums = sums
