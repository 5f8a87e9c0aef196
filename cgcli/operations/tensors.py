"""Vectors and matrices: lists, indexing, products, reductions, and softmax.

These carry a pullback in place of partials: how the upstream gradient, of the shape of the
result, becomes a contribution of the shape of one argument.
"""

from __future__ import annotations

from typing import Any, Final

from cgcli.operations.row import LEVELS, Domain, Kink, Operation, Shape
from cgcli.operations.shapes import ShapeMismatchError, describe

__all__ = ["TENSORS"]

# Shapes


def _vectors(name: str, *shapes: Shape) -> None:
    for place, shape in enumerate(shapes):
        if len(shape) != 1:
            message = f"{name} takes vectors, not {describe(shape)}"
            hint = "for a product of matrices write A @ B" if shape else "for a product write a*b"
            raise ShapeMismatchError(message, hint, (place,))


def _dot_shape(a: Shape, b: Shape) -> Shape:
    _vectors("dot", a, b)
    if a != b:
        message = f"dot takes vectors of one length, not {describe(a)} and {describe(b)}"
        raise ShapeMismatchError(message, "", (0, 1))
    return ()


def _outer_shape(a: Shape, b: Shape) -> Shape:
    _vectors("outer", a, b)
    return (a[0], b[0])


def _matmul_shape(a: Shape, b: Shape) -> Shape:
    for place, shape in enumerate((a, b)):
        if not shape:
            raise ShapeMismatchError(
                "@ multiplies vectors and matrices, not a scalar", "write *", (place,)
            )
    if a[-1] != b[0]:
        message = (
            f"{describe(a)} @ {describe(b)} does not fit: "
            f"{a[-1]} {'columns' if len(a) == 2 else 'elements'} on the left, "
            f"{b[0]} {'rows' if len(b) == 2 else 'elements'} on the right"
        )
        hint = "the two must be equal; transpose(…) swaps rows and columns"
        raise ShapeMismatchError(message, hint, (0, 1))
    return a[:-1] + b[1:]


def _stack_shape(*shapes: Shape) -> Shape:
    first = shapes[0]
    for place, shape in enumerate(shapes):
        if shape != first:
            shapes_told = f"{describe(first)} and {describe(shape)}"
            message = f"a list's elements must be of one shape, not {shapes_told}"
            raise ShapeMismatchError(message, "to join vectors write concat(a, b)", (0, place))
    if len(first) > 1:
        raise ShapeMismatchError(
            "a list of matrices would have three axes",
            "values are scalars, vectors and matrices",
            (0,),
        )
    return (len(shapes), *first)


def _index_shape(x: Shape, *indices: int) -> Shape:
    if not x:
        raise ShapeMismatchError(
            "a scalar has no elements to index", "bind a list, such as x=[1,2,3]", (0,)
        )
    if len(indices) > len(x):
        raise ShapeMismatchError(f"{describe(x)} takes one index", "write x[i]", (0,))
    for index, length in zip(indices, x, strict=False):
        if not -length <= index < length:
            message = f"index {index} is outside {describe(x)}"
            hint = f"indices run from 0 to {length - 1}, and -1 is the last"
            raise ShapeMismatchError(message, hint, (0,))
    return x[len(indices) :]


def _concat_shape(*shapes: Shape) -> Shape:
    if not any(len(shape) == 2 for shape in shapes):
        return (sum(shape[0] if shape else 1 for shape in shapes),)
    for place, shape in enumerate(shapes):
        if len(shape) != 2 or shape[1] != shapes[0][1]:
            message = f"{describe(shapes[0])} and {describe(shape)} cannot be joined"
            raise ShapeMismatchError(
                message, "matrices are joined by rows of one length", (0, place)
            )
    return (sum(shape[0] for shape in shapes), shapes[0][1])


def _reduced_shape(x: Shape, axis: int | None = None) -> Shape:
    if axis is None:
        return ()
    if not -len(x) <= axis < len(x):
        message = f"{describe(x)} has no axis {axis}"
        hint = "axis 0 runs down the rows, 1 along the columns" if x else "leave the axis out"
        raise ShapeMismatchError(message, hint, (0,))
    axis %= len(x)
    return x[:axis] + x[axis + 1 :]


def _extreme_shape(name: str) -> Any:
    def shape(x: Shape) -> Shape:
        if not x:
            message = f"{name} of one scalar: {name} takes two or more arguments, or one vector"
            raise ShapeMismatchError(message, f"write {name}(a, b) or {name}([a, b])", (0,))
        return ()

    return shape


def _same_shape(name: str) -> Any:
    def shape(x: Shape) -> Shape:
        if not x:
            raise ShapeMismatchError(f"{name} takes a vector or a matrix, not a scalar", "", (0,))
        return x

    return shape


