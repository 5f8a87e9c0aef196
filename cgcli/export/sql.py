"""SQL, as DuckDB has it: a SELECT over a table whose columns are the arguments."""

from __future__ import annotations

import re
from typing import Final

from cgcli.errors import CgraphError, excerpt
from cgcli.export.emit import Emitter
from cgcli.export.python import clean as clean_in_python
from cgcli.export.routine import Result, Routine
from cgcli.export.target import INFIX, Function, Target
from cgcli.export.unroll import unrolled
from cgcli.graph.templates import Pattern
from cgcli.plan.tape import Instruction

_MOST: Final = 4_000
"""How many steps a SELECT has at most: with more DuckDB takes minutes to plan it."""

_NAN: Final = "'nan'::DOUBLE"
_TEMPLATES: Final[dict[str, Pattern]] = {
    **{name: INFIX[name] for name in ("add", "subtract", "multiply", "divide", "negative")},
    # NaN is the greatest number there, and equal to itself.
    "less": ("choice?", "<0:sum> < <1:sum> AND NOT isnan(<1>)"),
    "less by a number": ("comparison?", "<0:sum> < <1:sum>"),
    "less_equal": ("choice?", "<0:sum> <= <1:sum> AND NOT isnan(<1>)"),
    "less_equal by a number": ("comparison?", "<0:sum> <= <1:sum>"),
    "greater": ("choice?", "<0:sum> > <1:sum> AND NOT isnan(<0>)"),
    "greater_equal": ("choice?", "<0:sum> >= <1:sum> AND NOT isnan(<0>)"),
    "equal": ("choice?", "<0:sum> = <1:sum> AND NOT isnan(<0>)"),
    "equal by a number": ("comparison?", "<0:sum> = <1:sum>"),
    "not_equal": ("choice?", "<0:sum> <> <1:sum> OR isnan(<0>)"),
    "not_equal by a number": ("comparison?", "<0:sum> <> <1:sum>"),
    "logical_and": ("choice?", "<0:comparison?> AND <1:comparison?>"),
    "logical_or": ("choice?", "<0:comparison?> OR <1:comparison?>"),
    "logical_not": ("choice?", "NOT <0:atom?>"),
    "where": "CASE WHEN <0?> THEN <1> ELSE <2> END",
    "truth": "CASE WHEN <0?> THEN 1e0 ELSE 0e0 END",
    "holds": ("comparison?", "<0:sum> <> 0"),
    "maximum": "greatest(<0>, <1>)",
    "minimum": f"CASE WHEN isnan(<0>) OR isnan(<1>) THEN {_NAN} ELSE least(<0>, <1>) END",
    "minimum by a number": "CASE WHEN isnan(<0>) THEN <0> ELSE least(<0>, <1>) END",
    "absolute": "abs(<0>)",
    "sign": "CASE WHEN isnan(<0>) THEN <0> ELSE sign(<0>) END",
    "rint": "round_even(<0>, 0)",
    "power": "pow(<0>, <1>)",
    "log": "ln(<0>)",
    "outside": f"CASE WHEN isfinite(<0>) THEN {_NAN} ELSE <0> END",
    "expm1": "CASE WHEN abs(<0>) > 1 THEN exp(<0>) - 1 WHEN exp(<0>) = 1 THEN <0> "
    "ELSE (exp(<0>) - 1)*<0:sign>/ln(exp(<0>)) END",
    "log1p": "CASE WHEN 1 + <0:product> = 1 THEN <0> WHEN <0> > 1 THEN ln(1 + <0:product>) "
    "ELSE ln(1 + <0:product>)*<0:sign>/((1 + <0:product>) - 1) END",
    "hypot": "CASE WHEN isinf(<0>) OR isinf(<1>) THEN 'inf'::DOUBLE WHEN <0> = 0 AND <1> = 0 "
    "THEN 0e0 ELSE greatest(abs(<0>), abs(<1>))*sqrt(pow(<0>/greatest(abs(<0>), abs(<1>)), 2) + "
    "pow(<1>/greatest(abs(<0>), abs(<1>)), 2)) END",
    "mod": "CASE WHEN fmod(<0>, <1>) <> 0 AND (fmod(<0>, <1>) < 0) <> (<1> < 0) "
    "THEN fmod(<0>, <1>) + <1> ELSE fmod(<0>, <1>) END",
    **{
        name: f"{word}(<*>)"
        for name, word in {
            "sqrt": "sqrt", "cbrt": "cbrt", "exp": "exp", "log2": "log2", "log10": "log10",
            "sin": "sin", "cos": "cos", "tan": "tan", "arcsin": "asin", "arccos": "acos",
            "arctan": "atan", "arctan2": "atan2", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh",
            "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "floor": "floor",
            "ceil": "ceil", "gamma": "gamma", "lgamma": "lgamma",
        }.items()
    },
}  # fmt: skip


