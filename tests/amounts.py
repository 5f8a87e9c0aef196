"""How many random cases a test looks at: a share of them by default, all of them with `--whole`.

The tests that ask are marked `sampled`, and the long group has them once more, whole.
"""

from __future__ import annotations

import pytest

sampled = pytest.mark.sampled
whole = False
"""Whether all are looked at: an option says so before any test is read."""


def portion(cases: int) -> int:
    """Of so many random cases those that are looked at, a tenth by default."""
    return cases if whole else -(-cases // 10)
