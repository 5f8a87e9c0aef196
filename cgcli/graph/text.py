"""Graph → text: the formulas of nodes, with brackets where they are needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from cgcli.graph.templates import ANY, ATOM, Pattern, Slot, Template, filled, parsed, spelled
from cgcli.operations.row import LEVELS, Operation

if TYPE_CHECKING:
    from cgcli.graph.graph import Graph

_NAMES: Final = {level: name for name, level in LEVELS.items()}

Leaf: TypeAlias = Callable[[int], tuple[str, int] | None]


@cache
def pattern(operation: Operation) -> Pattern:
    """Return how an operation is written in the language.

    >>> from cgcli.operations.table import OPERATIONS
    >>> pattern(OPERATIONS["sub"]), pattern(OPERATIONS["sin"])
    (('sum', '<0:sum> - <1:product>'), 'sin(<*>)')
    """
    symbol, level = operation.symbol, operation.level
    if operation.written:
        return operation.written
    if not symbol:
        return f"{(operation.words or ('',))[0]}(<*>)"
    name, tighter = _NAMES[level], _NAMES[level + 1]
    if len(operation.parameters) == 1:
        # A sign takes a power or another sign on its right: -x^2, --x.
        return name, f"{symbol}<0:sign>"
    if name == "power":
        # The base is an atom; the exponent may be a power or carry a sign: 2^-1, a^b^c.
        return name, f"<0:atom>{symbol}<1:sign>"
    # Comparisons do not chain; sums and products associate to the left.
    on_left = tighter if name == "comparison" else name
    return name, f"<0:{on_left}> {symbol} <1:{tighter}>"


class Notation(NamedTuple):
    """A way of writing: the pattern of each operation, and its brackets."""

    pattern: Callable[[Operation], Pattern]
    brackets: tuple[str, str]

    def template(
        self, operation: Operation, count: int = 1, static: tuple[int, ...] = ()
    ) -> Template:
        """Return how an operation of so many arguments is written."""
        return parsed(self.pattern(operation), count, static)


TEXT: Final = Notation(pattern, ("(", ")"))
"""The language itself: what is written in it can be parsed again."""


@cache
def _close(operation: Operation) -> Pattern:
    written = pattern(operation)
    if operation.level != LEVELS["product"] or operation.symbol == "@":
        return written
    return written[0], written[1].replace(" ", "")


COMPACT: Final = Notation(_close, TEXT.brackets)
"""The same without blanks in products, as formulas are written: 2*x*cos(x^2)."""


def write(graph: Graph, node: int, leaf: Leaf, notation: Notation = TEXT, level: int = ANY) -> str:
    """Return a node's formula with those of its arguments inside, as it stands at a level.

    `leaf` returns for an argument the text that stands for it and how tightly that binds, or
    None to go inside; the node itself is written out.
    """

    def written(slot: Slot) -> Template:
        place = slot.place
        arguments = graph.arguments[place]
        text = leaf(place) if place != node or not arguments else None
        while text is None and graph.operations[place].written == "<0>":
            # Another name is written as what it stands for.
            place, arguments = arguments[0], graph.arguments[arguments[0]]
            text = leaf(place)
        if text is not None:
            return Template(text[1], (text[0],))
        static = graph.static.get(place, ())
        template = notation.template(graph.operations[place], len(arguments), static)
        return filled(template, arguments)

    return spelled(Slot(node, level), written, notation.brackets)


def formula(graph: Graph, node: int, names: Sequence[str] | None = None) -> str:
    """Return a node's operation with its arguments by name; an input's and a literal's own text.

    The nodes may have other `names` than those of the graph.
    """
    arguments, names = graph.arguments[node], names or graph.names
    if not arguments:
        return graph.literals.get(node, names[node])
    template = TEXT.template(graph.operations[node], len(arguments), graph.static.get(node, ()))
    texts = []
    for piece in template.pieces:
        if isinstance(piece, str):
            texts.append(piece)
            continue
        name = names[arguments[piece.place]]
        # A negative constant, from a loop's variable, is written with its sign.
        texts.append(f"({name})" if name[0] == "-" and LEVELS["sign"] < piece.level else name)
    return "".join(texts)


def inline(graph: Graph, node: int, stop: Callable[[int], bool]) -> str:
    """Return a node's formula with those of its arguments inside, down to where `stop` says."""
    names = graph.names

    def leaf(place: int) -> tuple[str, int] | None:
        if graph.arguments[place] and not stop(place):
            return None
        name = graph.literals.get(place, names[place]) if place == node else names[place]
        # A negative constant, from a loop's variable, is written with its sign.
        return name, LEVELS["sign"] if name.startswith("-") else ATOM

    return write(graph, node, leaf)
