"""JAX, for numbers and arrays; the code can be compiled and differentiated in turn."""

from __future__ import annotations

from typing import Any, Final

from cgcli.export.emit import Emitter
from cgcli.export.numpy import like_numpy
from cgcli.export.python import RESERVED, body, clean, module
from cgcli.export.target import Function, Target, pieces


def _define(function: Function) -> str:
    names = ", ".join(name for name, _ in function.arguments)
    comma = "" if "," in names else ","
    opening = (
        [f"{names}{comma} = (jnp.asarray(x, float) for x in ({names}{comma}))"] if names else []
    )
    lines = body(function, opening)
    blocks = [*TARGET.helpers(lines), "\n".join(lines)]
    return module(blocks, ["import jax", "import jax.numpy as jnp"])


def _array(name: str, array: Any) -> str:
    text = str(array.tolist()).replace("nan", "jnp.nan").replace("inf", "jnp.inf")
    return f"{name} = jnp.array({text})"


TARGET: Final = Target(
    name="jax",
    templates={
        **like_numpy("jnp"),
        "matmul": ("product", "<0:product> @ <1:sign>"),
        "stack": "jnp.stack([<*>])",
        "grow": "jnp.expand_dims(<0>, <static>)",
        "jacobian": "jnp.reshape(jnp.stack([<*>]), <shape>)",
        "prod": "jnp.prod(<0><axis>)",
        "cbrt": "jnp.cbrt(<0>)",
        "erf": "jax.scipy.special.erf(<0>)",
        "erfc": "jax.scipy.special.erfc(<0>)",
        "gamma": "_gamma(<0>)",
        "lgamma": "jax.scipy.special.gammaln(<0>)",
        "digamma": "jax.scipy.special.digamma(<0>)",
        "polygamma": "_polygamma(<0>, <1>)",
        "scatter": "_put(<0>, <shape>, jnp.s_[<static>])",
    },
    constants={"inf": "jnp.inf", "nan": "jnp.nan", "true": "True", "false": "False"},
    prelude=pieces("jax.txt", r"^(?:def )?(\w+)"),
    reserved=RESERVED | {"jax", "jnp"},
    clean=clean,
    variable=lambda name, text, truth: f"{name} = {text}",
    array=_array,
    define=_define,
    library="JAX",
    emitter=Emitter,
)
