"""Parsing and storing the rows of a file, by their kind: events, persons or groups."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol, TypeVar

from datasource.clickhouse.engine import Engine
from datasource.loader import groups, parse_persons
from datasource.loader.chunks import Chunk, Record, Rejects
from datasource.loader.event_columns import EventColumns
from datasource.loader.event_store import EventStore
from datasource.loader.groups import GroupRow, GroupStore, GroupTypeIndex, parse_group
from datasource.loader.limits import MAX_UNUSED
from datasource.loader.parse_events import parse_events
from datasource.loader.parse_persons import PersonRow, parse_person
from datasource.loader.person_store import PersonStore
from datasource.loader.read_jsonl import JsonTyping
from datasource.loader.row_fields import PROPERTY_PREFIX

_MAX_PERSONS_PER_BATCH: Final = 20_000
_Row = TypeVar("_Row")


class RowKind(StrEnum):
    """The kind of all rows of a file."""

    EVENTS = "events"
    PERSONS = "persons"
    GROUPS = "groups"


@dataclass(frozen=True, slots=True)
class ParsedChunk:
    """A chunk with checked rows. `content` is for the sink that parsed it."""

    content: object
    rows: int
    rejects: Rejects
    unused: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True)
class StoreResult:
    """The numbers of rows that were stored now and before, and rows that could not be stored."""

    stored: int
    already_stored: int = 0
    rejects: Rejects = field(default_factory=Rejects)


class Sink(Protocol):
    """Parses chunks, on any thread, and stores them."""

    @property
    def kind(self) -> RowKind:
        """The kind of rows."""
        ...

    def parse(self, chunk: Chunk) -> ParsedChunk:
        """Parse and check the rows of a chunk."""
        ...

    async def store(self, chunks: Sequence[ParsedChunk]) -> StoreResult:
        """Store consecutive chunks in one batch."""
        ...


def detect_kind(records: Iterable[Record]) -> RowKind:
    """Detect the kind from the first row whose fields show it."""
    for record in records:
        fields = record.fields or {}
        if "group_key" in fields and "event" not in fields:
            return RowKind.GROUPS
        if "event" in fields or "timestamp" in fields:
            return RowKind.EVENTS
        if "distinct_id" in fields or "distinct_ids" in fields:
            return RowKind.PERSONS
    return RowKind.EVENTS


def create_sink(kind: RowKind, engine: Engine, project_id: int, type_index: GroupTypeIndex) -> Sink:
    """Create the sink for rows of a kind."""
    if kind is RowKind.EVENTS:
        return EventSink(EventStore(engine, project_id))
    if kind is RowKind.PERSONS:
        return PersonSink(PersonStore(engine, project_id))
    return GroupSink(GroupStore(engine, project_id, type_index))


class EventSink:
    kind = RowKind.EVENTS

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._typing = JsonTyping()

    def parse(self, chunk: Chunk) -> ParsedChunk:
        parsed = parse_events(chunk, self._typing)
        return ParsedChunk(list(parsed.events), parsed.rows, parsed.rejects, parsed.unused, chunk.position)

    async def store(self, chunks: Sequence[ParsedChunk]) -> StoreResult:
        events = _rows_of(chunks, EventColumns)
        stored = await self._store.store(events)
        return StoreResult(stored, sum(map(len, events)) - stored)


class PersonSink:
    kind = RowKind.PERSONS

    def __init__(self, store: PersonStore) -> None:
        self._store = store

    def parse(self, chunk: Chunk) -> ParsedChunk:
        return _parse_rows(chunk, parse_person, parse_persons.FIELDS)

    async def store(self, chunks: Sequence[ParsedChunk]) -> StoreResult:
        rows = _rows_of(chunks, PersonRow)
        for start in range(0, len(rows), _MAX_PERSONS_PER_BATCH):
            await self._store.store(rows[start : start + _MAX_PERSONS_PER_BATCH])
        return StoreResult(len(rows))


class GroupSink:
    kind = RowKind.GROUPS

    def __init__(self, store: GroupStore) -> None:
        self._store = store

    def parse(self, chunk: Chunk) -> ParsedChunk:
        return _parse_rows(chunk, parse_group, groups.FIELDS)

    async def store(self, chunks: Sequence[ParsedChunk]) -> StoreResult:
        stored, rejects = await self._store.store(_rows_of(chunks, GroupRow))
        return StoreResult(stored, 0, rejects)


def _parse_rows(chunk: Chunk, parse: Callable[[Record], _Row], used: frozenset[str]) -> ParsedChunk:
    rows: list[_Row] = []
    rejects = Rejects()
    unused: dict[str, None] = {}
    for record in chunk.records():
        try:
            rows.append(parse(record))
            names = (name for name in record.fields or () if not name.startswith(PROPERTY_PREFIX))
            unused.update(dict.fromkeys(name for name in names if name not in used))
        except ValueError as reason:
            rejects.add(record, reason)
    return ParsedChunk(rows, len(rows) + rejects.count, rejects, tuple(unused)[:MAX_UNUSED], chunk.position)


def _rows_of(chunks: Sequence[ParsedChunk], kind: type[_Row]) -> list[_Row]:
    found: list[_Row] = []
    for chunk in chunks:
        if isinstance(chunk.content, list):
            found.extend(row for row in chunk.content if isinstance(row, kind))
    return found
