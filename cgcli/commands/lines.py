"""`cgraph eval --jsonl`: many expressions in one process, a JSON object a line in and out."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Callable, Collection, Iterator
from typing import IO, Any, Final, NamedTuple

from cgcli.commands.alike import parser
from cgcli.commands.inputs import read_values
from cgcli.commands.problem import kind_of
from cgcli.decode import decode_json
from cgcli.errors import CgraphError, shorten, suggest
from cgcli.library.files import opened, utf8
from cgcli.limits import Limits
from cgcli.program import Program, evaluate_program, parse
from cgcli.views.document import compact, written
from cgcli.views.messages import error_document
from cgcli.views.streams import documents

KEYS: Final = ("id", "expr", "at", "of", "wrt", "exact")
"""What a line may hold."""

_OBJECTS: Final = 50_000
"""So many more objects than before, and cycles are looked for: a line has a few hundred."""
_LONGEST: Final = 64 * 2**20
_ID_FIRST: Final = re.compile(r'[\s\ufeff]*\{\s*"id"\s*:\s*')
_ENDS: Final = re.compile(r"\s*[,}]")


class Asked(NamedTuple):
    """What the command line asks of every line that does not say otherwise."""

    exact: bool = False
    """Whether it is computed in fractions."""
    fields: Collection[str] = ()
    """The parts of the documents, all without any."""
    strict: bool = False
    """Whether a line with a note is as bad as an error."""


def evaluate_lines(source: str | None, limits: Limits, asked: Asked = Asked()) -> bool:
    """Write a result or an error for every line of a stream; return whether all were good.

    `source` is ``@path`` or ``-``; without one standard input is read.
    """
    if source is not None and source != "-" and not source.startswith("@"):
        message = "with --jsonl the expressions are in the lines"
        raise CgraphError("usage", message, "name a file, @lines.jsonl, or pipe the lines in")
    # A stream may run for days: whatever cycles it makes are to be collected after all.
    gc.freeze()
    gc.enable()
    gc.set_threshold(_OBJECTS)
    parse_once, good = parser(limits), True
    out = documents()
    with opened("-" if source in (None, "-") else str(source)[1:]) as stream:
        for number, line in enumerate(_lines(stream), 1):
            if line.strip():
                document, fine = evaluate_line(line, limits, parse_once, number, asked)
                good = good and fine
                out.write(document + "\n")
                out.flush()
    return good


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines as they come; of one that is too long the beginning alone."""
    while line := stream.readline(_LONGEST):
        yield line.removesuffix(b"\n")
        while line and not line.endswith(b"\n"):
            line = stream.readline(_LONGEST)


def evaluate_line(
    line: bytes,
    limits: Limits,
    parse_once: Callable[[str], Program] = parse,
    number: int = 1,
    asked: Asked = Asked(),
) -> tuple[str, bool]:
    """Return the document of one line in JSON, and whether it is as good as was asked for.

    It is `cgraph.eval/1`, or parts of it, with the line's id, or an error.

    `number` is that of the line in its stream, and the line of every error in it.
    """
    called, name = f"line {number}", None
    try:
        try:
            line_text = _written(line, called)
            request = decode_json(line_text, called)
        except CgraphError:
            name = _id_of(line)
            raise
        name = request.get("id") if isinstance(request, dict) else None
        text, at, of, wrt, is_exact = _parts(request, asked.exact)
        kind = kind_of(is_exact, limits)
        if kind.as_written:
            # The digits of the numbers are wanted after all.
            at = decode_json(line_text, called, as_written=True).get("at", {})
        program, values = parse_once(text), read_values(at, limits, kind)
        result = evaluate_program(program, {}, values, of, wrt, kind)
        good = not (result.notes and asked.strict)
        document = written(result, text, asked.fields)
    except CgraphError as error:
        document, good = _refused(error, number), False
    except Exception as error:  # noqa: BLE001  # one line's fault must not stop the others
        message = f"a fault of the program itself, {type(error).__name__}"
        fault = CgraphError("fault", message, "please report it")
        document, good = _refused(fault, number), False
    try:
        identified = str(name) if type(name) is int else compact(name)
    except ValueError:
        # JSON has no number for it.
        identified = "null"
    return f'{{"id": {identified}, {document[1:]}', good


def _written(line: bytes, called: str) -> str:
    """Return a line as text."""
    if len(line) >= _LONGEST:
        raise CgraphError("limit", f"{called}: it is longer than {_LONGEST // 2**20} MB")
    return utf8(line, called).rstrip("\r\n")


def _refused(error: CgraphError, number: int) -> str:
    """Return the document of an error: its line is the stream's, its column the expression's."""
    document = error_document(error)
    document["error"]["line"] = number
    if error.places and "\n" in error.places[0].text:
        document["error"]["message"] += f" (in line {error.line} of its text)"
    return compact(document)


def _id_of(line: bytes) -> Any:
    """Return the id of a line that cannot be used, None where there is none to be read.

    Of a line that is not JSON it is read where it stands first.
    """
    text = line.decode("utf-8", "replace")
    name: Any = None
    try:
        if start := _ID_FIRST.match(text):
            name, end = json.JSONDecoder().raw_decode(text, start.end())
            name = name if _ENDS.match(text, end) else None
        else:
            request = json.loads(text)
            name = request.get("id") if isinstance(request, dict) else None
    except (ValueError, RecursionError):
        return None
    return None if "\ufffd" in str(name) else name


def _parts(
    request: Any, exact: bool
) -> tuple[str, dict[str, Any], str | None, list[str] | None, bool]:
    """Return a line's expression, its values, what it asks for by what, and whether in fractions.

    Raises `CgraphError` for any other JSON.
    """
    if not isinstance(request, dict):
        raise _bad("a line must be a JSON object")
    for key in request:
        if key not in KEYS:
            hint = suggest(key, KEYS, f"the keys are {', '.join(KEYS)}", written="'{}'")
            raise CgraphError("usage", f"there is no key '{shorten(key)}'", hint)
    text, at = request.get("expr"), request.get("at", {})
    if not isinstance(text, str):
        raise _bad('a line needs an "expr", a string')
    if not isinstance(at, dict):
        raise _bad('"at" must be an object of names and values')
    of, wrt = request.get("of"), request.get("wrt")
    if not isinstance(of, str | None):
        raise _bad('"of" must be a name, a string', '"of": "p"')
    names = wrt if isinstance(wrt, list) else [] if wrt is None else [None]
    if not all(isinstance(name, str) for name in names):
        raise _bad('"wrt" must be a list of names', '"wrt": ["x"]')
    asked = request.get("exact", exact)
    if not isinstance(asked, bool):
        raise _bad('"exact" must be true or false', '"exact": true')
    return text, at, of, wrt, asked


def _bad(message: str, more: str = "") -> CgraphError:
    written = '{"expr": "x*y", "at": {"x": 1, "y": 2}' + (f", {more}" if more else "") + "}"
    return CgraphError("usage", message, f"write {written}")
