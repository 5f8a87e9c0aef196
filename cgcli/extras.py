"""The command that installs what an extra brings, for the way in which the program was installed.

No index need know the program by its name, so that the libraries themselves are named; a checkout
can be installed again with the extra. It is read when something is missing alone:
importlib.metadata takes longer to import than the program.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from importlib.metadata import Distribution

DISTRIBUTION: Final = "cgcli"


def how_to_install(extra: str) -> str:
    """Return a command line for the shell that installs an extra's libraries.

    >>> how_to_install("train").startswith(("python", "uv", "pipx", "'", '"', "/"))
    True
    """
    from importlib.metadata import PackageNotFoundError, distribution

    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    checkout = root if os.path.exists(os.path.join(root, "pyproject.toml")) else None
    try:
        installed = distribution(DISTRIBUTION)
    except PackageNotFoundError:
        return f"{_installer('')} {_folder(checkout or root, extra)}"
    tool = (installed.read_text("INSTALLER") or "").strip()
    parts = os.path.normpath(sys.prefix).split(os.sep)
    libraries = " ".join(_quoted(library) for library in _libraries(installed, extra))
    if parts[-3:-1] == ["pipx", "venvs"]:
        return f"pipx inject {_quoted(parts[-1])} {libraries}"
    if checkout is not None and parts[-3:-1] != ["uv", "tools"]:
        return f"{_installer(tool)} {_folder(checkout, extra)}"
    return f"{_installer(tool)} {libraries}"


def _libraries(installed: Distribution, extra: str) -> list[str]:
    """Return the requirements that an extra adds, without their markers."""
    libraries = []
    for requirement in installed.requires or ():
        library, _, marker = requirement.partition(";")
        if f"extra == '{extra}'" in marker.replace('"', "'"):
            libraries.append(library.strip())
    return libraries


def _installer(tool: str) -> str:
    """Return how a package is added to this environment: by uv where that made it, else by pip."""
    import shutil

    if tool == "uv":
        return f"uv pip install --python {_quoted(sys.executable)}"
    here = shutil.which("python")
    same = here is not None and os.path.abspath(here) == os.path.abspath(sys.executable)
    return f"{'python' if same else _quoted(sys.executable)} -m pip install"


def _folder(folder: str, extra: str) -> str:
    """Return a checkout as pip takes it with an extra: -e ".[train]", in the folder itself."""
    try:
        here = os.path.samefile(folder, os.curdir)
    except OSError:
        here = False
    return f'-e "{"." if here else folder}[{extra}]"'


def _quoted(word: str) -> str:
    """Return a word in double quotes, as every shell takes them, where it wants quotes."""
    plain = word.replace("-", "").replace("_", "").replace("/", "").replace(".", "")
    return word if plain.isalnum() else f'"{word}"'
