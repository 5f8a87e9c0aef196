"""The program `cgraph`: its commands, and what becomes of errors."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import re
import sys
from typing import Any, Final

import typer

from cgcli.commands.options import known_language, print_all
from cgcli.commands.shared import Group
from cgcli.errors import CgraphError, FaultError, shorten
from cgcli.views.streams import publish_document, standard_streams, tell
from cgcli.words import ask

DONE: Final = 0
UNUSABLE: Final = 2
FAULT: Final = 70
INTERRUPTED: Final = 130
COMPLETION: Final = "_CGRAPH_COMPLETE"
"""The variable by which a shell asks what completes a word."""
_HEADS: Final = {"error": "bold red", "hint": "bold green"}

app = typer.Typer(
    name="cgraph",
    cls=Group,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    help="Values and gradients of expressions, through their computational graphs.",
)


def _print_version(asked: bool) -> None:
    if asked:
        from cgcli.commands.help import version_command

        version_command()
        raise typer.Exit


def _check_language(language: str) -> str:
    return known_language("--lang", language)


@app.callback(invoke_without_command=True)
def _cgraph(
    ctx: typer.Context,
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
    every: bool = typer.Option(False, "--help-all", callback=print_all, is_eager=True),
    language: str = typer.Option("", "--lang", callback=_check_language, is_eager=True),
) -> None:
    if ctx.invoked_subcommand is not None:
        return
    if sys.stdin.isatty() and sys.stdout.isatty():
        from cgcli.commands.prompt import open_prompt

        open_prompt(_run, lambda error: _report(error, as_json=False), language)
        return
    sys.stdout.write(ctx.get_help() + "\n")


@functools.cache
def _program() -> Any:
    """Return the program, made once: the prompt runs it at every line."""
    return typer.main.get_command(app)


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit status; no error of any kind is raised.

    0 done, 1 done and the answer is no, 2 the input could not be used, 70 a fault of the
    program itself, 130 interrupted. A closed pipe ends the program quietly.
    """
    with standard_streams():
        if COMPLETION in os.environ:
            return _complete()
        return _run([_decoded(argument) for argument in arguments])


def _run(arguments: list[str], at_prompt: bool = False) -> int:
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    # What prints JSON alone says its errors so.
    as_json = any(word.partition("=")[0] in ("--json", "--fields") for word in options)
    ask(options)
    try:
        status = _program()(
            arguments, prog_name="cgraph", standalone_mode=False, windows_expand_args=False
        )
        sys.stdout.flush()
        return int(status or DONE)
    except CgraphError as error:
        from cgcli.program import UnboundError

        if at_prompt and isinstance(error, UnboundError):
            from cgcli.commands.prompt import missing

            error.hint = missing(error)
        return _report(error, as_json)
    except KeyboardInterrupt:
        return INTERRUPTED
    except MemoryError:
        return _report(CgraphError("limit", "there is not enough memory for this"), as_json)
    except (BrokenPipeError, SystemExit):
        # Rich leaves in the second way when a pipe is closed.
        return DONE
    except OSError as error:
        # Files and streams blame themselves; what is left writes the help.
        why = (error.strerror or "it cannot be written").lower()
        return _report(CgraphError("file", f"standard output: {why}"), as_json=False)
    except Exception as error:  # noqa: BLE001  # whatever it is, it must not end as a traceback
        words = getattr(error, "format_message", None)
        if words is not None:
            return _report(_usage(words()), as_json)
        return _fault(error, "--debug" in options)


def _complete() -> int:
    """Answer a shell, and return the status that fish reads: 1 where it completes files itself.

    An error has no place in a prompt: where something is wrong, nothing completes the word.
    """
    status = DONE
    shown = io.StringIO()
    try:
        with contextlib.redirect_stdout(shown):
            app([], prog_name="cgraph", standalone_mode=False)
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else DONE
    except Exception:  # noqa: BLE001  # whatever it is, the prompt stays as it was
        return 1
    sys.stdout.write(shown.getvalue())
    sys.stdout.flush()
    return status


def _decoded(argument: str) -> str:
    """Return an argument as UTF-8 has it, whatever the locale made of its bytes."""
    if argument.isascii():
        return argument
    try:
        return os.fsencode(argument).decode("utf-8")
    except (UnicodeError, ValueError):
        return argument


def _usage(message: str) -> CgraphError:
    """Return what Typer says of the arguments as one of our own errors."""
    first = message.split("\n", maxsplit=1)[0].rstrip(".")
    if extra := re.search(r"unexpected extra argument\S* \((.*)\)", first):
        first = f"'{shorten(extra[1])}' is one argument too many"
    hint = "--help says how it is used"
    if first.startswith("No such option"):
        first = re.sub(r"^No such option: *(\S+).*", r"there is no option \1", first)
        hint = f"options stand behind the command; {hint}"
    return CgraphError("usage", first[:1].lower() + first[1:], hint)


def _report(error: CgraphError, as_json: bool) -> int:
    """Say what was wrong, on standard output as JSON or on standard error in words."""
    from cgcli.views.catalogue import heard
    from cgcli.views.messages import error_document, error_lines

    try:
        if as_json:
            publish_document(error_document(error))
            sys.stdout.flush()
            return UNUSABLE
    except BrokenPipeError:
        return UNUSABLE
    except CgraphError as trouble:
        error = trouble
    said = heard()
    lines = error_lines(error, said)
    if not sys.stderr.isatty():
        tell(*lines, said=True)
        return UNUSABLE
    from cgcli.views.terminal import console, say

    heads = {said.read(word): style for word, style in _HEADS.items()}
    marks = {rf"^{head}[:：]": style for head, style in heads.items()} | {r"^ *\^+": "bold red"}
    out = console(sys.stderr)
    say(out, lines[0], marks=marks)
    # What is pointed at stays in its line, and so does a command that is copied.
    say(out, *lines[1:], marks=marks, soft_wrap=True)
    return UNUSABLE


def _fault(error: Exception, debug: bool) -> int:
    """Report a fault of the program itself in one line, with its traceback when asked."""
    if debug:
        import traceback

        traceback.print_exception(error)
        return FAULT
    what = str(error) if isinstance(error, FaultError) else type(error).__name__
    tell(
        f"cgraph: a fault of the program itself, {what}; "
        "please report it with the output of the same command and --debug"
    )
    return FAULT
