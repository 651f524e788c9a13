"""Both layouts return the same results, with and without the materialized columns of an installation."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings

from datasource.clickhouse.engine import Engine, Limits, ParamValue, QueryResult
from datasource.layouts.native import NativeLayout
from datasource.layouts.posthog import PostHogLayout
from datasource.layouts.posthog_columns import PostHogColumns
from errors import BadUserInput
from resolvers.trends.query import (
    Breakdown,
    BreakdownType,
    Cohort,
    EventSeries,
    FilterGroup,
    Math,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
    TrendDisplay,
    TrendMath,
    TrendProject,
    TrendQuery,
)
from resolvers.trends.resolve import resolve
from resolvers.trends.results import SeriesResult, TrendResult
from resolvers.trends.run import TrendSource, run_trend
from resolvers.trends.saved_objects import SavedObjects
from tests.resolvers.trends.sample_queries import sample_queries
from tests.resolvers.trends.test_any_query import queries
from tests.support.posthog_tables import PostHogSeeds, without_materialized, without_sessions
from tests.support.seeds.events import NOW, Event, EventSeeds, Value, series, trend

Wide = Value | list[object] | dict[str, object]

QUERIES = {name: query for name, query in sample_queries().items() if query.sampling_factor == 1}


@dataclass(frozen=True)
class CachingEngine:
    """The real engine, which runs equal statements once: the rows do not change between them."""

    inner: Engine
    results: dict[tuple[str, str], QueryResult] = field(default_factory=dict)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    async def query(
        self, text: str, params: Mapping[str, ParamValue] | None = None, **options: Any
    ) -> QueryResult:
        key = text, repr(params)
        if key not in self.results:
            self.results[key] = await self.inner.query(text, params, **options)
        return self.results[key]


@dataclass(frozen=True)
class TwinSeeds:
    """The same rows in both layouts; the native one stores lists as JSON, as its loader does."""

    native: EventSeeds
    posthog: PostHogSeeds
    engine: Engine

    @classmethod
    def new(cls, engine: Engine, columns: PostHogColumns, timezone: str = "UTC") -> "TwinSeeds":
        caching: Engine = CachingEngine(engine)  # type: ignore[assignment]  # the rest is the real engine's
        return cls(EventSeeds.new(engine, timezone), PostHogSeeds.new(engine, columns, timezone), caching)

    async def add_events(self, events: Sequence[Event]) -> None:
        await self.native.add_events([replace(event, properties=_scalars(event.properties)) for event in events])
        await self.posthog.add_events(events)

    async def add_persons(self, persons: Mapping[int, Mapping[str, Wide]], version: int = 1) -> None:
        await self.native.add_persons({key: _scalars(each) for key, each in persons.items()}, version)
        await self.posthog.add_persons(persons, version)

    async def add_groups(self, index: int, groups: Mapping[str, Mapping[str, Wide]], version: int = 1) -> None:
        await self.native.add_groups(index, {key: _scalars(each) for key, each in groups.items()}, version)
        await self.posthog.add_groups(index, groups, version)

    async def merge(self, merges: Mapping[int, int], version: int = 1) -> None:
        await self.native.merge(merges, version)
        await self.posthog.merge(merges, version)

    async def add_cohort(self, cohort_id: int, persons: Sequence[int], version: int) -> None:
        for person in persons:
            await self.native.engine.command(
                "INSERT INTO cohort_members (project_id, cohort_id, version, person_no) "
                "SELECT {project:UInt32}, {cohort:UInt32}, {version:UInt32}, {person:UInt32}",
                {
                    "project": self.native.project.id,
                    "cohort": cohort_id,
                    "version": version,
                    "person": person,
                },
            )
        await self.posthog.add_cohort(cohort_id, persons, version)

    async def check(self, query: TrendQuery, saved_objects: SavedObjects | None = None) -> list[SeriesResult]:
        """The result of the native layout, after checking that the other layout has the same result or error."""
        expected = await self._answer(self.native.project, query, None, saved_objects)
        columns = self.posthog.layout.columns
        for each in (without_sessions(columns), without_materialized(columns)):
            layout = replace(self.posthog.layout, columns=each)
            assert await self._answer(self.posthog.project, query, layout, saved_objects) == expected, query
        return cast(list[SeriesResult], expected) if isinstance(expected, list) else []

    async def _answer(
        self,
        project: TrendProject,
        query: TrendQuery,
        layout: PostHogLayout | None,
        saved_objects: SavedObjects | None,
    ) -> object:
        try:
            source = TrendSource(self.engine, layout or NativeLayout(), Limits(seconds=20))
            result = await run_trend(resolve(query, project, NOW), source, saved_objects)
        except BadUserInput as error:
            return error.message, error.path
        return _rounded_series(result)


def _rounded_series(result: TrendResult) -> list[SeriesResult]:
    # The order of reading, and so of adding floats, is not fixed.
    return [
        replace(
            line,
            data=tuple(map(_rounded, line.data)),
            count=_rounded(line.count) or 0.0,
            aggregated_value=_rounded(line.aggregated_value),
        )
        for line in result.series
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.10g}")


def _scalars(properties: Mapping[str, object]) -> dict[str, Value]:
    return {
        key: json.dumps(value, separators=(",", ":")) if isinstance(value, list | dict) else cast(Value, value)
        for key, value in properties.items()
    }


PLANS: tuple[Wide, ...] = ("pro", "a", "b", "", "null", None, 5, 2.5, True, 'say "hi"', ["x", 1], "10")
TAGS: tuple[Wide, ...] = ("2020-01-04", 4, [4, "x"])
PRICES: tuple[Wide, ...] = (10, "20", "x", None, 7.25, True, 0, "")


@pytest.fixture(scope="module")
async def twins(engine: Engine, posthog: PostHogColumns) -> TwinSeeds:
    """Persons that are merged, and properties of every type, in the time zone of Berlin."""
    twins = TwinSeeds.new(engine, posthog, "Europe/Berlin")
    names = ("sign up", "paid", "a", "b", "seen")
    events = []
    for n in range(240):
        properties: dict[str, Wide] = {
            "price": PRICES[n % 8],
            "plan": PLANS[n % 12],
            "$browser": (f"{n % 4}", None, "", "Chrome")[n % 4],
            "$current_url": f"http://x/{n % 3}/",
            "$session_id": f"s{n % 9}" if n % 5 else None,
            "a.b": n,
            "odd `key'": n % 3,
            "tags": TAGS[n % 3],
            **{f"$group_{index}": f"g{n % (index + 2)}" for index in range(4) if n % 7},
        }
        if n % 11 == 0:
            del properties["plan"], properties["$browser"]
        at = f"2020-01-{5 + n % 10:02} {n % 24:02}:{n % 60:02}:00"
        events.append(Event(names[n % 5], at, n % 7, cast(Mapping[str, Value], properties), f"d{n % 7}-{n % 2}"))
    await twins.add_events(events)
    plans: tuple[Wide, ...] = ("pro", "a", "", "null", None)
    await twins.add_persons(
        {
            n: {"plan": plans[n % 5], "email": f"{n}@{('corp', 'x')[n % 2]}.com", "price": n, "tags": [n, "t"]}
            for n in range(6)
        },
        version=2,
    )
    await twins.add_persons({2: {"plan": "old"}})
    for index in range(4):
        await twins.add_groups(index, {f"g{n}": {"plan": f"{n}", "price": n, "list": [n]} for n in range(3)})
    await twins.merge({1: 2, 5: 6})
    await twins.add_cohort(1, [3, 4], version=4)
    await twins.add_cohort(2, [2, 6], version=1)
    await twins.add_cohort(2, [0], version=2)
    return twins


async def test_sample_queries_have_the_same_results(twins: TwinSeeds) -> None:
    results = [await twins.check(query) for query in QUERIES.values()]
    found = [series for result in results for series in result if any(series.data) or series.aggregated_value]
    assert len(found) > 100


OWNERS = (
    (PropertyType.EVENT, None),
    (PropertyType.PERSON, None),
    (PropertyType.GROUP, 1),
)
VALUES = ("pro", "", "null", 5, True, '["x",1]', ("pro", "", "a"), ("null", "5"), (1, 7), "2020-01-05", None)


@pytest.mark.parametrize(("owner", "index"), OWNERS)
@pytest.mark.parametrize("operator", PropertyOperator)
async def test_every_operator_matches_the_same_rows(
    twins: TwinSeeds, operator: PropertyOperator, owner: PropertyType, index: int | None
) -> None:
    found = 0
    for key in ("plan", "tags" if owner is PropertyType.EVENT else "price"):
        for value in VALUES:
            condition = PropertyFilter(key, value, operator, owner, index)
            filtered = EventSeries(None, filters=FilterGroup(children=(condition,)))
            result = await twins.check(trend(filtered, display=TrendDisplay.BOLD_NUMBER))
            found += sum(bool(each.aggregated_value) for each in result)
    assert found or operator.name.startswith("IS_DATE")


@pytest.mark.parametrize(("owner", "index"), OWNERS)
@pytest.mark.parametrize("key", ["plan", "price", "tags", "list", "a.b", "$browser", "odd `key'", "$group_0"])
async def test_breakdowns_of_every_property_are_the_same(
    twins: TwinSeeds, key: str, owner: PropertyType, index: int | None
) -> None:
    by = Breakdown(key, BreakdownType(owner.value), index)
    for query in (
        trend(series(None), breakdowns=(by,)),
        trend(series(None, TrendMath.DAU), breakdowns=(by,), display=TrendDisplay.ACTIONS_TABLE, compare=True),
        trend(series(None), breakdowns=(replace(by, histogram_bin_count=3),)),
        trend(EventSeries(None, Math(TrendMath.AVG, key, owner, group_type_index=index))),
    ):
        await twins.check(query)


async def test_cohorts_filter_and_break_down_the_same(twins: TwinSeeds) -> None:
    saved_objects = SavedObjects(cohorts={1: Cohort(1, "one", 4), 2: Cohort(2, "two", 1)})
    by = tuple(Breakdown(value, BreakdownType.COHORT) for value in ("1", "2"))
    split = await twins.check(trend(series(None), breakdowns=by), saved_objects)
    assert {line.label for line in split} == {"one", "two"}
    for operator in (PropertyOperator.IN, PropertyOperator.NOT_IN):
        condition = PropertyFilter("id", (1, 2), operator, PropertyType.COHORT)
        (line,) = await twins.check(trend(series(None), filters=FilterGroup(children=(condition,))), saved_objects)
        assert any(line.data)


HOGQL = (
    "properties.plan",
    "properties.`a.b` + 1",
    "person.properties.tags.2",
    "properties.plan != 'pro'",
    "not (properties.plan = 'a')",
    "properties.plan in ('pro', 'a')",
    "coalesce(properties.$browser, 'none')",
    "toHour(timestamp)",
    "session.$session_duration",
    "session.$channel_type",
    "person.$virt_initial_channel_type",
    "elements_chain_href",
    "group_0.properties.plan",
)


@pytest.mark.parametrize("text", HOGQL)
async def test_expressions_have_the_same_values(twins: TwinSeeds, text: str) -> None:
    await twins.check(trend(series(None), breakdowns=(Breakdown(text, BreakdownType.HOGQL),)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=queries)
async def test_any_query_has_the_same_result(twins: TwinSeeds, query: TrendQuery) -> None:
    await twins.check(replace(query, sampling_factor=1.0))
