"""The names that an expression may read: every one is a field of the layout, or a path into a property."""

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
    SESSION_FIGURES,
    SESSION_ID,
    SESSION_TEXTS,
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
from datasource.sql.tree import Call, Cast, Expr, Null, Param, call
from datasource.tables.steps import GROUP_TYPE_COUNT
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql.errors import Refusal, quoted
from resolvers.trends.hogql.values import Kind, Value

DEEPEST_PATH = 10
_KNOWN = (
    "event, timestamp, distinct_id, uuid, person_id, $session_id, $group_0, properties.key, "
    "person.properties.key, group_0.properties.key and session.$session_duration are fields; "
    "an odd key stands in quotes: properties.`odd key`."
)
_GROUPS = range(GROUP_TYPE_COUNT)
_TEXTS: dict[tuple[str, ...], Expr] = {
    ("event",): Cast(EVENT, "String"),  # the dictionary type of its column does not fit everywhere
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
"""A key, or a place in a list, counted from 1."""


@dataclass(frozen=True, slots=True)
class Path:
    """A name with its steps: person.properties.address['city']."""

    steps: tuple[Step, ...]
    spot: exp.Expr

    def __str__(self) -> str:
        first, *rest = self.steps
        return str(first) + "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in rest)


def path_of(node: exp.Expr) -> Path | None:
    """The path that a node spells, None for what is no name. Raises Refusal for odd steps."""
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


def read_field(path: Path, around: CompileContext) -> Value:
    """The value of a name. Raises Refusal for a name that is none."""
    steps, spot = path.steps, path.spot
    if steps in _TEXTS:
        return Value(_TEXTS[steps], Kind.TEXT, spot)  # type: ignore[index]  # a path of names alone is in it
    if steps == ("timestamp",):
        return Value(call("toTimeZone", TIMESTAMP, around.zone), Kind.MOMENT, spot)
    if steps == ("elements_chain_texts",):
        return Value(ELEMENTS_TEXTS, Kind.LIST, spot)
    if steps in _PERSON_NAMES:
        return Value(PERSON_ID, Kind.TEXT, spot, identity=PERSON)
    if steps[0] == "session" and len(steps) == 2:
        return _session_field(path, str(steps[1]))
    for owner, (text, number) in _OWNERS.items():
        if steps[: len(owner)] == owner:
            return _property(path, steps[len(owner) :], text, number)
    raise Refusal(f"{quoted(str(path))} is no field.", spot, _KNOWN)


def inside(json: Expr, steps: Sequence[Step], spot: exp.Expr) -> Value:
    """The value at a path inside a JSON text, NULL where there is none."""
    places = tuple(Param(step, "String" if isinstance(step, str) else "Int64") for step in steps)
    text = Call("JSONExtract", (json, *places, Param("Nullable(String)", "String")))
    number = call("ifNotFinite", call("toFloat64OrNull", text), Null())
    return Value(text, Kind.TEXT, spot, number=number)


def _property(
    path: Path, steps: Sequence[Step], text: Callable[[str], Expr], number: Callable[[str], Expr]
) -> Value:
    if not steps or not isinstance(steps[0], str) or not steps[0]:
        raise Refusal(f"{quoted(str(path))} needs the key of a property.", path.spot, "Write properties.plan.")
    if len(steps) > DEEPEST_PATH:
        raise Refusal(f"the path has more than {DEEPEST_PATH} steps.", path.spot)
    key, *rest = steps
    if rest:
        return inside(text(str(key)), rest, path.spot)
    return Value(text(str(key)), Kind.TEXT, path.spot, number=number(str(key)))


def _session_field(path: Path, key: str) -> Value:
    if key in SESSION_FIGURES:
        return Value(session_number(key), Kind.NUMBER, path.spot)
    if key in SESSION_TEXTS:
        return Value(session_text(key), Kind.TEXT, path.spot, number=session_number(key))
    known = ", ".join(sorted(SESSION_FIGURES | SESSION_TEXTS))
    raise Refusal(f"{quoted(key)} is no field of a session.", path.spot, f"Choose one of {known}.")


def _key(node: exp.Expr) -> str:
    if not isinstance(node, exp.Identifier):
        raise Refusal(
            "a name is needed after the dot.", node, "An odd key stands in quotes: properties.`odd key`."
        )
    return node.name


def _bracketed(node: exp.Bracket) -> Step:
    inner = node.expressions[0] if len(node.expressions) == 1 else None
    if not isinstance(inner, exp.Literal):
        raise Refusal("a key in quotes or a place is needed in brackets.", node, "Write properties['odd key'].")
    if inner.is_string:
        return inner.name
    if not inner.name.isdecimal() or not 0 < int(inner.name) < 10**6:
        raise Refusal("places in a list count from 1.", inner)
    return int(inner.name)
