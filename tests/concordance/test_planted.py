"""The concordance notices: rules of the program are spoilt while it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
