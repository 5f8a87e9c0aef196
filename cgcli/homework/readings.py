"""Lines that are no answer as they stand → the answers that they state.

A line is tried as it is first. What follows reads those that are not understood: labels and
bullets before them, several answers in one, tables, chains of equalities whose last part is the
result, and a number that stands before its question. What has no meaning stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Final

from cgcli.homework.lefts import Lefts
from cgcli.homework.notation import PATTERNS, multiplied, plain, result, rewriting
from cgcli.homework.rights import not_answered, with_euler
from cgcli.homework.sheets import Line, Part
from cgcli.homework.statements import answered, chain, sides_of, statements
from cgcli.homework.tables import Table
from cgcli.homework.written import shape_of
from cgcli.operations.table import WORDS

_LONGEST: Final = 2_000
_PARTS: Final = 40
_LONGEST_PART: Final = 400
_PRINTED: Final = 1_000
_RANKS: Final = {"m": (2,), "v": (1,), "a": (1, 2, 3)}
LETTERS: Final = "ꔀꔁꔂꔃꔄꔅꔆꔇꔈꔉꔊꔋꔌꔍꔎꔏ"
"""What stands for the derivatives of a part, one sign each, while it is read."""


def readings(lefts: Lefts, lines: Sequence[Line]) -> list[Line]:
    """Return the lines of a sheet, each that is rewritten with what it is read as.

    A line comes as it is where nothing is known of it; one that says nothing does not come.
    """
    texts = [_of_arrays(lefts, with_euler(lefts.graph, plain(line.text))) for line in lines]
    if _has_decimal_commas(lefts, texts):
        texts = [_with_points(text) for text in texts]
    else:
        texts = ["".join(_pieces_with_points(lefts, text)) for text in texts]
    lefts.look(texts)
    table = Table(lefts)
    done: list[Line] = []
    before, dangling = "", False
    asked: list[str] = []
    printed: list[str] = []
    begun = start = 0
    for line, text in zip(lines, map(partial(_without_point, lefts), texts), strict=True):
        if PATTERNS["skipped"].fullmatch(text) or PATTERNS["crossed_out"].match(text):
            continue
        prompt = PATTERNS["prompt"].fullmatch(text)
        if prompt and (left := lefts.read(next(filter(None, prompt.groups())))):
            asked, printed, start = left, [], len(done)
            continue
        number = PATTERNS["printed"].fullmatch(text)
        several = number and number["several"] and f"[{number['several']}]"
        value = result(several or number["value"], lefts.knows) if number else ""
        alike = not printed or (printed[0][0] == "[") == (value[:1] == "[")
        if value and asked and alike and len(printed) < _PRINTED:
            # What a program prints stands below what it was asked for, a column line by line,
            # and so may the rows of a matrix.
            printed.append(value)
            del done[start:]
            value = printed[0] if len(printed) == 1 else f"[{', '.join(printed)}]"
            done += [line._replace(read=answer) for answer in answered(lefts, asked, value)]
            continue
        asked, printed = [], []
        goes_on = bool(before) and re.match(r"=(?!>)", text) is not None
        formal = "$" in line.text or "\\" in line.text
        cells = None if goes_on else table.cells(text)
        if goes_on:
            answers = chain(lefts, f"{before} {text}", formal=formal)
        elif cells is not None:
            answers = list(table.row(cells))
        else:
            answers = [] if dangling else list(statements(lefts, text, formal=formal))
        if goes_on and answers:
            # The last line of a chain has its result.
            del done[begun:]
        elif not goes_on:
            begun = len(done) + max(len(answers) - 1, 0)
        first = sides_of(answers[-1] if answers else text)[0]
        left = None if goes_on or dangling or cells else lefts.read(first)
        if goes_on and len(before) <= _LONGEST and before.count("=") <= _PARTS:
            before = f"{before} {text}"
        elif left is not None and len(left) == 1:
            before = " = ".join([left[0], *sides_of(text)[1:]]) if len(answers) == 1 else left[0]
            alone = len(answers) == 1 and lefts.is_array(left[0])
            rows = PATTERNS["row"].findall(answers[-1]) if alone else []
            if rows or text.endswith("="):
                asked, printed = [sides_of(answer)[0].strip() for answer in answers], rows
                start = len(done)
        # A dash in place of an answer is no sign of what goes on.
        dangling = bool(re.search(r"[^\s=.-][\s.]*[-+*/]$", text))
        heading = cells is not None and not any(re.search(r"\d", cell) for cell in cells)
        if answers or not (heading or _says_nothing(lefts, line.text, text)):
            stated = [_stated(lefts, line, text, written) for written in answers]
            done += stated or [line._replace(read=text)]
    return _with_numbers(lefts, done)


def _with_numbers(lefts: Lefts, lines: list[Line]) -> list[Line]:
    """Return the lines, with numbers of the sheet for the derivatives that an answer uses.

    `dL/dw = dL/dp*x` has the number that the sheet gives for dL/dp.
    """
    sides = [line.read.rpartition(" = ") for line in lines]
    numbers = {name: str(value) for name, value in lefts.bound.items() if not shape_of(value)}
    numbers |= {left: right for left, _, right in sides if PATTERNS["a_number"].fullmatch(right)}
    done = []
    for line, (left, _, right) in zip(lines, sides, strict=True):
        part = read_part(lefts, right)
        known = numbers | dict(zip(LETTERS, map(numbers.get, part.derivatives), strict=False))
        words = {word for word in PATTERNS["word"].findall(part.read) if word not in WORDS}
        if not (left and part.sure and part.derivatives and all(map(known.get, words))):
            # A rule alone says nothing more where the number stands elsewhere.
            rule = part.sure and part.derivatives and left in numbers
            is_read = left and part.sure and all(map(lefts.knows, words.difference(LETTERS)))
            lacks = [name for name in part.derivatives if is_read and name not in numbers]
            amiss = not_answered(lacks[0], left) if lacks else None
            done += [line._replace(lacks=amiss)] * (not rule)
            continue
        put_in = lambda match, known=known: (
            f"({known[match[0]]})" if match[0] in known else match[0]
        )
        text = PATTERNS["word"].sub(put_in, part.read)
        if re.fullmatch(r"\([^()]*\)", text):
            numbers[left] = text = text.strip("()")
        done.append(line._replace(read=f"{left} = {text}", parts=(*line.parts, part)))
    return done


def _stated(lefts: Lefts, line: Line, text: str, written: str) -> Line:
    """Return a line with the question and the answer of a chain, and what stands between them."""
    if written.startswith("\0"):
        return line._replace(read=written[1:])
    left, *parts, right = map(str.strip, sides_of(written))
    goes_on = re.search(re.escape(right) + r"(?:…|\.{3})", text) is not None
    # A number may have a unit behind a blank, where the answer is a product.
    kinds = ("measured", "explained") if "*" in right else ()
    matches = (match for kind in kinds for match in PATTERNS[kind].finditer(text))
    fits = (match for match in matches if multiplied(match[0].strip(), lefts.knows) == right)
    measure = next((match["number"].strip() for match in fits), "")
    line = line._replace(measure=measure, goes_on=goes_on)
    read = f"{left} = {right}"
    if len(parts) > _PARTS:
        return line._replace(read=read)
    return line._replace(read=read, parts=tuple(read_part(lefts, part) for part in parts))


def _says_nothing(lefts: Lefts, line: str, text: str) -> bool:
    """Whether a line is a heading, a name or a date: nothing of the program stands in it."""
    if line.lstrip().startswith(("```", "~~~")) or PATTERNS["of_slopes"].fullmatch(line):
        return True
    words = re.findall(r"[^\W\d]\w*", text)
    if re.search(r"\d", text):
        # Signs of Chinese stand beside a name without a blank.
        words += re.findall(r"(?a:[^\W\d]\w*)", text)
    if "=" in text or any(map(lefts.read, PATTERNS["derivative"].findall(text[:_LONGEST_PART]))):
        return False
    is_reason = PATTERNS["reason"].match(text.lstrip("-+•> "))
    return bool(is_reason) or not any(map(lefts.knows, words))


def _has_decimal_commas(lefts: Lefts, texts: Sequence[str]) -> bool:
    """Whether a sheet writes commas for points throughout, in all lines that may state a step."""
    stated = (
        text
        for text in texts
        if not (re.search(r"[^\W\d_]", text) and _says_nothing(lefts, text, text))
    )
    parts = [re.split(r"=|[|\t:]|->", text) for text in stated]
    parts = [several if several[1:] else ["", *several[0].split()[-1:]] for several in parts]
    pairs = [pair for several in parts for pair in pairwise(several)]
    # Of a vector 4,5 may be two elements, and tells nothing.
    commas = any(
        PATTERNS["with_comma"].fullmatch(right)
        and (
            ";" in right or not any(map(lefts.is_array, lefts.read(left.rpartition(",")[2]) or ()))
        )
        for left, right in pairs
    )
    return commas and not any(re.search(r"\d\.\d", right) for _, right in pairs)


def _with_points(text: str) -> str:
    return PATTERNS["decimals"].sub(r"\1.\2", text)


def _pieces_with_points(lefts: Lefts, text: str) -> Iterator[str]:
    """Yield the pieces of a line, with a point where a comma can be nothing else in a number."""
    pieces = re.split(r"(=|[|\t:]|->)", text)
    pieces = pieces if pieces[1:] else re.split(r"(\s)(?=\S+$)", text)
    names = [piece.strip() for piece in pieces[:-1:2] if re.search(r"[^\W\d]", piece)]
    is_one = not any("," in name or lefts.is_array(name) for name in names)
    for piece in pieces:
        yield _with_points(piece) if is_one and PATTERNS["with_comma"].fullmatch(piece) else piece


def _without_point(lefts: Lefts, text: str) -> str:
    """Return a line as it would be written alone.

    Where its derivatives are taken is left out, if that is the point asked for.
    """

    def taken(match: re.Match[str]) -> str:
        return " " if lefts.is_here(match["at"]) else match[0]

    if "\t" in text or text[:1] == "|":
        bullet = PATTERNS["bullet"].match(text)
        text = text[bullet.end() :] if bullet else text
        cells = re.split(r"[\t|]", text.strip(" |"))
        if all("=" in cell for cell in cells):
            text = "; ".join(cells)
    text = re.sub(r"^\w+(?=\s*=)", lambda match: lefts.cased(match[0]), text)
    text = PATTERNS["told"].sub("", PATTERNS["point"].sub(taken, text)).strip(" ,")
    return text if PATTERNS["prompt"].fullmatch(text) else text.rstrip(" ,:")


def _of_arrays(lefts: Lefts, text: str) -> str:
    """Return a line with the products and transposes of matrices as the language has them.

    W^T and W.T are transposes, z x^T is an outer product, and two arrays stand side by side.
    """
    graph = lefts.graph
    if not graph.tensors or graph.node("T") is not None:
        return text

    def rank(name: str) -> int:
        node = graph.node(name)
        return 0 if node is None else len(graph.shape(node))

    def product(by: str, match: re.Match[str]) -> str:
        names = match.groupdict().items()
        fits = all(rank(name) in _RANKS[kind[0]] for kind, name in names)
        return match.expand(by) if fits else match[0]

    for pattern, by in rewriting("products"):
        text = pattern.sub(partial(product, by), text)
    return text


def read_part(lefts: Lefts, text: str) -> Part:
    """Return a part as the language has it, with signs in place of its derivatives.

    >>> import cgcli
    >>> from cgcli.homework.exercise import Exercise
    >>> program = cgcli.parse("p = x + y; g = p*z")
    >>> lefts = Lefts(Exercise(program, program.evaluate(x=1, y=3, z=-3)))
    >>> read_part(lefts, "dg/dp * dp/dx")
    Part(text='dg/dp * dp/dx', read='ꔀ * ꔁ', derivatives=('dg/dp', 'dp/dx'), sure=True)
    """
    derivatives: list[str] = []
    sure = len(text) <= _LONGEST_PART

    def derivative(match: re.Match[str]) -> str:
        asked = lefts.read(match[0])
        if asked is None or len(asked) > 1 or "/" not in asked[0]:
            return match[0]
        if asked[0] not in derivatives:
            derivatives.append(asked[0])
        return LETTERS[derivatives.index(asked[0]) % len(LETTERS)]

    def word(match: re.Match[str]) -> str:
        nonlocal sure
        said = match[0]
        if said in WORDS or lefts.graph.node(said) is not None or said[0] in LETTERS:
            return said
        if node := lefts.name(said):
            return node.written
        read = derivative(match)
        # What may be a product of names as well is neither for certain; and the error of a neuron
        # is taken at its output, or before its activation.
        twofold = all(map(lefts.knows, said)) or PATTERNS["error"].match(said)
        sure = sure and (read == said or not twofold)
        return read

    if not sure:
        return Part(text, text, (), sure=False)
    read = PATTERNS["word"].sub(word, PATTERNS["derivative"].sub(derivative, text))
    sure = sure and len(derivatives) <= len(LETTERS)
    plain = multiplied(read, lambda name: name in LETTERS or lefts.knows(name))
    if (plain != read and re.search(r"[/^]", read)) or PATTERNS["explained"].search(read):
        # 1/2x is read in two ways, and 4 (x + y).
        sure = False
    return Part(text, plain, tuple(derivatives), sure and not PATTERNS["twofold"].search(plain))
