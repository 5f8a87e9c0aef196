"""The free names of a program: what is read and nowhere given a value."""

from __future__ import annotations

from cgcli.language.syntax import (
    COMPREHENSION,
    INDEX,
    NAME,
    Assignment,
    Expression,
    Function,
    Loop,
    Range,
    Syntax,
    Value,
)

__all__ = ["free_names"]


def free_names(syntax: Syntax) -> dict[str, tuple[int, int]]:
    """Return the names a program reads and never assigns, with the span of their first use.

    Parameters and loop variables are left out wherever they stand, and so are functions; the
    constants of the language are names like others.

    >>> from cgcli.language.parse import parse
    >>> list(free_names(parse("p = x[t]*w; p + y")))
    ['x', 't', 'w', 'y']
    """
    given: set[str] = set()
    expressions = _expressions(syntax, given)
    read: dict[str, tuple[int, int]] = {}
    while expressions:
        for kind, payload, _, start, end in expressions.pop():
            name = payload if kind == NAME else payload.name if kind == INDEX else ""
            if name and start <= read.get(name, (start, end))[0]:
                read[name] = (start, start + len(name) if kind == INDEX else end)
            if kind == INDEX:
                expressions.extend(payload.indices)
            elif kind == COMPREHENSION:
                given.add(payload.variable)
                expressions += [payload.body, *_parts(payload.range)]
    in_order = sorted(read.items(), key=lambda item: item[1])
    return {name: span for name, span in in_order if name not in given}


def _parts(limits: Range) -> list[Expression]:
    return [part for part in (limits.start, limits.stop, limits.step) if part is not None]


def _expressions(syntax: Syntax, given: set[str]) -> list[Expression]:
    """Return every statement's expressions, and note the names that statements give."""
    found: list[Expression] = []
    blocks = [syntax.block]
    while blocks:
        for statement in blocks.pop():
            if isinstance(statement, Value):
                found.append(statement.expression)
            elif isinstance(statement, Assignment):
                given.add(statement.name)
                found += [statement.expression, *statement.key]
            elif isinstance(statement, Function):
                given.update((statement.name, *statement.parameters))
                found.append(statement.expression)
            elif isinstance(statement, Loop):
                given.add(statement.variable)
                found += _parts(statement.range)
                blocks.append(statement.block)
    return found
