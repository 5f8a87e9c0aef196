"""What the help says of a command, from the rows that it is made of, and of all commands."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Mapping
from typing import Any, Final

from cgcli.views.catalogue import heard
from cgcli.views.manual import Entry, Page, help_lines
from cgcli.words import Message

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "Work it out": ("eval", "trace", "draw", "page", "diff"),
    "Homework": ("sheet", "check"),
    "Data": ("train", "predict", "map"),
    "Elsewhere": ("export", "schema"),
}
"""The commands as the help lists them; those of no group stand at the end."""

_NARROWEST: Final = 40
_WIDEST: Final = 100
_MORE: Final = "{count} more options: --help-all"
_TRY: Final = (
    'cgraph eval "(x+y)*z" x=1 y=3 z=-3      every value and gradient',
    'cgraph trace "(x+y)*z" x=1 y=3 z=-3     the same, step by step',
    'cgraph diff "sin(x^2)"                  the derivative as a formula',
)


def page_of(name: str, function: Any) -> Page:
    """Return what is said of a command, whose function has its rows."""
    summary, *examples = inspect.cleandoc(function.__doc__ or "").split("\n")
    groups: dict[str, list[Entry]] = {}
    words = ["[OPTIONS]"]
    for attribute, row in function.rows.items():
        called = row.more.get("metavar") or ""
        text = row.more["help"]
        if row.names is None:
            words.append(called if called.startswith("[") else f"[{called}]")
        else:
            spellings = row.called(attribute)
            # Of two long spellings the first is enough: the other is for another country.
            long = next(spelling for spelling in spellings if spelling.startswith("--"))
            short = [spelling for spelling in spellings if not spelling.startswith("--")]
            called = f"{', '.join([*short, long])} {called}".strip()
            if row.default not in (None, False):
                text = Message("{text}  [default: {value}]", text=text, value=row.default)
        groups.setdefault(row.group, []).append(Entry(called, text, row.rare))
    usage = f"cgraph {name} {' '.join(words)}"
    return Page(usage, summary, [line for line in examples if line], groups, _MORE)


def first_page(functions: Mapping[str, Any]) -> Page:
    """Return what is said where no command is named, of the functions of all commands."""
    grouped = {name for names in GROUPS.values() for name in names}
    others = tuple(name for name in functions if name not in grouped)
    groups = {
        heading: [Entry(n, Message(page_of(n, functions[n]).summary)) for n in names]
        for heading, names in {**GROUPS, "More": others}.items()
    }
    groups["Options"] = [
        Entry("-h, --help", Message("Show this; after a command, how it is used.")),
        Entry("--version", Message("Print the version.")),
        Entry("--install-completion", Message("Teach the shell the commands and options."), True),
        Entry("--show-completion", Message("Print what that teaches it."), True),
    ]
    summary = "Values and gradients of expressions, step by step, through their graphs."
    return Page("cgraph COMMAND ...", summary, list(_TRY), groups, _MORE, "Three to try")


def text_of(page: Page, *, short: bool = True) -> str:
    """Return a page as wide as the terminal allows; when `short`, without what is rare."""
    columns = min(max(shutil.get_terminal_size().columns, _NARROWEST), _WIDEST)
    return "\n".join(help_lines(page, columns, heard(), short=short))
