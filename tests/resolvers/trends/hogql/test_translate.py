"""What expressions mean, run on the engine."""

from collections.abc import Sequence

import pytest

from datasource.metadata.records import WeekStartDay
from errors import BadUserInput
from tests.resolvers.trends.conftest import NewSeeds
from tests.resolvers.trends.hogql.evaluation import aggregate, error_of, matches, value, values
from tests.support.seeds.events import Event, EventSeeds, Value

_JSON = '{"city": "Rome", "geo": {"lat": 41.5}, "list": [1, "z"], "yes": true}'
_PROPERTIES: dict[str, Value] = {
    "$browser": "Chrome",
    "odd key": "odd",
    "a.b": "dotted",
    "select": "keyword",
    "price": 10,
    "written": "2.5",
    "paid": True,
    "day": "2020-01-05T10:00:00+02:00",
    "list": "a,b, c",
    "url": "https://www.example.com/p/q?a=1#f",
    "json": _JSON,
    "$session_id": "s1",
    "$group_0": "org:5",
    "$current_url": "/start",
}


@pytest.fixture(scope="session")
async def one(new_seeds: NewSeeds) -> EventSeeds:
    """One event, in Tokyo on the evening of 5 January, in UTC in its morning."""
    seeds = new_seeds("Asia/Tokyo")
    await seeds.add_events([Event("sign up", "2020-01-05 10:11:12.5", 1, _PROPERTIES)])
    await seeds.add_persons({1: {"email": "ann@example.com", "age": 30}})
    await seeds.add_groups(0, {"org:5": {"industry": "finance", "size": 7}})
    return seeds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("event", "sign up"),
        ("`event`", "sign up"),
        ("distinct_id", "d1"),
        ("$session_id", "s1"),
        ("session.id", "s1"),
        ("session.$session_duration", "0"),
        ("session.$entry_current_url", "/start"),
        ("$group_0", "org:5"),
        ("group_0.key", "org:5"),
        ("concat('a', properties.missing, 'b')", "ab"),
        ("concat(properties.missing)", ""),
        ("concat(properties.missing, null, '')", ""),
        ("concat(properties.price, null, toFloat(properties.missing) + 1)", "10"),
        ("properties.missing || '-' || properties.$browser", "-Chrome"),
        ("lower(event AS x)", "sign up"),
        ("concat(event AS `a name`, upper('x' AS y) AS z) AS all", "sign upX"),
        ("if((event AS e) = 'sign up' AS signed, 'yes' AS a, 'no' AS b)", "yes"),
        ("group_0.properties.industry", "finance"),
        ("group_0.properties.size * 2", "14"),
        ("group_1.properties.size", None),
        ("person.properties.email", "ann@example.com"),
        ("person.properties.age + 1", "31"),
        ("person_id", "00000000-0000-0000-0000-000000000000"),
        ("uuid", "00000000-0000-0000-0000-000000000000"),
        ("elements_chain", ""),
        ("elements_chain_texts", "[]"),
        ("timestamp", "2020-01-05 19:11:12.500000"),
        ("properties.$browser", "Chrome"),
        ("properties['$browser']", "Chrome"),
        ('properties."odd key"', "odd"),
        ("properties.`odd key`", "odd"),
        ("properties['odd key']", "odd"),
        ("properties.`a.b`", "dotted"),
        ("properties.select", "keyword"),
        ("properties.missing", None),
        ("properties.json.city", "Rome"),
        ("properties.json.geo.lat", "41.5"),
        ("properties.json.geo.lat + 1", "42.5"),
        ("properties.json['geo']", '{"lat":41.5}'),
        ("properties.json.list[2]", "z"),
        ("properties.json.nothing.at.all", None),
    ],
)
async def test_field_of_any_owner_is_read(one: EventSeeds, text: str, expected: str | None) -> None:
    assert await value(one, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "properties.$browser AS x",
        'properties.$browser AS Inner AS "Outer"',
        "properties.$browser as `odd name`",
        "properties.$browser AS 'b0'",
        "(properties.$browser AS inner) AS outer",
        "(properties.$browser)",
        "  properties\n.\n$browser ",
    ],
)
async def test_alias_in_any_form_changes_nothing(one: EventSeeds, text: str) -> None:
    assert await value(one, text) == "Chrome"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.0", "1"),
        ("0.1", "0.1"),
        ("-5", "-5"),
        ("true", "true"),
        ("1 = 2", "false"),
        ("null", None),
        (r"'it''s \'so\' \n \d'", "it's 'so' \n \\d"),
        ("{p0:String}", BadUserInput),
        ("properties.price", "10"),
        ("properties.written + properties.price", "12.5"),
        ("2 + 3 * 4 - 1", "13"),
        ("(2 + 3) * 4", "20"),
        ("10 - 2 - 3", "5"),
        ("7 / 2", "3.5"),
        ("1 / 0", "inf"),
        ("7 % 4", "3"),
        ("intDiv(7, 2)", "3"),
        ("-properties.price", "-10"),
        ("- -1", "1"),
        ("lower(event) || '-' || upper(properties.$browser)", "sign up-CHROME"),
        ("concat('a', 1, true)", "a1true"),
        ("concat('a', properties.missing)", "a"),
        ("properties.missing ?? 'none'", "none"),
        ("coalesce(properties.missing, properties.$browser, 'none')", "Chrome"),
        ("coalesce(properties.missing, 0)", "0"),
        ("coalesce(properties.missing, false)", "false"),
        ("ifNull(properties.missing, properties.price) + 1", "11"),
        ("nullIf(properties.$browser, 'Chrome')", None),
        ("nullIf(properties.price, 11) + 1", "11"),
        ("if(properties.paid, 'y', 'n')", "y"),
        ("IF(properties.price > 100, properties.price, properties.written) + 1", "3.5"),
        ("multiIf(properties.price > 100, 'high', properties.price > 5, 'mid', 'low')", "mid"),
        ("CASE WHEN properties.price > 5 THEN 'a' ELSE 'b' END", "a"),
        ("case when false then 'a' end", None),
        ("case properties.$browser when 'Safari' then 1 when 'Chrome' then 2 else 3 end", "2"),
        ("substring(event, 1, 4)", "sign"),
        ("substring(event, position(event, 'up'))", "up"),
        ("left(event, 2) || right(event, 1)", "sip"),
        ("trim('  x ')", "x"),
        ("length(event)", "7"),
        ("replaceAll(event, 's', 'S')", "Sign up"),
        ("replaceRegexpAll(event, '(i|u)', '<\\\\1>')", "s<i>gn <u>p"),
        ("extract(event, 's(.*) ')", "ign"),
        ("splitByChar(',', properties.list)[2]", "b"),
        ("splitByString(', ', properties.list)[-1]", "c"),
        ("splitByChar(',', properties.missing)[1]", ""),
        ("splitByChar(',', properties.list)", '["a","b"," c"]'),
        ("has(splitByChar(',', properties.list), 'b')", "true"),
        ("domain(properties.url)", "www.example.com"),
        ("domainWithoutWWW(properties.url)", "example.com"),
        ("path(properties.url)", "/p/q"),
        ("extractURLParameter(properties.url, 'a')", "1"),
        ("leftPad('7', 3, '0')", "007"),
        ("toString(properties.price)", "10"),
        ("toInt('12')", "12"),
        ("toInt('1.5')", None),
        ("toInt('x')", None),
        ("toIntOrZero('x')", "0"),
        ("toFloat('1.5')", "1.5"),
        ("toBool(properties.paid)", "true"),
        ("toBool('maybe')", None),
        ("round(10 / 3, 2)", "3.33"),
        ("least(3, 1, 2) + greatest(1, properties.price)", "11"),
        ("pow(2, 10)", "1024"),
        ("JSONExtractString(properties.json, 'city')", "Rome"),
        ("JSONExtractInt(properties.json, 'list', 1)", "1"),
        ("JSONExtractBool(properties.json, 'yes')", "true"),
        ("JSONHas(properties.json, 'nothing')", "false"),
        ("JSONLength(properties.json, 'list')", "2"),
    ],
)
async def test_value_is_that_of_the_expression(one: EventSeeds, text: str, expected: object) -> None:
    if expected is BadUserInput:
        error_of(text)
    else:
        assert await value(one, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now()", "2020-01-15 22:05:01.000000"),
        ("today()", "2020-01-15"),
        ("yesterday()", "2020-01-14"),
        ("toDate(timestamp)", "2020-01-05"),
        ("toHour(timestamp)", "19"),
        ("toStartOfDay(timestamp)", "2020-01-05 00:00:00"),
        ("toStartOfHour(timestamp)", "2020-01-05 19:00:00"),
        ("toStartOfMonth(timestamp)", "2020-01-01"),
        ("toStartOfWeek(timestamp)", "2020-01-05"),
        ("toStartOfWeek(timestamp, 1)", "2019-12-30"),
        ("toMonday(timestamp)", "2019-12-30"),
        ("dateTrunc('quarter', timestamp)", "2020-01-01"),
        ("date_trunc(hour, timestamp)", "2020-01-05 19:00:00"),
        ("toStartOfInterval(timestamp, INTERVAL 15 MINUTE)", "2020-01-05 19:00:00"),
        ("toDayOfWeek(timestamp)", "7"),
        ("toYYYYMM(timestamp)", "202001"),
        ("formatDateTime(timestamp, '%Y-%m-%d %H:%i')", "2020-01-05 19:11"),
        ("toUnixTimestamp(timestamp)", "1578219072"),
        ("fromUnixTimestamp(0)", "1970-01-01 09:00:00.000000"),
        ("toDateTime(properties.day)", "2020-01-05 17:00:00.000000"),
        ("toDateTime('2020-01-05 10:00:00')", "2020-01-05 10:00:00.000000"),
        ("toDateTime('no date' || '')", None),
        ("toDate('2020-01-05') + INTERVAL 1 MONTH", "2020-02-05"),
        ("timestamp - interval '7 day'", "2019-12-29 19:11:12.500000"),
        ("dateAdd('day', 1, toDate(timestamp))", "2020-01-06"),
        ("dateAdd(day, -1, toDate(timestamp))", "2020-01-04"),
        ("dateSub(timestamp, INTERVAL 1 HOUR)", "2020-01-05 18:11:12.500000"),
        ("addWeeks(toDate(timestamp), 1)", "2020-01-12"),
        ("now() - toIntervalDay(1)", "2020-01-14 22:05:01.000000"),
        ("dateDiff('day', timestamp, now())", "10"),
        ("dateDiff(hour, toDate('2020-01-05'), timestamp)", "19"),
        ("toDate(timestamp) = '2020-01-05'", "true"),
        ("timestamp < '2020-01-05 19:11:13'", "true"),
        ("timestamp < '2020-01-05T10:11:13Z'", "true"),
        ("timestamp BETWEEN '2020-01-05' AND today()", "true"),
        ("timestamp > properties.day", "true"),
        ("timestamp IN ('2020-01-05', '2020-01-06')", "false"),
        ("if(true, toDate(timestamp), now())", "2020-01-05 00:00:00.000000"),
    ],
)
async def test_time_is_that_of_the_project_and_the_clock(one: EventSeeds, text: str, expected: object) -> None:
    assert await value(one, text) == expected


