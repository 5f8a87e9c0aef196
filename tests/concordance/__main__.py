"""Compare every way with the oracle: python -m tests.concordance --programs N --first SEED."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.concordance.concord import compare
from tests.concordance.reproduce import as_command, smallest
from tests.concordance.ways import WAYS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.concordance", description=__doc__)
    parser.add_argument("--programs", type=int, default=100, help="how many programs")
    parser.add_argument("--points", type=int, default=8, help="how many points each")
    parser.add_argument("--first", type=int, default=1, help="the seed of the first")
    parser.add_argument("--ways", default="", help="these ways alone, as in eval,function")
    parser.add_argument("--kind", default="", help="only differences whose kind holds this text")
    parser.add_argument("--most", type=int, default=3, help="how many to print of a kind")
    parser.add_argument("--as-found", action="store_true", help="print programs as they were drawn")
    options = parser.parse_args()
    chosen = [way for way in WAYS if not options.ways or way.name in options.ways.split(",")]
    counts: Counter[str] = Counter()
    kinds: Counter[tuple[str, str]] = Counter()
    began = time.monotonic()
    for seed in range(options.first, options.first + options.programs):
        for difference in compare(seed, options.points, chosen, counts):
            key = (difference.way, difference.kind)
            if options.kind not in difference.kind:
                continue
            kinds[key] += 1
            if kinds[key] <= options.most:
                shown = difference if options.as_found else smallest(difference)
                say(f"{as_command(shown)}\n    # seed {seed}: {shown}")
    say(f"\n{time.monotonic() - began:.1f} s; compared: {dict(counts)}")
    for (way, kind), count in sorted(kinds.items(), key=lambda item: -item[1]):
        say(f"{count:6} {way}: {kind}")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
