"""Lines that are no answer as they stand → the answers that they state.

A line is tried as it is first. What follows reads those that are not understood: labels and
bullets before them, several answers in one, tables, chains of equalities whose last part is the
result, and a number that stands before its question. What has no meaning stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Final

from cgcli.homework.lefts import Lefts
from cgcli.homework.notation import plain, result, said, stems
from cgcli.homework.parts import read_part
from cgcli.homework.sheets import Line
from cgcli.homework.tables import Table, answered, columns, dictionary

_SKIPPED: Final = re.compile(
    r"(?:```|~~~).*|[-*_=#~\s|:+]*|={3,}[^=]+={3,}|\$\$|\{|\}|(?:>+ *)?\w+\.backward\(\)"
)
_BULLET: Final = re.compile(
    rf"(?:(?:>+|=>|->|{said('so')}),?\s+"
    r"|[-*+]\s+(?:\[[ xX]?\]\s*)?"
    r"|\(?(?:\d{1,2}|[a-h]|[ivx]{1,4})[.)]{1,2}\s+|\(?\d{1,2}[.),](?=[^\W\d∂])|\[\d{1,2}\]\s+|\d{1,2}-\s+"
    rf"|第?\d{{1,2}}(?:{stems('number')})\W\s*)+",
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(r"([^\W\d]+)\.?\s*(?:\d{1,2}|[a-h](?=\)))\s*[.):]\s*")
_CROSSED_OUT: Final = re.compile(rf".*\((?:{stems('wrong')})", re.IGNORECASE)
_PROMPT: Final = re.compile(
    r"(?:>>>|>|In ?\[\d*\]:|julia>)\s*(?P<asked>[^=<>()]+(?:\.\w+\(\))?)"
    r"|(?:>+\s*)?print\((?P<shown>[^=<>]+)\)"
)
_PRINTED: Final = re.compile(
    r"(?:\[1\](?=\s)|Out ?\[\d*\]:)?\s*"
    r"(?P<value>[-+]?[\d.]+(?:[eE][-+]?\d+)?|(?:tensor|array|Array)\(.*\)|\[.*\])"
)
_POINT: Final = re.compile(
    rf"(?:\|\s*_|(?<=[\w)])\|(?=[^\W\d])|,?\s+\(?{said('at')}\s+)\s*[({{]*\s*"
    r"(?P<at>[^\W\d]\w*\s*=\s*[-+]?[\d.]+(?:\s*,\s*[^\W\d]\w*\s*=\s*[-+]?[\d.]+)*"
    r"|(?<=\()[-+\d.,; ]+(?=\)))\s*[)}]*"
)
_SUPPOSED: Final = re.compile(said("suppose"), re.IGNORECASE)
"""What is said of another point than the one that is asked for."""
_JOINED: Final = re.compile(said("joined"), re.IGNORECASE)
_REPLACED: Final = re.compile(r"/\.\s*[({]")
"""Mathematica's rule of replacement."""
_TOLD: Final = re.compile(rf"(?<=[\w)\]])\s+{said('because')}.*")
_IS: Final = re.compile(
    rf"\s*(?::=|<-|->|=>|{said('is', spaced=True)})\s*"
    rf"|\s+~\s+(?=[-+.]?\d)|,?\s*{said('so')},?\s+(?=[-+.]?\d)"
)
_EQUALITY: Final = re.compile(r"(?<![<>=!])=(?!=)")
_BETWEEN: Final = re.compile(
    rf"(?P<given>[,;])\s*|(?:\s+{said('and')}\s+|\s*\((?=[^()]*=)|\s*\||\s{{3,}}|\s+[/&]\s+)\s*"
)
"""Between two answers: a sign behind the first, or what may be arithmetic too, behind a result."""
_LED_IN: Final = re.compile(
    r"[^\W\d][^\W\d_]*(?:'[^\W\d_]+)?(?:[\s:,]+|\.\s+)|[^\x00-\x7fͰ-Ͽ∀-⋿]+\s*"
)
"""A word before a question."""
_ARROW: Final = re.compile(r"(=[^=<>]*[\d)\]])\s*[-=]>\s*(?=[^=<>]*=)")
_A_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_MENTIONED: Final = re.compile(r"[d∂] ?\w+ ?/ ?[d∂] ?\w+|[^\W\d][\w.]*")
_MOST: Final = 200
_LONGEST: Final = 2_000
_PARTS: Final = 40
_VALUE_OF: Final = re.compile(rf"\b(?:{stems('value')})\s+{said('of')}", re.IGNORECASE)
_PART: Final = re.compile(said("part"), re.IGNORECASE)
"""Words before a name that make another quantity of it."""
_REASON: Final = re.compile(said("because", "reason"), re.IGNORECASE)
_DERIVATIVES: Final = re.compile(stems("gradient"), re.IGNORECASE)
_WITH_COMMA: Final = re.compile(
    r"\s*(?:-?(?![1-9]\d{0,2},\d{3}(?!\d))\d+,\d+(?:\.?|\s[^\d,]*)|[(\[] *-?\d+,\d+ *;.*)\s*"
)
"""A number with a decimal comma, which none of thousands can be."""
_DECIMALS: Final = re.compile(r"(?<![\d.])(-?\d+),(\d+)(?![\d.])")


