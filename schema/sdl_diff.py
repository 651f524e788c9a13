"""Breaking changes between two versions of the SDL, for clients and for composition."""

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

_MEMBER = re.compile(r"(?:@|\w+\.)\w+(?:\(\w+:\))?")
_NAME = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Change:
    """A breaking change at a schema coordinate such as `Project.trend(query:)`; `description` is a sentence."""

    coordinate: str
    description: str


@dataclass(frozen=True, slots=True)
class FederationDirectives:
    """The federation directives of a type or field."""

    keys: frozenset[str] = frozenset()
    is_shareable: bool = False
    is_authenticated: bool = False
    # Any one of these sets of scopes suffices; without the directive, the empty set.
    scopes: tuple[tuple[str, ...], ...] = ((),)


def breaking_changes(old: str, new: str) -> list[Change]:
    """List breaking changes, in the order of the old SDL."""
    before, after = parse(old), parse(new)
    schemas = (build_ast_schema(each, assume_valid_sdl=True) for each in (before, after))
    changes = [Change(_coordinate(each.description), each.description) for each in find_breaking_changes(*schemas)]
    changed = {change.coordinate for change in changes}
    new_directives = dict(_directives(after))
    for coordinate, directives in _directives(before):
        if coordinate in new_directives and coordinate not in changed:
            broken = _breaking_directives(coordinate, directives, new_directives[coordinate])
            changes += [Change(coordinate, description) for description in broken]
    return changes


def _coordinate(description: str) -> str:
    members = (_MEMBER.match(word) for word in description.split())
    match = next(filter(None, members), None) or _NAME.search(description)
    return match[0] if match else description


def _breaking_directives(coordinate: str, old: FederationDirectives, new: FederationDirectives) -> Iterator[str]:
    for key in sorted(old.keys - new.keys):
        yield f'{coordinate} lost @key(fields: "{key}").'
    if old.is_shareable and not new.is_shareable:
        yield f"{coordinate} lost @shareable."
    if new.is_authenticated and not old.is_authenticated and old.scopes == ((),):
        yield f"{coordinate} gained @authenticated."
    if not all(any(not missing_scopes(granted, required) for required in new.scopes) for granted in old.scopes):
        yield f"{coordinate} requires other scopes: @requiresScopes(scopes: {_write(new.scopes)})."


def _write(scopes: tuple[tuple[str, ...], ...]) -> str:
    return str([list(each) for each in scopes]).replace("'", '"')


def _directives(document: DocumentNode) -> Iterator[tuple[str, FederationDirectives]]:
    for definition in document.definitions:
        if isinstance(definition, TypeDefinitionNode):
            name = definition.name.value
            yield name, _read(definition.directives or ())
            for field in getattr(definition, "fields", None) or ():
                yield f"{name}.{field.name.value}", _read(field.directives or ())


def _read(directives: tuple[ConstDirectiveNode, ...]) -> FederationDirectives:
    given = [(node.name.value, _arguments(node)) for node in directives]
    scopes = [tuple(map(tuple, arguments["scopes"])) for name, arguments in given if name == "requiresScopes"]
    return FederationDirectives(
        keys=frozenset(" ".join(arguments["fields"].split()) for name, arguments in given if name == "key"),
        is_shareable=any(name == "shareable" for name, _ in given),
        is_authenticated=any(name == "authenticated" for name, _ in given),
        scopes=scopes[0] if scopes else ((),),
    )


def _arguments(node: ConstDirectiveNode) -> dict[str, Any]:
    return {each.name.value: value_from_ast_untyped(each.value) for each in node.arguments or ()}
