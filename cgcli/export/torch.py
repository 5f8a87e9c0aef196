"""PyTorch, for numbers and arrays of doubles; the code can be differentiated in turn."""

from __future__ import annotations

from typing import Any, Final

from cgcli.export.emit import Emitter
from cgcli.export.numpy import like_numpy
from cgcli.export.python import RESERVED, body, clean, module
from cgcli.export.target import Function, Target, pieces
from cgcli.operations.row import LEVELS


def _define(function: Function) -> str:
    opening = [f"{name} = _tensor({name})" for name, _ in function.arguments]
    lines = body(function, opening)
    blocks = [*TARGET.helpers(lines), "\n".join(lines)]
    return module(blocks, ["import math", "import torch"])


def _array(name: str, array: Any) -> str:
    text = str(array.tolist()).replace("nan", "math.nan").replace("inf", "math.inf")
    return f"{name} = _tensor({text})"


def _number(text: str, level: int) -> str:
    """Return a number: a tensor as an argument, since functions take no others."""
    return f"_tensor({text})" if level <= LEVELS["choice"] else text


TARGET: Final = Target(
    name="torch",
    templates={
        **like_numpy("torch"),
        "matmul": ("product", "<0:product> @ <1:sign>"),
        "truth": "_truth(<0?>)",
        "power": "torch.pow(<0>, <1>)",
        "mod": "torch.remainder(<0>, <1>)",
        "amax": "torch.amax(<0><axis>)",
        "amin": "torch.amin(<0><axis>)",
        "prod": "torch.prod(<0><axis>)",
        "stack": "torch.stack([<*>])",
        "grow": "torch.unsqueeze(<0>, <static>)",
        "jacobian": "torch.reshape(torch.stack([<*>]), <shape>)",
        "erf": "torch.erf(<0>)",
        "erfc": "torch.erfc(<0>)",
        "lgamma": "torch.lgamma(<0>)",
        "gamma": "_gamma(<0>)",
        "digamma": "_digamma(<0>)",
        "polygamma": "_polygamma(<0>, <1>)",
        "sign": "_sign(<0>)",
        "scatter": "_put(<0>, <shape>, _places[<static>])",
    },
    constants={
        "inf": "_tensor(math.inf)", "nan": "_tensor(math.nan)",
        "true": "_tensor(1) == 1", "false": "_tensor(0) == 1",
    },
    prelude=pieces("torch.txt", r"^(?:def |class )?(\w+)"),
    reserved=RESERVED | {"torch"},
    clean=clean,
    variable=lambda name, text, truth: f"{name} = {text}",
    array=_array,
    define=_define,
    library="PyTorch",
    emitter=Emitter,
    number=_number,
)  # fmt: skip
