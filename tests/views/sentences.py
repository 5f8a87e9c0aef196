"""What the source can say of an error: its sentences, whole, with their places filled.

A sentence is followed through the code: a name to what it is set to, a part to what a function
returns, a parameter to what is passed for it. What only a run knows is filled as it may look.
"""

from __future__ import annotations

import ast
import itertools
import re
import tomllib
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

from cgcli.words import Message

SINKS: Final = {
    "CgraphError": ("message", "hint", 1, 2),
    "ShapeMismatchError": ("message", "hint", 0, 1),
    "file_error": ("why", "hint", 1, 2),
    "conflict": ("message", "hint", 0, 1),
    "Doubt": ("message", "hint", 1, 2),
    "End": ("message", "", 1, None),
    "CellError": ("why", "", 1, None),
    "Place": ("label", "", 3, None),
    "Sheet": ("trouble", "", 2, None),
    "unusable": ("why", "", 1, None),
    "UnfitError": ("message", "", 0, None),
    "DivergedError": ("what", "", 0, None),
    "CompileError": ("why", "", 0, None),
    "FaultError": ("what", "", 0, None),
    "Failure": ("why", "", 2, None),
    "fall": ("why", "", 0, None),
    "_tell": ("text", "", 0, None),
    "_fall": ("why", "", 0, None),
}
"""By what is called: which of its arguments are said, by their names and their places."""

PASSED_ON: Final = {"_broken", "file_error", "missing"}
"""Functions whose errors are said as parts of others alone."""

VALUES: Final = {
    "counted": "", "describe": "a vector of 3", "few": "w, x", "listed": "a, b or c",
    "joined": "w", "formula": "x*y", "shorten": "", "excerpt": "", "printable": "", "len": "3",
    "how_to_install": "pip install cgraph", "nearest": "w", "code": "f(x)",
    "named": "w", "shown": "3", "type": "object", "called": "--lr",
}  # fmt: skip
"""By function: what it may give. Without a text it is what it is given."""

NAMED: Final = {
    "path": "d.csv", "called": "m.json", "option": "--lr", "names": "w, x", "method": "lm",
    "optimizer": "lm", "error": "w", "doubt": "the gradient is not finite",
    "form": "json", "where": "m.json", "command": "cgraph eval",
    "message": "it is empty", "why": "it is empty", "hint": "the inputs are w, x",
    "reason": "it is empty", "inner": "it is empty",
}  # fmt: skip
"""By the last word of what stands in a place: what may stand there. Without one it is a name."""

_WRITTEN: Final = (ast.Constant, ast.JoinedStr)
_OTHERS: Final = {(("cgcli.learning.sources", "listed"), "listed")}
_NOT_SAID: Final = {"kind", "fits", "examples", "modules", "spellings"}
_MOST: Final = 100
_DEEPEST: Final = 9


class Sentence(NamedTuple):
    """A sentence, and where the source says it."""

    where: str
    text: str


class Scope(NamedTuple):
    """Where an expression stands: its module, and the functions around it, the inner ones last."""

    module: Module
    functions: tuple[ast.FunctionDef, ...]
    given: dict[str, tuple[ast.expr, Scope]] = {}  # noqa: RUF012  # never changed
    owner: str = ""


class Module:
    """A module's tree, and what its names are set to."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self.tree = ast.parse(path.read_text(encoding="utf-8"))

    @cached_property
    def scopes(self) -> list[tuple[ast.AST, Scope]]:
        """Every node with the functions that it stands in."""
        met: list[tuple[ast.AST, Scope]] = []
        pending: list[tuple[ast.AST, Scope]] = [(self.tree, Scope(self, ()))]
        while pending:
            node, scope = pending.pop()
            met.append((node, scope))
            inner = scope
            if isinstance(node, ast.FunctionDef):
                inner = scope._replace(functions=(*scope.functions, node))
            elif isinstance(node, ast.ClassDef):
                inner = scope._replace(owner=node.name)
            pending += [(child, inner) for child in _children(node)]
        return met

    @cached_property
    def imports(self) -> dict[str, tuple[str, str]]:
        """The modules that names are from, and what they are called there."""
        return {
            alias.asname or alias.name: (node.module or "", alias.name)
            for node, _ in self.scopes
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """What a node has in it, but for what says nothing; in a third of `ast`'s time."""
    for part in vars(node).values():
        if type(part) is list:
            yield from (one for one in part if isinstance(one, ast.AST))
        elif isinstance(part, ast.AST) and part._fields:
            yield part


