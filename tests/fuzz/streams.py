"""Lines of `cgraph eval --jsonl`, in order and not."""

from __future__ import annotations

import json

from tests.fuzz import arrays, bindings, programs
from tests.fuzz.case import Case, Dice

ODD = (
    None, True, 0, 1.5, "", "x", [], {}, [1], {"x": 1}, "\u202e", "\x1b[31m", 10**400, "NaN", [[]],
    [None], "@file", "1/0", ["1/2"], -1, 1e308, [["a"]], {"x": {"y": 1}},
)  # fmt: skip
KEYS = (
    "id",
    "expr",
    "at",
    "wrt",
    "of",
    "exact",
    "shape",
    "digits",
    "wtr",
    "",
    "x",
    "\u202e",
    "schema",
)


def _line(dice: Dice) -> bytes:
    written = programs.Writer(dice).program(dice.one(1, 2))
    at = {}
    for name, shape in written.inputs.items():
        text = bindings.value(dice, shape, 0.1)
        at[name] = text if dice.chance(0.4) else _plain(text)
    data: dict[str, object] = {"expr": written.text}
    if dice.chance(0.7):
        data["id"] = dice.one(1, "a", None, 1.5, [1, {"x": "\u202e\x1b"}], "é", 10**30, True, 1e308)
    if at or dice.chance(0.5):
        data["at"] = at
    if dice.chance(0.3):
        data["wrt"] = dice.some([*written.inputs, *written.names], 2)
    if dice.chance(0.2):
        data["of"] = dice.choice([*written.names, "x"])
    if dice.chance(0.25):
        data[dice.choice(KEYS)] = dice.choice(ODD)
    if dice.chance(0.1):
        data.pop(dice.choice(list(data)))
    if dice.chance(0.1):
        data["expr"] = programs.mutated(dice, written.text)
    text = json.dumps(data, ensure_ascii=dice.chance(0.5))
    if dice.chance(0.06):
        text = dice.one(
    "", " ", "[]", "3", "null", '"x"', "{", "}", "x*y", "[" * 20000, '{"expr":"x","expr":"y"}',
            '{"expr":"1","id":NaN}', '{"expr":"1","id":-Infinity}', '{"expr":"1","id":1e400}',
    '{"expr":"x","at":{"x":1e400}}', '{"id":"\\ud800","expr":"1"}', "\ufeff" + text, text + text,
            text + ",", f"[{text}]", "#" + text,
        )  # fmt: skip
    return arrays.spoilt_bytes(dice, text.encode("utf-8", "surrogatepass"), 0.06)


def _plain(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def stream(dice: Dice) -> Case:
    """A stream of lines."""
    lines = [_line(dice) for _ in range(dice.one(1, 1, 2, 3, 5))]
    data = dice.one(b"\n", b"\n", b"\r\n", b"\n\n").join(lines) + dice.one(b"\n", b"")
    words = dice.some(["--exact", "--json", "--verify", "--max-nodes=20000"], 2)
    if dice.chance(0.1):
        words.append(
            dice.one("--precision=20", "--wrt=x", "x=1", "--digits=3", "--rows=2", "--of=x")
        )
    return Case(("eval", "--jsonl", *words), {}, data)
