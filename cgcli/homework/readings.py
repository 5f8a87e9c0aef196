"""Lines that are no answer as they stand → the answers that they state.

A line is tried as it is first. What follows reads those that are not understood: labels and
bullets before them, several answers in one, tables, chains of equalities whose last part is the
result, and a number that stands before its question. What has no meaning stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from cgcli.homework.lefts import Lefts
from cgcli.homework.notation import is_blank, plain, result
from cgcli.homework.sheets import Line

_SKIPPED: Final = re.compile(r"(?:```|~~~).*|[-*_=#~\s|:+]*|={3,}.*={3,}|\$\$|\{|\}")
_BULLET: Final = re.compile(
    r"(?:(?:>+|=>|->|so|thus|hence|then)\s+|[-*+]\s+(?:\[[ xX]?\]\s*)?"
    r"|\(?(?:\d{1,2}|[a-h]|[ivx]{1,4})[.)]\s+)+",
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(r"([^\W\d]+)\.?\s*\d{1,2}\s*[.):]\s*")
_CROSSED_OUT: Final = re.compile(
    r"~~.*~~|.*\((?:wrong|incorrect|falsch|faux|mal|错)", re.IGNORECASE
)
_IS: Final = re.compile(
    r"\s*(?::=|<-|->|=>|是|(?<![因作])为|等于)\s*|\s+(?:is|equals|ist|est|es|vale)\s+"
)
_EQUALITY: Final = re.compile(r"(?<![<>=!])=(?!=)")
_BETWEEN: Final = re.compile(r"[,;]\s*|\s+(?:and|und|et|和)\s+|\s*\((?=[^()]*=)|\|")
_REASON: Final = re.compile(r"(?:since|because|as|for|weil|denn|car|porque|因为)\b", re.IGNORECASE)
_HEADS: Final = {
    "value": re.compile(r"val|forward|wert|valeur|valor|值|data|result", re.IGNORECASE),
    "gradient": re.compile(r"grad|deriv|backward|adjoint|∂|梯度|导|ableit", re.IGNORECASE),
}
_DERIVATIVES: Final = re.compile(r"grad|deriv|partial|ableit|dériv|偏导|导数|梯度", re.IGNORECASE)
_DECIMALS: Final = re.compile(r"(?<![\d.])(-?\d+),(\d+)(?![\d.])")
_COORDINATE: Final = re.compile(r"([-+]?)\s*(\d*\.?\d*)\s*\*?\s*(?:e_?)?([ijk])\b(?:hat)?")


def readings(lefts: Lefts, lines: Sequence[Line]) -> Iterator[Line]:
    """Yield the lines of a sheet, each that is rewritten with what it is read as.

    A line comes as it is where nothing is known of it; one that says nothing does not come.
    """
    texts = [plain(line.text) for line in lines]
    if _has_decimal_commas(texts):
        texts = [_with_points(text) for text in texts]
    lefts.look(texts)
    heads: list[str] = []
    before: tuple[str, str] | None = None
    for line, text in zip(lines, texts, strict=True):
        if _SKIPPED.fullmatch(text) or _CROSSED_OUT.match(text):
            continue
        cells = _cells(text)
        if cells is not None:
            heads = _headed(cells) or heads
            found = list(_row(lefts, heads, cells))
        elif text.startswith("=") and before is not None:
            found = _chain(lefts, f"{before[0]} {text}")
        else:
            found = list(_statements(lefts, text))
        asked = _sides(text)
        left = lefts.read(asked[0]) if cells is None else None
        if left is not None and len(left) == 1:
            before = (left[0], "")
        if not found:
            yield line
        for written in found:
            yield line._replace(read=written)


def _has_decimal_commas(texts: Sequence[str]) -> bool:
    """Whether a sheet writes commas for points throughout."""
    rights = [part for text in texts for part in _sides(text)[1:]]
    commas = sum(bool(re.fullmatch(r"\s*-?\d+,\d+\.?\s*", right)) for right in rights)
    return bool(commas) and not any(re.search(r"\d\.\d", right) for right in rights)


def _with_points(text: str) -> str:
    return _DECIMALS.sub(r"\1.\2", text)


def _sides(text: str) -> list[str]:
    return _EQUALITY.split(text)


# Tables


def _cells(text: str) -> list[str] | None:
    """Return the cells of a table's row: with bars around it, or tabs between."""
    if text.startswith("|") and text.count("|") > 2:
        return [cell.strip() for cell in text.strip("|").split("|")]
    if "\t" in text:
        return [cell.strip() for cell in text.split("\t")]
    return None


def _headed(cells: list[str]) -> list[str]:
    """Return what the columns of a table's head are; nothing where it is no head."""
    if any(re.search(r"\d", cell) for cell in cells):
        return []
    kinds = [next((k for k, head in _HEADS.items() if head.search(cell)), "") for cell in cells]
    return kinds if any(kinds[1:]) else []


def _row(lefts: Lefts, heads: list[str], cells: list[str]) -> Iterator[str]:
    """Yield what a table's row states: a derivative and its value, or a node's two numbers."""
    asked = lefts.read(cells[0])
    if asked is None or len(asked) > 1:
        return
    kinds = heads[1:] if len(heads) == len(cells) else ["value", "gradient"][: len(cells) - 1]
    for kind, cell in zip(kinds, cells[1:], strict=False):
        left: str | None = asked[0]
        if kind == "gradient" and "/" not in asked[0]:
            left = lefts.derivative(None, cells[0])
        if left and cell and kind:
            yield from _answered(lefts, [left], cell)


