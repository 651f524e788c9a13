"""Case files: data to insert, and the runs on it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tests.conformance.fields import CaseError, Fields, read_object

NAIVE_TIME_IS_PROJECT_TIME = "naive_time_is_project_time"
Properties = Mapping[str, object]


class Kind(StrEnum):
    """The kind of a file's cases."""

    TRENDS = "trends"
    ACCESS = "access"
    KEYS = "API keys"


_MARKS = {"runs": Kind.TRENDS, "steps": Kind.ACCESS, "kind": Kind.KEYS}
"""The key that only cases of this kind have."""


class SetAside(Exception):
    """A case uses something for which the gateway has no equivalent; the message says why."""


@dataclass(frozen=True, slots=True)
class CaseSource:
    """A case in its file. `content` is read when its test runs, so that an invalid case only fails that test."""

    file: str
    name: str
    content: object
    kind: Kind = Kind.TRENDS

    @property
    def id(self) -> str:
        """The id of the case's test."""
        return f"{self.file.removesuffix('.json')}:{self.name}"


@dataclass(frozen=True, slots=True)
class OtherFile:
    """A JSON file without a single case."""

    file: str
    reason: str

    @property
    def id(self) -> str:
        """The id of the file's test."""
        return self.file


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    distinct_id: str
    timestamp: datetime
    properties: Properties
    repeat: int
    is_of_other_project: bool


@dataclass(frozen=True, slots=True)
class Person:
    distinct_ids: tuple[str, ...]
    properties: Properties


@dataclass(frozen=True, slots=True)
class Group:
    type_index: int
    key: str
    properties: Properties


@dataclass(frozen=True, slots=True)
class PropertyDefinition:
    """The type of a property's values. `type` is event, person or group."""

    name: str
    type: str
    property_type: str
    group_type_index: int | None


@dataclass(frozen=True, slots=True)
class Cohort:
    """People who satisfy one of `groups`, or who have one of the distinct ids."""

    ref: str
    name: str
    groups: list[tuple[str, object]]
    distinct_ids: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Action:
    ref: str
    name: str
    steps: list[tuple[str, object]]


@dataclass(frozen=True, slots=True)
class Run:
    """One query at one time. It may contain references to cohorts and actions, which are created later."""

    now: datetime
    form: str
    query: object
    is_export: bool
    checks: list[tuple[str, object]]


@dataclass(frozen=True, slots=True)
class Project:
    timezone: str
    week_start_day: str
    test_account_filters: object


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    project: Project
    group_types: tuple[tuple[int, str], ...]
    groups: tuple[Group, ...]
    persons: tuple[Person, ...]
    events: tuple[Event, ...]
    property_definitions: tuple[PropertyDefinition, ...]
    cohorts: tuple[Cohort, ...]
    actions: tuple[Action, ...]
    runs: tuple[Run, ...]


def find_cases(folder: Path) -> Iterator[CaseSource | OtherFile]:
    """Every case of every JSON file below the folder, in a fixed order."""
    for path in sorted(folder.rglob("*.json")):
        file = path.relative_to(folder).as_posix()
        try:
            listed = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as wrong:
            yield CaseSource(file, "unreadable", CaseError(f"{file}: {wrong}"))
            continue
        kind = _kind_of(listed)
        if kind is None:
            yield OtherFile(file, "it is not a list of cases")
        else:
            yield from (CaseSource(file, _name_of(item, index), item, kind) for index, item in enumerate(listed))


def _kind_of(listed: object) -> Kind | None:
    """Return the kind of a file: that of the first case that has one."""
    if not isinstance(listed, list):
        return None
    objects = (item for item in listed if isinstance(item, dict))
    return next((kind for item in objects for mark, kind in _MARKS.items() if mark in item), None)


def _name_of(item: object, index: int) -> str:
    return str(item.get("name", index)) if isinstance(item, dict) else str(index)


