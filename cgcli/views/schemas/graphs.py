"""The documents on a graph: derivatives as formulas, its picture, the operations."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, TypeAlias, TypedDict

from cgcli.documents import Count, Decimal, Kind, Note, Number, Positive, Rule

# cgraph diff

Formula: TypeAlias = str
"""In the language of cgraph."""

Evaluated: TypeAlias = "Number | Decimal | list[Evaluated | None]"
"""A number, a vector or a matrix; null for an element that there is no number of."""


class Part(TypedDict):
    """A part that has a name in the formulas."""

    name: str
    formula: str


class Derivative(TypedDict):
    """A derivative as a formula."""

    name: str
    of: str
    wrt: Annotated[list[str], Rule(minItems=1)]
    """The names to differentiate by, one after the other."""
    formula: Formula
    latex: str
    shape: Annotated[list[Positive], Rule(maxItems=2)]
    """Empty for a number; the length of a vector; the rows and columns of a matrix."""
    value: Evaluated | None
    """At the values of `at`, where they are bound; else null."""


class Differentiation(Kind):
    """What `cgraph diff --json` prints."""

    schema: Literal["cgraph.diff/1"]
    expression: str
    at: dict[str, Evaluated] | None
    """The values of the inputs, where they were bound; else null."""
    shared: list[Part]
    """Each before it is used."""
    derivatives: list[Derivative]
    matrix: list[list[str]] | None
    """With --hessian or --jacobian: the names of the derivatives by rows."""
    conditions: list[str]
    """Where the formulas hold, beside where they show it themselves.

    They are comparisons, with `where` or `unless` and a comparison for a branch's own.
    """
    notes: NotRequired[list[Note]]
    """On the values, where the inputs are bound."""


# cgraph draw

Written: TypeAlias = str
"""As it is written in the picture; empty where it is not shown. cgraph eval has every bit."""

Point: TypeAlias = Annotated[list[float], Rule(minItems=2, maxItems=2)]


class ShapeDrawn(TypedDict):
    """A shape, by its middle; a number as it was typed has none."""

    id: Count
    name: str
    symbol: str
    """What stands in the circle; empty for an input."""
    x: float
    y: float
    width: float
    height: float
    value: Written
    """Of the output."""
    gradient: Written
    """Of the output, and where several uses add up."""


ArrowFrom = TypedDict("ArrowFrom", {"from": Count})


class ArrowDrawn(ArrowFrom):
    """One use of a node: the value that it takes, and the part of the gradient that it sends."""

    to: Count
    argument: Count
    value: Written
    contribution: Written
    points: Annotated[list[Point], Rule(minItems=2)]


class Drawing(TypedDict):
    """What `cgraph draw --json` prints: what stands where, in pixels."""

    schema: Literal["cgraph.draw/2"]
    expression: str
    output: str
    width: float
    height: float
    nodes: list[ShapeDrawn]
    arrows: list[ArrowDrawn]


# cgraph ops


class Operation(TypedDict):
    """An operation of the language."""

    name: str
    words: list[str]
    written: str
    parameters: list[str]
    summary: str
    elementwise: bool
    derivatives: list[str]
    """By each parameter, a formula; without elementwise derivatives, the pullback in words."""
    domain: str | None
    kinks: list[str]
    convention: str | None


class Operations(TypedDict):
    """What `cgraph ops --json` prints."""

    schema: Literal["cgraph.ops/1"]
    operations: list[Operation]
