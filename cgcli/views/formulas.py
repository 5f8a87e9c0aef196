"""Derivatives as formulas → text that can be parsed again, LaTeX, code, or JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cgcli.graph.latex import LATEX, latex_name, latex_number
from cgcli.graph.text import COMPACT, Notation, write
from cgcli.operations.row import LEVELS
from cgcli.views.document import number

if TYPE_CHECKING:
    from cgcli.algebra.code import Dialect
    from cgcli.algebra.formulas import Derivative, Formulas

__all__ = ["FORMATS", "as_code", "as_document", "as_latex", "as_text"]

FORMATS: Final = ("text", "latex", "json", "python", "numpy")

_LONG: Final = 2_000


class Style(NamedTuple):
    """One way of writing formulas: its notation, its names and its numbers."""

    notation: Notation
    name: Callable[[str], str]
    number: Callable[[str], str]


_TEXT: Final = Style(COMPACT, str, str)
_LATEX: Final = Style(LATEX, latex_name, latex_number)


class Written:
    """The formulas of one graph in one style; what is used several times has a name when shared."""

    def __init__(self, formulas: Formulas, style: Style, share: bool) -> None:
        self.formulas = formulas
        self.graph = formulas.graph
        self.style = style
        self.size = self._size()
        self.crowded = not share and self.size > _LONG
        self.shared = self._shared() if share or self.crowded else {}

    def _size(self) -> int:
        """Return about how many characters the formulas have when nothing is shared."""
        sizes: list[int] = []
        for node, arguments in enumerate(self.graph.arguments):
            if arguments:
                sizes.append(4 + sum(sizes[argument] for argument in arguments))
            else:
                sizes.append(len(self.graph.literals.get(node) or self.graph.given[node]))
        return sum(sizes[row.node] for row in self.formulas.rows)

    def _shared(self) -> dict[int, str]:
        """Return the names of the parts that are used several times, those needed first first."""
        graph, rows = self.graph, self.formulas.rows
        needed = graph.ancestors([row.node for row in rows])
        uses = [0] * len(graph)
        for node, arguments in enumerate(graph.arguments):
            if needed[node]:
                for argument in arguments:
                    uses[argument] += 1
        for row in rows:
            uses[row.node] += 1
        taken = {*graph.inputs, *self.formulas.source.given.values(), *(row.name for row in rows)}
        found: dict[int, str] = {}
        number = 0
        for node, arguments in enumerate(graph.arguments):
            trivial = graph.operations[node].name == "neg" and arguments[0] in graph.constants
            if arguments and uses[node] > 1 and not trivial:
                number += 1
                while f"v{number}" in taken:
                    number += 1
                found[node] = f"v{number}"
        return found

    def formula(self, node: int, own: bool = False) -> str:
        """Return a node's formula; with `own` written out where it has a name itself."""
        graph, style = self.graph, self.style

        def leaf(place: int) -> tuple[str, int] | None:
            name = self.shared.get(place)
            if name is not None and not (own and place == node):
                return style.name(name), LEVELS["atom"]
            if graph.arguments[place]:
                return None
            literal = graph.literals.get(place)
            text = style.number(literal) if literal is not None else style.name(graph.given[place])
            return text, LEVELS["atom"]

        if not own and node in self.shared:
            return style.name(self.shared[node])
        return write(graph, node, leaf, style.notation)

    def parts(self) -> Iterator[tuple[str, str]]:
        """Yield the shared parts, each with its name, every one before it is used."""
        for node, name in self.shared.items():
            yield self.style.name(name), self.formula(node, own=True)

    def conditions(self) -> list[str]:
        """Return where the formulas hold, as comparisons with 0."""
        return [f"{self.formula(node)} {sign} 0" for node, sign in self.formulas.conditions]


def as_text(
    formulas: Formulas, share: bool, values: list[Any] | None = None, digits: int = 6
) -> str:
    """Return the formulas as a program of cgraph: one formula alone, or a statement each."""
    written = Written(formulas, _TEXT, share)
    rows, matrix = formulas.rows, formulas.matrix
    lines = []
    if written.crowded:
        lines.append(f"# common parts have names: in one piece it is {written.size:,} characters")
    lines += [f"{name} = {formula}" for name, formula in written.parts()]
    alone = len(rows) == 1 and matrix is None
    for k, row in enumerate(rows):
        text = written.formula(row.node)
        line = text if alone else f"{row.name} = {text}"
        if values is not None:
            value = values[k]
            line += "  # " + (value if isinstance(value, str) else f"{value + 0.0:.{digits}g}")
        lines.append(line)
    if matrix is not None:
        lines.append(_matrix(matrix))
    lines += [f"# for {condition}" for condition in written.conditions()]
    return "\n".join(lines) + "\n"


