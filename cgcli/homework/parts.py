"""A part of a chain of equalities, as it is written → as the language has it."""

from __future__ import annotations

import re
from typing import Final

from cgcli.homework.lefts import Lefts
from cgcli.homework.notation import PATTERNS, multiplied
from cgcli.homework.sheets import Part
from cgcli.operations.table import WORDS

LETTERS: Final = "ꔀꔁꔂꔃꔄꔅꔆꔇꔈꔉꔊꔋꔌꔍꔎꔏ"
"""What stands for the derivatives of a part, one sign each, while it is read."""
_LONGEST: Final = 400


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
    sure = len(text) <= _LONGEST

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
        # What may be a product of names as well is neither for certain.
        sure = sure and (read == said or not all(map(lefts.knows, said)))
        return read

    if not sure:
        return Part(text, text, (), sure=False)
    read = PATTERNS["word"].sub(word, PATTERNS["derivative"].sub(derivative, text))
    sure = sure and len(derivatives) <= len(LETTERS)
    plain = multiplied(read, lambda name: name in LETTERS or lefts.knows(name))
    if plain != read and re.search(r"[/^]", read):
        # 1/2x is read in two ways.
        sure = False
    return Part(text, plain, tuple(derivatives), sure and not PATTERNS["twofold"].search(plain))
