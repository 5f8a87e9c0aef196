"""Whether what a way replies is the right answer, and what is said where it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from mpmath import mp, mpf

from tests.concordance.answers import BITS, Answer, Numbers
from tests.concordance.asking import Reply
from tests.concordance.generate import BINARY, PAIRS, UNARY
from tests.concordance.numbers import BAD, UNKNOWN, Number, finite, ulp
from tests.concordance.rules import SPECIAL
from tests.concordance.smooth import sigmoid
from tests.concordance.syntax import Program
from tests.concordance.ways import Way

WHOLE_PROGRAM = 4
"""ulp, or times the spread."""
DIGITS = 25
PROVED = mpf(2) ** -40


NATURES = ("plain", "boundary", "range", "domain", "infinite")
"""Where a point lies: nowhere in particular, at a kink or a choice, past the ends of the doubles,
out of a domain, or at an infinity."""


@dataclass(frozen=True)
class Difference:
    """A disagreement: what it is about, what is right, and what was said."""

    seed: int
    way: str
    kind: str
    what: str
    right: str
    said: str
    program: Program = field(compare=False)
    point: Mapping[str, Sequence[float]] = field(compare=False)

    def __str__(self) -> str:
        return f"{self.kind}: {self.way}: {self.what}: right is {self.right}, said was {self.said}"


@dataclass
class Comparison:
    """An answer and a reply, compared; `counts` says of how many numbers and notes."""

    seed: int
    answer: Answer
    way: Way
    reply: Reply
    first: Reply | None
    """What `eval` said, for what the contract leaves open: all doubles are to be alike."""
    counts: Counter[str]

    def differences(self) -> list[Difference]:
        with mp.workprec(BITS):
            return list(self._differences())

    def _differences(self) -> Iterator[Difference]:
        reply, answer = self.reply, self.answer
        if reply.shape:
            yield self._difference("shape", "shape", "the shape", reply.shape)
        if reply.error is not None:
            yield from self._refusal()
            return
        if self.way.loose and self._far():
            self.counts["far"] += 1
            return
        doubles = self.way.numbers in ("doubles", "labels", "marks")
        if (answer.doubt and doubles) or (answer.blur and not doubles):
            self.counts["doubt"] += 1
            return
        for text, verdict in reply.answers.items():
            self.counts["marks"] += 1
            due = "wrong" if text in reply.wrong else "right"
            if verdict != due:
                yield self._difference("mark", text, due, verdict)
        yield from self._numbers(answer.numbers if doubles else answer.true)
        yield from self._notes()
        if self.way.numbers in ("proved", "digits"):
            yield from self._verdicts()

    def _difference(self, kind: str, what: str, right: Any, said: Any) -> Difference:
        return Difference(
            self.seed, self.way.name, f"{self._nature()} {kind}", what, _shown(right),
            _shown(said), self.answer.program, self.answer.point,
        )  # fmt: skip

    def _nature(self) -> str:
        """Where the point lies."""
        notes = self.answer.notes
        if any(not abs(x) < float("inf") for xs in self.answer.point.values() for x in xs):
            return "infinite"
        if notes["domain"] is not False:
            return "domain"
        if notes["overflow"] is not False or notes["underflow"] is not False:
            return "range"
        return "boundary" if notes["kink"] is not False else "plain"

    def _refusal(self) -> Iterator[Difference]:
        error = self.reply.error or ""
        self.counts["refusals"] += 1
        answer = self.answer
        numbers = answer.true.flat()
        known = answer.program.rational and not answer.blur and all(map(finite, numbers))
        if self.way.numbers == "fractions" and error.startswith(("exact:", "limit:")) and not known:
            return
        # A step that has no value is no exercise, though only an element of it is needed.
        if self.way.name == "check" and "has no value here" in error and self._nature() != "plain":
            return
        # Python's math raises where a number is not finite.
        if error.startswith("python:") and self._nature() != "plain":
            return
        yield self._difference("refusal", "error", "an answer", error)

    # --- numbers ---------------------------------------------------------------------------

    def _numbers(self, right: Numbers) -> Iterator[Difference]:
        reply, place = self.reply, 0
        for k, number in enumerate(right.value):
            if reply.value is not None:
                said = reply.value[k] if k < len(reply.value) else None
                first = self.first and self.first.value and self.first.value[k]
                yield from self._one("value", f"value [{k}]", number, said, place, first)
            place += 1
        for name, rows in right.gradient.items():
            for i, row in enumerate(rows):
                for j, number in enumerate(row):
                    if name in reply.gradient:
                        said = reply.gradient[name][i][j]
                        what = f"d[{i}]/d{name}[{j}]"
                        first = self.first and not self.first.error
                        other = self.first.gradient[name][i][j] if first else None
                        yield from self._one("gradient", what, number, said, place, other)
                    place += 1

    def _one(
        self, kind: str, what: str, right: Number, said: Any, place: int, other: Any
    ) -> Iterator[Difference]:
        self.counts["numbers"] += 1
        if self.way.numbers == "doubles" and finite(right) and said == float(right):
            # The nearest double is within every bound.
            return
        if right is UNKNOWN:
            self.counts["unknown"] += 1
            yield from self._silent(kind, what, said, place)
            unlike = self._open(kind) and other is not None and _class(other) != _class(said)
            if unlike and not self._the_other_way(said, place):
                yield self._difference(f"{kind} unlike eval", what, other, said)
            return
        proofs = self.way.numbers in ("proved", "digits")
        if proofs and "undefined" in self.reply.verdicts and self._beyond():
            return
        if proofs and "unsettled" in self.reply.verdicts and self._no_digit(right, place):
            return
        if said is None or isinstance(said, str):
            if finite(right) or said is not None:
                yield self._difference(kind, what, right, said)
            return
        said = mpf(said.numerator) / said.denominator if isinstance(said, Fraction) else mpf(said)
        if right is BAD or mp.isnan(right):
            wrong = finite(said) if right is BAD or kind == "gradient" else not mp.isnan(said)
        elif not finite(right) and kind == "gradient" and self._beyond():
            # IEEE 754 goes on from what is not finite, in an order that the contract leaves open.
            wrong = finite(said) and not self._is_anything(place)
        elif not finite(right) or not finite(said):
            wrong = right != said and not self._rounds_over(right, said)
        else:
            wrong = abs(said - right) > self._tolerance(kind, right, place)
        if wrong and proofs and not finite(said):
            # No finite true value, or one that was not settled: the verdict says which.
            wrong = (
                "undefined" not in self.reply.verdicts and "unsettled" not in self.reply.verdicts
            )
        if wrong:
            yield self._difference(kind, what, right, said)

    def _is_anything(self, place: int) -> bool:
        """Whether rounding makes any number of one, as of the sine of 1e70."""
        return self.way.numbers == "doubles" and self.answer.spread[place] == mp.inf

    def _no_digit(self, right: Number, place: int) -> bool:
        """Whether a number is 0 by terms that cancel: no number of digits tells that."""
        return finite(right) and abs(right) <= self.answer.true_spread[place] * mpf(2) ** -80

    def _beyond(self) -> bool:
        """Whether something has no finite true value, and so nothing that is computed from it."""
        infinite = any(not abs(x) < float("inf") for xs in self.answer.point.values() for x in xs)
        return infinite or self.answer.notes["domain"] is not False

    def _rounds_over(self, right: Number, said: Number) -> bool:
        """Whether a number so near the largest double may round to infinity, or not to it."""
        edge = mpf(2) ** 1024
        return any(finite(x) and abs(abs(x) - edge) < edge * mpf(2) ** -45 for x in (right, said))

    def _silent(self, kind: str, what: str, said: Any, place: int) -> Iterator[Difference]:
        """Beyond the doubles IEEE 754 goes on: what comes is right, or has a note beside it."""
        true, notes = self.answer.true.flat()[place], self.reply.notes
        if notes is None or notes & {"overflow", "underflow"} or not finite(true) or self._beyond():
            return
        number = mpf(said) if isinstance(said, (float, int)) else said
        size = abs(true) / 1024 + 64 * ulp(true)
        near = _Lazily(size, lambda: WHOLE_PROGRAM * self.answer.true_spread[place])
        if not finite(number) or abs(number - true) > near:
            yield self._difference(f"{kind} silent", what, true, said)

    def _far(self) -> bool:
        """Whether numbers leave what a loose way promises: 1e-150 to 1e150, but 0 and infinity."""
        every = [abs(x) for xs in self.answer.point.values() for x in xs]
        notes = self.answer.notes
        left = notes["overflow"] is not False or notes["underflow"] is not False
        return left or any(0 < x < 1e-150 or 1e150 < x < float("inf") for x in every)

    def _the_other_way(self, said: Any, place: int) -> bool:
        """Whether derivatives that went forward are true, or have a note that something left.

        Those of a vector go forward or back, whichever is less work, and what IEEE 754 makes of
        what left the doubles need not be the same from both ends.
        """
        if self.way.name != "vectors":
            return False
        true = self.answer.true.flat()[place]
        right = finite(true) and finite(mpf(said)) and abs(said - true) <= abs(true) / 1024
        return right or bool(self.reply.notes and self.reply.notes & {"overflow", "underflow"})

    def _open(self, kind: str) -> bool:
        """Whether all ways say the same in a place that the contract leaves open: doubles do."""
        return self.way.numbers == "doubles" and not self.answer.doubt

    def _tolerance(self, kind: str, right: mpf, place: int) -> Any:
        kinds = {
            "fractions": abs(right) * mpf(2) ** -120,
            "digits": abs(right) * mpf(10) ** (1 - DIGITS) / 2 * mpf("1.001"),
            "proved": max(abs(right) * PROVED, mpf(2) ** -1074),
        }
        size = kinds.get(self.way.numbers)
        if size is not None:
            # The oracle's numbers round as well: as doubles do, some 140 bits further on.
            return _Lazily(size, lambda: size + self.answer.true_spread[place] * mpf(2) ** -80)
        size = self._in_doubles(kind, right, place)
        if self.way.loose:
            near = abs(right) * mpf("1e-9") + mpf(2) ** -1022
            return _Lazily(near, lambda: near + 1024 * self.answer.spread[place])
        if self.way.numbers == "labels":
            return abs(right) * mpf("5.1e-6") + size
        return size + mpf(self.reply.loss)

    def _in_doubles(self, kind: str, right: mpf, place: int) -> Any:
        program = self.answer.program
        single = program.single
        if single in UNARY or (single in (*BINARY, *PAIRS) and _apart(program.text)):
            ulps = (2 if kind == "value" else 3) * (2 if single in SPECIAL else 1)
            size = ulps * ulp(right)
            if kind == "gradient" or (single in ("lgamma", "digamma")):
                size = max(size, self._terms(single, ulps, place))
            if single == "polygamma":
                # It has zeros between its poles, where its terms cancel: the spread knows them.
                return _Lazily(size, lambda: self.answer.spread[place])
            return size
        size = WHOLE_PROGRAM * ulp(right)
        return _Lazily(size, lambda: WHOLE_PROGRAM * self.answer.spread[place])

    def _terms(self, single: str | None, ulps: int, place: int) -> mpf:
        """What ulps of the largest term are, where terms cancel: beside the zeros of functions."""
        elements = next(iter(self.answer.point.values()))
        x = elements[(place - len(self.answer.numbers.value)) % len(elements)]
        if single in ("silu", "gelu") and abs(x) < 2:
            part = sigmoid(mpf(x)) if single == "silu" else mp.ncdf(x)
            slope = x * part * (1 - part) if single == "silu" else x * mp.npdf(x)
            return ulps * ulp(max(abs(part), abs(slope)))
        if single == "sinc" and 2 < abs(x) < mp.inf:
            return ulps * ulp(max(abs(mp.cos(x)), abs(mp.sin(x) / x)) / abs(x))
        if single == "gamma" and 0 < x < 2:
            return ulps * ulp(mpf(1))
        if single in ("gamma", "lgamma", "digamma") and x < 0:
            return 64 * ulp(mp.gamma(1 - mpf(x)) if x > -100 else mpf(1))
        return mpf(0)

    # --- notes and verdicts ------------------------------------------------------------------

    def _notes(self) -> Iterator[Difference]:
        if self.reply.notes is None or self.answer.doubt:
            return
        for kind, due in self.answer.notes.items():
            if due is None or (
                kind in ("overflow", "underflow")
                and self.way.numbers in ("fractions", "proved", "digits")
            ):
                continue
            self.counts["notes"] += 1
            if due is not (kind in self.reply.notes):
                said = "a note" if kind in self.reply.notes else "no note"
                yield self._difference(f"note {kind}", kind, "a note" if due else "no note", said)

    def _verdicts(self) -> Iterator[Difference]:
        verdicts, answer = self.reply.verdicts, self.answer
        if answer.doubt and self._decided() and not answer.blur:
            self.counts["decided by rounding"] += 1
            if not verdicts & {"corrected", "kink", "undefined", "unsettled"}:
                yield self._difference("verdict", "verdict", "corrected", sorted(verdicts))
        self.counts["verdicts"] += 1
        gone = verdicts & {"undefined", "unsettled"}
        numbers = answer.true.flat()
        if answer.notes["kink"] is True and not verdicts & {"kink", "undefined", "unsettled"}:
            yield self._difference("verdict", "verdict", "kink", sorted(verdicts))
        plain = answer.notes["kink"] is False and not self._beyond() and not answer.blur
        sure = all(finite(x) and not self._no_digit(x, k) for k, x in enumerate(numbers))
        if plain and gone and sure:
            yield self._difference("verdict", "verdict", "a number", sorted(verdicts))
        wild = any(x is BAD or (x is not UNKNOWN and not finite(x)) for x in numbers)
        if (
            wild
            and self._nature() != "infinite"
            and not verdicts & {"kink", "undefined", "unsettled"}
        ):
            yield self._difference("verdict", "verdict", "undefined", sorted(verdicts))

    def _decided(self) -> bool:
        """Whether doubles decided otherwise than exact numbers do: it shows in what eval says."""
        if self.first is None or self.first.error or self.first.value is None:
            return False
        rows = [row for name in self.answer.program.inputs for row in self.first.gradient[name]]
        said = [*self.first.value, *(x for row in rows for x in row)]
        return any(
            finite(right) and not abs(mpf(number) - right) <= abs(right) * PROVED + ulp(right)
            for right, number in zip(self.answer.true.flat(), said, strict=False)
        )


class _Lazily:
    """The larger of two sizes, of which the second is worked out where the first is too little."""

    def __init__(self, size: mpf, other: Callable[[], mpf]) -> None:
        self.size, self.other = size, other

    def __add__(self, more: mpf) -> _Lazily:
        return _Lazily(self.size + more, lambda: self.other() + more)

    __radd__ = __add__

    def __lt__(self, error: mpf) -> bool:
        return bool(self.size < error and self.other() < error)


def _apart(text: str) -> bool:
    """Whether no input stands twice in an operation."""
    words = [
        word
        for word in "xyzuvWM"
        if word in text.replace("max", "").replace("xlogy", "").replace("hypot", "")
    ]
    return len(words) != 1 or text.count(words[0]) == 1


def _class(number: Any) -> str:
    if number is None:
        return "nothing"
    number = mpf(number)
    return "number" if finite(number) else "nan" if mp.isnan(number) else str(number)


def _shown(number: Any) -> str:
    return mp.nstr(number, 20) if isinstance(number, mpf) else str(number)
