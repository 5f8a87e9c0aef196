"""The elements of a program at a point, one after another, and the gradient back along them.

Vectors and matrices are taken apart: a node is one number, the result of one operation on the
numbers before it. Equal operations on the same numbers are one node, as they are in floats.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from mpmath import mp, mpf

from tests.concordance.infinities import at_infinity, dot_at_infinity, total_of
from tests.concordance.numbers import (
    BAD,
    DECIDES,
    INF,
    LARGEST,
    MAYBE,
    NIL,
    UNKNOWN,
    WILD,
    Local,
    Number,
    adds_exactly,
    clamp,
    finite,
    saturated,
    short,
    ulp,
)
from tests.concordance.rules import COMPARISONS, EXACT_IN_DOUBLES, RULES, SPECIAL, STEPS
from tests.concordance.smooth import SMOOTH, smooth

_EVEN: Final = frozenset({"mod"}) | COMPARISONS
"""What is decided as it ought to be where two arguments are one node."""
_SATURATING: Final = frozenset(
    {"tanh", "sigmoid", "softplus", "erf", "erfc", "gelu", "silu", "expm1", "elu"}
)
LINEAR: Final = frozenset({"add", "sub", "neg", "pos", "sum", "mean", "where"}) | STEPS


class Tape:
    """The nodes, as parallel lists; `ranged` with the ends of the doubles, or without any.

    A tape that is asked for numbers alone is not `deciding` where rounding is in doubt.
    """

    def __init__(
        self, *, ranged: bool = True, shaken: int | None = None, deciding: bool = True
    ) -> None:
        self.ranged, self.shaken, self.deciding = ranged, shaken, deciding
        self.values: list[Number] = []
        self.ops: list[str] = []
        self.args: list[tuple[int, ...]] = []
        self.locals: list[Local | None] = []
        self.exact: list[bool] = []
        self.varies: list[bool] = []
        self.smoothly: list[bool] = []
        """Whether it varies with an input otherwise than through steps."""
        self.outside: list[bool] = []
        """Whether the number is beyond the doubles, or so small that it loses digits."""
        self.source: list[int] = []
        """The node that a choice has its number from, to the bit."""
        self.doubt: str = ""
        """Which operation is decided by rounding, as far as doubles are asked."""
        self.blur = False
        """Whether an operation is so near where it decides that this arithmetic cannot tell."""
        self.by_columns = False
        """Whether slopes may be multiplied in the other order, of a Jacobian by its columns."""
        self.over, self.under, self.rounded = False, False, False
        self.cancelled = False
        """Whether contributions to a gradient leave nothing of each other."""
        self.steep = False
        """Whether the gradient by a node is beyond the doubles."""
        self._keys: dict[Any, int] = {}
        self._errors: list[mpf] = []

    def constant(self, number: float | mpf) -> int:
        value = mpf(number)
        key = ("constant", value._mpf_)
        if key in self._keys:
            return self._keys[key]
        return self._new("constant", (), Local(value, tuple), key)

    def input(self, number: float | mpf) -> int:
        value = mpf(number)
        place = self._new("input", (), Local(value, tuple), ("input", len(self.values)))
        self.varies[place] = self.smoothly[place] = True
        return place

    def apply(self, op: str, *args: int) -> int:
        """An elementwise operation."""
        key = (op, args)
        if key in self._keys:
            return self._keys[key]
        values = tuple(self.values[arg] for arg in args)
        if self.shaken is not None and self._turns_on(op, args):
            local = at_infinity(op, (UNKNOWN,))
        elif not all(map(finite, values)):
            local = at_infinity(op, values)
        elif op in SMOOTH:
            local = smooth(op, values[0])
        else:
            local = RULES[op](*values)
        return self._new(op, args, local, key)

    def combine(self, op: str, args: tuple[int, ...], rule: Callable[..., Local]) -> int:
        """An operation on many elements, by a rule over finite numbers; `op` is its key too."""
        key = (op, args)
        if key in self._keys:
            return self._keys[key]
        values = tuple(self.values[arg] for arg in args)
        if all(map(finite, values)):
            local = rule(*values)
            if self.ranged and op in ("sum", "dot") and sum(self._terms(op, args)) >= LARGEST:
                # No bound is set to what doubles make of it, unless it is beyond them itself.
                self.doubt = self.doubt or ("" if clamp(local.value)[1] else op)
        else:
            local = at_infinity(op, (UNKNOWN,) * len(args))
            if op in ("sum", "mean"):
                share = mpf(1) if op == "sum" else mpf(1) / len(args)
                local = Local(total_of(values), lambda: (share,) * len(args))
            if op == "dot":
                half = len(values) // 2
                local = dot_at_infinity(values[:half], values[half:])
                pairs = zip(values[:half], values[half:], strict=True)
                if any(finite(a) and finite(b) and abs(a * b) >= LARGEST for a, b in pairs):
                    # The same, of an infinite term beside one that only doubles call infinite.
                    self.doubt = self.doubt or op
        return self._new(op, args, local, key)

    def where(self, condition: int, a: int, b: int) -> int:
        """A choice: its gradient goes to the branch that is taken, ties of == and != excepted."""
        key = ("where", condition, a, b)
        if key in self._keys:
            return self._keys[key]
        flag = self.values[condition]
        if flag is UNKNOWN or flag is BAD:
            return self._new(
                "where", (condition, a, b), Local(UNKNOWN, lambda: (DECIDES, MAYBE, MAYBE)), key
            )
        first = bool(flag != 0)
        taken, other = (a, b) if first else (b, a)
        if self.ops[condition] not in COMPARISONS and finite(flag) and not self.exact[condition]:
            self._decide("where", (condition,), (flag,))
        sent: tuple[Number, Number] = (mpf(1), None)
        if self.ops[condition] in ("eq", "ne") and self.ties(condition):
            sent = self._at_equality(condition, taken, other)
        slopes = (DECIDES, *(sent if first else sent[::-1]))
        place = self._new(
            "where", (condition, a, b), Local(self.values[taken], lambda: slopes), key
        )
        self.exact[place], self.source[place] = self.exact[taken], self.source[taken]
        self.varies[place] = self.varies[a] or self.varies[b] or self.varies[condition]
        self.smoothly[place] = self.smoothly[a] or self.smoothly[b]
        return place

    def _at_equality(self, condition: int, taken: int, other: int) -> tuple[Number, Number]:
        """What a where at a tie of == or != sends to the branch that is taken, and to the other."""
        here, there = self.values[taken], self.values[other]
        infinite = here in (INF, -INF) or there in (INF, -INF)
        known = all(isinstance(x, mpf) and not mp.isnan(x) for x in (here, there))
        if infinite and known and here != there:
            return mpf(1), None
        if UNKNOWN in (here, there) or BAD in (here, there):
            # Whether it has the value of this one, or none, is not known.
            return MAYBE, MAYBE
        if not finite(here) or not finite(there):
            return UNKNOWN, BAD if mp.isnan(there) else UNKNOWN
        if len(set(self.args[condition])) < 2 and here == there:
            # It holds beside the point as well, which is more than the contract speaks of.
            return MAYBE, MAYBE
        if here != there:
            if not (self.exact[taken] and self.exact[other]):
                self._decide("where", (taken, other), (here - there,))
            return mpf(1), None
        if taken != other and not (self.exact[taken] and self.exact[other]):
            self.doubt = self.doubt or "where"
        return None, mpf(1)

    def ties(self, place: int) -> bool:
        """Whether a comparison ties, or a step is at its jump, with something that varies."""
        local = self.locals[place]
        assert local is not None
        at = bool(local.margins) and local.margins[0] == 0
        return at and any(self.smoothly[arg] for arg in self.args[place])

    def _new(self, op: str, args: tuple[int, ...], local: Local, key: Any) -> int:
        place = len(self.values)
        value = local.value
        outside = not finite(value) and any(self.outside[arg] for arg in args)
        exact = all(self.exact[arg] for arg in args)
        if not self.ranged and finite(value) and saturated(value):
            value = UNKNOWN
        if local.margins:
            self._decide(op, args, local.margins, at_zero=local.fault is True)
        if finite(value):
            if exact and args:
                exact = short(value, 53 if op in EXACT_IN_DOUBLES else 20)
                exact = exact and not self._saturates(op, args)
            if op in ("sum", "mean", "dot", "prod", "norm") and exact:
                exact = self._adds_exactly(args)
            exact = exact or (op == "sub" and args[0] == args[1])
            if self.ranged:
                before = value
                value, outside = clamp(value)
                if outside:
                    self.over |= not finite(value)
                    # Doubles that are added lose nothing down there: it was by rounding before.
                    added = op in ("add", "sub", "sum")
                    self.rounded |= finite(value) and added
                    self.under |= finite(value) and not added
                    exact = exact and value == before
            # A step gives a whole number, and a 0 that is moved would be a truth.
            if self.shaken is not None and op not in STEPS and not exact and finite(value):
                value += self._grain(op, args, local) * self._shake(op, args)
        self.values.append(value)
        self.ops.append(op)
        self.args.append(args)
        self.locals.append(local)
        self.exact.append(exact)
        self.varies.append(any(self.varies[arg] for arg in args))
        self.smoothly.append(op not in STEPS and any(self.smoothly[arg] for arg in args))
        self.outside.append(outside)
        self._keys[key] = place
        self.source.append(place)
        if op in ("max", "min"):
            same = {self.source[arg] for arg in args if self.values[arg] == value}
            self.source[place] = same.pop() if len(same) == 1 else place
        return place

    def _turns_on(self, op: str, args: Sequence[int]) -> bool:
        """Whether an angle was rounded by so much that eight of it do not show how far it turns."""
        angles = (self.values[arg] for arg in args if not self.exact[arg])
        return op in ("sin", "cos", "tan") and any(finite(x) and ulp(x) > 1 for x in angles)

    def _saturates(self, op: str, args: Sequence[int]) -> bool:
        """Whether a value looks like a short number alone because it is so near to it."""
        numbers = {self.values[arg] for arg in args}
        if "softmax" in op or op == "logsumexp":
            return len(numbers) > 1
        return op in _SATURATING and numbers != {mpf(0)}

    def _adds_exactly(self, args: Sequence[int]) -> bool:
        """Whether doubles add such small numbers without rounding, in whatever order."""
        return all(short(self.values[arg], 16) and abs(self.values[arg]) < 2**20 and
                   short(mp.fadd(self.values[arg] * 2**20, 2**45, exact=True), 48)
                   for arg in args)  # fmt: skip

    def _grain(self, op: str, args: tuple[int, ...], local: Local) -> mpf:
        """The ulp that a result is moved by: of the largest term, where terms are added."""
        value = local.value
        if op in ("lgamma", "digamma") and self.values[args[0]] < 0:
            return ulp(max(abs(value), mpf(1)))
        if op == "logsumexp":
            # It is its largest argument and the logarithm of a sum, which cancel beside its zero.
            top = max(self.values[arg] for arg in args)
            return ulp(max(abs(value), abs(top), abs(value - top)))
        if op == "polygamma" and self.values[args[1]] < 0:
            # Beside a zero between two poles, that of what it is made of at the nearer one.
            order, x = (self.values[arg] for arg in args)
            term = mp.factorial(order) / abs(x - mp.nint(x)) ** (order + 1)
            return ulp(max(abs(value), term))
        if op not in ("sum", "mean", "dot"):
            return ulp(value)
        return ulp(max([*self._terms(op, args), abs(value)]))

    def _terms(self, op: str, args: tuple[int, ...]) -> list[mpf]:
        """The sizes of what a sum or an inner product adds."""
        numbers = [abs(self.values[arg]) for arg in args]
        if op != "dot":
            return numbers
        half = len(numbers) // 2
        return [a * b for a, b in zip(numbers[:half], numbers[half:], strict=True)]

    def _shake(self, op: str, args: tuple[int, ...]) -> float:
        """Up to 2 ulp, the same for the same operation on the same numbers."""
        size = 4 if op in SPECIAL else 2
        numbers = sorted(str(self.values[arg]) for arg in args)
        return random.Random(f"{self.shaken} {op} {numbers}").uniform(-size, size)

    # --- what rounding decides -------------------------------------------------------------

    def _decide(
        self, op: str, args: tuple[int, ...], margins: Sequence[mpf], *, at_zero: bool = False
    ) -> None:
        """Note where rounding, or this arithmetic, could decide otherwise."""
        if not self.deciding:
            return
        if at_zero and op in ("div", "mod"):
            # The divisor alone says that.
            args = args[1:]
        if op in ("max", "min"):
            # What stands twice ties with itself; the others do not.
            numbers = {self.source[arg]: self.values[arg] for arg in args}
            distinct = sorted(numbers.values(), reverse=op == "max")
            margins = [other - distinct[0] for other in distinct[1:2]]
        elif op in _EVEN and len(set(args)) < len(args):
            # What is decided as it ought to be; whether a divisor is 0 is another matter.
            margins = margins[1:]
        deciding: Iterable[tuple[mpf, tuple[int, ...]]] = ((margin, args) for margin in margins)
        if op in ("pow", "xlogy"):
            # Each argument decides by itself; that of a logarithm may do so alone.
            order = -1 if op == "xlogy" else 1
            deciding = ((m, (arg,)) for m, arg in zip(margins[::order], args[::order]))  # noqa: B905
        for margin, inexact in deciding:
            if all(self.exact[arg] for arg in inexact):
                continue
            error = sum((self.error(arg) for arg in inexact), mpf(0))
            sizes = (abs(self.values[arg]) for arg in inexact if finite(self.values[arg]))
            size = max(sizes, default=0)
            if abs(margin) <= 16 * error:
                self.doubt = self.doubt or op
            if abs(margin) <= (size + 1) * mpf(2) ** (80 - mp.prec):
                self.blur = True

    def error(self, place: int) -> mpf:
        """About how far doubles are from a number: errors of 2 ulp, carried on."""
        for k in range(len(self._errors), place + 1):
            local, value = self.locals[k], self.values[k]
            assert local is not None
            error = mpf(0)
            for arg, slope in zip(self.args[k], local.slopes(), strict=False):
                if self._errors[arg] and finite(slope):
                    error += abs(slope) * self._errors[arg]
                elif self._errors[arg] and slope not in (NIL, DECIDES, MAYBE, None):
                    error = INF
            if finite(value) and not self.exact[k]:
                error += 2 * self._grain(self.ops[k], self.args[k], local)
            self._errors.append(error)
        return self._errors[place]

    # --- the gradient ----------------------------------------------------------------------

    def backward(self, output: int) -> dict[int, Number]:
        """The gradient of an output by every node that it has one by, in the manner of doubles."""
        chance = random.Random(self.shaken)
        received: dict[int, list[Number]] = {output: [mpf(1)]}
        gradients: dict[int, Number] = {}
        for place in range(output, -1, -1):
            if place not in received or not self.varies[place]:
                continue
            upstream, outside = self._total(received[place])
            gradients[place] = upstream
            if outside and self.args[place]:
                upstream = UNKNOWN
            self._send(place, upstream, received, chance)
        return gradients

    def _send(
        self, place: int, upstream: Number, received: dict[int, list[Number]], chance: random.Random
    ) -> None:
        local, op = self.locals[place], self.ops[place]
        assert local is not None
        args = self.args[place]
        if not args:
            return
        step = op in STEPS
        blind = op not in LINEAR and any(self.outside[arg] for arg in args)
        slopes: Sequence[Number] = () if step else local.slopes()
        for position, arg in enumerate(args):
            if not self.varies[arg]:
                continue
            if op == "len":
                continue
            slope = (DECIDES if op in COMPARISONS else NIL) if step else slopes[position]
            if slope is None:
                continue
            if blind and local.fault is False:
                slope = UNKNOWN
            sent = self._product(upstream, slope, local)
            if self.shaken is not None and finite(sent) and self._rounds(args, arg, sent):
                sent += self._slope_grain(op, args, upstream, sent) * chance.uniform(-3, 3)
            received.setdefault(arg, []).append(sent)

    def _rounds(self, args: Sequence[int], arg: int, sent: mpf) -> bool:
        """Whether doubles round a contribution: of what stands twice slopes may be multiplied
        before they are added, and so they are by columns.
        """
        return self.by_columns or args.count(arg) > 1 or not short(sent, 20)

    def _slope_grain(self, op: str, args: tuple[int, ...], upstream: Number, sent: mpf) -> mpf:
        """The ulp that a contribution is moved by: of its largest term, beside a zero of it."""
        if op in ("silu", "gelu") and abs(self.values[args[0]]) < 2 and finite(upstream):
            return max(ulp(sent), ulp(upstream) / 4)
        if op == "sinc" and 2 < abs(x := self.values[args[0]]) < mp.inf and finite(upstream):
            return max(ulp(sent), ulp(upstream * mp.cos(x) / x))
        if op in ("gamma", "lgamma") and (x := self.values[args[0]]) < 0 and finite(upstream):
            # Digamma by reflection: its terms cancel beside its zeros, one between two poles.
            factor = mp.gamma(x) if op == "gamma" else 1
            return max(ulp(sent), ulp(upstream * factor * mp.psi(0, 1 - x)))
        return ulp(sent)

    def _product(self, upstream: Number, slope: Number, local: Local) -> Number:
        if upstream is MAYBE or slope is MAYBE:
            return MAYBE
        if local.fault:
            return UNKNOWN if upstream is DECIDES else BAD
        if upstream is NIL or upstream is DECIDES:
            if slope is DECIDES or local.fault is not None:
                return DECIDES if slope is DECIDES else upstream
            return MAYBE if upstream is DECIDES else UNKNOWN
        if slope is NIL or slope is DECIDES:
            if slope is DECIDES:
                return MAYBE if upstream is UNKNOWN or upstream is BAD else slope
            return upstream if upstream is UNKNOWN or upstream is BAD else slope
        if upstream is BAD:
            return BAD
        if upstream is UNKNOWN or slope is UNKNOWN or local.fault is None:
            return UNKNOWN
        if slope is BAD:
            return BAD
        if upstream is WILD or slope is WILD:
            return WILD
        if finite(upstream) and finite(slope):
            return upstream * slope
        if upstream == 0 or slope == 0:
            return UNKNOWN
        return mp.sign(upstream) * mp.sign(slope) * INF

    def _total(self, parts: list[Number]) -> tuple[Number, bool]:
        """The sum of contributions, and whether it left the doubles."""
        if any(part is BAD for part in parts):
            return BAD, False
        for word in (UNKNOWN, MAYBE, WILD):
            if any(part is word for part in parts):
                return word, False
        if all(isinstance(part, str) for part in parts):
            return (NIL if NIL in parts else DECIDES), False
        numbers = [part for part in parts if not isinstance(part, str)]
        if not all(map(finite, numbers)):
            signs = {part > 0 for part in numbers if not finite(part)}
            return (BAD if len(signs) > 1 else numbers[0] if len(numbers) == 1 else
                    next(part for part in numbers if not finite(part))), False  # fmt: skip
        total = mpf(0)
        for number in numbers:
            total = mp.fadd(total, number, exact=True)
        if self.shaken is not None and not adds_exactly(numbers):
            chance = random.Random(f"{self.shaken} {sorted(map(str, numbers))}")
            total += ulp(max(map(abs, numbers))) * chance.uniform(-2, 2)
        # Had equal operations not been taken for one, parts of it would have gone on apart.
        self.cancelled |= total == 0 and any(numbers)
        if not self.ranged:
            return UNKNOWN if saturated(total) else total, False
        if any(clamp(number)[1] for number in numbers if number):
            self.under |= any(abs(number) < 1 for number in numbers if number and clamp(number)[1])
            if len(numbers) > 1 and any(abs(number) > 1 and clamp(number)[1] for number in numbers):
                self.over = True
                return UNKNOWN, True
        clamped, outside = clamp(total)
        if outside:
            self.over |= not finite(clamped)
            self.steep |= not finite(clamped)
            # Doubles that are added lose nothing down there: it was by rounding before.
            self.rounded |= finite(clamped) and len(numbers) > 1
            self.under |= finite(clamped) and len(numbers) == 1
        return clamped, outside


class ValueTape(Tape):
    """The values alone, without the ends of the doubles: what is asked beside a point."""

    def __init__(self) -> None:
        super().__init__(ranged=False, deciding=False)

    def input(self, number: float | mpf) -> int:
        return self._new("input", (), Local(mpf(number), tuple), ("input", len(self.values)))

    def where(self, condition: int, a: int, b: int) -> int:
        flag = self.values[condition]
        if flag is UNKNOWN or flag is BAD:
            return self._new("where", (), Local(UNKNOWN, tuple), ("where", len(self.values)))
        # A choice has its value from the branch that is taken, and no number of its own.
        return a if flag != 0 else b

    def _new(self, op: str, args: tuple[int, ...], local: Local, key: Any) -> int:
        place, value = len(self.values), local.value
        self.values.append(UNKNOWN if finite(value) and saturated(value) else value)
        self._keys[key] = place
        return place
