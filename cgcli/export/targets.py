"""The languages that a program is exported to, by name."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import lru_cache

from cgcli.export.helpers import helpers
from cgcli.export.names import CLEAN
from cgcli.export.routine import Routine
from cgcli.export.target import Target, table
from cgcli.graph.templates import Pattern


@lru_cache
def target(name: str) -> Target:
    """Return a language, as its table says."""
    read = table(name)
    templates: dict[str, Pattern] = {key: f"{word}(<*>)" for key, word in read["calls"].items()}
    for key, text in read["templates"].items():
        templates[key] = text if isinstance(text, str) else tuple(text)
    return Target(
        library=read["library"],
        templates=templates,
        constants=read["constants"],
        code=read["code"],
        prelude=helpers(read["helpers"]),
        reserved=frozenset(read["words"].split()),
        clean=CLEAN[read["letters"]],
        pointed=read.get("pointed", False),
        emitter=read["emitter"],
    )


def source(
    routine: Routine, to: str, name: str = "f", *, notes: Sequence[str] = (), header: bool = False
) -> str:
    """Return a routine as code; raises `CgraphError` for what the language lacks.

    `notes` stand in a comment. With `header` it is one that other files of C include.

    >>> from cgcli.export.routine import routine
    >>> from cgcli.program import parse
    >>> print(source(routine(parse("(x+y)*z").graph(), {}), "python"), end="")
    def f(x, y, z):
        \"\"\"Return value, d_x, d_y, d_z of (x + y) * z.\"\"\"
        v1 = x + y
        value = v1*z
        return value, z, z, v1
    """
    language = target(to)
    module, _, kind = language.emitter.partition(".")
    emitter = getattr(importlib.import_module(f"cgcli.export.{module}"), kind)(language, routine)
    function = emitter.emit(name)
    code: str = emitter.define(function._replace(notes=notes, header=header))
    return code


def binary(code: str) -> bytes:
    """Return an ONNX model's text as its file; raises `CgraphError` without the package."""
    from cgcli.export.onnx import as_bytes

    return as_bytes(code)
