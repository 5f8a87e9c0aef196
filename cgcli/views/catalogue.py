"""Saying a message in a language: the catalogue of patterns, and which language is wanted."""

from __future__ import annotations

import functools
import itertools
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from cgcli.errors import CgraphError, excerpt
from cgcli.resource import names_in, read_text
from cgcli.words import ASKED, Message

_FOLDER: Final = "cgcli.views.languages"
ENGLISH: Final = "en"
_PLAIN: Final = (ENGLISH, "c", "posix")
_FIELD: Final = re.compile(r"\{(\w+)\}")
_WORD: Final = re.compile("[A-Za-z]+")


class Catalogue:
    """Patterns in one language; what it lacks is said in English.

    >>> Catalogue({"moving {x}": "{x} bewegen"}).say(Message("moving {x}", x="w"))
    'w bewegen'
    """

    def __init__(self, patterns: Mapping[str, str]) -> None:
        self._patterns = patterns

    def read(self, text: str) -> str:
        """Return a sentence in the language, of which only the text is known.

        It is compared with the patterns; what fills one is read in the same way. A text that is
        none of them stays as it is.

        >>> said = Catalogue({"moving {0}": "{0} bewegen", "the weight": "das Gewicht"})
        >>> said.read("moving the weight"), said.read("halt")
        ('das Gewicht bewegen', 'halt')
        """
        if isinstance(text, Message):
            return self.say(text)
        return self._best(text)[2] if self._patterns else text

    def _best(self, text: str) -> tuple[int, int, str]:
        """Return how many characters of a text are known, how deep, and it in the language.

        Of several patterns that it fits the one counts by which most of it is known, and of
        those the flattest: two vectors that do not fit are no vector of something.
        """
        if text in self._patterns:
            return len(text), 0, self._patterns[text]
        best = 0, 0, text
        likely = filter(None, map(self._readable.get, {"", *_WORD.findall(text)}))
        # Of two that know as much the first in the file counts.
        for _, pattern, pieces in sorted(itertools.chain.from_iterable(likely)):
            # To look for the words first is quicker than an expression a pattern.
            if all(piece in text for piece in pieces) and (match := _matched(pattern, text)):
                # A word alone, or what stands in quotes, is a name, of a person's or an option's.
                filled = {
                    name: (0, 0, value)
                    if " " not in value or f"'{{{name}}}'" in pattern
                    else self._best(value)
                    for name, value in match.items()
                }
                known = sum(map(len, pieces)) + sum(count for count, _, _ in filled.values())
                depth = min((deep for _, deep, _ in filled.values()), default=0) - 1
                if (known, depth) > best[:2]:
                    parts = _FIELD.split(self._patterns[pattern])
                    said = (filled[p][2] if k % 2 else p for k, p in enumerate(parts))
                    best = known, depth, "".join(said)
        return best

    @functools.cached_property
    def _readable(self) -> dict[str, list[tuple[int, str, list[str]]]]:
        """The patterns with places to fill that a text is known by, and what stands between.

        They stand under a word of theirs that few others have: with all others that have none,
        those whose word is in a text are all that it may be.
        """
        from collections import Counter

        pieces = {p: [w for w in _FIELD.split(p)[::2] if w] for p in self._patterns if "{" in p}
        # A word beside a place may go on in what fills it.
        words = {p: set(_WORD.findall(re.sub(r"\w*\{\w+\}\w*", " {} ", p))) for p in pieces}
        times = Counter(itertools.chain.from_iterable(words.values()))
        known: dict[str, list[tuple[int, str, list[str]]]] = {}
        for place, (pattern, parts) in enumerate(pieces.items()):
            if _tells("".join(parts)):
                rarest = min(words[pattern], key=times.__getitem__, default="")
                known.setdefault(rarest, []).append((place, pattern, parts))
        return known

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


def _tells(words: str) -> bool:
    """Whether a text is known by these words: "and" alone stands in many, a semicolon parts two."""
    letters = sum(map(str.isalpha, words))
    return letters > 3 or "'" in words or (not letters and any(mark in words for mark in ";:"))


def _matched(pattern: str, text: str) -> dict[str, str] | None:
    """Return what fills a pattern where a text is one of it; a name that comes twice is one."""
    written, met = "", set()
    for place, part in enumerate(_FIELD.split(pattern)):
        if not place % 2:
            written += re.escape(part)
        else:
            written += f"(?P=_{part})" if part in met else f"(?P<_{part}>.+?)"
            met.add(part)
    match = re.fullmatch(written, text, re.DOTALL)
    return match and {group[1:]: value for group, value in match.groupdict().items()}


@functools.cache
def languages() -> list[str]:
    """Return the languages there are: English, and one for each file.

    >>> languages()
    ['en', 'zh']
    """
    return sorted([ENGLISH, *(n[:-5] for n in names_in(_FOLDER) if n.endswith(".json"))])


@functools.cache
def catalogue(language: str) -> Catalogue:
    """Return the catalogue of a language; raises `CgraphError` of kind usage when there is none."""
    if language == ENGLISH:
        return Catalogue({})
    if language not in languages():
        message = f"there is no language '{excerpt(language)}'"
        raise CgraphError("usage", message, f"there are {', '.join(languages())}")
    import json

    return Catalogue(json.loads(read_text(_FOLDER, f"{language}.json")))


def heard() -> Catalogue:
    """Return the catalogue of the language that was asked for, else the locale's, or English.

    Of a language that there is none of, the locale's says so.
    """
    language = spoken(for_script=False)
    # English needs no file.
    known = language == ENGLISH or language in languages()
    return catalogue(language if known else wanted())


def spoken(*, for_script: bool) -> str:
    """Return the language to write in: the one asked for, else English or the locale's.

    What a script reads is the same everywhere, unless it asks for a language itself.
    """
    return base(ASKED[-1]) if ASKED else ENGLISH if for_script else wanted()


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
    # What needs no file is told without a look into the folder.
    return ENGLISH if language in _PLAIN or language not in languages() else language
