"""The free names of a program: what is read and nowhere given a value."""

from __future__ import annotations

from cgcli.language import syntax


def free_names(program: syntax.Syntax) -> dict[str, tuple[int, int]]:
    """Return the names a program reads and never assigns, with the span of their first use.

    A parameter is none in its function's body, and a loop's variable none in its loop; elsewhere
    the same word is a name like any other. What a function reads counts where it is called. The
    constants of the language are names like others.

    >>> from cgcli.language.parse import parse
    >>> list(free_names(parse("f(x) = w*x; g(q) = q + z; sum([x for x in 0..2]) + f(x) - y")))
    ['w', 'x', 'y']
    """
    given: set[str] = set()
    functions: dict[str, syntax.Function] = {}
    # Expressions, with the names that stand for something else in them: parameters, turns.
    pending: list[tuple[syntax.Expression, frozenset[str]]] = []
    for statement, local in syntax.statements(program.block):
        if isinstance(statement, syntax.Function):
            functions[statement.name] = statement
        elif isinstance(statement, syntax.Loop):
            pending += [(part, local) for part in statement.range.parts]
        else:
            pending.append((statement.expression, local))
        if isinstance(statement, syntax.Assignment):
            given.add(statement.name)
            pending += [(part, local) for part in statement.key]
    entered: set[str] = set()
    read: dict[str, tuple[int, int]] = {}
    while pending:
        expression, local = pending.pop()
        for kind, payload, _, start, end in expression:
            name = payload if kind == syntax.NAME else payload.name if kind == syntax.INDEX else ""
            if name and name not in local and start <= read.get(name, (start, end))[0]:
                read[name] = (start, start + len(name) if kind == syntax.INDEX else end)
            if kind == syntax.INDEX:
                pending += [(part, local) for part in payload.parts]
            elif kind == syntax.COMPREHENSION:
                pending.append((payload.body, local | {payload.variable}))
                pending += [(part, local) for part in payload.range.parts]
            elif kind == syntax.CALL and payload in functions and payload not in entered:
                entered.add(payload)
                function = functions[payload]
                # A body sees its own parameters, and nothing of the place it is called from.
                pending.append((function.expression, frozenset(function.parameters)))
    in_order = sorted(read.items(), key=lambda item: item[1])
    return {name: span for name, span in in_order if name not in given and name not in functions}


def given_names(program: syntax.Syntax) -> set[str]:
    """Return the names that a program's statements give to values, families and functions.

    >>> from cgcli.language.parse import parse
    >>> sorted(given_names(parse("sq(a) = a^2; for t in 0..1 { h[t] = sq(x) } h[1]")))
    ['h', 'sq']
    """
    named = (syntax.Assignment, syntax.Function)
    return {one.name for one, _ in syntax.statements(program.block) if isinstance(one, named)}
