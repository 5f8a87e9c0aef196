"""Derivatives as people write them, d(x^2)/dx or diff(x^2, x): what to type to have them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from cgcli.language.characters import is_function

DERIVATIVE: Final = "a derivative is not written in a program"

_ORDER: Final = r"(?:\^?(?P<order>[1-9])|(?P<raised>[²³]))?"
_BY: Final = r"\s*/\s*[d∂]\s*\(?\s*(?P<by>[^\W\d][^\W²³]*)\s*\)?(?:\^[1-9]|[²³])?"
# d/dx (…), d(…)/dx, dy/dx, diff(…, x), f'(x)
_OPERATOR: Final = re.compile(rf"(?<!\w)[d∂]{_ORDER}{_BY}\s*")
_QUOTIENT: Final = re.compile(rf"(?<!\w)[d∂]{_ORDER}\s*(?=\()")
_DENOMINATOR: Final = re.compile(_BY)
_OF_A_NAME: Final = re.compile(rf"(?<!\w)[d∂](?P<of>[^\W\d]\w*){_BY}")
_CALL: Final = re.compile(
    r"(?<!\w)(?P<name>diff|differentiate|derivative|derive|deriv|Derivative|D|grad|gradient|"
    r"jacobian|hessian|partial)\s*(?=[(\[])"
)
_PRIMED: Final = re.compile(r"(?<!\w)(?P<name>[^\W\d]\w*)\s*['′’]+\s*(?=\()")
_WORD: Final = re.compile(r"(?<![\w.])[^\W\d]\w*")
_ASSIGNED: Final = re.compile(r"(\w+)\s*=[^=]")
_STATEMENT: Final = re.compile(r"(?:^|[;\n])\s*([^\W\d]\w*)\s*(?:\([^()]*\)\s*)?=(?!=)")
_LONGEST: Final = 80


class _Notation(NamedTuple):
    """A derivative in a text: where it stands, of what it is, and by what how often."""

    start: int
    end: int
    body: str
    by: str = ""
    order: int = 1


def derivative_at(text: str, place: int) -> str | None:
    """Return the command for the derivative that is written at a place; None where none is.

    >>> derivative_at("d(x^(-1))/dx", 0), derivative_at("diff(x*y, x)", 0)
    ('write cgraph diff "x^(-1)"', 'write cgraph diff "x*y" --wrt x')
    """
    from_here = max(0, place - 400)
    nearby = text[from_here : place + 400]
    for notation in _notations(nearby):
        if notation.start <= place - from_here <= notation.end:
            return _command(
                notation._replace(body=_with_names(nearby[: notation.start], notation.body))
            )
    return None


def _notations(text: str) -> Iterator[_Notation]:
    for match in _OPERATOR.finditer(text):
        closing = _closing(text, match.end())
        rest = re.match(r"[^;\n#]*", text[match.end() :])
        end = closing or match.end() + (rest.end() if rest else 0)
        body = text[match.end() : end]
        body = body[1:-1] if closing else body
        yield _Notation(match.start(), end, body, match["by"], _order(match))
    for match in _QUOTIENT.finditer(text):
        closing = _closing(text, match.end())
        below = _DENOMINATOR.match(text, closing) if closing else None
        if closing and below:
            body = text[match.end() + 1 : closing - 1]
            yield _Notation(match.start(), below.end(), body, below["by"], _order(match))
    for match in _OF_A_NAME.finditer(text):
        before = text[: match.start()].rstrip(" ;\n")
        names = [statement[1] for statement in _STATEMENT.finditer(before)]
        body = before if names[-1:] == [match["of"]] else f"{before}; {match['of']}"
        named = match["of"] in names
        yield _Notation(match.start(), match.end(), body if named else "", match["by"])
    for match in _CALL.finditer(text):
        closing = _closing(text, match.end())
        if closing and not _is_defined(match["name"], text):
            body, _, more = text[match.end() + 1 : closing - 1].rpartition(",")
            by = _WORD.fullmatch(more.strip())
            if not body or not by:
                body, by = text[match.end() + 1 : closing - 1], None
            yield _Notation(match.start(), closing, body, by[0] if by else "")
    for match in _PRIMED.finditer(text):
        body = re.sub(r"['′’]", "", text) if _is_defined(match["name"], text) else ""
        order = len(re.findall("['′’]", match[0]))
        yield _Notation(match.start(), match.end(), body, order=order)


def _order(match: re.Match[str]) -> int:
    return int(match["order"] or {"²": "2", "³": "3"}.get(match["raised"] or "", "1"))


def _closing(text: str, start: int) -> int | None:
    """Return where the bracket at `start` is closed, after it; None where it is not."""
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] in "([") - (text[place] in ")]")
        if depth == 0:
            return place + 1 if text[place] in ")]" else None
    return None


def _with_names(before: str, body: str) -> str:
    """Return what is differentiated after the statements before it, where it uses their names."""
    before = before.rstrip().rstrip(";").rstrip()
    names = {match[1] for match in _STATEMENT.finditer(before)}
    used = names.intersection(_WORD.findall(body)) and not body.startswith(before)
    return f"{before}; {body.strip()}" if used else body


def _is_defined(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}\s*\([^()]*\)\s*=[^=]", text) is not None


def _command(notation: _Notation) -> str:
    """Return the command line, with --wrt where the formula has other names as well."""
    from cgcli.operations.table import CONSTANTS

    body = notation.body.strip()
    if not body or len(body) > _LONGEST or any(char in body for char in '"`$\n'):
        return 'write the function alone: cgraph diff "x^2"'
    words = {word for word in _WORD.findall(body) if not is_function(word)} - {*CONSTANTS}
    words -= {notation.by, *_ASSIGNED.findall(body)}
    by = f" --wrt {notation.by}" if notation.by and words else ""
    order = f" --order {notation.order}" if notation.order > 1 else ""
    return f'write cgraph diff "{body}"{by}{order}'