@cache
def _parts(function: ast.AST) -> list[ast.AST]:
    parts = [function]
    for node in parts:
        parts += _children(node)
    return parts


@cache
def _blocks(function: ast.AST) -> list[list[ast.stmt]]:
    """The statements of a function, those that stand below one another together."""
    blocks = (
        getattr(part, name, [])
        for part in _parts(function)
        for name in ("body", "orelse", "finalbody")
    )
    return [block for block in blocks if isinstance(block, list) and block]


def _called(node: ast.Call) -> str:
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def _parameters(function: ast.FunctionDef) -> list[ast.arg]:
    rest = function.args
    names = [*rest.posonlyargs, *rest.args]
    return names[1:] if names and names[0].arg in ("self", "cls") else names


def _assigned(body: ast.AST, name: str) -> Iterator[tuple[str, ast.expr]]:
    """What a name is set to in a body: `=` anew, `+` something behind it, or `[` one of a list."""
    for node in _parts(body):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                yield "=", value
            case ast.AnnAssign(target=ast.Name(id=target), value=value) if target == name and value:
                yield "=", value
            case ast.Assign(targets=[ast.Tuple(elts=parts)], value=value):
                for place, part in enumerate(parts):
                    if isinstance(part, ast.Name) and part.id == name:
                        for one in _tuples(value):
                            yield "=", one.elts[place] if len(one.elts) > place else one
                        if isinstance(value, ast.Call):
                            index = ast.copy_location(ast.Constant(place), value)
                            yield "=", ast.copy_location(ast.Subscript(value, index), value)
            case ast.AugAssign(target=ast.Name(id=target), value=value) if target == name:
                yield "+", value
            case ast.AugAssign(target=ast.Subscript(value=ast.Name(id=target)), value=value):
                if target == name:
                    yield "+", value
            case ast.NamedExpr(target=ast.Name(id=target), value=value) if target == name:
                yield "=", value
            case ast.Call(func=ast.Attribute(value=ast.Name(id=target), attr="append"), args=[one]):
                if target == name:
                    yield "[", one


def _before(
    set_to: list[tuple[str, ast.expr]], function: ast.FunctionDef, node: ast.expr
) -> list[tuple[str, ast.expr]]:
    """Of what a name is set to what may hold at a node: nothing after it, or that is set anew."""
    line, sure = getattr(node, "lineno", -1), 0
    if line < 0 or not function.lineno <= line <= (function.end_lineno or line):
        return set_to
    for block in _blocks(function):
        if any(s.lineno <= line <= (s.end_lineno or line) for s in block):
            sets = {id(s.value) for s in block if isinstance(s, ast.Assign | ast.AnnAssign)}
            lines = [v.lineno for _, v in set_to if id(v) in sets and v.lineno < line]
            sure = max([sure, *lines])
    kept = [(sign, value) for sign, value in set_to if sure <= value.lineno <= line]
    kept = [pair for pair in kept if all(part is not node for part in _parts(pair[1]))]
    return sorted(kept or set_to, key=lambda pair: pair[1].lineno)


def _tuples(node: ast.expr) -> Iterator[ast.Tuple]:
    if isinstance(node, ast.Tuple):
        yield node
    elif isinstance(node, ast.IfExp):
        yield from (*_tuples(node.body), *_tuples(node.orelse))