def read_case(source: CaseSource) -> Case:
    """Read the case. Raises CaseError for anything unknown."""
    if isinstance(source.content, CaseError):
        raise source.content
    with read_object(source.content, source.name) as fields:
        fields.drop(("name", "source", "suite"))
        tags = fields.take("tags", [])
        project = _read_project(fields.take("project", {}))
        is_local = isinstance(tags, list) and NAIVE_TIME_IS_PROJECT_TIME in tags
        zone = _zone(project.timezone) if is_local else UTC
        return Case(
            name=source.name,
            project=project,
            group_types=tuple(_read_group_type(item, at) for at, item in fields.items("group_types")),
            groups=tuple(_read_group(item, at) for at, item in fields.items("groups")),
            persons=tuple(_read_person(item, at) for at, item in fields.items("persons")),
            events=tuple(_read_event(item, at, zone) for at, item in fields.items("events")),
            property_definitions=tuple(
                _read_definition(item, at) for at, item in fields.items("property_definitions")
            ),
            cohorts=tuple(_read_cohort(item, at) for at, item in fields.items("cohorts")),
            actions=tuple(_read_action(item, at) for at, item in fields.items("actions")),
            runs=tuple(_read_run(item, at, zone) for at, item in fields.items("runs")),
        )


def _read_project(value: object) -> Project:
    with read_object(value, "project") as fields:
        fields.take("person_on_events")  # persons are always read in their current state
        return Project(
            timezone=fields.text("timezone") or "UTC",
            week_start_day=(fields.text("week_start_day") or "sunday").upper(),
            test_account_filters=fields.take("test_account_filters", []),
        )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError as wrong:
        raise CaseError(f"project.timezone: {name!r} is unknown") from wrong


def _read_group_type(value: object, where: str) -> tuple[int, str]:
    with read_object(value, where) as fields:
        return _index(fields, "index"), fields.required_text("name")


def _read_group(value: object, where: str) -> Group:
    with read_object(value, where) as fields:
        return Group(_index(fields, "type_index"), fields.required_text("key"), fields.mapping("properties"))


def _read_person(value: object, where: str) -> Person:
    with read_object(value, where) as fields:
        return Person(_texts(fields, "distinct_ids"), fields.mapping("properties"))


def _read_event(value: object, where: str, zone: tzinfo) -> Event:
    with read_object(value, where) as fields:
        repeat = fields.integer("repeat")
        return Event(
            name=fields.required_text("event"),
            distinct_id=fields.required_text("distinct_id"),
            timestamp=_moment(fields, "timestamp", zone),
            properties=fields.mapping("properties"),
            repeat=1 if repeat is None else repeat,
            is_of_other_project=fields.flag("other_project"),
        )


def _read_definition(value: object, where: str) -> PropertyDefinition:
    with read_object(value, where) as fields:
        return PropertyDefinition(
            name=fields.required_text("name"),
            type=fields.required_text("type"),
            property_type=fields.required_text("property_type"),
            group_type_index=fields.integer("group_type_index"),
        )


def _read_cohort(value: object, where: str) -> Cohort:
    with read_object(value, where) as fields:
        is_static = "static_distinct_ids" in fields
        return Cohort(
            ref=fields.required_text("ref"),
            name=fields.required_text("name"),
            distinct_ids=_texts(fields, "static_distinct_ids") if is_static else None,
            groups=fields.items("groups"),
        )


def _read_action(value: object, where: str) -> Action:
    with read_object(value, where) as fields:
        return Action(fields.required_text("ref"), fields.required_text("name"), fields.items("steps"))


def _read_run(value: object, where: str, zone: tzinfo) -> Run:
    with read_object(value, where) as fields:
        context = fields.take("limit_context")
        if context not in (None, "export"):
            raise CaseError(f"{where}.limit_context: {context!r} is unknown")
        query = fields.mapping("query")
        if len(query) != 1 or not query.keys() <= {"filter", "trends_query"}:
            raise CaseError(f"{where}.query: it is either a filter or a trends_query, not {sorted(query)}")
        [(form, content)] = query.items()
        return Run(_moment(fields, "now", zone), form, content, context is not None, fields.items("checks"))


def _index(fields: Fields, key: str) -> int:
    value = fields.integer(key)
    if value is None:
        raise CaseError(f"{fields.where}.{key} is missing")
    return value


def _texts(fields: Fields, key: str) -> tuple[str, ...]:
    listed = [item for _, item in fields.items(key)]
    if not all(isinstance(item, str) for item in listed):
        raise CaseError(f"{fields.where}.{key}: must be strings, not {listed!r}")
    return tuple(map(str, listed))


def _moment(fields: Fields, key: str, zone: tzinfo) -> datetime:
    text = fields.required_text(key)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise CaseError(f"{fields.where}.{key}: {text!r} is not a time") from wrong
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
