"""A result → a table for people: every node with its formula, value and gradient."""

from __future__ import annotations

from typing import Any, Final

from cgcli.calculus.result import Node, Result
from cgcli.errors import shorten
from cgcli.views.gate import printable
from cgcli.views.rational import beside, is_exact, written
from cgcli.views.terminal import can_show, console, rule_style, show

__all__ = ["note_lines", "print_result", "shown"]

_ELEMENTS: Final = 8
_LONGEST: Final = 60
_NOTES: Final = 20
# Names and formulas fold down to these widths; numbers are never folded.
# Rich counts a gap beside every column, the outermost too.
_NAME, _FORMULA, _GAPS = 4, 7, 13
_NARROW: Final = 60


def shown(value: Any, digits: int) -> str:
    """Return a value with so many significant digits; a large array by its ends and shape.

    >>> shown(2 / 3, 3), shown(-12.0, 6)
    ('0.667', '-12')
    """
    if value is None:
        return ""
    if not getattr(value, "shape", ()):
        if is_exact(value):
            return written(value)
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


def decimals(value: Any, digits: int) -> str:
    """Return an exact value in decimals, where they say more than the fraction does.

    >>> from fractions import Fraction
    >>> decimals(Fraction(1, 3), 6)[2:], decimals(Fraction(1, 4), 6), decimals(Fraction(4), 6)
    ('0.333333', '0.25', '')
    """
    if value is None:
        return ""
    about = "≈ " if can_show("≈") else "~ "
    if not getattr(value, "shape", ()):
        text, whole = beside(value, digits)
        return text if whole else f"{about}{text}"
    texts = {}
    whole = True
    for each in value.flat:
        text, all_of_it = beside(each, digits)
        texts[id(each)] = text or written(each)
        whole = whole and all_of_it
    if value.ndim > 2 or all(not beside(each, digits)[0] for each in value.flat):
        return ""
    rows = value if value.ndim == 2 else [value]
    lines = [
        _listed([texts[id(each)] for each in _ends(row)], len(row)) for row in rows[:_ELEMENTS]
    ]
    if value.ndim == 2 and len(value) > _ELEMENTS:
        lines.append("")
    return "\n".join(line if whole else f"{about}{line}" for line in lines)


def _ends(values: Any) -> list[Any]:
    """Return the elements of a row that are shown."""
    return list(values) if len(values) <= _ELEMENTS else [*values[:3], values[-1]]


def _listed(texts: list[str], count: int) -> str:
    if count <= _ELEMENTS:
        return f"[{', '.join(texts)}]"
    return f"[{', '.join(texts[:3])}, …, {texts[3]}] of {count}"


def _row(values: Any, digits: int) -> str:
    return _listed([shown(each, digits) for each in _ends(values)], len(values))


def print_result(result: Result, digits: int, most: int, out: Any = None) -> None:
    """Print the table of a result, and its notes below; at most `most` nodes of it, 0 for all.

    Numbers as they were typed have no row; named constants, such as pi, have one. Beside exact
    numbers stand decimals, where any says more. `out` is Rich's console, that of standard output
    unless another is given.
    """
    from rich.text import Text

    out = out or console()
    head = _head(result)
    rows = [node for node in range(len(result.nodes)) if _has_row(result, node)]
    shortened = most and len(rows) > most
    half = most // 2
    gap = [_gap(len(rows) - 2 * half)] if shortened else []
    kept = [*rows[:half], *rows[len(rows) - half :]] if shortened else rows
    lines = [_cells(result.nodes[place], digits, place == result.of) for place in kept]
    shows = [
        True,
        True,
        True,
        any(line[3].plain for line in lines),
        bool(head),
        bool(head) and any(line[5].plain for line in lines),
    ]
    table = _table(out, head, shows)
    widths = [len("value"), len("decimal"), len(head), len("decimal")]
    for line in [*lines[:half], *gap, *lines[half:]] if shortened else lines:
        widths = [max(pair) for pair in zip(widths, map(_width, line[2:]), strict=True)]
        table.add_row(*(cell for cell, has in zip(line, shows, strict=True) if has))
    shown_widths = [
        width + (3 if place % 2 else 0)
        for place, (width, has) in enumerate(zip(widths, shows[2:], strict=True))
        if has
    ]
    show(out, table, _NAME + _FORMULA + _GAPS + sum(shown_widths))
    if shortened:
        out.print(Text(f"--rows {len(rows)} shows every node, and so does --json"))
    if not result.graph.inputs and not result.gradient and not result.jacobian:
        out.print(Text("there are no inputs to differentiate by; bind one with NAME=VALUE, or"))
        out.print(Text("name a node with --wrt NAME"))
    if result.jacobian is not None:
        _print_jacobian(result, digits, out)
    _print_notes(result, out)


