"""Routine → source code, in any language that has a table of templates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, cast

from cgcli.errors import CgraphError, excerpt
from cgcli.export.routine import Result, Routine, known
from cgcli.export.target import Function, Line, Target
from cgcli.graph.graph import Graph, free_names
from cgcli.graph.templates import ATOM, Slot, Template, filled, parsed, spelled
from cgcli.graph.text import formula, inline
from cgcli.operations.row import LEVELS, Span
from cgcli.plan.tape import Instruction, Operand

_INSIDE: Final = 5
"""How many operations an expression has at most; what has more stands in a variable before."""

_LONG: Final = 80


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
    """Writes the instructions of a routine as variables and expressions, the same for all shapes.

    `names` are those of the variables by place, and `lines` what the body assigns.

    >>> from cgcli.export.routine import routine
    >>> from cgcli.export.targets import target
    >>> from cgcli.program import parse
    >>> made = Emitter(target("python"), routine(parse("(x+y)*z").graph(), {}))
    >>> made.emit("f").results[0]
    ('value', 'value', ())
    """

    def __init__(self, target: Target, routine: Routine) -> None:
        self.target = target
        self.routine = routine
        self.tape = routine.tape
        self.lines: list[Line] = []
        self.names: dict[int, str] = {}
        self.literals: dict[int, float] = {}
        self.weights: dict[int, int] = {}
        self._taken = {*target.reserved, *target.prelude}
        made = distinct(routine.arguments, target.clean, self._taken)
        self.arguments = dict(zip(routine.arguments, made, strict=True))
        # Names of results come before those of the parts on the way to them.
        self._results = distinct([r.name for r in routine.results], target.clean, self._taken)
        self._wanted = {
            result.places[0]: name
            for result, name in reversed([*zip(routine.results, self._results, strict=True)])
            if len(result.places) == 1
        }
        # A formula beside a line speaks of nodes by these names.
        self._free = free_names({*routine.graph.names})
        self._places = {node: place for place, node in routine.values.items()}
        self.needed = routine.needed()
        self.users = self._users()

    def _users(self) -> dict[int, list[int]]:
        """Return by place the instructions that use it; a result is used by what is no place."""
        users: dict[int, list[int]] = {place: [] for place in self.needed}
        for place in self.needed:
            for argument in self.tape[place].arguments:
                if isinstance(argument, int):
                    users[argument].append(place)
        for result in self.routine.results:
            for place in result.places:
                users[place].append(-1)
        return users

    def emit(self, name: str) -> Function:
        """Return the function; raises `CgraphError` for what the language lacks."""
        for place in self.needed:
            self.write(place, self.tape[place])
        results = [
            (made, self.result(made, result), result.shape)
            for made, result in zip(self._results, self.routine.results, strict=True)
        ]
        arguments = [(made, self.routine.arguments[name]) for name, made in self.arguments.items()]
        words = {*self.target.reserved, *self.target.prelude, *self.target.taken}
        (made,) = distinct([name], self.target.clean, words)
        if made != name:
            # Whoever calls it has to know what it is called.
            message = f"the function cannot be called '{excerpt(name)}' in that language"
            raise CgraphError("name", message, "give it another name with --name")
        return Function(made, _title(self.routine.graph), arguments, self.lines, results)

    def result(self, name: str, result: Result) -> str:
        """Return the text of a result."""
        if self.tape[result.places[0]].shape == result.shape:
            return self.expression(result.places[0])
        template = self.target.template("jacobian", len(result.places), (), result.shape)
        assert template is not None
        parts = filled(template, result.places)
        texts = [p if isinstance(p, str) else self.expression(p.place) for p in parts.pieces]
        return "".join(texts)

    # Instructions

    def write(self, place: int, instruction: Instruction) -> None:
        """Write an instruction down: as a variable, or inside of what uses it."""
        numbers = [
            self.literals.get(a, a) if isinstance(a, int) else a for a in instruction.arguments
        ]
        if instruction.operation == "column":
            self.names[place] = self.arguments[instruction.static[0]]
        elif instruction.operation == "array" and not instruction.shape:
            self.literals[place] = float(self.tape.arrays[instruction.static[0]])
        elif instruction.operation == "array":
            name, comment = self.named(place)
            array = self.array(name, self.tape.arrays[instruction.static[0]])
            self.lines.append(Line([array], comment))
            self.names[place] = name
        elif (
            not instruction.shape
            and instruction.operation in self.target.templates
            and not any(isinstance(number, int) for number in numbers)
        ):
            # No argument varies.
            self.literals[place] = known(instruction.operation, numbers)
        elif self.fits(place, instruction):
            self.weights[place] = self.weight(instruction)
        else:
            self.assign(place)

    def assign(self, place: int) -> None:
        """Assign an instruction to a variable."""
        text = self.expression(place, truth=self.tape[place].truth)
        name, comment = self.named(place)
        self.lines.append(Line([self.variable(place, name, text)], comment))
        self.names[place] = name

    def variable(self, place: int, name: str, text: str) -> str:
        """Return what assigns a place's text to a variable."""
        kind = "truth" if self.tape[place].truth and "truth" in self.target.code else "variable"
        return self.target.word(kind, name=name, text=text)

    def array(self, name: str, array: Any) -> str:
        """Return what assigns a constant array to a variable."""
        constants = self.target.constants
        nested, flat = (
            re.sub("nan|inf", lambda word: constants[word[0]], str(numbers))
            for numbers in (array.tolist(), array.reshape(-1).tolist())
        )
        shape = ",".join(map(str, array.shape))
        parts = {"shape": shape, "nested": nested, "count": array.size, "numbers": flat[1:-1]}
        return self.target.word("array", name=name, **parts)

    def weight(self, instruction: Instruction) -> int:
        """Return how many operations an instruction has with all that stands inside it."""
        return 1 + sum(self.weights.get(a, 0) for a in instruction.arguments if type(a) is int)

    def fits(self, place: int, instruction: Instruction) -> bool:
        """Whether an instruction stands inside of the one that uses it."""
        users, node = self.users[place], self.routine.values.get(place, -1)
        return (
            len(users) == 1
            and users[0] >= 0
            and node not in self.routine.graph.given
            and self.weight(instruction) < _INSIDE
        )

    def named(self, place: int) -> tuple[str, str]:
        """Return a name for a place that is none of the taken, and the formula of what it is."""
        routine, graph = self.routine, self.routine.graph
        values, slopes = routine.values, routine.slopes
        comment, name = "", ""
        if place in values:
            name = graph.names[values[place]]
            comment = self.formula(values[place])
        elif place in slopes:
            name = f"d_{graph.names[slopes[place]]}"
            comment = f"d{graph.output_name}/d{graph.names[slopes[place]]}"
        node = values.get(place)
        if place in self._wanted and (
            node is None or (node == graph.output and node not in graph.given)
        ):
            return self._wanted.pop(place), comment
        if not name:
            return self.free(), comment
        (made,) = distinct([name], self.target.clean, self._taken)
        return made, comment

    def free(self) -> str:
        """Return a name that nothing has."""
        name = next(name for name in self._free if name not in self._taken)
        self._taken.add(name)
        return name

    def formula(self, node: int) -> str:
        """Return a node's formula in the names of the code."""
        graph = self.routine.graph
        if not graph.arguments[node]:
            return ""
        return inline(graph, node, lambda inner: self._places.get(inner) not in self.weights)

    # Expressions

    def expression(
        self, place: Operand, level: int = LEVELS["choice"], *, truth: bool = False
    ) -> str:
        """Return what a place holds as an expression."""
        return spelled(Slot(cast("int", place), level, truth), self.written, ("(", ")"))

    def written(self, slot: Slot) -> Template:
        """Return how a place is written in a slot."""
        # An operand is a place, or a number as it is.
        place: Operand = slot.place
        if isinstance(place, float):
            return self.number(place, slot)
        if place in self.literals:
            return self.number(self.literals[place], slot)
        if (truth := self.tape[place].truth) != slot.truth:
            # A truth as a number, or a number as a truth.
            outer = self.target.templates["truth" if truth else "holds"]
            return filled(parsed(outer, 1), [place])
        return self.template(place)

    def template(self, place: int) -> Template:
        """Return how a place is written: its variable, or its operation."""
        name = self.names.get(place)
        if name is not None:
            return Template(ATOM, (name,))
        instruction = self.tape[place]
        arguments = instruction.arguments
        if instruction.operation == "multiply" and isinstance(arguments[1], float):
            # A number stands before what it multiplies.
            arguments = arguments[::-1]
        return filled(self.pattern(place, instruction), cast("Sequence[int]", arguments))

    def pattern(self, place: int, instruction: Instruction) -> Template:
        """Return the template of an operation; raises `CgraphError` where there is none."""
        operation, arguments = instruction.operation, instruction.arguments
        static, name = instruction.static, operation
        by = arguments[-1] if arguments else 0
        of_number = isinstance(by, float) and (by != 0 or operation != "divide")
        if of_number and f"{operation} by a number" in self.target.templates:
            name = f"{operation} by a number"
        elif operation == "cumsum" and static[0]:
            name = "cumsum back"
        elif operation == "piece":
            static = (Span(*static),)
        elif static == (None,):
            static = ()
        template = self.target.template(name, len(arguments), static, instruction.shape)
        if template is None:
            raise self.lacking(place)
        return template

    def lacking(self, place: int) -> CgraphError:
        """Return the error for an instruction that the language has no words for."""
        graph, operation = self.routine.graph, self.tape[place].operation
        node = self.routine.origins[place]
        row = graph.operations[node]
        word = (row.words or (row.symbol or row.name,))[0]
        inner = "" if word == operation else f", which takes {operation}"
        where = f"{excerpt(graph.names[node])} = {excerpt(formula(graph, node))}"
        message = f"there is no {word} in {self.target.library}{inner}: {where}"
        return CgraphError("usage", message, "write it for another language with --to")

    def number(self, value: float, slot: Slot) -> Template:
        """Return how a number is written in a slot."""
        return self.target.number(value, slot)

    def define(self, function: Function) -> str:
        """Return the code of a function, after what it needs."""
        return self.target.define(function)


def _title(graph: Graph) -> str:
    """Return the formula of the output; where that is long, its operation alone."""
    sizes: list[int] = []
    for node, arguments in enumerate(graph.arguments):
        inner = sum(sizes[argument] for argument in arguments)
        sizes.append(4 + inner if arguments and node not in graph.given else 1)
    if sizes[graph.output] > _LONG:
        return formula(graph, graph.output)
    return inline(graph, graph.output, lambda node: node in graph.given)
