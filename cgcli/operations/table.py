"""The table: all rows, by name and by the words a program calls them with."""

from __future__ import annotations

from typing import Final

from cgcli.operations.arithmetic import ARITHMETIC
from cgcli.operations.elementary import ELEMENTARY
from cgcli.operations.networks import NETWORKS
from cgcli.operations.piecewise import PIECEWISE
from cgcli.operations.row import Operation
from cgcli.operations.special import SPECIAL
from cgcli.operations.tensors import TENSORS

GROUPS: Final[dict[str, tuple[Operation, ...]]] = {
    "arithmetic": ARITHMETIC,
    "elementary": ELEMENTARY,
    "piecewise": PIECEWISE,
    "networks": NETWORKS,
    "special": SPECIAL,
    "tensors": TENSORS,
}

TABLE: Final[tuple[Operation, ...]] = tuple(row for rows in GROUPS.values() for row in rows)

OPERATIONS: Final[dict[str, Operation]] = {row.name: row for row in TABLE}


def _words() -> dict[str, tuple[Operation, ...]]:
    words: dict[str, tuple[Operation, ...]] = {}
    for row in TABLE:
        for word in row.words:
            words[word] = (*words.get(word, ()), row)
    return words


WORDS: Final[dict[str, tuple[Operation, ...]]] = _words()
"""The rows that a word may mean; the number of arguments decides between them."""

CONSTANTS: Final[dict[str, float]] = {
    "pi": 3.141592653589793,
    "e": 2.718281828459045,
    "tau": 6.283185307179586,
    "inf": float("inf"),
}
