"""Forms → a graph, in the order in which people write: 2*x*cos(x^2), 1 - h^2, a/b^2."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from cgcli.algebra.forms import Forms
from cgcli.algebra.sums import CALL, NAME, NUMBER, PRODUCT, SUM, Form
from cgcli.graph.graph import INPUT
from cgcli.graph.nodes import Nodes
from cgcli.limits import MOST_COUNT, Limits
from cgcli.operations.table import CONSTANTS, OPERATIONS

_ROOT: Final = Fraction(1, 2)
_WRITTEN_OUT: Final = range(2, 7)
_UNBOUNDED: Final = Limits(nodes=MOST_COUNT, numbers=MOST_COUNT)
"""Forms have a limit of their own."""


class Writer:
    """Writes forms into one graph; what is shared among them is one node.

    `inputs` are the names that are inputs, `decimal` says that 1/2 is written 0.5.

    >>> from cgcli.algebra.normal import read
    >>> from cgcli.graph.text import inline
    >>> from cgcli.program import parse
    >>> forms, graph = Forms(), parse("x*x*2 - 1 + x*3").graph()
    >>> writer = Writer(forms, ["x"])
    >>> node = writer.node(read(forms, graph, graph.output)[graph.output])
    >>> inline(writer.graph, node, lambda place: False)
    '2 * x^2 + 3 * x - 1'
    """

    def __init__(self, forms: Forms, inputs: list[str], decimal: bool = False) -> None:
        self.forms = forms
        self._build = Nodes("", frozenset(inputs), _UNBOUNDED)
        self.graph = self._build.graph
        self.decimal = decimal
        self._inputs = frozenset(inputs)
        self._nodes: dict[Form, int] = {}
        self._constants: dict[str, int] = {}
        self._operations: dict[tuple[str, tuple[int, ...], tuple[int, ...]], int] = {}

    def node(self, form: Form) -> int:
        """Return the node of a form, with all that it is made of."""
        nodes, pending = self._nodes, [form]
        while pending:
            part = pending.pop()
            missing = [inner for inner in self._parts(part) if inner not in nodes]
            if part not in nodes and missing:
                pending += [part, *reversed(missing)]
            elif part not in nodes:
                nodes[part] = self._write(part)
        return nodes[form]

    def _parts(self, form: Form) -> Iterator[Form]:
        """Yield the forms whose nodes are needed first."""
        forms = self.forms
        kind, parts = forms.kinds[form], forms.parts[form]
        if kind == CALL:
            yield from parts[1]
        terms = [term for term, _ in parts[1]] if kind == SUM else [form] if kind == PRODUCT else []
        for term in terms:
            if forms.kinds[term] != PRODUCT or (term in forms.closed and term != form):
                yield term
                continue
            for base, exponent in forms.parts[term]:
                yield base
                if forms.value(exponent) is None:
                    yield exponent

    def _write(self, form: Form) -> int:
        forms = self.forms
        kind, parts = forms.kinds[form], forms.parts[form]
        if kind == NUMBER:
            return self._number(parts)
        if kind == NAME:
            return self._name(form)
        if kind == CALL:
            operation, arguments, static = parts
            nodes = tuple(self._nodes[argument] for argument in arguments)
            return self._apply(operation, nodes, static)
        if kind == PRODUCT:
            return self._product(Fraction(1), form, alone=True)
        return self._sum(parts[0], list(parts[1]))

    # Leaves

    def _name(self, form: Form) -> int:
        name = self.forms.parts[form]
        if form not in self.forms.constants:
            node = self.graph.append(INPUT, (), 0, 0)
            if self.forms.shapes[form]:
                self._build.set_shape(node, self.forms.shapes[form], 0, 0)
            self.graph.given[node] = name
            self.graph.inputs[name] = node
            return node
        if name == "nan":
            # The language has no word for it.
            return self._apply("div", (self._constant("0"), self._constant("0")))
        return self._constant(repr(CONSTANTS[name]) if name in self._inputs else name)

    def _constant(self, literal: str) -> int:
        node = self._constants.get(literal)
        if node is None:
            value = CONSTANTS[literal] if literal in CONSTANTS else float(literal)
            node = self._constants[literal] = self.graph.constant(value, literal)
        return node

    def _number(self, value: Fraction) -> int:
        if value < 0:
            return self._apply("neg", (self._number(-value),))
        text = self._decimal(value)
        if text:
            return self._constant(text)
        parts = (self._constant(str(value.numerator)), self._constant(str(value.denominator)))
        return self._apply("div", parts)

    def _decimal(self, value: Fraction) -> str:
        """Return a whole number, or one in decimals when they are few and wanted, else nothing."""
        if value.denominator == 1:
            return str(value.numerator)
        if not self.decimal:
            return ""
        text = f"{float(value):.12g}"
        return text if "e" not in text and Fraction(text) == value else ""

    def _apply(self, name: str, nodes: tuple[int, ...], static: tuple[int, ...] = ()) -> int:
        key = (name, nodes, static)
        node = self._operations.get(key)
        if node is None:
            node = self._build.operation(OPERATIONS[name], nodes, 0, 0, static)
            self._operations[key] = node
        return node

    # Products

    def _product(self, coefficient: Fraction, term: Form, alone: bool = False) -> int:
        """Return the node of a coefficient times a term: what divides stands below one line."""
        forms = self.forms
        factors: tuple[tuple[Form, Form], ...] = ((term, forms.one),)
        if forms.kinds[term] == PRODUCT and (alone or term not in forms.closed):
            factors = forms.parts[term]
        above: list[int] = []
        below: list[int] = []
        size = abs(coefficient)
        text = self._decimal(size)
        if size.numerator != 1 or (text and size != 1):
            above.append(self._constant(text or str(size.numerator)))
        if not text:
            below.append(self._constant(str(size.denominator)))
        divides = any((forms.value(exponent) or 0) < 0 for _, exponent in factors)
        for base, exponent in sorted(factors, key=self._rank):
            power = forms.value(exponent)
            if forms.accurate and divides and power and abs(power) in _WRITTEN_OUT:
                side = above if power > 0 else below
                side += [self._nodes[base]] * abs(power.numerator)
            elif power is not None and power < 0:
                below.append(self._power(base, -power))
            elif power is not None:
                above.append(self._power(base, power))
            else:
                above.append(self._apply("pow", (self._nodes[base], self._nodes[exponent])))
        if not above:
            above = [self._constant("1")]
        if coefficient < 0:
            above[0] = self._apply("neg", (above[0],))
        if len(above) > 1:
            above = self._before_product(above)
        if not forms.accurate:
            top = self._chain("mul", above)
            return self._apply("div", (top, self._chain("mul", below))) if below else top
        # Squares and products leave the doubles long before a/b*c/d does.
        total, *above = above
        for divisor, factor in itertools.zip_longest(below, above):
            total = total if divisor is None else self._apply("div", (total, divisor))
            total = total if factor is None else self._apply("mul", (total, factor))
        return total

    def _rank(self, factor: tuple[Form, Form]) -> tuple[int, str]:
        """Numbers stand first, then names by the alphabet, sums in brackets, and functions."""
        forms, (base, exponent) = self.forms, factor
        kind = forms.kinds[base]
        if forms.value(exponent) is None:
            return 4, ""
        if kind == NAME:
            return (1 if base in forms.constants else 2), forms.parts[base].casefold()
        return {NUMBER: 0, SUM: 3, PRODUCT: 3}.get(kind, 4), ""

    def _power(self, base: Form, power: Fraction) -> int:
        node = self._nodes[base]
        if power == 1:
            return node
        if power == _ROOT:
            return self._apply("sqrt", (node,))
        return self._apply("pow", (node, self._number(power)))

    def _before_product(self, nodes: list[int]) -> list[int]:
        """Put scalars before a matrix product into its first factor: 2*A @ x needs no brackets."""
        graph, (*before, last) = self.graph, nodes
        if graph.operations[last].name != "matmul" or any(map(graph.shape, before)):
            return nodes
        spine = [last]
        while graph.operations[graph.arguments[spine[-1]][0]].name == "matmul":
            spine.append(graph.arguments[spine[-1]][0])
        node = self._chain("mul", [*before, graph.arguments[spine[-1]][0]])
        for product in reversed(spine):
            node = self._apply("matmul", (node, graph.arguments[product][1]))
        return [node]

    def _chain(self, name: str, nodes: list[int]) -> int:
        return functools.reduce(lambda left, right: self._apply(name, (left, right)), nodes)

    # Sums

    def _sum(self, number: Fraction, terms: list[tuple[Form, Fraction]]) -> int:
        """Return the node of a sum: by falling powers of one name, what is positive first."""
        forms, degrees = self.forms, [self._degree(term) for term, _ in terms]
        bases = {base for term, _ in terms for base in forms.factors(term)[1]}
        inputs = [base for base in bases if forms.parts[base] in self._inputs]
        sorts = None not in degrees and len(inputs) < 2
        if sorts:
            terms = [terms[k] for k in sorted(range(len(terms)), key=lambda k: -(degrees[k] or 0))]
        pieces = [*terms, (forms.one, number)] if number else [*terms]
        if sorts and number > 0 > pieces[0][1]:
            # 3 - 3*x - x^4, by rising powers where the highest has a minus.
            pieces.reverse()
        first = next((k for k, (_, factor) in enumerate(pieces) if factor > 0), 0)
        if pieces[0][1] < 0:
            pieces.insert(0, pieces.pop(first))
        total = self._term(*pieces[0])
        for term, factor in pieces[1:]:
            word = "sub" if factor < 0 else "add"
            total = self._apply(word, (total, self._term(term, abs(factor))))
        return total

    def _term(self, term: Form, factor: Fraction) -> int:
        if term == self.forms.one:
            return self._number(factor)
        if factor == 1 and (self.forms.kinds[term] != PRODUCT or term in self.forms.closed):
            return self._nodes[term]
        return self._product(factor, term)

    def _degree(self, term: Form) -> int | None:
        """Return the degree of a product of names; None for any other term."""
        forms = self.forms
        factors = forms.parts[term] if forms.kinds[term] == PRODUCT else ((term, forms.one),)
        total = 0
        for base, exponent in factors:
            power = forms.whole(exponent) or 0
            if forms.kinds[base] != NAME or power < 1:
                return None
            total += 0 if base in forms.constants else power
        return total
