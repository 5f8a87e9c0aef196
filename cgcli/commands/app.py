"""The program `cgraph`: its commands, and what becomes of errors."""

from __future__ import annotations

import codecs
import errno
import io
import os
import re
import sys
from collections.abc import Mapping
from typing import Annotated, Final

import typer

from cgcli.commands.shared import Group
from cgcli.errors import CgraphError, FaultError

__all__ = ["app", "run"]

DONE: Final = 0
UNUSABLE: Final = 2
FAULT: Final = 70
INTERRUPTED: Final = 130
COMPLETION: Final = "_CGRAPH_COMPLETE"
"""The variable by which a shell asks what completes a word."""

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


@app.callback(invoke_without_command=True)
def _cgraph(
    ctx: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    if ctx.invoked_subcommand is None:
        sys.stdout.write(ctx.get_help() + "\n")


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit status; no error of any kind is raised.

    0 done, 1 done and the answer is no, 2 the input could not be used, 70 a fault of the
    program itself, 130 interrupted. A closed pipe ends the program quietly.
    """
    _prepare_streams()
    if COMPLETION in os.environ:
        return _complete()
    arguments = [_decoded(argument) for argument in arguments]
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    as_json = "--json" in options
    try:
        status = app(
            arguments, prog_name="cgraph", standalone_mode=False, windows_expand_args=False
        )
        sys.stdout.flush()
        return int(status or DONE)
    except CgraphError as error:
        return _report(error, as_json)
    except KeyboardInterrupt:
        return INTERRUPTED
    except MemoryError:
        return _report(CgraphError("limit", "there is not enough memory for this"), as_json)
    except SystemExit:
        # Typer and Rich leave this way, with 1, when a pipe is closed.
        _nobody_reads()
        return DONE
    except OSError as error:
        if error.errno == errno.EPIPE or _nobody_reads():
            return DONE
        why = (error.strerror or "it cannot be written").lower()
        return _report(CgraphError("file", f"standard output: {why}"), as_json=False)
    except Exception as error:  # noqa: BLE001  # whatever it is, it must not end as a traceback
        told = getattr(error, "format_message", None)
        if told is not None:
            return _report(_usage(told()), as_json)
        return _fault(error, "--debug" in options)


def _complete() -> int:
    """Answer a shell, and return the status that fish reads: 1 where it completes files itself.

    An error has no place in a prompt: where something is wrong, nothing completes the word.
    """
    try:
        if "COMP_WORDS" in os.environ:
            os.environ.update(_without_equals(os.environ))
        app([], prog_name="cgraph", standalone_mode=False)
        sys.stdout.flush()
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else DONE
    except Exception:  # noqa: BLE001  # whatever it is, the prompt stays as it was
        return 1
    return DONE


def _without_equals(words: Mapping[str, str]) -> dict[str, str]:
    """Return the words of bash without the '=' between an option and its value, a word to it."""
    kept: list[str] = []
    current = int(words["COMP_CWORD"])
    for place, word in enumerate(words["COMP_WORDS"].split("\n")):
        between = word == "=" and kept and kept[-1].startswith("--")
        if between and place < int(words["COMP_CWORD"]):
            current -= 1
        else:
            kept.append(word)
    return {"COMP_WORDS": "\n".join(kept), "COMP_CWORD": str(current)}


# What is drawn where a terminal cannot show it, and all else is escaped.
_PLAIN: Final = {"…": "...", "≈": "~", "×": "x", "∂": "d", "─": "-", "–": "-", "·": "*"}


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end]
    plain = (_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in text)
    return "".join(plain), error.end


def _prepare_streams() -> None:
    """Make every stream one that can be written: a character it lacks must not end the program."""
    codecs.register_error("cgraph.plain", _in_ascii)
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            # Closed by who started us: nothing is read, and what is written goes nowhere.
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  # kept open
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="cgraph.plain")


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
    # Typer's words for a number are a programmer's.
    first = re.sub(r"is not a valid float( range)?", "is not a number", first)
    first = re.sub(r"is not a valid int(eger)?( range)?", "is not a whole number", first)
    return CgraphError("usage", first[:1].lower() + first[1:], "--help tells how it is used")


def _report(error: CgraphError, as_json: bool) -> int:
    """Say what was wrong, on standard output as JSON or on standard error in words."""
    try:
        if as_json:
            from cgcli.views.document import pretty
            from cgcli.views.messages import error_document

            sys.stdout.write(pretty(error_document(error)) + "\n")
            sys.stdout.flush()
        else:
            from cgcli.views.messages import error_lines

            _write_message(error_lines(error))
    except OSError:
        # Where the message cannot be written either, the status says it.
        _nobody_reads()
    return UNUSABLE


def _write_message(lines: list[str]) -> None:
    """Write a message to standard error, its first words and carets in colour on a terminal."""
    if not sys.stderr.isatty():
        sys.stderr.write("\n".join(lines) + "\n")
        sys.stderr.flush()
        return
    from rich.text import Text

    from cgcli.views.terminal import console

    out = console(sys.stderr)
    for line in lines:
        text = Text(line)
        text.highlight_regex(r"^error:", "bold red")
        text.highlight_regex(r"^hint:", "bold green")
        text.highlight_regex(r"^ *\^+", "bold red")
        out.print(text, soft_wrap=True)


def _nobody_reads() -> bool:
    """Whether standard output is a closed pipe; if so nothing more is written to it."""
    try:
        sys.stdout.flush()
    except OSError as error:
        if error.errno != errno.EPIPE:
            return False
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    except ValueError:
        return True
    return not isinstance(sys.stdout, io.TextIOWrapper)


def _fault(error: Exception, debug: bool) -> int:
    """Report a fault of the program itself in one line, with its traceback when asked."""
    if debug:
        import traceback

        traceback.print_exception(error)
        return FAULT
    what = str(error) if isinstance(error, FaultError) else type(error).__name__
    sys.stderr.write(
        f"cgraph: a fault of the program itself, {what}; "
        "please report it with the output of the same command and --debug\n"
    )
    return FAULT
