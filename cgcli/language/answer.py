"""A line of an answer sheet → the two sides of an answer, each an expression."""

from __future__ import annotations

from typing import Any, NamedTuple

from cgcli.language.parse import Actions, run
from cgcli.language.reader import machine
from cgcli.language.syntax import ATTRIBUTE, PARTIAL, Expression
from cgcli.limits import Limits


class AnswerSyntax(NamedTuple):
    """What was asked, and what was answered: None where nothing is.

    `right` is None for a question left blank, and where there is no `=` at all; `equals` tells
    which.
    """

    left: Expression
    right: Expression | None
    equals: bool


def parse_answer(text: str, limits: Limits = Limits()) -> AnswerSyntax | None:
    """Return the sides of an answer, None for a line that says nothing; raises `CgraphError`.

    >>> answer = parse_answer("dg/dx = -1/3")
    >>> [entry[1] for entry in answer.left], [entry[1] for entry in answer.right]
    (['dg', 'dx', 'div'], ['1', 'neg', '3', 'div'])
    """
    answer: AnswerSyntax | None = run(machine("sheet"), text, _AnswerActions(text), limits)[0]
    return answer


class _AnswerActions(Actions):
    """What the aliases of the sheets' grammar build, beside those of the language."""

    def on_partial(self, values: list[Any], start: int, end: int) -> Any:
        self.code.append((PARTIAL, None, 1, start, end))
        return values[1]

    def on_attribute(self, values: list[Any], start: int, end: int) -> Any:
        self.code.append((ATTRIBUTE, values[2], 1, start, end))
        return values[0]

    def on_unanswered(self, values: list[Any], start: int, end: int) -> AnswerSyntax:
        return AnswerSyntax(self._cut(values[0]), None, False)

    def on_blank(self, values: list[Any], start: int, end: int) -> AnswerSyntax:
        return AnswerSyntax(self._cut(values[0]), None, True)

    def on_answer(self, values: list[Any], start: int, end: int) -> AnswerSyntax:
        right = self._cut(values[2])
        return AnswerSyntax(self._cut(values[0]), right, True)
