"""The abstract syntax: statements, and expressions as lists in postfix order.

An expression is a list of entries in which every operand stands before its operation, as a
graph's arguments stand before their node. Nothing that walks it recurses, however deep the
text was nested: one pass over the list with a stack does.

An entry is `(kind, payload, count, start, end)`: the kind of syntax, what belongs to it, how
many operands it takes off the stack, and the half-open span of its text.

==============  ==================================  =====================================
kind            payload                             text
==============  ==================================  =====================================
NUMBER          the digits as written               ``2.5``
NAME            the name                            ``x``
OPERATION       the operation's name                ``x + y``
CALL            the function's name                 ``f(x, y)``
LIST            None                                ``[x, y]``
INDEX           an `Indexed`                        ``W[i, j]``
COMPREHENSION   a `Comprehension`                   ``[h[t] for t in 0..3]``
PARTIAL         None, on an answer sheet alone      ``∂x``
ATTRIBUTE       its name, on an answer sheet alone  ``x.grad``
==============  ==================================  =====================================
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias, TypeVar

NUMBER, NAME, OPERATION, CALL, LIST, INDEX, COMPREHENSION, PARTIAL, ATTRIBUTE = range(9)
"""The kinds of syntax."""

Entry: TypeAlias = tuple[int, Any, int, int, int]
Expression: TypeAlias = list[Entry]

Operand = TypeVar("Operand")


def taken(stack: list[Operand], count: int) -> list[Operand]:
    """Take an entry's operands off a stack, and return them."""
    operands = stack[len(stack) - count :]
    del stack[len(stack) - count :]
    return operands


class Range(NamedTuple):
    """``0..9 by 2``: both ends are included; `step` is None where it was left out."""

    start: Expression
    stop: Expression
    step: Expression | None
    span: tuple[int, int]

    @property
    def parts(self) -> list[Expression]:
        """The expressions that are written."""
        return [part for part in self[:3] if part is not None]


class Slice(NamedTuple):
    """``start:stop`` as an index; None is what was left out."""

    start: Expression | None
    stop: Expression | None


class Indexed(NamedTuple):
    """``name[i, j]``: a member of a family, or an element; without a name, of an operand."""

    name: str
    indices: tuple[Expression | Slice, ...]

    @property
    def slices(self) -> bool:
        """Whether an index is a slice."""
        return Slice in map(type, self.indices)

    @property
    def parts(self) -> list[Expression]:
        """The expressions that are written."""
        ends = (index if isinstance(index, Slice) else (index,) for index in self.indices)
        return [part for pair in ends for part in pair if part is not None]


class Comprehension(NamedTuple):
    """``[body for variable in range]``, a list with one element a turn."""

    body: Expression
    variable: str
    range: Range


class Value(NamedTuple):
    """An expression as a statement."""

    expression: Expression


class Assignment(NamedTuple):
    """``name = expression``, or ``name[index] = expression`` with one expression an index."""

    name: str
    key: tuple[Expression, ...]
    expression: Expression
    span: tuple[int, int]


class Function(NamedTuple):
    """``name(parameters) = expression``."""

    name: str
    parameters: tuple[str, ...]
    expression: Expression
    span: tuple[int, int]


class Loop(NamedTuple):
    """``for variable in range { block }``."""

    variable: str
    range: Range
    block: Block
    span: tuple[int, int]


Statement: TypeAlias = Value | Assignment | Function | Loop
Block: TypeAlias = list[Statement]


class Syntax(NamedTuple):
    """A program's text and its statements, with the names that it assigns, defines and reads."""

    text: str
    block: Block
    names: frozenset[str]


def statements(block: Block) -> Iterator[tuple[Statement, frozenset[str]]]:
    """Yield the statements of a block and of the loops in it, with the variables around each."""
    pending = [(block, frozenset[str]())]
    while pending:
        inner, variables = pending.pop()
        for statement in inner:
            yield statement, variables
            if isinstance(statement, Loop):
                pending.append((statement.block, variables | {statement.variable}))
