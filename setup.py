"""Build the package, and with it the grammars' parse tables, which take Lark to make.

What is built by GitHub says where that was: the addresses of the project are those of the
repository, whatever that is called. What is built elsewhere names no address.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
GRAMMARS = ROOT / "grammar"


class BuildWithTables(build_py):
    """Write the tables beside the grammars that are built, or in place when editable."""

    def run(self) -> None:
        """Build the modules, then make the tables."""
        super().run()
        sys.path.insert(0, str(ROOT))
        from cgcli.language.tables import GRAMMARS as NAMES
        from cgcli.language.tables import save

        folder = GRAMMARS
        if not self.editable_mode:
            folder = Path(self.build_lib) / "cgcli" / "grammar"
        for name in NAMES:
            save(str(GRAMMARS / f"{name}.lark"), str(folder / f"{name}.tables.json"))


def addresses() -> dict[str, str]:
    """Return the project's addresses, by what is found there; none outside of GitHub."""
    server, name = (os.environ.get(f"GITHUB_{part}") for part in ("SERVER_URL", "REPOSITORY"))
    if not server or not name:
        return {}
    home = f"{server}/{name}"
    pages = {"Documentation": "blob/main/README.md", "Changelog": "blob/main/CHANGELOG.md"}
    pages |= {"Source": "", "Issues": "issues"}
    return {label: f"{home}/{page}".rstrip("/") for label, page in pages.items()}


setup(cmdclass={"build_py": BuildWithTables}, project_urls=addresses())
