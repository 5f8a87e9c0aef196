"""Documents held to the schemas that the program prints."""

from __future__ import annotations

import functools
import json
from typing import Any

import jsonschema

from cgcli.views.schemas import read


@functools.cache
def validator(name: str) -> Any:
    """The validator of a schema, made once: to check the schema itself takes the longest."""
    schema = json.loads(read(name))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def validate(document: Any, name: str) -> None:
    """Raise where a document is not as its schema says."""
    validator(name).validate(document)
