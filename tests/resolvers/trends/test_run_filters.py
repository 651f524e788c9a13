"""Property filters on real rows: every operator, on values of every kind and on none."""

from dataclasses import replace

import pytest

from errors import BadUserInput
from resolvers.trends.query import (
    EventSeries,
    FilterGroup,
    FilterValue,
    LogicalOperator,
    Math,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
    TrendDisplay,
    TrendMath,
)
from tests.support.seeds.events import Event, EventSeeds, Value, data_of, series, trend

Op = PropertyOperator

HOSTILE = (
    "'; DROP TABLE events; --",
    "\\'; DROP TABLE events; --",
    'say "hi"',
    "back\\slash",
    "back\\\\slash\\",
    "`tick`",
    "{p0:String}",
    "\\N",
    "line\nbreak\ttab",
    "100%_sure",
    "naïve 😀",
    "nul\0byte",
    ") OR 1=1 --",
    "/* c */",
    "?",
    "$1",
)


async def _browsers(seeds: EventSeeds, *values: Value) -> None:
    await seeds.add_events([Event("sign up", "2020-01-10", n, {"x": value}) for n, value in enumerate(values)])


async def _count(seeds: EventSeeds, *conditions: PropertyFilter | FilterGroup, kind: str = "TOTAL") -> float:
    asked = EventSeries("sign up", Math(TrendMath(kind)), FilterGroup(children=conditions))
    _, found, _, _ = data_of(await seeds.run(trend(asked)))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        (Op.EXACT, "Chrome", 1),
        (Op.EXACT, ("Chrome",), 1),
        (Op.EXACT, ("Chrome", "Safari"), 2),
        (Op.EXACT, (), 3),
        (Op.EXACT, "chrome", 0),
        (Op.IN, ("Chrome", "Firefox"), 1),
        (Op.NOT_IN, ("Chrome", "Firefox"), 2),
        (Op.NOT_IN, (), 3),
        (Op.IS_NOT, "Chrome", 2),
        (Op.IS_NOT, ("Chrome",), 2),
        (Op.IS_NOT, ("Chrome", "Safari"), 1),
        (Op.ICONTAINS, "CHR", 1),
        (Op.ICONTAINS, ("chr", "saf"), 2),
        (Op.ICONTAINS, "c%m", 1),
        (Op.ICONTAINS, "s_far", 1),
        (Op.NOT_ICONTAINS, ("chr", "saf"), 1),
        (Op.NOT_ICONTAINS, "chr", 2),
        (Op.REGEX, "^C", 1),
        (Op.REGEX, "^c", 0),
        (Op.REGEX, "(?i)^c", 1),
        (Op.REGEX, ("^C", "i$", "ri$"), 2),
        (Op.NOT_REGEX, "^C", 2),
        (Op.NOT_REGEX, ("^C", "^S"), 1),
        (Op.IS_SET, None, 2),
        (Op.IS_NOT_SET, None, 1),
        (Op.GT, "Chrome", 1),
        (Op.GTE, "Chrome", 2),
        (Op.LT, "Safari", 1),
        (Op.LTE, "Safari", 2),
        (Op.GT, ("Safari", "Chrome"), 1),
    ],
)
async def test_operator_over_two_strings_and_none(
    seeds: EventSeeds, operator: Op, value: FilterValue, expected: int
) -> None:
    await _browsers(seeds, "Chrome", "Safari", None)
    assert await _count(seeds, PropertyFilter("x", value, operator)) == expected


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        (Op.GT, 9, 4),
        (Op.GTE, 10, 4),
        (Op.GTE, "10", 4),
        (Op.LT, 10, 1),
        (Op.LTE, 9.0, 1),
        (Op.GT, 10.4, 2),
        (Op.BETWEEN, (9, 10.5), 4),
        (Op.BETWEEN, ("9", "10.5"), 4),
        (Op.NOT_BETWEEN, (9.5, 11), 2),
        (Op.EXACT, 10, 2),
        (Op.EXACT, "10", 2),
        (Op.EXACT, 10.5, 1),
        (Op.IS_NOT, 10, 7),
        (Op.EXACT, True, 1),
        (Op.EXACT, "true", 1),
        (Op.EXACT, ("", "abc"), 2),
    ],
)
async def test_operator_over_numbers_strings_and_booleans(
    seeds: EventSeeds, operator: Op, value: FilterValue, expected: int
) -> None:
    await _browsers(seeds, 9, 10, "10", 10.5, 1e3, "abc", "", True, None)
    assert await _count(seeds, PropertyFilter("x", value, operator)) == expected


