"""A result → a table for people: every node with its formula, value and gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from cgcli.calculus.notes import Note
from cgcli.calculus.result import Node, Result
from cgcli.errors import shorten
from cgcli.graph.graph import Graph
from cgcli.numbers.elements import elements
from cgcli.views.catalogue import heard
from cgcli.views.gate import printable
from cgcli.views.rational import beside, number_text, written
from cgcli.views.terminal import (
    NUMBERS,
    WORDS,
    Column,
    can_show,
    console,
    print_table,
    say,
    shortened,
)
from cgcli.words import Message, headed

VALUE: Final = Message("value")
DECIMAL: Final = Message("decimal")
_ELEMENTS: Final = 8
_LONGEST: Final = 60
_NOTES: Final = 20
_KINDS: Final = r"^\S+?[:：]"


class Columns(NamedTuple):
    """The columns right of the formulas: their heads, and the cells of a node.

    `jacobian` is what stands below the table where the output is not a scalar.
    """

    heads: list[str]
    cells: Callable[[Node], list[str]]
    jacobian: dict[str, Any] | None


def shown(value: Any, digits: int) -> str:
    """Return a value with so many significant digits; a large array by its ends and shape.

    >>> shown(2 / 3, 3), shown(-12.0, 6)
    ('0.667', '-12')
    """
    if value is None or isinstance(value, str):
        return value or ""
    if getattr(value, "shape", ()):
        return _array(value, lambda element: shown(element, digits))
    return number_text(value, digits)


def decimals(value: Any, digits: int) -> str:
    """Return an exact value in decimals, where they say more than the fraction does.

    >>> from fractions import Fraction
    >>> decimals(Fraction(1, 3), 6)[2:], decimals(Fraction(1, 4), 6), decimals(Fraction(4), 6)
    ('0.333333', '0.25', '')
    """
    if value is None:
        return ""
    texts = {id(element): beside(element, digits) for element in elements(value)}
    about = "≈ " if can_show("≈") else "~ "
    if all(is_all for _, is_all in texts.values()):
        about = ""
    if not getattr(value, "shape", ()):
        return f"{about}{texts[id(value)][0]}"
    if value.ndim > 2 or not any(text for text, _ in texts.values()):
        return ""
    rows = _array(value, lambda element: texts[id(element)][0] or written(element)).split("\n")
    # Beside the count of the rows that are left out stands no number.
    rows[_ELEMENTS:] = ["" for _ in rows[_ELEMENTS:]]
    return "\n".join(f"{about}{row}" for row in rows)


def _array(value: Any, write: Callable[[Any], str]) -> str:
    """Return an array row by row, a long one by its ends; of more than two axes, its shape."""
    if value.ndim > 2:
        return " × ".join(map(str, value.shape))
    if value.ndim == 2:
        rows = [_array(row, write) for row in value[:_ELEMENTS]]
        more = [heard().read(f"… {len(value)} rows")] if len(value) > _ELEMENTS else []
        return "\n".join([*rows, *more])
    if len(value) <= _ELEMENTS:
        return f"[{', '.join(map(write, value))}]"
    *first, last = map(write, [*value[:3], value[-1]])
    parts = ", ".join([*first, "…", last])
    return heard().read(Message("[{parts}] of {count}", parts=parts, count=len(value)))


def print_result(
    result: Result, digits: int, most: int, out: Any = None, columns: Columns | None = None
) -> None:
    """Print the table of a result, and its notes below; at most `most` nodes of it, 0 for all.

    Numbers as they were typed have no row; named constants, such as pi, have one. Beside exact
    numbers stand decimals, where any says more. `out` is Rich's console, that of standard output
    unless another is given; `columns` stand in place of the values and gradients.
    """
    out = out or console()
    columns = columns or _columns(result, digits)
    rows = [node for node in range(len(result.nodes)) if _has_row(result, node)]
    half = most // 2
    kept = [*rows[:half], *rows[len(rows) - half :]] if 0 < most < len(rows) else rows
    _print_nodes(result, columns, kept, len(rows) - len(kept), out)
    if len(kept) < len(rows):
        say(out, f"--rows {len(rows)} shows every node, and so does --json")
    if not result.graph.inputs and not result.gradient and not result.jacobian:
        say(out, "there are no inputs to differentiate by; bind one with NAME=VALUE, or")
        say(out, "name a node with --wrt NAME")
    if columns.jacobian is not None:
        _print_jacobian(result, columns.jacobian, digits, out)
    say(out, *note_lines(result), marks={_KINDS: "yellow"}, said=True)


def print_changes(before: Result, after: Result, digits: int) -> None:
    """Print the rows of a table that are not as before, old → new, and the notes of now.

    Both are results of one program; where its shapes are others, all of it is printed.
    """
    out = console()
    if before.graph.shapes != after.graph.shapes or len(before.nodes) != len(after.nodes):
        print_result(after, digits, 0, out)
        return
    old, new = _columns(before, digits), _columns(after, digits)
    arrow = "→" if can_show("→") else "->"

    def cells(node: Node) -> list[str]:
        pairs = zip(old.cells(before.nodes[node.id]), new.cells(node), strict=True)
        # A matrix has a line a row, and no room for another beside it.
        return [b if a == b or "\n" in a + b else f"{a} {arrow} {b}" for a, b in pairs]

    rows = [
        node.id
        for was, node in zip(before.nodes, after.nodes, strict=True)
        if _has_row(after, node.id) and old.cells(was) != new.cells(node)
    ]
    if rows:
        _print_nodes(after, new._replace(cells=cells), rows, 0, out)
    else:
        say(out, "nothing changes")
    say(out, *note_lines(after), marks={_KINDS: "yellow"}, said=True)


def _print_nodes(
    result: Result, columns: Columns, places: list[int], left_out: int, out: Any
) -> None:
    """Print a row a node, and in the middle how many are left out."""
    rows: list[list[Any]] = []
    lines = []
    for node in (result.nodes[place] for place in places):
        style = "bold" if node.id == result.of else ""
        operation = node.formula if node.args or node.op == "constant" else ""
        cells = columns.cells(node)
        first = _name(node.name), printable(shorten(operation, _LONGEST)), cells[0]
        rows.append([*((text, style) for text in first), *cells[1:]])
        lines.append(cells)
    if left_out:
        rows.insert(len(rows) // 2, ["…", Message("{count:,} more nodes", count=left_out)])
    table = [
        Column(Message("node"), {**WORDS, "style": "cyan"}),
        Column(Message("formula"), WORDS),
    ]
    for k, (head, *texts) in enumerate(zip(columns.heads, *lines, strict=True)):
        is_decimal = head == DECIMAL
        of = columns.heads[k - 1] if is_decimal else head
        style = "green" if of.startswith(("∂", "d")) else ""
        options = {**NUMBERS, "style": style, "justify": "left" if is_decimal else "right"}
        table.append(Column(head, options, any(texts) or not is_decimal))
    print_table(out, table, rows)


def _columns(result: Result, digits: int) -> Columns:
    """The values, and the gradients where there are any, with decimals beside exact ones."""
    has_gradient = result.gradients is not None and bool(result.gradient)
    writers = {"": shown, DECIMAL: decimals} if result.kind.exact else {"": shown}
    numbers = [VALUE, gradient_head(result)] if has_gradient else [VALUE]

    def cells(node: Node) -> list[str]:
        values = [node.value, node.grad] if has_gradient else [node.value]
        return [write(value, digits) for value in values for write in writers.values()]

    heads = [head or number for number in numbers for head in writers]
    return Columns(heads, cells, None if has_gradient else result.jacobian)


def gradient_head(result: Result) -> str:
    """Return what stands above the gradients."""
    output = printable(shorten(result.output, 20))
    pattern = "∂{f}/∂node" if can_show("∂") else "d{f}/dnode"
    return Message(pattern, f=output)


def _has_row(result: Result, node: int) -> bool:
    """Literals have none unless they are named, are a constant's name, or are the output."""
    literal = result.graph.literals.get(node)
    return (
        literal is None or node in result.graph.given or literal[0].isalpha() or node == result.of
    )


