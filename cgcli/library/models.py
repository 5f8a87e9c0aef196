"""Models on the command line: read from a file, and checked before anything is done with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cgcli.decode import decode_json
from cgcli.errors import CgraphError, file_error, shorten
from cgcli.learning.models import SCHEMA, Model
from cgcli.library.files import named, read_text
from cgcli.program import parse
from cgcli.views.schemas import misfit

_UNUSABLE: Final = "this model cannot be used"
_CHANGED: Final = "it was changed after it was written; train it again"


def read_model(path: str) -> Model:
    """Return the model that a file holds; raises `CgraphError` that names file and place."""
    document = decode_json(read_text(path), path)
    check_model(document, path)
    try:
        model = Model.read(document)
    except CgraphError as error:
        raise file_error(path, f"{_UNUSABLE}: {error.message}", _CHANGED) from None
    with named(path):
        parse(model.program)
    return model


def check_model(document: Any, path: str) -> None:
    """Raise `CgraphError` where a JSON document is no model by the schema of models."""
    schema = document.get("schema") if isinstance(document, Mapping) else None
    if not isinstance(schema, str) or not schema.startswith("cgraph.model/"):
        raise file_error(path, "this is no model", "a model is what cgraph train -o writes")
    if schema != SCHEMA:
        why = f"it is of the version {shorten(schema)}, and {SCHEMA} is read here"
        raise file_error(path, why, "use the cgraph that wrote it, or train it again")
    wrong = misfit(document, "model")
    if wrong is not None:
        place, why = wrong
        where = f"at {place}, " if place else ""
        raise file_error(path, f"{_UNUSABLE}: {where}{why}", _CHANGED)
