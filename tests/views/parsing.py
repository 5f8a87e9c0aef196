"""Reading traces back: the lines of each format, with their formulas as cgraph writes them."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# What a line may say. A line that says anything else is an error of the test.
_HEADINGS = {
    "given": "Given",
    "forward": "Forward: the value of each operation",
    "backward": "Backward: local derivatives, and the chain rule",
    "bare": "Backward",
    "gradient": "The gradient of {f}",
    "jacobian": "The Jacobian of {f}",
}
_LABELS = {
    "local": "local",
    "chain": "chain",
    "sum": "sum",
    "pullback": "pullback",
    "part": "through {use}",
}
_NOTES = ("kink", "domain", "overflow", "underflow", "convention")
_NOTHING = ("nothing goes to {gradient}", "{what}: a small change of it changes nothing here")
_SENTENCES = (
    "no value is needed for it",
    "there are no inputs to differentiate by",
    "Moving {x} up by a little moves {f} by {slope} times as much.",
    "{what} At a kink that is the convention's word: see the note.",
    (
        "{f} is {shape}, with a backward pass for each element; to follow one, end the program "
        "with a number, such as one element or a sum"
    ),
)
_ASIDES = (
    "a vector of {length}",
    "a {rows}×{columns} matrix",
    "shapes {arguments} to {result}",
    "of shape {shape}",
    "from {uses}",
    "from its {count} uses",
    "by argument {place}",
    "the sum of {count} contributions",
    "{f} does not depend on it",
    "derivative of {name}",
    *("sum rule", "difference rule", "product rule", "quotient rule", "constant multiple rule"),
    *("power rule", "exponential rule", "power and exponential rule"),
)
_CONDITION = re.compile(r".+ (=|==|!=|<|<=|>|>=) .+")
STEP_KINDS = ("forward", "backward")
_OUTER = ("given", "start", "gradient")


@dataclass(frozen=True)
class Row:
    """A line: what it is, its number, what stands before and after its equality."""

    kind: str
    number: int = 0
    label: str = ""
    sides: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    words: str = ""


@functools.cache
def _filled(pattern: str) -> re.Pattern[str]:
    """What a pattern of the catalogue is when it is filled in."""
    pieces = re.split(r"\{(\w+)\}", pattern)
    found = (f"(?P<{p}>.+)" if k % 2 else re.escape(p) for k, p in enumerate(pieces))
    return re.compile("".join(found))


class Reader:
    """Reads lines in one language; `names` are those of the nodes, which LaTeX writes anew."""

    def __init__(self, names: Iterable[str] = (), patterns: dict[str, str] | None = None) -> None:
        self._patterns = patterns or {}
        self._names = {_bare(name): name for name in names}
        self._section = ""

    def read(self, form: str, text: str) -> list[Row]:
        """The rows of a whole trace; a line of no known form raises `ValueError`."""
        self._section = ""
        rows = {"text": _text, "markdown": _markdown, "latex": self._latex}
        return [self._row(*line) for line in rows[form](text)]

    def match(self, pattern: str, text: str) -> re.Match[str] | None:
        """Whether a text is a pattern of the catalogue, filled in."""
        return _filled(self._patterns.get(pattern, pattern)).fullmatch(text)

    def _row(
        self, place: str, number: int, label: str, equality: str, groups: list[str], said: str
    ) -> Row:
        """Name a line by its section and by what it says; `said` is all of it."""
        if place == "heading":
            found = [s for s, pattern in _HEADINGS.items() if self.match(pattern, said)]
            if not found:
                raise ValueError(f"no heading: {said!r}")
            self._section = found[0]
            return Row("heading", words=said)
        if not self._section:
            raise ValueError(f"before every heading: {said!r}")
        if place == "words":
            return Row("words", words=self._known(said, _SENTENCES))
        sides = tuple(equality.split(" = ")) if equality else ()
        asides = tuple(group for group in groups if self._is_aside(group))
        rest = [g for g in groups if g not in asides]
        conditions = tuple(c for group in rest for c in _at_commas(group))
        if not all(map(_CONDITION.fullmatch, conditions)):
            raise ValueError(f"neither words nor a condition: {conditions!r} in {said!r}")
        kind = self._kind(place, number, label, sides, said)
        words = said if kind in ("note", "pullback", "nothing") else ""
        if bool(sides) == bool(words):
            raise ValueError(f"no equality: {said!r}")
        label = "" if words else label
        return Row(kind, number, label, sides, asides, conditions, words)

    def _kind(self, place: str, number: int, label: str, sides: tuple[str, ...], said: str) -> str:
        if number:
            if self._section in STEP_KINDS and not label:
                return self._section
        elif place == "inner":
            for kind, pattern in _LABELS.items():
                if self.match(pattern, label) and self._section == "backward":
                    return kind
            if any(self.match(note, label) for note in _NOTES):
                return "note"
            if self._section == "backward" and any(self.match(n, said) for n in _NOTHING):
                return "nothing"
            if self._section == "gradient" and self.match(_LABELS["part"], label):
                return "entry"
        elif not label:
            outer = {"given": "given", "backward": "start"}
            outer |= dict.fromkeys(("gradient", "jacobian"), "gradient")
            if self._section in outer:
                return outer[self._section]
        raise ValueError(f"a line of no known form under {self._section!r}: {said!r}")

    def _is_aside(self, group: str) -> bool:
        """Whether brackets have words: one thing that may be said, or several of them."""
        parts = re.split("; |；", group)
        return all(any(self.match(aside, part) for aside in _ASIDES) for part in parts)

    def _known(self, said: str, patterns: Iterable[str]) -> str:
        if not any(self.match(pattern, said) for pattern in patterns):
            raise ValueError(f"words of no known form: {said!r}")
        return said

    # LaTeX

    def _latex(self, text: str) -> Iterator[_Line]:
        depth = number = 0
        for line in text.splitlines():
            if line.startswith(("%", "\\document", "\\usepackage", "\\setlength")) or line in (
                *("\\begin{document}", "\\end{document}", "\\raggedright"),
            ):
                continue
            if found := re.fullmatch(
                r" *\\begin\{(\w+)\}(?:\\setcounter\{enumi\}\{(\d+)\})?", line
            ):
                depth += 1
                if depth == 1:
                    number = int(found[2]) if found[1] == "enumerate" else -1
                continue
            if re.fullmatch(r" *\\end\{\w+\}", line):
                depth -= 1
                continue
            if found := re.fullmatch(r"\\subsection\*\{(.*)\}", line):
                yield "heading", 0, "", "", [], self._words(found[1])
                continue
            found = re.fullmatch(r" *\\item (.*)", line)
            if not found:
                if depth:
                    raise ValueError(f"outside the lists: {line!r}")
                yield "words", 0, "", "", [], self._words(line)
                continue
            if depth == 1 and number >= 0:
                number += 1
            yield self._item(found[1], "inner" if depth == 2 else "outer", max(number, 0))

    def _item(self, content: str, place: str, number: int) -> _Line:
        number = number if place == "outer" else 0
        match = re.fullmatch(r"(?:(.*?): )?\$\\displaystyle (.*?)\$((?: \(.*\))?)", content)
        if match is None:
            said = self._words(content)
            return place, number, said.partition(": ")[0], "", [], said
        label = self._words(match[1] or "")
        sides = [formula(side, self._names) for side in _sides(match[2])]
        groups = [self._words(group) for group in _groups(match[3])]
        return place, number, label, " = ".join(sides), groups, content

    def _words(self, text: str) -> str:
        """Words with mathematics among them, as plain text."""
        for latex, plain in _ESCAPES.items():
            text = text.replace(latex, plain)
        pieces = re.split(r"(?<!\\)\$", text)
        found = (self._math(p) if k % 2 else re.sub(r"\\([_#{}$&%])", r"\1", p)
                 for k, p in enumerate(pieces))  # fmt: skip
        return "".join(found)

    def _math(self, text: str) -> str:
        """Mathematics among words: derivatives, conditions, uses with the turn each is of."""
        return ", ".join(self._part(part) for part in _at_commas(text))

    def _part(self, text: str) -> str:
        if use := re.fullmatch(r"([^()]+) \((.*)\)", text):
            return f"{self._part(use[1])} ({self._math(use[2])})"
        if place := re.fullmatch(r"\\#(\d+)", text):
            return f"#{place[1]}"
        return " = ".join(formula(side, self._names) for side in _sides(text))


_Line = tuple[str, int, str, str, list[str], str]
_ESCAPES = {
    r"$\times$": "×",
    r"\ldots{}": "…",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textasciicircum{}": "^",
    r"$\partial$": "∂",
    r"$\cdot$": "·",
    r"\textbar{}": "|",
}


def _groups(text: str) -> list[str]:
    """What stands in the brackets that follow an equality, outermost brackets only."""
    found, depth, start = [], 0, 0
    for place, char in enumerate(text):
        if char in "([":
            depth += 1
            start = start if depth > 1 else place + 1
        elif char in ")]":
            depth -= 1
            if not depth:
                found.append(text[start:place])
        elif not depth and char != " ":
            raise ValueError(f"after an equality: {text!r}")
    return found


def _sides(latex: str) -> list[str]:
    """The sides of an equality in LaTeX, where = is also how a comparison is written."""
    found, depth = [""], 0
    for piece in re.split(r"(\\left\b|\\right\b|[{}]| = )", latex):
        depth += (piece in ("\\left", "{")) - (piece in ("\\right", "}"))
        if piece == " = " and not depth:
            found.append("")
        else:
            found[-1] += piece
    return found


def _at_commas(text: str) -> list[str]:
    """A text cut at the commas that no brackets enclose."""
    found, depth = [""], 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char == "," and not depth:
            found.append("")
        else:
            found[-1] += char
    return [piece.strip() for piece in found]


def _text(text: str) -> Iterator[_Line]:
    for line in text.splitlines():
        if not line:
            continue
        indent = len(line) - len(line.lstrip())
        content = line.lstrip()
        numbered = re.fullmatch(r" *(\d+)\. (.*)", line)
        if indent == 0 and not numbered:
            yield "heading", 0, "", "", [], content
        elif numbered:
            equality, groups = _after(numbered[2], "  (")
            yield "outer", int(numbered[1]), "", equality, groups, content
        elif indent in (6, 7):
            yield _inner(content)
        elif indent == 5 or (indent == 2 and re.match(r"\S+ = |∂\S+  \(", content)):
            equality, groups = _after(content, "  (")
            yield "outer", 0, "", equality, groups, content
        elif indent == 2:
            yield "words", 0, "", "", [], content
        else:
            raise ValueError(f"strangely indented: {line!r}")


_INNER = re.compile(
    r"(?:(?P<part>(?:through|经由) [^:]+): |(?P<label>\S+(?: \([^()]*\))?) {2,})(?P<rest>.*)"
)


def _inner(content: str) -> _Line:
    found = _INNER.fullmatch(content)
    if found is None:
        return "inner", 0, content.partition(": ")[0], "", [], content
    label = found["part"] or found["label"]
    if label in ("pullback", "回传"):
        return "inner", 0, label, "", [], f"{label}: {found['rest']}"
    equality, groups = _after(found["rest"], "  (")
    return "inner", 0, label, equality, groups, content


def _after(content: str, opening: str) -> tuple[str, list[str]]:
    equality, found, rest = content.partition(opening)
    return equality, _groups("(" + rest) if found else []


_SPAN = "`([^`]*)`"


def _markdown(text: str) -> Iterator[_Line]:
    for line in text.splitlines():
        if not line:
            continue
        if line.startswith("### "):
            yield "heading", 0, "", "", [], _unmarked(line[4:])
            continue
        found = re.fullmatch(r"( *)(?:- |(\d+)\. )(.*)", line)
        if not found:
            yield "words", 0, "", "", [], _unmarked(line)
            continue
        place = "inner" if found[1] else "outer"
        number, content = int(found[2] or 0), found[3]
        parts = re.fullmatch(rf"(?:((?:[^`:]|`[^`]*`)+): )?{_SPAN}((?: \(.*\))?)", content)
        if parts and not content.startswith("nothing"):
            groups = _groups(_unmarked(parts[3]))
            label = _unmarked(parts[1] or "")
            yield place, number, label, parts[2], groups, _unmarked(content)
        else:
            said = _unmarked(content)
            yield place, number, said.partition(": ")[0], "", [], said


def _unmarked(text: str) -> str:
    """Markdown words without their code spans and escapes."""
    pieces = re.split(_SPAN, text)
    found = (p if k % 2 else re.sub(r"\\(\W|_)", r"\1", p) for k, p in enumerate(pieces))
    return "".join(found)


# --- LaTeX's formulas, as cgraph writes them -----------------------------------------------

_WORDS = {
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "ln": "log",
    "sigma": "sigmoid",
    "Gamma": "gamma",
    "psi": "digamma",
}
_SIGNS = {
    "cdot": " * ",
    ",": " @ ",
    "le": " <= ",
    "ge": " >= ",
    "ne": " != ",
    "ldots": "…",
    "infty": "inf",
    "partial": "∂",
}
_PLAIN_WORDS = frozenset(
    ["exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", *("arcsin", "arccos", "arctan", "ln")]
)
_TOKEN = re.compile(r"\\(?:[A-Za-z]+|.)|[0-9]*\.?[0-9]+|\S| ", re.DOTALL)


def _bare(name: str) -> str:
    """A name without what LaTeX turns into a subscript."""
    greek = re.sub("[α-ωΑ-Ω]", lambda m: unicodedata.name(m[0]).split()[-1].lower(), name)
    return "".join(char for char in greek if char.isalnum())


def formula(text: str, names: dict[str, str]) -> str:
    """A formula in LaTeX as cgraph's language has it; `names` by their letters and digits."""
    converter = _Formula(text, names)
    found = converter.until("")
    return re.sub("∂([₀-₉]*) ", r"∂\1", re.sub(" +", " ", found)).strip()