def readings(lefts: Lefts, lines: Sequence[Line]) -> list[Line]:
    """Return the lines of a sheet, each that is rewritten with what it is read as.

    A line comes as it is where nothing is known of it; one that says nothing does not come.
    """
    texts = [plain(line.text) for line in lines]
    if _has_decimal_commas(texts):
        texts = [_with_points(text) for text in texts]
    lefts.look(texts)
    table = Table(lefts)
    done: list[Line] = []
    before, asked, dangling = "", "", False
    printed: list[str] = []
    begun = 0
    for line, text in zip(lines, map(partial(_without_point, lefts), texts), strict=True):
        if _SKIPPED.fullmatch(text) or _CROSSED_OUT.match(text):
            continue
        prompt = _PROMPT.fullmatch(text)
        if (
            prompt
            and (left := lefts.read(prompt["asked"] or prompt["shown"])) is not None
            and len(left) == 1
        ):
            asked, printed = left[0], []
            continue
        number = _PRINTED.fullmatch(text)
        if number and asked:
            # What a program prints stands below what it was asked for, a column line by line.
            printed.append(number["value"])
            del done[len(done) - len(printed[1:]) :]
            value = (
                result(printed[0], lefts.knows) if len(printed) == 1 else f"[{', '.join(printed)}]"
            )
            done += [line._replace(read=f"{asked} = {value}")] * len(printed)
            continue
        asked, printed = "", []
        goes_on = bool(before) and re.match(r"=(?!>)", text) is not None
        formal = "$" in line.text or "\\" in line.text
        cells = None if goes_on else table.cells(text)
        if goes_on:
            answers = _chain(lefts, f"{before} {text}", formal=formal)
        elif cells is not None:
            answers = list(table.row(cells))
        else:
            answers = [] if dangling else list(_statements(lefts, text, formal=formal))
        if goes_on and answers:
            # The last line of a chain has its result.
            del done[begun:]
        elif not goes_on:
            begun = len(done) + max(len(answers) - 1, 0)
        first = answers[-1] if answers else text
        left = None if goes_on or dangling or cells else lefts.read(_sides(first)[0])
        if goes_on and len(before) <= _LONGEST:
            before = f"{before} {text}"
        elif left is not None and len(left) == 1:
            before = " = ".join([left[0], *_sides(text)[1:]]) if len(answers) == 1 else left[0]
            asked = left[0] if text.endswith("=") else ""
        dangling = bool(re.search(r"[-+*/]$", text))
        heading = cells is not None and not any(re.search(r"\d", cell) for cell in cells)
        if answers or not (heading or _says_nothing(lefts, line.text, text)):
            done += [_stated(lefts, line, written) for written in answers] or [line]
    return done


def mentioned(lefts: Lefts, text: str) -> list[str]:
    """Return the questions that a line which is not understood may answer, as far as it tells."""
    left = _sides(plain(text))[0]
    asked = [lefts.read(match[0]) for match in _MENTIONED.finditer(left[:_LONGEST])]
    return _asked(lefts, left) or [step for several in asked for step in several or ()]


def _stated(lefts: Lefts, line: Line, written: str) -> Line:
    """Return a line with the question and the answer of a chain, and what stands between them."""
    left, *parts, right = _sides(written)
    read = f"{left.strip()} = {right.strip()}"
    if len(parts) > _PARTS:
        return line._replace(read=read)
    return line._replace(read=read, parts=tuple(read_part(lefts, part.strip()) for part in parts))


def _says_nothing(lefts: Lefts, line: str, text: str) -> bool:
    """Whether a line is a heading, a name or a date: nothing of the program stands in it."""
    if line.lstrip().startswith(("```", "~~~")):
        return True
    return "=" not in text and not any(map(lefts.knows, re.findall(r"[^\W\d]\w*", text)))


def _has_decimal_commas(texts: Sequence[str]) -> bool:
    """Whether a sheet writes commas for points throughout."""
    rights = [part for text in texts for part in (_sides(text)[1:] or text.split("|")[1:])]
    commas = sum(bool(_WITH_COMMA.fullmatch(right)) for right in rights)
    return bool(commas) and not any(re.search(r"\d\.\d", right) for right in rights)


