"""JAX, for numbers and arrays; the code can be compiled and differentiated in turn."""

from __future__ import annotations

from typing import Any, Final

from cgcli.export.emit import Emitter
from cgcli.export.python import body, clean, module
from cgcli.export.target import Function, Target, pieces, table


def _define(function: Function) -> str:
    names = ", ".join(name for name, _ in function.arguments)
    comma = "" if "," in names else ","
    opening = (
        [f"{names}{comma} = (jnp.asarray(x, float) for x in ({names}{comma}))"] if names else []
    )
    lines = body(function, opening)
    blocks = [*TARGET.helpers(function), "\n".join(lines)]
    return module(blocks, ["import jax", "import jax.numpy as jnp"])


def _array(name: str, array: Any) -> str:
    text = str(array.tolist()).replace("nan", "jnp.nan").replace("inf", "jnp.inf")
    return f"{name} = jnp.array({text})"


TARGET: Final = Target(
    **table("jax"),
    prelude=pieces("jax.txt", r"^(?:def )?(\w+)"),
    clean=clean,
    variable=lambda name, text, truth: f"{name} = {text}",
    array=_array,
    define=_define,
    emitter=Emitter,
)
