"""Documents held to the schemas that the program prints."""

from __future__ import annotations

import functools
import json
from typing import Any

import jsonschema

from cgcli.views.schemas import read

_read = functools.cache(read)


@functools.cache
def validator(schema: str) -> Any:
    """The validator of the text of a schema, made once: to check the schema takes the longest."""
    rules = json.loads(schema)
    jsonschema.Draft202012Validator.check_schema(rules)
    _join(rules, rules.get("$defs", {}))
    return jsonschema.Draft202012Validator(rules)


def _join(rules: Any, definitions: dict[str, Any]) -> None:
    """Put what a $ref refers to in its place: jsonschema looks for it at every number anew."""
    pending, met = [rules], set[int]()
    while pending:
        part = pending.pop()
        if id(part) in met:
            continue
        met.add(id(part))
        for key in part if isinstance(part, dict) else range(len(part)):
            while isinstance(part[key], dict) and "$ref" in part[key]:
                part[key] = definitions[part[key]["$ref"].removeprefix("#/$defs/")]
            if isinstance(part[key], dict | list):
                pending.append(part[key])


def validate(document: Any, name: str) -> None:
    """Raise where a document is not as its schema says."""
    validator(_read(name)).validate(document)