# Lines of text


def _statements(lefts: Lefts, text: str) -> Iterator[str]:
    """Yield what a line states, several answers of it one by one."""
    of_derivatives = False
    text = _BULLET.sub("", text, count=1) if _BULLET.match(text) else text
    numbered = _NUMBERED.match(text)
    if numbered and not lefts.knows(numbered[1]):
        text = text[numbered.end() :]
    for piece in _pieces(lefts, _without_label(lefts, text)):
        label, _, rest = piece.rpartition("\0")
        of_derivatives = of_derivatives or bool(_DERIVATIVES.search(label))
        yield from _chain(lefts, rest, derivatives=of_derivatives)


def _without_label(lefts: Lefts, text: str) -> str:
    """Return a line with a sign of equality, and what is said before its question marked off."""
    text = _dictionary(text) or text
    before, colon, after = text.partition(":")
    if colon and after.strip() and "=" not in before and not after.startswith("="):
        if lefts.read(before) is not None:
            return f"{before} = {after}"
        turn = re.fullmatch(r"\s*Step\s*\d+|\s*[^\W\d]+\s*\d*\s*", before)
        if turn or _DERIVATIVES.search(before):
            return f"{before}\0{after}"
    turn = re.fullmatch(r"\s*[^\W\d]\w*\s*=\s*(\d+)\s*", before)
    if colon and turn:
        asked = _sides(after)
        member = lefts.name(f"{asked[0].strip()}[{turn[1]}]")
        if member is not None:
            return f"{member.text} = {'='.join(asked[1:])}"
    return text


def _dictionary(text: str) -> str | None:
    """Return `{"dw1": 14, "db1": 2}` as answers with signs of equality."""
    match = re.fullmatch(r"(?:\w+\s*=\s*)?[{(](\s*[\"'].*)[})]", text)
    if match is None:
        return None
    return re.sub(r"[\"']([^\"']+)[\"']\s*:", r"\1 =", match[1])


def _pieces(lefts: Lefts, text: str) -> list[str]:
    """Return a line in parts, cut where another question begins."""
    text = _IS.sub(" = ", text)
    if "|" in text and text.count("|") == 1 and "=" in text:
        # A value and, behind the bar, the gradient: u = -1 | 0.9151.
        first, _, second = text.partition("|")
        left = _sides(first)[0]
        over = lefts.derivative(None, left.strip()) if lefts.name(left.strip()) else None
        return [first, f"{over} = {second}"] if over else [text]
    found, start = [], 0
    for match in _BETWEEN.finditer(text):
        rest = text[match.end() :]
        if match.start() <= start or text[start : match.start()].count("[") > text[
            start : match.start()
        ].count("]"):
            continue
        if _REASON.match(rest):
            text = text[: match.start()]
            break
        sides = _sides(rest)
        if len(sides) > 1 and _asked(lefts, sides[0]) is not None:
            found.append(text[start : match.start()])
            start = match.end()
    last = text[start:]
    if found and last.count(")") > last.count("("):
        last = last.rstrip(" .").removesuffix(")")
    return [*found, last]


def _asked(lefts: Lefts, text: str) -> list[str] | None:
    """Return the question that a left side ends with, whatever words stand before it."""
    text = text.rpartition("\0")[2].strip()
    for _ in range(8):
        asked = lefts.read(text)
        if asked is not None:
            return asked
        match = re.match(r"[^\W\d][^\W\d_]*[\s:,]+|[^\x00-\x7f∂∇δ]+\s*", text)
        if match is None or match.end() >= len(text) or lefts.knows(match[0].strip(" :,")):
            return None
        text = text[match.end() :]
    return None


def _chain(lefts: Lefts, text: str, *, derivatives: bool = False) -> list[str]:
    """Return what an equality states: its first part is asked for, its last is the result."""
    parts = [part.strip() for part in _sides(text)]
    if len(parts) < 2:
        return []
    asked = _asked(lefts, parts[0])
    if asked is None and re.fullmatch(r"[-+\d.\s/e\[\],()]+", parts[0]):
        # The number first: -3 = dg/dp.
        asked, parts = _asked(lefts, parts[-1]), parts[::-1]
    if asked is None:
        return []
    if derivatives:
        asked = [
            lefts.derivative(None, left) or left if "/" not in left else left for left in asked
        ]
    # What is asked for in between has the same answer.
    for part in parts[1:-1]:
        more = lefts.read(part)
        if more is not None and len(more) == 1 and "/" in more[0] and more[0] not in asked:
            asked = [*asked, *more]
    last = parts[-1] or (parts[-2] if len(parts) > 2 else "")
    if len(parts) == 2 or parts.count(parts[0]) or len(asked) > 0:
        return list(_answered(lefts, asked, last))
    return []


def _answered(lefts: Lefts, asked: list[str], written: str) -> Iterator[str]:
    """Yield a question and its answer, or several with a list of theirs."""
    if is_blank(written, lefts.knows):
        yield from (f"{left} =" for left in asked)
        return
    number = result(written, lefts.knows)
    if len(asked) == 1:
        yield f"{asked[0]} = {number}"
        return
    inside = number[1:-1].split(",") if number.startswith("[") else []
    if not inside and (parts := _COORDINATE.findall(written)):
        inside = [f"{sign}{size or 1}" for sign, size, _ in parts]
    if len(inside) == len(asked):
        yield from (f"{left} = {part.strip()}" for left, part in zip(asked, inside, strict=True))
    elif not inside:
        yield from (f"{left} = {number}" for left in asked)
