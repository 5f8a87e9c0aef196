"""Build the package, and with it the grammars' parse tables, which take Lark to make."""

from __future__ import annotations

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


setup(cmdclass={"build_py": BuildWithTables})
