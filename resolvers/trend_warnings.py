"""What is probably wrong with a trend that could be computed: a misspelled name, a bucket that is not over yet.

Names are compared with the tables of definitions; no event is read.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Final

from datasource.events.definition_pages import ProjectReader
from datasource.events.definitions import PropertyDefinition, PropertySet
from errors import Message, Name
from permissions.enforce import require_caller
from permissions.reach import ReachedProject
from permissions.scopes import missing_scopes
from resolvers.context import RequestContext
from resolvers.known_names import KnownNames, known_names_of
from resolvers.projects import trend_project
from resolvers.property_types import PropertyKind, owner_of
from resolvers.saved_objects import load_saved_objects
from resolvers.trend_cache.cached_trend import CachedTrend
from resolvers.trends.actions import Action
from resolvers.trends.breakdowns import OTHER_VALUES
from resolvers.trends.intervals import MINUTES_OF, SEVERAL_MINUTES
from resolvers.trends.query import (
    BreakdownType,
    EventSeries,
    InputPath,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
    TrendInterval,
    TrendMath,
    TrendQuery,
)
from resolvers.trends.resolve import resolve

_COMPARISONS: Final = frozenset(
    {
        PropertyOperator.GT,
        PropertyOperator.GTE,
        PropertyOperator.LT,
        PropertyOperator.LTE,
        PropertyOperator.BETWEEN,
        PropertyOperator.NOT_BETWEEN,
    }
)
_TRUE_OTHER: Final = frozenset(
    {
        TrendMath.TOTAL,
        TrendMath.SUM,
        TrendMath.FIRST_TIME_FOR_USER,
        TrendMath.FIRST_MATCHING_EVENT_FOR_USER,
        # Whose Other is the smallest or largest of the remaining values.
        TrendMath.MIN,
        TrendMath.MAX,
    }
)
"""Maths whose Other is the figure of all remaining values together."""
_WITH_PROPERTIES: Final = frozenset({BreakdownType.EVENT, BreakdownType.PERSON, BreakdownType.GROUP})
_COMPUTED_PREFIX: Final = "$virt_"
_EVENT_SCOPE: Final = "event_definition:read"
_PROPERTY_SCOPE: Final = "property_definition:read"
_MAX_WARNINGS: Final = 50
_LAST_INSTANT: Final = timedelta(microseconds=1)


class TrendWarningCode(StrEnum):
    UNKNOWN_EVENT = "UNKNOWN_EVENT"
    UNKNOWN_PROPERTY = "UNKNOWN_PROPERTY"
    UNKNOWN_VALUE = "UNKNOWN_VALUE"
    NOT_NUMERIC = "NOT_NUMERIC"
    UNKNOWN_GROUP_TYPE = "UNKNOWN_GROUP_TYPE"
    VALUES_CUT = "VALUES_CUT"
    OTHER_IS_A_SUM = "OTHER_IS_A_SUM"
    PARTIAL_LAST_BUCKET = "PARTIAL_LAST_BUCKET"
    LATE_DATA = "LATE_DATA"


@dataclass(frozen=True, slots=True)
class TrendWarning:
    """A warning about the part of the query at `path`; `suggestion` is the name that was probably meant."""

    code: TrendWarningCode
    message: Message
    path: InputPath
    suggestion: str | None = None


async def find_warnings(
    context: RequestContext, project: ReachedProject, query: TrendQuery, trend: CachedTrend
) -> list[TrendWarning]:
    """Find what is probably wrong, at most fifty warnings.

    Names are checked only where the gateway has tables of definitions, and suggested only to keys that may list
    definitions.
    """
    saved_objects = await load_saved_objects(context, project, query)
    found = [*_about_groups(query, project), *_about_result(project, query, trend)]
    if context.layout.has_own_tables:
        reader = ProjectReader(context.engine, project.record.id, context.limits)
        record = project.record
        names = known_names_of(reader, record.data_version, is_changing=record.is_changing)
        events, properties = await asyncio.gather(
            _about_events(context, names, query, saved_objects.actions), _about_properties(context, names, query)
        )
        found = [*events, *properties, *found]
    return found[:_MAX_WARNINGS]


# ---------------------------------------------------------------------- names


async def _about_events(
    context: RequestContext, names: KnownNames, query: TrendQuery, actions: Mapping[int, Action]
) -> list[TrendWarning]:
    mentioned = list(_mentioned_events(query, actions))
    unknown = await names.unknown_events({name for name, _ in mentioned})
    may_suggest = _has_scope(context, _EVENT_SCOPE)
    return [
        TrendWarning(
            TrendWarningCode.UNKNOWN_EVENT,
            Message("No event is named {name!r}.", {"name": name}),
            path,
            await names.closest(name, None) if may_suggest else None,
        )
        for name, path in mentioned
        if name in unknown
    ]


def _mentioned_events(query: TrendQuery, actions: Mapping[int, Action]) -> Iterator[tuple[str, InputPath]]:
    for series in query.series:
        if isinstance(series, EventSeries):
            if series.event is not None:
                yield series.event, (*series.path, "event")
        elif series.action_id in actions:
            steps = actions[series.action_id].steps
            yield from ((step.event, (*series.path, "action_id")) for step in steps if step.event is not None)


@dataclass(frozen=True, slots=True)
class _Mention:
    """A property in a query; `condition` is the filter that compares it, if one does."""

    owner: PropertySet
    key: str
    path: InputPath
    needs_numbers: bool = False
    condition: PropertyFilter | None = None


async def _about_properties(context: RequestContext, names: KnownNames, query: TrendQuery) -> list[TrendWarning]:
    mentions = [each for each in _mentioned_properties(query) if not each.key.startswith(_COMPUTED_PREFIX)]
    keys: dict[PropertySet, set[str]] = {}
    for each in mentions:
        keys.setdefault(each.owner, set()).add(each.key)
    answers = await asyncio.gather(*(names.properties(owner, some) for owner, some in keys.items()))
    definitions = dict(zip(keys, answers, strict=True))
    may_suggest = _has_scope(context, _PROPERTY_SCOPE)
    found = []
    for each in mentions:
        definition = definitions[each.owner][each.key]
        if definition is None:
            suggestion = await names.closest(each.key, each.owner) if may_suggest else None
            owners = Name(f"{each.owner.owner.lower()}s")
            message = Message("No {owners} have the property {key!r}.", {"owners": owners, "key": each.key})
            found.append(TrendWarning(TrendWarningCode.UNKNOWN_PROPERTY, message, each.path, suggestion))
        else:
            found.extend(_about_kinds(each, definition))
    return found


def _mentioned_properties(query: TrendQuery) -> Iterator[_Mention]:
    for filters in (query.filters, *(series.filters for series in query.series)):
        for each in filters.leaves():
            owner = owner_of(each.type)
            if owner is not None:
                index = each.group_type_index
                needs_numbers = each.operator in _COMPARISONS
                yield _Mention(PropertySet(owner, index), each.key, (*each.path, "key"), needs_numbers, each)
    for series in query.series:
        math, owner = series.math, owner_of(series.math.property_type)
        if math.property is not None and owner is not None:
            path = (*series.path, "math_property")
            yield _Mention(PropertySet(owner, math.group_type_index), math.property, path, needs_numbers=True)
    for breakdown in query.breakdowns:
        owner = owner_of(PropertyType(breakdown.type.value)) if breakdown.type in _WITH_PROPERTIES else None
        if owner is not None:
            path, is_binned = (*breakdown.path, "property"), breakdown.histogram_bin_count is not None
            yield _Mention(PropertySet(owner, breakdown.group_type_index), breakdown.property, path, is_binned)


def _about_kinds(mention: _Mention, definition: PropertyDefinition) -> Iterator[TrendWarning]:
    kinds = {PropertyKind(kind) for kind in definition.kinds}
    if mention.needs_numbers and PropertyKind.NUMERIC not in kinds:
        yield TrendWarning(
            TrendWarningCode.NOT_NUMERIC,
            Message(
                "The property {key!r} has no numbers, only {kinds}; what cannot be read as a number is missing.",
                {"key": mention.key, "kinds": tuple(sorted(_PLURALS[kind] for kind in kinds))},
            ),
            mention.path,
        )
    condition = mention.condition
    if condition is not None and condition.operator is PropertyOperator.EXACT and not _may_equal(condition, kinds):
        yield TrendWarning(
            TrendWarningCode.UNKNOWN_VALUE,
            Message(
                "The property {key!r} has only {kinds}, so it never has this value.",
                {"key": mention.key, "kinds": tuple(sorted(_PLURALS[kind] for kind in kinds))},
            ),
            (*condition.path, "value"),
        )


_PLURALS: Final[Mapping[PropertyKind, str]] = {
    PropertyKind.BOOLEAN: "true and false",
    PropertyKind.DATE_TIME: "dates",
    PropertyKind.NUMERIC: "numbers",
    PropertyKind.STRING: "strings",
}


def _may_equal(condition: PropertyFilter, kinds: Iterable[PropertyKind]) -> bool:
    """Whether a property of these kinds can have one of the values; without looking at what it really has."""
    values = condition.value if isinstance(condition.value, tuple | list) else (condition.value,)
    if not values or set(kinds) - {PropertyKind.BOOLEAN, PropertyKind.NUMERIC}:
        return True
    texts = [str(value).strip().lower() for value in values]
    if PropertyKind.BOOLEAN in kinds and not {"true", "false"}.isdisjoint(texts):
        return True
    return PropertyKind.NUMERIC in kinds and any(map(_is_number, texts))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _has_scope(context: RequestContext, scope: str) -> bool:
    return not missing_scopes(require_caller(context).scopes, (scope,))


# ---------------------------------------------------------------------- groups and results


def _about_groups(query: TrendQuery, project: ReachedProject) -> Iterator[TrendWarning]:
    known = {group.index for group in project.record.group_types}
    for index, path in _mentioned_groups(query):
        if index not in known:
            message = Message("The project has no group type with the index {index}.", {"index": index})
            yield TrendWarning(TrendWarningCode.UNKNOWN_GROUP_TYPE, message, path)


def _mentioned_groups(query: TrendQuery) -> Iterator[tuple[int, InputPath]]:
    for filters in (query.filters, *(series.filters for series in query.series)):
        for each in filters.leaves():
            if each.type is PropertyType.GROUP and each.group_type_index is not None:
                yield each.group_type_index, (*each.path, "group_type_index")
    for series in query.series:
        if series.math.group_type_index is not None:
            yield series.math.group_type_index, (*series.path, "math_group_type_index")
    for breakdown in query.breakdowns:
        if breakdown.type is BreakdownType.GROUP and breakdown.group_type_index is not None:
            yield breakdown.group_type_index, (*breakdown.path, "group_type_index")


def _about_result(project: ReachedProject, query: TrendQuery, trend: CachedTrend) -> Iterator[TrendWarning]:
    result = trend.result
    if result.has_more:
        message = Message("There are more than {limit} values.", {"limit": query.breakdown_limit})
        yield TrendWarning(TrendWarningCode.VALUES_CUT, message, ("query", "breakdown_limit"))
    merged = {
        series.order
        for series in result.series
        if series.math is not None
        and series.math not in _TRUE_OTHER
        and not (series.math is TrendMath.AVG and query.display.is_total)  # an average, not a sum
        and OTHER_VALUES in (series.breakdown_value or ())
    }
    for order in sorted(merged):
        message = Message(
            "Other adds up the {math} of the remaining values, which is not their {math} together.",
            {"math": query.series[order].math.kind},
        )
        yield TrendWarning(TrendWarningCode.OTHER_IS_A_SUM, message, (*query.series[order].path, "math"))
    if _is_partial(project, query, trend):
        message = _about_last_bucket(query.interval)
        yield TrendWarning(TrendWarningCode.PARTIAL_LAST_BUCKET, message, ("query", "date_to"))
    if project.record.is_changing:
        yield TrendWarning(
            TrendWarningCode.LATE_DATA, Message("Data is being loaded, so values may still grow."), ("query",)
        )


def _about_last_bucket(interval: TrendInterval) -> Message:
    if interval in SEVERAL_MINUTES:
        return Message("The last {minutes} minutes are not over yet.", {"minutes": MINUTES_OF[interval]})
    return Message("The last {interval} is not over yet.", {"interval": interval.value.lower()})


def _is_partial(project: ReachedProject, query: TrendQuery, trend: CachedTrend) -> bool:
    settings = trend_project(project.record)
    current = resolve(query, settings, trend.computed_at, first_event=trend.result.date_from).periods[0]
    if current.buckets is None:
        return False
    end = replace(current.buckets, count=current.buckets.count + 1).starts()[-1]
    read_until = min(current.range.end.timestamp(), trend.computed_at.timestamp())
    return read_until < (end - _LAST_INSTANT).timestamp()
