"""JSON and CSV that strangers send → plain values, or what is wrong with them."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, Final

from cgcli.errors import CgraphError, Place, excerpt, file_error


class Literal(str):
    """A number of a JSON text, in the digits in which it stands there."""

    __slots__ = ()


_DEEPEST: Final = 100
"""Nothing that is read nests deeper: a model has ten levels, a matrix two."""


def decode_json(text: str, what: str, as_written: bool = False) -> Any:
    """Return what a JSON text holds; a name that stands twice in an object is an error.

    With `as_written` its numbers are `Literal`s. Raises `CgraphError` of kind file, that says
    `what` was read.

    >>> decode_json('{"x": 0.50}', "x.json"), decode_json('{"x": 0.50}', "x.json", True)
    ({'x': 0.5}, {'x': '0.50'})
    """
    try:
        value = (_LITERALS if as_written else _NUMBERS).decode(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        place = Place(text, error.pos, min(error.pos + 1, len(text)))
        why = f"this is not JSON: {error.msg[0].lower() + error.msg[1:]}"
        raise file_error(what, why, "", (place,)) from None
    except RecursionError:
        raise file_error(what, "its lists nest too deeply") from None
    except ValueError as error:
        if "set_int_max_str_digits" in str(error):
            raise file_error(what, "one of its whole numbers has too many digits") from None
        raise file_error(what, str(error)) from None
    if text.count("[") + text.count("{") > _DEEPEST and _is_deeper(value, _DEEPEST):
        raise file_error(what, "its lists nest too deeply")
    return value


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects nest deeper: some versions of Python read them however deep."""
    level = [value] if isinstance(value, list | dict) else []
    for _ in range(levels):
        inner = (part.values() if isinstance(part, dict) else part for part in level)
        level = [part for parts in inner for part in parts if isinstance(part, list | dict)]
        if not level:
            return False
    return True


def _no_constant(name: str) -> Any:
    message = f'{name} is not JSON; write the string "{name}"'
    raise ValueError(message)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            message = f"the name '{excerpt(name)}' stands twice"
            raise ValueError(message)
        values[name] = value
    return values


_DECODER: Final = partial(json.JSONDecoder, parse_constant=_no_constant, object_pairs_hook=_once)
_NUMBERS: Final = _DECODER()
_LITERALS: Final = _DECODER(parse_float=Literal, parse_int=Literal)


def not_csv(what: str, error: Exception, line: int) -> CgraphError:
    """Return the error for what Python's `csv` cannot read, near a line.

    >>> not_csv("d.csv", Exception("unexpected end of data"), 2).message
    'd.csv: it is not CSV: a quote is opened and never closed'
    """
    why = f"line {line} has text after a closing quote"
    if "end of data" in str(error):
        why = "a quote is opened and never closed"
    elif "limit" in str(error):
        why = f"a cell near line {line} is too long; is a quote never closed?"
    hint = "a quote inside a cell in quotes is written twice"
    return file_error(what, f"it is not CSV: {why}", hint)
