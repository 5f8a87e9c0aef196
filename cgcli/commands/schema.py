"""`cgraph schema`: the JSON Schema of what a command prints."""

from __future__ import annotations

from cgcli.commands.options import Options, argument, takes
from cgcli.errors import CgraphError, excerpt, suggest
from cgcli.library.choices import completed
from cgcli.views.schemas import names, read
from cgcli.views.streams import publish


class SchemaOptions(Options):
    """The options of `cgraph schema`."""

    command: str | None = argument(
        "The command; without one, all schemas by name.", "[COMMAND]", completed(names)
    )


@takes(SchemaOptions, arguments="command")
def schema_command(given: SchemaOptions) -> None:
    """The JSON Schema of a command's output, or of all by name.

    cgraph schema eval
    cgraph schema
    """
    command = given.command
    if command is not None and command not in names():
        message = f"there is no schema '{excerpt(command)}'"
        hint = suggest(command, names(), f"there are {', '.join(names())}", 0.7, written="'{}'")
        raise CgraphError("usage", message, hint)
    publish([read(command)])