async def test_size_against_a_string_compares_strings(seeds: EventSeeds) -> None:
    await _browsers(seeds, 9, "b", "a", None)
    assert await _count(seeds, PropertyFilter("x", "a", Op.GT)) == 1


async def test_empty_string_is_set_and_equal_to_itself(seeds: EventSeeds) -> None:
    await _browsers(seeds, "", None)
    assert await _count(seeds, PropertyFilter("x", "", Op.EXACT)) == 1
    assert await _count(seeds, PropertyFilter("x", operator=Op.IS_SET)) == 1


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        (Op.IS_DATE_AFTER, "2020-01-05", 2),
        (Op.IS_DATE_BEFORE, "2020-01-05", 1),
        (Op.IS_DATE_EXACT, "2020-01-05", 1),
        (Op.IS_DATE_EXACT, ("2020-01-05", "2020-01-06T10:00:00Z"), 2),
        (Op.IS_DATE_AFTER, "2020-01-06T10:00:00.500", 1),
        # Now is 2020-01-15 13:05:01.
        (Op.IS_DATE_AFTER, "-10d", 2),
        (Op.IS_DATE_BEFORE, "-10d", 2),
        (Op.IS_DATE_BEFORE, ("-10d", "-9d"), 4),
        (Op.IS_DATE_EXACT, "-1wStart", 1),
        (Op.IS_DATE_AFTER, "yesterday", 0),
    ],
)
async def test_date_operator_compares_instants(
    seeds: EventSeeds, operator: Op, value: FilterValue, expected: int
) -> None:
    await _browsers(
        seeds, "2020-01-04", "2020-01-05", "2020-01-06T12:00:00+02:00", "2020-01-06 10:00:01", "soon", None
    )
    assert await _count(seeds, PropertyFilter("x", value, operator)) == expected


async def test_date_without_an_offset_is_in_the_projects_zone(seeds: EventSeeds) -> None:
    await _browsers(seeds, "2020-01-05 00:00:00", "2020-01-04T18:30:00Z")
    kolkata = seeds.in_zone("Asia/Kolkata")
    assert await _count(kolkata, PropertyFilter("x", "2020-01-05", Op.IS_DATE_EXACT)) == 2
    assert await _count(seeds, PropertyFilter("x", "2020-01-05", Op.IS_DATE_EXACT)) == 1


async def test_groups_of_filters_nest(seeds: EventSeeds) -> None:
    await seeds.add_events(
        [Event("sign up", "2020-01-10", 1, {"a": a, "b": b}) for a in (1, 2, 3) for b in ("x", "y")]
    )
    one_or_two = FilterGroup(LogicalOperator.OR, (PropertyFilter("a", 1), PropertyFilter("a", 2)))
    assert await _count(seeds, one_or_two) == 4
    assert await _count(seeds, one_or_two, PropertyFilter("b", "x")) == 2
    either = FilterGroup(LogicalOperator.OR, (FilterGroup(children=(one_or_two, PropertyFilter("b", "x"))),))
    assert await _count(seeds, either, PropertyFilter("a", 2, Op.IS_NOT)) == 1
    always = FilterGroup(LogicalOperator.OR, (PropertyFilter("a", 1), FilterGroup()))
    assert await _count(seeds, always) == 6


async def test_query_series_and_test_account_filters_all_apply(seeds: EventSeeds) -> None:
    await seeds.add_events(
        [Event("sign up", "2020-01-10", person, {"a": a}) for person in (1, 2, 3) for a in (1, 2)]
    )
    await seeds.add_persons({1: {"email": "ann@corp.com"}, 2: {"email": "bob@home.net"}})
    no_staff = PropertyFilter("email", "@corp.com", Op.NOT_ICONTAINS, PropertyType.PERSON)
    staffed = replace(seeds.project, test_account_filters=FilterGroup(children=(no_staff,)))
    project = EventSeeds(seeds.engine, staffed)
    asked = EventSeries("sign up", filters=FilterGroup(children=(PropertyFilter("a", 1),)))
    plain = trend(asked, filters=FilterGroup(children=(PropertyFilter("a", (1, 2)),)))
    assert data_of(await project.run(plain)) == (0, 3, 0, 0)
    without = trend(asked, filters=plain.filters, filter_test_accounts=True)
    assert data_of(await project.run(without)) == (0, 2, 0, 0), "a person without an email stays"


