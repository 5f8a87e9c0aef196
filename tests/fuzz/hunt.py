"""Workers over kinds and seeds; every new cause is reduced and told once."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.fuzz import commands
from tests.fuzz.case import Case, Dice
from tests.fuzz.oracle import Find, innermost

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PATIENCE_S = 180.0
"""Of the clock's: for what waits and does nothing."""
TRIES = 250
"""How often a case is run while it is made smaller."""


class Worker:
    """A process that checks cases, begun anew when it is stuck or gone."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.current = os.path.join(folder, "current.json")
        self.process: subprocess.Popen[str] | None = None

    def _begin(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.fuzz.worker", self.folder, self.current]
        pipe = subprocess.PIPE
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        return subprocess.Popen(
            command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT, env=environment
        )

    def check(self, asked: dict[str, Any]) -> tuple[list[Find], Case | None]:
        """The finds of a case and the case itself, where there are any."""
        self.process = process = self.process or self._begin()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            if select.select([process.stdout], [], [], PATIENCE_S)[0]:
                line = process.stdout.readline()
                if line:
                    answer = json.loads(line)
                    case = Case.from_json(answer["case"]) if answer["case"] else None
                    return [Find(*find) for find in answer["finds"]], case
        except BrokenPipeError:
            pass
        return [self._lost(process)], self._held()

    def _lost(self, process: subprocess.Popen[str]) -> Find:
        """What became of a worker that does not answer."""
        try:
            status = process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            status = None
        self.end()
        if status not in (None, -signal.SIGPROF):
            return Find("died", f"status {status}")
        with open(self.current + ".stack") as file:
            stack = file.read()
        # faulthandler writes the innermost frame first.
        frames = [line for line in stack.splitlines() if "/cgcli/" in line]
        where = frames[0].rsplit("/cgcli/", 1)[1].replace('"', "") if frames else "?"
        place = where.split(", line")[0] + where[where.rfind(" in ") :]
        return Find("hang", place, stack[:4000])

    def _held(self) -> Case | None:
        try:
            with open(self.current) as file:
                return Case.from_json(json.load(file))
        except (OSError, ValueError):
            return None

    def end(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.kill()
            # This closes the pipes as well.
            with self.process:
                self.process = None


# --- reducing --------------------------------------------------------------------------------


def _shorter(text: Any) -> Iterator[Any]:
    """Shorter texts, the shortest first: halves and quarters left out, then characters."""
    n = len(text)
    size = n
    while size >= 1:
        for start in range(0, n, size):
            yield text[:start] + text[start + size :]
        size //= 2
        if n > 200 and size < n // 64:
            return


def _smaller(case: Case) -> Iterator[Case]:
    for k in range(len(case.argv) - 1, 0, -1):
        yield Case(case.argv[:k] + case.argv[k + 1 :], case.files, case.stdin)
        if k + 1 < len(case.argv):
            yield Case(case.argv[:k] + case.argv[k + 2 :], case.files, case.stdin)
    for name in case.files:
        yield Case(case.argv, {k: v for k, v in case.files.items() if k != name}, case.stdin)
    if case.stdin:
        yield Case(case.argv, case.files, b"")
    for k, word in enumerate(case.argv[1:], 1):
        for text in _shorter(word):
            yield Case((*case.argv[:k], text, *case.argv[k + 1 :]), case.files, case.stdin)
    for name, data in case.files.items():
        # Bytes of Parquet say nothing to a reader, however few they are.
        for shorter in () if name.endswith(".parquet") else _lines(data):
            yield Case(case.argv, {**case.files, name: shorter}, case.stdin)
    for shorter in _lines(case.stdin):
        yield Case(case.argv, case.files, shorter)


def _lines(data: bytes) -> Iterator[bytes]:
    lines = data.splitlines(keepends=True)
    for k in range(len(lines)):
        yield b"".join(lines[:k] + lines[k + 1 :])
    yield from _shorter(data)


def reduced(case: Case, shows: Callable[[Case], bool], tries: int = TRIES) -> Case:
    """A smaller case that shows the same, found by leaving out what can be."""
    progress = True
    while progress and tries > 0:
        progress = False
        for smaller in _smaller(case):
            tries -= 1
            if tries <= 0:
                break
            if shows(smaller):
                case, progress = smaller, True
                break
    return case


# --- hunting ---------------------------------------------------------------------------------


@dataclass
class Hunt:
    """Runs cases of drawn kinds from a first seed on, until the time or the cases are over."""

    seconds: float
    first: int
    workers: int = 1
    kinds: tuple[str, ...] = ()
    tell: Callable[[str], None] = str
    extra: float = 0.05
    ignore: tuple[str, ...] = ()
    finds: dict[str, tuple[Find, Case | None, str, int]] = field(default_factory=dict)
    cases: int = 0

    def run(self) -> None:
        lock = threading.Lock()
        over = time.monotonic() + self.seconds
        threads = [
            threading.Thread(target=self._serve, args=(k, over, lock)) for k in range(self.workers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _serve(self, which: int, over: float, lock: threading.Lock) -> None:
        shares = {
            k.name: k.share for k in commands.kinds() if not self.kinds or k.name in self.kinds
        }
        with tempfile.TemporaryDirectory() as folder:
            worker = Worker(folder)
            seed = self.first + which
            while time.monotonic() < over:
                kind = Dice(f"kind:{seed}").weighted(shares)
                found, case = worker.check({"kind": kind, "seed": seed, "extra": self.extra})
                with lock:
                    self.cases += 1
                    new = list({find.key: find for find in found if self._is_new(find)}.values())
                    for find in new:
                        self.finds[find.key] = (find, case, kind, seed)
                for find in new:
                    small = self._reduced(worker, find, case) if case else case
                    with lock:
                        self.finds[find.key] = (find, small, kind, seed)
                        self.tell(told(find, small, kind, seed))
                seed += self.workers
            worker.end()

    def _is_new(self, find: Find) -> bool:
        return find.key not in self.finds and not any(word in find.key for word in self.ignore)

    def _reduced(self, worker: Worker, find: Find, case: Case) -> Case:
        slow = find.oracle in ("hang", "slow", "memory", "died")

        def shows(smaller: Case) -> bool:
            finds, _ = worker.check(
                {"case": smaller.to_json(), "extra": float(find.oracle == "twice")}
            )
            return any(
                each.oracle == find.oracle if slow else each.key == find.key for each in finds
            )

        return reduced(case, shows, 12 if slow else TRIES)


def told(find: Find, case: Case | None, kind: str, seed: int) -> str:
    """A find as text: what, how to see it again, and the details."""
    lines = [f"{find.key}", f"  again: python -m tests.fuzz {kind}:{seed}"]
    lines += [f"  {line}" for line in str(case or "").splitlines()]
    lines += [f"  | {line}" for line in find.details.splitlines()[-40:]]
    return "\n".join(lines)


__all__ = ["Hunt", "Worker", "innermost", "reduced", "told"]
