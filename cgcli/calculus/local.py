"""Local derivatives as formulas: the rules of the table run over the names of one node."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from cgcli.calculus.doubles import DOUBLES
from cgcli.calculus.kind import Kind
from cgcli.calculus.result import Result
from cgcli.graph.graph import CONSTANT, Graph
from cgcli.numbers.symbolic import Symbol, apply, symbolic
from cgcli.operations.row import LEVELS
from cgcli.operations.table import OPERATIONS

_CASES: Final = 12


class Formula(NamedTuple):
    """A formula in the names of another graph.

    `graph` holds its own small graph and `node` is its root; `names` maps the inputs of the
    small graph to nodes of the other. `reasons` are the comparisons by which it was chosen.
    """

    graph: Graph
    node: int
    names: dict[int, int]
    reasons: tuple[int, ...]


class Case(NamedTuple):
    """A formula, and the conditions of its small graph that it is for, each with its answer."""

    formula: Formula
    asked: list[tuple[int, bool]]


class Locals:
    """The local derivatives of a graph's nodes as formulas, at the values of one evaluation.

    Where a rule has cases, the case that holds at those values is written, with its reason; of
    a choice that turns, the one beside the point.

    >>> import cgcli
    >>> from cgcli.graph.text import write
    >>> result = cgcli.parse("y = relu(x); y^2").evaluate(x=3)
    >>> found = Locals(result).formula(result.of, 0)
    >>> write(found.graph, found.node, lambda k: ("y" if k in found.names else "2", 5))
    '2 * y'
    """

    def __init__(self, result: Result) -> None:
        self.graph, self.values = result.graph, result.values
        self.kind, self.choices = result.kind, result.choices
        self._known: dict[tuple[Any, ...], tuple[Formula, tuple[int, ...]]] = {}
        self._every: tuple[int, list[Formula]] = (-1, [])

    def formula(self, node: int, place: int) -> Formula | None:
        """Return the derivative of a node by one argument; None where it is not elementwise."""
        graph = self.graph
        operation = graph.operations[node]
        if not operation.elementwise:
            return None
        arguments = graph.arguments[node]
        if operation.variadic and len(arguments) > 2:
            # All at once: what they have in common is as long as there are arguments.
            if self._every[0] != node:
                self._every = (node, self._make(node, operation.partials)[0])
            return self._every[1][place]
        literals = tuple(map(self._literal, arguments))
        # The same node twice is the same name twice.
        pattern = tuple(map(arguments.index, arguments))
        key = (operation.name, place, literals, pattern)
        known = self._known.get(key)
        if known is not None:
            kept, order = known
            nodes = (*arguments, node)
            names = {inner: nodes[k] for inner, k in zip(kept.names, order, strict=True)}
            return kept._replace(names=names)
        (formula,), order, decided = self._make(node, operation.taught(place))
        if not decided:
            self._known[key] = (formula, order)
        return formula

    def _literal(self, node: int) -> str | None:
        """The text of an argument that is a number as it was typed, or None."""
        graph = self.graph
        if node in graph.given:
            return None
        operation = graph.operations[node]
        if operation.level == LEVELS["sign"] and operation.symbol == "-":
            inner = self._literal(graph.arguments[node][0])
            return f"-{inner}" if inner and inner[0] != "-" else None
        if operation is not CONSTANT:
            return None
        return graph.literals[node] if isinstance(graph.constants[node], float) else None

    def cases(self, node: int, place: int) -> list[Case]:
        """Return the formulas of a derivative, each with the answers of conditions it is for.

        Of an array, whose elements may differ, it is one with the choices in it; of very many
        cases it is the one at hand.
        """
        operation = self.graph.operations[node]
        every = operation.variadic and len(self.graph.arguments[node]) > 2
        rule = operation.partials if every else operation.taught(place)
        cases: list[Case] = []
        answers: list[bool] = []
        while True:
            kind = self.kind if node not in self.graph.tensors else None
            decisions = _Answers(answers, kind)
            formulas = self._make(node, rule, decisions)[0]
            cases.append(Case(formulas[place if every else 0], decisions.asked))
            answers = [answer for _, answer in decisions.asked]
            while answers and not answers[-1]:
                answers.pop()
            if not answers:
                return cases
            if len(cases) == _CASES:
                formula = self.formula(node, place)
                assert formula is not None
                return [Case(formula, [])]
            answers[-1] = False

    def _make(
        self, node: int, rule: Any, decisions: _Decisions | None = None
    ) -> tuple[list[Formula], tuple[int, ...], bool]:
        """Return what a rule writes, by which of the arguments, and whether it had cases."""
        graph = self.graph
        arguments = graph.arguments[node]
        values = self.choices.beside(self.values, node, self.kind.spread)
        small = Graph()
        decisions = decisions or _Decisions(self.kind)
        decisions.small = small
        m = symbolic(small, decisions.decide)
        symbols: dict[int, Symbol] = {}
        order: list[int] = []
        names: dict[int, int] = {}
        for k, argument in enumerate((*arguments, node)):
            if argument in symbols:
                continue
            literal = self._literal(argument)
            if literal is not None:
                size = abs(self.kind.doubles(values[argument]))
                number = Symbol(small, small.constant(size, literal.removeprefix("-")))
                symbols[argument] = -number if literal.startswith("-") else number
                continue
            symbols[argument] = Symbol.input(small, f"_{k}")
            names[symbols[argument].node] = argument
            decisions.given[symbols[argument].node] = values[argument]
            order.append(k)
        results = rule(m, symbols[node], *(symbols[argument] for argument in arguments))
        formulas = []
        for one in results if isinstance(results, list) else [results]:
            symbol = one if isinstance(one, Symbol) else m.number(one)
            # What holds beside the point does not hold at it, and is no reason to be written.
            known = symbol.reasons if values is self.values else ()
            reasons = tuple(_reason(small, reason) for reason in known)
            formulas.append(Formula(small, symbol.node, names, reasons))
        return formulas, tuple(order), decisions.made


def _reason(small: Graph, reason: tuple[int, bool]) -> int:
    """Return the node of a comparison that holds: the one that was asked, or its opposite."""
    node, holds = reason
    if holds:
        return node
    sides = (Symbol(small, side) for side in small.arguments[node])
    return apply(small, OPERATIONS[small.operations[node].opposite], *sides).node


class _Decisions:
    """Answers for the conditions of a rule, from the values of what it is run over."""

    def __init__(self, kind: Kind) -> None:
        self.small = Graph()
        self.kind = kind
        self.given: dict[int, Any] = {}
        self.values: list[Any] = []
        self.made = False

    def decide(self, condition: Symbol) -> bool | None:
        """Return whether a condition holds; None where it holds for some elements only."""
        self._run(condition.node)
        value = self.values[condition.node]
        if any(a not in self.small.constants for a in self.small.arguments[condition.node]):
            self.made = True
        if not getattr(value, "shape", ()):
            value = self.kind.doubles(value)
            return bool(value) if value == value else None
        return bool(value.flat[0]) if value.size and (value == value.flat[0]).all() else None

    def _run(self, last: int) -> None:
        """Value the nodes up to one."""
        small = self.small
        for node in range(len(self.values), last + 1):
            arguments = small.arguments[node]
            if not arguments:
                known = node in self.given
                self.values.append(self.given[node] if known else self.kind.leaf(small, node))
                continue
            parts = [self.values[a] for a in arguments]
            self.values.append(self.kind.spread(small.operations[node].value, parts))


class _Answers(_Decisions):
    """Answers in turn, then yes; without a kind none, so that choices are written."""

    def __init__(self, answers: list[bool], kind: Kind | None) -> None:
        super().__init__(kind or DOUBLES)
        self.asked: list[tuple[int, bool]] = []
        self._answers = answers
        self._is_open = kind is not None

    def decide(self, condition: Symbol) -> bool | None:
        """Return the next answer."""
        small, node = self.small, condition.node
        if all(argument in small.constants for argument in small.arguments[node]):
            return super().decide(condition)
        if not self._is_open:
            return None
        known = dict(self.asked)
        if node not in known:
            place = len(self.asked)
            known[node] = self._answers[place] if place < len(self._answers) else True
            self.asked.append((node, known[node]))
        return known[node]
