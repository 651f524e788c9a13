"""What a new SDL takes away from those who rely on an old one: clients, and the composer of a supergraph."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    TypeDefinitionNode,
    build_ast_schema,
    find_breaking_changes,
    parse,
    value_from_ast_untyped,
)

from permissions.scopes import missing_scopes

_MEMBER = re.compile(r"(?:@\w+|\w+\.\w+)(?:\(\w+:\))?")
_NAME = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Change:
    """`coordinate` is where, as GraphQL writes it: `Project.trend(query:)`; `description` a sentence."""

    coordinate: str
    description: str


@dataclass(frozen=True, slots=True)
class Promises:
    """What the directives at one place say to a router."""

    keys: frozenset[str] = frozenset()
    is_shareable: bool = False
    is_authenticated: bool = False
    # Any of these sets of scopes will do; no scopes at all, where none are asked for.
    scopes: tuple[tuple[str, ...], ...] = ((),)


def breaking_changes(old: str, new: str) -> list[Change]:
    """In the order in which the old SDL has their places; empty where all that worked still works."""
    before, after = parse(old), parse(new)
    schemas = (build_ast_schema(each, assume_valid_sdl=True) for each in (before, after))
    changes = [Change(_coordinate(each.description), each.description) for each in find_breaking_changes(*schemas)]
    gone = {change.coordinate for change in changes}
    promised, kept = dict(_promises(before)), dict(_promises(after))
    for coordinate, promises in promised.items():
        if coordinate in kept and coordinate not in gone:
            changes += [Change(coordinate, text) for text in _broken(coordinate, promises, kept[coordinate])]
    return changes


def _coordinate(description: str) -> str:
    match = _MEMBER.search(description) or _NAME.search(description)
    return match[0] if match else description


def _broken(coordinate: str, old: Promises, new: Promises) -> Iterator[str]:
    for key in sorted(old.keys - new.keys):
        yield f'{coordinate} lost @key(fields: "{key}").'
    if old.is_shareable and not new.is_shareable:
        yield f"{coordinate} lost @shareable."
    if new.is_authenticated and not old.is_authenticated and old.scopes == ((),):
        yield f"{coordinate} gained @authenticated."
    if not all(any(not missing_scopes(given, asked) for asked in new.scopes) for given in old.scopes):
        yield f"{coordinate} asks for other scopes: @requiresScopes(scopes: {_write(new.scopes)})."


def _write(scopes: tuple[tuple[str, ...], ...]) -> str:
    return str([list(each) for each in scopes]).replace("'", '"')


def _promises(document: DocumentNode) -> Iterator[tuple[str, Promises]]:
    for definition in document.definitions:
        if isinstance(definition, TypeDefinitionNode):
            name = definition.name.value
            yield name, _read(definition.directives or ())
            for field in getattr(definition, "fields", None) or ():
                yield f"{name}.{field.name.value}", _read(field.directives or ())


def _read(directives: tuple[ConstDirectiveNode, ...]) -> Promises:
    given = [(node.name.value, _arguments(node)) for node in directives]
    scopes = [tuple(map(tuple, arguments["scopes"])) for name, arguments in given if name == "requiresScopes"]
    return Promises(
        keys=frozenset(" ".join(arguments["fields"].split()) for name, arguments in given if name == "key"),
        is_shareable=any(name == "shareable" for name, _ in given),
        is_authenticated=any(name == "authenticated" for name, _ in given),
        scopes=scopes[0] if scopes else ((),),
    )


def _arguments(node: ConstDirectiveNode) -> dict[str, Any]:
    return {each.name.value: value_from_ast_untyped(each.value) for each in node.arguments or ()}