async def test_metadata_filters_read_the_events_columns(seeds: EventSeeds) -> None:
    await seeds.add_events(
        [
            Event("sign up", "2020-01-10", 1, {"$group_0": "acme", "$session_id": "s"}, distinct_id="ann"),
            Event("sign up", "2020-01-10", 1, {"distinct_id": "ann"}, distinct_id="bob"),
        ]
    )
    meta = PropertyType.EVENT_METADATA
    assert await _count(seeds, PropertyFilter("distinct_id", "ann", type=meta)) == 1
    assert await _count(seeds, PropertyFilter("distinct_id", "ann", Op.IS_NOT, meta)) == 1
    assert await _count(seeds, PropertyFilter("$group_0", "acme", type=meta)) == 1
    assert await _count(seeds, PropertyFilter("$session_id", "s", type=meta)) == 1
    assert await _count(seeds, PropertyFilter("event", "sign up", type=meta)) == 2


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_hostile_string_is_only_a_string(seeds: EventSeeds, hostile: str) -> None:
    await seeds.add_events(
        [
            Event(hostile, "2020-01-10", 1, {hostile: hostile}, distinct_id=hostile),
            Event(hostile, "2020-01-10", 2, {hostile: "other"}),
            Event("sign up", "2020-01-10", 3, {"x": 1}),
        ]
    )
    await seeds.add_persons({1: {hostile: hostile}})
    assert data_of(await seeds.run(trend(series(hostile)))) == (0, 2, 0, 0)
    filters = (
        PropertyFilter(hostile, hostile),
        PropertyFilter(hostile, (hostile, "x'y")),
        PropertyFilter(hostile, hostile, Op.ICONTAINS),
        PropertyFilter(hostile, ("other", "x'y"), Op.IS_NOT),
        PropertyFilter(hostile, hostile, type=PropertyType.PERSON),
        PropertyFilter("distinct_id", hostile, type=PropertyType.EVENT_METADATA),
    )
    asked = [EventSeries(hostile, filters=FilterGroup(children=(each,))) for each in filters]
    result = await seeds.run(trend(*asked))
    assert [found.data for found in result.series] == [(0, 1, 0, 0)] * len(filters)


async def test_backslash_in_contains_is_only_itself(seeds: EventSeeds) -> None:
    await _browsers(seeds, "C:\\temp", "C:temp", "C:\\\\temp")
    assert await _count(seeds, PropertyFilter("x", "C:\\t", Op.ICONTAINS)) == 1
    assert await _count(seeds, PropertyFilter("x", "\\", Op.ICONTAINS)) == 2


async def test_contains_reaches_across_lines(seeds: EventSeeds) -> None:
    await _browsers(seeds, "one\ntwo")
    assert await _count(seeds, PropertyFilter("x", "e%t", Op.ICONTAINS)) == 1


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        (Op.EXACT, None),
        (Op.IS_NOT, None),
        (Op.IN, "one"),
        (Op.NOT_IN, "one"),
        (Op.BETWEEN, 5),
        (Op.BETWEEN, (5,)),
        (Op.BETWEEN, (2, 1)),
        (Op.BETWEEN, ("a", "b")),
        (Op.BETWEEN, (1, 2, 3)),
        (Op.IS_DATE_AFTER, "soon"),
        (Op.IS_DATE_AFTER, "-7D"),
    ],
)
async def test_invalid_value_is_rejected_at_its_path(seeds: EventSeeds, operator: Op, value: FilterValue) -> None:
    with pytest.raises(BadUserInput) as caught:
        await _count(seeds, PropertyFilter("x", value, operator, path=("query", "filters", 0)))
    assert caught.value.path == ("query", "filters", 0, "value")


async def test_many_filters_at_once_have_a_result(seeds: EventSeeds) -> None:
    await _browsers(seeds, "a", "b")
    conditions = [PropertyFilter(f"key {n}", operator=Op.IS_NOT_SET) for n in range(199)]
    assert await _count(seeds, *conditions, PropertyFilter("x", "a")) == 1


LASTING = (
    Event("sign up", "2020-01-10 10:00", 1, {"$session_id": "long"}),
    Event("sign up", "2020-01-10 10:00:30", 1, {"$session_id": "long"}),
    Event("sign up", "2020-01-10 11:00", 2, {"$session_id": "short"}),
    Event("sign up", "2020-01-10 12:00", 3),
)
"""Two events of a session of 30 seconds, one of a session of 0 seconds, and one without a session."""


