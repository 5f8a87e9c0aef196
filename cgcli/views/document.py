"""Results → JSON, every bit kept; what JSON lacks is the strings NaN, Infinity and -Infinity."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cgcli.calculus.notes import Note
from cgcli.calculus.result import Result
from cgcli.views.rational import is_missing

__all__ = ["compact", "evaluation", "fields", "kind_document", "note_document", "number", "pretty"]


def number(value: Any) -> Any:
    """Return a value as JSON has it: a float, nested lists, a string, or null.

    A fraction is a string, whole or not; where there is no exact number is null.

    >>> number(float("-inf")), number(2)
    ('-Infinity', 2.0)
    """
    if value is None:
        return None
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
    return _strings(value.tolist())


def _strings(values: list[Any]) -> list[Any]:
    """Put strings for what JSON lacks; the lists nest as deep as a value has axes, at most four."""
    return [_strings(each) if isinstance(each, list) else number(each) for each in values]


def fields(source: object, *names: str) -> dict[str, Any]:
    """Return what an object has under these names, as a part of a document."""
    return {name: getattr(source, name) for name in names}


def note_document(note: Note) -> dict[str, Any]:
    """Return a note as a JSON object."""
    document = fields(note, "kind", "node", "line", "column", "message")
    if note.sides is not None:
        document["sides"] = {
            name: [number(left), number(right)] for name, (left, right) in note.sides.items()
        }
    return document


def kind_document(result: Result) -> dict[str, Any]:
    """Return what a document says of its kind of number: nothing of doubles."""
    return {"exact": True} if result.kind.exact else {}


def evaluation(result: Result, text: str) -> dict[str, Any]:
    """Return a result as the document `cgraph.eval/1`."""
    document: dict[str, Any] = {
        "schema": "cgraph.eval/1",
        "expression": text,
        **kind_document(result),
        "output": result.output,
        "value": number(result.value),
        "gradient": None,
    }
    if result.gradient is not None:
        document["gradient"] = {name: number(g) for name, g in result.gradient.items()}
    if result.jacobian is not None:
        document["jacobian"] = {name: number(j) for name, j in result.jacobian.items()}
    document["nodes"] = [
        {
            **fields(node, "id", "name", "op", "args", "formula"),
            "value": number(node.value),
            "grad": number(node.grad),
            "partials": [number(partial) for partial in node.partials],
            "span": list(node.span),
            "uses": node.uses,
            "notes": [note_document(note) for note in node.notes],
        }
        for node in result.nodes
    ]
    document["notes"] = [note_document(note) for note in result.notes]
    return document


def compact(document: dict[str, Any]) -> str:
    """Return a document on one line."""
    return json.dumps(document, allow_nan=False)


def pretty(document: dict[str, Any]) -> str:
    """Return a document with a line for each of its parts, and for each object of its lists."""
    return "".join(pieces(document))


def pieces(document: dict[str, Any]) -> Iterator[str]:
    """Yield the same text in pieces; of an iterator each object is written as it comes."""
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
