"""The errors for programs that cannot be built; what they say stands in `refusals.toml`."""

from __future__ import annotations

import functools
from typing import Any

from cgcli.errors import CgraphError, Place, excerpt
from cgcli.resource import read_toml


@functools.cache
def _rows() -> dict[str, Any]:
    return read_toml(__package__, "refusals.toml")


def refusal(
    text: str, key: str, span: tuple[int, int], other: tuple[int, int] | None = None, **values: Any
) -> CgraphError:
    """Return the error of a row at a span of a text, and at another that it has to do with.

    The values fill in what the row has in braces; a `name` is shortened.

    >>> refusal("a = 1; a = 2", "assigned-twice", (7, 12), (0, 5), name="a").message
    "'a' is assigned twice"
    """
    row = _rows()[key]
    if "name" in values:
        values["name"] = excerpt(values["name"])
    places = [Place(text, *span)]
    if other is not None and other != span:
        places.append(Place(text, *other, row["label"]))
    message, hint = (row[part].format_map(values) for part in ("message", "hint"))
    return CgraphError(row["kind"], message, hint, tuple(places))
