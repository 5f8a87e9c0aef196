"""`cgraph help` and `cgraph version`: what the options of those names print."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cgcli.commands.choices import completed
from cgcli.commands.shared import COMMANDS, Debug, unknown_command

__all__ = ["help_command", "version_command"]


def help_command(
    ctx: typer.Context,
    command: Annotated[
        str | None,
        typer.Argument(
            metavar="[COMMAND]",
            show_default=False,
            help="The command; all of them without one.",
            autocompletion=completed(tuple(COMMANDS)),
        ),
    ] = None,
    debug: Debug = False,
) -> None:
    """How a command is used."""
    group = ctx.parent
    assert group is not None
    text = group.get_help()
    if command is not None:
        found = group.command.get_command(group, command)  # type: ignore[attr-defined]
        if found is None:
            raise unknown_command(command)
        text = found.get_help(typer.Context(found, parent=group, info_name=command))
    sys.stdout.write(text + "\n")


def version_command(debug: Debug = False) -> None:
    """The version of the program."""
    from cgcli import __version__

    sys.stdout.write(f"cgraph {__version__}\n")
