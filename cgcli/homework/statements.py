"""A line that is no answer as it stands → the answers that it states, each with its chain.

Columns and dictionaries state several.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from cgcli.homework.endings import bracketed, comes_to, is_apart, unnamed
from cgcli.homework.lefts import Lefts
from cgcli.homework.notation import PATTERNS, is_blank, plain, result, rewritten
from cgcli.operations.table import WORDS

_MOST: Final = 200
_LONGEST: Final = 400


def mentioned(lefts: Lefts, text: str) -> list[str]:
    """Return the questions that a line which is not understood may answer, as far as it tells."""
    left = sides_of(plain(text))[0]
    asked = [lefts.read(match[0]) for match in PATTERNS["mentioned"].finditer(left[:_LONGEST])]
    named = [step for several in asked for step in several or ()]
    return _asked(lefts, left) or list(dict.fromkeys(named))


def sides_of(text: str) -> list[str]:
    """Return the parts between the signs of equality of a line."""
    return PATTERNS["equality"].split(text)


def statements(lefts: Lefts, text: str, *, formal: bool) -> Iterator[str]:
    """Yield what a line states, several answers of it one by one.

    In LaTeX and Typst, which are `formal`, two factors stand side by side. What is not understood
    beside other answers comes behind them, marked off by a sign.
    """
    of_derivatives = False
    if PATTERNS["replaced"].search(text) or PATTERNS["supposed"].match(text):
        return
    text = PATTERNS["bullet"].sub("", text, count=1) if PATTERNS["bullet"].match(text) else text
    section = re.match(r"[1-9]\.[1-9]\d?\)?\s+", text)
    if section and (asked := lefts.read(sides_of(text[section.end() :])[0])):
        text = text if asked[0] in lefts.bound else text[section.end() :]
    numbered = PATTERNS["numbered"].match(text)
    if numbered and not lefts.knows(numbered[1]) and not lefts.knows(numbered[0].rstrip(" .):")):
        text = text[numbered.end() :]
    bracket = PATTERNS["bracket"].search(text)
    text = text[: bracket.start()] if bracket else text
    text = columns(lefts, PATTERNS["remark"].sub("", text)) + (bracket[0] if bracket else "")
    sides = sides_of(text)
    if len(sides) == 2 and "," in sides[0] and (asked := lefts.read(sides[0])):
        # A list on the left, a list on the right: (dL/dw, dL/db) = (6, 2).
        listed = re.sub(r"\s*\^ *\(?T\)?$", "", sides[1]).strip(" ()[]")
        right = f"[{listed}]" if len(asked) > 1 else sides[1]
        yield from answered(lefts, asked, right)
        return
    pieces = _pieces(lefts, _without_label(lefts, text))
    lost: list[str] = []
    for piece in pieces:
        label, _, rest = piece.rpartition("\0")
        of_derivatives = of_derivatives or bool(PATTERNS["derivatives"].search(label))
        answers = chain(lefts, rest, derivatives=of_derivatives, formal=formal)
        yield from answers
        lost += [f"\0{rest}"] if not answers and mentioned(lefts, rest) else []
    if len(lost) < len(pieces):
        yield from lost


def _without_label(lefts: Lefts, text: str) -> str:
    """Return a line with a sign of equality, and what is said before its question marked off."""
    text = dictionary(text) or text

    def signed(match: re.Match[str]) -> str:
        # A name and a number that a blank parts may be a product.
        asked = [""] if PATTERNS["slope"].fullmatch(match[1]) else lefts.read(match[1])
        apart = asked is not None and (match[2] == ":" or not asked[0] or "/" in asked[0])
        return f"{match[1]} =" if apart else match[0]

    text = PATTERNS["labelled"].sub(signed, text)
    before, colon, after = text.partition(":")
    if colon and after.strip() and "=" not in before and not after.startswith("="):
        if PATTERNS["slope"].fullmatch(before) and after.lstrip()[0] in "([":
            return f"{before} = {after}"
        alone = PATTERNS["a_number"].fullmatch(after) or lefts.read(sides_of(after)[0]) is None
        if (labelled := (_asked if alone else Lefts.read)(lefts, before)) is not None:
            # A label before a question of its own: w: dL/dw = 6.
            first, *rest = PATTERNS["is"].sub(" = ", after).split("=", 1)
            slope = unnamed(lefts, labelled, first, "".join(rest))
            if slope is not None:
                return PATTERNS["valued"].sub(f", {before} =", f"{slope} = {rest[0]}")
            asked = lefts.read(sides_of(after)[0])
            of_its_own = asked is not None and "/" in asked[0] and "/" not in before
            if of_its_own or asked == labelled:
                return after
            return f"{before} = {after}"
        turn = re.fullmatch(r"\s*[^\W\d]+\s*(?:\d*|[^\W\d]+|[^\W\d]\w*)\s*", before)
        if turn or PATTERNS["derivatives"].search(before):
            return f"{before}\0{after}"
    turn = re.fullmatch(r"\s*([^\W\d]\w*)\s*=\s*(\d+)\s*", before)
    if colon and turn:
        asked = sides_of(after)
        member = lefts.name(f"{asked[0].strip()}[{turn[2]}]")
        if member is not None:
            return f"{member.text} = {'='.join(asked[1:])}"
        if not lefts.knows(turn[1]):
            return after
    return text


def _pieces(lefts: Lefts, text: str) -> list[str]:
    """Return a line in parts, cut where another question begins."""
    text = PATTERNS["arrow"].sub(r"\1; ", text)

    def equality(match: re.Match[str]) -> str:
        # A remark in brackets states nothing: (relu is active).
        remark = text.count("(", 0, match.start()) > text.count(")", 0, match.start())
        return match[0] if remark else " = "

    text = PATTERNS["is"].sub(equality, text)
    if text.count("|") == 1 and "=" in text:
        # A value and, behind the bar, the gradient: u = -1 | 0.9151.
        first, _, second = text.partition("|")
        over = lefts.derivative(None, sides_of(first)[0].strip())
        if "=" not in second:
            return [first, f"{over} = {second}"] if over else [text]
    pieces, start, led = [], 0, ""
    for match in islice(PATTERNS["between"].finditer(text), _MOST):
        numbered = PATTERNS["bullet"].match(text, match.end())
        begin = numbered.end() if numbered else match.end()
        rest, before = text[begin:], led + text[start : match.start()]
        if not before or before.count("[") > before.count("]"):
            continue
        if match["given"] and before.count("(") > before.count(")"):
            continue
        if PATTERNS["reason"].match(rest):
            text = text[: match.start()]
            break
        if not re.search(r"=" if match["given"] else r"=.*[\d)\]]$", before):
            continue
        sides = sides_of(rest)
        following = _asked(lefts, sides[0]) if len(sides) > 1 else None
        # Without blanks elsewhere a blank parts two answers: x=2 y=3.
        joined = match["blank"] == "" or lefts.knows(match[0].strip(" ,"))
        joined |= match["blank"] == " " and not re.search(r"\S=[-+]?[\d.]+$", before)
        left, number = (sides_of(before)[place] for place in (0, -1))
        asked = _asked(lefts, left) or [""]
        if joined and not (following and is_apart(lefts, asked[0], number, following[0], sides[1])):
            continue
        if following and not ("/" in match[0] and _divides(lefts, before, following[0])):
            pieces.append(before)
            start, led = begin, ""
        elif len(sides) > 1 and not following:
            slope = unnamed(lefts, _asked(lefts, sides_of(before)[0]), sides[0], sides[1])
            if slope == "":
                return []
            if slope:
                pieces.append(before)
                start, led = text.index("=", begin), f"{slope} "
    last = led + text[start:]
    if pieces and last.count(")") > last.count("("):
        last = last.rstrip(" .").removesuffix(")")
    return [*pieces, last]


def _divides(lefts: Lefts, before: str, by: str) -> bool:
    """Whether a number and `/ name` are arithmetic: the next part of a chain, no next answer."""
    asked = _asked(lefts, sides_of(before)[0]) or [""]
    if "/" in asked[0] or "/" in by:
        return "/" not in by
    node, graph = lefts.graph.node(asked[0]), lefts.graph
    divided = node is not None and graph.operations[node].symbol == "/"
    return divided and graph.node(by) in graph.arguments[node or 0]


def _asked(lefts: Lefts, text: str) -> list[str] | None:
    """Return the question that a left side ends with, whatever words stand before it."""
    text, words = text.rpartition("\0")[2].strip(), ""
    for _ in range(8):
        asked = lefts.read(text)
        if asked is not None:
            # What is said before a comma or a colon says nothing of the name.
            if PATTERNS["part"].search(PATTERNS["value_of"].sub("", re.split("[:,]", words)[-1])):
                return None
            return [*map(lefts.gradient, asked)] if PATTERNS["derivatives"].search(words) else asked
        match = PATTERNS["led_in"].match(text)
        if match is None or match.end() >= len(text):
            return None
        word, rest = match[0].strip(" :,."), text[match.end() :]
        if lefts.knows(word) and (word not in WORDS or lefts.read(rest) is not None):
            # A function of the name behind it, and not: softmax output: p.
            return None
        words += match[0]
        text = rest
    return None


def chain(lefts: Lefts, text: str, *, derivatives: bool = False, formal: bool = False) -> list[str]:
    """Return what an equality states: its first part is asked for, its last is the result."""
    bracket = PATTERNS["bracket"].search(text)
    parts = [part.strip() for part in sides_of(text[: bracket.start()] if bracket else text)]
    if len(parts) < 2:
        return []
    if len(parts) > 2 and not parts[-1]:
        parts.pop()
    asked = _asked(lefts, parts[0])
    while asked and len(parts) > 2 and lefts.read(parts[1]) == asked:
        # The question is said again in the cell below it.
        del parts[1]
    if asked is None and PATTERNS["slope"].fullmatch(parts[0]):
        asked = lefts.read(f"∇{lefts.output}")
    if asked is None and len(parts) > 2 and _is_word(lefts, parts[0], lefts.read(parts[1])):
        # Words that are no question, or a name for the one behind them: δ = dL/ds = 2.
        del parts[0]
        asked = _asked(lefts, parts[0])
    if asked is None and re.fullmatch(r"[-+\d.\s/e\[\],()]+", parts[0]):
        # The number first: -3 = dg/dp.
        asked, parts = _asked(lefts, parts[-1]), parts[::-1]
    if bracket and asked:
        question = lefts.gradient(asked[0]) if derivatives else asked[0]
        parts += bracketed(lefts, question, parts[-1], bracket["inside"])
    is_number = PATTERNS["a_number"].fullmatch
    if len(parts) > 2 and is_number(parts[-2]) and re.match(r"[^\W\d]|[∂(]", parts[-1]):
        # The number, and what has it as well: dL/ds = 2 = dL/db.
        parts.insert(1, parts.pop())
    if asked is not None and len(asked) == 1:
        # A name in brackets behind its number: s = 0.4 (s).
        parts[-1] = re.sub(rf"(?<=\d)\s*\({re.escape(asked[0])}\)$", "", parts[-1])
    if asked is None or _jumbled(lefts, asked, parts[1:], bracket is not None):
        return []
    alike = len(asked) == 1
    if derivatives:
        asked = [*map(lefts.gradient, asked)]
    # What is asked for in between has the same answer.
    for part in parts[1:-1]:
        beside = None if formal else re.fullmatch(r"([-+]?[\d.]+)\s+([^\W\d].*)", part)
        second = beside and _asked(lefts, beside[2])
        if beside and second and not comes_to(lefts, beside[1], second[0], parts[-1]):
            # Another question, or a factor: x = 2 y = 3.
            return []
        list_of = lefts.read(part) if "," in part else None
        if list_of is not None and len(list_of) > 1:
            asked, alike = list_of, False
            continue
        is_name = lefts.knows(part) or re.fullmatch(r"[^\W_]+|[^/]* [^/]*", part)
        more = None if is_name else lefts.read(part)
        if more is not None and len(more) == 1 and "/" in more[0] and more[0] not in asked:
            asked = [*asked, *more]
    answers = list(answered(lefts, asked, parts[-1], alike=alike))
    if alike and answers:
        left, _, right = answers[0].partition(" = ")
        answers[0] = " = ".join([left, *parts[1:-1], right])
    return answers


def _is_word(lefts: Lefts, text: str, asked: list[str] | None) -> bool:
    """Whether a text is words alone that mean nothing in the program, nor make something of it.

    A derivative that is `asked` behind it may be called by a letter with a number: δ2 = dL/ds.
    """
    words = re.findall(r"[^\W\d]\w*", text)
    named = words == [text] and asked is not None and "/" in asked[0]
    return bool(words) and not (
        (re.search(r"\d", text) and not named)
        or any(map(lefts.knows, words))
        or PATTERNS["part"].search(text)
    )


def _jumbled(lefts: Lefts, asked: list[str], parts: list[str], in_bracket: bool) -> bool:
    """Whether what is set equal cannot be one chain: two numbers, or a value by a later step.

    Two numbers behind working are parts of a chain, unless the second stands `in_bracket`.
    """
    results = [result(part, lefts.knows) for part in parts[-2:]]
    numbers = [float(part) for part in results if PATTERNS["a_number"].fullmatch(part)]
    alone = len(numbers) == 2 and (in_bracket or len(parts) == 2)
    if alone and abs(numbers[0] - numbers[1]) > 0.1 * max(map(abs, numbers)):
        return True
    # What stands behind a bar alone is another answer, which is not understood.
    if any(PATTERNS["joined"].search(part) or part.count("|") == 1 for part in parts[:-1]):
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


def answered(lefts: Lefts, asked: list[str], written: str, *, alike: bool = False) -> Iterator[str]:
    """Yield a question and its answer, or several with a list of theirs.

    Where they are `alike` one number is the answer of all.
    """
    if is_blank(written, lefts.knows):
        yield from (f"{left} =" for left in asked)
        return
    if len(asked) == 1 and lefts.is_array(asked[0]) and PATTERNS["parted"].fullmatch(written):
        written = f"[{written}]"
    if len(asked) > 1:
        written = re.sub(r"^\((.*,.*)\)$", r"[\1]", written.strip())
    number = result(written, lefts.knows)
    if alike or len(asked) == 1:
        yield from (f"{left} = {number}" for left in asked)
        return
    inside = number[1:-1].split(",") if number.startswith("[") else []
    if not inside and (parts := PATTERNS["coordinate"].findall(written)):
        inside = [f"{sign}{size or 1}" for sign, size, _ in parts]
    if len(inside) == len(asked):
        yield from (f"{left} = {part.strip()}" for left, part in zip(asked, inside, strict=True))


def columns(lefts: Lefts, text: str) -> str:
    """Return a question and a number that stand beside each other with a sign of equality."""
    text = rewritten(text, "columns")
    if "=" in text or ":" in text:
        return text
    match = PATTERNS["beside"].fullmatch(text)
    asked = match and lefts.read(match["asked"])
    if match and asked and len(asked) == 1:
        # A name and a number that a blank parts may be a product.
        apart = match["array"] or "/" in asked[0] or not match["gap"].isspace() or match["gap"][1:]
        return f"{asked[0]} = {match['array'] or match['number']}" if apart else text
    return text


def dictionary(text: str) -> str | None:
    """Return `{"dw1": 14, "db1": 2}` as answers with signs of equality, its name marked off."""
    match = PATTERNS["dictionary"].fullmatch(text)
    if match is None:
        return None
    answers = re.sub(
        r"[\"']?\b([^\"':,>]+?)[\"']?\s*(?::|->)", r"\1 =", match["called"] or match["written"]
    )
    return f"{match['name']}\0{answers}" if match["name"] else answers