def _len_shape(x: Shape) -> Shape:
    if not x:
        raise ShapeMismatchError("a scalar has no length", "len takes a vector or a matrix", (0,))
    return ()


def _onehot_shape(k: Shape, n: int) -> Shape:
    if k:
        raise ShapeMismatchError(f"onehot takes one whole number, not {describe(k)}", "", (0,))
    if n < 1:
        raise ShapeMismatchError(f"onehot of length {n}: the length must be at least 1", "", ())
    return (n,)


# Pullbacks


def _matmul_pullback(m: Any, k: int, up: Any, y: Any, arguments: Any, static: Any) -> Any:
    a, b = arguments
    if k == 0:
        return m.outer_or_scale(up, b) if m.rank(b) == 1 else m.product(up, m.transpose(b))
    return m.outer_or_scale(a, up) if m.rank(a) == 1 else m.product(m.transpose(a), up)


def _sum_pullback(m: Any, k: int, up: Any, y: Any, arguments: Any, static: Any) -> Any:
    return m.spread(up, arguments[0], *static)


def _mean_pullback(m: Any, k: int, up: Any, y: Any, arguments: Any, static: Any) -> Any:
    x = arguments[0]
    return m.spread(up, x, *static) / m.count(x, *static)


def _prod_pullback(m: Any, k: int, up: Any, y: Any, arguments: Any, static: Any) -> Any:
    """The product of all the other elements: y/x has no value where x is 0."""
    x = arguments[0]
    return m.spread(up, x, *static) * m.products_of_others(x, *static)


def _norm_pullback(m: Any, k: int, up: Any, y: Any, arguments: Any, static: Any) -> Any:
    x = arguments[0]
    length = m.spread(y, x, *static)
    # Where the norm overflows, the direction is that of the vector brought nearer.
    near = x / m.number(2**512)
    far = near / m.spread(m.norm(near, *static), x, *static)
    direction = m.where(length == m.inf, far, x / length)
    return m.spread(up, x, *static) * m.where(length == 0, 0, direction)


def _logsumexp_pullback(m: Any, k: int, up: Any, y: Any, arguments: Any, static: Any) -> Any:
    x = arguments[0]
    return m.spread(up, x, *static) * m.exp(x - m.spread(y, x, *static))


def _extreme_pullback(m: Any, k: int, up: Any, y: Any, arguments: Any, static: Any) -> Any:
    x = arguments[0]
    tied = m.where(x == y, 1, 0)
    return up * (tied / m.sum(tied)) + m.where(y == y, 0, y)


def _softmax_pullback(m: Any, k: int, up: Any, y: Any, arguments: Any, static: Any) -> Any:
    return y * (up - m.spread(m.sum(up * y, -1), y, -1))


def _log_softmax_pullback(m: Any, k: int, up: Any, y: Any, arguments: Any, static: Any) -> Any:
    return up - m.exp(y) * m.spread(m.sum(up, -1), y, -1)


def _constant_pullback(m: Any, k: int, up: Any, y: Any, arguments: Any, static: Any) -> None:
    """Nothing: the value depends on the shape or on a label alone."""
    return


def _reduction(
    name: str, value: Any, pullback: Any, summary: str, words: str, **more: Any
) -> Operation:
    return Operation(
        name=name,
        value=value,
        words=(name,),
        static=("axis",),
        pullback=pullback,
        shape=_reduced_shape,
        summary=summary,
        pullback_words=(words,),
        **more,
    )


