"""What all commands take: a program, and values for its names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cgcli.calculus.doubles import DOUBLES
from cgcli.calculus.kind import Kind
from cgcli.commands.files import read_array
from cgcli.commands.paths import program_path
from cgcli.decode import Literal, decode_json
from cgcli.errors import CgraphError, Place, excerpt, file_error, shorten
from cgcli.library.files import ending_of, named, read_text
from cgcli.limits import Limits
from cgcli.views.streams import tell

if TYPE_CHECKING:
    from cgcli.learning.documents import Data

STRINGS: Final = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": -float("inf")}
BETWEEN: Final = r"[,;]\s*(?=[^\W\d]\w*\s*=(?!=))"
"""What stands between two values in one text: x=1, y=3."""
_ALONE: Final = "give it a value, {0}=1; to differentiate by it: --wrt {0}"
_PLAIN: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?(e-?[0-9]{1,2})?", re.ASCII)


def read_program(argument: str | None, command: str) -> str:
    """Return the program's text: the argument, ``@path`` a file's, ``-`` standard input's."""
    if argument is None:
        hint = f'write one, for example: cgraph {command} "(x+y)*z" x=1 y=3 z=-3'
        raise CgraphError("usage", "no expression", hint)
    if (path := program_path(argument)) is not None:
        text = read_text(path)
        if re.match(r'\s*\{\s*"schema": "cgraph\.model/', text):
            message = f"{shorten(path, 80)} is a model, and no program"
            hint = f'bind its parameters with --at: cgraph {command} "w*x" --at {path}'
            raise CgraphError("usage", message, hint)
        return text
    # Python reads such a byte as half of a pair.
    if byte := re.search("[\ud800-\udfff]", argument):
        message = "the expression holds a byte that is not UTF-8"
        raise CgraphError("syntax", message, "", (Place(argument, *byte.span()),))
    return argument


