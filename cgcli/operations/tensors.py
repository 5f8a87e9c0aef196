"""Vectors and matrices: lists, indexing, products, reductions, and softmax.

These carry a pullback in place of partials: how the upstream gradient, of the shape of the
result, becomes a contribution of the shape of one argument.
"""

from __future__ import annotations

from typing import Any, Final

from cgcli.operations import shapes
from cgcli.operations.protocol import Directions, Number, Rulebook
from cgcli.operations.row import LEVELS, Domain, Kink, Operation, Parts, Pullback, Static, Tangent

# Pullbacks


def _matmul_pullback(
    m: Rulebook, k: int, up: Number, y: Number, arguments: Parts, static: Static
) -> Number:
    a, b = arguments
    if k == 0:
        return m.outer_or_scale(up, b) if m.rank(b) == 1 else m.product(up, m.transpose(b))
    return m.outer_or_scale(a, up) if m.rank(a) == 1 else m.product(m.transpose(a), up)


def _extreme_pullback(
    m: Rulebook, k: int, up: Number, y: Number, arguments: Parts, static: Static
) -> Number:
    x = arguments[0]
    tied = m.where(x == y, m.number(1), m.number(0))
    # NaN is the extreme, and equal to nothing: what is NaN itself has a gradient that is, too.
    share = up / m.where(y == y, m.sum(tied), 1)
    return m.where(x == x, share * tied, x)


def _on_diagonal(m: Rulebook, up: Number, like: Number) -> Number:
    """Return what goes to a matrix's diagonal alone: the rest is sent nothing, and not 0."""
    places = tuple(range(int(m.count(like, 0))))
    return m.scatter(up, like, places, places)


def _matmul_words(k: int, a: Number, b: Number) -> str:
    """What goes to one factor of a product, as the factors' numbers of axes have it."""
    if len(a) == len(b) == 1:
        return ("{upstream} * {b}", "{upstream} * {a}")[k]
    if k == 0:
        return "outer({upstream}, {b})" if len(b) == 1 else "{upstream} @ transpose({b})"
    return "outer({a}, {upstream})" if len(a) == 1 else "transpose({a}) @ {upstream}"


# Tangents


def _linear(name: str) -> Tangent:
    """The tangent of what is linear in all its arguments together: its value, of their tangents."""
    return lambda d, moves, y, arguments, static: getattr(d, name)(*moves, *static)


def _bilinear(name: str) -> Tangent:
    """The tangent of a product of two arguments."""

    def tangent(d: Directions, moves: Parts, y: Number, arguments: Parts, static: Static) -> Number:
        a, b = map(d.alike, arguments)
        product = getattr(d, name)
        return product(moves[0], b) + product(a, moves[1])

    return tangent


def _reduced(pullback: Pullback) -> Tangent:
    """The tangent of a reduction: the sum of what its pullback weighs the elements by."""

    def tangent(d: Directions, moves: Parts, y: Number, arguments: Parts, static: Static) -> Number:
        bare = d.bare
        weights = pullback(bare, 0, bare.where(y == y, 1.0, 1.0), y, arguments, static)
        return d.sum(moves[0] * d.alike(weights), *static)

    return tangent


def _reduction(name: str, pullback: Pullback, summary: str, words: str, **more: Any) -> Operation:
    return Operation(
        name=name,
        static=("axis",),
        pullback=pullback,
        tangent=_reduced(pullback),
        shape=shapes.reduced,
        summary=summary,
        pullback_words=(words,),
        **more,
    )


def _extreme_of_vector(name: str, word: str, sides: tuple[int, int], summary: str) -> Operation:
    return Operation(
        name=name,
        words=(word,),
        pullback=_extreme_pullback,
        tangent=_reduced(_extreme_pullback),
        sign="kept",
        gate=True,
        shape=shapes.extreme,
        kinks=(
            Kink(
                lambda m, x: m.sum(m.where(x == getattr(m, name)(x), 1, 0)) > 1,
                lambda m, x: (sides,),
                "a corner where elements tie",
            ),
        ),
        summary=summary,
        pullback_words=("the upstream gradient goes to that element; ties share it equally",),
        convention="ties share equally",
    )


