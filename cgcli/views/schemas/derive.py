"""Types of documents → their JSON Schemas, read off the source of the modules that have them.

A class is an object, and each of its fields a property: required unless it is `NotRequired`, and
described by the string below it. An alias is a definition of its own. Keywords of JSON Schema that
Python's types lack stand in the `Rule` of an `Annotated`.

The modules are parsed and not imported: making the classes would take longer than reading them.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, Final, TypeAlias

_PLAIN: Final = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}

Definition: TypeAlias = tuple[ast.ClassDef | ast.expr, str]
"""A type with a name: a class, or what an alias or `TypedDict(…)` gives it, and its words."""


class Types:
    """The types that a module has, and those that it imports, each looked up when it is met.

    >>> schema = Types("cgcli.documents").schema("error", "Refusal")
    >>> schema["$id"], schema["properties"], schema["required"]
    ('cgraph.error/1', {'error': {'$ref': '#/$defs/Error'}}, ['error'])
    """

    def __init__(self, module: str) -> None:
        self._definitions: dict[str, Definition] = {}
        self._origins: dict[str, str] = {}
        """By name the module that it is imported from."""
        self._met: list[str] = []
        """The types that a schema refers to."""
        self._read(module)

    def _read(self, module: str) -> None:
        """Take up what a module defines and imports."""
        package, _, name = module.rpartition(".")
        path = os.path.join(*import_module(package).__path__, f"{name}.py")
        with open(path, encoding="utf-8") as file:
            body = ast.parse(file.read()).body
        for node, words in _described(body):
            match node:
                case ast.ImportFrom(str(origin), names):
                    self._origins |= {imported.name: origin for imported in names}
                case ast.ClassDef(name):
                    self._definitions[name] = node, ast.get_docstring(node) or ""
                case ast.AnnAssign(ast.Name(name), _, ast.expr() as value) | ast.Assign(
                    [ast.Name(name)], value
                ):
                    self._definitions[name] = value, words

    def schema(self, name: str, root: str) -> dict[str, Any]:
        """Return the JSON Schema of the document `cgraph.{name}`, which is the type `root`."""
        body = self._defined(root)
        version = body.get("properties", {}).get("schema", {}).get("const", f"cgraph.{name}/1")
        head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": version}
        title = body.pop("description").rstrip(".")
        definitions: dict[str, Any] = {}
        while self._met:
            used = self._met.pop()
            if used not in definitions:
                definitions[used] = self._defined(used)
        return {**head, "title": title, **body, "$defs": dict(sorted(definitions.items()))}

    def _definition(self, name: str) -> Definition:
        if name not in self._definitions:
            self._read(self._origins[name])
        return self._definitions[name]

    def _defined(self, name: str) -> dict[str, Any]:
        """Return the schema of a type by its name."""
        node, words = self._definition(name)
        if isinstance(node, ast.expr) and not isinstance(node, ast.Call):
            return _with_words(words, self._rule(node))
        fields = [*self._fields(name)]
        properties = {field: _with_words(said, self._rule(of)) for field, of, said in fields}
        required = [field for field, of, _ in fields if "NotRequired" not in ast.unparse(of)]
        needed = {"required": required} if required else {}
        closed = {"additionalProperties": False, "properties": properties}
        return _with_words(words, {"type": "object", **needed, **closed})

    def _fields(self, name: str) -> Iterator[tuple[str, ast.expr, str]]:
        """Yield the fields of a class, its bases' first: name, annotation, words."""
        match self._definition(name)[0]:
            case ast.Call(_, [_, ast.Dict([ast.Constant(str(key))], [annotation])]):
                # TypedDict("From", {"from": str}): a field that is called by a word of Python.
                yield key, annotation, ""
            case ast.ClassDef(_, bases, _, body):
                for base in map(ast.unparse, bases):
                    yield from self._fields(base) if base != "TypedDict" else ()
                for field, words in _described(body):
                    if isinstance(field, ast.AnnAssign):
                        yield ast.unparse(field.target), field.annotation, words

    def _rule(self, annotation: ast.expr) -> dict[str, Any]:
        """Return the schema of an annotation, which nests only as deep as it is written."""
        match annotation:
            case ast.Constant(None):
                return {"type": "null"}
            case ast.Constant(str(text)):
                return self._rule(ast.parse(text, mode="eval").body)
            case ast.Name(name) if name in _PLAIN:
                return {"type": _PLAIN[name]}
            case ast.Name("Any"):
                return {}
            case ast.Name(name):
                self._met.append(name)
                return {"$ref": f"#/$defs/{name}"}
            case ast.BinOp(left, _, right):
                first = self._rule(left)
                return {"anyOf": [*first.get("anyOf", [first]), self._rule(right)]}
            case ast.Subscript(ast.Name("NotRequired"), part):
                return self._rule(part)
            case ast.Subscript(ast.Name("Literal"), part):
                values = ast.literal_eval(part)
                return {"enum": [*values]} if isinstance(values, tuple) else {"const": values}
            case ast.Subscript(ast.Name("list"), part):
                return {"type": "array", "items": self._rule(part)}
            case ast.Subscript(ast.Name("tuple"), ast.Tuple(parts)):
                size = {"minItems": len(parts), "maxItems": len(parts)}
                return {"type": "array", "prefixItems": list(map(self._rule, parts)), **size}
            case ast.Subscript(ast.Name("dict"), ast.Tuple([key, part])):
                rule = self._rule(key)
                names = {"propertyNames": rule} if rule != {"type": "string"} else {}
                return {"type": "object", **names, "additionalProperties": self._rule(part)}
            case ast.Subscript(ast.Name("Annotated"), ast.Tuple([part, ast.Call(_, _, keywords)])):
                rule = {keyword.arg or "": self._value(keyword.value) for keyword in keywords}
                if "enum" in rule:
                    return rule
                # What a rule changes is written out in its place.
                named = isinstance(part, ast.Name) and part.id not in _PLAIN
                schema = self._defined(ast.unparse(part)) if named else self._rule(part)
                return {**schema, **rule}
        raise ValueError(ast.unparse(annotation))

    def _value(self, written: ast.expr) -> Any:
        """Return the value of a keyword; a name is imported."""
        if not isinstance(written, ast.Name):
            return ast.literal_eval(written)
        value = getattr(import_module(self._origins[written.id]), written.id)
        return list(value) if isinstance(value, tuple) else value


def _described(body: Sequence[ast.stmt]) -> Iterator[tuple[ast.stmt, str]]:
    """Yield statements, each with the string that stands below it."""
    for place, node in enumerate(body, 1):
        yield node, ast.get_docstring(ast.Module([*body[place:]], [])) or ""


def _with_words(words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": " ".join(words.split()), **schema} if words else schema
