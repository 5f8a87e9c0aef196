"""Graph → source code, in any language that has a table of templates."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from cgcli.errors import CgraphError
from cgcli.export.target import Function, Target
from cgcli.graph.graph import Graph, free_names
from cgcli.graph.templates import ANY, ATOM, Slot, Template, filled, parsed, spelled
from cgcli.numbers import real
from cgcli.numbers.symbolic import Symbol, symbolic
from cgcli.operations.protocol import COMPOSITES, Rulebook
from cgcli.operations.row import Operation

_DEEP: Final = 40
"""Python's parser takes 200 brackets one in the other, and its compiler some thousand terms."""


def distinct(names: Iterable[str], clean: Callable[[str], str], taken: set[str]) -> list[str]:
    """Return names as a language takes them, no two of them one, and add them to the taken.

    >>> distinct(["lambda", "h[1]"], lambda name: name.replace("[1]", "_1"), {"lambda"})
    ['lambda_', 'h_1']
    """
    made = []
    for name in names:
        text = clean(name)
        while text in taken:
            text += "_"
        taken.add(text)
        made.append(text)
    return made


class Emitter:
    """Writes nodes of a graph as expressions; what has a name stands as that.

    `names` are those of inputs and of parts that are assigned before they are used. `helpers`
    are the functions of the prelude that were called so far.

    >>> from cgcli.export.python import PYTHON
    >>> from cgcli.program import parse
    >>> graph = parse("z*mod(x + 1, -y)^2").graph()
    >>> Emitter(PYTHON, graph, {node: name for name, node in graph.inputs.items()}).expression(
    ...     graph.output
    ... )
    'z*_pow(_mod(x + 1, -y), 2)'
    """

    def __init__(self, target: Target, graph: Graph, names: Mapping[int, str]) -> None:
        self.target = target
        self.graph = graph
        self.names = dict(names)
        self.helpers: dict[str, None] = {}
        self._prelude = dict(target.prelude)
        self._templates: dict[Any, Template] = {}
        self._values = self._constants()

    def _constants(self) -> dict[int, float]:
        """Return the values of the numbers among the nodes, and of what is made of them alone."""
        graph = self.graph
        values = {node: float(value) for node, value in graph.constants.items()}
        for node, arguments in enumerate(graph.arguments):
            operation = graph.operations[node]
            known = all(argument in values for argument in arguments)
            if arguments and known and operation.elementwise:
                values[node] = real.run(operation.value, *(values[each] for each in arguments))
        return values

    # One expression

    def expression(self, node: int) -> str:
        """Return a node as an expression."""
        return spelled(Slot(node), self._written, ("(", ")"))

    def _written(self, slot: Slot) -> Template:
        """Return how a node is written in a slot."""
        node = self._through(slot.place)
        name = self.names.get(node)
        found = Template(ATOM, (name,)) if name else self._number(node, slot.level)
        if found is not None:
            return found
        template, arguments = self._template(node), self.graph.arguments[node]
        if template.truth and not slot.truth:
            template, arguments = self._made("count"), (node,)
        self.helpers.update(dict.fromkeys(template.helpers))
        return filled(template, arguments)

    def _through(self, node: int) -> int:
        """Return the node that another name, or a plus sign, stands for."""
        while node not in self.names and self.graph.arguments[node]:
            pieces = self._template(node).pieces
            if len(pieces) > 1 or isinstance(pieces[0], str):
                break
            node = self.graph.arguments[node][0]
        return node

    def _number(self, node: int, level: int) -> Template | None:
        """Return how a constant is written at a level, or None where it is an operation."""
        target, value = self.target, self._values.get(node)
        if value is None:
            return None
        literal = self.graph.literals.get(node, "")
        if literal in target.constants:
            return parsed(target.constants[literal], 0)
        pointed = target.floats and level == ANY
        if self.graph.arguments[node]:
            template = self._template(node)
            is_call = template.level in (ANY, ATOM) or template.truth
            if not is_call and math.isfinite(value) and not pointed:
                return None
        text = self._digits(abs(value), pointed=pointed)
        if value < 0 or str(value) == "-0.0":
            return Template(self._made("neg").level, (f"-{text}",))
        return Template(ATOM, (text,))

    def _digits(self, value: float, *, pointed: bool) -> str:
        """Return a number that is not negative; it reads back as the same double."""
        if not math.isfinite(value):
            constant = self.target.constants["nan" if math.isnan(value) else "inf"]
            return constant if isinstance(constant, str) else constant[1]
        if not pointed and value.is_integer() and value < 1e15:
            return str(int(value))
        return repr(value)

    def _template(self, node: int) -> Template:
        """Return the template of a node's operation, made of other operations if it has none."""
        graph = self.graph
        operation, count = graph.operations[node], len(graph.arguments[node])
        by_number = bool(self._values.get(graph.arguments[node][-1]))
        static = graph.static.get(node, ())
        key = (operation.name, count, by_number, static)
        template = self._templates.get(key)
        if template is None:
            template = self.target.template(operation.name, count, static, by_number=by_number)
            if template is None:
                self._compose(operation)
                template = parsed(f"_{operation.name}(<*>)", count)
            self._templates[key] = template
        return template

    def _made(self, name: str) -> Template:
        template = self.target.template(name, 1)
        assert template is not None
        return template

    # Functions

    def _compose(self, operation: Operation) -> None:
        """Define an operation by the rule of its row; raises `CgraphError` where that is none."""
        graph = Graph()
        if operation.elementwise:
            symbols = [Symbol.input(graph, name) for name in operation.parameters]
            composite = operation.name in COMPOSITES
            rule = getattr(Rulebook, operation.name) if composite else operation.value
            graph.output = rule(symbolic(graph), *symbols).node
        if graph.output < 0 or graph.operations[graph.output] is operation:
            word = (operation.words or (operation.symbol or operation.name,))[0]
            message = f"there is no {word} in {self.target.library}"
            raise CgraphError("usage", message, "write --format text, or json")
        names = {node: name for name, node in graph.inputs.items()}
        inner = Emitter(self.target, graph, names)
        text = inner.expression(graph.output)
        name = f"_{operation.name}"
        function = Function(name, operation.parameters, (), (), text, is_helper=True)
        self._prelude |= inner._prelude
        self._prelude[name] = "\n".join(self.target.define(function))

    def parts(self, roots: Sequence[int], taken: set[str]) -> list[tuple[str, str]]:
        """Name what is used several times or stands too deep, and return those assignments.

        Every part comes before it is used; its name, v1 or on, is none of the taken.
        """
        graph = self.graph
        needed = graph.ancestors(roots)
        uses = graph.uses_from(roots)
        for node in range(len(graph) - 1, -1, -1):
            # What another name or a plus sign stands for is used in their place.
            if (place := self._through(node)) != node:
                uses[place] += uses[node] - bool(uses[node])
        lines: list[tuple[str, str]] = []
        depth = [0] * len(graph)
        free = free_names(taken)
        for node, arguments in enumerate(graph.arguments):
            if not needed[node] or not arguments or node in self._values:
                continue
            depth[node] = 1 + max(depth[argument] for argument in arguments)
            if self._through(node) == node and (uses[node] > 1 or depth[node] > _DEEP):
                lines.append((next(free), self.expression(node)))
                self.names[node] = lines[-1][0]
                taken.add(lines[-1][0])
                depth[node] = 0
        return lines

    def source(self, function: Function) -> str:
        """Return a function's code, after the imports and the helpers that it needs."""
        helpers: dict[str, None] = {}
        pending = [*reversed(self.helpers)]
        while pending:
            called = re.findall(r"\b_\w+", self._prelude[pending[-1]])
            known = self._prelude.keys() - {*helpers, pending[-1]}
            missing = [name for name in called if name in known]
            pending += missing
            if not missing:
                helpers[pending.pop()] = None
        blocks = [self._prelude[name] for name in helpers]
        blocks.append("\n".join(self.target.define(function)))
        code = "\n\n\n".join(blocks) + "\n"
        imports = "\n".join(line for used, line in self.target.imports.items() if used in code)
        return f"{imports}\n\n\n{code}" if imports else code
