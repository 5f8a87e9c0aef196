"""Results → JSON, every bit kept; what JSON lacks is the strings NaN, Infinity and -Infinity."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cgcli.calculus.notes import Note
from cgcli.calculus.result import Node, Result
from cgcli.views.rational import is_missing

if TYPE_CHECKING:
    from cgcli.views.schemas import common, results


def number(value: Any) -> Any:
    """Return a value as JSON has it: a float, a string, or null; lists and objects of these.

    A fraction is a string, whole or not; where there is no exact number is null. Text is as it
    should be.

    >>> number(float("-inf")), number({"x": (2, None)})
    ('-Infinity', {'x': [2.0, None]})
    """
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


def fields(source: object, *names: str) -> dict[str, Any]:
    """Return what an object has under these names, as a part of a document."""
    return {name: getattr(source, name) for name in names}


def note_document(note: Note) -> common.Note:
    """Return a note as a JSON object."""
    document: common.Note = {
        "kind": note.kind,
        "node": note.node,
        "line": note.line,
        "column": note.column,
        "message": note.message,
    }
    return document if note.sides is None else {**document, "sides": number(note.sides)}


def kind_document(result: Result) -> common.Kind:
    """Return what a document says of its kind of number: nothing of doubles."""
    return {"exact": True} if result.kind.exact else {}


def jacobian_document(jacobian: dict[str, Any] | None) -> results.Jacobian:
    """Return what a document says of a Jacobian: nothing where there is none."""
    return {} if jacobian is None else {"jacobian": number(jacobian)}


def evaluation(result: Result, text: str) -> results.Evaluation:
    """Return a result as the document `cgraph.eval/1`."""
    return {
        "schema": "cgraph.eval/1",
        "expression": text,
        **kind_document(result),
        "output": result.output,
        "value": number(result.value),
        "gradient": number(result.gradient),
        **jacobian_document(result.jacobian),
        "nodes": list(map(_node, result.nodes)),
        "notes": list(map(note_document, result.notes)),
    }


def _node(node: Node) -> results.Node:
    return {
        "id": node.id,
        "name": node.name,
        "op": node.op,
        "args": node.args,
        "formula": node.formula,
        "value": number(node.value),
        "grad": number(node.grad),
        "partials": number(node.partials),
        "span": list(node.span),
        "uses": node.uses,
        "notes": list(map(note_document, node.notes)),
    }


def compact(document: Mapping[str, Any]) -> str:
    """Return a document on one line."""
    return json.dumps(document, allow_nan=False)


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
