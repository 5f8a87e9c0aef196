"""PyTorch, for numbers and arrays of doubles; the code can be differentiated in turn."""

from __future__ import annotations

from typing import Any, Final

from cgcli.export.emit import Emitter
from cgcli.export.python import body, clean, module
from cgcli.export.target import Function, Target, pieces, table
from cgcli.operations.row import LEVELS


def _define(function: Function) -> str:
    opening = [f"{name} = _tensor({name})" for name, _ in function.arguments]
    lines = body(function, opening)
    blocks = [*TARGET.helpers(function, *opening), "\n".join(lines)]
    return module(blocks, ["import math", "import torch"])


def _array(name: str, array: Any) -> str:
    text = str(array.tolist()).replace("nan", "math.nan").replace("inf", "math.inf")
    return f"{name} = _tensor({text})"


def _number(text: str, level: int) -> str:
    """Return a number: a tensor as an argument, since functions take no others."""
    return f"_tensor({text})" if level <= LEVELS["choice"] else text


TARGET: Final = Target(
    **table("torch"),
    prelude=pieces("torch.txt", r"^(?:def |class )?(\w+)"),
    clean=clean,
    variable=lambda name, text, truth: f"{name} = {text}",
    array=_array,
    define=_define,
    emitter=Emitter,
    number=_number,
)
