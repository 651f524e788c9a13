"""The key of a trend in the cache: equal for requests that may share a result."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from hashlib import sha256
from itertools import chain
from operator import attrgetter
from typing import Any, Final
from zoneinfo import ZoneInfo

from resolvers.trends.dates import DateRange
from resolvers.trends.filters import relative_instants
from resolvers.trends.hogql.clock import clock_of
from resolvers.trends.query import BreakdownType, PropertyFilter, PropertyType
from resolvers.trends.resolve import ResolvedTrend
from resolvers.trends.saved_objects import SavedObjects

_SCALARS: Final = (bool, int, float, str, bytes, type(None), Decimal)
_Updater = Callable[[list[str], Any], None]


def trend_key(resolved: ResolvedTrend, saved_objects: SavedObjects, data_version: int) -> str:
    """Return the key of a trend: over everything that its result depends on, to the minute.

    Nothing is compiled for it. A result is cached only after an equal query was compiled with equal saved objects,
    so finding one under this key implies that the query is valid.
    """
    ranges = tuple(_to_the_minute(range_) for range_ in resolved.ranges)
    clock = frozenset(_clock(resolved, saved_objects))
    return cache_key((resolved.query, resolved.project, saved_objects, ranges, clock, data_version))


def _to_the_minute(range_: DateRange) -> tuple[object, ...]:
    # Ranges that end now would never be found again. What is finer in absolute dates is in the query itself.
    instants = (range_.start, range_.end, range_.read_from)
    return (*(instant.replace(second=0, microsecond=0) for instant in instants), range_.interval)


def _clock(resolved: ResolvedTrend, saved_objects: SavedObjects) -> Iterator[datetime | date | None]:
    """Yield what HogQL and relative dates of filters see of the clock."""
    now, project = resolved.now, resolved.project
    filters = tuple(_filters(resolved, saved_objects))
    for expression in _hogql(resolved, filters):
        yield clock_of(expression, now, project.timezone)
    local = now.astimezone(project.timezone)
    for each in filters:
        for instant in relative_instants(each, local, project.week_start):
            yield instant.replace(second=0, microsecond=0)


def _filters(resolved: ResolvedTrend, saved_objects: SavedObjects) -> Iterator[PropertyFilter]:
    query = resolved.query
    groups = [query.filters, *(series.filters for series in query.series)]
    if query.filter_test_accounts:
        groups.append(resolved.project.test_account_filters)
    yield from chain(*(group.leaves() for group in groups))
    steps = (step for action in saved_objects.actions.values() for step in action.steps)
    yield from chain(*(step.properties for step in steps))


def _hogql(resolved: ResolvedTrend, filters: Iterable[PropertyFilter]) -> Iterator[str]:
    """Yield every HogQL expression that the trend evaluates."""
    query = resolved.query
    yield from (each.property for each in query.breakdowns if each.type is BreakdownType.HOGQL)
    yield from (series.math.expression for series in query.series if series.math.expression)
    yield from (each.key for each in filters if each.type is PropertyType.HOGQL)


def cache_key(value: object) -> str:
    """Return 64 hexadecimal digits over frozen dataclasses, enums, scalars, times, and collections of these.

    Types count, so 1, 1.0, True and "1" differ. Fields that do not take part in comparisons do not count. Raises
    TypeError for any other type rather than confuse two values.
    """
    parts: list[str] = []
    _update_all(parts, (value,))
    # surrogatepass: a string of a client may hold lone surrogates.
    return sha256("".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


@cache
def _updater(kind: type) -> _Updater:
    """Choose how values of a type are written: once per type, since keys are computed for every request."""
    name = kind.__qualname__
    if issubclass(kind, Enum):
        members = {member: _string(f"{name}.{member.name}", "enum") for member in kind}
        return lambda parts, value: parts.append(members[value])
    if issubclass(kind, _SCALARS):
        return _scalar_updater(name)
    if issubclass(kind, datetime | date):
        return lambda parts, value: parts.append(_string(_instant(value), name))
    if issubclass(kind, ZoneInfo):
        return lambda parts, value: parts.append(_string(value.key, name))
    if is_dataclass(kind):
        return _dataclass_updater(kind)
    if issubclass(kind, Mapping):
        return _collection_updater("mapping", lambda value: [*_flat(value)])
    if issubclass(kind, tuple | list):
        return _collection_updater("sequence", lambda value: value)
    if issubclass(kind, frozenset | set):
        return _collection_updater("set", lambda value: sorted(map(cache_key, value)))
    raise TypeError(f"no cache key for the type {name}")


def _scalar_updater(name: str) -> _Updater:
    def update(parts: list[str], value: object) -> None:
        # The type distinguishes a subclass of str, such as Identifier, from an equal str. As _string, without the
        # call: most of a query are scalars.
        text = repr(value)
        parts.append(f"{name}:{len(text)}:{text}")

    return update


def _dataclass_updater(kind: type) -> _Updater:
    compared = [field.name for field in fields(kind) if field.compare]
    head = _string(str(len(compared)), kind.__qualname__)
    # Of a single name, attrgetter returns no tuple.
    get_all = (
        attrgetter(*compared) if len(compared) > 1 else lambda value: [getattr(value, name) for name in compared]
    )

    def update(parts: list[str], value: object) -> None:
        parts.append(head)
        _update_all(parts, get_all(value))

    return update


def _collection_updater(kind: str, items_of: Callable[[Any], Sequence[object]]) -> _Updater:
    def update(parts: list[str], value: object) -> None:
        items = items_of(value)
        parts.append(_string(str(len(items)), kind))
        _update_all(parts, items)

    return update


def _update_all(parts: list[str], values: Iterable[Any]) -> None:
    for value in values:
        kind: Any = type(value)
        _updater(kind)(parts, value)


def _flat(mapping: Mapping[object, object]) -> Iterator[object]:
    for key in sorted(mapping, key=cache_key):
        yield from (key, mapping[key])


def _instant(value: datetime | date) -> str:
    return f"{value.isoformat()} {getattr(value, 'fold', 0)} {getattr(value, 'tzinfo', None)}"


def _string(value: str, kind: str) -> str:
    # The length keeps a string from imitating what follows it.
    return f"{kind}:{len(value)}:{value}"
