"""A page's file read back: its data, its script, its policy, and its lines with numbers put in."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from cgcli.views.page.sketch import BRACKETS, CLOSE, OPEN
from cgcli.views.signs import PRINTED

SLOT = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")
VOID = ("meta", "br", "hr", "input", "link")


class Markup(HTMLParser):
    """The elements of a page, its attributes, and the text of each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: dict[str, str] = {}
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        name = dict(attrs).get("id", "")
        if tag not in VOID:
            self.open.append(f"{tag}#{name}" if name else tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().partition("#")[0] == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data


def data_of(page: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Markup(page).texts["script#data"])
    return data


def code_of(page: str) -> str:
    """The function that computes the numbers, as it stands in the page."""
    match = re.search(r"const compute = \(\(\) => \{\n(.*?)\nreturn f;\n\}\)\(\);", page, re.DOTALL)
    assert match
    return match[1]


def digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def filled(text: str, numbers: Mapping[str, Any], digits: int = 6) -> str:
    """A line's text with its numbers as LaTeX has them, and brackets where they need them."""

    def put(match: re.Match[str]) -> str:
        return PRINTED.value(numbers[match[1]], digits)

    opening, closing = (re.escape(bracket) for bracket in BRACKETS)
    around = f"{opening}{OPEN}([^{CLOSE}]*){CLOSE}{closing}"

    def bracketed(match: re.Match[str]) -> str:
        text = put(match)
        is_loose = text.startswith("-") or r"\times" in text
        is_array = text.startswith((r"\left[", r"\begin"))
        return PRINTED.brackets(text) if is_loose and not is_array else text

    text = SLOT.sub(put, re.sub(around, bracketed, text))
    return text.replace(BRACKETS[0], r"\left(").replace(BRACKETS[1], r"\right)")
