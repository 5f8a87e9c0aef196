"""What is asked for: by which names, to which order, and what the derivatives are called."""

from __future__ import annotations

import itertools
import math
from typing import Final, NamedTuple

from cgcli.errors import CgraphError, excerpt, few, suggest
from cgcli.graph.graph import Graph

_MOST: Final = 2_000


class Wanted(NamedTuple):
    """What is asked for: by which names, to which order, and as which matrix, if as one."""

    wrt: tuple[str, ...] | None = None
    order: int | None = None
    hessian: bool = False
    jacobian: bool = False


def inputs_of(graph: Graph, wanted: Wanted) -> list[str]:
    """Return the names to differentiate by, each once; raises `CgraphError`."""
    names = list(dict.fromkeys(graph.inputs if wanted.wrt is None else wanted.wrt))
    for name in names:
        if name not in graph.inputs:
            raise _no_input(graph, name)
    if not names:
        message = "there is nothing to differentiate by: the program has no inputs"
        raise CgraphError("usage", message, "write a name in it: x^2")
    return names


def orders_of(names: list[str], wanted: Wanted) -> list[tuple[str, ...]]:
    """Return the names to differentiate by, one after the other, of each derivative."""
    given = wanted.wrt or ()
    order = 2 if wanted.hessian else wanted.order
    if len(given) > len(names):
        # A name that stands twice asks for one mixed derivative.
        if order is not None and order != len(given):
            message = f"--order {order} and {len(given)} names in --wrt do not go together"
            raise CgraphError("usage", message, "leave --order out")
        return [tuple(given)]
    if order is None or order == 1:
        return [(name,) for name in names]
    if len(given) == order and not wanted.hessian:
        return [tuple(given)]
    check_count(math.comb(len(names) + order - 1, order))
    return list(itertools.combinations_with_replacement(names, order))


def check_count(count: int) -> None:
    """Raise `CgraphError` of kind limit for too many derivatives."""
    if count > _MOST:
        raise CgraphError("limit", f"these are {count:,} derivatives", "ask for less with --wrt")


def named(of: str, wrt: tuple[str, ...], reserved: set[str]) -> str:
    """Return the name of a derivative, f_x or f_xy, that no node of the program has."""
    short = all(len(name) == 1 for name in wrt)
    name = f"{_plain(of)}_" + ("" if short else "_").join(map(_plain, wrt))
    while name in reserved:
        name += "_"
    reserved.add(name)
    return name


def _plain(name: str) -> str:
    """Return a name without brackets: h[2] is h_2."""
    return name.replace("[", "_").replace("]", "").replace(", ", "_").replace("-", "m")


def _no_input(graph: Graph, name: str) -> CgraphError:
    from cgcli.calculus.result import NO_NAMES, by_constant

    if name in graph.literals.values():
        return by_constant(name)
    names = list(graph.inputs)
    hint = suggest(name, names, f"the inputs are {few(names)}", written="'{}'")
    if not names:
        hint = NO_NAMES
    elif graph.node(name) is not None:
        hint = f"formulas are by the inputs, {few(names)}"
    return CgraphError("name", f"'{excerpt(name)}' is no input", hint)
