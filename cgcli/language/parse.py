"""Tokens → syntax: a shift-reduce loop over the grammar's LALR(1) tables.

The tables are Lark's; the loop is here because it can be short: it appends each operation to
one postfix list as it is reduced, so no tree is built, walked or freed, and a level of
precedence that does nothing is skipped over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from cgcli.errors import CgraphError, Place, excerpt
from cgcli.language import syntax
from cgcli.language.reader import Machine, machine, normalise, tokens
from cgcli.language.tables import Tables
from cgcli.limits import Limits

Action: TypeAlias = Callable[[Any, list[Any], int, int], Any]
"""From the values of a rule's parts, and the span they cover, to the value of the whole."""

_PASSING: Final[dict[str, Action]] = {
    "nothing": lambda build, values, start, end: None,
    "first": lambda build, values, start, end: values[0],
    "empty": lambda build, values, start, end: [],
    "one": lambda build, values, start, end: [values[0]],
    "group": lambda build, values, start, end: values[1],
    "all": lambda build, values, start, end: syntax.Slice(None, None),
}
"""What aliases build that have nothing to do with the entries: they begin lists, or pass on."""
_SOFT: Final = frozenset({"IN", "BY"})


def parse(text: str, limits: Limits = Limits()) -> syntax.Syntax:
    """Return the syntax of a program; raises `CgraphError` that says where and what instead.

    >>> [statement.name for statement in parse("p = x + y; g = p*z").block]
    ['p', 'g']
    """
    block, names = run(machine(), text, Actions(text), limits)
    if not block:
        places = (Place(text, 0, len(text.rstrip())),) if text.strip() else ()
        hint = 'write one, for example "(x+y)*z"'
        raise CgraphError("syntax", "there is no expression here", hint, places)
    return syntax.Syntax(text, block, frozenset(names))


def run(reader: Machine, text: str, build: Actions, limits: Limits) -> tuple[Any, dict[str, str]]:
    """Return what the actions make of a text that a grammar's machine reads, and its names.

    Raises `CgraphError`.
    """
    plain = normalise(text)
    tables, jump = reader.tables, reader.jump
    actions, rules, builders = tables.actions, tables.rules, reader.builders
    states = [tables.start]
    values: list[Any] = []
    starts: list[int] = []
    names: dict[str, str] = {}
    state, previous_end = tables.start, 0
    for token, word, start, end in tokens(plain, text, limits.depth, reader):
        kind = token
        while True:
            action = actions[state].get(kind)
            if action is None:
                if state == tables.end:
                    break
                if kind not in _SOFT or "NAME" not in actions[state]:
                    from cgcli.language import messages

                    expected = list(actions[state])
                    raise messages.explain(text, plain, start, expected, limits.depth, reader)
                kind = "NAME"
                continue
            if action > 0:
                break
            left, length, alias = rules[-action - 1]
            act = builders.get(alias)
            if act is None and alias:
                act = builders[alias] = build.builder(alias)
            if act is None:
                # It has one part, and passes that on.
                states.pop()
            elif length == 1:
                values[-1] = act(build, values[-1:], starts[-1], previous_end)
                states.pop()
            elif length:
                first = starts[-length]
                values[-length:] = (act(build, values[-length:], first, previous_end),)
                del starts[-length + 1 :]
                del states[-length:]
            else:
                values.append(act(build, [], start, start))
                starts.append(start)
            state = states[-1]
            key = (state, left, kind)
            target = jump.get(key)
            if target is None:
                target = jump[key] = _follow(tables, state, left, kind)
            state = target
            states.append(state)
        if action is None:
            break
        if kind == "NAME":
            # One string a name, however often it is written.
            values.append(names.setdefault(word, word))
        else:
            values.append(word)
        state = action - 1
        states.append(state)
        starts.append(start)
        previous_end = end
    return values[0], names


def _follow(tables: Tables, state: int, left: str, kind: str) -> int:
    """Return the state after `left`, past the levels of precedence that only pass it on.

    With the next token known, a chain such as atom → postfix → power → sign does nothing until
    a rule with an action of its own is due; the chain is walked once and remembered.
    """
    while True:
        target = tables.actions[state][left] - 1
        action = tables.actions[target].get(kind, 0)
        if action >= 0:
            return target
        rule_left, length, alias = tables.rules[-action - 1]
        if length != 1 or alias:
            return target
        left = rule_left


def _operation(name: str) -> Action:
    """Return what builds the operation of a sign before its part, or between two."""

    def act(build: Actions, values: list[Any], start: int, end: int) -> Any:
        count = len(values) - 1
        build.code.append((syntax.OPERATION, name, count, start, end))
        return values[1] if count == 1 else values[0]

    return act


