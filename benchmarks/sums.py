"""The sum that `long_sum.py` and `scaling.py` measure: its text and its bindings."""

from __future__ import annotations

XS = 100
YS = 77
# A term is mul, sin, 3.5, sub, 2 and pow, and all but the first need an add: two written constants
# are two nodes, and a name is one however often it is used.
NODES_PER_TERM = 7


def text(terms: int) -> str:
    """Return the sum of `terms` terms `(x_i*sin(y_j)-3.5)^2` over 100 names x and 77 names y."""
    return "+".join(f"(x{term % XS}*sin(y{term % YS})-3.5)^2" for term in range(terms))


def bindings(terms: int) -> dict[str, float]:
    """Return a value for each name that the sum of `terms` terms uses."""
    xs = {f"x{i}": 0.1 * i for i in range(min(XS, terms))}
    ys = {f"y{j}": 0.1 * j for j in range(min(YS, terms))}
    return xs | ys


def terms_for(nodes: int) -> int:
    """Return the number of terms whose graph has about `nodes` nodes, inputs counted."""
    return max(1, round((nodes - XS - YS + 1) / NODES_PER_TERM))
