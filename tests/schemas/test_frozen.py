"""The schemas that the types of documents come to are those that were promised.

What is frozen here is a contract: where a document changes, its version does, and so do its type
and the file beside this test.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cgcli.views.schemas import names, schema

FROZEN = {path.stem: path for path in (Path(__file__).parent / "frozen").glob("*.json")}
Rule = dict[str, Any]


def frozen(name: str) -> Rule:
    return json.loads(FROZEN["map" if name == "predict" else name].read_text(encoding="utf-8"))


class Comparison:
    """Whether two schemas allow the same documents, whatever their definitions are called."""

    def __init__(self, left: Rule, right: Rule) -> None:
        self.tops = left, right
        self.assumed: set[tuple[int, int]] = set()

    def same(self, left: Any, right: Any) -> bool:
        """Compare two rules; a pair that is being compared already is taken as the same."""
        pair = id(left), id(right)
        if pair in self.assumed:
            return True
        before = self.assumed
        self.assumed = {*before, pair}
        lefts, rights = alternatives(left, self.tops[0]), alternatives(right, self.tops[1])
        is_same = all(any(self.alike(a, b) for b in rights) for a in lefts) and all(
            any(self.alike(a, b) for a in lefts) for b in rights
        )
        # What was taken as the same for the sake of a pair that differs may differ too.
        self.assumed = self.assumed if is_same else before
        return is_same

    def alike(self, left: Rule, right: Rule) -> bool:
        """Compare two rules that are no choices and no references."""
        left, right = plain(left), plain(right)
        return left.keys() == right.keys() and all(
            self.alike_in(key, left[key], right[key]) for key in left
        )

    def alike_in(self, key: str, left: Any, right: Any) -> bool:
        if key == "properties":
            return left.keys() == right.keys() and all(self.same(left[k], right[k]) for k in left)
        if key == "prefixItems":
            return len(left) == len(right) and all(map(self.same, left, right))
        if key in ("items", "additionalProperties", "propertyNames") and left is not False:
            return right is not False and self.same(left, right)
        return bool(left == right)


def alternatives(rule: Any, top: Rule) -> list[Rule]:
    """The rules one of which holds: no references, no choices, one type each."""
    rules, pending = [], [{} if rule is True else rule]
    while pending:
        rule = {key: value for key, value in pending.pop().items() if key != "description"}
        if "$ref" in rule:
            assert set(rule) == {"$ref"}
            pending.append(top["$defs"][rule["$ref"].removeprefix("#/$defs/")])
        elif choices := rule.get("anyOf", rule.get("oneOf")):
            pending += choices
        elif isinstance(rule.get("type"), list):
            pending += ({**rule, "type": kind} for kind in rule["type"])
        else:
            rules.append(rule)
    return rules


NUMERIC = {"minimum", "maximum"}


def plain(rule: Rule) -> Rule:
    """A rule without what it does not ask for, and what has no order without one."""
    kept = {key: value for key, value in rule.items() if not key.startswith(("$", "title"))}
    more = kept.get("additionalProperties", False)
    if more is True or (more is not False and not set(more) - {"description"}):
        del kept["additionalProperties"]
    if "const" in kept:
        kept["enum"] = [kept.pop("const")]
    for key in ("required", "enum"):
        if key in kept:
            kept[key] = frozenset(kept[key])
    if rule.get("type") == "null":
        kept = {key: value for key, value in kept.items() if key not in NUMERIC}
    return kept


def test_what_has_a_schema_is_frozen() -> None:
    assert {"map" if name == "predict" else name for name in names()} == set(FROZEN)


@pytest.mark.parametrize("name", names())
def test_a_schema_is_the_frozen_one(name: str) -> None:
    derived, promised = schema(name), frozen(name)
    assert derived["$id"] == promised["$id"]
    assert Comparison(derived, promised).same(derived, promised)


@pytest.mark.parametrize("name", names())
def test_every_property_of_a_frozen_schema_counts(name: str) -> None:
    """The comparison is no empty one: without any one of its parts a schema is another."""
    derived = schema(name)
    for place in places(frozen(name)):
        changed = frozen(name)
        holder = changed
        for key in place[:-1]:
            holder = holder[key]
        del holder[place[-1]]
        assert not Comparison(derived, changed).same(derived, changed), place


def places(rule: Any) -> Iterator[tuple[Any, ...]]:
    """The paths to what a schema asks for: its properties, bounds, what is required."""
    pending: list[tuple[Any, tuple[Any, ...]]] = [(rule, ())]
    while pending:
        part, path = pending.pop()
        inner = part.items() if isinstance(part, dict) else enumerate(part)
        for key, value in inner:
            here = (*path, key)
            if isinstance(value, dict | list):
                pending.append((value, here))
            if path[-1:] == ("properties",) or key in ("minimum", "maximum", "pattern", "minItems"):
                yield here


def test_descriptions_say_what_the_types_say() -> None:
    """Every object that is printed says what it is, and no description has lost its lines."""
    for name in names():
        top = schema(name)
        assert top["title"]
        for called, rule in top["$defs"].items():
            if "properties" in rule:
                assert rule["description"].endswith("."), (name, called)
                assert "\n" not in rule["description"]
