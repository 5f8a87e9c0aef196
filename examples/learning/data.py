"""Write the data of an example: ``python data.py digits digits.csv``; nothing is downloaded.

Digits, iris, diabetes and breast cancer are those that scikit-learn ships. The adding problem is
made from a seed: two lists of a length, numbers and marks, and the sum of the two marked numbers.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np


def write_csv(path: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows under the names of their columns."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)


def shipped(load: str, target: str, prefix: str = "", **more: Any) -> Callable[[str], None]:
    """Return what writes a data set of scikit-learn's; its target is a column as well."""

    def write(path: str) -> None:
        from sklearn import datasets

        data = getattr(datasets, load)(**more)
        # "mean radius" and "sepal length (cm)" become names of the language.
        plain = [str(name).removesuffix(" (cm)").replace(" ", "_") for name in data.feature_names]
        rows = (
            [*map(float, row), goal.item()]
            for row, goal in zip(data.data, data.target, strict=True)
        )
        write_csv(path, [*(prefix + name for name in plain), target], rows)

    return write


def write_adding(path: str, rows: int = 2000, length: int = 20, seed: int = 1) -> None:
    """Write the adding problem of Hochreiter and Schmidhuber (1997), in JSON Lines.

    `x` has numbers between 0 and 1, `m` marks one of the first half and one of the second with
    1, and `y` is the sum of the marked two. To answer 1 every time has a mean square error of
    1/6.
    """
    chance = np.random.default_rng(seed)
    with open(path, "w", encoding="utf-8") as file:
        for _ in range(rows):
            x = chance.random(length).round(4)
            first, second = chance.integers(length // 2), chance.integers(length // 2, length)
            m = np.zeros(length, dtype=int)
            m[[first, second]] = 1
            row = {"x": x.tolist(), "m": m.tolist(), "y": round(float(x[first] + x[second]), 4)}
            file.write(json.dumps(row) + "\n")


def write_mazur(path: str) -> None:
    """Write the one row of Matt Mazur's example."""
    write_csv(path, ["i1", "i2", "t1", "t2"], [[0.05, 0.10, 0.01, 0.99]])


DATA: dict[str, Callable[[str], None]] = {
    "digits": shipped("load_digits", "digit"),
    "iris": shipped("load_iris", "species"),
    "diabetes": shipped("load_diabetes", "progression", scaled=False),
    "cancer": shipped("load_breast_cancer", "benign", prefix="x_"),
    "adding": write_adding,
    "mazur": write_mazur,
}
"""What can be written, by name."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Write what the command line asks for."""
    parser = argparse.ArgumentParser(description="Write the data of an example.")
    parser.add_argument("name", choices=sorted(DATA))
    parser.add_argument("file")
    given = parser.parse_args(arguments)
    DATA[given.name](given.file)


if __name__ == "__main__":
    main()