def _extreme_of_vector(name: str, word: str, value: Any, sides: Any, summary: str) -> Operation:
    return Operation(
        name=name,
        value=value,
        words=(word,),
        pullback=_extreme_pullback,
        shape=_extreme_shape(word),
        kinks=(
            Kink(
                lambda m, x: m.sum(m.where(x == value(m, x), 1, 0)) > 1,
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
        value=lambda m, *a: m.stack(*a),
        parameters=("a",),
        variadic=True,
        pullback=lambda m, k, up, y, arguments, static: up[k],
        shape=_stack_shape,
        summary="a list: a vector of scalars, or a matrix of rows",
        pullback_words=("each element takes its own part of the upstream gradient",),
    ),
    Operation(
        name="index",
        value=lambda m, x, *i: m.index(x, *i),
        static=("i", "j"),
        required_static=1,
        pullback=lambda m, k, up, y, arguments, static: m.scatter(up, arguments[0], *static),
        shape=_index_shape,
        summary="one element, or one row of a matrix",
        pullback_words=("the upstream gradient goes to that place, and 0 to all others",),
    ),
    Operation(
        name="matmul",
        value=lambda m, a, b: m.product(a, b),
        symbol="@",
        level=LEVELS["product"],
        parameters=("a", "b"),
        pullback=_matmul_pullback,
        shape=_matmul_shape,
        summary="matrix product, inner product of two vectors",
        pullback_words=("upstream @ transpose(b)", "transpose(a) @ upstream"),
    ),
    Operation(
        name="dot",
        value=lambda m, a, b: m.product(a, b),
        words=("dot",),
        parameters=("a", "b"),
        pullback=lambda m, k, up, y, arguments, static: up * arguments[1 - k],
        shape=_dot_shape,
        summary="inner product of two vectors",
        pullback_words=("upstream * b", "upstream * a"),
    ),
    Operation(
        name="outer",
        value=lambda m, a, b: m.outer_or_scale(a, b),
        words=("outer",),
        parameters=("a", "b"),
        pullback=lambda m, k, up, y, arguments, static: m.product(
            *((up, arguments[1]) if k == 0 else (arguments[0], up))
        ),
        shape=_outer_shape,
        summary="matrix of all products of two vectors' elements",
        pullback_words=("upstream @ b", "a @ upstream"),
    ),
    Operation(
        name="transpose",
        value=lambda m, x: m.transpose(x),
        words=("transpose",),
        pullback=lambda m, k, up, y, arguments, static: m.transpose(up),
        shape=lambda x: x[::-1],
        summary="rows and columns swapped",
        pullback_words=("transpose(upstream)",),
    ),
    Operation(
        name="concat",
        value=lambda m, *a: m.concat(*a),
        words=("concat",),
        parameters=("a",),
        variadic=True,
        pullback=lambda m, k, up, y, arguments, static: m.piece(up, k, *arguments),
        shape=_concat_shape,
        summary="vectors end to end, or matrices one below the other",
        pullback_words=("each part takes its own piece of the upstream gradient",),
    ),
    _reduction(
        "sum",
        lambda m, x, *axis: m.sum(x, *axis),
        _sum_pullback,
        "sum of the elements",
        "every element takes the upstream gradient",
    ),
    _reduction(
        "mean",
        lambda m, x, *axis: m.sum(x, *axis) / m.count(x, *axis),
        _mean_pullback,
        "mean of the elements",
        "every element takes the upstream gradient over the number of elements",
    ),
    _reduction(
        "prod",
        lambda m, x, *axis: m.prod(x, *axis),
        _prod_pullback,
        "product of the elements",
        "every element takes the upstream gradient times all the other elements",
    ),
    _reduction(
        "norm",
        lambda m, x, *axis: m.norm(x, *axis),
        _norm_pullback,
        "2-norm, the square root of the sum of squares",
        "upstream * x/norm(x)",
        kinks=(
            Kink(
                lambda m, x, *axis: m.norm(x, *axis) == 0,
                lambda m, x, *axis: ((-1, 1),),
                "a corner where every element is 0",
            ),
        ),
        convention="the gradient where every element is 0 is 0",
    ),
    _reduction(
        "logsumexp",
        lambda m, x, *axis: m.logsumexp(x, *axis),
        _logsumexp_pullback,
        "log(sum(exp(x))), without overflow",
        "upstream * softmax(x)",
    ),
    _extreme_of_vector("amax", "max", lambda m, x: m.amax(x), (0, 1), "greatest element"),
    _extreme_of_vector("amin", "min", lambda m, x: m.amin(x), (1, 0), "least element"),
    Operation(
        name="softmax",
        value=lambda m, x: m.softmax(x),
        words=("softmax",),
        pullback=_softmax_pullback,
        mixes=True,
        shape=_same_shape("softmax"),
        summary="exp(x)/sum(exp(x)), over the last axis",
        pullback_words=("y * (upstream - sum(upstream*y)), y the softmax",),
    ),
    Operation(
        name="log_softmax",
        value=lambda m, x: m.log_softmax(x),
        words=("log_softmax",),
        pullback=_log_softmax_pullback,
        mixes=True,
        shape=_same_shape("log_softmax"),
        summary="x - logsumexp(x), over the last axis",
        pullback_words=("upstream - softmax(x)*sum(upstream)",),
    ),
    Operation(
        name="len",
        value=lambda m, x: m.len(x),
        words=("len",),
        pullback=_constant_pullback,
        shape=_len_shape,
        summary="number of elements of a vector, of rows of a matrix",
        pullback_words=("nothing: the length does not change with the elements",),
    ),
    Operation(
        name="onehot",
        value=lambda m, k, n: m.onehot(k, n),
        words=("onehot",),
        parameters=("k",),
        static=("n",),
        required_static=1,
        pullback=_constant_pullback,
        shape=_onehot_shape,
        domain=Domain(
            lambda m, k, n: m.where(k >= 0, m.where(k < n, m.floor(k) == k, False), False),
            "{k} must be a whole number from 0 to n - 1",
        ),
        summary="vector of n elements, 1 at place k and 0 elsewhere",
        pullback_words=("nothing: k is a label",),
    ),
)