@pytest.mark.parametrize(
    ("week_start", "expected"),
    [
        (WeekStartDay.SUNDAY, "2020-01-05"),
        (WeekStartDay.MONDAY, "2019-12-30"),
        (WeekStartDay.TUESDAY, "2019-12-31"),
        (WeekStartDay.WEDNESDAY, "2020-01-01"),
        (WeekStartDay.THURSDAY, "2020-01-02"),
        (WeekStartDay.FRIDAY, "2020-01-03"),
        (WeekStartDay.SATURDAY, "2020-01-04"),
    ],
)
async def test_week_starts_on_the_day_of_the_project(
    one: EventSeeds, week_start: WeekStartDay, expected: str
) -> None:
    for text in ("toStartOfWeek(timestamp)", "dateTrunc('week', timestamp)"):  # of a Sunday
        assert await values(one, text, week_start) == [expected]
    assert await values(one, "toStartOfWeek(timestamp, 1)", week_start) == ["2019-12-30"]


async def test_week_of_the_earliest_event_may_begin_before_1970(one: EventSeeds) -> None:
    text = "toStartOfWeek(toDate('1970-01-02'))"
    assert await values(one, text, WeekStartDay.WEDNESDAY) == ["1969-12-31"]
    assert await values(one, text, WeekStartDay.FRIDAY) == ["1970-01-02"]


