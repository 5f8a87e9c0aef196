"""A teacher's mistakes at every operation of a kind, as formulas in letters for its arguments.

`d(x^n)/dx = n*x^n` is a wrong derivative of every power, and `a/b = b/a` a wrong quotient.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from cgcli.errors import CgraphError, few
from cgcli.graph.graph import Graph
from cgcli.homework.mistakes.row import Numbers, ValueStep, rule_of
from cgcli.homework.working import Use, Worked, is_same, run
from cgcli.operations.row import Rule
from cgcli.program import parse

_DERIVATIVE: Final = re.compile(r"\s*[d∂]\s*(?P<of>.+?)\s*/\s*[d∂]\s*(?P<by>[^\W\d]\w*)\s*")


class Pattern(NamedTuple):
    """What is written for an operation's value, or for its derivative by the argument in a place.

    Of `letters` each is a name, or the number that the argument has to be.

    >>> pattern = read_pattern("d(x^n)/dx = n*x^n")
    >>> pattern.operation, pattern.letters, pattern.place
    ('pow', ['x', 'n'], 0)
    """

    operation: str
    letters: list[str | float]
    place: int | None
    rule: Rule

    def at_use(self, use: Use) -> Numbers:
        """Yield what is sent with the derivative that is written."""
        for places, parts in self._ways(use):
            if self.place is not None and places[self.place] == use.place:
                yield use.send(run(self.rule, *parts))

    def at_value(self, step: ValueStep) -> Numbers:
        """Yield the value that is written."""
        for _, parts in self._ways(step) if self.place is None else ():
            yield run(self.rule, *parts)

    def _ways(self, worked: Worked) -> Iterator[tuple[list[int], list[Any]]]:
        """Yield the places of the letters' arguments, and their values.

        There are two ways where the order of the arguments does not count.
        """
        if worked.name != self.operation or len(worked.arguments) != len(self.letters):
            return
        order = list(range(len(self.letters)))
        for places in (order, order[::-1])[: 1 + worked.operation.commutes]:
            parts = [worked.parts[place] for place in places]
            pairs = zip(self.letters, parts, strict=True)
            if all(isinstance(letter, str) or is_same(letter, part) for letter, part in pairs):
                yield places, parts


def read_pattern(text: str) -> Pattern | None:
    """Return the mistake that a text is; None where it is none of an operation by itself.

    Without a left side it is the derivative, by its first argument, of the only operation in it
    that has nothing but letters: `n*x^n` is that of `x^n`. Raises `CgraphError` for a letter that
    the operation does not have.
    """
    left, equals, right = text.rpartition("=")
    derivative = _DERIVATIVE.fullmatch(left)
    applied = derivative["of"] if derivative else left if equals else right
    graph = parse(applied).graph()
    made = [node for node in range(len(graph)) if _is_of_letters(graph, node)]
    if len(made) != 1 or (equals and made[0] != graph.output):
        return None
    arguments = graph.arguments[made[0]]
    letters = [graph.constants.get(node, graph.names[node]) for node in arguments]
    names = [letter for letter in letters if isinstance(letter, str)]
    if not equals and len(names) < len(letters):
        return None
    by = derivative["by"] if derivative else "" if equals else names[0]
    for name in (*parse(right).graph().inputs, *filter(None, [by])):
        if name not in names:
            message = f"'{name}' is none of {few(names)}"
            raise CgraphError("name", message, "write it in the letters of its operation")
    place = letters.index(by) if by else None
    return Pattern(
        graph.operations[made[0]].name, letters, place, rule_of(right, *map(str, letters))
    )


def _is_of_letters(graph: Graph, node: int) -> bool:
    """Whether an operation works number by number, on names that differ and on numbers alone."""
    arguments = graph.arguments[node]
    names = [argument for argument in arguments if argument not in graph.constants]
    plain = not any(graph.arguments[argument] for argument in names)
    differ = 0 < len(names) == len(set(names))
    return plain and differ and graph.operations[node].elementwise
