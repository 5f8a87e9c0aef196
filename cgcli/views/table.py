"""A result → a table for people: every node with its formula, value and gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from cgcli.calculus.result import Node, Result
from cgcli.errors import shorten
from cgcli.views.gate import printable
from cgcli.views.terminal import can_show, console, rule_style, show

__all__ = ["Columns", "gradient_head", "note_lines", "print_result", "shown"]

_ELEMENTS: Final = 8
_LONGEST: Final = 60
_NOTES: Final = 20
# Names and formulas fold down to these widths; numbers are never folded.
# Rich counts a gap beside every column, the outermost too.
_NAME, _FORMULA, _GAPS = 4, 7, 13
_NARROW: Final = 60


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
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if not getattr(value, "shape", ()):
        # Adding 0 makes -0 a plain 0: its sign is kept in JSON.
        return f"{float(value) + 0.0:.{digits}g}"
    if value.ndim > 2:
        return " × ".join(map(str, value.shape))
    if value.ndim == 1:
        return _row(value, digits)
    rows = [_row(row, digits) for row in value[:_ELEMENTS]]
    if len(value) > _ELEMENTS:
        rows.append(f"… {len(value)} rows")
    return "\n".join(rows)


def _row(values: Any, digits: int) -> str:
    if len(values) <= _ELEMENTS:
        return f"[{', '.join(shown(each, digits) for each in values)}]"
    ends = [shown(each, digits) for each in (*values[:3], values[-1])]
    return f"[{', '.join(ends[:3])}, …, {ends[3]}] of {len(values)}"


def print_result(
    result: Result, digits: int, most: int, out: Any = None, columns: Columns | None = None
) -> None:
    """Print the table of a result, and its notes below; at most `most` nodes of it, 0 for all.

    Numbers as they were typed have no row; named constants, such as pi, have one. `out` is
    Rich's console, that of standard output unless another is given; `columns` stand in place
    of the values and gradients.
    """
    from rich.table import Table
    from rich.text import Text

    out = out or console()
    columns = columns or _columns(result, digits)
    table = Table(box=rule_style(), pad_edge=False, show_edge=False, header_style="bold")
    # Versions of Rich count a least width differently, so it is given only where it matters.
    narrow = out.width < _NARROW
    table.add_column("node", overflow="fold", min_width=_NAME if narrow else None, style="cyan")
    table.add_column("formula", overflow="fold", min_width=_FORMULA if narrow else None)
    for head in columns.heads:
        style = "green" if head.startswith(("∂", "d")) else None
        table.add_column(Text(head), justify="right", no_wrap=True, style=style)
    rows = [node for node in range(len(result.nodes)) if _has_row(result, node)]
    shortened = most and len(rows) > most
    kept = [*rows[: most // 2], -1, *rows[len(rows) - most // 2 :]] if shortened else rows
    widths = list(map(len, columns.heads))
    for place in kept:
        if place < 0:
            table.add_row("…", f"{len(rows) - 2 * (most // 2):,} more nodes")
            continue
        node = result.nodes[place]
        numbers = [Text(text) for text in columns.cells(node)]
        widths = [max(pair) for pair in zip(widths, map(_width, numbers), strict=True)]
        first, *more = numbers
        first.stylize("bold" if place == result.of else "")
        table.add_row(*_named(node, place == result.of), first, *more)
    show(out, table, _NAME + _FORMULA + _GAPS + sum(widths) + 3 * max(0, len(widths) - 2))
    if shortened:
        out.print(Text(f"--rows {len(rows)} shows every node, and so does --json"))
    if not result.graph.inputs and not result.gradient and not result.jacobian:
        out.print(Text("there are no inputs to differentiate by; bind one with NAME=VALUE, or"))
        out.print(Text("name a node with --wrt NAME"))
    if columns.jacobian is not None:
        _print_jacobian(result, columns.jacobian, digits, out)
    _print_notes(result, out)


def _columns(result: Result, digits: int) -> Columns:
    """The values, and the gradients where there are any."""
    if result.gradients is None or not result.gradient:
        return Columns(["value"], lambda node: [shown(node.value, digits)], result.jacobian)
    return Columns(
        ["value", gradient_head(result)],
        lambda node: [shown(node.value, digits), shown(node.grad, digits)],
        None,
    )


def gradient_head(result: Result) -> str:
    """Return what stands above the gradients."""
    output = printable(shorten(result.output, 20))
    return f"∂{output}/∂node" if can_show("∂") else f"d{output}/dnode"


def _has_row(result: Result, node: int) -> bool:
    """Literals have none unless they are named, are a constant's name, or are the output."""
    literal = result.graph.literals.get(node)
    return (
        literal is None or node in result.graph.given or literal[0].isalpha() or node == result.of
    )


def _name(name: str) -> str:
    return printable(shorten(name))


def _named(node: Node, is_output: bool) -> list[Any]:
    """The first two cells of a row."""
    from rich.text import Text

    style = "bold" if is_output else ""
    formula = node.formula if node.args or node.op == "constant" else ""
    return [
        Text(_name(node.name), style=style),
        Text(printable(shorten(formula, _LONGEST)), style=style),
    ]


def _width(cell: Any) -> int:
    return max(map(len, cell.plain.split("\n")))


def _print_jacobian(result: Result, jacobians: dict[str, Any], digits: int, out: Any) -> None:
    """Print the Jacobian by each input, a block each; of more than two axes, its shape alone."""
    from rich.text import Text

    for name, jacobian in jacobians.items():
        symbol = f"∂{_name(result.output)}/∂{_name(name)}"
        if not can_show(symbol):
            symbol = f"d{_name(result.output)}/d{_name(name)}"
        text = shown(jacobian, digits)
        if jacobian.ndim > 2:
            text = f"{text} numbers; --json has them"
        out.print(Text(f"\n{symbol} ="))
        out.print(Text("\n".join(f"  {line}" for line in text.split("\n"))))


def note_lines(result: Result) -> list[str]:
    """Return the notes of a result, a line each; of very many the first."""
    several = "\n" in result.graph.text.strip()
    lines = []
    for note in result.notes[:_NOTES]:
        where = f"line {note.line}, column {note.column}" if several else f"column {note.column}"
        lines.append(f"{note.kind}: " + printable(f"{_name(note.node)} ({where}): {note.message}"))
    if len(result.notes) > _NOTES:
        lines.append(f"{len(result.notes) - _NOTES:,} more notes; --json has them all")
    return lines


def _print_notes(result: Result, out: Any) -> None:
    from rich.text import Text

    for line in note_lines(result):
        text = Text(line)
        text.highlight_regex(r"^(kink|domain|overflow):", "yellow")
        out.print(text)
