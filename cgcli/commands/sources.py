"""Bindings as they were written, for numbers of more digits than a double has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cgcli.commands.inputs import STRINGS, bindings_of, read_name
from cgcli.commands.problem import Problem
from cgcli.decode import Literal, decode_json
from cgcli.errors import CgraphError
from cgcli.library.files import ending_of, read_text
from cgcli.limits import Limits


def read_sources(problem: Problem, doubles: Mapping[str, Any]) -> dict[str, Any]:
    """Return what each name is bound to, as `exact_leaves` takes it.

    `doubles` are the same bindings as they were read once already: what cannot be used was
    refused there, and what a .csv or .npy file holds is taken from there.
    """
    from cgcli.language.reader import normalise

    sources, asked = dict(doubles), problem.asked
    if asked.at is not None and problem.at is not None:
        values = bindings_of(decode_json(problem.at, asked.at, as_written=True), asked.at)
        for name, value in values.items():
            sources[read_name(name) or name] = _written(value, problem.limits)
    for argument in asked.bindings:
        name, _, value = normalise(argument).partition("=")
        name = read_name(name) or name
        if not value.startswith("@"):
            sources[name] = _expression(value, problem.limits)
        elif ending_of(value) == "json":
            path = argument.partition("=")[2][1:]
            values = decode_json(read_text(path), path, as_written=True)
            sources[name] = _written(values, problem.limits)
    return sources


def _written(value: Any, limits: Limits) -> Any:
    """A value of a JSON text: digits as they stand there, and strings as expressions."""
    if isinstance(value, list):
        return [_written(element, limits) for element in value]
    if isinstance(value, Literal):
        return str(value)
    return STRINGS[value] if value in STRINGS else _expression(value, limits)


def _expression(text: str, limits: Limits) -> Any:
    """A constant expression as the graph of it, which is evaluated at each precision."""
    from cgcli.calculus.leaves import ball_of
    from cgcli.program import parse

    try:
        ball_of(text.strip())
    except (ValueError, CgraphError):
        return parse(text, limits).graph()
    return text.strip()
