"""What the commands have in common: how arguments are told apart, and where they are found."""

from __future__ import annotations

import functools
import itertools
import os
import re
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from cgcli.commands.pages import first_page, page_of, text_of
from cgcli.errors import CgraphError, nearest, shorten
from cgcli.views.manual import Page


class ProgramCommand(TyperCommand):
    """A command whose arguments may begin with a minus: ``cgraph eval -x^2 x=3``.

    Only the exact names of declared options, and what begins with two dashes, are options;
    everything else is an argument, and so is all that follows a bare ``--``. What a help text
    writes with dots, FILE..., takes any number of words.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Tell options and arguments apart, then let Typer read them."""
        parameters = self.get_params(ctx)
        known = [parameter for parameter in parameters if isinstance(parameter, TyperOption)]
        declared = {name: option for option in known for name in option.opts}
        # The shell completes what is not there yet.
        strict = not ctx.resilient_parsing
        options: list[str] = []
        seen: list[TyperOption] = []
        arguments: list[str] = []
        rest = list(reversed(args))
        while rest:
            argument = rest.pop()
            if argument == "--":
                arguments.extend(reversed(rest))
                break
            name, equals, value = argument.partition("=")
            if name not in declared:
                if argument.startswith("--") and strict:
                    raise unknown_option(name, list(declared))
                arguments.append(argument)
                continue
            option = declared[name]
            if option.is_flag:
                if equals and strict:
                    raise CgraphError("usage", f"{name} takes no value", f"write {name} alone")
                options.append(name)
                continue
            if not equals:
                value = rest.pop() if rest else ""
                if not value and strict:
                    hint = f"write {name} {option.metavar}"
                    raise CgraphError("usage", f"{name} needs a value", hint)
                if not value:
                    continue
            if option in seen and not option.multiple and strict:
                lists = {"--wrt": "--wrt x,y", "--hide": "--hide gradients,values"}
                hint = f"list them with commas: {lists[name]}" if name in lists else "give it once"
                raise CgraphError("usage", f"{name} is given twice", hint)
            seen.append(option)
            values = [value]
            if str(option.metavar).endswith("..."):
                while rest and rest[-1] not in declared and _goes_on(rest[-1], arguments):
                    values.append(rest.pop())
            for value in values:
                options += [f"{name}={value}"] if name.startswith("--") else [name, value]
        takes = any(parameter.name == "bindings" for parameter in parameters)
        if takes and strict and (error := spaced(arguments)):
            raise error
        return super().parse_args(ctx, [*options, "--", *arguments])

    def get_help(self, ctx: Any, short: bool = True) -> str:
        """Return the help; when `short`, without what is rare."""
        return text_of(page(str(self.name)), short=short)

    def invoke(self, ctx: Any) -> Any:
        """Run the command, once it is clear that none of its files is lost by it."""
        from cgcli.commands.paths import check_paths

        check_paths(function_of(str(self.name)).rows, ctx.params)
        return super().invoke(ctx)


def _goes_on(word: str, arguments: list[str]) -> bool:
    """Whether a word is one more file of an option, -a ann.txt bo.txt: it can be no binding.

    `arguments` are those met so far: the first of them is the program.
    """
    if word.startswith("--"):
        return False
    binding = re.match(r"\s*[^\W\d]\w*\s*=", word) is not None
    return os.path.exists(word) or (bool(arguments) and not binding)


def spaced(arguments: list[str]) -> CgraphError | None:
    """Return the error for a value in several words, x = 1, x= 1 or x =1; the first is a program.

    >>> spaced(["x*y", "x", "=", "1"]).hint
    'write x=1, without spaces'
    """
    for place, word in enumerate(arguments[1:], 1):
        after = arguments[place + 1] if place + 1 < len(arguments) else ""
        if after and re.match(r"[^\W\d]\w*=\[", word) and word.count("[") > word.count("]"):
            parts = itertools.accumulate(arguments[place:], "{} {}".format)
            shown = next(
                (part for part in parts if part.count("[") <= part.count("]")), f"{word} …"
            )
            message = f"the value of '{shorten(word.partition('=')[0])}' has spaces"
            return CgraphError("binding", message, f'put it in double quotes: "{shorten(shown)}"')
        if word.startswith("="):
            name, value = arguments[place - 1], word[1:] or after
        elif word.endswith("=") and after and "=" not in after:
            name, value = word[:-1], after
        else:
            continue
        if not name.isidentifier():
            continue
        message = f"spaces stand round the '=' of '{shorten(name)}'"
        hint = f"write {shorten(name)}={shorten(value.rstrip(',;'))}, without spaces"
        if word.startswith("=") and place == 1:
            hint = 'put the program in double quotes, "p = x + y", and write values so: x=1'
        return CgraphError("binding", message, hint)
    return None


