"""The native engine: a plan's rows by code that a C compiler makes."""

from typing import Final

ENGINES: Final = ("numpy", "native", "auto")
"""What runs the rows of a plan; auto is native where that pays."""
