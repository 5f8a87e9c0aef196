"""`cgraph schema`: the JSON Schema of what a command prints."""

from __future__ import annotations

from typing import Annotated

import typer

from cgcli.commands.choices import completed
from cgcli.commands.shared import Debug
from cgcli.errors import CgraphError, excerpt, nearest
from cgcli.views.schemas import names, read
from cgcli.views.streams import publish

__all__ = ["schema_command"]


def schema_command(
    command: Annotated[
        str | None,
        typer.Argument(
            metavar="[COMMAND]",
            show_default=False,
            help="The command: eval, ops …; all of them without one.",
            autocompletion=completed(names),
        ),
    ] = None,
    debug: Debug = False,
) -> None:
    """The JSON Schema of a command's output, or of all by name."""
    if command is None:
        import json

        every = {name: json.loads(read(name)) for name in names()}
        publish([json.dumps(every, indent=2) + "\n"])
        return
    if command not in names():
        message = f"there is no schema '{excerpt(command)}'"
        close = nearest(command, names(), 0.7)
        hint = f"did you mean '{close}'?" if close else f"there are {', '.join(names())}"
        raise CgraphError("usage", message, hint)
    publish([read(command)])
