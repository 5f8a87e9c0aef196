"""Lines that are typed on a terminal, with history and completion.

prompt_toolkit reads them where it is installed, the extra `prompt`, else Python's readline.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Reader = Callable[[str], str]
"""From a prompt to a line; raises `EOFError` at the end of input."""

_KEPT: Final = 1000


def history_path(environment: Mapping[str, str] = os.environ) -> str:
    """Return the file of what was typed, as the XDG base directories have it.

    >>> history_path({"XDG_STATE_HOME": "/s"})
    '/s/cgraph/history'
    """
    home = environment.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return os.path.join(home, "cgraph", "history")


@contextlib.contextmanager
def reader(words: Callable[[], list[str]]) -> Iterator[Reader]:
    """Read lines; `words` are those that complete one. What was typed is kept at the end."""
    path = history_path()
    # Where nothing can be kept, nothing is.
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    try:
        import prompt_toolkit  # noqa: F401  # is it there?
    except ImportError:
        with _with_readline(words, path) as read:
            yield read
        return
    yield _with_toolkit(words, path)


def _with_toolkit(words: Callable[[], list[str]], path: str) -> Reader:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import Completer, Completion
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    class Words(Completer):
        def get_completions(self, document: Any, complete_event: Any) -> Iterator[Completion]:
            start = re.split(r"[^\w:]", document.text_before_cursor)[-1]
            for word in _fitting(start, words()):
                yield Completion(word, -len(start))

    folder = os.path.dirname(path)
    keeps = os.access(path if os.path.exists(path) else folder, os.W_OK)
    session: Any = PromptSession(
        history=FileHistory(path) if keeps else InMemoryHistory(),
        completer=Words(),
        complete_while_typing=False,
    )
    return lambda prompt: str(session.prompt(prompt))


@contextlib.contextmanager
def _with_readline(words: Callable[[], list[str]], path: str) -> Iterator[Reader]:
    try:
        import readline
    except ImportError:
        yield input
        return
    readline.set_completer(lambda start, place: _completed(start, words(), place))
    readline.set_completer_delims(" \t\n()[]{}+-*/^@<>=!,;")
    binding = "bind ^I rl_complete" if "libedit" in (readline.__doc__ or "") else "tab: complete"
    readline.parse_and_bind(binding)
    with contextlib.suppress(OSError):
        readline.read_history_file(path)
    try:
        yield input
    finally:
        readline.set_history_length(_KEPT)
        with contextlib.suppress(OSError):
            readline.write_history_file(path)


def _completed(start: str, words: list[str], place: int) -> str | None:
    """Return one of the words that go on from a start, by its place; None past the last.

    >>> _completed(":tr", [":trace", ":train", "tr"], 1)
    ':train'
    """
    fitting = _fitting(start, words)
    return fitting[place] if place < len(fitting) else None


def _fitting(start: str, words: list[str]) -> list[str]:
    return [word for word in dict.fromkeys(words) if start and word.startswith(start)]
