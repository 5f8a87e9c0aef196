"""Saying a message in a language: the catalogue of patterns, and which language is wanted."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any, Final

from cgcli.errors import CgraphError, excerpt
from cgcli.words import Message

_FOLDER: Final = "cgcli.views.languages"
ENGLISH: Final = "en"


class Catalogue:
    """Patterns in one language; what it lacks is said in English.

    >>> Catalogue({"moving {x}": "{x} bewegen"}).say(Message("moving {x}", x="w"))
    'w bewegen'
    """

    def __init__(self, patterns: Mapping[str, str]) -> None:
        self._patterns = patterns

    def say(self, message: str, mark: Callable[[str], str] | None = None) -> str:
        """Return a message in the language; a plain text is no message and stays as it is.

        `mark` is applied to the values that are mathematics or come from a program.
        """
        if not isinstance(message, Message):
            return mark(message) if mark else message
        pattern = self._patterns.get(message.pattern, message.pattern)
        values: dict[str, Any] = {
            name: self.say(value, mark) if isinstance(value, str) else value
            for name, value in message.values.items()
        }
        return pattern.format_map(values) if values else pattern


def languages() -> list[str]:
    """Return the languages there are: English, and one for each file.

    >>> languages()
    ['en', 'zh']
    """
    files = (entry.name for entry in resources.files(_FOLDER).iterdir())
    return sorted([ENGLISH, *(name[:-5] for name in files if name.endswith(".json"))])


@functools.cache
def catalogue(language: str) -> Catalogue:
    """Return the catalogue of a language; raises `CgraphError` of kind usage when there is none."""
    if language not in languages():
        message = f"there is no language '{excerpt(language)}'"
        raise CgraphError("usage", message, f"there are {', '.join(languages())}")
    if language == ENGLISH:
        return Catalogue({})
    text = resources.files(_FOLDER).joinpath(f"{language}.json").read_text(encoding="utf-8")
    return Catalogue(json.loads(text))


def spoken(language: str | None, *, for_script: bool) -> str:
    """Return the language to write in: the one asked for, else English or the locale's.

    What a script reads is the same everywhere, unless it asks for a language itself.
    """
    return base(language) if language else ENGLISH if for_script else wanted()


def base(locale: str) -> str:
    """Return the language of a locale, without its country and encoding.

    >>> base("zh_CN.UTF-8"), base("ZH"), base("zh-Hans")
    ('zh', 'zh', 'zh')
    """
    return re.split(r"[_.@-]", locale, maxsplit=1)[0].lower()


def wanted(environment: Mapping[str, str] = os.environ) -> str:
    """Return the language that the locale asks for, English where there is no catalogue for it.

    >>> wanted({"LANG": "zh_CN.UTF-8"}), wanted({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"})
    ('zh', 'en')
    """
    variables = ("LC_ALL", "LC_MESSAGES", "LANG")
    language = base(next(filter(None, map(environment.get, variables)), ENGLISH))
    return language if language == ENGLISH or language in languages() else ENGLISH
