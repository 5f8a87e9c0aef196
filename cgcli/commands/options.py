"""Options as rows, of which Typer's parameters are made; the rows that commands share.

A command states its own options as attributes of a class, and names all it takes under the
headings of its help. An object of the class has their values, read and checked.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final, TypeVar

import typer

from cgcli.errors import CgraphError
from cgcli.library.choices import Row, choice, count, flag, option, pairs
from cgcli.limits import MOST_BITS, MOST_DIGITS, MOST_NODES, Limits

KEYWORD: Final = inspect.Parameter.KEYWORD_ONLY
_LIMITS: Final = Limits()

Taker = TypeVar("Taker", bound="Options")


def conflict(message: str, hint: str = "leave one of the two out") -> CgraphError:
    """Return the error for options that do not go together."""
    return CgraphError("usage", message, hint)


def format_of(form: str | None, *, json: bool) -> str:
    """Return the format that --format and --json ask for, text without either."""
    if json and form not in (None, "json"):
        raise conflict(f"--json and --format {form} do not go together")
    return "json" if json else form or "text"


def after_at(incomplete: str) -> list[str]:
    """Return the paths that complete ``@net.cg`` or ``W=@weights.csv``; the shell does the others.

    >>> after_at("x=1")
    []
    """
    before, at, path = incomplete.partition("@")
    if not at or (before and not before.endswith("=")):
        return []
    folder, start = os.path.split(path)
    try:
        names = sorted(os.listdir(folder or "."))
    except (OSError, ValueError):
        return []
    completions = []
    for name in names:
        if name.startswith(start) and (start or not name.startswith(".")):
            full = os.path.join(folder, name)
            completions.append(f"{before}@{full}" + ("/" if os.path.isdir(full) else ""))
    return completions


def form(text: str) -> Any:
    """Return the row of the option that says how the files of a class are written."""
    return choice(("txt", "md", "html", "pdf"), text, "KIND", names=("--as",), default="txt")


def to_file(text: str) -> Any:
    """Return the row of the option that names the file to write."""
    return option(text, "FILE", names=("-o", "--output"), writes="the output")


def argument(
    text: str, metavar: str, complete: Any = None, kind: Any = str, reads: str = ""
) -> Any:
    """Return the row of an argument; `complete` returns what completes a word of it."""
    more = {"show_default": False, "autocompletion": complete}
    return option(text, metavar, kind, names=None, reads=reads, **more)


def _languages() -> list[str]:
    from cgcli.views.catalogue import languages

    return languages()


def known_language(name: str, given: str | None) -> str:
    """Return a language, or a locale's name for one; raises `CgraphError` where there is none."""
    from cgcli.views.catalogue import base, catalogue

    catalogue(base(given or "en"))
    return given or ""


def print_all(context: typer.Context, asked: bool) -> None:
    """Print the help with what is rare in it, when that is asked for, and leave."""
    if asked:
        sys.stdout.write(f"{context.command.get_help(context, short=False)}\n")  # type: ignore[call-arg]
        raise typer.Exit


class Options:
    """The values of a command's options, by parameter; those that it does not take, as defaults."""

    program: str | None = argument(
        "The program; @FILE reads a file, - standard input.", "EXPR", after_at, reads="the program"
    )
    bindings: list[str] = argument(
        "Values: x=1, x=1/3, x=[1,2,3], W=@weights.csv",
        "[NAME=VALUE]...",
        after_at,
        list[str],
        reads="a value's file",
    )
    at: str | None = option(
        "Values in a JSON file, by name; - is standard input.", "FILE", reads="the file of --at"
    )
    of: str | None = option("Differentiate this node instead of the output.", "NAME")
    wrt: str | None = option("Differentiate by these, x,y, instead of all inputs.", "NAMES")
    shape: str | None = option("Vectors and matrices without values: W=3x2,x=2.", "SHAPES")
    stack: dict[str, str] = option(
        "Columns as a vector: x=pixel_*, x=a..f,!c; repeatable.",
        "NAME=COLUMNS",
        list[str],
        partial(pairs, example="x=pixel_*"),
    )
    language: str | None = choice(
        _languages,
        "The language, such as zh; else the locale's.",
        "LANG",
        read=known_language,
        names=("--lang",),
    )
    exact: bool = flag("Compute with fractions: 0.1 is 1/10.")
    strict: bool = flag("End with status 1 where a value, a gradient or a fit has a note.")
    json: bool = flag("Print one JSON document.")
    digits: int = count("Significant digits in tables, 1 to 17.", 1, 17, default=6)
    precision: int | None = count("Print numbers to N digits, each proved.", 1, MOST_DIGITS)
    max_depth: int = count("How deep brackets may nest.", 1, MOST_NODES, default=_LIMITS.depth)
    max_nodes: int = count("How many nodes a graph may have.", 1, MOST_NODES, default=_LIMITS.nodes)
    max_bits: int = count(
        "With --exact: how many binary digits a numerator may have.",
        64,
        MOST_BITS,
        default=_LIMITS.bits,
    )
    debug: bool = flag("Show the traceback of a fault.")
    help_all: bool = flag(
        "Show the help with all options.", is_eager=True, expose_value=False, callback=print_all
    )

    def __init__(self, **given: Any) -> None:
        rows = type(self)
        vars(self).update({n: getattr(rows, n).value(n, value) for n, value in given.items()})

    def heed(self, *noted: object) -> None:
        """End with status 1 where anything is noted, and --strict takes that for a no."""
        if self.strict and any(noted):
            raise typer.Exit(1)

    @property
    def limits(self) -> Limits:
        """The limits that the options set."""
        return _LIMITS._replace(depth=self.max_depth, nodes=self.max_nodes, bits=self.max_bits)


def takes(
    options: type[Taker], /, **headings: str
) -> Callable[[Callable[[Taker], None]], Callable[..., None]]:
    """Make a command of a function of its options, which stand under the headings of its help.

    Those in parentheses are rare. The language and the limits of what it takes follow.
    """
    taken = " ".join(headings.values()).split()
    if "language" not in taken:
        headings["output"] = f"{headings.get('output', '')} language"
    limits = "(max_depth) (max_nodes) " if "program" in taken else ""
    limits += "(max_bits) " if "exact" in taken else ""
    headings["limits"] = f"{limits}(debug) (help_all)"
    rows: dict[str, Row] = {}
    for heading, names in headings.items():
        group = heading.replace("_", " ").capitalize()
        for name in names.split():
            bare = name.strip("()")
            rows[bare] = getattr(options, bare)._replace(group=group, rare=name != bare)

    def made(action: Callable[[Taker], None]) -> Callable[..., None]:
        def command(**given: Any) -> None:
            action(options(**given))

        command.__doc__ = action.__doc__
        command.rows = rows  # type: ignore[attr-defined]
        parameters = [_parameter(name, row) for name, row in rows.items()]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return command

    return made


def _parameter(name: str, row: Row) -> inspect.Parameter:
    """Return the parameter that Typer makes an option of, or an argument."""
    make: Any = typer.Option if row.names is not None else typer.Argument
    info = make(*(row.called(name) if row.names is not None else ()), **row.more)
    return inspect.Parameter(
        name, KEYWORD, default=row.default, annotation=Annotated[row.kind, info]
    )
