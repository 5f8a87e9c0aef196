"""Derivatives as formulas → text that can be parsed again, LaTeX, code, or JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from cgcli.errors import CgraphError
from cgcli.graph.graph import free_names
from cgcli.graph.latex import LATEX, latex_name
from cgcli.graph.templates import Pattern
from cgcli.graph.text import COMPACT, write
from cgcli.operations.row import LEVELS, Operation
from cgcli.views.catalogue import heard
from cgcli.views.document import ABSENT, note_document, number, present
from cgcli.views.signs import PLAIN, PRINTED, Signs
from cgcli.views.table import lines_of_notes
from cgcli.words import Message, joined

if TYPE_CHECKING:
    from cgcli.algebra.formulas import Derivative, Formulas, Holds
    from cgcli.algebra.values import Point
    from cgcli.views.schemas import graphs

_LONG: Final = 2_000
_LONGEST: Final = 1_000_000
_HELD: Final = {
    True: "for {condition}",
    False: "for {condition}, which does not hold here",
}


_PRINTED_SIGNS: Final = {"!=": r"\ne", ">=": r"\ge", "<=": r"\le"}
_TEXT: Final = PLAIN._replace(notation=COMPACT, name=str)


def _latex(operation: Operation) -> Pattern:
    """Return how a formula in LaTeX writes an operation."""
    return ("power", operation.printed) if operation.printed else LATEX.pattern(operation)


_LATEX: Final = PRINTED._replace(notation=LATEX._replace(pattern=_latex))


class Written:
    """The formulas of one graph in one style; what is used several times has a name when shared."""

    def __init__(self, formulas: Formulas, style: Signs, share: bool) -> None:
        self.formulas = formulas
        self.graph = formulas.graph
        self.style = style
        self.size = self.size_of([row.node for row in formulas.rows])
        self.crowded = not share and self.size > _LONG
        self.shared = self._shared() if share or self.crowded else {}

    def size_of(self, nodes: Iterable[int]) -> int:
        """Return about how many characters nodes' formulas have when nothing is shared."""
        sizes: list[int] = []
        for node, arguments in enumerate(self.graph.arguments):
            if arguments:
                sizes.append(4 + sum(sizes[argument] for argument in arguments))
            else:
                sizes.append(len(self.graph.literals.get(node) or self.graph.given[node]))
        return sum(sizes[node] for node in nodes)

    def _shared(self) -> dict[int, str]:
        """Return the names of the parts that are used several times, those needed first first."""
        graph, rows = self.graph, self.formulas.rows
        uses = graph.uses_from([row.node for row in rows])
        taken = {*graph.inputs, *self.formulas.source.given.values(), *(row.name for row in rows)}
        names: dict[int, str] = {}
        free = free_names(taken)
        for node, arguments in enumerate(graph.arguments):
            is_sign = graph.operations[node].level == LEVELS["sign"]
            trivial = is_sign and arguments[0] in graph.constants
            if arguments and uses[node] > 1 and not trivial:
                names[node] = next(free)
        return names

    def formula(self, node: int, expanded: bool = False, level: int = 0) -> str:
        """Return a node's formula; with `expanded` written out where it has a name itself.

        One that binds looser than the level stands in brackets.
        """
        graph, style = self.graph, self.style

        def leaf(place: int) -> tuple[str, int] | None:
            if place in self.shared:
                return style.name(self.shared[place]), LEVELS["atom"]
            if graph.arguments[place]:
                return None
            literal = graph.literals.get(place)
            text = style.number(literal) if literal is not None else style.name(graph.given[place])
            return text, LEVELS["atom"]

        if not expanded and node in self.shared:
            return style.name(self.shared[node])
        return write(graph, node, leaf, style.notation, level)

    def parts(self) -> Iterator[tuple[str, str]]:
        """Yield the shared parts, each with its name, every one before it is used."""
        for node, name in self.shared.items():
            yield self.style.name(name), self.formula(node, expanded=True)

    def lines(self, left: Callable[[Derivative], str]) -> list[str]:
        """Return the shared parts and the formulas, a line each; one alone has no left side."""
        lines = [f"{name} = {formula}" for name, formula in self.parts()]
        rows = self.formulas.rows
        if len(rows) == 1 and self.formulas.matrix is None:
            return [*lines, self.formula(rows[0].node)]
        return lines + [f"{left(row)} = {self.formula(row.node)}" for row in rows]

    def conditions(self) -> list[str]:
        """Return where the formulas hold, as comparisons."""
        return [self._condition(condition) for condition in self.formulas.conditions]

    def remarks(self, held: Sequence[bool] | None = None) -> list[Message]:
        """Return where the formulas hold, as people read it, and whether that is so at a point."""
        conditions = self.formulas.conditions
        if any(holds.never and not holds.guard for holds in conditions):
            return [Message("for no values: the program has none anywhere")]
        here = [True] * len(conditions) if held is None else held
        return [
            Message("for no values{where}", where=self._guard(holds))
            if holds.never
            else Message(_HELD[is_met], condition=self._condition(holds))
            for holds, is_met in zip(conditions, here, strict=True)
        ]

    def _condition(self, holds: Holds) -> Message:
        signs = _PRINTED_SIGNS if self.style is _LATEX else {}
        # Comparisons do not chain: one of their sides is in brackets.
        level = LEVELS["sum"]
        left, right = (self.formula(side, level=level) for side in (holds.left, holds.right))
        compared = f"{left} {signs.get(holds.sign, holds.sign)} {right}"
        return Message("{comparison}{where}", comparison=compared, where=self._guard(holds))

    def _guard(self, holds: Holds) -> str:
        branches = [
            Message(" where {choice}" if taken else " unless {choice}", choice=self.formula(choice))
            for choice, taken in holds.guard
        ]
        return joined(branches, "{before}{after}") if branches else ""


