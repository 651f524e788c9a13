"""Which events and properties a project has, as of one version of its data."""

import asyncio
from collections.abc import Collection, Hashable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

from cachetools import LRUCache

from datasource.clickhouse.engine import Engine
from datasource.events.definition_pages import PageRequest, ProjectReader
from datasource.events.definitions import (
    PropertyDefinition,
    PropertySet,
    find_event_names,
    find_events,
    find_properties,
    find_properties_by_key,
)

Key = TypeVar("Key", bound=Hashable)

_MAX_CANDIDATES: Final = 500
"""The most frequent names that a misspelled one is compared with."""
_MAX_NAMES: Final = 2_000
_MAX_PROJECTS: Final = 200
_MAX_LENGTH: Final = 100
"""Characters of a misspelled name: comparing longer ones takes too long."""


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The names of one project, looked up when they are first needed; a name that does not exist is None."""

    reader: ProjectReader
    _events: LRUCache[str, bool] = field(init=False, default_factory=lambda: LRUCache(_MAX_NAMES))
    _properties: LRUCache[tuple[PropertySet, str], PropertyDefinition | None] = field(
        init=False, default_factory=lambda: LRUCache(_MAX_NAMES)
    )
    _candidates: dict[PropertySet | None, list[str]] = field(init=False, default_factory=dict)

    async def unknown_events(self, names: Collection[str]) -> set[str]:
        """Return those of the names that no event has."""
        missing = [name for name in names if name not in self._events]
        if missing:
            found = await find_event_names(self.reader, missing)
            self._events.update({name: name in found for name in missing})
        return {name for name in names if not self._events[name]}

    async def properties(self, owner: PropertySet, keys: Collection[str]) -> dict[str, PropertyDefinition | None]:
        """Return the definitions of properties."""
        missing = [key for key in keys if (owner, key) not in self._properties]
        if missing:
            found = await find_properties_by_key(self.reader, owner, missing)
            self._properties.update({(owner, key): found.get(key) for key in missing})
        return {key: self._properties[owner, key] for key in keys}

    async def closest(self, name: str, owner: PropertySet | None) -> str | None:
        """Return the name that resembles a misspelled one most, of properties or, without an owner, of events."""
        if len(name) > _MAX_LENGTH:
            return None
        if owner not in self._candidates:
            request = PageRequest(first=_MAX_CANDIDATES)
            self._candidates[owner] = (
                [each.name for each in (await find_events(self.reader, request)).definitions]
                if owner is None
                else [each.key for each in (await find_properties(self.reader, owner, request)).definitions]
            )
        return await asyncio.to_thread(_closest, name, self._candidates[owner])


def _closest(name: str, candidates: list[str]) -> str | None:
    by_folded = {each.casefold(): each for each in candidates if len(each) <= _MAX_LENGTH}
    found = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.7)
    return by_folded[found[0]] if found else None


_BY_ENGINE: WeakKeyDictionary[Engine, LRUCache[tuple[int, int], KnownNames]] = WeakKeyDictionary()


def known_names_of(reader: ProjectReader, data_version: int, *, is_changing: bool) -> KnownNames:
    """Return the names that requests about the same data have looked up; nothing is kept while data changes."""
    if is_changing:
        return KnownNames(reader)
    projects = _BY_ENGINE.setdefault(reader.engine, LRUCache(_MAX_PROJECTS))
    key = (reader.project_id, data_version)
    if key not in projects:
        projects[key] = KnownNames(reader)
    return projects[key]