class _Formula:
    def __init__(self, text: str, names: dict[str, str]) -> None:
        self.tokens = _TOKEN.findall(text)
        self.names = names
        self.at = 0

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def _take(self, *wanted: str) -> None:
        for token in wanted:
            if self._next() != token:
                raise ValueError(f"no {token!r} in {''.join(self.tokens)!r}")

    def _group(self) -> str:
        self._take("{")
        return self.until("}")

    def _raw(self) -> str:
        self._take("{")
        found = ""
        while (token := self._next()) != "}":
            found += token + (self._raw() if token == "\\text" else "")
        return found.replace("\\text", "").replace("\\_", "_")

    def until(self, *closing: str) -> str:
        """Convert up to one of the closing tokens, which is taken too."""
        atoms: list[str] = []
        while (token := self._peek()) not in closing:
            if not token:
                raise ValueError(f"no {closing!r} in {''.join(self.tokens)!r}")
            self.at += 1
            if token == "^":
                above = self._group_or_top()
                atoms[-1] = f"transpose({atoms[-1]})" if above == "T" else f"{atoms[-1]}^{above}"
            else:
                atoms.append(self._atom(token, atoms))
        self.at += 1
        return "".join(atoms)

    def _group_or_top(self) -> str:
        if self.tokens[self.at : self.at + 3] == ["{", "\\top", "}"]:
            self.at += 3
            return "T"
        return f"({self._group()})"

    def _atom(self, token: str, before: list[str]) -> str:
        if re.fullmatch(r"[0-9.]+|[-+/,<> …&×]|@", token):
            return token
        if token == "=":
            return "=="
        if token == "{" and self._peek() == "}":
            self.at += 1
            return self._name("")
        if len(token) == 1 and token.isalpha():
            return self._name(token)
        word = token[1:]
        if word == "frac":
            above, below = self._group(), self._group()
            ratio = above.startswith("∂") and below.startswith("∂")
            return f"{above}/{below}".replace("∂ ", "∂") if ratio else f"(({above})/({below}))"
        if word == "left":
            opening = self._next()
            closing = {"(": ")", "[": "]", "|": "|"}[opening]
            inside = self.until("\\right")
            self._take(closing)
            return f"abs({inside})" if opening == "|" else f"{opening}{inside}{closing}"
        if word == "sqrt":
            if self._peek() == "[":
                self._take("[", "3", "]")
                return f"cbrt({self._group()})"
            return f"sqrt({self._group()})"
        if word == "times":
            self._take(" ", "10", "^")
            before[-2:] = ["".join(before[-2:]).rstrip()]
            return f"e{self._group()}"
        if word == "begin":
            return self._matrix()
        if word == "operatorname":
            return self._raw()
        if word == "mathrel":
            return self._raw().replace("\\!", "")
        if word == "log":
            self._take("_")
            return f"log{self._raw()}"
        if word == "underline":
            self._take("{", "\\hspace", "{", "3", "e", "m", "}", "}")
            return "____"
        if word == "partial" and self._peek() == "_":
            self.at += 1
            return "∂" + self._raw().translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
        if word in _SIGNS:
            return _SIGNS[word]
        if word in _PLAIN_WORDS:
            return _WORDS.get(word, word)
        if word in _WORDS and self._peek() == "\\left":
            return _WORDS[word]
        if word in ("mathit", "text"):
            name = self._raw()
            return "nan" if name == "NaN" else self._name(name)
        if word in ("pi", "tau") and word not in self.names and self._peek() != "_":
            return word
        return self._name(word)

    def _matrix(self) -> str:
        if self._raw() != "bmatrix":
            raise ValueError("an unknown environment")
        rows = []
        while True:
            row = self.until("\\\\", "\\end")
            rows.append(f"[{', '.join(cell.strip() for cell in row.split('&'))}]")
            if self.tokens[self.at - 1] == "\\end":
                break
        if self._raw() != "bmatrix":
            raise ValueError("an environment of another name ends")
        return f"[{', '.join(rows)}]"

    def _name(self, base: str) -> str:
        below = ""
        if self._peek() == "_":
            self.at += 1
            below = self._raw()
        return self.names.get(_bare(base + below)) or self._unknown(base, below)

    def _unknown(self, base: str, below: str) -> str:
        if base == "e" and not below:
            return "e"
        if len(base) == 1 and not below:
            return base  # the variable of a loop
        # An element of a node that has no node of its own.
        if base in self.names and below:
            return f"{self.names[base]}[{below}]"
        digits, _, place = below.partition(", ")
        if place and base + digits in self.names:
            return f"{self.names[base + digits]}[{place}]"
        raise ValueError(f"no node is called {base!r} with {below!r}")
