"""Values from outside → floats and arrays of doubles, of rank 2 at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cgcli.errors import CgraphError, excerpt


def as_inputs(bindings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the bindings with each value as the graph keeps it; raises `CgraphError`."""
    check_names(bindings)
    return {
        name: value if type(value) is float else as_input(value, name)
        for name, value in bindings.items()
    }


def check_names(bindings: Mapping[str, Any]) -> None:
    """Raise `CgraphError` for a name that is no string."""
    for name in bindings:
        if not isinstance(name, str):
            raise CgraphError("binding", f"a name must be a string, not {type(name).__name__}")


def as_input(value: Any, name: str) -> Any:
    """Return a number as a float, and lists or arrays as an array of doubles.

    >>> as_input(1, "x"), as_input([[1, 2], [3, 4]], "W").shape
    (1.0, (2, 2))
    """
    if not isinstance(value, (list, tuple)) and not hasattr(value, "__array__"):
        return _as_float(value, name)
    import numpy as np

    array = as_array(value, name, _as_row)
    if array.dtype.kind not in "fiu":
        raise unusable(name, "its elements must be numbers")
    with np.errstate(all="ignore"):
        array = array.astype(np.float64)
    return array if array.ndim else float(array)


def _as_float(value: Any, name: str) -> float:
    if isinstance(value, (bool, str, bytes)) or value is None:
        raise unusable(name, f"{type(value).__name__} is not a number")
    try:
        return float(value)
    except OverflowError:
        raise unusable(name, "it is larger than the largest double, 1.8e308") from None
    except (TypeError, ValueError):
        raise unusable(name, f"{type(value).__name__} is not a number") from None


def _as_row(value: Any, name: str) -> Any:
    if type(value) is float:
        return value
    return value if getattr(value, "shape", ()) else _as_float(value, name)


def as_array(value: Any, name: str, number: Callable[[Any, str], Any]) -> Any:
    """Return an array, or lists with every element as `number` reads it, as an array of NumPy's.

    Raises `CgraphError` where it has more than two axes, or no elements.
    """
    import numpy as np

    rows = value
    if isinstance(value, (list, tuple)):
        # NumPy reads large whole numbers as objects.
        rows = [
            [number(element, name) for element in row]
            if isinstance(row, (list, tuple))
            else number(row, name)
            for row in value
        ]
    try:
        array = np.asarray(rows)
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise unusable(name, "its rows must be of one length, and its elements numbers") from None
    if array.ndim > 2:
        raise unusable(name, f"it has {array.ndim} axes, and values have 2 at most")
    if not array.size:
        raise unusable(name, "it is empty")
    return array


def unusable(name: str, why: str) -> CgraphError:
    """Return the error for a value that is no number, vector or matrix."""
    return CgraphError(
        "binding",
        f"the value of '{excerpt(name)}' cannot be used: {why}",
        "bind a number, a vector [1, 2, 3] or a matrix [[1, 2], [3, 4]]",
    )


def is_finite(number: Any) -> bool:
    """Whether a number, or every element of an array, is neither infinite nor the lack of one.

    >>> is_finite(1.5), is_finite(float("inf")), is_finite(float("nan"))
    (True, False, False)
    """
    if not getattr(number, "shape", ()):
        return bool(number - number == 0)
    from cgcli.numbers.arrays import quiet

    with quiet():
        return not (number - number).any()
