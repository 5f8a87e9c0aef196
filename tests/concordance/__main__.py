"""Compare every way with the oracle: python -m tests.concordance --programs N --first SEED."""

from __future__ import annotations

import argparse
import ast
import time
from collections import Counter

from tests.concordance.agreement import Difference
from tests.concordance.concord import OPTIONS, compare
from tests.concordance.generate import nested
from tests.concordance.ways import WAYS, argument


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.concordance", description=__doc__)
    parser.add_argument("--programs", type=int, default=100, help="how many programs")
    parser.add_argument("--points", type=int, default=8, help="how many points each")
    parser.add_argument("--first", type=int, default=1, help="the seed of the first")
    parser.add_argument("--ways", default="", help="these ways alone, as in eval,function")
    parser.add_argument("--kind", default="", help="only differences whose kind holds this text")
    parser.add_argument("--most", type=int, default=3, help="how many to print of a kind")
    options = parser.parse_args()
    chosen = [way for way in WAYS if not options.ways or way.name in options.ways.split(",")]
    counts: Counter[str] = Counter()
    kinds: Counter[tuple[str, str]] = Counter()
    began = time.monotonic()
    for seed in range(options.first, options.first + options.programs):
        for difference in compare(seed, options.points, chosen, counts):
            if options.kind not in f"{difference.way}: {difference.kind}":
                continue
            key = (difference.way, difference.kind)
            kinds[key] += 1
            if kinds[key] <= options.most:
                print(as_command(difference), f"# seed {seed}: {difference}", sep="\n", flush=True)
    print(f"\n{time.monotonic() - began:.1f} s", dict(counts))
    for (way, kind), count in sorted(kinds.items(), key=lambda item: -item[1]):
        print(f"{count:6} {way}: {kind}")


def as_command(difference: Difference) -> str:
    """A command line that shows it."""
    point = ast.literal_eval(difference.point.replace("inf", "'inf'").replace("-'inf'", "'-inf'"))
    words, options = OPTIONS[difference.way]
    from tests.concordance.generate import program

    inputs = program(difference.seed).inputs
    bindings = []
    for name, xs in point.items():
        value = nested([float(x) for x in xs], inputs[name])
        text = f"{name}={argument(value)}"
        bindings.append(f'"{text}"' if "[" in text else text)
    return " ".join(["cgraph", words, f'"{difference.text}"', *bindings, options]).rstrip()


if __name__ == "__main__":
    main()
