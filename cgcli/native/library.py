"""C → a library that is loaded: compiled once, kept in the user's cache folder."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from typing import Final

FLAGS: Final = (
    "-std=gnu11", "-O3", "-march=native", "-mprefer-vector-width=512", "-fno-math-errno",
    "-fno-trapping-math", "-ffp-contract=off", "-fno-builtin", "-shared", "-fPIC", "-w",
)  # fmt: skip
"""Never -ffast-math: each of the operations is as IEEE 754 has it."""
_SECONDS: Final = 300


class CompileError(Exception):
    """There is no compiler, or it made nothing; the message says why."""


@functools.cache
def compiler() -> tuple[str, ...]:
    """Return the command of a C compiler, and () where there is none."""
    for name in ("cc", "clang"):
        if (path := shutil.which(name)) is not None:
            return (os.path.realpath(path),)
    return (sys.executable, "-m", "ziglang", "cc") if find_spec("ziglang") else ()


@functools.cache
def processor() -> str:
    """Return what tells processors apart: code that one runs may have words another lacks."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            lines = [line for line in file if line.startswith(("flags", "Features", "model name"))]
    except OSError:
        lines = []
    return "".join(sorted(set(lines))) or platform.processor() or platform.node()


def library(source: str, flags: tuple[str, ...] = FLAGS) -> ctypes.CDLL:
    """Return the library of a source, from the cache if it was compiled before.

    Raises `CompileError`.
    """
    path = library_path(source, flags)
    if not os.path.exists(path):
        _compile(source, flags, path)
    _check_owned(path, 0o022)
    try:
        return ctypes.CDLL(path)
    except OSError as error:
        message = f"what the compiler made cannot be loaded: {error}"
        raise CompileError(message) from None


def library_path(source: str, flags: tuple[str, ...] = FLAGS) -> str:
    """Return where the library of a source is kept; raises `CompileError`."""
    command = compiler()
    if not command:
        message = "there is no C compiler: cc, clang, or the package ziglang"
        raise CompileError(message)
    stamp = ""
    if len(command) == 1:
        state = os.stat(command[0])
        stamp = f"{state.st_size} {state.st_mtime_ns}"
    parts = (source, *flags, *command, stamp, platform.machine(), processor())
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return os.path.join(_folder(), f"{key[:40]}.so")


def _folder() -> str:
    """Return the cache folder, which is the user's alone; raises `CompileError` if it is not."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or base
    folder = os.path.join(base, "cgraph", "native")
    try:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as error:
        message = f"the cache folder cannot be made: {error}"
        raise CompileError(message) from None
    _check_owned(folder, 0o077)
    return folder


def _check_owned(path: str, forbidden: int) -> None:
    """Raise `CompileError` where someone else may have written what would be run."""
    if not hasattr(os, "getuid"):
        return
    state = os.lstat(path)
    linked = os.path.islink(path)
    if linked or state.st_uid != os.getuid() or state.st_mode & forbidden:
        message = f"{path} is not this user's alone; remove it, or chmod go-rwx"
        raise CompileError(message)


def _compile(source: str, flags: tuple[str, ...], path: str) -> None:
    with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
        text, made = os.path.join(folder, "kernels.c"), os.path.join(folder, "kernels.so")
        with open(text, "w", encoding="utf-8") as file:
            file.write(source)
        command = [*compiler(), *flags, "-o", made, text, "-lm"]
        try:
            subprocess.run(  # noqa: S603  # the compiler, on what the templates made
                command, check=True, capture_output=True, text=True, timeout=_SECONDS, cwd=folder
            )
        except subprocess.CalledProcessError as error:
            first = next((line for line in error.stderr.splitlines() if "error" in line), "")
            message = f"the compiler says: {first or error.returncode}"
            raise CompileError(message) from None
        except (OSError, subprocess.TimeoutExpired) as error:
            message = f"the compiler cannot be run: {error}"
            raise CompileError(message) from None
        os.chmod(made, 0o700)
        # Another process may have made the same: the last one stays.
        os.replace(made, path)
