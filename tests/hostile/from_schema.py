"""A request for every input of every field of the schema, with values that no client should send."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_required_argument,
    is_required_input_field,
)

from tests.hostile.case import Case, graphql
from tests.hostile.examples import ARGUMENTS, COMPANIONS, FIELDS, OBJECTS, TYPES, UNUSED
from tests.hostile.values import FLOATS, INTEGERS, MISFITS, Value, property_values, repeated, texts_for, values

MOST_VISITS: Final = 2
"""How often an input type is entered on one path: groups contain groups."""
MOST_SELECTED: Final = 2


@dataclass(frozen=True)
class Step:
    """One step into the arguments: the key of an object or, for an item of a list, 0."""

    key: str | int
    type: GraphQLInputType
    owner: str
    """Type.field or Type.field.argument, by which examples and companions are found."""


@dataclass(frozen=True)
class Target:
    """A field with arguments, and the fields that lead to it from a root type."""

    operation: str
    chain: tuple[tuple[str, str, GraphQLField], ...]
    """Type, name and definition of each field; the last one is the target."""

    @property
    def name(self) -> str:
        return f"{self.chain[-1][0]}.{self.chain[-1][1]}"

    @property
    def arguments(self) -> Mapping[str, GraphQLArgument]:
        return self.chain[-1][2].args

    @property
    def is_deletion(self) -> bool:
        return self.chain[-1][1].endswith("Delete")


def targets(schema: GraphQLSchema) -> Iterator[Target]:
    """Every field with arguments, each on one of the shortest ways to it."""
    for operation, root in (
        ("query", schema.query_type),
        ("mutation", schema.mutation_type),
        ("subscription", schema.subscription_type),
    ):
        assert root is not None
        yield from _targets_below(operation, root)


def _targets_below(operation: str, root: GraphQLObjectType) -> Iterator[Target]:
    ways: dict[str, tuple[tuple[str, str, GraphQLField], ...]] = {root.name: ()}
    queue = [root]
    for parent in queue:
        for name, field in parent.fields.items():
            way = (*ways[parent.name], (parent.name, name, field))
            if field.args:
                yield Target(operation, way)
            below = get_named_type(field.type)
            if operation == "query" and isinstance(below, GraphQLObjectType) and below.name not in ways:
                ways[below.name] = way
                queue.append(below)


def positions(target: Target) -> Iterator[tuple[Step, ...]]:
    """Every place in the target's arguments, also inside lists and objects."""
    for name, argument in target.arguments.items():
        yield from _positions_below((Step(name, argument.type, f"{target.name}.{name}"),), ())


def _positions_below(path: tuple[Step, ...], visited: tuple[str, ...]) -> Iterator[tuple[Step, ...]]:
    yield path
    type_ = get_nullable_type(path[-1].type)
    if isinstance(type_, GraphQLList):
        yield from _positions_below((*path, Step(0, type_.of_type, path[-1].owner)), visited)
    elif isinstance(type_, GraphQLInputObjectType) and visited.count(type_.name) < MOST_VISITS:
        for name, field in type_.fields.items():
            step = Step(name, field.type, f"{type_.name}.{name}")
            yield from _positions_below((*path, step), (*visited, type_.name))


def hostile_values(step: Step) -> Iterator[Value]:
    """Values for the step's type, and those of every other type."""
    type_ = get_nullable_type(step.type)
    yield from values(MISFITS)
    if isinstance(type_, GraphQLList):
        yield from repeated(example(Step(0, type_.of_type, step.owner)))
        return
    named = get_named_type(type_)
    if isinstance(named, GraphQLEnumType):
        yield from values([*named.values, "nope", next(iter(named.values)).lower(), "a" * 100_000])
    match named.name:
        case "Int":
            yield from values(INTEGERS)
        case "Float":
            yield from values(FLOATS)
        case "String" | "ID":
            yield from texts_for(step.owner.rpartition(".")[2])
            yield from values(INTEGERS)
        case "PropertyValue":
            yield from property_values()


def example(step: Step) -> Any:
    """A valid value."""
    type_ = get_nullable_type(step.type)
    listed = FIELDS.get(step.owner)
    if listed is not None and isinstance(type_, GraphQLList) == isinstance(listed, list):
        return deepcopy(listed)
    if isinstance(listed, list):
        return deepcopy(listed[0])
    if isinstance(type_, GraphQLList):
        return [example(Step(0, type_.of_type, step.owner))]
    if isinstance(type_, GraphQLInputObjectType):
        return _object(type_)
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    key = step.owner.rpartition(".")[2]
    return ARGUMENTS.get(key, TYPES[type_.name])


