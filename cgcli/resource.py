"""Tables that stand as TOML beside the code: what people write, and what is said of it.

Most runs read none, and what reads them takes longer to import than many a command.
"""

from __future__ import annotations

from typing import Any


def read_toml(package: str, name: str) -> dict[str, Any]:
    """Return what a file of a package holds.

    >>> list(read_toml("cgcli.graph", "rewrites.toml"))
    ['overflow', 'inexact']
    """
    import tomllib

    return tomllib.loads(read_text(package, name))


def names_in(package: str) -> list[str]:
    """Return the names of what stands in a package."""
    from importlib import resources

    return [entry.name for entry in resources.files(package).iterdir()]


def read_text(package: str, name: str) -> str:
    """Return a text that stands beside the code: a page with places to fill, or a style."""
    from importlib import resources

    return resources.files(package).joinpath(name).read_text(encoding="utf-8")