def read_bindings(
    arguments: list[str],
    at: str | None,
    limits: Limits,
    kind: Kind = DOUBLES,
    given: str | None = None,
    alone: str = _ALONE,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values bound by ``NAME=VALUE`` and those of the ``--at`` file.

    They are read in a `kind` of number: what is written has as many digits there as it has.
    `given` is the text of the ``--at`` file, where it was read already, and `alone` the hint for a
    name without a value.
    """
    bound: dict[str, Any] = {}
    for argument in arguments:
        name, value = _binding(argument, limits, kind, alone)
        if name in bound:
            place = Place(argument, 0, len(argument.partition("=")[0]))
            message = f"'{excerpt(name)}' is bound twice"
            raise CgraphError("binding", message, "give each name one value", (place,))
        bound[name] = value
    if at is None:
        return bound, {}
    what = "standard input" if at == "-" else at
    example = 'for example {"x": 1, "w": [1, 2]}'
    try:
        document = decode_json(read_text(at) if given is None else given, what, kind.as_written)
    except CgraphError as error:
        if ending_of(at) in ("csv", "tsv"):
            error.hint = f"--at is an object of JSON, {example}; rows go with -d to cgraph map"
        raise
    if not isinstance(document, dict):
        raise file_error(at, "--at needs a JSON object of names and values", example)
    values = bindings_of(document, what)
    if values is not document:
        tell_scaling(document["data"])
    with named(what):
        return bound, read_values(values, limits, kind)


def read_values(
    document: Mapping[str, Any], limits: Limits, kind: Kind = DOUBLES
) -> dict[str, Any]:
    """Return the values of a JSON object: numbers, nested lists, strings as expressions."""
    return {
        canonical(name): _json_value(value, name, limits, kind) for name, value in document.items()
    }


def bindings_of(document: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    """Return what a JSON object binds; a trained model its parameters, and what was fixed."""
    if not str(document.get("schema")).startswith("cgraph.model/"):
        return document
    from cgcli.library.models import check_model

    check_model(document, what)
    return {**document["fixed"], **document["parameters"]}


def tell_scaling(data: Data) -> None:
    """Say on standard error which values a model was trained on scaled: they are bound so."""
    if data["scale"] and not data.get("unscaled"):
        names = ", ".join(map(excerpt, data["scale"]))
        advice = "bind scaled values, or use cgraph predict"
        tell(f"note: the model was trained on {names} scaled; {advice}")


def _json_value(value: Any, name: str, limits: Limits, kind: Kind, level: int = 0) -> Any:
    """Return a JSON value's number, or its list of them, of which two levels are all there are."""
    if type(value) in (int, float):
        if abs(value) <= 1.7976931348623157e308:
            return float(value)
        message = f"the value of '{excerpt(name)}' is larger than the largest double, 1.8e308"
        raise CgraphError("binding", message, 'write "Infinity" or "inf" for infinity itself')
    if isinstance(value, list) and level < 2:
        rows = []
        for number, row in enumerate(value, 1):
            try:
                rows.append(_json_value(row, name, limits, kind, level + 1))
            except CgraphError as error:
                if not level:
                    what = "row" if isinstance(row, list) else "element"
                    error.message = f"{what} {number}: {error.message}"
                raise
        return rows
    if isinstance(value, Literal):
        return _numeral(value, name, kind)
    if isinstance(value, str):
        special = STRINGS.get(value)
        return constant(value, name, limits, kind=kind) if special is None else special
    why = {type(None): "null", bool: "true or false", dict: "an object"}.get(type(value), "this")
    message, hint = f"{why} is not a number", 'write a number, a list, or a string such as "1/3"'
    if isinstance(value, list):
        message, hint = "its lists nest deeper than 2", "values are scalars, vectors and matrices"
    raise CgraphError("binding", _unusable(name, message), hint)


def _numeral(text: str, name: str, kind: Kind) -> Any:
    """Return the number that a numeral is in a kind; raises `CgraphError` where it is none."""
    try:
        return kind.numeral(text)
    except CgraphError as error:
        error.message = _unusable(name, error.message)
        raise


def _unusable(name: str, why: str) -> str:
    return f"the value of '{excerpt(name)}' cannot be used: {why}"


def _binding(argument: str, limits: Limits, kind: Kind, alone: str) -> tuple[str, Any]:
    """Return the name and the value of one ``NAME=VALUE``."""
    word, value, start = split_binding(argument, alone)
    name = canonical(word)
    if value.startswith("@"):
        return name, _from_file(word, argument, start, limits, kind)
    return name, constant(argument[start:], word, limits, argument, start, kind)


def split_binding(argument: str, alone: str = _ALONE) -> tuple[str, str, int]:
    """Return the name of a ``NAME=VALUE``, its value's text, and where that begins.

    `alone` is the hint for a name without a value.

    >>> split_binding("w = 2*pi")
    ('w', ' 2*pi', 3)
    """
    from cgcli.language.reader import machine, normalise

    plain = normalise(argument)
    name, equals, value = plain.partition("=")
    word = name.strip()
    if not equals and re.fullmatch("-[A-Za-z]", argument):
        message = f"there is no option {argument} here"
        raise CgraphError("usage", message, "--help lists the options; what is printed goes > FILE")
    if equals and re.search(BETWEEN, value):
        message, hint = "several values stand in one word", re.sub(BETWEEN, " ", plain)
        place = Place(argument, 0, len(argument))
        hint = f"write one value a word: {shorten(hint, 80)}"
        raise CgraphError("binding", message, hint, (place,))
    if not equals or value.startswith("=") or word.endswith(":"):
        parts = re.fullmatch(r"\s*([^\W\d]\w*)\s*(?::=?|==+)\s*(.+)", plain)
        hint = "bind with NAME=VALUE; put an expression with spaces in double quotes"
        if plain.isidentifier():
            hint = alone.format(excerpt(plain))
        if parts is not None:
            hint = f"write {excerpt(parts[1])}={shorten(parts[2])}"
        message = f"'{shorten(argument)}' is not a binding"
        raise CgraphError("binding", message, hint, (Place(argument, 0, len(argument)),))
    match = machine().pattern.fullmatch(word)
    if match is None or match.lastgroup != "NAME":
        hint = "a name is a letter, then letters, digits and underscores: x=1"
        message = f"'{excerpt(word)}' is not a name"
        if not word:
            message = "there is no name before the '='"
            hint = 'put what has spaces in double quotes, "df/dx = 6"; a value has none: x=1'
        if re.fullmatch(r"\w+\[.*\]", word):
            hint = f"a member of a family is assigned in the program: {excerpt(word)} = …; "
            hint += "a vector is bound as one value: x=[1, 2, 3]"
        place = Place(argument, 0, len(name))
        raise CgraphError("binding", message, hint, (place,))
    return word, value, len(name) + 1


def canonical(name: str) -> str:
    """Return the one name of what has two: pi, for π as well."""
    return "pi" if name == "π" else name


def _from_file(name: str, argument: str, start: int, limits: Limits, kind: Kind) -> Any:
    path = argument[start + 1 :]
    if not path:
        message = "'@' without a file"
        place = Place(argument, start, start + 1)
        raise CgraphError("binding", message, "write the path after it: W=@weights.csv", (place,))
    array = read_array(path, kind)
    if ending_of(path) != "json":
        return array
    with named(path):
        value = _json_value(array, name, limits, kind)
        if isinstance(value, list):
            # What is wrong with its shape is the file's, and is told with it.
            kind.inputs({name: value})
    return value


def constant(
    text: str,
    name: str,
    limits: Limits,
    context: str | None = None,
    offset: int = 0,
    kind: Kind = DOUBLES,
    known: Mapping[str, Any] = {},
) -> Any:
    """Return the value of a constant expression in a kind of number, or an array of them.

    `context` is the text that it stands in, from `offset` on, for messages; `known` are names
    that have values in it.

    >>> constant("1/4", "x", Limits())
    0.25
    """
    if _PLAIN.fullmatch(text):
        return _numeral(text, name, kind)
    try:
        # Blanks keep the columns of messages those of the whole.
        return _constant(" " * offset + text, name, limits, kind, known)
    except CgraphError as error:
        context = text if context is None else context
        places = tuple(place._replace(text=context) for place in error.places)
        error.places = places or (Place(context, offset, len(context)),)
        raise


def _constant(text: str, name: str, limits: Limits, kind: Kind, known: Mapping[str, Any]) -> Any:
    from cgcli.graph.build import build
    from cgcli.language.parse import parse
    from cgcli.language.syntax import Value

    shown = excerpt(name)
    if not text.strip():
        raise CgraphError("binding", f"'{shown}' has no value", f"write it after '=': {shown}=1")
    syntax = parse(text, limits)
    if len(syntax.block) != 1 or not isinstance(syntax.block[0], Value):
        message = f"the value of '{shown}' must be one expression"
        raise CgraphError("binding", message, "statements belong in the program")
    graph = build(syntax, known, limits)
    for unknown, node in graph.inputs.items():
        if unknown not in known:
            why = f"is not a number: '{excerpt(unknown)}' has no value itself"
            hint = "a value is a number or a constant expression: 1, -3, 1/3, pi/2, [1, 2, 3]"
            place = Place(text, graph.starts[node], graph.ends[node])
            raise CgraphError("binding", f"the value of '{shown}' {why}", hint, (place,))
    try:
        return kind.constant(graph, known)
    except CgraphError as error:
        error.message = _unusable(name, error.message)
        raise


def read_name(text: str | None, option: str = "--of") -> str | None:
    """Return the one name that an option gives, as the graph writes it."""
    if text is None:
        return None
    if not text.strip():
        raise CgraphError("usage", f"{option} names nothing", f"write one name: {option} p")
    return canonical(re.sub(r"\s*,\s*", ", ", text.strip()))


def split_names(text: str | None, option: str = "--wrt", example: str = "x,y") -> list[str] | None:
    """Return the names, or expressions, that a text lists: commas outside of brackets part them.

    >>> split_names("p, h[1,2], max(p,q)/2")
    ['p', 'h[1, 2]', 'max(p, q)/2']
    """
    if text is None:
        return None
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    names = [name for part in parts if part.strip() and (name := read_name(part, option))]
    if not names:
        hint = f"write names with commas: {option} {example}"
        raise CgraphError("usage", f"{option} names nothing", hint)
    return names


def read_shapes(text: str | None) -> dict[str, Any]:
    """Return arrays of zeros, which take no room, for a list such as ``W=3x2,x=2``.

    >>> {name: array.shape for name, array in read_shapes("W=3x2, x=2").items()}
    {'W': (3, 2), 'x': (2,)}
    """
    if text is None:
        return {}
    import numpy as np

    shapes: dict[str, Any] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\w+)\s*=\s*([0-9]{1,9})(?:\s*[x×]\s*([0-9]{1,9}))?\s*", part)
        shape = tuple(int(digits) for digits in match.groups()[1:] if digits) if match else ()
        if match is None or 0 in shape:
            message = f"--shape needs names with their shapes, not '{shorten(part.strip())}'"
            hint = "write --shape W=3x2,x=2: W has 3 rows and 2 columns, x is a vector of 2"
            raise CgraphError("usage", message, hint)
        name = canonical(match[1])
        if name in shapes:
            raise CgraphError("usage", f"--shape gives '{excerpt(name)}' two shapes", "give it one")
        shapes[name] = np.broadcast_to(np.float64(0), shape)
    return shapes
