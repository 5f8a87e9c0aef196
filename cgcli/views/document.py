"""Results → JSON, every bit kept; what JSON lacks is the strings NaN, Infinity and -Infinity."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cgcli.calculus.notes import Note
from cgcli.calculus.result import Result
from cgcli.graph.graph import Graph, operation_nodes
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
    nodes = range(len(graph))
    return _rows(
        graph,
        graph.names,
        [formula(graph, node) for node in nodes],
        [number(plain(value)) for value in result.values],
        [number(result.grad(node)) for node in nodes],
        [number(result.partials(node)) for node in nodes],
        graph.starts,
        graph.ends,
        [[note_document(note) for note in notes.get(node, ())] for node in nodes],
    )


def _rows(graph: Graph, *columns: Sequence[Any]) -> list[results.Node]:
    """Return the rows of the nodes; the columns are what differs among graphs of one form.

    They are names, formulas, values, gradients, partials, starts, ends and notes.
    """
    rows = zip(graph.operations, graph.arguments, graph.uses, *columns, strict=True)
    return [
        {
            "id": node,
            "name": name,
            "op": operation.name,
            "args": list(arguments),
            "formula": formula,
            "value": value,
            "grad": gradient,
            "partials": partials,
            "span": [start, end],
            "uses": uses,
            "notes": notes,
        }
        for node, (
            operation, arguments, uses, name, formula, value, gradient, partials, start, end, notes,
        ) in enumerate(rows)
    ]  # fmt: skip


def written(result: Result, text: str, fields: Collection[str] = ()) -> str:
    """Return the document of a result on one line, or those of its parts that fields name.

    For numbers without notes a template is written once for all graphs of one form, and filled.

    >>> from cgcli.program import evaluate_program, parse
    >>> result = evaluate_program(parse("x*y"), {"x": 2, "y": 3}, {})
    >>> written(result, "x*y", ("value", "gradient"))
    '{"value": 6.0, "gradient": {"x": 3.0, "y": 2.0}}'
    """
    graph = result.graph
    if graph.tensors or result.kind.exact or result.notes_by_node:
        return compact(excerpt(result, text, fields) if fields else evaluation(result, text))

    def part(name: str) -> str:
        if name == "gradient":
            gradient = (result.gradient or {}).items()
            return f"{{{', '.join([f'{_QUOTED(n)}: {_numeral(part)}' for n, part in gradient])}}}"
        if name in ("nodes", "notes"):
            return _written_nodes(result) if name == "nodes" else "[]"
        value = text if name == "expression" else getattr(result, name)
        return _QUOTED(value) if isinstance(value, str) else _numeral(value)

    shown = [n for n in FIELDS if (n in fields if fields else n != "jacobian")]
    start = "{" if fields else '{"schema": "cgraph.eval/1", '
    return start + ", ".join([f'"{name}": {part(name)}' for name in shown]) + "}"


def _written_nodes(result: Result) -> str:
    """Return the nodes of a document as text, where there are no arrays and no notes."""
    graph, literals = result.graph, result.graph.literals
    # A negative constant, from a loop's variable, has brackets in formulas.
    if any(literal[0] == "-" for literal in literals.values()):
        return compact(_nodes(result))
    frame, filling, computed = graph.once(_frame)
    names = [_QUOTED(name)[1:-1] for name in graph.names]
    leaves = [literals.get(node, name) for node, name in enumerate(names)]
    numbers = [*result.values, *map(result.grad, range(len(graph)))]
    # Most are floats: without a call for each of them it takes half the time.
    written = [repr(n) if type(n) is float and n - n == 0 else _numeral(n) for n in numbers]
    partials = [f"[{', '.join(map(_numeral, result.partials(node)))}]" for node in computed]
    return frame % filling([*names, *leaves, *written, *graph.starts, *graph.ends, *partials])


def _numeral(value: Any) -> str:
    """Return a number, or None, as JSON has it."""
    if type(value) is float and value - value == 0:
        return repr(value)
    return "null" if value is None else compact(number(value))


_GAP: Final = re.compile(r'"\\u0000(\d+)"|\\u0001(\d+)\\u0001')
"""A gap of a template: a number, or a text or a part of one."""


def _frame(graph: Graph) -> tuple[str, Callable[[list[Any]], tuple[Any, ...]], list[int]]:
    """Return the template of a document's nodes, what picks its contents, and the operations.

    Contents are picked from a list: names of all nodes, names or literals, values, gradients,
    starts, ends, and then the partials of the nodes that are operations.
    """
    count, computed = len(graph), operation_nodes(graph)
    names, leaves = ([f"\1{count * k + node}\1" for node in range(count)] for k in (0, 1))
    values, gradients, starts, ends = (
        [f"\0{count * k + node}" for node in range(count)] for k in range(2, 6)
    )
    formulas = [
        formula(graph, node, names) if arguments else leaves[node]
        for node, arguments in enumerate(graph.arguments)
    ]
    partials: list[Any] = [[]] * count
    for place, node in enumerate(computed, 6 * count):
        partials[node] = f"\0{place}"
    notes: list[Any] = [[]] * count
    rows = _rows(graph, names, formulas, values, gradients, partials, starts, ends, notes)
    text = compact(rows)
    order = [int(match[1] or match[2]) for match in _GAP.finditer(text)]
    return _GAP.sub("%s", text.replace("%", "%%")), itemgetter(*order), computed


_ENCODER: Final = json.JSONEncoder(allow_nan=False, check_circular=False)
_QUOTED: Final = json.encoder.encode_basestring_ascii


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
