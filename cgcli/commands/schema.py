"""`cgraph schema`: the JSON Schema of what a command prints."""

from __future__ import annotations

from typing import Annotated

import typer

from cgcli.commands.shared import Debug
from cgcli.errors import CgraphError, excerpt
from cgcli.views.schemas import names, read
from cgcli.views.streams import publish

__all__ = ["schema_command"]


def schema_command(
    command: Annotated[
        str | None,
        typer.Argument(
            metavar="COMMAND", show_default=False, help="The command: eval, ops …; all without one."
        ),
    ] = None,
    debug: Debug = False,
) -> None:
    """The JSON Schema of a command's output."""
    if command is None:
        publish(["\n".join(names()) + "\n"])
        return
    if command not in names():
        message = f"there is no schema '{excerpt(command)}'"
        raise CgraphError("usage", message, f"there are {', '.join(names())}")
    publish([read(command)])
