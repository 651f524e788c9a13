"""Where the rows of a file go, by what they are: events, persons or groups."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, TypeVar

from datasource.clickhouse.engine import Engine
from datasource.loader import groups, parse_persons
from datasource.loader.chunks import Chunk, Record, Reject
from datasource.loader.event_store import EventStore
from datasource.loader.groups import GroupRow, GroupStore, GroupTypeIndex, read_group
from datasource.loader.parse_events import EventColumns, read_events
from datasource.loader.parse_persons import PersonRow, read_person
from datasource.loader.person_store import PersonStore
from datasource.loader.read_csv_parquet import PROPERTY_PREFIX
from datasource.loader.read_jsonl import JsonTyping

_ROWS_AT_ONCE: Final = 20_000
_Row = TypeVar("_Row")


class Kind(StrEnum):
    """What the rows of a file are."""

    EVENTS = "events"
    PERSONS = "persons"
    GROUPS = "groups"


@dataclass(frozen=True, slots=True)
class Read:
    """A chunk, read and checked. `content` is what the sink that read it can store."""

    content: object
    rows: int
    rejects: tuple[Reject, ...]
    unused: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of some chunks: rows stored, rows that were there already, rows refused at last."""

    stored: int
    known: int = 0
    rejects: tuple[Reject, ...] = ()


class Sink(Protocol):
    """Reads chunks, on any thread, and stores what it read."""

    @property
    def kind(self) -> Kind:
        """What the rows are."""
        ...

    def read(self, chunk: Chunk) -> Read:
        """Check the rows of a chunk."""
        ...

    async def store(self, parts: Sequence[Read]) -> Stored:
        """Store what was read from some consecutive chunks."""
        ...


def kind_of(records: Iterable[Record]) -> Kind:
    """What a file holds, told by the first of these rows whose fields say it."""
    for record in records:
        fields = record.fields or {}
        if "group_key" in fields and "event" not in fields:
            return Kind.GROUPS
        if "event" in fields or "timestamp" in fields:
            return Kind.EVENTS
        if "distinct_id" in fields or "distinct_ids" in fields:
            return Kind.PERSONS
    return Kind.EVENTS


def sink_for(kind: Kind, engine: Engine, project_id: int, type_index: GroupTypeIndex) -> Sink:
    """The sink for rows of that kind."""
    if kind is Kind.EVENTS:
        return EventSink(EventStore(engine, project_id))
    if kind is Kind.PERSONS:
        return PersonSink(PersonStore(engine, project_id))
    return GroupSink(GroupStore(engine, project_id, type_index))


class EventSink:
    """See Sink."""

    kind = Kind.EVENTS

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._typing = JsonTyping()

    def read(self, chunk: Chunk) -> Read:
        """See Sink.read."""
        found = read_events(chunk, self._typing)
        return Read(found.events, found.rows, found.rejects, found.unused, chunk.position)

    async def store(self, parts: Sequence[Read]) -> Stored:
        """See Sink.store."""
        events = [part.content for part in parts if isinstance(part.content, EventColumns)]
        stored = await self._store.store(events)
        return Stored(stored, sum(map(len, events)) - stored)


class PersonSink:
    """See Sink."""

    kind = Kind.PERSONS

    def __init__(self, store: PersonStore) -> None:
        self._store = store

    def read(self, chunk: Chunk) -> Read:
        """See Sink.read."""
        return _read_rows(chunk, read_person, parse_persons.FIELDS)

    async def store(self, parts: Sequence[Read]) -> Stored:
        """See Sink.store."""
        rows = _content(parts, PersonRow)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            await self._store.store(rows[start : start + _ROWS_AT_ONCE])
        return Stored(len(rows))


class GroupSink:
    """See Sink."""

    kind = Kind.GROUPS

    def __init__(self, store: GroupStore) -> None:
        self._store = store

    def read(self, chunk: Chunk) -> Read:
        """See Sink.read."""
        return _read_rows(chunk, read_group, groups.FIELDS)

    async def store(self, parts: Sequence[Read]) -> Stored:
        """See Sink.store."""
        stored, rejects = await self._store.store(_content(parts, GroupRow))
        return Stored(stored, 0, rejects)


def _read_rows(chunk: Chunk, read: Callable[[Record], _Row], used: frozenset[str]) -> Read:
    rows: list[_Row] = []
    rejects: list[Reject] = []
    unused: dict[str, None] = {}
    for record in chunk.records():
        try:
            rows.append(read(record))
            names = (name for name in record.fields or () if not name.startswith(PROPERTY_PREFIX))
            unused.update(dict.fromkeys(name for name in names if name not in used))
        except ValueError as reason:
            rejects.append(Reject(record.row, str(reason), record.text))
    return Read(rows, len(rows) + len(rejects), tuple(rejects), tuple(unused), chunk.position)


def _content(parts: Sequence[Read], kind: type[_Row]) -> list[_Row]:
    found: list[_Row] = []
    for part in parts:
        if isinstance(part.content, list):
            found.extend(row for row in part.content if isinstance(row, kind))
    return found
