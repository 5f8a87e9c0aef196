"""The files that a command line names: those that are read, those that are written, none both."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from cgcli.errors import CgraphError, shorten
from cgcli.library.files import expanded, is_stream

if TYPE_CHECKING:
    from cgcli.library.choices import Row


class Named(NamedTuple):
    """A file as a command line names it: the parameter, what it is for, and its path."""

    parameter: str
    what: str
    path: str


def check_paths(rows: Mapping[str, Row], parameters: Mapping[str, Any]) -> None:
    """Raise `CgraphError` where a command would write over what it reads, or twice to one file.

    `parameters` are those of any command by name, of which the rows say what is read and written.
    Standard output counts where it is a file.
    Files are told apart as files, whatever their paths: links lead to what they point to. A
    model that goes on may be replaced.
    """
    read = list(_read(rows, parameters))
    if sum(file.path == "-" for file in read) > 1:
        message = "standard input can be read once"
        raise CgraphError("usage", message, "put all but one of what is read in files")
    output = _stream(sys.stdout)
    targets = {} if output is None else {output: Named("", "standard output", "")}
    sources = {key: file for file in read if (key := _key(file.path)) is not None}
    if output in sources:
        raise _lost(sources[output], targets[output])
    for name, row in rows.items():
        if not row.writes or parameters.get(name) is None:
            continue
        written = Named(name, row.writes, parameters[name])
        for key in _written_keys(written):
            before = sources.get(key)
            if before is not None and (before.parameter, name) != ("resume", "output"):
                raise _lost(before, written)
            if key in targets:
                raise _lost(written._replace(what=targets[key].what), written)
            targets[key] = written


def program_path(argument: str) -> str | None:
    """Return the path of the file that holds the program, ``-`` as it is; None for the text.

    >>> program_path("@net.cg"), program_path("x*y")
    ('net.cg', None)
    """
    if argument == "-":
        return argument
    named = argument.startswith("@") and len(argument) > 1 and not argument[1].isspace()
    return argument[1:] if named else None


def _lost(kept: Named, lost: Named) -> CgraphError:
    path = "standard input" if kept.path == "-" else shorten(kept.path, 80)
    message = f"{path} is {kept.what}, and {lost.what} would be written over it"
    return CgraphError("usage", message, "give each a file of its own")


def _read(rows: Mapping[str, Row], parameters: Mapping[str, Any]) -> Iterator[Named]:
    """Yield the files that are read."""
    for name, row in rows.items():
        given = parameters.get(name)
        if not row.reads or given is None:
            continue
        paths: Iterable[str | None] = given if isinstance(given, list | tuple) else [given]
        if name == "program":
            paths = [program_path(given)]
        elif name in ("bindings", "fix"):
            paths = map(_value_path, given)
        elif name in ("data", "holdout"):
            paths = (path for pattern in paths if pattern is not None for path in expanded(pattern))
        yield from (Named(name, row.reads, path) for path in paths if path is not None)


def _value_path(argument: str) -> str | None:
    """Return the path in a ``NAME=@path``, told as `inputs` tells it."""
    if argument.isascii() and "=@" not in argument:
        return None
    from cgcli.language.reader import normalise

    name, _, value = normalise(argument).partition("=")
    return argument[len(name) + 2 :] if value.startswith("@") else None


def _key(path: str) -> Any:
    """Return what tells a file from others; None where none can be lost, or read.

    Of a file that is not there yet it is the path, with the links on its way resolved.
    """
    if path == "-":
        return _stream(sys.stdin)
    try:
        state = os.stat(path)
    except FileNotFoundError:
        return os.path.normcase(os.path.realpath(path))
    except (OSError, ValueError):
        # Who opens it says why it cannot be.
        return None
    return _of(state)


def _of(state: os.stat_result) -> Any:
    return (state.st_dev, state.st_ino) if stat.S_ISREG(state.st_mode) else None


def _stream(stream: Any) -> Any:
    """Return what tells the file that a standard stream leads to, if it is one."""
    try:
        return _of(os.fstat(stream.fileno()))
    except (AttributeError, OSError, ValueError):
        return None


def _written_keys(written: Named) -> Iterator[Any]:
    """Yield what tells the files that are written: one, or those in a folder of frames."""
    paths = [] if is_stream(written.path) else [written.path]
    if written.parameter == "frames":
        try:
            names = [name for name in os.listdir(written.path) if name.startswith("frame-")]
        except (OSError, ValueError):
            return
        paths = [os.path.join(written.path, name) for name in names]
    yield from (key for key in {*map(_key, paths)} if key is not None)
