"""Build the package, and with it the grammar's parse tables, which take Lark to make."""

from __future__ import annotations

import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
GRAMMAR = ROOT / "grammar" / "cgraph.lark"


class BuildWithTables(build_py):
    """Write `cgraph.tables.json` beside the grammar that is built, or in place when editable."""

    def run(self) -> None:
        """Build the modules, then make the tables."""
        super().run()
        sys.path.insert(0, str(ROOT))
        from cgcli.language.tables import save

        folder = GRAMMAR.parent
        if not self.editable_mode:
            folder = Path(self.build_lib) / "cgcli" / "grammar"
        save(str(GRAMMAR), str(folder / "cgraph.tables.json"))


setup(cmdclass={"build_py": BuildWithTables})
