"""IEEE doubles as a kind of number."""

from __future__ import annotations

from typing import Final

from cgcli.calculus.kind import Kind


class Nearest(Kind):
    """The doubles beside numbers of more digits: what is too large for one is inf, and no error."""

    as_written = True
    tolerated = ("overflow",)


DOUBLES: Final = Kind()
"""The kind that is used when no other is asked for."""
NEAREST: Final = Nearest()
"""The kind that stands beside numbers of more digits."""
