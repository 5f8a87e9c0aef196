"""`cgraph eval --jsonl`: many expressions in one process, a JSON object a line in and out."""

from __future__ import annotations

import functools
import gc
import sys
from typing import IO, Any, Final

from cgcli.commands.files import decode_json, utf8
from cgcli.commands.inputs import read_values
from cgcli.errors import CgraphError
from cgcli.limits import Limits
from cgcli.program import Program, parse
from cgcli.views.document import compact, evaluation
from cgcli.views.messages import error_document

__all__ = ["evaluate_line", "evaluate_lines"]

_LONGEST: Final = 64 * 2**20


def evaluate_lines(source: str | None, limits: Limits) -> bool:
    """Write a result or an error for every line of a stream; return whether all were good.

    `source` is ``@path`` or ``-``; without one standard input is read.
    """
    if source is None or source == "-":
        return _run(sys.stdin.buffer, limits)
    if not source.startswith("@"):
        message = "with --jsonl the expressions stand in the lines"
        raise CgraphError("usage", message, "name a file, @lines.jsonl, or pipe the lines in")
    try:
        with open(source[1:], "rb") as file:
            return _run(file, limits)
    except OSError as error:
        why = (error.strerror or "it cannot be opened").lower()
        raise CgraphError("file", f"{source[1:]}: {why}", "check the path") from None


def _run(stream: IO[bytes], limits: Limits) -> bool:
    # A stream may run for days: whatever cycles it makes are to be collected after all.
    gc.freeze()
    gc.enable()
    parse_once = functools.lru_cache(maxsize=256)(lambda text: parse(text, limits))
    good = True
    write, flush = sys.stdout.write, sys.stdout.flush
    while line := stream.readline(_LONGEST):
        if not line.strip():
            continue
        document = evaluate_line(line, limits, parse_once)
        good = good and "error" not in document
        write(compact(document) + "\n")
        flush()
    return good


def evaluate_line(line: bytes, limits: Limits, parse_once: Any = None) -> dict[str, Any]:
    """Return the document of one line: `cgraph.eval/1` with the line's id, or an error."""
    name: Any = None
    try:
        found = decode_json(utf8(line, "this line"), "this line")
        if not isinstance(found, dict):
            raise _bad("a line must be a JSON object")
        name = found.get("id")
        text, at = found.get("expr"), found.get("at", {})
        if not isinstance(text, str):
            raise _bad('a line wants an "expr", a string')
        if not isinstance(at, dict):
            raise _bad('"at" must be an object of names and values')
        program: Program = (parse_once or parse)(text)
        return {"id": name, **evaluation(program.evaluate(read_values(at, limits)), text)}
    except CgraphError as error:
        return {"id": name, **error_document(error)}


def _bad(message: str) -> CgraphError:
    return CgraphError("usage", message, 'write {"expr": "x*y", "at": {"x": 1, "y": 2}}')