def _name(name: str) -> str:
    return printable(shorten(name))


def _print_jacobian(result: Result, jacobians: dict[str, Any], digits: int, out: Any) -> None:
    """Print the Jacobian by each input, a block each; of more than two axes, its shape alone."""
    for name, jacobian in jacobians.items():
        symbol = f"∂{_name(result.output)}/∂{_name(name)}"
        text = shown(jacobian, digits)
        if jacobian.ndim > 2:
            text = heard().read(f"{text} numbers; --json has them")
        say(out, f"\n{symbol if can_show(symbol) else symbol.replace('∂', 'd')} =")
        lines = text.split("\n")
        beside_it = decimals(jacobian, digits).split("\n") if result.kind.exact else []
        if any(beside_it):
            wide = max(map(len, lines))
            lines = [f"{a:<{wide}}   {b}" for a, b in zip(lines, beside_it, strict=True)]
        fitting = (shortened(line, out.width - 2).replace("\n", "\n  ") for line in lines)
        say(out, *(f"  {line}".rstrip() for line in fitting))


def note_line(note: Note, several: bool = False) -> str:
    """Return what a note says, with its place in a program, perhaps of several lines."""
    where = f"line {note.line}, column {note.column}" if several else f"column {note.column}"
    said = heard()
    of = Message("{node} ({where})", node=_name(note.node), where=said.read(where))
    return printable(said.say(headed(of, note.message)))


def note_lines(result: Result) -> list[str]:
    """Return the notes of a result, a line each; of very many the first."""
    return lines_of_notes(result.notes, result.graph)


def lines_of_notes(notes: Sequence[Note], graph: Graph) -> list[str]:
    """Return notes on nodes of a graph, a line each; of very many the first."""
    if not notes:
        return []
    several, said = "\n" in graph.text.strip(), heard()
    lines = [said.say(headed(note.kind, note_line(note, several))) for note in notes[:_NOTES]]
    if len(notes) > _NOTES:
        lines.append(said.read(f"{len(notes) - _NOTES:,} more notes; --json has them all"))
    return lines
