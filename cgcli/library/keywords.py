"""Errors that name options of the command line → those that name the library's keywords."""

from __future__ import annotations

import functools
import inspect
import json
import re
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from cgcli.errors import CgraphError
from cgcli.library.choices import Row

P = ParamSpec("P")
R = TypeVar("R")
Class = TypeVar("Class", bound=type)

_FLAGS: Final = (
    "hessian", "jacobian", "key", "likelihood", "percent", "residual", "share", "simplify",
    "skip_bad", "value_only",
)  # fmt: skip
_DICTS: Final = ("bounds", "dates", "fix", "levels", "metrics", "pads", "stack")
_LISTS: Final = ("keep", "levels", "scale", "wrt")
_OTHERS: Final = {
    "betas": "beta1=, beta2=",
    "exact": "evaluate_exactly",
    "values": "gradients=False",
}
_WORDS: Final = (
    "adam", "all", "bar", "blanks", "comma", "constant", "cosine", "csv", "huber", "indicator",
    "json", "jsonl", "lbfgs", "lm", "mean", "native", "numpy", "other", "point", "ray", "semicolon",
    "skip", "space", "step", "sum", "tab", "warmup",
)  # fmt: skip
"""Words that are values of options."""
_OPTION: Final = re.compile(
    r"""cgraph\s[^;]*|(?<![\w-])--(?P<name>[a-z][a-z-]*)(?:\s(?P<word>"[^"]*"|[^\s;)]*[^\s,;):]))?""",
    re.VERBOSE,
)
"""A command, which stays as it is, or an option with the word behind it."""


def as_keywords(text: str) -> str:
    """Return a sentence in which options of the command line are keywords.

    >>> as_keywords("leave --lr out, or write --missing skip; add --jacobian, or --wrt x,y")
    'leave rate= out, or write read={"missing": "skip"}; add jacobian=True, or wrt=["x", "y"]'
    """
    return _OPTION.sub(_keyword, text)


@functools.cache
def _names() -> dict[str, str]:
    """Return by option the keywords that are called otherwise."""
    from cgcli.library.readings import READ_AS
    from cgcli.library.settings import Settings

    rows = [(name, row) for name, row in vars(Settings).items() if isinstance(row, Row)]
    names = {spelled[2:]: name for name, row in rows for spelled in row.called(name)}
    return {**names, **READ_AS, "pass": "passes", "lang": "language", "data-format": "kind"}


def _keyword(match: re.Match[str]) -> str:
    from cgcli.library.readings import READINGS

    option, word = match["name"], match["word"] or ""
    if option is None:
        return match[0]
    name, rest = _names().get(option, option.replace("-", "_")), f" {word}" if word else ""
    if option in _OTHERS:
        return _OTHERS[option] + rest
    value, plain = "True" if name in _FLAGS else "", word.strip('"')
    ends = match.string[match.end() : match.end() + 1] in (*",;)", "")
    if word and (
        plain != word
        or plain[0].isdigit()
        or plain in _WORDS
        or "=" in plain
        or name == "levels"
        or (ends and name in ("of", *_LISTS))
    ):
        key, equals, part = plain.partition("=")
        value, rest = _written(plain), ""
        if equals and name in _DICTS:
            value = f'{{"{key}": {_written(part)}}}'
        elif name in _LISTS:
            value = f"[{', '.join(map(_written, plain.split(',')))}]"
    if name in READINGS:
        return f'read={{"{name}": {value or "…"}}}{rest}'
    return f"{name}={value}{rest}"


def _written(text: str) -> str:
    """Return a value as Python writes it, a number or a text."""
    return text if re.fullmatch(r"-?\d+(\.\d+)?|…", text) else json.dumps(text, ensure_ascii=False)


def by_keywords(call: Callable[P, R]) -> Callable[P, R]:
    """Return a function whose errors name keywords where the command's name options."""

    @functools.wraps(call)
    def called(*arguments: P.args, **keywords: P.kwargs) -> R:
        try:
            return call(*arguments, **keywords)
        except CgraphError as error:
            error.message, error.hint = as_keywords(error.message), as_keywords(error.hint)
            error.args = (error.message,)
            raise

    return called


def all_by_keywords(of: Class) -> Class:
    """Do so with all methods of a class that are public."""
    for name, member in [*vars(of).items()]:
        if inspect.isfunction(member) and name[0] != "_":
            setattr(of, name, by_keywords(member))
    return of
