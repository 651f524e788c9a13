"""The kinds of values that properties have in a project's data."""

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
    """The kind of a property's values, as clients see it."""

    BOOLEAN = "Boolean"
    DATE_TIME = "DateTime"
    NUMERIC = "Numeric"
    STRING = "String"


Property = tuple[PropertyType, int | None, str]
"""A property by its type, its group type's index (for GROUP only) and its key."""

Kinds = tuple[PropertyKind, ...]

_CacheKey = tuple[int, PropertySet, str]
_ONLY_STRINGS = (PropertyKind.STRING,)
_ONLY_DATES = (PropertyKind.DATE_TIME,)
_SAMPLED_KINDS = (_ONLY_STRINGS, _ONLY_DATES)


def owner_of(type_: PropertyType) -> PropertyOwner | None:
    """Return what has properties of a type, None for types without stored properties."""
    return _OWNERS.get(type_)


def session_kind(field: str) -> PropertyKind:
    """Return the kind of a session field's values."""
    if field in SESSION_NUMBERS:
        return PropertyKind.NUMERIC
    return PropertyKind.DATE_TIME if field in _SESSION_TIMES else PropertyKind.STRING


class PropertyTypes:
    """The kinds of properties in one engine, cached for `ttl_s` seconds, at most `limit` of them.

    Unknown properties are not cached, so that a new property is found at once.
    """

    def __init__(
        self, *, ttl_s: float = 60.0, limit: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ttl_s = ttl_s
        self._limit = limit
        self._clock = clock
        self._cached: OrderedDict[_CacheKey, tuple[float, Kinds]] = OrderedDict()

    async def find(self, reader: ProjectReader, properties: Collection[Property]) -> dict[Property, PropertyKind]:
        """Find the kind of each property in use; one with values of several kinds is a String.

        Properties that are not in use are left out, and so are types without stored properties, such as COHORT.
        """
        sets: dict[PropertySet, list[str]] = {}
        for type_, index, key in properties:
            if type_ in _OWNERS:
                sets.setdefault(PropertySet(_OWNERS[type_], index), []).append(key)
        answers = await asyncio.gather(*(self._find_set(reader, item, keys) for item, keys in sets.items()))
        found = dict(zip(sets, answers, strict=True))
        kinds = {item: _kind_of(item, found) for item in properties}
        return {item: kind for item, kind in kinds.items() if kind is not None}

    async def kinds_of(
        self, reader: ProjectReader, properties: PropertySet, definitions: Iterable[PropertyDefinition]
    ) -> dict[str, Kinds]:
        """Return the kinds by key. Strings that are all dates in a sample are DateTime."""
        kinds = {found.key: tuple(map(PropertyKind, found.kinds)) for found in definitions}
        strings = {key for key, found in kinds.items() if found == _ONLY_STRINGS}
        sampled = {
            key: known for key in strings if (known := self._get_cached(reader, properties, key)) in _SAMPLED_KINDS
        }
        dates = await find_dates(reader, properties, [key for key in kinds if key in strings - sampled.keys()])
        found = {**kinds, **sampled, **dict.fromkeys(dates, _ONLY_DATES)}
        for key, each in found.items():
            if key not in sampled:
                self._cache(reader, properties, key, each)
        return found

    async def _find_set(
        self, reader: ProjectReader, properties: PropertySet, keys: Sequence[str]
    ) -> dict[str, Kinds]:
        known = {key: kinds for key in keys if (kinds := self._get_cached(reader, properties, key))}
        missing = [key for key in keys if key not in known]
        if not missing:
            return known
        found = await find_properties_by_key(reader, properties, missing)
        return {**known, **await self.kinds_of(reader, properties, found.values())}

    def _get_cached(self, reader: ProjectReader, properties: PropertySet, key: str) -> Kinds:
        now = self._clock()
        expires, kinds = self._cached.get((reader.project_id, properties, key), (now, ()))
        return kinds if now < expires else ()

    def _cache(self, reader: ProjectReader, properties: PropertySet, key: str, kinds: Kinds) -> None:
        cache_key = (reader.project_id, properties, key)
        self._cached[cache_key] = (self._clock() + self._ttl_s, kinds)
        self._cached.move_to_end(cache_key)
        if len(self._cached) > self._limit:
            self._cached.popitem(last=False)  # the oldest


def _kind_of(item: Property, found: Mapping[PropertySet, Mapping[str, Kinds]]) -> PropertyKind | None:
    type_, index, key = item
    if type_ is PropertyType.SESSION:
        return session_kind(key) if key in SESSION_NUMBERS | SESSION_STRINGS else None
    kinds = found[PropertySet(_OWNERS[type_], index)].get(key, ()) if type_ in _OWNERS else ()
    if len(kinds) > 1:
        return PropertyKind.STRING
    return kinds[0] if kinds else None


_TYPES: WeakKeyDictionary[Engine, PropertyTypes] = WeakKeyDictionary()


def property_types_of(engine: Engine) -> PropertyTypes:
    """Return the cached property types of an engine."""
    return _TYPES.setdefault(engine, PropertyTypes())
