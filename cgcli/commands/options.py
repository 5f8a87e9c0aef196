"""Options as rows, of which Typer's parameters are made; the rows that commands share.

A command states its own options as attributes of a class, and names all it takes under the
headings of its help. An object of the class has their values, read and checked.
"""

from __future__ import annotations

import codecs
import inspect
import sys
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final, NamedTuple, TypeVar

import typer

from cgcli.commands.choices import Words, after_at, all_of, completed, pairs
from cgcli.errors import CgraphError, shorten
from cgcli.library.choices import listed, one_of
from cgcli.limits import MOST_BITS, MOST_COUNT, MOST_DIGITS, MOST_NODES, Limits
from cgcli.words import Message

KEYWORD: Final = inspect.Parameter.KEYWORD_ONLY
_LIMITS: Final = Limits()

Taker = TypeVar("Taker", bound="Options")


class Row(NamedTuple):
    """An option or an argument: its type, and what reads the value that Typer gives.

    It is an attribute of a class, of whose objects each has the value, or the default. Its name
    is that of the attribute, --max-depth for `max_depth`, unless others are given; an argument
    has none. Of an option that names a file `reads` or `writes` says what that is. `more` is what
    Typer takes beside these. In the help of a command it stands under the heading `group`; what
    is `rare` is left to --help-all.
    """

    kind: Any
    read: Callable[[str, Any], Any] | None
    names: tuple[str, ...] | None
    default: Any
    reads: str
    writes: str
    more: dict[str, Any]
    group: str = ""
    rare: bool = False

    def __get__(self, options: object, owner: type) -> Any:
        return self if options is None else self.value("", self.default)

    def called(self, name: str) -> tuple[str, ...]:
        """Return the names of the option that is the attribute `name`."""
        return self.names or (f"--{name.replace('_', '-')}",)

    def value(self, name: str, given: Any) -> Any:
        """Return the value of what Typer gives; raises `CgraphError`."""
        return given if self.read is None else self.read(self.called(name)[0], given)

    def parameter(self, name: str) -> inspect.Parameter:
        """Return the parameter that Typer makes an option of, or an argument."""
        make: Any = typer.Option if self.names is not None else typer.Argument
        info = make(*(self.called(name) if self.names is not None else ()), **self.more)
        return inspect.Parameter(
            name, KEYWORD, default=self.default, annotation=Annotated[self.kind, info]
        )


def option(
    text: str,
    metavar: str | None = "X",
    kind: Any = str,
    read: Any = None,
    *,
    names: tuple[str, ...] | None = (),
    default: Any = None,
    reads: str = "",
    writes: str = "",
    **more: Any,
) -> Any:
    """Return the row of an option that takes a value; with a kind of list[str], several."""
    read = (lambda name, given: given or []) if kind == list[str] and read is None else read
    said = text if isinstance(text, Message) else Message(text)
    more = {"help": said, "metavar": metavar, **more}
    return Row(kind | None, read, names, default, reads, writes, more)


def codec(text: str) -> Any:
    """Return the row of the option that names how text is encoded; UTF-8 without it."""
    return option(text, "NAME", read=_encoding)


def _encoding(name: str, text: str | None) -> str:
    try:
        known = codecs.lookup(text or "utf-8")
        "a".encode(known.name)
    except (LookupError, ValueError):
        message = f"{name}: there is no encoding '{shorten(text or '')}'"
        raise CgraphError("usage", message, "write utf-16, latin-1, cp1252, gbk, …") from None
    return known.name if known.name == "utf-8" else str(text).lower()


def form(text: str) -> Any:
    """Return the row of the option that says how the files of a class are written."""
    return choice(("txt", "md", "html", "pdf"), text, "KIND", names=("--as",), default="txt")


def to_file(text: str) -> Any:
    """Return the row of the option that names the file to write."""
    return option(text, "FILE", names=("-o", "--output"), writes="the output")


def count(text: str, least: int = 0, most: int | None = MOST_COUNT, **more: Any) -> Any:
    """Return the row of an option that takes a whole number."""
    read = partial(read_number, kind=int, least=least, most=most)
    return option(text, **{"metavar": "N", "read": read, **more})


def real(text: str, least: float | None = None, most: float | None = None, **more: Any) -> Any:
    """Return the row of an option that takes a finite number."""
    return option(text, read=partial(read_number, kind=float, least=least, most=most), **more)


def flag(text: str, **more: Any) -> Any:
    """Return the row of an option that is there or is not."""
    return option(text, None, bool, default=False, **more)


def choice(
    words: Words, text: str, metavar: str, several: bool = False, read: Any = None, **more: Any
) -> Any:
    """Return the row of an option that takes one of some words, or `several` with commas.

    `{words}` in its text is where the help lists them.
    """
    if isinstance(words, tuple):
        text = Message(text, words=listed(words))
        read = partial(all_of if several else one_of, words=words)
    return option(text, metavar, str, read, autocompletion=completed(words, several), **more)


def argument(
    text: str, metavar: str, complete: Any = None, kind: Any = str, reads: str = ""
) -> Any:
    """Return the row of an argument; `complete` returns what completes a word of it."""
    more = {"show_default": False, "autocompletion": complete}
    return option(text, metavar, kind, names=None, reads=reads, **more)


def read_number(
    name: str, given: str | None, kind: type[int | float], least: float | None, most: float | None
) -> float | None:
    """Return the number that a text is; raises `CgraphError` for any but those allowed."""
    if given is None:
        return None
    try:
        number = kind(given)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise CgraphError("usage", f"{name} is {what}, not '{shorten(given)}'") from None
    is_finite = number - number == 0
    if is_finite and (least is None or number >= least) and (most is None or number <= most):
        return number
    ends = ""
    if is_finite and least is not None:
        has_end = most is not None and most != MOST_COUNT
        ends = f" from {least:g} to {most:,}" if has_end else f" of at least {least:g}"
    raise CgraphError("usage", f"{name} is a number{ends}, not {shorten(given)}")


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
        parameters = [row.parameter(name) for name, row in rows.items()]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return command

    return made
