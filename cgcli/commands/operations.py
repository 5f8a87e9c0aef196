"""`cgraph ops`: the table of operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cgcli.commands.options import Options, argument, takes
from cgcli.errors import CgraphError, excerpt, suggest
from cgcli.library.choices import completed
from cgcli.operations.row import Operation
from cgcli.operations.spellings import OTHER_SPELLINGS
from cgcli.operations.table import OPERATIONS, TABLE, WORDS
from cgcli.views.streams import publish_document

if TYPE_CHECKING:
    from cgcli.views.schemas.graphs import Operations


def _words() -> list[str]:
    return sorted({*OPERATIONS, *WORDS})


class OpsOptions(Options):
    """The options of `cgraph ops`."""

    name: str | None = argument("One operation, in full.", "[NAME]", completed(_words))


@takes(OpsOptions, arguments="name", output="json")
def operations_command(given: OpsOptions) -> None:
    """The operations, their derivatives and their conventions.

    cgraph ops softplus
    cgraph ops --json
    """
    from cgcli.views.operations import operation_document, print_operation, print_operations

    rows = list(TABLE) if given.name is None else _find(given.name)
    if given.json:
        document: Operations = {
            "schema": "cgraph.ops/1",
            "operations": [operation_document(row) for row in rows],
        }
        publish_document(document)
    elif given.name is None:
        print_operations()
    else:
        for row in rows:
            print_operation(row)


def _find(name: str) -> list[Operation]:
    """Return the rows of a name, a word or a symbol."""
    symbol = "^" if name == "**" else name
    rows = [r for r in TABLE if name in (r.name, *r.words) or (r.symbol and r.symbol == symbol)]
    if rows:
        return rows
    if name in OTHER_SPELLINGS:
        hint = f"here it is {OTHER_SPELLINGS[name]}"
    else:
        hint = suggest(name, _words(), "cgraph ops lists them all", 0.7, written="'{}'")
    raise CgraphError("usage", f"there is no operation '{excerpt(name)}'", hint)
