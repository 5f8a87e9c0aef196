"""Values of inputs: as `NAME=VALUE`, as files, and as `--at`."""

from __future__ import annotations

import json

from tests.fuzz import arrays
from tests.fuzz.case import Dice
from tests.fuzz.programs import HARD_NUMBERS, HOSTILE, Shape, Written, mutated

PLAIN = ("1", "2", "-3", "0.5", "1.25", "-0.7", "3", "1/3", "2/7", "0.1", "4")
EDGES = (
    "0",
    "-1",
    "1",
    "-0",
    "pi/2",
    "1e-20",
    "1000",
    "-1000",
    "1e200",
    "inf",
    "-inf",
    "nan",
    "1e308",
    "5e-324",
    "710",
)
HOSTILE_VALUES = (
    *HARD_NUMBERS, *HOSTILE, "", " ", "x", "x=1", "[", "[]", "[[]]", "[1,[2]]", "[[1],[2,3]]",
    "[[[1]]]", "@", "@nothing.csv", "@.", "@/dev/null", "1/0", "0/0", "sqrt(-1)", "9^9^9^9", "1 2",
    "sum([1,2])", "[1,2][0]", "where(1,2,3)", "True", "None", "1j", "1;2", "a=1;a",
    "[t for t in 0..3]",
    "f(1)", "1e10000000", "3^(10^8)", "1/3/3", "[1/3, pi, e]", "transpose([[1,2]])", "-", "--1",
    "x[0]", "len([1])", "gamma(171)", "10^400", "0.1^400", "1e-9999999999", '"1"', "１", "½", "1%",
)  # fmt: skip


def scalar(dice: Dice, edge: float) -> str:
    """A number as a person writes it; of the edges in that share."""
    return dice.choice(EDGES if dice.chance(edge) else PLAIN)


def value(dice: Dice, shape: Shape, edge: float) -> str:
    """A value of a shape, as text."""
    if not shape:
        return scalar(dice, edge)
    return f"[{','.join(value(dice, shape[1:], edge) for _ in range(shape[0]))}]"


def _as_data(dice: Dice, shape: Shape, edge: float) -> object:
    if not shape:
        text = scalar(dice, edge)
        if dice.chance(0.3):
            return text
        try:
            number = float(text)
        except ValueError:
            return text
        return number if abs(number) < float("inf") else str(text)
    return [_as_data(dice, shape[1:], edge) for _ in range(shape[0])]


def bound(dice: Dice, written: Written) -> tuple[list[str], dict[str, bytes]]:
    """Arguments that bind every input of the program, now and then wrongly, and their files."""
    edge = dice.one(0, 0, 0, 0.1, 0.3, 1)
    words: list[str] = []
    files: dict[str, bytes] = {}
    at: dict[str, object] = {}
    use_at = dice.chance(0.15)
    for name, shape in written.inputs.items():
        if dice.chance(0.02):
            continue
        if dice.chance(0.02):
            shape = dice.one((), (2,), (3,), (2, 3), (1, 1))  # noqa: PLW2901  # a wrong one
        if use_at and dice.chance(0.7):
            at[name] = _as_data(dice, shape, edge)
        elif dice.chance(0.06):
            file, data = arrays.any_file(dice, shape)
            files[file] = data
            words.append(f"{name}=@{file}")
        elif dice.chance(0.02):
            words.append(f"{name}={dice.choice(HOSTILE_VALUES)}")
        else:
            words.append(f"{name}={value(dice, shape, edge)}")
    if use_at:
        files["at.json"] = json.dumps(at).encode()
        words += ["--at", "at.json"]
    if dice.chance(0.02):
        words.append(dice.one("extra=1", "=", "=1", "x=", "x==1", "1=x", "x =1", "x= 1", "X=1"))
    return words, files


def hostile(dice: Dice, written: Written) -> tuple[list[str], dict[str, bytes], bytes]:
    """Bindings of which at least one is out of order."""
    words, files = [], {}
    stdin = b""
    for name, shape in written.inputs.items():
        match dice.randint(0, 4):
            case 0:
                words.append(f"{name}={dice.choice(HOSTILE_VALUES)}")
            case 1:
                words.append(f"{name}={mutated(dice, value(dice, shape, 0.3))}")
            case 2:
                words.append(mutated(dice, f"{name}={value(dice, shape, 0)}"))
            case 3:
                file, data = arrays.any_file(dice, shape, spoilt=0.7)
                files[file] = data
                words.append(f"{name}=@{file}")
            case _:
                words.append(f"{name}={value(dice, shape, 0.5)}")
    if dice.chance(0.4):
        at = _hostile_at(dice, written)
        if dice.chance(0.2):
            stdin = at
            words += ["--at", "-"]
        else:
            files["at.json"] = at
            words += ["--at", dice.one("at.json", "at.json", "nothing.json", ".", "")]
    return words, files, stdin


def _hostile_at(dice: Dice, written: Written) -> bytes:
    data: dict[str, object] = {}
    for name, shape in written.inputs.items():
        data[name] = dice.one(
            _as_data(dice, shape, 0.5), None, True, {}, {"x": 1}, [], [[]], [1, [2]], "1/0", "x",
            10**400, 1e308, "NaN", "Infinity", "@file.csv", [[[1]]], [None], ["1/3", 2], "\u202e",
            dice.choice(HOSTILE_VALUES),
        )  # fmt: skip
    if dice.chance(0.3):
        data[dice.choice((*HOSTILE, "", "x y", "1", "f(x)", "h[0]"))] = 1
    text = json.dumps(data, ensure_ascii=dice.chance(0.5))
    if dice.chance(0.1):
        text = text.replace(
            "1", dice.one("NaN", "Infinity", "1e400", "1e999999", "01", "1" * 5000), 1
        )
    if dice.chance(0.1):
        text = dice.one(
            "[" * 100_000, "[]", "3", '"x"', "null", "", "{", '{"x":1,"x":2}', '{"a":' * 5000
        )
    return arrays.spoilt_bytes(dice, text.encode("utf-8", "surrogatepass"), 0.3)
