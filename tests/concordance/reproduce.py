"""A difference as a command that shows it, of as small a program as can be had."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from cgcli.views.formats import TARGETS
from tests.concordance.agreement import Comparison, Difference
from tests.concordance.answers import answer
from tests.concordance.asking import argument
from tests.concordance.concord import question_of
from tests.concordance.points import nested
from tests.concordance.syntax import Program, Syntax, points_of, pruned
from tests.concordance.ways import WAYS

OPTIONS = {
    "eval": "", "vectors": "", "command": "--json", "exact": "--exact", "exact command": "--exact",
    "verify": "--verify", "precision": "--precision 25", "trace": "", "check": "", "formulas": "",
    **{name: f"--to {name}" for name in TARGETS},
    "draw": "--digits 6 --json",
}  # fmt: skip
COMMANDS = {
    "trace": "trace", "check": "check", "formulas": "diff", "draw": "draw",
    **dict.fromkeys(TARGETS, "export"),
}  # fmt: skip
"""The command of a way, where it is not eval, and the options that make it this way."""


def as_command(difference: Difference) -> str:
    """A line for the shell."""
    values = {
        name: nested([float(x) for x in xs], difference.program.inputs[name])
        for name, xs in difference.point.items()
    }
    way, text = difference.way, difference.program.text
    if way in ("function", "rows", "native", "native rows"):
        return _in_python(way, text, values)
    if way.startswith("map") or way in ("train", "predict"):
        return _from_a_file(way, text, values)
    if way == "vectors":
        values = {name: [value] for name, value in values.items()}
    words = [f'"{name}={argument(v)}"' for name, v in values.items()]
    if way == "check":
        words.append(f'--answer "{difference.what}"')
    return " ".join(
        ["cgraph", COMMANDS.get(way, "eval"), f'"{text}"', *words, OPTIONS[way]]
    ).rstrip()


def _in_python(way: str, text: str, values: dict[str, Any]) -> str:
    """A call of the library."""
    rows = way.endswith("rows")
    words = f"rows={list(values)}" if rows else "jacobian=True"
    words += ", engine='native'" * way.startswith("native")
    given = {name: [value] for name, value in values.items()} if rows else values
    shown = repr(given).replace("inf", "float('inf')")
    code = f"import cgcli; print(cgcli.parse('{text}').function({words})({shown}))"
    return f'python -c "{code}"'


def _from_a_file(way: str, text: str, values: dict[str, Any]) -> str:
    """A file of one row, and the command that reads it."""
    names = list(values)
    columns = names[:1] if way == "train" else names[:-1] if way == "predict" else names
    row = json.dumps({name: values[name] for name in columns})
    words = [f'"{name}={argument(values[name])}"' for name in names if name not in columns]
    file = f"echo '{row}' > rows.jsonl"
    if way == "train":
        options = "--lr 1 --steps 1 --reduce sum --json"
        return " ".join([file, "&&", f'cgraph train "{text}" -d rows.jsonl', *words, options])
    if way == "predict":
        made = " ".join([f'cgraph train "{text}" -d rows.jsonl', *words, "--steps 0 -o m.json"])
        return f"{file} && {made} && cgraph predict m.json -d rows.jsonl --of f"
    return f'{file} && cgraph map "{text}" -d rows.jsonl'


# --- smaller programs ------------------------------------------------------------------------


def smallest(difference: Difference, tries: int = 60) -> Difference:
    """The difference at a smaller program, where a part of this one has one of the same kind."""
    for _ in range(tries):
        again = (_again(difference, part) for part in _parts(difference.program))
        smaller = next(filter(None, again), None)
        if smaller is None:
            return difference
        difference = smaller
    return difference


def _parts(program: Program) -> Iterator[Program]:
    """Programs that are a part of one: without a statement, or with an expression in its place."""
    *before, output = program.statements
    for k in range(len(before)):
        yield pruned((*before[:k], *before[k + 1 :], output), program)
    for part in _below(output[1]):
        yield pruned((*before, ("output", part)), program)
    for k, statement in enumerate(before):
        if statement[0] == "let":
            for part in _below(statement[2]):
                smaller = ("let", statement[1], part)
                yield pruned((*before[:k], smaller, *before[k + 1 :], output), program)


def _below(syntax: Syntax) -> Iterator[Syntax]:
    """The expressions in an expression, and it with one of them in the place of what holds it."""
    for k, part in enumerate(syntax):
        if isinstance(part, tuple) and part and isinstance(part[0], str):
            yield part
            for smaller in _below(part):
                yield (*syntax[:k], smaller, *syntax[k + 1 :])
        elif isinstance(part, tuple):
            for j, item in enumerate(part):
                if isinstance(item, tuple) and item and isinstance(item[0], str):
                    yield item
                    for smaller in _below(item):
                        moved = (*part[:j], smaller, *part[j + 1 :])
                        yield (*syntax[:k], moved, *syntax[k + 1 :])


def _again(difference: Difference, program: Program) -> Difference | None:
    """A difference of the same kind and way at a part of the program, if there is one."""
    if len(program.text) >= len(difference.program.text) or not program.inputs:
        return None
    point = points_of(difference.point, program.inputs)
    way = next(way for way in WAYS if way.name == difference.way)
    try:
        right = answer(program, point)
        question = question_of(program, [point], [right])
        first = WAYS[0].ask(question)[0]
        reply = way.ask(question)[0]
    except Exception:  # noqa: BLE001 - a part of a program need not be one
        return None
    if (
        reply is None
        or (first and first.error)
        or (reply.error and "refusal" not in difference.kind)
    ):
        return None
    base = None if way is WAYS[0] else first
    found = Comparison(difference.seed, right, way, reply, base, Counter()).differences()
    return next((replace(d) for d in found if d.kind == difference.kind), None)