def as_text(
    formulas: Formulas,
    share: bool,
    point: Point | None = None,
    digits: int = 6,
) -> str:
    """Return the formulas as a program of cgraph: one formula alone, or a statement each.

    Their values at a point stand in comments, and so do the notes on them.
    """
    written = Written(formulas, _TEXT, share)
    lines, matrix = written.lines(lambda row: row.name), formulas.matrix
    if point is not None:
        for k, value in enumerate(point.values, len(lines) - len(point.values)):
            lines[k] += f"  # {_value(value, digits)}"
    said = heard().say
    if written.crowded:
        size = "common parts have names: in one piece it is {size:,} characters"
        lines.insert(0, f"# {said(Message(size, size=written.size))}")
    if matrix is not None:
        lines.append(PLAIN.matrix(matrix))
    remarks = map(said, written.remarks(point.held if point else None))
    notes = lines_of_notes(point.notes, formulas.source) if point else []
    lines += [f"# {line}" for line in (*remarks, *notes)]
    return _joined(lines, share)


def _joined(lines: list[str], share: bool) -> str:
    """Return the lines as a text; raises `CgraphError` where nobody asked for one that long."""
    text = "\n".join(lines) + "\n"
    if len(text) > _LONGEST and not share:
        message = f"the formulas are {len(text):,} characters long, with names for common parts"
        raise CgraphError("limit", message, "--share prints them all the same")
    return text


def _value(value: Any, digits: int) -> str:
    """Return a value as it stands in a comment, decimals beside a fraction."""
    if not getattr(value, "shape", ()):
        return PLAIN.with_decimal(value, digits)
    return PLAIN.vector([_value(element, digits) for element in value])


def _ratio(row: Derivative) -> str:
    order = len(row.wrt)
    power = f"^{{{order}}}" if order > 1 else ""
    below = "".join(rf"\partial {latex_name(name)}" for name in row.wrt)
    if len(set(row.wrt)) == 1:
        below = rf"\partial {latex_name(row.wrt[0])}{power}"
    return rf"\frac{{\partial{power} {latex_name(row.of)}}}{{{below}}}"


def as_latex(formulas: Formulas, share: bool) -> str:
    """Return the formulas in LaTeX, a line each; one alone without its left side."""
    written = Written(formulas, _LATEX, share)
    lines = written.lines(_ratio)
    lines += [f"% {heard().say(remark)}" for remark in written.remarks()]
    return _joined(lines, share)


def as_code(formulas: Formulas, to: str) -> str:
    """Return a function of the inputs, in another language, that returns the derivatives.

    Raises `CgraphError` for what the language has no function for.
    """
    from cgcli.export.routine import of_formulas
    from cgcli.export.targets import source

    named = {row.name: row.node for row in formulas.rows}
    matrix = [[named[name] for name in line] for line in formulas.matrix or ()]
    made = of_formulas(formulas.source, formulas.graph, named, matrix)
    return source(made, to, notes=Written(formulas, _TEXT, share=False).remarks())


def as_document(
    formulas: Formulas,
    share: bool,
    point: Point | None,
    exact: bool = False,
) -> graphs.Differentiation:
    """Return the formulas as the document `cgraph.diff/1`."""
    written = Written(formulas, _TEXT, share)
    latex = Written(formulas, _LATEX, share)
    document: graphs.Differentiation = {
        "schema": "cgraph.diff/1",
        "expression": formulas.source.text,
        "exact": exact or ABSENT,
        "at": {name: number(value) for name, value in point.at.items()} if point else None,
        "shared": [{"name": name, "formula": formula} for name, formula in written.parts()],
        "derivatives": [
            {
                "name": row.name,
                "of": row.of,
                "wrt": list(row.wrt),
                "formula": written.formula(row.node),
                "latex": latex.formula(row.node),
                "shape": list(formulas.graph.shape(row.node)),
                "value": number(point.values[k]) if point else None,
            }
            for k, row in enumerate(formulas.rows)
        ],
        "matrix": formulas.matrix,
        "conditions": written.conditions(),
        "notes": list(map(note_document, point.notes)) if point else ABSENT,
    }
    return present(document)