def unknown_option(name: str, declared: list[str]) -> CgraphError:
    """Return the error for a mistyped option."""
    # The dashes, which all have, make no two names alike.
    bare = {option.lstrip("-"): option for option in declared}
    meant = _MEANT.get(name.lstrip("-"), "")
    close = meant if meant in bare else nearest(name.lstrip("-"), bare, 0.6)
    hint = "--help lists the options; what begins with two minus signs goes after a bare --"
    hint = f"did you mean {bare[close]}?" if close else hint
    return CgraphError("usage", f"there is no option {shorten(name)}", hint)


def unknown_command(name: str) -> CgraphError:
    """Return the error for a word that is no command, with what was meant."""
    if close := _MEANT.get(name) or nearest(name, COMMANDS, 0.6):
        hint = f"did you mean cgraph {close}?"
    elif re.fullmatch(r"[\w\s'?]+", name):
        hint = f"the commands are {', '.join(COMMANDS)}"
    else:
        hint = f'to evaluate an expression write: cgraph eval "{shorten(name)}"'
    return CgraphError("usage", f"there is no command '{shorten(name)}'", hint)


COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "eval": ("evaluate", "evaluate_command"),
    "trace": ("trace", "trace_command"),
    "check": ("check", "check_command"),
    "sheet": ("sheet", "sheet_command"),
    "diff": ("differentiate", "differentiate_command"),
    "export": ("export", "export_command"),
    "train": ("train", "train_command"),
    "predict": ("map", "predict_command"),
    "map": ("map", "map_command"),
    "draw": ("draw", "draw_command"),
    "page": ("page", "page_command"),
    "ops": ("operations", "operations_command"),
    "schema": ("schema", "schema_command"),
    "help": ("help", "help_command"),
    "version": ("help", "version_command"),
}
"""By command its module here, and its function."""


_MEANT: Final = {"plot": "draw", "mark": "check", "by": "wrt", "answers": "key"}
"""Other words for commands and options, which are like none of them."""


def function_of(name: str) -> Any:
    """Return the function of a command, which is imported when it is asked for."""
    from importlib import import_module

    module, function = COMMANDS[name]
    return getattr(import_module(f"cgcli.commands.{module}"), function)


def page(name: str) -> Page:
    """Return what the help says of a command."""
    return page_of(name, function_of(name))


def first() -> Page:
    """Return what the help says of all commands."""
    return first_page({name: function_of(name) for name in COMMANDS})


@functools.cache
def command_of(name: str) -> Any:
    """Return a command, made once: the prompt asks for one at every line."""
    alone = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
    settings = {"help_option_names": ["--help", "-h"]}
    made = alone.command(name, cls=ProgramCommand, context_settings=settings)
    made(function_of(name))
    return typer.main.get_command(alone)


class Group(TyperGroup):
    """The commands, each imported when it is asked for, and an answer for any other word."""

    def get_help(self, ctx: Any, short: bool = True) -> str:
        """Return the help of the program; when `short`, without what is rare."""
        return text_of(first(), short=short)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command by its name; None where there is none."""
        return command_of(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; say what was meant when there is none of that name."""
        name = args[0]
        if name not in COMMANDS and not ctx.resilient_parsing:
            if name.startswith("-") and len(name) > 1 and not name[1].isdigit():
                raise unknown_option(name, ["--help", "--version", "--install-completion"])
            raise unknown_command(name)
        return super().resolve_command(ctx, args)
