"""Results → JSON, every bit kept; what JSON lacks is the strings NaN, Infinity and -Infinity."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cgcli.calculus.notes import Note
from cgcli.calculus.result import Result
from cgcli.graph.text import formula
from cgcli.views.formats import FIELDS
from cgcli.views.rational import is_missing

if TYPE_CHECKING:
    from cgcli import documents
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
        return [number(part) for part in value]
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


def evaluation(result: Result, text: str) -> results.Evaluation:
    """Return a result as the document `cgraph.eval/1`."""
    jacobian = result.jacobian
    document: results.Evaluation = {
        "schema": "cgraph.eval/1",
        "expression": text,
        "exact": result.kind.exact or ABSENT,
        "output": result.output,
        "value": number(result.value),
        "gradient": number(result.gradient),
        "jacobian": ABSENT if jacobian is None else number(jacobian),
        "nodes": _nodes(result),
        "notes": _notes(result),
    }
    return present(document)


def excerpt(result: Result, text: str, fields: Collection[str]) -> dict[str, Any]:
    """Return some parts of the document of a result, by name; a Jacobian that is none is null."""

    def part(name: str) -> Any:
        # What is not asked for takes most of the time, the names of all nodes among it.
        if name in ("nodes", "notes"):
            return _nodes(result) if name == "nodes" else _notes(result)
        return text if name == "expression" else number(getattr(result, name))

    return {name: part(name) for name in FIELDS if name in fields}


def _notes(result: Result) -> list[documents.Note]:
    return list(map(note_document, result.notes))


def _nodes(result: Result) -> list[results.Node]:
    graph, plain, notes = result.graph, result.kind.plain, result.notes_by_node
    # Columns, and no object a node: this is what takes time in a stream of programs.
    columns = zip(
        graph.operations, graph.arguments, graph.names, result.values,
        graph.starts, graph.ends, graph.uses, strict=True,
    )  # fmt: skip
    return [
        {
            "id": node,
            "name": name,
            "op": operation.name,
            "args": list(arguments),
            "formula": formula(graph, node),
            "value": number(plain(value)),
            "grad": number(result.grad(node)),
            "partials": number(result.partials(node)) if arguments else [],
            "span": [start, end],
            "uses": uses,
            "notes": list(map(note_document, notes[node])) if node in notes else [],
        }
        for node, (operation, arguments, name, value, start, end, uses) in enumerate(columns)
    ]


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