def _without_point(lefts: Lefts, text: str) -> str:
    """Return a line without where its derivatives are taken, if that is the point asked for."""

    def taken(match: re.Match[str]) -> str:
        return " " if lefts.is_here(match["at"]) else match[0]

    return _TOLD.sub("", _POINT.sub(taken, text)).strip(" ,:")


def _with_points(text: str) -> str:
    return _DECIMALS.sub(r"\1.\2", text)


def _sides(text: str) -> list[str]:
    return _EQUALITY.split(text)


# Lines of text


def _statements(lefts: Lefts, text: str, *, formal: bool) -> Iterator[str]:
    """Yield what a line states, several answers of it one by one.

    In LaTeX and Typst, which are `formal`, two factors stand side by side.
    """
    of_derivatives = False
    if _REPLACED.search(text) or _SUPPOSED.match(text):
        return
    text = _BULLET.sub("", text, count=1) if _BULLET.match(text) else text
    section = re.match(r"[1-9]\.[1-9]\d?\)?\s+", text)
    if section and (asked := lefts.read(_sides(text[section.end() :])[0])):
        text = text if asked[0] in lefts.bound else text[section.end() :]
    numbered = _NUMBERED.match(text)
    if numbered and not lefts.knows(numbered[1]) and not lefts.knows(numbered[0].rstrip(" .):")):
        text = text[numbered.end() :]
    text = columns(lefts, text)
    sides = _sides(text)
    if len(sides) == 2 and "," in sides[0] and (asked := lefts.read(sides[0])) is not None:
        # A list on the left, a list on the right: (dL/dw, dL/db) = (6, 2).
        right = f"[{sides[1].strip(' ()[]')}]" if len(asked) > 1 else sides[1]
        yield from answered(lefts, asked, right)
        return
    for piece in _pieces(lefts, _without_label(lefts, text)):
        label, _, rest = piece.rpartition("\0")
        of_derivatives = of_derivatives or bool(_DERIVATIVES.search(label))
        yield from _chain(lefts, rest, derivatives=of_derivatives, formal=formal)


def _without_label(lefts: Lefts, text: str) -> str:
    """Return a line with a sign of equality, and what is said before its question marked off."""
    text = dictionary(text) or text
    before, colon, after = text.partition(":")
    if colon and after.strip() and "=" not in before and not after.startswith("="):
        if lefts.read(before) is not None:
            # A label before a question of its own: w: dL/dw = 6.
            asked = lefts.read(_sides(after)[0])
            of_its_own = asked is not None and "/" in asked[0] and "/" not in before
            if of_its_own or asked == lefts.read(before):
                return after
            return f"{before} = {after}"
        turn = re.fullmatch(r"\s*Step\s*\d+|\s*[^\W\d]+\s*\d*\s*", before)
        if turn or _DERIVATIVES.search(before):
            return f"{before}\0{after}"
    turn = re.fullmatch(r"\s*([^\W\d]\w*)\s*=\s*(\d+)\s*", before)
    if colon and turn:
        asked = _sides(after)
        member = lefts.name(f"{asked[0].strip()}[{turn[2]}]")
        if member is not None:
            return f"{member.text} = {'='.join(asked[1:])}"
        if not lefts.knows(turn[1]):
            return after
    return text


def _pieces(lefts: Lefts, text: str) -> list[str]:
    """Return a line in parts, cut where another question begins."""
    text = _IS.sub(" = ", _ARROW.sub(r"\1; ", text))
    if "|" in text and text.count("|") == 1 and "=" in text:
        # A value and, behind the bar, the gradient: u = -1 | 0.9151.
        first, _, second = text.partition("|")
        left = _sides(first)[0]
        over = lefts.derivative(None, left.strip()) if lefts.name(left.strip()) else None
        if "=" not in second:
            return [first, f"{over} = {second}"] if over else [text]
    pieces, start = [], 0
    for match in islice(_BETWEEN.finditer(text), _MOST):
        rest = text[match.end() :]
        before = text[start : match.start()]
        if not before or before.count("[") > before.count("]"):
            continue
        if match["given"] and before.count("(") > before.count(")"):
            continue
        if _REASON.match(rest):
            text = text[: match.start()]
            break
        if not re.search(r"=" if match["given"] else r"=.*[\d)\]]$", before):
            continue
        sides = _sides(rest)
        following = _asked(lefts, sides[0]) if len(sides) > 1 else None
        if following and not ("/" in match[0] and _divides(lefts, before, following[0])):
            pieces.append(before)
            start = match.end()
    last = text[start:]
    if pieces and last.count(")") > last.count("("):
        last = last.rstrip(" .").removesuffix(")")
    return [*pieces, last]