def _head(result: Result) -> str:
    """Return the head of the column of gradients; nothing where there are none."""
    if result.gradients is None or not result.gradient:
        return ""
    output = printable(shorten(result.output, 20))
    return f"∂{output}/∂node" if can_show("∂") else f"d{output}/dnode"


def _gap(count: int) -> list[Any]:
    """Return the line that stands for the nodes that are left out."""
    from rich.text import Text

    return [Text("…"), Text(f"{count:,} more nodes"), *(Text("") for _ in range(4))]


def _table(out: Any, head: str, shows: list[bool]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=rule_style(), pad_edge=False, show_edge=False, header_style="bold")
    # Versions of Rich count a least width differently, so it is given only where it matters.
    narrow = out.width < _NARROW
    table.add_column("node", overflow="fold", min_width=_NAME if narrow else None, style="cyan")
    table.add_column("formula", overflow="fold", min_width=_FORMULA if narrow else None)
    table.add_column("value", justify="right", no_wrap=True)
    if shows[3]:
        table.add_column("decimal", no_wrap=True)
    if shows[4]:
        table.add_column(Text(head), justify="right", no_wrap=True, style="green")
    if shows[5]:
        table.add_column("decimal", no_wrap=True, style="green")
    return table


def _has_row(result: Result, node: int) -> bool:
    """Literals have none unless they are named, are a constant's name, or are the output."""
    literal = result.graph.literals.get(node)
    return (
        literal is None or node in result.graph.given or literal[0].isalpha() or node == result.of
    )


def _name(name: str) -> str:
    return printable(shorten(name))


def _cells(node: Node, digits: int, is_output: bool) -> list[Any]:
    """Return a node's name, formula, value and gradient, decimals beside the last two."""
    from rich.text import Text

    style = "bold" if is_output else ""
    formula = node.formula if node.args or node.op == "constant" else ""
    value, grad = node.value, node.grad
    exact = node.exact
    return [
        Text(_name(node.name), style=style),
        Text(printable(shorten(formula, _LONGEST)), style=style),
        Text(shown(value, digits), style=style),
        Text(decimals(value, digits) if exact else ""),
        Text(shown(grad, digits)),
        Text(decimals(grad, digits) if exact else ""),
    ]


def _width(cell: Any) -> int:
    return max(map(len, cell.plain.split("\n")))


def _print_jacobian(result: Result, digits: int, out: Any) -> None:
    """Print the Jacobian by each input, a block each; of more than two axes, its shape alone."""
    from rich.text import Text

    for name, jacobian in (result.jacobian or {}).items():
        symbol = f"∂{_name(result.output)}/∂{_name(name)}"
        if not can_show(symbol):
            symbol = f"d{_name(result.output)}/d{_name(name)}"
        text = shown(jacobian, digits)
        if jacobian.ndim > 2:
            text = f"{text} numbers; --json has them"
        out.print(Text(f"\n{symbol} ="))
        lines = text.split("\n")
        beside_it = decimals(jacobian, digits).split("\n") if result.kind.exact else []
        if any(beside_it):
            wide = max(map(len, lines))
            lines = [f"{a:<{wide}}   {b}" for a, b in zip(lines, beside_it, strict=True)]
        out.print(Text("\n".join(f"  {line}".rstrip() for line in lines)))


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
        text.highlight_regex(r"^(kink|domain|overflow|inexact):", "yellow")
        out.print(text)