async def _total(seeds: EventSeeds, condition: PropertyFilter) -> float | None:
    asked = trend(
        EventSeries("sign up", filters=FilterGroup(children=(condition,))), display=TrendDisplay.BOLD_NUMBER
    )
    (found,) = (await seeds.run(asked)).series
    return found.aggregated_value


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        (Op.EXACT, 0, 2),
        (Op.EXACT, (0, 30), 4),
        (Op.IS_NOT, 0, 2),
        (Op.IS_NOT, 30, 2),
        (Op.LT, 10, 2),
        (Op.LTE, 0, 2),
        (Op.GTE, 0, 4),
        (Op.GT, 0, 2),
        (Op.BETWEEN, (0, 5), 2),
        (Op.NOT_BETWEEN, (1, 5), 4),
        (Op.ICONTAINS, "0", 4),
        (Op.REGEX, "^0$", 2),
        (Op.IS_SET, None, 4),
        (Op.IS_NOT_SET, None, 0),
    ],
)
async def test_duration_of_an_event_without_a_session_is_zero(
    seeds: EventSeeds, operator: Op, value: FilterValue, expected: int
) -> None:
    await seeds.add_events(LASTING)
    assert (
        await _total(seeds, PropertyFilter("$session_duration", value, operator, PropertyType.SESSION)) == expected
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("session.$session_duration = 0", 2),
        ("session.$session_duration < 10", 2),
        ("session.$session_duration >= 0", 4),
        ("isNull(session.$session_duration)", 0),
        ("isNull(session.$pageview_count)", 1),
    ],
)
async def test_duration_of_an_event_without_a_session_is_zero_in_hogql(
    seeds: EventSeeds, text: str, expected: int
) -> None:
    await seeds.add_events(LASTING)
    assert await _total(seeds, PropertyFilter(text, type=PropertyType.HOGQL)) == expected


async def test_maths_skip_the_duration_of_an_event_without_a_session(seeds: EventSeeds) -> None:
    await seeds.add_events(LASTING)
    of_sessions = Math(TrendMath.AVG, "$session_duration", PropertyType.SESSION)
    of_events = Math(TrendMath.HOGQL, expression="avg(session.$session_duration)")
    asked = trend(
        *(EventSeries("sign up", math) for math in (of_sessions, of_events)), display=TrendDisplay.BOLD_NUMBER
    )
    assert [found.aggregated_value for found in (await seeds.run(asked)).series] == [15, 20]


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        (Op.EXACT, "2020-01-10 19:00:30.000000", 1),
        (Op.IS_NOT, "2020-01-10 19:00:30.000000", 3),
        (Op.ICONTAINS, "2020-01-10 19:", 2),
        (Op.IS_DATE_EXACT, "2020-01-10T10:00:30Z", 1),
        (Op.IS_DATE_BEFORE, "2020-01-10 20:00", 2),
        (Op.IS_DATE_AFTER, "2020-01-10 20:00", 1),
        (Op.GTE, "2020-01-10T20:00", 2),
        (Op.GT, "2020-01-10T11:00:00Z", 1),
        (Op.LT, "2020-01-10 20:00", 2),
        (Op.LTE, "2020-01-10 20:00", 3),
        (Op.IS_SET, None, 4),
    ],
)
async def test_timestamp_is_a_time_in_the_zone_of_the_project(
    seeds: EventSeeds, operator: Op, value: FilterValue, expected: int
) -> None:
    await seeds.add_events(LASTING)
    happens = PropertyFilter("timestamp", value, operator, PropertyType.EVENT_METADATA)
    assert await _total(seeds.in_zone("Asia/Tokyo"), happens) == expected


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        (Op.IS_DATE_BEFORE, "2019-11-03T06:00:00Z", 1),
        (Op.IS_DATE_AFTER, "2019-11-03T06:00:00Z", 1),
        (Op.IS_DATE_EXACT, "2019-11-03T06:30:00Z", 1),
        (Op.EXACT, "2019-11-03 01:30:00.000000", 2),
    ],
)
async def test_timestamp_is_compared_as_an_instant_when_clocks_are_set_back(
    seeds: EventSeeds, operator: Op, value: str, expected: int
) -> None:
    # Both are at 01:30 in New York, where clocks were set back at 06:00 UTC.
    await seeds.add_events([Event("sign up", "2019-11-03 05:30"), Event("sign up", "2019-11-03 06:30")])
    happens = PropertyFilter("timestamp", value, operator, PropertyType.EVENT_METADATA)
    filtered = EventSeries("sign up", filters=FilterGroup(children=(happens,)))
    asked = trend(filtered, date_from="2019-11-03", date_to="2019-11-03")
    assert data_of(await seeds.in_zone("America/New_York").run(asked)) == (expected,)
