"""Answer sheets, as text, JSON and JSON Lines."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import tempfile

from cgcli.commands.app import run
from tests.fuzz import arrays, bindings, commands, programs
from tests.fuzz.case import Case, Dice

ANSWERS = (
    "", "?", "x", "-", "1/0", "nan", "inf", "1e999", "[1,2]", "[[1,2],[3,4]]", "[1,[2]]", "0.33",
    "1e-3", "2e", "1,5", "1.000.000", "½", "1 1/2", "sqrt(2)/2", "2*pi", "e", "9^9^9^9", "1%",
    "≈ 3",
    "= 3", "3 = 3", "x^(10^9)", "1e400*0", "0x1", "\u202e3", "\x1b[1m3", "dg/dx", "1/(x-x)",
    "gamma(200)",
    "log(-1)", "z z", "2z", "(((", "1" * 3000, "0." + "3" * 400, "sum([1,2])", "[t for t in 0..9]",
    "true", "none", "-0", "+4", "−3", "3.", "4 (four)", "{1}", "<3", "\\frac{1}{2}", "$3$", "x=3",
)  # fmt: skip


def _left(dice: Dice, names: list[str], text: str) -> str:
    name = dice.choice(names)
    match dice.randint(0, 11):
        case 0 | 1 | 2 | 3:
            return name
        case 4 | 5 | 6:
            return f"d{dice.choice(names)}/d{name}"
        case 7:
            return f"∂{dice.choice(names)}/∂{name}"
        case 8:
            return f"{name}.grad"
        case 9:
            return f"d{dice.choice(names)}/d({text[:20]})"
        case 10:
            return f"{name}.grad[{dice.randint(-1, 3)}]"
        case _:
            return dice.one(
                text[:30], f"{name}[0]", "v1", "v2", "dL/dx", "f", "", name.upper(), "x y"
            )


def _answer(dice: Dice, inputs: list[str]) -> str:
    match dice.randint(0, 6):
        case 0 | 1 | 2:
            return bindings.scalar(dice, 0.1)
        case 3:
            return str(round(dice.uniform(-10, 10), dice.randint(0, 5)))
        case 4:
            return programs.Writer(dice, names=tuple(inputs) or ("x",)).scalar(2)
        case 5:
            return dice.choice(ANSWERS)
        case _:
            return bindings.value(dice, dice.one((2,), (2, 2), (3,)), 0.1)


def _text(dice: Dice, answers: list[tuple[str, str]]) -> str:
    mark = dice.one("\n", "\n", "; ", "\r\n", "\n\n")
    return mark.join(
        f"{left}{dice.one(' = ', '=', ' : ', '＝')}{answer}" for left, answer in answers
    )


def _sheet(dice: Dice, names: list[str], inputs: list[str], text: str) -> tuple[str, bytes]:
    answers = [(_left(dice, names, text), _answer(dice, inputs)) for _ in range(dice.randint(0, 8))]
    kind = dice.one("txt", "txt", "json", "jsonl")
    if kind == "txt":
        made = _text(dice, answers)
        if dice.chance(0.3):
            made = "# note\n" + made + "\n# p = 3"
        if dice.chance(0.2):
            made = programs.mutated(dice, made)
    else:
        numbers = {left: _json(dice, answer) for left, answer in answers}
        data: object = numbers
        if kind == "jsonl" or dice.chance(0.3):
            data = {
                "student": dice.one(
                    "Ada", "\u202eb", "\x1b[1m", "", 3, None, "=cmd()", '"a",b', "[red]"
                ),
                "answers": numbers,
            }
            if dice.chance(0.1):
                data[dice.one("id", "x", "student ")] = 1
        if dice.chance(0.1):
            data = dice.one([], [data], None, 3, "x", {}, {"answers": []}, {"answers": {"p": {}}})
        made = json.dumps(data, ensure_ascii=dice.chance(0.5))
        if kind == "jsonl":
            made = "\n".join([made] * dice.one(1, 2, 3)) + dice.one(
                "", "\n", "\n\n", "\n{", "\nnull"
            )
    data_bytes = arrays.spoilt_bytes(dice, made.encode("utf-8", "surrogatepass"), 0.12)
    name = dice.one("a", "ada", "b\u202eo", "x y")
    return f"{name}.{kind}", data_bytes


def _json(dice: Dice, answer: str) -> object:
    if dice.chance(0.1):
        return dice.one(
            None, True, [], {}, [1, "x"], 1e308, 10**400, [[1, 2], [3]], {"x": 1}, "NaN"
        )
    try:
        return json.loads(answer)
    except ValueError:
        return answer


def answers(dice: Dice) -> Case:
    """`cgraph check` with a few sheets."""
    written = programs.program(dice)
    words, files = bindings.bound(dice, written)
    names = [*written.names, *written.inputs, "f", "v1"]
    stdin = b""
    given: list[str] = []
    for _ in range(dice.one(1, 1, 1, 2, 3)):
        name, data = _sheet(dice, names, list(written.inputs), written.text)
        files[name] = data
        given.append(name)
    if dice.chance(0.05):
        stdin = files.pop(given[-1])
        given[-1] = "-"
    words += (
        ["-a", *dict.fromkeys(given)]
        if dice.chance(0.7)
        else [w for g in dict.fromkeys(given) for w in ("-a", g)]
    )
    if dice.chance(0.15):
        left, answer = _left(dice, names, written.text), _answer(dice, list(written.inputs))
        words += ["--answer", f"{left} = {answer}"]
    return commands.case_of(dice, "check", written, words, files, stdin)


def key(dice: Dice) -> Case:
    """The key of a problem, handed in as a student's sheet: all of it is right."""
    written = programs.Writer(dice).program(dice.one(1, 2, 2, 3))
    words, files = bindings.bound(dice, written)
    limits = ["--max-nodes", "20000"]
    printed = io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        here = os.getcwd()
        os.chdir(folder)
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
                status = run(["sheet", written.text, *words, "--key", *limits])
        finally:
            os.chdir(here)
    text = printed.getvalue()
    answered = re.search(r"^[^#\n]*=", text, re.MULTILINE)
    if status == 0 and answered and not re.search(r"\b(nan|inf)\b", text):
        files["key.txt"] = text.encode()
        words += ["-a", "key.txt"]
    return Case(("check", written.text, *words, *limits), files)
