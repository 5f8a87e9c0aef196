"""Files that are read, and files that are written: whole or not at all, by one run at a time.

The links to a file lead to it. The content grows in a file beside the target,
`.NAME.PID.NUMBER.part`, which takes its place at the end. As long as that file is locked its run
goes on; the lock ends with the process, however that ends, and the next run removes what is left.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import stat
import sys
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, Final, NamedTuple, Self

from cgcli.errors import CgraphError, file_error, shorten

_LONGEST_NAME: Final = 200
"""In bytes: longer names are cut in those of parts, which have 255 at most."""

_CLOSED_FIRST: Final = os.name == "nt"
"""Whether an open file can be neither moved nor removed, as on Windows."""
_HELD: Final = (errno.EBUSY, errno.EPERM)
"""What a file says that can be written and not replaced: it is mounted, or its folder guards it."""
_NO_FOLDER: Final = ("there is no such folder", "make it first")
_LARGEST: Final = 256 * 2**20
MARK: Final = "\ufeff"
"""What a text may begin with that says how it is encoded, and is no part of it."""
_STREAM: Final = "/dev/(stdout|stderr|fd/[0-9]+)|/proc/.*"


def is_stream(path: str) -> bool:
    """Whether a path leads to what this process has open, whatever that is.

    >>> is_stream("/dev/stdout"), is_stream("/dev/shm/model.json")
    (True, False)
    """
    return re.fullmatch(_STREAM, os.path.abspath(path)) is not None


def ending_of(path: str) -> str:
    """Return the ending of a file's name, in small letters, without its point.

    >>> ending_of("out/Model.JSON"), ending_of("model")
    ('json', '')
    """
    return os.path.splitext(path)[1].lower().lstrip(".")


@contextlib.contextmanager
def opened(path: str) -> Iterator[IO[bytes]]:
    """Open a file for reading, or standard input for ``-``; raises `CgraphError` of kind file."""
    try:
        if path == "-":
            yield sys.stdin.buffer
            return
        try:
            mode = os.stat(path).st_mode
        except ValueError:
            # No path has a character that is 0.
            raise file_error(path, "it cannot be opened") from None
        if stat.S_ISBLK(mode) or stat.S_ISCHR(mode):
            raise file_error(path, "this is a device, not a file")
        with open(path, "rb") as file:
            yield file
    except BrokenPipeError:
        raise
    except FileNotFoundError:
        is_other = path.startswith("@") and os.path.exists(path[1:])
        hint = f"leave the @ out: {shorten(path[1:], 80)}" if is_other else "check the path"
        raise file_error(path, "there is no such file", hint) from None
    except IsADirectoryError:
        raise file_error(path, "this is a folder", "name a file in it") from None
    except OSError as error:
        raise file_error(path, (error.strerror or "it cannot be opened").lower()) from None


def expanded(path: str) -> list[str]:
    """Return the files of a pattern such as ``part-*.csv`` by name; a file's path is that file."""
    import glob

    if not glob.has_magic(path) or os.path.lexists(path):
        return [path]
    return sorted(glob.glob(path, recursive=True)) or [path]


@contextlib.contextmanager
def named(path: str | None) -> Iterator[None]:
    """Name a file, if it is one, in the errors of what it holds."""
    try:
        yield
    except CgraphError as error:
        if path is not None and error.kind not in ("file", "usage"):
            error.message = f"{shorten(path, 80)}: {error.message}"
        raise


def read_bytes(path: str) -> bytes:
    """Return a file's content, or standard input's for ``-``; raises `CgraphError` of kind file."""
    with opened(path) as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise file_error(path, f"it is larger than {_LARGEST // 2**20} MB")
    return data


def utf8(data: bytes, what: str) -> str:
    """Return bytes as text, without the mark that Windows puts before it.

    Raises `CgraphError` that names the first byte that is not UTF-8.
    """
    try:
        return data.decode("utf-8").removeprefix(MARK)
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        byte = data[error.start]
        why = f"the byte 0x{byte:02x} in line {row}, column {column} is not UTF-8"
        raise file_error(what, why, "save the file as UTF-8") from None


def read_text(path: str) -> str:
    """Return a file's text."""
    return utf8(read_bytes(path), "standard input" if path == "-" else path)


@contextlib.contextmanager
def named_errors(path: str) -> Iterator[None]:
    """Raise what the system says against a file that is written as `CgraphError`."""
    try:
        yield
    except FileNotFoundError:
        raise file_error(path, *_NO_FOLDER) from None
    except OSError as error:
        raise file_error(path, (error.strerror or "it cannot be written").lower()) from None
    except ValueError:
        # No path has a character that is 0.
        raise file_error(path, "it cannot be written") from None


def write_file(path: str, data: bytes) -> None:
    """Write a file whole or not at all; what was there before is replaced at the end."""
    with Output(path) as output:
        output.write([data])


def make_folder(path: str) -> None:
    """Make a folder where there is none; raises `CgraphError` where it cannot be made."""
    try:
        os.makedirs(path, exist_ok=True)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it cannot be made"
        raise file_error(path, why.lower(), "name a folder") from None


