"""Types of documents → their JSON Schemas, read off the source of the modules beside this one.

A class is an object, and each of its fields a property: required unless it is `NotRequired`, and
described by the string below it. An alias is a definition of its own. Keywords of JSON Schema that
Python's types lack stand in the `Rule` of an `Annotated`.
"""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Iterator, Sequence
from importlib import import_module, resources
from typing import Any, Final, NamedTuple

_MODULES: Final = ("common", "results", "graphs", "homework", "learning")
_PRIMITIVES: Final = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}


class Definition(NamedTuple):
    """A type with a name: a class, or what an alias or `TypedDict(…)` gives it, and its words."""

    module: str
    node: ast.ClassDef | ast.expr
    words: str


def derived(name: str, root: str) -> dict[str, Any]:
    """Return the JSON Schema of the document that is the type `root`, called `cgraph.{name}`.

    >>> schema = derived("error", "Refusal")
    >>> schema["$id"], schema["properties"], schema["required"]
    ('cgraph.error/1', {'error': {'$ref': '#/$defs/Error'}}, ['error'])
    """
    body = _defined(root)
    version = body.get("properties", {}).get("schema", {}).get("const", f"cgraph.{name}/1")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": version}
    title = body.pop("description").rstrip(".")
    definitions: dict[str, Any] = {}
    pending = sorted(set(_references(body)))
    while pending:
        used = pending.pop()
        if used not in definitions:
            definitions[used] = _defined(used)
            pending += sorted(set(_references(definitions[used])))
    return {**head, "title": title, **body, "$defs": dict(sorted(definitions.items()))}


@functools.cache
def _definitions() -> dict[str, Definition]:
    """Return every type by its name."""
    definitions = {}
    for module in _MODULES:
        source = resources.files(__package__).joinpath(f"{module}.py").read_text("utf-8")
        for node, words in _described(ast.parse(source).body):
            match node:
                case ast.ClassDef(name=name):
                    definitions[name] = Definition(module, node, ast.get_docstring(node) or "")
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    definitions[name] = Definition(module, value, words)
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    definitions[name] = Definition(module, value, words)
    return definitions


def _described(body: Sequence[ast.stmt]) -> Iterator[tuple[ast.stmt, str]]:
    """Yield statements, each with the string that stands below it."""
    for node, below in zip(body, [*body[1:], None], strict=True):
        match below:
            case ast.Expr(value=ast.Constant(value=str() as words)):
                yield node, inspect.cleandoc(words)
            case _:
                yield node, ""


def _defined(name: str) -> dict[str, Any]:
    """Return the schema of a type by its name."""
    module, node, words = _definitions()[name]
    if isinstance(node, ast.ClassDef):
        fields = dict(_fields(name))
        required = [field for field, (_, needed) in fields.items() if needed]
        schema: dict[str, Any] = {
            "type": "object",
            **({"required": required} if required else {}),
            "additionalProperties": False,
            "properties": {field: rule for field, (rule, _) in fields.items()},
        }
    else:
        schema = _schema(node, module)
    return {"description": " ".join(words.split()), **schema} if words else schema


def _fields(name: str) -> Iterator[tuple[str, tuple[dict[str, Any], bool]]]:
    """Yield the fields of a class, its bases' first: each one's schema, and whether it must be."""
    module, node, _ = _definitions()[name]
    if isinstance(node, ast.Call):
        # TypedDict("From", {"from": str}): a field that is called by a word of Python.
        (_, table) = node.args
        assert isinstance(table, ast.Dict)
        for key, value in zip(table.keys, table.values, strict=True):
            yield ast.literal_eval(key or ""), (_schema(value, module), True)
        return
    assert isinstance(node, ast.ClassDef)
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id != "TypedDict":
            yield from _fields(base.id)
    for field, words in _described(node.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            rule = _schema(field.annotation, module)
            described = {"description": " ".join(words.split()), **rule} if words else rule
            needed = not ast.unparse(field.annotation).startswith("NotRequired")
            yield field.target.id, (described, needed)


def _schema(expression: ast.expr, module: str) -> dict[str, Any]:
    """Return the schema of an annotation, which nests only as deep as it is written."""
    match expression:
        case ast.Constant(value=None):
            return {"type": "null"}
        case ast.Constant(value=str() as text):
            return _schema(ast.parse(text, mode="eval").body, module)
        case ast.Name(id="Any"):
            return {}
        case ast.Name(id=name) if name in _PRIMITIVES:
            return {"type": _PRIMITIVES[name]}
        case ast.Name(id=name):
            return {"$ref": f"#/$defs/{name}"}
        case ast.BinOp(left=left, right=right):
            first = _schema(left, module)
            alternatives = first["anyOf"] if set(first) == {"anyOf"} else [first]
            return {"anyOf": [*alternatives, _schema(right, module)]}
        case ast.Subscript(value=ast.Name(id=name), slice=inner):
            return _generic(name, inner.elts if isinstance(inner, ast.Tuple) else [inner], module)
    raise ValueError(ast.unparse(expression))


def _generic(name: str, inner: Sequence[ast.expr], module: str) -> dict[str, Any]:
    """Return the schema of a type with others in brackets."""
    if name == "Literal":
        values = [ast.literal_eval(value) for value in inner]
        return {"enum": values} if len(values) > 1 else {"const": values[0]}
    if name == "Annotated":
        rule = _keywords(inner[1], module)
        if "enum" in rule:
            return rule
        match inner[0]:
            case ast.Name(id=known) if known in _definitions():
                return {**_defined(known), **rule}
        return {**_schema(inner[0], module), **rule}
    schemas = [_schema(part, module) for part in inner]
    match name:
        case "list":
            return {"type": "array", "items": schemas[0]}
        case "dict":
            names = {"propertyNames": schemas[0]} if schemas[0] != {"type": "string"} else {}
            return {"type": "object", **names, "additionalProperties": schemas[1]}
        case "tuple":
            count = len(schemas)
            return {"type": "array", "prefixItems": schemas, "minItems": count, "maxItems": count}
    return schemas[0]


def _keywords(rule: ast.expr, module: str) -> dict[str, Any]:
    """Return the keywords of an `Annotated`; a name among them is a type, or the module's own."""
    assert isinstance(rule, ast.Call)
    keywords: dict[str, Any] = {}
    for keyword in rule.keywords:
        match keyword.value:
            case ast.Name(id=name) if name in _definitions():
                value: Any = _schema(keyword.value, module)
            case ast.Name(id=name):
                value = getattr(import_module(f"{__package__}.{module}"), name)
            case literal:
                value = ast.literal_eval(literal)
        keywords[keyword.arg or ""] = list(value) if isinstance(value, tuple) else value
    return keywords


def _references(schema: Any) -> Iterator[str]:
    """Yield the names of the definitions that a schema refers to."""
    pending = [schema]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            if "$ref" in part:
                yield part["$ref"].rpartition("/")[2]
            pending += part.values()
        elif isinstance(part, list):
            pending += part
