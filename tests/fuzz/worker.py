"""A process that runs case after case; who started it kills it when it is stuck.

A line of JSON in (a kind and a seed, or a case), a line out (the finds). What the commands print
goes to files, so that the lines are the worker's alone.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

from tests.fuzz import commands, oracle
from tests.fuzz.case import Case

MEMORY = 4 << 30
LONGEST = 32_000
"""Of an argument, in characters of at most four bytes: Linux takes 128 KiB."""
STUCK_S = 10.0
"""Of the processor's time, so that a busy machine makes no find."""


PLACES: dict[str, dict[str, str]] = {
    "plain": {},
    "Windows": {"PYTHONIOENCODING": "cp1252"},
    "ASCII": {"PYTHONIOENCODING": "ascii"},
    "C": {"LC_ALL": "C"},
    "narrow": {"COLUMNS": "20"},
    "dumb": {"TERM": "dumb", "NO_COLOR": "1"},
    "full": {},
    "closed": {},
    "unread": {},
}
"""Where a process of its own runs: its environment, and what its standard output is."""


def checked(case: Case, extra: float, rng: random.Random) -> list[oracle.Find]:
    """Everything that is wrong with a case; a share `extra` is run twice, another in a process.

    What is longer than the system hands to a process is run in this one alone.
    """
    with tempfile.TemporaryDirectory() as folder:
        first = oracle.run(case, os.path.join(folder, "1"))
        finds = oracle.judge(case, first)
        if first.status == 70 and "--debug" not in case.argv:
            again = Case((*case.argv[:1], "--debug", *case.argv[1:]), case.files, case.stdin)
            finds = oracle.judge(again, oracle.run(again, os.path.join(folder, "2"))) or finds
        elif rng.random() < extra:
            finds += oracle.same(first, oracle.run(case, os.path.join(folder, "3")), case)
        elif rng.random() < extra and max(map(len, case.argv), default=0) < LONGEST:
            finds += _elsewhere(case, first, os.path.join(folder, "4"), rng.choice(list(PLACES)))
    return finds


def _elsewhere(case: Case, first: oracle.Outcome, folder: str, place: str) -> list[oracle.Find]:
    alone = _alone(case, folder, place)
    if place == "plain":
        new = [find for find in oracle.judge(case, alone) if find.oracle != "slow"]
        return oracle.same(first, alone, case) + (new if alone.status != first.status else [])
    if place in ("full", "closed", "unread"):
        return oracle.unprintable(case, first, alone, place)
    return oracle.printed_elsewhere(case, first, alone, place)


def _alone(case: Case, folder: str, place: str) -> oracle.Outcome:
    """The same in a process of its own, with another seed for hashes and real streams."""
    work = os.path.join(folder, "work")
    os.makedirs(work)
    oracle._place(case, work)
    before = oracle._snapshot(work)
    words = [word.encode("utf-8", "surrogatepass") for word in case.argv]
    command = [sys.executable, "-m", "cgcli", *words]
    if place == "closed":
        command = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    started = time.perf_counter()
    with contextlib.ExitStack() as stack:
        out: Any = subprocess.PIPE
        if place == "full":
            out = stack.enter_context(open("/dev/full", "w"))
        elif place == "unread":
            reader, out = os.pipe()
            os.close(reader)
            stack.callback(os.close, out)
        environment = {**os.environ, **PLACES[place]}
        done = subprocess.run(
            command, cwd=work, input=case.stdin, stdout=out, stderr=subprocess.PIPE, timeout=60,
            check=False, env=environment,
        )  # fmt: skip
    seconds = time.perf_counter() - started
    after = oracle._snapshot(work)
    return oracle.Outcome(
        done.returncode, done.stdout or b"", done.stderr, [], before, after, seconds
    )


def main() -> None:
    """Serve until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    home, current = sys.argv[1], sys.argv[2]
    os.environ["HOME"] = home
    os.environ["PYTHONPATH"] = os.getcwd()
    for name in ("COLUMNS", "FORCE_COLOR", "LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR"):
        os.environ.pop(name, None)
    os.environ["LC_ALL"] = "C.UTF-8"
    lines, answers = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    errors = open(current + ".stack", "w")  # noqa: SIM115  # open as long as this runs
    # After so much of the processor's time the stack is written, and then the process ends.
    faulthandler.register(signal.SIGPROF, file=errors, all_threads=False, chain=True)
    for line in lines:
        asked: dict[str, Any] = json.loads(line)
        errors.seek(0)
        errors.truncate()
        signal.setitimer(signal.ITIMER_PROF, STUCK_S)
        if "kind" in asked:
            case = commands.drawn(asked["kind"], asked["seed"])
        else:
            case = Case.from_json(asked["case"])
        with open(current, "w") as file:
            json.dump(case.to_json(), file)
        rng = random.Random(json.dumps(asked))
        try:
            finds = checked(case, asked.get("extra", 0.0), rng)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            finds = [oracle.Find("fuzzer", f"{type(error).__name__}: {error}"[:200])]
        signal.setitimer(signal.ITIMER_PROF, 0)
        told = [[find.oracle, find.cause, find.details[:6000]] for find in finds]
        answers.write(json.dumps({"finds": told, "case": case.to_json() if finds else None}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
