"""Workers that are Ray's: where a task runs, its retries, and how data moves are left to it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from typing import Any, Final, Self

import numpy as np

from cgcli.errors import CgraphError, required, shorten
from cgcli.learning.workers import Rows, Workers, ended, run
from cgcli.limits import THREADS

_RETRIES: Final = 20
"""So often a task whose worker is killed is begun again."""
_SILENCE: Final = ("RAY_DEDUP_LOGS_SKIP_REGEX", ".*")
"""What Ray says of workers goes to standard output, where the rows are."""


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

    def spread(self, job: Any, shards: Iterable[Iterable[Rows]]) -> list[Any]:
        """Return references to the rows of each shard, which a task takes as they are."""
        references = []
        for shard in shards:
            parts = list(shard)
            rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
            references.append(self._ray.put(rows))
        return references

    def _begun(self, number: int, job: Any, task: tuple[Any, ...]) -> Any:
        return self._run.remote(job, *task)

    def _result(self, pending: Any) -> Any:
        try:
            return self._ray.get(pending)
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause from None
        except self._ray.exceptions.RayError:
            raise ended() from None
