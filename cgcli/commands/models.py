"""Models on the command line: read from a file, and checked before anything is done with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cgcli.commands.files import named, read_text
from cgcli.decode import decode_json
from cgcli.errors import CgraphError, shorten

if TYPE_CHECKING:
    from cgcli.learning.models import Model

__all__ = ["check_model", "read_model"]


def read_model(path: str) -> Model:
    """Return the model that a file holds; raises `CgraphError` that names file and place."""
    from cgcli.learning.models import Model
    from cgcli.program import parse

    found = decode_json(read_text(path), path)
    check_model(found, path)
    model = Model.read(found, path)
    with named(path):
        parse(model.program)
    return model


def check_model(found: Any, path: str) -> None:
    """Raise `CgraphError` where a JSON document is no model by the schema of models."""
    from cgcli.learning.models import SCHEMA
    from cgcli.views.schemas import misfit

    called = shorten(path, 80)
    schema = found.get("schema") if isinstance(found, Mapping) else None
    if not isinstance(schema, str) or not schema.startswith("cgraph.model/"):
        message = f"{called}: this is no model"
        raise CgraphError("file", message, "a model is what cgraph train -o writes")
    if schema != SCHEMA:
        message = f"{called}: it is of the version {shorten(schema)}, and {SCHEMA} is read here"
        raise CgraphError("file", message, "use the cgraph that wrote it, or train it again")
    wrong = misfit(found, "model")
    if wrong is not None:
        place, why = wrong
        where = f"at {place}, " if place else ""
        message = f"{called}: this model cannot be used: {where}{why}"
        raise CgraphError("file", message, "it was changed after it was written; train it again")
