"""`cgraph help` and `cgraph version`: what the options of those names print."""

from __future__ import annotations

from cgcli import __version__
from cgcli.commands.options import Options, argument, conflict, takes
from cgcli.commands.pages import text_of
from cgcli.commands.shared import COMMANDS, first, page, unknown_command
from cgcli.library.choices import completed, flag
from cgcli.views.streams import publish


class HelpOptions(Options):
    """The options of `cgraph help`."""

    command: str | None = argument(
        "The command; without one, the list of commands.", "[COMMAND]", completed(tuple(COMMANDS))
    )
    man: bool = flag("Print the man page of all commands.")


@takes(HelpOptions, arguments="command", options="man")
def help_command(given: HelpOptions) -> None:
    """How a command is used.

    cgraph help trace
    cgraph help --man
    """
    if given.man:
        if given.command is not None:
            raise conflict("--man is of all commands", "leave the command out")
        from cgcli.views.manual import man_page

        pages = {name: page(name) for name in COMMANDS}
        publish(f"{line}\n" for line in man_page(first(), pages, __version__))
        return
    if given.command is not None and given.command not in COMMANDS:
        raise unknown_command(given.command)
    wanted = first() if given.command is None else page(given.command)
    publish([text_of(wanted), "\n"])


@takes(Options)
def version_command(given: Options) -> None:
    """The version of the program."""
    publish([f"cgraph {__version__}\n"])
