"""Every command with its options and their values, and the kinds of case that are run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz import bindings, programs
from tests.fuzz.case import Case, Dice
from tests.fuzz.programs import Written

Value = Callable[[Dice, Written], str]


def of(*words: str) -> Value:
    """One of these words."""
    return lambda dice, written: dice.choice(words)


def number(low: int, high: int) -> Value:
    return lambda dice, written: str(dice.randint(low, high))


def _name(dice: Dice, written: Written) -> str:
    return dice.choice([*written.names, *written.inputs, "x"])


def _names(dice: Dice, written: Written) -> str:
    names = dice.some([*written.inputs, *written.names, *written.inputs], 3) or ["x"]
    return dice.one(",", ", ", ",").join(names)


def _shapes(dice: Dice, written: Written) -> str:
    def size(shape: tuple[int, ...]) -> str:
        return "x".join(map(str, shape)) or "1"

    return ",".join(f"{name}={size(shape)}" for name, shape in written.inputs.items() if shape)


def _points(dice: Dice, written: Written) -> str:
    return dice.one("2", "1", "0.5", f"1, {_name(dice, written)}=3", "1, dg/dx=3", "1/2")


FLAG = None
LIMITS: dict[str, Value | None] = {
    "--max-nodes": of("20000", "100", "1"),
    "--max-depth": of("100", "5", "1"),
}
POINT: dict[str, Value | None] = {"--of": _name, "--wrt": _names, "--json": FLAG, **LIMITS}
TABLE: dict[str, Value | None] = {"--digits": number(1, 17)}
EXACT: dict[str, Value | None] = {"--exact": FLAG, "--max-bits": of("64", "1000", "1000000")}
LANG: dict[str, Value | None] = {"--lang": of("en", "zh")}

OPTIONS: dict[str, dict[str, Value | None]] = {
    "eval": {
        **POINT, **TABLE, **EXACT, "--rows": of("0", "1", "5"), "--verify": FLAG,
        "--precision": of("1", "5", "30", "50"), "--max-precision": of("64", "128", "2000"),
    },
    "trace": {
        **POINT, **TABLE, **EXACT, **LANG, "--tree": FLAG, "--pass": of("forward", "backward"),
        "--only": _name, "--hide": of("gradients", "values", "gradients,values"),
        "--format": of("text", "markdown", "latex", "html", "json"), "--standalone": FLAG,
    },
    "check": {
        **POINT, **EXACT, **LANG, "--reveal": of("verdict", "hint", "answer"),
        "--require": of("answered", "all"), "--tolerance": of("0.01", "1%", "0", "1e-9"),
        "--points": _points, "--csv": FLAG,
    },
    "sheet": {
        **POINT, **LANG, "--key": FLAG, "--seed": number(0, 99),
        "--values": of("integer", "rational", "decimal"),
    },
    "diff": {
        **POINT, **TABLE, **EXACT, "--order": number(1, 4), "--hessian": FLAG, "--jacobian": FLAG,
        "--shape": _shapes, "--share": FLAG, "--simplify": FLAG,
        "--format": of("text", "latex", "json", "python", "numpy"),
    },
    "draw": {
        **POINT, **TABLE, "-o": of("g.svg", "g.dot", "g.mmd", "g.svg", "g.png", "g.pdf"),
        "--frame": number(0, 12), "--frames": of("frames"), "--no-values": FLAG,
        "--hide": of("gradients", "values", "formulas", "values,formulas"),
    },
}  # fmt: skip
"""Of the commands that read a program and values; `tables` has those that read rows."""

HOSTILE_VALUES = (
    "", " ", "0", "-1", "1e9", "99999999999999999999", "nan", "inf", "-inf", "x", "x,", ",", ",,x",
    "x,x", "x,x,x", "1.5", "0x10", "é", "\u202e", "\x1b[31m", "\x00", "\ud800", ".", "..", "/",
    "-", "--json", "=", "a=b", "@x", "[red]", "{", "%s", "f", "e", "pi", "h[0]", "h[", "x[0]", "1%",
    "v1", "x y", "x+y", "dx", "(", "text", "json", "/dev/null", "nothing/there.svg", "1" * 400,
)  # fmt: skip
WRITES = ("-o", "--output", "--frames", "--log", "--plot")
SELDOM = {
    "--simplify": 0.03, "--max-depth": 0.1, "--max-nodes": 0.1, "--max-bits": 0.2,
    "--max-precision": 0.1,
    "--standalone": 0.2, "--values": 0.3, "--shape": 0.3, "--of": 0.5, "--order": 0.1,
    "--frames": 0.03, "--precision": 0.1, "--verify": 0.1,
}  # fmt: skip
"""Options that are slow, or seldom go with others."""


def options(
    dice: Dice, command: str, written: Written, known: dict[str, Value | None]
) -> list[str]:
    """A few options of a command, with values that are mostly in order."""
    words: list[str] = []
    for name in dice.some([name for name in known if dice.chance(SELDOM.get(name, 1))], 3):
        value = known[name]
        if value is FLAG:
            words.append(name)
            continue
        text = value(dice, written)
        if not text and dice.chance(0.95):
            continue
        if dice.chance(0.03):
            text = dice.choice(HOSTILE_VALUES)
        if name in WRITES and (text.startswith("/") or ".." in text) and text != "/dev/null":
            text = "out.svg"
        words += [f"{name}={text}"] if name[:2] == "--" and dice.chance(0.1) else [name, text]
    if not any(word.startswith("--max-nodes") for word in words) and "--max-nodes" in known:
        words += ["--max-nodes", "20000"]
    return words


def plotted(words: list[str], dice: Dice) -> list[str]:
    """PNG and PDF take long to make: they are seldom asked for."""
    slow = any(word.endswith((".png", ".pdf")) for word in words)
    return (
        [w.replace(".png", ".svg").replace(".pdf", ".dot") for w in words]
        if slow and dice.chance(0.9)
        else words
    )


def case_of(
    dice: Dice,
    command: str,
    written: Written,
    words: list[str],
    files: dict[str, bytes],
    stdin: bytes = b"",
) -> Case:
    """The program as an argument, a file or standard input, with bindings and options."""
    text = written.text
    chosen = plotted(options(dice, command, written, OPTIONS[command]), dice)
    files = dict(files)
    match dice.randint(0, 12) if not stdin else 0:
        case 1:
            files["p.cg"] = text.encode("utf-8", "surrogatepass")
            text = "@p.cg"
        case 2:
            stdin = text.encode("utf-8", "surrogatepass")
            text = "-"
    if "\0" in text or len(text.encode("utf-8", "surrogatepass")) > 100_000:
        files["p.cg"] = text.encode("utf-8", "surrogatepass")
        text = "@p.cg"
    words = [word.replace("\0", "\\0") for word in words]
    chosen = [word.replace("\0", "\\0") for word in chosen]
    rest = [*words, *chosen] if dice.chance(0.7) else [*chosen, *words]
    return Case((command, text, *rest), files, stdin)


COMMANDS = {"eval": 4, "trace": 3, "diff": 5, "draw": 2, "sheet": 1.5, "check": 1}


@dataclass(frozen=True)
class Kind:
    """A kind of case: its name, how it is drawn, its share of the runs."""

    name: str
    draw: Callable[[Dice], Case]
    share: float


def grammar(dice: Dice) -> Case:
    """A program by the grammar, with values, through any command."""
    command = dice.weighted(COMMANDS)
    written = programs.program(dice)
    words, files = bindings.bound(dice, written)
    if command == "diff" and dice.chance(0.6):
        words, files = [], {}
    if command == "check":
        words += ["--answer", f"{_name(dice, written)} = {bindings.scalar(dice, 0.2)}"]
    return case_of(dice, command, written, words, files)


def mutation(dice: Dice) -> Case:
    """A program that was one before a few tokens were changed."""
    command = dice.weighted(COMMANDS)
    written = programs.program(dice)
    words, files = bindings.bound(dice, written)
    text = programs.soup(dice) if dice.chance(0.15) else programs.mutated(dice, written.text)
    return case_of(dice, command, Written(text, written.inputs, written.names), words, files)


def size(dice: Dice) -> Case:
    """What is long, deep, or long when unrolled."""
    written = Written(programs.huge(dice), {"x": (), "y": ()}, ["x"])
    command = dice.weighted({"eval": 5, "trace": 1, "diff": 1, "sheet": 0.5, "draw": 0.3})
    words = ["x=0.5"] + (["y=2"] if "y" in written.text else [])
    case = case_of(dice, command, written, words, {})
    if command == "eval":
        return case
    # The other commands write pages about every node.
    argv = tuple("2000" if word == "20000" else word for word in case.argv)
    return Case(argv, case.files, case.stdin)


def binding(dice: Dice) -> Case:
    """Values that are out of order."""
    written = programs.Writer(dice).program(1)
    words, files, stdin = bindings.hostile(dice, written)
    command = dice.weighted(COMMANDS)
    return case_of(dice, command, written, words, files, stdin)


def line(dice: Dice) -> Case:
    """A command line in which options and words are out of order."""
    written = programs.Writer(dice).program(1)
    words, files = bindings.bound(dice, written)
    names = [name for known in OPTIONS.values() for name in known]
    argv = [
        dice.choice(
            [*OPTIONS, "ops", "schema", "map", "train", "predict", "help", "version", "evl", ""]
        ),
        written.text,
        *words,
    ]
    for _ in range(dice.one(1, 2, 3)):
        option = dice.one(dice.choice(names), "--help", "-h", "--version", "--debug", "--")
        if dice.chance(0.1):
            option = programs.mutated(dice, option)
        argv.insert(dice.randint(0, len(argv)), option)
        if dice.chance(0.6):
            argv.insert(argv.index(option) + 1, dice.choice(HOSTILE_VALUES))
    if dice.chance(0.3):
        dice.shuffle(argv)
    if dice.chance(0.2):
        # Commands that answer by a name; a wrong one has a near one in the hint.
        words = [*programs.UNARY, *programs.WRONG_WORDS, *OPTIONS, "map", "+", "mul", "trian", ""]
        argv = [
            dice.one("ops", "ops", "schema", "help", "version"),
            *dice.some([*words, "\x1b", "\u202e", "--json", "é", "--help"], 2),
        ]
    return Case(_harmless(argv), files, b"1" if dice.chance(0.5) else b"")


def _harmless(argv: list[str]) -> tuple[str, ...]:
    """No argument that C could not pass, none that leaves the folder or installs something."""
    out = []
    for k, word in enumerate(argv):
        kept = word.replace("\0", "\\0")
        if "completion" in kept:
            kept = "--version"
        if k and argv[k - 1] in WRITES and (kept.startswith("/") or ".." in kept):
            kept = "out.svg"
        if kept.startswith(("-o/", "--output=/", "--frames=/", "--log=/", "--plot=/")):
            kept = "--json"
        out.append(kept)
    return tuple(out)


def kinds() -> tuple[Kind, ...]:
    """All kinds of case."""
    from tests.fuzz import models, sheets, streams, tables

    return (
        Kind("grammar", grammar, 6),
        Kind("mutation", mutation, 3),
        Kind("size", size, 0.4),
        Kind("binding", binding, 2),
        Kind("line", line, 1),
        Kind("stream", streams.stream, 2),
        Kind("sheet", sheets.answers, 3),
        Kind("key", sheets.key, 1.5),
        Kind("table", tables.table, 4),
        Kind("training", tables.training, 2),
        Kind("model", models.model, 2),
    )


def drawn(kind: str, seed: int) -> Case:
    """The case of a kind and a seed, always the same."""
    draw = next(each.draw for each in kinds() if each.name == kind)
    return draw(Dice(f"{kind}:{seed}"))
