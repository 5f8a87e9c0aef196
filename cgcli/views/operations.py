"""The table of operations → what `cgraph ops` prints, the derivatives run over names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cgcli.operations.row import Operation
from cgcli.operations.table import GROUPS
from cgcli.views.catalogue import heard
from cgcli.views.terminal import WORDS, Column, console, print_table, say
from cgcli.words import Message, headed

if TYPE_CHECKING:
    from cgcli.views.schemas import graphs


def derivatives(row: Operation) -> list[str]:
    """Return the derivative by each parameter, as formulas; a tensor operation's in words.

    >>> from cgcli.operations.table import OPERATIONS
    >>> derivatives(OPERATIONS["mul"]), derivatives(OPERATIONS["sin"])
    (['b', 'a'], ['cos(x)'])
    """
    if not row.elementwise:
        names = {name: name for name in (*row.parameters, "y", "upstream")}
        return [words.format(**names) for words in row.pullback_words]
    from cgcli.graph.graph import Graph
    from cgcli.graph.text import inline
    from cgcli.numbers.symbolic import Symbol, apply, symbolic

    formulas = []
    for place in range(len(row.parameters)):
        graph = Graph()
        m = symbolic(graph)
        arguments = [Symbol.input(graph, name) for name in row.parameters]
        partial = row.partial(place)(m, apply(graph, row, *arguments), *arguments)
        symbol = partial if isinstance(partial, Symbol) else m.number(partial)
        formulas.append(inline(graph, symbol.node, lambda _: False))
    return formulas


def operation_document(row: Operation) -> graphs.Operation:
    """Return a row as a JSON object of `cgraph.ops/1`."""
    names = {name: name for name in (*row.parameters, "n")}
    return {
        "name": row.name,
        "words": list(row.words),
        "written": row.signature(),
        "parameters": list(row.parameters),
        "summary": row.summary,
        "elementwise": row.elementwise,
        "derivatives": derivatives(row),
        "domain": row.domain.words.format_map(names) if row.domain else None,
        "kinks": [kink.words.format_map(names) for kink in row.kinks],
        "convention": row.convention or None,
    }


def print_operations() -> None:
    """Print the whole table, a group after another."""
    out, read = console(), heard().read
    columns = [
        Column(Message("written"), {**WORDS, "style": "cyan"}),
        Column(Message("what it is"), WORDS),
        Column(Message("derivative"), {**WORDS, "style": "green"}),
    ]
    for group, rows in GROUPS.items():
        known = (row for row in rows if row.parameters)
        lines = [(row.signature(), read(row.summary), read(_short(row))) for row in known]
        print_table(out, columns, lines, title=Message(group))
        out.print()
    say(out, "cgraph ops NAME shows one in full, with its domain, its kinks and its convention")


def _short(row: Operation) -> str:
    text = ", ".join(derivatives(row))
    return text if len(text) <= 60 else f"cgraph ops {row.words[0] if row.words else row.name}"


def print_operation(row: Operation) -> None:
    """Print one row in full."""
    document, read = operation_document(row), heard().read
    lines = [heard().say(headed(document["written"], read(document["summary"])))]
    if len(row.words) > 1:
        lines.append(read(f"  also written {', '.join(row.words[1:])}"))
    several = len(document["derivatives"]) > 1
    remarks: list[tuple[str, str | None]] = []
    for name, words in zip(row.parameters, document["derivatives"], strict=row.elementwise):
        backward = f"backward to {name}" if several else "backward"
        remarks.append((f"derivative by {name}" if row.elementwise else backward, words))
    remarks += [("domain", document["domain"]), *(("kink", words) for words in document["kinks"])]
    remarks.append(("convention", document["convention"]))
    lines += [f"  {read(headed(read(what), read(words)))}" for what, words in remarks if words]
    say(console(), *lines, said=True)
