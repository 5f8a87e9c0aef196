"""Results → JSON, every bit kept; what JSON lacks is the strings NaN, Infinity and -Infinity."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from itertools import chain, count, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from cgcli.calculus.notes import Note
from cgcli.calculus.result import Result
from cgcli.graph.text import formula
from cgcli.views.formats import FIELDS
from cgcli.views.rational import is_missing

if TYPE_CHECKING:
    from cgcli import documents
    from cgcli.graph.graph import Graph
    from cgcli.views.schemas import results


def number(value: Any) -> Any:
    """Return a value as JSON has it: a float, a string, or null; lists and objects of these.

    A fraction is a string, whole or not; where there is no exact number is null. Text is as it
    should be.

    >>> number(float("-inf")), number({"x": (2, None)})
    ('-Infinity', {'x': [2.0, None]})
    """
    if type(value) is float and value - value == 0:
        return value
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict):
        return {name: number(part) for name, part in value.items()}
    # Lists nest as deep as a value has axes, at most four.
    if isinstance(value, list | tuple):
        return [
            part if type(part) is float and part - part == 0 else number(part) for part in value
        ]
    if not getattr(value, "shape", ()):
        if is_missing(value):
            return None
        if type(value) is not float and type(value).__name__ == "Fraction":
            from cgcli.numbers.numerals import exact_text

            return exact_text(value)
        value = float(value)
        if value - value == 0:
            return value
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    import numpy as np

    if value.dtype != object and np.isfinite(value).all():
        return value.tolist()
    return number(value.tolist())


def fields(source: object, *names: str) -> Any:
    """Return what an object has under these names, as a part of a document."""
    return {name: getattr(source, name) for name in names}


ABSENT: Final[Any] = object()
"""In place of a field that need not be there, and is not."""

Document = TypeVar("Document")


def present(document: Document) -> Document:
    """Return a document without the fields that are absent.

    >>> present({"value": 1.0, "jacobian": ABSENT})
    {'value': 1.0}
    """
    parts: Any = document
    for name in [name for name, part in parts.items() if part is ABSENT]:
        del parts[name]
    return document


def note_document(note: Note) -> documents.Note:
    """Return a note as a JSON object."""
    document: documents.Note = fields(note, "kind", "node", "line", "column", "message")
    return document if note.sides is None else {**document, "sides": number(note.sides)}


class _Changing(NamedTuple):
    """What differs between the documents of graphs alike; of nodes there are columns."""

    expression: Any
    value: Any
    gradient: Any
    jacobian: Any
    notes: Any
    values: Sequence[Any]
    grads: Sequence[Any]
    partials: Sequence[Any]
    starts: Sequence[Any]
    ends: Sequence[Any]
    node_notes: Sequence[Any]


def _changing(result: Result, text: str) -> _Changing:
    graph, notes = result.graph, result.notes_by_node
    nodes = range(len(graph))
    return _Changing(
        text,
        number(result.value),
        number(result.gradient),
        number(result.jacobian),
        _notes(result.notes),
        number(list(map(result.kind.plain, result.values))),
        number(list(map(result.grad, nodes))),
        number(list(map(result.partials, nodes))),
        graph.starts,
        graph.ends,
        [_notes(notes[node]) if node in notes else [] for node in nodes],
    )


def evaluation(result: Result, text: str) -> results.Evaluation:
    """Return a result as the document `cgraph.eval/1`."""
    return _document(result.graph, result.of, result.kind.exact, _changing(result, text))


def _document(graph: Graph, of: int, exact: bool, parts: _Changing) -> results.Evaluation:
    document: results.Evaluation = {
        "schema": "cgraph.eval/1",
        "expression": parts.expression,
        "exact": exact or ABSENT,
        "output": graph.names[of],
        "value": parts.value,
        "gradient": parts.gradient,
        "jacobian": ABSENT if parts.jacobian is None else parts.jacobian,
        "nodes": _nodes(graph, parts),
        "notes": parts.notes,
    }
    return present(document)


def excerpt(result: Result, text: str, fields: Collection[str]) -> dict[str, Any]:
    """Return some parts of the document of a result, by name; a Jacobian that is none is null."""

    def part(name: str) -> Any:
        # What is not asked for takes most of the time, the names of all nodes among it.
        if name == "nodes":
            return _nodes(result.graph, _changing(result, text))
        if name == "notes":
            return _notes(result.notes)
        return text if name == "expression" else number(getattr(result, name))

    return {name: part(name) for name in FIELDS if name in fields}


def _notes(notes: Iterable[Note]) -> list[documents.Note]:
    return list(map(note_document, notes))


def _nodes(graph: Graph, parts: _Changing) -> list[results.Node]:
    # Columns, and no object a node: this is what takes time in large programs.
    rows, arguments = graph.operations, graph.arguments
    columns = zip(rows, arguments, graph.names, graph.uses, *parts[5:], strict=True)
    return [
        {
            "id": node,
            "name": name,
            "op": operation.name,
            "args": list(arguments),
            "formula": formula(graph, node),
            "value": value,
            "grad": grad,
            "partials": partials,
            "span": [start, end],
            "uses": uses,
            "notes": notes,
        }
        for node, (
            operation,
            arguments,
            name,
            uses,
            value,
            grad,
            partials,
            start,
            end,
            notes,
        ) in enumerate(columns)
    ]


_GAP: Final = re.compile(r'"#([0-9]+)"|#([0-9]+);')


def _frame(graph: Graph, of: int, exact: bool, square: bool) -> tuple[str, itemgetter[Any]]:
    """Return the documents of graphs alike on one line, with gaps, and what picks their parts."""
    # No name and no formula has this sign.
    marks, size = (f"#{gap}" for gap in count()), len(graph)
    parts = _Changing(*islice(marks, 5), *(list(islice(marks, size)) for _ in range(6)))
    marked = copy(graph)
    marked.literals = {
        # A minus decides on brackets.
        node: literal if literal[0] == "-" or not literal.isascii() else mark + ";"
        for (node, literal), mark in zip(graph.literals.items(), marks, strict=False)
    }
    vars(marked).pop("names", None)
    text = compact(_document(marked, of, exact, parts._replace(jacobian=None) if square else parts))
    text = text.replace("%", "%%")
    return _GAP.sub("%s", text), itemgetter(*(int(a or b) for a, b in _GAP.findall(text)))


def one_line(result: Result, text: str) -> str:
    """Return the same on one line; what is the same of graphs alike is written once."""
    graph, parts = result.graph, _changing(result, text)
    frame, picked = graph.once(_frame, result.of, result.kind.exact, result.jacobian is None)
    texts = map(_text, chain(parts[:5], *parts[5:]))
    return str(frame % picked([*texts, *graph.literals.values()]))


def _text(part: Any) -> str:
    """Return a part as JSON text."""
    if type(part) is float or type(part) is int:
        return repr(part)
    if type(part) is list:
        return f"[{', '.join(map(_text, part))}]"
    return "null" if part is None else compact(part)


_ENCODER: Final = json.JSONEncoder(allow_nan=False, check_circular=False)


def compact(document: Any) -> str:
    """Return a document on one line."""
    return _ENCODER.encode(document)


def pieces(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a document with a line for each of its parts, and for each object of its lists.

    Of an iterator each object is written as it comes.
    """
    start = "{\n"
    for key, value in document.items():
        yield f"{start}  {json.dumps(key)}: "
        start = ",\n"
        rows = isinstance(value, list) and value and isinstance(value[0], dict)
        if not rows and not isinstance(value, Iterator):
            yield json.dumps(value, allow_nan=False)
            continue
        before = "[\n"
        for row in value:
            yield f"{before}    {json.dumps(row, allow_nan=False)}"
            before = ",\n"
        yield "[]" if before == "[\n" else "\n  ]"
    yield "\n}"