class Source:
    """The package's source, from which its sentences are read."""

    def __init__(self, home: Path) -> None:
        paths = [p for p in sorted(home.rglob("*.py")) if "schemas" not in p.parts]
        self.modules = {
            ".".join(("cgcli", *path.relative_to(home).with_suffix("").parts)): path
            for path in paths
        }
        self._read = {name: Module(path, name) for name, path in self.modules.items()}
        self._home = home
        self._texts_of: dict[tuple[Any, ...], list[str]] = {}

    @cached_property
    def calls(self) -> dict[str, list[tuple[ast.Call, Scope]]]:
        """The calls of the package by what is called."""
        calls: dict[str, list[tuple[ast.Call, Scope]]] = {}
        for module in self._read.values():
            for node, scope in module.scopes:
                if isinstance(node, ast.Call):
                    calls.setdefault(_called(node), []).append((node, scope))
        return calls

    @cached_property
    def functions(self) -> dict[str, list[tuple[ast.FunctionDef, Scope]]]:
        """The functions of the package by name, each with where it stands."""
        functions: dict[str, list[tuple[ast.FunctionDef, Scope]]] = {}
        for module in self._read.values():
            for node, scope in module.scopes:
                if isinstance(node, ast.FunctionDef):
                    functions.setdefault(node.name, []).append((node, scope))
        return functions

    def sentences(self) -> Iterator[Sentence]:
        """Every sentence that an error, a doubt or a warning may have."""
        for module in self._read.values():
            for node, scope in module.scopes:
                for expression in self._said(node, scope):
                    # What is passed on is read where it comes from.
                    if not self._is_parameter(expression, scope):
                        where = f"{module.path.relative_to(self._home)}:{node.lineno}"
                        several = self.texts(expression, scope)
                        # What ends with a blank was not whole yet.
                        yield from (Sentence(where, t) for t in several if t == t.rstrip())

    def _tables(self) -> Iterator[Sentence]:
        """The sentences of the tables of errors, of signs that are none, and of what is absent."""
        for name in ("situations", "refusals", "characters", "spellings"):
            for path in sorted(self._home.rglob(f"{name}.toml")):
                pending: list[Any] = [tomllib.loads(path.read_text(encoding="utf-8"))]
                while pending:
                    match pending.pop():
                        case dict() as table:
                            pending += [v for k, v in table.items() if k not in _NOT_SAID]
                        case list() as rows:
                            pending += rows
                        case str() as text:
                            filled = re.sub(r"\{\w+(:[^{}]*)?\}", "w", text)
                            yield Sentence(path.relative_to(self._home).as_posix(), filled)

    def texts_by_place(self) -> dict[str, str]:
        """Every sentence with the first place that says it."""
        met: dict[str, str] = {}
        for where, text in (*self.sentences(), *self._tables()):
            met.setdefault(text, where)
        return met

    def _is_parameter(self, node: ast.expr, scope: Scope) -> bool:
        if not isinstance(node, ast.Name) or not scope.functions:
            return False
        known = [a.arg for a in _parameters(scope.functions[-1])]
        return node.id in known and scope.functions[-1].name in SINKS

    def _said(self, node: ast.AST, scope: Scope) -> Iterator[ast.expr]:
        """The expressions of a node that are said to a person."""
        if isinstance(node, ast.Assign):
            attributes = {t.attr for t in node.targets if isinstance(t, ast.Attribute)}
            if attributes & {"message", "hint"} and scope.owner != "CgraphError":
                yield node.value
        within = scope.functions[-1].name if scope.functions else ""
        if not isinstance(node, ast.Call) or within in PASSED_ON:
            return
        name = _called(node)
        if name == "__init__" and len(node.args) > 1 and scope.owner != "CgraphError":
            yield from node.args[1:3]
        if name in ("tell", "say", "_heard", "read") and scope.owner != "Catalogue":
            for part in node.args:
                yield part.value if isinstance(part, ast.Starred) else part
        if name == "Message":
            yield node
        if name in ("missing", "required") and len(node.args) > 1:
            needed = [ast.Constant(" the extra 'draw' is needed")]
            yield ast.JoinedStr([ast.FormattedValue(node.args[-1], -1), *needed])
        first, second, *places = SINKS.get(name, ("", "", None, None))
        yield from (node.args[p] for p in places if p is not None and p < len(node.args))
        yield from (k.value for k in node.keywords if k.arg and k.arg in (first, second))

    def texts(self, node: ast.expr, scope: Scope, depth: int = 0) -> list[str]:
        """What an expression may be, as text."""
        if depth > _DEEPEST:
            return [_filler(node)]
        key = node, scope.module, scope.functions, scope.owner, depth
        if not scope.given and key in self._texts_of:
            return self._texts_of[key]
        several = dict.fromkeys(itertools.islice(self._texts(node, scope, depth + 1), _MOST))
        texts = list(several) or [_filler(node)]
        if not scope.given:
            self._texts_of[key] = texts
        return texts

    def _texts(self, node: ast.expr, scope: Scope, depth: int) -> Iterator[str]:
        match node:
            case ast.Constant(value=None):
                pass
            case ast.Constant(value=value):
                yield str(value)
            case ast.JoinedStr(values=values):
                parts = [self.texts(value, scope, depth) for value in values]
                yield from map("".join, itertools.islice(itertools.product(*parts), _MOST))
            case ast.FormattedValue(value=value, format_spec=spec):
                yield from ["3"] if spec else self.texts(value, scope, depth)
            case ast.IfExp(test=test, body=body, orelse=other):
                several = self.texts(body, scope, depth)
                # Where there is something, it is not empty.
                yield from (t for t in several if t[-1:] != " " or not isinstance(test, ast.Name))
                yield from self.texts(other, scope, depth)
            case ast.BoolOp(values=[*others, last], op=operator):
                for value in others if isinstance(operator, ast.Or) else ():
                    yield from filter(None, self.texts(value, scope, depth))
                yield from self.texts(last, scope, depth)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                pairs = itertools.product(
                    self.texts(left, scope, depth), self.texts(right, scope, depth)
                )
                yield from map("".join, pairs)
            case ast.NamedExpr(value=value) | ast.Starred(value=value):
                yield from self.texts(value, scope, depth)
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                for part in parts:
                    yield from self.texts(part, scope, depth)
            case ast.ListComp(elt=part) | ast.GeneratorExp(elt=part):
                yield from self.texts(part, scope, depth)
            case ast.Dict(values=values):
                for value in values:
                    yield from self.texts(value, scope, depth)
            case ast.Subscript(value=(ast.Name() | ast.Dict()) as of):
                held = self._holding(of, scope, depth)
                yield from held or [_filler(node)]
            case ast.Subscript(value=ast.Call() as call, slice=ast.Constant(value=int(place))):
                yield from self._returned(_called(call), call, scope, depth, place)
            case ast.Name(id=name):
                yield from self._named(name, node, scope, depth)
            case ast.Call():
                yield from self._call(node, scope, depth)
            case _:
                yield _filler(node)

    def _holding(self, node: ast.expr, scope: Scope, depth: int) -> list[str]:
        """The values of a table of texts, none where it is something else."""
        if isinstance(node, ast.Name):
            value = self._constant(node.id, scope)
            return self._holding(*value, depth) if value and value[0] is not node else []
        if isinstance(node, ast.Dict):
            return [text for value in node.values for text in self.texts(value, scope, depth)]
        return []

    def _named(self, name: str, node: ast.expr, scope: Scope, depth: int) -> Iterator[str]:
        if name in scope.given:
            yield from self.texts(*scope.given[name], depth)
            return
        for count in range(len(scope.functions), 0, -1):
            function, inner = scope.functions[count - 1], scope._replace(
                functions=scope.functions[:count]
            )  # fmt: skip
            set_to = _before(list(_assigned(function, name)), function, node)
            if set_to:
                yield from self._set(set_to, inner, depth)
                return
            if name in (known := [a.arg for a in _parameters(function)]):
                yield from self._passed(function, known.index(name), inner, node, depth)
                return
        value = self._constant(name, scope)
        yield from self.texts(*value, depth) if value else [_filler(node)]

    def _set(self, set_to: list[tuple[str, ast.expr]], scope: Scope, depth: int) -> Iterator[str]:
        texts: list[str] = []
        last: list[str] = []
        for sign, value in set_to:
            more = self.texts(value, scope, depth)
            if sign == "+" and not isinstance(value, ast.List | ast.ListComp | ast.GeneratorExp):
                # What stands behind is put to what was set last.
                more = ["".join(p) for p in itertools.islice(itertools.product(last, more), _MOST)]
                texts += more
                last = last + more
            else:
                texts += more
                last = more
        yield from texts

    def _passed(
        self, function: ast.FunctionDef, place: int, scope: Scope, node: ast.expr, depth: int
    ) -> Iterator[str]:
        """What calls pass for a parameter."""
        parameter = _parameters(function)[place].arg
        name = scope.owner if function.name == "__init__" else function.name
        is_passed = False
        for call, where in self.calls.get(name, ()):
            of, _ = where.module.imports.get(name, (scope.module.name, ""))
            is_other = of != scope.module.name or (name[0] == "_" and where.module != scope.module)
            if is_other or where.functions[-1:] == (function,):
                continue
            given = [k.value for k in call.keywords if k.arg == parameter]
            given += call.args[place : place + 1] if len(call.args) > place else []
            for value in given:
                if not isinstance(value, ast.Starred):
                    is_passed = True
                    yield from self.texts(value, where, depth + 2)
        defaults = function.args.defaults
        behind = place - (len(_parameters(function)) - len(defaults))
        if behind >= 0 and isinstance(defaults[behind], ast.Constant):
            yield from self.texts(defaults[behind], scope, depth)
        elif not is_passed:
            yield _filler(node)

    def _call(self, node: ast.Call, scope: Scope, depth: int) -> Iterator[str]:
        name = _called(node)
        if name == "Message":
            # What is no message itself, nor written there, is a person's.
            given = {k.arg: self.texts(k.value, scope, depth)[0] for k in node.keywords if k.arg}
            written = {k.arg for k in node.keywords if isinstance(k.value, _WRITTEN)}
            values: dict[str, Any] = {
                name: text if isinstance(text, Message) or name in written else "w"
                for name, text in given.items()
            }
            for pattern in self.texts(node.args[0], scope, depth):
                numbers = dict.fromkeys(re.findall(r"\{(\w+):", pattern), 3)
                others = dict.fromkeys(re.findall(r"\{(\w+)\}", pattern), "w")
                yield Message(pattern, **(others | values | numbers))
        elif name == "counted" and len(node.args) > 1:
            yield from (f"3 {noun}s" for noun in self.texts(node.args[1], scope, depth))
            yield from (f"1 {noun}" for noun in self.texts(node.args[1], scope, depth))
        elif name == "join":
            yield "w, x" if "," in ast.unparse(node.func) else _filler(node)
        elif name in VALUES and (scope.module.imports.get(name), name) not in _OTHERS:
            yield VALUES[name] or _filler(node.args[0] if node.args else node)
        elif name in ("lower", "upper", "strip", "rstrip", "removesuffix", "removeprefix"):
            assert isinstance(node.func, ast.Attribute)
            several = self.texts(node.func.value, scope, depth)
            yield from (text.lower() if name == "lower" else text for text in several)
        elif name == "get" and isinstance(node.func, ast.Attribute):
            yield from self._holding(node.func.value, scope, depth)
            for other in node.args[1:]:
                yield from self.texts(other, scope, depth)
        elif name == "next":
            for one in node.args:
                yield from self._chosen(one, scope, depth)
        elif name == "format" and isinstance(node.func, ast.Attribute):
            for text in self.texts(node.func.value, scope, depth):
                yield re.sub(r"\{(\w*)[^{}]*\}", lambda m: _sample(m[1]), text)
        else:
            yield from self._returned(name, node, scope, depth)

    def _chosen(self, node: ast.expr, scope: Scope, depth: int) -> Iterator[str]:
        """What `next` may give: of a table's items the texts, or the other value."""
        match node:
            case ast.GeneratorExp(generators=[ast.comprehension(iter=ast.Call(func=of))]):
                if isinstance(of, ast.Attribute) and of.attr == "items":
                    yield from self._holding(of.value, scope, depth)
            case _:
                yield from self.texts(node, scope, depth)

    def _returned(
        self, name: str, node: ast.Call, scope: Scope, depth: int, place: int | None = None
    ) -> Iterator[str]:
        """What a function of the package returns or yields; only one that is known for sure.

        With a place it is what stands there of the tuples that come back.
        """
        functions = self.functions.get(name, [])
        local = [pair for pair in functions if pair[1].module is scope.module]
        of_name = isinstance(node.func, ast.Name) or ast.unparse(node.func).startswith("self.")
        of, _ = scope.module.imports.get(name, ("", ""))
        from_there = [pair for pair in functions if pair[1].module.name == of]
        chosen = local or from_there or (functions if len(functions) == 1 else [])
        if not of_name or len(chosen) != 1:
            yield _filler(node)
            return
        function, where = chosen[0]
        known = [argument.arg for argument in _parameters(function)]
        given = {n: (value, scope) for n, value in zip(known, node.args, strict=False)}
        given |= {k.arg: (k.value, scope) for k in node.keywords if k.arg}
        inner = Scope(where.module, (*where.functions, function), given, where.owner)
        for part in _parts(function):
            if isinstance(part, ast.Return | ast.Yield | ast.YieldFrom) and part.value is not None:
                values = [part.value]
                if place is not None:
                    tuples = [one.elts for one in _tuples(part.value)]
                    values = [elements[place] for elements in tuples if len(elements) > place]
                for value in values:
                    yield from self.texts(value, inner, depth)

    def _constant(self, name: str, scope: Scope) -> tuple[ast.expr, Scope] | None:
        """What a name is set to at the top of a module, here or where it comes from."""
        module = scope.module
        for node in module.tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                    return value, Scope(module, ())
                case ast.AnnAssign(target=ast.Name(id=target), value=value) if target == name:
                    return (value, Scope(module, ())) if value is not None else None
        if name in module.imports:
            of, called = module.imports[name]
            if of in self._read:
                return self._constant(called, Scope(self._read[of], ()))
        return None


