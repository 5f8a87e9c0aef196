"""What a keyword or an option may be: one of a few words, some of them, a number, a type.

Options are rows, of which the command line's are made, and by which keywords are checked.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, SupportsFloat, SupportsIndex, TypeAlias

from cgcli.errors import CgraphError, shorten, suggest
from cgcli.limits import MOST_COUNT
from cgcli.words import Message

Words: TypeAlias = tuple[str, ...] | Callable[[], Iterable[str]]
"""Words, or what returns them where it takes time to know them."""


def listed(words: Sequence[str]) -> Message:
    """Return words as a sentence lists them.

    >>> listed(("text", "html", "json"))
    'text, html or json'
    """
    return Message("{words} or {last}", words=", ".join(words[:-1]), last=words[-1])


def one_of(option: str, word: str | None, words: tuple[str, ...]) -> str | None:
    """Return an option's word when it is one of those there are; raises `CgraphError`.

    >>> one_of("--pass", "forward", ("forward", "backward"))
    'forward'
    """
    if word is None or word in words:
        return word
    hint = suggest(str(word), words, f"write {option} {listed(words)}")
    message = f"{option} is {listed(words)}, not '{shorten(str(word))}'"
    raise CgraphError("usage", message, hint)


def check_words(name: str, given: str | Iterable[str], words: tuple[str, ...]) -> None:
    """Raise `CgraphError` for a keyword's word, or one of several, that is none there is."""
    for word in [given] if isinstance(given, str) else given:
        one_of(name, str(word), words)


def check_form(name: str, given: Any, form: Any, example: str) -> None:
    """Raise `CgraphError` for a keyword of another type."""
    if not isinstance(given, form):
        message = f"{name} cannot be of the type {type(given).__name__}"
        raise CgraphError("usage", message, f"write {name.partition(' ')[0]}={example}")


def all_of(option: str, text: str | None, words: tuple[str, ...]) -> set[str]:
    """Return the words of a list with commas, each one of those there are.

    >>> sorted(all_of("--hide", "values, gradients", ("gradients", "values")))
    ['gradients', 'values']
    """
    given = [word.strip() for word in (text or "").split(",")]
    return {word for word in given if word and one_of(option, word, words)}


def pairs(
    option: str,
    given: list[str] | None,
    example: str,
    *,
    alone: bool = False,
    columns: bool = False,
) -> dict[str, str]:
    """Return an option's ``name=text`` pairs, each name once; raises `CgraphError`.

    With `alone` a name without a text stands for itself. The names of `columns` may be any text.

    >>> pairs("--stack", ["x=pixel_*"], "x=pixel_*")
    {'x': 'pixel_*'}
    """
    texts: dict[str, str] = {}
    for pair in given or []:
        name, equals, text = pair.partition("=")
        name, text = name.strip(), text.strip()
        if alone and not equals:
            equals, text = "=", name
        if not equals or not (name if columns else name.isidentifier()) or not text:
            message = f"{option} needs a name and what it is, not '{shorten(pair)}'"
            raise CgraphError("usage", message, f'write {option} "{example}"')
        if name in texts:
            raise CgraphError("usage", f"{option} gives '{shorten(name)}' twice", "give it once")
        texts[name] = text
    return texts


def read_number(
    name: str, given: Any, kind: type[int | float], least: float | None, most: float | None
) -> Any:
    """Return the number that a text is; raises `CgraphError` for any but those allowed."""
    if not isinstance(given, str):
        return check_number(name, given, kind, least, most)
    try:
        number = kind(given)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise CgraphError("usage", f"{name} is {what}, not '{shorten(given)}'") from None
    return check_number(name, number, kind, least, most, given)


def check_number(
    name: str,
    number: Any,
    kind: type[int | float],
    least: float | None = None,
    most: float | None = None,
    text: str = "",
) -> Any:
    """Return a number that is one of those allowed, or None; raises `CgraphError` for others."""
    if number is None:
        return None
    of_kind = isinstance(number, SupportsIndex if kind is int else SupportsFloat)
    fits = of_kind and not isinstance(number, bool)
    is_finite = fits and number - number == 0
    if is_finite and (least is None or number >= least) and (most is None or number <= most):
        return kind(number)
    ends, what = "", "a whole number" if kind is int else "a number"
    if least is not None and (is_finite or not fits):
        has_end = most is not None and most != MOST_COUNT
        ends = f" from {least:g} to {most:,}" if has_end else f" of at least {least:g}"
    raise CgraphError("usage", f"{name} is {what}{ends}, not {shorten(text or repr(number))}")


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


def completed(words: Words, several: bool = False) -> Callable[[str], list[str]]:
    """Return what completes a word for the shell; with `several`, the last of a list.

    >>> completed(("gradients", "values"), several=True)("gradients,v")
    ['gradients,values']
    """

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",") if several else ("", "", incomplete)
        given = before.split(",")
        known = words if isinstance(words, tuple) else words()
        return [
            f"{before}{comma}{word}"
            for word in known
            if word.startswith(last) and word not in given
        ]

    return complete