class Actions:
    """What the aliases of the grammar build of one text.

    An expression's value is where its entries begin.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.code: syntax.Expression = []

    @classmethod
    def builder(cls, alias: str) -> Action:
        """Return the action of an alias; one that has none here names an operation."""
        return _PASSING.get(alias) or getattr(cls, f"on_{alias}", None) or _operation(alias)

    def _cut(self, first: int) -> syntax.Expression:
        """Take the entries from one on off the list, as an expression of their own."""
        part = self.code[first:]
        del self.code[first:]
        return part

    # Lists of what is read

    def on_more(self, values: list[Any], start: int, end: int) -> Any:
        values[0].append(values[-1])
        return values[0]

    def on_joined(self, values: list[Any], start: int, end: int) -> Any:
        values[0].extend(values[-1])
        return values[0]

    # Atoms and postfix

    def on_number(self, values: list[Any], start: int, end: int) -> int:
        self.code.append((syntax.NUMBER, values[0], 0, start, end))
        return len(self.code) - 1

    def on_name(self, values: list[Any], start: int, end: int) -> int:
        self.code.append((syntax.NAME, values[0], 0, start, end))
        return len(self.code) - 1

    def on_call(self, values: list[Any], start: int, end: int) -> Any:
        items = values[2] if len(values) == 4 else []
        self.code.append((syntax.CALL, values[0], len(items), start, end))
        return items[0] if items else len(self.code) - 1

    def on_list(self, values: list[Any], start: int, end: int) -> Any:
        self.code.append((syntax.LIST, None, len(values[1]), start, end))
        return values[1][0]

    def on_index(self, values: list[Any], start: int, end: int) -> Any:
        # What ends a slice was taken off the list with it.
        indices = [
            place if isinstance(place, syntax.Slice) else self._cut(place)
            for place in reversed(values[2])
        ]
        first: int = values[0]
        name = ""
        if first == len(self.code) - 1 and self.code[first][0] == syntax.NAME:
            # Which it is, an element or a member of a family, is known when names are.
            name = self.code.pop()[1]
        payload = syntax.Indexed(name, tuple(reversed(indices)))
        self.code.append((syntax.INDEX, payload, 0 if name else 1, start, end))
        return first

    def on_from(self, values: list[Any], start: int, end: int) -> syntax.Slice:
        return syntax.Slice(self._cut(values[0]), None)

    def on_to(self, values: list[Any], start: int, end: int) -> syntax.Slice:
        return syntax.Slice(None, self._cut(values[1]))

    def on_between(self, values: list[Any], start: int, end: int) -> syntax.Slice:
        stop = self._cut(values[2])
        return syntax.Slice(self._cut(values[0]), stop)

    def on_comprehension(self, values: list[Any], start: int, end: int) -> Any:
        payload = syntax.Comprehension(self._cut(values[1]), values[3], values[5])
        self.code.append((syntax.COMPREHENSION, payload, 0, start, end))
        return len(self.code) - 1

    def on_range(self, values: list[Any], start: int, end: int) -> syntax.Range:
        step = self._cut(values[4]) if len(values) > 3 else None
        stop = self._cut(values[2])
        return syntax.Range(self._cut(values[0]), stop, step, (start, end))

    # Statements

    def on_value(self, values: list[Any], start: int, end: int) -> syntax.Statement:
        return syntax.Value(self._cut(values[0]))

    def on_assignment(self, values: list[Any], start: int, end: int) -> syntax.Statement:
        expression = self._cut(values[2])
        target = self._cut(values[0])
        kind, payload, count, first, last = target[-1]
        if kind == syntax.NAME and len(target) == 1:
            return syntax.Assignment(payload, (), expression, (first, last))
        if kind == syntax.INDEX and payload.name and not payload.slices:
            return syntax.Assignment(payload.name, payload.indices, expression, (first, last))
        of_names = count == len(target) - 1 and all(e[0] == syntax.NAME for e in target[:-1])
        if kind == syntax.CALL and of_names:
            return self._function(payload, target, expression)
        from cgcli.language import messages

        raise messages.bad_target(self.text, target, expression, start)

    def _function(
        self, name: str, target: syntax.Expression, expression: syntax.Expression
    ) -> syntax.Function:
        parameters: dict[str, Place] = {}
        for _, parameter, _, first, last in target[:-1]:
            place = Place(self.text, first, last)
            if parameter in parameters:
                places = place, parameters[parameter]._replace(label="the first")
                message = f"two parameters of {excerpt(name)} are called '{excerpt(parameter)}'"
                hint = "give each parameter a name of its own"
                raise CgraphError("syntax", message, hint, places)
            parameters[parameter] = place
        return syntax.Function(name, tuple(parameters), expression, target[-1][3:5])

    def on_loop(self, values: list[Any], start: int, end: int) -> syntax.Loop:
        return syntax.Loop(values[1], values[3], values[6], (start, values[3].span[1]))