_ROWS: Sequence[tuple[dict[str, str | int | float | bool], str]] = (
    ({"plan": "a", "price": 5, "flag": True}, "2020-01-01"),
    ({"plan": "b", "price": "20", "flag": False}, "2020-01-02"),
    ({"plan": "", "price": "x"}, "2020-01-03"),
    ({}, "2020-01-04"),
)


@pytest.fixture(scope="session")
async def several(new_seeds: NewSeeds) -> EventSeeds:
    """Four events of two persons, the last one without properties."""
    seeds = new_seeds("UTC")
    events = [Event("buy", at, 1 + n % 2, properties) for n, (properties, at) in enumerate(_ROWS)]
    await seeds.add_events(events)
    return seeds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("properties.plan = 'a'", "1000"),
        ("properties.plan == 'a'", "1000"),
        ("properties.plan != 'a'", "0111"),
        ("properties.plan <> 'a'", "0111"),
        ("not properties.plan = 'a'", "0111"),
        ("properties.plan = properties.plan", "1111"),
        ("properties.plan != properties.plan", "0000"),
        ("properties.plan IN ('a', 'b')", "1100"),
        ("properties.plan IN ['a', 'b']", "1100"),
        ("properties.plan NOT IN ('a', 'b')", "0011"),
        ("properties.price > 6", "0100"),
        ("properties.price >= 5", "1100"),
        ("not properties.price > 6", "1011"),
        ("properties.price = 20", "0100"),
        ("properties.price IN (5, 20)", "1100"),
        ("properties.price = '20'", "0100"),
        ("properties.price BETWEEN 1 AND 10", "1000"),
        ("properties.price NOT BETWEEN 1 AND 10", "0111"),
        ("properties.plan LIKE 'A%'", "0000"),
        ("properties.plan ILIKE 'A%'", "1000"),
        ("properties.plan NOT LIKE 'a%'", "0111"),
        ("notLike(properties.plan, 'a%')", "0111"),
        ("match(properties.plan, '^[ab]$')", "1100"),
        ("properties.plan IS NULL", "0001"),
        ("properties.plan IS NOT NULL", "1110"),
        ("properties.plan = NULL", "0001"),
        ("properties.plan != NULL", "1110"),
        ("isNull(properties.plan)", "0001"),
        ("empty(properties.plan)", "0010"),
        ("properties.flag", "1000"),
        ("not properties.flag", "0111"),
        ("properties.flag = true", "1000"),
        ("properties.flag = false", "0100"),
        ("properties.flag IN (true, false)", "1100"),
        ("(properties.price > 6) = 1", "0100"),
        ("properties.plan = 'a' OR properties.price = 20 AND event = 'buy'", "1100"),
        ("(properties.plan = 'a' OR properties.price = 20) AND event = 'sell'", "0000"),
        ("and(properties.plan = 'a', event = 'buy')", "1000"),
        ("or(properties.plan = 'a', properties.plan = 'b')", "1100"),
        ("timestamp >= '2020-01-03'", "0011"),
        ("timestamp >= now() - INTERVAL 12 DAY", "0001"),
        ("1", "1111"),
        ("0", "0000"),
        ("null", "0000"),
        ("toInt(properties.price)", "1100"),
    ],
)
async def test_filter_matches_the_events_for_which_it_is_true(
    several: EventSeeds, text: str, expected: str
) -> None:
    assert "".join("1" if each else "0" for each in await matches(several, text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count()", 4),
        ("count(*)", 4),
        ("COUNT()", 4),
        ("count(properties.plan)", 3),
        ("count(DISTINCT properties.plan)", 3),
        ("count(distinct person_id)", 2),
        ("uniq(person_id)", 2),
        ("uniqIf(person_id, properties.plan = 'a')", 1),
        ("countIf(properties.price > 6)", 1),
        ("countIf(null)", 0),
        ("sum(properties.price)", 25),
        ("sum(toFloat(properties.price)) AS total", 25),
        ("sum(properties.missing)", 0),
        ("sum(1)", 4),
        ("avg(properties.price)", 12.5),
        ("avg(properties.missing)", 0),
        ("avg(properties.missing) + 1", 0),
        ("min(properties.price)", 5),
        ("max(properties.price)", 20),
        ("median(properties.price)", 12.5),
        ("quantile(0.9)(properties.price)", 18.5),
        ("quantileIf(0.9)(properties.price, properties.plan = 'b')", 20),
        ("sumIf(properties.price, properties.plan = 'a' or properties.missing = 'x')", 5),
        ("stddevPop(properties.price)", 7.5),
        ("sum(properties.price) / count()", 6.25),
        ("sum(properties.price) / countIf(false)", 0),
        ("round(avg(properties.price) * 1.33, 1)", 16.6),
        ("if(count() > 100, 1, sum(properties.price))", 25),
        ("dateDiff('day', min(timestamp), max(timestamp))", 3),
        ("avg(length(event))", 3),
        ("any(properties.missing) + 1", 0),
        ("countIf(person.properties.email = 'x') + count()", 4),
    ],
)
async def test_math_is_the_value_over_all_events(several: EventSeeds, text: str, expected: float) -> None:
    assert await aggregate(several, text) == pytest.approx(expected)


async def test_math_of_no_events_is_zero(seeds: EventSeeds) -> None:
    assert await aggregate(seeds, "avg(properties.price)") == 0
    assert await aggregate(seeds, "1 / count()") == 0


async def test_person_is_the_merged_one(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("buy", "2020-01-01", 1), Event("buy", "2020-01-02", 2)])
    await seeds.add_persons({2: {"email": "b"}})
    await seeds.merge({1: 2})
    assert await aggregate(seeds, "count(DISTINCT person.id)") == 1
    assert await values(seeds, "person.properties.email") == ["b", "b"]


async def test_person_that_is_not_known_has_no_id(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("buy", "2020-01-01", 1)])
    assert await value(seeds, "person_id") is None
    assert await aggregate(seeds, "uniq(person_id)") == 1
