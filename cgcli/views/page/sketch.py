"""The steps of an evaluation with slots for numbers, which the page's script fills in.

A slot stands for a number by its key: ``v3`` is the value of node 3 and ``g3`` its gradient,
``p3_0`` its local derivative by its first argument, and ``s3_0`` what it sends to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from cgcli.calculus.explain import Contribution, Explanation, Gradient
from cgcli.calculus.local import Formula
from cgcli.calculus.result import Result
from cgcli.export.nodes import Numbers
from cgcli.graph.graph import Graph
from cgcli.graph.latex import LATEX
from cgcli.numbers.symbolic import Symbol
from cgcli.operations.row import LEVELS, Shape
from cgcli.views.signs import PRINTED, Signs
from cgcli.views.trace.chain import Line
from cgcli.views.trace.lines import Lines
from cgcli.views.trace.writing import Shown
from cgcli.words import Message

OPEN, CLOSE = "\x0e", "\x0f"
"""What stands around the key of a slot."""

BRACKETS: Final = ("\x10", "\x11")
"""What stands around what needs brackets; around a slot they are there for some numbers alone."""


class Slot(NamedTuple):
    """A number to be filled in, as it stands in formulas and sentences."""

    key: str
    shape: Shape = ()

    def __format__(self, form: str) -> str:
        """Return the slot, whatever form the number was to have."""
        return f"{OPEN}{self.key}{CLOSE}"


class SlotSigns(Signs):
    """LaTeX's signs, with slots for numbers."""

    def value(self, value: Any, digits: int) -> str:
        """Return a slot, or a value that is known."""
        return f"{value}" if isinstance(value, Slot) else super().value(value, digits)


def _level(text: str) -> int:
    """A number that is not known may be negative."""
    return LEVELS["sum"] if text.startswith(OPEN) else PRINTED.level(text)


SIGNS: Final = SlotSigns(*PRINTED)._replace(
    notation=LATEX._replace(brackets=BRACKETS), level=_level
)


class SlotResult(Result):
    """A result whose numbers are slots, where there are keys for them."""

    def __init__(self, result: Result, slots: Mapping[str, Slot]) -> None:
        graph, kind = result.graph, result.kind
        values = [
            slots.get(f"v{_named(graph, node)}", value) for node, value in enumerate(result.values)
        ]
        active, varying = result.active, result.varying
        super().__init__(graph, values, result.of, active, result.sources, kind, varying)
        self.gradients = [slots.get(f"g{node}") for node in range(len(graph))]
        self.gradient = result.gradient

    def grad(self, node: int) -> Any:
        """Return the slot of a gradient, or 0 where nothing is ever sent."""
        assert self.gradients is not None
        return super().grad(node) if self.gradients[node] is None else self.gradients[node]


def _named(graph: Graph, node: int) -> int:
    """Return what a node is another name of: one number needs one slot."""
    while graph.operations[node].identity:
        (node,) = graph.arguments[node]
    return node


def _constant(formula: Formula) -> float | None:
    """Return the number that a formula is, if it is one."""
    return Symbol(formula.graph, formula.node).constant


class Sketch(Explanation):
    """The steps of both passes, with slots; the formulas are those at the point."""

    def __init__(self, explanation: Explanation, numbers: Numbers) -> None:
        self.numbers = numbers
        self.slots = {key: Slot(key, shape) for key, shape in numbers.keys.items()}
        # What decides between cases is numbers, and no slots.
        self.locals = explanation.locals
        only = None if explanation.only is None else explanation.graph.names[explanation.only]
        super().__init__(SlotResult(explanation.result, self.slots), only, explanation.complete)

    def partial(self, node: int, place: int) -> Any:
        """Return the slot of a local derivative; a number as it was typed is its own."""
        formula = self.locals.formula(node, place)
        is_array = node in self.graph.tensors
        fixed = None if formula is None or is_array else _constant(formula)
        return self.slots.get(f"p{node}_{place}") if fixed is None else fixed

    def sent(self, node: int, place: int) -> Any:
        """Return the slot of what a node sends to one argument; None where it never does."""
        return self.slots.get(f"s{node}_{place}")


class SketchLines(Lines):
    """The lines of a sketch: of a derivative with cases, those of every case."""

    def __init__(self, sketch: Sketch, shown: Shown) -> None:
        super().__init__(sketch, SIGNS, shown)
        self.sketch = sketch

    def contribution(self, part: Contribution) -> Iterator[Line]:
        """Return the lines of one argument in every case, and of a branch that is not taken."""
        node, place, numbers = part.node, part.place, self.sketch.numbers
        reaches = self.graph.operations[node].reaches
        if part.sent is None or node in self.graph.tensors:
            yield from super().contribution(part)
            return
        taken: list[tuple[str, int]] = []
        if reaches is not None:
            taken = [(f"r{node}_{place}", 1)]
            numbers.asked(taken[0][0], node, lambda m, *parts: reaches(m, place, *parts))
        cases = self.sketch.locals.cases(node, place)
        for count, case in enumerate(cases):
            fixed = _constant(case.formula)
            partial = Slot(f"p{node}_{place}") if fixed is None else fixed
            when = taken
            if len(cases) > 1:
                key, small = f"c{node}_{place}_{count}", case.formula
                numbers.decided(key, small.graph, small.names, case.asked)
                when = [*taken, (key, 1)]
            for line in super().contribution(part._replace(formula=case.formula, partial=partial)):
                yield line._replace(when=tuple(when))
        for key, _ in taken:
            for line in super().contribution(part._replace(sent=None)):
                yield line._replace(when=((key, 0),))

    def _meaning(self, gradients: list[Gradient]) -> Message | None:
        """Return nothing: it is about numbers that move."""
        return None
