"""Lines that are typed on a terminal, with history and completion.

prompt_toolkit reads them where it is installed, the extra `prompt`, else Python itself.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Reader = Callable[[str], str]
"""From a prompt to a line; raises `EOFError` at the end of input."""


def history_path(environment: Mapping[str, str] = os.environ) -> str:
    """Return the file of what was typed, as the XDG base directories have it.

    >>> history_path({"XDG_STATE_HOME": "/s"})
    '/s/cgraph/history'
    """
    home = environment.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return os.path.join(home, "cgraph", "history")


def reader(words: Callable[[], list[str]]) -> Reader:
    """Return what reads lines; `words` are those that complete one. What was typed is kept.

    Without the extra lines are edited, and those of the session come back.
    """
    try:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import Completer, Completion
        from prompt_toolkit.history import FileHistory, InMemoryHistory
    except ImportError:
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401  # `input` edits lines by it
        return input

    class Words(Completer):
        def get_completions(self, document: Any, complete_event: Any) -> Iterator[Completion]:
            start = re.split(r"[^\w:]", document.text_before_cursor)[-1]
            for word in dict.fromkeys(words()) if start else ():
                if word.startswith(start):
                    yield Completion(word, -len(start))

    path = history_path()
    folder = os.path.dirname(path)
    # Where nothing can be kept, nothing is.
    with contextlib.suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
    keeps = os.access(path if os.path.exists(path) else folder, os.W_OK)
    session: Any = PromptSession(
        history=FileHistory(path) if keeps else InMemoryHistory(),
        completer=Words(),
        complete_while_typing=False,
    )
    return lambda prompt: str(session.prompt(prompt))
