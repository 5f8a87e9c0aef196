"""The JSON Schemas of all that is printed as JSON: versioned contracts, checked by the tests."""

from __future__ import annotations

import functools
import json
import math
from typing import Any, Final

from cgcli.decode import Literal
from cgcli.errors import excerpt, shorten

_DOCUMENTS: Final = {
    "check": "cgcli.views.schemas.homework.Marking",
    "diff": "cgcli.views.schemas.graphs.Differentiation",
    "draw": "cgcli.views.schemas.graphs.Drawing",
    "error": "cgcli.documents.Refusal",
    "eval": "cgcli.views.schemas.results.ProvedEvaluation",
    "jsonl": "cgcli.views.schemas.results.Line",
    "map": "cgcli.learning.documents.Mapping",
    "model": "cgcli.learning.documents.Model",
    "ops": "cgcli.views.schemas.graphs.Operations",
    "predict": "cgcli.learning.documents.Mapping",
    "sheet": "cgcli.views.schemas.homework.Sheet",
    "trace": "cgcli.views.schemas.results.Trace",
    "train": "cgcli.learning.documents.Run",
}
"""The types of what is printed or written, by the command or by what it is."""


def names() -> list[str]:
    """Return what there are schemas of.

    >>> names()[:5]
    ['check', 'diff', 'draw', 'error', 'eval']
    """
    return list(_DOCUMENTS)


@functools.cache
def schema(name: str) -> dict[str, Any]:
    """Return a schema, by one of `names`."""
    from cgcli.views.schemas.derive import Types

    module, _, root = _DOCUMENTS[name].rpartition(".")
    return Types(module).schema(name, root)


def read(name: str | None) -> str:
    """Return the text of a schema, by one of `names`; without a name that of all, by theirs."""
    document = {name: schema(name) for name in names()} if name is None else schema(name)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


_KINDS: Final[dict[type, tuple[str, str]]] = {
    Literal: ("integer", "a whole number"),
    bool: ("boolean", "true or false"),
    dict: ("object", "an object"),
    list: ("array", "a list"),
    str: ("string", "text"),
    int: ("integer", "a whole number"),
    float: ("number", "a number"),
    type(None): ("null", "null"),
}
"""By type of a value what a schema calls it, and a message; a number as it is written is whole."""

_WORDS: Final = dict(_KINDS.values())


def misfit(document: Any, name: str) -> tuple[str, str] | None:
    """Return where a JSON document is not what a schema says, and why; None where it is.

    It heeds what the schemas here use of JSON Schema; a number beyond the doubles fits none.

    >>> misfit({"schema": "cgraph.map/1", "rows": [{"row": "one"}], "notes": {}}, "map")
    ('rows[0].row', "'one' is not a whole number")
    """
    top = schema(name)
    pending = [("", document, top)]
    while pending:
        place, value, rule = pending.pop()
        rules = _alternatives(rule, top)
        chosen = next((rule for rule in rules if _is_of(value, rule)), None)
        if chosen is None:
            return place, f"{_shown(value)} is not {_wanted(rules)}"
        why = _why(value, chosen)
        if why:
            return place, why
        if isinstance(value, list) and all(type(x) is float and x - x == 0 for x in value):
            # Millions of plain numbers fit where the first of them does.
            value = value[:1]
        pending += reversed(_parts(place, value, chosen))
    return None


def _alternatives(rule: dict[str, Any], top: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rules one of which a value must follow, references looked up."""
    alternatives, pending = [], [rule]
    while pending:
        rule = pending.pop()
        if "$ref" in rule:
            pending.append(top["$defs"][rule["$ref"].rpartition("/")[2]])
        elif "anyOf" in rule:
            pending += reversed(rule["anyOf"])
        else:
            alternatives.append(rule)
    return alternatives


def _is_of(value: Any, rule: dict[str, Any]) -> bool:
    """Whether a value is of a rule's kind, whatever its parts are."""
    if "const" in rule or "enum" in rule:
        return type(value) is str and value in rule.get("enum", [rule.get("const")])
    wanted, kind = rule.get("type"), _KINDS[type(value)][0]
    return wanted in (None, kind) or (kind == "integer" and wanted == "number")


def _wanted(rules: list[dict[str, Any]]) -> str:
    words: dict[str, None] = {}
    for rule in rules:
        if "type" in rule:
            words[_WORDS[rule["type"]]] = None
        elif "a number" not in words:
            words.update((f"'{word}'", None) for word in rule.get("enum", [rule.get("const")]))
    return " or ".join(words)


def _shown(value: Any) -> str:
    kind, words = _KINDS[type(value)]
    if kind in ("object", "array", "null"):
        return words
    text = shorten(value if isinstance(value, str) else str(value).lower(), 30)
    return f"'{text}'" if kind == "string" else text


def _why(value: Any, rule: dict[str, Any]) -> str:
    """Return what is wrong with a value of the right kind, its parts left aside."""
    if isinstance(value, dict):
        known = rule["properties"] if rule.get("additionalProperties") is False else value
        faults = [f"'{key}' is missing" for key in rule.get("required", []) if key not in value]
        faults += [f"'{excerpt(key)}' is no part of it" for key in value if key not in known]
        return next(iter(faults), "")
    if isinstance(value, list):
        least, most = rule.get("minItems", 0), rule.get("maxItems", math.inf)
        if not least <= len(value) <= most:
            return f"it has {len(value)} elements, and must have {least}"
    elif type(value) in (int, float, Literal):
        number = float(value) if type(value) is Literal else value
        if abs(number) > 1.7976931348623157e308:
            return "it is larger than the largest double, 1.8e308"
        if number < rule.get("minimum", -math.inf):
            return f"{_shown(value)} is less than {rule['minimum']}"
        if number > rule.get("maximum", math.inf):
            return f"{_shown(value)} is more than {rule['maximum']}"
    return ""


def _parts(place: str, value: Any, rule: dict[str, Any]) -> list[tuple[str, Any, dict[str, Any]]]:
    """Return what a value holds, each with its place and the rule that it must follow."""
    if isinstance(value, dict):
        properties, more = rule.get("properties", {}), rule.get("additionalProperties")
        rest = more if isinstance(more, dict) else {}
        dotted = f"{place}." if place else ""
        return [
            (dotted + excerpt(key), part, properties.get(key, rest)) for key, part in value.items()
        ]
    if not isinstance(value, list):
        return []
    items, first = rule.get("items", {}), rule.get("prefixItems", [])
    rules = first + [items] * (len(value) - len(first))
    return [(f"{place}[{k}]", part, rules[k]) for k, part in enumerate(value)]
