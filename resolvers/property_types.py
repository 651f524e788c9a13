"""What the values of a property are, as far as a project's data tell."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from weakref import WeakKeyDictionary

from datasource.clickhouse.engine import Engine
from datasource.events.definition_pages import ProjectReader
from datasource.events.definitions import PropertyDefinition, PropertyOwner, PropertySet, find_properties_by_key
from datasource.events.property_values import find_dates
from datasource.layouts.contract import SESSION_NUMBERS, SESSION_STRINGS
from resolvers.trends.query import PropertyType

_SESSION_TIMES = frozenset({"$start_timestamp", "$end_timestamp"})
_OWNERS = {
    PropertyType.EVENT: PropertyOwner.EVENT,
    PropertyType.PERSON: PropertyOwner.PERSON,
    PropertyType.GROUP: PropertyOwner.GROUP,
}


class PropertyKind(StrEnum):
    """What the values of a property are to clients."""

    BOOLEAN = "Boolean"
    DATE_TIME = "DateTime"
    NUMERIC = "Numeric"
    STRING = "String"


Property = tuple[PropertyType, int | None, str]
"""A property by its type, its group type's index (for GROUP only) and its key."""

Kinds = tuple[PropertyKind, ...]

_Memory = tuple[int, PropertySet, str]
_TEXTS = (PropertyKind.STRING,)
_DATES = (PropertyKind.DATE_TIME,)
_GUESSES = (_TEXTS, _DATES)


def owner_of(type_: PropertyType) -> PropertyOwner | None:
    """Who has properties of that type; None for a type that is nobody's data."""
    return _OWNERS.get(type_)


def session_kind(field: str) -> PropertyKind:
    """What the values of a session's field are."""
    if field in SESSION_NUMBERS:
        return PropertyKind.NUMERIC
    return PropertyKind.DATE_TIME if field in _SESSION_TIMES else PropertyKind.STRING


class PropertyTypes:
    """What the data of one engine tell, with a memory: of `limit` properties at most, of each for `seconds`.

    What a project does not have is not remembered, so that a property is known as soon as something has it.
    """

    def __init__(
        self, *, seconds: float = 60.0, limit: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._limit = limit
        self._clock = clock
        self._known: OrderedDict[_Memory, tuple[float, Kinds]] = OrderedDict()

    async def find(self, source: ProjectReader, asked: Collection[Property]) -> dict[Property, PropertyKind]:
        """The kind of each property that the project has; values of several kinds make it a String.

        Absent are those that nothing has, and types whose properties are nobody's data, such as COHORT.
        """
        sets: dict[PropertySet, list[str]] = {}
        for type_, index, key in asked:
            if type_ in _OWNERS:
                sets.setdefault(PropertySet(_OWNERS[type_], index), []).append(key)
        answers = await asyncio.gather(*(self._find_set(source, item, keys) for item, keys in sets.items()))
        found = dict(zip(sets, answers, strict=True))
        kinds = {item: _kind_of(item, found) for item in asked}
        return {item: kind for item, kind in kinds.items() if kind is not None}

    async def kinds_of(
        self, source: ProjectReader, properties: PropertySet, definitions: Iterable[PropertyDefinition]
    ) -> dict[str, Kinds]:
        """What values these properties have, by key: texts that all are dates, by a sample, are DateTime."""
        kinds = {found.key: tuple(map(PropertyKind, found.kinds)) for found in definitions}
        texts = {key for key, found in kinds.items() if found == _TEXTS}
        guesses = {key: known for key in texts if (known := self._recall(source, properties, key)) in _GUESSES}
        dates = await find_dates(source, properties, [key for key in kinds if key in texts - guesses.keys()])
        found = {**kinds, **guesses, **dict.fromkeys(dates, _DATES)}
        for key, each in found.items():
            if key not in guesses:
                self._remember(source, properties, key, each)
        return found

    async def _find_set(
        self, source: ProjectReader, properties: PropertySet, keys: Sequence[str]
    ) -> dict[str, Kinds]:
        known = {key: kinds for key in keys if (kinds := self._recall(source, properties, key))}
        missing = [key for key in keys if key not in known]
        if not missing:
            return known
        found = await find_properties_by_key(source, properties, missing)
        return {**known, **await self.kinds_of(source, properties, found.values())}

    def _recall(self, source: ProjectReader, properties: PropertySet, key: str) -> Kinds:
        now = self._clock()
        expires, kinds = self._known.get((source.project_id, properties, key), (now, ()))
        return kinds if now < expires else ()

    def _remember(self, source: ProjectReader, properties: PropertySet, key: str, kinds: Kinds) -> None:
        memory = (source.project_id, properties, key)
        self._known[memory] = (self._clock() + self._seconds, kinds)
        self._known.move_to_end(memory)
        if len(self._known) > self._limit:
            self._known.popitem(last=False)  # the one that was learnt first


def _kind_of(item: Property, found: Mapping[PropertySet, Mapping[str, Kinds]]) -> PropertyKind | None:
    type_, index, key = item
    if type_ is PropertyType.SESSION:
        return session_kind(key) if key in SESSION_NUMBERS | SESSION_STRINGS else None
    kinds = found[PropertySet(_OWNERS[type_], index)].get(key, ()) if type_ in _OWNERS else ()
    if len(kinds) > 1:
        return PropertyKind.STRING
    return kinds[0] if kinds else None


_TYPES: WeakKeyDictionary[Engine, PropertyTypes] = WeakKeyDictionary()


def types_in(engine: Engine) -> PropertyTypes:
    """What this process remembers of the engine's data."""
    return _TYPES.setdefault(engine, PropertyTypes())