def _repeats(operation: str) -> bool:
    """Whether a template has an argument twice, which must be a name or a number then."""
    pattern = _TEMPLATES.get(operation, "")
    text = pattern if isinstance(pattern, str) else pattern[1]
    places = re.findall(r"<(\d)", text)
    return len(places) > len({*places})


def clean(name: str) -> str:
    """Return a name as SQL reads it, which does not tell capital letters from small ones."""
    return clean_in_python(name).lower()


class SqlEmitter(Emitter):
    """Writes a routine as steps over numbers."""

    def __init__(self, target: Target, routine: Routine) -> None:
        super().__init__(target, unrolled(routine))
        if len(self.needed) > _MOST:
            message = f"in SQL that is {len(self.needed):,} steps, and {_MOST:,} are written"
            raise CgraphError("limit", message, "take smaller arrays, or another language")
        for name, made in self.arguments.items():
            if made.lower() != name.lower():
                message = f"no column of SQL can be called '{excerpt(name)}'"
                raise CgraphError("name", f"{message} beside the others", "give it another name")

    def write(self, place: int, instruction: Instruction) -> None:
        """Write an instruction down; an element of an array is one of a list."""
        super().write(place, instruction)
        if instruction.operation == "column":
            self.names[place] += "".join(f"[{k + 1}]" for k in instruction.static[1:])

    def fits(self, place: int, instruction: Instruction) -> bool:
        """Whether an instruction stands inside of the one that uses it."""
        return super().fits(place, instruction) and not any(
            _repeats(self.tape[user].operation) for user in self.users[place]
        )

    def result(self, name: str, result: Result) -> str:
        """Return the text of a result: a number, or a list."""
        texts = [self.expression(place) for place in result.places]
        for length in reversed(result.shape):
            parts = (texts[k : k + length] for k in range(0, len(texts), length))
            texts = [f"[{', '.join(part)}]" for part in parts]
        return texts[0]


def _define(function: Function) -> str:
    names = [line.text[0].rpartition(" AS ")[2] for line in function.lines]
    known = dict.fromkeys(names, 0)
    steps: dict[int, list[str]] = {}
    for name, line in zip(names, function.lines, strict=True):
        text = line.text[0]
        words = re.findall(r"\w+", text.rpartition(" AS ")[0])
        known[name] = 1 + max((known[word] for word in words if word in known), default=0)
        steps.setdefault(known[name], []).append(text)
    doubles = [f"{n}::DOUBLE{'[]' * len(shape)} AS {n}" for n, shape in function.arguments]
    replaced = f"SELECT * REPLACE ({', '.join(doubles)})" if doubles else "SELECT *"
    parts = [f"step0 AS ({replaced} FROM {function.name})"]
    for level, texts in sorted(steps.items()):
        inner = ",\n        ".join(texts)
        parts.append(
            f"step{level} AS (\n    SELECT *,\n        {inner}\n    FROM step{level - 1}\n)"
        )
    results = [text if text == name else f"{text} AS {name}" for name, text, _ in function.results]
    every = f"* EXCLUDE ({', '.join(names)})" if names else "*"
    titled = f"-- {', '.join(name for name, _, _ in function.results)} of {function.title}"
    return "\n".join(
        [
            titled,
            *(f"-- {note}" for note in function.notes),
            "WITH " + ",\n".join(parts),
            f"SELECT {', '.join([every, *results])}",
            f"FROM step{max(steps, default=0)};",
            "",
        ]
    )


def _number(text: str, level: int) -> str:
    return text if "e" in text else f"{text.removesuffix('.0')}e0"


_WORDS: Final = """
all analyse analyze and any array as asc asymmetric between both by case cast check collate column
constraint create cross current_date current_time current_timestamp default deferrable desc
describe distinct do else end except false fetch filter for foreign from full glob grant group
having ilike in initially inner intersect into is isnull join lambda lateral leading left like
limit localtime localtimestamp map natural not notnull null offset on only or order outer over
overlaps pivot placing positional primary qualify references returning right select semi show
similar some summarize symmetric table tablesample then to trailing true union unique unpivot
user using variadic verbose when where window with nan inf double value
"""

TARGET: Final = Target(
    name="sql",
    templates=_TEMPLATES,
    constants={"inf": "'inf'::DOUBLE", "nan": _NAN, "true": "TRUE", "false": "FALSE"},
    prelude={},
    reserved=frozenset(re.findall(r"\w+", _WORDS)) - {"value"},
    clean=clean,
    variable=lambda name, text, truth: f"{text} AS {name}",
    array=lambda name, array: "",
    define=_define,
    library="SQL",
    emitter=SqlEmitter,
    number=_number,
)