def _filler(node: ast.expr) -> str:
    return _sample(ast.unparse(node))


def _sample(written: str) -> str:
    """What may stand in a place, by what is written there."""
    word = re.sub(r"\(.*\)|\[.*\]", "", written, flags=re.DOTALL).rpartition(".")[2].strip("_ ")
    if re.search(r"^len\b|\d\*\*|//|number|count|limit|most|size|rows?$|line$|shape\[", written):
        return "3"
    return NAMED.get(word.lower(), "w")


def english(text: str) -> Iterator[str]:
    """The English that is left in a text: words in a row that are no name, option or code."""
    plain = re.sub(r"'[^']*'|\"[^\"]*\"", "'…'", text)
    plain = re.sub(r"\b(expr )?for \w in\b|name = expr", "…", plain)
    for name in _PLAIN:
        plain = plain.replace(name, "…")
    plain = re.sub(r"\bcgraph \w+|--?[a-z][-\w]*|\.\w+|\w*[\d_*=/()\[\]{}+<>|@]\w*", "…", plain)
    for run in re.findall(r"[A-Za-z]+(?: [A-Za-z]+)+", plain):
        if sum(len(word) > 1 for word in run.split()) > 1 or run.startswith("a "):
            yield run


_PLAIN: Final = ("pip install", "JSON Lines", "CSV UTF-8", "chmod go-rwx")
"""Words that are the same in every language."""
