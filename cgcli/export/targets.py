"""The languages that a program is exported to, by name."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from cgcli.export.routine import Routine
from cgcli.export.target import Target


def target(name: str) -> Target:
    """Return a language; its module is loaded when it is asked for."""
    module = importlib.import_module(f"cgcli.export.{name}")
    language: Target = module.TARGET
    return language


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
    function = language.emitter(language, routine).emit(name)
    return language.define(function._replace(notes=notes, header=header))


def binary(code: str) -> bytes:
    """Return an ONNX model's text as its file; raises `CgraphError` without the package."""
    from cgcli.export.onnx import as_bytes

    return as_bytes(code)