def _divides(lefts: Lefts, before: str, by: str) -> bool:
    """Whether a number and `/ name` are arithmetic: the next part of a chain, no next answer."""
    asked = _asked(lefts, _sides(before)[0]) or [""]
    if "/" in asked[0] or "/" in by:
        return "/" not in by
    node, graph = lefts.graph.node(asked[0]), lefts.graph
    divided = node is not None and graph.operations[node].name == "div"
    return divided and graph.node(by) in graph.arguments[node or 0]


def _asked(lefts: Lefts, text: str) -> list[str] | None:
    """Return the question that a left side ends with, whatever words stand before it."""
    text, words = text.rpartition("\0")[2].strip(), ""
    for _ in range(8):
        asked = lefts.read(text)
        if asked is not None:
            # What is said before a comma or a colon says nothing of the name.
            if _PART.search(_VALUE_OF.sub("", re.split("[:,]", words)[-1])):
                return None
            return [*map(lefts.gradient, asked)] if _DERIVATIVES.search(words) else asked
        match = _LED_IN.match(text)
        if match is None or match.end() >= len(text) or lefts.knows(match[0].strip(" :,.")):
            return None
        words += match[0]
        text = text[match.end() :]
    return None


def _chain(
    lefts: Lefts, text: str, *, derivatives: bool = False, formal: bool = False
) -> list[str]:
    """Return what an equality states: its first part is asked for, its last is the result."""
    parts = [part.strip() for part in _sides(text)]
    if len(parts) < 2:
        return []
    asked = _asked(lefts, parts[0])
    if asked is None and len(parts) > 2 and _is_word(lefts, parts[0]):
        # Words that are no question, or a name for the one behind them: δ = dL/ds = 2.
        del parts[0]
        asked = _asked(lefts, parts[0])
    if asked is None and re.fullmatch(r"[-+\d.\s/e\[\],()]+", parts[0]):
        # The number first: -3 = dg/dp.
        asked, parts = _asked(lefts, parts[-1]), parts[::-1]
    if asked is None or _jumbled(lefts, asked, parts[1:]):
        return []
    alike = len(asked) == 1
    if derivatives:
        asked = [*map(lefts.gradient, asked)]
    # What is asked for in between has the same answer.
    for part in parts[1:-1]:
        beside = None if formal else re.fullmatch(r"[-+]?[\d.]+\s+([^\W\d].*)", part)
        if beside and _asked(lefts, beside[1]) is not None:
            # Another question, or a factor: x = 2 y = 3.
            return []
        list_of = lefts.read(part) if "," in part else None
        if list_of is not None and len(list_of) > 1:
            asked, alike = list_of, False
            continue
        more = None if re.fullmatch(r"\w+|[^/]* [^/]*", part) else lefts.read(part)
        if more is not None and len(more) == 1 and "/" in more[0] and more[0] not in asked:
            asked = [*asked, *more]
    last = parts[-1] or (parts[-2] if len(parts) > 2 else "")
    answers = list(answered(lefts, asked, last, alike=alike))
    if alike and answers:
        left, _, right = answers[0].partition(" = ")
        answers[0] = " = ".join([left, *parts[1:-1], right])
    return answers


def _is_word(lefts: Lefts, text: str) -> bool:
    """Whether a text is words alone that mean nothing in the program, nor make something of it."""
    words = re.findall(r"[^\W\d]\w*", text)
    return bool(words) and not (
        re.search(r"\d", text) or any(map(lefts.knows, words)) or _PART.search(text)
    )


def _jumbled(lefts: Lefts, asked: list[str], parts: list[str]) -> bool:
    """Whether what is set equal cannot be one chain: two numbers, or a value by a later step."""
    numbers = [float(part) for part in parts[-2:] if _A_NUMBER.fullmatch(part)]
    if len(numbers) == 2 and abs(numbers[0] - numbers[1]) > 0.1 * max(map(abs, numbers)):
        return True
    if any(_JOINED.search(part) for part in parts[:-1]):
        return True
    node = lefts.graph.node(asked[0]) if len(asked) == 1 else None
    words = {word for part in parts for word in re.findall(r"[^\W\d]\w*", part)}
    names = [lefts.name(word) for word in words]
    nodes = [lefts.graph.node(named.text) for named in names if named and not named.place]
    if node is None:
        return False
    steps = lefts.graph.arguments
    later = (other for other in nodes if other is not None and other >= node)
    return any(other == node or steps[other] for other in later)
