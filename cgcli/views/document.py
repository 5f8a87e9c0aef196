"""Results → JSON, every bit kept; what JSON lacks is the strings NaN, Infinity and -Infinity."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping
from copy import copy
from dataclasses import replace
from itertools import chain, compress, count, zip_longest
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cgcli.calculus.notes import Note
from cgcli.calculus.result import Result
from cgcli.graph.graph import computed
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


_GAP: Final = re.compile(r'[";]#([0-9]+)[";]')
"""Where a number goes, or a literal within names and formulas: none has this sign."""


_LARGEST: Final = 1_000
"""Of more nodes no frame is kept: it takes the room of several lines."""


def _frame(result: Result) -> tuple[list[str], itemgetter[Any]]:
    """Return the line of a result, in pieces with gaps between, and what picks texts for the gaps.

    They are those of the expression, the literals, the values, gradients and local derivatives.
    """
    graph, marks = copy(result.graph), map("#{}".format, count())
    expression = next(marks)
    graph.literals = {
        # A minus decides on brackets.
        node: literal if literal[0] == "-" or not literal.isascii() else f";{mark};"
        for (node, literal), mark in zip(graph.literals.items(), marks, strict=False)
    }
    vars(graph).pop("names", None)
    document: Any = evaluation(replace(result, graph=graph), expression)
    rows = document["nodes"]
    for row in rows:
        row["value"] = next(marks)
    for row in rows:
        row["grad"] = None if row["grad"] is None else next(marks)
    for row in rows:
        row["partials"] = [None if part is None else next(marks) for part in row["partials"]]
    document["value"] = rows[result.of]["value"]
    document["gradient"] = {name: rows[node]["grad"] for name, node in result.sources.items()}
    pieces: list[str] = _GAP.split(compact(document))
    return pieces[::2], itemgetter(*map(int, pieces[1::2]))


def one_line(result: Result, text: str) -> str:
    """Return the document of a result on one line; what graphs alike share is written once."""
    graph, facts = result.graph, result.graph.facts
    key = (_frame, result.of, bytes(result.active), tuple(result.sources))
    # The first of them does not pay for a frame: there may be no other.
    small = len(graph) <= _LARGEST and not graph.tensors
    if key in facts and small and not result.notes_by_node:
        sent = compress(result.gradients or (), result.active)
        gradients = [0.0 if gradient is None else gradient for gradient in sent]
        partials = chain.from_iterable(map(result.partials, graph.once(computed)))
        numbers = [*result.values, *gradients, *(part for part in partials if part is not None)]
        if {*map(type, numbers)} == {float} and math.isfinite(sum(numbers)):
            line, picked = facts[key] = facts[key] or _frame(result)
            texts = picked([compact(text), *graph.literals.values(), *map(repr, numbers)])
            return "".join(chain.from_iterable(zip_longest(line, texts, fillvalue="")))
    facts.setdefault(key, None)
    return compact(evaluation(result, text))


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
