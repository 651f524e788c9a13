"""People and groups in trends: merged, renewed, missing."""

from resolvers.trends.query import (
    Breakdown,
    BreakdownType,
    EventSeries,
    FilterGroup,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
    TrendDisplay,
    TrendMath,
)
from tests.support.seeds.events import Event, EventSeeds, by_value, data_of, series, total, trend

DAU = series(kind=TrendMath.DAU)


def _of_person(key: str, value: str, operator: PropertyOperator = PropertyOperator.EXACT) -> EventSeries:
    condition = PropertyFilter(key, value, operator, PropertyType.PERSON)
    return EventSeries("sign up", DAU.math, FilterGroup(children=(condition,)))


async def test_merged_persons_count_as_one_everywhere(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", "2020-01-10 10:30", person) for person in (1, 2, 3)])
    await seeds.add_events([Event("sign up", "2020-01-11 10:30", 2)])
    await seeds.merge({2: 1})
    by_raw = trend(
        EventSeries(
            "sign up",
            DAU.math,
            FilterGroup(
                children=(
                    PropertyFilter(
                        "x",
                        (),
                    ),
                )
            ),
        )
    )
    split = trend(DAU, breakdowns=(Breakdown("event", BreakdownType.EVENT_METADATA),))
    assert data_of(await seeds.run(trend(DAU))) == (0, 2, 1, 0)
    assert data_of(await seeds.run(by_raw)) == (0, 2, 1, 0)
    assert by_value(await seeds.run(split)) == {"sign up": (0, 2, 1, 0)}
    assert total(await seeds.run(trend(DAU, display=TrendDisplay.BOLD_NUMBER))) == 2


async def test_later_merge_replaces_an_earlier_one(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", "2020-01-10", person) for person in (1, 2, 3)])
    await seeds.merge({3: 1}, version=1)
    assert data_of(await seeds.run(trend(DAU))) == (0, 2, 0, 0)
    await seeds.merge({3: 2, 1: 2}, version=2)
    assert data_of(await seeds.run(trend(DAU))) == (0, 1, 0, 0)


async def test_merge_into_a_person_without_events_keeps_the_count(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", "2020-01-10", person) for person in (1, 2)])
    await seeds.add_persons({9: {"plan": "pro"}})
    await seeds.merge({1: 9, 2: 9})
    assert data_of(await seeds.run(trend(DAU))) == (0, 1, 0, 0)
    assert data_of(await seeds.run(trend(_of_person("plan", "pro")))) == (0, 1, 0, 0)


async def test_person_filter_reads_the_survivor_as_of_now(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", "2020-01-10", person) for person in (1, 2, 3)])
    await seeds.add_persons({1: {"plan": "pro"}, 2: {"plan": "free"}})
    assert data_of(await seeds.run(trend(_of_person("plan", "pro")))) == (0, 1, 0, 0)
    await seeds.merge({1: 2})
    assert data_of(await seeds.run(trend(_of_person("plan", "pro")))) == (0, 0, 0, 0)
    assert data_of(await seeds.run(trend(_of_person("plan", "free")))) == (0, 1, 0, 0)
    await seeds.add_persons({2: {"plan": "pro"}}, version=2)
    assert data_of(await seeds.run(trend(_of_person("plan", "pro")))) == (0, 1, 0, 0)


async def test_person_without_a_row_satisfies_negated_filters_only(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", "2020-01-10", 7)])
    assert data_of(await seeds.run(trend(_of_person("plan", "pro")))) == (0, 0, 0, 0)
    assert data_of(await seeds.run(trend(_of_person("plan", "pro", PropertyOperator.IS_NOT)))) == (0, 1, 0, 0)


async def test_group_filter_reads_the_latest_of_its_type(seeds: EventSeeds) -> None:
    keys = ("acme", "acme", "beta", "gone", None)
    await seeds.add_events([Event("sign up", "2020-01-10", n, {"$group_1": key}) for n, key in enumerate(keys)])
    await seeds.add_groups(1, {"acme": {"size": 10}, "beta": {"size": 200}})
    await seeds.add_groups(1, {"acme": {"size": "150"}}, version=2)
    await seeds.add_groups(0, {"gone": {"size": 999}})
    condition = PropertyFilter("size", 100, PropertyOperator.GT, PropertyType.GROUP, group_type_index=1)
    asked = EventSeries("sign up", filters=FilterGroup(children=(condition,)))
    assert data_of(await seeds.run(trend(asked))) == (0, 3, 0, 0)
    split = trend(breakdowns=(Breakdown("size", BreakdownType.GROUP, group_type_index=1),))
    assert [data[1] for data in by_value(await seeds.run(split)).values()] == [2, 1, 2]


async def test_filters_on_all_kinds_at_once(seeds: EventSeeds) -> None:
    await seeds.add_events(
        [Event("sign up", "2020-01-10", person, {"$group_0": "a", "x": 1}) for person in (1, 2)]
        + [Event("sign up", "2020-01-10", 1, {"$group_0": "b", "x": 1})]
        + [Event("sign up", "2020-01-10", 1, {"$group_0": "a", "x": 2})]
    )
    await seeds.add_persons({1: {"x": "p"}, 2: {"x": "q"}})
    await seeds.add_groups(0, {"a": {"x": "g"}})
    conditions = (
        PropertyFilter("x", 1),
        PropertyFilter("x", "p", type=PropertyType.PERSON),
        PropertyFilter("x", "g", type=PropertyType.GROUP, group_type_index=0),
    )
    asked = EventSeries("sign up", filters=FilterGroup(children=conditions))
    assert data_of(await seeds.run(trend(asked))) == (0, 1, 0, 0)