TENSORS: Final = (
    Operation(
        name="stack",
        written="[<*>]",
        usage="[a, …]",
        tangent=_linear("stack"),
        collects=True,
        parameters=("a",),
        variadic=True,
        pullback=lambda m, k, up, y, arguments, static: up[k],
        shape=shapes.stack,
        summary="a list: a vector of scalars, or a matrix of rows",
        pullback_words=("each element takes its own part of the upstream gradient",),
    ),
    Operation(
        name="index",
        picks=True,
        written="<0:atom>[<static>]",
        usage="x[i]",
        tangent=_linear("index"),
        static=("i", "j"),
        required_static=1,
        pullback=lambda m, k, up, y, arguments, static: m.scatter(up, arguments[0], *static),
        shape=shapes.index,
        sign="kept",
        summary="an element, a row, or a part: x[1:], W[:, 0]",
        pullback_words=("the upstream gradient goes to that place, and 0 to all others",),
    ),
    Operation(
        name="matmul",
        multiplies=True,
        value=lambda m, a, b: m.product(a, b),
        tangent=_bilinear("product"),
        symbol="@",
        latex=r"\,",
        level=LEVELS["product"],
        parameters=("a", "b"),
        pullback=_matmul_pullback,
        shape=shapes.matmul,
        rules=("product rule",),
        summary="matrix product, inner product of two vectors",
        pullback_words=("{upstream} @ transpose({b})", "transpose({a}) @ {upstream}"),
        wording=_matmul_words,
    ),
    Operation(
        name="dot",
        multiplies=True,
        commutes=True,
        value=lambda m, a, b: m.product(a, b),
        tangent=_bilinear("product"),
        parameters=("a", "b"),
        pullback=lambda m, k, up, y, arguments, static: up * arguments[1 - k],
        shape=shapes.dot,
        rules=("product rule",),
        summary="inner product of two vectors",
        pullback_words=("{upstream} * {b}", "{upstream} * {a}"),
    ),
    Operation(
        name="outer",
        multiplies=True,
        printed=r"<0:power>\,<1:atom>^{\top}",
        value=lambda m, a, b: m.outer_or_scale(a, b),
        tangent=_bilinear("outer_or_scale"),
        parameters=("a", "b"),
        pullback=lambda m, k, up, y, arguments, static: m.product(
            *((up, arguments[1]) if k == 0 else (arguments[0], up))
        ),
        shape=shapes.outer,
        rules=("product rule",),
        summary="matrix of all products of two vectors' elements",
        pullback_words=("{upstream} @ {b}", "{a} @ {upstream}"),
    ),
    Operation(
        name="transpose",
        tangent=_linear("transpose"),
        latex=r"<x>^{\top}",
        pullback=lambda m, k, up, y, arguments, static: m.transpose(up),
        shape=lambda x: x[::-1],
        sign="kept",
        summary="rows and columns swapped",
        pullback_words=("transpose({upstream})",),
    ),
    Operation(
        name="concat",
        tangent=_linear("concat"),
        parameters=("a",),
        variadic=True,
        pullback=lambda m, k, up, y, arguments, static: m.piece(up, k, arguments),
        shape=shapes.concat,
        summary="vectors end to end, or matrices one below the other",
        pullback_words=("each part takes its own piece of the upstream gradient",),
    ),
    Operation(
        name="diag",
        tangent=_linear("diag"),
        pullback=lambda m, k, up, y, arguments, static: (
            _on_diagonal(m, up, arguments[0]) if m.rank(up) == 1 else m.diag(up)
        ),
        shape=shapes.diag,
        summary="the diagonal of a matrix, or the matrix that has a vector as its diagonal",
        pullback_words=("diag({upstream})",),
    ),
    Operation(
        name="trace",
        value=lambda m, x: m.sum(m.diag(x)),
        tangent=lambda d, moves, y, arguments, static: d.sum(d.diag(moves[0])),
        latex=r"\operatorname{tr}\left(<x>\right)",
        pullback=lambda m, k, up, y, arguments, static: _on_diagonal(
            m, m.stack(*[up] * int(m.count(arguments[0], 0))), arguments[0]
        ),
        shape=shapes.trace,
        summary="sum of a matrix's diagonal",
        pullback_words=("the diagonal takes the upstream gradient, and the rest 0",),
    ),
    Operation(
        name="cumsum",
        tangent=_linear("cumsum"),
        pullback=lambda m, k, up, y, arguments, static: m.cumsum(up, backwards=True),
        shape=shapes.running,
        summary="for every element of a vector the sum up to it",
        pullback_words=("each element takes the sum of the upstream gradient from its place on",),
    ),
    _reduction(
        "sum",
        lambda m, k, up, y, parts, static: m.spread(up, parts[0], *static),
        "sum of the elements",
        "every element takes the upstream gradient",
        sign="kept",
        rules=("sum rule",),
    ),
    _reduction(
        "mean",
        lambda m, k, up, y, parts, static: (
            m.spread(up, parts[0], *static) / m.count(parts[0], *static)
        ),
        "mean of the elements",
        "every element takes the upstream gradient over the number of elements",
    ),
    _reduction(
        "prod",
        # The product of all the other elements: y/x has no value where x is 0.
        lambda m, k, up, y, parts, static: (
            m.spread(up, parts[0], *static) * m.products_of_others(parts[0], *static)
        ),
        "product of the elements",
        "every element takes the upstream gradient times all the other elements",
        sign="kept",
        rules=("product rule",),
        wide=True,
    ),
    _reduction(
        "norm",
        lambda m, k, up, y, parts, static: m.norm_sent(up, parts[0], y, *static),
        "2-norm, the square root of the sum of squares",
        "{upstream} * {x}/{y}, {y} the norm",
        sign=">=",
        wide=True,
        kinks=(
            Kink(
                lambda m, x, *axis: m.sum(m.abs(x), *axis) == 0,
                lambda m, x, *axis: ((-1, 1),),
                "a corner where every element is 0",
            ),
        ),
        convention="the gradient where every element is 0 is 0",
    ),
    _reduction(
        "logsumexp",
        lambda m, k, up, y, parts, static: (
            m.spread(up, parts[0], *static) * m.logsumexp_slope(parts[0], y, *static)
        ),
        "log(sum(exp(x))), without overflow",
        "{upstream} * exp({x} - {y}), {y} the logsumexp",
        wide=True,
    ),
    _extreme_of_vector("amax", "max", (0, 1), "greatest element"),
    _extreme_of_vector("amin", "min", (1, 0), "least element"),
    Operation(
        name="softmax",
        pullback=lambda m, k, up, y, arguments, static: m.softmax_slope(up, y),
        tangent=lambda d, moves, y, arguments, static: d.bare.softmax_slope(moves[0], d.alike(y)),
        mixes=True,
        wide=True,
        shape=shapes.same,
        sign=">",
        summary="exp(x)/sum(exp(x)), over the last axis",
        pullback_words=("{y} * ({upstream} - sum({upstream}*{y})), {y} the softmax",),
    ),
    Operation(
        name="log_softmax",
        pullback=lambda m, k, up, y, arguments, static: m.log_softmax_slope(up, arguments[0], y),
        tangent=lambda d, moves, y, arguments, static: d.bare.centred(
            moves[0], d.alike(d.bare.softmax(arguments[0]))
        ),
        mixes=True,
        wide=True,
        shape=shapes.same,
        summary="x - logsumexp(x), over the last axis",
        pullback_words=("{upstream} - softmax({x})*sum({upstream})",),
    ),
    Operation(
        name="len",
        step=True,
        pullback=lambda m, k, up, y, arguments, static: None,
        shape=shapes.length,
        summary="number of elements of a vector, of rows of a matrix",
        pullback_words=("nothing: the length does not change with the elements",),
    ),
    Operation(
        name="onehot",
        parameters=("k",),
        static=("n",),
        required_static=1,
        pullback=lambda m, k, up, y, arguments, static: None,
        shape=shapes.onehot,
        domain=Domain(
            # A form of k equals floor(k) for some k; == asks whether it does for all.
            lambda m, k, n: m.where(k >= 0, m.where(k < n, m.floor(k) >= k, False), False),
            "{k} must be a whole number from 0 to n - 1",
        ),
        summary="vector of n elements, 1 at place k and 0 elsewhere",
        pullback_words=("nothing: k is a label",),
    ),
)