def _matrix(matrix: list[list[str]]) -> str:
    return "[" + ", ".join(f"[{', '.join(row)}]" for row in matrix) + "]"


def _ratio(row: Derivative) -> str:
    order = len(row.wrt)
    power = f"^{{{order}}}" if order > 1 else ""
    below = "".join(rf"\partial {latex_name(name)}" for name in row.wrt)
    if order > 1 and len(set(row.wrt)) == 1:
        below = rf"\partial {latex_name(row.wrt[0])}^{{{order}}}"
    return rf"\frac{{\partial{power} {latex_name(row.of)}}}{{{below}}}"


def as_latex(formulas: Formulas, share: bool) -> str:
    """Return the formulas in LaTeX, a line each; one alone without its left side."""
    written = Written(formulas, _LATEX, share)
    rows = formulas.rows
    lines = [f"{name} = {formula}" for name, formula in written.parts()]
    if len(rows) == 1 and formulas.matrix is None:
        lines.append(written.formula(rows[0].node))
    else:
        lines += [f"{_ratio(row)} = {written.formula(row.node)}" for row in rows]
    signs = {"!=": r"\ne", ">=": r"\ge", ">": ">"}
    for node, sign in formulas.conditions:
        lines.append(rf"% for {written.formula(node)} {signs[sign]} 0")
    return "\n".join(lines) + "\n"


def as_code(formulas: Formulas, dialect: Dialect) -> str:
    """Return a function of the inputs in Python that returns the derivatives."""
    style = Style(dialect.notation, _python, dialect.constant)
    written = Written(formulas, style, share=True)
    rows, matrix = formulas.rows, formulas.matrix
    alone = len(rows) == 1 and matrix is None
    name = rows[0].name if alone else "derivatives"
    inputs = ", ".join(_python(each) for each in formulas.source.inputs)
    body = [f"    {part} = {formula}" for part, formula in written.parts()]
    if alone:
        body.append(f"    return {written.formula(rows[0].node)}")
    else:
        body += [f"    {row.name} = {written.formula(row.node)}" for row in rows]
        result = _matrix(matrix) if matrix else ", ".join(row.name for row in rows)
        body.append(f"    return {result}")
    conditions = [f"    # for {condition}" for condition in written.conditions()]
    imports = dialect.imports("\n".join(body))
    lines = [*imports, *(["", ""] if imports else []), f"def {_python(name)}({inputs}):"]
    return "\n".join([*lines, *conditions, *body]) + "\n"


def _python(name: str) -> str:
    """Return a name that Python takes: a keyword has an underscore behind it."""
    import keyword

    return f"{name}_" if keyword.iskeyword(name) else name


def _value(value: Any) -> Any:
    """A double, or digits that are proved; null in place of a verdict that there are none."""
    if isinstance(value, str):
        return None if value.isalpha() else value
    return number(value)


def as_document(
    formulas: Formulas,
    share: bool,
    values: list[Any] | None,
    at: dict[str, Any] | None,
) -> dict[str, Any]:
    """Return the formulas as the document `cgraph.diff/1`."""
    written = Written(formulas, _TEXT, share)
    latex = Written(formulas, _LATEX, share)
    return {
        "schema": "cgraph.diff/1",
        "expression": formulas.source.text,
        "at": None if at is None else {name: number(value) for name, value in at.items()},
        "shared": [{"name": name, "formula": formula} for name, formula in written.parts()],
        "derivatives": [
            {
                "name": row.name,
                "of": row.of,
                "wrt": list(row.wrt),
                "formula": written.formula(row.node),
                "latex": latex.formula(row.node),
                "value": None if values is None else _value(values[k]),
            }
            for k, row in enumerate(formulas.rows)
        ],
        "matrix": formulas.matrix,
        "conditions": written.conditions(),
    }
