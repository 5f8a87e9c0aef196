"""Types of documents → their JSON Schemas, read off the source of the modules beside this one.

A class is an object, and each of its fields a property: required unless it is `NotRequired`, and
described by the string below it. An alias is a definition of its own. Keywords of JSON Schema that
Python's types lack stand in the `Rule` of an `Annotated`.

The modules are parsed and not imported: making the classes would take longer than reading them.
"""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, Final, TypeAlias

_FOLDER: Final = os.path.dirname(os.path.abspath(__file__))
_PRIMITIVES: Final = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}


Definition: TypeAlias = tuple[ast.ClassDef | ast.expr, str]
"""A type with a name: a class, or what an alias or `TypedDict(…)` gives it, and its words."""


class Types:
    """The types of a module of documents, with those of the modules that it imports.

    >>> schema = Types("common").schema("error", "Refusal")
    >>> schema["$id"], schema["properties"], schema["required"]
    ('cgraph.error/1', {'error': {'$ref': '#/$defs/Error'}}, ['error'])
    """

    def __init__(self, module: str) -> None:
        self.definitions: dict[str, Definition] = {}
        self.origins: dict[str, str] = {}
        """By name that is no type the module that it is imported from."""
        with open(os.path.join(_FOLDER, f"{module}.py"), encoding="utf-8") as file:
            body = ast.parse(file.read()).body
        for node, words in _described(body):
            match node:
                case ast.ImportFrom(module=str() as origin) if origin.startswith(__package__ or ""):
                    other = Types(origin.rpartition(".")[2])
                    self.definitions |= other.definitions
                    self.origins |= other.origins
                case ast.ImportFrom(module=str() as origin, names=names):
                    self.origins |= {imported.name: origin for imported in names}
                case ast.ClassDef(name=name):
                    self.definitions[name] = node, ast.get_docstring(node) or ""
                case (
                    ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                    | ast.Assign(targets=[ast.Name(id=name)], value=value)
                ):
                    self.definitions[name] = value, words

    def schema(self, name: str, root: str) -> dict[str, Any]:
        """Return the JSON Schema of the document `cgraph.{name}`, which is the type `root`."""
        body = self._defined(root)
        version = body.get("properties", {}).get("schema", {}).get("const", f"cgraph.{name}/1")
        head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": version}
        title = body.pop("description").rstrip(".")
        definitions: dict[str, Any] = {}
        pending = _references(body)
        while pending:
            used = pending.pop()
            if used not in definitions:
                definitions[used] = self._defined(used)
                pending += _references(definitions[used])
        return {**head, "title": title, **body, "$defs": dict(sorted(definitions.items()))}

    def _defined(self, name: str) -> dict[str, Any]:
        """Return the schema of a type by its name."""
        node, words = self.definitions[name]
        if not isinstance(node, ast.ClassDef):
            return _with_words(words, self._rule(node))
        properties: dict[str, Any] = {}
        required = []
        for field, annotation, meaning in self._fields(name):
            properties[field] = _with_words(meaning, self._rule(annotation))
            if not ast.unparse(annotation).startswith("NotRequired"):
                required.append(field)
        needed = {"required": required} if required else {}
        closed = {"additionalProperties": False, "properties": properties}
        return _with_words(words, {"type": "object", **needed, **closed})

    def _fields(self, name: str) -> Iterator[tuple[str, ast.expr, str]]:
        """Yield the fields of a class, its bases' first: name, annotation, words."""
        match self.definitions[name][0]:
            case ast.Call(args=[_, ast.Dict(keys=keys, values=values)]):
                # TypedDict("From", {"from": str}): a field that is called by a word of Python.
                for key, value in zip(keys, values, strict=True):
                    yield ast.literal_eval(key or ""), value, ""
            case ast.ClassDef(bases=bases, body=body):
                for base in bases:
                    if isinstance(base, ast.Name) and base.id in self.definitions:
                        yield from self._fields(base.id)
                for field, words in _described(body):
                    if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                        yield field.target.id, field.annotation, words

    def _rule(self, expression: ast.expr) -> dict[str, Any]:
        """Return the schema of an annotation, which nests only as deep as it is written."""
        match expression:
            case ast.Constant(value=None):
                return {"type": "null"}
            case ast.Constant(value=str() as text):
                return self._rule(ast.parse(text, mode="eval").body)
            case ast.Name(id="Any"):
                return {}
            case ast.Name(id=name) if name in _PRIMITIVES:
                return {"type": _PRIMITIVES[name]}
            case ast.Name(id=name):
                return {"$ref": f"#/$defs/{name}"}
            case ast.BinOp(left=left, right=right):
                first = self._rule(left)
                alternatives = first["anyOf"] if set(first) == {"anyOf"} else [first]
                return {"anyOf": [*alternatives, self._rule(right)]}
            case ast.Subscript(value=ast.Name(id=name), slice=part):
                return self._generic(name, part.elts if isinstance(part, ast.Tuple) else [part])
        raise ValueError(ast.unparse(expression))

    def _generic(self, name: str, parts: Sequence[ast.expr]) -> dict[str, Any]:
        """Return the schema of a type with others in brackets."""
        if name == "Literal":
            values = list(map(ast.literal_eval, parts))
            return {"enum": values} if len(values) > 1 else {"const": values[0]}
        schema = self._rule(parts[0])
        match name:
            case "Annotated":
                keywords = self._keywords(parts[1])
                if "$ref" in schema:
                    # What a rule changes is written out in its place.
                    schema = self._defined(schema["$ref"].rpartition("/")[2])
                return keywords if "enum" in keywords else {**schema, **keywords}
            case "list":
                return {"type": "array", "items": schema}
            case "dict":
                names = {"propertyNames": schema} if schema != {"type": "string"} else {}
                inner = self._rule(parts[1])
                return {"type": "object", **names, "additionalProperties": inner}
            case "tuple":
                size = {"minItems": len(parts), "maxItems": len(parts)}
                return {"type": "array", "prefixItems": list(map(self._rule, parts)), **size}
        return schema

    def _keywords(self, rule: ast.expr) -> dict[str, Any]:
        """Return the keywords of a `Rule`; a name among them is imported."""
        assert isinstance(rule, ast.Call)
        keywords: dict[str, Any] = {}
        for keyword in rule.keywords:
            value: Any
            if isinstance(keyword.value, ast.Name):
                name = keyword.value.id
                value = getattr(import_module(self.origins[name]), name)
            else:
                value = ast.literal_eval(keyword.value)
            keywords[keyword.arg or ""] = list(value) if isinstance(value, tuple) else value
        return keywords


def _described(body: Sequence[ast.stmt]) -> Iterator[tuple[ast.stmt, str]]:
    """Yield statements, each with the string that stands below it."""
    for node, below in zip(body, [*body[1:], None], strict=True):
        match below:
            case ast.Expr(value=ast.Constant(value=str() as words)):
                yield node, words
            case _:
                yield node, ""


def _with_words(words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": " ".join(words.split()), **schema} if words else schema


def _references(schema: dict[str, Any]) -> list[str]:
    """Return the names of the definitions that a schema refers to."""
    return re.findall(r'"\$ref": "#/\$defs/(\w+)"', json.dumps(schema))
