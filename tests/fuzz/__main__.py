"""`python -m tests.fuzz`: hunt for a while, or see one case again.

python -m tests.fuzz --seconds 3600 --workers 2 --first 1
python -m tests.fuzz grammar:1234
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile

from tests.fuzz import commands
from tests.fuzz.hunt import Hunt, Worker, told


def say(text: str) -> None:
    sys.stdout.write(text.encode("utf-8", "backslashreplace").decode() + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("case", nargs="*", help="kind:seed, to see again")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--kinds", default="", help="only these, with commas")
    parser.add_argument(
        "--ignore", action="append", default=[], help="a part of causes that are known"
    )
    parser.add_argument("--finds", help="a folder for a file a find")
    given = parser.parse_args()
    if given.case:
        return again(given.case)

    count = len(os.listdir(given.finds)) if given.finds else 0

    def tell(text: str) -> None:
        nonlocal count
        say(text + "\n")
        if given.finds:
            count += 1
            name = re.sub(r"\W+", "-", text.split("\n", 1)[0])[:60]
            with open(
                os.path.join(given.finds, f"{count:03}-{name}.md"),
                "w",
                encoding="utf-8",
                errors="backslashreplace",
            ) as file:
                file.write(text + "\n")

    hunt = Hunt(
        given.seconds,
        given.first,
        given.workers,
        tuple(filter(None, given.kinds.split(","))),
        tell,
        ignore=tuple(given.ignore),
    )
    hunt.run()
    say(f"{hunt.cases} cases, seeds {given.first} on; {len(hunt.finds)} finds")
    return int(bool(hunt.finds))


def again(names: list[str]) -> int:
    status = 0
    with tempfile.TemporaryDirectory() as folder:
        worker = Worker(folder)
        for name in names:
            kind, _, seed = name.partition(":")
            say(str(commands.drawn(kind, int(seed))))
            finds, case = worker.check({"kind": kind, "seed": int(seed), "extra": 1.0})
            for find in finds:
                status = 1
                say(told(find, case, kind, int(seed)))
        worker.end()
    return status


if __name__ == "__main__":
    sys.exit(main())
