"""The fields that an expression may read: those of the layout, and paths into properties."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlglot import exp

from datasource.layouts.contract import (
    DISTINCT_ID,
    ELEMENTS_CHAIN,
    ELEMENTS_HREF,
    ELEMENTS_TEXTS,
    EVENT,
    EVENT_ID,
    PERSON,
    PERSON_ID,
    SESSION_ID,
    SESSION_NUMBERS,
    SESSION_STRINGS,
    TIMESTAMP,
    event_number,
    event_text,
    group_key,
    group_number,
    group_text,
    person_number,
    person_text,
    session_number,
    session_text,
)
from datasource.sql.tree import Call, Cast, Expr, Null, Number, Param, call
from datasource.tables.steps import GROUP_TYPE_COUNT
from resolvers.trends.channels import CHANNEL, COMPUTED, COMPUTED_FIELDS, session_channel
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql.errors import HogQLError, quoted
from resolvers.trends.hogql.values import Value, ValueType

DEEPEST_PATH = 10
_KNOWN = (
    "The fields are event, timestamp, distinct_id, uuid, person_id, $session_id, $group_0, properties.key, "
    "person.properties.key, group_0.properties.key and session.$session_duration. "
    "Quote a key with special characters: properties.`full name`."
)
_GROUPS = range(GROUP_TYPE_COUNT)
_TEXTS: dict[tuple[str, ...], Expr] = {
    ("event",): Cast(EVENT, "String"),  # some functions reject the dictionary type of its column
    ("distinct_id",): DISTINCT_ID,
    ("uuid",): call("toString", EVENT_ID),
    ("elements_chain",): ELEMENTS_CHAIN,
    ("elements_chain_href",): ELEMENTS_HREF,
    ("$session_id",): SESSION_ID,
    ("session", "id"): SESSION_ID,
    ("session", "session_id"): SESSION_ID,
    ("session", "$session_id"): SESSION_ID,
    **{(f"$group_{index}",): group_key(index) for index in _GROUPS},
    **{(f"group_{index}", "key"): group_key(index) for index in _GROUPS},
}
_PERSON_NAMES = (("person_id",), ("person", "id"))
_OWNERS: dict[tuple[str, ...], tuple[Callable[[str], Expr], Callable[[str], Expr]]] = {
    ("properties",): (event_text, event_number),
    ("person", "properties"): (person_text, person_number),
    **{
        (f"group_{index}", "properties"): (partial(group_text, index), partial(group_number, index))
        for index in _GROUPS
    },
}

Step = str | int
"""A key, or an index of a list, from 1."""


@dataclass(frozen=True, slots=True)
class Path:
    """A name with its steps: person.properties.address['city']."""

    steps: tuple[Step, ...]
    node: exp.Expr

    def __str__(self) -> str:
        first, *rest = self.steps
        return str(first) + "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in rest)


def path_of(node: exp.Expr) -> Path | None:
    """The path that a node names, None for any other node. Raises HogQLError for an invalid step."""
    outer: list[exp.Expr] = []
    inner = node
    while isinstance(inner, exp.Dot | exp.Bracket):
        outer.append(inner)
        inner = inner.this
    if not isinstance(inner, exp.Column):
        return None
    steps: list[Step] = [_key(part) for part in inner.parts]
    for part in reversed(outer):
        steps.append(_bracketed(part) if isinstance(part, exp.Bracket) else _key(part.expression))
    return Path(tuple(steps), node)


def read_field(path: Path, context: CompileContext, *, is_aggregating: bool = False) -> Value:
    """The value of a field. Raises HogQLError for an unknown one.

    An event without a session has one of length 0, which aggregates skip.
    """
    steps, node = path.steps, path.node
    if steps in _TEXTS:
        return Value(_TEXTS[steps], ValueType.STRING, node)  # type: ignore[index]  # a path of names alone is in it
    if steps == ("timestamp",):
        return Value(call("toTimeZone", TIMESTAMP, context.zone), ValueType.DATETIME, node)
    if steps == ("elements_chain_texts",):
        return Value(ELEMENTS_TEXTS, ValueType.LIST, node)
    if steps in _PERSON_NAMES:
        return Value(PERSON_ID, ValueType.STRING, node, identity=PERSON)
    if steps[0] == "person" and str(steps[-1]).startswith(COMPUTED) and steps[1:-1] in ((), ("properties",)):
        return _computed_field(path, str(steps[-1]))
    if steps == ("session", CHANNEL):
        return Value(session_channel(), ValueType.STRING, node)
    if steps[0] == "session" and len(steps) == 2:
        return _session_field(path, str(steps[1]), is_aggregating=is_aggregating)
    for owner, (text, number) in _OWNERS.items():
        if steps[: len(owner)] == owner:
            return _property(path, steps[len(owner) :], text, number)
    raise HogQLError("unknown field {field}.", node, _KNOWN, field=quoted(str(path)))


def json_value(json: Expr, steps: Sequence[Step], node: exp.Expr) -> Value:
    """The value at a path json_value a JSON string, NULL where there is none."""
    keys = tuple(Param(step, "String" if isinstance(step, str) else "Int64") for step in steps)
    text = Call("JSONExtract", (json, *keys, Param("Nullable(String)", "String")))
    number = call("ifNotFinite", call("toFloat64OrNull", text), Null())
    return Value(text, ValueType.STRING, node, number=number)


def _property(
    path: Path, steps: Sequence[Step], text: Callable[[str], Expr], number: Callable[[str], Expr]
) -> Value:
    if not steps or not isinstance(steps[0], str) or not steps[0]:
        raise HogQLError(
            "{field} needs the key of a property.",
            path.node,
            "For example properties.plan.",
            field=quoted(str(path)),
        )
    if len(steps) > DEEPEST_PATH:
        raise HogQLError("the path has more than {deepest} steps.", path.node, deepest=DEEPEST_PATH)
    key, *rest = steps
    if rest:
        return json_value(text(str(key)), rest, path.node)
    return Value(text(str(key)), ValueType.STRING, path.node, number=number(str(key)))


def _computed_field(path: Path, key: str) -> Value:
    if key not in COMPUTED_FIELDS:
        raise HogQLError(
            "persons have no computed property {field}.",
            path.node,
            "Choose one of {known}.",
            field=quoted(key),
            known=tuple(COMPUTED_FIELDS),
        )
    return Value(COMPUTED_FIELDS[key](), ValueType.STRING, path.node)


def _session_field(path: Path, key: str, *, is_aggregating: bool) -> Value:
    if key in SESSION_NUMBERS:
        number = session_number(key)
        is_zero = key == "$session_duration" and not is_aggregating
        return Value(call("ifNull", number, Number(0)) if is_zero else number, ValueType.NUMBER, path.node)
    if key in SESSION_STRINGS:
        return Value(session_text(key), ValueType.STRING, path.node, number=session_number(key))
    raise HogQLError(
        "sessions have no field {field}.",
        path.node,
        "Choose one of {known}.",
        field=quoted(key),
        known=tuple(sorted(SESSION_NUMBERS | SESSION_STRINGS)),
    )


def _key(node: exp.Expr) -> str:
    if not isinstance(node, exp.Identifier):
        raise HogQLError(
            "expected a name after the dot.", node, "Quote a key with special characters: properties.`full name`."
        )
    return node.name


def _bracketed(node: exp.Bracket) -> Step:
    inner = node.expressions[0] if len(node.expressions) == 1 else None
    if not isinstance(inner, exp.Literal):
        raise HogQLError(
            "expected a key in quotes or an index in brackets.", node, "For example properties['full name']."
        )
    if inner.is_string:
        return inner.name
    if not inner.name.isdecimal() or not 0 < int(inner.name) < 10**6:
        raise HogQLError("indexes of lists start at 1.", inner)
    return int(inner.name)