def _object(type_: GraphQLInputObjectType) -> dict[str, Any]:
    if type_.name in OBJECTS:
        return deepcopy(dict(OBJECTS[type_.name]))
    return {
        name: example(Step(name, field.type, f"{type_.name}.{name}"))
        for name, field in type_.fields.items()
        if is_required_input_field(field)
    }


def place(arguments: dict[str, Any], path: Sequence[Step], value: object) -> None:
    """Put the value where the path leads, and make what is missing on the way."""
    at: Any = arguments
    for step in path[:-1]:
        if isinstance(at, dict):
            at.update(deepcopy(dict(COMPANIONS.get(step.owner, {}))))
            if not at.get(str(step.key)):
                at[step.key] = example(step)
        elif not at:
            at.append(example(step))
        at = at[step.key]
    last = path[-1]
    if isinstance(at, dict):
        at.update(deepcopy(dict(COMPANIONS.get(last.owner, {}))))
        at[last.key] = value
    else:
        at[:1] = [value]


def all_positions(schema: GraphQLSchema) -> Iterator[tuple[Target, tuple[Step, ...]]]:
    """Every position of every field."""
    for target in targets(schema):
        for path in positions(target):
            yield target, path


def one_of_each(schema: GraphQLSchema) -> Iterator[tuple[Target, tuple[Step, ...]]]:
    """One position of each input and argument, as an item of a list and as the list."""
    seen: set[tuple[str, bool]] = set()
    for target, path in all_positions(schema):
        what = (path[-1].owner, path[-1].key == 0)
        if what not in seen:
            seen.add(what)
            yield target, path


def valid(target: Target, path: Sequence[Step], ids: Mapping[str, str]) -> Case:
    """A case that the gateway must answer."""
    is_used = not any((step.owner, path[-1].owner) in UNUSED for step in path)
    value = Value("valid", example(path[-1]))
    return ask(target, path, value, ids, is_valid=is_used and not target.is_deletion)


def hostile(
    target: Target, path: Sequence[Step], ids: Mapping[str, str], rng: Random, count: int
) -> Iterator[Case]:
    """Cases for some of the values at the position."""
    listed = [*hostile_values(path[-1])]
    for value in rng.sample(listed, min(count, len(listed))):
        yield ask(target, path, value, ids)


def ask(
    target: Target, path: Sequence[Step], value: Value, ids: Mapping[str, str], *, is_valid: bool = False
) -> Case:
    """Ask for the target with the value at the path."""
    variables: dict[str, Any] = {}
    declared: list[str] = []
    calls: list[str] = []
    for depth, (owner, name, field) in enumerate(target.chain):
        is_last = depth == len(target.chain) - 1
        given = {
            key: example(Step(key, argument.type, f"{owner}.{name}.{key}"))
            for key, argument in field.args.items()
            if is_required_argument(argument)
        }
        if is_last:
            place(given, path, value.value)
        passed = [f"{key}: $v{depth}{key}" for key in given]
        declared += [f"$v{depth}{key}: {field.args[str(key)].type}" for key in given]
        variables |= {f"v{depth}{key}": each for key, each in given.items()}
        calls.append(name + (f"({', '.join(passed)})" if passed else ""))
    document = (
        f"{target.operation}({', '.join(declared)}) {{ {' { '.join(calls)}{selection(target.chain[-1][2].type)}"
    )
    document += " }" * len(target.chain)
    where = ".".join(str(step.key) for step in path)
    accept = "text/event-stream" if target.operation == "subscription" else "application/json"
    return graphql(
        f"{target.name}({where}): {value.label}",
        document,
        variables,
        ids,
        headers={"accept": accept},
        is_valid=is_valid,
    )


def selection(type_: GraphQLOutputType, depth: int = 0) -> str:
    """Select what needs no arguments, down to a few levels."""
    named = get_named_type(type_)
    if not isinstance(named, GraphQLObjectType):
        return " { __typename }" if is_composite_type(named) else ""
    chosen = ["__typename"]
    for name, field in named.fields.items():
        below = get_named_type(field.type)
        if field.args:
            continue
        if not isinstance(below, GraphQLObjectType):
            chosen.append(name)
        elif depth < MOST_SELECTED:
            chosen.append(name + selection(field.type, depth + 1))
    return f" {{ {' '.join(chosen)} }}"