def take_lock(file: IO[bytes] | IO[str]) -> bool | None:
    """Lock an open file until it is closed; return whether nobody else has, None if none can be."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


class _Part(NamedTuple):
    """A file that content grows in: its path, and the file, open and locked."""

    path: str
    file: IO[bytes]

    def take_place_of(self, target: str) -> None:
        """Become another file; the lock holds until it is."""
        if _CLOSED_FIRST:
            self.file.close()
        try:
            os.replace(self.path, target)
        except OSError as error:
            if error.errno not in _HELD:
                raise
            shutil.copyfile(self.path, target)
            os.remove(self.path)
        self.file.close()

    def remove(self) -> None:
        """Be gone; whoever opens it before that finds it locked."""
        with contextlib.suppress(OSError):
            if _CLOSED_FIRST:
                self.file.close()
            os.remove(self.path)
        with contextlib.suppress(OSError):
            self.file.close()


class Output:
    """A file that is to be written, once or again and again; no other run writes it meanwhile.

    A context: `CgraphError` is raised where it is entered if the file cannot be written, or
    another run is writing it, and `CgraphError` of kind file whenever the system refuses. A
    device takes what it is given, and is told nothing before.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._number = 0
        self._part: _Part | None = None
        with named_errors(path):
            state = _state(path)
        mode = None if state is None else state.st_mode
        if path.endswith(os.sep) or (mode is not None and stat.S_ISDIR(mode)):
            raise file_error(path, "this is a folder", "name a file in it")
        self.exists = mode is not None
        self.is_device = mode is not None and (not stat.S_ISREG(mode) or is_stream(path))
        self._target = path if self.is_device else os.path.realpath(path)
        self._folder, name = os.path.split(self._target)
        if len(os.fsencode(name)) > _LONGEST_NAME:
            name = f"{name[:40]}-{zlib.crc32(os.fsencode(name)):08x}"
        self._name = name

    def __enter__(self) -> Self:
        """Take the file: from here on another run is told."""
        if self.is_device:
            return self
        with named_errors(self.path):
            self._check()
            self._part = self._new_part()
        try:
            self._look_round()
        except BaseException:
            # Ctrl-C as well leaves nothing.
            self._part.remove()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        """Let go of the file."""
        if self._part is not None:
            self._part.remove()
            self._part = None

    @property
    def growing(self) -> str | None:
        """Where the content grows, for what writes to files alone; None where that cannot be."""
        return None if self._part is None or _CLOSED_FIRST else self._part.path

    def write(self, pieces: Iterable[bytes]) -> None:
        """Replace the content by that of the pieces, when all of them are there."""
        if self.is_device:
            with named_errors(self.path):
                # Appended: standard output may lead to a file that has something already.
                file = open(self._target, "ab")  # noqa: SIM115  # closed below
            try:
                self._fill(file, pieces)
            finally:
                with named_errors(self.path):
                    file.close()
            return
        assert self._part is not None
        full = self._part
        with named_errors(self.path):
            full.file.seek(0)
            full.file.truncate()
            _make_alike(self._target, full.path)
        self._fill(full.file, pieces)
        with named_errors(self.path):
            # The name must not be there before the content is.
            os.fsync(full.file.fileno())
            self._part = self._new_part()
            try:
                full.take_place_of(self._target)
            except OSError:
                full.remove()
                raise

    def _fill(self, file: IO[bytes], pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            with named_errors(self.path):
                file.write(piece)
        with named_errors(self.path):
            file.flush()

    def _check(self) -> None:
        """Refuse a folder that nothing can be put in, and a file that is protected."""
        if not os.path.isdir(self._folder):
            raise file_error(self.path, *_NO_FOLDER)
        if self.exists and not os.access(self._target, os.W_OK):
            raise file_error(self.path, "it is protected against writing", "name another file")
        if not os.access(self._folder, os.W_OK | os.X_OK):
            why = "its folder is protected, and a file is replaced by a new one in it"
            raise file_error(self.path, why, "name a file in another folder")

    def _new_part(self) -> _Part:
        while True:
            self._number += 1
            path = os.path.join(self._folder, f".{self._name}.{os.getpid()}.{self._number}.part")
            try:
                file = open(path, "xb")  # noqa: SIM115  # kept open
            except FileExistsError:
                # Left by a process of the same number.
                continue
            take_lock(file)
            if os.path.exists(path):
                return _Part(path, file)
            # Before it was locked another run took it for one that is left.
            file.close()

    def _look_round(self) -> None:
        """Remove the parts of runs that are gone; raises `CgraphError` where one goes on."""
        assert self._part is not None
        pattern = re.compile(rf"\.{re.escape(self._name)}\.([0-9]+)(\.[0-9]+)?\.part")
        names: list[str] = []
        with contextlib.suppress(OSError):
            # A folder that cannot be listed can be written in all the same.
            names = os.listdir(self._folder)
        for name in names:
            match = pattern.fullmatch(name)
            path = os.path.join(self._folder, name)
            if match is None or path == self._part.path:
                continue
            with contextlib.suppress(OSError), open(path, "rb") as file:
                locked = take_lock(file)
                if locked is False:
                    why = f"another run, process {match[1]}, is writing it"
                    raise file_error(self.path, why, "wait for its end, or name another file")
                if locked:
                    os.remove(path)


def _state(path: str) -> os.stat_result | None:
    with contextlib.suppress(FileNotFoundError):
        return os.stat(path)
    return None


def _make_alike(target: str, path: str) -> None:
    """Give a file the owner and the mode of the one that it is to replace, if there is one."""
    state = _state(target)
    if state is None:
        return
    with contextlib.suppress(AttributeError, OSError):
        os.chown(path, state.st_uid, state.st_gid)
    os.chmod(path, stat.S_IMODE(state.st_mode))
