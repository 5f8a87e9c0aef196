"""`cgraph eval --jsonl`: many expressions in one process, a JSON object a line in and out."""

from __future__ import annotations

import functools
import gc
import sys
from typing import IO, Any, Final

from cgcli.commands.files import opened, utf8
from cgcli.commands.inputs import read_values
from cgcli.commands.problem import kind_of
from cgcli.decode import decode_json
from cgcli.errors import CgraphError
from cgcli.limits import Limits
from cgcli.program import Program, evaluate_program, parse
from cgcli.views.document import compact, evaluation
from cgcli.views.messages import error_document
from cgcli.views.streams import publish

__all__ = ["evaluate_line", "evaluate_lines"]

_LONGEST: Final = 64 * 2**20


def evaluate_lines(source: str | None, limits: Limits, exact: bool = False) -> bool:
    """Write a result or an error for every line of a stream; return whether all were good.

    `source` is ``@path`` or ``-``; without one standard input is read. With `exact` the lines
    that do not say otherwise are reckoned in fractions.
    """
    if source is not None and source != "-" and not source.startswith("@"):
        message = "with --jsonl the expressions stand in the lines"
        raise CgraphError("usage", message, "name a file, @lines.jsonl, or pipe the lines in")
    with opened("-" if source in (None, "-") else str(source)[1:]) as stream:
        return _run(stream, limits, exact)


def _run(stream: IO[bytes], limits: Limits, exact: bool) -> bool:
    # A stream may run for days: whatever cycles it makes are to be collected after all.
    gc.freeze()
    gc.enable()
    parse_once = functools.lru_cache(maxsize=256)(lambda text: parse(text, limits))
    good = True
    number = 0
    while line := stream.readline(_LONGEST):
        number += 1
        if not line.strip():
            continue
        document = evaluate_line(line, limits, parse_once, f"line {number}", exact)
        good = good and "error" not in document
        publish([_written(document) + "\n"])
        sys.stdout.flush()
    return good


def _written(document: dict[str, Any]) -> str:
    """Return a document on one line; an id that JSON has no number for is given back as null."""
    try:
        return compact(document)
    except ValueError:
        return compact({**document, "id": None})


def evaluate_line(
    line: bytes,
    limits: Limits,
    parse_once: Any = None,
    called: str = "this line",
    exact: bool = False,
) -> dict[str, Any]:
    """Return the document of one line: `cgraph.eval/1` with the line's id, or an error."""
    name: Any = None
    try:
        written = utf8(line, called)
        found = decode_json(written, called)
        name = found.get("id") if isinstance(found, dict) else None
        text, at, of, wrt = _parts(found)
        kind = kind_of(_is_exact(found, exact), limits)
        if kind.as_written:
            # The digits of the numbers are wanted after all.
            at = decode_json(written, called, as_written=True).get("at", {})
        program: Program = (parse_once or parse)(text)
        values = read_values(at, limits, kind)
        result = evaluate_program(program, {}, values, of, wrt, kind)
        return {"id": name, **evaluation(result, text)}
    except CgraphError as error:
        return {"id": name, **error_document(error)}
    except Exception as error:  # noqa: BLE001  # one line's fault must not stop the others
        message = f"a fault of the program itself, {type(error).__name__}"
        return {"id": name, **error_document(CgraphError("fault", message, "please report it"))}


def _parts(found: Any) -> tuple[str, dict[str, Any], str | None, list[str] | None]:
    """Return a line's expression, its values, and what it asks for by what.

    Raises `CgraphError` for any other JSON.
    """
    if not isinstance(found, dict):
        raise _bad("a line must be a JSON object")
    text, at = found.get("expr"), found.get("at", {})
    if not isinstance(text, str):
        raise _bad('a line wants an "expr", a string')
    if not isinstance(at, dict):
        raise _bad('"at" must be an object of names and values')
    of, wrt = found.get("of"), found.get("wrt")
    names = wrt if isinstance(wrt, list) else [] if wrt is None else [None]
    if not isinstance(of, str | None) or not all(isinstance(each, str) for each in names):
        raise _bad('"of" must be a name, and "wrt" a list of names')
    return text, at, of, wrt


def _is_exact(found: dict[str, Any], exact: bool) -> bool:
    asked = found.get("exact", exact)
    if not isinstance(asked, bool):
        raise _bad('"exact" must be true or false')
    return asked


def _bad(message: str) -> CgraphError:
    return CgraphError("usage", message, 'write {"expr": "x*y", "at": {"x": 1, "y": 2}}')
