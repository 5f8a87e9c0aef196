"""`cgraph help` and `cgraph version`: what the options of those names print."""

from __future__ import annotations

import sys

import typer

from cgcli.commands.choices import completed
from cgcli.commands.options import Options, argument, takes
from cgcli.commands.shared import COMMANDS, unknown_command


class HelpOptions(Options):
    """The options of `cgraph help`."""

    command: str | None = argument(
        "The command; without one, the list of commands.", "[COMMAND]", completed(tuple(COMMANDS))
    )


@takes(HelpOptions, "command")
def help_command(given: HelpOptions) -> None:
    """How a command is used."""
    group = given.context.parent
    assert group is not None
    text = group.get_help()
    if given.command is not None:
        command = group.command.get_command(group, given.command)
        if command is None:
            raise unknown_command(given.command)
        text = command.get_help(typer.Context(command, parent=group, info_name=given.command))
    sys.stdout.write(text + "\n")


@takes(Options, "")
def version_command(given: Options) -> None:
    """The version of the program."""
    from cgcli import __version__

    sys.stdout.write(f"cgraph {__version__}\n")
